"""Rows per second of an import, beside the bare insert of the same rows into the same tables.

    python3 dev.py bench importing [--rows 20000] [--database postgresql://...] [--json FILE]

The baseline does what no importer can do without: one row in each of the same tables, by `executemany`,
already parsed, in batches of the same size with the same commits. The ratio is what reading, checking,
comparing and counting cost.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert

from feedback.services import imports
from feedback.services.context import Context
from feedback.services.imports import mapping
from feedback.settings import Settings, load
from feedback.store.database import Database
from feedback.store.models import Account, Consent, Contact
from tests.factories_surveys import NPS, shelf

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADER = ["ID", "Phone", "Email", "State", "Tenure", "Contract", "Charge", "Segment", "Internet"]
MAP = """
[contact]
external_id = "ID"
phone = "Phone"
email = "Email"
language = { constant = "en" }
time_zone = { column = "State", lookup = "us-state-zones" }
[contact.properties]
internet = "Internet"
[account]
external_id = "ID"
segment = "Segment"
recurring_revenue = "Charge"
currency = { constant = "USD" }
contract_started_on = { months_ago = "Tenure" }
renewal_on = { next_after = "contract_started_on", every_months = 12 }
[consent]
basis = { constant = "contract" }
source = { constant = "benchmark" }
"""


@dataclass(frozen=True)
class Figure:
    name: str
    rows_per_second: float
    against_baseline: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--database", help="an empty PostgreSQL database instead of SQLite")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    options = parser.parse_args()
    figures = measure(options.rows, options.database)
    for figure in figures:
        print(f"{figure.name:32} {figure.rows_per_second:>10,.0f} rows/s {figure.against_baseline:>8.2f} x")
    if options.json:
        found = [asdict(figure) for figure in figures]
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measure(rows: int, url: str | None = None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        file = write_table(place / "customers.csv", rows)
        settings = load(place, {"FEEDBACK_DEMO": "true"})
        database = Database(url or f"sqlite:///{place / 'feedback.db'}")
        database.upgrade()
        empty(database)
        baseline = rows / seconds(lambda: bare_insert(database, rows))
        empty(database)
        figures = [Figure("bare insert of the same rows", baseline, 1.0)]
        for name in ("import, all new", "import, all unchanged"):
            speed = rows / seconds(lambda: bring_in(database, file, settings, rows))
            figures.append(Figure(name, speed, speed / baseline))
        empty(database)
        database.close()
    return figures


def write_table(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            phone = f"+1212{5550100 + n % 100}" if n % 2 else f"+90532{n:07}"
            terms = ["California", n % 70, "One Year", f"{n % 90}.5", "core", "DSL"]
            writer.writerow([f"c{n}", phone, f"person{n}@example.com", *terms])
    return path


def bring_in(database: Database, file: Path, settings: Settings, rows: int) -> None:
    context = Context(settings, shelf(NPS), {})
    report = imports.run(database, "contacts", file, mapping.parse(MAP, "benchmark"), context, NOW)
    if report.created + report.unchanged != rows:
        raise SystemExit(f"The import went wrong: {report}")


def bare_insert(database: Database, rows: int) -> None:
    for start in range(0, rows, imports.BATCH):
        numbers = range(start, min(start + imports.BATCH, rows))
        with database.connection() as connection:
            connection.execute(insert(Account), [account(n) for n in numbers])
            connection.execute(insert(Contact), [contact(n) for n in numbers])
            connection.execute(insert(Consent), [each for n in numbers for each in consents(n)])


def account(n: int) -> dict[str, Any]:
    return {
        "id": n + 1,
        "external_id": f"c{n}",
        "name": f"c{n}",
        "segment": "core",
        "recurring_revenue": Decimal("1.50"),
        "currency": "USD",
        "contract_started_on": date(2025, 1, 1),
        "renewal_on": date(2027, 1, 1),
        "properties": {},
        "is_demo": False,
        "created_at": NOW,
        "updated_at": NOW,
    }


def contact(n: int) -> dict[str, Any]:
    return {
        "id": n + 1,
        "external_id": f"c{n}",
        "account_id": n + 1,
        "phone": f"+90532{n:07}",
        "email": f"person{n}@example.com",
        "language": "en",
        "time_zone": "America/Los_Angeles",
        "properties": {"internet": "DSL"},
        "is_demo": False,
        "created_at": NOW,
        "updated_at": NOW,
    }


def consents(n: int) -> list[dict[str, Any]]:
    common = {"contact_id": n + 1, "basis": "contract", "source": "benchmark", "granted_at": NOW}
    return [
        {**common, "kind": "sms", "address": f"+90532{n:07}"},
        {**common, "kind": "email", "address": f"person{n}@example.com"},
    ]


def empty(database: Database) -> None:
    with database.connection() as connection:
        for table in (Consent, Contact, Account):  # the audit stays: nobody can delete from it
            connection.execute(delete(table))


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
