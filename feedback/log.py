"""Logging: one structured line per event, with ids, and never a person's words, number, address or link.

Call `configure()` once at start, then `structlog.get_logger()` and `log.info("message_sent", message_id=7)`.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from feedback.settings.table import LogSettings

# A second line of defence for personal data in a library's messages: addresses, numbers, link tokens.
_PERSONAL = re.compile(
    r"(?P<email>[\w.+-]+@[\w-]+\.[\w.-]+)|(?P<phone>(?<![\w.:-])\+?\d[\d ()-]{7,16}\d(?![\w:-]))"
    r"|(?P<link>/(?:in/)?[1-9A-HJ-NP-Za-km-z]{12}(?![\w-]))"
)
_FORBIDDEN = {
    "phone",
    "email",
    "to",
    "body",
    "text",
    "comment",
    "answer",
    "answers",
    "token",
    "password",
    "secret",
}


CHATTY = ("alembic", "apscheduler", "waitress.queue", "urllib3")
"""Libraries that log every step; only their warnings and errors are kept."""


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send our events and the libraries' log records to `stream` (default: stderr) in the same format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(settings)],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.level.upper(), force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel("ERROR")
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _last(settings: LogSettings) -> list[Processor]:
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_plain)
    if settings.format == "json":
        renderer = structlog.processors.JSONRenderer()
    return [structlog.processors.format_exc_info, without_persons, renderer]


def _plain(stream: TextIO, exc_info: object) -> None:
    structlog.dev.plain_traceback(stream, exc_info)  # type: ignore[arg-type]


def without_persons(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A structlog processor: drop keys that hold personal data, and mask what looks like it in every text."""
    return {
        key: "[removed]"
        if key in _FORBIDDEN
        else _PERSONAL.sub("[removed]", value)
        if isinstance(value, str) and key != "timestamp"
        else value
        for key, value in event.items()
    }
