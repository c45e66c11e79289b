"""Who would get a campaign, who would not and why, and what it would cost, before anything is sent.

Up to `DECIDED` contacts are decided one by one, as they will be when the campaign runs. Of a larger audience
`LOOKED_AT` are drawn at random, decided, and projected to all; the page says so, with the error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from feedback.core.campaign import PRIORITY, CampaignPlan, day_of_spread, stage_key
from feedback.core.contact.policy import Intended, PastContact, Policy, Send
from feedback.core.lifecycle import EnrolmentState
from feedback.core.metrics.intervals import wilson
from feedback.core.questionnaire import Questionnaire
from feedback.core.token import draw as draw_token
from feedback.providers import terms_of
from feedback.services.campaigns import audience
from feedback.services.campaigns.audience import AudienceSize
from feedback.services.campaigns.enrolling import BUSY
from feedback.services.contact import eligibility, facts
from feedback.services.context import Context
from feedback.services.journey import forecast
from feedback.services.messaging import content
from feedback.store.models import Campaign, CampaignWave, Contact, Enrolment, Invitation

DECIDED = 600
"""Contacts up to which an audience is decided as a whole."""
LOOKED_AT = 300
"""Contacts of a larger audience that are decided; the share of those who get it is then known to +/- 6 percentage
points. More would take longer than somebody waits for a page."""
COMPOSED = 10
"""Text messages that are written to see how long they are."""


@dataclass(frozen=True, slots=True)
class CampaignPreview:
    """What a campaign would do. Numbers are of contacts.

    `size` is the audience; `looked_at` of them were decided. `asked` would be asked, between `least` and `most` of
    them; `reasons` say why others are not: a code of the contact policy, or an obstacle of `no_channel`. `later` of
    those asked wait for their daytime. `per_text` are the segments of one text message, `price` is that of all text
    messages without reminders.
    """

    size: AudienceSize
    looked_at: int = 0
    asked: int = 0
    least: int = 0
    most: int = 0
    later: int = 0
    channels: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    per_text: float = 0.0
    price: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether everybody was decided."""
        return self.looked_at == self.size.number and self.size.is_exact

    def drawn(self, sample: int | None) -> CampaignPreview:
        """The same if only `sample` of those who can be asked are drawn."""
        if sample is None or sample >= self.asked or not self.asked:
            return self
        share = sample / self.asked
        return replace(
            self,
            asked=sample,
            least=sample,
            most=sample,
            later=round(self.later * share),
            channels={name: round(number * share) for name, number in self.channels.items()},
            languages={name: round(number * share) for name, number in self.languages.items()},
            price=self.price * share,
        )


@dataclass(slots=True)
class _Tally:
    """What was decided so far. A contact can count in parts: of an account with a limit only some are asked."""

    asked: float = 0.0
    later: float = 0.0
    reasons: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    channels: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    languages: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    texts: list[int] = field(default_factory=list)

    def add(self, contact_id: int, decision: Send, language: str, weight: float) -> None:
        self.asked += weight
        self.later += weight * any(each.code == "quiet_hours" for each in decision.reasons)
        self.channels[decision.channel] += weight
        self.languages[language] += weight
        if decision.channel == "sms" and len(self.texts) < COMPOSED:
            self.texts.append(contact_id)


def preview(session: Session, campaign: Campaign, context: Context, now: datetime) -> CampaignPreview:
    """What the campaign would do if it were started now, for the time it starts at; without its draw (`drawn`)."""
    plan = CampaignPlan.model_validate(campaign.plan)
    which = audience.condition(session, campaign, context.settings, now)
    draw = audience.beginning(campaign.id)
    seen = audience.look(session, which, draw, DECIDED)
    size, some = seen.size, seen.drawn
    if size.number > DECIDED:
        some = some[:LOOKED_AT]
    if not some:
        return CampaignPreview(size)
    is_exact = len(some) == size.number and size.is_exact
    people = {each.id: each for each in eligibility.people(session, [drawn.id for drawn in some])}
    ordered = [people[drawn.id] for drawn in some if drawn.id in people]
    deciding = _Deciding(session, campaign, plan, context, now)
    tally = deciding.decide(ordered, None if is_exact else which)
    return _projected(deciding, tally, size, len(some))


def _projected(deciding: _Deciding, tally: _Tally, size: AudienceSize, looked_at: int) -> CampaignPreview:
    share = size.number / looked_at
    asked = round(tally.asked * share)
    least = most = asked
    if looked_at < size.number or not size.is_exact:
        known = wilson(round(tally.asked), looked_at)
        least, most = round(known.low * size.low), round(known.high * size.high)
    per_text, price = deciding.text_costs(tally.texts)
    return CampaignPreview(
        size=size,
        looked_at=looked_at,
        asked=asked,
        least=least,
        most=most,
        later=round(tally.later * share),
        channels={name: round(number * share) for name, number in sorted(tally.channels.items())},
        languages={name: round(number * share) for name, number in sorted(tally.languages.items())},
        reasons=_by_size(tally.reasons, share),
        per_text=per_text,
        price=price * tally.channels.get("sms", 0.0) * share,
    )


