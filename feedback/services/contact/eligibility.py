"""Reads from the database what `core.contact.policy` needs for its decision, for many contacts at once.

`Known` is read with a fixed number of statements, whatever the number of contacts; the decision on each of them is
then pure. The statements are built once: to build one costs more than to run it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Select, bindparam, func, select, union, union_all
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from feedback.core.audience import Facts
from feedback.core.contact.hours import ALL_DAY, Hours, rules_on_days
from feedback.core.contact.policy import (
    ConsentState,
    Decision,
    History,
    Intended,
    PastContact,
    Policy,
    Reach,
    Reason,
    Recipient,
    decide,
    has_zone,
)
from feedback.core.contact.recipient import PhoneNumber
from feedback.core.lifecycle import INVITATION_NOT_CONTACTED, EnrolmentState
from feedback.providers import channel_of
from feedback.services.contact import facts, suppression
from feedback.settings import Settings
from feedback.store.models import Account, Consent, Contact, Enrolment, Invitation
from feedback.store.prepared import PreparedStatement


class Candidate(Protocol):
    """What the policy needs of a contact's row; an ORM object or a row of `PERSON`."""

    @property
    def id(self) -> int: ...
    @property
    def account_id(self) -> int | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def time_zone(self) -> str | None: ...
    @property
    def erased_at(self) -> datetime | None: ...


class _Past(NamedTuple):
    contact_id: int
    account_id: int | None
    enrolment_id: int | None
    at: datetime
    priority: int


_C: Any = Contact.__table__.c
_CONSENTS: Any = Consent.__table__.c
_I: Any = Invitation.__table__.c


def _among(name: str) -> Any:
    return bindparam(name, expanding=True)


PERSON: Select[Any] = select(
    _C.id, _C.external_id, _C.account_id, _C.phone, _C.email, _C.country, _C.time_zone, _C.erased_at
)
_PEOPLE = PreparedStatement(PERSON.where(_C.id.in_(_among("ids"))).order_by(_C.id))
_NAMED = PreparedStatement(PERSON.where(_C.external_id.in_(_among("names"))).order_by(_C.id))
_AT_ADDRESSES = PreparedStatement(
    union(
        select(_C.id, _C.phone, _C.email).where(_C.phone.in_(_among("phones"))),
        select(_C.id, _C.phone, _C.email).where(_C.email.in_(_among("emails"))),
    )
)
# `key_share`: one decision excludes another, but not an answer, which refers to the contact and the account.
_LOCK_CONTACTS = PreparedStatement(
    select(_C.id).where(_C.id.in_(_among("ids"))).order_by(_C.id).with_for_update(key_share=True)
)
_LOCK_ACCOUNTS = PreparedStatement(
    select(Account.id)
    .where(Account.id.in_(_among("ids")))
    .order_by(Account.id)
    .with_for_update(key_share=True)
)
_PERMISSIONS = PreparedStatement(
    select(_CONSENTS.contact_id, _CONSENTS.kind, _CONSENTS.address, _CONSENTS.basis, _CONSENTS.withdrawn_at)
    .where(_CONSENTS.contact_id.in_(_among("ids")))
    .order_by(_CONSENTS.id)
)


def _asked(*where: Any) -> Select[Any]:
    at = func.coalesce(_I.sent_at, _I.created_at)
    columns = select(_I.contact_id, _I.account_id, _I.enrolment_id, at.label("at"), _I.priority)
    return columns.where(*where, _I.state.not_in(INVITATION_NOT_CONTACTED))


_ASKED = PreparedStatement(
    _asked(_I.contact_id.in_(_among("ids")), func.coalesce(_I.sent_at, _I.created_at) >= bindparam("since"))
)
_ASKED_IN_ACCOUNTS = PreparedStatement(
    union_all(
        # Two ranges of an index, so that an account with many contacts is not read from its beginning.
        _asked(_I.account_id.in_(_among("accounts")), _I.sent_at >= bindparam("window")),
        _asked(
            _I.account_id.in_(_among("accounts")), _I.sent_at.is_(None), _I.created_at >= bindparam("window")
        ),
    )
)


