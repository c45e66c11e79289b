"""Remember who has heard of a follow-up, and of which promise somebody was reminded or the leads were told.

And when colleagues work whose days or hours are not those of the installation.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from feedback import clock
from feedback.store.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NO_NEWS = timedelta(days=2)
MOMENTS = ("owner_told_at", "contact_reminded_at", "close_reminded_at", "close_escalated_at")


def upgrade() -> None:
    for name in MOMENTS:
        op.add_column("follow_up", sa.Column(name, UtcDateTime(timezone=True), nullable=True))
    _know_what_was_told()
    for column in (
        sa.Column("work_days", sa.JSON(), nullable=True),
        sa.Column("work_from", sa.Time(), nullable=True),
        sa.Column("work_to", sa.Time(), nullable=True),
        sa.Column("holidays", sa.String(length=64), nullable=True),
    ):
        op.add_column("user", column)


def _know_what_was_told() -> None:
    """Nobody is to hear again of what they were told, or of what the release before thought too old to tell."""
    moment = UtcDateTime(timezone=True)
    task = sa.table(
        "follow_up",
        *(sa.column(name, moment) for name in ("opened_at", "owner_told_at")),
        *(sa.column(name) for name in ("id", "state")),
    )
    entry = sa.table("follow_up_entry", sa.column("follow_up_id"), sa.column("kind"))
    told = sa.exists().where(entry.c.follow_up_id == task.c.id, entry.c.kind == "told")
    old = task.c.opened_at <= clock.now() - NO_NEWS
    knows = sa.or_(told, old, task.c.state.in_(("taken", "closed")))
    op.execute(task.update().where(knows).values(owner_told_at=task.c.opened_at))
