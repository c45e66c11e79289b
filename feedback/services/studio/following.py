"""Follows what is published in the studio, on every node and without a restart."""

from __future__ import annotations

import threading

import structlog

from feedback import clock
from feedback.library import Library
from feedback.providers.base import uptime
from feedback.services.questionnaires import layers
from feedback.settings import Settings
from feedback.store.database import Database

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between two looks at the counter."""
AGAIN = 30.0
"""Seconds until an edition that could not be loaded is tried again."""


class Following:
    """The library in force, which is exchanged as a whole.

    Call `look` at the border of a request or a job, outside transactions, and use what it returns until the end.
    Files are not read again: an edited file comes into force with a restart, or when somebody accepts its warnings.
    """

    def __init__(self, database: Database, settings: Settings, library: Library) -> None:
        self.library = library
        self._database, self._settings = database, settings
        self._turn = threading.Lock()
        self._looked = uptime()
        self._failed: tuple[int, float] = (-1, 0.0)

    def look(self, *, at_once: bool = False) -> Library:
        """The library in force; renewed if something was published, at most every `EVERY` seconds.

        With `at_once` it looks now, and waits for a thread that is renewing. Whatever fails is logged, and the
        former library stays in force.
        """
        if not at_once and uptime() - self._looked < EVERY:
            return self.library
        if not self._turn.acquire(blocking=at_once):
            return self.library
        try:
            self._looked = uptime()
            self._renew()
        except Exception as error:
            log.error("library.not_renewed", exc_info=error)
        finally:
            self._turn.release()
        return self.library

    def _renew(self) -> None:
        with self._database.reading() as session:
            edition = layers.edition(session)
        origin = self.library.origin
        if edition == (origin.edition if origin else 0) or self._failed_lately(edition):
            return
        self._failed = (edition, uptime())
        self._load()
        self._failed = (-1, 0.0)
        log.info("library.renewed", edition=edition)

    def _load(self) -> None:
        from feedback.services.questionnaires import publishing  # noqa: PLC0415  (the linter costs half a second)

        now, origin = clock.now(), self.library.origin
        with self._database.reading() as session:
            renewed = publishing.load(session, self._settings, now, before=origin)
        with self._database.writing() as session:
            publishing.note_in_force(session, renewed, now)
        self.library = renewed

    def _failed_lately(self, edition: int) -> bool:
        failed, when = self._failed
        return failed == edition and uptime() - when < AGAIN
