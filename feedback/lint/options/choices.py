"""What kind of list the options of a question are: bands, degrees, days, yes and no, or without order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import Literal

from feedback.core.questions import AnyQuestion, ChoiceQuestion, MatrixQuestion, Option, ScaleQuestion
from feedback.core.text.folding import bare
from feedback.lint.document.document import Document, Path
from feedback.lint.languages.data import data
from feedback.lint.languages.lexicon import lexicon as words_of
from feedback.lint.languages.pack import pack
from feedback.lint.options import numeric_bands
from feedback.lint.options.labels import LabelLexicon, Reading, dimension_of, lexicon, scale
from feedback.lint.options.sequences import is_sequence

Kind = Literal["bands", "degrees", "calendar", "steps", "yes-no", "alphabetical", "unknown", "unordered"]
LEAST_BEFORE_AN_ESCAPE = 4
MOST_BESIDE_YES_AND_NO = 2
MOST_OWN_ESCAPES = 2
"""Answers of the question's own for those it does not concern that a list is thought to have."""
SORTED_ON_PURPOSE = 5
"""From this length on, a list that is in alphabetical order is so by intent: one in 120 would be by chance."""
OWN_ESCAPES = ("own_escape", "own_denial")
OPT_OUTS = ("not_applicable", "prefer_not", "dont_know")


@cache
def _order(language: str, kind: str) -> frozenset[str]:
    """Words of a kind (`calendar`, `steps` or `ranks`) whose order everybody knows."""
    words = data(language, "order").get(kind, "")
    return frozenset(bare(word, language) for word in words.split())


