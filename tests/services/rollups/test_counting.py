"""The counts behind the reports always say what the answers say, whatever customers do and in which order."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.bot_signals import Evidence
from feedback.services import rollups
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.settings.table import LinkSettings
from feedback.store.database import Database
from feedback.store.models import Invitation, InvitationCount, Link, Response, Score, ScoreCount
from feedback.store.portions import Portions
from tests.factories_surveys import NOW, NPS, invite, shelf

LIBRARY = shelf(NPS)
SETTINGS = replace(Settings(instance=Path()), link=LinkSettings(edit_window=timedelta(days=999)))
MACHINE = Evidence(trap_link=True, trap_field=True).stored()
PERSON = Evidence(touched=True, commented=True).stored()


def answer(
    session: Session, invitation: Invitation, value: int | None, now: datetime = NOW, **rest: Any
) -> None:
    given = {"recommend": None if value is None else Answer(value=value)}
    submission = Submission(given, now, "link", **rest)
    recording.record(session, invitation, NPS, submission, SETTINGS)


def counts_by_value(session: Session, grain: str, dimension: str) -> Counter[tuple[date, str, int]]:
    rows = session.execute(
        select(ScoreCount.start, ScoreCount.key, ScoreCount.value, ScoreCount.n).where(
            ScoreCount.grain == grain, ScoreCount.dimension == dimension, ScoreCount.n != 0
        )
    )
    return Counter({(start, key, value): n for start, key, value, n in rows})


def expected(session: Session, dimension: str) -> Counter[tuple[date, str, int]]:
    """Counted one by one, in Python, with none of the service's own queries."""
    found: Counter[tuple[date, str, int]] = Counter()
    for score, response in session.execute(select(Score, Response).where(Score.response_id == Response.id)):
        attribute = {"all": "", "owner": "owner_id"}.get(dimension, dimension)
        value = getattr(response, attribute) if attribute else None
        if not response.provisional:
            found[score.at.astimezone(UTC).date(), "" if value is None else str(value), score.value] += 1
    return found


def assert_right(session: Session) -> None:
    assert rollups.check(session) == []
    for dimension in ("all", *rollups.DIMENSIONS):
        days = expected(session, dimension)
        months: Counter[tuple[date, str, int]] = Counter()
        for (day, key, value), n in days.items():
            months[day.replace(day=1), key, value] += n
        assert counts_by_value(session, "day", dimension) == days
        assert counts_by_value(session, "month", dimension) == months


def rate(session: Session) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    rows = session.execute(select(InvitationCount)).scalars()
    return {
        (each.day, each.stage, each.channel): (each.sent, each.answered, each.provisional) for each in rows
    }


def test_an_answer_is_counted_once_in_every_dimension_by_day_and_by_month(migrated: Database) -> None:
    with migrated.writing() as session:
        answer(session, invite(session, LIBRARY), 9)
        cells = {(row.grain, row.dimension, row.key): row.n for row in session.scalars(select(ScoreCount))}
    keys = {("all", ""), ("segment", "smb"), ("stage", "support"), ("channel", "sms")}
    keys |= {("owner", ""), ("language", "en")}
    assert cells == {(grain, *key): 1 for grain in ("day", "month") for key in keys}


def test_a_changed_answer_moves_and_a_withdrawn_one_leaves(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        rollups.invited(session, invitation.id)
        for value in (9, 3, None):
            answer(session, invitation, value)
            assert_right(session)
        assert not counts_by_value(session, "day", "all")


def test_an_answer_counts_on_its_first_day_even_if_it_is_changed_after_midnight(migrated: Database) -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY, expires_at=late + timedelta(days=9))
        answer(session, invitation, 2, late)
        answer(session, invitation, 8, late + timedelta(minutes=45))
        assert counts_by_value(session, "day", "all") == {(date(2026, 3, 31), "", 8): 1}
        assert counts_by_value(session, "month", "all") == {(date(2026, 3, 1), "", 8): 1}


