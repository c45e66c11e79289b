"""Questionnaires as JSON and YAML, and the linter."""

from __future__ import annotations

import pytest
from flask import Flask

from feedback.bootstrap import Runtime
from tests.web.api.conftest import Program, key_over


@pytest.fixture(scope="module")
def reader(office: Runtime, office_app: Flask) -> Program:
    return Program(office_app, key_over(office, "viewer"))


def test_a_questionnaire_is_read_as_json_and_as_it_was_written(reader: Program) -> None:
    listed = reader.get("/questionnaires").get_json()["items"]
    (brief,) = [each for each in listed if each["key"] == "relationship-nps"]
    one = reader.get("/questionnaires/relationship-nps").get_json()
    assert {name: one[name] for name in brief} == brief
    assert len(one["content"]["questions"]) == brief["questions"]
    written = reader.get("/questionnaires/relationship-nps", format="yaml")
    assert written.mimetype == "application/yaml"
    checked = reader.post("/questionnaires/lint", text=written.text).get_json()
    assert checked["publishable"] is True
    assert reader.get("/questionnaires/none").status_code == 404


def test_a_bad_question_is_found_in_the_language_that_was_asked_for(reader: Program) -> None:
    text = (
        "key: x\ntitle: X\nlanguages: [en]\nquestions:\n"
        "  - {key: q, type: text, text: How much do you love our fast and cheap delivery?}\n"
    )
    english = reader.post("/questionnaires/lint", text=text).get_json()
    turkish = reader.post("/questionnaires/lint", text=text, language="tr").get_json()
    rules = [each["rule"] for each in english["findings"]]
    assert rules and rules == [each["rule"] for each in turkish["findings"]]
    assert english["findings"][0]["message"] != turkish["findings"][0]["message"]
