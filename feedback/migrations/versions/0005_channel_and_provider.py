"""Call the medium (sms, email) channel and the way we send by it (twilio_sms, smtp_email) provider, everywhere.

Nothing is copied, so it takes no time on a large database: tables, columns and constraints get other names. SQLite
cannot rename a constraint, but the name stands nowhere except in the text of the table, which may be changed in
place (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = {"channel_hold": "provider_hold", "pace": "rate_limit_bucket"}
COLUMNS = (  # in this order: what `channel` was has to make room for what it is
    ("message", "channel", "provider"),
    ("message", "kind", "channel"),
    ("receipt", "channel", "provider"),
    ("inbound_reply", "channel", "provider"),
    ("provider_hold", "channel", "provider"),
    ("invitation", "kind", "channel"),
    ("invitation", "other_kinds", "other_channels"),
    ("simulated_message", "kind", "channel"),
)
CONSTRAINTS = (
    ("message", "uq_message_channel_provider_id", "uq_message_provider_provider_id"),
    ("receipt", "uq_receipt_channel_provider_id_status", "uq_receipt_provider_provider_id_status"),
    ("inbound_reply", "uq_inbound_reply_channel_provider_id", "uq_inbound_reply_provider_provider_id"),
    ("provider_hold", "pk_channel_hold", "pk_provider_hold"),
    ("rate_limit_bucket", "pk_pace", "pk_rate_limit_bucket"),
)


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.drop_index("uq_channel_hold_in_force", "provider_hold")
    op.create_index(
        "uq_provider_hold_in_force",
        "provider_hold",
        ["provider", "country"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _rename_constraints_in_text()
    else:
        for table, old, new in CONSTRAINTS:
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
        op.execute("ALTER SEQUENCE channel_hold_id_seq RENAME TO provider_hold_id_seq")
    op.execute("UPDATE provider_hold SET code = 'hold_provider' WHERE code = 'hold_channel'")


def _rename_constraints_in_text() -> None:
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table, old, new in CONSTRAINTS:
        connection.exec_driver_sql(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?",
            (old, new, table),
        )
    connection.exec_driver_sql(
        f"PRAGMA schema_version = {version + 1}"
    )  # or connections trust what they read
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
