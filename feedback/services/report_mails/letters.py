"""What a report by mail says: each score with its range, its change and its number of answers, as text and as HTML.

The same numbers as on the page, with the same rules: few answers give no score, and small groups are hidden. No names
and no comments: an inbox is less protected than the desk, and mails are forwarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from feedback.core.metrics import Unit
from feedback.core.time.period import Period
from feedback.i18n import Translator
from feedback.services.reports import Glance, Shown

_HEAD = "text-align:start;padding:6px 12px 6px 0;vertical-align:top"
LEFT_TO_RIGHT = "\u200e"
"""So that a sign stays before its number in a Persian line."""


@dataclass(frozen=True, slots=True)
class ReportLetter:
    """One mail: the scores of a period, for a reader of a language, with the address of the page behind it."""

    say: Translator
    name: str
    company: str
    period: Period
    glances: Sequence[Glance]
    link: str
    until: str = ""

    def written(self) -> tuple[str, str, str]:
        """(subject, text, HTML)."""
        say = self.say
        subject = f"{self.name}: {self._span()}"
        lines = [self._line(each) for each in self.glances]
        foot = [
            say.gettext("The whole report, ready to print: {link}", link=self.link),
            *([say.gettext("The link works until {day}.", day=self.until)] if self.until else []),
        ]
        text = "\n\n".join([subject, *("\n".join(each) for each in lines), *foot])
        return subject, text, self._html(subject, lines, foot)

    def quiet(self) -> tuple[str, str, str]:
        """The same of a period without an answer: it says once that the report pauses."""
        say = self.say
        subject = f"{self.name}: {self._span()}"
        told = say.gettext(
            "Nobody has answered in this time. The report pauses until there are answers again."
        )
        return subject, f"{subject}\n\n{told}", self._html(subject, [], [told])

    def _span(self) -> str:
        say = self.say
        return say.gettext(
            "{first} to {last}", first=say.date(self.period.start), last=say.date(self.period.end)
        )

    def _line(self, glance: Glance) -> tuple[str, str]:
        """(title, the score in words)."""
        say, shown = self.say, glance.compared.a
        parts = [self._score(shown, glance), self._change(glance), self._basis(shown)]
        return glance.series.title.to(say.language), " · ".join(filter(None, parts))

    def _score(self, shown: Shown, glance: Glance) -> str:
        say, found = self.say, shown.aggregate
        if not shown.has_score or found.value is None:
            return say.gettext("no score: too few answers")
        metric = glance.series.metric
        told = f"{say.gettext(metric.title)} {_in_unit(say, found.value, metric.unit)}"
        if found.low is None or found.high is None:
            return told
        low, high = _in_unit(say, found.low, metric.unit), _in_unit(say, found.high, metric.unit)
        between = say.gettext("{low} to {high}", low=low, high=high)
        return f"{told} ({say.gettext('95% range {range}', range=between)})"

    def _change(self, glance: Glance) -> str:
        say, change = self.say, glance.compared.change
        if change is None or change.difference is None:
            return ""
        if not change.changed:
            return say.gettext("no clear change")
        unit = glance.series.metric.unit
        number = say.number(abs(change.difference), digits=2 if unit == "mean" else 0)
        return (
            say.gettext("up by {number}", number=number)
            if change.difference > 0
            else say.gettext("down by {number}", number=number)
        )

    def _basis(self, shown: Shown) -> str:
        say = self.say
        if shown.covered:
            return ""
        told = say.ngettext("{n} response", "{n} responses", shown.n)
        if shown.imported:
            told += ", " + say.ngettext("{n} of them imported", "{n} of them imported", shown.imported)
        return told

    def _html(self, subject: str, lines: Sequence[tuple[str, str]], foot: Sequence[str]) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="{_HEAD}">{escape(title)}</th>'
            f'<td style="padding:6px 0">{escape(words)}</td></tr>'
            for title, words in lines
        )
        table = f'<table role="presentation" style="border-collapse:collapse">{rows}</table>' if rows else ""
        paragraphs = "".join(f"<p>{_linked(each, self.link)}</p>" for each in foot)
        return (
            f'<!doctype html><html lang="{self.say.language}" dir="{self.say.direction}"><head>'
            f'<meta charset="utf-8"></head><body dir="{self.say.direction}" '
            f'style="font:16px/1.6 system-ui,Tahoma,sans-serif"><p>{escape(self.company)}</p>'
            f'<h1 style="font-size:20px">{escape(subject)}</h1>{table}{paragraphs}</body></html>'
        )


def _in_unit(say: Translator, value: float, unit: Unit) -> str:
    """A score as the pages write it: +31, 82 %, 5.62."""
    if unit == "percent":
        return say.percent(value / 100)
    digits = 0 if unit == "points" else 2
    rounded = round(value, digits) + 0.0  # no minus zero
    text = say.number(rounded, digits=digits)
    return f"{LEFT_TO_RIGHT}+{text}" if unit == "points" and rounded > 0 else f"{LEFT_TO_RIGHT}{text}"


def _linked(told: str, link: str) -> str:
    """A sentence with its address as a link that keeps its direction in a Persian paragraph."""
    safe = escape(link)
    return escape(told).replace(safe, f'<a dir="ltr" href="{safe}">{safe}</a>') if link else escape(told)
