"""Empty the letters with a link that signs in: until now they were kept like any other message to staff.

A link that was sent works for two hours, so one that still waits is given the same end as a new one.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from feedback import clock
from feedback.core.lifecycle import MESSAGE_UNFINISHED
from feedback.store.types import UtcDateTime

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

LINK = "%/reset/%"
WORKS_FOR = timedelta(hours=2)


def upgrade() -> None:
    message = sa.table(
        "message",
        *(sa.column(name) for name in ("user_id", "purpose", "state", "subject", "body", "html")),
        sa.column("not_after", UtcDateTime()),
    )
    letter = sa.and_(message.c.user_id.is_not(None), message.c.body.like(LINK))
    unfinished = message.c.state.in_(sorted(MESSAGE_UNFINISHED))
    op.execute(
        message.update()
        .where(letter, unfinished)
        .values(purpose="sign_in", not_after=clock.now() + WORKS_FOR)
    )
    op.execute(
        message.update()
        .where(letter, sa.not_(unfinished))
        .values(purpose="sign_in", subject=None, body="", html=None)
    )
