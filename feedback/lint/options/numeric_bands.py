"""Bands of numbers as options write them: "1-3", "5 km to less than 10 km", "20'den az", "۱۰ تا ۱۹", "60 or
over"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from feedback.core.text.folding import fold
from feedback.lint.languages.data import codes, data
from feedback.lint.languages.pack import pack
from feedback.lint.options.labels import lexicon

INFINITY = math.inf
_YEAR = 1000
_REAL = frozenset({"time", "months", "distance", "miles", "mass", "money", "percent"})


@dataclass(frozen=True, slots=True)
class NumberRange:
    """From `low` to `high` in base units of `family` (minutes, metres ...); `step` is one written unit.

    `family` is "" where no unit was written, `noun` what was counted ("visits"). `whole` is True where
    only whole numbers of units were written.
    """

    low: float
    high: float
    low_closed: bool = True
    high_closed: bool = True
    family: str = ""
    noun: str = ""
    step: float = 1
    whole: bool = True

    @property
    def is_point(self) -> bool:
        return self.low == self.high

    @property
    def is_real(self) -> bool:
        """Whether values between whole numbers exist (money, time, distance, decimals)."""
        return self.family in _REAL or not self.whole

    def least(self) -> float:
        """The lowest whole number inside."""
        return self.low if self.low_closed or self.low == -INFINITY else self.low + self.step

    def most(self) -> float:
        """The highest whole number inside."""
        return self.high if self.high_closed or self.high == INFINITY else self.high - self.step


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    unit: str | None
    decimals: int
    multiplier: float


_NOUN = r"[^\W\d_]+[²³23]?"
_TWICE = re.compile(rf"^(?P<before>.*?# )(?P<first>{_NOUN}) (?P<after>.*# (?P<second>{_NOUN}).*)$")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$")
_NAMED = re.compile(r"^[^:\d]{1,40}[:–—]\s*(.+)$|^[A-Za-z0-9][.)]\s+(.+)$")


@lru_cache(maxsize=4096)
def parse(text: str, language: str) -> NumberRange | None:
    """The band that an option names, or None where it is not plainly one.

    A name may stand before it: "Small (1-10)", "A: 1-3".
    """
    found = _parsed(text, language)
    if found:
        return found
    bracket = _BRACKETED.search(text) if len(text) <= 80 else None
    outer = _parsed(text[: bracket.start()], language) if bracket else None
    ended = _ended(outer, bracket[1], language) if bracket and outer else None
    if ended:
        return ended
    for pattern in (_BRACKETED, _NAMED):
        match = pattern.search(text) if len(text) <= 80 else None
        inner = _parsed(next(filter(None, match.groups())), language) if match else None
        if inner and not inner.is_point:
            return inner
    return None


def _ended(band: NumberRange, note: str, language: str) -> NumberRange | None:
    """The band with what a bracket says of its end: "1-5 (5 excluded)"; None where the bracket says something else."""
    raw = data(language, "numbers")
    for key in ("excluding", "including"):
        for form in raw.get(key, ()):
            word = fold(form, language).replace("#", "").strip()
            plain = fold(note, language)
            point = _parsed(plain.replace(word, "").strip(), language) if word in plain.split() else None
            if point and point.is_point:
                return _closing(band, point.low / point.step, key == "including")
    return None


def _closing(band: NumberRange, number: float, closed: bool) -> NumberRange | None:
    if number == band.high / band.step:
        return replace(band, high_closed=closed)
    return replace(band, low_closed=closed) if number == band.low / band.step else None


def parse_all(texts: Sequence[str], language: str) -> list[NumberRange | None]:
    """The band that each option of one list names. Beside "two or three items", "one item" is a number, too."""
    texts = _without_shared_start(texts, language)
    found = [parse(text, language) for text in texts]
    nouns = {band.noun for band in found if band and not band.is_point}
    counted = nouns.pop() if len(nouns) == 1 else ""
    if counted:
        found = [band or _parsed(text, language, counted) for band, text in zip(found, texts, strict=True)]
    pairs = zip(texts, found, strict=True)
    return [None if _is_no(text, band, found, language) else band for text, band in pairs]


def _is_no(text: str, band: NumberRange | None, bands: Sequence[NumberRange | None], language: str) -> bool:
    """Whether an option that can be a number is a "no": in Persian, no is written like nine. Among numbers it
    counts."""
    labels = lexicon(language)
    if band is None or not band.is_point or labels is None or not labels.says("no", text):
        return False
    return not any(each is not None and abs(each.low - band.low) == 1 for each in bands)


def _without_shared_start(texts: Sequence[str], language: str) -> Sequence[str]:
    """The options without a first word that all share and that opens no band: "with one person, with two"."""
    split = [text.split(maxsplit=1) for text in texts]
    first = {fold(words[0], language) for words in split if words}
    plain = len(split) > 2 and len(first) == 1 and all(len(words) == 2 for words in split)
    if not plain or not first.isdisjoint(_openings(language)) or not all(map(str.isalpha, first)):
        return texts
    rests = [rest for _, rest in split]
    counts = any(band and not band.is_point for rest in rests if (band := parse(rest, language)))
    return rests if counts else texts  # "Dock 1, Dock 2, Dock 5" are names


@cache
def _openings(language: str) -> frozenset[str]:
    """Words that can open a band ("less", "up", "from") or are a number."""
    raw = data(language, "numbers")
    written = (
        str(form)
        for part in ("under", "at_most", "at_least", "over", "from", "numbers")
        for form in raw.get(part, ())
    )
    return frozenset(fold(form, language).split()[0] for form in written if form.strip())


def _parsed(text: str, language: str, counted: str = "") -> NumberRange | None:
    """`counted` is what the other options of the list count: its name after "one" makes that a number."""
    grammar = _grammar(language) or _grammar("en")  # digits and signs read the same everywhere
    if grammar is None or len(text) > 80:
        return None
    skeleton, numbers = grammar.skeleton(text)
    if not 1 <= len(numbers) <= 2:
        return None
    found = grammar.shape(skeleton, len(numbers))
    if found is None:
        return None
    shape, noun = found
    if numbers[0].value < _YEAR and not _dated().isdisjoint(skeleton.split()):
        return None  # "before 10 am" is a time of day, "before 2020" a band of years
    if counted and noun and (noun.startswith(counted) or counted.startswith(noun)):
        noun = counted
    told = noun and noun not in _times() and noun != counted
    if shape == "point" and not re.search(r"\d", text) and (told or len(text.strip()) == 1):
        return None  # "a friend", "one shop": an article, not a number; "A": the name of an option
    if noun in _units() and not any(number.unit for number in numbers):
        numbers, noun = [replace(number, unit=noun) for number in numbers], ""
    return _interval(shape, numbers, noun)


def _interval(shape: str, numbers: Sequence[_Number], noun: str) -> NumberRange | None:
    units = {number.unit for number in numbers if number.unit}
    default = numbers[-1].unit or (numbers[0].unit if units else None)
    factors = [
        _units()[number.unit or default] if number.unit or default else ("", 1.0) for number in numbers
    ]
    families = {family for family, _ in factors}
    if len(families) != 1:
        return None
    spread = numbers[-1].multiplier if len(numbers) == 2 and numbers[0].multiplier == 1 else 1.0
    scaled = [
        n.value * (spread if place == 0 and n.value < numbers[-1].value else 1.0)
        for place, n in enumerate(numbers)
    ]
    values = [value * factor for value, (_, factor) in zip(scaled, factors, strict=True)]
    low, high = values[0], values[-1]
    step = min(factor for _, factor in factors) * min(
        n.multiplier if n.multiplier != 1 else spread for n in numbers
    )
    base = NumberRange(
        low, high, family=families.pop(), noun=noun, step=step, whole=all(n.decimals == 0 for n in numbers)
    )
    return _bounded(shape, base)


def _bounded(shape: str, base: NumberRange) -> NumberRange | None:
    match shape:
        case "under":
            found = replace(base, low=-INFINITY, high_closed=False)
        case "at_most":
            found = replace(base, low=-INFINITY)
        case "at_least":
            found = replace(base, high=INFINITY)
        case "over":
            found = replace(base, high=INFINITY, low_closed=False)
        case "half":
            found = replace(base, high_closed=False)
        case "above":
            found = replace(base, low_closed=False)
        case _:
            found = base
    return found if found.low <= found.high else None


def comparable(bands: Sequence[NumberRange]) -> list[NumberRange]:
    """The bands in one unit (one without a unit takes that of the others); empty where units differ."""
    families = {band.family for band in bands if band.family}
    nouns = {_stem(band.noun) for band in bands if band.noun}
    if families == {"time", "months"} and all(band.family for band in bands):
        return list(bands)  # "1-2 weeks, 1-2 months": compared each with its like
    if len(families) > 1 or len(nouns) > 1 or (families and any(b.noun and not b.family for b in bands)):
        return []
    if not families:
        return list(bands)
    family = families.pop()
    steps = {band.step for band in bands if band.family}
    if any(not band.family for band in bands) and (len(steps) > 1 or _ends_in_another_unit(bands)):
        return []
    step = steps.pop() if len(steps) == 1 else 1.0
    return [band if band.family else _scaled(band, family, step) for band in bands]


def _ends_in_another_unit(bands: Sequence[NumberRange]) -> bool:
    """Whether only the last band has a unit, and does not go on from the others in it: "three to six, a week or
    longer" under a question for nights. In "3-4, 5 or more days" it goes on."""
    *before, last = bands
    return (
        bool(before)
        and not any(band.family for band in before)
        and last.low / last.step <= max(band.low for band in before)
    )


