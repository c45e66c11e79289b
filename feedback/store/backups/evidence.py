"""What a copy of the database has to contain: the rows of each table, and a digest of some of them.

It is taken from the database in the same snapshot as the copy, and stored beside it. A drill takes it again from the
restored copy; if both agree, the copy is what the database was. It contains no row, only numbers and digests. Beside
an encrypted copy it is encrypted, too: how many customers there are, and what few rows contain, is a secret as well.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from feedback import __version__
from feedback.errors import StorageUnavailable
from feedback.store import revisions
from feedback.store.backups import encryption

NO_MANIFEST = "Restore {place} or delete it: it is not the manifest of a backup, or cannot be read."
SAMPLE = 500
"""Rows of one table whose content is compared, spread over the whole table."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class TableEvidence:
    """A table: its number of rows, how many of them were read, and the SHA-256 of those, in the order of the key."""

    rows: int
    sampled: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupEvidence:
    """All tables of one database; `revision` is the last migration that it had."""

    revision: str
    tables: Mapping[str, TableEvidence]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.tables.values())

    @property
    def sampled(self) -> int:
        return sum(each.sampled for each in self.tables.values())


@dataclass(frozen=True, slots=True)
class Manifest:
    """The file beside a backup: the length and SHA-256 of the backup itself, and the evidence as it is written there,
    perhaps encrypted."""

    size: int
    sha256: str
    written: bytes
    is_encrypted: bool

    def evidence(self, passphrase: str) -> BackupEvidence:
        """What is in the backup. Raises Rejected for a wrong passphrase, StorageUnavailable if it cannot be read."""
        clear = io.BytesIO(self.written)
        if self.is_encrypted:
            clear = io.BytesIO()
            encryption.unseal(io.BytesIO(self.written), clear, passphrase)
        try:
            found = json.loads(clear.getvalue())
            tables = {name: TableEvidence(**each) for name, each in found["tables"].items()}
            return BackupEvidence(found["revision"], tables)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StorageUnavailable(NO_MANIFEST.format(place="the manifest")) from None


def take(connection: Connection) -> BackupEvidence:
    """The evidence of a database, in the snapshot of this connection. Raises StorageUnavailable if it has no tables of
    ours."""
    revision = revisions.applied(connection)
    if revision is None:
        raise StorageUnavailable(revisions.NO_TABLES)
    found = inspect(connection)
    keys = {name: found.get_pk_constraint(name)["constrained_columns"] for name in found.get_table_names()}
    return BackupEvidence(
        revision, {name: _of_table(connection, name, key) for name, key in sorted(keys.items())}
    )


def _of_table(connection: Connection, name: str, key: list[str]) -> TableEvidence:
    rows = connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()  # noqa: S608
    digest, sampled = hashlib.sha256(), 0
    for row in _sample(connection, name, key, rows):
        digest.update(_written(row))
        sampled += 1
    return TableEvidence(rows, sampled, digest.hexdigest())


def _sample(connection: Connection, name: str, key: list[str], rows: int) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the key: every so manyeth id, or the first ones of a table without ids."""
    order = ", ".join(f'"{column}"' for column in key) or "1"
    chosen = f'WHERE "id" % {rows // SAMPLE + 1} = 0' if key == ["id"] and rows > SAMPLE else ""
    wanted = f'SELECT * FROM "{name}" {chosen} ORDER BY {order} LIMIT {SAMPLE}'  # noqa: S608
    yield from map(tuple, connection.execute(text(wanted)))


def _written(row: tuple[Any, ...]) -> bytes:
    return json.dumps(row, default=_plain, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def differences(wanted: BackupEvidence, found: BackupEvidence) -> list[str]:
    """One sentence for each table that is not what it has to be; empty if both agree."""
    told = []
    for name in sorted(wanted.tables.keys() | found.tables.keys()):
        here, there = found.tables.get(name), wanted.tables.get(name)
        if here is None or there is None:
            told.append(f"The table {name} is {'missing' if here is None else 'not in the manifest'}.")
        elif here.rows != there.rows:
            told.append(f"The table {name} has {here.rows} rows instead of {there.rows}.")
        elif here.sha256 != there.sha256:
            told.append(f"The table {name} has other content: a digest of {there.sampled} rows differs.")
    if wanted.revision != found.revision:
        told.append(f"The tables have revision {found.revision} instead of {wanted.revision}.")
    return told


def manifest_of(file: Path) -> Path:
    """The manifest's place beside a backup."""
    return file.with_name(f"{file.name}.json")


def write_manifest(file: Path, evidence: BackupEvidence, passphrase: str = "") -> None:
    """Write the manifest of the finished backup `file`. With a passphrase, what is in the backup is encrypted."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "release": __version__,
        "size": file.stat().st_size,
        "sha256": sha256_of(file),
    }
    if passphrase:
        sealed = io.BytesIO()
        encryption.seal(io.BytesIO(json.dumps(asdict(evidence)).encode()), sealed, passphrase)
        content["evidence_encrypted"] = base64.b64encode(sealed.getvalue()).decode()
    else:
        content["evidence"] = asdict(evidence)
    written = json.dumps(content, indent=1)
    place = manifest_of(file)
    place.touch(mode=0o600)
    place.write_text(written + "\n", encoding="utf-8")


def read_manifest(file: Path) -> Manifest | None:
    """The manifest of a backup; None if there is none. Raises StorageUnavailable if it cannot be read."""
    place = manifest_of(file)
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        if sealed := found.get("evidence_encrypted"):
            written = base64.b64decode(sealed, validate=True)
        else:
            written = json.dumps(found["evidence"]).encode()
        return Manifest(found["size"], found["sha256"], written, bool(sealed))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StorageUnavailable(NO_MANIFEST.format(place=place)) from None


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
