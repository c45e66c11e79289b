"""Remember the calendar in which a member of staff reads dates, and whether their browser notifies them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("calendar", sa.String(length=16), nullable=True))
    op.add_column(
        "user", sa.Column("browser_notices", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("user", "browser_notices")
    op.drop_column("user", "calendar")
