"""People, their unsubscribes and bounces, as the clients of Delighted know them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import EmailAddress, PhoneNumber
from feedback.core.lifecycle import EnrolmentState
from feedback.errors import NotFound, Rejected
from feedback.services.access import without_or_in_accounts_of
from feedback.services.contact import listing as suppression_listing
from feedback.services.contact import suppression
from feedback.services.contact.listing import SuppressionFilter
from feedback.services.context import Context
from feedback.services.customers import ConsentChange, ContactDraft, erased, store_contacts
from feedback.services.customers.fields import CONTACT, Style
from feedback.services.journey import asking
from feedback.services.journey.asking import Wish
from feedback.store import keyset
from feedback.store.keyset import Order
from feedback.store.models import Contact, Enrolment, Invitation, Suppression
from feedback.store.models import Response as Answered
from feedback.web.api.answers import answer
from feedback.web.api.gate import caller
from feedback.web.api.listing import cursor_of, place_of
from feedback.web.delighted import requests
from feedback.web.delighted.requests import seconds

START = "delighted:"
"""Prefix of the external ids of people whom such a program has made; a digest of their address follows."""
SOURCE = "delighted"
_LONGEST_DELAY = timedelta(days=364)


@dataclass(frozen=True, slots=True)
class Addressed:
    """The addresses in a request, as they are stored."""

    email: str | None
    phone: str | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Addressed:
        """Raises Rejected without an address, or for one that is none."""
        email, phone = requests.text(body, "email", 320), requests.text(body, "phone_number")
        if email is None and phone is None:
            raise Rejected("Send an email or a phone_number.")
        return cls(_email(email) if email else None, _phone(phone) if phone else None)

    @property
    def external_id(self) -> str:
        return START + hashlib.sha256((self.email or self.phone or "").encode()).hexdigest()[:24]


def _email(written: str) -> str:
    try:
        return EmailAddress.parse(written).key
    except ValueError as error:
        raise Rejected(f"email: {error}") from None


def _phone(written: str) -> str:
    try:
        return PhoneNumber.parse(written).e164
    except ValueError as error:
        raise Rejected(f"phone_number: {error}") from None


# --- Looking up ------------------------------------------------------------------------------------------


def _seen() -> Select[Contact]:
    allowed = without_or_in_accounts_of(caller().viewer, Contact.account_id)
    return select(Contact).where(Contact.erased_at.is_(None), allowed)


def of_id(session: Session, person_id: str | None) -> Contact:
    """The contact with this id. Raises NotFound."""
    number = int(person_id) if person_id and person_id.isascii() and person_id.isdigit() else 0
    found = session.scalar(_seen().where(Contact.id == number)) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("Person not found.")
    return found


def of_address(session: Session, email: str | None, phone: str | None) -> Contact | None:
    """The first contact with this e-mail address, otherwise with this number."""
    for address, condition in (
        (email, func.lower(Contact.email) == (email or "").lower()),
        (phone, Contact.phone.in_(suppression.same(phone or ""))),
    ):
        if address and (found := session.scalars(_seen().where(condition).order_by(Contact.id)).first()):
            return found
    return None


def identified(session: Session, identifier: str) -> Contact:
    """The contact behind `42`, `email:ada@example.com` or `phone_number:+905321234567`. Raises NotFound."""
    kind, colon, value = identifier.partition(":")
    if not colon:
        return of_id(session, identifier)
    email, phone = (value, None) if kind == "email" else (None, value)
    found = of_address(session, email, phone) if kind in ("email", "phone_number") else None
    if found is None:
        raise NotFound("Person not found.")
    return found


# --- Storing -----------------------------------------------------------------------------------------------


def upsert(
    session: Session, body: Mapping[str, Any], stage: str, context: Context, now: datetime
) -> dict[str, Any]:
    """Store a person, and ask them unless `send` is false. Raises Rejected."""
    wanted = Addressed.of(body)
    given = requests.properties(body, "properties")
    delay = requests.whole(body, "delay") or 0
    if delay > _LONGEST_DELAY.total_seconds():
        raise Rejected("delay is longer than 364 days.")
    known = of_address(session, wanted.email, wanted.phone)
    external_id = known.external_id if known else wanted.external_id
    if known is None and erased(session.connection(), [external_id]):
        raise Rejected("This person was erased on request, and cannot be stored again.")
    values = _values(body, wanted, known, given, context)
    draft = ContactDraft(external_id, values, given)
    draft.permissions = [
        ConsentChange(kind, True, "legitimate_interest", SOURCE)
        for kind, address in (("email", wanted.email), ("sms", wanted.phone))
        if address
    ]
    store_contacts(session.connection(), [draft], {}, now)
    found = select(Contact).where(Contact.external_id == external_id)
    contact = session.scalars(found.execution_options(populate_existing=True)).one()
    scheduled: int | None = None
    if requests.flag(body, "send", True):
        planned = _planned(session, contact, stage)
        if planned is None:
            wish = Wish(external_id, stage, secrets.token_hex(8), now + timedelta(seconds=delay))
            enrolment, _ = asking.ask(session, caller().viewer, wish, context, now)
            planned = enrolment if enrolment.state == EnrolmentState.SCHEDULED else None
        scheduled = seconds(planned.due_at) if planned is not None else None
    return {
        "id": str(contact.id),
        "email": contact.email,
        "name": contact.name,
        "phone_number": contact.phone,
        "survey_scheduled_at": scheduled,
        "properties": contact.properties,
    }


def _planned(session: Session, contact: Contact, stage: str) -> Enrolment | None:
    """The survey for which the contact is scheduled already: a second request does not add another."""
    wanted = select(Enrolment).where(
        Enrolment.contact_id == contact.id,
        Enrolment.stage == stage,
        Enrolment.state == EnrolmentState.SCHEDULED,
    )
    return session.scalars(wanted.order_by(Enrolment.due_at)).first()


def _values(
    body: Mapping[str, Any],
    wanted: Addressed,
    known: Contact | None,
    given: Mapping[str, Any],
    context: Context,
) -> dict[str, Any]:
    """The columns that change. An address is only added; `email_update` and `phone_number_update` replace it."""
    values: dict[str, Any] = {}
    if wanted.email and (known is None or known.email is None):
        values["email"] = wanted.email
    if wanted.phone and (known is None or known.phone is None):
        values["phone"] = wanted.phone
    if new := requests.text(body, "email_update", 320):
        values["email"] = _email(new)
    if new := requests.text(body, "phone_number_update"):
        values["phone"] = _phone(new)
    if name := requests.text(body, "name"):
        values["name"] = name
    if isinstance(locale := given.get("locale"), str) and locale:
        style = Style(context.settings.organisation.default_region, context.settings.organisation.time_zone)
        try:
            values["language"] = CONTACT["language"](locale, style)
        except ValueError:
            raise Rejected("The property locale is no language.") from None
    return values


# --- Lists -------------------------------------------------------------------------------------------------


def listed(session: Session) -> Response:
    """A page of people, with the `Link` to the next one."""
    args = request.args
    query = _seen()
    if (since := requests.moment(args, "since")) is not None:
        query = query.where(Contact.created_at >= since)
    if (until := requests.moment(args, "until")) is not None:
        query = query.where(Contact.created_at <= until)
    if email := requests.text(args, "email", 320):
        query = query.where(func.lower(Contact.email) == email.lower())
    if phone := requests.text(args, "phone_number"):
        query = query.where(Contact.phone.in_(suppression.same(phone)))
    order, size = Order(Contact.id, None, Contact.created_at), requests.per_page()
    rows, following = keyset.page(session, query, order, size, place_of(args.get("cursor"), "people"))
    response = answer(list(_people(session, rows)))
    if following is not None:
        kept = [(name, value) for name, value in args.items(multi=True) if name != "cursor"]
        cursor = str(cursor_of(following, "people"))
        response.headers["Link"] = (
            f'<{request.base_url}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
        )
    return response


def _people(session: Session, rows: Sequence[Contact]) -> Iterator[dict[str, Any]]:
    ids = [row.id for row in rows]
    sent = _newest(session, select(Invitation.contact_id, func.max(Invitation.sent_at)), Invitation, ids)
    answers = select(Answered.contact_id, func.max(Answered.answered_at)).where(
        Answered.provisional.is_(False)
    )
    answered = _newest(session, answers, Answered, ids)
    planned = select(Enrolment.contact_id, func.min(Enrolment.due_at))
    due = _newest(session, planned.where(Enrolment.state == EnrolmentState.SCHEDULED), Enrolment, ids)
    for row in rows:
        yield {
            "id": str(row.id),
            "email": row.email,
            "name": row.name,
            "created_at": seconds(row.created_at),
            "phone_number": row.phone,
            "last_sent_at": seconds(sent.get(row.id)),
            "last_responded_at": seconds(answered.get(row.id)),
            "next_survey_scheduled_at": seconds(due.get(row.id)),
        }


def _newest(
    session: Session, query: Select[*tuple[Any, ...]], table: Any, ids: Sequence[int]
) -> dict[int, datetime]:
    rows = session.execute(query.where(table.contact_id.in_(ids)).group_by(table.contact_id))
    return {row[0]: row[1] for row in rows}


def shape(contact: Contact) -> dict[str, Any]:
    """A person inside another object."""
    return {
        "id": str(contact.id),
        "email": contact.email,
        "name": contact.name,
        "phone_number": contact.phone,
        "created_at": seconds(contact.created_at),
    }


def opted_out(session: Session, reasons: Sequence[str], at: str) -> list[dict[str, Any]]:
    """A page of e-mail addresses that are suppressed for these reasons; `at` names the time in the answer."""
    skipped, size = requests.pages()
    since, until = requests.moment(request.args, "since"), requests.moment(request.args, "until")
    wanted = SuppressionFilter(
        "email", since=since, until=until + timedelta(seconds=1) if until is not None else None
    )
    query = suppression_listing.suppressions(caller().viewer, wanted).where(Suppression.reason.in_(reasons))
    rows = session.scalars(
        query.order_by(Suppression.created_at, Suppression.id).offset(skipped).limit(size)
    ).all()
    ids = [row.contact_id for row in rows if row.contact_id is not None]
    people = {each.id: each for each in session.scalars(select(Contact).where(Contact.id.in_(ids)))}
    found = []
    for row in rows:
        person = people.get(row.contact_id or 0)
        found.append(
            {
                "person_id": str(person.id) if person else None,
                "email": row.address,
                "name": person.name if person else None,
                at: seconds(row.created_at),
            }
        )
    return found
