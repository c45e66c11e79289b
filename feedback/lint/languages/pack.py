"""What rules ask of a language beyond its lists. What a language does not say here stays silent."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from feedback.lint.languages.data import codes


@dataclass(frozen=True)
class LanguagePack:
    """The grammar of one language, as far as rules need it; `languages/<code>/grammar.py` says what differs.

    `sentence_words` is how many words people follow in one question. `opt_out` is how a text message may say how to
    stop. `head_last` says whether compounds end with the main word ("credit card"). `endings` are endings of words
    with what stood in their place, so that a list need not hold every form.
    `from_endings` are endings of a unit that say "from", and `from_case` is what stands for each of them after a
    number. `tied_endings` are endings that a half-space ties to their word.
    `having` is the word that says that there was something ("with").
    `denying` are beginnings that turn a word into its opposite. `without` matches an option that says that there was
    none of something, with what there was none of as its group. `denied_verb` and `plain_verb` match verbs with and
    without a negation of their own, with what both have in common as their group.
    """

    sentence_words: int = 25
    opt_out: str = "STOP"
    head_last: bool = False
    endings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    from_endings: frozenset[str] = frozenset()
    from_case: str = ""
    tied_endings: frozenset[str] = frozenset()
    denying: tuple[str, ...] = ()
    having: str = ""
    without: re.Pattern[str] = re.compile("(?!)")
    denied_verb: re.Pattern[str] = re.compile("(?!)")
    plain_verb: re.Pattern[str] = re.compile("(?!)")

    def written(self, text: str) -> str:
        """A folded text with spoken forms as they are written; it keeps its length, so that places stay."""
        return text

    def opposite(self, one: str, other: str) -> bool:
        """Whether one word denies the other by how it is built ("stable", "unstable")."""
        return any(one == f"{each}{other}" or other == f"{each}{one}" for each in self.denying)

    def denies(self, one: str, other: str) -> bool:
        """Whether a verb is another one with the negation in it (Turkish "yetmedi", "yetti")."""
        denied, plain = self.denied_verb.fullmatch(one), self.plain_verb.fullmatch(other)
        return bool(denied and plain and denied[1] == plain[1])

    def forms(self, word: str) -> set[str]:
        """A word of a question as labels may have it."""
        return {word}

    def is_form_of(self, word: str, words: Container[str]) -> bool:
        """Whether a word is one of `words`, or one of them with the ending of a case."""
        return word in words

    def lacking(self, option: str) -> str:
        """What an option says that there was none of, as words that have it begin ("without problems": "problem");
        nothing if it does not say so."""
        found = self.without.match(option)
        return found[1] if found else ""

    def is_kind_of(self, head: str, word: str) -> bool:
        """Whether `word`, the main word of a compound, is `head`, endings aside."""
        return word == head

    # Bands of numbers

    def spaced(self, text: str) -> str:
        """A folded option with what is tied to its numbers set apart."""
        return text

    def number_word(self, token: str) -> str:
        """A word without the case that a number may have."""
        return token

    def unit_in(self, token: str, units: Container[str | None]) -> str | None:
        """The unit that a word is, or is a form of."""
        return token if token in units else None

    def evened(self, skeleton: str) -> str:
        """The option with # for its numbers, its cases written in one way."""
        return skeleton

    def counted(self, noun: str) -> str:
        """What was counted, without its case."""
        return noun


SILENT = LanguagePack()


@cache
def pack(code: str) -> LanguagePack:
    """The grammar of a language; one that says nothing where there is none."""
    if code not in codes() or not re.fullmatch("[a-z]{2}", code):
        return SILENT
    try:
        module = import_module(f"feedback.lint.languages.{code}.grammar")
    except ModuleNotFoundError:
        return SILENT
    found: LanguagePack = module.PACK
    return found
