"""The studio's list, and who may change a text."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.library import Refused
from feedback.store.models import StudioText
from tests.web.conftest import SignIn

KEY = "support-call-csat"


def test_the_list_shows_every_text_with_its_layer_and_state(sign_in: SignIn) -> None:
    client = sign_in("lead")
    page = client.get("/studio/").text
    assert page.count("Shipped with the product") == 8
    assert f'href="/studio/{KEY}"' in page
    client.post(f"/studio/{KEY}/text", data={"text": "a: 1\r\n", "base": "0"})
    found = client.get(f"/studio/?q={KEY}").text
    assert "Draft differs from what is live" in found
    assert "relationship-nps" not in found


def test_an_overtaken_text_is_shown_with_the_other_one_and_can_still_be_saved(
    sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("lead")
    client.post(f"/studio/{KEY}/text", data={"text": "theirs: 1\r\n", "base": "0"})
    answer = client.post(f"/studio/{KEY}/text", data={"text": "mine: <b>\r\n", "base": "0"})
    assert answer.status_code == 409
    assert "theirs: 1" in answer.text
    assert "mine: &lt;b&gt;" in answer.text
    assert client.post(f"/studio/{KEY}/text", data={"text": "mine: 1\r\n", "base": "1"}).status_code == 303
    with runtime.database.reading() as session:
        assert session.scalars(select(StudioText.draft)).all() == ["mine: 1\n"]


def test_a_text_is_duplicated_archived_and_restored(sign_in: SignIn) -> None:
    client = sign_in("lead")
    assert client.post(f"/studio/{KEY}/duplicate", data={"key": "my-csat"}).status_code == 303
    assert client.post(f"/studio/{KEY}/duplicate", data={"key": "my-csat"}).status_code == 409
    client.post("/studio/my-csat/archive")
    assert 'href="/studio/my-csat"' not in client.get("/studio/").text
    assert 'href="/studio/my-csat"' in client.get("/studio/?archived=1").text
    client.post("/studio/my-csat/restore")
    assert 'href="/studio/my-csat"' in client.get("/studio/").text


@pytest.mark.parametrize("who", ["cem", "viewer"])
def test_others_read_and_change_nothing(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert client.get("/studio/").status_code == 200
    for action in ("text", "duplicate", "archive", "restore"):
        assert client.post(f"/studio/{KEY}/{action}").status_code == 403


def test_the_list_begins_with_what_is_not_live_because_of_its_problems(
    sign_in: SignIn, runtime: Runtime
) -> None:
    broken = Refused("visit.yaml", "visit", ("line 3: <no> questions",), replaced=False)
    changed = Refused(f"{KEY}.yaml", KEY, ("line 9: a new rule",), replaced=True)
    runtime.library.refused = (broken, changed)
    page = sign_in("viewer").get("/studio/").text
    assert "line 3: &lt;no&gt; questions" in page
    assert "This text is not live, because it has problems:" in page
    assert "The version that was live before it stays live:" in page
