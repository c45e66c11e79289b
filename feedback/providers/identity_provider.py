"""What the provider of the single sign-on publishes: its discovery document and its keys.

Source: OpenID Connect Discovery 1.0. Both are kept for an hour. Keys are fetched again when a token names one that is
not known, so that a rotation is noticed at once.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from feedback.providers.webhook_http import WebhookHttp
from feedback.settings.table import SingleSignOnSettings

TIMEOUT = 10.0
"""Seconds for each call to the provider, while somebody waits."""
LARGEST = 1_000_000
"""Bytes of an answer."""
KEPT_FOR = 3_600.0
"""Seconds."""
RENEWALS = 5
"""How often a minute keys are fetched again because a token names an unknown one; anybody can send such a token."""

JsonMap = Mapping[str, Any]


class ProviderFailedError(Exception):
    """The provider did not answer, or not as OpenID Connect demands. `code` is one of `REASONS`, `detail` what was
    seen."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


REASONS: Mapping[str, str] = {
    "bad_address": "The address of the provider is no web address.",
    "https_required": "The provider has an address without encryption.",
    "address_not_allowed": "The provider is in a network inside your own. Name it in sso.allowed_networks.",
    "unreachable": "Nobody answers at the address of the provider.",
    "timeout": "The provider took too long to answer.",
    "tls": "The certificate of the provider is not trusted.",
    "broken_answer": "The connection to the provider broke off.",
    "status": "The provider has no discovery document at this address.",
    "no_json": "The provider's answer is no JSON.",
    "other_issuer": "The discovery document names another issuer. Write the address exactly as it names it.",
    "incomplete": "The discovery document lacks something that the sign-in needs.",
    "no_keys": "The provider publishes no keys.",
    "no_pkce": "The provider does not support PKCE with S256.",
}
"""Code -> what is wrong, for operators. The codes of `WebhookAnswer` without a status are among them."""

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def http_of(sso: SingleSignOnSettings) -> WebhookHttp:
    """The guarded client for calls to the provider."""
    return WebhookHttp(sso.networks(), sso.allow_http, timeout=TIMEOUT, kept=LARGEST)


def discovery_url(issuer: str) -> str:
    """Where the discovery document of an issuer stands; the document's own address may be given, too."""
    suffix = "/.well-known/openid-configuration"
    return issuer if issuer.endswith(suffix) else issuer.rstrip("/") + suffix


@dataclass
class _Kept:
    """A document, and when it was fetched."""

    document: JsonMap
    at: float

    def is_fresh(self, now: float) -> bool:
        return now - self.at < KEPT_FOR


@dataclass
class IdentityProvider:
    """Reads what one provider publishes; safe to use from several threads."""

    issuer: str
    http: WebhookHttp
    elapsed: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _kept: dict[str, _Kept] = field(default_factory=dict, repr=False)
    _renewals: list[float] = field(default_factory=list, repr=False)

    def metadata(self) -> JsonMap:
        """The discovery document. Raises ProviderFailedError."""
        url = discovery_url(self.issuer)
        return self._document(url, lambda found: check_metadata(found, self.issuer))

    def keys(self, *, renewed: bool = False) -> JsonMap:
        """The JSON Web Key Set; with `renewed` as it is now, unless that was asked for too often. Raises
        ProviderFailedError."""
        url = str(self.metadata()["jwks_uri"])
        if renewed and self._may_renew():
            with self._lock:
                self._kept.pop(url, None)
        return self._document(url, _check_keys)

    def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> JsonMap:
        """A JSON object from the provider. Raises ProviderFailedError."""
        answer = self.http.get(url, {"Accept": "application/json", **(headers or {})})
        if answer.status is None:
            raise ProviderFailedError(answer.code, url)
        if answer.status != 200:
            raise ProviderFailedError("status", f"{answer.status} {url}")
        try:
            found = json.loads(answer.text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ProviderFailedError("no_json", url)
        return found

    def _document(self, url: str, check: Callable[[JsonMap], None]) -> JsonMap:
        now = self.elapsed()
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and kept.is_fresh(now):
            return kept.document
        found = self.get_json(url)
        check(found)
        with self._lock:
            self._kept[url] = _Kept(found, now)
        return found

    def _may_renew(self) -> bool:
        now = self.elapsed()
        with self._lock:
            self._renewals = [each for each in self._renewals if now - each < 60]
            if len(self._renewals) >= RENEWALS:
                return False
            self._renewals.append(now)
            return True


def check_metadata(found: JsonMap, issuer: str) -> None:
    """Check a discovery document (OpenID Connect Discovery 1.0, 4.3). Raises ProviderFailedError."""
    named = found.get("issuer")
    if not isinstance(named, str) or discovery_url(named) != discovery_url(issuer):
        raise ProviderFailedError("other_issuer", str(named)[:200])
    if missing := [each for each in NEEDED if not isinstance(found.get(each), str)]:
        raise ProviderFailedError("incomplete", ", ".join(missing))
    secure = urlsplit(issuer).scheme == "https"
    if secure and (open_ones := [each for each in NEEDED if not found[each].startswith("https://")]):
        raise ProviderFailedError("https_required", ", ".join(open_ones))
    methods = found.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise ProviderFailedError("no_pkce", ", ".join(map(str, methods)))


def _check_keys(found: JsonMap) -> None:
    if not isinstance(found.get("keys"), list) or not found["keys"]:
        raise ProviderFailedError("no_keys")


def problems_of(sso: SingleSignOnSettings) -> Iterator[str]:
    """What is wrong at the provider, as sentences for an operator; it asks the provider."""
    provider = IdentityProvider(sso.issuer, http_of(sso))
    try:
        provider.keys()
    except ProviderFailedError as failed:
        yield REASONS.get(failed.code, failed.code) + (f" ({failed.detail})" if failed.detail else "")
