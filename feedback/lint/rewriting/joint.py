"""A question sentence at the place where it joins two things."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedback.lint.languages.lexicon import Lexicon


@dataclass(frozen=True)
class Joint:
    """A question sentence taken apart at its conjunction, in the letters of the source."""

    left: str
    right: str
    words: Lexicon

    @property
    def joins(self) -> bool:
        """Whether there are words on both sides."""
        return all(re.search(r"\w", each) for each in (self.left, self.right))

    @property
    def mark(self) -> str:
        """How the sentence ends."""
        found = re.search(r"\s*[.?!؟]+[\s\"'»)]*$", self.right)
        return found[0].strip() if found else ""


Halves = tuple[str, str]
"""Two sentences, each of which asks for one thing."""
