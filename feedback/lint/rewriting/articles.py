"""German, Spanish and French: only what has its own article on both sides splits for certain."""

from __future__ import annotations

import re

from feedback.lint.rewriting.joint import Halves, Joint


def split(joint: Joint, before: str, after: str) -> Halves | None:
    """ "mit dem Essen | und dem Service?"; `before` has the groups `lead` and `one`, `after` is the second thing."""
    one = re.fullmatch(before, joint.left, re.IGNORECASE)
    other = re.fullmatch(rf"(?P<two>{after})(?P<mark>\s*[?.!])", joint.right, re.IGNORECASE)
    if not one or not other:
        return None
    return one[0] + other["mark"], one["lead"] + other[0]
