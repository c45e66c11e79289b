"""Questionnaires: what is in force, what the linter says, what customers see, what a text message costs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock, lint, resources
from feedback.core.message import Character
from feedback.core.questionnaire import Questionnaire
from feedback.core.text import direction
from feedback.errors import NotFound, Rejected
from feedback.i18n import translator
from feedback.lint.rule import SEVERITIES, Problem
from feedback.lint.rules import EVERY_RULE
from feedback.services import audit, links, questionnaires
from feedback.store.models import Link
from feedback.web.frame import is_fragment
from feedback.web.headers import STAFF_POLICY
from feedback.web.language import say
from feedback.web.permissions import Permission, may
from feedback.web.survey.pages import Pages
from feedback.web.survey.steps import Place, Step, Words

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def _(message: str) -> str:
    return message


LONGEST = 60_000
"""Characters that may be pasted for a check: several times the longest questionnaire that anybody should answer."""

SEVERITY_WORDS: Mapping[str, str] = {
    "error": _("error"),
    "warning": _("warning"),
    "info": _("advice"),
}
KINDS: Mapping[str, str] = {
    "poster": _("Poster or card"),
    "kiosk": _("Shared screen"),
    "embed": _("Inside another page"),
}
RULES = {rule.id: rule for rule in EVERY_RULE}


def blueprint(runtime: Runtime) -> Blueprint:  # noqa: PLR0915  (a list of routes, each a few lines)
    room = Blueprint("questionnaires", __name__)
    library, database, settings = runtime.library, runtime.database, runtime.settings
    findings = questionnaires.Findings(resources.directories("questionnaires", settings.instance))
    pages = Pages(settings)

    @room.get("/")
    @may(Permission.SEE_QUESTIONNAIRES)
    def index() -> ResponseReturnValue:
        with database.reading() as session:
            answers = questionnaires.answered(session, list(library.questionnaires))
        return render_template(
            "questionnaires/index.html",
            shelf=[library.questionnaires[key] for key in sorted(library.questionnaires)],
            stages=stages_of,
            checked=findings.of(library),
            answers=answers,
            worst=worst,
        )

    @room.get("/<key>")
    @may(Permission.SEE_QUESTIONNAIRES)
    def show(key: str) -> ResponseReturnValue:
        questionnaire = library.questionnaire(key)
        language = questionnaire.language_for(request.args.get("language") or say().language)
        with database.reading() as session:
            page = render_template(
                "questionnaires/show.html",
                questionnaire=questionnaire,
                language=language,
                direction=direction,
                stages=stages_of(questionnaire),
                checked=findings.of(library).get(key),
                answers=questionnaires.answered(session, [key]).get(key, 0),
                links=questionnaires.by_link(session, [key]),
                texts=questionnaires.text_messages(questionnaire, settings),
                price=settings.twilio.cost_per_segment,
                currency=settings.organisation.currency,
                address=lambda link: links.address(link, settings.web.public_url),
                snippet=lambda link: links.snippet(link, settings.web.public_url),
                kinds=KINDS,
                severities=SEVERITY_WORDS,
                character=named,
            )
        response = make_response(page)
        response.headers["Content-Security-Policy"] = f"{STAFF_POLICY}; frame-src 'self'"  # the previews
        return response

    @room.get("/<key>/preview/<language>/<question>")
    @may(Permission.SEE_QUESTIONNAIRES)
    def preview(key: str, language: str, question: str) -> ResponseReturnValue:
        """One question as its page shows it to somebody of whom nothing is known; nothing can be sent from it."""
        questionnaire = library.questionnaire(key)
        if language not in questionnaire.languages or question not in questionnaire.by_key:
            raise NotFound("There is no such question.")
        step = _step(questionnaire, language, question, settings.organisation.name)
        return pages.render(
            "survey/question.html",
            language,
            ancestors="'self'",
            s=step,
            stamp="",
            action="",
            back="",
            trap="",
        )

    @room.route("/check", methods=["GET", "POST"])
    @may(Permission.SEE_QUESTIONNAIRES)
    def check() -> ResponseReturnValue:
        """Findings for a pasted file, which is not kept."""
        text = request.form.get("text", "").replace("\r\n", "\n")
        too_long = len(text) > LONGEST
        found = lint.check(text, "questionnaire.yaml") if text.strip() and not too_long else []
        page = render_template(
            "questionnaires/_findings.html" if is_fragment() else "questionnaires/check.html",
            text=text,
            problems=found,
            too_long=too_long,
            longest=LONGEST,
            severities=SEVERITY_WORDS,
            worst=worst,
        )
        return page, 422 if too_long else 200

    @room.get("/rules/<rule>")
    @may(Permission.SEE_QUESTIONNAIRES)
    def rule(rule: str) -> ResponseReturnValue:
        if rule not in RULES:
            raise NotFound("There is no such rule.")
        return render_template("questionnaires/rule.html", rule=RULES[rule], severities=SEVERITY_WORDS)

    @room.post("/<key>/links")
    @may(Permission.MANAGE_LINKS)
    def add_link(key: str) -> ResponseReturnValue:
        form, now = request.form, clock.now()
        name, kind = form.get("name", "").strip()[:255], form.get("kind", "")
        if not name:
            raise Rejected("Give the link a name, such as the place where it will hang.")
        if kind not in KINDS:
            raise Rejected("Choose what the link is for.")
        with database.writing() as session:
            link = links.create(
                session, library, kind=kind, name=name, questionnaire=key,  # type: ignore[arg-type]
                language=form.get("language"), origins=form.get("origins", "").split(), now=now,
            )  # fmt: skip
            audit.record(session, "created", "link", link.id, by=current_user.id, now=now, kind=kind)
        flash(say().gettext("The link is open."), "success")
        return redirect(url_for("questionnaires.show", key=key) + "#links", 303)

    @room.post("/links/<int:link_id>/withdraw")
    @may(Permission.MANAGE_LINKS)
    def withdraw(link_id: int) -> ResponseReturnValue:
        now = clock.now()
        with database.writing() as session:
            link = session.get(Link, link_id)
            if link is None:
                raise NotFound("There is no such link.")
            links.close(link, now)
            audit.record(session, "withdrawn", "link", link.id, by=current_user.id, now=now)
            key = link.questionnaire
        flash(say().gettext("The link takes no answers any more."), "success")
        return redirect(url_for("questionnaires.show", key=key) + "#links", 303)

    @room.get("/links/<int:link_id>/code.svg")
    @may(Permission.SEE_QUESTIONNAIRES)
    def code(link_id: int) -> ResponseReturnValue:
        """The link as a QR code, to be printed at any size."""
        with database.reading() as session:
            link = session.get(Link, link_id)
            if link is None:
                raise NotFound("There is no such link.")
            picture = links.qr_code(links.address(link, settings.web.public_url))
        return Response(picture, mimetype="image/svg+xml")

    def stages_of(questionnaire: Questionnaire) -> list[str]:
        """The stages that use it, in the reader's language."""
        found = (stage for stage in library.journey.stages if stage.questionnaire == questionnaire.key)
        return [stage.title.to(say().language) for stage in found]

    return room


def worst(problems: list[Problem]) -> str | None:
    """The severity of the gravest finding."""
    return next((each for each in SEVERITIES if any(found.severity == each for found in problems)), None)


def named(character: Character) -> str:
    """`ş (U+015F)`; what cannot be seen has only its number."""
    shown = character.text if not unicodedata.category(character.text[0]).startswith(("C", "Z", "M")) else ""
    return f"{shown} (U+{ord(character.text[0]):04X})".strip()


def _step(questionnaire: Questionnaire, language: str, key: str, company: str) -> Step:
    """The step of a question, wherever on the way it may be asked."""
    keys = [each.key for each in questionnaire.questions]
    at = keys.index(key) + 1
    words = Words(questionnaire, language, {"company": company})
    place = Place(at, len(keys), final=at == len(keys))
    return Step(
        questionnaire.by_key[key], words, translator("survey", language), place, "preview", keep=False
    )
