"""Follow-ups: their states, and the priority that orders the queue.

A follow-up gets an owner when it is opened (the account's CSM). Its states:

    open ──take──> taken ──close──> closed ──reopen──> taken
      │ <──release──┘ │               ^
      └───snooze──────┴──> snoozed ───┘   (wake: back to open, at its place in the list)

A reassigned follow-up is open again for its new owner. A new complaint opens a new follow-up; one that was closed by
mistake, or too early, is reopened and counts as open again.
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
    REOPEN = "reopen"


class Urgency(StrEnum):
    """The urgency in the follow-up rule. It does not determine the due dates, which the rule sets separately."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Outcome(StrEnum):
    """How a follow-up ended.

    not_justified: it was checked, and nothing was wrong; thanked: praise was answered; corrected: the customer
    changed the answer before anybody acted, so the system closed it.
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
    """The segments of accounts, the most important first."""

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
        Action.SNOOZE: State.SNOOZED,  # until the chosen day
        Action.WAKE: State.OPEN,
        Action.HAND_OVER: State.OPEN,
        Action.CLOSE: State.CLOSED,
    },
    State.CLOSED: {Action.REOPEN: State.TAKEN},
}


def transition(state: State, action: Action) -> State:
    """The state after an action. Raises Conflict if the current state does not allow the action.

    Taking a follow-up that is already taken is a conflict as well.
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
        return "This follow-up is closed: reopen it first."
    possible = ", ".join(allowed(state))
    return f"A follow-up that is {state} does not allow {action}; possible are {possible}."


# --- What is at stake ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rating:
    """A score, and how bad it is: 0.0 is the best on its scale, 1.0 the worst."""

    score: int
    badness: float

    def __post_init__(self) -> None:
        if not 0 <= self.badness <= 1:
            raise ValueError(f"Badness must be between 0 and 1, not {self.badness}.")


@dataclass(frozen=True, slots=True)
class Stake:
    """The input of the priority; unknown values are None (or 0 for other people).

    rating            the score that opened the follow-up
    previous          the same person's previous score for the same metric
    monthly_revenue   the account's monthly recurring revenue in the installation's currency; 0 or more
    days_to_renewal   negative if the date has passed
    hours_left        hours until it is due; negative if overdue
    silent_others     other people of the account whose latest survey expired unanswered
    answering_others  other people of the account who answered it
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
            raise ValueError(f"Recurring revenue must be 0 or more, not {self.monthly_revenue}.")
        if self.hours_left is not None and math.isnan(self.hours_left):
            raise ValueError("hours_left must be a number.")
        if min(self.silent_others, self.answering_others) < 0:
            raise ValueError("silent_others and answering_others must be 0 or more.")


@dataclass(frozen=True, slots=True)
class Weights:
    """The maximum points of each part. The defaults add up to 100.

    The defaults are a judgement, not a measurement. Being due or overdue weighs most. Then come revenue, the
    renewal date and the score. A fall counts in addition to the score, because it shows a change. The segment
    corrects for accounts whose revenue understates their importance. Silent colleagues are a weak sign and get
    few points.
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
            raise ValueError("Weights must be 0 or more.")

    @classmethod
    def with_changes(cls, changed: Mapping[str, float]) -> Weights:
        """The defaults with some of them changed. Raises ValueError for an unknown part."""
        parts = [each.name for each in fields(cls)]
        if unknown := sorted(set(changed) - set(parts)):
            raise ValueError(f"There is no weight {unknown[0]!r}; use {', '.join(parts)}.")
        return cls(**changed)


@dataclass(frozen=True, slots=True)
class PriorityReason:
    """One part of a priority: its `points`, and a code with parameters that pages translate.

    code            params
    overdue         hours (since it was due)
    due             hours (left)
    revenue         monthly_revenue
    renewal         days (left)
    renewal_passed  days (since)
    score           score
    fall            before, now (scores)
    segment         segment
    silence         silent, asked (numbers of other people of the account)
    """

    code: str
    params: Mapping[str, int | float | str]
    points: float


@dataclass(frozen=True, slots=True)
class Priority:
    """`value` is the sum of the reasons' points; higher comes first. `reasons` are sorted by points, descending."""

    value: float
    reasons: tuple[PriorityReason, ...]


DEFAULT_WEIGHTS = Weights()

HALF_OF_REVENUE = 5_000.0  # a month; default for the revenue that gets half of the points
RENEWAL_HORIZON = 180  # days; a later renewal adds nothing
DUE_HORIZON = 72.0  # hours; a later due time adds nothing
AT_DUE = 0.5  # share of the points for due, reached when it becomes due
OVERDUE = 0.8  # share of them as soon as it is overdue; 1.0 is reached OVERDUE_HORIZON hours later
OVERDUE_HORIZON = 48.0
SEGMENT_SHARES = {Segment.VIP: 1.0, Segment.CORE: 0.6, Segment.POTENTIAL: 0.3, Segment.NON_CORE: 0.0}


def priority(
    stake: Stake, weights: Weights = DEFAULT_WEIGHTS, half_of_revenue: float = HALF_OF_REVENUE
) -> Priority:
    """Compute the priority. `half_of_revenue`, like all revenue, is per month in the installation's currency.

    Every part is a share between 0 and 1 of its weight, and never decreases if its input gets worse. Parts
    that add nothing are left out, and so are unknown ones.
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
    """x / (x + half) of the weight: it grows with revenue but stays below the weight."""
    revenue = stake.monthly_revenue
    if revenue is None:
        return None
    # 1 - h/(x + h) instead of x/(x + h), which can decrease by a rounding error when x increases.
    share = 1 - half / (revenue + half)
    return PriorityReason("revenue", {"monthly_revenue": revenue}, weight * share)


def _renewal(stake: Stake, weight: float) -> PriorityReason | None:
    """A renewal date that has passed counts like today."""
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
