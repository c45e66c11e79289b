"""What scale labels and options mean: their dimension and how far they lie from its middle.

Labels are read from words and degree words ("very" + "clear"), so that the linter understands labels which
nobody has listed. What is not understood has no reading, and rules then say nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

from feedback.core.text.folding import bare, fold
from feedback.lint.languages.data import data
from feedback.lint.languages.entries import any_of, entries, one
from feedback.lint.languages.pack import pack

ANY = ""
"""The dimension of a bare degree word ("very", "not at all"): it goes with every dimension."""


class Reading(NamedTuple):
    """One meaning of a label. `degree` runs from -3 to 3; `zero` marks the bottom of a scale that starts at
    nothing, `denied` what only denies an end ("not very clear", not "unclear")."""

    dimension: str
    degree: float
    zero: bool = False
    denied: bool = False


_DEGREES = {
    "strong_negative": -3.0,
    "negative": -2.0,
    "faint_negative": -1.0,
    "neutral": 0.0,
    "faint_positive": 1.0,
    "positive": 2.0,
    "strong_positive": 3.0,
}
_UNIPOLAR = {"zero": 0.0, "faint_positive": 0.75, "positive": 1.5, "strong_positive": 3.0}
MAX_LABEL = 80
ENOUGH = "adequacy"
"""The dimension from too little to too much: what denies its middle ("not at all enough") lies below it."""
DUE = frozenset({"expectation", "timing", ENOUGH})
"""Dimensions whose middle is what was due."""
_STAND_INS = {ENOUGH: ("level",)}
"""Beside "enough", little is too little, and much too much."""
DENIABLE = frozenset({"agreement", "favour", "likelihood"})
"""Dimensions whose negative labels are negated verbs in Turkish; elsewhere "hiç" before a negative word is
praise.
"""


@dataclass(frozen=True)
class LabelLexicon:
    """The polarity words of one language, folded."""

    language: str
    words: Mapping[str, tuple[Reading, ...]]
    degrees: Mapping[str, float]
    nots: tuple[str, ...]
    zeros: tuple[str, ...]
    emphasis: tuple[str, ...]
    weak: tuple[str, ...]
    neither: tuple[re.Pattern[str], ...]
    ignore: tuple[str, ...]
    after: bool
    stems: Mapping[str, re.Pattern[str]]
    agree: re.Pattern[str]
    phrases: Mapping[str, re.Pattern[str]]
    mentioned: Mapping[str, re.Pattern[str]]
    conjunctions: tuple[str, ...]
    unipolar: frozenset[str]

    @cached_property
    def adverbs(self) -> tuple[str, ...]:
        """The words of degree, the longest first."""
        return tuple(sorted(self.degrees, key=len, reverse=True))

    def says(self, kind: str, text: str) -> bool:
        """Whether an option as a whole is of a kind: other, none, not_applicable, dont_know, yes ..."""
        pattern = self.phrases.get(kind)
        return bool(pattern and pattern.fullmatch(_plain(text[:200], self.language)))

    def mentions(self, kind: str, text: str) -> bool:
        """Whether a text contains a phrase of a kind: conditional, closing, demographic, specify."""
        pattern = self.mentioned.get(kind)
        return bool(pattern and pattern.search(_folded(text, self.language)))

    def asked(self, stem: str) -> str | None:
        """The one dimension that a stem asks for; None where it is none or unclear."""
        text = _folded(stem, self.language)
        found = {dimension for dimension, pattern in self.stems.items() if pattern.search(text)}
        if len(found) > 1:
            found -= {"quality"}
        return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=8192)
def _plain(text: str, language: str) -> str:
    """A label without what does not matter; twenty rules ask for each."""
    return pack(language).written(bare(text, language))


@lru_cache(maxsize=8192)
def _folded(text: str, language: str) -> str:
    return pack(language).written(fold(text, language))


@cache
def lexicon(language: str) -> LabelLexicon | None:
    """The lexicon of a language; None where there is none."""
    raw = data(language, "labels")
    return _built(raw, language) if raw else None


def _built(raw: Mapping[str, Any], language: str) -> LabelLexicon:
    phrases = dict(raw["phrases"])
    conjunctions = tuple(phrases.pop("conjunction", ()))
    negation = raw["negation"]
    return LabelLexicon(
        language=language,
        words=_words(raw, language),
        degrees={bare(w, language): float(d) for d, words in raw["degrees"].items() for w in words},
        nots=_longest_first(negation["not"], language),
        zeros=_longest_first(negation["zero"], language),
        emphasis=tuple(bare(each, language) for each in negation.get("emphasis", ())),
        weak=_longest_first(negation["weak"], language),
        neither=tuple(one(each, language) for each in entries(raw["neither"])),
        ignore=_longest_first(raw["ignore"], language),
        after=bool(raw.get("suffix_negation")),
        stems={name: any_of(each, language) for name, each in raw["stems"].items()},
        agree=any_of(raw["agree"], language),
        phrases={name: any_of(each, language) for name, each in phrases.items()},
        mentioned={name: any_of(each, language) for name, each in raw["mentions"].items()},
        conjunctions=conjunctions,
        unipolar=frozenset(n for n, each in raw["dimensions"].items() if each.get("kind") == "unipolar"),
    )


def _longest_first(words: Sequence[str], language: str) -> tuple[str, ...]:
    return tuple(sorted({bare(word, language) for word in words}, key=len, reverse=True))


def _words(raw: Mapping[str, Any], language: str) -> dict[str, tuple[Reading, ...]]:
    found: dict[str, tuple[Reading, ...]] = {}

    def add(word: str, reading: Reading) -> None:
        key = bare(word, language)
        found[key] = (*found.get(key, ()), reading)

    for dimension, entry in raw["dimensions"].items():
        table = _UNIPOLAR if entry.get("kind") == "unipolar" else _DEGREES
        for name, degree in table.items():
            for word in entry.get(name, ()):
                add(word, Reading(dimension, degree, zero=name == "zero"))
    for word in raw["neutral"]:
        add(word, Reading(ANY, 0.0))
    return found


_NUMBERED = re.compile(r"^[\s(\[]*\d{1,3}[\s)\].:=–—-]+(?=\D)")
_NOT_WORDS = re.compile(r"[^\w\s'/.,-]+")
_SPACE = re.compile(" ")


@lru_cache(maxsize=4096)
def readings(label: str, language: str) -> tuple[Reading, ...]:
    """Everything that a label may mean; empty where it is not understood."""
    words = lexicon(language)
    if words is None or len(label) > MAX_LABEL:
        return ()
    text = bare(_NOT_WORDS.sub(" ", _NUMBERED.sub("", fold(label, language))), language)
    return tuple(_read(pack(language).written(text), words, 0))


def _read(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    if not text or depth > 4:
        return
    if text in words.words:
        yield from words.words[text]
    if text in words.degrees:
        yield Reading(ANY, words.degrees[text])
    if text in words.zeros:
        yield Reading(ANY, -3.0, zero=True)
    if text not in words.words:
        yield from _composed(text, words, depth)


def _composed(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    for ending in words.emphasis:  # "not acceptable at all" is "not at all acceptable"
        if text.endswith(" " + ending) and text.startswith(words.nots):
            start = next(each for each in words.nots if text.startswith(each))
            text = f"{start} {ending} {text.removeprefix(start).removesuffix(ending).strip()}"
    listed = next((rest for rest in _without(text, words.ignore) if rest in words.words), None)
    if listed:  # "it is partly enough" is listed without its verb
        yield from words.words[listed]
        return
    for reader in (_neither, _zero, _weak, _negated, _graded, _trimmed, _inflected):
        found = list(reader(text, words, depth + 1))
        if found:
            yield from found
            return


def _neither(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    for pattern in words.neither:
        match = pattern.fullmatch(text)
        if match:
            sides = [
                {each.dimension for each in _read(side.strip(" ،,"), words, depth)} for side in match.groups()
            ]
            for dimension in sorted(sides[0] & sides[1] or sides[0] | sides[1]):
                yield Reading(dimension, 0.0)
            return


def _zero(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    """ "not at all likely", "hiç olası değil": the bottom of the dimension."""
    for rest in _without(text, words.zeros):
        plain = _positive_part(rest, words)
        for each in _read(plain, words, depth) if plain is not None else _denied(rest, words, depth):
            if _is_kept(each):
                yield Reading(each.dimension, -2.0)
                continue
            good = each.degree > 0
            yield Reading(each.dimension, -3.0 if good else 2.5, zero=good, denied=True)
        if plain is not None:
            return


def _weak(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    for rest in _without(text, words.weak):
        plain = _positive_part(rest, words)
        for each in _read(plain, words, depth) if plain is not None else ():
            low = 0.5 if each.dimension in words.unipolar else -1.0  # "not very much" is still some
            yield Reading(each.dimension, low if each.degree > 0 else 1.0, denied=True)
        if plain is not None:
            return


def _denied(rest: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    """A verb that is negative by itself ("hiç katılmıyorum"), turned into what it denies."""
    for each in _read(rest, words, depth):
        if each.degree < 0 and each.dimension in DENIABLE:
            yield Reading(each.dimension, -each.degree)


def _positive_part(rest: str, words: LabelLexicon) -> str | None:
    """`rest` without its negation; where the language marks negation at the word, it must be there."""
    if not words.after:
        return rest
    return next(_without(rest, words.nots), None)


def _negated(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    for rest in _without(text, words.nots):
        for each in _read(rest, words, depth):
            good = each.degree > 0 or _is_kept(each)
            yield Reading(each.dimension, -1.5 if good else 1.0, zero=each.degree > 0, denied=True)
        return


def _is_kept(reading: Reading) -> bool:
    """Whether a label in the middle says that what was due was done: "met", "on time", "enough". To deny it, or to
    grant it in part, means less."""
    return reading.degree == 0 and reading.dimension in DUE


def _graded(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    for rest, adverb in _split(text, words.adverbs):
        found = list(_read(rest, words, depth))
        for each in found:
            yield each._replace(degree=_moved(each, words.degrees[adverb]))
        if found:
            return


def _moved(reading: Reading, adverb: float) -> float:
    if _is_kept(reading) and 0 < adverb < 2:
        return -1.0  # "partly met"
    if _is_kept(reading) and reading.dimension == ENOUGH and adverb > 2:
        return 2.0  # "amply enough"
    size = abs(reading.degree)
    if size != 2.0:
        return reading.degree
    return adverb if reading.degree > 0 else -adverb


def _trimmed(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    for rest in _without(text, words.ignore):
        yield from _read(rest, words, depth)
        return


def _inflected(text: str, words: LabelLexicon, depth: int) -> Iterator[Reading]:
    """A last word with an ending that only makes it a statement ("it is easy" as one word)."""
    before, _, last = text.rpartition(" ")
    for form in sorted(pack(words.language).forms(last) - {last}):
        yield from _read(f"{before} {form}".strip(), words, depth)


def _without(text: str, phrases: tuple[str, ...]) -> Iterator[str]:
    for rest, _ in _split(text, phrases):
        yield rest


def _split(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is left of `text` without a phrase at its beginning or end, with the phrase, in the order of `phrases`."""
    ranks, found = _ranks(phrases), []
    for space in (match.start() for match in _SPACE.finditer(text)):
        first, last = text[:space], text[space + 1 :]
        if first in ranks:
            found.append((ranks[first], 0, last.strip(), first))
        if last in ranks:
            found.append((ranks[last], 1, first.strip(), last))
    for _, _, rest, phrase in sorted(found):
        yield rest, phrase


