"""The words of a message: the way out that it promises has to work."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedback.core.branding import LEGIBLE, contrast, normalised
from feedback.core.replies.reply import Stop, understand
from feedback.core.text.localized import Text
from feedback.i18n import LANGUAGES, translator
from feedback.services.messaging.content import compose
from feedback.settings import Settings
from feedback.settings.table import OrganisationSettings
from feedback.store.database import Database
from tests.factories_all_types import EVERYTHING
from tests.factories_surveys import NPS, TOKEN, invite, shelf

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WAY_OUT = {"en": "STOP", "tr": "RET", "fa": "لغو", "de": "STOP", "es": "BAJA", "fr": "ARRET", "ar": "إلغاء"}


@pytest.mark.parametrize("language", LANGUAGES["messages"])
def test_the_word_that_a_message_tells_people_to_send_ends_it(language: str) -> None:
    assert WAY_OUT[language] in translator("messages", language).gettext("Reply STOP to end.")
    assert understand(WAY_OUT[language], minimum=0, maximum=10, language=language) == Stop("certain")


@pytest.mark.parametrize(
    ("phone", "sender", "way_out"),
    [
        ("+15005550123", "+15005550006", "Reply STOP to end."),
        ("+905321234567", "+15005550006", "Opt out: "),  # Twilio carries no replies there
        ("+905321234567", "ACME", "Opt out: "),
        ("+15005550123", "ACME", "Opt out: "),
    ],
)
@pytest.mark.parametrize("template", ["{link} {opt_out}", "{link} Reply STOP to end."])
def test_a_text_message_that_cannot_be_answered_carries_a_link_to_stop(
    migrated: Database, phone: str, sender: str, way_out: str, template: str
) -> None:
    settings = replace(
        ACME,
        providers=replace(ACME.providers, enabled=("twilio_sms",)),
        twilio=replace(ACME.twilio, sender=sender),
    )
    survey = NPS.model_copy(update={"messages": NPS.messages.model_copy(update={"sms": Text(template)})})
    with migrated.writing() as session:
        invitation = invite(session, shelf(survey))
        invitation.contact.phone = phone
        text = compose(survey, invitation, "sms", settings).body
    assert way_out in text
    assert (f"/{TOKEN}/stop" in text) == (way_out == "Opt out: ")


def test_the_button_of_an_email_can_be_read_whatever_colour_the_brand_has(migrated: Database) -> None:
    library = shelf(NPS)
    pale = replace(
        Settings(instance=Path()), organisation=replace(OrganisationSettings(), name="Acme", colour="#ff0")
    )
    with migrated.writing() as session:
        html = compose(NPS, invite(session, library, channel="email"), "email", pale).html or ""
    found = re.search(r"background:(#\w+);color:(#\w+);text-decoration", html)
    assert found and contrast(normalised(found[1]), normalised(found[2])) >= LEGIBLE


ACME = replace(Settings(instance=Path()), organisation=replace(OrganisationSettings(), name="Acme"))


def offered(database: Database, key: str, language: str = "en") -> list[tuple[int, str]]:
    """(what it preselects, its words) of each answer in an e-mail whose first question is `key`."""
    survey = EVERYTHING.model_copy(update={"questions": (EVERYTHING.by_key[key],)})
    with database.writing() as session:
        invitation = invite(session, shelf(survey), survey.key, channel="email", language=language)
        html = compose(survey, invitation, "email", ACME).html or ""
    assert survey.questions[0].text.to(language) in html.replace("&#x27;", "'")
    assert f"/{TOKEN}" + '" style="display:inline-block;padding:12px' in html, "a button in any case"
    return [(int(value), words) for value, words in re.findall(r'\?s=(\d+)" style="[^"]+">([^<]+)<', html)]


@pytest.mark.parametrize(
    ("key", "language", "answers"),
    [
        ("thumbs", "en", [(1, "👍 Yes"), (0, "👎 No")]),
        ("pmf", "en", [(3, "Very disappointed"), (2, "Somewhat disappointed"), (1, "Not disappointed")]),
        ("faces", "en", [(1, "😞 Bad"), (2, "😐 Neither good nor bad"), (3, "😊 Good")]),
        ("stars", "fa", [(1, "۱ ★"), (2, "۲ ★"), (3, "۳ ★"), (4, "۴ ★"), (5, "۵ ★")]),
        ("multi", "en", []),
        ("text", "en", []),
        ("matrix", "en", []),
    ],
)
def test_the_first_question_stands_in_the_mail_in_words(
    migrated: Database, key: str, language: str, answers: list[tuple[int, str]]
) -> None:
    assert offered(migrated, key, language) == answers


def test_the_options_of_a_choice_are_links_in_the_order_of_its_page(migrated: Database) -> None:
    single = EVERYTHING.by_key["single"]
    places = [option.key for option in single.options]  # type: ignore[union-attr]
    assert [places[place - 1] for place, _ in offered(migrated, "single")] == [
        option.key
        for option in single.arranged(TOKEN)  # type: ignore[union-attr]
    ]


ROWS = """() => {
    const cells = [...document.querySelectorAll("a")].filter(it => it.href.includes("?s="));
    const boxes = cells.map(it => it.getBoundingClientRect());
    const rows = Map.groupBy(boxes, box => Math.round(box.top));
    return {
        rows: [...rows.values()].map(row => row.length),
        smallest: Math.min(...boxes.flatMap(box => [box.width, box.height])),
        overflow: document.documentElement.scrollWidth > innerWidth,
    };
}"""


@pytest.mark.browser
@pytest.mark.parametrize("migrated", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("ces", {320: [4, 3], 360: [4, 3], 375: [7], 640: [7]}),
        ("nps", {320: [6, 5], 360: [6, 5], 375: [6, 5], 640: [11]}),
        ("stars", {320: [5], 640: [5]}),
    ],
)
def test_the_points_of_a_scale_fill_their_rows_evenly_in_a_narrow_mail(
    migrated: Database, browser: Browser, key: str, rows: dict[int, list[int]], language: str
) -> None:
    survey = EVERYTHING.model_copy(update={"questions": (EVERYTHING.by_key[key],)})
    with migrated.writing() as session:
        invitation = invite(session, shelf(survey), survey.key, channel="email", language=language)
        html = compose(survey, invitation, "email", ACME).html or ""
    page = browser.new_page()
    page.set_content(html)
    for width, wanted in rows.items():
        page.set_viewport_size({"width": width, "height": 800})
        found = page.evaluate(ROWS)
        assert (found["rows"], found["overflow"]) == (wanted, False), width
        assert found["smallest"] >= 44
    page.close()


def test_who_has_no_name_is_greeted_without_a_gap(migrated: Database) -> None:
    with migrated.writing() as session:
        for language, greeting in (("en", "Hello,"), ("fa", "سلام،")):
            invitation = invite(session, shelf(NPS), channel="email", language=language, token=language * 6)
            assert compose(NPS, invitation, "email", ACME).body.startswith(greeting + "\n")
