"""Give API keys scopes, an owner and an expiry, and keep the answers to calls that may be sent again.

Keys that exist keep what they could do: they store customers and events, and read back what they name.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AS_BEFORE = '["customers.write", "events.write"]'


def upgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        table.add_column(sa.Column("owner_id", ID, nullable=True))
        table.add_column(sa.Column("scopes", sa.JSON(), server_default=AS_BEFORE, nullable=False))
        table.add_column(sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True))
        table.create_foreign_key(
            op.f("fk_api_key_owner_id_user"), "user", ["owner_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index(op.f("ix_api_key_owner_id"), "api_key", ["owner_id"])
    op.create_table(
        "call_answer",
        sa.Column("key_id", ID, nullable=False),
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_key.id"], name=op.f("fk_call_answer_key_id_api_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", "call", name=op.f("pk_call_answer")),
    )
    op.create_index(op.f("ix_call_answer_created_at"), "call_answer", ["created_at"])
