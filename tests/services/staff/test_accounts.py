"""Members of staff and their roles."""

from __future__ import annotations

import pytest

from feedback.errors import Conflict
from feedback.services.staff import accounts
from tests.services.followups.desk import MONDAY, Desk


def test_the_last_admin_cannot_be_taken_away(desk: Desk) -> None:
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        admin = accounts.find(session, desk.people["admin"])
        accounts.set_roles(session, admin, ["viewer"], by=None, now=MONDAY)
