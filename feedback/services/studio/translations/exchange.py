"""A file of translations, whatever its format: what is written to an agency, and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from feedback.services.studio.translations.state import Translation, TranslationState

LARGEST = 1_000_000
"""Bytes of a file that is read; the largest questionnaire of the gallery needs 20,000."""


@dataclass(frozen=True, slots=True)
class ExchangeEntry:
    """One text. `fault` is why its translation cannot be read; `before` is the source of an outdated translation."""

    id: str
    source: str
    target: str
    state: TranslationState = TranslationState.TRANSLATED
    before: str | None = None
    fault: TranslationProblem | None = None


@dataclass(frozen=True, slots=True)
class TranslationFile:
    """The texts of one questionnaire in one language. Empty where a file does not say its questionnaire or language."""

    key: str
    source_language: str
    language: str
    entries: tuple[ExchangeEntry, ...]
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TranslationProblem:
    """Why a file or one of its texts is not taken: an English message, its parameters, and the name of the text."""

    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    id: str = ""


class UnreadableTranslationsError(Exception):
    """The file as a whole cannot be read; `problem` says why."""

    def __init__(self, message: str, **params: str | int) -> None:
        super().__init__(message)
        self.problem = TranslationProblem(message, params)


def entries_of(translations: Iterable[Translation]) -> tuple[ExchangeEntry, ...]:
    return tuple(
        ExchangeEntry(each.text.id, each.source, each.target, each.state, each.before)
        for each in translations
    )