@dataclass(frozen=True)
class Choices:
    """The options of a question in one language; `real` are those that answer it, not opt-outs or "other".

    `written` is the whole question as the file has it: with the language it says everything else.
    """

    language: str
    options: tuple[tuple[int, Option, str], ...]
    real: tuple[tuple[int, Option, str], ...]
    words: LabelLexicon | None
    stem: str = ""
    written: str = ""

    @cached_property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.real]

    def bands(self) -> list[tuple[int, str, numeric_bands.NumberRange]]:
        """(index, text, interval) of the options that name a band of numbers, in one unit; empty where units
        differ."""
        return _bands([(place, text) for place, _, text in self.options], self.language)

    def readings(self) -> list[Reading | None]:
        return scale(self.texts, self.language)

    @cached_property
    def kind(self) -> Kind:
        """`unknown` where the language has no word list, so that an order could be overlooked.

        Answers that a question has for those it does not concern ("had none", "not yet") leave an order as it is.
        """
        kind = self._kind()
        if kind != "unordered" or self.words is None or asks_why(self.words, self.stem):
            return kind
        core = tuple(
            each for each in self.real if not any(self.words.says(kind, each[2]) for kind in OWN_ESCAPES)
        )
        if len(core) in (len(self.real), 0, 1) or len(core) < len(self.real) - MOST_OWN_ESCAPES:
            return self._kind_before_the_last()
        return replace(self, real=core)._kind()

    def _kind_before_the_last(self) -> Kind:
        """The last option may be an escape in words that nobody has listed ("rose a lot, I have not lived here for a
        year"): a scale before it is one without doubt."""
        before = replace(self, real=self.real[:-1])
        enough = len(before.real) >= LEAST_BEFORE_AN_ESCAPE or (
            len(before.real) == LEAST_BEFORE_AN_ESCAPE - 1 and _rises_from_zero(before.readings())
        )
        if enough and before._kind() == "degrees":
            return "degrees"
        mirrored = len(before.real) % 2 == 1 and _turns_in_the_middle(before.readings())
        return "steps" if mirrored else "unordered"

    def _kind(self) -> Kind:
        texts = self.texts
        if self.words is None:
            return "unknown"
        named = [band is not None for band in numeric_bands.parse_all(texts, self.language)]
        if sum(named) * 2 > len(texts):
            return "bands"
        if texts and (all(self._is_yes_no(text) for text in texts) or self._explains_yes_no()):
            return "yes-no"
        if _are_graded_yes_no(texts, self.words):
            return "degrees"
        return self._order_of_words(self.words)

    def _order_of_words(self, words: LabelLexicon) -> Kind:
        texts, found = self.texts, self.readings()
        if asks_why(words, self.stem):  # "too small, too big, damaged" are reasons, not sizes
            return "degrees" if is_degree_scale(found) else "unordered"
        steps, ordered = _are_steps(texts, self.language), self._ordered_words(texts)
        if (ordered == "degrees" and not steps) or _strengthen(texts, words):
            return "degrees"
        if _are_times(texts, self.language):
            return "calendar"
        asked = ordered == "unordered" and words.mentions("degree_stem", self.stem)
        # "How crowded ...?" asks for a degree, "At what stage ...?" for a step, whatever words the answers use
        asked |= ordered == "unordered" and words.mentions("stage_stem", self.stem)
        asked |= words.mentions("rank_stem", self.stem) and _are_steps(texts, self.language, "ranks")
        graded = steps or asked or _turns_in_the_middle(found) or _are_graded(texts, words)
        return "steps" if graded or is_sequence(texts, words) else ordered

    def _is_yes_no(self, text: str) -> bool:
        return any(self.words.says(kind, text) for kind in ("yes", "no", "partly")) if self.words else False

    def _explains_yes_no(self) -> bool:
        """Yes and no, told apart further or not, and few answers besides: "Yes; No, earlier; No, later; Nobody came",
        "Yes; No; I did not know about it", "Yes; Yes, but later; Not yet", "Yes; Only a part of it; No"."""
        said = [self._sides(text) for text in self.texts]
        others = sum(not sides for sides in said)
        if {"yes", "no"} <= frozenset().union(*said):
            return others <= MOST_BESIDE_YES_AND_NO
        return "yes" in said[0] and sum(map(self._is_a_band, self.texts)) >= 2

    def _is_a_band(self, text: str) -> bool:
        """Whether an option has a number and time in it: "yes, up to a week late, more than a week late"."""
        plain = bare(text, self.language)
        return any(_names_time(word, self.language) for word in plain.split()) and not self._is_yes_no(text)

    def _sides(self, text: str) -> frozenset[str]:
        kinds = {"yes": ("yes",), "no": ("no", "not_yet")}
        said = {
            side
            for side, phrases in kinds.items()
            if self.words and any(self.words.says(kind, text) for kind in phrases)
        }
        return frozenset(said | ({"no"} if self._denies_the_stem(text) else set()))

    def _denies_the_stem(self, text: str) -> bool:
        """Whether an option is the question's own verb with a negation in it: "did not come" to "came", where that is
        one word."""
        verb, asked = bare(text, self.language).split()[-1:], bare(self.stem, self.language).split()[-2:]
        return any(pack(self.language).denies(one, other) for one in verb for other in asked)

    def _ordered_words(self, texts: Sequence[str]) -> Kind:
        found = self.readings()
        known = [each for each in found if each]
        dimensions = {each.dimension for each in known if each.dimension or not each.zero} or {""}
        # "short, long, funny" has one end; "on the day, earlier, later" has both
        signs = {each.degree > 0 for each in known if each.degree}
        ends = len(texts) > 3 or bool(texts and found[0] and found[-1]) or len(signs) == 2
        understood = len(texts) >= 2 and ends and len(known) * 3 >= len(texts) * 2
        if understood and len(dimensions) == 1 and _spread(known):
            return "degrees"
        if len(texts) >= SORTED_ON_PURPOSE and _is_sorted(texts, self.language):
            return "alphabetical"
        return "unordered"


Band = tuple[int, str, numeric_bands.NumberRange]


