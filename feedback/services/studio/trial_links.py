"""Addresses under which a draft can be tried out. They are signed and end by themselves, so nothing is stored."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from feedback.settings import Settings

WORKS_FOR = timedelta(days=7)
PATH = "trial"
"""The first part of the path of these addresses."""

_TOKEN = re.compile(
    r"(?P<key>[a-z][a-z0-9_-]{0,63})\.(?P<language>[a-z]{2})\.(?P<end>[0-9a-f]{1,12})\.(?P<mac>[0-9a-f]{20})"
)


@dataclass(frozen=True, slots=True)
class TrialLink:
    """A text's key, the language in which it begins, and when the address stops working."""

    key: str
    language: str
    until: datetime


def keys_of(settings: Settings) -> list[bytes]:
    """The keys that sign, the present one first."""
    secrets = (settings.web.secret_key, settings.web.secret_key_previous)
    return [secret.reveal().encode() for secret in secrets if secret]


def make(keys: Sequence[bytes], key: str, language: str, now: datetime) -> str:
    """A token for the text with this key that works from `now` for WORKS_FOR."""
    body = f"{key}.{language}.{int((now + WORKS_FOR).timestamp()):x}"
    return f"{body}.{_mac(keys[0], body)}"


def read(keys: Sequence[bytes], token: str, now: datetime) -> TrialLink | None:
    """What a token stands for; None if it is not ours or does not work any more."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    body = token.rpartition(".")[0]
    if not any(hmac.compare_digest(_mac(key, body), found["mac"]) for key in keys):
        return None
    until = datetime.fromtimestamp(int(found["end"], 16), UTC)
    return TrialLink(found["key"], found["language"], until) if until > now else None


def _mac(key: bytes, body: str) -> str:
    return hmac.digest(key, f"trial:{body}".encode(), "sha256").hex()[:20]
