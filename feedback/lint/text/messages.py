"""Sentences of the linter that can still be said in another language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self


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
    """`template` with its `{names}` filled in, in English; `reporters.translation` translates it."""
    return TranslatableText(template.format(**params) if params else template, template, params)