@dataclass(slots=True)
class Known:
    """What the policy needs to know of some contacts, at one moment."""

    rules: Policy
    _recipients: dict[int, Recipient]
    _shared: Mapping[int, set[int]] = field(default_factory=dict)
    _of_contact: dict[int, list[_Past]] = field(default_factory=lambda: defaultdict(list))
    _of_account: dict[int, list[_Past]] = field(default_factory=lambda: defaultdict(list))

    def decide(
        self, contact: Candidate, intended: Intended, now: datetime, enrolment_id: int | None = None
    ) -> Decision:
        """The policy's decision on a survey, without counting the one of `enrolment_id`."""
        recipient = self._recipients[contact.id]
        return decide(intended, recipient, self.history(contact, enrolment_id), self.rules, now)

    def decide_again(self, contact: Candidate, intended: Intended, now: datetime) -> Decision:
        """The decision on another message of the same survey (reminder, other channel), without the fatigue limits."""
        return decide(intended, self._recipients[contact.id], History(), self.rules, now)

    def recipient(self, contact: Candidate) -> Recipient:
        return self._recipients[contact.id]

    def history(self, contact: Candidate, enrolment_id: int | None = None) -> History:
        """Sent and scheduled surveys of the person and the account, without `enrolment_id`.

        The person is everybody with one of the contact's addresses: a duplicate in the CRM or a couple with one number
        is one phone, and it rests as one.
        """
        person = self._shared.get(contact.id, {contact.id})
        own = [past for each in person for past in self._of_contact.get(each, ())]
        account: list[_Past] = []
        if contact.account_id:
            moved = self._of_contact.get(contact.id, ())
            account = [
                *self._of_account.get(contact.account_id, ()),
                *(past for past in moved if past.account_id != contact.account_id),
            ]
        return History(_told(own, enrolment_id), _told(account, enrolment_id))

    def add(self, contact: Candidate, past: PastContact) -> None:
        """Count a survey that has just been decided."""
        row = _Past(contact.id, contact.account_id, None, past.at, past.priority)
        self._of_contact[contact.id].append(row)
        if contact.account_id:
            self._of_account[contact.account_id].append(row)


def _told(rows: Iterable[_Past], without: int | None) -> tuple[PastContact, ...]:
    return tuple(
        PastContact(row.at, row.priority) for row in rows if without is None or row.enrolment_id != without
    )


def know(
    session: Session,
    people: Sequence[Candidate],
    rules: Policy,
    now: datetime,
    *,
    surveys: bool = True,
    selective: bool = False,
) -> Known:
    """Read what the policy needs to know of `people`; without `surveys` only for `Known.decide_again`, `selective` also
    for stages that ask only some of them.

    Lock the contacts' rows before you call this, if you decide to write.
    """
    known = Known(rules, _recipients(session, people, selective=selective))
    if not surveys:
        return known
    shared = sharing(session, people)
    ids = {each.id for each in people}.union(*shared.values())
    connection, since = session.connection(), now - max(rules.gap, rules.account_window)
    for row in _ASKED.rows(connection, {"ids": list(ids), "since": since}):
        known._of_contact[row.contact_id].append(_Past(*row))
    accounts = {each.account_id for each in people if each.account_id}
    if accounts and rules.account_limit is not None:
        window = {"accounts": list(accounts), "window": now - rules.account_window}
        for row in _ASKED_IN_ACCOUNTS.rows(connection, window):
            known._of_account[row.account_id].append(_Past(*row))
    known._shared = shared
    return known


def decide_for(
    session: Session,
    contact: Candidate,
    intended: Intended,
    rules: Policy,
    now: datetime,
    *,
    enrolment_id: int | None = None,
) -> Decision:
    """The policy's decision on a survey to `contact` as intended. Lock the contact's row before you call this."""
    known = know(session, [contact], rules, now, selective=intended.only_if is not None)
    return known.decide(contact, intended, now, enrolment_id)


def decide_again(
    session: Session,
    contact: Candidate,
    channels: tuple[str, ...],
    expires: datetime,
    rules: Policy,
    now: datetime,
    priority: int,
) -> Decision:
    """The decision on another message of the same survey (reminder, other channel), without the fatigue limits."""
    known = know(session, [contact], rules, now, surveys=False)
    return known.decide_again(contact, Intended(priority, channels, now, expires), now)


