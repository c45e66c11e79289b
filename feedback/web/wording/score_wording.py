"""The texts for scores, changes and health, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from feedback.core.health import Level, Part
from feedback.core.metrics import METRICS as METRICS_BY_KEY
from feedback.core.metrics import Comparison, Display, Metric
from feedback.core.metrics.base import Unit
from feedback.core.metrics.several_items import several_items
from feedback.core.time.period import Bucket, Period
from feedback.i18n import Translator, _
from feedback.services.customers.product_usage import Figure
from feedback.services.reports import (
    SILENCE_WITHIN,
    AfterClosing,
    Compared,
    Kept,
    ScoredAgain,
    Shown,
    Standing,
)
from feedback.web.export.tables import CellValue, Kind

LEFT_TO_RIGHT = "\u200e"  # keeps a sign on the side of its number in right-to-left text


DIMENSIONS: Mapping[str, str] = {
    "segment": _("Segment"),
    "stage": _("Stage"),
    "channel": _("Channel"),
    "owner": _("Owner"),
    "language": _("Language"),
}
CHANNELS: Mapping[str, str] = {
    "sms": _("SMS"),
    "email": _("E-mail"),
    "none": _("Anonymous link"),
    "imported": _("Imported"),
}
BUCKETS: Mapping[Bucket, str] = {
    Bucket.WEEK: _("Week"),
    Bucket.MONTH: _("Month"),
    Bucket.QUARTER: _("Quarter"),
}
BANDS: Mapping[str, str] = {
    "detractor": _("Detractors"),
    "passive": _("Passives"),
    "promoter": _("Promoters"),
    "difficult": _("Difficult"),
    "neutral": _("Neutral"),
    "easy": _("Easy"),
    "dissatisfied": _("Dissatisfied"),
    "satisfied": _("Satisfied"),
    "down": _("Thumbs down"),
    "up": _("Thumbs up"),
    "not": _("Not disappointed"),
    "somewhat": _("Somewhat disappointed"),
    "very": _("Very disappointed"),
    "other": _("Other answers"),
    "good": _("Good answers"),
    "lower": _("Lower half of the scale"),
    "upper": _("Upper half of the scale"),
    "not_acceptable": _("Not acceptable"),
    "marginal": _("Marginal"),
    "acceptable": _("Acceptable"),
}
MEASURES: Mapping[str, str] = {
    "promoters": _("Promoters (9-10)"),
    "passives": _("Passives (7-8)"),
    "detractors": _("Detractors (0-6)"),
    "easy": _('Share of "easy"'),
    "satisfied": _("Share of satisfied"),
    "good": _("Good answers"),
    "mean": _("Mean"),
    "sus_predicted": _("Predicted SUS score"),
}
METRICS: Mapping[str, str] = {
    "nps": _("Net Promoter Score"),
    "ces2": _("Customer Effort Score"),
    "ces_item": _("Ease of a task"),
    "csat": _("Customer satisfaction"),
    "stars": _("Star rating"),
    "thumbs": _("Thumbs up or down"),
    "pmf": _("Product-market fit"),
    "sus": _("System Usability Scale"),
    "umux_lite": _("UMUX-Lite"),
    "seq": _("Single Ease Question"),
}
LETTERS: Mapping[str, str] = {
    "nps": "NPS",
    "csat": "CSAT",
    "ces1": "CES",
    "ces2": "CES",
    "ces_item": "CES",
    "pmf": "PMF",
}
PARTS: Mapping[Part, str] = {
    Part.RELATIONSHIP: _("Relationship scores"),
    Part.EXPERIENCE: _("Experience scores"),
    Part.DIRECTION: _("Score trend"),
    Part.VOICE: _("Survey participation"),
    Part.FOLLOW_UPS: _("Follow-up deadlines"),
    Part.USAGE: _("Product usage"),
}
LEVELS: Mapping[Level, str] = {
    Level.GOOD: _("Healthy"),
    Level.FAIR: _("Watch"),
    Level.POOR: _("At risk"),
}

COVERED = _("Hidden to protect anonymity: this group is too small or would reveal one that is.")
NOTHING_KNOWN: Mapping[Part, str] = {
    Part.RELATIONSHIP: _("No relationship survey answered in the last 12 months."),
    Part.EXPERIENCE: _("No experience survey answered in the last 12 months."),
    Part.DIRECTION: _("Nobody answered the same question twice in the last 12 months."),
    Part.VOICE: _("No surveys answered or expired in the last {days} days."),
    Part.USAGE: _("No usage data yet."),
}


def metric_title(say: Translator, metric: Metric) -> str:
    if metric.key in METRICS:
        return say.gettext(METRICS[metric.key])
    several = {"mean_": _("Mean of several questions"), "top_": _("Good answers to several questions")}
    title = next((each for start, each in several.items() if metric.key.startswith(start)), metric.title)
    return say.gettext(title)


def metric_letters(say: Translator, key: str) -> str:
    """The short name of a metric: its abbreviation if it has a common one."""
    named = METRICS_BY_KEY.get(key)
    return LETTERS.get(key) or say.gettext(METRICS.get(key, named.title if named else key))


def in_unit(say: Translator, value: float | None, unit: Unit) -> str:
    """A score: +31, 82 %, 5.62; a dash if there is none."""
    if value is None:
        return "–"
    if unit == "points":
        return signed(say, value, 0)
    return say.percent(value / 100) if unit == "percent" else say.number(value, digits=2)


def signed(say: Translator, value: float, digits: int) -> str:
    """A number with its sign, including plus; a number that is rounded to zero has none."""
    rounded = round(value, digits) + 0.0  # no minus zero
    text = say.number(rounded, digits=digits)
    return text if rounded == 0 else LEFT_TO_RIGHT + ("+" if rounded > 0 else "") + text


def difference(say: Translator, value: float | None, unit: Unit) -> str:
    """A difference with its sign; differences of percentages are in points."""
    return "–" if value is None else signed(say, value, 2 if unit == "mean" else 0)


def points(say: Translator, value: float | None, unit: Unit) -> str:
    """The absolute difference of two scores: 12 points, 0.35."""
    if unit == "mean":
        return say.number(abs(value or 0), digits=2)
    return say.ngettext("{n} point", "{n} points", round(abs(value or 0)))


def between(say: Translator, low: float | None, high: float | None, unit: Unit) -> str:
    """The interval as a range of numbers; empty if it is unknown."""
    if low is None or high is None:
        return ""
    return say.gettext("{low} to {high}", low=in_unit(say, low, unit), high=in_unit(say, high, unit))


def answers(say: Translator, n: int, imported: int = 0) -> str:
    """How many responses there are, and how many of them come from another survey tool."""
    told = say.ngettext("{n} response", "{n} responses", n)
    if not imported:
        return told
    return f"{told} · " + say.ngettext("{n} of them imported", "{n} of them imported", imported)


def best_of_few(shown: Shown, metric: Metric) -> int | None:
    """How many of a few responses are in the best band, where they are too few for a score; None if there is a score,
    none of them, or they are covered."""
    if shown.covered or shown.has_score or not shown.n or several_items(metric.key) is not None:
        return None
    return sum(n for value, n in shown.aggregate.counts.items() if metric.band(value) == metric.bands[-1])


def caution(say: Translator, shown: Shown) -> str:
    """Why a score is hidden or indicative; empty if it is neither."""
    if shown.covered:
        return say.gettext(COVERED)
    if shown.display is Display.HIDDEN:
        return say.gettext("Not enough responses for a score (at least 10 needed).")
    if shown.display is Display.INDICATIVE:
        return say.gettext("Indicative only: fewer than 30 responses.")
    return ""


def change(say: Translator, compared: Compared, metric: Metric, other: Period | None = None) -> str:
    """The change from the previous period, or from `other`; only a significant change is called one."""
    found = compared.change
    if other is not None:
        return _change_against(say, found, metric, span(say, other))
    if found is None:
        return say.gettext("Not enough responses to compare with the previous period.")
    if not found.changed:
        return say.gettext("No real change from the previous period.")
    amount = points(say, found.difference, metric.unit)
    if (found.difference or 0) > 0:
        return say.gettext("Up {amount} from the previous period.", amount=amount)
    return say.gettext("Down {amount} from the previous period.", amount=amount)


def _change_against(say: Translator, found: Comparison | None, metric: Metric, days: str) -> str:
    if found is None:
        return say.gettext("Not enough responses to compare with {days}.", days=days)
    if not found.changed:
        return say.gettext("No real change from {days}.", days=days)
    amount = points(say, found.difference, metric.unit)
    if (found.difference or 0) > 0:
        return say.gettext("Up {amount} from {days}.", amount=amount, days=days)
    return say.gettext("Down {amount} from {days}.", amount=amount, days=days)


def contrast(say: Translator, compared: Compared, metric: Metric, a: str, b: str) -> str:
    """The difference of two groups as a sentence."""
    found = compared.change
    if found is None:
        return say.gettext("Not enough responses to compare {a} with {b}.", a=a, b=b)
    if not found.changed:
        return say.gettext("No real difference between {a} and {b}.", a=a, b=b)
    amount = points(say, found.difference, metric.unit)
    if (found.difference or 0) > 0:
        return say.gettext("{a} is {amount} higher than {b}.", a=a, b=b, amount=amount)
    return say.gettext("{a} is {amount} lower than {b}.", a=a, b=b, amount=amount)


def handled(say: Translator, after: AfterClosing) -> str:
    """The text after the share of customers who are satisfied with the handling, or why there is no share."""
    if after.display is Display.HIDDEN:
        return say.gettext("Not enough responses for a score (at least 10 needed).")
    return say.gettext("are satisfied with how we handled their complaint.")


def scored_again(say: Translator, again: ScoredAgain) -> str:
    """The change in the score of the same people, as a sentence."""
    if again.display is Display.HIDDEN:
        return say.gettext("Not enough repeat responses (at least 10 people needed).")
    if not again.change.changed:
        return say.gettext("No real change.")
    amount = say.number(abs(again.change.difference or 0), digits=1)
    if (again.change.difference or 0) > 0:
        return say.gettext("Up {amount} on average.", amount=amount)
    return say.gettext("Down {amount} on average.", amount=amount)


def few(say: Translator, display: Display) -> str:
    """The note for a number over few answers; empty if none is needed."""
    return say.gettext("Indicative only: fewer than 30 responses.") if display is Display.INDICATIVE else ""


def tone_again(again: ScoredAgain) -> str:
    """good or bad for a significant change of enough people, otherwise empty."""
    if again.display is Display.HIDDEN or not again.change.changed:
        return ""
    return "good" if ((again.change.difference or 0) > 0) != again.metric.high_is_bad else "bad"


def evidence(say: Translator, found: Comparison | None, unit: Unit) -> str:
    """The difference with its interval and p-value."""
    if found is None or found.low is None or found.high is None or found.p_value is None:
        return ""
    small = found.p_value < 0.001
    return say.gettext(
        "Difference {difference} (95% range {low} to {high}; p {p})",
        difference=difference(say, found.difference, unit),
        low=difference(say, found.low, unit),
        high=difference(say, found.high, unit),
        p=("< " if small else "= ") + say.number(max(found.p_value, 0.001), digits=3),
    )


def tone(compared: Compared, metric: Metric) -> str:
    """good or bad for a significant change, otherwise empty."""
    found = compared.change
    if found is None or not found.changed or found.difference is None:
        return ""
    return "good" if (found.difference > 0) != metric.high_is_bad else "bad"


def span(say: Translator, period: Period) -> str:
    """The first and last day of a period."""
    return say.gettext("{first} to {last}", first=say.date(period.start), last=say.date(period.end))


def bucket_label(say: Translator, period: Period, bucket: Bucket) -> str:
    """The axis label of a bucket."""
    if bucket is Bucket.WEEK:
        return say.day_and_month(period.start)
    return say.month(period.start) if bucket is Bucket.MONTH else say.quarter(period.start)


def hours(say: Translator, value: float | None) -> str:
    """A number of hours as text: in hours up to two days, then in days."""
    if value is None:
        return "–"
    if round(value) < 48:
        return say.ngettext("{n} hour", "{n} hours", max(1, round(value)))
    return say.ngettext("{n} day", "{n} days", round(value / 24))


def kept(say: Translator, promise: Kept) -> str:
    if promise.share is None:
        return "–"
    return say.percent(promise.share)


def because(say: Translator, standing: Standing, part: Part) -> str:
    """The basis of a part of an account's health, or why it is unknown."""
    signs, days = standing.signs, SILENCE_WITHIN.days
    if all(share.value is None for share in standing.health.shares if share.part is part):
        return say.gettext(NOTHING_KNOWN[part], days=days)
    told: Mapping[Part, Callable[[], str]] = {
        Part.RELATIONSHIP: lambda: _given(say, signs.about("relationship")),
        Part.EXPERIENCE: lambda: _given(say, signs.about("experience")),
        Part.DIRECTION: lambda: _moved(say, signs.changes),
        Part.VOICE: lambda: say.gettext(
            "{answered} of {n} surveys answered in the last {days} days.",
            answered=signs.answered,
            n=signs.asked,
            days=days,
        ),
        Part.FOLLOW_UPS: lambda: _promised(say, signs.open_tasks, signs.overdue_tasks),
        Part.USAGE: lambda: _used(say, standing.usage),
    }
    return told[part]()


