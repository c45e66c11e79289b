"""Keep what is known of a customer when the survey is sent, so that the questions stay the same while it is answered.

Of invitations that exist nothing was kept: their questionnaires have no conditions on facts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitation", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False))
