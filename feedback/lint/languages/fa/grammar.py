"""Persian grammar, as far as rules need it."""

from __future__ import annotations

from dataclasses import dataclass

from feedback.lint.languages.pack import LanguagePack


@dataclass(frozen=True)
class Persian(LanguagePack):
    def is_kind_of(self, head: str, word: str) -> bool:
        """Also with the ending of an attribute: کارتی of کارت."""
        return word in (head, f"{head}ی")


PACK = Persian(sentence_words=28, opt_out="لغو۱۱", tied_endings=frozenset({"ی", "ها", "های", "هایی"}))
