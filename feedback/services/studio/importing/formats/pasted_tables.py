"""A table that was copied from a document: one question a row, with what can be answered in the cells behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from feedback.core.text.folding import ascii_digits

_HEAD = re.compile(
    r"(?:no\.?|nr\.?|#|s\.?no|sıra|ردیف|questions?|question text|soru(?:lar)?|سوال|سؤال|پرسش|answers?|answer type|type"
    r"|options?|scale|yanıt(?: türü)?|cevap|tür|seçenekler|ölçek|پاسخ|نوع(?: پاسخ)?|گزینه‌ها)",
    re.IGNORECASE,
)
LONGEST_HINT = 300
"""Characters of a cell that can hold options."""


def rows_as_lines(lines: Sequence[str]) -> list[str]:
    """The lines, with the rows of a table as questions: "1. How was it? (1-5)". Lines of no table stay as they are."""
    if sum("\t" in line.strip() for line in lines) < 2:
        return list(lines)
    return [_as_line(line) if "\t" in line.strip() else line for line in lines]


def _as_line(row: str) -> str:
    cells = [" ".join(cell.split()) for cell in row.split("\t")]
    cells = [cell for cell in cells if cell]
    if len(cells) > 1 and all(_HEAD.fullmatch(cell) for cell in cells):
        return ""
    number = ""
    if len(cells) > 1 and re.fullmatch(r"\(?\d{1,3}\)?[.):-]?", ascii_digits(cells[0])):
        number, cells = f"{cells[0].strip('().:-')}. ", cells[1:]
    if not number and len(cells) < 2:
        return " ".join(cells)
    text, *rest = cells
    hint = " / ".join(rest) if len(rest) > 1 else "".join(rest)
    return (
        f"{number or '- '}{text} ({hint})"
        if hint and len(hint) <= LONGEST_HINT
        else f"{number or '- '}{text}"
    )
