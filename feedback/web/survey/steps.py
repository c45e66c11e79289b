"""One step of a survey for its page: the translated question, its position, its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from markupsafe import Markup

from feedback.core.answer import DONT_KNOW, NOT_APPLICABLE, PREFER_NOT_TO_SAY, Answer, AnswerProblem
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import (
    AnyQuestion,
    ChoiceQuestion,
    ConsentQuestion,
    DateQuestion,
    MatrixQuestion,
    NumberQuestion,
    Option,
    RankingQuestion,
    ScaleQuestion,
    SingleQuestion,
)
from feedback.core.questions.base import Form, Point
from feedback.core.text.localized import Text, direction
from feedback.core.text.message import fill, placeholders
from feedback.i18n import Translator, translator


def own_words(say: Translator, language: str) -> Markup:
    """The attributes of an element with the page's own words, if they are in another language than the page.

    The catalogues know fewer languages than questionnaires may have; a screen reader must not read English as Welsh.
    """
    if say.language == language:
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(say.language, direction(say.language))


@dataclass(frozen=True)
class Wording:
    """A questionnaire's texts in one language, with their placeholders filled in from `values`."""

    questionnaire: Questionnaire
    language: str
    values: Mapping[str, Any]

    @cached_property
    def say(self) -> Translator:
        """The page's own words."""
        return translator("survey", self.language)

    def to(self, text: Text) -> str:
        """The text in this language; an unexpectedly missing value becomes an ellipsis instead of an error."""
        wording = text.to(self.language)
        if "{" not in wording and "\\" not in wording:
            return wording
        try:
            gaps = {each.name: "…" for each in placeholders(wording) if each.fallback is None}
            known = {name: value for name, value in self.values.items() if value not in (None, "")}
            return fill(wording, gaps | known)
        except ValueError:
            return wording

    def answer(self, question: AnyQuestion, answer: Answer) -> str:
        """An answer in the reader's language and digits; the rows of a matrix are on separate lines."""
        value = answer.value
        if isinstance(value, dict) and isinstance(question, MatrixQuestion):
            rows = ((row.text, value[row.key]) for row in question.rows if row.key in value)
            return "\n".join(f"{self.to(text)}: {self._named(question, each)}" for text, each in rows)
        values = value if isinstance(value, tuple) else (value,)
        chosen = [self._named(question, each) for each in values if isinstance(each, int | float | str)]
        if isinstance(question, RankingQuestion) and isinstance(value, tuple):
            chosen = [f"{_digits(self.say, place)}. {each}" for place, each in enumerate(chosen, 1)]
        return self.say.comma.join([*chosen, *([answer.text] if answer.text else [])])

    def opt_outs(self, question: AnyQuestion) -> list[tuple[str, str]]:
        """(value, words) of the answers beside the scale."""
        usual = {
            NOT_APPLICABLE: self.say.gettext("This does not apply to me"),
            DONT_KNOW: self.say.gettext("I do not know"),
            PREFER_NOT_TO_SAY: self.say.gettext("I prefer not to say"),
        }
        return [
            (value, self.to(wording) if isinstance(wording, Text) else usual[value])
            for value, wording in question.opt_outs.items()
        ]

    def unit(self, question: NumberQuestion) -> str:
        return self.to(question.unit) if question.unit else ""

    def _named(self, question: AnyQuestion, value: int | float | str) -> str:
        """A point by its label if every point has one, otherwise by its number; an option by its text."""
        if isinstance(question, NumberQuestion) and isinstance(value, int | float):
            return f"{_digits(self.say, value)} {self.unit(question)}".strip()
        if isinstance(question, DateQuestion) and (day := _day(value)):
            return self.say.date(day, "long")
        if isinstance(value, int):
            labels = {each.value: each.label for each in _points(question, self.language)}
            return labels[value] if all(labels.values()) and value in labels else _digits(self.say, value)
        option = question.option(str(value)) if isinstance(question, ChoiceQuestion) else None
        if option:
            return self.to(option.text)
        return dict(self.opt_outs(question)).get(str(value), str(value))


def piped(plain: Wording, answers: Mapping[str, Answer]) -> Wording:
    """The wording in which texts may also repeat earlier answers, as `answer.<key>`."""
    by_key = plain.questionnaire.by_key
    given = {
        f"answer.{key}": plain.answer(by_key[key], answer).replace("\n", "; ")
        for key, answer in answers.items()
        if key in by_key
    }
    return replace(plain, values={**plain.values, **given})


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _points(question: AnyQuestion, language: str) -> tuple[Point, ...]:
    return question.points(language) if isinstance(question, ScaleQuestion | MatrixQuestion) else ()


