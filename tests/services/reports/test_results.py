"""What was answered to each question: counted as it is stored, with its base, and hidden where it would give away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.services import reports, rollups
from feedback.services.reports import Distribution, Group, QuestionResult
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.settings.table import LinkSettings
from feedback.store.database import Database
from feedback.store.models import AnswerCount, CountedBy
from tests.factories_surveys import NOW, invite, questionnaire, shelf

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
FEBRUARY = MARCH.before()
SETTINGS = replace(Settings(instance=Path()), link=LinkSettings(edit_window=timedelta(days=999)))
REASON = {
    "key": "reason",
    "type": "single",
    "text": "What was it about?",
    "dont_know": True,
    "options": [
        {"key": "price", "text": "Price"},
        {"key": "speed", "text": "Speed"},
        {"key": "none", "text": "It does not concern me", "role": "not_applicable"},
    ],
}
TOOLS = {
    "key": "tools",
    "type": "multi",
    "text": "Which tools do you use?",
    "options": ["Mail", "Chat", "Phone"],
}
EASE = {"key": "ease", "type": "rating", "text": "How easy was it?", "scale": {"min": 1, "max": 5}}
GRID = {
    "key": "grid",
    "type": "matrix",
    "text": "How good were these?",
    "rows": [{"key": "docs", "text": "Documents"}, {"key": "people", "text": "People"}],
    "scale": {"min": 1, "max": 3},
    "not_applicable": True,
    "opt_out_in_rows": True,
}
SEATS = {"key": "seats", "type": "number", "text": "How many seats do you have?"}
BEGIN = {"key": "begin", "type": "date", "text": "When do you want to begin?"}
ORDER = {
    "key": "order",
    "type": "ranking",
    "text": "Put these in order.",
    "options": ["Mail", "Chat", "Phone"],
}
ALL = questionnaire(REASON, TOOLS, EASE, GRID, SEATS, BEGIN, ORDER)
LIBRARY = shelf(ALL)


def answer(session: Session, token: str, given: Mapping[str, Answer | None], **invited: Any) -> Any:
    invitation = invite(session, LIBRARY, token=token, **invited)
    rollups.invited(session, invitation.id)
    recording.record(session, invitation, ALL, Submission(given, NOW, "link"), SETTINGS)
    return invitation


def found(session: Session, group: Group = reports.EVERYBODY) -> dict[str, QuestionResult]:
    survey = reports.find_survey(reports.surveys(session, LIBRARY), "survey")
    listed = reports.results(session, survey, MARCH, FEBRUARY, group)
    return {each.question.key: each for each in listed}


def numbers(result: QuestionResult, item: str = "") -> dict[str, tuple[int, int]]:
    return {value: (share.n, share.base) for value, share in result.shares(item).items()}


def test_shares_are_of_those_who_answered_and_opt_outs_stand_beside_them(migrated: Database) -> None:
    values = ["price", "price", "speed", "none", "dont_know"]
    with migrated.writing() as session:
        for place, value in enumerate(values):
            answer(session, f"t{place}", {"reason": Answer(value)})
        result = found(session)["reason"]
        assert rollups.check(session) == []
    assert numbers(result) == {"price": (2, 3), "speed": (1, 3)}
    assert (result.n, result.opted_out) == (3, {"none": 1, "dont_know": 1})


def test_shares_of_several_answers_are_of_the_people_not_of_the_ticks(migrated: Database) -> None:
    with migrated.writing() as session:
        answer(session, "a", {"tools": Answer(("mail", "chat"))})
        answer(session, "b", {"tools": Answer(("mail",))})
        result = found(session)["tools"]
    assert result.n == 2
    assert numbers(result) == {"mail": (2, 2), "chat": (1, 2), "phone": (0, 2)}


def test_each_row_of_a_matrix_has_its_own_base(migrated: Database) -> None:
    with migrated.writing() as session:
        answer(session, "a", {"grid": Answer({"docs": 3, "people": 1})})
        answer(session, "b", {"grid": Answer({"docs": 2, "people": "not_applicable"})})
        answer(session, "c", {"grid": Answer("not_applicable")})
        result = found(session)["grid"]
    assert numbers(result, "docs") == {"1": (0, 2), "2": (1, 2), "3": (1, 2)}
    assert numbers(result, "people") == {"1": (1, 1), "2": (0, 1), "3": (0, 1)}
    assert (result.n, result.opted_out_of("people"), result.opted_out) == (2, 1, {"not_applicable": 1})


def test_numbers_days_and_places_are_counted_as_they_are(migrated: Database) -> None:
    with migrated.writing() as session:
        answer(session, "a", {"seats": Answer(12), "begin": Answer("2026-05-31")})
        answer(session, "b", {"seats": Answer(40), "order": Answer(("chat", "mail", "phone"))})
        shown = found(session)
        assert rollups.check(session) == []
    distribution = shown["seats"].distribution()
    assert distribution is not None
    assert (distribution.counts, distribution.mean, distribution.quantile(0.5)) == ({12: 1, 40: 1}, 26, 26)
    assert numbers(shown["begin"]) == {"2026-05-31": (1, 1)}
    first = shown["order"].distribution("chat")
    assert first is not None
    assert first.counts == {1: 1}


def test_a_changed_answer_counts_once_and_a_removed_one_no_more(migrated: Database) -> None:
    with migrated.writing() as session:
        invitation = answer(session, "a", {"reason": Answer("price"), "tools": Answer(("mail", "chat"))})
        later = Submission({"reason": Answer("speed"), "tools": None}, NOW + timedelta(hours=1), "link")
        recording.record(session, invitation, ALL, later, SETTINGS)
        shown = found(session)
        assert rollups.check(session) == []
    assert numbers(shown["reason"]) == {"price": (0, 1), "speed": (1, 1)}
    assert shown["tools"].shares() == {}


def test_what_looks_like_a_machine_is_in_no_result(migrated: Database) -> None:
    evidence = {"trap_link": True, "trap_field": True}
    with migrated.writing() as session:
        invitation = invite(session, LIBRARY)
        rollups.invited(session, invitation.id)
        given = Submission({"reason": Answer("price")}, NOW, "link", evidence=evidence)
        recording.record(session, invitation, ALL, given, SETTINGS)
        assert found(session)["reason"].n == 0
        recording.record(session, invitation, ALL, Submission({"ease": Answer(4)}, NOW, "link"), SETTINGS)
        assert found(session)["reason"].n == 1  # a person went on: what was kept counts now
        assert rollups.check(session) == []


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "reason": st.sampled_from([None, Answer("price"), Answer("speed"), Answer("dont_know")]),
                "tools": st.sampled_from([None, Answer(("mail",)), Answer(("chat", "phone"))]),
                "grid": st.sampled_from([None, Answer({"docs": 1}), Answer({"docs": 3, "people": 2})]),
            },
        ),
        max_size=6,
    )
)
def test_whatever_is_changed_the_counts_equal_a_rebuild(
    migrated: Database, changes: list[dict[str, Any]]
) -> None:
    with migrated.writing() as session:
        invitation = answer(session, "a", {"ease": Answer(3)})
        for hours, change in enumerate(changes, 1):
            submission = Submission(change, NOW + timedelta(hours=hours), "link")
            recording.record(session, invitation, ALL, submission, SETTINGS)
        assert rollups.check(session) == []
        session.rollback()


def test_a_small_group_is_hidden_and_with_it_the_one_that_would_give_it_away(migrated: Database) -> None:
    with migrated.writing() as session:
        for place in range(14):
            invitation = answer(session, f"t{place}", {}, channel="sms" if place < 3 else "email")
            recording.record(
                session, invitation, ALL, Submission({"reason": Answer("price")}, NOW, "link"), SETTINGS
            )
        small, large = (found(session, Group("channel", each))["reason"] for each in ("sms", "email"))
        own = found(session, Group("channel", "sms", is_own=True))["reason"]
        survey = reports.find_survey(reports.surveys(session, LIBRARY), "survey")
        cells = reports.by_group(session, survey, "reason", MARCH, "channel")
    assert (small.covered, large.covered, own.covered) == (True, True, False)
    assert {key: each.covered for key, each in cells.items()} == {"email": True, "sms": True}


def test_the_interval_of_a_change_is_told_from_ten_answers_on_both_sides() -> None:
    share = reports.ChosenShare(30, 60, 10, 60)
    assert share.change is not None
    assert share.change.excludes_zero
    assert reports.ChosenShare(5, 9, 10, 60).change is None


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40))
def test_mean_median_and_interval_are_those_of_the_numbers(values: list[int]) -> None:
    counts = {float(each): values.count(each) for each in sorted(set(values))}
    made = Distribution(counts)
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    assert made.mean == pytest.approx(sum(values) / len(values))
    assert made.quantile(0.5) == pytest.approx(middle)
    if len(set(values)) > 1:
        low, high = stats.t.interval(0.95, len(values) - 1, stats.tmean(values), stats.sem(values))
        assert made.interval is not None
        assert (made.interval.low, made.interval.high) == pytest.approx((low, high))


def test_options_of_an_earlier_version_keep_their_words(migrated: Database) -> None:
    renamed = {**TOOLS, "options": ["Mail", "Video"]}
    newer = shelf(questionnaire(REASON, renamed))
    with migrated.writing() as session:
        answer(session, "a", {"tools": Answer(("phone",))})
        survey = reports.find_survey(reports.surveys(session, newer), "survey")
        result = {each.question.key: each for each in reports.results(session, survey, MARCH, FEBRUARY)}[
            "tools"
        ]
    assert numbers(result) == {"mail": (0, 1), "video": (0, 1), "phone": (1, 1)}
    assert result.asked.options["phone"].to("en") == "Phone"


def test_a_survey_or_question_that_does_not_exist_is_not_found(migrated: Database) -> None:
    with migrated.reading() as session:
        known = reports.surveys(session, LIBRARY)
        with pytest.raises(NotFound):
            reports.find_survey(known, "other")
        with pytest.raises(NotFound):
            reports.by_group(session, known[0], "other", MARCH, "segment")


def test_after_the_upgrade_results_wait_until_the_counts_are_rebuilt(migrated: Database) -> None:
    with migrated.writing() as session:
        rollups.adopt(session)
        session.execute(update(CountedBy).values(complete=False))
        session.expire_all()
        assert [each.code for each in rollups.problems(session)] == ["F125"]
        rollups.rebuild(session)
        assert (rollups.is_complete(session), rollups.problems(session)) == (True, [])


def test_a_small_base_is_counted_at_the_first_start_after_the_upgrade(migrated: Database) -> None:
    with migrated.writing() as session:
        rollups.adopt(session)
        answer(session, "a", {"reason": Answer("price")})
        session.execute(delete(AnswerCount))
        session.execute(update(CountedBy).values(complete=False))
        session.expire_all()
        rollups.adopt(session)
        assert rollups.check(session) == []
        assert found(session)["reason"].n == 1
