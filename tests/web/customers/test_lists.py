"""The lists of customers: what one asks for is what one sees, and a segment keeps it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from feedback.bootstrap import Runtime
from feedback.store.models import Contact, SavedSegment
from tests.web.conftest import SignIn


def names(client: FlaskClient, address: str) -> list[str]:
    """The names of a list, in their order."""
    import re

    page = client.get(address)
    assert page.status_code == 200, page.status
    found = re.findall(r'<tr><th scope="row">(?:<a [^>]*>)?(?:<bdi>)?([^<]+)', page.text)
    return [each.strip() for each in found]


def test_a_lead_finds_a_customer_who_rings(sign_in: SignIn) -> None:
    lead = sign_in("lead")
    for search in ("grace moo", "person0@example.com", "+90 532 123 45 00", "05321234500", "c0"):
        assert names(lead, f"/customers/?search={search.replace('+', '%2B')}") == ["Grace Moore"], search
    assert "Deniz Yıldız" in names(lead, "/customers/?search=yildiz")
    assert len(names(lead, "/customers/")) == 12
    assert names(lead, "/customers/accounts?search=north") == ["Northwind Logistics"]


def test_filters_and_columns_are_taken_from_the_address_and_nonsense_is_ignored(sign_in: SignIn) -> None:
    lead = sign_in("lead")
    assert names(lead, "/customers/?segment=vip&language=en") == ["Grace Moore"]
    assert len(names(lead, "/customers/?renews=40&permitted=none")) == 4
    nonsense = "owner=x&renews=-3&quiet=99999&permitted=maybe&property=plan&value=Pro&after=zzz&saved=77"
    assert len(names(lead, f"/customers/?{nonsense}")) == 12
    page = lead.get("/customers/?columns=1&column=phone&column=evil&search=grace").text
    assert "+905321234500" in page
    assert "Northwind" not in page
    assert "+905321234500" in lead.get("/customers/?search=grace").text  # kept for the next page


def test_who_may_not_change_customers_sees_addresses_masked(sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    page = viewer.get("/customers/?search=grace").text
    assert "p***@example.com" in page
    assert "person0@example.com" not in page
    for guess in ("person0", "person0@exam", "05321234500"):
        assert names(viewer, f"/customers/?search={guess}") == [], guess


def test_a_csm_sees_only_their_own_and_those_of_nobody(sign_in: SignIn) -> None:
    assert set(names(sign_in("neda"), "/customers/accounts")) == {"پارس نیرو", "Initech"}
    assert "Grace Moore" not in names(sign_in("neda"), "/customers/")


def test_a_filter_becomes_a_segment_that_can_be_changed_and_deleted(
    runtime: Runtime, sign_in: SignIn
) -> None:
    lead = sign_in("lead")
    made = lead.post("/customers/segments", data={"name": "VIP soon", "segment": "vip", "renews": "120"})
    address = made.headers["Location"]
    assert len(names(lead, address)) == 2
    assert "VIP soon" in lead.get("/customers/").text
    with runtime.database.reading() as session:
        saved = session.query(SavedSegment).one()
        path = f"/customers/segments/{saved.id}"
    assert len(names(lead, f"{address}&edited=1&segment=core")) == 6
    lead.post(path, data={"name": "Core", "segment": "core", "edit": "1"})
    assert len(names(lead, address)) == 6
    stale = lead.post(path, data={"name": "Late", "segment": "vip", "edit": "1"}, follow_redirects=True)
    assert "Somebody else has changed this segment" in stale.text
    assert 'value="vip" selected' in stale.text  # what was chosen is still there
    assert sign_in("cem").post(f"{path}/delete").status_code == 403
    lead.post(f"{path}/delete")
    assert "Core</a></li>" not in lead.get("/customers/").text


@pytest.mark.parametrize("data", [{"name": "", "segment": "vip"}, {"name": "All"}])
def test_a_segment_without_name_or_filter_is_refused_with_a_sentence(
    sign_in: SignIn, data: dict[str, str]
) -> None:
    answer = sign_in("lead").post("/customers/segments", data=data, follow_redirects=True)
    assert "notice bad" in answer.text


def test_pages_are_turned_by_the_names_at_their_edges(runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.database.writing() as session:
        now = runtime.database.now()
        session.add_all(
            Contact(external_id=f"x{n}", name=f"Zed {n:03}", created_at=now, updated_at=now)
            for n in range(60)
        )
    import re

    lead = sign_in("lead")
    first = lead.get("/customers/?search=zed")
    assert "60 contacts" in first.text
    link = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert link
    rest = names(lead, link[1].replace("&amp;", "&"))
    assert rest == [f"Zed {n:03}" for n in range(50, 60)]
