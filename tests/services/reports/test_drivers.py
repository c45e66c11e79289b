"""Drivers of a series: which ratings count, what the stored result says, and when it says nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.core.questionnaire import Questionnaire
from feedback.services import reports
from feedback.services.reports import DriverReport, DriverState, LeftOut, Series
from feedback.services.reports.driver_analysis import RatedResponse, analysed, renew_drivers
from feedback.services.reports.drivers import aspects_of, needed_answers
from feedback.store.database import Database
from tests.factories_ratings import FIVE, RATED, rate
from tests.factories_surveys import NOW, questionnaire, shelf

LIBRARY = shelf(RATED)


def report(database: Database) -> DriverReport:
    with database.reading() as session:
        (subject,) = reports.driver_subjects(session, LIBRARY)
        return reports.driver_report(session, subject)


def renewed(database: Database, n: int, per_account: int = 1) -> DriverReport:
    with database.writing() as session:
        rate(session, LIBRARY, n, NOW, per_account=per_account)
    assert renew_drivers(database, LIBRARY, NOW) == 1
    return report(database)


def test_ratings_rows_and_other_scores_are_aspects_and_the_score_itself_is_not() -> None:
    asked = questionnaire(
        {"key": "score", "type": "nps", "text": "Would you recommend us?"},
        {"key": "ease", "type": "ces", "text": "It was easy."},
        {"key": "why", "type": "text", "text": "Why?"},
        {"key": "grid", "type": "matrix", "text": "Rate these.", "scale": FIVE,
         "rows": [{"key": "a", "text": "A"}, {"key": "b", "text": "B"}]},
    )  # fmt: skip
    assert keys_beside(asked, "score") == ["ease", "grid.a", "grid.b"]
    assert keys_beside(asked, "ease") == ["score", "grid.a", "grid.b"]


def test_what_a_score_is_made_of_is_not_its_driver() -> None:
    asked = questionnaire(
        {"key": "score", "type": "nps", "text": "Would you recommend us?"},
        *({"key": key, "type": "rating", "text": key, "scale": FIVE} for key in ("a", "b", "c")),
        scores=[{"key": "whole", "title": "Whole", "items": ["a", "b"]}],
    )
    assert keys_beside(asked, "whole") == ["score", "c"]
    assert keys_beside(asked, "score") == ["a", "b", "c"]


def keys_beside(asked: Questionnaire, score: str) -> list[str]:
    composite = next((each for each in asked.composites if each.key == score), None)
    metric = asked.metric_of(score) or ""
    series = Series("survey", score, metric, asked.title, asked.title, ("survey",), composite)
    return [each.key for each in aspects_of(reports.survey_of(asked), series)]


def test_the_stored_result_ranks_the_aspects_by_the_answers(migrated: Database) -> None:
    found = renewed(migrated, 420)
    assert (found.state, found.n, found.is_uncertain) == (DriverState.RANKED, 420, False)
    order = [each.aspect.key for each, _ in found.ranked]
    assert (order[0], order[-1]) == ("parts.people", "parts.docs")
    assert sum(driver.share for _, driver in found.ranked) == pytest.approx(1)
    by_key = {each.aspect.key: (each, driver) for each, driver in found.ranked}
    assert by_key["effort"][1].direction == "up"  # little work is good, and goes with good scores
    docs = by_key["parts.docs"][0]
    assert docs.rated < 420 and docs.rating is not None and 0.4 < docs.rating < 0.8


def test_under_the_least_number_nothing_is_ranked_and_it_says_what_would_do(migrated: Database) -> None:
    found = renewed(migrated, 99)
    assert (found.state, found.n, found.needed, found.ranked) == (DriverState.FEW, 99, 100, [])


def test_answers_from_a_few_accounts_are_not_ranked(migrated: Database) -> None:
    found = renewed(migrated, 120, per_account=10)
    assert (found.state, found.clusters) == (DriverState.ACCOUNTS, 12)


def test_more_aspects_need_more_answers() -> None:
    assert [needed_answers(each) for each in (2, 6, 7, 12)] == [100, 100, 105, 180]


def test_a_result_is_renewed_when_answers_come_and_not_otherwise(migrated: Database) -> None:
    renewed(migrated, 40)
    assert renew_drivers(migrated, LIBRARY, NOW + timedelta(hours=2)) == 0
    with migrated.writing() as session:
        rate(session, LIBRARY, 1, NOW, seed=7)
    assert renew_drivers(migrated, LIBRARY, NOW + timedelta(hours=2)) == 0  # one more of forty
    assert renew_drivers(migrated, LIBRARY, NOW + timedelta(days=1, hours=2)) == 1  # a day later
    with migrated.writing() as session:
        rate(session, LIBRARY, 5, NOW, seed=8)
    assert renew_drivers(migrated, LIBRARY, NOW + timedelta(days=1, hours=3)) == 1  # an eighth more
    assert report(migrated).n == 46


def test_what_another_node_computes_is_left_to_it_until_its_claim_ends(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.writing() as session:
        rate(session, LIBRARY, 20, NOW)
    with monkeypatch.context() as patched:
        patched.setattr("feedback.services.reports.driver_analysis.analysed", killed)
        with pytest.raises(KeyboardInterrupt):
            renew_drivers(migrated, LIBRARY, NOW)
    assert report(migrated).state is DriverState.WAITING
    assert renew_drivers(migrated, LIBRARY, NOW + timedelta(minutes=14)) == 0
    assert renew_drivers(migrated, LIBRARY, NOW + timedelta(minutes=16)) == 1


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_only_the_answers_of_a_year_count(migrated: Database) -> None:
    with migrated.writing() as session:
        rate(session, LIBRARY, 30, NOW - timedelta(days=370))
        rate(session, LIBRARY, 25, NOW, seed=2)
    renew_drivers(migrated, LIBRARY, NOW)
    assert report(migrated).n == 25


def test_the_newest_answers_count_where_there_are_too_many(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.services.reports.driver_analysis.MOST_ANSWERS", 150)
    found = renewed(migrated, 200)
    assert (found.n, found.sampled, found.state) == (150, True, DriverState.RANKED)


def test_a_survey_without_two_ratings_has_no_drivers(migrated: Database) -> None:
    alone = shelf(
        questionnaire(
            {"key": "score", "type": "nps", "text": "Would you recommend us?"},
            {"key": "ease", "type": "rating", "text": "How easy was it?", "scale": FIVE},
        )
    )
    with migrated.reading() as session:
        assert reports.driver_subjects(session, alone) == []


def test_aspects_that_cannot_be_compared_are_left_out_with_the_reason(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is rated by all in the same way, the last by twenty; of the other five, four may be ranked."""
    monkeypatch.setattr("feedback.services.reports.driver_analysis.MOST_DRIVERS", 4)
    rows = [{"key": f"r{number}", "text": f"R{number}"} for number in range(7)]
    asked = questionnaire(
        {"key": "score", "type": "nps", "text": "Would you recommend us?"},
        {"key": "grid", "type": "matrix", "text": "Rate these.", "scale": {"min": 0, "max": 4}, "rows": rows},
    )
    with migrated.reading() as session:
        (subject,) = reports.driver_subjects(session, shelf(asked))
    answers = [
        RatedResponse(
            place % 5,
            (
                2,
                *((place * (3 + each) + place // 7) % 5 for each in range(5)),
                place % 3 if place < 20 else None,
            ),
            ("account", place),
            NOW.date(),
        )
        for place in range(300)
    ]
    found = analysed(subject, answers, "seed")
    reasons = [each.left_out for each in found.aspects]
    assert (reasons[0], reasons[-1]) == (LeftOut.EQUAL, LeftOut.FEW)
    assert reasons.count(None) == 4 and reasons.count(LeftOut.MANY) == 1
    assert (found.state, len(found.ranked)) == (DriverState.RANKED, 4)
