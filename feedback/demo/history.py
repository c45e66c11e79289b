"""Plays the last week: the same jobs as always, with a clock that takes seven days in seconds. What it leaves is on its
way when somebody begins to watch: reminders that are due, a queue, the team's mail."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.bootstrap import Runtime
from feedback.core.followup import State
from feedback.core.lifecycle import INVITATION_NOT_BEGUN
from feedback.demo.past import event_properties
from feedback.demo.story import CompanyStory, Respondent
from feedback.demo.team import Team
from feedback.providers.base import Provider
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services.contact import facts
from feedback.services.followups import recovery_survey
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import dispatch
from feedback.services.notifications import escalation, owner_digest
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import Contact, FollowUp, Invitation

NEWCOMERS_FROM = "demo-c5000"
EVENTS = (
    ("ticket_closed", 0.70), ("onboarding_completed", 0.16), ("go_live", 0.10), ("customer_left", 0.04),
)  # fmt: skip
TICKETS_A_DAY = 3
PAUSES = {6: 13, 19: 11}
"""Hour (UTC) -> hours until the next look: at one of them it is day wherever somebody lives."""
WOULD_ANSWER = {"sms": 0.5, "email": 0.36}
LOOKS = 4
"""In so many looks somebody answers who answers at all."""
WORKED_A_LOOK = 0.5
"""How likely the team comes to a task each time that it looks; what came in lately is still in the queue."""


class LastWeek:
    def __init__(self, runtime: Runtime, dice: random.Random, story: CompanyStory) -> None:
        mailbox = MemoryMailbox(now=lambda: story.now)  # the past does not ring on the simulated phone
        quiet: Mapping[str, Provider] = {
            f"simulator_{channel}": Simulator(channel=channel, mailbox=mailbox)
            for channel in ("sms", "email")
        }
        self.runtime = replace(runtime, providers=quiet)
        self.dice, self.story = dice, story
        self.team = Team(dice, story, runtime.settings.followup)

    def play(self, begin: datetime, until: datetime) -> None:
        """Everything that happened between two moments, looked at twice a day."""
        now = begin
        while now < until - timedelta(hours=8):
            self._look(now)
            now += timedelta(hours=PAUSES[now.hour])
        self._look(until)

    def _look(self, now: datetime) -> None:
        runtime = self.runtime
        with runtime.database.writing() as session:
            if now.hour == min(PAUSES):
                self._tickets(session, now)
                enrolments.plan_dates(session, runtime, now)
                enrolments.plan_recurring(session, runtime, now, only=Contact.external_id < NEWCOMERS_FROM)
                recovery_survey.tell_journey(session, runtime, now)
            invitations.issue_due(session, runtime, now)
            invitations.remind_due(session, runtime, now)
            invitations.expire_due(session, now)
            for claimed in dispatch.claim(session, runtime, "demo", now):
                session.flush()
                dispatch.begin(session.connection(), claimed, now)
                outcome = dispatch.hand_over(runtime.providers[claimed.provider], claimed)
                dispatch.record(session, outcome, runtime.settings, now)
            self._answers(session, now)
            owner_digest.tell_owners(session, runtime, now)
            escalation.escalate(session, runtime, now)
            self._work(session, now)

    def _tickets(self, session: Session, now: datetime) -> None:
        contacts = session.scalars(
            select(Contact).where(Contact.external_id < NEWCOMERS_FROM).order_by(Contact.id)
        ).all()
        for number in range(self.dice.randrange(2 * TICKETS_A_DAY + 1)):
            contact = self.dice.choice(contacts)
            properties = event_properties("ticket_closed", contact, self.dice)
            key = f"demo:{now.date()}:{number}"
            told = enrolments.Event(key, "ticket_closed", contact.external_id, now, properties)
            enrolments.record_event(session, told, self.runtime, now, source="demo")

    def _answers(self, session: Session, now: datetime) -> None:
        """Some of those who got a message since yesterday answer it, the sooner the likelier."""
        waiting = session.scalars(
            select(Invitation)
            .where(Invitation.state.in_(INVITATION_NOT_BEGUN), Invitation.answered_at.is_(None))
            .where(Invitation.sent_at > now - timedelta(days=3), Invitation.sent_at < now)
            .order_by(Invitation.id)
        ).all()
        for invitation in waiting:
            if self.dice.random() < WOULD_ANSWER[invitation.channel] / LOOKS:
                self._answer(session, invitation, now - timedelta(minutes=self.dice.randrange(1, 200)))

    def _answer(self, session: Session, invitation: Invitation, at: datetime) -> None:
        whole = self.runtime.library.questionnaire_of(invitation.version)
        questionnaire = whole.asked_of(facts.kept(invitation))
        account = invitation.account
        owner = account.owner.name.split()[0] if account and account.owner else ""
        who = Respondent(invitation.stage, invitation.language, invitation.account_id or 0, owner, at)
        by_reply = invitation.channel == "sms" and self.dice.random() < 0.3
        submission = Submission(
            answers=self.story.answer(questionnaire, who),
            at=max(at, invitation.sent_at or at),
            source="sms_reply" if by_reply else "link",
            finished=True,
        )
        recording.record(session, invitation, questionnaire, submission, self.runtime.settings)

    def _work(self, session: Session, until: datetime) -> None:
        waiting = session.scalars(
            select(FollowUp).where(FollowUp.state != State.CLOSED).order_by(FollowUp.id)
        ).all()
        for task in waiting:
            if self.dice.random() < WORKED_A_LOOK:
                self.team.work(session, task, until)
