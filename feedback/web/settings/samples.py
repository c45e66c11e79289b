"""What customers see: a page and an e-mail in the name and colour that were typed, before they are saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from feedback import clock
from feedback.core.questionnaire import Questionnaire
from feedback.errors import NotFound
from feedback.services.messaging import content
from feedback.services.studio import trial_links
from feedback.settings import Settings
from feedback.settings.reading import with_values
from feedback.store.models import Contact, Invitation
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.studio import trials
from feedback.web.survey.screens import Screens

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LONGEST_NAME = 100
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""Mail has its styles in its elements. Nothing in it may run or be loaded."""


def chosen(typed: Mapping[str, str] | None) -> dict[str, str]:
    """The address parameters of the samples for what was typed; none for what is saved."""
    if typed is None:
        return {}
    return {name: typed.get(f"organisation.{name}", "") for name in ("name", "colour")}


class Samples:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.settings = runtime.settings

    @may(Permission.MANAGE_SETTINGS)
    def sample_page(self) -> ResponseReturnValue:
        """The first page of a survey."""
        pages = trials.TrialPages(self._dressed())
        screens = Screens(pages, trial_links.keys_of(self.settings))
        questionnaire = self._questionnaire()
        language = questionnaire.language_for(say().language)
        visit = trials.begun(questionnaire, language, {}, clock.now(), done=False)
        return screens.show(replace(visit, route="#"))

    @may(Permission.MANAGE_SETTINGS)
    def sample_mail(self) -> ResponseReturnValue:
        """The e-mail that invites to it; its links lead nowhere."""
        questionnaire, settings = self._questionnaire(), self._dressed()
        invitation = Invitation(
            language=questionnaire.language_for(say().language),
            token="sample",  # noqa: S106
            piping={"name": "Deniz Demir", "first_name": "Deniz", "account": settings.organisation.name}
            | {name: f"[{name}]" for name in questionnaire.fields},
            contact=Contact(email="deniz@example.com"),
        )
        composed = content.compose(questionnaire, invitation, "email", settings)
        html = re.sub(r' href="[^"]*"', "", composed.html or "")
        response: Response = make_response(html)
        response.headers["Content-Security-Policy"] = MAIL_POLICY
        return response

    def _dressed(self) -> Settings:
        """The settings with the name and colour of the address; a new installation has no name yet."""
        given = request.args
        own = self.settings.organisation
        name = given.get("name", own.name)[:LONGEST_NAME].strip() or say().gettext("Your company")
        colour = given.get("colour", "")
        values = {
            "organisation.name": name,
            "organisation.colour": colour if _COLOUR.fullmatch(colour) else own.colour,
        }
        return with_values(self.runtime.settings, values)

    def _questionnaire(self) -> Questionnaire:
        known = self.runtime.library.questionnaires
        if not known:
            raise NotFound("There is no survey yet.")
        return known.get("relationship-nps") or next(iter(known.values()))
