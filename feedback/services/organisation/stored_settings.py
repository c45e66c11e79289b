"""The organisation's settings in the database: what is in force, how it is changed, and who changed it.

A row of `bookmark` counts the changes, as one counts the publications of the studio, so that every node can see cheaply
that it must follow (`services.studio.following`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, Rejected
from feedback.services import audit
from feedback.services.organisation import sealing
from feedback.settings import Problem, Settings, organisation
from feedback.settings.reading import entries
from feedback.store.database import add_once
from feedback.store.models import Bookmark, SettingChange, StoredSetting, User

log = structlog.get_logger()

EDITION = "settings edition"
"""The bookmark that counts the changes."""
SUBJECT = "setting"
"""Of the entries in the audit log."""
SET, NOT_SET = "set", ""
"""What the history says of a secret."""


class Unusable(Rejected):
    """Values that cannot be used; nothing was changed. `mistakes` is name -> the rest of a sentence that begins with
    the setting's name."""

    def __init__(self, mistakes: Mapping[str, str]) -> None:
        super().__init__("Correct the marked fields. Nothing was saved.")
        self.mistakes = dict(mistakes)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An entry of the history; `by` is None for `feedback init`, and if the account was deleted."""

    id: int
    at: datetime
    name: str
    before: Any
    after: Any
    by: str | None


def edition(session: Session) -> int:
    """How often settings were changed."""
    return int(session.scalar(select(Bookmark.value).where(Bookmark.name == EDITION)) or 0)


def in_force(session: Session, settings: Settings) -> Settings:
    """`settings` with what is stored now. A value that cannot be used (after an update, say) is left out and logged."""
    given = organisation.as_given(settings)
    revised = organisation.with_stored(given, dict(_readable(session, given)), edition(session))
    for name, mistake in revised.mistakes.items():
        log.warning("settings.unusable", setting=name, reason=mistake)
    return revised.settings


def revised(session: Session, settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    """The settings as they would be with `wanted`: name -> value in the form of `feedback.toml`. Stores nothing.

    A name that the file or the environment decides is ignored. Raises Unusable with every mistake in `wanted`.
    """
    given = organisation.as_given(settings)
    stored = {**dict(_readable(session, given)), **wanted}
    found = organisation.with_stored(given, stored, edition(session))
    mistakes: dict[str, str] = {}
    for problem in organisation.new_errors(in_force(session, given), found.settings):
        about = [name for name in problem.settings if name in wanted]
        mistakes |= dict.fromkeys(about, organisation.mistake_of(problem))
    unusable = {**organisation.refused(found.settings), **found.mistakes}
    mistakes |= {name: why for name, why in unusable.items() if name in wanted}
    if mistakes:
        raise Unusable(mistakes)
    return found.settings


def change(
    session: Session,
    settings: Settings,
    wanted: Mapping[str, Any],
    *,
    seen: int,
    by: int | None,
    now: datetime,
) -> list[str]:
    """Store `wanted`, and return the names whose values changed. A value that the file, the environment or the default
    has anyway is not stored.

    `seen` is the id of the last change that the user saw. Raises Unusable, or Conflict if somebody else has
    changed one of these settings since.
    """
    _lock(session)
    before = in_force(session, settings)
    after = revised(session, settings, wanted)
    changed = [name for name in wanted if organisation.value(before, name) != organisation.value(after, name)]
    if not changed:
        return []
    _check_seen(session, wanted, seen)
    for name in changed:
        _store(session, name, after, wanted[name], now)
        session.add(
            SettingChange(at=now, user_id=by, name=name, before=_told(before, name), after=_told(after, name))
        )
        audit.record(session, "changed", SUBJECT, None, by=by, now=now, setting=name)
    _next_edition(session)
    session.flush()
    return changed


def last_change(session: Session, names: Sequence[str]) -> int:
    """The id of the last change of one of these settings; 0 if there is none."""
    wanted = select(func.max(SettingChange.id)).where(SettingChange.name.in_(names))
    return int(session.scalar(wanted) or 0)


def history(session: Session, *, before: int | None = None, limit: int = 50) -> list[HistoryEntry]:
    """The changes, the latest first; those with a smaller id than `before`, if it is given."""
    wanted = (
        select(SettingChange, User.name)
        .outerjoin(User, User.id == SettingChange.user_id)
        .order_by(SettingChange.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(SettingChange.id < before)
    return [
        HistoryEntry(each.id, each.at, each.name, each.before, each.after, by)
        for each, by in session.execute(wanted)
        if each.name in organisation.GROUP_OF
    ]


def stored_names(session: Session) -> frozenset[str]:
    """The settings that have a value of their own in the database."""
    return frozenset(session.scalars(select(StoredSetting.name)))


def reseal(session: Session, settings: Settings) -> None:
    """Seal with the present key what was sealed with the previous one."""
    for row in session.scalars(select(StoredSetting).where(StoredSetting.name.in_(_secrets()))):
        if (anew := sealing.sealed_anew(row.value, settings)) is not None:
            row.value = anew


def problems(session: Session, settings: Settings) -> Iterator[Problem]:
    """Problem F054 for secrets that cannot be read any more, F055 for stored values that cannot be used, F056 for
    those that the file or the environment hides."""
    given = organisation.as_given(settings)
    readable = dict(_readable(session, given))
    stored = stored_names(session) & organisation.GROUP_OF.keys()
    for name in sorted(stored - readable.keys()):
        yield Problem(
            "F054",
            f"{name} cannot be read, because web.secret_key was replaced.",
            "Enter it again in the settings.",
            "warning",
            (name,),
        )
    for name, mistake in sorted(organisation.with_stored(given, readable).mistakes.items()):
        hint = "Correct it in the settings; until then its default is used."
        yield Problem("F055", f"{name} {mistake}.", hint, "warning", (name,))
    for name in sorted(stored & given.given.keys()):
        yield Problem(
            "F056",
            f"{name} was changed in the browser, but {given.given[name]} sets it, too.",
            f"Remove it from {given.given[name]} if the value of the browser should be used.",
            "warning",
            (name,),
        )


def _readable(session: Session, given: Settings) -> Iterator[tuple[str, Any]]:
    """(name, value as `feedback.toml` would have it) of what is stored, secrets unsealed."""
    secrets = _secrets()
    for row in session.execute(select(StoredSetting.name, StoredSetting.value)):
        if row.name not in secrets:
            yield row.name, row.value
        elif (secret := sealing.unseal(row.value, given)) is not None:
            yield row.name, secret


def _secrets() -> frozenset[str]:
    return frozenset(name for name in organisation.GROUP_OF if entries()[name].is_secret)


def _told(settings: Settings, name: str) -> Any:
    """The value as the history shows it."""
    if entries()[name].is_secret:
        return SET if organisation.value(settings, name) else NOT_SET
    return organisation.written(settings, name)


def _store(session: Session, name: str, after: Settings, written: Any, now: datetime) -> None:
    session.execute(delete(StoredSetting).where(StoredSetting.name == name))
    if organisation.value(after, name) == organisation.value(organisation.as_given(after), name):
        return
    is_secret = entries()[name].is_secret
    kept = sealing.seal(written, after) if is_secret else organisation.written(after, name)
    session.add(StoredSetting(name=name, value=kept, at=now))


def _check_seen(session: Session, wanted: Mapping[str, Any], seen: int) -> None:
    if last_change(session, tuple(wanted)) > seen:
        raise Conflict(
            "Somebody else has just changed these settings. Look at them again, then save your change."
        )


def _lock(session: Session) -> None:
    """Let changes run one after the other, also those of two nodes."""
    add_once(session, Bookmark(name=EDITION, value="0"))
    session.scalars(select(Bookmark).where(Bookmark.name == EDITION).with_for_update()).one()


def _next_edition(session: Session) -> None:
    wanted = select(Bookmark).where(Bookmark.name == EDITION).execution_options(populate_existing=True)
    row = session.scalars(wanted).one()
    row.value = str(int(row.value) + 1)
