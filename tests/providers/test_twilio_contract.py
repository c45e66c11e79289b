"""Our calls, made by Twilio's library, and our fake's answers keep to Twilio's own description of its API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from feedback.errors import DeliveryUnknown
from feedback.providers.twilio_sms import STATUSES, TwilioSms
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, FakeTwilio
from tests.providers import twilio_contract
from tests.providers.examples import TOKEN, sms
from tests.providers.made import twilio_sms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVICE = "MG" + "a" * 32
FORM = {"To": sms().to, "From": OUR_NUMBER, "Body": "How was it?"}
INBOUND_ONLY = {"receiving", "received"}


@pytest.fixture(scope="module")
def folder() -> Path:
    return twilio_contract.installed()


@pytest.fixture(scope="module")
def between(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeTwilio, str]]:
    """The fake, and the address at which the contract is enforced."""
    directory = tmp_path_factory.mktemp("prism")
    with FakeTwilio() as twilio, twilio_contract.customs(folder, twilio.url, directory) as url:
        yield twilio, url


@pytest.fixture
def twilio(between: tuple[FakeTwilio, str]) -> FakeTwilio:
    between[0].messages.clear()
    between[0].untrue.clear()
    return between[0]


@pytest.fixture
def url(twilio: FakeTwilio, between: tuple[FakeTwilio, str]) -> str:
    return between[1]


def provider_to(url: str, **changes: Any) -> TwilioSms:
    settings: dict[str, Any] = {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "public_url": "https://feedback.example",
        "sender": OUR_NUMBER,
        "timeout": 10,
        "base_url": url,
        "now": lambda: NOW,
    }
    return twilio_sms(**settings | changes)


def asked(url: str, form: dict[str, str]) -> requests.Response:
    """A message asked for past Twilio's library."""
    address = f"{url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    with requests.Session() as session:
        session.trust_env = False
        return session.post(address, data=form, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=10)


def violations(answer: requests.Response) -> str:
    return " ".join(each["message"] for each in answer.json().get("validation", []))


# What we do


@pytest.mark.parametrize(
    "settings",
    [{}, {"messaging_service_sid": SERVICE}, {"sender": "ACME"}],
    ids=["number", "service", "name"],
)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body": f"Nasıldı? چطور بود؟ {TOKEN}"},
        {"callback_url": "https://feedback.example/hooks/receipt", "not_after": NOW + timedelta(hours=1)},
    ],
    ids=["plain", "other letters", "callback and end"],
)
def test_a_message_is_asked_for_and_answered_by_the_contract(
    twilio: FakeTwilio, url: str, folder: Path, settings: dict[str, Any], changes: dict[str, Any]
) -> None:
    provider_to(url, **settings).send(sms(**changes))
    (message,) = twilio.outbound()
    documented = twilio_contract.request_of(twilio_contract.described(folder))["properties"]
    assert set(message.parameters) <= set(documented)


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "undelivered", "failed"])
def test_a_message_is_looked_up_by_the_contract_in_every_state(
    twilio: FakeTwilio, url: str, status: str
) -> None:
    provider = provider_to(url)
    sent = provider.send(sms())
    twilio.outbound()[0].status = status
    twilio.outbound()[0].error_code = 30003 if status == "undelivered" else None
    (found,) = provider.find(sms().to, TOKEN, datetime.now(UTC) - timedelta(minutes=1))
    assert (found.provider_id, found.status) == (sent.provider_id, status)


def test_a_search_through_several_pages_keeps_the_contract(twilio: FakeTwilio, url: str) -> None:
    provider = provider_to(url)
    provider.send(sms())
    for number in range(220):
        twilio.accept({"To": sms().to, "From": OUR_NUMBER, "Body": f"another {number}"})
    assert len(provider.find(sms().to, TOKEN, datetime.now(UTC) - timedelta(minutes=1))) == 1


def test_replies_are_read_back_and_credentials_checked_by_the_contract(twilio: FakeTwilio, url: str) -> None:
    provider = provider_to(url)
    provider.send(sms())
    twilio.receive("+905321234567", OUR_NUMBER, "8")
    (reply,) = provider.inbound(OUR_NUMBER, datetime.now(UTC) - timedelta(minutes=1))
    assert (reply.body, provider.check()) == ("8", [])


def test_one_message_is_read_and_removed_by_the_contract(twilio: FakeTwilio, url: str) -> None:
    provider = provider_to(url)
    one = provider._client.messages(provider.send(sms()).provider_id)
    assert one.fetch().body == sms().body
    assert one.delete()
    assert twilio.messages == []


def test_we_know_every_state_that_twilio_documents(folder: Path) -> None:
    schemas = twilio_contract.described(folder)["components"]["schemas"]
    assert set(schemas["message_enum_status"]["enum"]) - INBOUND_ONLY == set(STATUSES)


def test_the_fake_insists_on_what_twilio_documents_as_necessary(
    twilio: FakeTwilio, url: str, folder: Path
) -> None:
    post = twilio_contract.described(folder)["paths"][twilio_contract.MESSAGES]["post"]
    for one_of in post["x-twilio"]["conditional"]:  # in the library's spelling
        spellings = {name.title().replace("_", "") for name in one_of}
        assert spellings & FORM.keys()
        answer = asked(url, {name: value for name, value in FORM.items() if name not in spellings})
        assert (answer.status_code, twilio.messages) == (400, []), one_of


# That this would notice


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"To": None}, "required property 'To'"),
        ({"ValidityPeriod": "soon"}, "ValidityPeriod must be integer"),
        ({"SendAt": "tomorrow"}, 'SendAt must match format "date-time"'),
        ({"ScheduleType": "later"}, "ScheduleType must be equal to one of the allowed values: fixed"),
        ({"MessagingServiceSid": "MG1"}, "MessagingServiceSid must NOT have fewer than 34 characters"),
    ],
)
def test_a_wrong_question_does_not_pass(
    twilio: FakeTwilio, url: str, changes: dict[str, str | None], what: str
) -> None:
    form = {name: value for name, value in (FORM | changes).items() if value is not None}
    answer = asked(url, form)
    assert (answer.status_code, twilio.messages) == (422, [])
    assert what in violations(answer)


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("num_segments", 1, "num_segments must be string"),
        ("status", "on its way", "status must be equal to one of the allowed values"),
        ("sid", "SM1", "sid must NOT have fewer than 34 characters"),
        ("direction", "out", "direction must be equal to one of the allowed values"),
        ("date_created", "2026-03-01T12:00:00Z", "date_created must match pattern"),
        ("error_code", "30003", "error_code must be integer,null"),
        ("carrier", "Acme Mobile", "must NOT have additional properties"),
    ],
)
def test_a_wrong_answer_does_not_pass(
    twilio: FakeTwilio, url: str, field: str, value: object, what: str
) -> None:
    twilio.untrue[field] = value
    answer = asked(url, FORM)
    assert answer.status_code == 500
    assert what in violations(answer)


@pytest.mark.parametrize("fault", ["empty_json", "wrong_json"])
def test_an_answer_that_is_no_message_does_not_pass(twilio: FakeTwilio, url: str, fault: str) -> None:
    twilio.next_faults.append(fault)
    answer = asked(url, FORM)
    assert answer.status_code == 500
    assert "Response body must" in violations(answer)


def test_a_broken_contract_is_no_success_for_the_provider(twilio: FakeTwilio, url: str) -> None:
    twilio.untrue["num_segments"] = 1
    with pytest.raises(DeliveryUnknown):
        provider_to(url).send(sms())
