"""Doors for other systems: what may come in, what came, and what it led to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from feedback.core.lifecycle import ArrivalState
from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, Name, PrimaryKey, Word
from feedback.store.types import StateType

_WAITING = text("state = 'waiting'")


class Door(Base):
    """An address to which another system posts. `name` is the end of the address.

    `setup` is the YAML that says how calls are checked and what is taken from a body. `secret` checks calls, and so
    does `previous_secret` until `previous_until`. While it is paused, bodies are kept and wait. `refused_calls` are the
    calls since the last accepted one whose check failed, `refused_for` is the reason of the latest.
    """

    __tablename__ = "door"

    id: Mapped[PrimaryKey]
    name: Mapped[Word] = mapped_column(unique=True)
    title: Mapped[Name]
    recipe: Mapped[str | None] = mapped_column(String(64))
    setup: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    last_arrival_at: Mapped[datetime | None]
    refused_calls: Mapped[int] = mapped_column(default=0)
    refused_at: Mapped[datetime | None]
    refused_for: Mapped[str | None] = mapped_column(String(64))
    edit: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class DoorArrival(Base):
    """A body that came in, stored before anything was done with it.

    States: waiting -> done | ignored | unknown | refused, and from each of these back to waiting. `outcome` has the
    list `items`: what each part of the body led to. Body and outcome are emptied if a person in them is erased.
    """

    __tablename__ = "door_arrival"
    __table_args__ = (
        Index("ix_door_arrival_door_state", "door_id", "state", "id"),
        Index("ix_door_arrival_door", "door_id", "id"),
        Index("ix_door_arrival_received_at", "received_at"),
        Index("ix_door_arrival_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[PrimaryKey]
    door_id: Mapped[int] = mapped_column(ForeignKey("door.id", ondelete="CASCADE"))
    received_at: Mapped[datetime]
    body: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int]  # bytes, as it came
    state: Mapped[ArrivalState] = mapped_column(StateType(ArrivalState))
    outcome: Mapped[JsonObject] = mapped_column(server_default="{}")
    processed_at: Mapped[datetime | None]


class DoorSeen(Base):
    """An event of the other system that was taken in; `uid` is a digest of its id there. It is taken in once."""

    __tablename__ = "door_seen"
    __table_args__ = (Index("ix_door_seen_at", "at"),)

    door_id: Mapped[int] = mapped_column(ForeignKey("door.id", ondelete="CASCADE"), primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class DoorMention(Base):
    """A digest of an address or an external id in a kept body: how an erasure finds it."""

    __tablename__ = "door_mention"
    __table_args__ = (Index("ix_door_mention_arrival_id", "arrival_id"),)

    digest: Mapped[str] = mapped_column(String(80), primary_key=True)
    arrival_id: Mapped[int] = mapped_column(
        ForeignKey("door_arrival.id", ondelete="CASCADE"), primary_key=True
    )
