"""Bodies of any kind as JSON values, and who is mentioned in them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.services.contact.suppression import digest
from feedback.services.doors.bodies import UnreadableError, mentions, parsed, text_of


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('\ufeff {"a": [1, 1.5, null]}', {"a": [1, 1.5, None]}),
        ("a=1&b=x%20y&b=z", {"a": "1", "b": ["x y", "z"]}),
        ("payload=%7B%22a%22%3A1%7D", {"a": 1}),
        ("<a><b>1</b><b>2</b><c x='1'/></a>", {"a": {"b": ["1", "2"], "c": ""}}),
        ('<s:a xmlns:s="u" xmlns:i="v"><s:b i:nil="true"/></s:a>', {"a": {"b": None}}),
        ('<?xml version="1.0" encoding="UTF-8"?><a>é</a>', {"a": "é"}),
    ],
)
def test_json_forms_and_xml_are_read(body: str, found: Any) -> None:
    assert parsed(body) == found


@pytest.mark.parametrize(
    "body",
    [
        "", "hello", "{", '{"a": NaN}', "[" * 100_000, "[" * 41 + "]" * 41, "<a>", "<a" + "><b" * 50 + ">",
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>" + "<b>" * 60 + "</b>" * 60 + "</a>", "1" * 5_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_is_a_trap_is_refused(body: str) -> None:
    with pytest.raises(UnreadableError):
        parsed(body)


@given(st.binary(max_size=200))
def test_whatever_comes_can_be_kept_and_never_breaks_the_reader(raw: bytes) -> None:
    body = text_of(raw)
    assert "\x00" not in body
    body.encode()
    mentions(body, "US")
    with suppress(UnreadableError):
        json.dumps(parsed(body))


def test_addresses_are_found_wherever_they_are() -> None:
    body = {
        "who": [{"mail": "Ada@Acme.example", "tel": "(415) 555-0142"}, "+44 7400 123456"],
        "text": "write to <bob@acme.example>, please", "id": 4155550142, "at": "2026-03-02",
    }  # fmt: skip
    wanted = ("ada@acme.example", "bob@acme.example", "+14155550142", "+447400123456")
    assert mentions(json.dumps(body), "US") == {digest(each) for each in wanted}
    assert mentions("call carol@acme.example", "US") == {digest("carol@acme.example")}


def test_an_address_is_found_among_more_numbers_than_are_kept() -> None:
    orders = [{"id": str(4_155_550_000 + number)} for number in range(1_200)]
    body = json.dumps(
        {"customer": {"email": "ada@acme.example", "phone": "+90 532 000 00 11"}, "orders": orders}
    )
    assert {digest("ada@acme.example"), digest("+905320000011")} <= mentions(body, "US")


def test_a_phone_number_is_found_that_is_a_number_of_json() -> None:
    assert mentions('{"phone": 14155550142, "n": 12, "flag": true}', "US") == {digest("+14155550142")}


def test_all_people_of_a_long_list_are_found() -> None:
    people = [f"person{number}@acme.example" for number in range(900)]
    assert mentions(json.dumps(people), "US") == {digest(each) for each in people}


def test_what_no_database_stores_is_replaced_also_if_it_is_escaped() -> None:
    body = r'{"a\ud800": ["x\u0000", "\uD83D\uDE00", 1], "mail": "\udfff@acme.example"}'
    found = parsed(body)
    assert found == {"a\ufffd": ["x\ufffd", "\U0001f600", 1], "mail": "\ufffd@acme.example"}
    json.dumps(found, ensure_ascii=False).encode()
    assert mentions(body, "US")
    assert parsed("a=x%00") == {"a": "x\ufffd"}
