"""Sharing a page of reports: who may, what strangers see, and what they never see."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services import rollups
from feedback.services.staff import accounts
from feedback.store.models import AnswerRow, AuditEntry, SharedLink, User
from tests import factories_reports
from tests.factories_surveys import RECOMMEND, questionnaire, shelf
from tests.web.conftest import SignIn

MANY, FEW = 30, 3
MAIL = {"key": "mail", "type": "text", "text": "Where can we write to you?", "contact": "email"}
WITH_CONTACT = questionnaire(RECOMMEND, MAIL, key="walk-in")


@pytest.fixture
def answers(runtime: Runtime) -> None:
    """Thirty core and three VIP customers answered yesterday."""
    with runtime.database.writing() as session:
        for segment, times in (("core", MANY), ("vip", FEW)):
            account = factories_reports.account(session, f"Account of {segment}")
            for number in range(times):
                factories_reports.answered(
                    session, 10 - number % 3, clock.now() - timedelta(days=1), segment=segment,
                    person=factories_reports.contact(session, account, "Zeynep Secret"),
                    words=f"words of {segment}" if number == 0 else None, library=runtime.library,
                    questionnaire="relationship-nps", stage="relationship", question="score", trend="relationship",
                )  # fmt: skip
        rollups.rebuild(session)


def share(client: FlaskClient, **changes: str) -> str:
    """Share something; the path of the new link."""
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    form = {"name": "For the board", "view": "overview", "period": "30", "expires_on": tomorrow, **changes}
    made = client.post("/sharing/", data=form)
    assert made.status_code == 303, made.text
    listed = client.get("/sharing/").text
    return str(re.findall(r'value="http://localhost(/shared/[0-9a-f-]+)"', listed)[0])


def text(app: Flask, path: str) -> str:
    """What a stranger sees."""
    answer = app.test_client().get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text).replace("\u200e", "")


def test_a_stranger_sees_the_scores_and_no_names(
    app: Flask, sign_in: SignIn, runtime: Runtime, answers: None
) -> None:
    path = share(sign_in("lead"))
    answer = app.test_client().get(path)
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in answer.headers
    page = text(app, path)
    assert "For the board" in page
    assert "responses" in page
    with runtime.database.reading() as session:
        names = set(session.scalars(select(User.name)))
    for name in (*names, "Zeynep Secret", "Account of core", "words of core"):
        assert name not in page, name
    assert 'href="/insights' not in page
    assert "<form" not in page


def test_comments_are_shown_only_if_chosen_and_without_persons(
    app: Flask, sign_in: SignIn, answers: None
) -> None:
    page = text(app, share(sign_in("lead"), comments="yes", group="segment:core"))
    assert "words of core" in page
    assert "words of vip" not in page
    assert "Zeynep Secret" not in page
    assert "Account of core" not in page


def test_a_small_group_stays_hidden(app: Flask, sign_in: SignIn, answers: None) -> None:
    page = text(app, share(sign_in("lead"), group="segment:vip"))
    assert "Hidden to protect anonymity" in page
    assert "3 responses" not in page
    assert not re.search(r'<td class="count">\s*\d', page)


@pytest.mark.parametrize("view", ["overview", "quarter"])
def test_a_small_group_stays_hidden_with_its_comments(
    app: Flask, sign_in: SignIn, answers: None, view: str
) -> None:
    shown = {"view": view, "period": "quarter", "comments": "yes"}
    assert "words of vip" not in text(app, share(sign_in("lead"), **shown, group="segment:vip"))
    assert "words of core" in text(app, share(sign_in("lead"), **shown, group="segment:core"))


def test_comments_of_everybody_are_those_of_small_groups_as_well(
    app: Flask, sign_in: SignIn, answers: None
) -> None:
    assert "words of vip" in text(app, share(sign_in("lead"), comments="yes"))


def test_the_address_of_the_reader_changes_nothing(app: Flask, sign_in: SignIn, answers: None) -> None:
    path = share(sign_in("lead"), group="segment:core")
    filters = "?group=segment:vip&from=2020-01-01&to=2020-02-01&export=scores.csv&against=year"
    assert text(app, path + filters) == text(app, path)


@pytest.mark.parametrize("language", ["en", "tr", "fa"])
@pytest.mark.parametrize("view", ["overview", "quarter", "wallboard"])
def test_every_view_is_in_every_language(
    app: Flask, sign_in: SignIn, answers: None, view: str, language: str
) -> None:
    page = text(app, share(sign_in("lead"), view=view, language=language, period="quarter"))
    assert f'<html lang="{language}"' in page
    assert ('http-equiv="refresh"' in page) is (view == "wallboard")
    assert ('hx-trigger="every 300s"' in page) is (view == "wallboard")


def test_a_wallboard_has_a_score_with_its_range_in_each_tile(
    app: Flask, sign_in: SignIn, answers: None
) -> None:
    page = text(app, share(sign_in("lead"), view="wallboard", group="segment:core"))
    tiles = page.split('<section class="board-tile')[1:]
    assert tiles
    assert all("95% range" in tile for tile in tiles)


def test_a_link_that_ended_shows_nothing(
    app: Flask, sign_in: SignIn, runtime: Runtime, answers: None
) -> None:
    lead = sign_in("lead")
    path = share(lead)
    with runtime.database.reading() as session:
        link_id = session.scalars(select(SharedLink.id)).one()
    assert lead.post(f"/sharing/{link_id}/revoke").status_code == 303
    gone = app.test_client().get(path)
    assert gone.status_code == 410
    polled = app.test_client().get(path, headers={"HX-Request": "true"})
    assert (polled.status_code, polled.headers["HX-Refresh"]) == (410, "true")
    assert "This link no longer works." in gone.text
    assert app.test_client().get(path[:-1]).status_code == 404
    assert "Links that no longer work" in lead.get("/sharing/").text


def test_a_link_shows_nothing_once_its_maker_may_not_export(
    app: Flask, sign_in: SignIn, runtime: Runtime, answers: None
) -> None:
    path = share(sign_in("lead"))
    with runtime.database.writing() as session:
        lead = accounts.by_email(session, "lead@example.com")
        assert lead is not None
        accounts.set_roles(session, lead, ["csm"], by=None, now=clock.now())
    assert app.test_client().get(path).status_code == 410


def test_only_those_who_may_export_share(sign_in: SignIn, runtime: Runtime) -> None:
    for who in ("cem", "viewer"):
        client = sign_in(who)
        assert client.get("/sharing/").status_code == 403
        assert client.post("/sharing/", data={}).status_code == 403
        assert "/sharing/" not in client.get("/insights/").text
    assert "/sharing/?view=quarter" in html.unescape(sign_in("lead").get("/insights/quarter").text)


def test_a_mistake_keeps_what_was_typed(sign_in: SignIn, runtime: Runtime) -> None:
    refused = sign_in("lead").post(
        "/sharing/", data={"name": "Board", "view": "quarter", "period": "90", "expires_on": "2999-01-01"}
    )
    assert refused.status_code == 422
    assert 'value="Board"' in refused.text
    with runtime.database.reading() as session:
        assert session.scalars(select(SharedLink.id)).all() == []


def test_the_last_use_is_listed_and_audited_is_who_shared(
    app: Flask, sign_in: SignIn, runtime: Runtime, answers: None
) -> None:
    lead = sign_in("lead")
    path = share(lead, view="quarter", period="last-quarter")
    assert "never opened" in lead.get("/sharing/").text
    text(app, path)
    assert "never opened" not in lead.get("/sharing/").text
    with runtime.database.writing() as session:
        told = select(AuditEntry.action, AuditEntry.user_id).where(AuditEntry.subject == "shared_link")
        (entry,) = session.execute(told).all()
        assert entry[0] == "created"
        session.execute(update(SharedLink).values(expires_at=clock.now()))
    assert app.test_client().get(path).status_code == 410


def test_a_name_or_an_address_that_a_survey_asked_for_is_no_comment(
    app: Flask, sign_in: SignIn, runtime: Runtime, answers: None
) -> None:
    library = shelf(WITH_CONTACT)
    with runtime.database.writing() as session:
        made = factories_reports.answered(
            session,
            9,
            clock.now() - timedelta(days=1),
            words="fine",
            library=library,
            questionnaire="walk-in",
        )
        made.answers.append(AnswerRow(question="mail", text="walked.in@acme.example"))
    page = text(app, share(sign_in("lead"), comments="yes"))
    assert "words of vip" in page
    assert "walked.in@acme.example" not in page
