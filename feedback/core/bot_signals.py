"""Estimates from the use of a survey link whether a person or a machine answered.

Mail scanners open every link of a message within seconds, often with a HEAD request first, and some render the
page and press buttons. No single observation proves a machine, so each one has a weight. People also give signs
that scanners do not give: they write a comment or touch the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

SUSPICIOUS = 2
"""An answer is provisional if the weights of its signs add up to this."""

_SCANNERS = re.compile(
    r"bot\b|crawl|spider|preview|scan|proofpoint|mimecast|barracuda|safelinks|urldefense|curl/|wget/|python-|headless",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The observations. `seconds_since_delivery` is None if no delivery was reported.

    `trap_link` and `trap_field` are hidden from people; `repeated` is a second answer from one device through
    an open link; `crowded` is one beyond the limit of its network; `preselected` is the number of different scores
    with which the link was opened; `headed` means that a HEAD request came; `quickest` is the shortest time in seconds
    between showing a page and its answer; `touched` means that a finger, mouse or key was used; `commented` that a
    text was written.
    """

    trap_link: bool = False
    trap_field: bool = False
    repeated: bool = False
    crowded: bool = False
    preselected: int = 0
    headed: bool = False
    scanner: bool = False
    seconds_since_delivery: float | None = None
    quickest: float | None = None
    touched: bool = False
    commented: bool = False

    def stored(self) -> dict[str, Any]:
        """The observations that differ from the default, in JSON form."""
        return {name: value for name in _NAMES if (value := getattr(self, name)) not in (None, False, 0)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Evidence:
        """The inverse of `stored()`; keys of another release are ignored."""
        return cls(**{name: value for name, value in stored.items() if name in _NAMES})

    def and_then(self, later: Evidence) -> Evidence:
        """Merge the observations of two requests: observed signs are kept, times are those of the first answer."""
        quickest = [each.quickest for each in (self, later) if each.quickest is not None]
        first = self if self.seconds_since_delivery is not None else later
        return Evidence(
            trap_link=self.trap_link or later.trap_link,
            trap_field=self.trap_field or later.trap_field,
            repeated=self.repeated or later.repeated,
            crowded=self.crowded or later.crowded,
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
    """Whether the User-Agent header names a known program."""
    return bool(_SCANNERS.search(user_agent))


def signs(evidence: Evidence) -> dict[str, int]:
    """The signs of a machine with their weights."""
    delivered, quickest = evidence.seconds_since_delivery, evidence.quickest
    seen = {
        "trap_field": (evidence.trap_field, 4),
        "repeated": (evidence.repeated, 4),
        "crowded": (evidence.crowded, 4),
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

    A comment or a touch outweighs every sign except three. An answer in a field that people cannot see comes from
    a program, and programs write comments as well. A second answer from one device through an open link is a
    repeated vote unless it has a comment. Beyond the limit of a network a comment proves nothing, because
    somebody who stuffs a link can write comments.
    """
    if evidence.trap_field or evidence.crowded:
        return True
    if evidence.repeated and not evidence.commented:
        return True
    if evidence.touched or evidence.commented:
        return False
    return sum(signs(evidence).values()) >= SUSPICIOUS
