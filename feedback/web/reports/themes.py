"""The page of themes: what comments are about, how that changes, and which scores go with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import request
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback.core.metrics import Display, protected
from feedback.core.themes.frame import UNSORTED, ThemeFrame
from feedback.core.themes.written_words import LANGUAGES
from feedback.core.time.period import Bucket, Period
from feedback.i18n import Translator, _
from feedback.services import reports
from feedback.services.reports import (
    EVERYBODY,
    Comment,
    CommentFilter,
    Group,
    Series,
    StandingOut,
    ThemePoint,
    ThemeReport,
    ThemeScore,
    ThemeShare,
)
from feedback.services.rollups import DIMENSIONS
from feedback.services.themes import frames, labelling
from feedback.services.themes.counting import ALL_COMMENTS
from feedback.web.auth.permissions import Permission, allows, viewer
from feedback.web.export.tables import CellValue, Column, Table
from feedback.web.reports import filters, svg
from feedback.web.reports.contexts import PageContext, Wordings
from feedback.web.reports.filters import ReportFilter
from feedback.web.reports.svg import LineMark, Value
from feedback.web.reports.tables import Names, by_key
from feedback.web.wording import score_wording

if TYPE_CHECKING:
    from feedback.web.reports.views import ReportViews

UNSORTED_TITLE = _("Unsorted")
ALL_TITLE = _("All comments")


@dataclass(frozen=True, kw_only=True)
class ThemesContext(PageContext):
    """`titles` are the names of the themes; `chosen` is the one whose trend is shown. `words` is None for people who do
    not see all accounts; `line_of` draws a trend in a width."""

    asked: ReportFilter
    frame: ThemeFrame
    titles: Mapping[str, str]
    report: ThemeReport
    reading: bool
    chosen: str
    points: Sequence[ThemePoint]
    series: Series | None
    known: Sequence[Series]
    scores: Sequence[ThemeScore]
    happy: Sequence[Comment]
    questions: Wordings
    words: StandingOut | None
    language: str
    languages: Sequence[str]
    group: Group
    groups: Mapping[str, Sequence[tuple[str, str]]]
    line_of: Callable[[float], LineMark]
    change_of: Callable[[ThemeShare], str]
    is_hidden: bool


class ThemeViews:
    def __init__(self, pages: ReportViews) -> None:
        self.pages = pages

    def themes(self, session: Session) -> ThemesContext:
        asked = filters.asked(self.pages.today())
        alone = not allows(Permission.SEE_ALL_ACCOUNTS)
        group = Group("owner", str(current_user.id), is_own=True) if alone else asked.group
        before = asked.other or asked.period.before()
        frame = frames.in_force(session).frame
        names = self.pages.names(session)
        report = reports.theme_report(session, frame, asked.period, before, group)
        titles = titles_of(frame, names.say)
        chosen = _chosen(report)
        history = Period(min(asked.period.start, filters.year_before(asked.period)), asked.period.end)
        points = reports.theme_over_time(session, chosen, history, Bucket.MONTH, group) if chosen else []
        known = reports.scored_series(session, self.pages.library, asked.period)
        series = _series(known)
        scores = reports.theme_scores(session, frame, series, asked.period, group) if series else []
        wanted = self._wanted(asked.period, group)
        happy = reports.contradictions(
            session, self.pages.library, viewer(), wanted, _complaints(frame, scores)
        )
        language = _language(names.say.language)
        words = None if alone else self._words(session, wanted, before, language)
        shown = [
            shares_table(names, titles, report),
            trend_table(names, titles.get(chosen, chosen), points),
            *([scores_table(names, titles, series, scores)] if series else []),
            *([words_table(names, words)] if words and words.more is not None else []),
        ]
        return ThemesContext(
            asked=asked,
            frame=frame,
            titles=titles,
            report=report,
            reading=labelling.waiting(session),
            chosen=chosen,
            points=points,
            series=series,
            known=known,
            scores=scores,
            happy=happy,
            questions=self.pages.wordings(happy),
            words=words,
            language=language,
            languages=LANGUAGES,
            group=group,
            groups={} if alone else self._groups(session, asked.period, names),
            line_of=lambda width: theme_line(names, points, width),
            change_of=lambda each: change_in_words(names.say, each),
            is_hidden=report.display is Display.HIDDEN,
            tables=by_key(shown),
            names=names,
        )

    def _wanted(self, period: Period, group: Group) -> CommentFilter:
        of_group: dict[str, str | int] = {}
        if group != EVERYBODY and not group.is_own:
            owner = group.dimension == "owner"
            of_group = {group.dimension: int(group.key or 0) if owner else group.key}
        return CommentFilter(period, **of_group)  # type: ignore[arg-type]

    def _words(self, session: Session, wanted: CommentFilter, before: Period, language: str) -> StandingOut:
        return reports.words_that_stand_out(
            session, self.pages.library, viewer(), wanted, _of(wanted, before), language
        )

    def _groups(self, session: Session, period: Period, names: Names) -> dict[str, Sequence[tuple[str, str]]]:
        """Dimension -> (key, name) of the groups that can be selected."""
        sizes = {each: reports.theme_sizes(session, period, each) for each in DIMENSIONS}
        return {
            dimension: [
                (key, names.group(Group(dimension, key)))
                for key in sorted(found)
                if key and key not in protected(found)
            ]
            for dimension, found in sizes.items()
        }


def _of(wanted: CommentFilter, period: Period) -> CommentFilter:
    return replace(wanted, period=period)


def _chosen(report: ThemeReport) -> str:
    """The theme of the address, or the most frequent one."""
    given = request.args.get("theme", "")
    themes = [each.theme for each in report.shares]
    return given if given in themes else next(iter(themes), "")


def _series(known: Sequence[Series]) -> Series | None:
    trend, _slash, question = request.args.get("series", "").partition("/")
    found = (each for each in known if (each.trend, each.question) == (trend, question))
    return next(found, next(iter(known), None))


def _language(usual: str) -> str:
    given = request.args.get("words-in", "")
    return given if given in LANGUAGES else usual


def _complaints(frame: ThemeFrame, scores: Sequence[ThemeScore]) -> list[str]:
    """The themes whose score is lower than that of all comments; without scores, those that name something."""
    total = next((each for each in scores if each.theme == ALL_COMMENTS and each.shown.has_score), None)
    if total is not None and total.shown.aggregate.value is not None:
        usual = total.shown.aggregate.value
        lower = [
            each.theme
            for each in scores
            if each.theme not in (ALL_COMMENTS, UNSORTED)
            and each.shown.has_score
            and (each.shown.aggregate.value or 0) < usual
        ]
        if lower:
            return lower
    return [each.key for each in frame.themes if not each.alone]


def titles_of(frame: ThemeFrame, say: Translator) -> dict[str, str]:
    """Key -> name in the reader's language, also of "unsorted" and of all comments."""
    found = {each.key: each.title(say.language) for each in frame.themes}
    return {**found, UNSORTED: say.gettext(UNSORTED_TITLE), ALL_COMMENTS: say.gettext(ALL_TITLE)}


