"""The page of the journey: a story without JavaScript, two people at one draft, and what the draft would do."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback import clock, lint
from feedback.bootstrap import Runtime
from feedback.core.journey import Journey
from feedback.services.questionnaires.layers import JOURNEY
from feedback.services.studio import drafts
from feedback.services.studio.stages import editing as stages
from feedback.web.studio import frame
from tests.factories_desk import PASSWORD
from tests.web.conftest import SignIn

PAGE = "/studio/journey/edit"


@pytest.fixture(scope="module")
def lead(office_app: Flask) -> FlaskClient:
    client = office_app.test_client()
    client.post("/login", data={"email": "lead@example.com", "password": PASSWORD})
    return client


def draft(runtime: Runtime) -> drafts.StudioDraft:
    with runtime.database.reading() as session:
        return drafts.find(session, frame.directories(runtime), JOURNEY)


def journey(runtime: Runtime) -> Journey:
    found = lint.read(draft(runtime).text).journey
    assert found
    return found


def fields(page: str) -> dict[str, str]:
    """What a browser would send of the form of a stage if nobody touches it; ticked boxes of one name once."""
    form = page.partition('class="stage-form">')[2].partition("</form>")[0]
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checked" in tag or not re.search(r'type="(radio|checkbox)"', tag)):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        values = re.findall(r'<option value="([^"]*)"\s*(selected)?', options)
        found[name] = next((value for value, chosen in values if chosen), values[0][0])
    return found | {"languages": re.findall(r'name="languages" value="(\w+)" checked', form)}


def change(client: FlaskClient, stage: str, **typed: str) -> object:
    opened = client.get(f"{PAGE}?stage={stage}").text
    return client.post(PAGE, data=fields(opened) | {k.replace("__", "."): v for k, v in typed.items()})


def arrange(client: FlaskClient, runtime: Runtime, stage: str, do: str) -> object:
    data = {"do": do, "base": str(draft(runtime).edit)}
    return client.post(f"/studio/journey/stages/{stage}", data=data)


def test_a_lead_changes_the_journey_without_a_script(sign_in: SignIn, runtime: Runtime) -> None:
    client, before = sign_in("lead"), draft(runtime).text
    page = client.get(PAGE).text
    assert "When the event onboarding_completed is reported" in page
    assert "90 days before the renewal" in page
    assert change(client, "renewal").status_code == 303
    assert draft(runtime).text == before  # an untouched form changes nothing

    typed = {
        "distance__amount": "60",
        "only_if__0__fact": "account.segment",
        "only_if__0__value": "vip, core",
    }
    assert change(client, "renewal", **typed).location == f"{PAGE}?stage=renewal#renewal"
    stage = journey(runtime).stage("renewal")
    assert stage and stage.only_if and str(stage.enter.before) == "60d"
    assert stage.only_if.is_ == ("vip", "core")
    assert "Segment is one of vip, core" in client.get(PAGE).text

    new = {"title": "QBR", "event": "qbr_held", "questionnaire": "support-call-csat", "base": "1"}
    assert client.post("/studio/journey/stages", data=new).location == f"{PAGE}?stage=qbr#qbr"
    arrange(client, runtime, "qbr", "up")
    arrange(client, runtime, "renewal", "duplicate")
    arrange(client, runtime, "offboarding", "remove")
    assert [each.key for each in journey(runtime).stages][3:] == [
        "renewal",
        "renewal-2",
        "relationship",
        "qbr",
        "recovery",
    ]


def test_a_mistake_is_told_in_the_form_and_nothing_typed_is_lost(lead: FlaskClient, office: Runtime) -> None:
    before = draft(office).text
    answer = change(lead, "renewal", priority="900", title__en="Soon to renew")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="Soon to renew"' in answer.text
    empty = lead.post("/studio/journey/stages", data={"title": " ", "event": "x"})
    assert "Enter a name and an event." in empty.text
    assert draft(office).text == before


def test_two_people_change_different_stages_and_cannot_overwrite_each_other(
    lead: FlaskClient, office: Runtime
) -> None:
    opened = fields(lead.get(f"{PAGE}?stage=renewal").text)

    def theirs(stage: str, priority: int) -> None:
        text = stages.change(draft(office).text, stage, {"priority": priority})
        with office.database.writing() as session:
            drafts.save(session, JOURNEY, text, base=draft(office).edit, by=1, now=clock.now())

    theirs("offboarding", 11)
    assert lead.post(PAGE, data=opened | {"priority": "12"}).status_code == 303
    priorities = {each.key: each.priority for each in journey(office).stages}
    assert (priorities["offboarding"], priorities["renewal"]) == (11, 12)
    theirs("renewal", 13)
    before = draft(office).text
    answer = lead.post(PAGE, data=opened | {"priority": "14"})
    assert answer.status_code == 409
    assert "priority: 13" in answer.text
    assert "priority: 14" in answer.text
    assert draft(office).text == before


def test_the_outlook_counts_what_the_draft_would_do(lead: FlaskClient) -> None:
    page = lead.get(f"{PAGE}?outlook=1").text
    assert "The next 30 days with this draft" in page
    assert re.search(r"\d+ surveys? in 30 days", page)


def test_nested_conditions_are_kept_and_not_offered_as_rows(lead: FlaskClient, office: Runtime) -> None:
    text = draft(office).text.replace(
        "    questionnaire: offboarding\n",
        "    questionnaire: offboarding\n    only_if: {not: {account: plan, is: trial}}\n",
    )
    with office.database.writing() as session:
        drafts.save(session, JOURNEY, text, base=draft(office).edit, by=1, now=clock.now())
    assert "These conditions are nested" in lead.get(f"{PAGE}?stage=offboarding").text
    change(lead, "offboarding", priority="81")
    assert "only_if: {not: {account: plan, is: trial}}" in draft(office).text
    assert "priority: 81" in draft(office).text


def test_others_read_and_change_nothing(office_app: Flask) -> None:
    viewer = office_app.test_client()
    viewer.post("/login", data={"email": "viewer@example.com", "password": PASSWORD})
    assert "stage-actions" not in viewer.get(PAGE).text
    for address in (PAGE, "/studio/journey/stages", "/studio/journey/stages/renewal"):
        assert viewer.post(address).status_code == 403


def test_the_issues_of_a_stage_are_in_its_card(lead: FlaskClient, office: Runtime) -> None:
    text = draft(office).text.replace(
        "    questionnaire: renewal-nps\n",
        "    questionnaire: renewal-nps\n    only_if: {account: segmnt, is: vip}\n",
    )
    with office.database.writing() as session:
        drafts.save(session, JOURNEY, text, base=draft(office).edit, by=1, now=clock.now())
    page = lead.get(PAGE).text
    card = page.partition('id="renewal"')[2].partition("</li>")[0]
    assert "audience-unknown" in card
    assert page.count("audience-unknown") == card.count("audience-unknown")


def test_a_survey_without_a_stage_is_chosen_in_the_form_of_a_new_one(lead: FlaskClient) -> None:
    page = lead.get(f"{PAGE}?survey=recovery-csat").text
    assert '<details class="act" id="add-stage" open>' in page
    assert '<option value="recovery-csat" selected>After a complaint</option>' in page
