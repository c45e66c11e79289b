"""The states of an enrolment, an invitation, a message, a response, a chat notice, a webhook and a body that came in by
a door, and the named sets of them.

A named set lists both the states inside and the states outside, so that a new state stops the import until somebody
has placed it in every set on purpose. States only move forward: late and repeated reports from a provider are normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class EnrolmentState(StrEnum):
    """What was decided about asking a contact at a stage of the journey."""

    SCHEDULED = "scheduled"
    ISSUED = "issued"  # an invitation exists and tells the rest
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class InvitationState(StrEnum):
    """How far one request for feedback has come."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    STARTED = "started"
    COMPLETED = "completed"
    EXPIRED = "expired"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"


class MessageState(StrEnum):
    """How far one SMS or e-mail has come."""

    QUEUED = "queued"
    SENDING = "sending"  # a worker holds its lease
    UNCONFIRMED = "unconfirmed"  # the provider may have it
    HELD = "held"  # a person has to decide whether the provider has it
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # the provider took it and could not deliver it
    FAILED = "failed"  # the provider never took it
    CANCELLED = "cancelled"


class ResponseState(StrEnum):
    """Whether every question of a survey has been answered."""

    PARTIAL = "partial"
    COMPLETE = "complete"


class NoticeState(StrEnum):
    """How far one notice to a chat has come."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class WebhookState(StrEnum):
    """How far an event has come on its way to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # every attempt failed; somebody can send it again
    DROPPED = "dropped"  # the person in it was erased before it was sent


class ArrivalState(StrEnum):
    """How far a body has come that another system has posted."""

    WAITING = "waiting"
    DONE = "done"
    IGNORED = "ignored"  # the mapping says that it is nothing for us
    UNKNOWN = "unknown"  # no rule of the mapping fits
    REFUSED = "refused"  # a value in it cannot be stored


State = TypeVar("State", bound=StrEnum)


def state_set(states: type[State], *, inside: str, outside: str) -> frozenset[State]:
    """The states named by the words of `inside`.

    Raises ValueError if a word is no state, or if a state is named in neither or in both.
    """
    named = [states(word) for word in (*inside.split(), *outside.split())]
    if misplaced := [state for state in states if named.count(state) != 1]:
        raise ValueError(
            f"{states.__name__}: place each state once, inside or outside: {', '.join(misplaced)}"
        )
    return frozenset(map(states, inside.split()))


INVITATION_ENDED = state_set(
    InvitationState,
    inside="completed expired failed withdrawn skipped",
    outside="queued sent delivered opened started",
)
"""Only an answer leads out of these."""

INVITATION_NOT_BEGUN = state_set(
    InvitationState,
    inside="queued sent delivered opened",
    outside="started completed expired failed withdrawn skipped",
)
"""Nothing has been answered yet: it may be reminded of, withdrawn, or expire."""

INVITATION_OUT = state_set(
    InvitationState,
    inside="sent delivered opened started",
    outside="queued completed expired failed withdrawn skipped",
)
"""The customer has it and has not finished: an SMS reply may belong to it."""

INVITATION_UNDISPATCHED = state_set(
    InvitationState,
    inside="queued sent",
    outside="delivered opened started completed expired failed withdrawn skipped",
)
"""Nobody is known to have received it: if its message fails, another channel may be tried."""

INVITATION_NOT_CONTACTED = state_set(
    InvitationState,
    inside="failed withdrawn skipped",
    outside="queued sent delivered opened started completed expired",
)
"""These do not count as having asked somebody (contact policy)."""

INVITATION_NO_NONRESPONSE = state_set(
    InvitationState,
    inside="failed withdrawn",
    outside="queued sent delivered opened started completed expired skipped",
)
"""If one of these was never answered, the customer cannot be called silent."""

INVITATION_NOT_TO_SEND = state_set(
    InvitationState,
    inside="expired withdrawn failed skipped",
    outside="queued sent delivered opened started completed",
)
"""A queued message of such an invitation is cancelled instead of sent."""

INVITATION_LINK_UNKNOWN = state_set(
    InvitationState,
    inside="skipped",
    outside="queued sent delivered opened started completed expired failed withdrawn",
)
"""Never sent, so its link opens nothing."""

MESSAGE_WAITING = state_set(
    MessageState,
    inside="queued sending",
    outside="unconfirmed held sent delivered undelivered failed cancelled",
)
"""No provider has it yet."""

MESSAGE_IN_DOUBT = state_set(
    MessageState,
    inside="unconfirmed held",
    outside="queued sending sent delivered undelivered failed cancelled",
)
"""Nobody knows yet whether the provider has it."""

MESSAGE_UNFINISHED = state_set(
    MessageState,
    inside="queued sending unconfirmed held",
    outside="sent delivered undelivered failed cancelled",
)
"""Something is still to be done or decided about it."""

MESSAGE_HANDED_OVER = state_set(
    MessageState,
    inside="sent delivered undelivered",
    outside="queued sending unconfirmed held failed cancelled",
)
"""The provider took it, and bills it."""

MESSAGE_LOST = state_set(
    MessageState,
    inside="undelivered failed",
    outside="queued sending unconfirmed held sent delivered cancelled",
)
"""It will not reach anybody."""

ARRIVAL_KEPT = state_set(ArrivalState, inside="unknown refused", outside="waiting done ignored")
"""Somebody has to look at it; it is kept longer."""

INVITATION_RANKS: Mapping[str, int] = {
    InvitationState.QUEUED: 0,
    InvitationState.SENT: 1,
    InvitationState.DELIVERED: 2,
    InvitationState.OPENED: 3,
    InvitationState.STARTED: 4,
    InvitationState.COMPLETED: 5,
}
MESSAGE_RANKS: Mapping[str, int] = {
    MessageState.QUEUED: 0,
    MessageState.SENDING: 1,
    MessageState.UNCONFIRMED: 2,
    MessageState.SENT: 3,
    MessageState.UNDELIVERED: 4,
    MessageState.FAILED: 4,
    MessageState.DELIVERED: 5,
}


def further(ranks: Mapping[str, int], current: str, new: str) -> bool:
    """True where `new` lies ahead of `current`; a state outside the order is never left this way."""
    return current in ranks and new in ranks and ranks[new] > ranks[current]
