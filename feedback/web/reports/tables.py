"""The tables of the insight pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from feedback.core.metrics import METRICS, Display, Metric
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.i18n import Translator, language_name
from feedback.services.reports import (
    AccountPage,
    AfterClosing,
    Cell,
    ClosedLoop,
    Comment,
    Compared,
    Glance,
    Group,
    Pace,
    Rates,
    ScoredAgain,
    Series,
    Shown,
    Standing,
    TrendPoint,
)
from feedback.store.models import Account
from feedback.web.export.tables import CellValue, Column, Kind, Table
from feedback.web.themes.tags import ThemeTag
from feedback.web.wording import followup_wording, score_wording


@dataclass(frozen=True, slots=True)
class Names:
    """The names of things in the reader's language, and the time `zone` of days.

    `people` has the user's id as text as its key.
    """

    say: Translator
    currency: str
    people: Mapping[str, str]
    stages: Mapping[str, str]
    zone: tzinfo

    def _(self, message: str) -> str:
        return self.say.gettext(message)

    def group(self, group: Group) -> str:
        """The name of a group; an empty key means answers without a value in the dimension."""
        if not group.key:
            return self._("none")
        return {
            "segment": self.segment,
            "stage": self.stage,
            "channel": self.channel,
            "owner": self.person,
            "language": language_name,
        }.get(group.dimension, str)(group.key)

    def segment(self, key: str) -> str:
        return followup_wording.in_words(self.say, followup_wording.SEGMENT_NAMES, key)

    def stage(self, key: str) -> str:
        return self.stages.get(key, key)

    def channel(self, key: str) -> str:
        return self._(score_wording.CHANNELS.get(key, key))

    def person(self, key: str) -> str:
        return self.people.get(key, self._("former teammate"))

    def band(self, key: str) -> str:
        return self._(score_wording.BANDS.get(key, key))

    def metric(self, metric: Metric) -> str:
        return score_wording.metric_title(self.say, metric)


def by_key(tables: Sequence[Table]) -> dict[str, Table]:
    """The tables of a page by the names for export."""
    return {table.key: table for table in tables}


# --- Scores ------------------------------------------------------------------------------------------


def overview(names: Names, glances: Sequence[Glance]) -> list[Table]:
    _ = names._
    heads = (Column(_("Survey")), Column(_("Metric")), Column(_("Score"), "mean"), Column(_("Low"), "mean"))
    more = (Column(_("High"), "mean"), Column(_("Responses"), "count"), Column(_("Response rate"), "percent"))
    rows = [
        (
            each.series.title.to(names.say.language),
            names.metric(each.series.metric),
            *_score_cells(each.compared.a),
            None if each.rate is None or each.rate.share is None else 100 * each.rate.share,
        )
        for each in glances
    ]
    return [Table("scores", _("Scores"), (*heads, *more), rows)]


def score(names: Names, metric: Metric, compared: Compared, other: Period | None = None) -> Table:
    """The score, its details, and the previous period or the `other` one."""
    _ = names._
    unit = metric.unit
    rows: list[tuple[CellValue, ...]] = [(names.metric(metric), *_score_cells(compared.a))]
    if compared.a.has_score:
        for each in compared.a.aggregate.secondary:
            title = _(score_wording.MEASURES.get(each.key, each.title))
            rows.append((title, each.value, each.low, each.high, compared.a.n))
    before = score_wording.span(names.say, other) if other else _("Previous period")
    rows.append((before, *_score_cells(compared.b)))
    heads = [Column(_("Measure")), *_score_heads(names, unit)]
    return Table("score", _("Score"), heads, rows)


def trend(names: Names, metric: Metric, points: Sequence[TrendPoint], *, of: Series | None = None) -> Table:
    """The score per bucket; `of` names the table by its series if a page has several."""
    _ = names._
    heads = [Column(_("From"), "date"), Column(_("To"), "date"), *_score_heads(names, metric.unit)]
    rows = [(each.period.start, each.period.end, *_score_cells(each.shown)) for each in points]
    if of is None:
        return Table("trend", _("Trend"), heads, rows)
    return Table(f"trend-{of.trend}-{of.question}", of.title.to(names.say.language), heads, rows)


def distribution(names: Names, metric: Metric, shown: Shown) -> Table:
    _ = names._
    kind: Kind = "count" if metric.reported(1) - metric.reported(0) == 1 else "mean"
    heads = (Column(_("Value"), kind), Column(_("Score group")), Column(_("Responses"), "count"))
    rows = [
        (_reported(metric, value), names.band(metric.band(value)), n, 100 * n / shown.n)
        for value, n in shown.aggregate.counts.items()
    ]
    return Table("distribution", _("Distribution"), (*heads, Column(_("Share"), "percent")), rows)


def breakdown(names: Names, metric: Metric, dimension: str, cells: Sequence[Cell]) -> Table:
    _ = names._
    title = _(score_wording.DIMENSIONS[dimension])
    rows = [(names.group(each.group), *_score_cells(each.shown)) for each in cells]
    return Table(f"by-{dimension}", title, [Column(title), *_score_heads(names, metric.unit)], rows)


def rates(names: Names, found: Rates) -> Table:
    """Response rates by stage and channel, with the total in the last row."""
    _ = names._
    counts = (Column(_("Sent"), "count"), Column(_("Answered"), "count"), Column(_("Rate"), "percent"))
    heads = (Column(_("Stage")), Column(_("Channel")), *counts)
    tail = (Column(_("Low"), "percent"), Column(_("High"), "percent"))
    rows = [
        (names.stage(stage), names.channel(channel), *_rate_cells(found, stage, channel))
        for stage, channel in sorted(found.cells)
    ]
    rows.append((_("All"), _("All"), *_rate_cells(found)))
    return Table("rates", _("Response rate"), (*heads, *tail), rows)


def _rate_cells(found: Rates, stage: str | None = None, channel: str | None = None) -> tuple[CellValue, ...]:
    rate = found.rate_for(stage=stage, channel=channel)
    if rate.share is None or rate.interval is None:
        return (rate.sent, rate.answered, None, None, None)
    return (rate.sent, rate.answered, 100 * rate.share, 100 * rate.interval.low, 100 * rate.interval.high)


def _score_heads(names: Names, unit: Kind) -> list[Column]:
    _ = names._
    score = [Column(_("Score"), unit), Column(_("Low"), unit), Column(_("High"), unit)]
    return [*score, Column(_("Responses"), "count")]


def _score_cells(shown: Shown) -> tuple[CellValue, ...]:
    """Score, interval and n, each only if it may be shown."""
    if not shown.has_score:
        return (None, None, None, None if shown.covered else shown.n)
    found = shown.aggregate
    return (found.value, found.low, found.high, found.n)


# --- Comments, loop, accounts ------------------------------------------------------------------------


def comments(names: Names, found: Sequence[Comment], themes: Mapping[int, Sequence[ThemeTag]]) -> Table:
    _ = names._
    heads = (Column(_("Day"), "date"), Column(_("Score"), "count"), Column(_("Comment"), "words"))
    more = (Column(_("Account")), Column(_("Contact")), Column(_("Segment")), Column(_("Stage")))
    rows = [
        (
            day_of(each.at, names.zone),
            each.value,
            each.text,
            each.account,
            each.contact,
            each.segment,
            names.stage(each.stage or ""),
            names.channel(each.channel),
            language_name(each.language),
            names.say.comma.join(tag.title for tag in themes.get(each.answer_id, ())),
        )
        for each in found
    ]
    columns = (*heads, *more, Column(_("Channel")), Column(_("Language")), Column(_("Themes")))
    return Table("comments", _("Comments"), columns, rows)


def loop(names: Names, found: ClosedLoop) -> list[Table]:
    _ = names._
    urgencies = {_(followup_wording.URGENCIES.get(key, key)): pace for key, pace in found.by_urgency.items()}
    owners = {
        _("unassigned") if key is None else names.person(str(key)): pace
        for key, pace in found.by_owner.items()
    }
    closed = found.everything.closed
    outcomes = [
        (_(followup_wording.OUTCOMES[key]) if key in followup_wording.OUTCOMES else key, n, 100 * n / closed)
        for key, n in found.outcomes.items()
    ]
    causes = [
        (
            each.title.get(names.say.language) or each.title.get("en") or _("no root cause given"),
            each.n,
            100 * each.n / closed,
        )
        for each in found.causes
    ]
    money = [(currency, float(amount)) for currency, amount in found.recovered.items()]
    count, share = Column(_("Follow-ups"), "count"), Column(_("Share"), "percent")
    return [
        _paces(names, "all", _("All follow-ups"), {_("All"): found.everything}),
        _paces(names, "urgency", _("Urgency"), urgencies),
        _paces(names, "owner", _("Owner"), owners),
        Table("outcomes", _("Outcomes"), (Column(_("Outcome")), count, share), outcomes),
        Table("causes", _("Root causes"), (Column(_("Root cause")), count, share), causes),
        Table(
            "recovered",
            _("Recovered MRR"),
            (Column(_("Currency")), Column(_("Amount"), "money")),
            money,
        ),
    ]


def afterwards(
    names: Names, after: AfterClosing, again: Sequence[ScoredAgain], titles: Mapping[str, str]
) -> list[Table]:
    """The answers of customers after their complaint was closed; `titles` are by trend."""
    _ = names._
    n, low, high = Column(_("Responses"), "count"), Column(_("Low"), "percent"), Column(_("High"), "percent")
    heads = (Column(_("Closed successfully"), "count"), Column(_("Surveyed"), "count"), n)
    handled = (after.closed, after.asked, after.answered, *_share_cells(after))
    changes = [
        (titles.get(each.trend, each.trend), names.metric(each.metric), each.n, *_change_cells(each))
        for each in again
    ]
    means = (Column(_("Score before"), "mean"), Column(_("Score after"), "mean"))
    difference = (
        Column(_("Change"), "difference"),
        Column(_("Low"), "difference"),
        Column(_("High"), "difference"),
    )
    return [
        Table(
            "handled",
            _("How we handled it"),
            (*heads, Column(_("Satisfied"), "percent"), low, high),
            [handled] if after.closed else [],
        ),
        Table(
            "again",
            _("Same question, asked again"),
            (Column(_("Survey")), Column(_("Metric")), Column(_("Contacts"), "count"), *means, *difference),
            changes,
        ),
    ]


def _share_cells(after: AfterClosing) -> tuple[CellValue, ...]:
    if after.display is Display.HIDDEN or after.share is None or after.interval is None:
        return (None, None, None)
    return (100 * after.share, 100 * after.interval.low, 100 * after.interval.high)


def _change_cells(again: ScoredAgain) -> tuple[CellValue, ...]:
    if again.display is Display.HIDDEN:
        return (None, None, None, None, None)
    found = again.change
    return (again.before, again.after, found.difference, found.low, found.high)


def _paces(names: Names, key: str, title: str, found: Mapping[str, Pace]) -> Table:
    _ = names._
    heads = [Column(title), Column(_("Opened"), "count"), Column(_("Closed"), "count")]
    heads += [Column(_("Overdue"), "count"), Column(_("Time to first contact (median)"), "hours")]
    heads += [Column(_("Contacted in time"), "percent"), Column(_("Time to close (median)"), "hours")]
    rows = [
        (
            name,
            pace.opened,
            pace.closed,
            pace.overdue,
            pace.hours_to_contact,
            _percent(pace.contact_in_time.share),
            pace.hours_to_close,
            _percent(pace.close_in_time.share),
        )
        for name, pace in found.items()
    ]
    return Table(key, title, [*heads, Column(_("Closed in time"), "percent")], rows)


def accounts(names: Names, found: Sequence[Standing]) -> Table:
    _ = names._
    heads = (Column(_("Account")), Column(_("Owner")), Column(_("Segment")), Column(_("Renewal"), "date"))
    more = (
        Column(_("MRR"), "money"),
        Column(_("Currency")),
        Column(_("Health"), "count"),
        Column(_("Open follow-ups"), "count"),
    )
    rows = [
        (
            each.account.name,
            each.account.owner.name if each.account.owner else None,
            each.account.segment,
            each.account.renewal_on,
            *_money_cells(each.account, names.currency),
            None if each.health.value is None else round(each.health.value),
            each.signs.open_tasks,
        )
        for each in found
    ]
    return Table("accounts", _("Accounts"), (*heads, *more), rows)


def _money_cells(account: Account, currency: str) -> tuple[CellValue, ...]:
    """An account's monthly revenue and its currency."""
    if account.recurring_revenue is None:
        return (None, None)
    return (float(account.recurring_revenue), account.currency or currency)


