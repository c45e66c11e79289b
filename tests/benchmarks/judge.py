"""Precision and recall of all rules on the batches of `tests/lint/corpus/judge/`.

python3 dev.py bench judge [BATCH ...] [--wrong]
"""

from __future__ import annotations

import sys

from tests.lint.judging.batches import LANGUAGES, judged, names
from tests.lint.judging.corpus import Report


def main(arguments: list[str]) -> int:
    batches = [each for each in arguments if each != "--wrong"] or names()
    for batch in batches:
        for language in (*LANGUAGES, "structure"):
            _show(f"{batch}/{language}", judged(language, batch), "--wrong" in arguments)
    return 0


def _show(name: str, report: Report, wrong: bool) -> None:
    total = report.total
    if not total.hits + total.misses:
        return
    print(
        f"{name}: precision {total.precision or 0:.3f} recall {total.recall or 0:.3f} "
        f"good items flagged {report.flagged}/{report.good} = {report.share_flagged:.3f}"
    )
    for rule, tally in sorted(report.rules.items()):
        if tally.misses or tally.alarms:
            print(f"   {rule:28} {tally.hits:3} right {tally.misses:3} missed {tally.alarms:3} false")
    for item, extra, missed in report.wrong if wrong else ():
        print(f"   ! {item.text}  FALSE {' '.join(extra) or '-'}  MISSED {' '.join(missed) or '-'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
