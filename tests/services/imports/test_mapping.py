"""Mappings as files: what they say, and what is said about mistakes in them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from feedback.errors import ImportRefused
from feedback.services import imports
from feedback.services.imports import mapping, rows, suggestions
from tests.services.conftest import World
from tests.services.imports.conftest import Importer

LEAST = '[contact]\nexternal_id = "id"\n'


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[contact", "crm.toml is not valid TOML"),
        ("[contcat]\n", "there is no contcat. Did you mean 'contact'?"),
        ('[contact]\nphne = "x"', "contact has no field phne. Did you mean 'phone'?"),
        ("[contact]\nphone = { colum = 'x' }", "contact.phone.colum"),
        ("[contact]\nphone = { column = 'x', constant = 'y' }", "give exactly one of"),
        (
            "[account]\nrenewal_on = { next_after = 'contract_started_on' }",
            "give both next_after and every_months, or neither",
        ),
        ("dates = 'sometimes'", "dates"),
        ("delimiter = ';;'", "delimiter"),
    ],
)
def test_a_mistake_in_a_mapping_is_named_with_its_place(toml: str, sentence: str) -> None:
    with pytest.raises(ImportRefused, match=re.escape(sentence)):
        mapping.parse(toml, "crm.toml")


def test_several_mistakes_are_told_at_once() -> None:
    with pytest.raises(ImportRefused) as refused:
        mapping.parse('[contact]\nphne = "x"\nemial = "y"\n[accont]\n', "crm.toml")
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            f'{LEAST}phone = "Fone"',
            "reads contact.phone from the column 'Fone', which the file does not have. Did you mean 'Phone'?",
        ),
        ('[contact]\nphone = "Phone"', "must map a column to contact.external_id"),
        (f'{LEAST}[account]\nname = "Phone"', "must map a column to account.external_id"),
        (f'kind = "events"\n{LEAST}', "is a mapping for events, not for contacts"),
        (f'{LEAST}name = "Twice"', "Rename all but one of the 2 columns 'Twice'"),
        (
            f'{LEAST}[account]\nexternal_id = "id"\n'
            'renewal_on = { next_after = "contract_started_on", every_months = 12 }',
            "is computed from contract_started_on, which the mapping does not fill",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_its_file_stores_nothing(
    toml: str, sentence: str, bring_in: Importer
) -> None:
    with pytest.raises(ImportRefused, match=re.escape(sentence)):
        bring_in("contacts", "id,Phone,Twice,Twice\n1,+905321234567,a,b\n", toml)


def test_an_unknown_mapping_is_answered_with_those_that_exist(world: World) -> None:
    directory = world.settings.instance / "mappings"
    directory.mkdir(parents=True)
    (directory / "crm.toml").write_text(LEAST)
    assert imports.load(world.settings.instance, "crm").name == "crm.toml"
    with pytest.raises(ImportRefused, match="use one of crm"):
        imports.load(world.settings.instance, "csm")
    with pytest.raises(ImportRefused, match="not a valid name"):
        imports.load(world.settings.instance, "../feedback")


def test_values_are_translated_without_regard_to_capitals() -> None:
    source = mapping.Source(column="Plan", values={"Two Year": 24, "Yes": True}, otherwise="none")
    assert [source.translated(cell) for cell in ("TWO YEAR", "yes", "Other", "")] == [
        "24",
        "true",
        "none",
        "",
    ]


def test_a_state_says_the_time_only_where_it_lies_in_one_zone() -> None:
    zones = mapping.us_state_zones()
    assert (zones["california"], zones["ny"]) == ("America/Los_Angeles", "America/New_York")
    assert "texas" not in zones
    assert "tn" not in zones


def test_a_yearly_amount_becomes_a_monthly_one(world: World, bring_in: Importer) -> None:
    from feedback.store.models import Account

    toml = '[account]\nexternal_id = "id"\nrecurring_revenue = { column = "ARR", divide_by = 12 }'
    bring_in("accounts", "id,ARR\n1,$1200\n", toml)
    with world.database.reading() as session:
        assert str(session.query(Account).one().recurring_revenue) == "100.00"


@pytest.mark.parametrize(
    ("first", "months", "today", "expected"),
    [
        (date(2025, 6, 2), 12, date(2026, 3, 2), date(2026, 6, 2)),
        (date(2025, 3, 2), 12, date(2026, 3, 2), date(2026, 3, 2)),
        (date(2025, 3, 1), 12, date(2026, 3, 2), date(2027, 3, 1)),
        (date(2024, 2, 29), 12, date(2025, 1, 1), date(2025, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 15), date(2026, 2, 28)),
        (date(2030, 1, 1), 12, date(2026, 1, 1), date(2030, 1, 1)),
        (date(2023, 9, 2), 24, date(2026, 3, 2), date(2027, 9, 2)),
    ],
)
def test_the_next_return_of_a_date(first: date, months: int, today: date, expected: date) -> None:
    assert rows.next_return(first, months, today) == expected


def test_the_example_in_the_documentation_is_a_mapping() -> None:
    page = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 3
    for example in examples:
        mapping.parse(example, "docs")


def test_an_opt_out_column_elsewhere_than_in_consent_is_a_mistake() -> None:
    with pytest.raises(ImportRefused, match=r"use opt_out for consent\.sms and consent\.email only"):
        mapping.parse('[contact]\nphone = { opt_out = "Do Not Call" }', "crm.toml")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "Record ID,First Name,Last Name,Email,Mobile Phone Number,Preferred language,Country/Region,Contact owner,"
            "Associated Company,Unsubscribed from all email,Legal basis for processing contact's data",
            {
                "contact.external_id": ["Record ID"],
                "contact.name": ["First Name", "Last Name"],
                "contact.email": ["Email"],
                "contact.phone": ["Mobile Phone Number"],
                "contact.language": ["Preferred language"],
                "contact.country": ["Country/Region"],
                "account.external_id": ["Associated Company"],
                "account.name": ["Associated Company"],
                "account.owner": ["Contact owner"],
                "consent.email": ["Unsubscribed from all email"],
                "consent.basis": ["Legal basis for processing contact's data"],
            },
        ),
        (
            "Contact ID 18,Account ID (18),Account Name,First Name,Last Name,Email,Mobile,Mailing Country,"
            "Account Owner,Email Opt Out,Do Not Call",
            {
                "contact.external_id": ["Contact ID 18"],
                "contact.name": ["First Name", "Last Name"],
                "contact.email": ["Email"],
                "contact.phone": ["Mobile"],
                "contact.country": ["Mailing Country"],
                "account.external_id": ["Account ID (18)"],
                "account.name": ["Account Name"],
                "account.owner": ["Account Owner"],
                "consent.email": ["Email Opt Out"],
                "consent.sms": ["Do Not Call"],
            },
        ),
        (
            "Müşteri ID,Ad Soyad,TELEFON,E-POSTA,ÜLKE,DİL,FİRMA ADI",
            {
                "contact.external_id": ["Müşteri ID"],
                "contact.name": ["Ad Soyad"],
                "contact.phone": ["TELEFON"],
                "contact.email": ["E-POSTA"],
                "contact.country": ["ÜLKE"],
                "contact.language": ["DİL"],
                "account.external_id": ["FİRMA ADI"],
                "account.name": ["FİRMA ADI"],
            },
        ),
        (
            "Ad,Soyad,E-posta",
            {
                "contact.external_id": ["E-posta"],
                "contact.name": ["Ad", "Soyad"],
                "contact.email": ["E-posta"],
            },
        ),
        ("Telefon", {"contact.external_id": ["Telefon"], "contact.phone": ["Telefon"]}),
        ("External Id,Name", {"contact.external_id": ["External Id"], "contact.name": ["Name"]}),
        (
            "Contact ID,Unsubscribed",
            {
                "contact.external_id": ["Contact ID"],
                "consent.email": ["Unsubscribed"],
                "consent.sms": ["Unsubscribed"],
            },
        ),
    ],
)
def test_familiar_columns_of_other_systems_are_suggested(header: str, expected: dict[str, list[str]]) -> None:
    text = suggestions.suggest("contacts", header.split(","))
    assert text is not None
    suggested = mapping.parse(text, "suggested.toml")
    assert {name: list(source.columns()) for name, source in suggested.sources()} == expected


def test_columns_that_identify_nobody_are_no_mapping() -> None:
    assert suggestions.suggest("contacts", ["Shoe size", "Name"]) is None
