"""The pages of settings, their history, and what somebody should fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import Conflict, NotFound
from feedback.i18n import LANGUAGES
from feedback.services.organisation import stored_settings
from feedback.services.organisation.stored_settings import Unusable
from feedback.services.setup import diagnosis, first_steps
from feedback.services.staff import accounts
from feedback.services.staff.accounts import RoleName
from feedback.settings import organisation
from feedback.settings.logo import Logo
from feedback.settings.organisation import SettingsGroup
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.library_in_force import follow_at_once
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, form, get, post
from feedback.web.settings import channel_tests, fields, samples
from feedback.web.settings.connection_test import ConnectionTest
from feedback.web.settings.fields import REMOVE, Choices
from feedback.web.studio.preview import FRAMING
from feedback.web.wording import settings_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PAGE = 50
LOGO = "organisation.logo"


def blueprint(runtime: Runtime) -> Blueprint:
    views, tests, shown = (
        SettingsViews(runtime),
        channel_tests.ChannelTests(runtime),
        samples.Samples(runtime),
    )
    return blueprint_of(
        "settings",
        get("/", views.overview),
        get("/history", views.changes),
        get("/checks", views.checks),
        get("/brand/sample-page", shown.sample_page),
        get("/brand/sample-mail", shown.sample_mail),
        post("/single-sign-on/connection", views.connection.test_connection),
        post("/<group>/test", tests.send_test),
        form("/<group>", views.group, views.store),
    )


class SettingsViews:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.settings = runtime.settings
        self.connection = ConnectionTest(runtime)

    @may(Permission.MANAGE_SETTINGS)
    def overview(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            open_steps = first_steps.are_open(session, self.runtime)
        return render_template(
            "settings/overview.html",
            groups=settings_wording.GROUPS,
            found=diagnosis.everything(self.settings, self.runtime.library, self.database, clock.now()),
            open_steps=open_steps,
        )

    @may(Permission.MANAGE_SETTINGS)
    def group(self, group: str) -> ResponseReturnValue:
        return self._page(_group(group))

    @may(Permission.MANAGE_SETTINGS)
    def store(self, group: str) -> ResponseReturnValue:
        """Store the form, or with `preview` only show what it would look like."""
        wanted_group = _group(group)
        if "preview" in request.form:
            return self._page(wanted_group, mistakes=self._mistakes(wanted_group), previewed=True)
        try:
            wanted = self._wanted(wanted_group)
            with self.database.writing() as session:
                changed = stored_settings.change(
                    session, self.settings, wanted, seen=_seen(), by=current_user.id, now=clock.now()
                )
        except Unusable as refused:
            return self._page(wanted_group, mistakes=refused.mistakes), 422
        except Conflict as refused:
            return self._page(wanted_group, refused=str(refused)), 409
        follow_at_once()
        flash(say().gettext("Saved.") if changed else say().gettext("Nothing was changed."), "success")
        return redirect(url_for("settings.group", group=group), 303)

    @may(Permission.MANAGE_SETTINGS)
    def changes(self) -> ResponseReturnValue:
        """The history, a page at a time."""
        before = request.args.get("before", type=whole)
        with self.database.reading() as session:
            found = stored_settings.history(session, before=before, limit=PAGE + 1)
        return render_template(
            "settings/changes.html",
            changes=found[:PAGE],
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            wording=settings_wording,
            group_of=organisation.GROUP_OF,
        )

    @may(Permission.MANAGE_SETTINGS)
    def checks(self) -> ResponseReturnValue:
        """Everything that `feedback doctor` finds."""
        return render_template(
            "settings/checks.html",
            found=diagnosis.everything(self.settings, self.runtime.library, self.database, clock.now()),
            wording=settings_wording,
            page_of=self._page_of,
        )

    def _page_of(self, names: tuple[str, ...]) -> tuple[str, str] | None:
        """(group, name) of the first of these settings that can be changed here."""
        for name in names:
            if name in organisation.GROUP_OF and not organisation.is_fixed(self.settings, name):
                return organisation.GROUP_OF[name], name
        return None

    def _wanted(self, group: SettingsGroup) -> dict[str, Any]:
        """What the form says. Raises Unusable for a file that is no logo."""
        found = fields.read(group, self.settings, request.form, _choices(None))
        if LOGO in group.names and not organisation.is_fixed(self.settings, LOGO):
            if request.form.get(LOGO + REMOVE):
                found[LOGO] = ""
            elif (sent := request.files.get(LOGO)) and sent.filename:
                try:
                    found[LOGO] = Logo.of_upload(sent.read()).address
                except ValueError as error:
                    raise Unusable({LOGO: str(error)}) from None
        return found

    def _mistakes(self, group: SettingsGroup) -> Mapping[str, str]:
        """What is wrong with the form; nothing is stored."""
        try:
            wanted = self._wanted(group)
            with self.database.reading() as session:
                stored_settings.revised(session, self.settings, wanted)
        except Unusable as refused:
            return refused.mistakes
        return {}

    def _page(
        self,
        group: SettingsGroup,
        *,
        mistakes: Mapping[str, str] | None = None,
        refused: str = "",
        previewed: bool = False,
    ) -> Response:
        with self.database.reading() as session:
            choices, seen = _choices(session), stored_settings.last_change(session, group.names)
        typed = request.form if request.method == "POST" else None
        page = render_template(
            "settings/group.html",
            group=group,
            title=settings_wording.GROUPS[group.key],
            groups=settings_wording.GROUPS,
            fields=fields.fields_of(group, self.settings, choices, typed, mistakes),
            mistakes=mistakes or {},
            refused=refused,
            seen=seen,
            wording=settings_wording,
            sample=samples.chosen(typed if previewed else None),
            provider=channel_tests.provider_of(group.key, self.runtime.providers),
            testable=group.key in channel_tests.CHANNELS,
            addresses=self.connection.addresses() if group.key == "single-sign-on" else (),
            sso=self.settings.sso,
        )
        response = make_response(page)
        response.headers["Content-Security-Policy"] = FRAMING
        return response


def _group(key: str) -> SettingsGroup:
    for each in organisation.GROUPS:
        if each.key == key:
            return each
    raise NotFound("Page not found.")


def _seen() -> int:
    """The last change that the user saw; without it in the form, none."""
    return request.form.get("seen", 0, type=whole)


def _choices(session: Session | None) -> Choices:
    """Values to choose from. Without a session, only which settings have such."""
    users = accounts.owners(session) if session else []
    admins = [each for each in users if any(role.name == RoleName.ADMIN for role in each.roles)]
    return {
        "sso.emergency_account": ["", *(each.email for each in admins)],
        "followup.fallback_owner": ["", *(each.email for each in users)],
        "organisation.default_language": LANGUAGES["messages"],
        "followup.time_zone": ["", *sorted(name for name in available_timezones() if "/" in name)],
    }
