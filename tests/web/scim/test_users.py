"""Users by SCIM: added, linked, changed and disabled as Okta and Entra ID do it."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.services.staff.api_keys import Scope
from tests.web.api.conftest import key_over
from tests.web.auth.staff import password
from tests.web.scim.conftest import USER, ScimProgram, Start
from tests.web.single_sign_on.conftest import is_in

# Who may call


def test_a_key_with_the_scope_is_needed(program: Start) -> None:
    scim: ScimProgram = program()
    runtime = scim.office.runtime
    scim.key = "fbk_unknown"
    refused = scim.call("GET", "/Users")
    assert refused.status_code == 401 and refused.json["status"] == "401"
    assert refused.content_type == "application/scim+json"
    scim.key = key_over(runtime, None, Scope.CUSTOMERS_READ)
    assert scim.call("GET", "/Users").status_code == 403
    scim.key = key_over(runtime, "lead", Scope.SCIM)  # who may not manage staff
    assert scim.call("GET", "/Users").status_code == 403
    scim.key = key_over(runtime, "admin", Scope.SCIM)
    assert scim.call("GET", "/Users").status_code == 200


# Disabling


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"active": False}},  # Okta
        {"op": "Replace", "path": "active", "value": "False"},  # Entra ID
        {"op": "replace", "path": f"{USER}:active", "value": False},
        {"op": "Replace", "value": {f"{USER}:active": "false"}},
    ],
    ids=str,
)
def test_a_person_who_is_disabled_at_the_provider_is_out_with_the_next_click(
    program: Start, operation: dict[str, Any]
) -> None:
    scim: ScimProgram = program()
    by_provider, by_password = scim.office.come("cem"), scim.office.browser()
    assert password(by_password, "cem").status_code == 302
    own = key_over(scim.office.runtime, "cem", Scope.FOLLOW_UPS_READ)
    (user,) = scim.found("/Users", 'userName eq "CEM@example.com"')
    changed = scim.patch(f"/Users/{user['id']}", operation)
    assert changed.status_code == 200 and changed.json["active"] is False
    assert not is_in(by_provider) and not is_in(by_password)
    headers = {"Authorization": f"Bearer {own}"}
    assert scim.office.browser().get("/api/v1/follow-ups", headers=headers).status_code == 401
    again = scim.office.browser()
    scim.office.answer(again, sub="subject-cem", email="cem@example.com", email_verified=True)
    assert not is_in(again)
    assert "deactivated" in scim.office.audited("cem")


def test_deleting_disables_and_creating_again_brings_the_account_back(program: Start) -> None:
    scim: ScimProgram = program()
    browser, user_id = scim.office.come("cem"), scim.id_of("cem")
    assert scim.call("DELETE", f"/Users/{user_id}").status_code == 204
    assert not is_in(browser) and not scim.office.user("cem").active
    assert scim.call("GET", f"/Users/{user_id}").status_code == 404
    assert scim.call("DELETE", f"/Users/{user_id}").status_code == 404
    assert scim.found("/Users", 'userName eq "cem@example.com"') == []
    assert scim.add("cem")["id"] == user_id
    assert scim.office.user("cem").active and scim.office.roles("cem") == {"csm"}


def test_the_last_admin_and_the_emergency_account_stay(program: Start) -> None:
    scim: ScimProgram = program()
    refused = scim.patch(f"/Users/{scim.id_of('admin')}", {"op": "replace", "value": {"active": False}})
    assert refused.status_code == 409 and "last one" in refused.json["detail"]
    hidden: ScimProgram = program(emergency_account="admin@example.com")
    assert hidden.call("GET", f"/Users/{hidden.id_of('admin')}").status_code == 404
    assert hidden.found("/Users", 'userName eq "admin@example.com"') == []


# Adding and changing


def test_a_new_user_has_the_role_of_all_others_or_none(program: Start) -> None:
    scim: ScimProgram = program()
    emails = [{"value": "dora@example.com", "type": "work", "primary": True}]
    made = scim.add("dora.d", externalId="0x1", name={"givenName": "Dora", "familyName": "D"}, emails=emails)
    assert made["userName"] == "dora.d@example.com" and made["emails"] == emails
    assert scim.office.user("dora").name == "Dora D" and scim.office.roles("dora") == set()
    assert scim.found("/Users", 'externalId eq "0x1"')[0]["id"] == made["id"]
    assert scim.found("/Users", 'emails[type eq "work"].value eq "dora@example.com"')[0]["id"] == made["id"]
    other: ScimProgram = program(other_role="viewer")
    other.add("edgar")
    assert other.office.roles("edgar") == {"viewer"}
    other.office.come("edgar")


def test_a_second_user_of_a_name_or_an_address_is_a_conflict(program: Start) -> None:
    scim: ScimProgram = program()
    body = {"schemas": [USER], "userName": "other", "emails": [{"value": "cem@example.com"}]}
    for changes in ({}, {"userName": "CEM@example.com", "emails": [{"value": "new@example.com"}]}):
        refused = scim.call("POST", "/Users", {**body, **changes})
        assert (refused.status_code, refused.json["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"userName": ""}, "invalidValue"),
        ({"userName": "no-address"}, "invalidValue"),
        ({"userName": "x@"}, "invalidValue"),
        ({"userName": 5}, "invalidValue"),
        ({"userName": "a@example.com", "active": "perhaps"}, "invalidValue"),
        ({"userName": "a@example.com", "emails": "a@example.com"}, "invalidValue"),
        ([], None),
    ],
    ids=str,
)
def test_what_is_no_user_changes_nothing(program: Start, body: Any, kind: str | None) -> None:
    scim: ScimProgram = program()
    refused = scim.call("POST", "/Users", body)
    assert refused.status_code == 400 and refused.json.get("scimType") == kind
    assert refused.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_entra_changes_an_address_by_a_path_with_a_filter_and_sends_what_nobody_needs(program: Start) -> None:
    scim: ScimProgram = program()
    user_id = scim.id_of("cem")
    changed = scim.patch(
        f"/Users/{user_id}",
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "cem.y@example.com"},
        {"op": "Replace", "path": "displayName", "value": "Cem Y."},
        {"op": "Add", "path": "title", "value": "CSM"},
        {
            "op": "Add",
            "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "value": "CS",
        },
        {"op": "Add", "path": "name.familyName", "value": "Y."},
        {"op": "Replace", "path": "externalId", "value": "cem-y"},
    )
    assert changed.status_code == 200, changed.text
    assert changed.json["emails"][0]["value"] == "cem.y@example.com"
    assert scim.office.user("cem.y").name == "Cem Y."
    assert "address changed" in scim.office.audited("cem.y")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "move", "path": "active", "value": True},
        {"op": "replace", "path": "active[", "value": True},
        {"op": "replace", "path": "groups", "value": []},
        {"op": "remove"},
        {"op": "replace", "value": 5},
        {"op": "replace", "path": 'emails[type co "w"].value', "value": "x@example.com"},
    ],
    ids=str,
)
def test_an_operation_that_is_none_changes_nothing(program: Start, operation: dict[str, Any]) -> None:
    scim: ScimProgram = program()
    user_id = scim.id_of("cem")
    before = scim.call("GET", f"/Users/{user_id}").json
    refused = scim.patch(
        f"/Users/{user_id}", {"op": "replace", "path": "displayName", "value": "X"}, operation
    )
    assert refused.status_code == 400 and refused.json["scimType"] == "invalidValue"
    assert scim.call("GET", f"/Users/{user_id}").json == before


def test_a_list_comes_in_pages_and_by_filters_that_are_supported(program: Start) -> None:
    scim: ScimProgram = program()
    everybody = scim.call("GET", "/Users").json
    assert everybody["totalResults"] == len(everybody["Resources"]) > 3
    second = scim.call("GET", "/Users", startIndex=2, count=1, attributes="userName").json
    assert second["Resources"] == [
        {name: everybody["Resources"][1][name] for name in ("schemas", "id", "userName")}
    ]
    assert (second["startIndex"], second["itemsPerPage"]) == (2, 1)
    assert scim.call("GET", "/Users", count=0).json["Resources"] == []
    assert scim.call("GET", "/Users", startIndex="x").status_code == 400
    for written in ("userName co 'x'", 'userName eq "a" or active eq "b"', 'password eq "x"', "("):
        refused = scim.call("GET", "/Users", filter=written)
        assert (refused.status_code, refused.json["scimType"]) == (400, "invalidFilter")
