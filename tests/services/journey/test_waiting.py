"""What waits to be sent can be seen before it is sent: how many, until when, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from feedback.errors import ProviderHeld
from feedback.library import Library, Refused
from feedback.services.access import Viewer
from feedback.services.journey import invitations, waiting
from feedback.services.messaging import provider_holds
from feedback.store.models import Message
from tests.services.conftest import World

LEAD = Viewer(0, sees_all=True)
SUNDAY_NOON = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)


def groups(world: World, viewer: Viewer = LEAD) -> list[tuple[str, str, int]]:
    with world.database.reading() as session:
        found = waiting.groups(session, world.library, viewer, world.now)
        return [(each.stage, each.reason, each.number) for each in found]


def closed_tickets(world: World, *contacts: str, country: str = "TR") -> None:
    with world.database.writing() as session:
        for number, each in enumerate(contacts):
            world.contact(session, each, phone=f"+9053212{number:05d}", country=country)
            world.event(session, "ticket_closed", each)


def test_events_of_a_sunday_wait_for_the_next_day_on_which_somebody_may_be_asked(world: World) -> None:
    world.now = SUNDAY_NOON
    closed_tickets(world, "c1", "c2", "c3", country="DE")
    with world.database.reading() as session:
        (found,) = waiting.groups(session, world.library, LEAD, world.now)
        assert (found.stage, found.reason, found.number) == ("support-call", "quiet_hours", 3)
        assert found.first.date().isoformat() == "2026-03-09"
        following = waiting.next_ones(session, LEAD)
        assert [contact.external_id for _, contact in following] == ["c1", "c2", "c3"]
        assert all(enrolment.explanation[0]["code"] == "quiet_hours" for enrolment, _ in following)


def test_what_waits_for_its_own_time_says_so_until_it_is_due(world: World) -> None:
    closed_tickets(world, "c1")
    assert groups(world) == [("support-call", "scheduled", 1)]
    world.wait(hours=2)
    assert groups(world) == [("support-call", "due", 1)]
    world.tick()
    assert groups(world) == []


def test_a_message_that_could_not_be_sent_yet_waits_with_its_own_reason(world: World) -> None:
    closed_tickets(world, "c1", "c2")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
        message = session.query(Message).order_by(Message.id).first()
        assert message is not None
        message.state_reason, message.due_at = "retry", world.now + timedelta(minutes=9)
    assert groups(world) == [("support-call", "due", 1), ("support-call", "retry", 1)]
    with world.database.writing() as session:
        provider_holds.hold(session, message.provider, ProviderHeld("No.", code="hold_provider"), world.now)
    assert groups(world) == [("support-call", "on_hold", 2)]


def test_a_survey_whose_questionnaire_is_not_published_waits_for_its_file(world: World) -> None:
    closed_tickets(world, "c1")
    refused = Refused("support-call-csat.yaml", "support-call-csat", (), replaced=False)
    world.library = Library(world.library.questionnaires, world.library.journey, refused=[refused])
    assert groups(world) == [("support-call", "unsettled", 1)]


def test_a_colleague_sees_only_what_waits_at_accounts_in_their_sight(world: World) -> None:
    with world.database.writing() as session:
        owner, other = world.owner(session), world.owner(session, "other@example.com")
        world.contact(session, account=world.account(session, owner_id=owner.id))
        world.event(session, "ticket_closed")
        seen, unseen = Viewer(owner.id), Viewer(other.id)
    assert groups(world, seen) == [("support-call", "scheduled", 1)]
    assert groups(world, unseen) == []
    with world.database.reading() as session:
        assert len(waiting.next_ones(session, seen)) == 1
        assert waiting.next_ones(session, unseen) == []
