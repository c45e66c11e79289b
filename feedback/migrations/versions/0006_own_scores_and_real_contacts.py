"""Keep only previous scores that the person gave, and only first contacts in which somebody was reached.

Earlier releases took a colleague's score if the person had given none, and counted a contact in which nobody was
reached. Both are computed again from the scores and from the timeline, as the program decides today:

- `previous_score` is the last score of the same person in the same series, or empty. After an anonymization nobody
  can tell whose score it was, so it is empty.
- `first_contact_at` is the time of the first contact in which somebody was reached, or empty. Where the details of
  the timeline were removed for privacy, nobody can tell, and the value stays: to empty it would be to say that the
  customer was never reached.

Every portion is a transaction of its own on PostgreSQL, so no row stays locked for long and an interrupted upgrade
goes on where it stopped: what is computed twice has the same result. On SQLite all portions stay in the one transaction
of the upgrade, because no other lock keeps a second process from starting the same upgrade.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PORTION = 500
"""Follow-ups per transaction."""
CONTACTS = ("call", "email", "sms", "meeting")
MOMENT = UtcDateTime(timezone=True)

task = sa.table(
    "follow_up",
    *(sa.column(name) for name in ("id", "response_id", "metric", "score", "previous_score")),
    sa.column("first_contact_at", MOMENT),
)
entry = sa.table(
    "follow_up_entry",
    sa.column("follow_up_id"),
    sa.column("kind"),
    sa.column("at", MOMENT),
    sa.column("detail", sa.JSON()),
)
response = sa.table(
    "response", sa.column("id"), sa.column("contact_id"), sa.column("provisional", sa.Boolean())
)
score = sa.table(
    "score",
    *(sa.column(name) for name in ("id", "response_id", "metric", "trend", "value")),
    sa.column("at", MOMENT),
)


class _Given(NamedTuple):
    """A score that somebody gave; the fields are in the order of time."""

    at: datetime
    id: int
    response_id: int
    series: tuple[str, str]
    value: int


def upgrade() -> None:
    connection = op.get_bind()
    for first, last in _portions(connection):
        tasks = connection.execute(sa.select(task).where(task.c.id.between(first, last))).all()
        _recompute_previous_scores(connection, [each for each in tasks if each.previous_score is not None])
        _recompute_first_contacts(connection, [each for each in tasks if each.first_contact_at is not None])
        if connection.dialect.name != "sqlite":
            connection.commit()


def _portions(connection: sa.Connection) -> Iterator[tuple[int, int]]:
    """The first and the last id of each portion."""
    last = 0
    while True:
        following = sa.select(task.c.id).where(task.c.id > last).order_by(task.c.id).limit(PORTION)
        ids = connection.scalars(following).all()
        if not ids:
            return
        last = ids[-1]
        yield ids[0], last


def _recompute_previous_scores(connection: sa.Connection, tasks: list[Any]) -> None:
    people = _people(connection, {each.response_id for each in tasks})
    given = _given(connection, {person for person in people.values() if person is not None})
    scored = _scores_of(connection, {each.response_id for each in tasks})
    changed = {}
    for each in tasks:
        mine = _score_of(each, scored[each.response_id])
        earlier = [
            other
            for other in given[people[each.response_id]]
            if mine
            and other.response_id != each.response_id
            and other.series == mine.series
            and other.at <= mine.at
        ]
        previous = max(earlier).value if earlier else None
        if previous != each.previous_score:
            changed[each.id] = previous
    _set(connection, task.c.previous_score, changed)


def _people(connection: sa.Connection, responses: set[int]) -> dict[int, int | None]:
    """The contact of each response; None if it is not known any more."""
    wanted = sa.select(response.c.id, response.c.contact_id).where(response.c.id.in_(responses))
    return {row.id: row.contact_id for row in connection.execute(wanted)}


def _given(connection: sa.Connection, people: set[int]) -> dict[int | None, list[_Given]]:
    """The scores that each contact has given; those of machines do not count."""
    found: dict[int | None, list[_Given]] = defaultdict(list)
    wanted = (
        sa.select(score, response.c.contact_id)
        .join_from(response, score, score.c.response_id == response.c.id)
        .where(response.c.contact_id.in_(people), response.c.provisional.is_(False))
    )
    for row in connection.execute(wanted):
        found[row.contact_id].append(_one(row))
    return found


def _scores_of(connection: sa.Connection, responses: set[int]) -> dict[int, list[_Given]]:
    found: dict[int, list[_Given]] = defaultdict(list)
    for row in connection.execute(sa.select(score).where(score.c.response_id.in_(responses))):
        found[row.response_id].append(_one(row))
    return found


def _one(row: Any) -> _Given:
    return _Given(row.at, row.id, row.response_id, (row.metric, row.trend), row.value)


def _score_of(each: Any, scores: list[_Given]) -> _Given | None:
    """The score that opened the follow-up: of its metric, and of its value if the response has several."""
    fitting = [one for one in scores if one.series[0] == each.metric]
    return min(fitting, key=lambda one: (one.value != each.score, one.id), default=None)


def _recompute_first_contacts(connection: sa.Connection, tasks: list[Any]) -> None:
    contacts: dict[int, list[Any]] = defaultdict(list)
    wanted = sa.select(entry).where(
        entry.c.follow_up_id.in_([each.id for each in tasks]), entry.c.kind.in_(CONTACTS)
    )
    for row in connection.execute(wanted):
        contacts[row.follow_up_id].append(row)
    changed = {}
    for each in tasks:
        logged = contacts[each.id]
        if any("reached" not in one.detail for one in logged):
            continue
        reached = min((one.at for one in logged if one.detail["reached"]), default=None)
        if reached != each.first_contact_at:
            changed[each.id] = reached
    _set(connection, task.c.first_contact_at, changed)


def _set(connection: sa.Connection, column: Any, values: Mapping[int, object]) -> None:
    """Write the value of each follow-up."""
    if values:
        change = (
            task.update().where(task.c.id == sa.bindparam("task")).values({column: sa.bindparam("value")})
        )
        connection.execute(change, [{"task": each, "value": value} for each, value in values.items()])