def same_for_all(question: AnyQuestion) -> bool:
    """Whether the page is the same for all customers with the same language."""
    own = isinstance(question, ChoiceQuestion) and (question.randomize or question.options_from is not None)
    return not own and not any(set(text) & {"{", "\\"} for text in _strings(question.model_dump()))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)


@dataclass(frozen=True)
class Position:
    """Step `at` of `of`. `final` is False if the answer can lead to further questions."""

    at: int
    of: int
    final: bool


def position(questionnaire: Questionnaire, question: AnyQuestion, answers: Mapping[str, Answer]) -> Position:
    """The position of `question` on the longest path that its answer can lead to."""
    keys = [each.key for each in questionnaire.path(answers)]
    at = keys.index(question.key) + 1
    possible = [Answer(value) for value in _values(question)]
    lengths = [len(list(questionnaire.path({**answers, question.key: answer}))) for answer in possible]
    of = max([len(keys), *lengths])
    return Position(at, of, final=at == of)


def _values(question: AnyQuestion) -> Sequence[int | str]:
    if isinstance(question, ScaleQuestion):
        return range(question.minimum, question.maximum + 1)
    if isinstance(question, ChoiceQuestion):
        return [option.key for option in question.options]
    return ()


_CONTACT = {
    "email": Markup('type="email" autocomplete="email" inputmode="email"'),
    "phone": Markup('type="tel" autocomplete="tel"'),
    "name": Markup('type="text" autocomplete="name"'),
}
_CONTACT_SHARED = {
    kind: Markup(re.sub(r'autocomplete="\w+"', 'autocomplete="off"', attributes))  # noqa: S704 (our own)
    for kind, attributes in _CONTACT.items()
}


@dataclass(frozen=True)
class Step:
    """The context of `templates/survey/question.html` and its widgets.

    Typed text is stored in the browser under `keep` until the visit ends; an empty `keep` means a shared screen,
    which stores nothing.
    """

    question: AnyQuestion
    wording: Wording
    position: Position
    seed: str
    form: Form = field(default_factory=dict)
    mistake: AnswerProblem | None = None
    keep: str = ""

    @property
    def key(self) -> str:
        return self.question.key

    @property
    def say(self) -> Translator:
        return self.wording.say

    @property
    def own(self) -> Markup:
        """The attributes of an element with the page's own words, if they are in another language than the page."""
        return own_words(self.say, self.wording.language)

    @cached_property
    def text(self) -> str:
        return self.wording.to(self.question.text)

    @cached_property
    def help(self) -> str:
        return self.wording.to(self.question.help) if self.question.help else ""

    @cached_property
    def points(self) -> tuple[Point, ...]:
        return _points(self.question, self.wording.language)

    @property
    def labelled(self) -> bool:
        """Whether every point has a label, which is then shown beside it instead of at the ends."""
        return all(point.label for point in self.points)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        return self.question.arranged(self.seed) if isinstance(self.question, ChoiceQuestion) else ()

    @property
    def radios(self) -> bool:
        """Whether only one choice is possible."""
        single = isinstance(self.question, SingleQuestion) and not self.question.is_dropdown
        return single or isinstance(self.question, ScaleQuestion)

    @property
    def widget(self) -> str:
        """The macro of `widgets.html` that draws the question."""
        dropdown = isinstance(self.question, SingleQuestion) and self.question.is_dropdown
        return "dropdown" if dropdown else self.question.widget

    @property
    def box_only(self) -> bool:
        """Whether one box is all there is to fill in, so that it has the question as its name."""
        return self.widget in ("text", "number", "date", "dropdown")

    @property
    def tap(self) -> bool:
        """Whether one tap submits the answer; not for options with a text box."""
        return self.radios and not any(option.other_text for option in self.options)

    @cached_property
    def opt_outs(self) -> list[tuple[str, str]]:
        """(value, words) of the answers beside the scale."""
        return self.wording.opt_outs(self.question)

    @property
    def opt_out_type(self) -> str:
        return "radio" if self.radios else "checkbox"

    @cached_property
    def hint(self) -> str:
        say, question = self.say, self.question
        parts = []
        if isinstance(question, RankingQuestion):
            parts.append(say.gettext("Give places, starting with 1."))
            if question.top:
                parts.append(say.gettext("Choose up to {limit}.", limit=question.top))
        elif isinstance(question, ChoiceQuestion) and question.multiple:
            limit = getattr(question, "max_choices", None)
            several = say.gettext("Choose all that apply.")
            parts.append(say.gettext("Choose up to {limit}.", limit=limit) if limit else several)
        if not question.required and question.widget in ("text", "number", "date"):
            parts.append(say.gettext("Optional"))
        return " ".join(parts)

    @cached_property
    def problem(self) -> str:
        return problem_words(self.say, self.mistake) if self.mistake else ""

    @property
    def described(self) -> str:
        """Ids of the elements that describe the question for screen readers, the mistake first."""
        present = (("e", self.problem), ("h", self.help), ("o", self.hint), ("t", self.tap))
        return " ".join(key for key, there in present if there)

    @property
    def contact_attributes(self) -> Markup:
        contact = getattr(self.question, "contact", None)
        if not self.keep:  # otherwise a browser could offer the last person's text
            return _CONTACT_SHARED.get(contact or "", Markup(""))
        return _CONTACT.get(contact or "", Markup(""))

    def words(self, text: Text) -> str:
        return self.wording.to(text)

    def other_label(self, option: Option) -> str:
        usual = self.say.gettext("In your own words")
        return self.wording.to(option.other_text) if isinstance(option.other_text, Text) else usual

    def number(self, value: int) -> str:
        return _digits(self.say, value)

    def has(self, name: str, value: int | str) -> bool:
        return str(value) in self.form.get(name, ())

    def value(self, name: str) -> str:
        """The text in a box. The stored text of an open question is under `<key>.text`."""
        written = self.form.get(name) or self.form.get(f"{name}.text") or ("",)
        return written[-1]

    @property
    def is_ticked(self) -> bool:
        """Whether the box of a consent is ticked, in whichever language that was."""
        known = self.question.wordings if isinstance(self.question, ConsentQuestion) else {}
        return any(mark in known for mark in self.form.get(self.key, ()))

    @property
    def is_calendar(self) -> bool:
        """Whether the browser's calendar can show what was typed; it shows nothing else than `2026-05-31`."""
        return not self.value(self.key) or _day(self.value(self.key)) is not None


