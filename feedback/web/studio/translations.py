"""Translations: the texts of a survey side by side in two languages, and files for an agency."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock, lint
from feedback.core.text.localized import direction
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import LANGUAGES, _
from feedback.lint.document.document import Document, Path
from feedback.lint.engine.rule import Finding
from feedback.lint.reporters.translation import in_language
from feedback.services.questionnaires import publishing
from feedback.services.studio import drafts
from feedback.services.studio.translations import confirming, importing, po, survey, xliff
from feedback.services.studio.translations.exchange import (
    LARGEST,
    TranslationFile,
    TranslationProblem,
    entries_of,
)
from feedback.services.studio.translations.importing import ImportPlan, NewWording
from feedback.services.studio.translations.state import (
    Translation,
    TranslationState,
    progress,
)
from feedback.services.studio.translations.survey import TranslatedDraft
from feedback.services.studio.word_diff import word_diff
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.locale import say
from feedback.web.http.routes import Route, get, post
from feedback.web.layout.navigation import is_fragment
from feedback.web.questionnaires.views import SEVERITY_WORDS
from feedback.web.studio import frame

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

ATTEMPTS = 3
"""How often a change is made again on a text that somebody else has saved in the same moment."""
EMPTY = _("Enter a translation.")
CHANGED = _("Check this text again, then save: somebody else has changed it since you opened the page.")

ROLE_NAMES: Mapping[str, str] = {
    "stem": _("Question"),
    "help": _("Help text"),
    "option": _("Option"),
    "other_text": _("Label of the text box"),
    "label": _("Label of the scale"),
    "row": _("Row"),
    "box": _("Text of the box to tick"),
    "unit": _("Unit"),
    "dont_know": _("Opt-out"),
    "not_applicable": _("Opt-out"),
    "prefer_not_to_say": _("Opt-out"),
    "title": _("Title"),
    "sms": _("SMS text"),
    "reminder_sms": _("SMS reminder"),
    "comment_prompt": _("SMS that asks for a comment"),
    "subject": _("E-mail subject"),
    "body": _("E-mail text"),
    "thanks": _("Thank-you page"),
    "link": _("Link text"),
    "follow_up": _("Follow-up reason"),
    "playbook": _("Playbook"),
    "reply": _("Message of the CSM"),
}
STATE_NAMES: Mapping[TranslationState, str] = {
    TranslationState.MISSING: _("missing"),
    TranslationState.OUTDATED: _("source changed"),
    TranslationState.TRANSLATED: _("translated"),
}
FORMATS: Mapping[str, tuple[str, Callable[[TranslationFile], bytes]]] = {
    "xlf": ("application/xliff+xml", xliff.write),
    "po": ("text/x-gettext-translation", po.write),
}
"""Extension of a file -> its media type, and what writes it."""


def routes(runtime: Runtime) -> list[Route]:
    views = TranslationViews(runtime)
    return [
        get("/<key>/translations", views.translations),
        post("/<key>/translations", views.translate),
        post("/<key>/translations/languages", views.add_language),
        post("/<key>/translations/files", views.upload_translations),
        get("/<key>/translations/<language>.<kind>", views.download_translations),
    ]


class TranslationViews:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)

    @may(Permission.SEE_QUESTIONNAIRES)
    def translations(self, key: str) -> ResponseReturnValue:
        found = self._survey(key)
        return self._page(found, self._language(found))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def translate(self, key: str) -> ResponseReturnValue:
        """Save or confirm the translation of one text."""
        form, typed = request.form, request.form.get("translation", "").replace("\r\n", "\n").strip()
        for attempt in range(ATTEMPTS):
            found = self._survey(key)
            now = found.translation(form.get("language", ""), form.get("text", ""))
            if survey.seen(now) != form.get("seen"):
                return self._again(found, now, typed, TranslationProblem(CHANGED)), 409
            if problem := _objection(now, typed):
                return self._again(found, now, typed, problem), 422
            try:
                self._save(found, [(now, NewWording(now.text.path, now.language, typed))])
                break
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        if is_fragment():
            after = self._survey(key)
            return self._text(after, after.translation(now.language, now.text.id), saved=True)
        flash(say().gettext("Translation saved."), "success")
        return redirect(_address(key, now.language) + f"#{now.text.id}", 303)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def add_language(self, key: str) -> ResponseReturnValue:
        found, language = self._survey(key), request.form.get("language", "")
        if language not in LANGUAGES["messages"]:
            raise Rejected("Choose one of the languages in the list.")
        text = survey.with_language(found, language)
        with self.database.writing() as session:
            survey.save(session, found, text, by=current_user.id, now=clock.now())
        flash(say().gettext("Language added."), "success")
        return redirect(_address(key, language), 303)

    @may(Permission.SEE_QUESTIONNAIRES)
    def download_translations(self, key: str, language: str, kind: str) -> ResponseReturnValue:
        if kind not in FORMATS:
            raise NotFound("Choose XLIFF or PO.")
        found = self._survey(key)
        mimetype, write = FORMATS[kind]
        entries = entries_of(found.into(language))
        content = write(TranslationFile(key, found.source, language, entries, clock.now()))
        name = f'attachment; filename="{key}.{language}.{kind}"'
        return Response(content, mimetype=mimetype, headers={"Content-Disposition": name})

    @may(Permission.EDIT_QUESTIONNAIRES)
    def upload_translations(self, key: str) -> ResponseReturnValue:
        """Take the translations of a file: all of them, or those without problems if that is wanted."""
        found = self._survey(key)
        language = self._language(found)
        file = request.files.get("file")
        content = file.stream.read(LARGEST + 1) if file else b""
        plan = importing.plan(content, key, found.source, found.into(language))
        if plan.refused or (plan.problems and not request.form.get("others")):
            return self._page(found, language, plan), 422
        if plan.accepted:
            self._save(found, plan.accepted)
        saved = len(plan.accepted)
        flash(say().ngettext("{n} translation saved.", "{n} translations saved.", saved), "success")
        if plan.problems:
            return self._page(self._survey(key), language, plan)
        return redirect(_address(key, language), 303)

    def _survey(self, key: str) -> TranslatedDraft:
        """Raises NotFound, also for the journey."""
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            history = confirming.history(session, draft)
        document = lint.read(draft.text, f"{key}.yaml")
        if draft.is_journey:
            raise NotFound("The journey has no translations.")
        return TranslatedDraft(draft, document, history)

    def _save(self, found: TranslatedDraft, new: Sequence[tuple[Translation, NewWording]]) -> None:
        text = survey.translated(found, new)
        with self.database.writing() as session:
            survey.save(session, found, text, new, by=current_user.id, now=clock.now())

    def _language(self, found: TranslatedDraft) -> str:
        """The language that is asked for, otherwise the reader's, otherwise the first."""
        wanted = request.values.get("language") or say().language
        return wanted if wanted in found.languages else next(iter(found.languages), "")

    def _page(self, found: TranslatedDraft, language: str, plan: ImportPlan | None = None) -> str:
        into = {each: found.into(each) for each in found.languages}
        texts = into.get(language, [])
        only_open = request.args.get("show") == "open"
        missing = [each for each in LANGUAGES["messages"] if each not in found.document.languages]
        return frame.text_page(
            "studio/translations/translations.html",
            found.draft,
            survey=found,
            language=language,
            progress=[progress(each, texts) for each, texts in into.items()],
            texts=[each for each in texts if not only_open or each.state != TranslationState.TRANSLATED],
            only_open=only_open,
            new_languages=missing,
            problems=in_language(found.document.problems, say().language),
            plan=plan,
            **self._shown(found, texts),
        )

    def _shown(self, found: TranslatedDraft, texts: Sequence[Translation]) -> dict[str, Any]:
        """What the template of one text needs."""
        return {
            "direction": direction,
            "roles": ROLE_NAMES,
            "translation_states": STATE_NAMES,
            "severities": SEVERITY_WORDS,
            "seen": survey.seen,
            "word_diff": word_diff,
            "findings": self._findings(found, texts),
            "source_language": found.source,
            "can_edit": allows(Permission.EDIT_QUESTIONNAIRES) and found.draft.archived_at is None,
        }

    def _text(self, found: TranslatedDraft, now: Translation, **context: Any) -> str:
        return render_template(
            "studio/translations/_translation.html",
            draft=found.draft,
            each=now,
            language=now.language,
            counted=progress(now.language, found.into(now.language)),
            oob=True,
            **self._shown(found, [now]),
            **context,
        )

    def _again(
        self, found: TranslatedDraft, now: Translation, typed: str, problem: TranslationProblem
    ) -> str:
        """The text with what was typed and why it was not saved; without a script, a page with that text alone."""
        if is_fragment():
            return self._text(found, now, typed=typed, problem=problem)
        return frame.text_page(
            "studio/translations/translation.html",
            found.draft,
            each=now,
            language=now.language,
            typed=typed,
            problem=problem,
            **self._shown(found, [now]),
        )

    def _findings(self, found: TranslatedDraft, texts: Sequence[Translation]) -> dict[str, list[Finding]]:
        """Name of a text -> what the linter says about its translation."""
        with self.database.reading() as session:
            settings = self.rules.for_session(session, clock.now())
        problems = lint.check(found.draft.text, f"{found.draft.key}.yaml", settings=settings)
        languages = {each.language for each in texts}
        told = [each for each in in_language(problems, say().language) if each.language in languages]
        return {
            each.text.id: _within(found.document, (*each.text.path, each.language), told)
            for each in texts
            if each.target
        }


def _within(document: Document, path: Path, problems: Sequence[Finding]) -> list[Finding]:
    """The findings whose mark is in one part of the document."""
    span = document.span(path)
    start, end = document.place(span.start), document.place(span.end)
    first, last = (start.line, start.column), (end.line, end.column)
    return [each for each in problems if first <= (each.line, each.column) <= last]


def _objection(now: Translation, typed: str) -> TranslationProblem | None:
    if not typed:
        return TranslationProblem(EMPTY)
    return importing.objection(now.source, typed)


def _address(key: str, language: str) -> str:
    return url_for("studio.translations", key=key, language=language)
