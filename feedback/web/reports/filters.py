"""Parses the filters in the address of an insight page: period, buckets, group.

Addresses can be outdated or typed by hand, so invalid values are replaced by defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any

from flask import request

from feedback.core.time.period import Bucket, Period, months_later, quarter_of
from feedback.i18n import _
from feedback.services.exports import ExportRequest
from feedback.services.reports import EVERYBODY, CommentFilter, Group, ResponseSelection, Series, Survey
from feedback.services.rollups import DIMENSIONS
from feedback.web.http.numbers import day, whole

PERIODS: Mapping[str, str] = {
    "30": _("30 days"),
    "90": _("90 days"),
    "quarter": _("This quarter"),
    "last-quarter": _("Last quarter"),
    "year": _("12 months"),
}
DEFAULT_PERIOD = "90"
AGAINST = ("against", "vs-from", "vs-to")
MOODS: Mapping[str, str] = {"bad": _("Low scores"), "middle": _("Medium scores"), "good": _("High scores")}
FOLLOWED: Mapping[str, str] = {
    "any": _("With a follow-up"),
    "open": _("Follow-up open"),
    "closed": _("Follow-up closed"),
    "none": _("Without a follow-up"),
}


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """The filters of all pages. `other` is the period to compare with, if it is not the previous one.

    `complaint` says what is wrong with the dates in the address; it is empty if they are used.
    """

    period: Period
    other: Period | None
    preset: str
    bucket: Bucket
    group: Group
    complaint: str = ""


def asked(today: date) -> ReportFilter:
    """Parse the filters; `today` is the date in the organisation's time zone."""
    preset = request.args.get("period", "")
    preset = preset if preset in PERIODS else DEFAULT_PERIOD
    given = _dates()
    period = given or preset_days(preset, today)
    group = group_of(request.args.get("group", ""))
    usual = "" if given else preset
    return ReportFilter(
        period, other(period), usual, step(period), group or EVERYBODY, _complaint(given, today)
    )


def _complaint(given: Period | None, today: date) -> str:
    if given is not None:
        return _("This period is in the future, so there are no answers yet.") if given.start > today else ""
    if not (request.args.get("from") or request.args.get("to")):
        return ""
    return _("Choose a first day that is not after the last day. The dates you entered are not used.")


def other(period: Period) -> Period | None:
    """The period to compare with: any two dates, or `against=year`.

    None means the previous period; it is also used if the two periods overlap.
    """
    found = _dates("vs-from", "vs-to")
    if found is None and request.args.get("against") == "year":
        found = period.year_before()
    return None if found is None or found.overlaps(period) else found


def step(period: Period) -> Bucket:
    wanted = request.args.get("by", "")
    return Bucket(wanted) if wanted in set(Bucket) and period.days < 1200 else period.best_bucket()


def _dates(first: str = "from", last: str = "to") -> Period | None:
    """The period of the fields from and to; None if they are missing or not a valid period."""
    try:
        return Period(_day(first), _day(last))
    except ValueError:
        return None


def _day(name: str) -> date:
    """The date of a field. Raises ValueError."""
    return day(request.args.get(name, ""))


def preset_days(name: str, today: date) -> Period:
    """The days of one of PERIODS."""
    if name == "quarter":
        return Period(quarter_of(today).start, today)
    if name == "last-quarter":
        return quarter_of(quarter_of(today).start - timedelta(days=1))
    if name == "year":
        return Period(year_before(Period(today, today)), today)
    return Period(today - timedelta(days=int(name) - 1), today)


def year_before(period: Period) -> date:
    """The first day of the twelve months up to the end of a period."""
    return months_later(period.end.replace(day=1), -11)


def quarter(today: date) -> Period:
    """The quarter of the date in `?of=2026-01-01`; without it, the last completed quarter."""
    try:
        return quarter_of(_day("of"))
    except ValueError:
        return quarter_of(quarter_of(today).start - timedelta(days=1))


def kept() -> dict[str, str | None]:
    """The period's query parameters of the address, for links to other pages with the same period."""
    return {name: request.args.get(name) for name in ("period", "from", "to", *AGAINST)}


def group_of(text: str) -> Group | None:
    """Parse `segment:vip` as a group; None if it is not valid."""
    dimension, colon, key = text.partition(":")
    return Group(dimension, key) if colon and dimension in DIMENSIONS else None


def survey_of(known: Sequence[Survey]) -> Survey | None:
    """The survey in the address; None for all, and for one that does not exist."""
    trend = request.args.get("survey", "")
    return next((each for each in known if each.trend == trend), None)


def wanted_responses(period: Period, survey: Survey | None, zone: tzinfo) -> ResponseSelection:
    """The filters of the list of responses; an empty field means any. `zone` is that of the period's days."""
    first, after = period.moments(zone)
    names = ("segment", "stage", "channel", "language")
    given: dict[str, Any] = {name: request.args.get(name) or None for name in names}
    questionnaires = survey.questionnaires if survey else None
    return ResponseSelection(first, after, questionnaires=questionnaires, **given)


def wanted_export(period: Period, zone: tzinfo, language: str) -> ExportRequest:
    """The filters of the list of responses as those of a file. `language` is that of its labels."""
    first, after = period.moments(zone)
    args = request.args
    names = {"segment": "segment", "stage": "stage", "channel": "channel", "answered_in": "language"}
    given: dict[str, Any] = {name: args.get(field) or None for name, field in names.items()}
    return ExportRequest(args.get("survey", ""), language=language, since=first, until=after, **given)


def wanted_comments(period: Period, known: Sequence[Series]) -> CommentFilter:
    """The comment filters of the form; an empty field means any."""
    names = ("segment", "stage", "channel", "language")
    given: dict[str, Any] = {name: request.args.get(name) or None for name in names}
    trend, _slash, question = request.args.get("series", "").partition("/")
    series = next((each for each in known if (each.trend, each.question) == (trend, question)), None)
    band, follow_up = request.args.get("band", ""), request.args.get("follow-up", "")
    bands = (*MOODS, *(series.metric.bands if series else ()))
    return CommentFilter(
        period,
        series,
        band=band if band in bands else None,
        owner=request.args.get("owner", type=whole),
        follow_up=follow_up if follow_up in FOLLOWED else None,
        words=request.args.get("words", "").strip(),
        **given,
    )