def lock(session: Session, contact_ids: set[int]) -> list[Contact]:
    """Lock contacts and their accounts, so that decisions about them are made one after the other.

    Anybody who shares an address with them is locked, too.

    Contacts are locked before accounts, and each in the order of their ids, to prevent deadlocks.
    """
    session.flush()  # only statements about ORM objects do that by themselves
    together = contact_ids.union(*sharing(session, people(session, contact_ids)).values())
    locked = session.scalars(
        select(Contact).where(Contact.id.in_(together)).order_by(Contact.id).with_for_update(key_share=True)
    ).all()
    contacts = [each for each in locked if each.id in contact_ids]
    shared = {each.account_id for each in contacts if each.account_id}
    if shared:
        accounts = (
            select(Account).where(Account.id.in_(shared)).order_by(Account.id).with_for_update(key_share=True)
        )
        found = {each.id: each for each in session.scalars(accounts)}
        for contact in contacts:
            if contact.account_id:
                set_committed_value(contact, "account", found[contact.account_id])
    return contacts


def people(session: Session, contact_ids: Collection[int]) -> Sequence[Any]:
    """The rows of `PERSON` of these contacts, in the order of their ids, without a lock."""
    return _PEOPLE.rows(session.connection(), {"ids": list(contact_ids)})


def lock_named(session: Session, external_ids: Collection[str]) -> Sequence[Any]:
    """`lock_people` of those with these external ids."""
    session.flush()  # only statements about ORM objects do that by themselves
    found = _NAMED.rows(session.connection(), {"names": list(external_ids)})
    if _is_alone(session) or not found:
        return found
    return lock_people(session, {each.id for each in found})


def lock_people(session: Session, contact_ids: Collection[int]) -> Sequence[Any]:
    """Like `lock`, but returns rows of `PERSON`, in the order of their ids."""
    session.flush()  # only statements about ORM objects do that by themselves
    found = people(session, contact_ids)
    if _is_alone(session):
        return found
    together = set(contact_ids).union(*sharing(session, found).values())
    _LOCK_CONTACTS.run(session.connection(), {"ids": list(together)})
    found = people(session, contact_ids)  # as they are now
    if accounts := {each.account_id for each in found if each.account_id}:
        _LOCK_ACCOUNTS.run(session.connection(), {"ids": list(accounts)})
    return found


def _is_alone(session: Session) -> bool:
    """On SQLite a writing transaction has the whole database."""
    return session.get_bind().dialect.name == "sqlite"


def sharing(session: Session, people: Iterable[Candidate]) -> dict[int, set[int]]:
    """Contact -> all contacts with its phone number or its e-mail address, itself included."""
    people = list(people)
    addresses = {
        "phones": [each.phone for each in people if each.phone],
        "emails": [each.email for each in people if each.email],
    }
    at: dict[str, set[int]] = defaultdict(set)
    for contact_id, phone, email in _AT_ADDRESSES.rows(session.connection(), addresses):
        for address in (phone, email):
            if address:
                at[address].add(contact_id)
    return {each.id: {each.id, *at[each.phone or ""], *at[each.email or ""]} for each in people}


def policy(settings: Settings) -> Policy:
    """The installation's policy. Its hours narrow every country's hours; its weekdays apply to countries without
    their own days, unless it names those. Before any provider is set up, every channel counts as there: what is
    reported meanwhile waits, because nothing is sent, and is decided again when it is."""
    kept = _POLICIES.get(id(settings))
    if kept is None or kept[0] is not settings:
        while len(_POLICIES) >= 8:
            _POLICIES.pop(next(iter(_POLICIES)), None)
        kept = _POLICIES[id(settings)] = (settings, _policy(settings))
    return kept[1]


_POLICIES: dict[int, tuple[Settings, Policy]] = {}
"""The policies of settings, by identity: they contain mappings, which have no hash."""


