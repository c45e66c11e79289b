"""The word lists of a language, as data: `<language>.yaml`, written so that a native speaker can extend them.

A list holds one phrase a line (or several with ` ; ` between them). In a phrase, `*` stands for any ending or
beginning of a word, `...` for up to six words, `(a|b)` for a choice, `x?` for a letter that may be
missing, `{name}` for the
phrases of the list `name`, and `#` starts a comment. A half-space (ZWNJ) matches a half-space, a space
or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

from feedback.lint.document.reader import read
from feedback.lint.text.folding import fold

_NEVER = re.compile(r"(?!)")
_HALF_SPACE = "\u200c"
_JOIN = "~"
_BEGIN = r"(?:(?<!\w)|(?=[,،]))"
_LOOKBEHIND = re.compile(r"\(\?<[!=][^()]*\)")


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The lists of one language. A missing list matches nothing: the rule that asks for it stays silent."""

    language: str
    lists: Mapping[str, str]
    _compiled: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def pattern(self, name: str) -> re.Pattern[str]:
        """One expression for all phrases of a list."""
        found = self._compiled.get(name)
        if found is None:
            body = self._body(name)
            found = re.compile(rf"{_BEGIN}(?:{body})(?!\w)") if body else _NEVER
            self._compiled[name] = found
        return found

    def search(self, name: str, text: str, start: int = 0) -> re.Match[str] | None:
        return self.pattern(name).search(text, start)

    def finditer(self, name: str, text: str) -> Iterator[re.Match[str]]:
        return self.pattern(name).finditer(text)

    def hide(self, text: str, *names: str) -> str:
        """`text` with the phrases of these lists blanked out; places stay what they are."""
        for name in names:
            text = self.pattern(name).sub(_blank, text)
        return text

    def search_outside(self, name: str, text: str, *silent: str) -> re.Match[str] | None:
        """The first phrase of a list that is not part of a harmless one. The lists of harmless phrases are long
        and take their time to compile, so they are asked only where there is something to excuse."""
        return self.search(name, self.hide(text, *silent)) if self.search(name, text) else None

    def hide_poles(self, text: str) -> str:
        """`text` without the two ends of one scale ("easy or difficult"), which are one question."""
        place, (pattern, pairs) = 0, self._poles
        while match := pattern.search(text, place):
            if frozenset(_closed_up(end) for end in match.groups()) in pairs:
                text, place = text[: match.start()] + _blank(match) + text[match.end() :], match.end()
            else:
                place = match.start() + 1
        return text

    @cached_property
    def _poles(self) -> tuple[re.Pattern[str], frozenset[frozenset[str]]]:
        """What two ends side by side look like, and which ends belong together."""
        joiner, lead, tail = (
            self.lists.get(f"poles.{part}", "").strip() for part in ("joiner", "lead", "tail")
        )
        pairs = [tuple(map(str.strip, each.split(":"))) for each in self._phrases("poles.pairs")]
        known = sorted({end for pair in pairs for end in pair}, key=len, reverse=True)
        end = f"({'|'.join(map(self._expression, known))}){tail}"
        pattern = re.compile(rf"(?<!\w){end}{joiner}{lead}{end}(?!\w)") if known else _NEVER
        return pattern, frozenset(
            frozenset(_closed_up(fold(each.replace(_HALF_SPACE, ""), self.language)) for each in pair)
            for pair in pairs
        )

    def words(self, name: str) -> frozenset[str]:
        """The phrases of a list as they are, for lists of plain words."""
        return frozenset(self._phrases(name))

    def pairs(self, name: str) -> dict[str, str]:
        """A list of `word: plainer word` lines."""
        split = (phrase.partition(":") for phrase in self._phrases(name))
        return {fold(key, self.language): value.strip() for key, _, value in split}  # a later line wins

    @cached_property
    def plain_words(self) -> dict[str, str]:
        """Official and rare words with their plain counterparts; a word that ends in `*` is a stem."""
        return self.pairs("reading-level.officialese") | self.rarest_words

    @cached_property
    def rarest_words(self) -> dict[str, str]:
        return self.pairs("reading-level.arcane")

    def _phrases(self, name: str) -> Iterator[str]:
        for line in self.lists.get(name, "").splitlines():
            for phrase in line.partition("#")[0].split(" ; "):
                if phrase.strip(" ;"):
                    yield phrase.strip(" ;")

    def _body(self, name: str) -> str:
        return "|".join(self._expression(phrase) for phrase in self._phrases(name))

    def _expression(self, phrase: str) -> str:
        """The regular expression of one phrase."""
        joined = (
            fold(phrase.replace(_HALF_SPACE, _JOIN), self.language).replace(_JOIN, " ?").replace(" ?", "\0")
        )
        joined = _LOOKBEHIND.sub(lambda match: match[0].replace(" ", r"\x20"), joined)
        whole = ""
        for word in joined.split(" "):
            if word == "...":
                whole += r"(?:[^\s.?!؟]+\s+){0,6}?"
            elif word:
                whole += self._word(word.replace("\0", " ?")) + r"\s+"
        return whole.removesuffix(r"\s+")

    def _word(self, word: str) -> str:
        word = re.sub(r"\{([\w.-]+)\}", lambda match: f"(?:{self._body(match[1])})", word)
        return re.sub(r"(?<![\])\\.])(?<!\\[a-z])\*", r"\\w*", word)


def _closed_up(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


@cache
def lexicon(language: str) -> Lexicon | None:
    """The lexicon of a language; None where there is none, which the linter then says."""
    place = files(__package__).joinpath(f"{language}.yaml")
    if not re.fullmatch(r"[a-z]{2}", language) or not place.is_file():
        return None
    text = place.read_text(encoding="utf-8")
    document = read(text, place.name, longest=len(text))  # a list may grow as long as it likes
    if document.faults or not isinstance(document.data, dict):
        raise ValueError(f"{place.name}: {document.faults or 'not a mapping'}")
    return Lexicon(language, dict(_flat(document.data)))


def _flat(data: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, str(value)
