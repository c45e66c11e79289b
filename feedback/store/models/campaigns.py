"""Campaigns, their waves, and the lists of contacts that were given to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.campaign import CampaignState
from feedback.store.base import Base
from feedback.store.models.columns import BigId, Json, JsonObject, Name, PrimaryKey
from feedback.store.types import StateType


class Campaign(Base):
    """A survey that a person sends to a group of contacts. `plan` is a `core.campaign.CampaignPlan`.

    `query` is the filter of its segment as it was chosen (`services.customers.filters`); without one it asks the
    contacts of `campaign_member`. States: draft -> running <-> paused -> cancelling -> cancelled, or done.
    `state_reason` says why it was paused by itself, and `tolerated` what had gone wrong when a person resumed it.
    `edit` increases with every change.
    """

    __tablename__ = "campaign"

    id: Mapped[PrimaryKey]
    name: Mapped[Name]
    state: Mapped[CampaignState] = mapped_column(StateType(CampaignState), index=True)
    state_reason: Mapped[str | None] = mapped_column(String(64))
    plan: Mapped[JsonObject]
    query: Mapped[dict[str, Any] | None] = mapped_column(Json)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segment.id", ondelete="SET NULL"))
    starts_at: Mapped[datetime]
    tolerated: Mapped[JsonObject] = mapped_column(default=dict)
    edit: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    waves: Mapped[list[CampaignWave]] = relationship(
        order_by="CampaignWave.number", cascade="all, delete-orphan", back_populates="campaign"
    )


class CampaignWave(Base):
    """One round of a campaign. Contacts are taken from the ring of turns, beginning at `draw`.

    `place` and `place_id` are those of the last contact that was decided on, None before the first; `seen` counts the
    decided ones and `asked` those who are to be asked. `expected` is how many were expected at the start. It is
    complete once `enrolled_at` is set.
    """

    __tablename__ = "campaign_wave"
    __table_args__ = (UniqueConstraint("campaign_id", "number"),)

    id: Mapped[PrimaryKey]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    number: Mapped[int]
    starts_at: Mapped[datetime]
    draw: Mapped[int] = mapped_column(BigId)
    place: Mapped[int | None] = mapped_column(BigId)
    place_id: Mapped[int | None] = mapped_column(BigId)
    expected: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)
    enrolled_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship(back_populates="waves")


class CampaignMember(Base):
    """A contact of a list that was given to a campaign."""

    __tablename__ = "campaign_member"
    __table_args__ = (UniqueConstraint("campaign_id", "contact_id"),)

    id: Mapped[PrimaryKey]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