def change_in_words(say: Translator, each: ThemeShare) -> str:
    """Whether the share has changed since the previous period; empty if that is not certain."""
    change = each.share.change
    if each.covered or change is None or change.low <= 0 <= change.high:
        return ""
    points = 100 * (each.share.share - each.share.n_before / each.share.base_before)
    more = say.gettext(_("up {points} points"), points=say.number(round(abs(points))))
    less = say.gettext(_("down {points} points"), points=say.number(round(abs(points))))
    return more if points > 0 else less


def theme_line(names: Names, points: Sequence[ThemePoint], width: float) -> LineMark:
    """The share over time; a month with too few comments is a gap."""
    values = [_value(names, each) for each in points]
    scale = svg.scale_for(values, 0, 100)
    rtl = names.say.direction == "rtl"
    return svg.line(values, scale, lambda value: names.say.percent(value / 100), rtl=rtl, width=width)


def _value(names: Names, point: ThemePoint) -> Value:
    label = score_wording.bucket_label(names.say, point.period, Bucket.MONTH)
    if point.share is None:
        return Value(label, None)
    interval = point.share.interval
    low, value, high = (100 * each for each in (interval.low, point.share.share, interval.high))
    words = f"{label}: {names.say.percent(point.share.share)}, {score_wording.answers(names.say, point.n)}"
    return Value(label, value, low, high, words)


def shares_table(names: Names, titles: Mapping[str, str], report: ThemeReport) -> Table:
    """A row for each theme; one that is covered has no numbers."""
    heads = (
        Column(names._("Theme")),
        Column(names._("Comments"), "count"),
        Column(names._("Base"), "count"),
        *_share_heads(names),
    )
    rows: list[Sequence[CellValue]] = []
    for each in report.shares:
        title = titles.get(each.theme, each.theme)
        if each.covered:
            rows.append((title, None, each.share.base, None, None, None))
        else:
            rows.append((title, each.share.n, each.share.base, *_share_cells(each.share, report.display)))
    return Table("themes", names._("Themes"), heads, rows)


def trend_table(names: Names, title: str, points: Sequence[ThemePoint]) -> Table:
    heads = (Column(names._("Month")), Column(names._("Base"), "count"), *_share_heads(names))
    rows: list[Sequence[CellValue]] = [
        (
            score_wording.bucket_label(names.say, each.period, Bucket.MONTH),
            each.n or None,
            *(_share_cells(each.share, Display.SHOWN) if each.share else (None,) * 3),
        )
        for each in points
    ]
    return Table("trend", title, heads, rows)


def scores_table(
    names: Names, titles: Mapping[str, str], series: Series, scores: Sequence[ThemeScore]
) -> Table:
    unit = series.metric.unit
    heads = (
        Column(names._("Theme")),
        Column(names._("Responses"), "count"),
        *(Column(names._(each), unit) for each in (_("Score"), _("Low"), _("High"))),
    )
    rows: list[Sequence[CellValue]] = []
    for each in scores:
        found, shown = each.shown.aggregate, each.shown
        numbers = (found.value, found.low, found.high) if shown.has_score else (None,) * 3
        rows.append((titles.get(each.theme, each.theme), None if shown.covered else shown.n, *numbers))
    return Table("scores", names._("Score by theme"), heads, rows)


def words_table(names: Names, words: StandingOut) -> Table:
    heads = (
        Column(names._("Word")),
        Column(names._("Comments now"), "count"),
        Column(names._("Comments before"), "count"),
    )
    found = [*(words.more or ()), *(words.less or ())]
    rows: list[Sequence[CellValue]] = [(each.word, each.n_a, each.n_b) for each in found]
    return Table("words", names._("Words that stand out"), heads, rows)


def _share_heads(names: Names) -> tuple[Column, ...]:
    return tuple(Column(names._(each), "percent") for each in (_("Share"), _("Low"), _("High")))


def _share_cells(share: reports.ChosenShare, shown: Display) -> tuple[CellValue, ...]:
    if shown is Display.HIDDEN:
        return None, None, None
    interval = share.interval
    return 100 * share.share, 100 * interval.low, 100 * interval.high
