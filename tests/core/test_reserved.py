"""The program's own keys are known in every spelling, and nobody else's."""

from __future__ import annotations

import pytest

from feedback.core.reserved import refusal_of_event, reserved_key


@pytest.mark.parametrize("key", ["erased:4", "follow-up:2", "ERASED:4", " erased:4", "Follow-Up:"])
def test_keys_of_the_program_are_reserved(key: str) -> None:
    assert reserved_key(key)


@pytest.mark.parametrize("key", ["erased", "t-erased:4", "follow-up-2", "crm:erased:4", ""])
def test_other_keys_are_free(key: str) -> None:
    assert reserved_key(key) is None


def test_the_event_of_a_closed_follow_up_is_the_programs() -> None:
    assert "follow_up_closed" in (refusal_of_event("t-1", "follow_up_closed") or "")
    assert refusal_of_event("t-1", "ticket_closed") is None