def _bands(texts: Sequence[tuple[int, str]], language: str) -> list[Band]:
    found = numeric_bands.parse_all([text for _, text in texts], language)
    parsed = [
        (place, text, band) for (place, text), band in zip(texts, found, strict=True) if band is not None
    ]
    same = numeric_bands.comparable([band for _, _, band in parsed])
    return [(place, text, band) for (place, text, _), band in zip(parsed, same, strict=False)]


@dataclass(frozen=True)
class BandedAnswers:
    """Answers that name bands of numbers, options or the labels of a scale: the way to their list, their bands,
    and the places of answers that name none."""

    path: Path
    language: str
    bands: list[Band]
    unclear: frozenset[int]


def banded(document: Document) -> tuple[BandedAnswers, ...]:
    """Every list of at least two bands in a questionnaire, in every language."""
    return document.once("banded", lambda: tuple(_all_banded(document)))


def _all_banded(document: Document) -> Iterator[BandedAnswers]:
    for index, question in document.questions:
        for language in document.languages:
            found = _banded(document, index, question, language)
            if found and len(found.bands) >= 2:
                yield found


def _banded(document: Document, index: int, question: AnyQuestion, language: str) -> BandedAnswers | None:
    listed = choices(document, index, language)
    if listed:
        bands, real = listed.bands(), [place for place, _, _ in listed.real]
        path: Path = ("questions", index, "options")
    elif isinstance(question, ScaleQuestion | MatrixQuestion):
        labels = [(each.value, each.label) for each in question.points(language) if each.label.strip()]
        bands, real = _bands(labels, language), [place for place, _ in labels]
        path = ("questions", index, "scale", "labels")
        if all(band.is_point for _, _, band in bands):
            return None  # "1 = one"
    else:
        return None
    return BandedAnswers(path, language, bands, frozenset(real) - {place for place, _, _ in bands})


