"""Keep drafts and revisions of texts in the database, and who has which text open.

All versions that exist count as used by a survey: until now nothing else stored one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_texts()
    _create_revisions()
    op.create_table(
        "studio_presence",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_studio_presence_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "user_id", name=op.f("pk_studio_presence")),
    )
    op.add_column(
        "questionnaire_version",
        sa.Column("unasked", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def _create_texts() -> None:
    op.create_table(
        "studio_text",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published", sa.Integer(), nullable=True),
        sa.Column("archived_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_studio_text_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_studio_text")),
    )


def _create_revisions() -> None:
    op.create_table(
        "studio_revision",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["key"], ["studio_text.key"], name=op.f("fk_studio_revision_key_studio_text")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_studio_revision_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_revision")),
        sa.UniqueConstraint("key", "number", name=op.f("uq_studio_revision_key_number")),
    )
