"""Receipts and replies as Twilio posts them: signed, repeated, out of order, behind proxies."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers, ImmutableMultiDict

from feedback.errors import Rejected, SignatureInvalid
from feedback.providers.base import CallsBack, WebhookRequest
from feedback.providers.twilio_sms import TwilioSms, whole_text
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, FakeTwilio, signature
from tests.providers.examples import sms
from tests.providers.made import twilio_sms

SID = "SM" + "0a" * 16
PUBLIC = "https://feedback.example"
STATUS = {
    "MessageSid": SID,
    "SmsSid": SID,
    "MessageStatus": "delivered",
    "SmsStatus": "delivered",
    "AccountSid": ACCOUNT_SID,
    "From": OUR_NUMBER,
    "To": "+905321234567",
    "ApiVersion": "2010-04-01",
}
INBOUND = {
    "MessageSid": SID,
    "SmsSid": SID,
    "SmsMessageSid": SID,
    "AccountSid": ACCOUNT_SID,
    "From": "+905321234567",
    "To": OUR_NUMBER,
    "Body": "9 harika",
    "NumMedia": "0",
    "FromCity": "",
    "SmsStatus": "received",
}


def provider(**changes) -> TwilioSms:
    settings = {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "public_url": PUBLIC,
        "sender": OUR_NUMBER,
    }
    return twilio_sms(**settings | changes)


def signed(
    form, *, path="/hooks/receipt?m=41&a=2", seen=None, token=AUTH_TOKEN, public=PUBLIC
) -> WebhookRequest:
    """A request signed for the public URL; `seen` is the URL that reaches us."""
    headers = {"X-Twilio-Signature": signature(token, public + path, form)}
    return WebhookRequest(path if seen is None else seen, form, headers)


# Receipts


def test_a_receipt_names_message_attempt_and_status():
    receipt = provider().parse_receipt(signed(STATUS))
    assert (receipt.provider_id, receipt.status, receipt.sender) == (SID, "delivered", OUR_NUMBER)
    assert (receipt.message_id, receipt.attempt) == (41, 2)
    assert (receipt.error_code, receipt.verdict, receipt.occurred_at) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", "queued"),
        ("queued", "queued"),
        ("sending", "queued"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "delivered"),
        ("undelivered", "undelivered"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
def test_twilios_words_become_ours(word, status):
    assert provider().parse_receipt(signed(STATUS | {"MessageStatus": word})).status == status


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("30003", "refused"),
        ("30005", "bad_address"),
        ("30006", "bad_address"),
        ("30007", "refused"),
        ("30034", "hold_provider"),
        ("21610", "opted_out"),
        ("30008", "unknown"),
        ("21659", "hold_provider"),
        ("30032", "hold_provider"),
        ("30018", "hold_country"),
        ("30022", "rate_limited"),
        ("30023", "rate_limited"),
        ("63038", "rate_limited"),
        ("30454", "rate_limited"),
        ("30024", "unexplained"),
        ("99999", "unexplained"),
        ("٣٠٠٠٥", "unexplained"),
        ("nonsense", "unexplained"),
    ],
)
def test_an_error_code_has_a_meaning(code, verdict):
    receipt = provider().parse_receipt(signed(STATUS | {"MessageStatus": "undelivered", "ErrorCode": code}))
    assert (receipt.error_code, receipt.verdict) == (code, verdict)


@pytest.mark.parametrize(
    "path", ["/hooks/receipt", "/r?m=x&a=", "/r?m=-1&a=1.5", "/r?m=" + "9" * 5000, "/r?m=٤١"]
)
def test_a_receipt_without_our_ids_is_known_by_its_sid(path):
    receipt = provider().parse_receipt(signed(STATUS, path=path))
    assert (receipt.provider_id, receipt.message_id, receipt.attempt) == (SID, None, None)


@pytest.mark.parametrize(
    "change", [{"MessageStatus": "levitating"}, {"MessageSid": "", "SmsSid": ""}, {"MessageSid": "SM1"}]
)
def test_a_receipt_that_makes_no_sense_is_rejected(change):
    with pytest.raises(Rejected):
        provider().parse_receipt(signed(STATUS | change))


def test_parameters_we_have_never_heard_of_are_signed_too():
    form = STATUS | {"RawDlrDoneDate": "2603011200", "Novelty": "ğüş 🎉", "Empty": ""}
    assert provider().parse_receipt(signed(form)).status == "delivered"


# Signatures


@pytest.mark.parametrize(
    "seen",
    [
        "/hooks/receipt?m=41&a=2",
        "http://10.0.0.7:8080/hooks/receipt?m=41&a=2",
        "https://feedback.example/hooks/receipt?m=41&a=2",
    ],
)
def test_a_proxys_scheme_and_host_do_not_matter(seen):
    assert provider().parse_receipt(signed(STATUS, seen=seen)).message_id == 41


@pytest.mark.parametrize("seen", ["/fb/hooks/receipt?m=1&a=1", "/hooks/receipt?m=1&a=1"])
def test_a_public_url_may_have_a_path_that_the_proxy_strips_or_keeps(seen):
    public = "https://acme.example/fb"
    request = signed(STATUS, path="/hooks/receipt?m=1&a=1", seen=seen, public=public)
    assert provider(public_url=public + "/").parse_receipt(request).message_id == 1


def test_a_bare_question_mark_that_a_framework_adds_is_ignored():
    assert (
        provider().parse_reply(signed(INBOUND, path="/hooks/reply", seen="/hooks/reply?")).body == "9 harika"
    )


def test_percent_encoded_queries_are_left_as_they_are():
    request = signed(STATUS, path="/hooks/receipt?x=%C3%A9%2Fb+c&m=41&a=2")
    assert provider().parse_receipt(request).message_id == 41


def test_either_auth_token_signs_while_they_are_rotated():
    rotating = provider(auth_token="new", secondary_auth_token=AUTH_TOKEN)
    assert rotating.parse_receipt(signed(STATUS)).status == "delivered"
    assert rotating.parse_receipt(signed(STATUS, token="new")).status == "delivered"
    with pytest.raises(SignatureInvalid):
        rotating.parse_receipt(signed(STATUS, token="older"))


@pytest.mark.parametrize(
    "request_",
    [
        WebhookRequest("/hooks/receipt?m=41&a=2", STATUS),
        WebhookRequest("/hooks/receipt?m=41&a=2", STATUS, {"X-Twilio-Signature": "ğ"}),
        signed(STATUS, seen="/hooks/receipt?m=42&a=2"),
        signed(STATUS, seen="/hooks/receipt?a=2&m=41"),
        signed(STATUS, seen="/hooks/receipt/?m=41&a=2"),
        signed(STATUS, public="http://feedback.example"),
        signed(STATUS, public="https://evil.example"),
    ],
)
def test_anything_else_than_what_was_signed_is_refused(request_):
    with pytest.raises(SignatureInvalid):
        provider().parse_receipt(request_)


@pytest.mark.parametrize("change", [{"MessageStatus": "failed"}, {"Extra": "1"}, {"ApiVersion": ""}])
def test_a_changed_form_is_refused(change):
    request = signed(STATUS)
    with pytest.raises(SignatureInvalid):
        provider().parse_receipt(WebhookRequest(request.url, STATUS | change, request.headers))


def test_another_account_with_our_token_is_refused():
    with pytest.raises(SignatureInvalid):
        provider().parse_receipt(signed(STATUS | {"AccountSid": "AC" + "9" * 32}))


def test_a_web_frameworks_own_types_will_do():
    plain = signed(INBOUND, path="/hooks/reply")
    headers = Headers({"x-twilio-signature": plain.headers["X-Twilio-Signature"]})
    request = WebhookRequest(plain.url, ImmutableMultiDict(INBOUND), headers)
    assert provider().parse_reply(request).from_ == "+905321234567"


# Replies


def test_a_reply_says_from_whom_to_whom_and_what():
    reply = provider().parse_reply(signed(INBOUND, path="/hooks/reply"))
    assert (reply.provider_id, reply.from_, reply.to) == (SID, "+905321234567", OUR_NUMBER)
    assert (reply.body, reply.received_at, reply.opt_out_type) == ("9 harika", None, None)


def test_twilios_own_opt_out_is_passed_on():
    reply = provider().parse_reply(
        signed(INBOUND | {"Body": "stop", "OptOutType": "STOP"}, path="/hooks/reply")
    )
    assert (reply.body, reply.opt_out_type) == ("stop", "STOP")


def test_an_empty_reply_is_a_reply():
    assert provider().parse_reply(signed(INBOUND | {"Body": ""}, path="/r")).body == ""


def test_a_reply_names_its_pictures():
    media = {"NumMedia": "2", "MediaContentType0": "image/jpeg", "MediaUrl0": "https://api.twilio.com/a"}
    form = INBOUND | media | {"Body": "", "MediaContentType1": "text/vcard", "MediaUrl1": "https://b.example"}
    reply = provider().parse_reply(signed(form, path="/hooks/reply"))
    assert reply.media == ("image/jpeg https://api.twilio.com/a", "text/vcard https://b.example")
    assert provider().parse_reply(signed(INBOUND, path="/hooks/reply")).media == ()


@pytest.mark.parametrize("missing", ["From", "To", "MessageSid"])
def test_a_reply_from_nowhere_is_rejected(missing):
    form = {name: value for name, value in INBOUND.items() if name not in (missing, "SmsSid")}
    with pytest.raises(Rejected):
        provider().parse_reply(signed(form, path="/hooks/reply"))


LONG = "Destek ekibi çok hızlıydı, ama kurulum iki gün sürdü ve kimse haber vermedi."


def test_a_long_reply_in_base64_is_decoded():
    assert whole_text(base64.b64encode(LONG.encode()).decode()) == LONG


@pytest.mark.parametrize(
    "text",
    [
        "9",
        LONG,
        "",
        "SGVsbG8=",
        "A" * 64,
        "x" * 63,
        base64.b64encode(bytes(range(60))).decode(),
        base64.b64encode(b"\xff" * 60).decode(),
    ],
)
def test_other_text_is_left_alone(text):
    assert whole_text(text) == text


@settings(deadline=None)
@given(st.text(max_size=400))
def test_decoding_never_fails(text):
    assert isinstance(whole_text(text), str)


@settings(deadline=None)
@given(st.text(min_size=60, max_size=300).filter(lambda text: any(char.isspace() for char in text)))
def test_a_text_with_spaces_is_never_taken_for_base64(text):
    assert whole_text(text) == text


# Whatever comes in

words = st.text(max_size=40)
forms = st.dictionaries(
    st.sampled_from([*INBOUND, "MessageStatus", "ErrorCode", "OptOutType"]) | words, words
)
names = st.sampled_from(["X-Twilio-Signature", "x-twilio-signature"])


@settings(deadline=None)
@given(url=words, form=forms, headers=st.dictionaries(names, words))
@example(url="http://[", form={}, headers={})
@example(url="//[::1:x", form={"a": "\ud800"}, headers={"X-Twilio-Signature": "\ud800"})
def test_unsigned_callbacks_raise_nothing_else(url, form, headers):
    for parse in (provider().parse_receipt, provider().parse_reply):
        with pytest.raises(SignatureInvalid):
            parse(WebhookRequest(url, form, headers))


# "?" and "#" have a meaning in addresses that the signing below leaves out
paths = st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=20).map(
    lambda text: f"/x{text}"
)


@settings(deadline=None)
@given(query=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=30), form=forms)
def test_signed_nonsense_is_rejected_at_worst(query, form):
    whole = form | {"AccountSid": ACCOUNT_SID}
    try:
        request = signed(whole, path=f"/x?m=1{query}")
    except UnicodeEncodeError:
        return
    for parse in (provider().parse_receipt, provider().parse_reply):
        try:
            parse(request)
        except (Rejected, SignatureInvalid):
            continue


# Over a real socket


class Listener:
    """A web server that hands every callback to the provider, as the web room does."""

    def __init__(self, parse) -> None:
        self.heard: list[object] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(parse_qsl(body, keep_blank_values=True))
                outer.heard.append(parse(WebhookRequest(self.path, form, dict(self.headers.items()))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Listener":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize(
    ("callbacks", "expected"),
    [
        ("never", []),
        ("once", ["sent", "delivered"]),
        ("twice", ["sent", "sent", "delivered", "delivered"]),
        ("shuffled", ["delivered", "sent"]),
        ("early", ["sent", "delivered"]),
    ],
)
def test_receipts_arrive_however_twilio_sends_them(callbacks, expected):
    with Listener(provider().parse_receipt) as listener, FakeTwilio(callbacks=callbacks) as twilio:
        twilio.deliver_to = listener.url
        sender = provider(base_url=twilio.url)
        sent = sender.send(sms(callback_url=f"{PUBLIC}/hooks/receipt", attempt=2))
        heard_early = len(listener.heard)
        twilio.settle()
        assert [receipt.status for receipt in listener.heard] == expected
        assert {receipt.provider_id for receipt in listener.heard} <= {sent.provider_id}
        assert {(receipt.message_id, receipt.attempt) for receipt in listener.heard} <= {(41, 2)}
        assert callbacks != "early" or heard_early == 2


def test_a_customers_message_arrives_signed():
    with (
        Listener(provider().parse_reply) as listener,
        FakeTwilio(inbound_url=f"{PUBLIC}/hooks/reply") as twilio,
    ):
        twilio.deliver_to = listener.url
        message = twilio.receive("+905321234567", OUR_NUMBER, "10 — süper & hızlı", OptOutType="")
        twilio.settle()
        assert twilio.callback_answers == [200]
    (reply,) = listener.heard
    assert (reply.provider_id, reply.body) == (message.sid, "10 — süper & hızlı")


def test_twilio_calls_back():
    assert isinstance(provider(), CallsBack)
