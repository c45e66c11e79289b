"""Groups by SCIM, and the roles that follow from them at once."""

from __future__ import annotations

from tests.web.scim.conftest import GROUP, ScimProgram, Start
from tests.web.single_sign_on.conftest import is_in, person

ROLES = {"CS leads": "lead", "4711": "admin"}


def test_members_get_and_lose_the_roles_of_a_group_at_once(program: Start) -> None:
    scim: ScimProgram = program(roles=ROLES)
    cem, neda = scim.id_of("cem"), scim.id_of("neda")
    browser = scim.office.come("cem", groups=["CS leads"])
    group = scim.group("CS leads", cem)
    path = f"/Groups/{group['id']}"
    assert [each["value"] for each in group["members"]] == [cem]
    joined = scim.patch(path, {"op": "Add", "path": "members", "value": [{"value": neda}]})
    assert joined.status_code == 200 and scim.office.roles("neda") == {"lead"}
    left = scim.patch(path, {"op": "remove", "path": f'members[value eq "{cem}"]'})
    assert [each["value"] for each in left.json["members"]] == [neda]
    assert scim.office.roles("cem") == set() and not is_in(browser)
    scim.patch(path, {"op": "Remove", "path": "members", "value": [{"value": neda}]})  # Entra ID
    assert scim.office.roles("neda") == set()


def test_a_group_is_known_by_its_id_at_the_provider_too_and_counts_at_the_sign_in(program: Start) -> None:
    scim: ScimProgram = program(roles=ROLES)
    cem = scim.id_of("cem")
    group = scim.group("Anything", cem, externalId="4711")
    assert scim.office.roles("cem") == {"admin"}
    scim.office.come("cem", groups=["CS leads"])
    assert scim.office.roles("cem") == {"admin", "lead"}
    scim.call(
        "PUT", f"/Groups/{group['id']}", {"schemas": [GROUP], "displayName": "Anything", "externalId": "4711"}
    )
    assert scim.office.roles("cem") == set()
    scim.office.answer(scim.office.browser(), **person("cem", groups=["CS leads"]))
    assert scim.office.roles("cem") == {"lead"}


def test_groups_without_a_role_change_nobody(program: Start) -> None:
    scim: ScimProgram = program(roles=ROLES)
    cem = scim.id_of("cem")
    scim.group("Skiing", cem)
    assert scim.office.roles("cem") == {"csm"}


def test_a_renamed_or_deleted_group_takes_its_roles_along(program: Start) -> None:
    scim: ScimProgram = program(roles=ROLES, other_role="viewer")
    cem = scim.id_of("cem")
    group = scim.group("Skiing", cem)
    path = f"/Groups/{group['id']}"
    assert scim.patch(path, {"op": "replace", "value": {"displayName": "CS leads"}}).status_code == 200
    assert scim.office.roles("cem") == {"lead"}
    assert scim.found("/Groups", 'displayName eq "cs leads"')[0]["id"] == group["id"]
    assert "members" not in scim.call("GET", path, excludedAttributes="members").json
    assert scim.call("GET", f"/Users/{cem}").json["groups"][0]["display"] == "CS leads"
    assert scim.call("DELETE", path).status_code == 204
    assert scim.office.roles("cem") == {"viewer"} and scim.call("GET", path).status_code == 404


def test_what_is_no_group_changes_nothing(program: Start) -> None:
    scim: ScimProgram = program()
    scim.group("One")
    for body, status in (
        ({"displayName": "ONE"}, 409),
        ({"displayName": ""}, 400),
        ({"displayName": "Two", "members": [{"value": "999999"}]}, 400),
        ({"displayName": "Two", "members": [{"value": "x"}]}, 400),
    ):
        assert scim.call("POST", "/Groups", {"schemas": [GROUP], **body}).status_code == status
    assert scim.call("GET", "/Groups").json["totalResults"] == 1
