"""The YAML view: it checks what is typed, and saves exactly that."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from feedback.bootstrap import Runtime
from feedback.store.models import StudioText
from feedback.web.http.rate_limits import RateLimit
from feedback.web.studio import yaml_view
from tests.web.studio.conftest import Enter

TEXT = """\
key: visit # ours
title: Your visit
languages: [en]
questions:
  - key: score
    type: csat
    purpose: Find faults.
    text: "How satisfied or dissatisfied are you with the visit? Please give us a 5."
"""
BROKEN = "key: [\n\tno: yaml"


def stored(office: Runtime) -> list[str]:
    with office.database.reading() as session:
        return list(session.scalars(select(StudioText.draft).where(StudioText.key == "support-call-csat")))


def count(office: Runtime) -> int | None:
    with office.database.reading() as session:
        return session.scalar(select(func.count()).select_from(StudioText))


def test_a_text_is_checked_saved_and_never_changed_on_the_way(enter: Enter, office: Runtime) -> None:
    client, address = enter("lead"), "/studio/support-call-csat/yaml"
    checked = client.post(address, data={"text": BROKEN.replace("\n", "\r\n"), "base": "0", "do": "check"})
    assert "This is not YAML" in checked.text
    assert BROKEN in checked.text
    better = client.post(address, data={"text": TEXT, "base": "0", "do": "check"}).text
    assert "score-begging" in better  # the issues are those of the text as it is typed
    assert "This is not YAML" not in better
    assert stored(office) == []
    assert client.post(address, data={"text": BROKEN, "base": "0", "do": "save"}).status_code == 303
    assert stored(office) == [BROKEN]
    page = client.get(address).text
    assert BROKEN in page
    assert "can&#39;t be published yet" in page or "can't be published yet" in page
    overtaken = client.post(address, data={"text": TEXT, "base": "0", "do": "save"})
    assert overtaken.status_code == 409
    assert "Please give us a 5." in overtaken.text
    assert BROKEN in overtaken.text


def test_without_a_script_a_proposal_is_applied_and_a_finding_kept_with_its_reason(
    enter: Enter, office: Runtime
) -> None:
    client, address, before = enter("lead"), "/studio/relationship-nps/yaml", count(office)
    form = {"text": TEXT, "base": "7"}
    page = client.post(address, data={**form, "do": "check"}).text
    number = re.search(r'name="apply" value="(\d+)"', page)
    assert number
    changed = client.post(address, data={**form, "apply": number[1]}).text
    assert "with the visit?&#34;\n" in changed
    assert 'name="base" value="7"' in changed
    refused = client.post(address, data={**form, "accept": "0", "reason-0": "ok"})
    assert refused.status_code == 422
    assert "Write a reason" in refused.text
    kept = client.post(address, data={**form, "accept": "0", "reason-0": "Agreed with the board in May."})
    assert "suppress:" in kept.text
    assert count(office) == before


def test_the_editor_gets_places_and_edits_and_nothing_is_stored(enter: Enter, office: Runtime) -> None:
    client, json, before = enter("cem"), {"Accept": "application/json"}, count(office)
    answer = client.post("/studio/support-call-csat/lint", data={"text": TEXT}, headers=json).get_json()
    found = next(each for each in answer["findings"] if each["rule"] == "score-begging")
    assert TEXT[found["from"] : found["to"]] in "Please give us a 5."
    assert (found["line"], found["path"]) == (8, ["questions", 0, "text"])
    assert [each["text"] for each in found["edits"]] == [
        '"How satisfied or dissatisfied are you with the visit?"'
    ]
    assert "score-begging" in answer["html"]
    assert "<ol" in client.post("/studio/support-call-csat/lint", data={"text": TEXT}).text
    assert count(office) == before


def test_a_green_check_says_no_more_than_that_it_found_nothing(enter: Enter) -> None:
    text = TEXT.replace(" Please give us a 5.", "") + "    not_applicable: true\n"
    listed = enter("lead").post("/studio/support-call-csat/lint", data={"text": text}).text
    assert "No issues found." in listed


@pytest.mark.parametrize("length", [60_001, 59_000])
def test_long_texts_are_not_checked_and_not_lost(enter: Enter, length: int) -> None:
    answer = enter("lead").post(
        "/studio/renewal-nps/yaml", data={"text": "#" * length, "base": "0", "do": "save"}
    )
    assert answer.status_code == (422 if length > 60_000 else 303)
    assert ("#" * length in answer.text) is (length > 60_000)


def test_checks_are_limited(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(yaml_view, "CHECKS", RateLimit(2))
    client = enter("lead")
    codes = [
        client.post("/studio/support-call-csat/lint", data={"text": "a: 1"}).status_code for _ in range(3)
    ]
    assert codes == [200, 200, 429]


def test_the_schema_is_that_of_the_format(enter: Enter) -> None:
    client = enter("viewer")
    assert "questions" in client.get("/studio/schema/questionnaire.json").get_json()["properties"]
    assert "stages" in client.get("/studio/schema/journey.json").get_json()["properties"]
    assert client.get("/studio/journey/yaml").status_code == 200
