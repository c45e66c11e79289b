"""Which themes of a frame a comment shows, by words and phrases alone: the same answer every time, and a reason for it.

A line of words is a phrase (`customer service`). A star at the end of a word stands for any ending (`faturala*`), `|`
separates phrases that mean the same, and `~` joins two that have to be in the same part of a sentence, in either order:
`support|help desk ~ slow*|days`. A comment that no line fits has no theme: the machine does not guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from feedback.core.themes.frame import Theme, ThemeFrame
from feedback.core.themes.written_words import LANGUAGES, WordLists, languages_in, lists_of, parts_of

LONGEST = 4_000
"""Characters of a comment that are read."""
ALONE_UP_TO = 6
"""Words of a comment that may be given a theme for comments without another one: a longer comment names something,
even if no line knows it."""
DENIES_WITHIN = 3
"""Words between a denial and what it denies."""
MISSPELT_FROM = 7
"""Letters of a word from which on one wrong letter is forgiven; shorter words have too many neighbours."""

FORGIVEN = frozenset({"en"})
"""Languages in which it is: with their endings, Turkish and Persian words have too many neighbours (yaramıyor,
yapamıyor)."""
SHORTEST = 2
"""Letters before a star: with one, a line would fit nearly everything."""

Token = tuple[str, bool]
"""A word, and whether any ending may follow."""
Phrase = tuple[Token, ...]
Found = dict[Phrase, list[tuple[int, int]]]
"""The phrases of a part of a sentence, with the first word of each place and the one behind it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a frame: phrases of each of `sides` have to be there."""

    theme: Theme
    written: str
    sides: tuple[tuple[Phrase, ...], ...]

    def fits(self, found: Found) -> bool:
        """Whether a part of a sentence, given what was found in it, has a phrase of every side."""
        return all(any(phrase in found for phrase in side) for side in self.sides)


@dataclass(frozen=True, slots=True)
class Match:
    """A theme that a comment shows, and the line of the frame that says so."""

    theme: str
    line: str


class Matcher:
    """A frame, prepared for reading many comments."""

    def __init__(self, frame: ThemeFrame) -> None:
        self.frame = frame
        self._readers = {each: _Reader(frame, each) for each in LANGUAGES}

    def themes(self, text: str, language: str) -> list[Match]:
        """The themes of a comment in the order of the frame; empty if nothing is certain.

        It is read in `language`; only if nothing is found there, in the other languages in which it may be written.
        """
        for each in languages_in(text[:LONGEST], language):
            if found := self._readers[each].themes(text[:LONGEST]):
                return found
        return []


def parse_line(written: str) -> tuple[tuple[Phrase, ...], ...]:
    """The sides of a line. Raises ValueError, with the part that is wrong, for an empty side or phrase."""
    return tuple(tuple(_phrase(each, written) for each in side.split("|")) for side in written.split("~"))


def _phrase(written: str, line: str) -> Phrase:
    tokens = []
    for word in written.split():
        bare = word.removesuffix("*")
        if "*" in bare:
            raise ValueError(line)
        folded = [each for part in parts_of(bare, frozenset()) for each in part]
        tokens += [(each, False) for each in folded[:-1]]
        tokens += [(each, word.endswith("*")) for each in folded[-1:]]
    phrase = _joined(tokens)
    if not phrase or any(ending and len(bare) < SHORTEST for bare, ending in phrase):
        raise ValueError(line)
    return phrase


def _joined(tokens: Sequence[Token]) -> Phrase:
    """With the parts of Persian words together, as `parts_of` has them."""
    whole = [each for part in parts_of(" ".join(word for word, _ in tokens), frozenset()) for each in part]
    if len(whole) == len(tokens):
        return tuple(tokens)
    return tuple((word, place == len(whole) - 1 and tokens[-1][1]) for place, word in enumerate(whole))


@dataclass
class _Reader:
    """The words of a frame in one language."""

    frame: ThemeFrame
    language: str
    lists: WordLists = field(init=False)

    def __post_init__(self) -> None:
        self.lists = lists_of(self.language)
        self._words = [line for each in self.frame.themes for line in _lines(each, each.words, self.language)]
        self._unless = [
            line for each in self.frame.themes for line in _lines(each, each.unless, self.language)
        ]
        forgives = self.language in FORGIVEN
        self._index = _Index(self._words + self._unless, self.lists, forgives=forgives)

    def themes(self, text: str) -> list[Match]:
        parts = parts_of(text, self.lists.turns)
        found = [self._index.found(part) for part in parts]
        vetoed = {line.theme.key for line in self._unless if any(map(line.fits, found))}
        shown: dict[str, Match] = {}
        for line in self._words:
            if line.theme.key in vetoed or line.theme.key in shown:
                continue
            if any(self._fits(line, *each) for each in zip(found, parts, strict=True)):
                shown[line.theme.key] = Match(line.theme.key, line.written)
        alone = {each.key for each in self.frame.themes if each.alone}
        named = [each for key, each in shown.items() if key not in alone]
        return named or (list(shown.values()) if sum(map(len, parts)) <= ALONE_UP_TO else [])

    def _fits(self, line: Line, found: Found, part: Sequence[str]) -> bool:
        if not line.fits(found):
            return False
        if not line.theme.denied:
            return True
        places = (place for phrase in line.sides[0] for place in found.get(phrase, ()))
        return any(not self._is_denied(place, part) for place in places)

    def _is_denied(self, place: tuple[int, int], part: Sequence[str]) -> bool:
        first, behind = place
        before = part[max(0, first - DENIES_WITHIN) : first]
        after = part[behind : behind + DENIES_WITHIN]
        return any(word in self.lists.denials_before for word in before) or any(
            each.fullmatch(word) for word in after for each in self.lists.denials_after
        )


def _lines(theme: Theme, words: Mapping[str, Sequence[str]], language: str) -> Iterator[Line]:
    for written in words.get(language, ()):
        yield Line(theme, written, parse_line(written))


class _Index:
    """Every phrase by its first word, so that a comment is read once however long the frame is."""

    def __init__(self, lines: Iterable[Line], lists: WordLists, *, forgives: bool) -> None:
        self._forgives = forgives
        self._whole: dict[str, set[Phrase]] = defaultdict(set)
        self._begun: dict[str, set[Phrase]] = defaultdict(set)
        self._known: set[Token] = set()
        for phrase in {phrase for line in lines for side in line.sides for phrase in side}:
            word, ending = phrase[0]
            (self._begun[word[:2]] if ending else self._whole[word]).add(phrase)
            self._known.update(phrase)
        self._real = lists.real | lists.stop
        self._spelt = lru_cache(maxsize=20_000)(self._as_spelt)

    def found(self, part: Sequence[str]) -> Found:
        words = [self._spelt(word) for word in part]
        found: Found = defaultdict(list)
        for place, word in enumerate(words):
            for phrase in (*self._whole.get(word, ()), *self._begun.get(word[:2], ())):
                behind = place + len(phrase)
                if behind <= len(words) and all(map(_is, words[place:behind], phrase)):
                    found[phrase].append((place, behind))
        return dict(found)

    def _as_spelt(self, word: str) -> str:
        """The word of the frame that was meant, if the written one is one letter away from a single one of them."""
        if (
            len(word) < MISSPELT_FROM - 1
            or word in self._real
            or any(_is(word, each) for each in self._known)
        ):
            return word
        alike = [each for each in self._known if len(each[0]) >= MISSPELT_FROM and each[0][0] == word[0]]
        whole = {bare for bare, ending in alike if not ending and _one_apart(word, bare)}
        begun = {bare + word[len(bare) :] for bare, ending in alike if ending and _begins_nearly(word, bare)}
        meant = whole or begun
        return meant.pop() if len(meant) == 1 else word


def _is(word: str, token: Token) -> bool:
    bare, ending = token
    return word.startswith(bare) if ending else word == bare


def _begins_nearly(word: str, bare: str) -> bool:
    return any(_one_apart(word[:length], bare) for length in (len(bare) - 1, len(bare), len(bare) + 1))


def _one_apart(a: str, b: str) -> bool:
    """Whether one letter more, less or other, or two swapped letters, make one word of the other."""
    if a == b:
        return True
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    same = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) != len(b):
        return a[same:] == b[same + 1 :]
    swapped = a[same : same + 2] == b[same : same + 2][::-1] and a[same + 2 :] == b[same + 2 :]
    return a[same + 1 :] == b[same + 1 :] or swapped
