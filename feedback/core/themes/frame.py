"""A frame of themes: what an organisation's customers write about, each theme with the words that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNSORTED = "-"
"""Stands for a comment without a theme, where a theme's key is expected."""


@dataclass(frozen=True, slots=True)
class Theme:
    """`name` and `description` are by language, and so are the lines of `words` and `unless` (see `matching`).

    With `alone`, the machine gives it only to comments without another theme; with `denied`, words that are denied
    ("not good") do not show it.
    """

    key: str
    name: Mapping[str, str]
    description: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alone: bool = False
    denied: bool = False

    def title(self, language: str) -> str:
        """The name in a language, or else the English or first one."""
        return self.name.get(language) or self.name.get("en") or next(iter(self.name.values()), self.key)


@dataclass(frozen=True, slots=True)
class ThemeFrame:
    """The themes in their order, with unique keys."""

    themes: tuple[Theme, ...]

    def theme(self, key: str) -> Theme | None:
        return next((each for each in self.themes if each.key == key), None)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.themes)
