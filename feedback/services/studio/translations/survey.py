"""All translations of one draft, and changes to them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from feedback.core.text.localized import is_blank
from feedback.errors import NotFound, Rejected
from feedback.lint.document.document import Document
from feedback.lint.editing.refusal import CannotEditError
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio import drafts
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.translations import confirming
from feedback.services.studio.translations.importing import NewWording
from feedback.services.studio.translations.state import Translation, TranslationHistory, translations
from feedback.services.studio.translations.texts import texts_of
from feedback.services.studio.translations.writing import with_wordings


@dataclass(frozen=True)
class TranslatedDraft:
    """A draft and what it says. Its first language is the source of the others; a text with faults has none."""

    draft: StudioDraft
    document: Document
    history: TranslationHistory

    @property
    def source(self) -> str:
        """Empty if the text breaks the format."""
        return next(iter(self.document.languages), "")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages into which it is translated."""
        return self.document.languages[1:]

    def into(self, language: str) -> list[Translation]:
        """Every text beside its translation, in the order of the file. Raises NotFound for an unknown language."""
        if language not in self.languages:
            raise NotFound("This survey has no such language.")
        return translations(texts_of(self.document), self.source, language, self.history)

    def translation(self, language: str, name: str) -> Translation:
        """One text. Raises NotFound."""
        found = next((each for each in self.into(language) if each.text.id == name), None)
        if found is None:
            raise NotFound("The survey has no such text any more. Go back and reload the page.")
        return found

    @property
    def without_source(self) -> int:
        """How many texts cannot be translated, because the source language has none."""
        return sum(is_blank(each.wordings.get(self.source, "")) for each in texts_of(self.document))


def seen(translation: Translation) -> str:
    """Hex digits that change with the source and the target, to notice that somebody else has changed one."""
    both = f"{translation.source}\0{translation.target}"
    return hashlib.sha256(both.encode("utf-8", "replace")).hexdigest()[:16]


def translated(survey: TranslatedDraft, new: Sequence[tuple[Translation, NewWording]]) -> str:
    """The text of the draft with these wordings. Raises Rejected if it cannot be edited by its parts."""
    try:
        return with_wordings(survey.draft.text, survey.document.languages, [wording for _, wording in new])
    except CannotEditError as error:
        raise Rejected(str(error)) from error


def with_language(survey: TranslatedDraft, language: str) -> str:
    """The text of the draft with one more language. Raises Rejected."""
    if not survey.source:
        raise Rejected("Fix the problems of the text first.")
    if language in survey.document.languages:
        raise Rejected("Choose another language: the survey has this one.")
    editor = YamlEditor(survey.draft.text)
    try:
        editor.insert(("languages",), len(survey.document.languages), language)
    except CannotEditError as error:
        raise Rejected(str(error)) from error
    return editor.text


def save(
    session: Session,
    survey: TranslatedDraft,
    text: str,
    new: Sequence[tuple[Translation, NewWording]] = (),
    *,
    by: int,
    now: datetime,
) -> None:
    """Store the draft's new text, made by `translated`, and from which sources its new wordings were made.

    Raises Conflict if somebody has saved the draft meanwhile.
    """
    drafts.save(session, survey.draft.key, text, base=survey.draft.edit, by=by, now=now)
    if new:
        done = [replace(before, target=wording.text) for before, wording in new]
        confirming.confirm(session, survey.draft.key, done, by=by, now=now)
