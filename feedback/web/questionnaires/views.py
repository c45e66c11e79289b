"""The questionnaire pages: findings, previews, costs of messages, open links."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock, lint, resources
from feedback.core.questionnaire import Questionnaire
from feedback.core.text.localized import direction
from feedback.core.text.message import Character
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import _
from feedback.lint.engine import expiry
from feedback.lint.engine.acknowledgement import Warned, warnings
from feedback.lint.engine.rule import SEVERITIES, Finding
from feedback.lint.reporters.translation import in_language, rule_in_language
from feedback.lint.rules import EVERY_RULE
from feedback.providers import sms_terms
from feedback.services import audit, reports
from feedback.services.questionnaires import layers, publishing, review
from feedback.services.questionnaires.review import ReviewedFinding
from feedback.services.responses import open_links
from feedback.store.models import Link
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.headers import STAFF_POLICY
from feedback.web.http.library_in_force import follow_at_once
from feedback.web.http.locale import say
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.layout.navigation import is_fragment
from feedback.web.studio.frame import LAYER_NAMES
from feedback.web.survey.pages import Pages
from feedback.web.survey.steps import Position, Step, Wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


LONGEST = 60_000
"""Maximum number of characters of a pasted file, several times the longest sensible questionnaire."""

SEVERITY_WORDS: Mapping[str, str] = {
    "error": _("error"),
    "warning": _("warning"),
    "info": _("suggestion"),
}
KINDS: Mapping[str, str] = {
    "poster": _("Poster or card"),
    "kiosk": _("Shared screen (kiosk)"),
    "embed": _("Embedded in a website"),
}
LATELY = timedelta(days=90)
RULES = {rule.id: rule for rule in EVERY_RULE}


def blueprint(runtime: Runtime) -> Blueprint:
    views = QuestionnaireViews(runtime)
    return blueprint_of(
        "questionnaires",
        get("/", views.index),
        get("/<key>", views.show),
        get("/<key>/preview/<language>/<question>", views.preview),
        get("/check", views.check),
        post("/check", views.check),
        get("/rules/<rule>", views.rule),
        post("/<key>/findings", views.acknowledge),
        post("/<key>/links", views.add_link),
        post("/links/<int:link_id>/withdraw", views.withdraw),
        get("/links/<int:link_id>/code.svg", views.code),
    )


class QuestionnaireViews:
    def __init__(self, runtime: Runtime) -> None:
        self.library = runtime.library
        self.database = runtime.database
        self.settings = runtime.settings
        self.directories = resources.directories("questionnaires", runtime.settings.instance)
        self.findings = review.Findings(self.directories)
        self.rules = publishing.Rules(runtime.settings)
        self.pages = Pages(runtime.settings)

    @may(Permission.SEE_QUESTIONNAIRES)
    def index(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            answers = review.answered(session, list(self.library.questionnaires))
            checked = self._checked(session)
            broken = self.findings.broken(
                self.library, self.rules.for_session(session, clock.now()), layers.published_texts(session)
            )
            sources = layers.of_keys(session, self.directories)
            still = {key: _still(review.findings(session, each)) for key, each in checked.items()}
            lately = Period(self._today() - LATELY, self._today())
            rates = {
                key: reports.response_rates(session, lately, [key]).total
                for key in self.library.questionnaires
            }
        return render_template(
            "questionnaires/index.html",
            still=still,
            rates=rates,
            broken={name: in_language(result.problems, say().language) for name, result in broken.items()},
            severities=SEVERITY_WORDS,
            shelf=[self.library.questionnaires[key] for key in sorted(self.library.questionnaires)],
            drafts=[
                each.questionnaire for key, each in checked.items() if key not in self.library.questionnaires
            ],
            stages=self._stages_of,
            checked=checked,
            answers=answers,
            layers=sources,
            layer_names=LAYER_NAMES,
            worst=worst,
            ending=self._ending,
            today=self._today(),
        )

    @may(Permission.SEE_QUESTIONNAIRES)
    def show(self, key: str) -> ResponseReturnValue:
        with self.database.reading() as session:
            checked = self._checked(session).get(key)
            questionnaire = self._questionnaire(key, checked)
            language = questionnaire.language_for(request.args.get("language") or say().language)
            page = render_template(
                "questionnaires/show.html",
                questionnaire=questionnaire,
                language=language,
                direction=direction,
                stages=self._stages_of(questionnaire),
                layer=layers.of_keys(session, self.directories).get(key),
                layer_names=LAYER_NAMES,
                in_force=key in self.library.questionnaires,
                checked=checked,
                ending=self._ending(questionnaire),
                bridge=expiry.BRIDGE,
                today=self._today(),
                findings=review.findings(session, checked) if checked else [],
                answers=review.answered(session, [key]).get(key, 0),
                links=review.by_link(session, [key]),
                texts=[
                    *review.text_messages(questionnaire, self.settings),
                    *review.further_messages(questionnaire, self.settings),
                ],
                price=sms_terms(self.settings).cost_per_segment,
                currency=self.settings.organisation.currency,
                address=lambda link: open_links.address(link, self.settings.web.public_url),
                snippet=lambda link: open_links.snippet(link, self.settings.web.public_url),
                kinds=KINDS,
                severities=SEVERITY_WORDS,
                worst=worst,
                character=named,
                told=lambda problems: in_language(problems, say().language),
            )
        response = make_response(page)
        response.headers["Content-Security-Policy"] = f"{STAFF_POLICY}; frame-src 'self'"  # the previews
        return response

    @may(Permission.SEE_QUESTIONNAIRES)
    def preview(self, key: str, language: str, question: str) -> ResponseReturnValue:
        """Preview of one question for a customer without known details; its form cannot be sent."""
        with self.database.reading() as session:
            questionnaire = self._questionnaire(key, self._checked(session).get(key))
        if language not in questionnaire.languages or question not in questionnaire.by_key:
            raise NotFound("Question not found.")
        step = _step(questionnaire, language, question, self.settings.organisation.name)
        return self.pages.render(
            "survey/question.html",
            language,
            ancestors="'self'",
            s=step,
            stamp="",
            action="",
            back="",
            trap="",
        )

    @may(Permission.SEE_QUESTIONNAIRES)
    def check(self) -> ResponseReturnValue:
        """Findings for a pasted file, which is not stored."""
        text = request.form.get("text", "").replace("\r\n", "\n")
        too_long = len(text) > LONGEST
        found: list[Finding] = []
        if text.strip() and not too_long:
            with self.database.reading() as session:
                lint_settings = self.rules.for_session(session, clock.now())
            found = lint.check(text, "questionnaire.yaml", settings=lint_settings)
        page = render_template(
            "questionnaires/_findings.html" if is_fragment() else "questionnaires/check.html",
            text=text,
            problems=in_language(found, say().language),
            too_long=too_long,
            longest=LONGEST,
            severities=SEVERITY_WORDS,
            worst=worst,
        )
        return page, 422 if too_long else 200

    @may(Permission.SEE_QUESTIONNAIRES)
    def rule(self, rule: str) -> ResponseReturnValue:
        if rule not in RULES:
            raise NotFound("Rule not found.")
        return render_template(
            "questionnaires/rule.html",
            rule=rule_in_language(RULES[rule], say().language),
            severities=SEVERITY_WORDS,
        )

    @may(Permission.ACKNOWLEDGE_FINDINGS)
    def acknowledge(self, key: str) -> ResponseReturnValue:
        """Accept one warning for the wording that the user has seen; with the last one, the file is live."""
        seen = Warned(*(request.form.get(name, "") for name in Warned._fields))
        with self.database.reading() as session:
            checked = self._checked(session).get(key)
        if checked is None:
            raise NotFound("Survey not found.")
        if seen not in warnings(checked.result):
            raise Conflict("Review the file again: it has changed since you opened this page.")
        with self.database.writing() as session:
            publishing.accept(session, key, [seen], by=current_user.id, now=clock.now())
        follow_at_once()
        with self.database.reading() as session:
            left = self._checked(session).get(key)
        live = left is not None and not left.changed
        told = (
            _("Warning accepted. This text is live everywhere within five seconds.")
            if live
            else _("Warning accepted for this wording.")
        )
        flash(say().gettext(told), "success")
        return redirect(url_for("questionnaires.show", key=key) + "#findings", 303)

    @may(Permission.MANAGE_LINKS)
    def add_link(self, key: str) -> ResponseReturnValue:
        form, now = request.form, clock.now()
        name, kind = form.get("name", "").strip()[:255], form.get("kind", "")
        if not name:
            raise Rejected('Give the link a name, e.g. "Front desk".')
        if kind not in KINDS:
            raise Rejected("Choose where the link will be used.")
        with self.database.writing() as session:
            origins = form.get("origins", "").split()
            new = open_links.NewLink(kind, name, key, form.get("language"), origins)  # type: ignore[arg-type]
            link = open_links.create(session, self.library, new, now)
            audit.record(session, "created", "link", link.id, by=current_user.id, now=now, kind=kind)
        flash(say().gettext("Link created."), "success")
        return redirect(url_for("questionnaires.show", key=key) + "#links", 303)

    @may(Permission.MANAGE_LINKS)
    def withdraw(self, link_id: int) -> ResponseReturnValue:
        now = clock.now()
        with self.database.writing() as session:
            link = session.get(Link, link_id)
            if link is None:
                raise NotFound("Link not found.")
            open_links.close(link, now)
            audit.record(session, "withdrawn", "link", link.id, by=current_user.id, now=now)
            key = link.questionnaire
        flash(say().gettext("Link withdrawn. It no longer accepts responses."), "success")
        return redirect(url_for("questionnaires.show", key=key) + "#links", 303)

    @may(Permission.SEE_QUESTIONNAIRES)
    def code(self, link_id: int) -> ResponseReturnValue:
        """The link as a QR code, to be printed at any size."""
        with self.database.reading() as session:
            link = session.get(Link, link_id)
            if link is None:
                raise NotFound("Link not found.")
            picture = open_links.qr_code(open_links.address(link, self.settings.web.public_url))
        return Response(picture, mimetype="image/svg+xml")

    def _questionnaire(self, key: str, checked: review.Checked | None) -> Questionnaire:
        """The loaded questionnaire, or that of a new file. Raises NotFound."""
        if checked and key not in self.library.questionnaires:
            return checked.questionnaire
        return self.library.questionnaire(key)

    def _checked(self, session: Session) -> Mapping[str, review.Checked]:
        settings = self.rules.for_session(session, clock.now())
        return self.findings.check(self.library, settings, layers.published_texts(session))

    def _ending(self, questionnaire: Questionnaire) -> list[expiry.Expiry]:
        """Trend bridges and acceptances of the loaded text that expire soon or have expired; for a new file, the linter
        reports them."""
        in_force = questionnaire.key in self.library.questionnaires
        return expiry.expiring(questionnaire, self._today()) if in_force else []

    def _today(self) -> date:
        return day_of(clock.now(), self.database.zone)

    def _stages_of(self, questionnaire: Questionnaire) -> list[str]:
        """The stages that use it, in the reader's language."""
        found = (stage for stage in self.library.journey.stages if stage.questionnaire == questionnaire.key)
        return [stage.title.to(say().language) for stage in found]


def _still(found: Iterable[ReviewedFinding]) -> list[Finding]:
    """The issues that nobody has accepted."""
    return [each.problem for each in found if each.at is None]


def worst(problems: list[Finding]) -> str | None:
    """The highest severity of the findings."""
    return next((each for each in SEVERITIES if any(found.severity == each for found in problems)), None)


def named(character: Character) -> str:
    """A character with its code point, `ş (U+015F)`; an invisible one only by its code point."""
    shown = character.text if not unicodedata.category(character.text[0]).startswith(("C", "Z", "M")) else ""
    return f"{shown} (U+{ord(character.text[0]):04X})".strip()


def _step(questionnaire: Questionnaire, language: str, key: str, company: str) -> Step:
    """The step of a question, independent of its position."""
    keys = [each.key for each in questionnaire.questions]
    at = keys.index(key) + 1
    wording = Wording(questionnaire, language, {"company": company})
    position = Position(at, len(keys), final=at == len(keys))
    return Step(questionnaire.by_key[key], wording, position, "preview")
