"""What `feedback doctor` says about doors."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from feedback.services.doors import arrivals, setting_up
from feedback.services.doors.arrivals import DoorBacklog
from feedback.settings import Problem
from feedback.store.models import Door


def problems(session: Session) -> list[Problem]:
    """Problem F128 for each door with bodies that could not be taken in, F129 for each that refuses calls."""
    backlogs = arrivals.backlogs(session)
    return [
        found
        for each in setting_up.everything(session)
        for found in _about(each, backlogs.get(each.id, DoorBacklog()))
    ]


def _about(door: Door, backlog: DoorBacklog) -> Iterator[Problem]:
    if number := backlog.for_somebody:
        yield Problem(
            "F128",
            f"{number} bodies that came by the door {door.name!r} could not be taken in.",
            "Look at its log, fix its mapping, and process them again.",
            "warning",
        )
    if door.refused_calls:
        yield Problem(
            "F129",
            f"The door {door.name!r} refuses calls ({door.refused_for}).",
            "Compare its secret and its check with the settings of the other system.",
            "warning",
        )
