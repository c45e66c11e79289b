"""The lists of labels.yaml and fields.yaml: an entry is plain words, or a pattern with examples as in patterns.yaml.

Unlike a phrase of words.yaml, an entry may begin and end within a word; a pattern that must not says so with `\\b`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from feedback.lint.languages.lexicon import Lexicon, Pattern, lexicon, pattern_of

Entry = str | Mapping[str, Any]


def entries(raw: Iterable[Entry]) -> tuple[Pattern, ...]:
    """The entries of a list; one of plain words has no examples."""
    return tuple(Pattern(each) if isinstance(each, str) else pattern_of(each) for each in raw)


def one(entry: Pattern, language: str) -> re.Pattern[str]:
    """The expression of one entry, for folded text."""
    return re.compile(_expression(entry, language))


def any_of(raw: Iterable[Entry], language: str) -> re.Pattern[str]:
    """One expression for all entries of a list, for folded text."""
    return re.compile("|".join(f"(?:{_expression(each, language)})" for each in entries(raw)))


def _expression(entry: Pattern, language: str) -> str:
    words = lexicon(language) or Lexicon(language, {}, {}, {})
    return words.expression(entry.form, grammar=bool(entry.hits))