def _given(say: Translator, latest: Mapping[str, Sequence[int]]) -> str:
    """Customer satisfaction 2.8 (1 to 5), 5 answers · Star rating ..."""
    told = []
    for key, values in latest.items():
        metric = METRICS_BY_KEY[key]
        told.append(
            say.gettext(
                "{metric} {mean} ({least} to {most}), {answers}",
                metric=metric_title(say, metric),
                mean=say.number(sum(values) / len(values), digits=1),
                least=metric.minimum,
                most=metric.maximum,
                answers=answers(say, len(values)),
            )
        )
    return " · ".join(told)


def _moved(say: Translator, changes: Sequence[float]) -> str:
    return say.ngettext(
        "{n} answer compared with the same person's previous one: {up} higher, {down} lower.",
        "{n} answers compared with the same person's previous one: {up} higher, {down} lower.",
        len(changes),
        up=sum(change > 0 for change in changes),
        down=sum(change < 0 for change in changes),
    )


def _promised(say: Translator, open_: int, overdue: int) -> str:
    if not open_:
        return say.gettext("No open complaints.")
    return say.ngettext(
        "{n} open complaint, {overdue} overdue.",
        "{n} open complaints, {overdue} overdue.",
        open_,
        overdue=overdue,
    )


def _used(say: Translator, figures: Sequence[Figure]) -> str:
    """Each usage figure with its full-use value; without figures, the account's property is named as the basis."""
    told = [
        figure.name
        + " "
        + say.gettext("{value} of {full}", value=say.number(figure.value), full=say.number(figure.full))
        for figure in figures
    ]
    return say.comma.join(told) or say.gettext("From the account's own data.")


def cell(say: Translator, value: CellValue, kind: Kind, currency: str = "") -> str:
    """The text of a table cell on a page."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return say.date(value)
    if kind in ("points", "mean", "percent"):
        return in_unit(say, float(value), kind)
    in_kind = {
        "difference": lambda: signed(say, float(value), 2),
        "hours": lambda: hours(say, float(value)),
        "money": lambda: say.money(value, currency) if currency else say.number(value, digits=0),
    }
    return in_kind.get(kind, lambda: say.number(value, digits=0))()
