"""The lists of a language: plain words, fixed phrases and grammatical patterns, compiled when a rule first asks.

`docs/language-packs.md` describes the files and the phrase syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from feedback.core.text.folding import fold
from feedback.lint.languages.data import codes, data

IDIOMS = "opaque.phrases"
"""The list that idioms.yaml and the patterns of that name make up."""
_NEVER = re.compile(r"(?!)")
_HALF_SPACE = "\u200c"
_JOIN = "~"
_BEGIN = r"(?:(?<!\w)|(?=[,،]))"
_LOOKBEHIND = re.compile(r"\(\?<[!=][^()]*\)")
_STAR = re.compile(r"(?<![\])\\.])(?<!\\[a-zA-Z])\*")
_ESCAPE = re.compile(r"(\\.)")
_EDGE = "\ue000"
"""Keeps the spaces at the ends of a part while it is folded."""
_PART = re.compile(r"\{([^\W\d][\w.-]*)\}")
_WRAPPED = re.compile(r"(?<=\|)\n\s*|(?<=\))\n\s*(?=\(\?)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A grammatical pattern: `form` is its expression in the phrase syntax and in regular expressions.

    Words of `not_after` must not stand directly before it, words of `not_before` not directly after it. `hits` are
    texts that it matches, `misses` near ones that it does not; the tests hold it to both.
    """

    form: str
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The lists of one language. A missing list matches nothing: the rule that asks for it stays silent."""

    language: str
    plain: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[Pattern, ...]]
    poles: Mapping[str, str]
    _compiled: dict[str, re.Pattern[str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every list of the language."""
        return tuple(sorted({*self.plain, *self.patterns}))

    def pattern(self, name: str) -> re.Pattern[str]:
        """One expression for all phrases of a list."""
        found = self._compiled.get(name)
        if found is None:
            body = self._body(name)
            found = _whole(body) if body else _NEVER
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
        joiner, lead, tail = (self._folded(self.poles.get(part, "")) for part in ("joiner", "lead", "tail"))
        pairs = [tuple(map(str.strip, each.split(":"))) for each in self.plain.get("poles.pairs", ())]
        known = sorted({end for pair in pairs for end in pair}, key=len, reverse=True)
        end = f"({'|'.join(map(self.expression, known))}){tail}"
        pattern = re.compile(rf"(?<!\w){end}{joiner}{lead}{end}(?!\w)") if known else _NEVER
        return pattern, frozenset(
            frozenset(_closed_up(fold(each.replace(_HALF_SPACE, ""), self.language)) for each in pair)
            for pair in pairs
        )

    def words(self, name: str) -> frozenset[str]:
        """The plain phrases of a list as they are."""
        return frozenset(self.plain.get(name, ()))

    def either(self, name: str) -> str:
        """A group for an expression that is put together elsewhere: one phrase of a list, a whole word or not; it
        matches nothing where there is no such list."""
        return f"(?:{self._body(name) or _NEVER.pattern})"

    def pairs(self, name: str) -> dict[str, str]:
        """A list of `word: plainer word` lines."""
        split = (phrase.partition(":") for phrase in self.plain.get(name, ()))
        return {fold(key, self.language): value.strip() for key, _, value in split}

    @cached_property
    def plain_words(self) -> dict[str, str]:
        """Official and rare words with their plain counterparts; a word that ends in `*` is a stem."""
        return self.pairs("reading-level.officialese") | self.rarest_words

    @cached_property
    def rarest_words(self) -> dict[str, str]:
        return self.pairs("reading-level.arcane")

    def own(self, pattern: Pattern, *, grammar: bool = True) -> re.Pattern[str]:
        """The expression of one pattern alone, as its list uses it; without `grammar`, of a plain phrase."""
        return _whole(self._guarded(pattern) if grammar else self.expression(pattern.form))

    def _body(self, name: str) -> str:
        plain = sorted(self.plain.get(name, ()), key=lambda phrase: (-len(phrase.split()), phrase))
        return "|".join(
            [*map(self.expression, plain), *(self._guarded(each) for each in self.patterns.get(name, ()))]
        )

    def _guarded(self, pattern: Pattern) -> str:
        """The expression of a pattern between the words that must not stand beside it."""
        before = "".join(rf"(?<!{re.escape(fold(word, self.language))}\s)" for word in pattern.not_after)
        after = "|".join(
            self.expression(word) + ("" if word.endswith("*") else r"(?!\w)") for word in pattern.not_before
        )
        return (
            before + self.expression(pattern.form, grammar=True) + (rf"(?!\s+(?:{after}))" if after else "")
        )

    def expression(self, phrase: str, *, grammar: bool = False) -> str:
        """The regular expression of one phrase; with `grammar`, its own regular expressions are kept."""
        joined = self._folded(phrase.replace(_HALF_SPACE, _JOIN)).replace(_JOIN, " ?").replace(" ?", "\0")
        joined = _LOOKBEHIND.sub(lambda match: match[0].replace(" ", r"\x20"), joined)
        whole = ""
        for word in joined.split(" "):
            if word == "...":
                whole += r"(?:[^\s.?!؟]+\s+){0,6}?"
            elif word:
                whole += self._word(word.replace("\0", " ?"), grammar) + r"\s+"
        return whole.removesuffix(r"\s+")

    def _folded(self, phrase: str) -> str:
        """A phrase with its letters folded; escapes such as \\W keep their case."""
        if "\\" not in phrase:
            return fold(phrase, self.language)
        parts = (
            part if part.startswith("\\") else fold(f"{_EDGE}{part}{_EDGE}", self.language).strip(_EDGE)
            for part in _ESCAPE.split(phrase)
        )
        return "".join(parts).strip()

    def _word(self, word: str, grammar: bool) -> str:
        word = _STAR.sub(r"\\w*", word) if grammar else word.replace("*", r"\w*")
        return _PART.sub(lambda match: f"(?:{self._part(match[1])})", word)

    def _part(self, name: str) -> str:
        return self._body(name.upper() if len(name) == 1 else name)


def _whole(body: str) -> re.Pattern[str]:
    return re.compile(rf"{_BEGIN}(?:{body})(?!\w)")


def _closed_up(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


@cache
def lexicon(language: str) -> Lexicon | None:
    """The lexicon of a language; None where there is none, which the linter then says."""
    if language not in codes():
        return None
    grammar = dict(data(language, "patterns"))
    poles = {part: text for part, text in grammar.pop("poles", {}).items() if isinstance(text, str)}
    plain = {name: _lines(text) for name, text in _flat(data(language, "words"))}
    plain[IDIOMS] = _lines(data(language, "idioms").get("phrases", ""))
    patterns = {name: tuple(map(pattern_of, entries)) for name, entries in _flat(grammar)}
    return Lexicon(language, plain, patterns, poles)


def _lines(text: str) -> tuple[str, ...]:
    """The phrases of a block, one a line; `#` starts a comment."""
    lines = (line.partition("#")[0].strip() for line in str(text).splitlines())
    return tuple(line for line in lines if line)


def pattern_of(entry: Mapping[str, Any]) -> Pattern:
    """A pattern as a file has it: its expression in `is`, which may be wrapped, with neighbours and examples."""
    form = " ".join(_WRAPPED.sub("", str(entry["is"])).split("\n"))
    after, before = (_strings(entry.get(key, ())) for key in ("not_after", "not_before"))
    return Pattern(form, after, before, _strings(entry.get("hits", ())), _strings(entry.get("not", ())))


def _strings(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(str, values))


def _flat(raw: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
