"""Mark the words of contacts' addresses, so that a search can leave them out for those who see addresses masked.

Every contact with an address gets its words again. Every portion is a transaction of its own on PostgreSQL; an upgrade
that is interrupted begins again, with the same result.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.models.customers import found_by

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

PORTION = 1_000
NAMES = ("external_id", "name", "email", "phone")


def upgrade() -> None:
    rows_of = sa.table("contact", *map(sa.column, ("id", "erased_at", "search_words", *NAMES)))
    wanted = (
        sa.select(rows_of.c.id, *(rows_of.c[name] for name in NAMES))
        .where(rows_of.c.erased_at.is_(None), rows_of.c.email.is_not(None) | rows_of.c.phone.is_not(None))
        .order_by(rows_of.c.id)
        .limit(PORTION)
    )
    change = (
        rows_of.update().where(rows_of.c.id == sa.bindparam("row")).values(search_words=sa.bindparam("words"))
    )
    connection, last = op.get_bind(), 0
    while rows := connection.execute(wanted.where(rows_of.c.id > last)).mappings().all():
        connection.execute(
            change, [{"row": row["id"], "words": found_by(dict(row))["search_words"]} for row in rows]
        )
        last = rows[-1]["id"]
        if connection.dialect.name != "sqlite":
            connection.commit()


def downgrade() -> None:
    """The marked words are found by the release before, too, by those who type the mark."""
