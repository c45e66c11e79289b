"""German, Spanish and French: only what has its own article on both sides."""

from __future__ import annotations

import re

from feedback.lint.rewriting.splits.joint import Halves, Joint

_OWN_ARTICLE = {
    "de": (
        r"(?P<lead>.*\bmit )(?P<one>(?:dem|der|den|unserem|unserer|unseren) \w+)",
        r"(?:dem|der|den|unserem|unserer|unseren) \w+",
    ),
    "es": (
        r"(?P<lead>.*\bcon )(?P<one>(?:el|la|los|las|nuestro|nuestra) \w+)",
        r"(?:el|la|los|las|nuestro|nuestra) \w+",
    ),
    "fr": (
        r"(?P<lead>.*\b(?:satisfaite?s?|contente?s?)(?:\(e\))? )(?P<one>(?:du|de la|des|de notre"
        r"|de nos|de votre) [\w-]+)",
        r"(?:du|de la|des|de notre|de nos|de votre) [\w-]+",
    ),
}


def split(joint: Joint) -> Halves | None:
    """ "mit dem Essen | und dem Service?" """
    before, after = _OWN_ARTICLE[joint.words.language]
    one = re.fullmatch(before, joint.left, re.IGNORECASE)
    other = re.fullmatch(rf"(?P<two>{after})(?P<mark>\s*[?.!])", joint.right, re.IGNORECASE)
    if not one or not other:
        return None
    return one[0] + other["mark"], one["lead"] + other[0]
