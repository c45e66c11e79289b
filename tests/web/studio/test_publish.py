"""The page Publish: nothing goes live unseen, and everybody follows."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from feedback import resources
from feedback.bootstrap import Runtime
from tests.web.conftest import SignIn

KEY = "support-call-csat"


def save(client: FlaskClient, runtime: Runtime, *changes: tuple[str, str], base: int = 0) -> None:
    text = (runtime.settings.instance / "text.yaml").read_text() if base else shipped()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (runtime.settings.instance / "text.yaml").write_text(text)
    assert client.post(f"/studio/{KEY}/text", data={"text": text, "base": base}).status_code == 303


def shipped() -> str:

    return (resources.shipped("questionnaires") / f"{KEY}.yaml").read_text(encoding="utf-8")


TITLE = ("title: {en: Support call,", "title: {en: Call,")
WARNED = ("Is your problem solved?", "Was it not solved?")


def test_a_lead_sees_what_changes_publishes_and_undoes(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("lead")
    assert "There is nothing to publish" in client.get(f"/studio/{KEY}/publish").text
    save(client, runtime, TITLE)
    page = client.get(f"/studio/{KEY}/publish").text
    assert "<del>Support call</del>" in page
    texts = page.partition('class="changed-texts"')[2].partition("</table>")[0]
    assert re.findall(r"<th scope=\"row\">(.*?)<br>", texts) == ["Title"]
    assert re.findall(r"<bdi lang=\"en\" dir=\"auto\">(.*?)</bdi>", texts) == ["Support call", "Call"]
    assert "follow-up rules stay the same" in page
    assert "Who will be asked" in page
    answer = client.post(f"/studio/{KEY}/publish", data={"base": 1, "note": "Shorter"}, follow_redirects=True)
    assert "Published." in answer.text
    assert "Undo the last publication" in answer.text
    assert ">Call</a>" in client.get("/questionnaires/").text
    assert "Shorter" in client.get(f"/studio/{KEY}/history").text
    edition = re.search(r'name="base" value="(\d+)"', client.get(f"/studio/{KEY}/undo").text)
    assert edition
    client.post(f"/studio/{KEY}/undo", data={"base": edition[1]})
    assert ">Support call</a>" in client.get("/questionnaires/").text
    assert "Draft differs from what is live" in client.get(f"/studio/{KEY}/publish").text


def test_errors_block_and_each_warning_is_accepted_by_name(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("lead")
    save(client, runtime, ("type: csat", "type: cast"))
    page = client.get(f"/studio/{KEY}/publish").text
    assert "Fix these problems first" in page
    assert 'action="/studio/support-call-csat/publish"' not in page
    assert client.post(f"/studio/{KEY}/publish", data={"base": 1}).status_code == 422
    save(client, runtime, ("type: cast", "type: csat"), WARNED, base=1)
    page = client.get(f"/studio/{KEY}/publish").text
    boxes = re.findall(r'name="accept" value="([^"]+)"', page)
    assert boxes
    assert re.search(
        rf'<a href="/studio/{KEY}/edit#t-questions-[\w-]+-text-en">Question \d</a> · English', page
    )
    assert client.post(f"/studio/{KEY}/publish", data={"base": 2}).status_code == 422
    overtaken = client.post(f"/studio/{KEY}/publish", data={"base": 1, "accept": boxes})
    assert overtaken.status_code == 409
    assert "Look at this page again: the draft was saved after you opened it." in overtaken.text
    assert 'name="base" value="2"' in overtaken.text  # the page as it is now, with its button
    assert client.post(f"/studio/{KEY}/publish", data={"base": 2, "accept": boxes}).status_code == 303


@pytest.mark.parametrize("who", ["cem", "viewer"])
def test_others_publish_nothing(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    for action in ("publish", "undo", "keep", "revisions/1/restore"):
        assert client.post(f"/studio/{KEY}/{action}").status_code == 403
    assert client.get(f"/studio/{KEY}/publish").status_code == 403
    assert client.get(f"/studio/{KEY}/history").status_code == 200
