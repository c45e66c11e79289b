"""Scores over several questions, from the answer to the report: stored and counted with it, with their reliability."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.analysis.reliability import reliability
from feedback.core.answer import Answer
from feedback.core.time.period import Period
from feedback.services import reports, rollups
from feedback.services.reports import Series
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Invitation, Score
from tests.factories_composites import ONBOARDED, agreeing, answer
from tests.factories_surveys import NOW, shelf
from tests.services.reports.test_results import SETTINGS

LIBRARY = shelf(ONBOARDED)
DAYS = Period((NOW - timedelta(days=30)).date(), NOW.date())


def given(database: Database, people: int, settings: Settings = SETTINGS) -> list[dict[str, int]]:
    source = random.Random(people)
    answers = [agreeing(source, ["ease", "help"], ["doubt"]) for _ in range(people)]
    with database.writing() as session:
        for each in answers:
            answer(session, LIBRARY, "onboarded", each, NOW, settings)
    return answers


def again(session: Session, invitation: Invitation, ease: int | str) -> None:
    submission = Submission({"ease": Answer(ease)}, NOW, "link")
    recording.record(session, invitation, ONBOARDED, submission, SETTINGS)
    session.expire_all()


def onboarding(database: Database) -> Series:
    with database.reading() as session:
        return reports.find_series(reports.all_series(session, LIBRARY), "onboarded", "onboarding")


def test_a_score_is_stored_and_counted_with_the_answers(migrated: Database) -> None:
    answers = given(migrated, 12)
    sums = sorted(each["ease"] + each["help"] - each["doubt"] + 3 for each in answers)
    with migrated.reading() as session:
        stored = session.scalars(
            select(Score.value).where(Score.question == "onboarding").order_by(Score.value)
        )
        assert list(stored) == sums
        shown = reports.score(session, onboarding(migrated), DAYS)
        assert shown.aggregate.value == pytest.approx(sum(sums) / 12 / 3 + 1)
        assert rollups.check(session) == []


def test_a_changed_answer_moves_the_score_and_an_opt_out_removes_it(migrated: Database) -> None:
    with migrated.writing() as session:
        response = answer(session, LIBRARY, "onboarded", {"ease": 5, "help": 5, "doubt": 1}, NOW, SETTINGS)
        invitation = response.invitation
        assert invitation is not None
        found = []
        for ease in (3, "not_applicable", 4):
            again(session, invitation, ease)
            found.append(
                {each.question: each.value for each in session.scalars(select(Score).order_by(Score.id))}
            )
    assert [each.get("onboarding") for each in found] == [10, None, 11]
    assert [each.get("agreeing") for each in found] == [1, None, 2]
    with migrated.reading() as session:
        assert reports.score(session, onboarding(migrated), DAYS).n == 1
        assert rollups.check(session) == []


def test_the_reliability_is_that_of_the_answers_with_reversed_items_turned(migrated: Database) -> None:
    answers = given(migrated, 40)
    with migrated.reading() as session:
        found = reports.score_reliability(session, onboarding(migrated), DAYS)
    wanted = reliability([[each["ease"] - 1, each["help"] - 1, 5 - each["doubt"]] for each in answers])
    assert found is not None and wanted is not None
    assert found.alpha == pytest.approx(wanted.alpha)
    assert found.alpha > 0.6
    assert sorted(found.with_others) == pytest.approx(sorted(wanted.with_others))


def test_there_is_no_reliability_of_few_answers_or_of_one_question(migrated: Database) -> None:
    given(migrated, 29)
    with migrated.reading() as session:
        assert reports.score_reliability(session, onboarding(migrated), DAYS) is None
        single = Series("onboarded", "ease", "csat", ONBOARDED.title, ONBOARDED.title, ("onboarded",))
        assert reports.score_reliability(session, single, DAYS) is None


def test_the_items_of_a_score_are_not_its_drivers(migrated: Database) -> None:
    with migrated.reading() as session:
        found = {each.series.question for each in reports.driver_subjects(session, LIBRARY)}
    assert found == set()  # all ratings are items of one score, and two of the other