def _policy(settings: Settings) -> Policy:
    contact = settings.contact
    day = Hours(contact.quiet_to, contact.quiet_from)
    own = tuple((code, frozenset(map(int, days))) for code, days in contact.weekdays_by_country.items())
    countries = dict(rules_on_days(day, frozenset(map(int, contact.weekdays)), own))
    if contact.any_hour and settings.demo:
        countries = {code: replace(rules, week=(ALL_DAY,) * 7) for code, rules in countries.items()}
    if contact.consent_required:
        everywhere = frozenset({"sms", "email"})
        countries = {code: replace(rules, consent_required=everywhere) for code, rules in countries.items()}
    return Policy(
        gap=contact.min_gap,
        important_gap=contact.important_gap,
        account_limit=contact.account_max,
        account_window=contact.account_window,
        blackout=frozenset(contact.blackout_dates),
        default_zone=str(settings.organisation.time_zone),
        countries=countries,
        channels=frozenset(channel_of(key) for key in settings.providers.enabled) or None,
    )


def recipient(session: Session, contact: Candidate) -> Recipient:
    """The contact as the policy's Recipient."""
    return _recipients(session, [contact])[contact.id]


def history(
    session: Session, contact: Candidate, now: datetime, rules: Policy, enrolment_id: int | None = None
) -> History:
    """What `Known.history` says of one contact."""
    return know(session, [contact], rules, now).history(contact, enrolment_id)


def explained(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons in JSON form."""
    return [{"code": reason.code, "params": dict(reason.params)} for reason in reasons]


def planned(session: Session, contact_id: int) -> list[Enrolment]:
    """Surveys that are scheduled for a contact and not sent yet."""
    return list(
        session.scalars(
            select(Enrolment).where(
                Enrolment.contact_id == contact_id, Enrolment.state == EnrolmentState.SCHEDULED
            )
        )
    )


def _recipients(
    session: Session, people: Sequence[Candidate], *, selective: bool = False
) -> dict[int, Recipient]:
    """The contacts as the policy's Recipients, by id; read with two statements, a third one if `selective`."""
    ways = {each.id: addresses(each) for each in people}
    ids = list(ways)
    session.flush()  # only statements about ORM objects do that by themselves
    latest = {
        (row.contact_id, row.kind, row.address): row
        for row in _PERMISSIONS.rows(session.connection(), {"ids": ids})
    }
    closed = suppression.closed_ways_of(session, ways)
    found = {each.id: _recipient(each, ways[each.id], latest, closed[each.id]) for each in people}
    if not selective:
        return found
    known = facts.of(session, ids)
    return {key: replace(each, facts=known.get(key, Facts())) for key, each in found.items()}


def _recipient(
    contact: Candidate,
    ways: Sequence[tuple[str, str]],
    latest: Mapping[tuple[int, str, str], Any],
    closed: Collection[tuple[str, str]],
) -> Recipient:
    is_placed = has_zone(contact.time_zone)
    # What the number tells is not needed if the contact's own country and time zone are known.
    number = PhoneNumber(contact.phone) if contact.phone and not (contact.country and is_placed) else None
    return Recipient(
        reach={
            channel: _reach(latest.get((contact.id, channel, address)), (channel, address) in closed)
            for channel, address in ways
        },
        suppressed="erased" if contact.erased_at else None,
        country=contact.country,
        time_zone=contact.time_zone,
        number_country=number.region if number else None,
        number_zones=number.time_zones() if number and not is_placed else (),
    )


def addresses(contact: Candidate) -> list[tuple[str, str]]:
    """(channel, address) of the contact's addresses, as `Contact.addresses`."""
    known = (("sms", contact.phone), ("email", contact.email))
    return [(channel, address) for channel, address in known if address]


def _reach(consent: Any, is_closed: bool) -> Reach:
    return Reach(
        has_address=True,
        consent=_consent(consent),
        suppressed="on_the_list" if is_closed else None,
        is_express=consent is not None and consent.basis == "consent",
    )


def _consent(row: Any) -> ConsentState:
    if row is None:
        return ConsentState.UNKNOWN
    return ConsentState.REFUSED if row.withdrawn_at else ConsentState.GIVEN
