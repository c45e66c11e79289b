"""Text in the languages of a questionnaire."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated
from unicodedata import bidirectional, category

from pydantic import ConfigDict, Field, RootModel, StringConstraints

LANGUAGE = r"^[a-z]{2,3}(-([A-Z][a-z]{3}|[A-Z]{2}))?$"
"""A language, with a script or a country where it matters: tr, ckb, pt-BR, zh-Hant (BCP 47)."""
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the page's `dir` attribute."""
    script = language.partition("-")[2]
    if script in ("Arab", "Hebr", "Latn", "Cyrl"):
        return "rtl" if script in ("Arab", "Hebr") else "ltr"
    return "rtl" if base(language) in RIGHT_TO_LEFT else "ltr"


def base(language: str) -> str:
    """The language without its script or country: pt of pt-BR."""
    return language.partition("-")[0]


def nearest(wanted: str | None, offered: Collection[str]) -> str | None:
    """The language among those offered that suits somebody who reads `wanted`: itself, or the same without or with
    another script or country. None if there is none."""
    if wanted is None or wanted in offered:
        return wanted
    if base(wanted) in offered:
        return base(wanted)
    return next((each for each in offered if base(each) == base(wanted)), None)


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
        """The wording in `language` or the nearest one, or the first wording if there is none."""
        if isinstance(self.root, str):
            return self.root
        found = self.root.get(language) or self.root.get(nearest(language, self.root) or "")
        return found or next(iter(self.root.values()), "")

    def variants(self, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """(language, wording) pairs; a plain string is in the first of `languages`."""
        if isinstance(self.root, str):
            yield languages[0], self.root
        else:
            yield from self.root.items()

    def has(self, language: str) -> bool:
        return isinstance(self.root, str) or language in self.root
