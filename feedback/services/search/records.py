"""Finds customers, follow-ups, questionnaires and campaigns by a few words, as far as the viewer may see them.

Every kind is read along an index and only as far as a short list needs, so the time does not grow with how frequent it
is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from feedback.core.followup import State
from feedback.core.questionnaire import Questionnaire
from feedback.core.text.folding import ascii_digits
from feedback.core.text.localized import Text
from feedback.library import Library
from feedback.services.access import Viewer, sees_account, visible, without_or_in_accounts_of
from feedback.services.customers import filters
from feedback.services.customers.filters import ContactFilter
from feedback.store.models import Account, Campaign, Contact, FollowUp
from feedback.store.search import finds, words_of

Row = TypeVar("Row", Contact, Account)

SHOWN = 6
"""Records of each kind."""
CONSIDERED = 100
"""Customers of each kind that are looked at. They are sorted by name, and their follow-ups are shown."""
READ = 1_000
"""Accounts that are asked for. With fewer, PostgreSQL expects to find them sooner by reading the table than by the
index of words, and reads all of it where there are none."""
LONGEST = 100
"""Characters of a search that count."""
_NUMBER = re.compile(r"#?\s*(\d{1,15})")


@dataclass(frozen=True, slots=True)
class SearchRights:
    """Which kinds the viewer may see at all, and whether addresses unmasked: others find nobody by them."""

    viewer: Viewer
    customers: bool = False
    addresses: bool = False
    follow_ups: bool = False
    questionnaires: bool = False
    campaigns: bool = False


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """At most `SHOWN` of each kind; `contacts` and `accounts` by name, the rest the open or latest first."""

    contacts: Sequence[Contact] = field(default=())
    accounts: Sequence[Account] = field(default=())
    follow_ups: Sequence[FollowUp] = field(default=())
    questionnaires: Sequence[Questionnaire] = field(default=())
    campaigns: Sequence[Campaign] = field(default=())

    def __bool__(self) -> bool:
        return any((self.contacts, self.accounts, self.follow_ups, self.questionnaires, self.campaigns))


@dataclass(frozen=True, slots=True)
class SearchPlace:
    """Where it is searched: the time, the time zone of days, and the country of numbers without a country code."""

    now: datetime
    zone: tzinfo
    region: str | None = None


def find(
    session: Session, words: str, rights: SearchRights, library: Library, place: SearchPlace
) -> FoundRecords:
    """What fits `words`: beginnings of words of a name or an external id, the number of a follow-up, and for those who
    see them an e-mail address or a phone number in any spelling."""
    words = words.strip()[:LONGEST]
    if not words_of([words]):
        return FoundRecords()
    wanted = ContactFilter(words=words)
    contacts = _contacts(session, wanted, rights, place)
    accounts = _accounts(session, wanted, rights.viewer, place)
    return FoundRecords(
        _by_name(contacts) if rights.customers else (),
        _by_name(accounts) if rights.customers else (),
        _follow_ups(session, words, rights.viewer, contacts, accounts) if rights.follow_ups else (),
        _questionnaires(words, library) if rights.questionnaires else (),
        _campaigns(session, words) if rights.campaigns else (),
    )


def fits(words: str, texts: Collection[str]) -> bool:
    """Whether every word of a search begins a word of these texts."""
    known = words_of(texts)
    return all(any(each.startswith(word) for each in known) for word in words_of([words]))


def _contacts(
    session: Session, wanted: ContactFilter, rights: SearchRights, place: SearchPlace
) -> Sequence[Contact]:
    which = filters.condition(wanted, place.now, place.zone, place.region, by_address=rights.addresses)
    sees = without_or_in_accounts_of(rights.viewer, Contact.account_id)
    ids = session.scalars(select(Contact.id).where(sees, which).limit(CONSIDERED)).all()
    options = joinedload(Contact.account)
    return session.scalars(select(Contact).where(Contact.id.in_(ids)).options(options)).all() if ids else ()


def _accounts(
    session: Session, wanted: ContactFilter, viewer: Viewer, place: SearchPlace
) -> Sequence[Account]:
    which = filters.account_condition(wanted, place.now, place.zone, place.region)
    ids = session.scalars(select(Account.id).where(sees_account(viewer), which).limit(READ)).all()
    some = Account.id.in_(ids[:CONSIDERED])
    return session.scalars(select(Account).where(some)).all() if ids else ()


def _by_name(rows: Sequence[Row]) -> Sequence[Row]:
    return sorted(rows, key=lambda row: (row.sort_name, row.id))[:SHOWN]


def _follow_ups(
    session: Session,
    words: str,
    viewer: Viewer,
    contacts: Sequence[Contact],
    accounts: Sequence[Account],
) -> Sequence[FollowUp]:
    ways = []
    if number := _NUMBER.fullmatch(ascii_digits(words)):
        ways.append(FollowUp.id == int(number[1]))
    if contacts:
        ways.append(FollowUp.contact_id.in_([each.id for each in contacts]))
    if accounts:
        ways.append(FollowUp.account_id.in_([each.id for each in accounts]))
    if not ways:
        return ()
    related = (joinedload(FollowUp.account), joinedload(FollowUp.contact))
    query = select(FollowUp).where(or_(*ways), visible(viewer)).options(*related)
    return session.scalars(
        query.order_by(FollowUp.state == State.CLOSED, FollowUp.opened_at.desc(), FollowUp.id).limit(SHOWN)
    ).all()


def _questionnaires(words: str, library: Library) -> Sequence[Questionnaire]:
    found = (
        each for each in library.questionnaires.values() if fits(words, [each.key, *_titles(each.title)])
    )
    return list(found)[:SHOWN]


def _titles(title: Text) -> list[str]:
    return [title.root] if isinstance(title.root, str) else list(title.root.values())


def _campaigns(session: Session, words: str) -> Sequence[Campaign]:
    return session.scalars(
        select(Campaign).where(finds(Campaign.name, words)).order_by(Campaign.id.desc()).limit(SHOWN)
    ).all()