@lru_cache(maxsize=64)
def _ranks(phrases: tuple[str, ...]) -> Mapping[str, int]:
    return {phrase: rank for rank, phrase in enumerate(phrases)}


def scale(labels: Sequence[str], language: str) -> list[Reading | None]:
    """One reading per label, all in the dimension that most of them share where they have it."""
    return list(_scale(tuple(labels), language))


@lru_cache(maxsize=1024)
def _scale(labels: tuple[str, ...], language: str) -> tuple[Reading | None, ...]:
    found = [readings(label, language) for label in labels]
    if len(labels) >= 3 and not any(found):
        found = _alike(labels, language) or _unframed(labels, language) or found
    found = _in_one_dimension(labels, found, language)
    counts = Counter(
        each for many in found for each in sorted({one.dimension for one in many}) if each != ANY
    )
    main = _main(found, counts)
    return _with_medium([_chosen(many, main) for many in found], found, main)


def _main(found: Sequence[Sequence[Reading]], counts: Counter[str]) -> str:
    """The dimension that most labels share. Where it leaves one of them unread, another that reads all of them, step by
    step, is meant: short and long are lengths, but of a journey also speeds."""
    ranked = [dimension for dimension, _ in counts.most_common()]
    if not ranked or len(_degrees_in(found, ranked[0])) == len(found):
        return ranked[0] if ranked else ANY
    others = (each for each in ranked[1:] if _climb(_degrees_in(found, each), len(found)))
    return next(others, ranked[0])


