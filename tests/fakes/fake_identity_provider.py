"""A provider of single sign-on on this machine, which can lie: an OpenID Connect provider for one client.

What a person does at it is a method (`authorise`); what the client asks of it goes over a real socket.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from feedback import clock

CLIENT_ID, CLIENT_SECRET = "feedback-client", "the-secret-of-the-client-0123456789"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig"}) for number in range(2)]
Claims = dict[str, Any]


@dataclass
class FakeIdentityProvider:
    """`changes` is applied to the claims of each token, `sign` makes the token, `metadata` adds to the document."""

    metadata: dict[str, Any] = field(default_factory=dict)
    changes: Callable[[Claims], Claims] = dict
    sign: Callable[[Claims], str] | None = None
    user_info: Claims | None = None
    key: int = 0
    """Which of the keys is published and signs."""
    fetched: list[str] = field(default_factory=list)
    _codes: dict[str, tuple[Mapping[str, str], Claims]] = field(default_factory=dict)

    def reset(self) -> None:
        self.metadata, self.changes, self.sign, self.user_info, self.key = {}, dict, None, None, 0
        self.fetched.clear()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeIdentityProvider:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805 - the library's name; `provider` is the object
                provider._reply(handler, *provider._get(handler.path))

            def do_POST(handler) -> None:  # noqa: N805
                sent = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
                form = dict(parse_qsl(sent))
                provider._reply(handler, *provider._post(form, handler.headers.get("Authorization", "")))

            def log_message(handler, *_: object) -> None:  # noqa: N805
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # What a person does there

    def authorise(self, address: str, **claims: Any) -> str:
        """Sign in as somebody with these claims; the address to which the browser is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID and asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked, claims
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def logout_token(self, **claims: Any) -> str:
        """A token as the provider posts it when a session of somebody ends."""
        now = int(clock.now().timestamp())
        standard = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
        }
        return self._signed({**standard, "events": {LOGOUT_EVENT: {}}, **claims})

    # What the client asks

    def _get(self, path: str) -> tuple[int, Any]:
        self.fetched.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/end",
                "code_challenge_methods_supported": ["S256"],
                **self.metadata,
            }
        if path == "/keys":
            return 200, {"keys": [_KEYS[self.key].as_dict(private=False)]}
        if path == "/userinfo" and self.user_info is not None:
            return 200, self.user_info
        return 404, {"error": "not_found"}

    def _post(self, form: Mapping[str, str], authorization: str) -> tuple[int, Any]:
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {wanted}":
            return 401, {"error": "invalid_client", "error_description": "Unknown client."}
        asked, claims = self._codes.pop(form.get("code", ""), (None, {}))
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self._id_token(asked, claims)}

    def _id_token(self, asked: Mapping[str, str], claims: Claims) -> str:
        now = int(clock.now().timestamp())
        standard = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        return self._signed(self.changes({**standard, "auth_time": now, **claims}))

    def _signed(self, claims: Claims) -> str:
        return self.sign(claims) if self.sign else signed(claims, self.key)

    @staticmethod
    def _reply(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


def signed(claims: Claims, key: int = 0) -> str:
    return jwt.encode({"alg": "RS256", "kid": f"key-{key}"}, claims, _KEYS[key])


def signed_by_nobody(claims: Claims) -> str:
    """`alg: none`."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "kid": "key-0"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def signed_by_a_stranger(claims: Claims) -> str:
    """With another key, under the name of the right one."""
    return jwt.encode({"alg": "RS256", "kid": "key-0"}, claims, _KEYS[1])


def signed_with_what_everybody_knows(claims: Claims) -> str:
    """HMAC with the public key as its secret, which a careless client takes."""
    public = OctKey.import_key(_KEYS[0].as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": "key-0"}, claims, public, algorithms=["HS256"])
