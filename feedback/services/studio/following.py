"""Follows what is published in the studio and set in the browser, on every node and without a restart."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from feedback import clock
from feedback.library import Library
from feedback.providers.base import uptime
from feedback.services.context import Context
from feedback.services.messaging.provider_opening import open_where_possible
from feedback.services.organisation import stored_settings
from feedback.services.questionnaires import layers
from feedback.settings import Settings, organisation
from feedback.store.database import Database

if TYPE_CHECKING:
    from feedback.providers.base import Provider

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between two looks at the counters."""
AGAIN = 30.0
"""Seconds until editions that could not be loaded are tried again."""

Editions = tuple[int, int]
"""Of the studio's texts, and of the settings."""


class Following:
    """What is in force: settings, library and providers, which are exchanged as a whole.

    Call `look` at the border of a request or a job, outside transactions, and use what it returns until the end.
    Files are not read again: an edited file comes into force with a restart, or when somebody accepts its warnings.
    """

    def __init__(self, database: Database, context: Context) -> None:
        self.in_force = Context(context.settings, context.library, context.providers)
        self._database = database
        self._turn = threading.Lock()
        self._looked = uptime()
        self._failed: tuple[Editions, float] = ((-1, -1), 0.0)

    def look(self, *, at_once: bool = False) -> Context:
        """What is in force; renewed if something was published or set, at most every `EVERY` seconds.

        With `at_once` it looks now, and waits for a thread that is renewing. Whatever fails is logged, and what was in
        force before stays.
        """
        if not at_once and uptime() - self._looked < EVERY:
            return self.in_force
        if not self._turn.acquire(blocking=at_once):
            return self.in_force
        try:
            self._looked = uptime()
            self._renew()
        except Exception as error:
            log.error("library.not_renewed", exc_info=error)
        finally:
            self._turn.release()
        return self.in_force

    def _renew(self) -> None:
        with self._database.reading() as session:
            editions = layers.edition(session), stored_settings.edition(session)
        before = self._editions()
        if editions == before or self._failed_lately(editions):
            return
        self._failed = (editions, uptime())
        settings = self._settings() if editions[1] != before[1] else self.in_force.settings
        self.in_force = Context(
            settings,
            self._library(settings) if editions[0] != before[0] else self.in_force.library,
            self._providers(settings),
        )
        self._failed = ((-1, -1), 0.0)
        log.info("library.renewed", edition=editions[0], settings=editions[1])

    def _editions(self) -> Editions:
        """Of what is in force."""
        origin = self.in_force.library.origin
        return origin.edition if origin else 0, self.in_force.settings.edition

    def _settings(self) -> Settings:
        with self._database.reading() as session:
            return stored_settings.in_force(session, self.in_force.settings)

    def _library(self, settings: Settings) -> Library:
        from feedback.services.questionnaires import publishing  # noqa: PLC0415  (the linter costs half a second)

        now, origin = clock.now(), self.in_force.library.origin
        with self._database.reading() as session:
            renewed = publishing.load(session, settings, now, before=origin)
        with self._database.writing() as session:
            publishing.note_in_force(session, renewed, now)
        return renewed

    def _providers(self, settings: Settings) -> Mapping[str, Provider]:
        """New ones only if their settings have changed, because they keep connections."""
        before = self.in_force.settings
        if organisation.about_sending(settings) == organisation.about_sending(before):
            return self.in_force.providers
        return open_where_possible(settings, self._database)

    def _failed_lately(self, editions: Editions) -> bool:
        failed, when = self._failed
        return failed == editions and uptime() - when < AGAIN
