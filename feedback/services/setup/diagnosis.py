"""What `feedback doctor` and the page of admins find: everything that somebody should fix, with its fix."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from feedback.core.time.local_days import day_of
from feedback.library import Library
from feedback.services import rollups
from feedback.services.backups import backup_runs
from feedback.services.contact import reachability
from feedback.services.customers import revenue
from feedback.services.doors import problems as door_problems
from feedback.services.messaging import heartbeats, outbox, provider_holds, provider_opening
from feedback.services.organisation import stored_settings
from feedback.services.questionnaires import publishing
from feedback.services.staff import business_hours, emergency_account
from feedback.services.webhooks import problems as webhook_problems
from feedback.settings import Problem, Settings, check
from feedback.store.database import Database


def of_installation(settings: Settings, database: Database) -> list[Problem]:
    """Problems of the settings, of the database as such, and of providers that could not be opened."""
    found = [*check(settings), *database.check()]
    if not has_errors(found):  # otherwise it would be reported twice
        found += provider_opening.provider_problems(settings, database)
    return found


def of_data(session: Session, settings: Settings, now: datetime) -> list[Problem]:
    """Problems in the stored data: settings that cannot be used, held providers and messages, workers, rollups in
    another time zone, missing rates, permissions and calendars."""
    return [
        *stored_settings.problems(session, settings),
        *provider_holds.problems(session),
        *outbox.problems(session),
        *heartbeats.problems(session, now),
        *backup_runs.problems(session, settings, now),
        *rollups.problems(session),
        *revenue.problems(session, settings),
        *reachability.problems(session, settings),
        *business_hours.problems(session, settings.followup),
        *emergency_account.problems(session, settings),
        *webhook_problems.problems(session, now),
        *door_problems.problems(session),
    ]


def of_library(library: Library, settings: Settings, now: datetime) -> list[Problem]:
    """Files that are not in force, and what expires soon."""
    return publishing.problems(library, day_of(now, settings.organisation.time_zone))


def everything(settings: Settings, library: Library, database: Database, now: datetime) -> list[Problem]:
    """All of it, errors first. Call it outside transactions."""
    found = of_installation(settings, database)
    with database.reading() as session:
        found += of_data(session, settings, now)
    found += of_library(library, settings, now)
    return sorted(found, key=lambda each: each.level != "error")


def has_errors(problems: list[Problem]) -> bool:
    return any(each.level == "error" for each in problems)
