"""The words of the form: types, texts, and conditions as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from feedback.core.audience import FACT_KINDS
from feedback.core.questions import AnyQuestion, ChoiceQuestion, ScaleQuestion
from feedback.i18n import _, language_name
from feedback.services.studio.editing.conditions import NUMBER_TESTS
from feedback.services.studio.editing.outline import Card, TextBox
from feedback.web.http.locale import say
from feedback.web.studio.stage_wording import FACT_NAMES
from feedback.web.wording.message_wording import CHANNELS
from feedback.web.wording.score_wording import BANDS

TYPE_NAMES: Mapping[str, str] = {
    "nps": _("Recommendation (NPS)"),
    "csat": _("Satisfaction (CSAT)"),
    "ces": _("Effort (CES)"),
    "stars": _("Stars"),
    "smileys": _("Smileys"),
    "thumbs": _("Thumbs"),
    "rating": _("Scale of your own"),
    "single": _("One choice"),
    "multi": _("Several choices"),
    "text": _("Free text"),
    "matrix": _("Table of ratings"),
    "pmf": _("Product-market fit"),
    "enps": _("Employee NPS"),
    "number": _("Number"),
    "date": _("Date"),
    "ranking": _("Ranking"),
    "consent": _("Consent"),
    "note": _("Text without an answer"),
}

ROLE_NAMES: Mapping[str, str] = {
    "title": _("Title"),
    "question": _("Question"),
    "help": _("Help text"),
    "option": _("Option"),
    "row": _("Row"),
    "box": _("Text of the box to tick"),
    "unit": _("Unit"),
    "sms": _("SMS invitation"),
    "reminder_sms": _("SMS reminder, if it differs"),
    "comment_prompt": _("SMS that asks for a comment after a score"),
    "email_subject": _("E-mail subject"),
    "email_body": _("E-mail text"),
    "reminder_email_subject": _("Subject of the reminder, if it differs"),
    "reminder_email_body": _("Text of the reminder, if it differs"),
    "thanks": _("Thank-you text"),
    "link": _("Text of the link"),
    "other_text": _("Label of the text box of “other”"),
    "not_applicable": _("Other words for “does not apply to me”"),
    "dont_know": _("Other words for “I don't know”"),
    "prefer_not_to_say": _("Other words for “prefer not to say”"),
    "rule_title": _("Reason for the follow-up"),
    "playbook": _("Playbook: steps for the CSM"),
    "reply_title": _("Name of the reply, for the CSM"),
    "reply_sms": _("SMS to the customer"),
    "reply_email_subject": _("E-mail subject"),
    "reply_email_body": _("E-mail text"),
}

IN_FORM: Mapping[str, str] = {
    "unneeded-question": _("Write under “Conditions and settings” which decision the answer can change."),
    "options-not-exhaustive": _("There is no answer for people to whom none of these fits. Add “other”."),
}
"""Rule -> what to do about it in the form, where the linter's own sentence is about the YAML."""

IN_SETTINGS = frozenset({"unneeded-question"})
"""Rules whose issue is settled among the settings of a question."""

_LISTS = ("single", "multi", "ranking")
FLAG_NAMES: Mapping[str, str] = {
    "required": _("Must be answered"),
    "randomize": _("Shuffle the options"),
    "not_applicable": _("Offer “does not apply to me”"),
    "dont_know": _("Offer “I don't know”"),
    "prefer_not_to_say": _("Offer “prefer not to say”"),
    "opt_out_in_rows": _("Offer these in each row"),
    "scale.high_is_bad": _("The highest point is the worst answer"),
    "by_sms": _("Ask by SMS, too"),
    "complete": _("The list covers every case"),
}
_BY_SMS = ("single", "nps", "enps", "csat", "ces", "stars", "smileys", "thumbs", "rating", "pmf")

OPTION_ROLES: Mapping[str, str] = {
    "": _("an ordinary answer"),
    "other": _("“other”"),
    "none": _("“none of these”; excludes the others"),
    "not_applicable": _("“does not apply to me”; excludes the others"),
    "prefer_not_to_say": _("“prefer not to say”; excludes the others"),
}
OPTION_FLAGS: Mapping[str, str] = {
    "pinned": _("Keeps its place when the options are shuffled"),
    "exclusive": _("Excludes all other options"),
    "other_text": _("Has a text box"),
}
CONTACT_KINDS: Mapping[str, str] = {
    "": _("no, it is an open question"),
    "email": _("an e-mail address"),
    "phone": _("a phone number"),
    "name": _("a name"),
}
MOST_GOOD_POINTS = 20
"""Points of a scale up to which the menu offers good ones."""

URGENCIES: Mapping[str, str] = {
    "urgent": _("urgent"),
    "high": _("high"),
    "normal": _("normal"),
    "low": _("low"),
}

FOLLOW_UP_KINDS: Mapping[str, str] = {
    "recovery": _("Complaint"),
    "advocacy": _("Praise"),
}

