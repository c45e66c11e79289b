"""The suppression list as a list, with filters, for the viewer who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from feedback.services.access import Viewer, accounts_of
from feedback.services.contact import suppression
from feedback.store.models import Contact, Suppression

CHANNELS = ("sms", "email")
LIFTED_BY_HAND = ("maybe_opt_out", "soft_bounces", "hard_bounce", "bad_number", "opt_out", "manual")
"""Reasons that somebody may lift; a complaint and an erasure stay."""


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """None means any. `since` and `until` (excluded) are about when the address was listed."""

    channel: str | None = None
    reason: str | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    lifted: bool = False
    """Whether entries that were lifted are listed, too."""


def suppressions(viewer: Viewer, wanted: SuppressionFilter) -> Select[Suppression]:
    """The entries that match, in no order; those of erased people are left out, because they are only digests.

    A viewer who does not see everything gets the entries of contacts in accounts that they see.
    """
    query = select(Suppression).where(
        Suppression.kind.in_(CHANNELS),
        Suppression.reason != "erased",
        Suppression.address.not_like("sha256:%"),
    )
    if not viewer.sees_all:
        seen = select(Contact.id).where(
            Contact.account_id.is_(None) | Contact.account_id.in_(accounts_of(viewer))
        )
        query = query.where(Suppression.contact_id.in_(seen))
    if wanted.channel is not None:
        query = query.where(Suppression.kind == wanted.channel)
    if wanted.reason is not None:
        query = query.where(Suppression.reason == wanted.reason)
    if wanted.address is not None:
        query = query.where(Suppression.address.in_(suppression.forms(wanted.address.strip())))
    if wanted.since is not None:
        query = query.where(Suppression.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Suppression.created_at < wanted.until)
    return query if wanted.lifted else query.where(Suppression.lifted_at.is_(None))
