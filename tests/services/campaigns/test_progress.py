"""The numbers of a wave, its trouble, and its score beside that of the wave before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from feedback.services.campaigns import definition, progress
from feedback.services.contact import suppression
from feedback.store.models import Contact, Invitation, Response, Score
from tests.services.campaigns.conftest import CampaignWorld


def answer(campaigns: CampaignWorld, value: int, number: int) -> None:
    """So many of those who have not answered give this score."""
    now = campaigns.world.now
    with campaigns.database.writing() as session:
        open_ones = select(Invitation).where(Invitation.answered_at.is_(None)).order_by(Invitation.id)
        for each in session.scalars(open_ones.limit(number)).all():
            each.answered_at = now
            response = Response(
                invitation_id=each.id, version_id=each.version_id, questionnaire="relationship-nps", source="link",
                channel="email", language="en", state="complete", answered_at=now, updated_at=now,
            )  # fmt: skip
            session.add(response)
            session.flush()
            question = campaigns.world.library.questionnaires["relationship-nps"].scored
            assert question is not None
            session.add(
                Score(
                    response_id=response.id, question=question.key, metric="nps", trend="relationship", value=value,
                    at=now,
                )
            )  # fmt: skip


def test_a_wave_counts_who_has_it_who_answered_and_who_objected(campaigns: CampaignWorld) -> None:
    people = campaigns.people(6)
    silent = campaigns.people(1, first=6, consent=False, country="DE")
    campaign = campaigns.add([*people, *silent])
    campaigns.start(campaign)
    campaigns.tick()
    campaigns.tick()
    answer(campaigns, 9, 2)
    with campaigns.database.writing() as session:
        for contact_id, reason in zip(people[:2], ("opt_out", "complaint"), strict=True):
            contact = session.get_one(Contact, contact_id)
            suppression.suppress(
                session, "email", str(contact.email), reason=reason, source="test",
                now=campaigns.world.now + timedelta(hours=1), contact_id=contact_id,
            )  # fmt: skip
        failed = session.scalars(select(Invitation).where(Invitation.contact_id == people[5])).one()
        failed.state = "failed"
    with campaigns.database.reading() as session:
        found = definition.find(session, campaign)
        wave = progress.of_wave(session, found.waves[0])
        trouble = progress.trouble(session, found)
    assert (wave.waiting, wave.sent, wave.answered, wave.failed) == (0, 5, 2, 1)
    assert (wave.opted_out, wave.complained) == (1, 1)
    assert wave.skipped == {"no_channel": 1}
    assert wave.decided == 7
    assert (trouble.tried, trouble.failed, trouble.complaints) == (6, 1, 1)
    assert trouble.since({"wave": 1, "tried": 6, "failed": 1, "complaints": 1}).tried == 0
    assert trouble.since({"wave": 0, "tried": 6}).tried == 6  # of an earlier wave


def test_the_score_of_a_wave_is_compared_with_the_wave_before(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(40), repeats="quarter")
    campaigns.start(campaign)
    for value in (2, 10):
        for _ in range(3):
            campaigns.tick()
        answer(campaigns, value, 40)
        campaigns.world.wait(days=92)
    with campaigns.database.reading() as session:
        found = progress.scores(session, definition.find(session, campaign), campaigns.world.library)
    assert sorted(found) == [1, 2]
    assert (found[1].score.value, found[1].change) == (-100, None)
    assert found[2].score.n == 40
    change = found[2].change
    assert change is not None and change.changed
    assert change.difference is not None and change.difference > 100
