"""The texts of a questionnaire that are translated, under names that last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from feedback import lint
from feedback.core.questions import ChoiceQuestion
from feedback.lint.document.document import Document, Path, Role
from feedback.lint.rules.translation_parity import has_words, texts_by_path


@dataclass(frozen=True, slots=True)
class SourceText:
    """One text in all its languages.

    id           its name in files and forms: the way to it by keys, such as `questions.effort.options.price.text`
    path         the way to its value in the data, without a language
    question     the key of its question; empty for messages, thanks and follow-up rules
    by_language  whether the file already writes it as a mapping by language, not as a plain text
    """

    id: str
    path: Path
    role: Role
    question: str
    wordings: Mapping[str, str]
    by_language: bool


def texts_of(document: Document) -> tuple[SourceText, ...]:
    """The texts in the order of the file; none if the file breaks the format.

    A text without a letter outside its placeholders, such as `1-3`, is the same in every language and left out.
    """
    found = []
    for path, texts in sorted(texts_by_path(document).items(), key=lambda each: document.span(each[0]).start):
        one = next(iter(texts.values()))
        by_language = isinstance(document.at(path), dict)
        if by_language or has_words(one.text):
            question = one.question.key if one.question else ""
            wordings = {language: each.text for language, each in texts.items()}
            name = _name(document, path)
            found.append(SourceText(name, path, one.role, question, wordings, by_language))
    return tuple(found)


@lru_cache(maxsize=64)
def wordings_of(source: str) -> Mapping[str, Mapping[str, str]]:
    """Name -> language -> wording of a YAML (or JSON) text; empty if it breaks the format."""
    return {each.id: each.wordings for each in texts_of(lint.read(source))}


def _name(document: Document, path: Path) -> str:
    """The path with keys instead of places, so that it lasts when entries move.

    All ways to write the same give the same name: a bare option and one with a key, one text of thanks and a list.
    """
    parts: list[str] = []
    for place, part in enumerate(path):
        around = document.at(path[:place])
        parts.append(_key(document, path[: place + 1], around) if isinstance(around, list) else str(part))
    if path[0] == "thanks" and not isinstance(document.at(("thanks",)), list):
        parts.insert(1, "1")
    if path[-2:-1] == ("options",) or (path[0] == "thanks" and path[-1] != "text"):
        parts.append("text")
    return ".".join(parts)


def _key(document: Document, path: Path, entries: list[Any]) -> str:
    """What names an entry of a list: its key, otherwise its number from 1."""
    place = int(path[-1])
    entry = entries[place]
    if isinstance(entry, dict) and isinstance(entry.get("key"), str):
        return str(entry["key"])
    question = document.questions[int(path[1])][1] if path[-2:-1] == ("options",) else None
    if isinstance(question, ChoiceQuestion):
        return question.options[place].key  # made from its text
    return str(place + 1)