def _scaled(band: NumberRange, family: str, step: float) -> NumberRange:
    return replace(band, low=band.low * step, high=band.high * step, family=family, step=step * band.step)


def _stem(noun: str) -> tuple[str, str]:
    """What was counted, with singular and plural alike: "visit", "visits"; "times a week" is not "times a
    month"."""
    first, _, rest = noun.partition(" ")
    return first[:4], rest


def overlap(one: NumberRange, other: NumberRange) -> float | None:
    """A point that both contain, or None."""
    if one.family != other.family:
        return None
    if _is_none_beside_open(one, other) or _is_none_beside_open(other, one):
        return None
    if one.is_real or other.is_real:
        low, high = max(one.low, other.low), min(one.high, other.high)
        inside = _contains(one, low) and _contains(other, low) if low > -INFINITY else True
        if low < high:
            return low if low > -INFINITY else high
        return low if low == high and inside else None
    least, most = max(one.least(), other.least()), min(one.most(), other.most())
    if least > most:
        return None
    return least if least > -INFINITY else most


def _is_none_beside_open(one: NumberRange, other: NumberRange) -> bool:
    """ "None" beside "less than 5": nobody is in doubt which of the two to choose."""
    return one.low == one.high == 0 and other.low == -INFINITY


def _contains(band: NumberRange, point: float) -> bool:
    above = point > band.low or (band.low_closed and point == band.low)
    return above and (point < band.high or (band.high_closed and point == band.high))