class _Deciding:
    """The decisions of a preview: those of the contact policy, and what campaigns add to it."""

    def __init__(
        self, session: Session, campaign: Campaign, plan: CampaignPlan, context: Context, now: datetime
    ) -> None:
        self._session, self._campaign, self._plan, self._context = session, campaign, plan, context
        self._questionnaire: Questionnaire | None = context.library.questionnaires.get(plan.questionnaire)
        self._rules: Policy = eligibility.policy(context.settings)
        self._now = now

    def decide(
        self, people: Sequence[eligibility.Candidate], audience_if_some: ColumnElement[bool] | None
    ) -> _Tally:
        """Decide on these contacts, in the order in which they are asked. `audience_if_some` is the condition of an
        audience of which they are a sample."""
        tally, ids = _Tally(), [each.id for each in people]
        selective = bool(self._questionnaire and self._questionnaire.facts)
        known = eligibility.know(self._session, people, self._rules, self._now, selective=selective)
        busy, languages = self._busy(ids), self._languages(ids)
        crowds = {} if audience_if_some is None else self._crowds(people, audience_if_some)
        for number, person in enumerate(people):
            if person.id in busy:
                tally.reasons[BUSY] += 1
                continue
            intended = self._intended(number, len(people))
            decision = known.decide(person, intended, self._now)
            if not isinstance(decision, Send):
                tally.reasons[_why(decision.code, decision.params)] += 1
            elif forecast.asks_nothing(self._questionnaire, known.recipient(person).facts, decision.channel):
                tally.reasons["nothing_to_ask"] += 1
            else:
                weight = self._chance(person, crowds, len(known.history(person).account))
                tally.reasons["account_contacted_often"] += 1 - weight
                tally.add(person.id, decision, languages[person.id], weight)
                if audience_if_some is None:
                    known.add(person, PastContact(decision.at, PRIORITY))
        return tally

    def text_costs(self, contact_ids: Sequence[int]) -> tuple[float, float]:
        """(segments, price) of one text message on average, from those that these contacts would get."""
        provider = next((key for key, each in self._context.providers.items() if each.channel == "sms"), None)
        if not contact_ids or provider is None or self._questionnaire is None:
            return 0.0, 0.0
        wanted = select(Contact).where(Contact.id.in_(contact_ids)).options(joinedload(Contact.account))
        parts = [self._segments(self._questionnaire, each) for each in self._session.scalars(wanted)]
        mean = sum(parts) / len(parts)
        return mean, mean * terms_of(provider, self._context.settings).cost_per_segment

    def _segments(self, questionnaire: Questionnaire, contact: Contact) -> int:
        settings = self._context.settings
        invitation = Invitation(
            language=questionnaire.language_for(contact.language or settings.organisation.default_language),
            token=draw_token(),
            piping=content.piping(questionnaire, contact, None),
            facts=facts.to_keep(questionnaire, contact, None),
            channel="sms",
            contact=contact,
        )
        return content.compose(questionnaire, invitation, "sms", settings).segments or 1

    def _intended(self, number: int, of: int) -> Intended:
        day = day_of_spread(number, of, self._plan.spread_days)
        earliest = max(self._now, self._campaign.starts_at) + timedelta(days=day)
        expires = earliest + self._plan.expires_after.timedelta
        return Intended(PRIORITY, self._plan.channels, earliest, expires)

    def _busy(self, ids: Sequence[int]) -> set[int]:
        """Contacts for whom another campaign has a survey to send."""
        return set(
            self._session.scalars(
                select(Enrolment.contact_id)
                .join(CampaignWave, CampaignWave.id == Enrolment.wave_id)
                .where(Enrolment.contact_id.in_(ids), Enrolment.state == EnrolmentState.SCHEDULED)
                .where(Enrolment.stage != stage_key(self._campaign.id))
            )
        )

    def _languages(self, ids: Sequence[int]) -> dict[int, str]:
        """Contact -> the language in which it would be asked."""
        default = self._context.settings.organisation.default_language
        rows = self._session.execute(select(Contact.id, Contact.language).where(Contact.id.in_(ids)))
        spoken = {row.id: row.language or default for row in rows}
        if self._questionnaire is None:
            return spoken
        return {each: self._questionnaire.language_for(language) for each, language in spoken.items()}

    def _crowds(self, people: Sequence[eligibility.Candidate], which: ColumnElement[bool]) -> dict[int, int]:
        """Account -> how many of its contacts are in the audience. Only some of them are in the sample, but all of them
        share the limit of the account."""
        accounts = {each.account_id for each in people if each.account_id}
        if not accounts or self._rules.account_limit is None:
            return {}
        colleague = aliased(Contact)  # so that SQLite begins with the accounts, which are few
        theirs = select(colleague.id).where(colleague.account_id.in_(accounts))
        rows = self._session.execute(
            select(Contact.account_id, func.count())
            .where(Contact.id.in_(theirs), which)
            .group_by(Contact.account_id)
        )
        return {row[0]: row[1] for row in rows if row[0] is not None}

    def _chance(self, person: eligibility.Candidate, crowds: Mapping[int, int], surveys: int) -> float:
        """The chance that the limit of the account leaves room for this contact, if any of its contacts is as likely to
        be asked as any other."""
        limit = self._rules.account_limit
        if limit is None or not person.account_id or person.account_id not in crowds:
            return 1.0
        windows = 1 + (self._plan.spread_days - 1) // max(1, self._rules.account_window.days)
        return min(1.0, max(0.0, windows * limit - surveys) / crowds[person.account_id])


def _by_size(counted: Mapping[str, float], share: float) -> dict[str, int]:
    """What there is at least one of, projected, the largest first."""
    found = {name: round(number * share) for name, number in counted.items()}
    return {name: found[name] for name in sorted(found, key=lambda each: -found[each]) if found[name]}


def _why(code: str, params: Mapping[str, object]) -> str:
    """The reason in one word: for a contact without a channel, the obstacle that an organisation could remove first."""
    if code != "no_channel":
        return code
    found = set(params.values())
    return next((each for each in OBSTACLES if each in found), code)


OBSTACLES = ("refused", "refused_elsewhere", "suppressed", "consent_missing", "no_address", "not_enabled")
