"""What a request tells about who is behind it, for `core.bot_signals` to judge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from feedback.core.bot_signals import Evidence, is_scanner
from feedback.services.responses.lookup import SurveyState
from feedback.web.http.request_limits import current_request
from feedback.web.survey.forms import StepForm

HIGHEST_SCORE = 100


def signs_of_a_scanner() -> list[tuple[str, int | None]]:
    """The signs of a machine in opening the link; empty for most requests.

    A preselected score alone is no sign, but scanners open the links of all scores.
    """
    found: list[tuple[str, int | None]] = []
    sent = current_request()
    if sent.method == "HEAD":
        found.append(("headed", None))
    if not sent.query_string:
        return found
    if "all" in sent.args:
        found.append(("trap_link", None))
    if (score := preselected(sent.args)) is not None:
        found.append(("preselected", score))
    return found


def preselected(arguments: Mapping[str, str]) -> int | None:
    """The score that a link in an e-mail carries (`?s=9`)."""
    written = arguments.get("s", "")
    score = int(written) if written.isascii() and written.isdigit() and len(written) <= 3 else None
    return score if score is not None and score <= HIGHEST_SCORE else None


def gathered(survey: SurveyState, form: StepForm, rendered: datetime, now: datetime) -> Evidence:
    """The evidence of an answer; `rendered` is when its page was rendered."""
    answer = form.answer.data
    since = (now - survey.reached_at).total_seconds() if survey.reached_at else None
    return Evidence(
        trap_link=bool(survey.signs.get("trap_link")),
        trap_field=bool(form.page.website),
        preselected=len(survey.signs.get("preselected", ())),
        headed=bool(survey.signs.get("headed")),
        scanner=is_scanner(current_request().headers.get("User-Agent", "")),
        seconds_since_delivery=None if since is None else round(since, 1),
        quickest=round((now - rendered).total_seconds(), 1),
        touched=form.page.seen == "1",
        commented=bool(answer and answer.text),
    )