_TESTS: Mapping[str, str] = {
    "at_most": _("the score is {value} or lower"),
    "at_least": _("the score is {value} or higher"),
    "is": _("the answer is “{value}”"),
    "band": _("the score is among: {value}"),
    "answered": _("it was answered"),
    "not_answered": _("it was not answered"),
}
_ONE_POINT = _("the score is {value}")
_FACT_TESTS: Mapping[str, str] = {
    "is": _("{fact} is “{value}”"),
    "is_not": _("{fact} is not “{value}”"),
}
_SURVEY_FACTS: Mapping[str, str] = {
    "language": _("Language of the survey"),
    "channel": _("Channel"),
}

MOST_TESTS = 4
"""Tests of one condition that the menus can say, all joined by the same word."""
LONGEST = 60
"""Characters of a question that a sentence or a menu quotes."""


def role_name(role: str) -> str:
    """The label of a text's box."""
    if role.startswith("label "):
        return say().gettext("Label of {point}", point=role.removeprefix("label "))
    return say().gettext(ROLE_NAMES[role])


def flags_of(card: Card) -> Iterator[tuple[str, str, Any]]:
    """(name, words, value) of each flag that a type has."""
    has = {
        "randomize": card.type in _LISTS,
        "opt_out_in_rows": card.type == "matrix",
        "scale.high_is_bad": isinstance(card.data.get("scale"), dict),
        "by_sms": card.type in _BY_SMS,
        "complete": card.type in _LISTS,
    }
    for name, words in FLAG_NAMES.items():
        if card.type != "note" and has.get(name, True):
            holder = card.data.get("scale") if name.startswith("scale.") else card.data
            yield name, words, holder.get(name.removeprefix("scale.")) if isinstance(holder, dict) else None


