"""What a click inserts into a text of the form: the customer's data, an earlier answer, the address of the survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from feedback.services.studio.editing.messages import FALLBACKS
from feedback.services.studio.editing.outline import Card
from feedback.web.http.locale import say
from feedback.web.studio.form.wording import short


class Insertion(NamedTuple):
    """A code and what it stands for. `codes` are those of languages whose fallback differs from that of `code`."""

    words: str
    code: str
    codes: Mapping[str, str] = {}


def in_question(cards: Sequence[Card], data: Mapping[str, Any], card: Card) -> list[Insertion]:
    """What the texts of one question can say: also answers to the questions before it."""
    return [*_about_the_customer(data), *_answers(cards[: card.index])]


def in_thanks(cards: Sequence[Card], data: Mapping[str, Any]) -> list[Insertion]:
    """What the last page can say: also answers."""
    return [*_about_the_customer(data), *_answers(cards)]


def in_messages(data: Mapping[str, Any]) -> list[Insertion]:
    """What an invitation can say: also how to answer, and how to unsubscribe."""
    return [
        *_about_the_customer(data),
        Insertion(say().gettext("Address of the survey"), "{link}"),
        Insertion(say().gettext("Way to unsubscribe"), "{opt_out}"),
    ]


def in_replies(data: Mapping[str, Any]) -> list[Insertion]:
    """What a CSM's message to a customer can say: also the name of the CSM."""
    return [*_about_the_customer(data), Insertion(say().gettext("Name of the CSM"), "{csm}")]


def _about_the_customer(data: Mapping[str, Any]) -> list[Insertion]:
    fields = data.get("fields")
    return [
        Insertion(say().gettext("First name"), *_with_fallbacks("first_name")),
        Insertion(say().gettext("Account"), *_with_fallbacks("account")),
        Insertion(say().gettext("Your organisation"), "{company}"),
        *(Insertion(str(each), f"{{{each}}}") for each in (fields if isinstance(fields, list) else ())),
    ]


def _with_fallbacks(name: str) -> tuple[str, dict[str, str]]:
    codes = {language: f"{{{name}|{words}}}" for language, words in FALLBACKS[name].items()}
    return codes.pop("en"), codes


def _answers(cards: Sequence[Card]) -> list[Insertion]:
    return [
        Insertion(say().gettext("Answer: {question}", question=short(each)), f"{{answer.{each.key}}}")
        for each in cards
        if each.type != "note"
    ]