def gap(lower: NumberRange, upper: NumberRange) -> tuple[float, float] | None:
    """The hole between two bands, as the numbers on its two sides; None where they meet."""
    if lower.family != upper.family:
        return None
    if lower.high == INFINITY or upper.low == -INFINITY:
        return None
    distance = upper.low - lower.high
    if distance < 0:
        return None
    if distance == 0:
        return (lower.high, upper.low) if not lower.high_closed and not upper.low_closed else None
    if lower.is_real or upper.is_real:
        step = min(lower.step, upper.step)
        room = step if lower.whole and upper.whole else step / 10
        return (lower.high, upper.low) if distance > room * 1.000001 or not lower.high_closed else None
    return (
        (lower.most(), upper.least()) if upper.least() - lower.most() > max(lower.step, upper.step) else None
    )


def shown(value: float, band: NumberRange) -> str:
    """A bound in the unit that the option was written in: hours, or thousands of a currency."""
    in_units = band.family in ("time", "months", "distance") or band.step > 1
    number = value / band.step if in_units else value
    return f"{number:g}"


# How a language writes bands


UNITS: Mapping[str, tuple[str, float]] = {
    "seconds": ("time", 1 / 60),
    "minutes": ("time", 1),
    "hours": ("time", 60),
    "days": ("time", 1440),
    "weeks": ("time", 10080),
    "months": ("months", 1),
    "years": ("months", 12),
    "metres": ("distance", 1),
    "kilometres": ("distance", 1000),
    "miles": ("miles", 1),
    "kilograms": ("mass", 1),
    "percent": ("percent", 1),
    "money": ("money", 1),
}
"""Unit of numbers.yaml -> its family, and how many base units of the family it is."""


