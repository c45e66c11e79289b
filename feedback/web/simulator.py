"""The simulated phone and inbox in the browser: every simulated message arrives here and can be answered.

In the demo they are public, and show also what the team gets; otherwise only leads and admins may open them
(`permissions.ROOMS`), and they show customers alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
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
from feedback.store.models import Contact, SimulatedMessage, User
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
        get("/address/<int:message_id>", views.address),
        post("/<int:contact_id>/reply", views.reply),
        get("/mail/<int:message_id>", views.mail),
    )
    simulator.before_request(views.only_with_a_simulated_channel)
    return simulator


@dataclass(frozen=True, slots=True)
class Handset:
    """Whose phone and inbox this is: a customer's, or in the demo also a teammate's or any other address."""

    name: str
    link: str
    addresses: frozenset[str]
    language: str = "en"
    place: str = ""
    contact_id: int | None = None

    @classmethod
    def of_contact(cls, contact: Contact) -> Handset:
        link = url_for("simulator.person", contact_id=contact.id)
        place = (contact.time_zone or "").rpartition("/")[2].replace("_", " ")
        addresses = frozenset(contact.addresses.values())
        return cls(
            contact.name or contact.external_id, link, addresses, contact.language or "en", place, contact.id
        )

    @classmethod
    def of_other(cls, message: SimulatedMessage, user: User | None) -> Handset:
        link = url_for("simulator.address", message_id=message.id)
        name = user.name if user else message.address
        return cls(name, link, frozenset({message.address}), message.language)


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
            return self._page(session)

    def person(self, contact_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            return self._page(session, Handset.of_contact(session.get(Contact, contact_id) or abort(404)))

    def address(self, message_id: int) -> ResponseReturnValue:
        """What an address got that is no customer's: a teammate's, or a number that somebody typed for a test."""
        if not self.settings.demo:  # mails to staff contain links that sign in
            abort(404)
        with self.database.reading() as session:
            message = session.get(SimulatedMessage, message_id) or abort(404)
            user = _users(session, [message.address]).get(message.address)
            return self._page(session, Handset.of_other(message, user))

    def _page(self, session: Session, opened: Handset | None = None) -> Response:
        response = Response(
            render_template(
                "simulator/person.html" if opened else "simulator/overview.html",
                people=recipients(session, with_others=self.settings.demo),
                opened=opened,
                messages=_messages(session, opened.addresses) if opened else (),
                direction=direction(opened.language) if opened else "",
            )
        )
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
        """A mail's HTML part, for a sandboxed frame. Its links open in a tab of their own, as in a mail program."""
        with self.database.reading() as session:
            message = session.get(SimulatedMessage, message_id) or abort(404)
            page = Response(
                (message.html or "").replace("<head>", '<head><base target="_blank">', 1),
                mimetype="text/html",
            )
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


def recipients(session: Session, *, with_others: bool) -> list[tuple[Handset, SimulatedMessage]]:
    """Those who got a message lately, latest first, each with their latest message."""
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
    known = {address: Handset.of_contact(each) for each in contacts for address in each.addresses.values()}
    users = _users(session, addresses) if with_others else {}
    seen: dict[Handset, SimulatedMessage] = {}
    for message in messages:
        if (person := known.get(message.address)) is not None:
            seen.setdefault(person, message)
        elif with_others:
            seen[Handset.of_other(message, users.get(message.address))] = message
    return list(seen.items())


def _users(session: Session, addresses: Sequence[str]) -> dict[str, User]:
    return {each.email: each for each in session.scalars(select(User).where(User.email.in_(addresses)))}


def _messages(session: Session, addresses: Collection[str]) -> list[SimulatedMessage]:
    newest = session.scalars(
        select(SimulatedMessage)
        .where(SimulatedMessage.address.in_(addresses))
        .order_by(SimulatedMessage.id.desc())
        .limit(SHOWN)
    ).all()
    return list(reversed(newest))
