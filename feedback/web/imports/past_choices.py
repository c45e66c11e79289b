"""What the pages of an import show and ask about past answers: the tool, the survey, the wording, the series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from feedback.core.questions import ConsentQuestion, MatrixQuestion, NoteQuestion, RankingQuestion
from feedback.core.text.translatable import TranslatableText
from feedback.i18n import _
from feedback.lint.reporters.translation import translated
from feedback.services.imports import menus
from feedback.services.imports.answers import runs, vendors
from feedback.services.imports.answers.history import as_asked
from feedback.services.imports.mapping import ANSWERS
from feedback.services.imports.menus import Chosen
from feedback.store.database import Database
from feedback.store.models import ImportRun
from feedback.web.http.locale import say

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

LONGEST_WORDING = 1000
VENDORS: Mapping[str, str] = {
    "qualtrics": "Qualtrics",
    "surveymonkey": "SurveyMonkey",
    "google-forms": "Google Forms",
    "typeform": "Typeform",
    "delighted": "Delighted",
    "asknicely": "AskNicely",
}
CHANGES: Mapping[str, str] = {
    "Our survey does not ask this question in the language of the file": _(
        "Our survey does not ask this question in the language of the file"
    ),
}
_UNREADABLE = (MatrixQuestion, RankingQuestion, ConsentQuestion, NoteQuestion)


def layout(form: Mapping[str, str], above: int | None) -> Chosen:
    """How the file is read, from the form: encoding, delimiter, header line, tool, survey, zone."""
    vendor = form.get("vendor", "")
    return Chosen(
        encoding=form.get("encoding", "") if form.get("encoding") in menus.ENCODINGS else "",
        delimiter=form.get("delimiter", "") if form.get("delimiter") in menus.DELIMITERS else "",
        above=above,
        vendor=vendor if vendor in vendors.VENDORS else "",
        survey=form.get("survey", "")[:64],
        zone=form.get("zone", "").strip()[:64],
    )


def page(database: Database, run: ImportRun, runtime: Runtime) -> dict[str, Any]:
    """The columns of the file, and what each can become. Raises ImportRefused or NotFound."""
    chosen = menus.from_json(run.chosen)
    found = runs.look(database, run, runtime)
    return {
        "columns": found.columns,
        "wordings": found.heading.wordings,
        "above": found.shape.above,
        "first": [],
        "targets": {**menus.TARGETS["answers"], **_questions(chosen, runtime)},
        "vendors": VENDORS,
        "vendor": found.heading.vendor,
        "surveys": {
            key: each.title.to(say().language) for key, each in runtime.library.questionnaires.items()
        },
    }


def _questions(chosen: Chosen, runtime: Runtime) -> dict[str, str]:
    """The questions of the chosen survey that a column can answer."""
    ours = runtime.library.questionnaires.get(chosen.survey)
    company = runtime.settings.organisation.name
    return {
        f"{ANSWERS}.{each.key}": as_asked(each.text.to(say().language), "", say().language, company)
        for each in (ours.questions if ours else ())
        if not isinstance(each, _UNREADABLE)
    }


def report(run: ImportRun, runtime: Runtime) -> dict[str, Any] | None:
    """What the import says about the series of past answers and who gave them; None for other imports."""
    told = run.report.get("answers")
    if not told:
        return None
    ours = runtime.library.questionnaires.get(told["survey"])
    reasons = [_reason(each) for each in told["reasons"]]
    return {**told, "survey_title": ours.title.to(say().language) if ours else "", "reasons": reasons}


def _reason(told: Mapping[str, Any]) -> str:
    """Why answers are no part of our series, in the reader's language."""
    reason = told["reason"]
    if reason in CHANGES:
        return say().gettext(CHANGES[reason])
    return translated(TranslatableText(reason, told["template"], told["params"]), say().language)
