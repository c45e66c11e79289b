"""A questionnaire or journey file as the linter sees it: data, places, the typed model."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypedDict, TypeVar, Unpack, cast

from pydantic import BaseModel

from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire, ReplyTemplate
from feedback.core.questions import (
    AnyQuestion,
    ChoiceQuestion,
    ConsentQuestion,
    MatrixQuestion,
    NumberQuestion,
    ScaleQuestion,
)
from feedback.core.text.localized import Text
from feedback.lint.document.schema import SchemaMistake, validate
from feedback.lint.engine.context import LintContext
from feedback.lint.engine.rule import Finding, Rule, Severity

Known = TypeVar("Known")
Path = tuple[str | int, ...]
"""The way to a part of the data: ("questions", 0, "text", "en")."""

Role = Literal[
    "stem",
    "help",
    "option",
    "other_text",
    "label",
    "row",
    "box",
    "unit",
    "not_applicable",
    "prefer_not_to_say",
    "dont_know",
    "title",
    "sms",
    "reminder_sms",
    "comment_prompt",
    "question",
    "subject",
    "body",
    "thanks",
    "link",
    "follow_up",
    "playbook",
    "reply",
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


class About(TypedDict, total=False):
    """What a problem says beside its message: the words at fault, a better text, its language and its question."""

    quoted: str
    rewrite: str
    language: str
    question: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the file, counted from 1; the column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in the source, as offsets in characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SurveyText:
    """One text in one language: what it is for, its question (None outside questions), and its place."""

    role: Role
    question: AnyQuestion | None
    language: str
    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file cannot be read, and at which character."""

    offset: int
    message: str


