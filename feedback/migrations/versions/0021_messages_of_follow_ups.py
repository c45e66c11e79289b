"""Messages to customers that people write in a follow-up, the replies to them, and the morning digest.

`follow_up_id` has no foreign key: SQLite would have to copy the whole table to add one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNTOLD = sa.text("follow_up_id IS NOT NULL AND owner_told_at IS NULL")


def upgrade() -> None:
    op.add_column("message", sa.Column("follow_up_id", ID, nullable=True))
    op.add_column("message", sa.Column("reply_to", sa.String(length=320), nullable=True))
    op.create_index(op.f("ix_message_follow_up_id"), "message", ["follow_up_id"])
    op.add_column("inbound_reply", sa.Column("follow_up_id", ID, nullable=True))
    op.add_column("inbound_reply", sa.Column("owner_told_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_inbound_reply_follow_up_id"), "inbound_reply", ["follow_up_id"])
    op.create_index(
        "ix_inbound_reply_untold", "inbound_reply", ["id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD
    )
    op.create_index("ix_follow_up_contact", "follow_up", ["contact_id"])
    op.add_column("user", sa.Column("morning_digest", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("user", sa.Column("digested_on", sa.Date(), nullable=True))