MOST = {
    ("hours", "days"): (24,),
    ("days", "weeks"): (7,),
    ("days", "months"): (28, 30, 31),
    ("weeks", "months"): (4, 5),
    ("weeks", "years"): (52, 53),
    ("months", "years"): (12,),
}
"""How many of one unit another has at most."""


def bounds(stem: str, language: str) -> frozenset[int]:
    """The most that a question can count if it counts one unit of time within another: "on how many days last week"
    ends at 7."""
    words = re.findall(r"[^\W\d_]+", fold(stem, language))
    spelled = {unit for word in words if (unit := pack(language).unit_in(word, _units()))}
    named = {name for unit in spelled for name, sized in UNITS.items() if sized == _units()[unit]}
    return frozenset(most for (part, whole), all_ in MOST.items() if {part, whole} <= named for most in all_)


def _everywhere(key: str) -> Iterator[tuple[str, Any]]:
    """One part of every language's numbers.yaml: options mix "km", "€" and "tl" with any language."""
    return ((code, found) for code in codes() if (found := data(code, "numbers").get(key)))


@cache
def _units() -> Mapping[str | None, tuple[str, float]]:
    return {
        fold(word, code): UNITS[name]
        for code, units in _everywhere("units")
        for name, words in units.items()
        for word in words
    }


@cache
def _multipliers() -> Mapping[str, float]:
    return {
        fold(word, code): float(value)
        for code, listed in _everywhere("multipliers")
        for word, value in listed.items()
    }


@cache
def _times() -> frozenset[str]:
    """What counts events: "one time" is a number, "one shop" is a shop."""
    return frozenset(word for _, words in _everywhere("times") for word in words)


@cache
def _leading() -> frozenset[str]:
    """Units that stand before their number."""
    return frozenset(
        ["$", "€", "£", "₺", "%", *(word for _, words in _everywhere("leading") for word in words)]
    )


@cache
def words_of_bands(language: str) -> frozenset[str]:
    """Words with which a language writes bands ("or", "more", "to"), folded: none of them names what is counted."""
    raw = data(language, "numbers") or data("en", "numbers")
    written = (
        form
        for part in ("under", "at_most", "at_least", "over", "from", "to", "tail")
        for form in raw.get(part, ())
    )
    return frozenset(word for form in written for word in fold(form, language).split()) - _units().keys()


@cache
def ends_of_ranges(language: str) -> re.Pattern[str]:
    """What may end a range after its unit: in Turkish "arası", the word for "between"."""
    tails = "|".join(map(re.escape, data(language, "numbers").get("tail", ())))
    return re.compile(rf"(?<!\w)(?:{tails or '(?!)'})(?!\w)", re.IGNORECASE)


@cache
def _dated() -> frozenset[str]:
    """What stands before or after years."""
    return frozenset(word for _, words in _everywhere("dated") for word in words)


