"""A phone and an inbox in the browser: every message the system sends arrives here, and can be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from feedback import clock
from feedback.channels.base import Reply
from feedback.core.text import direction
from feedback.errors import NotFound
from feedback.services import conversation
from feedback.services.mailbox import provider_id
from feedback.store.models import Contact, SimulatedMessage
from feedback.web.permissions import public

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

SHOWN = 40
WHY = "exists only where messages are simulated, and there is nobody to protect"
LONGEST_REPLY = 1_600


def blueprint(runtime: Runtime) -> Blueprint:
    """The simulator's pages; without a simulated channel in the settings they do not exist."""
    simulator = Blueprint("simulator", __name__)

    @simulator.before_request
    def only_with_a_simulated_channel() -> None:
        if not any(key.startswith("simulator") for key in runtime.channels):
            raise NotFound("There is no simulator here.")

    @simulator.get("/")
    @public(WHY)
    def overview() -> str:
        with runtime.database.reading() as session:
            return render_template(
                "simulator/overview.html", people=people(session), organisation=runtime.settings.organisation
            )

    @simulator.get("/<int:contact_id>")
    @public(WHY)
    def person(contact_id: int) -> str:
        with runtime.database.reading() as session:
            contact = session.get(Contact, contact_id) or abort(404)
            messages = _messages(session, contact)
            return render_template(
                "simulator/person.html",
                contact=contact,
                messages=messages,
                people=people(session),
                direction=direction(contact.language or "en"),
                organisation=runtime.settings.organisation,
            )

    @simulator.post("/<int:contact_id>/reply")
    @public(WHY)
    def reply(contact_id: int) -> Redirect:
        body = request.form.get("body", "").strip()[:LONGEST_REPLY]
        with runtime.database.writing() as session:
            contact = session.get(Contact, contact_id) or abort(404)
            if body and contact.phone:
                written = SimulatedMessage(
                    kind="sms", direction="in", address=contact.phone, body=body, at=clock.now()
                )
                session.add(written)
                session.flush()
                received = Reply(provider_id(written), contact.phone, "simulator", body, written.at, None)
                conversation.receive(
                    session, "simulator_sms", received, runtime.library, runtime.settings, written.at
                )
        return redirect(url_for("simulator.person", contact_id=contact_id))

    @simulator.get("/mail/<int:message_id>")
    @public(WHY)
    def mail(message_id: int) -> Response:
        """A mail's HTML part, as a mail program would show it; it stands in a sandboxed frame."""
        with runtime.database.reading() as session:
            message = session.get(SimulatedMessage, message_id) or abort(404)
            page = Response(message.html or "", mimetype="text/html")
        page.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
        )
        return page

    return simulator


def people(session: Session) -> list[tuple[Contact, SimulatedMessage]]:
    """Who has got something lately, newest first, with their newest message."""
    newest = (
        select(func.max(SimulatedMessage.id))
        .group_by(SimulatedMessage.address)
        .order_by(func.max(SimulatedMessage.id).desc())
        .limit(SHOWN)
    )
    messages = session.scalars(
        select(SimulatedMessage).where(SimulatedMessage.id.in_(newest)).order_by(SimulatedMessage.id.desc())
    ).all()
    addresses = [each.address for each in messages]
    contacts = session.scalars(
        select(Contact).where(Contact.phone.in_(addresses) | Contact.email.in_(addresses))
    ).all()
    by_address = {address: each for each in contacts for address in (each.phone, each.email) if address}
    seen: dict[int, tuple[Contact, SimulatedMessage]] = {}
    for message in messages:
        if (contact := by_address.get(message.address)) is not None:
            seen.setdefault(contact.id, (contact, message))
    return list(seen.values())


def _messages(session: Session, contact: Contact) -> list[SimulatedMessage]:
    addresses = [address for address in (contact.phone, contact.email) if address]
    newest = session.scalars(
        select(SimulatedMessage)
        .where(SimulatedMessage.address.in_(addresses))
        .order_by(SimulatedMessage.id.desc())
        .limit(SHOWN)
    ).all()
    return list(reversed(newest))
