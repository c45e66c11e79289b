"""What the format has, and the form: a new key of the schema has to come into the form, or be given a reason here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.questions import QUESTION_TYPES
from feedback.lint.document.json_schema import schemas
from feedback.services.studio import drafts
from tests.web.studio.conftest import Enter

Place = tuple[str, str]
"""A definition of the schema and one of its keys; "" is the questionnaire itself."""

NOT_IN_FORM: dict[str, str] = {
    ".key": "the address of the survey; to have another one, duplicate the survey",
    ".languages": "added and removed by buttons of their own",
    ".messages": "each has a text of its own",
    ".follow_ups": "each has a box",
    ".scores": "stays as it is written; a score is designed once, with its items, in the text",
    "OwnScore.key": "see scores",
    "OwnScore.title": "see scores",
    "OwnScore.items": "see scores",
    "OwnScore.reversed": "see scores",
    "OwnScore.count": "see scores",
    "OwnScore.good": "see scores",
    ".lint": "a list of accepted issues, each with a button",
    "LintSettings.suppress": "accepted in place, by the button of the issue",
    "AcceptedFinding.rule": "chosen by the button of the issue",
    "AcceptedFinding.question": "chosen by the button of the issue",
    "AcceptedFinding.reason": "typed in place, beside the button of the issue",
    "AcceptedFinding.category": "chosen in place, beside the button of the issue",
    "AcceptedFinding.by": "whoever presses the button",
    "AcceptedFinding.wording": "a hash of the accepted text",
    "Option.key": "made from the number of the option; answers that were given are stored under it",
    "Row.key": "made from the number of the row; answers that were given are stored under it",
    "FollowUpRule.replies": "each has a box",
    "ReplyTemplate.key": "made from the number of the reply",
    "ReplyTemplate.email": "has a subject and a text of its own",
    "FollowUpRule.key": "made with the rule; follow-ups that were opened are counted under it",
    "Question.type": "chosen when the question is added; answers of another type cannot be compared",
    "Thanks.link": "has an address and a text of its own",
    "ScaleQuestion.scale": "has points and labels of its own",
    "MatrixQuestion.scale": "has points and labels of its own",
    "MatrixQuestion.rows": "each has a text of its own",
    "ChoiceQuestion.options": "each has a text of its own",
    "Messages.email": "has a subject and a text of its own",
    "Messages.reminder_email": "has a subject and a text of its own",
    "Condition.contains": "stays as it is written, and is said in words; a menu cannot list words",
    "Condition.known": "stays as it is written, and is said in words",
    "Condition.band": "stays as it is written, and is said in words; the menu has the points of the scale",
    "Condition.not": "stays as it is written, and is said in words; most tests have an opposite of their own",
}
"""Definition and key -> why the form has no field for it. `Question`, `ScaleQuestion` and `ChoiceQuestion` stand for
every type that has the key."""

NOT_OF_EVERY_TYPE: dict[str, set[str]] = {
    "by_sms": {"multi", "text", "matrix", "number", "date", "ranking", "consent", "note"},
    "instrument": {"note"},
    "used_for": {"note"},
    "applies_when": {"note"},
    "required": {"note"},
    "not_applicable": {"note"},
    "dont_know": {"note"},
    "prefer_not_to_say": {"note"},
}
"""Keys that the schema allows in every type, and the types in which they mean nothing."""

FAMILIES = {"ScaleQuestion": "scale", "ChoiceQuestion": "options", "MatrixQuestion": "rows"}


def everything() -> dict[str, Any]:
    """A questionnaire with every type of question, in two languages, and a part of every kind."""
    languages = ["en", "tr"]
    text = dict.fromkeys(languages, "Words")
    options = [{"key": "a", "text": text}, {"key": "b", "text": text, "role": "other", "other_text": text}]
    scale = {"min": 1, "max": 5, "labels": {1: text, 5: text}}
    more: dict[str, dict[str, Any]] = {
        "single": {"options": options, "complete": "Because", "options_from": "several"},
        "multi": {"options": options, "options_from": "several"},
        "ranking": {"options": options, "options_from": "several"},
        "rating": {"scale": scale},
        "matrix": {"scale": scale, "rows": [{"key": "r", "text": text}]},
        "consent": {"box": text},
    }
    kinds = [
        {"key": f"of-{kind}", "type": kind, "text": text, **more.get(kind, {})} for kind in QUESTION_TYPES
    ]
    several = {"key": "several", "type": "multi", "text": text, "options": options}
    asked = {"question": "several", "answered": True}
    kinds[0]["show_if"] = {"account": "seats", "is": 5}  # a number, of which no account tells
    kinds[1]["show_if"] = {"all": [asked]}
    kinds[2]["show_if"] = {
        "any": [asked, {"survey": "language", "is": "tr"}, {"survey": "channel", "is": "sms"}]
    }
    reply = {"key": "visit", "title": text, "sms": text, "email": {"subject": text, "body": text}}
    return {
        "key": "everything",
        "title": text,
        "languages": languages,
        "questions": [several, *kinds],
        "blocks": [{"questions": ["of-nps"], "show_if": asked}],
        "messages": {"sms": text, "email": {"subject": text, "body": text}},
        "thanks": [{"when": asked, "text": text, "link": {"url": "https://acme.example", "text": text}}],
        "follow_ups": [
            {
                "key": "f",
                "title": text,
                "when": asked,
                "contact_within": "1d",
                "close_within": "2d",
                "replies": [reply],
            }
        ],
        "lint": {"suppress": [{"rule": "double-barrelled", "reason": "A reason of the board", "by": "Lena"}]},
    }


def page_of(office: Runtime, client: FlaskClient, survey: dict[str, Any]) -> str:
    """The form with every part open."""
    with office.database.writing() as session:
        drafts.create(session, [], survey["key"], json.dumps(survey), by=1, now=clock.now())
    parts = [f"questions.{each['key']}" for each in survey["questions"]]
    opened = "&".join(f"open={each}" for each in (*parts, "blocks", "thanks", "follow_ups"))
    return str(client.get(f"/studio/{survey['key']}/edit?{opened}").text)


class Schema:
    """The definitions of the format, followed by names as the form sends them."""

    def __init__(self, survey: dict[str, Any]) -> None:
        self.root = json.loads(schemas()["questionnaire.json"])
        self.survey = survey

    def places(self) -> Iterator[Place]:
        for name, node in (("", self.root), *self.root["$defs"].items()):
            yield from ((name, key) for key in node.get("properties", {}))

    def reached(self, name: str) -> Place | None:
        """The last key of a name that is in the schema, and its definition."""
        found, node, data, at = None, self.root, self.survey, ""
        for part in name.split("."):
            if isinstance(data, list):
                data = next(
                    (each for n, each in enumerate(data) if str(n) == part or each.get("key") == part), None
                )
                node, at = self.inner(node, data)
                continue
            if part not in node.get("properties", {}):
                break
            found = (at, part)
            data = data.get(part) if isinstance(data, dict) else None
            node, at = self.inner(node["properties"][part], data)
        return found

    def inner(self, node: dict[str, Any], data: Any) -> tuple[dict[str, Any], str]:
        """The definition that a value follows, and its name; of a list that of the list."""
        if isinstance(data, list):
            return node, ""
        for each in [node, *node.get("anyOf", ()), *node.get("oneOf", ())]:
            items = each.get("items", {})
            if isinstance(data, dict) and "discriminator" in items:
                return self.named(items["discriminator"]["mapping"][data["type"]])
            for one in (each, items, *items.get("anyOf", ())):
                if "$ref" in one and not one["$ref"].endswith("/Text"):
                    return self.named(one["$ref"])
        return {}, ""

    def named(self, reference: str) -> tuple[dict[str, Any], str]:
        name = reference.rpartition("/")[2]
        return self.root["$defs"][name], name


def sent(page: str) -> Iterator[str]:
    """The names of the parts that the fields of a page change."""
    for name in set(re.findall(r'name="\w+\|([^"|]+)(?:\|[^"]*)?"', page)):
        yield name
    yield from set(re.findall(r'name="(?:flag|in)" value="([^"]+)"', page))
    for name, part in set(re.findall(r'name="claim\|([^"|]+)\|([^"]+)"', page)):
        yield f"{name}.{part}"
    for name in set(re.findall(r'name="in\|(blocks[^"]+)"', page)):
        yield f"{name}.questions"
    for name in set(re.findall(r'name="key\|([^"]+)"', page)):
        yield f"{name}.key"
    for name in set(re.findall(r'name="link\|([^"]+)"', page)):
        yield f"{name}.link.url"
    for name in set(re.findall(r'name="source\|([^"]+)"', page)):
        yield f"{name}.options_from"


def test_every_key_of_the_format_is_in_the_form_or_has_a_reason_not_to_be(
    office: Runtime, enter: Enter
) -> None:
    survey = everything()
    page = page_of(office, enter("lead"), survey)
    schema = Schema(survey)
    there = {schema.reached(name) for name in sent(page)}
    there |= {("Condition", test) for test in menu_tests(page)}
    missing = [place for place in schema.places() if place not in there and not reasons(place, schema)]
    assert missing == []
    used = {reason for place in schema.places() if place not in there for reason in reasons(place, schema)}
    assert set(NOT_IN_FORM) - used == set(), "these are in the form, so they need no reason"


def menu_tests(page: str) -> set[str]:
    """The keys of a condition that the menus can say."""
    chosen = re.findall(r'<option value="([\w.-]+)\|(\w+)\|', page)
    about = {subject.partition(".")[0] if "." in subject else "question" for subject, _ in chosen}
    # Accounts, contacts and events are in the menu as soon as there are some; the pages of conditions test that.
    joined = set(re.findall(r'<option value="(all|any)"', page)) or {"all", "any"}
    return {test for _, test in chosen} | about | joined | {"account", "contact", "event"}


def reasons(place: Place, schema: Schema) -> list[str]:
    """The entries of NOT_IN_FORM that are about a place."""
    name, key = place
    names = [name]
    if name.endswith("Question"):
        kind = schema.root["$defs"][name]["properties"]["type"]["const"]
        if kind in NOT_OF_EVERY_TYPE.get(key, ()):
            return ["-"]
        has = schema.root["$defs"][name]["properties"]
        names += ["Question", *(family for family, mark in FAMILIES.items() if mark in has)]
    return [f"{each}.{key}" for each in names if f"{each}.{key}" in NOT_IN_FORM]


class Forms(HTMLParser):
    """The forms of a page, each with what a browser sends of it untouched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self.textarea: str | None = None
        self.select: tuple[str, list[tuple[str, bool]]] | None = None
        self.typed = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append([])
        elif tag == "input" and "name" in has and self.forms:
            if has.get("type") != "checkbox" or "checked" in has:
                self.forms[-1].append((has["name"], has.get("value", "")))
        elif tag == "textarea":
            self.textarea, self.typed = has.get("name", ""), ""
        elif tag == "select":
            self.select = has.get("name", ""), []
        elif tag == "option" and self.select:
            self.select[1].append((has.get("value", ""), "selected" in has))

    def handle_data(self, data: str) -> None:
        self.typed += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.textarea is not None:
            self.forms[-1].append((self.textarea, self.typed.removeprefix("\n").replace("\n", "\r\n")))
            self.textarea = None
        elif tag == "select" and self.select and self.forms:
            name, options = self.select
            chosen = [value for value, selected in options if selected] or [options[0][0]] if options else []
            self.forms[-1] += [(name, value) for value in chosen[:1]]
            self.select = None


def test_a_form_that_is_saved_untouched_changes_nothing(office: Runtime, enter: Enter) -> None:
    survey = {**everything(), "key": "untouched"}
    page = page_of(office, enter("lead"), survey)
    sent_forms = [form for form in Forms(page).forms if ("base", "1") in form]
    assert len(sent_forms) > len(QUESTION_TYPES)
    for form in sent_forms:
        answer = enter("lead").post("/studio/untouched/edit", data=MultiDict([*form, ("do", "save")]))
        assert answer.status_code == 303, answer.text
    with office.database.reading() as session:
        draft = drafts.find(session, [], "untouched")
    assert (draft.text, draft.edit) == (json.dumps(survey), 1)
