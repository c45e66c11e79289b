"""Signatures (that the specification's own library accepts them is in test_delivering.py)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from feedback import clock
from feedback.services.webhooks import signing

EXAMPLE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""Secret, id, time, body and signature of the examples of the specification."""


def test_the_example_of_the_specification_is_signed_alike() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signing.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [EXAMPLE])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secrets_and_ids_are_random_and_as_long_as_the_specification_asks() -> None:
    made = {signing.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b64decode(each.removeprefix("whsec_"))) for each in made} == {32}
    assert len({signing.new_id() for _ in range(50)}) == 50


def test_a_changed_body_or_another_secret_is_refused_by_the_specification_s_library() -> None:
    secret = signing.new_secret()
    headers = signing.headers("msg_1", clock.now(), b'{"a":1}', [secret])
    assert Webhook(secret).verify(b'{"a":1}', headers) == {"a": 1}
    for key, body in ((secret, b'{"a":2}'), (signing.new_secret(), b'{"a":1}')):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(body, headers)
