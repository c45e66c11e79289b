"""Give every contact a place on the ring of recurring surveys, and find candidates of jobs by an index.

Quarterly surveys stay on the days that they had; the days of another cadence move once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.core.contact.policy import place_on_ring

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PORTION = 10_000
CONTACT = sa.table("contact", *map(sa.column, ("id", "external_id", "turn", "erased_at")))
INDEXES = (
    ("ix_contact_turn", "contact", ["turn"]),
    ("ix_contact_updated_at", "contact", ["updated_at"]),
    ("ix_account_contract_started_on", "account", ["contract_started_on"]),
    ("ix_invitation_account_sent", "invitation", ["account_id", "sent_at", "created_at"]),
    ("ix_enrolment_event_id", "enrolment", ["event_id"]),
    ("ix_enrolment_state_expires_at", "enrolment", ["state", "expires_at"]),
    ("ix_follow_up_closed_at", "follow_up", ["closed_at"]),
    ("ix_suppression_reason_created", "suppression", ["reason", "created_at"]),
)


def upgrade() -> None:
    op.add_column("contact", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    _give_places()
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def _give_places() -> None:
    """Erased contacts stay at 0: a place is made from the external id, which was deleted."""
    connection, last = op.get_bind(), 0
    people = sa.select(CONTACT.c.id, CONTACT.c.external_id).order_by(CONTACT.c.id).limit(PORTION)
    change = CONTACT.update().where(CONTACT.c.id == sa.bindparam("row")).values(turn=sa.bindparam("place"))
    living = people.where(CONTACT.c.erased_at.is_(None))
    while rows := connection.execute(living.where(CONTACT.c.id > last)).all():
        connection.execute(change, [{"row": row, "place": place_on_ring(key)} for row, key in rows])
        last = rows[-1].id
