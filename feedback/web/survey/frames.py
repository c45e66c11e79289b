"""What an open link changes about its pages: who may show them in a frame, and where a shared screen starts again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from feedback.store.models import Link


@dataclass(frozen=True)
class Frame:
    """`ancestors` as in a Content-Security-Policy; `start` is the path of a shared screen's beginning."""

    ancestors: str = "'none'"
    start: str = ""

    def again(self, seconds: int) -> dict[str, Any] | None:
        """What a page needs to know to lead to the beginning after a while; None where it stays."""
        return {"seconds": seconds, "address": self.start} if self.start else None


NO_FRAME = Frame()


def frame_of(link: Link) -> Frame:
    return Frame(
        ancestors=(" ".join(link.origins) or "*") if link.kind == "embed" else "'none'",
        start=path_of(link) if link.kind == "kiosk" else "",
    )


def path_of(link: Link) -> str:
    """Where the link leads."""
    return f"/in/{link.token}"


class Frames:
    """The frames of the open links that this process has met, for pages that must not ask the database.

    Where nothing works, or somebody sends too much, no link can be asked what it wants.
    """

    def __init__(self) -> None:
        self._by_path: dict[str, Frame] = {}

    def remember(self, link: Link) -> Frame:
        """The link's frame, from now on also that of its path."""
        self._by_path[path_of(link)] = frame = frame_of(link)
        return frame

    def at(self, path: str) -> Frame:
        return self._by_path.get(path, NO_FRAME)
