"""The page on which admins make and revoke the keys of programs."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import NotFound, Rejected
from feedback.services.staff import accounts, api_keys
from feedback.services.staff.api_keys import Grant
from feedback.store.models import ApiKey, User
from feedback.web.api.scopes import allowed
from feedback.web.auth.permissions import Permission, granted, may
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import day, whole
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.wording.scope_wording import TITLES

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    views = ApiKeys(runtime)
    return blueprint_of(
        "api_keys",
        get("/", views.index),
        post("/", views.create),
        post("/<int:key_id>/revoke", views.revoke),
    )


class ApiKeys:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings

    @may(Permission.MANAGE_SETTINGS)
    def index(self) -> ResponseReturnValue:
        return self._page()

    @may(Permission.MANAGE_SETTINGS)
    def create(self) -> ResponseReturnValue:
        """The page shows the new key at once, and only now: a redirect would have to keep it somewhere."""
        form = request.form
        try:
            with self.database.writing() as session:
                owner = _owner(session)
                grant = Grant(form.getlist("scope"), owner.id, _end_of(form.get("expires_on", "")))
                _check_owner(owner, grant)
                row, token = api_keys.create(
                    session, form.get("name", ""), by=current_user.id, now=clock.now(), grant=grant
                )
        except Rejected as refused:
            return self._page(refused=say().gettext(str(refused))), 422
        return self._page(made=row, token=token), 201

    @may(Permission.MANAGE_SETTINGS)
    def revoke(self, key_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            api_keys.revoke(session, key_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The key was revoked. Programs that use it are refused from now on."), "success")
        return redirect(url_for("api_keys.index"), 303)

    def _page(self, refused: str | None = None, made: ApiKey | None = None, token: str | None = None) -> str:
        now = clock.now()
        with self.database.reading() as session:
            people = [person for person in accounts.everybody(session) if person.active]
            keys = api_keys.everything(session)
        return render_template(
            "staff/api_keys.html",
            valid=[each for each in keys if _is_valid(each, now)],
            ended=[each for each in keys if not _is_valid(each, now)],
            people=people,
            titles=TITLES,
            refused=refused,
            made=made,
            token=token,
            typed=request.form if refused else {},
            ticked=request.form.getlist("scope") if refused else [],
            mcp_address=self._base() + url_for("mcp.call"),
            in_a_year=(now + timedelta(days=365)).astimezone(zone()).date(),
        )

    def _base(self) -> str:
        """The public address of this installation, or the one by which this page was called."""
        return (self.settings.web.public_url or request.host_url).rstrip("/")


def _is_valid(key: ApiKey, now: datetime) -> bool:
    is_over = key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)
    return not is_over and (key.owner is None or key.owner.active)


def _owner(session: Session) -> User:
    """The chosen owner. Raises Rejected."""
    try:
        return accounts.find(session, request.form.get("owner", 0, type=whole))
    except NotFound:
        raise Rejected("Choose an active user as the owner of the key.") from None


def _check_owner(owner: User, grant: Grant) -> None:
    """Raise Rejected if the owner lacks the permission for something: the key would be refused later."""
    permissions = granted(role.name for role in owner.roles)
    for scope, title in TITLES.items():
        if scope in grant.scopes and not allowed([scope], permissions):
            text = say().gettext(
                '{name} has no permission for "{scope}". Choose another owner, or untick it.',
                name=owner.name,
                scope=say().gettext(title),
            )
            raise Rejected(text)


def _end_of(written: str) -> datetime | None:
    """The end of that day in the user's time zone; None for an empty field, with which a key does not expire."""
    if not written.strip():
        return None
    try:
        last = day(written)
    except ValueError:
        raise Rejected("Choose an expiry date in the future.") from None
    return datetime.combine(last, time(23, 59, 59), tzinfo=zone())
