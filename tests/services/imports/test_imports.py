"""Whole imports, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from feedback.core.contact import policy
from feedback.errors import ImportRefused
from feedback.services import imports
from feedback.services.contact import eligibility, suppression
from feedback.services.imports import Refusal
from feedback.store.models import (
    Account,
    AuditEntry,
    Consent,
    Contact,
    Enrolment,
    JourneyEvent,
    Message,
    User,
)
from feedback.web.export.tables import Column, Table, as_csv
from tests.services.conftest import World
from tests.services.imports.conftest import Importer

CRM = """\
Customer ID,Phone,E-Mail,State,Tenure,Contract,Charge,Tier,Manager
7,+12095550100,Ada@Example.COM,California,9,One Year,65.6,vip,owner@example.com
8,(209) 555-0101,bo@example.com,Texas,30,Two Year,59,core,nobody@example.com
9,+12095550102,cy@example.com,CA,1,Month-to-Month,20.05,core,
"""
CRM_MAP = """
kind = "contacts"
[contact]
external_id = "Customer ID"
phone = "Phone"
email = "E-Mail"
language = { constant = "en" }
time_zone = { column = "State", lookup = "us-state-zones" }
[contact.properties]
state = "State"
[account]
external_id = "Customer ID"
name = { column = "Customer ID", values = { 7 = "Seven" } }
owner = "Manager"
segment = "Tier"
recurring_revenue = "Charge"
currency = { constant = "USD" }
contract_started_on = { months_ago = "Tenure" }
[account.renewal_on]
next_after = "contract_started_on"
every_months = { column = "Contract", values = { "Month-to-Month" = "", "One Year" = 12, "Two Year" = 24 } }
[consent]
basis = { constant = "contract" }
source = { constant = "terms of 2025" }
"""


def all_of(world: World, model: type) -> list:  # type: ignore[type-arg]
    with world.database.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def counts(report: imports.ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.created, report.updated, report.unchanged, report.refused_rows


def test_a_crm_export_becomes_contacts_with_accounts_owner_revenue_and_renewal(
    world: World, bring_in: Importer
) -> None:
    with world.database.writing() as session:
        owner = world.owner(session).id
    report = bring_in("contacts", CRM, CRM_MAP)
    assert counts(report) == (3, 3, 0, 0, 0)
    first, second, third = all_of(world, Contact)
    assert (first.phone, first.email, first.time_zone) == (
        "+12095550100",
        "ada@example.com",
        "America/Los_Angeles",
    )
    assert (second.phone, second.time_zone, second.properties) == ("+12095550101", None, {"state": "Texas"})
    one, two, three = all_of(world, Account)
    assert (first.account_id, third.account_id) == (one.id, three.id)
    assert (one.name, one.owner_id, one.segment, one.currency) == ("Seven", owner, "vip", "USD")
    assert (one.recurring_revenue, three.recurring_revenue) == (Decimal("65.60"), Decimal("20.05"))
    assert (one.contract_started_on, one.renewal_on) == (date(2025, 6, 2), date(2026, 6, 2))
    assert (two.contract_started_on, two.renewal_on) == (date(2023, 9, 2), date(2027, 9, 2))
    assert three.renewal_on is None
    assert {(c.kind, c.basis, c.source) for c in all_of(world, Consent)} == {
        ("sms", "contract", "terms of 2025"),
        ("email", "contract", "terms of 2025"),
    }


def test_an_owner_whom_nobody_knows_costs_the_owner_and_not_the_row(world: World, bring_in: Importer) -> None:
    report = bring_in("contacts", CRM, CRM_MAP)
    assert report.refused == []
    assert [notice for notice in report.notices if "nobody@example.com" in notice] == [
        "nobody@example.com is not a user, so these accounts have no owner (line 3)."
    ]


def test_unknown_owners_can_be_added_as_users_who_cannot_sign_in(world: World, bring_in: Importer) -> None:
    report = bring_in("contacts", CRM, CRM_MAP, create_owners=True)
    assert report.notices == []
    made = all_of(world, User)
    assert {(user.email, user.active, user.password) for user in made} == {
        ("owner@example.com", False, None),
        ("nobody@example.com", False, None),
    }
    assert {account.owner_id for account in all_of(world, Account)} == {*(u.id for u in made), None}


def test_the_same_file_twice_changes_nothing(world: World, bring_in: Importer) -> None:
    bring_in("contacts", CRM, CRM_MAP)
    before = [contact.updated_at for contact in all_of(world, Contact)]
    world.wait(minutes=5)
    report = bring_in("contacts", CRM, CRM_MAP)
    assert counts(report) == (3, 0, 0, 3, 0)
    assert [contact.updated_at for contact in all_of(world, Contact)] == before
    assert len(all_of(world, Consent)) == 6


def test_a_second_file_updates_what_it_says_and_leaves_the_rest(world: World, bring_in: Importer) -> None:
    bring_in("contacts", "external_id,name,phone,properties.plan\nc1,Ada,+905321234567,gold\n")
    report = bring_in("contacts", "external_id,name,phone,properties.size\nc1,Ada Lovelace,,9\n")
    assert counts(report) == (1, 0, 1, 0, 0)
    (ada,) = all_of(world, Contact)
    assert (ada.name, ada.phone) == ("Ada Lovelace", "+905321234567")
    assert ada.properties == {"plan": "gold", "size": "9"}


def test_an_empty_cell_empties_a_field_only_where_the_mapping_says_so(
    world: World, bring_in: Importer
) -> None:
    bring_in("contacts", "external_id,name,phone\nc1,Ada,+905321234567\n")
    clearing = 'empty_cells = "clear"\n[contact]\nexternal_id = "external_id"\nphone = "phone"\nname = "name"'
    bring_in("contacts", "external_id,name,phone\nc1,Ada,\n", clearing)
    assert all_of(world, Contact)[0].phone is None


def test_bad_rows_are_told_with_line_column_and_reason_and_stop_nothing(
    world: World, bring_in: Importer
) -> None:
    table = (
        "external_id,name,phone,email\n"
        "c1,Ada,+905321234567,ada@example.com\n"
        '"c2","two\nlines",12,not-an-address\n'
        "c3,Cy,,\n"
        ",Nobody,,\n"
        "c5,Five\n"
        "c6,Six,,,seven\n"
        "c1,Ada again,,\n"
    )
    report = bring_in("contacts", table)
    assert counts(report) == (7, 3, 0, 0, 4)
    assert [(r.line, r.column) for r in report.refused] == [
        (3, "name"),
        (3, "phone"),
        (3, "email"),
        (6, "external_id"),
        (8, None),
        (9, None),
    ]
    assert report.refused[0].reason.endswith("This row goes from line 3 to line 4.")
    assert report.refused[-1] == Refusal(9, None, "Remove one of the two lines: line 2 has the same id.")
    assert {contact.external_id for contact in all_of(world, Contact)} == {"c1", "c3", "c5"}


def test_a_row_without_its_last_empty_cells_is_taken_and_empties_nothing(
    world: World, bring_in: Importer
) -> None:
    table = "external_id,name,email,phone\nc1,Ada,ada@example.com,+905321234567\nc2,Bo,bo@example.com,\n"
    bring_in("contacts", table)
    columns = "".join(f'{name} = "{name}"\n' for name in ("external_id", "name", "email", "phone"))
    clearing = f'empty_cells = "clear"\n[contact]\n{columns}'
    report = bring_in(
        "contacts", "external_id,name,email,phone\nc1,Ada L.\nc2,Bo,bo@example.com,\nc3\n", clearing
    )
    assert report.refused == []
    ada = all_of(world, Contact)[0]
    assert (ada.name, ada.email, ada.phone) == ("Ada L.", "ada@example.com", "+905321234567")
    assert report.notices == [
        "Rows that end before the last column were read as if the rest were empty (2 rows, the first in line 2)."
    ]


@pytest.mark.parametrize("word", ["N/A", "#N/A", "NULL", "nan", "NA", "None", "-"])
def test_a_word_for_nothing_is_an_empty_cell(word: str, world: World, bring_in: Importer) -> None:
    header = "external_id,name,phone,account.external_id,account.recurring_revenue,account.renewal_on\n"
    report = bring_in("contacts", f"{header}c1,Ada,{word},a1,{word},{word}\n{word},Bo,,,,\n")
    assert [(r.line, r.column) for r in report.refused] == [(3, "external_id")]
    assert report.notices == ["Cells such as N/A, NULL and nan were read as empty (line 2)."]
    assert all_of(world, Contact)[0].phone is None
    assert all_of(world, Account)[0].recurring_revenue is None


def test_a_surname_and_a_country_are_no_words_for_nothing(world: World, bring_in: Importer) -> None:
    assert bring_in("contacts", "external_id,name,country\nc1,Null,NA\n").notices == []
    assert [(person.name, person.country) for person in all_of(world, Contact)] == [("Null", "NA")]


def test_an_id_that_a_spreadsheet_has_shortened_is_refused(bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,account.external_id\n1.23457E+11,a\nc2,1.23457E+11\n1E5,b\n")
    assert report.created == 1
    assert [(r.line, r.column) for r in report.refused] == [(2, "external_id"), (3, "account.external_id")]
    assert {"shortened" in r.reason for r in report.refused} == {True}


def test_a_reason_never_repeats_an_address(bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,phone,email\nc1,99912,ada at example.com\n")
    assert len(report.refused) == 2
    assert not [r for r in report.refused if "99912" in r.reason or "ada" in r.reason]


@pytest.mark.parametrize(
    ("country", "phone", "stored"),
    [
        ("TR", "5321234567", "+905321234567"),
        ("TR", "0532 123 45 68", "+905321234568"),
        ("DE", "1511234567", "+491511234567"),
        ("", "(212) 555-0123", "+12125550123"),
        ("DE", "+90 532 123 45 67", "+905321234567"),
    ],
)
def test_a_national_number_is_read_in_the_country_of_its_row(
    country: str, phone: str, stored: str, world: World, bring_in: Importer
) -> None:
    _set_region(world, "US")
    report = bring_in("contacts", f"external_id,phone,country\nc1,{phone},{country}\n")
    assert report.refused == []
    assert all_of(world, Contact)[0].phone == stored


def test_a_country_that_cannot_be_read_is_not_replaced_by_the_default(
    world: World, bring_in: Importer
) -> None:
    _set_region(world, "US")
    report = bring_in("contacts", "external_id,phone,country\nc1,(212) 555-0123,Atlantis\n")
    assert [(r.line, r.column) for r in report.refused] == [(2, "country"), (2, "phone")]


def _set_region(world: World, region: str) -> None:
    organisation = replace(world.settings.organisation, default_region=region)
    world.settings = replace(world.settings, organisation=organisation)


@pytest.mark.parametrize(
    ("phone", "email", "left_out", "kept"),
    [
        ("12", "ada@example.com", "phone", (None, "ada@example.com")),
        ("+905321234567", "ada at example", "email", ("+905321234567", None)),
    ],
)
def test_a_bad_address_costs_the_cell_and_not_a_person_who_has_another(
    phone: str, email: str, left_out: str, kept: tuple[str, str], world: World, bring_in: Importer
) -> None:
    report = bring_in("contacts", f"external_id,phone,email,consent.basis\nc1,{phone},{email},contract\n")
    assert counts(report) == (1, 1, 0, 0, 0)
    assert [(cell.line, cell.column) for cell in report.left_out] == [(2, left_out)]
    (ada,) = all_of(world, Contact)
    assert (ada.phone, ada.email) == kept
    assert len(all_of(world, Consent)) == 1


def test_a_person_who_could_not_be_reached_at_all_is_refused(bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,phone,email\nc1,12,\n")
    assert [(r.line, r.column) for r in report.refused] == [(2, "phone")]
    assert report.left_out == []


def test_a_dry_run_says_what_would_happen_and_stores_nothing(world: World, bring_in: Importer) -> None:
    foreseen = bring_in("contacts", CRM, CRM_MAP, dry_run=True)
    assert all_of(world, Contact) == all_of(world, Account) == all_of(world, AuditEntry) == []
    assert counts(foreseen) == counts(bring_in("contacts", CRM, CRM_MAP))
    assert counts(bring_in("contacts", CRM, CRM_MAP, dry_run=True)) == (3, 0, 0, 3, 0)


def test_an_import_leaves_one_audit_entry_with_counts_only(world: World, bring_in: Importer) -> None:
    bring_in("contacts", CRM, CRM_MAP)
    (entry,) = all_of(world, AuditEntry)
    assert (entry.action, entry.subject) == ("imported", "contacts")
    assert entry.detail == {"created": 3, "updated": 0, "refused": 0}


def test_many_contacts_share_the_account_that_their_rows_name(world: World, bring_in: Importer) -> None:
    header = "external_id,account.external_id,account.name,account.segment\n"
    table = f"{header}c1,a,Acme,vip\nc2,a,Acme,\nc3,a,,core\n"
    assert counts(bring_in("contacts", table)) == (3, 3, 0, 0, 0)
    (account,) = all_of(world, Account)
    assert (account.name, account.segment) == ("Acme", "core")
    assert {contact.account_id for contact in all_of(world, Contact)} == {account.id}


def test_a_change_of_the_account_counts_as_an_update_of_the_row(bring_in: Importer) -> None:
    bring_in("contacts", "external_id,account.external_id,account.segment\nc1,a,vip\n")
    report = bring_in("contacts", "external_id,account.external_id,account.segment\nc1,a,core\n")
    assert counts(report) == (1, 0, 1, 0, 0)


def test_accounts_come_in_by_their_own_file(world: World, bring_in: Importer) -> None:
    table = (
        "external_id;name;recurring_revenue;currency;renewal_on\n"
        "a1;Acme;1.200,50 €;;31.12.2026\n"
        "a2;;12,5;TRY;2027-01-31\n"
        "a3;Bad;1,234;;\n"
        "a4;Bad;€ 5;USD;\n"
    )
    report = bring_in("accounts", table)
    first, second = all_of(world, Account)
    assert (first.recurring_revenue, first.currency, first.renewal_on) == (
        Decimal("1200.50"),
        "EUR",
        date(2026, 12, 31),
    )
    assert (second.name, second.recurring_revenue, second.currency) == ("a2", Decimal("12.50"), "TRY")
    assert [r.line for r in report.refused] == [4, 5]


def test_a_withdrawn_permission_is_not_brought_back_by_an_old_file(world: World, bring_in: Importer) -> None:
    table = "external_id,email,consent.basis\nc1,ada@example.com,consent\n"
    bring_in("contacts", table)
    world.wait(minutes=1)
    with world.database.writing() as session:
        suppression.opt_out(session, "email", "ada@example.com", source="test", now=world.now)
    assert counts(bring_in("contacts", table)) == (1, 0, 0, 1, 0)
    (consent,) = all_of(world, Consent)
    assert consent.withdrawn_at == world.now


def test_a_no_before_any_yes_is_kept_and_a_yes_may_follow(world: World, bring_in: Importer) -> None:
    header = "external_id,email,consent.basis,consent.email\n"
    for said, states in (("no", [False]), ("no", [False]), ("yes", [False, True]), ("yes", [False, True])):
        bring_in("contacts", f"{header}c1,ada@example.com,consent,{said}\n")
        assert [each.withdrawn_at is None for each in all_of(world, Consent)] == states
        with world.database.reading() as session:
            person = eligibility.recipient(session, all_of(world, Contact)[0])
        assert person.reach["email"].consent == (
            policy.ConsentState.GIVEN if said == "yes" else policy.ConsentState.REFUSED
        )
        world.wait(days=1)


def test_a_no_in_a_consent_column_withdraws_it(world: World, bring_in: Importer) -> None:
    header = "external_id,email,phone,consent.basis,consent.email\n"
    bring_in("contacts", f"{header}c1,ada@example.com,+905321234567,consent,yes\n")
    assert {c.kind for c in all_of(world, Consent)} == {"sms", "email"}
    report = bring_in("contacts", f"{header}c1,ada@example.com,+905321234567,consent,hayır\n")
    assert counts(report) == (1, 0, 1, 0, 0)
    assert {c.kind for c in all_of(world, Consent) if c.withdrawn_at} == {"email"}


@pytest.mark.parametrize(
    ("basis", "sms", "channels"),
    [
        ("contract", "", set()),
        ("consent", "", set()),  # one basis for the row is no consent to texts of somebody who refuses mail
        ("contract", "yes", set()),
        ("consent", "yes", {"sms"}),
    ],
)
def test_whoever_is_unsubscribed_from_email_gets_no_text_instead(
    world: World, bring_in: Importer, basis: str, sms: str, channels: set[str]
) -> None:
    header = "external_id,email,phone,country,consent.basis,consent.email,consent.sms\n"
    bring_in("contacts", f"{header}c1,ada@example.com,+12125550123,US,{basis},no,{sms}\n")
    with world.database.writing() as session:
        world.event(session, "ticket_closed")
    world.wait(hours=26)  # noon in New York
    world.tick()
    assert {each.channel for each in all_of(world, Message)} == channels


def test_a_yes_without_a_legal_basis_is_no_permission(world: World, bring_in: Importer) -> None:
    table = "external_id,email,consent.basis,consent.email\nc1,ada@example.com,,yes\nc2,bo@example.com,contract,yes\n"
    report = bring_in("contacts", table)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert [(consent.basis, consent.address) for consent in all_of(world, Consent)] == [
        ("contract", "bo@example.com")
    ]
    assert report.notices == [
        "Fill in consent.basis: rows that allow messages without a legal basis permit nothing (line 2)."
    ]


def test_a_no_without_a_legal_basis_is_kept_without_one(world: World, bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,email,consent.email\nc1,ada@example.com,no\n")
    assert report.notices == []
    (refusal,) = all_of(world, Consent)
    assert (refusal.basis, refusal.withdrawn_at) == ("none", world.now)


OPT_OUTS = (
    "external_id,email,phone,consent.basis,Unsubscribed from all email,Do Not Call\n"
    "c1,ada@example.com,+905321234567,contract,true,\n"
    "c2,bo@example.com,+905321234568,contract,false,1\n"
    "c3,cy@example.com,+905321234569,,false,0\n"
)


def test_opt_outs_of_a_crm_are_obeyed_and_their_absence_permits_nothing(
    world: World, bring_in: Importer
) -> None:
    assert bring_in("contacts", OPT_OUTS).notices == []
    # Who refuses one channel is not asked on the other one by the same basis.
    assert {(c.address, c.withdrawn_at is None) for c in all_of(world, Consent)} == {
        ("ada@example.com", False),
        ("+905321234568", False),
    }


def test_an_opt_out_that_is_neither_yes_nor_no_refuses_the_row(bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,email,Email Opt Out\nc1,ada@example.com,maybe\n")
    assert [(r.column, r.reason) for r in report.refused] == [
        ("Email Opt Out", "An opt-out must be yes or no.")
    ]


def test_a_mapping_that_ignores_opt_outs_is_warned_about(bring_in: Importer) -> None:
    least = '[contact]\nexternal_id = "external_id"\nemail = "email"\n'
    notices = bring_in("contacts", OPT_OUTS, least).notices
    assert [notice.split(",")[0] for notice in notices] == [
        "The mapping does not use the column 'Unsubscribed from all email'",
        "The mapping does not use the column 'Do Not Call'",
    ]


@pytest.mark.parametrize(
    ("written", "basis"),
    [
        ("Legitimate interest – existing customer", "legitimate_interest"),
        ("Performance of a contract", "contract"),
        ("Freely given consent from contact", "consent"),
    ],
)
def test_a_legal_basis_is_read_in_the_words_of_hubspot(
    written: str, basis: str, world: World, bring_in: Importer
) -> None:
    bring_in("contacts", f"external_id,email,consent.basis\nc1,ada@example.com,{written}\n")
    assert all_of(world, Consent)[0].basis == basis


def test_first_and_last_name_are_joined_and_owners_found_by_name(world: World, bring_in: Importer) -> None:
    with world.database.writing() as session:
        owner = world.owner(session)
        owner.name, owner_id = "Selin Arslan", owner.id
    table = (
        "Contact ID,First Name,Last Name,Account ID,Account Owner\n"
        "c1,Ada,Lovelace,a1,SELİN ARSLAN\nc2,,Plato,a2,Nobody Known\n"
    )
    with pytest.raises(ImportRefused):
        bring_in("contacts", table)
    text = (world.settings.instance / "mappings" / "customers.toml").read_text(encoding="utf-8")
    report = bring_in("contacts", table, text, create_owners=True)
    assert [contact.name for contact in all_of(world, Contact)] == ["Ada Lovelace", "Plato"]
    assert [account.owner_id for account in all_of(world, Account)] == [owner_id, None]
    assert report.notices == ["Nobody Known is not a user, so these accounts have no owner (line 3)."]


def test_events_come_in_once_and_enrol_their_contacts(world: World, bring_in: Importer) -> None:
    with world.database.writing() as session:
        world.contact(session)
    table = (
        "key,name,contact,occurred_at\n"
        "t-1,ticket_closed,c1,2026-03-02 13:30\n"
        "t-2,ticket_closed,nobody,2026-03-01\n"
        "t-3,ticket_closed,c1,2027-03-01\n"
        "t-4,Ticket closed,c1,2026-03-01\n"
    )
    world.settings = world.settings.__class__(
        **{**vars(world.settings), "organisation": _in_istanbul(world.settings.organisation)}
    )
    report = bring_in("events", table)
    assert (report.created, [r.line for r in report.refused]) == (1, [3, 4, 5])
    (event,) = all_of(world, JourneyEvent)
    assert event.occurred_at == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    assert event.source == "import"
    assert len(all_of(world, Enrolment)) == 1
    again = bring_in("events", table)
    assert (again.created, again.unchanged) == (0, 1)
    assert bring_in("events", table, dry_run=True).unchanged == 1


def test_an_import_reads_a_file_that_was_exported_here(world: World, bring_in: Importer) -> None:
    columns = [Column("external_id"), Column("name"), Column("phone")]
    rows = [("c-9", "=Ada; +Bo", "+905321234567"), ("c-10", "@home", None)]
    file = as_csv(Table("contacts", "Contacts", columns, rows)).decode("utf-8-sig")
    report = bring_in("contacts", file)
    assert (report.created, report.refused, report.left_out) == (2, [], [])
    contacts = {each.external_id: (each.name, each.phone) for each in all_of(world, Contact)}
    assert contacts == {"c-9": ("=Ada; +Bo", "+905321234567"), "c-10": ("@home", None)}


@pytest.mark.parametrize("dry_run", [True, False])
def test_events_and_contacts_with_the_programs_own_keys_are_refused(
    world: World, bring_in: Importer, dry_run: bool
) -> None:
    with world.database.writing() as session:
        world.contact(session)
    events = (
        "key,name,contact,occurred_at\n"
        "follow-up:2,ticket_closed,c1,2026-03-01\n"
        "t-1,follow_up_closed,c1,2026-03-01\n"
    )
    report = bring_in("events", events, dry_run=dry_run)
    assert (report.created, [r.line for r in report.refused]) == (0, [2, 3])
    assert "keys that begin with 'follow-up:' are the program's own" in report.refused[0].reason
    contacts = "external_id,name,email\nerased:4,Ada,ada@example.com\n"
    report = bring_in("contacts", contacts, dry_run=dry_run)
    assert (report.created, [r.line for r in report.refused]) == (0, [2])
    assert "ids that begin with 'erased:' are the program's own" in report.refused[0].reason


def _in_istanbul(organisation):  # type: ignore[no-untyped-def]
    from dataclasses import replace
    from zoneinfo import ZoneInfo

    return replace(organisation, time_zone=ZoneInfo("Europe/Istanbul"))


def test_an_event_without_a_key_gets_one_that_makes_it_the_same_event_again(
    world: World, bring_in: Importer
) -> None:
    with world.database.writing() as session:
        world.contact(session)
    table = "name,contact,occurred_at\ngo_live,c1,2026-03-01T10:00:00Z\n"
    assert bring_in("events", table).created == 1
    assert bring_in("events", table).unchanged == 1


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("external_id,name\nc1,Şükrü\n".encode("utf-8-sig"), "Şükrü"),
        ("external_id,name\nc1,شیرین\n".encode("utf-16"), "شیرین"),
        ("external_id;name\r\nc1;Ayşe\r\n".encode("utf-16-le"), "Ayşe"),
        (b"sep=;\nexternal_id;name\nc1;Ada\n", "Ada"),
        ("external_id\tname\nc1\tÅsa\n".encode("cp1252"), "Åsa"),
        (b'external_id|name\nc1|"a|b"\n', "a|b"),
        (b'"external_id","name, in full","name"\n"c1","","Bo"\n', "Bo"),
    ],
)
def test_encodings_and_delimiters_are_found_out(
    raw: bytes, name: str, world: World, bring_in: Importer
) -> None:
    assert bring_in("contacts", raw).created == 1
    assert all_of(world, Contact)[0].name == name


@pytest.mark.parametrize(
    "table",
    [
        "Customers of March\n\nexternal_id,name\nc1,Ada\n,Bo\n",
        "Customers; March; 2026\nAll of them\nexternal_id,name\nc1,Ada\n,Bo\n",
        "Customer list;;\n;;\nexternal_id;name;x\nc1;Ada;\n;Bo;\n",
    ],
)
def test_a_title_above_the_table_is_passed_over_aloud(table: str, world: World, bring_in: Importer) -> None:
    report = bring_in("contacts", table)
    assert [person.name for person in all_of(world, Contact)] == ["Ada"]
    assert [refusal.line for refusal in report.refused] == [5]
    assert "The table begins in line 3; what is above it was not read." in report.notices


def test_a_title_above_familiar_columns_gets_a_suggested_mapping(world: World, bring_in: Importer) -> None:
    table = "Müşteri Listesi\nMüşteri ID;Ad Soyad;TELEFON\n1;Ada;+905321234567\n"
    with pytest.raises(ImportRefused, match="--map customers"):
        bring_in("contacts", table)
    text = (world.settings.instance / "mappings" / "customers.toml").read_text(encoding="utf-8")
    assert bring_in("contacts", table, text).created == 1


REPORT = """Contact ID,Name,Email,Start Date
1,Ada,ada@example.com,3/14/2025
2,Ben,ben@example.com,3/4/2025
"""
FOOTER = """
CS: Contacts for surveys
Copyright (c) 2000-2026 salesforce.com
"Confidential Information - Do Not Distribute",,,
Generated By:  Lena Lead  11/29/2026 9:58 AM
"""
BY_ID = '[contact]\nexternal_id = "Contact ID"\nname = "Name"\nemail = "Email"'


def test_what_a_report_has_below_its_table_is_nobody(world: World, bring_in: Importer) -> None:
    report = bring_in("contacts", REPORT + FOOTER, BY_ID)
    assert (report.read, report.created, report.refused) == (2, 2, [])
    assert [person.name for person in all_of(world, Contact)] == ["Ada", "Ben"]
    (said,) = [each for each in report.notices if "below" in each]
    assert said == "The table ends above line 5; what is below it was not read (4 rows, the first in line 5)."


@pytest.mark.parametrize(
    ("table", "stored"),
    [
        pytest.param(f"{REPORT}\n3\n4,Di,di@example.com,\n", "1 2 3 4", id="rows go on below"),
        pytest.param(f"{REPORT}3\n", "1 2 3", id="no blank line"),
        pytest.param(f"{REPORT}\n3,Cy\n", "1 2 3", id="two cells"),
    ],
)
def test_a_short_row_that_belongs_to_the_table_is_read(
    world: World, bring_in: Importer, table: str, stored: str
) -> None:
    bring_in("contacts", table, BY_ID)
    assert " ".join(person.external_id for person in all_of(world, Contact)) == stored


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("3/14/2025", "3/4/2025"), 'dates = "month-first"'),
        (("14/3/2025", "3/4/2025"), 'dates = "day-first"'),
        (("3/14/2025", "14/3/2025"), None),
        (("3/4/2025", "5/5/2025"), None),
    ],
)
def test_a_suggested_mapping_has_the_order_of_dates_that_the_file_shows(
    world: World, bring_in: Importer, dates: tuple[str, str], order: str | None
) -> None:
    rows = "".join(f"{number},A{number},Acme,{date}\n" for number, date in enumerate(dates))
    with pytest.raises(ImportRefused, match="--map customers"):
        bring_in("contacts", f"Contact ID,Account ID,Account Name,Contract Start Date\n{rows}")
    text = (world.settings.instance / "mappings" / "customers.toml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("dates")] == ([order] if order else [])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        pytest.param(
            "Ticket ID,Ticket name,Ticket status,Create date,Close date,Associated Contact IDs",
            "88,Invoice,Closed,2026-02-28 09:00,2026-03-01 09:30,c1",
            id="HubSpot",
        ),
        pytest.param(
            "CaseNumber,Type,Status,CreatedDate,ClosedDate,ContactId",
            "00001026,Problem,Closed,2026-02-28T09:00:00.000Z,2026-03-01T09:30:00.000+0000,c1",
            id="Salesforce",
        ),
    ],
)
def test_closed_tickets_of_a_crm_get_a_suggested_mapping_that_works(
    world: World, bring_in: Importer, header: str, row: str
) -> None:
    bring_in("contacts", "external_id,name\nc1,Ada\n")
    with pytest.raises(ImportRefused, match="--map customers"):
        bring_in("events", f"{header}\n{row}\n")
    text = (world.settings.instance / "mappings" / "customers.toml").read_text(encoding="utf-8")
    assert bring_in("events", f"{header}\n{row}\n", text).created == 1
    (event,) = all_of(world, JourneyEvent)
    assert (event.name, event.key) == ("ticket_closed", row.partition(",")[0])
    assert event.occurred_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_a_table_of_one_column_has_its_header_in_the_first_line(bring_in: Importer) -> None:
    assert bring_in("contacts", "external_id\nname\nemail\n").created == 2


def test_an_old_encoding_is_assumed_aloud(world: World, bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,name\nc1,Gülşah\n".encode("cp1254"), None)
    assert report.notices[0].startswith("customers.csv is not UTF-8; it was read as cp1252.")
    stated = 'encoding = "cp1254"\n[contact]\nexternal_id = "external_id"\nname = "name"'
    assert bring_in("contacts", "external_id,name\nc1,Gülşah\n".encode("cp1254"), stated).notices == []
    assert all_of(world, Contact)[0].name == "Gülşah"


@pytest.mark.parametrize(
    ("rows", "stored", "refused"),
    [
        (['c1,"Ada,red', "c2,Bo,red", "c3,Cy,red", "c4,Di,red", "c5,Ed,red"], "c2 c3 c4 c5", [2]),
        (['c1,"Ada,red', "c2,Bo,red", 'c3,"Cy",red', "c4,Di,red", "c5,Ed,red"], "c2 c3 c4 c5", [2]),
        (['c1,"Ada,red', "c2,Bo,red", 'c3,Cy"', "c4,Di,red", "c5,Ed,red"], "c2 c3 c4 c5", [2]),
        (["c1,Ada,red", "c2,Bo,red", "c3,Cy,red", "c4,Di,red", 'c5,Ed,"red'], "c1 c2 c3 c4", [6]),
        (['c1,Ada,"red', "c2,Bo,red", 'c3,Cy,"', "c4,Di,red", "c5,Ed,red"], "c2 c4 c5", [2, 4]),
        (['"c1,Ada,red', '"c2,Bo,red', '"c3,Cy,red', "c4,Di,red", "c5,Ed,red"], "c4 c5", [2, 3, 4]),
        (['c1,Ada,"two, or', 'three"', "c2,Bo,red"], "c1 c2", []),
    ],
)
def test_an_unclosed_quotation_mark_costs_its_own_line_only(
    rows: list[str], stored: str, refused: list[int], world: World, bring_in: Importer
) -> None:
    report = bring_in("contacts", "\n".join(["external_id,name,colour", *rows]) + "\n")
    assert [contact.external_id for contact in all_of(world, Contact)] == stored.split()
    assert sorted({refusal.line for refusal in report.refused}) == refused
    assert report.read == report.created + report.refused_rows
    assert not [r for r in report.refused if "quotation" not in r.reason]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04....", "is damaged"),
        (b"phone,name\n1,Ada\n", "has no column external_id"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_in_a_sentence(
    raw: bytes, reason: str, bring_in: Importer
) -> None:
    with pytest.raises(ImportRefused, match=reason):
        bring_in("contacts", raw)


def test_a_missing_file_is_a_sentence(world: World) -> None:
    with pytest.raises(ImportRefused, match="No such file"):
        imports.run(world.database, "contacts", Path("nowhere.csv"), None, world.context, world.now)


def test_a_misspelt_column_gets_the_nearest_name(bring_in: Importer) -> None:
    report = bring_in("contacts", "external_id,emial,shoe size\nc1,ada@example.com,red\n")
    assert report.notices == [
        "The column 'emial' was ignored: there is no field with this name. Did you mean 'email'?",
        "The column 'shoe size' was ignored: there is no field with this name.",
    ]


def test_familiar_columns_become_a_suggested_mapping_that_works(world: World, bring_in: Importer) -> None:
    table = "Contact ID,Full Name,Mobile Phone,E-Mail,Shoe size\n1,Ada,+905321234567,ada@example.com,38\n"
    with pytest.raises(ImportRefused, match="--map customers"):
        bring_in("contacts", table)
    text = (world.settings.instance / "mappings" / "customers.toml").read_text(encoding="utf-8")
    assert "# Not used: Shoe size" in text
    assert bring_in("contacts", table, text).created == 1
    assert imports.load(world.settings.instance, "customers").kind == "contacts"


def test_progress_is_told_in_lines(bring_in: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "external_id\n" + "".join(f"c{number}\n" for number in range(2500))
    steps: list[tuple[int, int]] = []
    bring_in("contacts", table, on_progress=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == [1001, 2001, 2501]
    assert {total for _, total in steps} == {2502}


def test_two_imports_of_the_same_people_at_once_store_each_of_them_once(
    world: World, bring_in: Importer, tmp_path: Path
) -> None:
    rows = [f"c{number},Name,a{number}\n" for number in range(2500)]
    paths = [tmp_path / "up.csv", tmp_path / "down.csv"]
    for path, table in zip(paths, (rows, rows[::-1]), strict=True):
        path.write_text("external_id,name,account.external_id\n" + "".join(table))

    def run(path: Path) -> imports.ImportReport:
        return imports.run(world.database, "contacts", path, None, world.context, world.now)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, paths))
    assert sum(report.created for report in reports) == 2500
    assert [report.refused for report in reports] == [[], []]
    assert len(all_of(world, Contact)) == len(all_of(world, Account)) == 2500


def test_what_others_store_in_the_meantime_is_updated_and_not_a_failure(
    world: World, bring_in: Importer
) -> None:
    """The progress of the first batch is the moment at which somebody else stores a contact of the second."""
    table = "external_id,name\n" + "".join(f"c{number},Name {number}\n" for number in range(1500))

    def meddle(done: int, total: int) -> None:
        if done < 1200:
            with world.database.writing() as session:
                world.contact(session, "c1400", consent=False)

    report = bring_in("contacts", table, on_progress=meddle)
    assert (report.created, report.updated) == (1499, 1)
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Contact)) == 1500
