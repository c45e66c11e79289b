"""Members of staff and their roles."""

from __future__ import annotations

import pytest

from feedback.errors import Conflict, Rejected
from feedback.services.staff import accounts
from feedback.services.staff.accounts import NewUser
from tests.services.followups.desk import MONDAY, Desk


def test_the_last_admin_cannot_be_taken_away(desk: Desk) -> None:
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        admin = accounts.find(session, desk.people["admin"])
        accounts.set_roles(session, admin, ["viewer"], by=None, now=MONDAY)


@pytest.mark.parametrize(
    "wrong",
    [
        NewUser("a" * 321 + "@example.com", "Ada", ["lead"]),
        NewUser("ada@" + "x." * 200 + "example.com", "Ada", ["lead"]),
        NewUser("ada2@example.com", "a" * 256, ["lead"]),
        NewUser("ada2@example.com", "Ada", ["lead"], password="x" * 1_001),
    ],
    ids=["address", "domain", "name", "password"],
)
def test_nobody_is_added_with_more_than_can_be_stored_or_used(desk: Desk, wrong: NewUser) -> None:
    with desk.runtime.database.writing() as session, pytest.raises(Rejected):
        accounts.add_user(session, wrong, MONDAY)


def test_the_longest_name_and_password_are_taken(desk: Desk) -> None:
    with desk.runtime.database.writing() as session:
        new = NewUser(
            "ada2@example.com", "a" * 255, ["lead"], password=("correct horse battery staple " * 40)[:1_000]
        )
        assert accounts.add_user(session, new, MONDAY).name == "a" * 255
