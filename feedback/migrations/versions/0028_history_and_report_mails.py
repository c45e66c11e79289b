"""Remember which responses an import of past answers stored, so that each row is stored once and can be undone.

And reports that are sent by mail each week or month.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "imported_response",
        sa.Column("response_id", ID, autoincrement=False, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_imported_response_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_run.id"],
            name=op.f("fk_imported_response_import_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("response_id", name=op.f("pk_imported_response")),
        sa.UniqueConstraint("key", name=op.f("uq_imported_response_key")),
    )
    op.create_index("ix_imported_response_import", "imported_response", ["import_id", "response_id"])
    op.create_table(
        "report_mail",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("rhythm", sa.String(length=64), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("link_id", ID, nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("maker_id", ID, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("decided", sa.Date(), nullable=False),
        sa.Column("sent_at", WHEN, nullable=True),
        sa.Column("quiet_since", WHEN, nullable=True),
        sa.Column("paused_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["shared_link.id"],
            name=op.f("fk_report_mail_link_id_shared_link"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["user.id"], name=op.f("fk_report_mail_maker_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_mail")),
    )


def downgrade() -> None:
    op.drop_table("report_mail")
    op.drop_table("imported_response")
