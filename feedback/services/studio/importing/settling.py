"""Makes numbers, dates and rankings of what a source says about them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from feedback.core.questions import QUESTION_TYPES
from feedback.core.questions.number import LARGEST
from feedback.services.studio.importing import notes
from feedback.services.studio.importing.guessing import MOST_POINTS, read_roles, settle_scale
from feedback.services.studio.importing.outline import OutlineQuestion, OutlineScale, SurveyOutline, Texts

MOST_PLACES = 2
"""Decimal places that an answer can have."""


def number_in(raw: object) -> Decimal | None:
    """The number that a source wrote as a number or as text; None for anything else, such as an expression."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    text = str(raw).strip()
    if not re.fullmatch(r"[-+]?(?:\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})", text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern allows no such text
        return None


def places_of(step: Decimal) -> int:
    """How many decimal places the multiples of a step have."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def settle_number(
    outline: SurveyOutline,
    question: OutlineQuestion,
    *,
    low: Decimal | None = None,
    high: Decimal | None = None,
    places: int | None = None,
) -> None:
    """Make a question one for a number between these bounds. `places` are its decimal places, None for any.

    A number of ours is not negative unless its file says so, one of the other tools is.
    """
    question.type, question.options, question.scale = "number", [], None
    for name in ("randomize", "display", "complete"):
        question.extra.pop(name, None)
    if places is None or places > MOST_PLACES:
        outline.guessed(question.code, notes.DECIMALS)
    wanted = MOST_PLACES if places is None else min(places, MOST_PLACES)
    wanted = max(
        wanted, *(min(places_of(each), MOST_PLACES) for each in (low, high, Decimal(0)) if each is not None)
    )
    odd = [
        each for each in (low, high) if each is not None and (places_of(each) > wanted or abs(each) > LARGEST)
    ]
    if odd or (low is not None and high is not None and low >= high):
        outline.lost_settings(question.code, [f"min: {low}", f"max: {high}"])
        low = high = None
    if low is None:
        outline.guessed(question.code, notes.NO_LOWEST)
        low = Decimal(-LARGEST)
    question.extra["min"] = _plain(low)
    if high is not None:
        question.extra["max"] = _plain(high)
    if wanted:
        question.extra["decimals"] = wanted


def settle_range(
    outline: SurveyOutline,
    question: OutlineQuestion,
    low: Decimal,
    high: Decimal,
    step: Decimal = Decimal(1),
    labels: tuple[Texts, Texts] = ({}, {}),
) -> None:
    """A slider or a range: a rating if each of its few points can be a button, otherwise a number.

    `labels` are the words at its ends.
    """
    points = (high - low) / step if step > 0 else Decimal(-1)
    whole = all(each == each.to_integral_value() for each in (low, high, step))
    if whole and step == 1 and low >= 0 and 1 < points < MOST_POINTS:
        ends = {int(point): texts for point, texts in zip((low, high), labels, strict=True) if texts}
        question.type, question.scale = "rating", OutlineScale(int(low), int(high), ends)
        settle_scale(outline, question)
        return
    places = places_of(step) if step > 0 else None
    settle_number(outline, question, low=low, high=high, places=places)
    if step > 0 and step != Decimal(1).scaleb(-places_of(step)):
        outline.lost(question.code, notes.STEPS, step=_plain(step))
    outline.lost_settings(question.code, [next(iter(each.values())) for each in labels if each])


def settle_date(
    outline: SurveyOutline, question: OutlineQuestion, low: object = None, high: object = None
) -> None:
    """Make a question one for a day, with those of the bounds that are days written like 2026-05-31."""
    question.type = "date"
    days = {name: day_in(raw) for name, raw in (("min", low), ("max", high))}
    unread = [f"{name}: {raw}" for name, raw in (("min", low), ("max", high)) if raw and not days[name]]
    if days["min"] and days["max"] and days["min"] >= days["max"]:
        unread, days = [f"min: {low}", f"max: {high}"], {}
    outline.lost_settings(question.code, unread)
    question.extra |= {name: day for name, day in days.items() if day}


def day_in(raw: object) -> str | None:
    """The day with which a text begins, as 2026-05-31; None if there is none."""
    match = re.match(r"(\d{4}-\d{2}-\d{2})(?:$|[T ])", str(raw or "").strip())
    if match is None:
        return None
    try:
        found = date.fromisoformat(match[1])
    except ValueError:
        return None
    return found.isoformat() if 1900 <= found.year <= 2100 else None


def settle_ranking(
    outline: SurveyOutline, question: OutlineQuestion, top: Decimal | None = None, *, every: bool = True
) -> None:
    """Make a list of options one to be put in order; `top` are the places that are given, if these are not all.

    `every` is False if the source lets people rank as many as they like.
    """
    read_roles(outline, question.code, question.options)
    kept = []
    for option in question.options:
        if option.role in ("not_applicable", "prefer_not_to_say"):
            question.extra[option.role] = True
            continue
        if option.role == "other":
            outline.lost(question.code, notes.RANKED_OTHER, option=next(iter(option.text.values())))
        option.role, option.exclusive = None, False
        kept.append(option)
    question.options = kept
    if len(kept) < 2:
        outline.lost(question.code, notes.NO_OPTIONS)
        question.type, question.options, question.extra = "text", [], {}
        return
    question.type = "ranking"
    if top is not None and 0 < top < len(kept):
        question.extra["top"] = int(top)
    elif not every:
        outline.guessed(question.code, notes.RANK_ALL)


def keep_known(outline: SurveyOutline, question: OutlineQuestion) -> None:
    """Take off a question what its type does not have, with a note."""
    fields = QUESTION_TYPES[question.type].model_fields
    strange = [name for name in question.extra if name not in fields]
    for name in strange:
        del question.extra[name]
    outline.lost_settings(question.code, strange)
    if question.is_note:
        question.required = False
    if question.type == "text" and question.required and "contact" not in question.extra:
        question.required = False
        outline.lost(question.code, notes.OPTIONAL)


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