def _degrees_in(found: Sequence[Sequence[Reading]], dimension: str) -> list[float]:
    """The degrees of the labels that can be read in a dimension."""
    chosen = (_chosen(many, dimension) for many in found)
    return [each.degree for each in chosen if each and each.dimension == dimension]


def _climb(degrees: Sequence[float], labels: int) -> bool:
    """Whether every label has its degree, each above or each below the one before it."""
    steps = sorted(set(degrees))
    return len(degrees) == labels > 2 and list(degrees) in (steps, steps[::-1])


def _in_one_dimension(
    labels: Sequence[str], found: list[tuple[Reading, ...]], language: str
) -> list[tuple[Reading, ...]]:
    """A middle that names both ends makes one dimension of theirs ("complicated, neither complicated nor clear,
    clear")."""
    words = lexicon(language)
    plain = [bare(label, language) for label in labels] if words else []
    patterns = words.neither if words else ()
    for match in (match for text in plain for each in patterns if (match := each.fullmatch(text))):
        sides = [
            {one.dimension for one in readings(side.strip(" ،,"), language)} - {ANY}
            for side in match.groups()
        ]
        if len(sides) == 2 and sides[0] and sides[1] and sides[0].isdisjoint(sides[1]):
            main, others = min(sides[0]), sides[1]
            return [
                tuple(one._replace(dimension=main) if one.dimension in others else one for one in many)
                for many in found
            ]
    return found