def menu(cards: Sequence[Card]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each question: (its text, [(value to send, the test in words)]), no tests if none can look at it."""
    return [(short(card), _choices(card) if card.type != "note" else []) for card in cards]


def customer_menu(
    known: Mapping[str, Sequence[str]], languages: Sequence[str], fields: Sequence[str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """One more group of the menu: tests of the customer, as in `menu`. `known` are the values of facts."""
    facts: dict[str, Sequence[str]] = {"survey.channel": ("sms", "email")}
    if len(languages) > 1:
        facts["survey.language"] = tuple(languages)
    facts |= {
        fact: tuple(values)
        for fact, values in known.items()
        if not fact.startswith("event.") or fact.removeprefix("event.") in fields
    }
    tests = [
        (f"{fact}|{test}|{value}", _fact_in_words(fact, test, value))
        for fact, values in facts.items()
        for test in _FACT_TESTS
        for value in values
    ]
    return [(say().gettext("About the customer"), tests)]


def fact_name(fact: str) -> str:
    """What a fact is called: `account.segment` is "Segment"."""
    kind, _dot, name = fact.partition(".")
    names = _SURVEY_FACTS if kind == "survey" else {} if kind == "event" else FACT_NAMES
    return say().gettext(names[name]) if name in names else name


def fact_value(fact: str, value: str) -> str:
    """A value in words where it has some: a language or a channel."""
    if fact == "survey.channel" and value in CHANNELS:
        return say().gettext(CHANNELS[value])
    return language_name(value) if fact == "survey.language" else value


def _fact_in_words(fact: str, test: str, value: str) -> str:
    shown = say().comma.join(fact_value(fact, each) for each in value.split(", "))
    return say().gettext(_FACT_TESTS[test], fact=fact_name(fact), value=shown)


def _choices(card: Card) -> list[tuple[str, str]]:
    if card.question is None:
        return []
    return [
        (f"{card.key}|{test}|{value}", _in_words(card, test, value)) for test, value in _tests(card.question)
    ]


def sources(cards: Sequence[Card]) -> list[tuple[str, str]]:
    """(key, text) of the questions from whose answers another one can take its options."""
    return [(card.key, short(card)) for card in cards if card.type in ("multi", "ranking")]


def option_flags(data: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """(name, words, value) of what can be switched on for an option that is `data`."""
    role = data.get("role")
    shown = {"other_text": role == "other"}
    return [
        (name, words, data.get(name)) for name, words in OPTION_FLAGS.items() if shown.get(name, not role)
    ]


def good_points(scale: Any) -> list[tuple[str, str]]:
    """(value to send, in words) of each choice of good points that a scale allows, the fewest first."""
    least, most = (scale.get(name) for name in ("min", "max"))
    if not isinstance(least, int) or not isinstance(most, int) or not 0 < most - least < MOST_GOOD_POINTS:
        return []
    best_first = [*range(least, most + 1)] if scale.get("high_is_bad") else [*range(most, least - 1, -1)]
    chosen = [sorted(best_first[:number]) for number in range(1, len(best_first))]
    return [(",".join(map(str, each)), say().comma.join(map(say().number, each))) for each in chosen]


def accepted(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The issues that a text accepts, each with its number in the list."""
    settings = data.get("lint")
    listed = settings.get("suppress") if isinstance(settings, dict) else None
    entries = enumerate(listed if isinstance(listed, list) else ())
    return [{**each, "index": index} for index, each in entries if isinstance(each, dict)]


def claim_of(card: Card) -> Mapping[str, Any]:
    """The parts of a question's instrument, as the form shows them."""
    present = card.data.get("instrument")
    return present if isinstance(present, dict) else {"name": present} if present else {}


def settled(card: Card, cards: Sequence[Card]) -> str:
    """What a card that is not open says of its settings: when it is asked, and what is switched on."""
    if card.type == "note" and not card.data.get("show_if"):
        return say().gettext("Shown always")
    condition = sentence(card.data.get("show_if"), cards)
    when = (
        say().gettext("Only if {condition}", condition=condition)
        if condition
        else say().gettext("Asked always")
    )
    return " · ".join([when, *(say().gettext(words) for _name, words, value in flags_of(card) if value)])


def chosen(condition: Any) -> list[str]:
    """What the menus show for a condition as it stands in the text; `["keep"]` if they cannot say it."""
    if not condition:
        return []
    if not isinstance(condition, dict):
        return ["keep"]
    parts = condition.get("all") or condition.get("any") or [condition]
    values = [_value(each) for each in parts] if isinstance(parts, list) else [None]
    return ["keep"] if None in values or len(values) > MOST_TESTS else [each for each in values if each]


def chosen_of(condition: Any, menus: Sequence[tuple[str, list[tuple[str, str]]]]) -> list[str]:
    """The same as `chosen`, with `["keep"]` also for a test that these menus do not offer, such as of a segment that
    no account has any more."""
    offered = {value for _title, tests in menus for value, _words in tests}
    values = chosen(condition)
    return values if offered.issuperset(values) else ["keep"]


def sentence(condition: Any, cards: Sequence[Card]) -> str:
    """A condition in words, for the note below its menus: 'the score of "..." is 6 or lower'."""
    if not isinstance(condition, dict):
        return ""
    for name, word in (("all", say().gettext("and")), ("any", say().gettext("or"))):
        if isinstance(condition.get(name), list):
            return f" {word} ".join(sentence(each, cards) for each in condition[name])
    if "not" in condition:
        return say().gettext("not: {condition}", condition=sentence(condition["not"], cards))
    if fact := _fact_of(condition):
        return _fact_in_words(*fact)
    card = next((each for each in cards if each.key == condition.get("question")), None)
    test = _test_of(condition)
    if card is None or test is None:
        return ", ".join(f"{key}: {value}" for key, value in condition.items())
    return f"“{short(card)}”: {_in_words(card, *test)}"


def _fact_of(condition: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The fact, the test and the value of one test of a fact that a menu can say."""
    if len(condition) != 2:
        return None
    (kind, name), (test, value) = condition.items()
    if kind not in FACT_KINDS or test not in _FACT_TESTS:
        return None
    values = value if isinstance(value, list) else [value]
    written = [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    return f"{kind}.{name}", test, ", ".join(written)


def _test_of(condition: Mapping[str, Any]) -> tuple[str, str] | None:
    tests = {key: value for key, value in condition.items() if key != "question"}
    if len(tests) != 1:
        return None
    (test, value), *_rest = tests.items()
    if test == "answered":
        return ("answered" if value else "not_answered", "")
    if test not in _TESTS:
        return None
    return test, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _value(condition: Any) -> str | None:
    if isinstance(condition, dict) and (fact := _fact_of(condition)):
        is_list = any(isinstance(each, list) for each in condition.values())
        return None if is_list else "|".join(fact)
    if not isinstance(condition, dict) or "question" not in condition:
        return None
    test = _test_of(condition)
    if test is None or any(isinstance(each, list) for each in condition.values()) or test[0] == "band":
        return None
    return f"{condition['question']}|{test[0]}|{test[1]}"


def _tests(question: AnyQuestion | None) -> Iterator[tuple[str, str]]:
    if isinstance(question, ScaleQuestion):
        points = range(question.minimum, question.maximum + 1)
        yield from (("at_most", str(each)) for each in points[:-1])
        yield from (("at_least", str(each)) for each in points[1:])
    if isinstance(question, ChoiceQuestion):
        yield from (("is", option.key) for option in question.options)
    yield "answered", ""
    yield "not_answered", ""


def _in_words(card: Card, test: str, value: str) -> str:
    question = card.question
    if test == "is" and isinstance(question, ChoiceQuestion):
        option = question.option(value)
        value = option.text.to(say().language) or value if option else value
    if test == "band":
        value = ", ".join(say().gettext(BANDS.get(each, each)) for each in value.split(", "))
    if isinstance(question, ScaleQuestion) and (test, value) in (
        ("at_most", str(question.minimum)),
        ("at_least", str(question.maximum)),
    ):
        return say().gettext(_ONE_POINT, value=say().number(int(value)))
    if test in NUMBER_TESTS:
        value = say().number(int(value)) if value.removeprefix("-").isdecimal() else value
    return say().gettext(_TESTS[test], value=value)


def first_wording(box: TextBox) -> str:
    """A text in the reader's language, otherwise in the first one that it has."""
    return box.wordings.get(say().language) or next(filter(None, box.wordings.values()), "")


def short(card: Card) -> str:
    """The beginning of a question's text in the reader's language; its key if it has none yet."""
    text = " ".join((first_wording(card.boxes[0]) or card.key).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
