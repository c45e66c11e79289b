"""The sample helper: the worked examples of its formulas, and honesty where too little is known."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import true
from sqlalchemy.orm import Session

from feedback.core.metrics import METRICS
from feedback.core.metrics.planning import Expected, plan
from feedback.services.campaigns import audience, definition, sample
from feedback.services.campaigns.sample import SampleAdvice
from feedback.store.models import Contact, Invitation, Response, Score
from tests.services.campaigns.conftest import CampaignWorld


def invited(
    session: Session, campaigns: CampaignWorld, contacts: list[int], number: int, answered: int
) -> None:
    """So many past invitations, one after the other, of which the first are answered with a promoter's score, every
    fifth of them with a detractor's."""
    now = campaigns.world.now
    version = campaigns.world.library.published(session, "relationship-nps", now)
    for each in range(number):
        at = now - timedelta(days=30, minutes=each)
        row = Invitation(
            contact_id=contacts[each % len(contacts)], version=version, stage="relationship", channel="email",
            language="en", state="completed" if each < answered else "expired", created_at=at, sent_at=at,
            answered_at=at if each < answered else None, expires_at=at + timedelta(days=14),
        )  # fmt: skip
        session.add(row)
        session.flush()
        if each < answered:
            response = Response(
                invitation_id=row.id, version_id=version.id, questionnaire="relationship-nps", source="link",
                channel="email", language="en", state="complete", answered_at=at, updated_at=at,
            )  # fmt: skip
            session.add(response)
            session.flush()
            question = campaigns.world.library.questionnaires["relationship-nps"]
            assert question.scored is not None
            session.add(
                Score(
                    response_id=response.id, question=question.scored.key, metric="nps", trend=question.series,
                    value=3 if each % 5 == 0 else 9, at=at,
                )
            )  # fmt: skip


def advice(campaigns: CampaignWorld, campaign: int, eligible: int, margin: float = 10) -> SampleAdvice:
    world = campaigns.world
    with campaigns.database.reading() as session:
        which = audience.condition(session, definition.find(session, campaign), world.settings, world.now)
        questionnaire = world.library.questionnaires["relationship-nps"]
        found = sample.advise(session, questionnaire, which, eligible, margin, world.now)
        assert found is not None
        return found


def test_the_worked_example_of_the_formulas() -> None:
    assert plan(METRICS["nps"], 10, Expected(0.5, 0.2), response_rate=0.31).answers == 232
    assert plan(METRICS["nps"], 10, Expected(0.5, 0.2), response_rate=0.31).invitations == 749
    assert sample._asked_for(232, 0.31) == 749


def test_the_rate_and_the_shares_are_those_of_the_installation(campaigns: CampaignWorld) -> None:
    people = campaigns.people(10)
    with campaigns.database.writing() as session:
        invited(session, campaigns, people, 200, 62)
    found = advice(campaigns, campaigns.add(people), eligible=100_000)
    assert (found.rate.answered, found.rate.invited, found.rate.of_audience) == (62, 200, True)
    assert found.earlier_answers == 62
    assert (round(found.assumed.good, 2), round(found.assumed.bad, 2)) == (0.79, 0.21)
    expected = plan(METRICS["nps"], 10, found.assumed, population=100_000, response_rate=0.31)
    assert (found.answers, found.ask) == (expected.answers, expected.invitations)
    assert found.is_enough
    assert found.cautious is not None and found.ask is not None
    assert found.cautious > found.ask


def test_an_audience_that_was_seldom_asked_takes_the_rate_of_everybody_and_says_so(
    campaigns: CampaignWorld,
) -> None:
    people = campaigns.people(10)
    with campaigns.database.writing() as session:
        invited(session, campaigns, people[:5], 150, 30)
    found = advice(campaigns, campaigns.add(people[5:]), eligible=5)
    assert (found.rate.invited, found.rate.of_audience) == (150, False)


def test_without_enough_invitations_no_rate_is_made_up(campaigns: CampaignWorld) -> None:
    people = campaigns.people(3)
    with campaigns.database.writing() as session:
        invited(session, campaigns, people, 20, 6)
    found = advice(campaigns, campaigns.add(people), eligible=10_000)
    assert found.ask is None
    assert found.answers == 368  # the worst case, for a population of 10,000
    assert found.guesses == {0.10: 3_680, 0.20: 1_840, 0.30: 1_227}


def test_too_small_an_audience_is_told_what_it_gives(campaigns: CampaignWorld) -> None:
    people = campaigns.people(10)
    with campaigns.database.writing() as session:
        invited(session, campaigns, people, 200, 62)
    found = advice(campaigns, campaigns.add(people), eligible=100, margin=5)
    assert not found.is_enough
    assert found.margin is not None and found.margin > 5


def test_invitations_of_this_week_do_not_count_yet(campaigns: CampaignWorld) -> None:
    people = campaigns.people(2)
    with campaigns.database.writing() as session:
        invited(session, campaigns, people, 120, 60)
    campaigns.world.now -= timedelta(days=26)
    with campaigns.database.reading() as session:
        found = sample.response_rate(session, true() & Contact.id.is_not(None), campaigns.world.now)
    assert found.invited == 0
