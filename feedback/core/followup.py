"""Closing the loop: what may happen to a follow-up, and which one to work first.

A follow-up is owned from its first minute (by the account's CSM); its states say what the owner does:

    open ──take──> taken ──close──> closed
      │ <──release──┘ │               ^
      └───snooze──────┴──> snoozed ───┘   (wake: back to open, at its place in the list)

Handing over starts it anew for the new owner. Closing is final: a customer who complains again is a new
follow-up, otherwise nobody could count how often the loop was closed, and how fast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from enum import StrEnum

from feedback.errors import Conflict


class State(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Action(StrEnum):
    TAKE = "take"
    RELEASE = "release"
    SNOOZE = "snooze"
    WAKE = "wake"
    HAND_OVER = "hand_over"
    CLOSE = "close"


class Urgency(StrEnum):
    """How pressing the rule calls it; the due dates are the rule's as well, and do not follow from this word."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Outcome(StrEnum):
    """How it ended.

    not_justified: looked into, nothing was wrong; thanked: praise that was answered; corrected: the customer
    changed the answer before anybody acted, so it was called off without anybody's doing.
    """

    RECOVERED = "recovered"
    SAVED_BY_OFFER = "saved_by_offer"
    CHURNED = "churned"
    NO_ANSWER = "no_answer"
    NOT_JUSTIFIED = "not_justified"
    THANKED = "thanked"
    CORRECTED = "corrected"
    OTHER = "other"


class Segment(StrEnum):
    """What an account is to us, the most precious first."""

    VIP = "vip"
    CORE = "core"
    POTENTIAL = "potential"
    NON_CORE = "non_core"


TRANSITIONS: Mapping[State, Mapping[Action, State]] = {
    State.OPEN: {
        Action.TAKE: State.TAKEN,
        Action.SNOOZE: State.SNOOZED,
        Action.HAND_OVER: State.OPEN,
        Action.CLOSE: State.CLOSED,
    },
    State.TAKEN: {
        Action.RELEASE: State.OPEN,
        Action.SNOOZE: State.SNOOZED,
        Action.HAND_OVER: State.OPEN,
        Action.CLOSE: State.CLOSED,
    },
    State.SNOOZED: {
        Action.TAKE: State.TAKEN,
        Action.SNOOZE: State.SNOOZED,  # until another day
        Action.WAKE: State.OPEN,
        Action.HAND_OVER: State.OPEN,
        Action.CLOSE: State.CLOSED,
    },
    State.CLOSED: {},
}


def transition(state: State, action: Action) -> State:
    """The state after an action; Conflict for what the present state does not allow.

    Taking what is taken is a conflict, too: somebody else was faster.
    """
    try:
        return TRANSITIONS[state][action]
    except KeyError:
        raise Conflict(_refusal(state, action)) from None


def allowed(state: State) -> tuple[Action, ...]:
    """The actions that a page may offer in a state."""
    return tuple(TRANSITIONS[state])


def _refusal(state: State, action: Action) -> str:
    if state is State.CLOSED:
        return "This follow-up is closed, and closing is final: open a new one."
    possible = ", ".join(allowed(state))
    return f"A follow-up that is {state} does not allow {action}; possible are {possible}."


# --- What is at stake ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rating:
    """A score as the customer gave it, and how bad that is: 0.0 the best of its scale, 1.0 the worst."""

    score: int
    badness: float

    def __post_init__(self) -> None:
        if not 0 <= self.badness <= 1:
            raise ValueError(f"Badness lies between 0 and 1, not at {self.badness}.")


@dataclass(frozen=True, slots=True)
class Stake:
    """All that the ranking looks at; None (and 0 others) for what is not known.

    rating            the score that opened the follow-up
    previous          what the same person answered to the same metric before
    monthly_revenue   recurring, of the account, a month, in the installation's currency; 0 or more
    days_to_renewal   negative once the date has passed
    hours_left        until it is due; negative when overdue
    silent_others     people of the account whose surveys ran out unanswered, in the latest round
    answering_others  those who did
    """

    rating: Rating
    previous: Rating | None = None
    monthly_revenue: float | None = None
    days_to_renewal: int | None = None
    segment: Segment | None = None
    hours_left: float | None = None
    silent_others: int = 0
    answering_others: int = 0

    def __post_init__(self) -> None:
        if self.monthly_revenue is not None and not 0 <= self.monthly_revenue < math.inf:
            raise ValueError(f"Recurring revenue is 0 or more, not {self.monthly_revenue}.")
        if self.hours_left is not None and math.isnan(self.hours_left):
            raise ValueError("The hours left are a number.")
        if min(self.silent_others, self.answering_others) < 0:
            raise ValueError("There cannot be fewer than no others.")


@dataclass(frozen=True, slots=True)
class Weights:
    """How many points each part can add at most. The defaults add up to 100: a priority reads as of 100.

    The defaults are a judgement, not a measurement. What is overdue weighs most: a promise is being
    broken. Then the money, then how soon it could go and how bad the answer is; a fall counts beside the
    score, for it warns of a change; the segment corrects where revenue does not tell (a small account with
    a big name); colleagues who have fallen silent are a weak sign, and get few points.
    """

    due: float = 30
    revenue: float = 20
    renewal: float = 15
    score: float = 15
    fall: float = 8
    segment: float = 7
    silence: float = 5

    def __post_init__(self) -> None:
        if not all(0 <= weight < math.inf for weight in astuple(self)):
            raise ValueError("Weights are 0 or more.")

    @classmethod
    def with_changes(cls, changed: Mapping[str, float]) -> Weights:
        """The defaults with some of them changed. Raises ValueError for a part that there is not."""
        parts = [each.name for each in fields(cls)]
        if unknown := sorted(set(changed) - set(parts)):
            raise ValueError(f"There is no weight {unknown[0]!r}; there are {', '.join(parts)}.")
        return cls(**changed)


