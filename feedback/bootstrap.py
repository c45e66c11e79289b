"""Builds a Runtime from Settings. Only the entry points (web, worker, cli) import this module.

What reads questionnaires or sends messages is imported when it is needed, because most commands do neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from feedback import clock
from feedback.errors import SettingsInvalid
from feedback.services import rollups
from feedback.services.context import Context
from feedback.services.messaging.provider_opening import open_providers, open_where_possible
from feedback.services.organisation import stored_settings
from feedback.services.staff import recovery_codes
from feedback.settings import Problem, Settings, check, load, organisation
from feedback.settings.reading import FILE
from feedback.store import private_files
from feedback.store.database import Database

if TYPE_CHECKING:
    from feedback.library import Library
    from feedback.providers.base import Provider

log = structlog.get_logger()

ABOUT_SENDING = ("F011", "F014", "F02")
"""No public address, no proxy; prefix of the codes of provider problems."""


@dataclass(frozen=True)
class Runtime(Context):
    """Everything that an entry point needs; one per process: what services know, and the database."""

    database: Database


class _WithoutSending(Runtime):
    """A Runtime without providers. It reads the questionnaires, and stores which are in force, when `library` is first
    used; that must not be inside `database.writing()`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        for name, value in (("settings", settings), ("providers", {}), ("database", database)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Library:
        if name != "library":
            raise AttributeError(name)
        library = _library(self.settings, self.database)
        object.__setattr__(self, "library", library)
        return library


def instance_from(environ: Mapping[str, str] = os.environ) -> Path:
    """The instance directory: `FEEDBACK_INSTANCE`, else `./instance`."""
    return Path(environ.get("FEEDBACK_INSTANCE", "instance")).resolve()


def settings_from(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsInvalid with one line per mistake."""
    return load(instance_from(environ), environ)


def start(settings: Settings, *, sending: bool = True) -> Runtime:
    """Upgrade the database, but create none, and return a Runtime.

    With `sending=False` it opens no providers, needs neither them nor a public address, and reads the questionnaires
    only if its `library` is used.
    Settings that an admin can set in the browser stop nothing, either: until they are right, nothing is sent.
    A questionnaire or journey that cannot be published stops nothing; it is logged, and in `library.refused`.
    Raises SettingsInvalid for settings that cannot work, StorageUnavailable.
    """
    _refuse([each for each in check(settings) if not each.settings], sending=sending)
    _weigh(settings)
    database, before, after = upgrade(settings)
    if before != after:
        log.warning(
            "database.upgraded", before=before, after=after, hint="Keep the backup from before the upgrade."
        )
    with database.writing() as session:
        rollups.adopt(session)
        recovery_codes.hash_clear(session, settings.web.password_salt.reveal())
        stored_settings.reseal(session, settings)
        settings = stored_settings.in_force(session, settings)
    _refuse([each for each in check(settings) if not organisation.can_wait(each, settings)], sending=sending)
    if not sending:
        return _WithoutSending(settings, database)
    return Runtime(settings, _library(settings, database), _providers(settings, database), database)


def _refuse(problems: Iterable[Problem], *, sending: bool) -> None:
    errors = [str(each) for each in problems if each.level == "error"]
    errors = [each for each in errors if sending or not each.startswith(ABOUT_SENDING)]
    if errors:
        raise SettingsInvalid("\n".join(errors))


def _providers(settings: Settings, database: Database) -> Mapping[str, Provider]:
    """The enabled providers. Without those whose settings have errors that an admin can fix in the browser, because
    for that the program has to run. Raises SettingsInvalid for other errors."""
    waiting = [each for each in check(settings) if each.level == "error"]
    for each in waiting:
        log.warning("settings.incomplete", problem=str(each))
    return open_where_possible(settings, database) if waiting else open_providers(settings, database)


def _library(settings: Settings, database: Database) -> Library:
    """Load the questionnaires and the journey, and store what is in force."""
    from feedback.services.questionnaires import publishing  # noqa: PLC0415  (with the linter it costs half a second)

    now = clock.now()
    with database.reading() as session:
        shelf = publishing.load(session, settings, now)
    with database.writing() as session:
        publishing.note_acceptances(session, shelf, now)
        publishing.note_in_force(session, shelf, now)
    for each in shelf.refused:
        log.warning("library.refused", path=each.path, replaced=each.replaced, reasons=each.reasons)
    return shelf


def upgrade(settings: Settings, *, create: bool = False) -> tuple[Database, str | None, str]:
    """The database with the tables of this release, and their revisions before (None: there were none) and after.

    Closes it and the instance directory to other users of the machine; what cannot be closed is reported by `feedback
    doctor` and in the log. Without `create`, raises StorageUnavailable if there is no database.
    """
    instance = settings.instance
    if (instance / FILE).exists() and not private_files.close_to_others(instance):
        log.warning("instance.open_to_others")
    database = open_database(settings)
    return database, *database.upgrade(create=create)


def _weigh(settings: Settings) -> None:
    """Check the settings whose valid names only the core knows. Raises SettingsInvalid."""
    for name, mistake in organisation.refused(settings).items():
        raise SettingsInvalid(f"{name}: {mistake}")


def open_database(settings: Settings) -> Database:
    return Database(
        settings.database.url.reveal(),
        pool=settings.database.pool,
        patience=settings.database.patience,
        zone=settings.organisation.time_zone,
    )
