"""A questionnaire or journey file as the linter sees it: data, places, the typed model.

The only place that knows the YAML parser. The files are YAML 1.2 without anchors, aliases and tags: `no`,
`on` and `1:30` are words, a key stands once, and nothing in a file can grow when it is read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar, cast

import yaml
from pydantic import BaseModel

from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, MatrixQuestion, ScaleQuestion
from feedback.core.text import Text
from feedback.lint.rule import Problem, Rule, Severity
from feedback.lint.schema import Mistake, validate
from feedback.lint.settings import Settings

Known = TypeVar("Known")
Path = tuple[str | int, ...]
"""The way to a part of the data: ("questions", 0, "text", "en")."""

MAX_CHARACTERS = 300_000
MAX_TEXT = 10_000
MAX_DEPTH = 24
MAX_NODES = 20_000

Role = Literal[
    "stem",
    "help",
    "option",
    "other_text",
    "label",
    "row",
    "not_applicable",
    "prefer_not_to_say",
    "title",
    "sms",
    "reminder_sms",
    "comment_prompt",
    "subject",
    "body",
    "thanks",
    "link",
    "follow_up",
    "playbook",
]
"""What a text is for."""

SYNTAX = Rule(
    id="syntax",
    title="The file is readable YAML",
    tier="D",
    severity="error",
    why="A file that readers understand differently cannot be reviewed: every key once, no anchors, no tags.",
    good=("key: visit",),
    bad=("key: visit\nkey: other",),
    suppressible=False,
)
SCHEMA = Rule(
    id="schema",
    title="The file has the keys and values that the format knows",
    tier="D",
    severity="error",
    why="A misspelt key would silently do nothing.",
    good=("randomize: true",),
    bad=("randomise: true",),
    suppressible=False,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, counted from 1; the column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in the source, as offsets in characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in one language: what it is for, its question (None outside questions), and its place."""

    role: Role
    question: AnyQuestion | None
    language: str
    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Fault:
    offset: int
    message: str


