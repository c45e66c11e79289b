"""The page History: any two revisions compared, one restored, and who else has the text open."""

from __future__ import annotations

from tests.web.conftest import SignIn

KEY = "support-call-csat"


def test_revisions_are_kept_compared_and_restored(sign_in: SignIn) -> None:
    client = sign_in("lead")
    client.post(f"/studio/{KEY}/text", data={"text": f"key: {KEY}\ntitle: One\n", "base": 0})
    client.post(f"/studio/{KEY}/keep", data={"note": "The <first>"})
    client.post(f"/studio/{KEY}/text", data={"text": f"key: {KEY}\ntitle: Two\n", "base": 1})
    assert "The &lt;first&gt;" in client.get(f"/studio/{KEY}/history").text
    compared = client.get(f"/studio/{KEY}/compare?old=1&new=draft").text
    assert "<del>One</del>" in compared
    assert "<ins>Two</ins>" in compared
    assert client.get(f"/studio/{KEY}/compare?old=7").status_code == 404
    assert client.post(f"/studio/{KEY}/revisions/1/restore", data={"base": 1}).status_code == 409
    assert client.post(f"/studio/{KEY}/revisions/1/restore", data={"base": 2}).status_code == 303
    assert "<ins>One</ins>" in client.get(f"/studio/{KEY}/compare?old=2&new=draft").text


def test_people_who_have_one_text_open_see_each_other(sign_in: SignIn) -> None:
    lead, admin = sign_in("lead"), sign_in("admin")
    assert "has this open" not in lead.get(f"/studio/{KEY}/history").text
    assert "has this open" in admin.get(f"/studio/{KEY}/history").text
    assert "has this open" in lead.get(f"/studio/{KEY}/present?edit=0").text
    assert "has this open" not in lead.get("/studio/journey/history").text
    admin.post(f"/studio/{KEY}/text", data={"text": "a: 1", "base": 0})
    assert "A newer draft was saved" in lead.get(f"/studio/{KEY}/present?edit=0").text
