"""Translations into the YAML text: only the lines of the wordings change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from feedback.core.questions import ChoiceQuestion
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.translations.importing import NewWording


def with_wordings(text: str, languages: Sequence[str], wordings: Iterable[NewWording]) -> str:
    """The text with these wordings. `languages` are the questionnaire's; a new wording goes into their order.

    Raises CannotEditError, and then nothing is written at all.
    """
    editor = YamlEditor(text)
    for wording in wordings:
        _write(editor, languages, wording)
    return editor.text


def _write(editor: YamlEditor, languages: Sequence[str], wording: NewWording) -> None:
    """A plain text, which is in the first language, becomes a mapping by language."""
    present = editor.document.at(wording.path)
    if isinstance(present, dict):
        editor.set((*wording.path, wording.language), wording.text, languages)
        return
    both = {languages[0]: present, wording.language: wording.text}
    key = _key_of_bare_option(editor, wording.path)
    editor.set(wording.path, {"key": key, "text": both} if key else both)


def _key_of_bare_option(editor: YamlEditor, path: Path) -> str:
    """The key that an option without one has from its text: it has to keep it, because answers refer to it."""
    if path[-2:-1] != ("options",):
        return ""
    question = editor.document.questions[int(path[1])][1]
    return question.options[int(path[-1])].key if isinstance(question, ChoiceQuestion) else ""
