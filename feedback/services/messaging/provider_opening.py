"""The enabled providers, as the settings have them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from feedback.errors import SettingsInvalid
from feedback.settings import Problem, Settings
from feedback.store.database import Database

if TYPE_CHECKING:
    from feedback.providers.base import Provider
    from feedback.providers.simulator import Mailbox

log = structlog.get_logger()


def open_providers(settings: Settings, database: Database) -> dict[str, Provider]:
    """Open the enabled providers, by key, in the order of the settings. Raises SettingsInvalid if one cannot be."""
    return {key: _open(key, settings, database) for key in settings.providers.enabled}


def open_where_possible(settings: Settings, database: Database) -> dict[str, Provider]:
    """As `open_providers`, without those that cannot be opened as long as their settings are incomplete."""
    made: dict[str, Provider] = {}
    for key in settings.providers.enabled:
        try:
            made[key] = _open(key, settings, database)
        except SettingsInvalid as refused:
            log.warning("provider.not_opened", provider=key, reason=str(refused))
    return made


def provider_problems(settings: Settings, database: Database) -> list[Problem]:
    """Problem F027 for settings with which no provider can be opened, so that `doctor` refuses what `run` refuses."""
    try:
        open_providers(settings, database)
    except SettingsInvalid as refused:
        return [Problem("F027", str(refused), "`feedback run` would not start.")]
    return []


def _open(key: str, settings: Settings, database: Database) -> Provider:
    from feedback.providers.opening import open_provider  # noqa: PLC0415  (most commands send nothing)

    return open_provider(key, settings, partial(_mailbox, database))


def _mailbox(database: Database) -> Mailbox:
    from feedback.services.messaging.simulated_mailbox import DatabaseMailbox  # noqa: PLC0415

    return DatabaseMailbox(database)
