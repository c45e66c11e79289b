"""The results of a question as a card: bars in the order of its options, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from feedback.core.metrics import Display
from feedback.core.questions import (
    ChoiceQuestion,
    ConsentQuestion,
    MatrixQuestion,
    NumberQuestion,
    Question,
    RankingQuestion,
    ScaleQuestion,
)
from feedback.core.questions.day import DateQuestion
from feedback.i18n import _
from feedback.services.reports import AskedQuestion, ChosenShare, Distribution, QuestionResult
from feedback.web.export.tables import CellValue, Column, Table
from feedback.web.reports.tables import Names
from feedback.web.wording import answer_wording, score_wording

MOST_BARS = 12
"""More numbers than this are grouped."""
FULL = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: `width` is from 0 to 100; `share` and `range_` are empty where there are too few answers."""

    label: str
    n: int
    width: float
    share: str = ""
    range_: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The bars of a question, or of one row of a matrix. `summary` are sentences: the mean, the median ..."""

    title: str
    base: int
    bars: Sequence[Bar]
    summary: Sequence[str] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class ResultCard:
    """One question; `aside` are those who gave no answer, as (in words, how many)."""

    key: str
    title: str
    result: QuestionResult
    sections: Sequence[BarGroup]
    aside: Sequence[tuple[str, int]]
    several: bool
    is_text: bool
    has_options: bool


def card(names: Names, result: QuestionResult) -> ResultCard:
    question = result.question
    hidden = result.covered or question.metric is not None
    return ResultCard(
        key=question.key,
        title=question.text.to(names.say.language),
        result=result,
        sections=() if hidden else [each for each in _sections(names, result) if each.bars],
        aside=[] if result.covered else list(_aside(names, result)),
        several=getattr(question, "multiple", False) and not isinstance(question, RankingQuestion),
        is_text=question.widget == "text",
        has_options=has_options(question),
    )


def has_options(question: Question) -> bool:
    """Whether groups can be compared option by option."""
    kinds = ScaleQuestion | MatrixQuestion | ChoiceQuestion | ConsentQuestion
    return question.metric is None and isinstance(question, kinds)


def table(names: Names, found: Sequence[QuestionResult]) -> Table:
    """All results as one table: a row for each value."""
    heads = (
        Column(names._("Question")),
        Column(names._("Row or option")),
        Column(names._("Answer")),
        Column(names._("Responses"), "count"),
        Column(names._("Base"), "count"),
        Column(names._("Share"), "percent"),
        Column(names._("Low"), "percent"),
        Column(names._("High"), "percent"),
    )
    rows = [row for each in found if not each.covered for row in _rows(names, each)]
    return Table("results", names._("Results"), heads, rows)


def side_by_side(names: Names, asked: AskedQuestion, columns: Sequence[tuple[str, QuestionResult]]) -> Table:
    """The shares of each group in a column of its own; protected groups and groups of fewer than 10 have none.

    `columns` are (name of the group, its results).
    """
    shown = [(name, each) for name, each in columns if each.display is not Display.HIDDEN]
    titles = [f"{name} (n = {names.say.number(each.n)})" for name, each in shown]
    rows: list[Sequence[CellValue]] = []
    for item in _items(QuestionResult(asked, {}, {})):
        found = [each.shares(item) for _name, each in shown]
        for value in dict.fromkeys(value for shares in found for value in shares):
            label = _label(names, QuestionResult(asked, {}, {}), value)
            label = f"{_item(names, asked.question, item)}: {label}" if item else label
            cells = [100 * shares[value].share if value in shares else None for shares in found]
            rows.append((label, *cells))
    heads = [Column(names._("Answer")), *(Column(title, "percent") for title in titles)]
    return Table("across", asked.question.text.to(names.say.language), heads, rows)


def _rows(names: Names, result: QuestionResult) -> Iterator[Sequence[CellValue]]:
    question, language = result.question, names.say.language
    title = question.text.to(language)
    if question.metric is None:
        for item in _items(result):
            for value, share in result.shares(item).items():
                interval = share.interval
                shown = result.display is not Display.HIDDEN
                numbers = [
                    100 * each if shown else None for each in (share.share, interval.low, interval.high)
                ]
                label = _label(names, result, value)
                yield (title, _item(names, question, item), label, share.n, share.base, *numbers)
    for words, n in _aside(names, result):
        yield (title, "", words, n, None, None, None, None)


def _sections(names: Names, result: QuestionResult) -> Iterator[BarGroup]:
    question = result.question
    if isinstance(question, RankingQuestion):
        yield _ranking(names, result, question)
    elif isinstance(question, MatrixQuestion):
        for row in question.rows:
            title, found = row.text.to(names.say.language), result.distribution(row.key)
            summary = _mean(names, result, found, _top(question))
            if gone := result.opted_out_of(row.key):
                summary.append(
                    names.say.ngettext("{n} person gave no answer", "{n} people gave no answer", gone)
                )
            yield BarGroup(
                title, found.n if found else 0, _bars(names, result, row.key), summary, folded=True
            )
    elif isinstance(question, NumberQuestion):
        found = result.distribution()
        yield BarGroup("", result.n, _numbers(names, result, found), _typed(names, result, found))
    elif isinstance(question, DateQuestion):
        yield BarGroup("", result.n, _days(names, result))
    else:
        scale = isinstance(question, ScaleQuestion)
        summary = _mean(names, result, result.distribution(), _top(question)) if scale else []
        yield BarGroup("", result.n, _bars(names, result, ""), summary)


def _bars(names: Names, result: QuestionResult, item: str) -> list[Bar]:
    shares = result.shares(item)
    return [_bar(names, result, _label(names, result, value), share) for value, share in shares.items()]


def _bar(names: Names, result: QuestionResult, label: str, share: ChosenShare, change: str = "") -> Bar:
    width = round(FULL * share.share, 1)
    if result.display is Display.HIDDEN:
        return Bar(label, share.n, width)
    interval = share.interval
    return Bar(
        label,
        share.n,
        width,
        names.say.percent(share.share),
        score_wording.between(names.say, FULL * interval.low, FULL * interval.high, "percent"),
        change or _moved(names, share),
    )


def _moved(names: Names, share: ChosenShare) -> str:
    """A change is only told if its interval excludes zero, as for scores."""
    if share.change is None or not share.change.excludes_zero:
        return ""
    before = names.say.percent(share.n_before / share.base_before)
    message = _("up from {before}") if share.change.low > 0 else _("down from {before}")
    return names.say.gettext(message).format(before=before)


def _ranking(names: Names, result: QuestionResult, question: RankingQuestion) -> BarGroup:
    bars = []
    for option, text in result.asked.options.items():
        first, found = result.counts.get(option, {}).get("1", 0), result.distribution(option)
        if not result.n or (found is None and question.option(option) is None):
            continue
        before = result.before.get(option, {}).get("1", 0)
        base_before = result.before.get("", {}).get("", 0)
        share = ChosenShare(first, result.n, before, base_before)
        place = ""
        if found is not None and result.display is not Display.HIDDEN:
            mean = names.say.number(found.mean, digits=1)
            place = names.say.gettext(_("mean place {mean}")).format(mean=mean)
        bars.append(_bar(names, result, text.to(names.say.language), share, place))
    summary = [names.say.gettext(_("The bars show how many put it first."))]
    return BarGroup("", result.n, sorted(bars, key=lambda bar: -bar.n), summary)


def _mean(names: Names, result: QuestionResult, found: Distribution | None, top: int | None) -> list[str]:
    if found is None or result.display is Display.HIDDEN:
        return []
    interval, digits = found.interval, 2
    mean = names.say.number(found.mean, digits=digits)
    if interval is None:
        return [names.say.gettext(_("Mean {mean}")).format(mean=mean)]
    low, high = (names.say.number(each, digits=digits) for each in (interval.low, interval.high))
    if top is None:
        return [
            names.say.gettext(_("Mean {mean} (95% range {low} to {high})")).format(
                mean=mean, low=low, high=high
            )
        ]
    message = _("Mean {mean} of {top} (95% range {low} to {high})")
    return [names.say.gettext(message).format(mean=mean, top=names.say.number(top), low=low, high=high)]


def _typed(names: Names, result: QuestionResult, found: Distribution | None) -> list[str]:
    if found is None or result.display is Display.HIDDEN:
        return []
    low, middle, high = (
        names.say.number(found.quantile(each), digits=_digits(found)) for each in (0.25, 0.5, 0.75)
    )
    words = names.say.gettext(_("Median {median}, half of the answers from {low} to {high}"))
    return [words.format(median=middle, low=low, high=high), *_mean(names, result, found, None)]


def _numbers(names: Names, result: QuestionResult, found: Distribution | None) -> list[Bar]:
    """A bar for each number, or for groups of numbers of one width, empty ones included."""
    if found is None:
        return []
    if len(found.counts) <= MOST_BARS:
        return _bars(names, result, "")
    step, bars = _step(found), []
    digits = max(0, _digits(found))
    unit = 10.0**-digits
    start = min(found.counts) // step * step
    while start <= max(found.counts):
        n = sum(each for value, each in found.counts.items() if start <= value < start + step)
        first, last = (names.say.number(each, digits=digits) for each in (start, start + step - unit))
        label = first if first == last else names.say.gettext("{low} to {high}", low=first, high=last)
        bars.append(_bar(names, result, label, ChosenShare(n, found.n, 0, 0)))
        start += step
    return bars


def _step(found: Distribution) -> float:
    """A round width that makes at most MOST_BARS groups."""
    reach, step, factors = max(found.counts) - min(found.counts), 1.0, (2.0, 2.5, 2.0)
    place = 0
    while reach / step > MOST_BARS - 2:
        step, place = step * factors[place % 3], place + 1
    return step


def _digits(found: Distribution) -> int:
    return 0 if all(float(value).is_integer() for value in found.counts) else 2


def _days(names: Names, result: QuestionResult) -> list[Bar]:
    """A bar for each month with an answer."""
    months: dict[date, int] = {}
    for value, share in sorted(result.shares().items()):
        month = date.fromisoformat(value).replace(day=1)
        months[month] = months.get(month, 0) + share.n
    return [
        _bar(names, result, names.say.month(month), ChosenShare(n, result.n, 0, 0))
        for month, n in months.items()
    ]


def _aside(names: Names, result: QuestionResult) -> Iterator[tuple[str, int]]:
    question, language = result.question, names.say.language
    for value, n in result.opted_out.items():
        option = result.asked.options.get(value)
        yield (
            option.to(language) if option else answer_wording.opt_out(names.say, question, value, language),
            n,
        )


def _items(result: QuestionResult) -> Sequence[str]:
    question = result.question
    if isinstance(question, MatrixQuestion):
        return [row.key for row in question.rows]
    if isinstance(question, RankingQuestion):
        return list(result.asked.options)
    return [""]


def _item(names: Names, question: Question, item: str) -> str:
    if isinstance(question, MatrixQuestion):
        return next(row.text.to(names.say.language) for row in question.rows if row.key == item)
    option = question.option(item) if isinstance(question, RankingQuestion) else None
    return option.text.to(names.say.language) if option else item


def _label(names: Names, result: QuestionResult, value: str) -> str:
    question, language = result.question, names.say.language
    if isinstance(question, ConsentQuestion):
        return names._("Agreed")
    if isinstance(question, ChoiceQuestion) and not isinstance(question, RankingQuestion):
        return result.asked.options[value].to(language) if value in result.asked.options else value
    if isinstance(question, ScaleQuestion | MatrixQuestion):
        points = {str(each.value): each.label for each in question.points(language)}
        number = names.say.number(int(value))
        return f"{number} · {points[value]}" if points.get(value) else number
    if isinstance(question, NumberQuestion):
        unit = f" {question.unit.to(language)}" if question.unit else ""
        return f"{names.say.number(float(value), digits=0 if float(value).is_integer() else 2)}{unit}"
    return names.say.digits(value)


def _top(question: Question) -> int | None:
    if isinstance(question, MatrixQuestion):
        return question.scale.max
    return question.maximum if isinstance(question, ScaleQuestion) else None
