"""The client of the provider that is in use now, with what the provider has published."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from feedback.providers.identity_provider import IdentityProvider, ProviderFailedError, http_of

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.web.single_sign_on.relying_party import RelyingParty, StartedSignIn

CALLBACK = "/sso/callback"
BACKCHANNEL = "/sso/backchannel-logout"
AFTER_SIGN_OUT = "/login"
"""Addresses that the provider has to know, below the public address."""
NEEDED = ("authlib", "joserfc")
"""The packages of the extra `sso`."""


def is_installed() -> bool:
    """Whether the extra `sso` is there; most commands and pages do without it."""
    return all(find_spec(each) is not None for each in NEEDED)


class Parties:
    """Keeps what the provider has published, until another one is set."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings
        self._provider: IdentityProvider | None = None

    def address(self, page: str) -> str:
        """The public address of one of our pages."""
        return self._settings.web.public_url.rstrip("/") + page

    def party(self) -> RelyingParty:
        """Raises ProviderFailedError if the extra is not installed."""
        if not is_installed():
            raise ProviderFailedError("not_installed")
        from feedback.web.single_sign_on.relying_party import RelyingParty  # noqa: PLC0415 - needs the extra

        sso = self._settings.sso
        http, known = http_of(sso), self._provider
        if known is None or known.issuer != sso.issuer or known.http != http:
            known = self._provider = IdentityProvider(sso.issuer, http)
        return RelyingParty(known, sso, self.address(CALLBACK))

    def started(self, kept: Any) -> StartedSignIn | None:
        """The sign-in that a browser's session contains."""
        from feedback.web.single_sign_on.relying_party import StartedSignIn  # noqa: PLC0415 - needs the extra

        return StartedSignIn.read(kept) if isinstance(kept, dict) else None
