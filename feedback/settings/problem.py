"""What `feedback doctor` prints, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """Something an operator should mend: a stable code, a sentence, and what to do about it."""

    code: str
    message: str
    hint: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.code} {self.message} {self.hint}"
