"""Was it a person? What a survey link went through before and while it was answered, judged.

Mail security opens every link of a message within seconds, often with a HEAD request first, and some of it
renders the page and presses buttons. No single observation proves a machine, so each one weighs; and people
give signs that scanners do not: they write a comment, they touch the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

SUSPICIOUS = 2
"""An answer whose signs weigh this much is provisional."""

_SCANNERS = re.compile(
    r"bot\b|crawl|spider|preview|scan|proofpoint|mimecast|barracuda|safelinks|urldefense|curl/|wget/|python-|headless",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed. `seconds_since_delivery` is None where no delivery was reported.

    `trap_link` and `trap_field` are hidden from people; `repeated` is a second answer from one device through
    a link that is open to everybody; `preselected` counts the different scores that the
    link was opened with; `headed` says that a HEAD request came; `quickest` is the least time in seconds
    between showing a page and its answer; `touched` that a finger, a mouse or a key was seen; `commented`
    that words came.
    """

    trap_link: bool = False
    trap_field: bool = False
    repeated: bool = False
    preselected: int = 0
    headed: bool = False
    scanner: bool = False
    seconds_since_delivery: float | None = None
    quickest: float | None = None
    touched: bool = False
    commented: bool = False

    def stored(self) -> dict[str, Any]:
        """Only what was observed, as JSON keeps it."""
        return {name: value for name in _NAMES if (value := getattr(self, name)) not in (None, False, 0)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Evidence:
        """The inverse of `stored()`; keys of another release are ignored."""
        return cls(**{name: value for name, value in stored.items() if name in _NAMES})

    def and_then(self, later: Evidence) -> Evidence:
        """Both requests together: what was seen once stays seen, times are those of the first answer."""
        quickest = [each.quickest for each in (self, later) if each.quickest is not None]
        first = self if self.seconds_since_delivery is not None else later
        return Evidence(
            trap_link=self.trap_link or later.trap_link,
            trap_field=self.trap_field or later.trap_field,
            repeated=self.repeated or later.repeated,
            preselected=max(self.preselected, later.preselected),
            headed=self.headed or later.headed,
            scanner=self.scanner or later.scanner,
            seconds_since_delivery=first.seconds_since_delivery,
            quickest=min(quickest, default=None),
            touched=self.touched or later.touched,
            commented=self.commented or later.commented,
        )


_NAMES = tuple(each.name for each in fields(Evidence))


def is_scanner(user_agent: str) -> bool:
    """Whether a browser introduces itself as a program."""
    return bool(_SCANNERS.search(user_agent))


def signs(evidence: Evidence) -> dict[str, int]:
    """Each sign of a machine with its weight."""
    delivered, quickest = evidence.seconds_since_delivery, evidence.quickest
    seen = {
        "trap_field": (evidence.trap_field, 4),
        "repeated": (evidence.repeated, 4),
        "trap_link": (evidence.trap_link, 2),
        "many_scores": (evidence.preselected >= 3, 2),
        "scanner": (evidence.scanner, 2),
        "seconds_after_delivery": (delivered is not None and delivered < 10, 2),
        "too_quick": (quickest is not None and quickest < 0.5, 2),
        "head_request": (evidence.headed, 1),
    }
    return {name: weight for name, (present, weight) in seen.items() if present}


def is_provisional(evidence: Evidence) -> bool:
    """Whether the answer must wait for a human sign before it counts.

    A comment or a touch settles every doubt but two. Whoever fills in a field that nobody can see is a
    program, and programs write comments too. A second answer from one device through an open link is a second
    vote, unless somebody has something to say.
    """
    if evidence.trap_field:
        return True
    if evidence.repeated and not evidence.commented:
        return True
    if evidence.touched or evidence.commented:
        return False
    return sum(signs(evidence).values()) >= SUSPICIOUS