@cache
def _grammar(language: str) -> _Grammar | None:
    raw = data(language, "numbers")
    return _Grammar(language, raw) if raw else None


class _Grammar:
    """The shapes of bands in one language."""

    def __init__(self, language: str, raw: Mapping[str, Any]) -> None:
        self.language, self.pack = language, pack(language)
        self.thousands = str(raw.get("thousands", ","))
        self.words = {fold(word, language): float(value) for word, value in raw["numbers"].items()}
        joints = "|".join(
            sorted((re.escape(fold(each, language)) for each in raw["to"]), key=len, reverse=True)
        )
        opener = "|".join(re.escape(fold(each, language)) for each in raw["from"])
        tail = "|".join(re.escape(fold(each, language)) for each in raw.get("tail", ()))
        start = f"(?:(?:{opener}) )?" if opener else ""
        end = f"(?: (?:{tail}))?" if tail else ""
        self.shapes: dict[str, tuple[str, ...]] = {
            name: tuple(fold(each, language) for each in raw[name])
            for name in ("under", "at_most", "at_least", "over")
        }
        self.range = re.compile(rf"{start}# (?:{joints}) #{end}")
        besides = "|".join([",", *(re.escape(fold(each, language)) for each in raw.get("besides", ()))])
        beside, under = f"(?:(?:{joints}|{besides}) )*", f"(?:{self._either('under')})"
        self.half = re.compile(rf"(?:{start}#|{self._either('at_least')}) {beside}{under}")
        self.above = re.compile(
            rf"(?:{self._either('over')}) (?:(?:{joints}) #|(?:{besides}) (?:{self._either('at_most')}))"
        )
        number = r"\d+(?:[.,/]\d+)?"
        numerals = "|".join(sorted(map(re.escape, self.words), key=len, reverse=True))
        self.number = re.compile(
            rf"(?<![\w]){number}|(?<![\w])(?:{numerals})(?![\w])" if numerals else number
        )

        self.between_words = re.compile(
            rf"\b({numerals})\s*-\s*(?=(?:{numerals})\b)" if numerals else r"(?!)()"
        )

        forms = " ".join(each for name in self.shapes for each in self.shapes[name])
        self.counted = frozenset(forms.split()) - {"#"} - frozenset(map(str, _units()))
        """Words of the grammar itself ("or", "more"): none of them names what is counted."""

    def _either(self, name: str) -> str:
        return "|".join(re.escape(each) for each in sorted(self.shapes[name], key=len, reverse=True))

    def skeleton(self, text: str) -> tuple[str, list[_Number]]:
        """The option with # for each number with its unit, and the numbers."""
        plain = self._plain(text)
        tokens = [token for token in re.split(r"\s+", plain) if token]
        words: list[str] = []
        numbers: list[_Number] = []
        place = 0
        has_digits = bool(re.search(r"\d", plain))
        while place < len(tokens):
            token = tokens[place]
            number = self._number(token, has_digits)
            if number is None:
                words.append(token)
                place += 1
                continue
            place += 1
            value, decimals = number
            place, multiplier = self._multiplier(tokens, place)
            place, unit = self._unit(tokens, place, words)
            numbers.append(_Number(value * multiplier, unit, decimals, multiplier))
            words.append("#")
            if unit and tokens[place - 1].removeprefix(unit) in self.pack.from_endings:
                words.append(self.pack.from_case)
        return self.pack.evened(self._counted_once(" ".join(words))), numbers

    def _counted_once(self, skeleton: str) -> str:
        """ "10 GB to 49 GB" as "10 to 49 GB"."""
        found = _TWICE.match(skeleton)
        if not found or found["first"] in self.counted:
            return skeleton
        same = found["second"].startswith(self.pack.counted(found["first"]))
        return found["before"] + found["after"] if same else skeleton

    def _plain(self, text: str) -> str:
        plain = fold(text, self.language).strip(" .;:!?؟،\"'()[]")
        for separator in self.thousands:
            plain = re.sub(rf"(?<=\d){re.escape(separator)}(?=\d{{3}}(?!\d))", "", plain)
        plain = plain.replace("٫", ".")
        plain = re.sub(r"(?<=\d),(?=\d)", ".", plain)
        plain = self.pack.spaced(plain)
        plain = re.sub("[–—‒−‐‑~]", "-", plain)
        plain = re.sub(r"(?<=[\d%\w$€£₺])\s*-\s*(?=[\d%٪$€£₺])", " - ", plain)
        plain = re.sub(r",(?=\s)", " ,", plain)
        if not re.search(r"\d", plain):
            plain = self.between_words.sub(r"\1 - ", plain)
        plain = re.sub(r"(<=|>=|[<>≤≥+$€£₺%٪])", r" \1 ", plain)
        return re.sub(r"(?<=\d)(?=[^\W\d_])", " ", plain)

    def _number(self, token: str, has_digits: bool) -> tuple[float, int] | None:
        if re.fullmatch(r"\d{1,12}(?:\.\d{1,4})?", token):
            return float(token), len(token.partition(".")[2])
        if has_digits:
            return None
        if token in self.words:
            return self.words[token], 0
        stem = self.pack.number_word(token)
        return (self.words[stem], 0) if stem in self.words else None

    def _multiplier(self, tokens: Sequence[str], place: int) -> tuple[int, float]:
        if place < len(tokens) and tokens[place] in _multipliers():
            return place + 1, _multipliers()[tokens[place]]
        return place, 1.0

    def _unit(self, tokens: Sequence[str], place: int, before: list[str]) -> tuple[int, str | None]:
        if before and before[-1] in _leading():
            return place, before.pop()
        if place >= len(tokens):
            return place, None
        unit = self.pack.unit_in(tokens[place], _units())
        return (place + 1, unit) if unit else (place, None)

    def shape(self, skeleton: str, count: int) -> tuple[str, str] | None:
        """(shape, counted noun); up to three words after the number may name what is counted."""
        for noun_words in range(4):
            for stripped, noun in _nouns_removed(skeleton, noun_words):
                if not self.counted.isdisjoint(noun.split()):
                    continue
                shape = next(
                    filter(None, (self._shape(form, count) for form in self._cases_dropped(stripped))), None
                )
                if shape:
                    first, space, rest = noun.partition(" ")
                    return shape, self.pack.counted(first) + space + rest
        return None

    def _shape(self, skeleton: str, count: int) -> str | None:
        if count == 2:
            for name, pattern in (("half", self.half), ("above", self.above), ("range", self.range)):
                if pattern.fullmatch(skeleton):
                    return name
            return None
        if skeleton == "#":
            return "point"
        return next((name for name, forms in self.shapes.items() if skeleton in forms), None)

    def _cases_dropped(self, skeleton: str) -> tuple[str, ...]:
        """The skeleton as it is, and without the case endings of its numbers: first the last one's, then all."""
        case = f"# {self.pack.from_case}"
        if not self.pack.from_case or case not in skeleton:
            return (skeleton,)
        return skeleton, re.sub(rf"{re.escape(case)}(?!.*#)", "#", skeleton), skeleton.replace(case, "#")


def _nouns_removed(skeleton: str, count: int) -> list[tuple[str, str]]:
    """The skeleton without `count` words after its last number, or at its end."""
    words = skeleton.split(" ")
    if count == 0:
        return [(skeleton, "")]
    place = len(words) - 1 - words[::-1].index("#") if "#" in words else -1
    if place < 0:
        return []
    found = []
    for start in (place + 1, len(words) - count):
        noun = words[start : start + count]
        if len(noun) == count and start > place and all(re.fullmatch(_NOUN, word) for word in noun):
            found.append((" ".join(words[:start] + words[start + count :]), " ".join(noun)))
    return found
