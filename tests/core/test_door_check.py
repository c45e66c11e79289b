"""Checks of calls, against signatures as the vendors' documentation makes them."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from feedback.core.door_check import DoorCall, DoorCheck, refusal

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = '{"id":"evt_1","name":"یواش"}'.encode()
SECRET = "whsec_test_secret"


def mac(message: bytes, algorithm: str = "sha256", secret: bytes = SECRET.encode()) -> bytes:
    return hmac.new(secret, message, algorithm).digest()


def refused(
    check: DoorCheck, secrets: list[str] | None = None, now: datetime = NOW, **call: Any
) -> str | None:
    return refusal(check, DoorCall(BODY, **call), secrets or [SECRET], now)


def test_a_plain_digest_with_a_prefix() -> None:
    intercom = DoorCheck(by="hmac", header="X-Hub-Signature", algorithm="sha1", prefix="sha1=")
    header = f"sha1={mac(BODY, 'sha1').hex()}"
    assert refused(intercom, headers={"x-hub-signature": header}) is None
    assert refused(intercom, headers={"X-Hub-Signature": header.upper().replace("SHA1", "sha1")}) is None
    assert refused(intercom, headers={"X-Hub-Signature": header[5:]}) == "no_signature"
    assert refused(intercom, headers={"X-Hub-Signature": "sha1="}) == "no_signature"
    assert refused(intercom, ["another"], headers={"X-Hub-Signature": header}) == "wrong_signature"
    assert refused(intercom, ["another", SECRET], headers={"X-Hub-Signature": header}) is None


def test_base64_over_timestamp_and_body() -> None:
    zendesk = DoorCheck(
        by="hmac", header="X-Sig", encoding="base64", timestamp_header="X-Time", signed="{timestamp}{body}"
    )
    at = "2026-03-02T09:00:00Z"
    headers = {"X-Sig": base64.b64encode(mac(at.encode() + BODY)).decode(), "X-Time": at}
    assert refused(zendesk, headers=headers) is None
    assert refused(zendesk, headers=headers, now=NOW + timedelta(seconds=301)) == "old_timestamp"
    assert refused(zendesk, headers=headers, now=NOW - timedelta(seconds=301)) == "old_timestamp"
    assert refused(zendesk, headers={**headers, "X-Time": STAMP}) == "wrong_signature"
    assert refused(zendesk, headers={"X-Sig": headers["X-Sig"]}) == "no_timestamp"


def test_several_signatures_and_the_time_in_one_header() -> None:
    stripe = DoorCheck(
        by="hmac",
        header="Stripe-Signature",
        signature_key="v1",
        timestamp_key="t",
        signed="{timestamp}.{body}",
    )
    good = mac(f"{STAMP}.".encode() + BODY).hex()
    for header in (f"t={STAMP},v1={good}", f"t={STAMP}, v1={'0' * 64}, v1={good}, v0=1"):
        assert refused(stripe, headers={"Stripe-Signature": header}) is None
    assert refused(stripe, headers={"Stripe-Signature": f"t={STAMP},v0={good}"}) == "no_signature"
    assert refused(stripe, headers={"Stripe-Signature": f"v1={good}"}) == "no_timestamp"
    many = ",".join([f"t={STAMP}", *[f"v1={'0' * 64}"] * 10, f"v1={good}"])
    assert refused(stripe, headers={"Stripe-Signature": many}) == "wrong_signature"


def test_method_and_address_are_signed_and_the_time_is_in_milliseconds() -> None:
    hubspot = DoorCheck(
        by="hmac",
        header="X-Sig",
        encoding="base64",
        timestamp_header="X-Time",
        signed="{method}{url}{body}{timestamp}",
    )
    url = "https://feedback.example/hooks/in/hubspot"
    message = f"POST{url}".encode() + BODY + f"{STAMP}000".encode()
    headers = {"X-Sig": base64.b64encode(mac(message)).decode(), "X-Time": f"{STAMP}000"}
    assert refused(hubspot, headers=headers, url=url) is None
    assert refused(hubspot, headers=headers, url=f"{url}?a=1") == "wrong_signature"


def test_what_the_library_of_standard_webhooks_signs_is_accepted() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    check = DoorCheck(
        by="hmac", header="webhook-signature", prefix="v1,", encoding="base64", secret_in="base64",
        timestamp_header="webhook-timestamp", id_header="webhook-id", signed="{id}.{timestamp}.{body}",
    )  # fmt: skip
    signature = Webhook(secret).sign("msg_1", NOW, BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": STAMP, "webhook-signature": f"v1a,x {signature}"}
    assert refused(check, [secret], headers=headers) is None
    assert refused(check, [secret], headers={**headers, "webhook-id": "msg_2"}) == "wrong_signature"


def test_a_token_in_a_header_or_in_the_address() -> None:
    header = DoorCheck(by="token", header="Authorization", prefix="Bearer ")
    assert refused(header, headers={"Authorization": f"Bearer {SECRET}"}) is None
    assert refused(header, headers={"Authorization": f"Bearer {SECRET}x"}) == "wrong_password"
    assert refused(header, headers={"Authorization": SECRET}) == "no_signature"
    query = DoorCheck(by="token", query="token")
    assert refused(query, query={"token": SECRET}) is None
    assert refused(query, query={}) == "no_signature"


def test_a_name_and_a_password() -> None:
    basic = DoorCheck(by="basic", user="chargebee")

    def given(text: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    assert refused(basic, headers=given(f"chargebee:{SECRET}")) is None
    assert refused(basic, headers=given(f"someone:{SECRET}")) == "wrong_password"
    assert refused(basic, headers=given("chargebee:")) == "wrong_password"
    assert refused(basic, headers={"Authorization": "Basic !!"}) == "no_signature"
    assert refused(basic) == "no_signature"


@pytest.mark.parametrize("stamp", ["99999999999999999", "-5", "²", "2026-03-02T09:00:00", ""])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    check = DoorCheck(by="hmac", header="X-Sig", timestamp_header="X-Time", signed="{timestamp}{body}")
    headers = {"X-Sig": mac(stamp.encode() + BODY).hex(), "X-Time": stamp}
    assert refused(check, headers=headers) == "no_timestamp"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"by": "hmac"}, "header"),
        ({"by": "hmac", "header": "X", "signed": "{time}{body}"}, "no part 'time'"),
        ({"by": "hmac", "header": "X", "signed": "{timestamp}"}, "{body} once"),
        ({"by": "hmac", "header": "X", "timestamp_header": "T"}, "only then"),
        ({"by": "hmac", "header": "X", "id_header": "I"}, "only then"),
        ({"by": "hmac", "header": "X", "timestamp_key": "t", "signed": "{timestamp}{body}"}, "signature_key"),
        ({"by": "token"}, "where the token is"),
        ({"by": "token", "header": "X", "query": "y"}, "where the token is"),
        ({"by": "hmac", "header": "X", "tolerance": 0}, "30"),
    ],
)
def test_a_check_that_could_not_work_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("{", r"\{").replace("}", r"\}")):
        DoorCheck(**fields)
