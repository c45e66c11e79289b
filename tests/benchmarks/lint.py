"""How well the word rules judge wording: precision, recall and false alarms per rule and language.

Run it with `python3 dev.py bench lint [--json FILE]`. The corpora in `tests/lint/corpus/` are of our
own making. Each item belongs by a hash of its text to the part that the word lists were tuned on, or to the part held
out. An item counts once for each rule; findings of level info do not count.

After that come all rules, judged on every batch of `tests/lint/corpus/judge/`, and how often yamllint, the usual
linter of YAML files, complains about the very same questionnaires.

With `--speed` only: how long both take for 5 and 500 plain questions, and for 500 of the examiners', start-up included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from feedback.lint.rules import RULES
from tests.lint.judging import batches
from tests.lint.judging.corpus import PARTS, Report, Tally
from tests.lint.judging.items import reports


def _percent(value: float | None) -> str:
    return "  –  " if value is None else f"{value:5.0%}"


def _show(language: str, part: str, report: Report, wrong: bool) -> None:
    total = report.total
    print(
        f"{language} {part:9} precision {_percent(total.precision)} recall {_percent(total.recall)} "
        f"good items flagged {report.flagged}/{report.good} {_percent(report.share_flagged)}"
    )
    for rule, tally in sorted(report.rules.items()):
        counts = f"{tally.hits:3} right {tally.misses:3} missed {tally.alarms:3} false"
        print(f"   {rule:28} {_percent(tally.precision)} {_percent(tally.recall)}  {counts}")
    for item, extra, missed in report.wrong if wrong else ():
        print(f"   ! {item.text}  false: {' '.join(extra) or '-'}  missed: {' '.join(missed) or '-'}")


def table() -> dict[str, dict[str, Tally]]:
    """Every rule -> language -> its decisions on all batches of the examiners."""
    found: dict[str, dict[str, Tally]] = {module.RULE.id: {} for module in RULES}
    for batch in batches.names():
        for language in (*batches.LANGUAGES, "structure"):
            for rule, tally in batches.judged(language, batch).rules.items():
                sums = found.setdefault(rule, {}).setdefault(language, Tally())
                sums.hits, sums.misses = sums.hits + tally.hits, sums.misses + tally.misses
                sums.alarms += tally.alarms
    return found


def _show_table(found: Mapping[str, Mapping[str, Tally]]) -> None:
    """Precision and recall, and in brackets how many faults there were to find."""
    columns = (*batches.LANGUAGES, "structure")
    print(f"{'rule':28}" + "".join(f"{each:>20}" for each in columns))
    for rule, by_language in found.items():
        cells = [by_language.get(each, Tally()) for each in columns]
        if any(cell.hits + cell.misses + cell.alarms for cell in cells):
            shown = (f"{_percent(c.precision)} {_percent(c.recall)} ({c.hits + c.misses:3})" for c in cells)
            print(f"{rule:28}" + "".join(f"{each:>20}" for each in shown))


def first_looks() -> Iterator[tuple[str, str, str]]:
    """(batch, language, figures) of the batches whose figures before any repair were written down."""
    for file in sorted(batches.BATCHES.glob("*/*.yaml")):
        head = file.read_text(encoding="utf-8").partition("\n")[0]
        if head.startswith("# At first look: "):
            yield file.parent.name, file.stem, head.removeprefix("# At first look: ")


def beside_yamllint() -> dict[str, dict[str, int]]:
    """Language -> how many questionnaires with a fault there are, and how many each linter complains about."""
    counts: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as directory:
        for language in batches.LANGUAGES:
            folder = Path(directory, language)
            folder.mkdir()
            counts[language] = {"faulty": 0, "feedback lint": 0, "yamllint": 0}
            for number, (questionnaire, expected) in enumerate(_faulty(language)):
                text = yaml.safe_dump(questionnaire, allow_unicode=True, sort_keys=False, width=10_000)
                Path(folder, f"{number}.yaml").write_text(text, encoding="utf-8")
                counts[language]["faulty"] += 1
                counts[language]["feedback lint"] += bool(batches.found_in(questionnaire) & expected)
            program = Path(sys.executable).parent / "yamllint"
            command = [str(program), "-d", "relaxed", "-f", "parsable", str(folder)]
            output = subprocess.run(command, check=False, capture_output=True, text=True).stdout
            named = {line.split(":")[0] for line in output.splitlines() if "(line-length)" not in line}
            counts[language]["yamllint"] = len(named)
    return counts


def _faulty(language: str) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    for batch in batches.names():
        for case in batches.cases(language, batch):
            if case.expected:
                yield batches.survey(case), case.expected


def _plain(questions: int) -> list[dict[str, Any]]:
    """Questions without a fault, all alike."""
    about = "How satisfied or dissatisfied are you with part {}?"
    asked = {"type": "csat", "purpose": "Find faults."}
    return [{"key": f"q{n}", **asked, "text": about.format(n)} for n in range(questions)]


def _mixed(questions: int) -> list[dict[str, Any]]:
    """Questions as the examiners wrote them: of every type, half of them with a fault."""
    names = batches.names()
    surveys = (batches.survey(case) for batch in names for case in batches.cases("en", batch))
    asked = islice((each for survey in surveys for each in survey["questions"]), questions)
    return [{**each, "key": f"q{n}", "show_if": None} for n, each in enumerate(asked)]


def _file(directory: Path, name: str, questions: list[dict[str, Any]]) -> Path:
    file = directory / f"{name}.yaml"
    survey = {"key": name, "title": "Parts", "languages": ["en"], "questions": questions}
    text = yaml.safe_dump(survey, sort_keys=False, width=10_000, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    return file


def _timed(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command, the best of nine runs; findings are no failure."""
    runs = []
    for _ in range(9):
        used, start = os.times(), time.perf_counter()
        subprocess.run(command, check=False, capture_output=True)
        after = os.times()
        cpu = after.children_user + after.children_system - used.children_user - used.children_system
        runs.append((time.perf_counter() - start, cpu))
    return min(runs)


