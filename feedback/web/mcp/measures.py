"""Scores, changes and shares as a model gets them: the exact numbers, and the same in the words of the pages."""

from __future__ import annotations

from typing import Any

from feedback.core.metrics import Comparison, Metric
from feedback.core.metrics.base import Unit
from feedback.i18n import Translator
from feedback.services.reports import Rate, Shown
from feedback.web.api.resources.scores import measure
from feedback.web.wording import score_wording
from feedback.web.wording.score_wording import LEFT_TO_RIGHT


def score_told(say: Translator, shown: Shown, metric: Metric, *, brief: bool = False) -> dict[str, Any]:
    """A score with its 95 % interval and n. A hidden one has no numbers, and a sentence that says why.

    `brief` leaves out the numbers of each band.
    """
    told = measure(shown).model_dump(exclude={"bands"} if brief else None)
    if not shown.has_score:
        hidden = {"display": told["display"], "n": told["n"]}
        return {**hidden, "why": score_wording.caution(say, shown)}
    caution = score_wording.caution(say, shown)
    told["as_shown"] = _with_range(say, told["value"], told["low"], told["high"], metric.unit, shown.n)
    return {**told, "caution": caution} if caution else told


def change_told(say: Translator, change: Comparison | None, unit: Unit) -> dict[str, Any]:
    """A difference with its 95 % interval; empty if either side has no score."""
    if change is None:
        return {}
    told = {
        "difference": change.difference,
        "low": change.low,
        "high": change.high,
        "p_value": change.p_value,
        "changed": change.changed,
    }
    return {**told, "as_shown": plain(score_wording.evidence(say, change, unit))}


def rate_told(say: Translator, rate: Rate) -> dict[str, Any]:
    """A response rate as a share from 0 to 1, with Wilson's interval; too few invitations have none."""
    told: dict[str, Any] = {"sent": rate.sent, "answered": rate.answered, "share": rate.share}
    interval = rate.interval
    if rate.share is None or interval is None:
        return {**told, "why": "At least 10 invitations are needed for a rate."}
    told |= {"low": interval.low, "high": interval.high}
    words = (say.percent(each) for each in (rate.share, interval.low, interval.high))
    share, low, high = words
    return {**told, "as_shown": plain(f"{share} ({low} to {high}), {rate.answered} of {rate.sent}")}


def _with_range(
    say: Translator, value: float | None, low: float | None, high: float | None, unit: Unit, n: int
) -> str:
    """Such as "+31 (+12 to +49), 120 responses"."""
    score = score_wording.in_unit(say, value, unit)
    between = score_wording.between(say, low, high, unit)
    return plain(f"{score} ({between}), {score_wording.answers(say, n)}")


def plain(text: str) -> str:
    """Without the marks that keep signs in their place on a page that is read from the right."""
    return text.replace(LEFT_TO_RIGHT, "")
