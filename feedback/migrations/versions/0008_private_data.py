"""Empty the letters with a link that signs in, which were kept like any other message to staff, and take the
program's own keys back from callers. Count the visitors of open links.

A link works for two hours, so a letter that still waits is given the same end as a new one. Callers could take a key
such as `follow-up:2`; its event keeps everything but the key.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from feedback import clock
from feedback.core.lifecycle import MESSAGE_UNFINISHED
from feedback.store.types import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LONGEST = 220  # characters of a key of at most 255
LINK = "%/reset/%"
WORKS_FOR = timedelta(hours=2)


def upgrade() -> None:
    op.create_table(
        "link_visitor",
        sa.Column(
            "link_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("link.id", ondelete="CASCADE", name="fk_link_visitor_link_id_link"),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("visitor", sa.String(length=32), nullable=False),
        sa.Column("responses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "day", "visitor", name="pk_link_visitor"),
        sqlite_with_rowid=False,
    )
    _empty_letters()
    _give_other_keys()


def _give_other_keys() -> None:
    event = sa.table("journey_event", *(sa.column(name) for name in ("id", "key", "source")))
    taken = sa.and_(event.c.key.like("follow-up:%"), event.c.source != "follow_up")
    number = sa.cast(event.c.id, sa.String)
    renamed = sa.literal("caller:") + number + ":" + sa.func.substr(event.c.key, 1, LONGEST)
    op.execute(event.update().where(taken).values(key=renamed))


def _empty_letters() -> None:
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