def _speed() -> None:
    programs = {"feedback lint": ["feedback", "lint"], "yamllint": ["yamllint", "-d", "relaxed"]}
    sizes = {"plain-5": _plain(5), "plain-500": _plain(500), "mixed-500": _mixed(500)}
    with tempfile.TemporaryDirectory() as directory:
        for size, questions in sizes.items():
            file = _file(Path(directory), size, questions)
            for name, (program, *rest) in programs.items():
                wall, cpu = _timed([str(Path(sys.executable).parent / program), *rest, str(file)])
                print(f"{size:9} {name:14} {wall:5.2f} s wall  {cpu:5.2f} s CPU")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--wrong", choices=[*PARTS, "all"], help="list the items judged wrongly")
    parser.add_argument("languages", nargs="*", default=["en", "tr", "fa"])
    parser.add_argument("--speed", action="store_true", help="time it beside yamllint, and nothing else")
    options = parser.parse_args(arguments)
    if options.speed:
        _speed()
        return 0
    figures: dict[str, Any] = {}
    for language in options.languages:
        for part, report in reports(language).items():
            _show(language, part, report, options.wrong in (part, "all"))
            figures[f"{language}/{part}"] = {
                "precision": report.total.precision,
                "recall": report.total.recall,
                "good_flagged": report.share_flagged,
                "rules": dict(Counter({rule: tally.hits for rule, tally in report.rules.items()})),
            }
    rules, beside = table(), beside_yamllint()
    print("\nAll rules on the examiners' batches, which the rules were mended with after a first look:")
    _show_table(rules)
    for batch, language, told in first_looks():
        print(f"{batch}/{language} at first look: {told}")
    for language, counts in beside.items():
        print(
            f"{language}: of {counts['faulty']} questionnaires with a fault feedback lint names "
            f"{counts['feedback lint']}, yamllint {counts['yamllint']}"
        )
    figures["rules"] = {
        rule: {
            language: {
                "precision": tally.precision,
                "recall": tally.recall,
                "faults": tally.hits + tally.misses,
            }
            for language, tally in by_language.items()
        }
        for rule, by_language in rules.items()
    }
    figures["beside yamllint"] = beside
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
