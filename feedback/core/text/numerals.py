"""Numbers as people type them: digits of any script, and the separators of several languages.

Sources of the separators: Unicode CLDR, "decimal" and "group" of each locale; the slash is how Persian is typed on
keyboards without «٫».
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from feedback.core.text.folding import ascii_digits

LONGEST = 40
"""Characters of a number; a longer text is none."""
_SIGNS = str.maketrans("−–‒﹣－", "-----")
_SIGNED = re.compile(r"([+-]?) ?(.+)")
_GROUPS = {"": r"\d+"} | {
    mark: rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+" for mark in (",", ".", "'", " ", "٬")
}
_INDIAN = r"[1-9]\d?(?:,\d{2})+,\d{3}"  # 12,34,567
_DECIMAL = {",", ".", "٫"}


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One value of a typed number, and how many decimals were typed."""

    value: Decimal
    decimals: int


def readings(typed: str) -> tuple[NumberReading, ...]:
    """Everything that a typed number can mean, without decimals first; empty if it is no number.

    `1.234` is 1234 in Turkish and 1.234 in English, so both are given. `1.234,5` and `1,5` have one meaning.
    """
    text = _plain(typed)
    slash = "/" in text and not typed.isascii()
    match = _SIGNED.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return ()
    sign, body = match.groups()
    found: dict[tuple[Decimal, int], None] = {}
    for decimal in sorted(_DECIMAL | ({"/"} if slash else set())):
        for group, pattern in _GROUPS.items():
            if group == decimal:
                continue
            _add(found, sign, re.fullmatch(rf"({pattern})(?:{re.escape(decimal)}(\d+))?", body))
        _add(found, sign, re.fullmatch(rf"(){re.escape(decimal)}(\d+)", body))
        if decimal == ".":
            _add(found, sign, re.fullmatch(rf"({_INDIAN})(?:\.(\d+))?", body))
    pairs = (NumberReading(value, decimals) for value, decimals in found)
    return tuple(sorted(pairs, key=lambda each: (each.decimals, each.value)))


def _add(found: dict[tuple[Decimal, int], None], sign: str, match: re.Match[str] | None) -> None:
    if match:
        fraction = match[2] or ""
        whole = re.sub(r"\D", "", match[1]) or "0"
        value = Decimal(f"{whole}.{fraction}" if fraction else whole)
        found[(-value if sign == "-" else value, len(fraction))] = None


def _plain(typed: str) -> str:
    """The text with European digits, one kind of minus, of space and of apostrophe, and nothing invisible."""
    text = "".join(
        " " if unicodedata.category(each) == "Zs" else each
        for each in ascii_digits(typed)
        if unicodedata.category(each) not in ("Cf", "Cc")
    )
    return text.translate(_SIGNS).replace("’", "'").replace("،", ",").strip()


def spelled(value: float) -> str:
    """A number as it is typed: without an exponent, and without decimals that say nothing."""
    return format(Decimal(repr(value)).normalize(), "f") if isinstance(value, float) else str(value)
