"""The report as lines of plain text, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy.orm import Session

from feedback.core.metrics import Comparison, Display, Metric
from feedback.core.metrics.base import Unit
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.reports.comments import CommentFilter, comments
from feedback.services.reports.rates import Rates, response_rates
from feedback.services.reports.scores import Compared, Shown, compare_periods
from feedback.services.reports.series import Series, all_series, find_series
from feedback.store.database import zone_of

WIDTH = 40  # length of the longest bar in characters
LAST_COMMENTS = 5
EVERYTHING = Viewer(user_id=0, sees_all=True)


def text_report(
    session: Session, library: Library, first: date, last: date, *, trend: str | None = None
) -> list[str]:
    """The report of each series: score with interval, change, distribution, response rates, last comments.

    Raises NotFound for an unknown trend, ValueError if `last` is before `first`.
    """
    period = Period(first, last)
    known = all_series(session, library)
    if trend is not None:
        find_series(known, trend)
        known = [each for each in known if each.trend == trend]
    lines = [f"{first} to {last}"]
    for series in known:
        lines += ["", *_series(session, library, series, period)]
    return lines


def _series(session: Session, library: Library, series: Series, period: Period) -> Iterator[str]:
    compared = compare_periods(session, series, period, period.before())
    yield f"{series.title.to('en')}: {series.metric.title} ({series.trend}/{series.question})"
    yield f"  {score_in_words(compared.a, series)}"
    yield f"  {change_in_words(compared, series)}"
    if compared.a.has_score:
        yield from _distribution(compared.a, series.metric)
    yield from _rates(response_rates(session, period, series.questionnaires))
    yield from _comments(session, library, series, period)


def score_in_words(shown: Shown, series: Series) -> str:
    """The score with its interval and number of answers, or the reason why there is none."""
    if not shown.has_score:
        return f"{shown.n} answers: too few for a score (10 are needed)"
    found = shown.aggregate
    unit = series.metric.unit
    text = number(found.value, unit)
    if found.low is not None and found.high is not None:
        text += f"  (95 % between {number(found.low, unit)} and {number(found.high, unit)})"
    text += f"  from {found.n} answers"
    text += f", {shown.imported} of them imported" if shown.imported else ""
    return text + ("  [indicative: fewer than 30]" if shown.display is Display.INDICATIVE else "")


def change_in_words(compared: Compared, series: Series) -> str:
    """The change from the previous period, or why none can be stated."""
    change = compared.change
    if change is None:
        return f"No comparison with the previous period ({compared.b.n} answers)"
    if not change.changed:
        return f"No significant change: {_difference(change, series.metric.unit)}"
    return f"Changed by {_difference(change, series.metric.unit)}, p = {change.p_value:.3f}"


def number(value: float | None, unit: Unit) -> str:
    """A score in its unit: +31, 82 %, 5.62."""
    if value is None:
        return "unknown"
    if unit == "points":
        return _signed(value, 0)
    return (
        f"{_without_minus_zero(value, 0):.0f} %"
        if unit == "percent"
        else f"{_without_minus_zero(value, 2):.2f}"
    )


def _signed(value: float, digits: int) -> str:
    """A number with its sign, including plus; a number that is rounded to zero has none."""
    rounded = _without_minus_zero(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{rounded:.{digits}f}"


def _without_minus_zero(value: float, digits: int) -> float:
    return round(value, digits) + 0.0


def _difference(change: Comparison, unit: Unit) -> str:
    digits = 2 if unit == "mean" else 0
    if change.difference is None or change.low is None or change.high is None:
        return "the spread is unknown"
    between = f"{_signed(change.low, digits)} and {_signed(change.high, digits)}"
    return f"{_signed(change.difference, digits)} (95 % between {between})"


def _distribution(shown: Shown, metric: Metric) -> Iterator[str]:
    most = max(shown.aggregate.counts.values())
    _, percents = shown.percents(metric)
    for value, n in sorted(shown.aggregate.counts.items(), reverse=True):
        yield f"  {value:>4}  {'█' * round(WIDTH * n / most):<{WIDTH}} {n:>6} {percents[value]:>4} %"


def _rates(rates: Rates) -> Iterator[str]:
    if not rates.cells:
        return
    rows = [("Response rate", "sent", "answered", "rate")]
    rows += [
        _rate_row(f"{stage}, {channel}", rates, stage, channel) for stage, channel in sorted(rates.cells)
    ]
    yield from _table([*rows, _rate_row("all", rates)])


def _rate_row(name: str, rates: Rates, stage: str | None = None, channel: str | None = None) -> Row:
    rate = rates.rate_for(stage=stage, channel=channel)
    share = "too few" if rate.share is None else f"{100 * rate.share:.0f} %"
    return (name, str(rate.sent), str(rate.answered), share)


Row = tuple[str, str, str, str]


def _table(rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        right = "  ".join(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
        yield f"  {name.ljust(widths[0])}  {right}"


def _comments(session: Session, library: Library, series: Series, period: Period) -> Iterator[str]:
    found = comments(session, library, EVERYTHING, CommentFilter(period, series), limit=LAST_COMMENTS)
    if found:
        yield "  Last comments"
    for each in found:
        words = " ".join(each.text.split())
        score = "" if each.value is None else f"{each.value}: "
        yield f"    {day_of(each.at, zone_of(session))}  {score}{words if len(words) <= 90 else words[:89] + '…'}"
