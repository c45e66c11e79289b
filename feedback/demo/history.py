"""Plays the past: the same services as always, with a clock that takes four months in seconds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.bootstrap import Runtime
from feedback.core.answer import Answer
from feedback.core.followup import Outcome, State
from feedback.core.lifecycle import InvitationState
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, ScaleQuestion, TextQuestion
from feedback.demo.people import COMMENTS, NOTES, TOPICS
from feedback.providers.base import Provider
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services import access
from feedback.services.contact import facts
from feedback.services.followups import queue, recovery_survey, root_causes, workflow
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import dispatch
from feedback.services.notifications import escalation, owner_digest
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.store.models import Contact, FollowUp, Invitation

NEWCOMERS_FROM = "demo-c1000"
EVENTS = (
    ("ticket_closed", 0.70), ("onboarding_completed", 0.16), ("go_live", 0.10), ("customer_left", 0.04),
)  # fmt: skip
EVENTS_A_DAY = 7
PAUSES = {6: 13, 19: 11}
"""Hour (UTC) -> hours until the next look: at one of them it is day wherever somebody lives."""
WOULD_ANSWER = {"sms": 0.52, "email": 0.34}
WOULD_COMMENT = 0.55
CALLED_A_LOOK, CLOSED_A_LOOK = 0.55, 0.14
"""How likely a task is called about, and closed, each time that the team looks at it."""
BEHIND_SINCE, CALLED_BEHIND = timedelta(days=10), 0.6
EVENTS_LATELY = 120
"""Lately more happens than the team can close, so that there is a queue to look at."""
LEFT_FOR_TODAY = 50
"""Points of priority (of 100) from which on a task has been worked by the time that somebody watches."""
BETTER_SINCE = timedelta(days=60)
OUTCOMES = (Outcome.RECOVERED, Outcome.SAVED_BY_OFFER, Outcome.CHURNED, Outcome.NO_ANSWER)


def play(runtime: Runtime, dice: random.Random, begin: datetime, until: datetime) -> None:
    """Everything that happened between two moments, looked at twice a day."""
    quiet: Mapping[str, Provider] = {  # the past does not ring on the simulated phone
        f"simulator_{channel}": Simulator(channel=channel, mailbox=MemoryMailbox(now=lambda: begin))
        for channel in ("sms", "email")
    }
    settings = replace(runtime.settings, contact=replace(runtime.settings.contact, account_max=4))
    past = replace(runtime, providers=quiet, settings=settings)
    now = begin
    while now < until - timedelta(hours=12):
        lately = now > until - BEHIND_SINCE
        _while(past, dice, now, better=now > until - BETTER_SINCE, lately=lately)
        with past.database.writing() as session:
            _work(session, dice, now, behind=lately)
        now += timedelta(hours=PAUSES[now.hour])
    with past.database.writing() as session:
        _work_from_the_top(session, settings, dice, until)


def _while(runtime: Runtime, dice: random.Random, now: datetime, *, better: bool, lately: bool) -> None:
    with runtime.database.writing() as session:
        if now.hour == 6:
            _events(session, runtime, dice, now, EVENTS_LATELY if lately else EVENTS_A_DAY)
            enrolments.plan_dates(session, runtime, now)
            _plan_old_customers(session, runtime, now)
            recovery_survey.tell_journey(session, runtime, now)
        invitations.issue_due(session, runtime, now)
        invitations.remind_due(session, runtime, now)
        invitations.expire_due(session, now)
        for claimed in dispatch.claim(session, runtime, "demo", now):
            session.flush()
            dispatch.begin(session.connection(), claimed, now)
            outcome = dispatch.hand_over(runtime.providers[claimed.provider], claimed)
            dispatch.record(session, outcome, runtime.settings, now)
        _answers(session, runtime, dice, now, better)
        owner_digest.tell_owners(session, runtime, now)
        escalation.escalate(session, runtime, now)


def _plan_old_customers(session: Session, runtime: Runtime, now: datetime) -> None:
    """The cadence, but for contacts who are there to be surveyed while somebody watches."""
    enrolments.plan_recurring(session, runtime, now, only=Contact.external_id < NEWCOMERS_FROM)


def _events(session: Session, runtime: Runtime, dice: random.Random, now: datetime, about: int) -> None:
    contacts = session.scalars(
        select(Contact).where(Contact.external_id < NEWCOMERS_FROM).order_by(Contact.id)
    ).all()
    for number in range(dice.randrange(2 * about + 1)):
        contact = dice.choice(contacts)
        name = dice.choices([each for each, _ in EVENTS], [weight for _, weight in EVENTS])[0]
        told = enrolments.Event(
            f"demo:{now.date()}:{number}",
            name,
            contact.external_id,
            now,
            event_properties(name, contact, dice),
        )
        enrolments.record_event(session, told, runtime, now, source="demo")


def event_properties(name: str, contact: Contact, dice: random.Random) -> dict[str, str]:
    """What the event tells about itself, in the contact's language."""
    return {"topic": dice.choice(TOPICS[contact.language or "en"])} if name == "ticket_closed" else {}


