"""Filters find whom their words say, on both databases."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import select

from feedback.errors import Rejected
from feedback.services.customers import filters
from feedback.services.customers.filters import ContactFilter
from feedback.store.database import Database
from feedback.store.models import Account, Contact
from tests.services.customers import base
from tests.services.customers.base import NOW

SEYMA, SEYIT, JURGEN, MARYAM, NOBODY = "c-1001", "c-1002", "c-1003", "c-1004", "c-1005"
EVERYBODY = {SEYMA, SEYIT, JURGEN, MARYAM, NOBODY}

WORDS = [
    ("seyma", {SEYMA}),
    ("ŞEYMA ışık", {SEYMA}),
    ("isik seyma", {SEYMA}),
    ("sey", {SEYMA, SEYIT}),
    ("se", set()),
    ("tr", set()),
    ("c", {SEYMA, SEYIT, JURGEN, MARYAM, NOBODY}),
    ("05321", set()),
    ("eyma", set()),
    ("weiss", {JURGEN}),
    ("كاظمي", {MARYAM}),
    ("seyma.isik@acme.example", {SEYMA}),
    ("acme.example", {SEYMA, SEYIT}),
    ("c-1004", {MARYAM}),
    ("1004", {MARYAM}),
    ("+90 532 123 45 67", {SEYMA}),
    ("0532 123 45 67", {SEYMA}),
    ("0090 (532) 1234567", {SEYMA}),
    ("۰۵۳۲ ۱۲۳", {SEYMA}),
    ("532 123", {SEYMA}),
    ("0151 1234", {JURGEN}),
    ("4915112345678", {JURGEN}),
    ("%", set()),
    ("' | b:* & (", set()),
    ("seyhan", set()),
]
FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, EVERYBODY),
    ({"segment": "vip"}, {SEYMA, SEYIT}),
    ({"country": "DE"}, {JURGEN}),
    ({"language": "tr"}, {SEYMA, SEYIT}),
    ({"owner": filters.NOBODY}, {JURGEN, MARYAM, NOBODY}),
    ({"owner": filters.NOBODY, "segment": "core"}, {JURGEN, MARYAM}),
    ({"stage": "onboarding"}, {SEYMA}),
    ({"not_asked_for": 60}, {SEYIT, JURGEN, MARYAM, NOBODY}),
    ({"not_asked_for": 365}, {JURGEN, MARYAM, NOBODY}),
    ({"renews_within": 40}, {SEYMA, SEYIT}),
    ({"renews_within": 39}, set()),
    ({"permitted": "email"}, {SEYMA, SEYIT}),
    ({"permitted": "sms"}, {JURGEN}),
    ({"permitted": "any"}, {SEYMA, SEYIT, JURGEN}),
    ({"permitted": "none"}, {MARYAM, NOBODY}),
    ({"permitted": "opted_out"}, {NOBODY}),
    ({"properties": (("contact.role", "buyer"),)}, {SEYMA}),
    ({"properties": (("contact.beta", "true"),)}, {SEYMA}),
    ({"properties": (("account.plan", "Pro"),)}, {SEYMA, SEYIT}),
    ({"properties": (("account.seats", "5"),)}, {SEYMA, SEYIT}),
    ({"properties": (("account.plan", "Pro"), ("contact.role", "user"))}, {SEYIT}),
    ({"properties": (('contact.ro"le', "buyer"),)}, set()),
    ({"segment": "vip", "country": "TR", "renews_within": 120, "not_asked_for": 60}, {SEYIT}),
]


def test_filters_find_whom_they_name(migrated: Database) -> None:
    with migrated.writing() as session:
        ids = base.furnish(session)
    wanted = [(ContactFilter(words=words), found) for words, found in WORDS]
    wanted += [(ContactFilter(**given), found) for given, found in FILTERS]
    wanted.append((ContactFilter(owner=ids["cem"]), {SEYMA, SEYIT}))
    with migrated.reading() as session:
        for each, expected in wanted:
            region = "TR" if "0532" in each.words else "DE"
            which = filters.condition(each, NOW, UTC, region, by_address=True)
            found = set(session.scalars(select(Contact.external_id).where(which)))
            assert found == expected, each


def test_who_sees_addresses_masked_finds_people_by_name_and_id_alone(migrated: Database) -> None:
    """Else an address could be guessed letter by letter."""
    table = [
        ("isik seyma", {SEYMA}),
        ("c-1004", {MARYAM}),
        ("seyma.isik@acme.example", set()),
        ("acm", set()),
        ("@acm", set()),
        ("+90 532 123 45 67", set()),
        ("0532 123", set()),
        ("4915112345678", set()),
    ]
    with migrated.writing() as session:
        base.furnish(session)
    with migrated.reading() as session:
        for words, expected in table:
            which = filters.condition(ContactFilter(words=words), NOW, UTC, "TR")
            assert set(session.scalars(select(Contact.external_id).where(which))) == expected, words


def test_filters_of_accounts_find_accounts(migrated: Database) -> None:
    with migrated.writing() as session:
        base.furnish(session)
    table: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"acme", "blue"}),
        ({"words": "istanb"}, {"acme"}),
        ({"owner": filters.NOBODY}, {"blue"}),
        ({"renews_within": 90}, {"acme"}),
        ({"properties": (("account.plan", "Free"),)}, {"blue"}),
    ]
    with migrated.reading() as session:
        for given, expected in table:
            which = filters.account_condition(ContactFilter(**given), NOW, UTC)
            assert set(session.scalars(select(Account.external_id).where(which))) == expected, given


def test_a_changed_name_is_found_and_the_old_one_is_not(migrated: Database) -> None:
    with migrated.writing() as session:
        ids = base.furnish(session)
        changed = session.get(Contact, ids[JURGEN])
        assert changed
        changed.name = "Zeynep Kaya"
    with migrated.reading() as session:
        found = {
            words: set(
                session.scalars(
                    select(Contact.external_id).where(filters.condition(ContactFilter(words=words), NOW, UTC))
                )
            )
            for words in ("zeynep", "weiss", "kaya")
        }
    assert found == {"zeynep": {JURGEN}, "weiss": set(), "kaya": {JURGEN, SEYIT}}


@pytest.mark.parametrize(
    "stored",
    [
        {"renews_within": -1},
        {"not_asked_for": 4_000},
        {"permitted": "always"},
        {"properties": [["plan", "Pro"]]},
        {"mood": "good"},
    ],
)
def test_a_stored_filter_that_no_page_offers_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        filters.from_json(stored)


def test_a_filter_comes_back_as_it_was_stored() -> None:
    wanted = ContactFilter(segment="vip", owner=0, renews_within=0, properties=(("account.plan", "Pro"),))
    assert filters.from_json(filters.as_json(wanted)) == wanted
    assert filters.as_json(ContactFilter()) == {}
