from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from feedback.lint import read
from feedback.lint.document.json_schema import schemas


def test_the_schema_accepts_what_the_format_page_shows():
    page = (Path(__file__).parents[3] / "docs/questionnaires.md").read_text(encoding="utf-8")
    data = read(page.split("```yaml\n", 1)[1].split("```", 1)[0]).data
    jsonschema.validate(data, json.loads(schemas()["questionnaire.json"]))


def test_the_schema_refuses_a_misspelt_key():
    schema = json.loads(schemas()["questionnaire.json"])
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors({"key": "a", "titel": "A"}))
    assert any("titel" in error.message for error in errors)
