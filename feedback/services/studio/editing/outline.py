"""A questionnaire's text as the form shows it: cards and boxes, each with the path that its edits are sent with.

Made from the data and not from the model, because a draft that breaks the format has to be editable as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from feedback.core.questions import AnyQuestion
from feedback.lint.document.document import Document, Path
from feedback.services.studio.editing.places import name_of

_QUESTION: TypeAdapter[AnyQuestion] = TypeAdapter(AnyQuestion)


@dataclass(frozen=True, slots=True)
class TextBox:
    """One text in every language of the questionnaire; "" where it is missing."""

    name: str
    role: str
    wordings: Mapping[str, str]
    languages: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not any(self.wordings.values())

    def is_missing(self, language: str) -> bool:
        """Whether a language lacks a text that another language has."""
        return not self.wordings.get(language) and not self.is_empty


@dataclass(frozen=True, slots=True)
class FormEntry:
    """An option, a row, a rule, a reply or a last page: its number, its boxes and the rest of its data.

    `replies` are those of a rule.
    """

    name: str
    index: int
    boxes: tuple[TextBox, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    replies: tuple[FormEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One question. `question` is its model; None if it breaks the format."""

    name: str
    index: int
    key: str
    type: str
    data: Mapping[str, Any]
    question: AnyQuestion | None
    boxes: tuple[TextBox, ...]
    options: tuple[FormEntry, ...]
    labels: tuple[TextBox, ...]
    rows: tuple[FormEntry, ...]
    wordings: tuple[TextBox, ...] = ()

    @property
    def extras(self) -> tuple[TextBox, ...]:
        """The texts that stand among the settings: the help, and the wordings of ways to give no answer."""
        return (self.boxes[-1], *self.wordings)


@dataclass(frozen=True, slots=True)
class Outline:
    """The whole form."""

    languages: tuple[str, ...]
    title: TextBox
    cards: tuple[Card, ...]
    messages: tuple[TextBox, ...]
    thanks: tuple[FormEntry, ...]
    rules: tuple[FormEntry, ...]
    blocks: tuple[FormEntry, ...] = ()

    def boxes(self) -> Iterator[TextBox]:
        """Every text of the form."""
        yield self.title
        for card in self.cards:
            yield from (*card.boxes, *card.labels, *card.wordings)
        entries = [each for card in self.cards for each in (*card.options, *card.rows)]
        replies = [each for rule in self.rules for each in rule.replies]
        for entry in (*entries, *self.thanks, *self.rules, *replies):
            yield from entry.boxes
        yield from self.messages


_WHOLE = re.compile(r"-?[0-9]{1,6}")
_WAYS_OUT = ("not_applicable", "dont_know", "prefer_not_to_say")
_MESSAGES: tuple[Path, ...] = (
    ("messages", "sms"),
    ("messages", "reminder_sms"),
    ("messages", "comment_prompt"),
    ("messages", "email", "subject"),
    ("messages", "email", "body"),
    ("messages", "reminder_email", "subject"),
    ("messages", "reminder_email", "body"),
)


_REPLY = (("title",), ("sms",), ("email", "subject"), ("email", "body"))


def outline(document: Document) -> Outline:
    """The form of a text that was read without faults."""
    return _Outliner(document).outline()


