"""German sentences: how they split, and what rewrites add."""

from __future__ import annotations

import re

from feedback.lint.rewriting import articles
from feedback.lint.rewriting.joint import Halves, Joint
from feedback.lint.rewriting.language import Phrases, Rewriting

_THING = r"(?:dem|der|den|unserem|unserer|unseren) \w+"


class _German(Rewriting):
    def split(self, joint: Joint) -> Halves | None:
        return articles.split(joint, rf"(?P<lead>.*\bmit )(?P<one>{_THING})", _THING)


REWRITING = _German(
    Phrases(
        never="Nie",
        none="Nichts davon",
        other="Etwas anderes",
        not_at_all="Gar nicht",
        did_not_use="Nicht genutzt",
        or_more="{} oder mehr",
        under="Unter {}",
        period="In den letzten 3 Monaten",
    ),
    joints=re.compile(r"\b(?:und|sowie|oder)\b", re.IGNORECASE),
    broken=re.compile(r"\b(?:mit|von|bei) (?:dem|der|den) (?:dem|der|den|die|das)\b"),
)
