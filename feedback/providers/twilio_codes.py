"""The meaning of Twilio's error codes, from `data/twilio_codes.toml`, whether an answer or a receipt tells them.

Twilio splits codes and adds new ones over time. An unlisted code counts as UNEXPLAINED: the message is reported as
failed rather than sent twice, and several in a row hold the provider.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from feedback.providers.base import Verdict


class Meaning(NamedTuple):
    """What a code means: `text` in words, `advice` what to do, `wait` seconds before another try (None: any)."""

    verdict: Verdict
    text: str
    advice: str = ""
    wait: float | None = None


def _shipped() -> Iterator[tuple[int, Meaning]]:
    tables = tomllib.loads((files("feedback.providers") / "data" / "twilio_codes.toml").read_text("utf-8"))
    for table in tables.values():
        for code, text in table["codes"].items():
            yield int(code), _meaning(table, code, text)


def _meaning(table: Mapping[str, Any], code: str, text: str) -> Meaning:
    advice = table.get("advice_for", {}).get(code, table["advice"])
    return Meaning(
        Verdict(table["verdict"]), text, advice, table.get("wait_for", {}).get(code, table.get("wait"))
    )


CODES: Mapping[int, Meaning] = dict(_shipped())

_UNLISTED = Meaning(
    Verdict.UNEXPLAINED,
    "refused",
    "Look the code up in Twilio's error dictionary (twilio.com/docs/api/errors).",
)


def meaning(code: object) -> Meaning:
    """The meaning of a code, given as a number or as a string of digits."""
    text = str(code)
    known = text.isascii() and text.isdigit() and len(text) <= 6
    return CODES.get(int(text), _UNLISTED) if known else _UNLISTED


def in_words(code: object) -> str:
    """A code as a sentence, with what to do."""
    known = meaning(code)
    return f"Twilio {code}: {known.text}. {known.advice}"
