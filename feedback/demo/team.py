"""The team works on follow-ups: it calls within its business hours, mostly in time, and closes within days."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.followup import Outcome, State
from feedback.core.time.duration import Duration
from feedback.demo.comments import ENDINGS, FIRST_CALLS, MISSED_CALLS, THANKED, Ending
from feedback.demo.story import CompanyStory
from feedback.services import access
from feedback.services.followups import workflow
from feedback.services.staff.business_hours import calendar_of
from feedback.settings.table import FollowUpSettings
from feedback.store.models import FollowUp, FollowUpEntry

SOON, LATE = ("30m", "1h", "2h", "3h"), ("7h", "1d")
IN_TIME, MISSED_FIRST = 0.86, 0.2


class Team:
    """Works on one follow-up at a time, with a clock of its own."""

    def __init__(self, dice: random.Random, story: CompanyStory, followup: FollowUpSettings) -> None:
        self._dice = dice
        self._story = story
        self._settings = followup

    def work(self, session: Session, task: FollowUp, until: datetime) -> None:
        """Call about a follow-up and close it, as far as there is time for it before `until`."""
        if task.owner_id is None:
            return
        if task.state == State.OPEN and task.first_contact_at is None:
            self._call(session, task, until)
        if task.first_contact_at is not None and task.state != State.CLOSED:
            self._close(session, task, until)

    def _call(self, session: Session, task: FollowUp, until: datetime) -> None:
        since = _latest(session, task)
        if self._dice.random() < MISSED_FIRST and (missed := self._later(task, since, "30m")) < until:
            self._contact(session, task, missed, reached=False)
            since = missed
        wait = self._dice.choice(SOON if self._dice.random() < IN_TIME else LATE)
        if (at := self._later(task, since, wait)) < until:
            self._contact(session, task, at, reached=True)

    def _contact(self, session: Session, task: FollowUp, at: datetime, *, reached: bool) -> None:
        how = self._dice.choice(("call", "call", "email")) if reached else "call"
        words = "" if task.kind == "advocacy" else self._dice.choice(FIRST_CALLS if reached else MISSED_CALLS)
        workflow.contacted(session, task.id, _owner(task), how, reached=reached, text=words, now=at)

    def _close(self, session: Session, task: FollowUp, until: datetime) -> None:
        days = self._dice.choice(("4h", "1d", "1d", "2d", "2d", "3d", "4d"))
        at = self._later(task, _latest(session, task), days)
        if at >= until:
            return
        ending = self._ending(task)
        saved = None
        if ending.outcome in workflow.REACHED_ONLY and task.account and task.urgency == "urgent":
            saved = task.account.recurring_revenue
        closing = workflow.Closing(ending.outcome, ending.note, ending.cause, saved)
        workflow.close(session, task.id, _owner(task), closing, revision=task.revision, now=at)

    def _ending(self, task: FollowUp) -> Ending:
        if task.kind == "advocacy":
            return Ending(Outcome.THANKED, self._dice.choice(THANKED), None)
        return self._dice.choice(ENDINGS[self._story.theme(task.response.stage or "", task.opened_at)])

    def _later(self, task: FollowUp, since: datetime, open_time: str) -> datetime:
        """A moment in the owner's business hours."""
        minutes = timedelta(minutes=self._dice.randrange(50))
        return calendar_of(task.owner, self._settings).add(since + minutes, Duration.parse(open_time))


def _latest(session: Session, task: FollowUp) -> datetime:
    """When something last happened to a follow-up: nothing is done before that."""
    latest = select(func.max(FollowUpEntry.at)).where(FollowUpEntry.follow_up_id == task.id)
    return session.scalar(latest) or task.opened_at


def _owner(task: FollowUp) -> access.Viewer:
    return access.Viewer(task.owner_id or 0)