@dataclass
class Document:
    """A file that was read. `data` is None where it could not be; `faults` are the syntax errors."""

    path: str
    source: str
    data: Any = None
    faults: list[_Fault] = field(default_factory=list)
    spans: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    _known: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def once(self, about: Hashable, work_out: Callable[[], Known]) -> Known:
        """What `work_out` returned when somebody first asked for it: forty rules look at the same few things."""
        if about not in self._known:
            self._known[about] = work_out()
        return cast(Known, self._known[about])

    @property
    def kind(self) -> Literal["questionnaire", "journey"]:
        return "journey" if isinstance(self.data, dict) and "stages" in self.data else "questionnaire"

    @cached_property
    def questionnaire(self) -> Questionnaire | None:
        """The typed model; None where the file breaks the format."""
        return self._model if isinstance(self._model, Questionnaire) else None

    @property
    def journey(self) -> Journey | None:
        return self._model if isinstance(self._model, Journey) else None

    @cached_property
    def questions(self) -> tuple[tuple[int, AnyQuestion], ...]:
        """(index, question) pairs; empty where the file breaks the format."""
        return tuple(enumerate(self.questionnaire.questions)) if self.questionnaire else ()

    @property
    def languages(self) -> tuple[str, ...]:
        return self.questionnaire.languages if self.questionnaire else ()

    def mark(self, path: Path) -> Mark:
        """Where a part stands; for one that is missing from the file, the nearest part around it."""
        return self.place(self.span(path).start)

    def span(self, path: Path) -> Span:
        while path not in self.spans and path:
            path = path[:-1]
        return self.spans.get(path, Span(0, 0))

    def key_mark(self, path: Path) -> Mark:
        """Where the key of a part stands; for an entry of a list, the entry itself."""
        return self.place(self.keys[path].start) if path in self.keys else self.mark(path)

    def place(self, offset: int) -> Mark:
        line = bisect_right(self._line_starts, offset)
        return Mark(line, offset - self._line_starts[line - 1] + 1)

    @cached_property
    def problems(self) -> list[Problem]:
        """What is wrong with the syntax; where that is sound, with the format."""
        if self.faults:
            return [self._problem(SYNTAX, self.place(fault.offset), fault.message) for fault in self.faults]
        return [self._problem(SCHEMA, self._mistake_mark(each), each.message) for each in self._validated[1]]

    def finding(
        self,
        rule: Rule,
        where: Path | Wording,
        message: str,
        *,
        quoted: str = "",
        rewrite: str = "",
        language: str = "",
        question: str = "",
        severity: Severity | None = None,
        offset: int | None = None,
    ) -> Problem:
        """A problem of `rule` at a place of this file.

        With a Wording as `where`, its language and question are filled in, and `offset` (in its text) moves
        the mark to the word meant. `severity` overrules the rule's own.
        """
        path = where.path if isinstance(where, Wording) else where
        if isinstance(where, Wording):
            language = language or where.language
            question = question or (where.question.key if where.question else "")
            quoted = quoted or where.text
        if not question:
            question = self._question_at(path)
        inside = isinstance(where, Wording) and offset
        mark = self._mark_inside(where, offset) if inside else self.mark(path)  # type: ignore[arg-type]
        return replace(
            self._problem(rule, mark, message),
            severity=severity or rule.severity,
            quoted=quoted,
            wording=where.text if isinstance(where, Wording) else quoted,
            rewrite=rewrite,
            language=language,
            question=question,
        )

    def _problem(self, rule: Rule, mark: Mark, message: str) -> Problem:
        return Problem(
            rule=rule.id,
            severity=rule.severity,
            path=self.path,
            line=mark.line,
            column=mark.column,
            message=message,
            why=rule.why,
            docs=rule.docs,
            stage=rule.stage,
        )

    def texts(
        self, text: Text | None, path: Path, role: Role, question: AnyQuestion | None
    ) -> Iterator[Wording]:
        """The languages of one text of the model."""
        if text is None or not self.questionnaire:
            return
        plain = isinstance(text.root, str)
        for language, wording in text.variants(self.questionnaire.languages):
            yield Wording(role, question, language, wording, path if plain else (*path, language))

    def stems(self) -> Iterator[Wording]:
        """The question texts, in every language."""
        for index, question in self.questions:
            yield from self.texts(question.text, ("questions", index, "text"), "stem", question)

    def _options(self, index: int) -> Iterator[Wording]:
        question = self.questions[index][1]
        for place, option in enumerate(question.options if isinstance(question, ChoiceQuestion) else ()):
            path: Path = ("questions", index, "options", place)
            bare = (*path, "text") not in self.spans
            yield from self.texts(option.text, path if bare else (*path, "text"), "option", question)
            if isinstance(option.other_text, Text):
                yield from self.texts(option.other_text, (*path, "other_text"), "other_text", question)

    def _labels(self, index: int) -> Iterator[Wording]:
        """The scale labels that the file writes itself (not those of the registry)."""
        question = self.questions[index][1]
        scale = question.scale if isinstance(question, ScaleQuestion | MatrixQuestion) else None
        for point, label in (scale.labels if scale else {}).items():
            yield from self.texts(label, ("questions", index, "scale", "labels", point), "label", question)

    def question_texts(self, index: int) -> tuple[Wording, ...]:
        """Everything that a respondent reads of question number `index`."""
        return self.once(("texts", index), lambda: tuple(self._question_texts(index)))

    def _question_texts(self, index: int) -> Iterator[Wording]:
        question = self.questions[index][1]
        base: Path = ("questions", index)
        yield from self.texts(question.text, (*base, "text"), "stem", question)
        yield from self.texts(question.help, (*base, "help"), "help", question)
        yield from self._options(index)
        yield from self._labels(index)
        if isinstance(question, MatrixQuestion):
            for place, row in enumerate(question.rows):
                yield from self.texts(row.text, (*base, "rows", place, "text"), "row", question)
        yield from self._opt_out(
            question.not_applicable, (*base, "not_applicable"), "not_applicable", question
        )
        refusal = question.prefer_not_to_say
        yield from self._opt_out(refusal, (*base, "prefer_not_to_say"), "prefer_not_to_say", question)

    def _opt_out(
        self, text: bool | Text, path: Path, role: Role, question: AnyQuestion | None
    ) -> Iterator[Wording]:
        yield from self.texts(text if isinstance(text, Text) else None, path, role, question)

    def messages(self) -> Iterator[Wording]:
        """What is sent: SMS, e-mail, reminders, the prompt for a comment."""
        messages = self.questionnaire.messages if self.questionnaire else None
        if messages is None:
            return
        yield from self.texts(messages.sms, ("messages", "sms"), "sms", None)
        yield from self.texts(messages.reminder_sms, ("messages", "reminder_sms"), "reminder_sms", None)
        yield from self.texts(messages.comment_prompt, ("messages", "comment_prompt"), "comment_prompt", None)
        for name in ("email", "reminder_email"):
            email = getattr(messages, name)
            if email is not None:
                yield from self.texts(email.subject, ("messages", name, "subject"), "subject", None)
                yield from self.texts(email.body, ("messages", name, "body"), "body", None)

    def wordings(self) -> Iterator[Wording]:
        """Every text of the questionnaire."""
        if not self.questionnaire:
            return
        yield from self.texts(self.questionnaire.title, ("title",), "title", None)
        for index, _ in self.questions:
            yield from self.question_texts(index)
        yield from self.messages()
        for place, thanks in enumerate(self.questionnaire.thanks):
            base: Path = ("thanks", place) if ("thanks", place) in self.spans else ("thanks",)
            inner = (*base, "text") if (*base, "text") in self.spans else base
            yield from self.texts(thanks.text, inner, "thanks", None)
            if thanks.link:
                yield from self.texts(thanks.link.text, (*base, "link", "text"), "link", None)
        for place, rule in enumerate(self.questionnaire.follow_ups):
            yield from self.texts(rule.title, ("follow_ups", place, "title"), "follow_up", None)
            yield from self.texts(rule.playbook, ("follow_ups", place, "playbook"), "playbook", None)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.source))]

    @cached_property
    def _validated(self) -> tuple[BaseModel | None, list[Mistake]]:
        if self.faults:
            return None, []
        model: type[BaseModel] = Journey if self.kind == "journey" else Questionnaire
        return validate(self.data, model)

    @property
    def _model(self) -> BaseModel | None:
        return self._validated[0]

    def _mistake_mark(self, mistake: Mistake) -> Mark:
        return self.key_mark(mistake.path) if mistake.about_key else self.mark(mistake.path)

    def _question_at(self, path: Path) -> str:
        if len(path) < 2 or path[0] != "questions" or not self.questions:
            return ""
        return self.questions[int(path[1])][1].key

    def _mark_inside(self, wording: Wording, offset: int) -> Mark:
        """The mark of a word, where the source shows the text as it is (not folded, not escaped)."""
        span = self.span(wording.path)
        start = self.source.find(wording.text, span.start, span.end)
        return self.place(start + offset if start >= 0 else span.start)


