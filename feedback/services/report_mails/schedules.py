"""Mails with the scores of each week or month, as people make, change, pause and end them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from feedback.core.contact.recipient import EmailAddress
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period, months_later
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import SharedView
from feedback.store.models import ReportMail, SharedLink, User

SUBJECT = "report_mail"
LONGEST_NAME = 120
MOST_ADDRESSES = 20
SENT_AT = time(7)
"""Local time of the organisation on the first day after a period."""


class Rhythm(StrEnum):
    """How often a report is sent: on Mondays about the week before, or on the first about the month before."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class ReportMailWish:
    """What somebody wants to have sent. `people` are ids of staff; `addresses` are of others, who get the shared page
    of `link_id`."""

    name: str
    rhythm: str
    people: Sequence[int] = ()
    addresses: Sequence[str] = ()
    link_id: int | None = None
    language: str = "en"


def make(session: Session, wish: ReportMailWish, *, by: int, now: datetime, zone: tzinfo) -> ReportMail:
    """Have a report sent, first about the period that now runs. Raises Rejected for what cannot be sent like this."""
    addresses = _checked(session, wish, now)
    row = ReportMail(
        name=wish.name.strip(),
        rhythm=wish.rhythm,
        people=sorted(set(wish.people)),
        addresses=addresses,
        link_id=wish.link_id,
        language=wish.language,
        maker_id=by,
        created_at=now,
        decided=last_period(wish.rhythm, now, zone).start,
    )
    session.add(row)
    session.flush()
    _note(session, "created", row, by, now)
    return row


def change(
    session: Session, mail_id: int, wish: ReportMailWish, *, by: int, now: datetime, zone: tzinfo
) -> ReportMail:
    """Change a report. Raises Rejected or NotFound."""
    addresses = _checked(session, wish, now)
    row = _locked(session, mail_id)
    if row.rhythm != wish.rhythm:
        row.decided = last_period(wish.rhythm, now, zone).start
    row.name, row.rhythm, row.language = wish.name.strip(), wish.rhythm, wish.language
    row.people, row.addresses, row.link_id = sorted(set(wish.people)), addresses, wish.link_id
    _note(session, "changed", row, by, now)
    return row


def pause(session: Session, mail_id: int, *, by: int, now: datetime) -> None:
    """Send nothing until `resume`. Raises NotFound, or Conflict if it is paused."""
    row = _locked(session, mail_id)
    if row.paused_at is not None:
        raise Conflict("This report is paused already.")
    row.paused_at = now
    _note(session, "paused", row, by, now)


def resume(session: Session, mail_id: int, *, by: int, now: datetime, zone: tzinfo) -> None:
    """Send again, from the period on that now runs: what was paused is not made up for."""
    row = _locked(session, mail_id)
    if row.paused_at is None:
        raise Conflict("This report is not paused.")
    row.paused_at, row.quiet_since = None, None
    row.decided = last_period(row.rhythm, now, zone).start
    _note(session, "resumed", row, by, now)


def end(session: Session, mail_id: int, *, by: int, now: datetime) -> None:
    """Delete a report. Raises NotFound."""
    row = _locked(session, mail_id)
    _note(session, "deleted", row, by, now)
    session.delete(row)


def find(session: Session, mail_id: int) -> ReportMail:
    """Raises NotFound."""
    row = session.get(ReportMail, mail_id)
    if row is None:
        raise NotFound("There is no such report.")
    return row


def every_mail(session: Session) -> Sequence[ReportMail]:
    """All reports with their makers and links, the newest first."""
    related = (selectinload(ReportMail.maker), selectinload(ReportMail.link).selectinload(SharedLink.maker))
    return session.scalars(select(ReportMail).options(*related).order_by(ReportMail.id.desc())).all()


def last_period(rhythm: str, now: datetime, zone: tzinfo) -> Period:
    """The last week (Monday to Sunday) or month that is over at this moment in the zone."""
    today = day_of(now, zone)
    if rhythm == Rhythm.WEEKLY:
        monday = today - timedelta(days=today.weekday())
        return Period(monday - timedelta(days=7), monday - timedelta(days=1))
    first = today.replace(day=1)
    return Period(months_later(first, -1), first - timedelta(days=1))


def due_period(row: ReportMail, now: datetime, zone: tzinfo) -> Period | None:
    """The period that a report has to be sent about now; None if nothing is due.

    If a worker was down for longer, only the last period is reported: the ones before are no news.
    """
    period = last_period(row.rhythm, now, zone)
    begins = datetime.combine(period.end + timedelta(days=1), SENT_AT, tzinfo=zone)
    if row.paused_at is not None or now < begins or row.decided >= period.start:
        return None
    return period


def _locked(session: Session, mail_id: int) -> ReportMail:
    row = session.get(ReportMail, mail_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such report.")
    return row


def _checked(session: Session, wish: ReportMailWish, now: datetime) -> list[str]:
    """The addresses in the form in which they are compared. Raises Rejected."""
    if not 0 < len(wish.name.strip()) <= LONGEST_NAME:
        raise Rejected("Give the report a name with at most 120 characters.")
    if wish.rhythm not in set(Rhythm):
        raise Rejected("Choose how often the report is sent.")
    people = set(session.scalars(select(User.id).where(User.id.in_(wish.people), User.active)))
    if people != set(wish.people):
        raise Rejected("Choose people who can sign in.")
    addresses = [_address(each) for each in dict.fromkeys(wish.addresses)]
    if len(addresses) > MOST_ADDRESSES:
        raise Rejected("Write at most 20 addresses; send the others a shared link.")
    if not people and not addresses:
        raise Rejected("Choose at least one person or write an address.")
    if addresses or wish.link_id is not None:
        _check_link(session, wish.link_id, now)
    return addresses


def _check_link(session: Session, link_id: int | None, now: datetime) -> None:
    link = session.get(SharedLink, link_id) if link_id is not None else None
    if link is None or link.view == SharedView.WALLBOARD or shared_links.is_over(link, now):
        raise Rejected("Choose a shared link that works: people without an account only see what it shows.")


def _address(written: str) -> str:
    try:
        return EmailAddress.parse(written).key
    except ValueError:
        raise Rejected("Check the e-mail addresses: one of them is not complete.") from None


def _note(session: Session, action: str, row: ReportMail, by: int, now: datetime) -> None:
    audit.record(
        session, action, SUBJECT, row.id, by=by, now=now,
        rhythm=row.rhythm, people=len(row.people), addresses=len(row.addresses),
    )  # fmt: skip
