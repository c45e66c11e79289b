"""Late and doubled news moves nothing backwards."""

from __future__ import annotations

import itertools

import pytest

from feedback.core.lifecycle import INVITATION, MESSAGE, further


@pytest.mark.parametrize("ranks", [INVITATION, MESSAGE], ids=["invitation", "message"])
def test_of_two_states_at_most_one_lies_ahead_of_the_other(ranks: dict[str, int]) -> None:
    for one, other in itertools.product(ranks, repeat=2):
        assert not (further(ranks, one, other) and further(ranks, other, one))


@pytest.mark.parametrize(
    ("current", "new", "expected"),
    [
        ("sent", "delivered", True),
        ("delivered", "sent", False),
        ("delivered", "delivered", False),
        ("undelivered", "delivered", True),  # a phone that was off, and came back
        ("failed", "undelivered", False),
        ("held", "sent", False),  # a person decides
        ("sent", "read", False),  # a state that we do not know
    ],
)
def test_a_message_moves_forward_only(current: str, new: str, expected: bool) -> None:
    assert further(MESSAGE, current, new) is expected


def test_an_invitation_that_has_ended_is_not_taken_up_again_by_a_receipt() -> None:
    assert not any(further(INVITATION, ended, "delivered") for ended in ("expired", "failed", "withdrawn"))
