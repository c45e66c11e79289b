"""How the sentences of a language split: None where half of a sentence might be wrong."""

from __future__ import annotations

from collections.abc import Callable

from feedback.lint.rewriting.splits import articles, english, persian, turkish
from feedback.lint.rewriting.splits.joint import Halves, Joint

SPLITS: dict[str, Callable[[Joint], Halves | None]] = {
    "en": english.split,
    "tr": turkish.split,
    "fa": persian.split,
    "de": articles.split,
    "es": articles.split,
    "fr": articles.split,
}

__all__ = ["SPLITS", "Halves", "Joint"]
