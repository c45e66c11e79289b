"""Doors: made and changed by admins, paused, and given new secrets."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.doors import mapping, recipes
from feedback.services.doors.mapping import SetupProblem
from feedback.store.models import Door, DoorArrival
from feedback.store.portions import Portions

MOST = 50
LONGEST_TITLE = 100
LONGEST_SECRET = 500
SHORTEST_SECRET = 8
BOTH_COUNT_FOR = timedelta(hours=24)
"""How long the secret before a new one is still accepted."""
SUBJECT = "door"
"""Of the audit log."""
TAKEN = frozenset({"receipt", "reply", "erased", "follow-up"})
"""Names that mean something else in an address or at the beginning of a key."""
_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)


class SetupInvalid(Rejected):
    """The set-up cannot be used; `problems` says where and why."""

    def __init__(self, problems: Sequence[SetupProblem]) -> None:
        first = problems[0]
        super().__init__(f"Line {first.line}: {first.message}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class DoorDraft:
    """What an admin chooses about a door; `setup` is YAML."""

    title: str
    name: str
    setup: str
    recipe: str | None = None


def create(
    session: Session, draft: DoorDraft, secret: str, *, by: int | None, now: datetime
) -> tuple[Door, str | None]:
    """Make a door. With an empty `secret` one is made, and returned to be shown once.

    Raises Rejected for a title, a name or a secret that cannot be used, SetupInvalid for the set-up, and Conflict for a
    name that is taken, and beyond `MOST` doors.
    """
    title = _title(draft.title)
    name = _name(draft.name)
    _usable(draft.setup)
    made = new_secret() if not secret.strip() else None
    if (session.scalar(select(func.count()).select_from(Door)) or 0) >= MOST:
        raise Conflict("There are as many doors as there can be. Delete one that you do not need any more.")
    if session.scalar(select(Door.id).where(Door.name == name)) is not None:
        raise Conflict("There is a door with this name. Choose another one.")
    door = Door(
        name=name,
        title=title,
        recipe=draft.recipe if draft.recipe in recipes.every() else None,
        setup=draft.setup,
        secret=made or _secret(secret),
        created_at=now,
        changed_at=now,
    )
    session.add(door)
    session.flush()
    audit.record(session, "created", SUBJECT, door.id, by=by, now=now)
    return door, made


def change(
    session: Session, door_id: int, draft: DoorDraft, *, edit: int, by: int | None, now: datetime
) -> Door:
    """Change title and set-up; the name stays, because the other system knows it.

    Raises what `create` raises, NotFound, and Conflict if somebody else has changed it since `edit`.
    """
    title = _title(draft.title)
    _usable(draft.setup)
    door = _locked(session, door_id)
    if door.edit != edit:
        raise Conflict("Your change was not saved: someone else changed this door in the meantime.")
    door.title, door.setup = title, draft.setup
    _changed(session, "changed", door, by, now)
    return door


def pause(session: Session, door_id: int, *, by: int | None, now: datetime) -> Door:
    """Keep what comes without taking anything from it, until `resume`. Raises NotFound."""
    door = _locked(session, door_id)
    if door.paused_at is None:
        door.paused_at = now
        _changed(session, "paused", door, by, now)
    return door


def resume(session: Session, door_id: int, *, by: int | None, now: datetime) -> Door:
    """Take in again, first what has waited. Raises NotFound."""
    door = _locked(session, door_id)
    if door.paused_at is not None:
        door.paused_at = None
        _changed(session, "resumed", door, by, now)
    return door


def replace_secret(
    session: Session, door_id: int, secret: str, *, by: int | None, now: datetime
) -> tuple[Door, str | None]:
    """Give a door another secret; for a day the old one counts as well. With an empty `secret` one is made and
    returned. Raises NotFound, and Rejected for a secret that cannot be used."""
    made = new_secret() if not secret.strip() else None
    wanted = made or _secret(secret)
    door = _locked(session, door_id)
    door.previous_secret, door.previous_until = door.secret, now + BOTH_COUNT_FOR
    door.secret = wanted
    _changed(session, "rotated", door, by, now)
    return door, made


def delete(portions: Portions, door_id: int, *, by: int | None, now: datetime) -> None:
    """Delete a door with its log, in portions. Raises NotFound."""
    with portions.database.writing() as session:
        door = _locked(session, door_id)
        door.paused_at = door.paused_at or now
    portions.repeat(partial(_delete_arrivals, door_id))
    with portions.database.writing() as session:
        session.delete(_locked(session, door_id))
        audit.record(session, "deleted", SUBJECT, door_id, by=by, now=now)


def _delete_arrivals(door_id: int, session: Session, limit: int) -> int:
    ids = session.scalars(select(DoorArrival.id).where(DoorArrival.door_id == door_id).limit(limit)).all()
    session.execute(sql_delete(DoorArrival).where(DoorArrival.id.in_(ids)))
    return len(ids)


def note_refused(session: Session, door_id: int, reason: str, now: datetime) -> None:
    """Count a call whose check failed, for the page: nothing of it is kept."""
    session.execute(
        update(Door)
        .where(Door.id == door_id)
        .values(refused_calls=Door.refused_calls + 1, refused_at=now, refused_for=reason)
    )


def find(session: Session, door_id: int) -> Door:
    """A door. Raises NotFound."""
    door = session.get(Door, door_id)
    if door is None:
        raise NotFound("There is no such door.")
    return door


def everything(session: Session) -> Sequence[Door]:
    """All doors, in the order of their titles."""
    return session.scalars(select(Door).order_by(func.lower(Door.title), Door.id)).all()


def accepted_secrets(door: Door, now: datetime) -> list[str]:
    """The secret, and the one before it while it counts."""
    old = door.previous_secret if door.previous_until is not None and door.previous_until > now else None
    return [door.secret, *([old] if old else [])]


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def _locked(session: Session, door_id: int) -> Door:
    door = session.scalar(select(Door).where(Door.id == door_id).with_for_update())
    if door is None:
        raise NotFound("There is no such door.")
    return door


def _title(title: str) -> str:
    title = title.strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        raise Rejected("Give the door a title with at most 100 characters, such as that of the other system.")
    return title


def _name(name: str) -> str:
    name = name.strip()
    if not _NAME.fullmatch(name) or name in TAKEN:
        raise Rejected(
            "Write the end of the address with 2 to 40 small letters, digits and hyphens, such as zendesk."
        )
    return name


def _secret(secret: str) -> str:
    secret = secret.strip()
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET or not secret.isprintable():
        raise Rejected("Write a secret with 8 to 500 characters, or leave it empty to get a new one.")
    return secret


def _usable(setup: str) -> None:
    found, problems = mapping.read(setup)
    if found is None:
        raise SetupInvalid(problems)


def _changed(session: Session, action: str, door: Door, by: int | None, now: datetime) -> None:
    door.edit, door.changed_at = door.edit + 1, now
    session.flush()
    audit.record(session, action, SUBJECT, door.id, by=by, now=now)
