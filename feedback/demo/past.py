"""The year before the last week: what happened is decided by the contact policy itself, day by day, and stored in bulk.

Played by the worker's own jobs (`history`), a year would take minutes. Here each survey is decided as they do, and its
rows are what they would have left; `tests/test_demo.py` checks that they keep every invariant.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from feedback.bootstrap import Runtime
from feedback.core import token
from feedback.core.audience import Facts
from feedback.core.contact.policy import Intended, PastContact, Send, places_of_day
from feedback.core.journey import Stage
from feedback.core.lifecycle import EnrolmentState, InvitationState, MessageState, ResponseState
from feedback.core.questionnaire import FollowUpRule, Questionnaire
from feedback.core.time.duration import Duration
from feedback.demo.people import TOPICS
from feedback.demo.story import CompanyStory, Respondent
from feedback.demo.team import Team
from feedback.services import rollups
from feedback.services.contact import eligibility
from feedback.services.followups import opening, timeline
from feedback.services.messaging import content
from feedback.store.base import Base
from feedback.store.models import (
    AnswerRow,
    Attempt,
    Contact,
    Enrolment,
    FollowUp,
    Invitation,
    JourneyEvent,
    Message,
    Receipt,
    Response,
    Score,
)

TICKETS_A_DAY = 2.6
GO_LIVE, ONBOARDED = timedelta(days=30), timedelta(days=12)
WOULD_ANSWER = {"sms": 0.55, "email": 0.41}
WOULD_ANSWER_A_REMINDER = 0.14
HOURS_UNTIL_ANSWER = {"sms": 4.0, "email": 16.0}
WRITER, TOLD = "demo", timedelta(minutes=2)
Rows = dict[type[Base], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something for which a customer may be asked."""

    stage: Stage
    contact: Contact
    key: str
    due_at: datetime
    event_id: int | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenedBy:
    """A response that opens follow-ups."""

    response_id: int
    at: datetime
    questionnaire: Questionnaire
    rules: Sequence[FollowUpRule]


@dataclass(frozen=True, slots=True)
class Dates:
    """Whose account began, renews or left on a day."""

    started: dict[date, list[Contact]]
    renewing: dict[date, list[Contact]]
    left: dict[date, list[Contact]]

    @classmethod
    def of(cls, contacts: Sequence[Contact], left: dict[int, date]) -> Dates:
        """The dates of the accounts of all; one of two people is asked about the beginning and the end."""
        found = cls(defaultdict(list), defaultdict(list), defaultdict(list))
        for contact in contacts:
            account = contact.account
            if account is None or account.renewal_on is None:
                continue
            found.renewing[account.renewal_on].append(contact)
            found.renewing[_a_year_earlier(account.renewal_on)].append(contact)
            if contact.id % 2 and account.contract_started_on:
                found.started[account.contract_started_on].append(contact)
            if contact.id % 2 and account.id in left:
                found.left[left[account.id]].append(contact)
        return found