class _Outliner:
    def __init__(self, document: Document) -> None:
        self.data: Mapping[str, Any] = document.data
        listed = self.data.get("languages")
        found = tuple(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()
        self.languages = found or ("en",)
        self.names: dict[Path, str] = {}
        self.models = dict(document.questions)  # none if any question breaks the format

    def outline(self) -> Outline:
        return Outline(
            self.languages,
            self.box(("title",), "title"),
            tuple(self.card(index, each) for index, each in _mappings(self.data.get("questions"))),
            tuple(self.box(path, "_".join(map(str, path[1:]))) for path in _MESSAGES),
            tuple(self.thanks()),
            tuple(self.rule(index, each) for index, each in _mappings(self.data.get("follow_ups"))),
            tuple(
                FormEntry(self.name(("blocks", index)), index, (), each)
                for index, each in _mappings(self.data.get("blocks"))
            ),
        )

    def rule(self, index: int, data: Mapping[str, Any]) -> FormEntry:
        path: Path = ("follow_ups", index)
        boxes = self.box((*path, "title"), "rule_title"), self.box((*path, "playbook"), "playbook")
        replies = (self.reply((*path, "replies", n), n, each) for n, each in _mappings(data.get("replies")))
        return FormEntry(self.name(path), index, boxes, data, tuple(replies))

    def reply(self, path: Path, index: int, data: Mapping[str, Any]) -> FormEntry:
        boxes = (self.box((*path, *inner), f"reply_{'_'.join(inner)}") for inner in _REPLY)
        return FormEntry(self.name(path), index, tuple(boxes), data)

    def card(self, index: int, data: Mapping[str, Any]) -> Card:
        path: Path = ("questions", index)
        return Card(
            name=self.name(path),
            index=index,
            key=str(data.get("key", "")),
            type=str(data.get("type", "")),
            data=data,
            question=self.models.get(index) or _model(data),
            boxes=tuple(self.box((*path, name), role) for name, role in _boxes_of(str(data.get("type", "")))),
            options=tuple(self.options((*path, "options"), data.get("options"))),
            labels=tuple(self.labels((*path, "scale", "labels"), data.get("scale"))),
            rows=tuple(
                FormEntry(
                    self.name((*path, "rows", n)), n, (self.box((*path, "rows", n, "text"), "row"),), each
                )
                for n, each in _mappings(data.get("rows"))
            ),
            wordings=tuple(self.box((*path, name), name) for name in _WAYS_OUT if data.get(name)),
        )

    def options(self, path: Path, listed: Any) -> Iterator[FormEntry]:
        for index, each in enumerate(listed if isinstance(listed, list) else ()):
            place: Path = (*path, index)
            if isinstance(each, dict):
                boxes = [self.box((*place, "text"), "option")]
                if each.get("role") == "other" and each.get("other_text"):
                    boxes.append(self.box((*place, "other_text"), "other_text"))
                yield FormEntry(self.name(place), index, tuple(boxes), each)
            else:
                yield FormEntry(self.name(place), index, (self.box(place, "option"),))

    def labels(self, path: Path, scale: Any) -> Iterator[TextBox]:
        """The labels that the text writes itself, and always those of both ends."""
        if not isinstance(scale, dict):
            return
        written = scale.get("labels")
        keys = [*(written if isinstance(written, dict) else ()), scale.get("min"), scale.get("max")]
        points = {int(str(key)): key for key in reversed(keys) if _WHOLE.fullmatch(str(key))}
        for point in sorted(points):  # a point that is written in quotes is a mistake, but its label is there
            yield self.box((*path, points[point]), f"label {point}")

    def thanks(self) -> Iterator[FormEntry]:
        present = self.data.get("thanks")
        if isinstance(present, list):
            for index, each in _mappings(present):
                place: Path = ("thanks", index)
                yield FormEntry(self.name(place), index, self._page_boxes(place, each), each)
        else:
            inner: Path = (
                ("thanks", "text") if isinstance(present, dict) and "text" in present else ("thanks",)
            )
            data = present if isinstance(present, dict) and "text" in inner else {}
            yield FormEntry("thanks", 0, (self.box(inner, "thanks"),), data)

    def _page_boxes(self, place: Path, page: Mapping[str, Any]) -> tuple[TextBox, ...]:
        """The text of a last page, and that of its link if it has one."""
        text = self.box((*place, "text"), "thanks")
        return (text, self.box((*place, "link", "text"), "link")) if page.get("link") else (text,)

    def box(self, path: Path, role: str) -> TextBox:
        value = _at(self.data, path)
        if isinstance(value, dict):
            texts = {each: str(value.get(each) or "") for each in self.languages}
        else:
            plain = (
                value
                if isinstance(value, str)
                else ""
                if value is None or isinstance(value, bool)
                else str(value)
            )
            texts = {each: plain if number == 0 else "" for number, each in enumerate(self.languages)}
        return TextBox(self.name(path), role, texts, self.languages)

    def name(self, path: Path) -> str:
        """As `name_of`; the entry of a list that a path leads through is named once for all of its texts."""
        entry = next((place for place in range(len(path), 0, -1) if isinstance(path[place - 1], int)), 0)
        if path[:entry] not in self.names:
            self.names[path[:entry]] = name_of(self.data, path[:entry])
        return ".".join(filter(None, (self.names[path[:entry]], *map(str, path[entry:]))))


def _boxes_of(kind: str) -> Iterator[tuple[str, str]]:
    """The texts of a type of question and their roles: first the question, last the help."""
    yield "text", "question"
    if kind == "consent":
        yield "box", "box"
    if kind == "number":
        yield "unit", "unit"
    yield "help", "help"


def _model(data: Mapping[str, Any]) -> AnyQuestion | None:
    try:
        return _QUESTION.validate_python(data)
    except ValidationError:
        return None


def _mappings(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The entries of a list that are mappings, with their numbers."""
    yield from (
        (index, each)
        for index, each in enumerate(value if isinstance(value, list) else ())
        if isinstance(each, dict)
    )


def _at(data: Any, path: Path) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
