"""How many contacts nobody may ask, and why: the mistake that otherwise shows only as surveys that are not sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from feedback.core.contact.policy import ConsentState, Policy, Reach, Recipient, obstacles
from feedback.core.contact.recipient import PhoneNumber
from feedback.services.contact import eligibility
from feedback.settings import Problem, Settings
from feedback.store.models import Consent, Contact

WORDS: Mapping[str, str] = {
    "refused": "refused permission, or withdrew it",
    "consent_missing": "have no recorded permission (import a legal basis)",
    "not_enabled": "have no address for a provider that is set up",
    "no_address": "have no phone number and no e-mail address",
}
"""Why nobody may ask a contact, the first that fits. Opt-outs of addresses and bounced addresses are not counted."""
_BATCH = 1000
_Row: TypeAlias = "Row[int, str | None, str | None, str | None]"
"""Id, phone, e-mail address and country of a contact."""


def unreachable(
    session: Session, settings: Settings, external_ids: Sequence[str] | None = None
) -> tuple[int, Counter[str]]:
    """How many contacts there are, and how many of them nobody may ask, by reason (a key of WORDS).

    With `external_ids`, only these contacts count. Erased contacts do not.
    """
    rules = eligibility.policy(settings)
    total, reasons = 0, Counter[str]()
    for rows in _batches(session, external_ids):
        consents = _consents(session, [row.id for row in rows])
        for row in rows:
            total += 1
            if (reason := _reason(row, consents, rules)) is not None:
                reasons[reason] += 1
    return total, reasons


def sentences(total: int, reasons: Counter[str]) -> Iterator[str]:
    """`12 of 20 contacts cannot be asked: 12 have no recorded permission ...`; nothing if all can be."""
    if reasons:
        parts = "; ".join(f"{reasons[key]} {words}" for key, words in WORDS.items() if reasons[key])
        yield f"{reasons.total()} of {total} contacts cannot be asked: {parts}."


def problems(session: Session, settings: Settings) -> Iterator[Problem]:
    """A warning if there are contacts whom nobody may ask."""
    for sentence in sentences(*unreachable(session, settings)):
        yield Problem("F115", sentence, "See docs/importing.md for permissions.", "warning")


def _batches(session: Session, external_ids: Sequence[str] | None) -> Iterator[Sequence[_Row]]:
    columns = select(Contact.id, Contact.phone, Contact.email, Contact.country)
    wanted = columns.where(Contact.erased_at.is_(None)).order_by(Contact.id).limit(_BATCH)
    if external_ids is not None:
        for start in range(0, len(external_ids), _BATCH):
            some = external_ids[start : start + _BATCH]
            yield session.execute(wanted.where(Contact.external_id.in_(some))).all()
        return
    last = 0
    while rows := session.execute(wanted.where(Contact.id > last)).all():
        last = rows[-1].id
        yield rows


def _consents(session: Session, contact_ids: Sequence[int]) -> dict[tuple[int, str, str], ConsentState]:
    """(contact, channel, address) -> the state that was recorded last."""
    columns = select(Consent.contact_id, Consent.kind, Consent.address, Consent.withdrawn_at)
    rows = session.execute(columns.where(Consent.contact_id.in_(contact_ids)).order_by(Consent.id))
    return {
        (contact, kind, address): ConsentState.REFUSED if withdrawn else ConsentState.GIVEN
        for contact, kind, address, withdrawn in rows
    }


def _reason(
    contact: _Row, consents: Mapping[tuple[int, str, str], ConsentState], rules: Policy
) -> str | None:
    addresses = {"sms": contact.phone, "email": contact.email}
    reach = {
        channel: Reach(
            has_address=True, consent=consents.get((contact.id, channel, address), ConsentState.UNKNOWN)
        )
        for channel, address in addresses.items()
        if address
    }
    country = contact.country or _country_of(contact.phone, rules)
    found = obstacles(addresses, Recipient(reach=reach, country=country), rules)
    if None in found.values():
        return None
    return next(key for key in WORDS if key in found.values())


def _country_of(phone: str | None, rules: Policy) -> str | None:
    """The country of a number, which is looked up only if countries differ in what they require."""
    differ = len({each.consent_required for each in rules.countries.values()}) > 1
    return PhoneNumber(phone).region if phone and differ else None