class Past:
    """Fills the tables from `begin` up to `until`."""

    def __init__(
        self,
        session: Session,
        runtime: Runtime,
        dice: random.Random,
        story: CompanyStory,
        left: dict[int, date],
    ) -> None:
        self.session, self.runtime, self.dice, self.story = session, runtime, dice, story
        self.left = left
        """Account -> the day on which it left."""
        self.contacts = list(session.scalars(select(Contact).order_by(Contact.turn, Contact.id)))
        self.turns = [each.turn for each in self.contacts]
        self.dates = Dates.of(self.contacts, left)
        self.rows: Rows = defaultdict(list)
        self.opened: list[OpenedBy] = []
        self.next_id = {
            table: (session.scalar(select(func.max(table.id))) or 0) + 1
            for table in (JourneyEvent, Enrolment, Invitation, Message, Response)
        }

    def fill(self, begin: datetime, until: datetime) -> None:
        rules = eligibility.policy(self.runtime.settings)
        known = eligibility.know(self.session, self.contacts, rules, begin)
        day = begin
        while day < until:
            occurrences = sorted(self._of_day(day), key=lambda each: -each.stage.priority)
            for each in occurrences:
                self._decide(each, known, day, until)
            day += timedelta(days=1)
        for table in (
            JourneyEvent,
            Enrolment,
            Invitation,
            Message,
            Attempt,
            Receipt,
            Response,
            AnswerRow,
            Score,
        ):
            if self.rows[table]:
                self.session.execute(insert(table), self.rows[table])
        self._follow_up(until)
        rollups.rebuild(self.session)

    # -- what happens -----------------------------------------------------------------------------------------

    def _of_day(self, day: datetime) -> Iterator[Occurrence]:
        for stage in self.runtime.library.journey.stages:
            if stage.enter.every:
                yield from self._recurring(stage, day)
            elif stage.enter.date:
                yield from self._before_renewal(stage, day)
        for name, after in (("onboarding_completed", ONBOARDED), ("go_live", GO_LIVE)):
            for contact in self.dates.started[day.date() - after]:
                yield from self._event(name, contact, day)
        for _ in range(_about(TICKETS_A_DAY, self.dice) if day.weekday() < 5 else 0):
            contact = self.dice.choice(self.contacts)
            if self._is_customer(contact, day):
                yield from self._event("ticket_closed", contact, day)
        for contact in self.dates.left[day.date()]:
            yield from self._event("customer_left", contact, day)

    def _is_customer(self, contact: Contact, day: datetime) -> bool:
        left = self.left.get(contact.account_id or 0)
        return contact.created_at <= day and (left is None or day.date() < left)

    def _recurring(self, stage: Stage, day: datetime) -> Iterator[Occurrence]:
        cadence = stage.enter.every.timedelta.days if stage.enter.every else 1
        first, last = places_of_day(day.date().toordinal() % cadence, cadence)
        key = f"cycle:{day.date().toordinal() // cadence}"
        for contact in self.contacts[bisect_left(self.turns, first) : bisect_right(self.turns, last)]:
            if self._is_customer(contact, day):
                yield Occurrence(stage, contact, key, day)

    def _before_renewal(self, stage: Stage, day: datetime) -> Iterator[Occurrence]:
        near = day.date() + (stage.enter.before.timedelta if stage.enter.before else timedelta())
        for contact in self.dates.renewing[near]:
            if self._is_customer(contact, day):
                at = datetime.combine(day.date(), time(), UTC)
                yield Occurrence(stage, contact, f"date:{near.isoformat()}", at)

    def _event(self, name: str, contact: Contact, day: datetime) -> Iterator[Occurrence]:
        at = day - timedelta(minutes=self.dice.randrange(600))
        properties = event_properties(name, contact, self.dice)
        event_id = self._id(JourneyEvent)
        self.rows[JourneyEvent].append(
            {"id": event_id, "key": f"demo:past:{event_id}", "name": name, "contact_id": contact.id,
             "occurred_at": at, "received_at": at, "source": "demo", "properties": properties}
        )  # fmt: skip
        for stage in self.runtime.library.journey.for_event(name):
            delay = stage.delay.timedelta if stage.delay else timedelta()
            yield Occurrence(stage, contact, f"event:{event_id}", at + delay, event_id, properties)

    # -- who is asked -----------------------------------------------------------------------------------------

    def _decide(
        self, occurrence: Occurrence, known: eligibility.Known, now: datetime, until: datetime
    ) -> None:
        stage, contact = occurrence.stage, occurrence.contact
        expires = occurrence.due_at + stage.expires_after.timedelta
        intended = Intended(stage.priority, stage.channels, occurrence.due_at, expires, stage.only_if)
        decision = known.decide(contact, intended, now)
        enrolment: dict[str, Any] = {
            "id": self._id(Enrolment), "contact_id": contact.id, "event_id": occurrence.event_id, "wave_id": None,
            "stage": stage.key, "occurrence": occurrence.key, "questionnaire": stage.questionnaire,
            "entered_at": now, "created_at": now, "decided_at": now, "due_at": occurrence.due_at,
            "expires_at": expires, "state": EnrolmentState.SCHEDULED, "reason": None, "next_allowed_at": None,
            "explanation": [],
        }  # fmt: skip
        self.rows[Enrolment].append(enrolment)
        if not isinstance(decision, Send):
            enrolment |= {
                "state": EnrolmentState.SKIPPED,
                "reason": decision.code,
                "next_allowed_at": decision.next_allowed,
                "explanation": [{"code": decision.code, "params": dict(decision.params)}],
            }
            return
        enrolment |= {"due_at": decision.at, "explanation": eligibility.explained(decision.reasons)}
        known.add(contact, PastContact(decision.at, stage.priority))
        if decision.at < until:  # otherwise it is still to be sent
            enrolment["state"] = EnrolmentState.ISSUED
            self._invite(occurrence, enrolment["id"], decision, until)

    def _invite(self, occurrence: Occurrence, enrolment_id: int, decision: Send, until: datetime) -> None:
        stage, contact = occurrence.stage, occurrence.contact
        version = self.runtime.library.published(self.session, stage.questionnaire, decision.at)
        questionnaire = self.runtime.library.questionnaire_of(version)
        language = questionnaire.language_for(contact.language or "en")
        sent = decision.at + timedelta(seconds=self.dice.randrange(2, 50))
        told = JourneyEvent(properties=occurrence.properties) if occurrence.event_id else None
        row: dict[str, Any] = {
            "id": self._id(Invitation), "enrolment_id": enrolment_id, "contact_id": contact.id,
            "account_id": contact.account_id, "version_id": version.id, "stage": stage.key, "priority": stage.priority,
            "channel": decision.channel, "language": language, "token": token.draw(), "state": InvitationState.SENT,
            "piping": content.piping(questionnaire, contact, told), "created_at": decision.at, "sent_at": sent,
            "delivered_at": sent + timedelta(seconds=4) if decision.channel == "sms" else None, "opened_at": None,
            "answered_at": None, "expires_at": decision.at + stage.expires_after.timedelta, "remind_at": None,
            "reminders": [str(each) for each in stage.reminders], "reminders_sent": 0,
            "other_channels": [each for each in stage.channels if each != decision.channel],
            "conversation": None, "reply_key": None, "is_demo": True,
        }  # fmt: skip
        if decision.channel == "sms":
            row["state"] = InvitationState.DELIVERED
        self.rows[Invitation].append(row)
        self._send(row, contact, questionnaire, "invitation", sent)
        self._follow_invitation(row, contact, questionnaire, stage, until)

    def _follow_invitation(
        self,
        row: dict[str, Any],
        contact: Contact,
        questionnaire: Questionnaire,
        stage: Stage,
        until: datetime,
    ) -> None:
        """What follows: an answer, perhaps after a reminder, or none until it expires."""
        channel, sent = row["channel"], row["sent_at"]
        hours = self.dice.expovariate(1 / HOURS_UNTIL_ANSWER[channel])
        at = sent + timedelta(hours=hours) if self.dice.random() < WOULD_ANSWER[channel] else None
        remind = sent + Duration.parse(row["reminders"][0]).timedelta if row["reminders"] else None
        if remind and (at is None or at > remind):
            at = remind + timedelta(hours=hours) if self.dice.random() < WOULD_ANSWER_A_REMINDER else None
            if remind < until:
                row["reminders_sent"] = 1
                self._send(row, contact, questionnaire, "reminder", remind)
            else:
                row["remind_at"] = remind
        if at and at < min(until, row["expires_at"]):
            row |= {"state": InvitationState.COMPLETED, "opened_at": at, "answered_at": at, "remind_at": None}
            self._answer(row, contact, questionnaire, at)
        elif row["expires_at"] <= until:
            row |= {"state": InvitationState.EXPIRED, "remind_at": None}
        elif channel == "sms" and stage.reply_by_sms:
            row |= {"reply_key": contact.phone, "conversation": "await_score"}

    def _send(
        self, row: dict[str, Any], contact: Contact, questionnaire: Questionnaire, purpose: str, at: datetime
    ) -> None:
        """The message and the call to the provider; of old ones, the text is gone as after `retention.messages`."""
        settings, channel = self.runtime.settings, row["channel"]
        kept = self.story.now - at < settings.retention.messages
        text, recipient = content.Composed(body=""), ""
        if kept:
            invitation = Invitation(
                language=row["language"], token=row["token"], piping=row["piping"], contact=contact,
                stage=row["stage"], channel=channel,
            )  # fmt: skip
            text = content.compose(
                questionnaire, invitation, channel, settings, reminder=purpose == "reminder"
            )
            recipient = contact.addresses[channel]
        message_id, provider = self._id(Message), f"simulator_{channel}"
        is_sms = channel == "sms"
        self.rows[Message].append(
            {"id": message_id, "invitation_id": row["id"], "contact_id": contact.id, "purpose": purpose,
             "occurrence": 1 if purpose == "reminder" else 0, "provider": provider, "channel": channel,
             "recipient": recipient, "country": contact.country if is_sms else None, "sender": None,
             "subject": text.subject, "body": text.body, "html": text.html, "language": row["language"],
             "headers": dict(text.headers or {}), "match": row["token"], "nonce": token.draw(),
             "state": MessageState.DELIVERED if is_sms else MessageState.SENT,
             "due_at": at, "attempt": 1, "worker": WRITER, "provider_id": f"PAST{message_id:08d}",
             "segments": text.segments, "created_at": at, "sent_at": at,
             "delivered_at": at + timedelta(seconds=4) if is_sms else None, "is_demo": True}
        )  # fmt: skip
        self.rows[Attempt].append(
            {"message_id": message_id, "number": 1, "worker": WRITER, "started_at": at, "ended_at": at,
             "outcome": "sent", "code": None}
        )  # fmt: skip
        if is_sms:
            self.rows[Receipt].append(
                {"message_id": message_id, "provider": provider, "provider_id": f"PAST{message_id:08d}",
                 "status": "delivered", "code": None, "received_at": at + timedelta(seconds=4)}
            )  # fmt: skip

    # -- what they answer -------------------------------------------------------------------------------------

    def _answer(
        self, invitation: dict[str, Any], contact: Contact, whole: Questionnaire, at: datetime
    ) -> None:
        questionnaire = whole.asked_of(Facts())
        account = contact.account
        owner = account.owner.name.split()[0] if account and account.owner else ""
        who = Respondent(invitation["stage"], invitation["language"], contact.account_id or 0, owner, at)
        outcome = questionnaire.outcome(self.story.answer(questionnaire, who))
        by_reply = invitation["channel"] == "sms" and self.dice.random() < 0.3
        row: dict[str, Any] = {
            "id": self._id(Response), "invitation_id": invitation["id"], "version_id": invitation["version_id"],
            "contact_id": contact.id, "account_id": contact.account_id, "questionnaire": questionnaire.key,
            "stage": invitation["stage"], "segment": account.segment if account else None,
            "owner_id": account.owner_id if account else None, "source": "sms_reply" if by_reply else "link",
            "channel": invitation["channel"], "language": invitation["language"], "state": ResponseState.COMPLETE,
            "answered_at": at, "updated_at": at, "completed_at": at, "is_demo": True,
        }  # fmt: skip
        self.rows[Response].append(row)
        self.rows[AnswerRow] += [
            {"response_id": row["id"], "question": key, "value": answer.stored(), "text": answer.text}
            for key, answer in outcome.answers.items()
        ]
        for key, value in outcome.scores.items():
            question = questionnaire.by_key[key]
            self.rows[Score].append(
                {"response_id": row["id"], "question": key, "metric": question.metric,
                 "trend": questionnaire.series, "value": value, "band": question.band(value), "at": at}
            )  # fmt: skip
        if outcome.rules:
            self.opened.append(OpenedBy(row["id"], at, questionnaire, outcome.rules))

    def _follow_up(self, until: datetime) -> None:
        followup = self.runtime.settings.followup
        team = Team(self.dice, self.story, followup)
        for each in sorted(self.opened, key=lambda one: one.at):
            response = self.session.get_one(Response, each.response_id)
            tasks = opening.open_if_needed(
                self.session, response, each.questionnaire, each.rules, followup=followup, now=each.at
            )
            for task in tasks:
                self._notify(task, each.at)
                team.work(self.session, task, until)

    def _notify(self, task: FollowUp, at: datetime) -> None:
        if task.owner is not None:
            task.owner_told_at = at + TOLD
            timeline.add(self.session, task.id, "told", now=at + TOLD, detail={"name": task.owner.name})

    def _id(self, table: type[Base]) -> int:
        self.next_id[table] += 1  # type: ignore[index]
        return self.next_id[table] - 1  # type: ignore[index]


def event_properties(name: str, contact: Contact, dice: random.Random) -> dict[str, str]:
    """What the event tells about itself, in the contact's language."""
    return {"topic": dice.choice(TOPICS[contact.language or "en"])} if name == "ticket_closed" else {}


def _about(mean: float, dice: random.Random) -> int:
    """A number of things that happen independently, with this mean (Knuth's method for the Poisson distribution)."""
    left, number = math.exp(-mean), 0
    product = dice.random()
    while product > left:
        number += 1
        product *= dice.random()
    return number


def _a_year_earlier(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)
