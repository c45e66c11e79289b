"""Store what comments are about: the frame of themes, the themes of each comment, and their counts.

Existing comments get their themes from the worker, in portions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WHEN = UtcDateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HAS_TEXT = sa.text("text IS NOT NULL")


def upgrade() -> None:
    op.add_column("answer", sa.Column("themed", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_answer_themed",
        "answer",
        ["themed", "id"],
        sqlite_where=HAS_TEXT,
        postgresql_where=HAS_TEXT,
    )
    op.create_table(
        "theme_frame",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_theme_frame_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme_frame")),
    )
    op.create_table(
        "comment_theme",
        sa.Column("id", ID, nullable=False),
        sa.Column("answer_id", ID, nullable=False),
        sa.Column("theme", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("line", sa.String(length=80), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_comment_theme_answer_id_answer"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_comment_theme_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_theme")),
        sa.UniqueConstraint("answer_id", "theme", name=op.f("uq_comment_theme_answer_id_theme")),
    )
    op.create_index("ix_comment_theme_theme_answer", "comment_theme", ["theme", "answer_id"])
    op.create_table(
        "theme_count",
        sa.Column("trend", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("grain", sa.String(length=8), nullable=False),
        sa.Column("dimension", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("theme", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "trend",
            "question",
            "metric",
            "grain",
            "dimension",
            "start",
            "key",
            "theme",
            "value",
            name=op.f("pk_theme_count"),
        ),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "theme_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_theme_day")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("theme_day", "theme_count", "comment_theme", "theme_frame"):
        op.drop_table(table)
    op.drop_index("ix_answer_themed", "answer")
    op.drop_column("answer", "themed")
