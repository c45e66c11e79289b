"""The registry of validated instruments: scales, labels and original wordings (`data/instruments.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from feedback.core.text.localized import nearest


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument. `labels` and `stems` are keyed by language; `{x}` in a stem is one noun phrase.

    `items` holds the wordings of each item, in order, for an instrument with several items.
    """

    name: str
    title: str
    source: str
    minimum: int
    maximum: int
    high_is_bad: bool
    metric: str | None
    free_stem: bool
    labels: Mapping[str, Mapping[int, str]]
    stems: Mapping[str, tuple[str, ...]]
    status: Mapping[str, str]
    items: Mapping[str, tuple[tuple[str, ...], ...]]

    def labels_in(self, language: str) -> Mapping[int, str]:
        """Point -> label in `language` or the nearest one, or in English if the registry has no translation."""
        return self.labels.get(nearest(language, self.labels) or "en", {})

    def stems_of(self, language: str, item: int | None = None) -> tuple[str, ...]:
        """The original wordings of item number `item` (from 1), or of all items."""
        if not self.items:
            return self.stems.get(language, ())
        items = self.items.get(language, ())
        chosen = items if item is None else items[item - 1 : item] if item > 0 else ()
        return tuple(wording for wordings in chosen for wording in wordings)


@cache
def instruments() -> Mapping[str, Instrument]:
    """Every registered instrument by its name."""
    raw = tomllib.loads(files("feedback.core").joinpath("data/instruments.toml").read_text(encoding="utf-8"))
    return {name: _instrument(name, entry, raw) for name, entry in raw.items()}


def _instrument(name: str, entry: Mapping[str, Any], raw: Mapping[str, Any]) -> Instrument:
    labels = raw[entry["labels_of"]]["labels"] if "labels_of" in entry else entry.get("labels", {})
    return Instrument(
        name=name,
        title=entry["title"],
        source=entry["source"],
        minimum=entry["minimum"],
        maximum=entry["maximum"],
        high_is_bad=entry.get("high_is_bad", False),
        metric=entry.get("metric"),
        free_stem=entry.get("free_stem", False),
        labels={lang: {int(point): label for point, label in each.items()} for lang, each in labels.items()},
        stems={lang: tuple(each) for lang, each in entry.get("stems", {}).items()},
        status=entry.get("status", {}),
        items={lang: tuple(tuple(item) for item in each) for lang, each in entry.get("items", {}).items()},
    )
