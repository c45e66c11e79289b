"""Spanish sentences: how they split, and what rewrites add."""

from __future__ import annotations

import re

from feedback.lint.rewriting import articles
from feedback.lint.rewriting.joint import Halves, Joint
from feedback.lint.rewriting.language import Phrases, Rewriting

_THING = r"(?:el|la|los|las|nuestro|nuestra) \w+"


class _Spanish(Rewriting):
    def split(self, joint: Joint) -> Halves | None:
        return articles.split(joint, rf"(?P<lead>.*\bcon )(?P<one>{_THING})", _THING)


REWRITING = _Spanish(
    Phrases(
        never="Nunca",
        none="Ninguno de estos",
        other="Otra cosa",
        not_at_all="Nada",
        did_not_use="No lo usé",
        or_more="{} o más",
        under="Menos de {}",
        period="En los últimos 3 meses",
    ),
    joints=re.compile(r"\b(?:y|e|o|así como)\b", re.IGNORECASE),
    broken=re.compile(r"\b(?:el|la|los|las) (?:el|la|los|las)\b"),
)
