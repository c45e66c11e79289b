"""The meaning of Twilio's error codes (twilio.com/docs/api/errors).

Twilio splits codes and adds new ones over time. An unlisted code counts as REFUSED: the message is reported as
failed rather than sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from feedback.providers.base import Verdict


class Meaning(NamedTuple):
    verdict: Verdict
    text: str


CODES: Mapping[int, Meaning] = {
    20003: Meaning(Verdict.HOLD_PROVIDER, "the credentials are not accepted"),
    20005: Meaning(Verdict.HOLD_PROVIDER, "the account is not active"),
    20404: Meaning(Verdict.HOLD_PROVIDER, "the account or sender does not exist"),
    20429: Meaning(Verdict.RATE_LIMITED, "too many requests at once"),
    20500: Meaning(Verdict.UNKNOWN, "an internal error; the message may have been accepted"),
    21211: Meaning(Verdict.BAD_ADDRESS, "the number is not valid"),
    21212: Meaning(Verdict.HOLD_PROVIDER, "the sender is not valid"),
    21408: Meaning(Verdict.HOLD_COUNTRY, "the country is not enabled for this account"),
    21603: Meaning(Verdict.HOLD_PROVIDER, "a sender is required"),
    21606: Meaning(Verdict.HOLD_PROVIDER, "the sender cannot send this message"),
    21608: Meaning(Verdict.HOLD_PROVIDER, "a trial account sends to verified numbers only"),
    21610: Meaning(Verdict.OPTED_OUT, "the recipient has opted out"),
    21611: Meaning(Verdict.RATE_LIMITED, "the sender's queue is full"),
    21612: Meaning(Verdict.BAD_ADDRESS, "the number cannot be reached from this sender"),
    21614: Meaning(Verdict.BAD_ADDRESS, "the number is not a mobile number"),
    21617: Meaning(Verdict.REFUSED, "the text is too long"),
    21703: Meaning(Verdict.HOLD_PROVIDER, "the messaging service has no sender"),
    21704: Meaning(Verdict.HOLD_PROVIDER, "the messaging service has no sender"),
    21705: Meaning(Verdict.HOLD_PROVIDER, "the messaging service is not valid"),
    30001: Meaning(Verdict.RATE_LIMITED, "the queue was full"),
    30002: Meaning(Verdict.HOLD_PROVIDER, "the account is suspended"),
    # A phone that is off or out of reach gets no second message: the network may still deliver the first one.
    30003: Meaning(Verdict.REFUSED, "the handset could not be reached"),
    30004: Meaning(Verdict.REFUSED, "the message was blocked"),
    30005: Meaning(Verdict.BAD_ADDRESS, "the number is not in use"),
    30006: Meaning(Verdict.BAD_ADDRESS, "a landline, or a carrier that cannot be reached"),
    30007: Meaning(Verdict.REFUSED, "the carrier filtered the message"),
    30008: Meaning(Verdict.UNKNOWN, "an unknown error"),
    30034: Meaning(Verdict.HOLD_PROVIDER, "the sender is not registered for this traffic (A2P 10DLC)"),
    30500: Meaning(Verdict.UNKNOWN, "an internal error"),
}

_UNLISTED = Meaning(Verdict.REFUSED, "refused")


def meaning(code: object) -> Meaning:
    """The meaning of a code, given as a number or as a string of digits."""
    text = str(code)
    known = text.isascii() and text.isdigit() and len(text) <= 6
    return CODES.get(int(text), _UNLISTED) if known else _UNLISTED