def read(text: str, path: str = "<text>", settings: Settings | None = None) -> Document:
    """The document that `text` holds. Never raises for what the text contains; see `Document.problems`."""
    document = Document(path, text.removeprefix("\ufeff"), settings=settings or Settings())
    fault = _unreadable(document.source)
    if fault:
        document.faults.append(fault)
        return document
    _Reader(document).read()
    return document


_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _unreadable(source: str) -> _Fault | None:
    if len(source) > MAX_CHARACTERS:
        return _Fault(
            0, f"The file has {len(source):,} characters; a questionnaire has at most {MAX_CHARACTERS:,}."
        )
    odd = _FORBIDDEN.search(source)
    if odd:
        return _Fault(
            odd.start(), f"The character U+{ord(odd[0]):04X} cannot stand in a text file; delete it."
        )
    return None


class _StopError(Exception):
    """The rest of the file cannot be understood."""


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", re.ASCII)


def _plain(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2, without its hex, octal and infinity."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _start(event: Any) -> int:
    return int(event.start_mark.index)


def _end(event: Any) -> int:
    return int(event.end_mark.index)


class _Reader:
    """Builds plain data and places from parser events; no object of the YAML library survives it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events = yaml.parse(document.source, Loader=loader)

    def read(self) -> None:
        try:
            self._documents()
        except _StopError:
            pass
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fault(mark.index if mark else 0, _sentence(error))
        except yaml.YAMLError as error:
            self._fault(0, f"This is not YAML: {error}")

    def _documents(self) -> None:
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if self.document.data is not None:
                self._fault(_start(event), "A second document begins here; write one questionnaire a file.")
                return
            self.document.data = self._node(next(self.events), (), 0)
        if self.document.data is None and not self.document.faults:
            self._fault(0, "The file is empty; a questionnaire starts with `key:`.")
        elif not isinstance(self.document.data, dict):
            self._fault(0, "The file must be a mapping: `key:`, `title:`, `questions:` ...")

    def _node(self, event: Any, path: Path, depth: int) -> Any:
        start = _start(event)
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            self._fault(
                start,
                "The file is nested too deeply." if depth > MAX_DEPTH else "The file has too many parts.",
            )
            raise _StopError
        self._plain_yaml_only(event)
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value, end = self._mapping(path, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value, end = self._sequence(path, depth)
        else:
            value, end = self._scalar(event), _end(event)
        self.document.spans[path] = Span(start, end)
        return value

    def _plain_yaml_only(self, event: Any) -> None:
        start = _start(event)
        if isinstance(event, yaml.AliasEvent):
            self._fault(start, f"*{event.anchor} refers to another part of the file; write the text out.")
        elif event.anchor:
            self._fault(
                start, f"&{event.anchor} names a part for reuse; questionnaires are written out. Remove it."
            )
        elif event.tag not in (None, "!"):
            self._fault(start, f"{event.tag} is a YAML tag; plain values need none. Remove it.")

    def _scalar(self, event: Any) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return None
        if len(event.value) > MAX_TEXT:
            self._fault(
                _start(event),
                f"This text has {len(event.value):,} characters; at most {MAX_TEXT:,}.",
            )
        return _plain(event.value) if event.implicit[0] and not event.style else event.value

    def _sequence(self, path: Path, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return values, _end(event)
            values.append(self._node(event, (*path, len(values)), depth + 1))
        raise _StopError

    def _mapping(self, path: Path, depth: int) -> tuple[dict[Any, Any], int]:
        values: dict[Any, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                return values, _end(event)
            key = self._key(event, values)
            place = (*path, key)
            self.document.keys.setdefault(place, Span(_start(event), _end(event)))
            twice = key in values
            value = self._node(next(self.events), ("", *place) if twice else place, depth + 1)
            values.setdefault(key, value)
        raise _StopError

    def _key(self, event: Any, values: dict[Any, Any]) -> Any:
        start = _start(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._fault(
                start, "A key must be a word, not a list or a mapping; a text with braces needs quotes."
            )
            raise _StopError
        self._plain_yaml_only(event)
        key = self._scalar(event)
        if not isinstance(key, str | int) or isinstance(key, bool):
            key = event.value
        if key in values:
            self._fault(start, f"The key `{key}` stands here a second time; only one of them can count.")
        return key

    def _fault(self, offset: int, message: str) -> None:
        self.document.faults.append(_Fault(offset, message))


def _sentence(error: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    hint = ""
    if "mapping values are not allowed" in str(error.problem):
        hint = " Put quotes around a text that contains a colon."
    elif "did not find expected" in str(error.problem):
        hint = " A text with braces, commas or quotes inside { } or [ ] needs quotes around it."
    elif "cannot start any token" in str(error.problem):
        hint = " Indent with spaces, not tabs; put quotes around a text that starts with a special character."
    return f"This is not YAML: {', '.join(parts)}.{hint}"
