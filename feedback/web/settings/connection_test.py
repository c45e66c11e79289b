"""The test of the connection to the provider of the single sign-on: what it publishes, and whether it knows us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import render_template
from flask.typing import ResponseReturnValue

from feedback.providers.identity_provider import JsonMap, ProviderFailedError
from feedback.settings.table import SingleSignOnSettings
from feedback.web.auth.permissions import Permission, may
from feedback.web.single_sign_on.parties import AFTER_SIGN_OUT, BACKCHANNEL, CALLBACK, Parties
from feedback.web.wording import single_sign_on_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What was found. `code` is empty if the connection works; the switches say what the provider supports."""

    code: str = ""
    detail: str = ""
    signs_out: bool = False
    tells_sign_outs: bool = False
    lists_groups: bool = False


class ConnectionTest:
    def __init__(self, runtime: Runtime) -> None:
        self.settings = runtime.settings
        self.parties = Parties(runtime)

    def addresses(self) -> tuple[str, str, str]:
        """Our addresses that the provider has to know: redirect URI, after signing out, back-channel logout."""
        callback, after, backchannel = map(self.parties.address, (CALLBACK, AFTER_SIGN_OUT, BACKCHANNEL))
        return callback, after, backchannel

    @may(Permission.MANAGE_SETTINGS)
    def test_connection(self) -> ResponseReturnValue:
        """Ask the provider, with the saved settings."""
        report = self._report()
        page = render_template(
            "settings/connection.html",
            report=report,
            advice=single_sign_on_wording.CONNECTION,
            sso=self.settings.sso,
        )
        return page, (422 if report.code else 200)

    def _report(self) -> ConnectionReport:
        try:
            party = self.parties.party()
            party.provider.keys(renewed=True)
            complaint = party.credentials_problem()
            if complaint:
                return ConnectionReport("client", complaint)
            return _supported(party.provider.metadata(), self.settings.sso)
        except ProviderFailedError as failed:
            return ConnectionReport(failed.code, failed.detail)


def _supported(metadata: JsonMap, sso: SingleSignOnSettings) -> ConnectionReport:
    claims, scopes = metadata.get("claims_supported"), metadata.get("scopes_supported")
    lists_groups = isinstance(claims, list) and sso.groups_claim in claims
    return ConnectionReport(
        signs_out=isinstance(metadata.get("end_session_endpoint"), str),
        tells_sign_outs=metadata.get("backchannel_logout_supported") is True,
        lists_groups=lists_groups or (isinstance(scopes, list) and sso.groups_claim in scopes),
    )
