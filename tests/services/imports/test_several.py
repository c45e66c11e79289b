"""Cells with several values, as CRMs export them: none is invented, and none is chosen in silence."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback.services.imports.several import FIRST, PRIMARY, REFUSED
from feedback.store.models import Account, Contact
from tests.services.conftest import World
from tests.services.imports.conftest import Importer

HEADER = "external_id,email,phone\n"
FIRST_OF_BOTH = """
kind = "contacts"
[contact]
external_id = "Record ID"
email = { column = "Email", several = "first" }
phone = { column = "Phone Number", several = "first" }
"""


def people(world: World) -> list[tuple[str, str | None, str | None]]:
    with world.database.reading() as session:
        rows = session.scalars(select(Contact).order_by(Contact.external_id))
        return [(row.external_id, row.email, row.phone) for row in rows]


@pytest.mark.parametrize(
    "cell",
    [
        "a@x.example; b@x.example",
        "a@x.example;b@x.example",
        "a@x.example, b@x.example",
        "a@x.example / b@x.example",
        "a@x.example | b@x.example",
        "a@x.example ::: b@x.example",
        "a@x.example\nb@x.example",
        "Ann <a@x.example>; Bo <b@x.example>",
        "a@x.example (primary); b@x.example (primary)",
    ],
)
def test_of_several_addresses_none_is_taken_and_the_person_keeps_the_phone(
    cell: str, world: World, bring_in: Importer
) -> None:
    report = bring_in("contacts", f'{HEADER}1,"{cell}",+905321234567\n')
    assert people(world) == [("1", None, "+905321234567")]
    told = [(each.column, each.reason.partition(" This row goes")[0]) for each in report.left_out]
    assert told == [("email", REFUSED["email"])]


@pytest.mark.parametrize(
    "cell",
    [
        "0532 123 45 67; 0533 765 43 21",
        "0532 123 45 67 / 0533 765 43 21",
        "0532 123 45 67 - 0533 765 43 21",
        "0532 123 45 67 ve 0533 765 43 21",
        "+90 532 123 45 67, +90 533 765 43 21",
    ],
)
def test_of_several_numbers_none_is_taken_and_none_is_made_of_both(
    cell: str, world: World, bring_in: Importer
) -> None:
    report = bring_in("contacts", f'external_id,email,phone,country\n1,a@x.example,"{cell}",TR\n')
    assert people(world) == [("1", "a@x.example", None)]
    assert [(each.line, each.column, each.reason) for each in report.left_out] == [
        (2, "phone", REFUSED["phone"])
    ]


@pytest.mark.parametrize(
    ("email", "phone"),
    [
        ("b@x.example; a@x.example (primary)", "+905337654321; +905321234567 (Primary)"),
        ("b@x.example, Primary: a@x.example", "+905337654321 / Primary: +905321234567"),
        ("* a@x.example ::: b@x.example", "* +905321234567 ::: +905337654321"),
    ],
)
def test_the_one_that_is_marked_as_primary_is_taken_and_told(
    email: str, phone: str, world: World, bring_in: Importer
) -> None:
    report = bring_in("contacts", f'{HEADER}1,"{email}","{phone}"\n')
    assert people(world) == [("1", "a@x.example", "+905321234567")]
    assert [(each.line, each.column, each.reason) for each in report.left_out] == [
        (2, "email", PRIMARY),
        (2, "phone", PRIMARY),
    ]


def test_the_first_valid_one_is_taken_where_the_mapping_says_so_and_each_row_is_told(
    world: World, bring_in: Importer
) -> None:
    table = (
        "Record ID,Email,Phone Number\n1,nobody@; a@x.example; b@x.example,+905321234567 / +905337654321\n"
    )
    table += "2,c@x.example,\n"
    report = bring_in("contacts", table, FIRST_OF_BOTH)
    assert people(world) == [("1", "a@x.example", "+905321234567"), ("2", "c@x.example", None)]
    assert [(each.line, each.column, each.reason) for each in report.left_out] == [
        (2, "Email", FIRST),
        (2, "Phone Number", FIRST),
    ]


def test_one_value_that_is_written_twice_is_one(world: World, bring_in: Importer) -> None:
    row = '1,"a@x.example; A@X.example","+90 532 123 45 67, +905321234567"\n'
    report = bring_in("contacts", HEADER + row)
    assert (people(world), report.left_out) == ([("1", "a@x.example", "+905321234567")], [])


def test_several_ids_make_no_account_and_no_contact(world: World, bring_in: Importer) -> None:
    table = "external_id,email,account.external_id,account.name\n1,a@x.example,9001;9002,Acme\n2;3,b@x.example,7,Bee\n"
    table += "4,c@x.example,R&amp;D,R&amp;D\n"
    report = bring_in("contacts", table)
    assert [(each.line, each.column, each.reason) for each in report.refused] == [
        (2, "account.external_id", REFUSED["id"]),
        (3, "external_id", REFUSED["id"]),
    ]
    with world.database.reading() as session:
        assert session.scalars(select(Account.external_id)).all() == ["R&amp;D"]
    assert [each[0] for each in people(world)] == ["4"]


def test_an_event_of_several_contacts_is_refused(world: World, bring_in: Importer) -> None:
    report = bring_in("events", "contact,name,occurred_at\n101;102,ticket_closed,2026-01-05T10:00:00Z\n")
    assert [(each.column, each.reason) for each in report.refused] == [("contact", REFUSED["id"])]


def test_people_who_are_known_by_their_address_are_not_known_by_two(world: World, bring_in: Importer) -> None:
    toml = '[contact]\nexternal_id = "Email"\nemail = "Email"\nphone = "Phone"\n'
    report = bring_in("contacts", "Email,Phone\na@x.example; b@x.example,+905321234567\n", toml)
    assert sorted(each.reason for each in report.refused) == [REFUSED["email"], REFUSED["id"]]
    assert people(world) == []
