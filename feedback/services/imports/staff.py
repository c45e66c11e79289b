"""Creates users for unknown account owners."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from feedback.store.models import Role, User
from feedback.store.models.staff import user_role


def add_owners(connection: Connection, emails: Iterable[str], now: datetime) -> dict[str, int]:
    """Create users who can own accounts but cannot sign in until an admin enables them. Returns ids by address."""
    rows = [
        {
            "email": email,
            "name": email.partition("@")[0],
            "active": False,
            "is_demo": False,
            "login_count": 0,
            "fs_uniquifier": uuid.uuid4().hex,
            "created_at": now,
        }
        for email in sorted(emails)
    ]
    made = connection.execute(insert(User.__table__).returning(User.email, User.id), rows)  # type: ignore[arg-type]
    ids = {row.email: row.id for row in made}
    role = connection.scalar(select(Role.id).where(Role.name == "csm"))
    if role is not None:
        connection.execute(insert(user_role), [{"user_id": each, "role_id": role} for each in ids.values()])
    return ids
