"""The outlook of a journey says whom each stage would ask, and why not the others, before it is published."""

from __future__ import annotations

from datetime import timedelta

from feedback import lint
from feedback.core.journey import Journey
from feedback.services.studio.stages.outlook import JourneyOutlook, outlook
from tests.services.conftest import World

DRAFT = """\
stages:
  - key: renewal
    title: Renewal
    enter: {date: renewal_on, before: 90d}
    questionnaire: renewal-nps
    channels: [email, sms]
    expires_after: 3w
  - key: visit
    title: Visit
    enter: {event: visit}
    questionnaire: support-call-csat
    channels: [sms]
    expires_after: 3w
"""


def look(world: World, text: str = DRAFT, most: int = 100) -> JourneyOutlook:
    journey = lint.read(text).journey or Journey(stages=())
    with world.database.reading() as session:
        return outlook(session, world.context, journey, world.now, most=most)


def test_each_stage_of_a_draft_says_who_would_be_asked_and_why_not(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=100))
        world.contact(session, "c1", account=account)
        world.contact(session, "c2", account=account, consent=False)
    found = look(world)
    assert [(key, each.sent, each.not_asked) for key, each in found.stages.items()] == [
        ("renewal", 1, 1),
        ("visit", 0, 0),
    ]
    assert found.skipped == {"no_channel": 1}
    assert (found.sent, found.until) == (1, None)


def test_a_large_base_is_counted_up_to_a_time_that_is_told(world: World) -> None:
    with world.database.writing() as session:
        for number in range(6):
            account = world.account(
                session, f"a{number}", renewal_on=world.now.date() + timedelta(days=95 + number)
            )
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}", account=account)
    found = look(world, most=4)
    assert sum(each.sent + each.not_asked for each in found.stages.values()) == 4
    assert found.until and found.until <= world.now + timedelta(days=30)