@lru_cache(maxsize=2_000)
def _digits(say: Translator, value: int | float) -> str:
    """A point in the language's digits, cached because formatting costs more than drawing."""
    return say.number(value)


def problem_words(say: Translator, mistake: AnswerProblem) -> str:
    """The sentence for a customer's mistake."""
    shown = {
        name: say.date(value, "long") if isinstance(value, date) else value
        for name, value in mistake.params.items()
    }
    return say.gettext(_PROBLEMS.get(mistake.code, _PROBLEMS["required"]), **shown)


_PROBLEMS = {
    "required": "Please choose an answer.",
    "empty": "Please write an answer.",
    "not_on_scale": "Please choose a value from {minimum} to {maximum}.",
    "unknown_option": "Please choose one of the answers below.",
    "exclusive_option": "Please check your choice: one of these answers can't be combined with another.",
    "unchosen_text": "You wrote something beside an answer that is not chosen. Choose that answer, or delete the text.",
    "too_many": "Please choose at most {limit}.",
    "not_number": "Please enter a number, for example {example}.",
    "not_whole": "Please enter a whole number.",
    "too_precise": "Please enter a number with at most {limit} decimal places.",
    "too_small": "Please enter {minimum} or more.",
    "not_in_range": "Please enter a number from {minimum} to {maximum}.",
    "two_numbers": "This can be read as {first} or as {second}. Please write it without a thousands separator.",
    "not_date": "Please enter a date, for example {example}.",
    "not_in_period": "Please enter a date from {minimum} to {maximum}.",
    "two_dates": "This can be {first} or {second}. Please write the year first, for example {example}.",
    "same_place": "Place {place} is given twice. Please give each place only once.",
    "places_missing": "Please give every place from 1 to {limit} ({missing} missing).",
    "not_ticked": "Please tick the box to go on.",
    "rows_missing": "Please answer every row ({missing} missing).",
    "too_long": "Please shorten this text to {limit} characters. It has {length}.",
    "too_short": "Please write at least {limit} characters.",
    "not_email": "Please enter an e-mail address such as name@example.com.",
    "not_phone": "Please enter a phone number.",
    "moved": "An earlier answer was changed, so this is the question now. Please check your text and send it.",
    "stale": "Please send your answer again. It has not been saved yet.",
}
