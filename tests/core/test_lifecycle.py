"""States, their named sets, and the order in which they may follow each other."""

from __future__ import annotations

from enum import StrEnum

import pytest

from feedback.core import lifecycle
from feedback.core.lifecycle import (
    INVITATION_RANKS,
    MESSAGE_RANKS,
    InvitationState,
    MessageState,
    further,
    state_set,
)


class Light(StrEnum):
    RED = "red"
    AMBER = "amber"
    GREEN = "green"


def test_a_set_holds_the_states_named_inside() -> None:
    assert state_set(Light, inside="red amber", outside="green") == {Light.RED, Light.AMBER}


@pytest.mark.parametrize(
    ("inside", "outside", "misplaced"),
    [
        ("red", "green", "amber"),  # as after adding a state and forgetting this set
        ("red amber", "amber green", "amber"),
        ("red red", "amber green", "red"),
    ],
)
def test_a_state_in_neither_or_in_both_stops_the_import(inside: str, outside: str, misplaced: str) -> None:
    with pytest.raises(ValueError, match=f"Light: place each state once, inside or outside: {misplaced}"):
        state_set(Light, inside=inside, outside=outside)


def test_a_word_that_is_no_state_is_refused() -> None:
    with pytest.raises(ValueError, match="purple"):
        state_set(Light, inside="red purple", outside="amber green")


def test_waiting_and_doubt_together_are_what_is_unfinished() -> None:
    assert lifecycle.MESSAGE_WAITING | lifecycle.MESSAGE_IN_DOUBT == lifecycle.MESSAGE_UNFINISHED


def test_what_was_handed_over_has_been_finished() -> None:
    assert not lifecycle.MESSAGE_HANDED_OVER & lifecycle.MESSAGE_UNFINISHED


@pytest.mark.parametrize(
    ("current", "new", "forward"),
    [
        (MessageState.SENT, MessageState.DELIVERED, True),
        (MessageState.DELIVERED, MessageState.SENT, False),  # a report that comes late
        (MessageState.DELIVERED, MessageState.DELIVERED, False),  # and one that comes twice
        (MessageState.UNDELIVERED, MessageState.FAILED, False),
        (MessageState.UNDELIVERED, MessageState.DELIVERED, True),
        (MessageState.HELD, MessageState.SENT, False),  # a person decides
    ],
)
def test_messages_only_move_forward(current: MessageState, new: MessageState, forward: bool) -> None:
    assert further(MESSAGE_RANKS, current, new) is forward


@pytest.mark.parametrize("ended", sorted(lifecycle.INVITATION_ENDED - {InvitationState.COMPLETED}))
def test_no_report_leads_out_of_an_ended_invitation(ended: InvitationState) -> None:
    assert not any(further(INVITATION_RANKS, ended, state) for state in InvitationState)
