"""The user's own account, and the list of staff for users who manage it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, logout_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import Conflict, FeedbackError, Rejected
from feedback.i18n import LANGUAGES, _
from feedback.services.notifications import account_email
from feedback.services.staff import accounts, business_hours, provider_accounts, sessions
from feedback.services.staff.accounts import RoleName
from feedback.services.staff.business_hours import BusinessHours
from feedback.store.models import User
from feedback.web.auth.permissions import Permission, may, public, signed_in
from feedback.web.http.locale import CHOSEN, DESK, say, zone
from feedback.web.http.numbers import day, whole
from feedback.web.http.return_address import own_page
from feedback.web.http.routes import blueprint_of, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


ROLE_TITLES = {
    RoleName.ADMIN: _("Admin"),
    RoleName.LEAD: _("CS lead"),
    RoleName.CSM: _("CSM"),
    RoleName.VIEWER: _("Viewer"),
}

CALENDAR_TITLES: Mapping[str, str] = {"gregorian": _("Gregorian"), "solar_hijri": _("Solar Hijri")}


def blueprint(runtime: Runtime) -> Blueprint:
    views = Accounts(runtime)
    return blueprint_of(
        "account",
        get("/", views.show),
        post("/", views.save),
        post("/language", views.language),
        post("/sessions/<int:session_id>/end", views.end_session),
        post("/sessions/end-others", views.end_other_sessions),
        post("/sign-out-everywhere", views.sign_out_everywhere),
        get("/staff", views.staff),
        post("/staff", views.add),
        post("/staff/<int:user_id>", views.change),
    )


class Accounts:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.runtime = runtime

    @signed_in
    def show(self) -> ResponseReturnValue:
        with self.database.reading() as transaction:
            user = accounts.find(transaction, current_user.id)
            people = [person for person in accounts.owners(transaction) if person.id != user.id]
            return render_template(
                "staff/account.html",
                user=user,
                people=people,
                zones=_zones(),
                role_titles=ROLE_TITLES,
                calendar_titles=CALENDAR_TITLES,
                hours=business_hours.hours_of(user, self.settings.followup),
                calendars=sorted(self.settings.followup.holiday_calendars),
                sessions=sessions.in_force(transaction, user, clock.now()),
                this_session=g.staff_session.id,
                provider=self._provider(),
            )

    @signed_in
    def save(self) -> ResponseReturnValue:
        try:
            with self.database.writing() as transaction:
                user = accounts.find(transaction, current_user.id)
                _apply(user, {person.id for person in accounts.owners(transaction)} - {user.id})
                self._set_hours(transaction, user)
        except Rejected as refused:
            flash(say().gettext(str(refused)), "error")
            return redirect(url_for("account.show"), 303)
        session.pop(CHOSEN, None)
        flash(say().gettext("Saved."), "success")
        return redirect(url_for("account.show"), 303)

    def _set_hours(self, transaction: Session, user: User) -> None:
        """Save the working hours if the form contains them and they have changed."""
        before = business_hours.hours_of(user, self.settings.followup)
        hours = _hours(before)
        if hours != before:
            business_hours.set_hours(
                transaction, user, hours, self.settings.followup, by=user.id, now=clock.now()
            )

    @public("the sign-in page is read in one's own language, too")
    def language(self) -> ResponseReturnValue:
        chosen = request.form.get("language", "")
        if chosen in LANGUAGES[DESK]:
            session[CHOSEN] = chosen
            if current_user.is_authenticated:
                with self.database.writing() as transaction:
                    accounts.find(transaction, current_user.id).language = chosen
        return redirect(own_page(request.form.get("back", "")), 303)

    @signed_in
    def end_session(self, session_id: int) -> ResponseReturnValue:
        if session_id == g.staff_session.id:
            raise Conflict('Use "Sign out" for this device.')
        with self.database.writing() as transaction:
            user = accounts.find(transaction, current_user.id)
            sessions.end_one(transaction, user, session_id, now=clock.now())
        flash(say().gettext("Signed out on that device."), "success")
        return redirect(url_for("account.show"), 303)

    @signed_in
    def end_other_sessions(self) -> ResponseReturnValue:
        with self.database.writing() as transaction:
            user = accounts.find(transaction, current_user.id)
            sessions.end_others(transaction, user, g.staff_session.id, now=clock.now())
        flash(say().gettext("Signed out on all other devices."), "success")
        return redirect(url_for("account.show"), 303)

    @signed_in
    def sign_out_everywhere(self) -> ResponseReturnValue:
        with self.database.writing() as transaction:
            user = accounts.find(transaction, current_user.id)
            accounts.revoke_sessions(transaction, user, by=user.id, now=clock.now())
        logout_user()
        return redirect(url_for("security.login"), 303)

    @may(Permission.MANAGE_STAFF)
    def staff(self) -> ResponseReturnValue:
        return self._staff_page()

    @may(Permission.MANAGE_STAFF)
    def add(self) -> ResponseReturnValue:
        form = request.form
        try:
            with self.database.writing() as transaction:
                new = accounts.NewUser(
                    email=form.get("email", ""),
                    name=form.get("name", ""),
                    roles=form.getlist("role"),
                    language=say().language,
                )
                user = accounts.add_user(transaction, new, clock.now(), by=current_user.id)
                is_invited = account_email.invite(
                    transaction, user, current_user.name, self.runtime, clock.now()
                )
        except (Conflict, Rejected) as refused:
            return self._staff_page(say().gettext(str(refused))), _status(refused)
        if is_invited:
            flash(say().gettext("Added. An invitation by e-mail is on its way."), "success")
        else:
            flash(
                say().gettext(
                    'Added. They can set a password with "Forgot your password?" on the sign-in page.'
                ),
                "success",
            )
        return redirect(url_for("account.staff"), 303)

    @may(Permission.MANAGE_STAFF)
    def change(self, user_id: int) -> ResponseReturnValue:
        action, now = request.form.get("action", ""), clock.now()
        try:
            with self.database.writing() as transaction:
                user = accounts.find(transaction, user_id)
                if action == "roles":
                    roles = request.form.getlist("role")
                    accounts.set_roles(transaction, user, roles, by=current_user.id, now=now)
                elif action in ("activate", "deactivate"):
                    active = action == "activate"
                    accounts.set_active(transaction, user, active, by=current_user.id, now=now)
                elif action == "revoke":
                    accounts.revoke_sessions(transaction, user, by=current_user.id, now=now)
        except (Conflict, Rejected) as refused:
            return self._staff_page(say().gettext(str(refused))), _status(refused)
        flash(say().gettext("Saved."), "success")
        return redirect(url_for("account.staff"), 303)

    def _staff_page(self, refused: str | None = None) -> str:
        with self.database.reading() as transaction:
            return render_template(
                "staff/staff.html",
                people=accounts.everybody(transaction),
                from_provider=provider_accounts.from_provider(transaction),
                devices=sessions.devices(transaction, clock.now()),
                provider=self._provider(),
                sso=self.settings.sso,
                role_titles=ROLE_TITLES,
                refused=refused,
                typed=request.form,
            )

    def _provider(self) -> str:
        """The name of the single sign-on, for people who come from there."""
        return self.settings.sso.provider_name or say().gettext("Single sign-on")


def _status(refused: FeedbackError) -> int:
    return 409 if isinstance(refused, Conflict) else 422


def _apply(user: User, delegates: Collection[int]) -> None:
    """Set what the form says. Raises Rejected for a delegate who is not one of `delegates`."""
    form = request.form
    delegate = form.get("delegate", "")
    if delegate and form.get("delegate", type=whole) not in delegates:
        raise Rejected("Choose a colleague from the list.")
    user.name = form.get("name", "").strip()[:255] or user.name
    if (language := form.get("language")) in LANGUAGES[DESK]:
        user.language = language
    if (name := form.get("time_zone", "")) in _zones():
        user.time_zone = name
    if "digest_asked" in form:  # an unticked box is not sent
        user.morning_digest = "morning_digest" in form
        user.browser_notices = "browser_notices" in form
    if (calendar := form.get("calendar")) in CALENDAR_TITLES:
        user.calendar = calendar
    user.delegate_id = form.get("delegate", type=whole)
    user.away_until = _end_of(form.get("away_until", ""), user)


def _hours(before: BusinessHours) -> BusinessHours:
    form = request.form
    if "work_from" not in form:
        return before
    days = frozenset(form.getlist("work_day", type=whole))
    opens, closes = _clock(form["work_from"]), _clock(form.get("work_to", ""))
    return BusinessHours(days, opens, closes, form.get("holidays", before.holidays))


def _clock(written: str) -> time:
    try:
        return time.fromisoformat(written).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Rejected("Set an end time after the start time.") from None


def _end_of(written: str, user: User) -> datetime | None:
    """The end of the absence: the end of that day in the user's time zone."""
    try:
        last = day(written)
    except ValueError:
        return None
    own = ZoneInfo(user.time_zone) if user.time_zone else zone()
    return datetime.combine(last, time(23, 59), tzinfo=own).astimezone(UTC)


def _zones() -> list[str]:
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