def _answers(session: Session, runtime: Runtime, dice: random.Random, now: datetime, better: bool) -> None:
    """Some of those who got a message since yesterday answer it, the sooner the likelier."""
    waiting = session.scalars(
        select(Invitation)
        .where(Invitation.state.in_((InvitationState.SENT, InvitationState.DELIVERED)))
        .where(Invitation.sent_at > now - timedelta(days=3), Invitation.sent_at < now)
        .order_by(Invitation.id)
    ).all()
    for invitation in waiting:
        if dice.random() < WOULD_ANSWER[invitation.channel] / 4:
            whole = runtime.library.questionnaire_of(invitation.version)
            questionnaire = whole.asked_of(facts.kept(invitation))
            at = now - timedelta(minutes=dice.randrange(1, 200))
            submission = Submission(
                answers=_answer(questionnaire, invitation, dice, better),
                at=at,
                source="sms_reply" if invitation.channel == "sms" and dice.random() < 0.3 else "link",
                finished=True,
            )
            recording.record(session, invitation, questionnaire, submission, runtime.settings)


def _answer(
    questionnaire: Questionnaire, invitation: Invitation, dice: random.Random, better: bool
) -> dict[str, Answer]:
    mood = _mood(invitation, dice, better)
    answers: dict[str, Answer] = {}
    for question in questionnaire.questions:
        if question in questionnaire.path(answers) and (given := _one(question, invitation, mood, dice)):
            answers[question.key] = given
    return answers


def _mood(invitation: Invitation, dice: random.Random, better: bool) -> float:
    """0 furious, 1 delighted: companies differ, and the last two months were better than those before."""
    company = (invitation.account_id or 0) * 7 % 10 / 10
    return min(1.0, max(0.0, dice.gauss(0.55 + 0.4 * company + (0.06 if better else -0.03), 0.24)))


def _one(question: AnyQuestion, invitation: Invitation, mood: float, dice: random.Random) -> Answer | None:
    if isinstance(question, ScaleQuestion):
        return Answer(round(question.minimum + mood * (question.maximum - question.minimum)))
    if isinstance(question, ChoiceQuestion):
        return Answer(dice.choice([option.key for option in question.options if option.role is None]))
    if isinstance(question, TextQuestion) and dice.random() < WOULD_COMMENT:
        tone = "bad" if mood < 0.62 else "fine" if mood < 0.85 else "good"
        return Answer(None, dice.choice(COMMENTS[invitation.language, tone]))
    return None


def _work(session: Session, dice: random.Random, now: datetime, *, behind: bool) -> None:
    """The team calls soon and closes within days, most of the time."""
    called, closed = (CALLED_BEHIND, 0.0) if behind else (CALLED_A_LOOK, CLOSED_A_LOOK)
    waiting = session.scalars(
        select(FollowUp)
        .where(FollowUp.state != State.CLOSED, FollowUp.opened_at < now, FollowUp.owner_id.is_not(None))
        .order_by(FollowUp.id)
    ).all()
    for task in waiting:
        owner = access.Viewer(task.owner_id or 0)
        if task.first_contact_at is None:
            if dice.random() < called:
                _call(session, task, owner, dice, now)
        elif dice.random() < closed:
            _close(session, task, owner, dice, now)


def _work_from_the_top(session: Session, settings: Settings, dice: random.Random, now: datetime) -> None:
    """What was most pressing has just been done, so that what comes in next is at the top."""
    everybody = access.Viewer(0, sees_all=True)
    rows = queue.ranked(
        session,
        everybody,
        queue.Filter(),
        scales=queue.Scales.from_settings(settings),
        now=now,
        zone=UTC,
    )
    for row in rows:
        if row.priority.value < LEFT_FOR_TODAY or row.task.owner_id is None:
            continue
        owner = access.Viewer(row.task.owner_id)
        if row.task.first_contact_at is None:
            _call(session, row.task, owner, dice, now)
        _close(session, row.task, owner, dice, now)


def _call(session: Session, task: FollowUp, owner: access.Viewer, dice: random.Random, now: datetime) -> None:
    how, note = dice.choice(("call", "email")), dice.choice(NOTES)
    at = min(now, task.opened_at + timedelta(hours=dice.choice((1, 2, 3, 6, 20))))
    workflow.contacted(session, task.id, owner, how, reached=True, text=note, now=at)


def _close(
    session: Session, task: FollowUp, owner: access.Viewer, dice: random.Random, now: datetime
) -> None:
    if task.kind == "advocacy":
        closing = workflow.Closing(Outcome.THANKED, "Thanked; agreed to a reference call.")
    else:
        outcome = dice.choices(OUTCOMES, (60, 12, 10, 18))[0]
        cause = None if outcome in workflow.CAUSELESS else dice.choice(list(root_causes.FIRST))
        saved = task.account.recurring_revenue if task.account and outcome == Outcome.RECOVERED else None
        closing = workflow.Closing(outcome, dice.choice(NOTES), cause, saved)
    workflow.close(session, task.id, owner, closing, revision=task.revision, now=now)
