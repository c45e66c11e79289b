"""A problem as `feedback doctor` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """Something that an operator should fix: a stable code, a sentence, and the fix.

    `settings` are the names of the settings that it is about.
    """

    code: str
    message: str
    hint: str
    level: Literal["error", "warning"] = "error"
    settings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code} {self.message} {self.hint}"
