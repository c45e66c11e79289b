"""Sentences about a questionnaire that can still be said in another language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

SEPARATED_FROM = 10_000


class TranslatableText(str):
    """An English sentence with what it was made of: `template`, a key of the catalogues, and `params`.

    A plain string to everybody who only wants to show it.
    """

    template: str
    params: Mapping[str, object]

    def __new__(cls, text: str, template: str = "", params: Mapping[str, object] | None = None) -> Self:
        said = super().__new__(cls, text)
        said.template, said.params = template or text, params or {}
        return said

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self.template, self.params


def message(template: str, /, **params: object) -> TranslatableText:
    """`template` with its `{names}` filled in, in English; the linter's `reporters.translation` translates it."""
    shown = {name: _in_english(value) for name, value in params.items()}
    return TranslatableText(template.format(**shown) if params else template, template, params)


def _in_english(value: object) -> object:
    """A large number gets its separators, as translations give it those of their language."""
    return f"{value:,}" if isinstance(value, int) and value >= SEPARATED_FROM else value
