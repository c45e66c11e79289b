"""A question as the word rules see it: its prepared text and how it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, MatrixQuestion, ScaleQuestion
from feedback.core.text.folding import bare, fold
from feedback.core.text.localized import Text
from feedback.lint.document.document import Document, SurveyText
from feedback.lint.engine.instruments import exempt
from feedback.lint.languages.lexicon import Lexicon, lexicon
from feedback.lint.text.sentence import Stem, prepare

Kind = Literal["open", "yes-no", "agreement", "scale", "choice"]
"""How a question is answered."""


@dataclass(frozen=True)
class QuestionView:
    """One question (or one row of a matrix) in one language.

    `answers` are its folded option texts and scale labels, lowest first; `context` what is read before
    or around it.
    """

    words: Lexicon
    stem: Stem
    kind: Kind
    type: str
    answers: tuple[str, ...]
    wording: SurveyText
    context: str = ""
    required: bool = False
    opt_out: bool = False
    not_applicable: bool = False
    filtered: bool = False
    after_event: bool = False
    first: bool = False
    starts_at_zero: bool = False
    glossary: tuple[str, ...] = ()
    title: str = ""

    @cached_property
    def content(self) -> tuple[object, ...]:
        """Everything that a word rule can see of the question, but not where it stands."""
        return (
            self.words, self.wording.text, self.kind, self.type, self.answers, self.context, self.required,
            self.opt_out, self.not_applicable, self.filtered, self.after_event, self.first,
            self.starts_at_zero, self.glossary, self.title,
        )  # fmt: skip

    @property
    def closed(self) -> bool:
        return self.kind != "open"

    @property
    def statement(self) -> bool:
        """A sentence to agree with, not a question."""
        return self.kind == "agreement" and not self.stem.asks

    @property
    def yes_no(self) -> bool:
        """Answered with yes or no: by its options or, where it is a closed question, by the way it begins."""
        return self.kind == "yes-no"

    def answered(self, name: str) -> bool:
        """Whether one of the answers has a phrase of this list."""
        return _saying(self.words, name, self.answers) > 0

    def finds(self, name: str) -> bool:
        return self.words.search(name, self.stem.main) is not None


def question_views(document: Document) -> tuple[QuestionView, ...]:
    """Every question in every language that has a lexicon, without the validated items that stand word
    for word."""
    return document.once("question views", lambda: tuple(_all(document)))


def _all(document: Document) -> Iterator[QuestionView]:
    for wording in _wordings(document):
        words = lexicon(wording.language)
        if words and wording.question and wording.text.strip() and not _settled(wording.question, wording):
            yield _asked(document, wording, words)


def _wordings(document: Document) -> Iterator[SurveyText]:
    for index, _ in document.questions:
        for wording in document.question_texts(index):
            if wording.role in ("stem", "row"):
                yield wording


def _settled(question: AnyQuestion, wording: SurveyText) -> bool:
    """A declared instrument answers to the registry alone; an implied one while it stands word for word."""
    return question.instrument is not None or exempt(question, wording.language)


def _asked(document: Document, wording: SurveyText, words: Lexicon) -> QuestionView:
    question, questionnaire = wording.question, document.questionnaire
    assert question is not None  # noqa: S101 - _wordings gives question texts only
    assert questionnaire is not None  # noqa: S101
    answers = tuple(_answers(question, words.language))
    prepared = prepare(wording.text, words, questionnaire.glossary)
    refusal = question.prefer_not_to_say is not False or _role(question, "prefer_not_to_say")
    return QuestionView(
        words=words,
        stem=prepared,
        kind=kind_of(question, answers, words),
        type=question.type,
        answers=answers,
        wording=wording,
        context=fold(f"{_help(question, words.language)} {prepared.before}", words.language),
        required=question.required,
        opt_out=refusal or _saying(words, "answers.opt-out", answers) > 0,
        not_applicable=question.not_applicable is not False or _role(question, "not_applicable"),
        filtered=question.key in questionnaire.conditions,
        after_event=_after_event(questionnaire, document),
        first=questionnaire.questions[0] is question,
        starts_at_zero=isinstance(question, ScaleQuestion) and question.minimum <= 0,
        glossary=questionnaire.glossary,
        title=bare(questionnaire.title.to(words.language), words.language),
    )


def _after_event(questionnaire: Questionnaire, document: Document) -> bool:
    """The survey follows an event, so a question without a period is about that event."""
    return questionnaire.trigger is not None or "event_date" in (
        *questionnaire.fields,
        *document.settings.fields,
    )


def _help(question: AnyQuestion, language: str) -> str:
    return question.help.to(language) if isinstance(question.help, Text) else ""


def _role(question: AnyQuestion, role: str) -> bool:
    return isinstance(question, ChoiceQuestion) and any(option.role == role for option in question.options)


def _answers(question: AnyQuestion, language: str) -> Iterator[str]:
    if isinstance(question, ChoiceQuestion):
        for option in question.options:
            yield bare(option.text.to(language), language)
    elif isinstance(question, ScaleQuestion):
        for _, label in sorted(question.labels(language).items()):
            yield bare(label, language)
    elif isinstance(question, MatrixQuestion):
        for _, text in sorted(question.scale.labels.items()):
            yield bare(text.to(language), language)


def kind_of(question: AnyQuestion, answers: tuple[str, ...], words: Lexicon) -> Kind:
    if question.type == "text":
        return "open"
    if question.type == "thumbs" or (question.type == "single" and _are_yes_no(answers, words)):
        return "yes-no"
    if question.type == "ces" and not (isinstance(question, ScaleQuestion) and question.instrument):
        return "agreement"
    if _saying(words, "answers.agreement", answers) >= 2:
        return "agreement"
    return "scale" if isinstance(question, ScaleQuestion | MatrixQuestion) else "choice"


@lru_cache(maxsize=4096)
def _saying(words: Lexicon, name: str, answers: tuple[str, ...]) -> int:
    """How many answers have a phrase of this list; questions often share their answers."""
    return sum(words.search(name, each) is not None for each in answers)


def _are_yes_no(answers: tuple[str, ...], words: Lexicon) -> bool:
    return len(answers) >= 2 and all(words.pattern("answers.yes-no").match(each) for each in answers[:2])
