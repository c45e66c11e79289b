"""Random edits by the form of the studio, and what they did beside their purpose.

    python3 dev.py bench form_edits [NUMBER] [--seed N]

Makes 1,000 edits (or NUMBER) over 50 questionnaires: 25 of the shipped ones and the gallery's, 25 laid out at random
with comments, flow style, block scalars, CR LF and odd indents. After each edit the data must be the old data with
this change, and every other line and comment must be as it was.
"""

from __future__ import annotations

import argparse
import time

from tests.services.studio.editing.random_edits import run


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("number", nargs="?", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=20)
    given = arguments.parse_args()
    start = time.process_time()
    outcome = run(given.number, given.seed)
    spent = time.process_time() - start
    for kind, times in outcome.kinds.most_common():
        print(f"{times:6} {kind}")
    for fault in outcome.faults:
        print(fault)
    print(
        f"{outcome.made} edits made, {outcome.refused} refused, {len(outcome.faults)} faults; "
        f"{1000 * spent / given.number:.1f} ms of processor time an edit, checks included"
    )


if __name__ == "__main__":
    main()