@dataclass
class Document:
    """A file that was read. `data` is None where it could not be; `faults` are the syntax errors."""

    path: str
    source: str
    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    spans: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    settings: LintContext = field(default_factory=LintContext)
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

    def at(self, path: Path) -> Any:
        """The part of the data that a path leads to; None if there is none."""
        part = self.data
        for step in path:
            try:
                part = part[step]
            except (KeyError, IndexError, TypeError):
                return None
        return part

    def mark(self, path: Path) -> Location:
        """Where a part stands; for one that is missing from the file, the nearest part around it."""
        return self.place(self.span(path).start)

    def span(self, path: Path) -> Span:
        while path not in self.spans and path:
            path = path[:-1]
        return self.spans.get(path, Span(0, 0))

    def key_mark(self, path: Path) -> Location:
        """Where the key of a part stands; for an entry of a list, the entry itself."""
        return self.place(self.keys[path].start) if path in self.keys else self.mark(path)

    def place(self, offset: int) -> Location:
        line = bisect_right(self._line_starts, offset)
        return Location(line, offset - self._line_starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The opposite of `place`: the character at a line and a column, at most the end of the source."""
        start = self._line_starts[min(line, len(self._line_starts)) - 1]
        return min(start + column - 1, len(self.source))

    @cached_property
    def problems(self) -> list[Finding]:
        """What is wrong with the syntax; where that is sound, with the format."""
        if self.faults:
            return [self._problem(SYNTAX, self.place(fault.offset), fault.message) for fault in self.faults]
        return [self._format_problem(each) for each in self._validated[1]]

    def _format_problem(self, mistake: SchemaMistake) -> Finding:
        """With the reason of the rule for a misspelt key only, because a wrong value is noticed anyway."""
        found = self._problem(SCHEMA, self._mistake_mark(mistake), mistake.message)
        return found if mistake.about_key else replace(found, why="")

    def finding(
        self,
        rule: Rule,
        where: Path | SurveyText,
        message: str,
        *,
        severity: Severity | None = None,
        offset: int | None = None,
        **about: Unpack[About],
    ) -> Finding:
        """A problem of `rule` at a place of this file.

        With a SurveyText as `where`, its language and question are filled in, and `offset` (in its text) moves
        the mark to the word meant. `severity` overrules the rule's own.
        """
        path = where.path if isinstance(where, SurveyText) else where
        language, question = about.get("language", ""), about.get("question", "")
        quoted = about.get("quoted", "")
        if isinstance(where, SurveyText):
            language = language or where.language
            question = question or (where.question.key if where.question else "")
            quoted = quoted or where.text
        if not question:
            question = self._question_at(path)
        inside = isinstance(where, SurveyText) and offset
        mark = self._mark_inside(where, offset) if inside else self.mark(path)  # type: ignore[arg-type]
        return replace(
            self._problem(rule, mark, message),
            severity=severity or rule.severity,
            quoted=quoted,
            wording=where.text if isinstance(where, SurveyText) else quoted,
            rewrite=about.get("rewrite", ""),
            language=language,
            question=question,
            end_column=self._end_column(mark, quoted),
        )

    def _end_column(self, mark: Location, quoted: str) -> int:
        """The column after the quoted words; 0 where the file does not show them as they are, on one line."""
        start = self.offset(mark.line, mark.column)
        for around in ("", '"', "'"):
            if quoted and "\n" not in quoted and self.source.startswith(f"{around}{quoted}{around}", start):
                return mark.column + len(quoted) + 2 * len(around)
        return 0

    def _problem(self, rule: Rule, mark: Location, message: str) -> Finding:
        return Finding(
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
    ) -> Iterator[SurveyText]:
        """The languages of one text of the model."""
        if text is None or not self.questionnaire:
            return
        plain = isinstance(text.root, str)
        for language, wording in text.variants(self.questionnaire.languages):
            yield SurveyText(role, question, language, wording, path if plain else (*path, language))

    def stems(self) -> Iterator[SurveyText]:
        """The question texts, in every language; a note asks nothing."""
        for index, question in self.questions:
            if question.answerable:
                yield from self.texts(question.text, ("questions", index, "text"), "stem", question)

    def _options(self, index: int) -> Iterator[SurveyText]:
        question = self.questions[index][1]
        for place, option in enumerate(question.options if isinstance(question, ChoiceQuestion) else ()):
            path: Path = ("questions", index, "options", place)
            bare = (*path, "text") not in self.spans
            yield from self.texts(option.text, path if bare else (*path, "text"), "option", question)
            if isinstance(option.other_text, Text):
                yield from self.texts(option.other_text, (*path, "other_text"), "other_text", question)

    def _labels(self, index: int) -> Iterator[SurveyText]:
        """The scale labels that the file writes itself (not those of the registry)."""
        question = self.questions[index][1]
        scale = question.scale if isinstance(question, ScaleQuestion | MatrixQuestion) else None
        for point, label in (scale.labels if scale else {}).items():
            yield from self.texts(label, ("questions", index, "scale", "labels", point), "label", question)

    def question_texts(self, index: int) -> tuple[SurveyText, ...]:
        """Everything that a respondent reads of question number `index`."""
        return self.once(("texts", index), lambda: tuple(self._question_texts(index)))

    def _question_texts(self, index: int) -> Iterator[SurveyText]:
        question = self.questions[index][1]
        base: Path = ("questions", index)
        role: Role = "stem" if question.answerable else "help"
        yield from self.texts(question.text, (*base, "text"), role, question)
        yield from self.texts(question.help, (*base, "help"), "help", question)
        yield from self._options(index)
        yield from self._labels(index)
        if isinstance(question, ConsentQuestion):
            yield from self.texts(question.box, (*base, "box"), "box", question)
        if isinstance(question, NumberQuestion):
            yield from self.texts(question.unit, (*base, "unit"), "unit", question)
        if isinstance(question, MatrixQuestion):
            for place, row in enumerate(question.rows):
                yield from self.texts(row.text, (*base, "rows", place, "text"), "row", question)
        roles: tuple[Role, ...] = ("not_applicable", "prefer_not_to_say", "dont_know")
        for role in roles:
            wording = question.opt_outs.get(role)
            yield from self._opt_out(wording, (*base, role), role, question)

    def _opt_out(
        self, text: bool | Text | None, path: Path, role: Role, question: AnyQuestion | None
    ) -> Iterator[SurveyText]:
        yield from self.texts(text if isinstance(text, Text) else None, path, role, question)

    def messages(self) -> Iterator[SurveyText]:
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

    def wordings(self) -> Iterator[SurveyText]:
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
        for place, score in enumerate(self.questionnaire.scores or ()):
            yield from self.texts(score.title, ("scores", place, "title"), "title", None)
        for place, rule in enumerate(self.questionnaire.follow_ups):
            yield from self.texts(rule.title, ("follow_ups", place, "title"), "follow_up", None)
            yield from self.texts(rule.playbook, ("follow_ups", place, "playbook"), "playbook", None)
            for number, reply in enumerate(rule.replies):
                yield from self._reply(reply, ("follow_ups", place, "replies", number))

    def _reply(self, reply: ReplyTemplate, base: Path) -> Iterator[SurveyText]:
        yield from self.texts(reply.title, (*base, "title"), "reply", None)
        yield from self.texts(reply.sms, (*base, "sms"), "reply", None)
        if reply.email is not None:
            yield from self.texts(reply.email.subject, (*base, "email", "subject"), "reply", None)
            yield from self.texts(reply.email.body, (*base, "email", "body"), "reply", None)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.source))]

    @cached_property
    def _validated(self) -> tuple[BaseModel | None, list[SchemaMistake]]:
        if self.faults:
            return None, []
        model: type[BaseModel] = Journey if self.kind == "journey" else Questionnaire
        return validate(self.data, model)

    @property
    def _model(self) -> BaseModel | None:
        return self._validated[0]

    def _mistake_mark(self, mistake: SchemaMistake) -> Location:
        return self.key_mark(mistake.path) if mistake.about_key else self.mark(mistake.path)

    def _question_at(self, path: Path) -> str:
        if len(path) < 2 or path[0] != "questions" or not self.questions:
            return ""
        return self.questions[int(path[1])][1].key

    def _mark_inside(self, wording: SurveyText, offset: int) -> Location:
        """The mark of a word, where the source shows the text as it is (not folded, not escaped)."""
        span = self.span(wording.path)
        start = self.source.find(wording.text, span.start, span.end)
        return self.place(start + offset if start >= 0 else span.start)
