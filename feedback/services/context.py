"""What services need to know beside the session and the moment, in one hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.library import Library
from feedback.providers.base import Channel
from feedback.settings import Settings


@dataclass(frozen=True)
class Context:
    """The installation's settings, the surveys and the journey in force, and the ways to send by their keys."""

    settings: Settings
    library: Library
    channels: Mapping[str, Channel]
