"""Texts: a plain string, or one string per language."""

from __future__ import annotations

from typing import Any

from feedback.core.questions.choice import key_of_bare_option
from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.refusal import CannotEditError
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import order_at, put

_REQUIRED = frozenset({"text", "title", "subject", "body"})
"""Texts that stay in the file when their last word is deleted; without them it breaks the format."""

_EMAIL = ("subject", "body")
"""The texts of an e-mail. The format wants both, or no e-mail at all."""


def languages(editor: YamlEditor) -> list[str]:
    """The questionnaire's languages as far as they are written properly, the default first."""
    listed = editor.data.get("languages")
    found = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return found or ["en"]


def set_text(editor: YamlEditor, path: Path, language: str, wording: str) -> None:
    """Give the text at `path` a wording in one language; an empty one takes the language away from it.

    An option that is a plain string keeps its key: it becomes a mapping if the key no longer follows from its text.
    """
    if _is_bare_option(editor, path):
        _set_bare_option(editor, path, language, wording)
        return
    before = value_at(editor, path)
    after = _with(before, language, wording, languages(editor))
    if after and path[-1] in _EMAIL and not editor.has(path[:-1]):
        put(editor, path[:-1], dict.fromkeys(_EMAIL, ""))
    if after is None:
        _clear(editor, path)
    elif after != before or isinstance(before, bool):
        put(editor, path, after, languages(editor) if isinstance(after, dict) else ())


def remove_language(editor: YamlEditor, language: str) -> None:
    """Take a language out of the questionnaire, with every wording in it.

    Raises Rejected for the last language, and for a text that is written in this language only.
    """
    listed = languages(editor)
    if language not in listed:
        raise KeyError(language)
    if len(listed) == 1:
        raise Rejected("A survey needs at least one language.")
    editor.remove(("languages", listed.index(language)))
    for path in [*reversed(_wordings_in(editor.data, language, ()))]:
        if len(value_at(editor, path[:-1])) == 1:
            raise Rejected("Translate every text first: one is written in this language only.")
        editor.remove(path)
    if len(listed) == 2:
        _flatten(editor, next(each for each in listed if each != language))


def add_language(editor: YamlEditor, language: str) -> None:
    """Add a language; its texts are still to be written. Plain strings count as written in the default language."""
    listed = languages(editor)
    if language in listed:
        return
    default = listed[0]
    if not isinstance(editor.data.get("languages"), list):
        put(editor, ("languages",), [default, language])
    else:
        editor.insert(("languages",), len(listed), language)


def value_at(editor: YamlEditor, path: Path) -> Any:
    """The data at a path; None if there is nothing."""
    return editor.layout.value(path) if editor.has(path) else None


def _with(before: Any, language: str, wording: str, listed: list[str]) -> Any:
    """The text with one wording; None if nothing is left of it."""
    if isinstance(before, dict):
        after = {key: each for key, each in before.items() if key != language}
        if wording:
            after = {key: before[key] if key != language else wording for key in before} | {language: wording}
        return after or None
    if not isinstance(before, str):
        before = ""
    if language == listed[0]:
        if len(listed) == 1 or before:
            return wording or None
        return {language: wording} if wording else None
    if not wording:
        return before or None
    return {listed[0]: before, language: wording} if before else {language: wording}


def _clear(editor: YamlEditor, path: Path) -> None:
    if not editor.has(path):
        return
    parent = value_at(editor, path[:-1])
    if path[-1] in ("not_applicable", "dont_know", "prefer_not_to_say", "other_text"):
        put(editor, path, value=True)
    elif path == ("thanks",) or path[-1] not in _REQUIRED:
        remove_with_empty_parents(editor, path)
    elif path[-1] in _EMAIL and all(not says(each) for key, each in parent.items() if key != path[-1]):
        remove_with_empty_parents(editor, path[:-1])
    else:
        put(editor, path, "")


def says(value: Any) -> bool:
    """Whether a text, or a mapping of texts, has any words."""
    return any(map(says, value.values())) if isinstance(value, dict) else bool(value)


def remove_with_empty_parents(editor: YamlEditor, path: Path) -> None:
    """Remove a key, and the mappings around it that would be empty then."""
    while len(path) > 1 and isinstance(value_at(editor, path[:-1]), dict | list):
        if len(value_at(editor, path[:-1])) > 1:
            break
        path = path[:-1]
    editor.remove(path)


def _is_bare_option(editor: YamlEditor, path: Path) -> bool:
    """Whether a path leads to the text of an option that is a plain string: ("questions", 0, "options", 1)."""
    return len(path) == 4 and path[2] == "options" and isinstance(value_at(editor, path), str)


def _set_bare_option(editor: YamlEditor, path: Path, language: str, wording: str) -> None:
    before = value_at(editor, path)
    key = key_of_bare_option(before)
    after = _with(before, language, wording, languages(editor))
    if after is None:
        raise Rejected("An option needs a text. To remove the option, choose Remove.")
    if isinstance(after, str) and key_of_bare_option(after) == key:
        editor.set(path, after)
    else:
        editor.set(path, {"key": key, "text": after})


def _wordings_in(data: Any, language: str, path: Path) -> list[Path]:
    """The paths of wordings in a language: keys of this name, with a string, wherever a text may stand."""
    if isinstance(data, list):
        return [found for at, each in enumerate(data) for found in _wordings_in(each, language, (*path, at))]
    if not isinstance(data, dict):
        return []
    return [
        found
        for key, each in data.items()
        for found in (
            [(*path, key)]
            if key == language and isinstance(each, str)
            else _wordings_in(each, language, (*path, key))
        )
    ]


def _flatten(editor: YamlEditor, language: str) -> None:
    """Write texts with one wording as plain strings, where no comment would be lost."""
    for path in reversed(_wordings_in(editor.data, language, ())):
        parent = path[:-1]
        if len(value_at(editor, parent)) == 1 and parent:
            try:
                editor.set(parent, value_at(editor, path), order_at(parent[:-1]))
            except CannotEditError:
                continue  # {en: ...} says the same
