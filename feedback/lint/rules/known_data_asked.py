"""A question for something that is already known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from feedback.core.questions import ChoiceQuestion, DateQuestion, NumberQuestion, TextQuestion
from feedback.core.text.folding import fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, SurveyText
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.data import data
from feedback.lint.languages.entries import any_of
from feedback.lint.options.choices import choices

RULE = Rule(
    id="known-data-asked",
    title="The survey does not ask for what is already known",
    xm=11,
    tier="D",
    severity="error",
    why="It costs time, and it shows customers that nobody knows them (XM Institute, practice 11).",
    good=(
        "May we reply by e-mail?",
        "the branch is known and not asked",
        "purpose: correction of the address on file",
    ),
    bad=("Your e-mail?", "Hangi şubedeydiniz? with branch known", "«نام شما؟» with name known"),
)
_ALIASES = {
    "e-mail": "email", "mail": "email", "telephone": "phone", "mobile": "phone", "first_name": "name",
    "last_name": "name", "full_name": "name", "order_id": "order", "order_number": "order", "store": "branch",
    "location": "branch", "company": "account", "customer": "account", "employee": "agent",
    "advisor": "agent",
    "visit_date": "date", "order_date": "date", "event_date": "date", "item": "product", "tariff": "plan",
}  # fmt: skip


def check(document: Document) -> Iterator[Finding]:
    known = _known(document)
    for wording in document.stems():
        question = wording.question
        if (
            not isinstance(question, TextQuestion | ChoiceQuestion | NumberQuestion | DateQuestion)
            or "correct" in (question.purpose or "").casefold()
            or _is_yes_or_no(document, wording)
        ):
            continue
        text = fold(wording.text, wording.language)
        for name, pattern in _patterns(wording.language).items():
            match = pattern.search(text) if name in known else None
            if match:
                told = message("The {name} is already known; it is not asked again.", name=message(name))
                rewrite = "Delete the question, or set `purpose: correction` if people should check it."
                yield document.finding(RULE, wording, told, rewrite=rewrite)
                break


def _is_yes_or_no(document: Document, wording: SurveyText) -> bool:
    """Yes and no give leave to use what is known ("May we use your name?"); they do not tell it."""
    listed = choices(document, int(wording.path[1]), wording.language)
    return listed is not None and listed.kind == "yes-no"


def _known(document: Document) -> set[str]:
    questionnaire = document.questionnaire
    if questionnaire is None:
        return set()
    known = {*questionnaire.known_fields, *document.settings.known_fields, *questionnaire.fields}
    if questionnaire.messages.email:
        known.add("email")
    if questionnaire.messages.sms:
        known.add("phone")
    return {_ALIASES.get(name.casefold(), name.casefold()) for name in known}


@cache
def _patterns(language: str) -> Mapping[str, re.Pattern[str]]:
    return {name: any_of(listed, language) for name, listed in data(language, "fields").items()}
