"""A questionnaire as written in YAML, and its logic: the path through it, mistakes, follow-ups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.audience import NOBODY, Facts
from feedback.core.blocks import Block, conditions, misplaced
from feedback.core.composite import Composite, OwnScore, composites
from feedback.core.condition import Condition, look_at
from feedback.core.metrics import METRICS
from feedback.core.questions import (
    AnyQuestion,
    ChoiceQuestion,
    NumberQuestion,
    RankingQuestion,
    ScaleQuestion,
)
from feedback.core.questions.base import Form, Key, Strict
from feedback.core.text.localized import Language, Text, nearest
from feedback.core.text.numerals import spelled
from feedback.core.text.translatable import message
from feedback.core.time.duration import DurationField

Urgency = Literal["urgent", "high", "normal", "low"]

LOOKS_AHEAD = "show_if of `{of}` looks at `{key}`, which is not asked before it."
BLOCK_LOOKS_AHEAD = "show_if of the block of `{of}` looks at `{key}`, which is not asked before it."
LOOKS_AT_NOTHING = "`when` looks at `{key}`, but there is no such question."


class EmailText(Strict):
    """Subject and body of an e-mail. The body is plain text; the HTML part is generated from it."""

    subject: Text
    body: Text


class Messages(Strict):
    """The messages to the customer. `{link}` and `{opt_out}` are filled in when the message is written."""

    sms: Text | None = None
    email: EmailText | None = None
    reminder_sms: Text | None = Field(None, description="text of the reminder, if it differs from `sms`")
    reminder_email: EmailText | None = Field(None, description="the reminder, if it differs from `email`")
    comment_prompt: Text | None = Field(
        None, description="the SMS that asks for a comment after a score came by SMS"
    )
    max_segments: int | None = Field(
        None, ge=1, description="the most SMS segments that one message may need"
    )


class ThanksLink(Strict):
    url: str = Field(pattern=r"^https?://")
    text: Text


class Thanks(Strict):
    """The last page. The first entry whose condition holds is shown."""

    when: Condition | None = None
    text: Text
    link: ThanksLink | None = None


class ReplyTemplate(Strict):
    """A text with which a CSM begins a message to the customer. `{csm}` is the name of the CSM."""

    key: Key
    title: Text = Field(description="shown to the CSM")
    sms: Text | None = None
    email: EmailText | None = None


class FollowUpRule(Strict):
    """A rule for opening a follow-up: for which answers, how urgent, due when, and what to do."""

    key: Key = Field(description="the reason, shown in the queue and in reports")
    title: Text
    when: Condition
    kind: Literal["recovery", "advocacy"] = "recovery"
    urgency: Urgency = "normal"
    contact_within: DurationField = Field(description="time to the first contact, in business time: 4h, 1d")
    close_within: DurationField = Field(description="time to close it, in business time: 3d, 2w")
    playbook: Text | None = Field(None, description="steps for the CSM")
    replies: tuple[ReplyTemplate, ...] = Field(
        (),
        strict=False,
        description="texts with which the CSM can begin a message; shipped ones are offered, too",
    )


class AcceptedFinding(Strict):
    """A linter finding that somebody accepted, and why."""

    rule: str | None = None
    question: str | None = None
    reason: str = ""
    category: Literal["mandated", "validated-instrument", "trend", "false-positive", "accepted-risk"] = (
        "accepted-risk"
    )
    by: str | None = None
    until: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    wording: str | None = Field(
        None, description="hash of the accepted text; if the text changes, the finding is reported again"
    )


class LintSettings(Strict):
    suppress: tuple[AcceptedFinding, ...] = Field((), strict=False)


def _thanks(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, dict) and "text" not in value):
        return ({"text": value},)
    return value


@dataclass(frozen=True, slots=True)
class SurveyOutcome:
    """What somebody's answers come to: those that count, their scores, and the follow-up rules that match.

    `nothing_left`: every question on the path is answered. `missing`: a required one is not.
    """

    answers: Mapping[str, Answer]
    scores: Mapping[str, int]
    rules: tuple[FollowUpRule, ...]
    nothing_left: bool
    missing: bool


class Questionnaire(Strict):
    """One questionnaire file."""

    key: Key = Field(description="stable name; the file is <key>.yaml")
    title: Text
    purpose: str | None = Field(None, description="the decision for which this survey is used")
    languages: tuple[Language, ...] = Field(
        strict=False, min_length=1, description="the first is the default"
    )
    trend: Key | None = Field(
        None, description="the series in which its score counts; if you change the scale, use a new key"
    )
    trend_bridge: str | None = Field(
        None, description="the last day on which old and new wording count in one series: 2026-09-30"
    )
    trigger: str | None = Field(None, description="the event that every recipient has experienced")
    known_fields: tuple[str, ...] = Field(
        (), strict=False, description="facts about the customer that are known already and must not be asked"
    )
    fields: tuple[str, ...] = Field(
        (), strict=False, description="properties of the event that texts and conditions may use"
    )
    glossary: tuple[str, ...] = Field((), strict=False, description="names and terms that recipients know")
    questions: tuple[AnyQuestion, ...] = Field(strict=False, min_length=1)
    blocks: tuple[Block, ...] | None = Field(
        None, strict=False, description="questions that are asked, or skipped, together"
    )
    scores: tuple[OwnScore, ...] | None = Field(
        None, strict=False, description="scores over several questions; SUS and UMUX-Lite need no entry"
    )
    messages: Messages = Field(default_factory=Messages)
    thanks: Annotated[
        tuple[Thanks, ...],
        BeforeValidator(_thanks, json_schema_input_type=str | dict[str, Any] | tuple[Thanks, ...]),
    ] = Field((), strict=False)
    follow_ups: tuple[FollowUpRule, ...] = Field((), strict=False)
    lint: LintSettings = Field(default_factory=LintSettings)
    _facts: Facts = PrivateAttr(default=NOBODY)

    def asked_of(self, facts: Facts) -> Questionnaire:
        """The same questionnaire for a customer of whom this is known; without it, nothing is known."""
        if not self.facts:
            return self
        known = self.model_copy()
        known._facts = facts
        return known

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The facts that its conditions look at, such as `account.segment`, each once."""
        rules = [each.when for each in self.follow_ups]
        pages = [each.when for each in self.thanks if each.when]
        every = (*self.conditions.values(), *rules, *pages)
        return tuple(dict.fromkeys(fact for condition in every for fact in condition.facts()))

    @property
    def asks_nothing(self) -> bool:
        """Whether no question is for a customer of whom this is known, whatever they would answer."""
        return not any(question.answerable for question in self.path({}))

    @property
    def series(self) -> str:
        """The key of the series in which its scores count: `trend`, or its own key."""
        return self.trend or self.key

    def question(self, key: str) -> AnyQuestion | None:
        return self.by_key.get(key)

    @cached_property
    def by_key(self) -> dict[str, AnyQuestion]:
        return {question.key: question for question in self.questions}

    @cached_property
    def conditions(self) -> Mapping[str, Condition]:
        """Question -> the condition on which it is asked, its block's included."""
        return conditions(self.questions, self.blocks or ())

    @property
    def scored(self) -> ScaleQuestion | None:
        """The question with the questionnaire's score: the first one with a metric."""
        return next((q for q in self.questions if isinstance(q, ScaleQuestion) and q.metric), None)

    @cached_property
    def composites(self) -> tuple[Composite, ...]:
        """The scores over several questions: validated ones whose items are all asked, and those of `scores`."""
        return composites(self.scores or (), self.questions)

    def metric_of(self, key: str) -> str | None:
        """The metric of a scored question or of a score over several; None for others."""
        if (question := self.by_key.get(key)) is not None:
            return question.metric
        return next((each.metric for each in self.composites if each.key == key), None)

    def band_of(self, key: str, value: int) -> str | None:
        """The band of such a score, such as `promoter`."""
        if (question := self.by_key.get(key)) is not None:
            return question.band(value)
        metric = METRICS.get(self.metric_of(key) or "")
        return metric.band(value) if metric else None

    def language_for(self, wanted: str | None) -> str:
        """The questionnaire's language for a customer who prefers `wanted`."""
        return nearest(wanted, self.languages) or self.languages[0]

    def path(self, answers: Mapping[str, Answer]) -> Iterator[AnyQuestion]:
        """The questions on the path for these answers, in order. Answers to skipped questions are ignored.

        A question whose options come from an earlier answer has only those, and is skipped if none is left.
        """
        counted: dict[str, Answer] = {}
        conditions, known, facts = self.conditions, self.by_key, self._facts  # each page asks many times
        for whole in self.questions:
            condition = conditions.get(whole.key)
            if condition and not condition.holds(counted, known, facts):
                continue
            question = whole.narrowed(counted)
            if question is None:
                continue
            if question.key in answers and (question is whole or question.accepts(answers[question.key])):
                counted[question.key] = answers[question.key]
            yield question

    def next_question(self, answers: Mapping[str, Answer], after: str | None = None) -> AnyQuestion | None:
        """The question to show after `after`; without `after`, the first unanswered one."""
        path = list(self.path(answers))
        if after is None:
            return _first_open(path, answers)
        keys = [question.key for question in path]
        following = path[keys.index(after) + 1 :] if after in keys else []
        return following[0] if following else None

    def problems(self, answers: Mapping[str, Answer]) -> list[AnswerProblem]:
        """The required answers that are missing."""
        return [
            AnswerProblem(question.key, "required")
            for question in self.path(answers)
            if question.required and question.key not in answers
        ]

    def outcome(self, given: Mapping[str, Answer]) -> SurveyOutcome:
        """What these answers come to; answers to questions off their path are left out."""
        path = list(self.path(given))
        answers = {
            question.key: given[question.key]
            for question in path
            if question.key in given
            and (question is self.by_key[question.key] or question.accepts(given[question.key]))
        }
        left = [question for question in path if question.answerable and question.key not in answers]
        return SurveyOutcome(
            answers=answers,
            scores=self._scores(path, answers),
            rules=tuple(self.follow_ups_for(answers)),
            nothing_left=not left,
            missing=any(question.required for question in left),
        )

    def _scores(self, path: Sequence[AnyQuestion], answers: Mapping[str, Answer]) -> dict[str, int]:
        single = {
            question.key: value
            for question in path
            if question.metric and question.key in answers
            if isinstance(value := answers[question.key].value, int)
        }
        several = {each.key: value for each in self.composites if (value := each.of(answers)) is not None}
        return single | several

    def read(self, form: Form) -> tuple[dict[str, Answer], list[AnswerProblem]]:
        """All answers in a form, and all mistakes in it. Missing answers are no mistake here."""
        answers: dict[str, Answer] = {}
        mistakes: list[AnswerProblem] = []
        for question in self.questions:
            parsed = question.parse(form)
            if isinstance(parsed, AnswerProblem):
                mistakes.append(parsed)
            elif parsed is not None:
                answers[question.key] = parsed
        return answers, mistakes

    def follow_ups_for(self, answers: Mapping[str, Answer]) -> Iterator[FollowUpRule]:
        """The rules that match these answers; of each kind only the first one, so write the most severe rule first."""
        kinds: set[str] = set()
        for rule in self.follow_ups:
            if rule.kind not in kinds and self._holds(rule.when, answers):
                kinds.add(rule.kind)
                yield rule

    def thanks_for(self, answers: Mapping[str, Answer]) -> Thanks | None:
        """The last page; None if the file has none for these answers and the catalogue's text is used."""
        return next((each for each in self.thanks if self._holds(each.when, answers)), None)

    def _holds(self, condition: Condition | None, answers: Mapping[str, Answer]) -> bool:
        return condition is None or condition.holds(answers, self.by_key, self._facts)

    def wording(self, key: str, answer: Answer, language: str) -> str:
        """An answer in words, for pages, exports and texts that repeat it."""
        question = self.question(key)
        if isinstance(answer.value, dict):
            return "; ".join(f"{row}: {value}" for row, value in answer.value.items())
        values = answer.value if isinstance(answer.value, tuple) else (answer.value,)
        words = [_word(question, value, language) for value in values if value is not None]
        if isinstance(question, RankingQuestion) and isinstance(answer.value, tuple):
            words = [f"{place}. {word}" for place, word in enumerate(words, 1)]
        return ", ".join(words + ([answer.text] if answer.text else []))

    def repeated(self, answers: Mapping[str, Answer], language: str) -> dict[str, str]:
        """The values of `{answer.<key>}` in an SMS: the answers so far, each on one line.

        A point on a scale is given by its label if every point has one, otherwise by its number.
        """
        return {
            f"answer.{key}": _point(self.question(key), answer, language)
            or self.wording(key, answer, language)
            for key, answer in answers.items()
        }

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if told := misplaced(self.questions, self.blocks or ()):
            raise ValueError(told)
        before = {key: (at, block) for at, block in enumerate(self.blocks or ()) for key in block.questions}
        keys: list[str] = []
        seen: list[str] = []  # those that a condition can look at
        for number, question in enumerate(self.questions):
            if question.key in keys:
                raise ValueError(
                    message("Two questions have the key `{key}`; each needs its own.", key=question.key)
                )
            if question.key in before:
                at, block = before[question.key]
                look_at(block.show_if, ("blocks", at, "show_if"), seen, BLOCK_LOOKS_AHEAD, question.key)
            if isinstance(question, ChoiceQuestion) and question.options_from is not None:
                source = self.by_key.get(question.options_from) if question.options_from in seen else None
                question.check_source(source)
            if question.show_if:
                path = ("questions", number, "show_if")
                look_at(question.show_if, path, seen, LOOKS_AHEAD, question.key)
            keys.append(question.key)
            if question.answerable:
                seen.append(question.key)
        composites(self.scores or (), self.questions)  # raises what is wrong with them
        rules = [("follow_ups", number, each.when) for number, each in enumerate(self.follow_ups)]
        pages = [("thanks", number, each.when) for number, each in enumerate(self.thanks)]
        for name, number, condition in (*rules, *pages):
            if condition:
                look_at(condition, (name, number, "when"), seen, LOOKS_AT_NOTHING)
        return self


