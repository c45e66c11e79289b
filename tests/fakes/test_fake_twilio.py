"""The double itself: it is the oracle of the delivery tests, so it has to be right about what it says."""

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.fakes.fake_twilio import (
    ACCOUNT_SID,
    AFTER_ACCEPT,
    AUTH_TOKEN,
    FAULTS,
    OUR_NUMBER,
    FakeTwilio,
    segments,
    signature,
    times_accepted,
)

GOOD = {"To": "+905321234567", "From": OUR_NUMBER, "Body": "hello"}


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        yield server


def call(twilio_url: str, method: str, path: str = "", *, auth=(ACCOUNT_SID, AUTH_TOKEN), **options):
    url = f"{twilio_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages{path}.json"
    return requests.request(method, url, auth=auth, timeout=5, **options)


def test_a_created_message_has_twilios_shape(twilio):
    answer = call(twilio.url, "POST", data=GOOD)
    message = answer.json()
    assert answer.status_code == 201
    assert (message["status"], message["num_segments"], message["error_code"]) == ("queued", "1", None)
    assert message["date_created"].endswith(" +0000")
    assert message["date_sent"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"Body": ""}, 21602),
        ({"From": ""}, 21603),
        ({"To": "05321234567"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"Body": "x" * 1601}, 21617),
        ({"From": "+15005550007"}, 21606),
        ({"StatusCallback": "localhost/x"}, 21609),
        ({"ValidityPeriod": "36001"}, 20422),
    ],
)
def test_nonsense_is_refused_with_twilios_code(twilio, change, code):
    answer = call(twilio.url, "POST", data=GOOD | change)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert set(answer.json()) == {"code", "message", "more_info", "status"}
    assert twilio.messages == []


def test_nobody_gets_in_without_the_token(twilio):
    answer = call(twilio.url, "POST", data=GOOD, auth=(ACCOUNT_SID, "x"))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_list_holds_all_that_was_sent_before_it_was_asked_for(twilio):
    """Also if nobody waited for the answer: a busy machine must not look like a provider whose list lags."""
    body = urlencode(GOOD).encode()
    secret = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
    head = (
        f"POST /2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Basic {secret}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(100):
        with socket.create_connection(urlsplit(twilio.url).netloc.split(":")) as sent:
            sent.sendall(head.encode() + body)
    assert len(call(twilio.url, "GET", params={"PageSize": "1000"}).json()["messages"]) == 100


def test_json_is_not_understood(twilio):
    assert call(twilio.url, "POST", json=GOOD).status_code == 400


def test_a_message_can_be_fetched_redacted_and_deleted(twilio):
    sid = call(twilio.url, "POST", data=GOOD).json()["sid"]
    assert call(twilio.url, "GET", f"/{sid}").json()["body"] == "hello"
    assert call(twilio.url, "POST", f"/{sid}", data={"Body": ""}).json()["body"] == ""
    assert call(twilio.url, "DELETE", f"/{sid}").status_code == 204
    assert call(twilio.url, "GET", f"/{sid}").status_code == 404


def test_pages_hold_every_message_once_even_while_new_ones_arrive(twilio):
    sids = [twilio.accept(GOOD | {"Body": str(index)}).sid for index in range(25)]
    seen, uri = [], f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?PageSize=10&To=%2B905321234567"
    while uri:
        page = requests.get(twilio.url + uri, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()
        seen += [message["sid"] for message in page["messages"]]
        uri = page["next_page_uri"]
        twilio.accept(GOOD)
    assert seen == sids[::-1]


def test_faults_come_at_the_rate_and_from_the_seed_asked_for():
    def drawn(seed: int) -> list[str | None]:
        twilio = FakeTwilio(rate=0.2, seed=seed)
        faults = [twilio.fault_for("+905321234567") for _ in range(1000)]
        twilio._server.server_close()
        return faults

    assert drawn(1) == drawn(1) != drawn(2)
    assert 150 < sum(fault is not None for fault in drawn(1)) < 250
    assert {fault for fault in drawn(1) if fault} == set(FAULTS)


def test_faults_after_accepting_are_named(twilio):
    assert set(FAULTS) > AFTER_ACCEPT


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ş" * 70, 1),
        ("ş" * 71, 2),
        ("🎉" * 35, 1),
        ("🎉" * 36, 2),
        ("Çöü", 1),
    ],
)
def test_segments_are_counted(text, count):
    assert segments(text) == count


def test_the_signature_is_the_one_of_twilios_documentation():
    # twilio.com/docs/usage/security, the worked example
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_it_runs_on_its_own_and_keeps_its_log(tmp_path):
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "tests.fakes.fake_twilio", "--port", "0", "--log", str(log)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            url = json.loads(process.stdout.readline())["url"]
            requests.post(f"{url}/_fake/set", json={"next_faults": ["500_after"]}, timeout=5)
            assert call(url, "POST", data=GOOD | {"Body": "token=abc"}).status_code == 500
            assert call(url, "POST", data=GOOD | {"Body": "token=abc"}).status_code == 201
            inbound = {"from_": "+905321234567", "to": OUR_NUMBER, "body": "9"}
            assert (
                requests.post(f"{url}/_fake/receive", json=inbound, timeout=5).json()["direction"]
                == "inbound"
            )
            assert len(requests.get(f"{url}/_fake/messages", timeout=5).json()) == 3
        finally:
            process.kill()
    assert times_accepted(log, r"token=(\w+)") == {"abc": 2}