def _with_medium(
    chosen: list[Reading | None], found: Sequence[Sequence[Reading]], main: str
) -> tuple[Reading | None, ...]:
    """On a scale that starts at nothing, a word for the middle of another scale ("orta" after "not at all") or a bare
    degree ("a little") is a medium degree: it lies between its neighbours, not at zero or at its usual place. On
    another scale, what is just acceptable lies in the middle."""
    if not any(each and each.zero for each in chosen):
        return _with_acceptable(chosen, main)
    for at in range(1, len(chosen) - 1):
        before, here, after = chosen[at - 1 : at + 2]
        borrowed = not any(one.dimension == main for one in found[at])
        if before and here and after and borrowed and not here.zero and _is_medium(before, here, after):
            chosen[at] = Reading(main, (before.degree + after.degree) / 2)
    return tuple(chosen)


def _is_medium(before: Reading, here: Reading, after: Reading) -> bool:
    return here.degree == 0 or (before.zero and before.degree < after.degree < here.degree)


def _with_acceptable(chosen: list[Reading | None], main: str) -> tuple[Reading | None, ...]:
    at = len(chosen) // 2
    middle = chosen[at] if len(chosen) in (3, 5, 7) else None
    if middle and middle.dimension not in (main, ANY) and abs(middle.degree) <= 1:
        chosen[at] = Reading(main, 0.0)
    return tuple(chosen)


def _unframed(labels: Sequence[str], language: str) -> list[tuple[Reading, ...]] | None:
    """The readings of labels in what they do not share ("it arrived early, it arrived on time, it arrived late"); None
    if these are not all of one dimension."""
    split = [bare(label, language).split() for label in labels]
    shared = set(split[0]).intersection(*split[1:])
    rests = [" ".join(word for word in words if word not in shared) for words in split]
    found = [readings(rest, language) for rest in rests]
    dimensions = set.intersection(*({one.dimension for one in many} for many in found)) - {ANY}
    return found if shared and dimensions else None


def _alike(labels: Sequence[str], language: str) -> list[tuple[Reading, ...]] | None:
    """Degrees of one word that no list has ("salty, very salty, extremely salty")."""
    words = lexicon(language)
    split = [_degree_of_a_word(bare(label, language), words) for label in labels] if words else []
    if not split or len({word for word, _ in split}) != 1 or len({degree for _, degree in split}) < 2:
        return None
    return [(Reading(ANY, degree, zero=degree <= 0, denied=degree <= 0),) for _, degree in split]


def _degree_of_a_word(text: str, words: LabelLexicon) -> tuple[str, float]:
    degree = 2.0
    for phrases, low in ((words.zeros, -3.0), (words.weak, 0.0), (words.nots, 0.0)):
        rest = next(_without(text, phrases), None) if not (phrases is words.weak and words.after) else None
        if rest:
            text, degree = rest, min(degree, low)
    for rest, adverb in _split(text, words.adverbs):
        text, degree = rest, min(degree, words.degrees[adverb]) if degree < 2 else words.degrees[adverb]
        break
    return next(_without(text, words.ignore), text), degree


def _chosen(many: Sequence[Reading], main: str) -> Reading | None:
    for dimension in (main, *_STAND_INS.get(main, ()), ANY):
        for each in many:
            if each.dimension == dimension:
                return each._replace(dimension=main)
    if any(each.degree == 0 and not each.zero for each in many):
        return Reading(main, 0.0)  # "average", "fair" stand in the middle of any scale
    return many[0] if many else None


def dimension_of(found: Sequence[Reading | None]) -> str | None:
    """The dimension of a scale all of whose labels are understood and agree; None otherwise."""
    dimensions = {each.dimension for each in found if each}
    if None in found or len(dimensions) != 1:
        return None
    return dimensions.pop() or None
