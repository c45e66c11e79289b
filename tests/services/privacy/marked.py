"""A person with a string of their own in every column that holds data of contacts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import JSON, select, update
from sqlalchemy.orm import Session

from feedback.services.privacy import persons
from feedback.store import personal
from feedback.store.base import Base
from feedback.store.models import (
    AnswerRow,
    Bounce,
    Contact,
    FollowUp,
    FollowUpEntry,
    InboundReply,
    Link,
    Message,
    ProviderHold,
    Response,
    SavedView,
    SimulatedMessage,
    Suppression,
    WebhookAttempt,
    WebhookCall,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from feedback.store.personal import Whose
from tests.services.conftest import World
from tests.services.privacy.person import EMAIL, KEY, NAME, PHONE

OLD_PHONE, OLD_EMAIL, LIST_PHONE = "+905350001122", "old-4711@example.com", "+905350003344"
RARE = "Zqx"
"""Begins every string that is written into a column; nothing else contains it."""
KEPT_SHORT = {("contact", "language"), ("contact", "country"), ("contact", "phone")}
"""Columns whose content has a shape."""


def leave_more_traces(world: World) -> None:
    """What the story of `surveyed` does not do: old addresses, bounces, views, notices, an open link."""
    with world.database.writing() as session:
        contact = session.scalars(select(Contact).where(Contact.external_id == KEY)).one()
        message = session.scalars(select(Message).where(Message.contact_id == contact.id)).first()
        response = session.scalars(select(Response)).one()
        assert message
        now = world.now
        owner = world.owner(session, "colleague@example.com")
        session.add_all(
            [
                Suppression(
                    kind="sms", address=LIST_PHONE, reason="opt_out", source="reply 1", contact_id=contact.id,
                    created_at=now,
                ),
                Bounce(
                    message_id=message.id, address=EMAIL, status="5.1.1", is_permanent=True, received_at=now
                ),
                InboundReply(
                    provider="simulator_sms", provider_id="before", sender=OLD_PHONE, recipient="1",
                    body=f"{RARE}early", received_at=now, meaning="unknown_sender",
                ),
                SimulatedMessage(
                    channel="sms", direction="in", address=OLD_PHONE, body=f"{RARE}simulated", at=now
                ),
                SavedView(user_id=owner.id, name=f"{NAME} only", query="owner=3"),
                SavedView(user_id=owner.id, name="Search", query="state=open&search=deniz+DEM%C4%B0R"),
                SavedView(user_id=owner.id, name="By number", query="search=%2B905350001122"),
                SavedView(user_id=owner.id, name="Nobody", query="state=open"),
                ProviderHold(
                    provider="smtp_email", country="", code="refused", reason=f"550 <{OLD_EMAIL}> refused", since=now
                ),
                WebhookCall(
                    kind="slack", about="new", payload={"text": f"• {NAME} complains"}, state="queued", created_at=now,
                    due_at=now,
                ),
                Message(
                    user_id=owner.id, purpose="alert", provider="simulator_email", channel="email",
                    recipient=owner.email, body=f"{NAME} gave 2", language="en", state="sent", due_at=now,
                    created_at=now,
                ),
            ]
        )  # fmt: skip
        for address in (OLD_PHONE, OLD_EMAIL):
            kind = "email" if "@" in address else "sms"
            session.add(
                Message(
                    contact_id=contact.id, purpose="thanks", provider=f"simulator_{kind}", channel=kind,
                    recipient=address, body="Hello", language="en", state="sent", due_at=now, created_at=now,
                )
            )  # fmt: skip
        _told_to_others(session, response, now)
        _answer_by_poster(session, response, now)
        _note_elsewhere(session, world, response)


def _told_to_others(session: Session, response: Response, now: Any) -> None:
    """A webhook that was delivered, and what its receiver answered."""
    endpoint = WebhookEndpoint(
        name="CRM", url="https://crm.example.com/", filters={}, secret="whsec_AAAA", created_at=now, changed_at=now
    )  # fmt: skip
    event = WebhookEvent(
        type="response.created", subject="response", subject_id=response.id, response_id=response.id, detail={},
        facts={}, at=now, uid="msg_1", body=f'{{"text":"{RARE}body"}}', spread_at=now,
    )  # fmt: skip
    delivery = WebhookDelivery(
        endpoint=endpoint, event=event, subject="response", subject_id=response.id, state="delivered", created_at=now,
        due_at=now, log=[WebhookAttempt(at=now, code="http_200", milliseconds=3, answer=f"{RARE}answer")],
    )  # fmt: skip
    session.add(delivery)


def _answer_by_poster(session: Session, response: Response, now: Any) -> None:
    """An anonymous visit in which the person left their old mail address."""
    link = Link(
        token="poster123456", kind="poster", name="Lobby", questionnaire=response.questionnaire, language="en",
        created_at=now,
    )  # fmt: skip
    session.add(link)
    session.flush()
    visit = Response(
        link_id=link.id, visit="visit", version_id=response.version_id, questionnaire=response.questionnaire,
        source="poster", channel="none", language="en", state="complete", answered_at=now, updated_at=now,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    session.add(AnswerRow(response_id=visit.id, question="mail", value=None, text=OLD_EMAIL))
    session.add(AnswerRow(response_id=visit.id, question="why", value=None, text=f"{RARE}anonymous words"))


def _note_elsewhere(session: Session, world: World, response: Response) -> None:
    """A colleague's note on another customer's follow-up names the person."""
    account = world.account(session, "acc-elsewhere")
    other = world.contact(session, "other", account=account, phone="+905329999999", name="Somebody Else")
    given = Response(
        contact_id=other.id, version_id=response.version_id, questionnaire=response.questionnaire, source="link",
        channel="email", language="en", state="complete", answered_at=world.now, updated_at=world.now,
    )  # fmt: skip
    session.add(given)
    session.flush()
    task = FollowUp(
        response_id=given.id, contact_id=other.id, rule="low", kind="recovery", title={"en": "Call"}, urgency="high",
        state="open", opened_at=world.now, contact_due_at=world.now, close_due_at=world.now,
    )  # fmt: skip
    session.add(task)
    session.flush()
    session.add(
        FollowUpEntry(
            follow_up_id=task.id, at=world.now, kind="note", text=f"Same fault as at {NAME}'s, {OLD_PHONE}."
        )
    )


def mark_every_column(session: Session) -> list[str]:
    """Write a distinctive string into every column of the person's rows that holds data of contacts. Returns them."""
    contact = session.scalars(select(Contact).where(Contact.external_id == KEY)).one()
    person = persons.look_up(session, contact)
    needles = []
    for model, where in persons.rows_about(person).items():
        for column in personal.columns_of(model.__table__, Whose.CONTACT, Whose.KEY):  # type: ignore[arg-type]
            if (column.table.name, column.name) in KEPT_SHORT or _finds_the_person(model, column.name):
                continue
            needle = f"{RARE}{len(needles)}q"
            for row in session.execute(select(model.id).where(where)).scalars():  # type: ignore[attr-defined]
                value: Any = {"w": f"{needle}-{row}"} if isinstance(column.type, JSON) else f"{needle}-{row}"
                values = {column.name: value}
                session.execute(update(model).where(model.id == row).values(values))  # type: ignore[attr-defined]
            needles.append(needle)
    return needles


def _finds_the_person(model: type[Base], column: str) -> bool:
    """Addresses by which the rows are found, and the names that colleagues quote."""
    return column in {"address", "sender", "recipient", "external_id", "email", "name"} or (
        model.__tablename__ == "answer"
    )


def needles() -> Iterator[str]:
    yield from (RARE, PHONE, EMAIL, NAME, KEY, OLD_PHONE, OLD_EMAIL, LIST_PHONE, "leaking", "DEM%C4%B0R")
