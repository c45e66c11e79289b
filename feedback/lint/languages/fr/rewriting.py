"""French sentences: how they split, and what rewrites add."""

from __future__ import annotations

import re

from feedback.lint.rewriting import articles
from feedback.lint.rewriting.joint import Halves, Joint
from feedback.lint.rewriting.language import Phrases, Rewriting

_THING = r"(?:du|de la|des|de notre|de nos|de votre) [\w-]+"


class _French(Rewriting):
    def tidy(self, text: str) -> str:
        """With the space that French puts before its marks."""
        return re.sub(r"(?<=\w)([?!;:])", " \\1", text)

    def split(self, joint: Joint) -> Halves | None:
        return articles.split(
            joint, rf"(?P<lead>.*\b(?:satisfaite?s?|contente?s?)(?:\(e\))? )(?P<one>{_THING})", _THING
        )


REWRITING = _French(
    Phrases(
        never="Jamais",
        none="Aucun de ceux-ci",
        other="Autre chose",
        not_at_all="Pas du tout",
        did_not_use="Je ne l'ai pas utilisé",
        or_more="{} ou plus",
        under="Moins de {}",
        period="Au cours des 3 derniers mois",
    ),
    joints=re.compile(r"\b(?:et|ou|ainsi que)\b", re.IGNORECASE),
    broken=re.compile(r"\b(?:le|la|les|du|des|de) (?:le|les|du|des)\b|\bdu de\b"),
)
