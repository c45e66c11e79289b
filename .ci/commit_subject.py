#!/usr/bin/env python3
"""Check the subject of a commit message: `area: effect`, at most 72 characters. Called with the message's file.

    python3 .ci/commit_subject.py .git/COMMIT_EDITMSG

Exit code 1 and one sentence for each problem. Subjects that git makes by itself are left alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 72
SHAPE = re.compile(r"[a-z][a-z0-9.-]*(?:[ /][a-z0-9.-]+){0,2}: \S.*")
MADE_BY_GIT = re.compile(r'Merge |Revert "|Reapply "|(?:fixup|squash|amend)! ')
SCISSORS = "# ------------------------ >8 ------------------------"


def problems(message: str) -> Iterator[str]:
    """Sentences about what is wrong with a commit message, as git hands it over."""
    lines = [line for line in message.partition(SCISSORS)[0].splitlines() if not line.startswith("#")]
    subject, *body = "\n".join(lines).strip().splitlines() or [""]
    if MADE_BY_GIT.match(subject):
        return
    if not SHAPE.fullmatch(subject):
        yield "Write the subject as `area: effect in the imperative`, for example `desk: name the stand-in`."
    if len(subject) > LONGEST:
        yield f"Shorten the subject to {LONGEST} characters; it has {len(subject)}. The reason belongs into the body."
    if subject.endswith("."):
        yield "Remove the full stop at the end of the subject."
    if body and body[0].strip():
        yield "Leave an empty line between subject and body."


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(sys.argv[1]).read_text(encoding="utf-8"))) or None)
