"""Admins hear of a webhook that was disabled: each of them, once."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from feedback.services.notifications import webhook_email
from feedback.services.webhooks import delivering
from feedback.store.models import Message, WebhookEndpoint
from tests.services.followups.desk import MONDAY, Desk
from tests.services.webhooks.conftest import listen


def test_every_admin_is_told_once_as_soon_as_mail_can_be_sent(desk: Desk) -> None:
    database = desk.runtime.database
    listen(database)
    with database.writing() as session:
        assert webhook_email.tell_of_disabled(session, desk.runtime, MONDAY) == 0
        delivering.disable(session.scalars(select(WebhookEndpoint)).one(), "gone", MONDAY)
    without_mail = replace(desk.runtime, providers={})
    told = []
    for context in (without_mail, desk.runtime, desk.runtime):
        with database.writing() as session:
            told.append(webhook_email.tell_of_disabled(session, context, MONDAY))
    assert told == [0, 1, 0]
    with database.reading() as session:
        mail = session.scalars(select(Message)).one()
        assert (mail.recipient, mail.purpose) == ("admin@example.com", "webhook")
        assert mail.subject == "The webhook CRM was disabled" and "/webhooks/1" in mail.body
