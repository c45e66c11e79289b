"""A problem as `feedback doctor` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """Something that an operator should fix: a stable code, a sentence, and the fix."""

    code: str
    message: str
    hint: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.code} {self.message} {self.hint}"
