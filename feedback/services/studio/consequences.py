"""What the publication of a text changes for answers, series, messages and those who are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.journey import Stage
from feedback.core.questionnaire import Questionnaire
from feedback.i18n import _
from feedback.library import Library
from feedback.services.context import Context
from feedback.services.journey import forecast
from feedback.services.questionnaires import review
from feedback.services.questionnaires.review import TextMessage
from feedback.settings import Settings
from feedback.store.models import Contact

DAYS = 30
MOST_CONTACTS = 10_000
"""For more contacts the forecast takes too long for a page; `feedback plan` makes it."""


class Consequence(NamedTuple):
    """A sentence of the catalogue, and what fills its placeholders."""

    sentence: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class MessageChange:
    """An SMS before and after; None where it does not exist."""

    language: str
    is_reminder: bool
    before: TextMessage | None
    after: TextMessage | None


@dataclass(frozen=True, slots=True)
class ExpectedSurveys:
    """Stage key -> surveys that are sent in the coming `DAYS` days, before and after. With `too_many` contacts nothing
    was counted."""

    stages: list[Stage] = field(default_factory=list)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    too_many: int = 0


def of_questionnaire(old: Questionnaire | None, new: Questionnaire) -> list[Consequence]:
    """What changes for answers and series; `old` is None if nothing is in force."""
    if old is None:
        return [Consequence(_("This survey is new: it has no responses yet."), {})]
    found = [*_questions(old, new), *_series(old, new), *_languages(old, new), *_rules(old, new)]
    return found or [Consequence(_("Questions, series, languages and follow-up rules stay the same."), {})]


def of_messages(old: Questionnaire | None, new: Questionnaire, settings: Settings) -> list[MessageChange]:
    """Every SMS of both versions; those of languages that go away have no `after`."""
    before, after = _by_message(old, settings), _by_message(new, settings)
    return [
        MessageChange(*each, before.get(each), after.get(each)) for each in dict.fromkeys([*after, *before])
    ]


def of_journey(old: Sequence[Stage], new: Sequence[Stage]) -> list[Consequence]:
    """Which stages are added, removed and changed."""
    before, after = {each.key: each for each in old}, {each.key: each for each in new}
    found = [Consequence(_("New stage: {name}."), {"name": each}) for each in after if each not in before]
    found += [
        Consequence(
            _("Removed stage: {name}. Surveys that are scheduled for it are not sent."), {"name": each}
        )
        for each in before
        if each not in after
    ]
    found += [
        Consequence(_("Changed stage: {name}."), {"name": key})
        for key, each in after.items()
        if key in before and before[key] != each
    ]
    return found or [Consequence(_("The stages stay the same."), {})]


def reach(
    session: Session, settings: Settings, libraries: tuple[Library, Library], key: str, now: datetime
) -> ExpectedSurveys:
    """Who will be asked in the coming days, by the libraries (before, after): at the stages that use questionnaire
    `key`, or at all stages for the journey."""
    before, after = libraries
    contacts = session.scalar(select(func.count()).select_from(Contact)) or 0
    stages = {each.key: each for each in (*before.journey.stages, *after.journey.stages)}
    if key in after.questionnaires:
        stages = {name: each for name, each in stages.items() if each.questionnaire == key}
    found = ExpectedSurveys(list(stages.values()), too_many=contacts if contacts > MOST_CONTACTS else 0)
    if stages and not found.too_many:
        for library, counted in ((before, found.before), (after, found.after)):
            counted.update(_asked(session, settings, library, stages, now))
    return found


def _asked(
    session: Session, settings: Settings, library: Library, stages: dict[str, Stage], now: datetime
) -> Iterator[str]:
    for kind, row in forecast.foresee(session, Context(settings, library, {}), now, DAYS):
        stage = library.journey.stage(row.stage)
        is_sent = kind == "survey" and row.at is not None and stage is not None
        if is_sent and stage and row.stage in stages and stage.questionnaire in library.questionnaires:
            yield row.stage


def _questions(old: Questionnaire, new: Questionnaire) -> Iterator[Consequence]:
    for key in new.by_key:
        if key not in old.by_key:
            yield Consequence(_("New question: {name}."), {"name": key})
    for key, question in old.by_key.items():
        if key not in new.by_key:
            yield Consequence(
                _("Removed question: {name}. Its answers stay in exports and comments."), {"name": key}
            )
        elif question.type != new.by_key[key].type:
            yield Consequence(
                _("{name} changes from {old} to {new}: new answers cannot be compared with old ones."),
                {"name": key, "old": question.type, "new": new.by_key[key].type},
            )
    kept = [key for key in old.by_key if key in new.by_key]
    if kept != [key for key in new.by_key if key in old.by_key]:
        yield Consequence(_("The questions come in another order, which can change answers."), {})


def _series(old: Questionnaire, new: Questionnaire) -> Iterator[Consequence]:
    if old.series != new.series:
        yield Consequence(
            _("A new series begins: {new}. Scores no longer count in {old}."),
            {"old": old.series, "new": new.series},
        )
    if _made_of(old) != _made_of(new):
        yield Consequence(
            _("The scores over several questions change. Earlier responses keep the scores that they have."),
            {},
        )
    if new.trend_bridge and new.trend_bridge != old.trend_bridge:
        yield Consequence(
            _("Old and new wording count in one series until {date}."), {"date": str(new.trend_bridge)}
        )


def _made_of(questionnaire: Questionnaire) -> list[object]:
    """The scores over several questions, without their titles."""
    return [
        (each.key, each.metric, each.least_good, [(item.key, item.reversed) for item in each.items])
        for each in questionnaire.composites
    ]


def _languages(old: Questionnaire, new: Questionnaire) -> Iterator[Consequence]:
    added = [each for each in new.languages if each not in old.languages]
    gone = [each for each in old.languages if each not in new.languages]
    if added:
        yield Consequence(_("New languages: {names}."), {"names": ", ".join(added)})
    if gone:
        yield Consequence(
            _("Removed languages: {names}. Those customers get the default language."),
            {"names": ", ".join(gone)},
        )


def _rules(old: Questionnaire, new: Questionnaire) -> Iterator[Consequence]:
    if old.follow_ups != new.follow_ups:
        yield Consequence(_("The rules change by which responses open follow-ups."), {})


def _by_message(
    questionnaire: Questionnaire | None, settings: Settings
) -> dict[tuple[str, bool], TextMessage]:
    if questionnaire is None or questionnaire.messages.sms is None:
        return {}
    texts = review.text_messages(questionnaire, settings)
    return {(each.language, each.is_reminder): each for each in texts}
