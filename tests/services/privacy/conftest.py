"""Fixtures that several files here stand on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback.services.journey import enrolments
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import Invitation
from tests.services.conftest import World
from tests.services.privacy.person import EMAIL, GIVEN, KEY, PHONE, WORDS


@pytest.fixture
def surveyed(world: World) -> World:
    """Deniz, alone in an account, was asked, gave 2 with a comment, and wrote an SMS."""
    with world.database.writing() as session:
        account = world.account(session, "acc-4711")
        world.contact(session, KEY, account=account, email=EMAIL)
    with world.database.writing() as session:
        event = enrolments.Event(f"t:{KEY}", "ticket_closed", KEY, world.now, {"ticket": "leaking"})
        enrolments.record_event(session, event, world.context, world.now)
    for _ in range(3):
        world.wait(days=1)
        world.tick()
    with world.database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        questionnaire = world.library.questionnaire_of(invitation.version)
        given = {each.key: GIVEN[each.type] for each in questionnaire.questions if each.type in GIVEN}
        submission = Submission(given, world.now, "link")
        recording.record(session, invitation, questionnaire, submission, world.settings)
    world.reply(WORDS, PHONE)
    return world
