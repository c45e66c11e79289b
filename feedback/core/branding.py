"""Makes an organisation's colour readable: contrast according to WCAG 2.2."""

from __future__ import annotations

import re
from dataclasses import dataclass

LEGIBLE = 4.5
"""Minimum contrast of text (WCAG 2.2, 1.4.3, level AA)."""

_LIGHT, _DARK = "#ffffff", "#16181d"


@dataclass(frozen=True, slots=True)
class Palette:
    """`#rrggbb` colours. `on_brand` is readable on `brand`, and `brand` on the page's background."""

    brand: str
    on_brand: str
    brand_at_night: str
    on_brand_at_night: str


def palette(colour: str) -> Palette:
    """The palettes for light and dark mode; the colour is darkened or lightened as little as needed.

    Raises ValueError for anything but #rgb or #rrggbb.
    """
    day = _until_legible(normalised(colour), on=_LIGHT, towards="#000000")
    night = _until_legible(normalised(colour), on=_DARK, towards="#ffffff")
    return Palette(day, _text_on(day), night, _text_on(night))


def normalised(colour: str) -> str:
    """`#rrggbb` in lower case."""
    found = re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour)
    if found is None:
        raise ValueError(f"{colour!r} is not a colour; write it as #1f5fbf.")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _until_legible(colour: str, *, on: str, towards: str) -> str:
    steps = (_mixed(colour, towards, step / 20) for step in range(21))
    return next(mixed for mixed in steps if contrast(mixed, on) >= LEGIBLE)


def _mixed(colour: str, other: str, share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_channels(colour), _channels(other), strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _text_on(colour: str) -> str:
    return max((_LIGHT, _DARK), key=lambda text: contrast(text, colour))