@dataclass(frozen=True, slots=True)
class PriorityReason:
    """One part of a priority: `points` it adds, and what a page needs to say it in any language.

    code            params
    overdue         hours (since it was due)
    due             hours (left)
    revenue         monthly_revenue
    renewal         days (left)
    renewal_passed  days (since)
    score           score
    fall            before, now (scores)
    segment         segment
    silence         silent, asked (other people of the account)
    """

    code: str
    params: Mapping[str, int | float | str]
    points: float


@dataclass(frozen=True, slots=True)
class Priority:
    """`value`: the sum of the reasons' points, higher is sooner. `reasons`: the weightiest first."""

    value: float
    reasons: tuple[PriorityReason, ...]


DEFAULT_WEIGHTS = Weights()

HALF_OF_REVENUE = (
    5_000.0  # a month; an account of this size gets half of the points, where the settings do not say
)
RENEWAL_HORIZON = 180  # days; a renewal further away adds nothing
DUE_HORIZON = 72.0  # hours; what is due later adds nothing yet
AT_DUE = 0.5  # of the points for being due, reached as the last hour runs out
OVERDUE = 0.8  # of them at once when it is overdue; all of them OVERDUE_HORIZON hours later
OVERDUE_HORIZON = 48.0
SEGMENT_SHARES = {Segment.VIP: 1.0, Segment.CORE: 0.6, Segment.POTENTIAL: 0.3, Segment.NON_CORE: 0.0}


def priority(
    stake: Stake, weights: Weights = DEFAULT_WEIGHTS, half_of_revenue: float = HALF_OF_REVENUE
) -> Priority:
    """Rank a follow-up by what is at stake; `half_of_revenue` is in the installation's currency, as all revenue.

    Every part is a share between 0 and 1 of its weight, and never falls when its input gets graver. Parts
    that add nothing are left out, unknown ones among them: what nobody knows is no reason.
    """
    parts = (
        _due(stake, weights.due),
        _revenue(stake, weights.revenue, half_of_revenue),
        _renewal(stake, weights.renewal),
        _score(stake, weights.score),
        _fall(stake, weights.fall),
        _segment(stake, weights.segment),
        _silence(stake, weights.silence),
    )
    reasons = sorted((part for part in parts if part and part.points > 0), key=_weightiest)
    return Priority(math.fsum(reason.points for reason in reasons), tuple(reasons))


def _weightiest(reason: PriorityReason) -> float:
    return -reason.points


def _due(stake: Stake, weight: float) -> PriorityReason | None:
    hours = stake.hours_left
    if hours is None:
        return None
    if hours >= 0:
        return PriorityReason("due", {"hours": hours}, weight * AT_DUE * max(0.0, 1 - hours / DUE_HORIZON))
    share = OVERDUE + (1 - OVERDUE) * min(1.0, -hours / OVERDUE_HORIZON)
    return PriorityReason("overdue", {"hours": -hours}, weight * share)


def _revenue(stake: Stake, weight: float, half: float) -> PriorityReason | None:
    """Saturates: twice the revenue is more at stake, but never drowns all other reasons."""
    revenue = stake.monthly_revenue
    if revenue is None:
        return None
    # 1 - h/(x + h) rather than x/(x + h): the latter can fall by a rounding error when x rises.
    share = 1 - half / (revenue + half)
    return PriorityReason("revenue", {"monthly_revenue": revenue}, weight * share)


def _renewal(stake: Stake, weight: float) -> PriorityReason | None:
    """A date that has passed without being renewed in our books counts as today."""
    days = stake.days_to_renewal
    if days is None:
        return None
    if days < 0:
        return PriorityReason("renewal_passed", {"days": -days}, weight)
    return PriorityReason("renewal", {"days": days}, weight * max(0.0, 1 - days / RENEWAL_HORIZON))


def _score(stake: Stake, weight: float) -> PriorityReason:
    return PriorityReason("score", {"score": stake.rating.score}, weight * stake.rating.badness)


def _fall(stake: Stake, weight: float) -> PriorityReason | None:
    if stake.previous is None:
        return None
    params = {"before": stake.previous.score, "now": stake.rating.score}
    return PriorityReason("fall", params, weight * max(0.0, stake.rating.badness - stake.previous.badness))


def _segment(stake: Stake, weight: float) -> PriorityReason | None:
    if stake.segment is None:
        return None
    return PriorityReason("segment", {"segment": stake.segment.value}, weight * SEGMENT_SHARES[stake.segment])


def _silence(stake: Stake, weight: float) -> PriorityReason | None:
    asked = stake.silent_others + stake.answering_others
    if not asked:
        return None
    share = stake.silent_others / asked
    return PriorityReason("silence", {"silent": stake.silent_others, "asked": asked}, weight * share)
