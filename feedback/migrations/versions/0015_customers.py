"""Find customers by the beginning of any word, list them by name, save filters as segments, keep the ids of merged
contacts, and import files in the browser.

Every account and contact gets its words once, in portions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.models.customers import found_by
from feedback.store.search import WORD_INDEX
from feedback.store.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PORTION = 10_000
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMES = {
    "account": ("external_id", "name"),
    "contact": ("external_id", "name", "email", "phone", "erased_at"),
}
INDEXES = (
    ("ix_account_segment", "account", ["segment"]),
    ("ix_account_sort_name", "account", ["sort_name", "id"]),
    ("ix_contact_sort_name", "contact", ["sort_name", "id"]),
    ("ix_contact_country_sort_name", "contact", ["country", "sort_name", "id"]),
    ("ix_contact_language_sort_name", "contact", ["language", "sort_name", "id"]),
)


def upgrade() -> None:
    for table, names in NAMES.items():
        op.add_column(table, sa.Column("search_words", sa.Text(), server_default="", nullable=False))
        op.add_column(table, sa.Column("sort_name", sa.String(length=64), server_default="", nullable=False))
        _give_words(table, names)
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    if op.get_bind().dialect.name == "sqlite":  # a list is read from this index alone
        columns = ["sort_name", "id", "erased_at", "account_id", "search_words"]
        op.create_index("ix_contact_found", "contact", columns)
    else:
        for table in NAMES:
            words = sa.text(WORD_INDEX.format(column="search_words"))
            op.create_index(f"ix_{table}_search_words", table, [words], postgresql_using="gin")
            op.execute(
                f"CREATE INDEX ix_{table}_properties ON {table} USING gin ((properties::jsonb) jsonb_path_ops)"
            )
    _create_segments()
    _create_aliases()
    _create_imports()


def _give_words(table: str, names: tuple[str, ...]) -> None:
    """Erased contacts get none."""
    rows_of = sa.table(table, *map(sa.column, ("id", "search_words", "sort_name", *names)))
    wanted = (
        sa.select(rows_of.c.id, *(rows_of.c[name] for name in names)).order_by(rows_of.c.id).limit(PORTION)
    )
    if "erased_at" in names:
        wanted = wanted.where(rows_of.c.erased_at.is_(None))
    values: dict[str, sa.BindParameter[str]] = {
        name: sa.bindparam(name) for name in ("search_words", "sort_name")
    }
    change = rows_of.update().where(rows_of.c.id == sa.bindparam("row")).values(values)
    connection, last = op.get_bind(), 0
    while rows := connection.execute(wanted.where(rows_of.c.id > last)).mappings().all():
        connection.execute(change, [{"row": row["id"], **found_by(dict(row))} for row in rows])
        last = rows[-1]["id"]


def _create_segments() -> None:
    op.create_table(
        "segment",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_segment_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("name", name=op.f("uq_segment_name")),
    )


def _create_aliases() -> None:
    op.create_table(
        "contact_alias",
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_alias_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_alias")),
        sa.UniqueConstraint("external_id", name=op.f("uq_contact_alias_external_id")),
    )
    op.create_index(op.f("ix_contact_alias_contact_id"), "contact_alias", ["contact_id"])


def _create_imports() -> None:
    when = UtcDateTime(timezone=True)
    op.create_table(
        "import_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("created_at", when, nullable=False),
        sa.Column("began_at", when, nullable=True),
        sa.Column("ended_at", when, nullable=True),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("lease_until", when, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_import_run_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_state"), "import_run", ["state"])
    op.create_index(op.f("ix_import_run_created_at"), "import_run", ["created_at"])
    op.create_table(
        "import_part",
        sa.Column("id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_run.id"],
            name=op.f("fk_import_part_import_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_part")),
        sa.UniqueConstraint("import_id", "what", "number", name=op.f("uq_import_part_import_id_what_number")),
    )
    op.create_table(
        "import_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("row_id", ID, nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_run.id"],
            name=op.f("fk_import_change_import_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
        sa.UniqueConstraint(
            "import_id", "subject", "row_id", name=op.f("uq_import_change_import_id_subject_row_id")
        ),
    )
    op.create_index("ix_import_change_subject_row", "import_change", ["subject", "row_id"])
