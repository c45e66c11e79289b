"""How a door knows that a call is from the other system: a signature, a password, or a token.

Systems sign in many ways. A check says which: which header, which hash, how it is written, and what was signed besides
the body. Every comparison takes the same time wherever two values differ.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_PARTS = re.compile(r"\{(\w*)\}")
KNOWN_PARTS = ("body", "timestamp", "method", "url", "id")
MILLISECONDS = 10**11
"""A number of at least this many is a time in milliseconds: as seconds it would be in the year 5138."""
MOST_SIGNATURES = 10
"""In one header: more than one is there while a secret is changed."""


@dataclass(frozen=True, slots=True)
class DoorCall:
    """A call as it came. `headers` are looked up without regard to case; `url` is the public address with its query."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    method: str = "POST"

    def header(self, name: str | None) -> str:
        wanted = (name or "").lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


class DoorCheck(BaseModel):
    """How calls are checked. `by` decides which other fields count.

    hmac: `header` holds the signature, written in `encoding` after `prefix`; or as `signature_key=` in a header with
    several parts, as Stripe writes it. `signed` is what was signed; `{timestamp}` in it comes from `timestamp_header`
    or `timestamp_key` and must not be further from now than `tolerance` seconds. token: in `header` (after `prefix`) or
    in the query as `query`. basic: HTTP Basic with the name `user`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["hmac", "token", "basic"]
    header: HeaderName | None = None
    prefix: Annotated[str, StringConstraints(max_length=32)] = ""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    signed: Annotated[str, StringConstraints(max_length=200)] = "{body}"
    signature_key: Word | None = None
    timestamp_header: HeaderName | None = None
    timestamp_key: Word | None = None
    id_header: HeaderName | None = None
    tolerance: Annotated[int, Field(ge=30, le=86_400)] = 300
    secret_in: Literal["text", "base64"] = "text"  # noqa: S105 - how a secret is written, no secret
    query: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")] | None = None
    user: Word = "feedback"

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.by == "hmac":
            self._check_hmac()
        elif self.by == "token" and (self.header is None) == (self.query is None):
            raise ValueError("Give `header` or `query`: where the token is.")
        return self

    def _check_hmac(self) -> None:
        if self.header is None:
            raise ValueError("Give `header`: the header that holds the signature.")
        parts = _PARTS.findall(self.signed)
        if unknown := [part for part in parts if part not in KNOWN_PARTS]:
            raise ValueError(f"`signed` has no part {unknown[0]!r}: use {', '.join(KNOWN_PARTS)}.")
        if parts.count("body") != 1:
            raise ValueError("`signed` needs {body} once.")
        has_time = self.timestamp_header is not None or self.timestamp_key is not None
        if ("timestamp" in parts) != has_time:
            raise ValueError("`signed` needs {timestamp} if there is a timestamp, and only then.")
        if ("id" in parts) != (self.id_header is not None):
            raise ValueError("`signed` needs {id} if there is `id_header`, and only then.")
        if self.timestamp_key is not None and self.signature_key is None:
            raise ValueError("Give `signature_key`, too: `timestamp_key` is a part of the same header.")


Refused = Literal["no_signature", "wrong_signature", "no_timestamp", "old_timestamp", "wrong_password"]
"""Why a call is refused."""


def refusal(check: DoorCheck, call: DoorCall, secrets: Sequence[str], now: datetime) -> Refused | None:
    """Why the call is not from somebody who knows one of the secrets; None if it is."""
    if check.by == "hmac":
        return _hmac_refusal(check, call, secrets, now)
    given = _password(check, call)
    if given is None:
        return "no_signature"
    return None if _is_among(given.encode(), [each.encode() for each in secrets]) else "wrong_password"


def signature(check: DoorCheck, call: DoorCall, secret: str, timestamp: str = "") -> str:
    """The signature of a call in the way of the check, without prefix or key."""
    digest = hmac.new(_key(check, secret), _signed(check, call, timestamp), check.algorithm).digest()
    return digest.hex() if check.encoding == "hex" else base64.b64encode(digest).decode()


def _hmac_refusal(check: DoorCheck, call: DoorCall, secrets: Sequence[str], now: datetime) -> Refused | None:
    given = list(_signatures(check, call))[:MOST_SIGNATURES]
    if not given:
        return "no_signature"
    timestamp = _timestamp(check, call)
    if "{timestamp}" in check.signed and not timestamp:
        return "no_timestamp"
    expected = [signature(check, call, secret, timestamp) for secret in secrets]
    if check.encoding == "hex":
        given = [each.lower() for each in given]
    if not any(_is_among(each.encode(), [one.encode() for one in expected]) for each in given):
        return "wrong_signature"
    return _time_refusal(timestamp, timedelta(seconds=check.tolerance), now) if timestamp else None


def _signatures(check: DoorCheck, call: DoorCall) -> Iterator[str]:
    header = call.header(check.header).strip()
    if check.signature_key is not None:
        yield from _parts_of(header, check.signature_key)
        return
    for each in header.split():
        if each.startswith(check.prefix) and len(each) > len(check.prefix):
            yield each[len(check.prefix) :]


def _parts_of(header: str, key: str) -> Iterator[str]:
    """The values of `key` in a header such as `t=1700000000,v1=5257a8`."""
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == key and value:
            yield value


def _timestamp(check: DoorCheck, call: DoorCall) -> str:
    if check.timestamp_key is not None:
        return next(_parts_of(call.header(check.header), check.timestamp_key), "")
    return call.header(check.timestamp_header).strip() if check.timestamp_header else ""


def _signed(check: DoorCheck, call: DoorCall, timestamp: str) -> bytes:
    values = {
        "timestamp": timestamp.encode(),
        "method": call.method.encode(),
        "url": call.url.encode(),
        "id": call.header(check.id_header).encode() if check.id_header else b"",
        "body": call.body,
    }
    found, end = [], 0
    for part in _PARTS.finditer(check.signed):
        found += [check.signed[end : part.start()].encode(), values[part[1]]]
        end = part.end()
    return b"".join([*found, check.signed[end:].encode()])


def _key(check: DoorCheck, secret: str) -> bytes:
    if check.secret_in == "base64":  # noqa: S105
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
    return secret.encode()


def _time_refusal(timestamp: str, tolerance: timedelta, now: datetime) -> Refused | None:
    at = _moment(timestamp)
    if at is None:
        return "no_timestamp"
    return None if abs(now - at) <= tolerance else "old_timestamp"


def _moment(written: str) -> datetime | None:
    """A time in seconds or milliseconds since 1970, or in ISO 8601 with an offset."""
    try:
        if re.fullmatch(r"\d{1,16}", written, re.ASCII):
            number = int(written)
            return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS else number, UTC)
        found = datetime.fromisoformat(written)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else None


def _password(check: DoorCheck, call: DoorCall) -> str | None:
    """The token, or the password if the name is right."""
    if check.by == "token":
        given = call.query.get(check.query, "") if check.query else call.header(check.header).strip()
        return given[len(check.prefix) :].strip() or None if given.startswith(check.prefix) else None
    scheme, _, rest = call.header("Authorization").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if hmac.compare_digest(name.encode(), check.user.encode()) else ""


def _is_among(given: bytes, wanted: Sequence[bytes]) -> bool:
    """Compares digests, so that neither length nor content of a secret is told by the time it takes."""
    digest = hashlib.sha256(given).digest()
    same = [hmac.compare_digest(digest, hashlib.sha256(each).digest()) for each in wanted]
    return any(same)
