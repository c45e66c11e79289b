"""The first steps of a new installation: what is done, and the page for each step that is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.i18n import _
from feedback.services.setup import first_steps
from feedback.services.setup.first_steps import FirstStep
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.routes import blueprint_of, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class StepWords(NamedTuple):
    """A step in words: its title, why it is needed, and what the link to its page says."""

    title: str
    why: str
    action: str


WORDS: Mapping[FirstStep, StepWords] = {
    FirstStep.BRAND: StepWords(
        _("Name and branding"),
        _("Customers see your name, colour and logo, and a link to your privacy notice."),
        _("Set name and branding"),
    ),
    FirstStep.CHANNELS: StepWords(
        _("Channels"),
        _("Surveys go out by e-mail, SMS or both. Send yourself a test message to see whether it works."),
        _("Set up e-mail"),
    ),
    FirstStep.TEAM: StepWords(
        _("Team"), _("Invite the people who follow up on answers."), _("Add a teammate")
    ),
    FirstStep.CUSTOMERS: StepWords(
        _("Customers"),
        _("Import a CSV or Excel file, as your CRM exports it. Nothing is sent to anybody yet."),
        _("Import customers"),
    ),
    FirstStep.SURVEY: StepWords(
        _("First survey"), _("Begin with a template and make it yours."), _("Choose a template")
    ),
    FirstStep.TEST: StepWords(
        _("Test message"),
        _("Send the survey to yourself and answer it, before the first customer gets it."),
        _("Send a test"),
    ),
    FirstStep.ASK: StepWords(
        _("First customers"),
        _("Publish the survey and send it. Before anything goes out, you see who gets it and who does not."),
        _("Ask customers"),
    ),
}


def blueprint(runtime: Runtime) -> Blueprint:
    views = Checklist(runtime)
    return blueprint_of(
        "first_steps",
        get("/", views.checklist),
        post("/dismiss", views.dismiss),
    )


class Checklist:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database

    @may(Permission.MANAGE_SETTINGS)
    def checklist(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            done = first_steps.done(session, self.runtime)
            latest = first_steps.latest_text(session)
            is_live = latest is not None and first_steps.is_published(self.runtime, latest)
            is_open = first_steps.are_open(session, self.runtime)
        return render_template(
            "settings/first_steps.html",
            steps=[(step, WORDS[step], done[step]) for step in FirstStep],
            following=next((step for step in FirstStep if not done[step]), None),
            pages=_pages(latest, is_live=is_live),
            n_done=sum(done.values()),
            is_open=is_open,
        )

    @may(Permission.MANAGE_SETTINGS)
    def dismiss(self) -> ResponseReturnValue:
        with self.database.writing() as session:
            first_steps.dismiss(session, by=current_user.id, now=clock.now())
        return redirect(url_for("home"), 303)


def _pages(latest: str | None, *, is_live: bool) -> Mapping[FirstStep, str]:
    """The page of each step; `latest` is the survey that was edited last."""
    templates = url_for("studio.list_templates")
    ask = templates
    if latest is not None:
        campaign = url_for("campaigns.new_campaign", survey=latest)
        ask = campaign if is_live else url_for("studio.publish", key=latest)
    return {
        FirstStep.BRAND: url_for("settings.group", group="brand"),
        FirstStep.CHANNELS: url_for("settings.group", group="email"),
        FirstStep.TEAM: url_for("account.staff"),
        FirstStep.CUSTOMERS: url_for("imports.index"),
        FirstStep.SURVEY: templates,
        FirstStep.TEST: url_for("studio.preview", key=latest) if latest else templates,
        FirstStep.ASK: ask,
    }
