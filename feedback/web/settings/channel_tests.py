"""A test message through a channel, and what is wrong if it was not sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.errors import NotFound, Rejected
from feedback.providers.base import Provider
from feedback.services.setup import channel_test
from feedback.services.setup.channel_test import TestMessage
from feedback.services.studio import sample_sending
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.wording import settings_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

CHANNELS = ("email", "sms")
"""The groups of settings that are about a channel, and the channels."""


def provider_of(group: str, providers: Mapping[str, Provider]) -> str | None:
    """The key of the provider through which the channel of a group sends."""
    return next((key for key, each in providers.items() if each.channel == group), None)


class ChannelTests:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.providers = runtime.providers

    @may(Permission.MANAGE_SETTINGS)
    def send_test(self, group: str) -> ResponseReturnValue:
        """Send to the admin's own address, or to the number in the form, and wait for the provider's answer."""
        if group not in CHANNELS:
            raise NotFound("Page not found.")
        key = provider_of(group, self.providers)
        try:
            if key is None:
                raise Rejected("Enable a provider for this channel first.")
            to = self._recipient(group)
            with self.database.writing() as session:
                channel_test.begin(session, group, to, by=current_user.id, now=clock.now())
        except Rejected as refused:
            flash(say().gettext(str(refused)), "error")
            return redirect(url_for("settings.group", group=group), 303)
        outcome = channel_test.send(key, self.providers[key], self._message(to), self.settings)
        return render_template(
            "settings/tested.html", group=group, to=to, outcome=outcome, wording=settings_wording
        ), (200 if outcome.accepted else 422)

    def _recipient(self, group: str) -> str:
        if group == "sms":
            return sample_sending.phone(request.form.get("phone", "")[:64], self.settings)
        return str(current_user.email)

    def _message(self, to: str) -> TestMessage:
        name = self.settings.organisation.name or "Feedback"
        return TestMessage(
            to,
            say().language,
            say().gettext("Test message from {organisation}", organisation=name),
            say().gettext("This is a test of {organisation}. The channel works.", organisation=name),
        )
