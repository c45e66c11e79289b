"""The YAML view of a text: an editor, the linter's findings as it is typed, and Check and Save without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.errors import Conflict, Rejected, TooManyAttempts
from feedback.i18n import _
from feedback.lint.document.json_schema import schemas
from feedback.lint.editing.splice import Splice, spliced
from feedback.services.questionnaires import publishing
from feedback.services.studio import drafts, live_lint
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.live_lint import (
    CATEGORIES,
    Acceptance,
    CheckedText,
    PlacedFinding,
    Surroundings,
)
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.rate_limits import Counters, RateLimit
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import SEVERITY_WORDS
from feedback.web.studio import frame, preview, trials

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

CHECKS = RateLimit(600)
"""Checks of one member of staff a minute, more than anybody can ask for by typing."""

CATEGORY_NAMES: Mapping[str, str] = {
    "accepted-risk": _("We accept the risk"),
    "mandated": _("The wording is prescribed"),
    "validated-instrument": _("Wording of a validated instrument"),
    "false-positive": _("The check is wrong here"),
    "trend": _("The series must stay comparable"),
}


def routes(runtime: Runtime) -> list[Route]:
    views = YamlView(runtime)
    return [
        get("/<key>/yaml", views.yaml),
        post("/<key>/yaml", views.save_yaml),
        post("/<key>/lint", views.lint),
        get("/schema/<name>.json", views.schema),
    ]


class YamlView:
    def __init__(self, runtime: Runtime) -> None:
        self.library = runtime.library
        self.database = runtime.database
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)
        self.settings = runtime.settings
        self.counters = Counters()

    @may(Permission.SEE_QUESTIONNAIRES)
    def yaml(self, key: str) -> ResponseReturnValue:
        draft, around = self._draft(key)
        return self._page(draft, draft.text, around)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def save_yaml(self, key: str) -> ResponseReturnValue:
        """Save the text, or without JavaScript: check it, or change it as a finding proposes. Only Save stores it."""
        draft, around = self._draft(key)
        typed = drafts.as_typed(request.form.get("text", ""), draft.text)
        try:
            only_shown = self._only_shown(key, typed, around)
            if only_shown is not None:
                return self._page(draft, only_shown, around)
            with self.database.writing() as session:
                drafts.save(session, key, typed, base=self._base(), by=current_user.id, now=clock.now())
        except Rejected as refused:
            return self._page(draft, typed, around, refused=str(refused))
        except Conflict:
            return self._overtaken(key, typed)
        flash(say().gettext("Draft saved."), "success")
        return redirect(url_for("studio.yaml", key=key), 303)

    @may(Permission.SEE_QUESTIONNAIRES)
    def lint(self, key: str) -> ResponseReturnValue:
        """Findings about a text that is being typed; it is not stored. With `accept`, the edit that accepts one.

        JSON for the editor: `findings` with offsets in code points, and `html`, the list for the page. For anything
        else, only the list.
        """
        self._limit()
        text = request.form.get("text", "").replace("\r\n", "\n")
        around = self._around()
        if "accept" in request.form:
            try:
                return jsonify(edits=[_edit(each) for each in self._accepted(key, text, around)])
            except Rejected as refused:
                return jsonify(refused=say().gettext(str(refused)))
        checked = _checked(key, text, around)
        listed = render_template("studio/_findings.html", **_shown(key, checked))
        if request.accept_mimetypes.best_match(("text/html", "application/json")) != "application/json":
            return listed
        return jsonify(findings=[_finding(each) for each in checked.findings] if checked else [], html=listed)

    @may(Permission.SEE_QUESTIONNAIRES)
    def schema(self, name: str) -> ResponseReturnValue:
        """The JSON Schema of questionnaires, or of the journey, which the editor completes from."""
        text = self._schemas["journey.json" if name == "journey" else "questionnaire.json"]
        return Response(text, mimetype="application/json", headers={"Cache-Control": "private, max-age=3600"})

    @cached_property
    def _schemas(self) -> Mapping[str, str]:
        return schemas()

    # --- What is typed -------------------------------------------------------------------------------------------

    def _draft(self, key: str) -> tuple[StudioDraft, Surroundings]:
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
        return draft, self._around()

    def _around(self) -> Surroundings:
        with self.database.reading() as session:
            settings = self.rules.for_session(session, clock.now())
        return Surroundings(settings, self.library.journey, self.library.questionnaires)

    def _only_shown(self, key: str, text: str, around: Surroundings) -> str | None:
        """The text to show again, checked or changed as one of its findings says; None if it is to be saved."""
        if "apply" in request.form:
            finding = _chosen(_checked(key, text, around), request.form.get("apply", -1, type=whole))
            return spliced(text, finding.edits) if finding else text
        if "accept" in request.form:
            return spliced(text, self._accepted(key, text, around))
        return text if request.form.get("do") == "check" else None

    def _accepted(self, key: str, text: str, around: Surroundings) -> tuple[Splice, ...]:
        number = request.form.get("accept", -1, type=whole)
        finding = _chosen(_checked(key, text, around), number)
        if finding is None:
            raise Rejected("Check the text again: this issue can't be kept, or the text has changed.")
        wanted = Acceptance(
            finding.finding.rule,
            finding.finding.question,
            request.form.get(f"reason-{number}", ""),
            request.form.get(f"category-{number}", CATEGORIES[0]),
            current_user.email,
        )
        return live_lint.accept(text, key, around, wanted)

    def _limit(self) -> None:
        if not self.counters.hit(CHECKS, "lint", str(current_user.id)):
            raise TooManyAttempts("Wait a minute, then try again.")

    def _base(self) -> int:
        return request.form.get("base", -1, type=whole)

    # --- Pages ---------------------------------------------------------------------------------------------------

    def _page(self, draft: StudioDraft, text: str, around: Surroundings, *, refused: str = "") -> Response:
        base = self._base() if request.method == "POST" else draft.edit
        shown = trials.questionnaire_of(text)
        page = frame.text_page(
            "studio/yaml.html",
            draft,
            text=text,
            base=base,
            refused=refused,
            chosen=preview.choices(shown, self.settings.organisation.name) if shown else None,
            longest=drafts.LONGEST,
            editable=allows(Permission.EDIT_QUESTIONNAIRES) and not draft.archived_at,
            schema="journey" if draft.is_journey else "questionnaire",
            words=json.dumps(
                {name: say().gettext(each) for name, each in _SCRIPT.items()}, ensure_ascii=False
            ),
            **_shown(draft.key, _checked(draft.key, text, around)),
        )
        response = make_response(page, 422 if refused else 200)
        response.headers["Content-Security-Policy"] = preview.FRAMING
        return response

    def _overtaken(self, key: str, typed: str) -> ResponseReturnValue:
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
        return frame.overtaken(draft, typed)


_SCRIPT = {
    "label": _("Text (YAML)"),
    "apply": _("Apply"),
    "later": _("Check not possible now. It is repeated when you type."),
    "signedOut": _("Sign in again in another tab, then go on here. Your text stays on this page."),
}
"""The words of the script."""


def _checked(key: str, text: str, around: Surroundings) -> CheckedText | None:
    """The findings; None for an empty text and for one that is too long."""
    if not text.strip() or len(text) > drafts.LONGEST:
        return None
    return live_lint.check(text, key, around, say().language)


def _chosen(checked: CheckedText | None, number: int) -> PlacedFinding | None:
    found = checked.findings if checked else ()
    return found[number] if 0 <= number < len(found) else None


def _shown(key: str, checked: CheckedText | None) -> dict[str, Any]:
    """The context of `studio/_findings.html`."""
    return {
        "key": key,
        "checked": checked,
        "severities": SEVERITY_WORDS,
        "categories": CATEGORY_NAMES,
        "can_edit": allows(Permission.EDIT_QUESTIONNAIRES),
    }


def _finding(placed: PlacedFinding) -> dict[str, Any]:
    found = placed.finding
    return {
        "from": placed.place.start,
        "to": placed.place.end,
        "line": placed.place.line,
        "column": placed.place.column,
        "path": list(placed.path),
        "rule": found.rule,
        "severity": found.severity,
        "message": found.message,
        "question": found.question,
        "language": found.language,
        "edits": [_edit(each) for each in placed.edits],
    }


def _edit(edit: Splice) -> dict[str, Any]:
    return {"from": edit.start, "to": edit.end, "text": edit.text}
