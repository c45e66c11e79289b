"""Writes a question into an SMS, with what a reply can say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from feedback.core.answer import DONT_KNOW, NOT_APPLICABLE, PREFER_NOT_TO_SAY
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion
from feedback.core.replies import conversation
from feedback.core.replies.offered import Numbered, Offered, offered
from feedback.core.text.message import placeholders

OPTIONS = "options"
"""The placeholder for the numbered answers of the first question."""
NO_ANSWER: Mapping[str, str] = {
    NOT_APPLICABLE: "This does not apply to me",
    DONT_KNOW: "I do not know",
    PREFER_NOT_TO_SAY: "I prefer not to say",
}
"""The page's own words for the ways to give no answer."""
REPLY, ENDS, RANGE = (
    "Reply with a number:",
    "Reply with a number from {minimum} ({lowest}) to {maximum} ({highest}).",
    "Reply with a number from {minimum} to {maximum}.",
)


class Say(Protocol):
    """The words of a catalogue in one language, as `i18n.Translator`."""

    def gettext(self, message: str, /, **params: object) -> str: ...

    def number(self, value: int, /) -> str: ...


Catalogues = Callable[[str, str], Say]
"""(domain, language) -> the words: `i18n.translator`."""


def offer(question: Numbered, language: str, seed: str, words: Catalogues) -> Offered:
    """The answers of a question in the words of its page; `seed` is the token, which decides a shuffled order."""
    say = words("survey", language)
    own = {value: say.gettext(text) for value, text in NO_ANSWER.items()}
    return offered(question, language, seed, own)


def listed(answers: Offered, language: str, words: Catalogues) -> str:
    """The answers, one on each line: "1 Price"."""
    say = words("messages", language)
    return "\n".join(f"{say.number(number)} {text}" for number, text in answers.listed)


def template(question: Numbered, language: str, seed: str, words: Catalogues) -> str:
    """The text that asks a question and says how to reply; its placeholders are not filled in yet."""
    answers, say = offer(question, language, seed, words), words("messages", language)
    text = question.text.to(language)
    if answers.listed:
        return f"{text}\n{say.gettext(REPLY)}\n{listed(answers, language, words)}"
    labels = question.labels(language) if isinstance(question, ScaleQuestion) else {}
    lowest, highest = labels.get(answers.minimum), labels.get(answers.maximum)
    limits = {"minimum": answers.minimum, "maximum": answers.maximum}
    if lowest and highest:
        return f"{text}\n{say.gettext(ENDS, lowest=lowest, highest=highest, **limits)}"
    return f"{text}\n{say.gettext(RANGE, **limits)}"


def with_options(text: str, questionnaire: Questionnaire, language: str, seed: str, words: Catalogues) -> str:
    """A message in which `{options}` is replaced by the numbered answers of the first question."""
    if OPTIONS not in text:
        return text
    found = [each for each in placeholders(text) if each.name == OPTIONS]
    first = conversation.opening(questionnaire)
    if not found or first is None:
        return text
    answers = listed(offer(first, language, seed, words), language, words)
    for each in reversed(found):
        text = text[: each.start] + answers + text[each.end :]
    return text
