"""What services need to know besides the session and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedback.library import Library
    from feedback.providers.base import Provider
    from feedback.settings import Settings


@dataclass(frozen=True)
class Context:
    """The settings, the questionnaires and the journey in force, and the enabled providers by key."""

    settings: Settings
    library: Library
    providers: Mapping[str, Provider]
