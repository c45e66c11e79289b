"""Lists of contacts, pasted or uploaded, in the shapes in which people have them."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.services.campaigns import contact_list
from feedback.services.campaigns.contact_list import FoundContacts
from tests.services.campaigns.conftest import CampaignWorld


def found_in(campaigns: CampaignWorld, text: str) -> FoundContacts:
    with campaigns.database.reading() as session:
        return contact_list.find(session, text, "TR")


def test_a_contact_is_found_by_address_number_or_id_in_any_spelling(campaigns: CampaignWorld) -> None:
    people = campaigns.people(5)
    text = "C0@Example.com\n0532 120 00 01\n+90 (532) 120-0002\nc3\n\n  c4@example.com , Deniz\n"
    assert found_in(campaigns, text).ids == people


def test_a_table_is_read_line_by_line_and_nobody_is_on_the_list_twice(campaigns: CampaignWorld) -> None:
    people = campaigns.people(3)
    text = 'name;mail\n"Demir; Deniz";c1@example.com\nX;c1@example.com\nc0\tx\ty\n'
    found = found_in(campaigns, text)
    assert found.ids == [people[1], people[0]]
    assert (found.unknown, list(found.examples)) == (1, ["name"])


def test_an_address_of_two_contacts_is_the_older_one(campaigns: CampaignWorld) -> None:
    first, _second = campaigns.people(2, email="desk@example.com")
    assert found_in(campaigns, "desk@example.com").ids == [first]


@pytest.mark.parametrize("text", ["", " \n;;\n", "x\n" * 100_001])
def test_an_empty_or_endless_list_is_refused(campaigns: CampaignWorld, text: str) -> None:
    with pytest.raises(Rejected):
        found_in(campaigns, text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1254"])
def test_a_file_is_read_in_the_encodings_that_spreadsheets_write(encoding: str) -> None:
    assert contact_list.decoded("şule@example.com".encode(encoding)) == "şule@example.com"


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(Rejected, match="2 MB"):
        contact_list.decoded(b"x" * (contact_list.LARGEST + 1))
