"""What an admin has written about an endpoint, and the days of a replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from feedback.core.webhook_events import EVENT_TYPES, WebhookFilter
from feedback.errors import Rejected
from feedback.library import Library
from feedback.services.webhooks.delivery_log import WebhookRange
from feedback.services.webhooks.endpoints import EndpointDraft
from feedback.services.webhooks.spreading import types_of
from feedback.store.models import Account, WebhookEndpoint
from feedback.web.http.numbers import day

MOST_SEGMENTS = 200
FIELDS: Mapping[str, str] = {
    "questionnaires": "questionnaire",
    "stages": "stage",
    "segments": "segment",
    "channels": "channel",
}
"""A part of the filter -> the name of its fields in the form."""


@dataclass(frozen=True, slots=True)
class FilterOffers:
    """What can be chosen in the filters: part -> the values."""

    values: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, session: Session, library: Library, chosen: WebhookFilter) -> FilterOffers:
        """What is in force, and what was chosen before and is not any more."""
        named = select(Account.segment).where(Account.segment.is_not(None)).distinct()
        segments = session.scalars(named.order_by(Account.segment).limit(MOST_SEGMENTS))
        found: dict[str, list[str]] = {
            "questionnaires": sorted(library.questionnaires),
            "stages": [stage.key for stage in library.journey.stages],
            "segments": [each for each in segments if each],
            "channels": ["sms", "email", "none"],
        }
        for part, values in found.items():
            values += [each for each in getattr(chosen, part) if each not in values]
        return cls(found)


def empty() -> EndpointDraft:
    """A new endpoint: everything but the changes of answers, which are many."""
    return EndpointDraft("", "", [name for name in EVENT_TYPES if name != "response.changed"])


def stored(endpoint: WebhookEndpoint) -> EndpointDraft:
    """The endpoint as it is."""
    types = types_of(endpoint)
    return EndpointDraft(
        endpoint.name,
        endpoint.url,
        [name for name in EVENT_TYPES if name in types],
        WebhookFilter.from_stored(endpoint.filters),
    )


def written(form: MultiDict[str, str]) -> EndpointDraft:
    """The form as it was sent; the highest score must have been checked with `highest_score`."""
    lists = {part: tuple(form.getlist(name)) for part, name in FIELDS.items()}
    try:
        bound = highest_score(form.get("score_at_most", ""))
    except Rejected:
        bound = None
    return EndpointDraft(
        form.get("name", ""),
        form.get("url", ""),
        form.getlist("type"),
        WebhookFilter(**lists, score_at_most=bound),
    )


def highest_score(text: str) -> int | None:
    """The highest score that is sent; None for an empty field. Raises Rejected."""
    text = text.strip()
    if not text:
        return None
    if not text.lstrip("-").isdigit() or not text.isascii() or len(text) > 8:
        raise Rejected("Write the highest score as a whole number, such as 6.")
    return int(text)


def replayed(form: MultiDict[str, str], zone: tzinfo) -> WebhookRange:
    """The days of a replay in the reader's time zone, the last one included. Raises Rejected."""
    try:
        first, last = day(form.get("first", "")), day(form.get("last", ""))
    except ValueError:
        raise Rejected("Choose the first and the last day.") from None
    since = datetime.combine(first, time(), tzinfo=zone)
    until = datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)
    return WebhookRange(since, until, missed=form.get("which") != "all")
