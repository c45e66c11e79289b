"""What happened to Northwind in the year that the demo tells, and what its customers therefore think and answer.

Seven months before now a price change upset them, and nearly three months before now a release broke reports and
exports, until a hotfix.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedback.core.answer import Answer
from feedback.core.metrics import METRICS
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, ScaleQuestion, TextQuestion
from feedback.demo.comments import CommentWriter, Theme, Tone

PRICE_CHANGE, PRICE_FORGOTTEN = timedelta(days=225), timedelta(days=140)
BAD_RELEASE, HOTFIX = timedelta(days=82), timedelta(days=54)
ABOUT_THE_PRODUCT = ("relationship", "renewal", "support-call")
ABOUT_MONEY = ("relationship", "renewal", "offboarding")
USUALLY, SPREAD, BETWEEN_COMPANIES = 0.83, 0.17, 0.09
"""How content customers are, from 0 to 1, and the standard deviations of persons and of companies around it."""
PRICE_COSTS, RELEASE_COSTS, HOTFIX_BRINGS = 0.24, 0.26, 0.05
WOULD_COMMENT: Mapping[Tone, float] = {"bad": 0.72, "fine": 0.42, "good": 0.36}
CHOICES: Mapping[str, Mapping[Tone, Mapping[str, int]]] = {
    "solved": {
        "bad": {"unsolved": 5, "partly": 4, "solved": 1},
        "fine": {"partly": 3, "solved": 5},
        "good": {"solved": 1},
    },
    "schedule": {
        "bad": {"later": 1},
        "fine": {"planned": 1, "later": 1},
        "good": {"planned": 3, "earlier": 1},
    },
}
"""Question -> tone -> how often its options are chosen; elsewhere all are alike."""


@dataclass(frozen=True, slots=True)
class Respondent:
    """Who answers, and when: where, in which language, for which account, and who looks after it."""

    stage: str
    language: str
    account_id: int
    owner: str
    at: datetime


class CompanyStory:
    """Answers for customers, so that a survey of January differs from one of July as the year went."""

    def __init__(self, dice: random.Random, now: datetime) -> None:
        self._dice = dice
        self.now = now
        self._writer = CommentWriter(dice)

    def answer(self, questionnaire: Questionnaire, who: Respondent) -> dict[str, Answer]:
        """Answers to the questions on the path, which fit together."""
        mood = self._mood(who)
        tone = _tone(questionnaire.scored, mood)
        answers: dict[str, Answer] = {}
        for question in questionnaire.questions:
            if question in questionnaire.path(answers) and (given := self._one(question, who, mood, tone)):
                answers[question.key] = given
        return answers

    def theme(self, stage: str, at: datetime) -> Theme:
        """What people are unhappy about at a time."""
        ago = self.now - at
        if stage in ABOUT_MONEY and PRICE_FORGOTTEN < ago <= PRICE_CHANGE:
            return "price"
        if stage in ABOUT_THE_PRODUCT and HOTFIX < ago <= BAD_RELEASE:
            return "release"
        return "support" if stage == "support-call" else "general"

    def _mood(self, who: Respondent) -> float:
        company = random.Random(who.account_id).gauss(0, BETWEEN_COMPANIES)  # noqa: S311 - a demo
        mood = USUALLY + company + self._news(who.stage, who.at) + self._dice.gauss(0, SPREAD)
        return min(1.0, max(0.0, mood))

    def _news(self, stage: str, at: datetime) -> float:
        ago = self.now - at
        theme = self.theme(stage, at)
        if theme == "price":  # the anger goes by slowly
            return -PRICE_COSTS * ((ago - PRICE_FORGOTTEN) / (PRICE_CHANGE - PRICE_FORGOTTEN) * 0.7 + 0.3)
        if theme == "release":
            return -RELEASE_COSTS
        return HOTFIX_BRINGS if ago <= HOTFIX else 0.0

    def _one(self, question: AnyQuestion, who: Respondent, mood: float, tone: Tone) -> Answer | None:
        if isinstance(question, ScaleQuestion):
            return Answer(round(question.minimum + mood * (question.maximum - question.minimum)))
        if isinstance(question, ChoiceQuestion):
            return Answer(self._choice(question, who, tone))
        if isinstance(question, TextQuestion) and self._dice.random() < WOULD_COMMENT[tone]:
            theme = self.theme(who.stage, who.at)
            return Answer(None, self._writer.write(who.language, tone, theme, who.owner))
        return None

    def _choice(self, question: ChoiceQuestion, who: Respondent, tone: Tone) -> str:
        keys = [option.key for option in question.options if option.role is None and not option.other_text]
        if weighted := CHOICES.get(question.key, {}).get(tone):
            return self._dice.choices(list(weighted), list(weighted.values()))[0]
        if "price" in keys and self.theme(who.stage, who.at) == "price" and self._dice.random() < 0.7:
            return "price"
        return self._dice.choice(keys)


def _tone(scored: ScaleQuestion | None, mood: float) -> Tone:
    """How words would sound that fit the score of somebody in this mood."""
    metric = METRICS.get(scored.metric or "") if scored else None
    if scored is None or metric is None or len(metric.bands) != len(_TONES):
        return "bad" if mood < 0.6 else "fine" if mood < 0.8 else "good"
    value = round(scored.minimum + mood * (scored.maximum - scored.minimum))
    return _TONES[metric.bands.index(metric.band(value))]


_TONES = ("bad", "fine", "good")