def test_an_answer_in_another_language_moves_its_score_there(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        answer(session, invitation, 9)
        answer(session, invitation, 9, language="fa")
        assert set(counts_by_value(session, "day", "language")) == {(NOW.date(), "fa", 9)}


def test_what_looks_like_a_machine_counts_once_a_person_confirms_it(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        answer(session, invitation, 0, evidence=MACHINE)
        assert not counts_by_value(session, "day", "all")
        assert list(rate(session).values()) == [(0, 0, 1)]
        answer(session, invitation, 10)  # by SMS: no scanner does that
        assert counts_by_value(session, "day", "all") == {(NOW.date(), "", 10): 1}
        assert list(rate(session).values()) == [(0, 1, 0)]


def test_an_answer_counts_on_the_day_on_which_its_invitation_left(migrated: Database) -> None:
    with migrated.writing() as session:
        early = invite(session, LIBRARY, sent_at=NOW - timedelta(days=2))
        rollups.invited(session, early.id)
        answer(session, early, 7)
        assert rate(session) == {((NOW - timedelta(days=2)).date(), "support", "sms"): (1, 1, 0)}
        assert rollups.check(session) == []


def test_an_answer_that_is_faster_than_the_news_of_its_sending_is_not_lost(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY, sent_at=None)
        answer(session, invitation, 7)
        assert rate(session) == {}
        invitation.sent_at = NOW
        session.flush()
        rollups.invited(session, invitation.id)
        assert rate(session) == {(NOW.date(), "support", "sms"): (1, 1, 0)}


def test_an_invitation_that_goes_another_way_is_counted_there(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        rollups.invited(session, invitation.id)
        rollups.invited(session, invitation.id, -1)
        invitation.channel = "email"
        session.flush()
        rollups.invited(session, invitation.id)
        assert rate(session)[NOW.date(), "support", "email"] == (1, 0, 0)
        assert rollups.check(session) == []


def test_a_cell_that_is_wrong_is_found_and_mended(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        rollups.invited(session, invitation.id)
        answer(session, invitation, 7)
        session.execute(update(ScoreCount).where(ScoreCount.dimension == "channel").values(n=5))
        session.execute(delete(InvitationCount))
        wrong = rollups.check(session)
        assert {each.table for each in wrong} == {"score_count", "invitation_count"}
        assert {(each.counted, each.actual) for each in wrong} == {((5,), (1,)), ((0, 0, 0), (1, 1, 0))}
        assert rollups.rebuild(session) == 13
        assert_right(session)


def test_an_answer_to_an_open_link_counts_without_an_invitation(migrated: Database) -> None:
    with migrated.writing() as session:
        link = Link(
            token="opensesame", kind="poster", name="Door", questionnaire="survey", language="en",
            origins=[], created_at=NOW,
        )  # fmt: skip
        session.add(link)
        session.flush()
        version = LIBRARY.published(session, "survey", NOW)
        for value in (3, 8):
            given = {"recommend": Answer(value=value)}
            submission = Submission(given, NOW, "poster", language="en", evidence=PERSON)
            walk_in = recording.WalkIn(link, "secret", version.id)
            recording.record_visit(session, walk_in, NPS, submission, SETTINGS)
        assert counts_by_value(session, "day", "channel") == {(NOW.date(), "none", 8): 1}
        assert_right(session)
        assert rate(session) == {}


STEP = st.tuples(
    st.integers(0, 3),  # who
    st.sampled_from([None, *range(11)]),
    st.sampled_from([None, MACHINE, PERSON]),
    st.sampled_from(["en", "fa"]),
    st.integers(0, 40),  # days later
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(STEP, max_size=14))
def test_the_counts_equal_the_answers_after_any_history(
    migrated: Database, history: list[tuple[int, int | None, dict[str, Any] | None, str, int]]
) -> None:
    with migrated.writing() as session:
        people = [
            invite(
                session, LIBRARY, token=f"7Kb3xWq9ZtP{who}", channel=("sms", "email")[who % 2], stage=stage
            )
            for who, stage in enumerate(("support", "renewal", "support", "renewal"))
        ]
        for each in people:
            each.expires_at = NOW + timedelta(days=999)
            rollups.invited(session, each.id)
        now = NOW
        for who, value, evidence, language, days in history:
            now += timedelta(days=days)
            answer(session, people[who], value, now, evidence=evidence, language=language)
        assert_right(session)
        kept = counts_by_value(session, "day", "owner"), rate(session)
        rollups.rebuild(session)
        assert (counts_by_value(session, "day", "owner"), rate(session)) == kept
        session.rollback()


@pytest.mark.parametrize(
    ("zone", "days", "month"),
    [
        ("America/Los_Angeles", (date(2026, 3, 31), date(2026, 3, 30)), date(2026, 3, 1)),
        ("Asia/Tehran", (date(2026, 4, 1), date(2026, 3, 31)), date(2026, 4, 1)),
    ],
)
def test_days_and_months_are_those_of_the_organisation(
    migrated: Database, zone: str, days: tuple[date, date], month: date
) -> None:
    migrated.zone = ZoneInfo(zone)
    late = datetime(2026, 3, 31, 21, 45, tzinfo=UTC)  # on 1 April in Tehran
    with migrated.writing() as session:
        invitation = invite(
            session, LIBRARY, sent_at=late - timedelta(days=1), expires_at=late + timedelta(days=9)
        )
        rollups.invited(session, invitation.id)
        answer(session, invitation, 8, late)
        assert list(counts_by_value(session, "day", "all")) == [(days[0], "", 8)]
        assert list(counts_by_value(session, "month", "all")) == [(month, "", 8)]
        assert list(rate(session)) == [(days[1], "support", "sms")]
        assert rollups.check(session) == []


def test_a_zone_that_was_changed_is_found_and_mended(migrated: Database) -> None:
    """Answers all through two years, so that clocks have changed in between."""
    with migrated.writing() as session:
        for n in range(60):
            at = NOW + timedelta(days=12 * n, hours=n % 24)
            invitation = invite(
                session, LIBRARY, token=f"7Kb3xWq9Zt{n:02d}", sent_at=at, expires_at=at + timedelta(days=9)
            )
            rollups.invited(session, invitation.id)
            answer(session, invitation, n % 11, at + timedelta(minutes=30))
        assert rollups.check(session) == []
        rollups.adopt(session)
        rollups.adopt(session)
    migrated.zone = berlin = ZoneInfo("Europe/Berlin")
    with migrated.writing() as session:
        rollups.adopt(session)  # another start changes nothing
        assert (rollups.other_zone(session), len(rollups.problems(session))) == ("UTC", 1)
        assert rollups.check(session) != []
        rollups.rebuild(session)
        assert (rollups.other_zone(session), rollups.problems(session)) == (None, [])
        assert rollups.check(session) == []
        days = Counter(each.astimezone(berlin).date() for each in session.scalars(select(Score.at)))
        assert {day: n for (day, _, _), n in counts_by_value(session, "day", "all").items()} == days


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Havana", "Africa/Cairo", "Asia/Tehran"])
def test_the_counts_are_rebuilt_in_portions_while_answers_come(migrated: Database, zone: str) -> None:
    """Across the changes of the clocks, at midnight in Havana and Cairo."""
    with migrated.writing() as session:
        for n in range(24):
            at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=11 * n, hours=n)
            invitation = invite(
                session, LIBRARY, token=f"7Kb3xWq9Zt{n:02d}", sent_at=at, expires_at=at + timedelta(days=9)
            )
            rollups.invited(session, invitation.id)
            answer(session, invitation, n % 11, at + timedelta(minutes=30))
        late = invite(session, LIBRARY, token="7Kb3xWq9ZtLa", sent_at=NOW)
        rollups.invited(session, late.id)
        session.execute(update(ScoreCount).where(ScoreCount.dimension == "channel").values(n=5))
        session.execute(update(InvitationCount).values(day=InvitationCount.day, answered=7))
        rollups.adopt(session)
    migrated.zone = ZoneInfo(zone)
    spent = []

    def one_more(seconds: float) -> None:
        spent.append(seconds)
        if len(spent) == 3:
            with migrated.writing() as session:
                answer(session, session.get_one(Invitation, late.id), 10, NOW)

    assert rollups.rebuild_all(Portions(migrated, rest=one_more))
    assert len(spent) > 3
    with migrated.reading() as session:
        assert rollups.check(session) == []
        assert (rollups.other_zone(session), rollups.problems(session)) == (None, [])
        assert sum(n for (_, _, value), n in counts_by_value(session, "day", "all").items()) == 25


def test_a_rebuild_that_was_stopped_is_begun_again(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        rollups.invited(session, invitation.id)
        answer(session, invitation, 7)
        rollups.adopt(session)
        session.execute(update(ScoreCount).values(n=5))
    migrated.zone = ZoneInfo("Asia/Tehran")
    assert not rollups.rebuild_all(Portions(migrated, stopped=lambda: True))
    with migrated.reading() as session:
        assert rollups.other_zone(session) == "UTC"
    assert rollups.rebuild_all(Portions(migrated))
    with migrated.reading() as session:
        assert (rollups.check(session), rollups.other_zone(session)) == ([], None)


def test_a_zone_that_is_set_before_the_first_answer_needs_no_command(migrated: Database) -> None:
    with migrated.writing() as session:
        rollups.adopt(session)
        at = NOW.replace(hour=23)  # the next day in Tehran
        invitation = invite(
            session, LIBRARY, token="7Kb3xWq9Zt00", sent_at=at, expires_at=at + timedelta(days=9)
        )
        rollups.invited(session, invitation.id)
    migrated.zone = ZoneInfo("Asia/Tehran")
    with migrated.writing() as session:
        assert (rollups.other_zone(session), rollups.problems(session)) == (None, [])
        rollups.adopt(session)  # at the next start
        assert rollups.check(session) == []
        invitation = session.get_one(Invitation, invitation.id)
        answer(session, invitation, 9, at + timedelta(hours=1))
        assert (rollups.other_zone(session), rollups.problems(session)) == (None, [])
        assert rollups.check(session) == []


@pytest.mark.postgres
def test_many_answers_at_once_are_all_counted(migrated_postgres: str, postgres: Any) -> None:
    """Eight at a time on one hot cell: nobody is lost, nobody waits for ever."""
    name = "test_counting_at_once"
    database = Database(postgres.create(name, migrated_postgres), pool=8)
    try:
        with database.writing() as session:
            ids = [invite(session, LIBRARY, token=f"7Kb3xWq9Zt{n:02d}").id for n in range(40)]
            for each in ids:
                rollups.invited(session, each)
        failures: list[BaseException] = []

        def work(mine: list[int]) -> None:
            try:
                for each in mine:
                    with database.writing() as session:
                        answer(session, session.get_one(Invitation, each), each % 11)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(ids[start::8],)) for start in range(8)]
        for thread in threads:
            thread.start()
        with database.writing() as session:
            rollups.rebuild(session)  # in the middle of it
        for thread in threads:
            thread.join()
        assert failures == []
        with database.reading() as session:
            assert rollups.check(session) == []
            assert sum(counts_by_value(session, "day", "all").values()) == 40
    finally:
        database.close()
        postgres.drop(name)
