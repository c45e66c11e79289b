"""One search finds people, companies and their follow-ups, for everybody what is theirs."""

from __future__ import annotations

from datetime import UTC

import pytest

from feedback.services.access import Viewer
from feedback.services.search import records
from feedback.services.search.records import FoundRecords, SearchPlace, SearchRights
from feedback.store.models import Campaign, Contact
from tests.services.followups.desk import MONDAY, Desk


def find(desk: Desk, words: str, name: str = "cem", **rights: bool) -> FoundRecords:
    every = {"customers": True, "follow_ups": True, "questionnaires": True, "campaigns": True}
    every |= {"addresses": True, **rights}
    with desk.runtime.database.reading() as session:
        place = SearchPlace(MONDAY, UTC, "TR")
        scope = SearchRights(Viewer(desk.people[name], sees_all=name == "lead"), **every)
        return records.find(session, words, scope, desk.runtime.library, place)


@pytest.fixture
def jack(desk: Desk) -> int:
    """A contact of Cem's account, with an open follow-up; the id of the follow-up."""
    task = desk.low()
    with desk.runtime.database.writing() as session:
        contact = session.get_one(Contact, task.contact_id)
        contact.name, contact.phone, contact.email = "Jack Archer", "+905321234567", "jack@northwind.example"
        session.add(
            Campaign(
                name="Spring check of renewals", state="draft", plan={}, starts_at=MONDAY,
                created_at=MONDAY, changed_at=MONDAY,
            )
        )  # fmt: skip
    return task.id


@pytest.mark.parametrize(
    "words",
    [
        "jack",
        "ARCHER jack",
        "jack@northwind.example",
        "0532 123 45 67",
        "+90 (532) 123-4567",
        "۰۵۳۲۱۲۳۴۵۶۷",
        "c0",
    ],
)
def test_a_customer_is_found_by_name_address_number_and_id(desk: Desk, jack: int, words: str) -> None:
    found = find(desk, words)
    assert [each.name for each in found.contacts] == ["Jack Archer"]
    assert [each.id for each in found.follow_ups] == [jack]


def test_who_sees_addresses_masked_finds_nobody_by_them(desk: Desk, jack: int) -> None:
    for words in ("jack@northwind.example", "northwind.ex", "0532 123 45 67"):
        assert not find(desk, words, addresses=False, questionnaires=False), words
    assert find(desk, "archer", addresses=False).contacts


def test_a_follow_up_is_found_by_its_number_and_by_its_account(desk: Desk, jack: int) -> None:
    assert [each.id for each in find(desk, f"#{jack}").follow_ups] == [jack]
    found = find(desk, "Account 0")
    assert [each.name for each in found.accounts] == ["Account 0"]
    assert [each.id for each in found.follow_ups] == [jack]


def test_nobody_finds_what_is_a_colleague_s(desk: Desk, jack: int) -> None:
    assert not find(desk, "jack", "selin")
    assert not find(desk, f"#{jack}", "selin", questionnaires=False)
    assert find(desk, "jack", "lead").contacts


def test_a_kind_without_permission_is_left_out(desk: Desk, jack: int) -> None:
    found = find(desk, "jack", customers=False)
    assert (list(found.contacts), [each.id for each in found.follow_ups]) == ([], [jack])
    assert not find(desk, "spring", campaigns=False).campaigns


def test_questionnaires_are_found_in_every_language_and_campaigns_by_any_word(desk: Desk, jack: int) -> None:
    assert "relationship-nps" in [each.key for each in find(desk, "relationship").questionnaires]
    assert [each.name for each in find(desk, "renewals").campaigns] == ["Spring check of renewals"]


def test_a_search_for_nothing_finds_nothing(desk: Desk, jack: int) -> None:
    assert not find(desk, "  ")
    assert not find(desk, "?!")
    assert not find(desk, "x" * 5_000)
