"""Doors for other systems: addresses, kept bodies, events that were seen, digests by which an erasure finds a body."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = UtcDateTime(timezone=True)


def upgrade() -> None:
    _create_doors()
    _create_arrivals()
    _create_traces()


def _create_doors() -> None:
    op.create_table(
        "door",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=True),
        sa.Column("setup", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_until", WHEN, nullable=True),
        sa.Column("paused_at", WHEN, nullable=True),
        sa.Column("last_arrival_at", WHEN, nullable=True),
        sa.Column("refused_calls", sa.Integer(), nullable=False),
        sa.Column("refused_at", WHEN, nullable=True),
        sa.Column("refused_for", sa.String(length=64), nullable=True),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("changed_at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door")),
        sa.UniqueConstraint("name", name=op.f("uq_door_name")),
    )


def _create_arrivals() -> None:
    op.create_table(
        "door_arrival",
        sa.Column("id", ID, nullable=False),
        sa.Column("door_id", ID, nullable=False),
        sa.Column("received_at", WHEN, nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("processed_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(
            ["door_id"], ["door.id"], name=op.f("fk_door_arrival_door_id_door"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_arrival")),
    )
    op.create_index("ix_door_arrival_door_state", "door_arrival", ["door_id", "state", "id"])
    op.create_index("ix_door_arrival_door", "door_arrival", ["door_id", "id"])
    op.create_index("ix_door_arrival_received_at", "door_arrival", ["received_at"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_door_arrival_waiting", "door_arrival", ["id"], sqlite_where=waiting, postgresql_where=waiting
    )


def _create_traces() -> None:
    op.create_table(
        "door_seen",
        sa.Column("door_id", ID, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["door_id"], ["door.id"], name=op.f("fk_door_seen_door_id_door"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("door_id", "uid", name=op.f("pk_door_seen")),
    )
    op.create_index("ix_door_seen_at", "door_seen", ["at"])
    op.create_table(
        "door_mention",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("arrival_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["arrival_id"],
            ["door_arrival.id"],
            name=op.f("fk_door_mention_arrival_id_door_arrival"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", "arrival_id", name=op.f("pk_door_mention")),
    )
    op.create_index("ix_door_mention_arrival_id", "door_mention", ["arrival_id"])
