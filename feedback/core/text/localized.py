"""Text in the languages of a questionnaire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from unicodedata import bidirectional, category

from pydantic import ConfigDict, Field, RootModel, StringConstraints

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the page's `dir` attribute."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def direction_of(words: str, language: str) -> str:
    """The direction of a text: that of its language, unless every letter has the other direction."""
    kinds = {bidirectional(letter) for letter in words}
    runs = {"rtl" if kind in ("R", "AL") else "ltr" for kind in kinds & {"L", "R", "AL"}}
    return runs.pop() if len(runs) == 1 else direction(language)


_UNSEEN = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that draw nothing: the combining grapheme joiner, Hangul fillers, and the empty Braille cell."""


_DRAW_NOTHING = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Me", "Mc"))


def is_blank(words: str) -> bool:
    """Whether nothing of a text can be seen: spaces, control and format characters, and marks without a letter."""
    return all(category(letter) in _DRAW_NOTHING or letter in _UNSEEN for letter in words)


class Text(RootModel[str | dict[Language, str]]):
    """A plain string (one language), or one string per language: `{en: Price, tr: Fiyat, fa: قیمت}`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    root: Annotated[str | dict[Language, str], Field(union_mode="left_to_right")]

    def to(self, language: str) -> str:
        """The wording in `language`, or the first wording if there is none."""
        if isinstance(self.root, str):
            return self.root
        return self.root.get(language) or next(iter(self.root.values()), "")

    def variants(self, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """(language, wording) pairs; a plain string is in the first of `languages`."""
        if isinstance(self.root, str):
            yield languages[0], self.root
        else:
            yield from self.root.items()

    def has(self, language: str) -> bool:
        return isinstance(self.root, str) or language in self.root
