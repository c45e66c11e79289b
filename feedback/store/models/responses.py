"""Customers' answers and the scores computed from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.lifecycle import ResponseState
from feedback.store.base import Base
from feedback.store.models.columns import Json, JsonObject, Name, PrimaryKey, Word
from feedback.store.models.customers import Account, Contact
from feedback.store.models.journeys import Invitation, QuestionnaireVersion
from feedback.store.types import StateType


class Link(Base):
    """An open survey link, for people without an invitation: on a poster, a shared screen or another web page.

    `origins` lists the sites that may embed the form (empty: every site); a link with `closed_at` is closed.
    """

    __tablename__ = "link"
    __table_args__ = (UniqueConstraint("token"),)

    id: Mapped[PrimaryKey]
    token: Mapped[str] = mapped_column(String(32))
    kind: Mapped[Word]  # poster | kiosk | embed
    name: Mapped[Name]
    questionnaire: Mapped[Word]
    language: Mapped[str] = mapped_column(String(8))
    origins: Mapped[list[str]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class LinkVisitor(Base):
    """How many responses came through an open link on `day` from one visitor: a keyed digest of a network, or of a
    device in it."""

    __tablename__ = "link_visitor"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    link_id: Mapped[int] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    visitor: Mapped[str] = mapped_column(String(32), primary_key=True)
    responses: Mapped[int]


class Response(Base):
    """The answers to one invitation, or of one anonymous visit. An invitation has at most one response.

    States: partial (its scores count, too) -> complete. The dimensions of reports (stage, segment, owner ...)
    are stored as they were at the time of the answer. A `provisional` response looks like a machine's: it is
    kept and marked, but triggers no follow-up and counts in no score.
    """

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("invitation_id"),
        UniqueConstraint("visit"),
        Index("ix_response_answered_at", "answered_at"),
        Index("ix_response_account_answered", "account_id", "answered_at"),
        Index("ix_response_contact_answered", "contact_id", "answered_at"),
    )

    id: Mapped[PrimaryKey]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="SET NULL"))
    visit: Mapped[str | None] = mapped_column(String(64))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id", ondelete="SET NULL"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_version.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    questionnaire: Mapped[Word]
    stage: Mapped[str | None] = mapped_column(String(64))
    segment: Mapped[str | None] = mapped_column(String(64))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    source: Mapped[Word]  # link | sms_reply | poster | kiosk | embed | import
    channel: Mapped[Word]  # sms | email | none: how the invitation went out
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[ResponseState] = mapped_column(StateType(ResponseState))
    provisional: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[JsonObject] = mapped_column(default=dict)
    answered_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    edits: Mapped[int] = mapped_column(default=0)
    is_demo: Mapped[bool] = mapped_column(default=False)

    contact: Mapped[Contact | None] = relationship()
    account: Mapped[Account | None] = relationship()
    version: Mapped[QuestionnaireVersion] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    answers: Mapped[list[AnswerRow]] = relationship(cascade="all, delete-orphan", order_by="AnswerRow.id")
    scores: Mapped[list[Score]] = relationship(cascade="all, delete-orphan", order_by="Score.id")


class AnswerRow(Base):
    """One answer: `value` as `core.answer.Answer.stored` gives it, `text` in the customer's words.

    `themed` is the edition of the frame with which the machine has read the text; 0 means that it still has to.
    """

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("response_id", "question"),
        Index(
            "ix_answer_themed",
            "themed",
            "id",
            sqlite_where=text("text IS NOT NULL"),
            postgresql_where=text("text IS NOT NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    question: Mapped[Word]
    value: Mapped[Any | None] = mapped_column(Json)
    text: Mapped[str | None] = mapped_column(Text)
    themed: Mapped[int] = mapped_column(server_default="0")


class Score(Base):
    """A scored answer. `trend` is the series in which it counts, `at` the time when it was first given."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("response_id", "question"),
        Index("ix_score_trend_at_value", "trend", "metric", "at", "value"),
    )

    id: Mapped[PrimaryKey]
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    question: Mapped[Word]
    metric: Mapped[Word]
    trend: Mapped[Word]
    value: Mapped[int]
    band: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime]
