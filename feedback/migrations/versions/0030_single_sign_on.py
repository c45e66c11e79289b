"""Keep who comes from the provider of the single sign-on, the sessions that began there, and what SCIM tells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "staff_identity",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_staff_identity_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_staff_identity_issuer_subject")),
        sa.UniqueConstraint("user_id", name=op.f("uq_staff_identity_user_id")),
    )
    op.create_table(
        "provider_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("sid", sa.String(length=255), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("has_second_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_provider_session_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_session")),
    )
    for column in ("user_id", "sid", "created_at"):
        op.create_index(op.f(f"ix_provider_session_{column}"), "provider_session", [column])
    op.create_table(
        "directory_user",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("user_name", sa.String(length=320), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("resource", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("gone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_directory_user_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_directory_user")),
    )
    for column in ("user_name", "external_id"):
        op.create_index(op.f(f"ix_directory_user_{column}"), "directory_user", [column])
    op.create_table(
        "directory_group",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_group")),
        sa.UniqueConstraint("name", name=op.f("uq_directory_group_name")),
    )
    op.create_index(op.f("ix_directory_group_external_id"), "directory_group", ["external_id"])
    op.create_table(
        "directory_member",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["directory_group.id"],
            name=op.f("fk_directory_member_group_id_directory_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_directory_member_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_directory_member")),
    )
    op.create_index(op.f("ix_directory_member_user_id"), "directory_member", ["user_id"])
    with op.batch_alter_table("staff_session") as table:
        table.add_column(
            sa.Column("has_second_factor", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("provider_session_id", ID, nullable=True))
        table.create_foreign_key(
            op.f("fk_staff_session_provider_session_id_provider_session"),
            "provider_session",
            ["provider_session_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.create_index(op.f("ix_staff_session_provider_session_id"), "staff_session", ["provider_session_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_staff_session_provider_session_id"), "staff_session")
    with op.batch_alter_table("staff_session") as table:
        table.drop_constraint(
            op.f("fk_staff_session_provider_session_id_provider_session"), type_="foreignkey"
        )
        table.drop_column("provider_session_id")
        table.drop_column("has_second_factor")
    for table_name in ("directory_member", "directory_group", "directory_user"):
        op.drop_table(table_name)
    op.drop_table("provider_session")
    op.drop_table("staff_identity")
