"""What somebody needs to know who helps with an installation, without anything about a person.

Only numbers, codes and names from fixed sets are written: no text that somebody has typed, no address, no key, no path
and no name of a machine. A sentence of an error can quote any of these, so only its code is written.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import Enum
from importlib import metadata
from typing import Any, Literal, get_origin
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from feedback import __version__, migrations
from feedback.providers import PROVIDERS
from feedback.services.messaging import heartbeats, metrics
from feedback.settings import Problem, Settings
from feedback.settings.reading import entries
from feedback.settings.values import plain
from feedback.store.database import Database
from feedback.store.models import BackupRun

README = """\
What `feedback support-bundle` has written about an installation of feedback. It contains numbers, codes and names from
fixed sets, and nothing about a person. Read it before you send it.

about.json      versions of the program, Python, packages and the database; sizes
settings.json   where each setting comes from; values only of switches, numbers, times and choices
problems.json   codes of what `feedback doctor` finds
tables.json     rows of each table
figures.json    messages, surveys, holds, workers and backups, by state
"""
_NUMBERS = (bool, int, float, timedelta, time, Enum, ZoneInfo)
_CLASS_NAME = re.compile(r"[A-Za-z]+")


def files(
    session: Session, database: Database, settings: Settings, problems: Sequence[Problem], now: datetime
) -> Mapping[str, str]:
    """Name -> content of the files of the bundle."""
    parts = {
        "about": _about(session, database, now),
        "settings": _settings(settings),
        "problems": [{"code": each.code, "level": each.level} for each in problems],
        "tables": _tables(session),
        "figures": _figures(session, now),
    }
    written = {f"{name}.json": json.dumps(part, indent=1, default=str) + "\n" for name, part in parts.items()}
    return {"README.txt": README, **written}


def _about(session: Session, database: Database, now: datetime) -> dict[str, Any]:
    version = session.connection().dialect.server_version_info or ()
    size = database.file.stat().st_size if database.file else _server_size(session)
    return {
        "made_at": now.isoformat(timespec="minutes"),
        "release": __version__,
        "tables_of_release": migrations.newest(),
        "python": sys.version.split()[0],
        "system": [platform.system(), platform.machine()],
        "packages": {each: _version(each) for each in _packages()},
        "database": {"kind": "sqlite" if database.is_sqlite else "postgresql", "version": list(version)},
        "bytes": {"database": size, "free": database.room()},
    }


def _packages() -> list[str]:
    required = metadata.requires("feedback") or []
    return sorted({re.split(r"[^A-Za-z0-9_.-]", each)[0] for each in required})


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _server_size(session: Session) -> int:
    return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _settings(settings: Settings) -> dict[str, dict[str, Any]]:
    return {
        name: {"from": settings.given.get(name, "default"), "value": _shown(settings, name, entry.kind)}
        for name, entry in entries().items()
    }


def _shown(settings: Settings, name: str, kind: Any) -> Any:
    """The value, if nobody can have typed a word of their own into it, otherwise only whether it is set."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    if get_origin(kind) is Literal or isinstance(value, _NUMBERS):
        return plain(value)
    if name == "providers.enabled":
        return [each for each in value if each in PROVIDERS]
    return "set" if value else "empty"


def _tables(session: Session) -> dict[str, int]:
    names = sorted(inspect(session.connection()).get_table_names())
    return {name: int(session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0) for name in names}  # noqa: S608


def _figures(session: Session, now: datetime) -> dict[str, Any]:
    found, workers = metrics.figures(session, now), heartbeats.workers(session, now)
    runs = session.scalars(select(BackupRun).order_by(BackupRun.day.desc()).limit(14))
    return {
        "messages": _listed(found.messages),
        "surveys": _listed(found.surveys),
        "notices": _listed(found.notices),
        "holds": [{"provider": each.provider, "code": each.code} for each in found.holds],
        "workers": {"alive": len(workers.alive), "silent": len(workers.silent)},
        "failing_jobs": [
            {"job": job, "count": known["count"], "since": known["since"], "error": _error(known["cause"])}
            for _, job, known in workers.failing()
        ],
        "backups": [_backup(each) for each in runs],
    }


def _backup(run: BackupRun) -> dict[str, Any]:
    failed = run.error is not None
    return {"day": run.day, "bytes": run.size, "rows": run.rows, "drilled": run.drilled, "failed": failed}


def _listed(counted: Mapping[Any, float]) -> list[list[Any]]:
    return [[*key, number] for key, number in sorted(counted.items(), key=str)]


def _error(cause: str) -> str:
    """The class of an error that nobody foresaw; a sentence could quote an address."""
    return cause if _CLASS_NAME.fullmatch(cause) else "a known error"
