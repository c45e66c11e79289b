"""OpenID Connect as this installation speaks it: authorisation code with PKCE, and the checks of every token.

Authlib makes the requests, joserfc checks the signatures, and all calls go through the guarded client. Needs the extra
`sso`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.common.security import generate_token
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from feedback.providers.identity_provider import IdentityProvider, JsonMap, ProviderFailedError
from feedback.providers.webhook_http import WebhookAnswer, WebhookHttp
from feedback.services.staff.provider_accounts import ProviderPerson
from feedback.services.staff.provider_sessions import ProviderAnswer
from feedback.settings.table import SingleSignOnSettings

ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
]
"""Signatures with a public key. Neither `none` nor HMAC, whose key anybody could know who has the public one."""
KINDS_OF_KEYS = ("RSA", "EC", "OKP")
SKEW = 60
"""Seconds by which the clocks may differ."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_WITHIN = timedelta(minutes=5)
"""Age up to which a logout token is taken; so long, its `jti` is remembered."""
STARTED_WITHIN = timedelta(minutes=10)
"""How long somebody may take at the provider."""


@dataclass(frozen=True, slots=True)
class StartedSignIn:
    """What has to be known when the provider answers; it is kept in the browser's session."""

    state: str
    nonce: str
    verifier: str
    back: str
    at: float
    confirms: bool = False
    """Whether somebody who is signed in confirms their identity."""

    @classmethod
    def read(cls, kept: Any) -> StartedSignIn | None:
        try:
            return cls(**kept)
        except TypeError:
            return None

    def write(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The checked answer of the provider."""

    person: ProviderPerson
    answer: ProviderAnswer


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """A checked logout token; `sid` or `subject` may be empty."""

    issuer: str
    sid: str
    subject: str
    jti: str


@dataclass(frozen=True)
class RelyingParty:
    """This installation as a client of the provider; `callback` is its redirect URI."""

    provider: IdentityProvider
    sso: SingleSignOnSettings
    callback: str

    def begin(self, back: str, now: datetime, *, confirms: bool = False) -> tuple[str, StartedSignIn]:
        """The address at the provider to send the browser to. Raises ProviderFailedError."""
        started = StartedSignIn(
            generate_token(43), generate_token(43), generate_token(64), back, now.timestamp(), confirms
        )
        asked = {"prompt": "login", "max_age": "0"} if confirms else {}
        address, _ = self._client().create_authorization_url(
            self.provider.metadata()["authorization_endpoint"],
            state=started.state,
            nonce=started.nonce,
            code_verifier=started.verifier,
            **asked,
        )
        return str(address), started

    def finish(self, started: StartedSignIn, sent: Mapping[str, str], now: datetime) -> SignedIn:
        """Exchange the code of the provider's answer and check the token. Raises ProviderFailedError."""
        self._check_answer(started, sent, now)
        token = self._exchanged(sent["code"], started.verifier)
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise ProviderFailedError("no_id_token")
        claims = self._checked(
            id_token, now, nonce={"essential": True, "value": started.nonce}, exp={"essential": True}
        )
        if started.confirms and _number(claims.get("auth_time")) < started.at - SKEW:
            raise ProviderFailedError("not_confirmed", "auth_time")
        everything = {**self._user_info(claims, token.get("access_token")), **claims}
        return SignedIn(self._person(everything), self._answer(claims, id_token))

    def logged_out(self, token: str, now: datetime) -> LoggedOut:
        """Check a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6); whether its `jti` was seen is for the
        caller. Raises ProviderFailedError."""
        claims = self._checked(token, now, jti={"essential": True})
        events = claims.get("events")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events:
            raise ProviderFailedError("no_logout_token", "events")
        if "nonce" in claims:
            raise ProviderFailedError("no_logout_token", "nonce")
        sid, subject = _text(claims.get("sid")), _text(claims.get("sub"))
        if not sid and not subject:
            raise ProviderFailedError("no_logout_token", "sid and sub")
        if _number(claims.get("iat")) < (now - LOGOUT_WITHIN).timestamp():
            raise ProviderFailedError("too_old", "iat")
        return LoggedOut(str(claims["iss"]), sid, subject, str(claims["jti"]))

    def end_address(self, id_token: str, back: str) -> str | None:
        """Where to send the browser to sign out at the provider; None if the provider has no such page."""
        page = self.provider.metadata().get("end_session_endpoint")
        if not isinstance(page, str):
            return None
        asked = urlencode(
            {"id_token_hint": id_token, "client_id": self.sso.client_id, "post_logout_redirect_uri": back}
        )
        return f"{page}{'&' if '?' in page else '?'}{asked}"

    def credentials_problem(self) -> str:
        """The provider's complaint about the client ID and secret, found by a code that nobody was given; empty if it
        complains of the code. Raises ProviderFailedError if it does not answer."""
        try:
            self._exchanged("a-test-of-the-connection", generate_token(64))
        except ProviderFailedError as failed:
            if failed.code != "token_refused":
                raise
            return "" if failed.detail.startswith(("invalid_grant", "invalid_request")) else failed.detail
        return ""

    def _check_answer(self, started: StartedSignIn, sent: Mapping[str, str], now: datetime) -> None:
        if not hmac.compare_digest(started.state.encode(), sent.get("state", "").encode()):
            raise ProviderFailedError("other_state")
        if now.timestamp() - started.at > STARTED_WITHIN.total_seconds():
            raise ProviderFailedError("too_slow")
        metadata = self.provider.metadata()
        named = sent.get("iss")  # RFC 9207: the answer of another provider
        is_promised = metadata.get("authorization_response_iss_parameter_supported") is True
        if (named is None and is_promised) or (named is not None and named != metadata["issuer"]):
            raise ProviderFailedError("other_issuer", str(named))
        if "error" in sent:
            raise ProviderFailedError(
                "refused_there", f"{sent['error']}: {sent.get('error_description', '')}"[:300]
            )
        if not sent.get("code"):
            raise ProviderFailedError("no_code")

    def _exchanged(self, code: str, verifier: str) -> Mapping[str, Any]:
        """What the provider gives for a code. Raises ProviderFailedError."""
        try:
            found: Mapping[str, Any] = self._client().fetch_token(
                self.provider.metadata()["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )
        except OAuth2Error as refused:
            said = f"{refused.error} {refused.description or ''}".strip()
            raise ProviderFailedError("token_refused", said[:300]) from None
        except ValueError:
            raise ProviderFailedError("no_json", "token_endpoint") from None
        return found

    def _client(self) -> OAuth2Client:
        secret = self.sso.client_secret.reveal()
        return OAuth2Client(
            _GuardedSession(self.provider.http),
            client_id=self.sso.client_id,
            client_secret=secret or None,
            token_endpoint_auth_method=_method(self.provider.metadata(), secret),
            scope=self.sso.scopes,
            redirect_uri=self.callback,
            code_challenge_method="S256",
        )

    def _checked(self, token: str, now: datetime, **more: Any) -> dict[str, Any]:
        """The claims of a token that the provider signed for us. Raises ProviderFailedError."""
        try:
            decoded = jwt.decode(token, self._keys(token), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=SKEW,
                iss={"essential": True, "value": self.provider.metadata()["issuer"]},
                aud={"essential": True, "value": self.sso.client_id},
                iat={"essential": True},
                **more,
            ).validate(decoded.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailedError("bad_token", str(error)[:300]) from None
        claims: dict[str, Any] = dict(decoded.claims)
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self.sso.client_id:
            raise ProviderFailedError("bad_token", "azp")
        return claims

    def _keys(self, token: str) -> KeySet:
        """The provider's keys, read again if the token names one that is not among them."""
        wanted = _key_id(token)
        keys = _signing_keys(self.provider.keys())
        if wanted and wanted not in {each.get("kid") for each in keys}:
            keys = _signing_keys(self.provider.keys(renewed=True))
        return KeySet.import_key_set({"keys": keys})

    def _user_info(self, claims: JsonMap, access_token: Any) -> dict[str, Any]:
        """What the provider tells only on request: some leave the address or the groups out of the token."""
        page = self.provider.metadata().get("userinfo_endpoint")
        wanted = {"email"} | ({self.sso.groups_claim} if self.sso.roles else set())
        missing = wanted - claims.keys() - _elsewhere(claims).keys()
        if not missing or not isinstance(page, str) or not isinstance(access_token, str):
            return {}
        found = self.provider.get_json(page, {"Authorization": f"Bearer {access_token}"})
        if found.get("sub") != claims.get("sub"):  # OpenID Connect Core 1.0, 5.3.2
            raise ProviderFailedError("other_subject")
        return dict(found)

    def _person(self, claims: JsonMap) -> ProviderPerson:
        subject, email = _text(claims.get("sub")), _text(claims.get("email"))
        if not subject or len(subject) > 255:
            raise ProviderFailedError("bad_token", "sub")
        return ProviderPerson(
            issuer=str(claims["iss"]),
            subject=subject,
            email=email[:320],
            email_is_verified=_is_verified(claims),
            name=_text(claims.get("name"))[:255] or email[:255],
            groups=_groups(claims, self.sso.groups_claim),
        )

    def _answer(self, claims: JsonMap, id_token: str) -> ProviderAnswer:
        said = claims.get("amr")
        methods = {str(each) for each in said} if isinstance(said, list) else set()
        counted = set(self.sso.second_factor_values.split())
        return ProviderAnswer(
            issuer=str(claims["iss"]),
            sid=_text(claims.get("sid"))[:255],
            id_token=id_token,
            has_second_factor=bool(counted & (methods | {_text(claims.get("acr"))})),
        )


class _GuardedSession:
    """What Authlib asks of a session of `requests`, over the guarded client."""

    def __init__(self, http: WebhookHttp) -> None:
        self._http = http

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any, **_: Any
    ) -> _Reply:
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Reply(self._http.post(url, body.encode(), sent))


class _Reply:
    def __init__(self, answer: WebhookAnswer) -> None:
        if answer.status is None:
            raise ProviderFailedError(answer.code, "token_endpoint")
        self.status_code = answer.status
        self._text = answer.text

    def raise_for_status(self) -> None:
        raise ProviderFailedError("token_refused", str(self.status_code))

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self._text)


def _method(metadata: JsonMap, secret: str) -> str:
    """How to show the client secret: as the provider wants it, in the header if it does not care."""
    if not secret:
        return "none"
    known = metadata.get("token_endpoint_auth_methods_supported")
    only_in_body = (
        isinstance(known, list) and "client_secret_basic" not in known and "client_secret_post" in known
    )
    return "client_secret_post" if only_in_body else "client_secret_basic"


def _signing_keys(found: JsonMap) -> list[dict[str, Any]]:
    keys = [each for each in found["keys"] if isinstance(each, dict)]
    return [each for each in keys if each.get("kty") in KINDS_OF_KEYS and each.get("use", "sig") == "sig"]


def _key_id(token: str) -> str:
    """The `kid` in the head of a token; empty if it has none. Nothing is believed of it."""
    head = token.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    return _text(found.get("kid")) if isinstance(found, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) and "\x00" not in value else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _is_verified(claims: JsonMap) -> bool:
    """Whether the provider vouches for the address. Entra ID has another claim for it, `xms_edov`, which only counts if
    the usual one is missing. Some providers send texts."""
    usual = claims.get("email_verified")
    return (claims.get("xms_edov") if usual is None else usual) in (True, 1, "true", "True", "1")


def _groups(claims: JsonMap, name: str) -> frozenset[str] | None:
    """The groups that the answer lists: none if it lacks the claim, but unknown if there were too many for a token
    (Entra ID then names where to ask for them)."""
    if name in _elsewhere(claims):
        return None
    found = claims.get(name, [])
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(str(each) for each in listed if isinstance(each, str | int))


def _elsewhere(claims: JsonMap) -> JsonMap:
    """The claims that did not fit into the token (OpenID Connect Core 1.0, 5.6.2)."""
    found = claims.get("_claim_names")
    return found if isinstance(found, dict) else {}
