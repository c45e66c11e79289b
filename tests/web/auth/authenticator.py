"""A device with one passkey, in software: it registers and answers challenges as a browser would."""

from __future__ import annotations

import hashlib
import html
import json
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

ORIGIN, RP = "http://localhost", "localhost"
PRESENT_AND_VERIFIED, WITH_KEY = 0x05, 0x40


@dataclass
class Authenticator:
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def register(self, client: FlaskClient, name: str = "laptop") -> Any:
        target, options = begin(client, "/wan-register", name=name, usage="first")
        return client.post(target, data={"credential": self.made(options)})

    def made(self, options: dict[str, Any]) -> str:
        """The answer to the options of a new passkey."""
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        data = self._data(PRESENT_AND_VERIFIED | WITH_KEY) + bytes(16)
        data += len(self.credential).to_bytes(2, "big") + self.credential + cose
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {
                "clientDataJSON": encoded(_client_data("webauthn.create", options)),
                "attestationObject": encoded(attestation),
            }
        )

    def answered(self, options: dict[str, Any]) -> str:
        """The answer to a challenge."""
        data, about = self._data(PRESENT_AND_VERIFIED), _client_data("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(about).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(about),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
            }
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(RP.encode()).digest() + bytes([flags]) + bytes(4)

    def _answer(self, response: dict[str, str]) -> str:
        name = encoded(self.credential)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response, "extensions": "{}"}
        )


def begin(client: FlaskClient, path: str, **form: str) -> tuple[str, dict[str, Any]]:
    """(where the answer goes, the options that contain the challenge)."""
    page = client.post(path, data=form).text
    target = re.search(r'<form action="([^"]+)" method="post"\s+data-passkey', page)
    options = re.search(r'data-options="([^"]+)"', page)
    assert target and options, page
    return html.unescape(target[1]), json.loads(html.unescape(options[1]))


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _client_data(kind: str, options: dict[str, Any]) -> bytes:
    about = {"type": kind, "challenge": options["challenge"], "origin": ORIGIN, "crossOrigin": False}
    return json.dumps(about).encode()
