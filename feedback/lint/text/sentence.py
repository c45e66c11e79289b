"""One question text, prepared for the word rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from feedback.core.text.folding import fold
from feedback.lint.languages.lexicon import Lexicon
from feedback.lint.text.normalise import Normalised, normalise

NAME = "\uab53"
"""Stands for every character of a name, a fixed phrase, a quotation or a placeholder: one opaque noun."""

_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{[^{}]*\}")
_QUOTED = re.compile(r"\"[^\"\n]{1,80}\"|(?<!\w)'[^'\n]{2,60}'(?!\w)")
_BRACKETED = re.compile(r"\([^()\n]*\)|\[[^\[\]\n]*\]")
_BREAK = re.compile(r"[.!?؟…]+(?=[\s\"'»)\]]|$)")
_UPPER = "A-ZÀ-ÖØ-ÞĞİŞА-Я"


@cache
def _numbers(words: Lexicon) -> re.Pattern[str]:
    """Two numbers and what joins them: "5 to 10", "3-4"."""
    number = r"\d[\d.,/:-]*"
    return re.compile(rf"{number}\s*(?:-|–|{words.either('opaque.number-joints')})\s*{number}")


@cache
def _abbreviation(words: Lexicon) -> re.Pattern[str]:
    """What ends in a point that does not end the sentence: an initial, or a listed abbreviation."""
    return re.compile(rf"(?:^|[\s(])(?:\w|{words.either('opaque.abbreviations')})$")


@cache
def _capitalised(words: Lexicon) -> re.Pattern[str]:
    """Capitalised words in a row, with small words inside a name: "Bank of America"."""
    word = rf"[{_UPPER}][\w'.-]*"
    return re.compile(rf"(?<![\w']){word}(?:\s+(?:{words.either('opaque.name-joints')}\s+)?{word})+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start` to `end` of a stem's text."""

    start: int
    end: int


@dataclass(frozen=True)
class Stem:
    """A text in three views of equal length, so that a place in one is a place in all.

    `text` is the folded text, `plain` has names, phrases, quotations and brackets masked, and `main`
    keeps of `plain`
    only the question sentence without its subordinate clauses. `asks` says whether there is a question mark.
    """

    language: str
    normalised: Normalised
    plain: str
    main: str
    sentences: tuple[Stretch, ...]
    question: Stretch
    asks: bool

    @property
    def text(self) -> str:
        return self.normalised.text

    @property
    def asked(self) -> str:
        """The question sentence, names masked, other sentences blank."""
        return _only(self.plain, self.question)

    @property
    def before(self) -> str:
        """What stands before the question sentence, folded."""
        return self.text[: self.question.start]

    def quote(self, start: int, end: int) -> str:
        return self.normalised.quote(start, end)


@lru_cache(maxsize=1024)
def prepare(source: str, words: Lexicon, glossary: tuple[str, ...] = ()) -> Stem:
    """Prepare one text."""
    normalised = normalise(source, words.language)
    text = normalised.text
    sentences = tuple(_sentences(text, words))
    question = _question(text, sentences)
    plain = _masked(text, _opaque(normalised, sentences, words, glossary), NAME)
    plain = _masked(plain, (Stretch(*m.span()) for m in _BRACKETED.finditer(plain)), " ")
    main = _masked(_only(plain, question), _clauses(_only(plain, question), words), " ")
    asks = "?" in text[question.start : question.end] or "؟" in text[question.start : question.end]
    return Stem(words.language, normalised, plain, main, sentences, question, asks)


def _sentences(text: str, words: Lexicon) -> Iterator[Stretch]:
    start, abbreviation = 0, _abbreviation(words)
    for match in _BREAK.finditer(text):
        if match[0] == "." and abbreviation.search(text, start, match.start()):
            continue
        if text[start : match.end()].strip():
            yield Stretch(start, match.end())
        start = match.end()
    if text[start:].strip():
        yield Stretch(start, len(text))


def _question(text: str, sentences: tuple[Stretch, ...]) -> Stretch:
    """The last sentence that ends in a question mark; the whole text where none does."""
    for each in reversed(sentences):
        if text[each.start : each.end].rstrip(" \"'»)").endswith(("?", "؟")):
            return each
    return Stretch(0, len(text))


def _only(text: str, part: Stretch) -> str:
    return " " * part.start + text[part.start : part.end] + " " * (len(text) - part.end)


def _masked(text: str, parts: Iterable[Stretch], filling: str) -> str:
    letters = list(text)
    for part in parts:
        letters[part.start : part.end] = filling * (part.end - part.start)
    return "".join(letters)


def _opaque(
    normalised: Normalised, sentences: tuple[Stretch, ...], words: Lexicon, glossary: tuple[str, ...]
) -> Iterator[Stretch]:
    text = normalised.text
    for pattern in (_PLACEHOLDER, _QUOTED, _numbers(words), words.pattern("opaque.phrases")):
        for match in pattern.finditer(text):
            yield Stretch(*match.span())
    for term in glossary:
        folded = fold(term, words.language)
        for match in re.finditer(rf"(?<!\w){re.escape(folded)}", text) if folded else ():
            yield Stretch(*match.span())
    if "opaque.no-names" not in words.names:
        yield from _names(normalised, {each.start for each in sentences}, words)


def _names(normalised: Normalised, starts: set[int], words: Lexicon) -> Iterator[Stretch]:
    """Runs of capitalised words that do not begin a sentence."""
    cased = normalised.cased
    if cased.isupper():
        return
    for match in _capitalised(words).finditer(cased):
        start = match.start()
        if any(not cased[begin:start].strip(" \"'«(") for begin in starts if begin <= start):
            start = match.start() + len(match[0].split()[0])
            rest = match[0].split(maxsplit=1)[1]
            if rest.split()[0].islower():
                start = match.start()
            elif not re.search(r"\s", rest):
                continue
        if any(len(word) > 2 and word.istitle() for word in re.findall(r"\w+", match[0])):
            yield Stretch(start, match.end())


def _clauses(text: str, words: Lexicon) -> Iterator[Stretch]:
    """Subordinate clauses: time, condition and relative clauses say when, not what is asked."""
    for match in words.finditer("opaque.clauses", text):
        yield Stretch(*match.span())
