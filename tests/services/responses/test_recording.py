"""Recording answers: once, whatever is tapped, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from feedback.core.answer import Answer
from feedback.core.bot_signals import Evidence
from feedback.errors import LinkClosed, NotFound
from feedback.services.responses import lookup, open_links, recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import AnswerRow, Invitation, Response, Score
from tests.factories_surveys import NOW, NPS, RECOMMEND, TOKEN, WHY_LOW, invite, questionnaire, shelf

LIBRARY = shelf(NPS)
SETTINGS = Settings(instance=Path())
HOUR = timedelta(hours=1)


@pytest.fixture
def invited(migrated: Database) -> Database:
    """A database with one delivered invitation to NPS."""
    with migrated.writing() as session:
        invite(session, LIBRARY)
    return migrated


def answer(
    database: Database, answers: Mapping[str, Answer | None], now: datetime = NOW, **rest: Any
) -> None:
    with database.connection() as connection:
        locked = lookup.lock(connection, TOKEN, now)
        submission = Submission(answers, now, "link", **rest)
        recording.record_locked(connection, locked, NPS, submission, SETTINGS)


def stored(database: Database) -> Response:
    with database.reading() as session:
        response = session.scalars(select(Response)).one()
        _ = response.answers, response.scores, response.invitation
        return response


def test_a_score_alone_counts_at_once(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)})
    response = stored(invited)
    assert (response.state, response.stage, response.segment, response.channel) == (
        "partial",
        "support",
        "smb",
        "sms",
    )
    score = response.scores[0]
    assert (score.metric, score.trend, score.value, score.band, score.at) == (
        "nps",
        "survey",
        9,
        "promoter",
        NOW,
    )


def test_whoever_has_begun_is_not_reminded(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)})
    invitation = stored(invited).invitation
    assert invitation is not None
    assert (invitation.state, invitation.answered_at, invitation.remind_at) == ("started", NOW, None)


def test_the_comment_completes_what_the_score_began(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)})
    answer(invited, {"liked": Answer(None, "The people")}, NOW + HOUR)
    response = stored(invited)
    assert {row.question: (row.value, row.text) for row in response.answers} == {
        "recommend": (9, None),
        "liked": (None, "The people"),
    }
    assert (response.state, response.completed_at) == ("complete", NOW + HOUR)
    assert response.invitation is not None and response.invitation.state == "completed"


def test_the_customer_may_finish_without_a_comment(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)}, finished=True)
    assert stored(invited).state == "complete"


def test_nothing_is_complete_while_a_required_answer_is_missing(invited: Database) -> None:
    answer(invited, {}, finished=True)
    assert stored(invited).state == "partial"


def test_the_same_answer_twice_is_one_answer(invited: Database) -> None:
    for _ in range(3):
        answer(invited, {"recommend": Answer(9)})
    response = stored(invited)
    assert (len(response.answers), len(response.scores), response.edits) == (1, 1, 0)


def test_a_changed_score_keeps_its_day_and_gets_its_new_band(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)})
    answer(invited, {"recommend": Answer(3)}, NOW + timedelta(minutes=5))
    response = stored(invited)
    assert [(score.value, score.band, score.at) for score in response.scores] == [(3, "detractor", NOW)]
    assert response.edits == 1


def test_answers_on_a_path_no_longer_reached_are_dropped(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9), "liked": Answer(None, "Price")})
    answer(invited, {"recommend": Answer(2)})
    assert [row.question for row in stored(invited).answers] == ["recommend"]


STRICT = questionnaire(
    RECOMMEND, WHY_LOW | {"required": True}, {"key": "more", "type": "text", "text": "More?"}
)


def send(database: Database, answers: Mapping[str, Answer | None], now: datetime = NOW) -> None:
    """Sends answers to STRICT and passes what is optional."""
    with database.connection() as connection:
        locked = lookup.lock(connection, TOKEN, now)
        submission = Submission(answers, now, "link", finished=True)
        recording.record_locked(connection, locked, STRICT, submission, SETTINGS)


@pytest.fixture
def strict(migrated: Database) -> Database:
    with migrated.writing() as session:
        invite(session, shelf(STRICT))
    return migrated


def test_a_change_that_leads_to_a_required_question_opens_the_response_again(strict: Database) -> None:
    send(strict, {"recommend": Answer(9)})
    assert (stored(strict).state, stored(strict).completed_at) == ("complete", NOW)
    send(strict, {"recommend": Answer(2)}, NOW + HOUR / 2)
    response = stored(strict)
    assert (response.state, response.completed_at, [each.value for each in response.scores]) == (
        "partial",
        None,
        [2],
    )
    assert response.invitation is not None
    assert (response.invitation.state, response.invitation.remind_at) == ("completed", None)
    send(strict, {"better": Answer(None, "Speed")}, NOW + 2 * HOUR)
    assert (stored(strict).state, stored(strict).completed_at) == ("complete", NOW + 2 * HOUR)


@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
@pytest.mark.postgres
def test_scores_sent_at_once_never_leave_a_required_answer_out_of_a_complete_response(
    strict: Database,
) -> None:
    tabs = [threading.Thread(target=send, args=(strict, {"recommend": Answer(n)})) for n in range(11)]
    for thread in tabs:
        thread.start()
    for thread in tabs:
        thread.join()
    response = stored(strict)
    assert (response.state == "complete") == (response.scores[0].value >= 7)


def test_an_answer_can_be_taken_back(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9), "liked": Answer(None, "Price")})
    answer(invited, {"liked": None})
    assert [row.question for row in stored(invited).answers] == ["recommend"]


def test_after_the_window_an_answer_stays_as_it_is(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)}, finished=True)
    with pytest.raises(LinkClosed, match="closed"):
        answer(invited, {"recommend": Answer(1)}, NOW + HOUR)
    assert stored(invited).scores[0].value == 9


def test_a_late_comment_is_welcome_and_a_late_change_of_the_score_is_not(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)})
    answer(invited, {"recommend": Answer(2), "liked": Answer(None, "Price")}, NOW + timedelta(days=2))
    response = stored(invited)
    assert {row.question: row.value for row in response.answers} == {"recommend": 9, "liked": None}
    assert response.state == "complete"


@pytest.mark.parametrize(
    ("change", "reason"), [({"state": "withdrawn"}, "withdrawn"), ({"expires_at": NOW}, "expired")]
)
def test_a_closed_link_takes_nothing(migrated: Database, change: dict[str, Any], reason: str) -> None:
    with migrated.writing() as session:
        invite(session, LIBRARY, **change)
    with pytest.raises(LinkClosed) as closed:
        answer(migrated, {"recommend": Answer(9)})
    assert closed.value.reason == reason


def test_a_complete_answer_can_be_looked_at_after_the_link_expired(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)}, finished=True)
    with invited.rows() as connection:
        survey = lookup.find(connection, TOKEN, NOW + timedelta(days=300))
    assert (survey.state, survey.editable(NOW + timedelta(days=300), HOUR)) == ("complete", False)


@pytest.mark.parametrize("token", ["", "x", "7Kb3xWq9ZtPb", "0" * 12, "7Kb3xWq9ZtPa ", "é" * 12, "a" * 5000])
def test_an_unknown_token_finds_nothing(invited: Database, token: str) -> None:
    with invited.rows() as connection, pytest.raises(NotFound):
        lookup.find(connection, token, NOW)


def test_a_machine_s_answer_is_kept_but_in_no_score_until_a_person_shows(invited: Database) -> None:
    machine = Evidence(preselected=4, headed=True).stored()
    answer(invited, {"recommend": Answer(0)}, evidence=machine)
    assert (stored(invited).provisional, stored(invited).scores) == (True, [])
    answer(invited, {"better": Answer(None, "Call me")}, evidence=Evidence(commented=True).stored())
    response = stored(invited)
    assert (response.provisional, [score.value for score in response.scores]) == (False, [0])


def test_a_counted_answer_does_not_become_doubtful_later(invited: Database) -> None:
    answer(invited, {"recommend": Answer(9)}, evidence=Evidence().stored())
    answer(invited, {"recommend": Answer(9)}, evidence=Evidence(scanner=True).stored())
    assert not stored(invited).provisional


def test_signs_of_a_machine_are_noted_once(invited: Database) -> None:
    for kind, value in (("headed", None), ("preselected", 9), ("preselected", 9), ("preselected", 2)):
        with invited.connection() as connection:
            lookup.note_sign(connection, connection.scalar(select(Invitation.id)), kind, value)
    with invited.rows() as connection:
        assert lookup.find(connection, TOKEN, NOW).signs == {"headed": True, "preselected": [2, 9]}


def test_an_unscored_answer_has_no_score_row(migrated: Database) -> None:
    survey = questionnaire({"key": "q", "type": "csat", "text": "How was it?", "not_applicable": True})
    library = shelf(survey)
    with migrated.writing() as session:
        invitation = invite(session, library)
        submission = Submission({"q": Answer("not_applicable")}, NOW, "link")
        recording.record(session, invitation, survey, submission, SETTINGS)
        assert invitation.state == "completed"
    assert stored(migrated).scores == []


@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
@pytest.mark.postgres
def test_two_tabs_at_once_are_one_response(invited: Database) -> None:
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def tab(number: int) -> None:
        start.wait()
        try:
            answer(
                invited, {"recommend": Answer(number), "liked": Answer(None, f"tab {number}")}, finished=True
            )
        except BaseException as error:
            failures.append(error)

    tabs = [threading.Thread(target=tab, args=(number,)) for number in range(7, 11) for _ in range(2)]
    for thread in tabs:
        thread.start()
    for thread in tabs:
        thread.join()
    assert failures == []
    with invited.reading() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table)) for table in (Response, AnswerRow, Score)
        ]
        assert counts == [1, 2, 1]
        value = session.scalars(select(Score.value)).one()
        assert (
            session.scalars(select(AnswerRow.text).where(AnswerRow.question == "liked")).one()
            == f"tab {value}"
        )


def test_a_visit_through_an_open_link_is_one_response_on_both_databases(migrated: Database) -> None:
    with migrated.writing() as session:
        link = open_links.create(session, LIBRARY, open_links.NewLink("poster", "Shop", "survey"), NOW)
        version = LIBRARY.published(session, "survey", NOW).id
    for given in ({"recommend": Answer(3)}, {"recommend": Answer(4)}, {"better": Answer(None, "Hours")}):
        with migrated.writing() as session:
            submission = Submission(given, NOW, "poster", language="en", evidence={})
            walk_in = recording.WalkIn(link, "visit1", version)
            recording.record_visit(session, walk_in, NPS, submission, SETTINGS)
    response = stored(migrated)
    assert [score.value for score in response.scores] == [4]
    assert (response.state, response.source, response.edits) == ("complete", "poster", 1)


@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
@pytest.mark.postgres
def test_a_double_tap_through_an_open_link_is_one_response(migrated: Database) -> None:
    with migrated.writing() as session:
        link = open_links.create(session, LIBRARY, open_links.NewLink("kiosk", "Shop", "survey"), NOW)
        version = LIBRARY.published(session, "survey", NOW).id
    start, failures = threading.Barrier(6), []

    def tap() -> None:
        start.wait()
        try:
            with migrated.writing() as session:
                given = {"recommend": Answer(9)}
                submission = Submission(given, NOW, "kiosk", language="en", evidence={})
                walk_in = recording.WalkIn(link, "visit1", version)
                recording.record_visit(session, walk_in, NPS, submission, SETTINGS)
        except BaseException as error:
            failures.append(error)

    taps = [threading.Thread(target=tap) for _ in range(6)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join()
    assert failures == [] and len(stored(migrated).scores) == 1
