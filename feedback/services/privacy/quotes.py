"""Finds a person in the words of others: messages to staff, chat notices, colleagues' notes and saved views."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.lifecycle import ARRIVAL_KEPT, ArrivalState
from feedback.services.contact import suppression
from feedback.services.privacy import redaction
from feedback.services.privacy.persons import Person
from feedback.store.base import Base
from feedback.store.models import (
    Account,
    AnswerRow,
    CallAnswer,
    Campaign,
    Contact,
    ContactAlias,
    DoorArrival,
    DoorMention,
    ExportPart,
    ExportRun,
    FollowUp,
    FollowUpEntry,
    ImportPart,
    ImportRun,
    InboundReply,
    Message,
    ProviderHold,
    SavedSegment,
    SavedView,
    StudioRevision,
    WebhookCall,
)
from feedback.store.search import finds, search_key

PUT_INSTEAD = "…"
SHORTEST_WORDS = 4  # characters; shorter answers ("ok") are found everywhere and say nothing about anybody
SHORTEST_TERM = 3  # characters of a search


def forget(session: Session, contact: Contact, person: Person) -> None:
    """Remove what others have written about the person. Copies that were delivered are out of reach.

    Messages to staff that quote the person are emptied; notes and chat notices lose only the name and the addresses.
    Call it while the contact still has its name.
    """
    names = list(_names(contact, person))
    quoted = [*names, *_words(session, person)]
    if quoted:
        redaction.messages(session, Message.user_id.is_not(None), _quotes(Message.body, quoted))
    exact = [each for each in names if _is_distinct(each)]
    if exact:
        _blank(session, ProviderHold, ProviderHold.reason, exact)
        _blank(session, FollowUpEntry, FollowUpEntry.text, exact)
        _blank(session, FollowUp, FollowUp.closing_note, exact)
        _blank(session, InboundReply, InboundReply.handled_note, exact)
        _blank(session, StudioRevision, StudioRevision.note, exact)
        for segment in session.scalars(select(SavedSegment)):
            segment.name, segment.query = _without(segment.name, exact), _without(segment.query, exact)
        for campaign in session.scalars(select(Campaign)):
            campaign.name, campaign.query = _without(campaign.name, exact), _without(campaign.query, exact)
        _blank_notices(session, exact)
    _forget_arrivals(session, contact, person, exact)
    _forget_imports(session)
    _forget_exports(session)
    _forget_views(session, contact, [*exact, contact.external_id])
    # Kept for a day for calls that are sent again; one about this person would then be refused.
    session.execute(delete(CallAnswer).where(_quotes(CallAnswer.body, [*names, contact.external_id])))


def _forget_imports(session: Session) -> None:
    """Delete all uploaded files, and what was refused in them: nobody can look for one person in them."""
    session.execute(delete(ImportPart))
    for run in session.scalars(select(ImportRun)):
        run.report = {key: value for key, value in run.report.items() if isinstance(value, int | dict)}


def _forget_arrivals(session: Session, contact: Contact, person: Person, names: list[str]) -> None:
    """Empty what came by doors with an address or the external id of the person, and what waits there with the name.

    The first are found by an index. The others are few: a body that was taken in names its person by an id.
    """
    former = session.scalars(select(ContactAlias.external_id).where(ContactAlias.contact_id == contact.id))
    keys = {contact.external_id, *former, *(address for _, address in person.own)}
    mentioned = select(DoorMention.arrival_id).where(
        DoorMention.digest.in_([suppression.digest(each) for each in keys])
    )
    found = set(session.scalars(mentioned))
    if names:
        waiting = DoorArrival.state.in_([*ARRIVAL_KEPT, ArrivalState.WAITING])
        quoting = select(DoorArrival.id).where(waiting, _quotes(DoorArrival.body, json_forms(names)))
        found |= set(session.scalars(quoting))
    session.execute(update(DoorArrival).where(DoorArrival.id.in_(found)).values(body=None, outcome={}))
    session.execute(delete(DoorMention).where(DoorMention.arrival_id.in_(found)))


def json_forms(needles: Iterable[str]) -> list[str]:
    """The texts, and how programs may write them in JSON."""
    plain = set(needles)
    escaped = {json.dumps(each)[1:-1] for each in plain}
    upper = {re.sub(r"\\u([0-9a-f]{4})", lambda code: f"\\u{code[1].upper()}", each) for each in escaped}
    return sorted(plain | escaped | upper)


def _forget_exports(session: Session) -> None:
    """Delete the files of all exports, and begin those again that are being made: they hold answers as they were."""
    again = {"state": "waiting", "lease_until": None, "attempt": ExportRun.attempt + 1}
    session.execute(update(ExportRun).where(ExportRun.state == "running").values(**again))
    session.execute(update(ExportRun).where(ExportRun.state == "done").values(state="erased", size=0))
    session.execute(
        delete(ExportPart)
    )  # last: until here a worker can add one, and now it finds that it may not


def _names(contact: Contact, person: Person) -> Iterator[str]:
    if contact.name:
        yield contact.name
    yield from sorted({address for _, address in person.own} | set(contact.addresses.values()))


def _words(session: Session, person: Person) -> Iterator[str]:
    answers = select(AnswerRow.text).where(
        AnswerRow.response_id.in_(person.responses), AnswerRow.text.is_not(None)
    )
    yield from (text for text in session.scalars(answers) if text and len(text) >= SHORTEST_WORDS)


def _is_distinct(name: str) -> bool:
    """Whether this names one person: an address, or first and last name. "Ali" would also be found in "Aliye"."""
    return len(name.split()) > 1 or "@" in name or name.startswith("+")


def _quotes(column: InstrumentedAttribute[Any], needles: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(column.contains(needle, autoescape=True) for needle in needles))


def _blank(
    session: Session, model: type[Base], column: InstrumentedAttribute[Any], needles: list[str]
) -> None:
    for row in session.scalars(select(model).where(_quotes(column, needles))):
        setattr(row, column.key, _without(getattr(row, column.key), needles))


def _blank_notices(session: Session, needles: list[str]) -> None:
    """Notices wait for seconds, or for hours if a chat is out of order; few have a payload at any time."""
    for call in session.scalars(select(WebhookCall).where(WebhookCall.sent_at.is_(None))):
        text = json.dumps(call.payload, ensure_ascii=False)
        if any(needle in text for needle in needles):
            call.payload = _without(call.payload, needles)


def _without(value: Any, needles: list[str]) -> Any:
    """A text, or every text in a JSON value, without the needles."""
    if isinstance(value, dict):
        return {key: _without(each, needles) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, needles) for each in value]
    if not isinstance(value, str):
        return value
    for needle in needles:
        value = value.replace(needle, PUT_INSTEAD)
    return value


def _forget_views(session: Session, contact: Contact, needles: list[str]) -> None:
    """Delete colleagues' saved views that are a search for this person."""
    folded = [search_key(each) or "" for each in needles]
    for view in session.scalars(select(SavedView)):
        terms = parse_qs(view.query).get("search", [])
        keys = [search_key(each.strip()) or "" for each in (view.name, *terms)]
        if any(needle in key for needle in folded if len(needle) >= SHORTEST_TERM for key in keys) or any(
            _finds_only(session, contact, folded, term) for term in keys[1:]
        ):
            session.delete(view)


def _finds_only(session: Session, contact: Contact, folded: list[str], term: str) -> bool:
    """Whether a search finds this person and no other contact or account, as one for a rare first name does."""
    if len(term) < SHORTEST_TERM or not any(
        term in each for each in (*folded, search_key(contact.name) or "")
    ):
        return False
    others = (
        select(func.count())
        .select_from(Contact)
        .where(Contact.id != contact.id, Contact.erased_at.is_(None), finds(Contact.name, term))
    )
    accounts = select(func.count()).select_from(Account).where(finds(Account.name, term))
    return not session.scalar(others) and not session.scalar(accounts)
