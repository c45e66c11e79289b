"""Arguments that several tools have: days, a survey, a group of answers; and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.reports import EVERYBODY, Group, Series
from feedback.web.api.problems import mistaken
from feedback.web.api.resources.responses import period as days_from
from feedback.web.api.shapes import Day, Name, Short
from feedback.web.mcp.tool import Arguments, ToolContext
from feedback.web.reports import filters

Preset = Literal["30", "90", "quarter", "last-quarter", "year"]


class DaysArguments(Arguments):
    """Days of answers: a period with a name, or its first and last day; by default the last 90 days."""

    period: Preset | None = Field(None, description="30/90: days until today")
    first_day: Day | None = None
    last_day: Day | None = None

    def days(self, context: ToolContext) -> Period:
        """The days, as the pages choose them. Raises UnacceptableError."""
        if self.period is None:
            return days_from(self.first_day, self.last_day, context.today)
        if self.first_day is not None or self.last_day is not None:
            raise mistaken("/period", "Give either a period, or a first and a last day.")
        return filters.preset_days(self.period, context.today)


class SeriesArguments(DaysArguments):
    survey: Short = Field(description="key from `scores`")
    question: Short | None = Field(None, description="default: its first scored one")
    group: Name | None = Field(None, description="such as segment:vip")


def find_series(context: ToolContext, survey: str, question: str | None) -> Series:
    """The series of a survey and question. Raises NotFound with what there is."""
    known = reports.all_series(context.session, context.runtime.library)
    found = reports.find_series(known, survey)
    if question is None:
        return found
    named = [each for each in known if each.trend == survey]
    for each in named:
        if each.question == question:
            return each
    scored = ", ".join(each.question for each in named)
    raise NotFound(f"Survey {survey} has no score for {question!r}; its scored questions: {scored}.")


def described(series: Series, *, wording: bool = True) -> dict[str, str]:
    """Which question of which survey, in words."""
    told = {
        "survey": series.trend,
        "question": series.question,
        "title": series.title.to("en"),
        "metric": series.metric.title,
        "unit": series.metric.unit,
    }
    return {**told, "wording": series.wording.to("en")} if wording else told


def days_of(period: Period) -> dict[str, str]:
    """A period as two dates, both included."""
    return {"first_day": period.start.isoformat(), "last_day": period.end.isoformat()}


def in_address(period: Period, group: Group = EVERYBODY) -> dict[str, str | None]:
    """The same days and group in the address of a page. A viewer's own accounts are the page's choice anyway."""
    shown = None if group == EVERYBODY or group.is_own else f"{group.dimension}:{group.key}"
    return {"from": period.start.isoformat(), "to": period.end.isoformat(), "group": shown}


def whose(group: Group) -> dict[str, str]:
    """Whose answers count, if not everybody's."""
    if group == EVERYBODY:
        return {}
    return {"group": "accounts of the key's owner" if group.is_own else f"{group.dimension}:{group.key}"}


def among(keys: Sequence[str], wanted: str, what: str) -> str:
    """`wanted`, if it is one of the keys. Raises NotFound with what there is."""
    if wanted in keys:
        return wanted
    raise NotFound(f"There is no {what} {wanted!r}; there is: {', '.join(keys) or 'none'}.")