def _point(question: AnyQuestion | None, answer: Answer, language: str) -> str:
    """The answer to a scale question in words or as a number; empty for other questions."""
    if not isinstance(question, ScaleQuestion) or not isinstance(answer.value, int):
        return ""
    labels = {each.value: each.label for each in question.points(language)}
    return labels.get(answer.value, "") if all(labels.values()) else str(answer.value)


def _first_open(path: Sequence[AnyQuestion], answers: Mapping[str, Answer]) -> AnyQuestion | None:
    """The first unanswered question, or the first of the notes right before it."""
    place = next((at for at, each in enumerate(path) if each.answerable and each.key not in answers), None)
    if place is None:
        return None
    while place and not path[place - 1].answerable:
        place -= 1
    return path[place]


def _word(question: AnyQuestion | None, value: int | float | str, language: str) -> str:
    if isinstance(question, ChoiceQuestion) and isinstance(value, str):
        option = question.option(value)
        return option.text.to(language) if option else value
    if isinstance(question, ScaleQuestion) and isinstance(value, int):
        label = question.labels(language).get(value, "")
        return f"{value} ({label})" if label else str(value)
    if isinstance(question, NumberQuestion) and isinstance(value, int | float):
        unit = f" {question.unit.to(language)}" if question.unit else ""
        return f"{spelled(value)}{unit}"
    return str(value)
