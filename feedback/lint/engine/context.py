"""What a run of the linter is told about the installation. The defaults suit a check of one file alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from feedback.core.questionnaire import Questionnaire


@dataclass(frozen=True)
class LintContext:
    """`today` decides which suppressions and bridges have ended; without it none has.

    `published` are the versions that were ever asked, the earliest first. `trigger_events` are events that every
    recipient is known to have been through. Seconds are what answering takes on average. `design_leads` are the
    names, in lower case, of those who may accept an error; None where nobody has said. The properties are those that
    accounts and contacts of the installation have; None where there is none to ask.
    """

    today: date | None = None
    published: tuple[Questionnaire, ...] = ()
    design_leads: frozenset[str] | None = None
    trigger_events: frozenset[str] = frozenset()
    known_fields: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    account_properties: frozenset[str] | None = None
    contact_properties: frozenset[str] | None = None
    high_is_bad: bool = False
    questions_per_page: int = 1
    closed_seconds: float = 7
    row_seconds: float = 5
    open_seconds: float = 25
    word_seconds: float = 0.3
    link_length: int = 40
    max_segments_gsm: int = 1
    max_segments_ucs2: int = 2
