"""Bands of numbers that meet: made from the numbers, digits and units of the very options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from feedback.core.text.folding import ascii_digits, fold
from feedback.lint.languages.data import data
from feedback.lint.options.choices import Band
from feedback.lint.options.numeric_bands import (
    INFINITY,
    NumberRange,
    ends_of_ranges,
    gap,
    overlap,
    parse,
    shown,
    words_of_bands,
)
from feedback.lint.rewriting.language import rewriting

_NUMBER = re.compile(r"\d(?:[\d.,٬٫]*\d)?")


def without_overlap(bands: Sequence[Band], language: str) -> str:
    """The options with each band beginning after the one before it; empty where that cannot be worked out."""
    texts, made = {place: text for place, text, _ in bands}, []
    furthest: NumberRange | None = None
    for place, text, band in sorted(bands, key=lambda each: (each[2].low, each[2].high)):
        begin = _after(furthest) if furthest else band.low
        fitted = text if begin is None or band.least() >= begin else _beginning(text, band, begin, language)
        parsed = parse(fitted, language) if fitted else None
        if fitted is None or parsed is None:
            return ""
        texts[place] = fitted
        furthest = band if fitted == text else _like(parsed, band)
        made.append(furthest)
    fits = all(overlap(one, other) is None for n, one in enumerate(made) for other in made[n + 1 :])
    return " | ".join(texts[place] for place, _, _ in bands) if fits else ""


def without_gap(lower: Band, upper: Band, language: str) -> str:
    """The two options with nothing between them: the upper one moved down, or a band put in between."""
    begin, end = _after(lower[2]), upper[2].least()
    if begin is None or upper[2].low == -INFINITY:
        return ""
    step = upper[2].step
    missing = round((end - begin) / step)
    width = min(_width(lower[2]), _width(upper[2]))
    if missing >= max(2, width) and width < INFINITY:
        between = _range(
            upper[1] if _width(upper[2]) == width else lower[1], begin, end - step, upper[2], language
        )
        return f"{lower[1]} | {between} | {upper[1]}" if between else ""
    fitted = _beginning(upper[1], upper[2], begin, language)
    parsed = parse(fitted, language) if fitted else None
    closed = parsed is not None and gap(lower[2], _like(parsed, upper[2])) is None
    return f"{lower[1]} | {fitted}" if fitted and closed else ""


def or_more(text: str, band: NumberRange, language: str) -> str:
    """What follows the highest band: "1001 or more"."""
    begin = _after(band)
    return (
        rewriting(language).phrases.or_more.format(_measured(text, begin, band, language))
        if begin is not None
        else ""
    )


def under(text: str, band: NumberRange, language: str) -> str:
    """What comes before the lowest band: "Under 18"."""
    return rewriting(language).phrases.under.format(_measured(text, band.low, band, language))


def _after(band: NumberRange) -> float | None:
    """The first value above a band; None where it has no end."""
    if band.high == INFINITY:
        return None
    return band.high + band.step if band.high_closed else band.high


def _width(band: NumberRange) -> float:
    """How many written units a band holds."""
    return (band.most() - band.least()) / band.step + 1


def _like(parsed: NumberRange, band: NumberRange) -> NumberRange:
    """A band that was read again, in the unit that its list gave the old one."""
    if parsed.family == band.family or not band.family:
        return parsed
    factor = band.step / parsed.step
    return replace(
        parsed, low=parsed.low * factor, high=parsed.high * factor, family=band.family, step=band.step
    )


def _beginning(text: str, band: NumberRange, begin: float, language: str) -> str | None:
    """The option with another beginning: its first number replaced, or "up to 4" made a range."""
    if begin > band.most():
        return None
    if band.low == -INFINITY:
        return _range(text, begin, band.most(), band, language)
    if band.is_point:
        return None
    if begin == band.most():
        return _measured(text, begin, band, language)
    number = next((each for each in _NUMBER.finditer(text) if _is(each[0], band.low, band)), None)
    if number is None:
        return None
    return text[: number.start()] + _written(begin, band, number[0]) + text[number.end() :]


def _range(text: str, low: float, high: float, band: NumberRange, language: str) -> str | None:
    """ "3-4 days" out of the numbers and the way an option writes them."""
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return None
    like = numbers[-1][0]
    ends = [_written(value, band, like) for value in (low, high)]
    if low == high:
        return _measured(text, low, band, language)
    if len(numbers) == 2:
        between = text[numbers[0].end() : numbers[1].start()]
        made = text[: numbers[0].start()] + ends[0] + between + ends[1] + text[numbers[1].end() :]
    else:
        joined = rewriting(language).range_joint.join(ends)
        made = f"{joined}{_unit(text[numbers[-1].end() :], language)}"
    return made if parse(made, language) else f"{ends[0]}-{ends[1]}"


def _measured(text: str, value: float | None, band: NumberRange, language: str) -> str:
    """A number with the currency or unit that an option writes."""
    numbers = list(_NUMBER.finditer(text))
    if value is None or not numbers:
        return ""
    last = numbers[-1]
    sign = text[last.start() - 1 : last.start()]
    lead = sign if sign in ("$", "€", "£", "₺") else ""
    return f"{lead}{_written(value, band, last[0])}{_unit(text[last.end() :], language)}"


_UNIT = re.compile(r"\s*(?:%|٪|[^\W\d_]+)")


def _unit(rest: str, language: str) -> str:
    """The word or sign behind a number, if it names what is counted."""
    plain = ends_of_ranges(language).sub("", rest)
    match = _UNIT.match(plain)
    if not match or fold(match[0], language) in words_of_bands(language) or plain.startswith(("'", "’")):
        return ""
    unit = match[0]
    if fold(unit.strip(), language) in data(language, "numbers").get("multipliers", {}):
        unit += _unit(plain[match.end() :], language)  # "thousand euros"
    return unit


def _is(written: str, value: float, band: NumberRange) -> bool:
    plain = ascii_digits(written)
    plain = re.sub(r"[.,٬](?=\d{3}(?!\d))", "", plain).replace("٫", ".").replace(",", ".")
    return plain == shown(value, band) or plain == f"{value:g}"


def _written(value: float, band: NumberRange, like: str) -> str:
    """A number in the digits, and with the thousands mark, of a number beside it."""
    plain = shown(value, band)
    if "e" in plain:
        plain = f"{value:.0f}"
    mark = re.search(r"[.,٬](?=\d{3}(?!\d))", like)
    if (mark or len(ascii_digits(like)) <= 3) and plain.isdigit() and len(plain) > 3 and mark:
        plain = f"{int(plain):,}".replace(",", mark[0])
    native = next((letter for letter in like if letter.isdecimal() and not letter.isascii()), None)
    if native:
        zero = ord(native) - int(native)
        plain = "".join(
            chr(zero + int(each)) if each.isascii() and each.isdigit() else each for each in plain
        )
    return plain