def _turns_in_the_middle(found: Sequence[Reading | None]) -> bool:
    """An odd list around "about the same" or "just right" runs from one end to the other."""
    middle = found[len(found) // 2] if len(found) in (3, 5, 7) else None
    return middle is not None and middle.degree == 0 and not middle.zero and found.count(middle) == 1


def _rises_from_zero(found: Sequence[Reading | None]) -> bool:
    """Whether all are understood and climb from nothing: "not at all, sometimes, mostly"."""
    known = [each.degree for each in found if each]
    return bool(found and found[0] and found[0].zero and len(known) == len(found) and known == sorted(known))


def _spread(found: Sequence[Reading]) -> bool:
    return len({each.degree for each in found}) >= 2


def _mostly(texts: Sequence[str], hits: Sequence[bool]) -> bool:
    return bool(texts) and sum(hits) * 5 >= len(texts) * 3


def _are_times(texts: Sequence[str], language: str) -> bool:
    """Days, months, parts of the day, or stretches of time ("next month", "within an hour", "later"); not one time that
    all of them have ("it ran last night, it failed last night")."""
    if _is_one_time([bare(text, language) for text in texts], language):
        return False
    named = [_names_time(bare(text, language), language) for text in texts]
    phrases = words_of(language) if sum(named) * 2 >= len(texts) else None
    if phrases is None:
        return False
    period = phrases.pattern("recall-period-missing.period")
    return _mostly(
        texts,
        [hit or bool(period.match(bare(text, language))) for hit, text in zip(named, texts, strict=True)],
    )


def _is_one_time(texts: Sequence[str], language: str) -> bool:
    """Whether several options name the same day or part of a day, and none names another."""
    days = _order(language, "calendar")
    named = [found for text in texts if (found := frozenset(text.split()) & days)]
    counted = data(language, "numbers").get("numbers", {})
    numbered = any(re.search(r"\d", text) or not counted.keys().isdisjoint(text.split()) for text in texts)
    return len(named) > 1 and len(set(named)) == 1 and not numbered


_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d\b")


def _names_time(plain: str, language: str) -> bool:
    days, phrases = _order(language, "calendar"), words_of(language)
    return (
        bool(_CLOCK.search(plain) or (phrases and phrases.search("answers.clock", plain)))
        or plain.replace(" ", "") in days
        or any(pack(language).is_form_of(word.strip(".,-"), days) for word in plain.split()[:6])
    )


def _are_steps(texts: Sequence[str], language: str, kind: str = "steps") -> bool:
    """Sizes, levels, grades: at least half of the options carry a word of that kind. Ranks are another kind: they are
    in order under "What is your position?", but not under "Who decided?"."""
    steps = _order(language, kind)
    words = [[word.strip(".,-()") for word in bare(text, language).split()] for text in texts]
    hits = [steps & {*each, *map(" ".join, pairwise(each))} for each in words]  # a half-space is a space here
    several = len(set().union(*hits)) > 1  # "more shade, more seats" are not sizes
    return bool(texts) and several and sum(map(bool, hits)) * 2 >= len(texts)


def _strengthen(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Two words and a stronger form of each: "very calm, calm, rough, very rough"."""
    plain = [bare(text, words.language) for text in texts]
    stronger = [text for text in plain for whole in plain if _is_degree_of(text, whole, words)]
    return len(stronger) >= 2 and len(stronger) * 2 >= len(plain)


def _is_degree_of(text: str, whole: str, words: LabelLexicon) -> bool:
    """Whether `text` is `whole` with a degree word before it or in it ("hedefi çok aştı", "hedefi aştı")."""
    size = len(text) - len(whole) - 1
    return size > 0 and any(
        len(each) == size and f" {text} ".replace(f" {each} ", " ", 1).strip() == whole
        for each in words.degrees
    )


def _are_graded_yes_no(texts: Sequence[str], words: LabelLexicon) -> bool:
    """From a firm no to a firm yes: "definitely no, probably no, probably yes, definitely yes"."""
    if len(texts) < 3:
        return False
    certain = {word: degree for word, degree in words.degrees.items() if degree}
    found = set()
    graded = 0
    for text in texts:
        plain = bare(text, words.language)
        rests = {plain, *(plain.removeprefix(f"{each} ").removesuffix(f" {each}") for each in certain)}
        sides = {side for side in ("yes", "no", "partly") if any(words.says(side, rest) for rest in rests)}
        if plain in certain:  # "probably" leaves the yes unsaid, "probably not" the no
            sides, graded = {"yes"}, graded + 1
        elif not sides and rests & {*words.nots}:
            sides = {"no"}
        if not sides:
            return False
        graded += len(rests) > 1
        found |= sides
    return graded >= 2 and {"yes", "no"} <= found


def _are_graded(texts: Sequence[str], words: LabelLexicon) -> bool:
    """One statement in several degrees: most options share a word, and at least half of them grade it ("a bit
    sooner", "a lot sooner"), or they share nearly all words ("I have slight problems in walking about")."""
    if len(texts) < 3:
        return False
    plain = [bare(text, words.language) for text in texts]
    degrees = [each for each in words.degrees if len(each) > 2]
    if len({re.sub(r"\d+", "#", text) for text in plain}) == 1 and "#" not in plain[0]:
        return True  # "Dock 1, Dock 2, Dock 3"
    if any(_is_degree_of(text, whole, words) for text in plain for whole in plain):
        return True  # "solved, partly solved, not solved"
    graded = sum(any(f" {each} " in f" {text} " for each in (*degrees, *words.nots)) for text in plain)
    shared = Counter(word for text in plain for word in set(text.split()) if len(word) > 3)
    common = {word for word, count in shared.items() if count * 3 >= len(texts) * 2}
    phrases = words_of(words.language)
    common -= words.degrees.keys() | (phrases.words("answers.comparatives") if phrases else frozenset())
    if graded * 2 >= len(texts):
        return bool(common)
    spent = [sum(word in common for word in text.split() if len(word) > 3) for text in plain]
    sizes = [sum(len(word) > 3 for word in text.split()) for text in plain]
    alike = sum(part >= 2 and part * 5 >= size * 3 for part, size in zip(spent, sizes, strict=True))
    return alike * 3 >= len(texts) * 2


def _is_sorted(texts: Sequence[str], language: str) -> bool:
    """By the alphabet of the language: Unicode puts «پ» and «گ» behind «ی», and "ç" behind "z"."""
    alphabet = str(data(language, "order").get("alphabet", ""))
    places = {letter: place for place, letter in enumerate(alphabet)}
    keys = [
        [(letter in places, places.get(letter, ord(letter))) for letter in bare(text, language)]
        for text in texts
    ]
    return keys == sorted(keys)


def choices(document: Document, index: int, language: str) -> Choices | None:
    """The options of question number `index`; None where it is not answered by choosing."""
    return document.once(("choices", index, language), lambda: _choices(document, index, language))


def _choices(document: Document, index: int, language: str) -> Choices | None:
    question = document.questions[index][1]
    if not isinstance(question, ChoiceQuestion):
        return None
    written = document.once(("written", index), lambda: repr(document.at(("questions", index))))
    return _alike(_AlikeList(written, language, question))


@dataclass(frozen=True, slots=True)
class _AlikeList:
    """A question whose options are those of any other that is written so, wherever it stands in whatever file."""

    written: str
    language: str
    question: ChoiceQuestion = field(compare=False)


@lru_cache(maxsize=2048)
def _alike(found: _AlikeList) -> Choices:
    """While somebody types in one question, the lists of the others are found here, with what they are known to be."""
    question, language = found.question, found.language
    words = lexicon(language)
    options = tuple(
        (place, option, option.text.to(language)) for place, option in enumerate(question.options)
    )
    stem = question.text.to(language)
    why = asks_why(words, stem)
    real = tuple(each for each in options if not _is_aside(each[1], each[2], words, len(options), why))
    return Choices(language, options, real, words, stem, found.written)


def have_numbers(listed: Choices) -> bool:
    """Whether at least half of the options have a number, and so an order even if they are no bands."""
    return sum(bool(re.search(r"\d", text)) for text in listed.texts) * 2 >= len(listed.texts)


def stands_beside(text: str, listed: Choices) -> bool:
    """What a question of two alternatives has besides them: "both", "it depends", "I have not read it"."""
    words = listed.words
    kinds = (
        ("both", "depends") if asks_why(words, listed.stem) else ("both", "depends", "not_yet", *OWN_ESCAPES)
    )
    return words is not None and any(words.says(kind, text) for kind in kinds)


def asks_why(words: LabelLexicon | None, stem: str) -> bool:
    """Whether a question asks for reasons: then "I did not use it" and "too big" are reasons like any other."""
    return words is not None and words.mentions("reason_stem", stem)


def _is_aside(option: Option, text: str, words: LabelLexicon | None, count: int, why: bool) -> bool:
    if option.role is not None:
        return True
    if words is None:
        return False
    kinds: tuple[str, ...] = ("other", *OPT_OUTS)
    if why:
        kinds = ("other", "prefer_not", "dont_know")
    elif count > 2 and not words.says("no", text) and not numeric_bands.parse(text, words.language):
        kinds = ("none", *kinds)
    return any(words.says(kind, text) for kind in kinds)


def is_degree_scale(found: Sequence[Reading | None]) -> bool:
    """Whether all labels are understood, in one dimension, with at least two different degrees."""
    known = [each for each in found if each]
    return (
        len(known) == len(found)
        and len(found) >= 2
        and _spread(known)
        and len({e.dimension for e in known}) == 1
    )


__all__ = [
    "OPT_OUTS",
    "Band",
    "BandedAnswers",
    "Choices",
    "Kind",
    "asks_why",
    "banded",
    "choices",
    "dimension_of",
    "have_numbers",
    "is_degree_scale",
    "stands_beside",
]
