"""Whatever is in the file: the import ends, every row is accounted for, and what it stored can be read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from feedback.errors import ImportRefused
from feedback.services import imports
from feedback.services.imports import ImportReport
from feedback.store.database import Database
from feedback.store.models import Account, Consent, Contact
from tests.services.conftest import MONDAY_NOON, World

HEADER = [
    "external_id", "name", "phone", "email", "language", "time_zone", "account.external_id",
    "account.recurring_revenue", "account.renewal_on", "consent.basis", "consent.sms", "properties.x",
]  # fmt: skip
GOOD = [
    "c1", "Ada", "+905321234567", "ada@example.com", "tr", "Europe/Istanbul", "a1", "9.90", "2027-01-31",
    "contract", "yes", "y",
]  # fmt: skip

CELL = st.one_of(
    st.sampled_from(["", *GOOD]), st.text(max_size=12), st.text("0123456789.,/-+@ ", max_size=12)
)
TABLE = st.lists(st.lists(CELL, min_size=1, max_size=len(HEADER) + 2), max_size=8)
LOOSE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def import_bytes(world: World, path: Path, raw: bytes) -> ImportReport:
    path.write_bytes(raw)
    return imports.run(world.database, "contacts", path, None, world.context, MONDAY_NOON)


def stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Contact)) or 0


def empty(database: Database) -> None:
    with database.writing() as session:
        for table in (Consent, Contact, Account):
            session.execute(delete(table))


@LOOSE
@given(table=TABLE)
def test_every_row_is_stored_or_refused_with_a_reason(
    world: World, tmp_path: Path, table: list[list[str]]
) -> None:
    empty(world.database)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HEADER, *table])
    raw = text.getvalue().encode("utf-8", "replace")
    report = import_bytes(world, tmp_path / "wild.csv", raw)
    assert report.read == report.created + report.refused_rows
    assert report.created == stored(world.database)
    assert all(refusal.reason and refusal.line > 1 for refusal in report.refused)
    again = import_bytes(world, tmp_path / "wild.csv", raw)
    assert (again.created, again.refused) == (0, report.refused)


@LOOSE
@given(raw=st.binary(max_size=200), good=st.booleans())
def test_bytes_that_are_no_table_end_in_a_report_or_a_sentence(
    world: World, tmp_path: Path, raw: bytes, good: bool
) -> None:
    empty(world.database)
    start = (",".join(HEADER) + "\n" + ",".join(GOOD) + "\n").encode() if good else b""
    try:
        report = import_bytes(world, tmp_path / "wild.csv", start + raw)
    except ImportRefused as refused:
        assert str(refused)
    else:
        assert report.created == stored(world.database)
