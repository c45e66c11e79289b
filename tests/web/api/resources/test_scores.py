"""Scores: exactly those of the pages, and as protected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.answer import Answer
from feedback.core.metrics import METRICS
from feedback.library import Library
from feedback.services.reports import renew_drivers
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import Contact, Invitation
from tests.factories_ratings import RATED, rate
from tests.web.api.conftest import Program, key_over


@pytest.fixture(scope="module")
def asked(office: Runtime, office_app: Flask) -> Program:
    """An office in which twenty core and three VIP customers answered 0 to 10."""
    now = clock.now()
    with office.database.writing() as session:
        version = office.library.published(session, "relationship-nps", now)
        for n in range(23):
            segment = "vip" if n < 3 else "core"
            from feedback.store.models import Account

            account = Account(
                external_id=f"s{n}", name=f"S{n}", segment=segment, created_at=now, updated_at=now
            )
            contact = Contact(external_id=f"s{n}", account=account, created_at=now, updated_at=now)
            session.add_all([account, contact])
            session.flush()
            invitation = Invitation(
                contact_id=contact.id, account_id=account.id, version_id=version.id, stage="api-test",
                channel="email", language="en", state="sent", created_at=now, sent_at=now,
                expires_at=now + timedelta(days=9), token=f"token{n:07}",
            )  # fmt: skip
            session.add(invitation)
            session.flush()
            questionnaire = office.library.questionnaire_of(version)
            scored = questionnaire.scored
            assert scored is not None
            submission = Submission({scored.key: Answer(n % 11)}, now, "link")
            recording.record(session, invitation, questionnaire, submission, office.settings)
    return Program(office_app, key_over(office, "admin"))


def series(program: Program) -> str:
    (found,) = [
        each
        for each in program.get("/scores").get_json()["items"]
        if "relationship-nps" in each["questionnaires"] and each["metric"] == "nps"
    ]
    return f"/scores/{found['trend']}/{found['question']}"


def test_a_score_has_its_n_and_interval(asked: Program) -> None:
    found = asked.get(series(asked), group="stage:api-test").get_json()["score"]
    counts = {value: sum(n % 11 == value for n in range(23)) for value in range(11)}
    wanted = METRICS["nps"].aggregate(counts)
    assert (found["n"], found["value"], found["low"], found["high"]) == (
        23, wanted.value, wanted.low, wanted.high,
    )  # fmt: skip
    assert found["display"] == "indicative"
    assert found["bands"] == dict(wanted.band_counts)


def test_a_small_group_is_hidden_also_if_it_is_asked_for_alone(asked: Program) -> None:
    cells = {
        each["group"]: each["score"]
        for each in asked.get(series(asked), breakdown="segment").get_json()["breakdown"]
    }
    hidden = {group for group, score in cells.items() if score["n"] is None}
    assert "vip" in hidden and len(hidden) >= 2
    for group in hidden:
        alone = asked.get(series(asked), group=f"segment:{group}").get_json()
        assert (alone["score"]["n"], alone["score"]["value"], alone["score"]["bands"]) == (None, None, None)
        assert alone["change"]["difference"] is None


def test_a_trend_adds_up(asked: Program) -> None:
    found = asked.get(series(asked), by="month").get_json()
    assert sum(each["score"]["n"] for each in found["over_time"]) == found["score"]["n"]
    assert found["over_time"][0]["first_day"] == found["first_day"]
    assert found["over_time"][-1]["last_day"] == found["last_day"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"group": "vip"}, "/group"),
        ({"group": "shoe:42"}, "/group"),
        ({"group": "segment:core", "breakdown": "stage"}, "/breakdown"),
        ({"first_day": "2026-02-01", "last_day": "2026-01-01"}, "/first_day"),
        ({"first_day": "2019-01-01", "by": "week"}, "/by"),
        ({"breakdown": "contact"}, "/breakdown"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_named(asked: Program, query: dict[str, str], pointer: str) -> None:
    refused = asked.get(series(asked), **query)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.get_json()["errors"]] == [pointer]


def test_a_csm_s_key_gets_the_score_of_their_own_accounts_only(
    office: Runtime, office_app: Flask, asked: Program
) -> None:
    cem = Program(office_app, key_over(office, "cem"))
    own = cem.get(series(asked)).get_json()
    with office.database.reading() as session:
        from feedback.store.models import User

        cem_id = session.scalars(select(User.id).where(User.email == "cem@example.com")).one()
    assert own["group"] == f"owner:{cem_id}"
    assert own["score"]["n"] < asked.get(series(asked)).get_json()["score"]["n"]
    assert cem.get(series(asked), breakdown="segment").status_code == 403
    assert cem.get(series(asked), group="segment:vip").status_code == 403


def test_drivers_are_those_of_the_page_with_their_ranges(office: Runtime, asked: Program) -> None:
    now = clock.now()
    library = Library({**office.library.questionnaires, "rated": RATED}, office.library.journey)
    assert asked.get("/scores/rated/score/drivers").status_code == 404
    with office.database.writing() as session:
        rate(session, library, 120, now)
    renew_drivers(office.database, library, now)
    found = asked.get("/scores/rated/score/drivers").get_json()
    assert (found["state"], found["n"], found["uncertain"]) == ("ranked", 120, True)
    assert found["items"][0]["aspect"] == "parts.people"
    assert [each["rank"] for each in found["items"]] == [1, 2, 3, 4]
    first = found["items"][0]
    assert first["low"] <= first["importance"] <= first["high"]


def test_a_key_that_sees_only_some_accounts_reads_no_drivers(
    office: Runtime, office_app: Flask, asked: Program
) -> None:
    csm = Program(office_app, key_over(office, "cem"))
    assert csm.get("/scores/rated/score/drivers").status_code == 403
