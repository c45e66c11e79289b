"""Texts in CSV files that a spreadsheet must not take for formulas.

A spreadsheet evaluates a cell that begins with one of a few signs (OWASP, "CSV Injection"). Quotation marks alone do
not help: where the list separator is a semicolon, as in Germany, Turkey and France, a spreadsheet splits the quoted
cells of a file with commas. So what follows anything that could be a separator is treated like the beginning.

A first line `sep=,` would help Excel with the separator, but Excel then ignores the byte order mark, and no letter
outside ASCII survives. So there is none.
"""

from __future__ import annotations

import re

_SEPARATORS = ";\t|\r\n\v\f\x85\u2028\u2029"
_BLANK = ' \u00a0"\u200b\u200c\u200d\u200e\u200f\ufeff'
"""What may stand between a separator and a formula without disturbing every spreadsheet."""
_SIGNS = r"=+\-@＝＋－＠﹢﹣﹦−"
"""Also the full-width and small forms, which some spreadsheets read as the plain sign, and the minus sign."""
_BETWEEN = f"[{_SEPARATORS}{_BLANK}]"
_FORMULA = re.compile(rf"(?<!{_BETWEEN})({_BETWEEN}*+)('{{0,20}}+[{_SIGNS}])")
_DEFUSED = re.compile(rf"(?<!{_BETWEEN})({_BETWEEN}*+)'('{{0,20}}+[{_SIGNS}])")
"""Each run of separators and blanks is looked at once, so the time is linear."""
_HIDDEN = re.compile(r"'*[\t\r]")
"""Some spreadsheets drop these at the beginning of a cell, and then read on."""


def harmless(text: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet could take for a formula. `original` undoes it."""
    defused = _FORMULA.sub(lambda found: _apart(found, "'"), text)
    return f"'{defused}" if _HIDDEN.match(text) else defused


def original(text: str) -> str:
    """The text that `harmless` was given. An import reads cells with it."""
    bare = text[1:] if text.startswith("'") and _HIDDEN.match(text) else text
    return _DEFUSED.sub(lambda found: _apart(found, ""), bare)


def _apart(found: re.Match[str], mark: str) -> str:
    before, formula = found.groups()
    begins = found.start() == 0 or any(sign in _SEPARATORS for sign in before)
    return f"{before}{mark}{formula}" if begins else found[0]