def account(names: Names, page: AccountPage, titles: Mapping[str, str]) -> list[Table]:
    """`titles` are by trend."""
    _ = names._
    scores = [
        (
            day_of(each.at, names.zone),
            each.contact,
            titles.get(each.trend, each.trend),
            _reported(METRICS[each.metric], each.value),
            names.band(each.band or ""),
        )
        for each in page.scores
    ]
    parts = [
        (
            _(score_wording.PARTS[each.part]),
            each.value,
            each.weight,
            each.points,
            score_wording.because(names.say, page.standing, each.part),
        )
        for each in page.standing.health.shares
    ]
    heads = (Column(_("Day"), "date"), Column(_("Contact")), Column(_("Survey")), Column(_("Score"), "count"))
    health = (
        Column(_("Component")),
        Column(_("Value"), "percent"),
        Column(_("Weight"), "percent"),
        Column(_("Contribution"), "percent"),
        Column(_("Based on"), "words"),
    )
    return [
        Table("scores", _("Scores"), (*heads, Column(_("Score group"))), scores),
        Table("health", _("Health"), health, parts),
    ]


def _reported(metric: Metric, value: int) -> int | float:
    """A score as it is reported, whole where it can be."""
    found = round(metric.reported(value), 2)
    return int(found) if found == int(found) else found


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
