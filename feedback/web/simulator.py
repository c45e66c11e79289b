"""The simulated phone and inbox in the browser: every simulated message arrives here and can be answered.

In the demo they are public; otherwise only leads and admins may open them (`permissions.ROOMS`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.text.localized import direction
from feedback.errors import NotFound
from feedback.providers.base import Reply
from feedback.services import audit
from feedback.services.messaging.simulated_mailbox import provider_id
from feedback.services.responses import sms_conversation
from feedback.store.models import Contact, SimulatedMessage
from feedback.web.http.headers import STAFF_POLICY
from feedback.web.http.routes import blueprint_of, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

SHOWN = 40
LONGEST_REPLY = 1_600


def blueprint(runtime: Runtime) -> Blueprint:
    """The simulator's pages; without a simulated provider in the settings they do not exist."""
    views = SimulatorViews(runtime)
    simulator = blueprint_of(
        "simulator",
        get("/", views.overview),
        get("/<int:contact_id>", views.person),
        post("/<int:contact_id>/reply", views.reply),
        get("/mail/<int:message_id>", views.mail),
    )
    simulator.before_request(views.only_with_a_simulated_channel)
    return simulator


class SimulatorViews:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.settings = runtime.settings
        self.providers = runtime.providers

    def only_with_a_simulated_channel(self) -> None:
        if not any(key.startswith("simulator") for key in self.providers):
            raise NotFound("The simulator is not available here.")

    def overview(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            return render_template(
                "simulator/overview.html", people=people(session), organisation=self.settings.organisation
            )

    def person(self, contact_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            contact = session.get(Contact, contact_id) or abort(404)
            messages = _messages(session, contact)
            page = render_template(
                "simulator/person.html",
                contact=contact,
                messages=messages,
                people=people(session),
                direction=direction(contact.language or "en"),
                organisation=self.settings.organisation,
            )
        response = Response(page)
        response.headers["Content-Security-Policy"] = f"{STAFF_POLICY}; frame-src 'self'"  # the mails
        return response

    def reply(self, contact_id: int) -> ResponseReturnValue:
        body = request.form.get("body", "").strip()[:LONGEST_REPLY]
        with self.database.writing() as session:
            contact = session.get(Contact, contact_id) or abort(404)
            if body and contact.phone:
                self._receive(session, contact.phone, body)
                if current_user.is_authenticated:
                    audit.record(
                        session, "simulated", "contact", contact.id, by=current_user.id, now=clock.now()
                    )
        return redirect(url_for("simulator.person", contact_id=contact_id))

    def mail(self, message_id: int) -> ResponseReturnValue:
        """A mail's HTML part, for a sandboxed frame."""
        with self.database.reading() as session:
            message = session.get(SimulatedMessage, message_id) or abort(404)
            page = Response(message.html or "", mimetype="text/html")
        page.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
        )
        return page

    def _receive(self, session: Session, phone: str, body: str) -> None:
        """A simulated SMS reply, processed like one from a provider."""
        written = SimulatedMessage(channel="sms", direction="in", address=phone, body=body, at=clock.now())
        session.add(written)
        session.flush()
        received = Reply(provider_id(written), phone, "simulator", body, written.at, None)
        sms_conversation.receive(session, "simulator_sms", received, self.runtime, written.at)


def people(session: Session) -> list[tuple[Contact, SimulatedMessage]]:
    """The recipients of recent messages, latest first, each with their latest message."""
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
