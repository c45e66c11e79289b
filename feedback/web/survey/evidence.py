"""Collects the evidence in a request for `core.evidence`."""

from __future__ import annotations

from datetime import datetime

from flask import request

from feedback.core.evidence import Evidence, is_scanner
from feedback.services.sheets import Sheet
from feedback.web.survey.forms import StepForm

HIGHEST_SCORE = 100


def signs_of_a_scanner() -> list[tuple[str, int | None]]:
    """The signs of a machine in opening the link; empty for most requests.

    A preselected score alone is no sign, but scanners open the links of all scores.
    """
    found: list[tuple[str, int | None]] = []
    if request.method == "HEAD":
        found.append(("headed", None))
    if "all" in request.args:
        found.append(("trap_link", None))
    if (score := preselected()) is not None:
        found.append(("preselected", score))
    return found


def preselected() -> int | None:
    """The score that a link in an e-mail carries (`?s=9`)."""
    written = request.args.get("s", "")
    score = int(written) if written.isascii() and written.isdigit() and len(written) <= 3 else None
    return score if score is not None and score <= HIGHEST_SCORE else None


def gathered(sheet: Sheet, form: StepForm, rendered: datetime, now: datetime) -> Evidence:
    """The evidence of an answer; `rendered` is when its page was rendered."""
    answer = form.answer.data
    since = (now - sheet.reached_at).total_seconds() if sheet.reached_at else None
    return Evidence(
        trap_link=bool(sheet.signs.get("trap_link")),
        trap_field=bool(form.website.data),
        preselected=len(sheet.signs.get("preselected", ())),
        headed=bool(sheet.signs.get("headed")),
        scanner=is_scanner(request.headers.get("User-Agent", "")),
        seconds_since_delivery=None if since is None else round(since, 1),
        quickest=round((now - rendered).total_seconds(), 1),
        touched=form.seen.data == "1",
        commented=bool(answer and answer.text),
    )
