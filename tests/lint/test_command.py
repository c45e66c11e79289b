from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft4Validator, FormatChecker

from feedback.lint.command import lint
from feedback.lint.reporters import sarif as sarif_reporter
from feedback.lint.rules import EVERY_RULE

FILES = Path(__file__).parent / "rules"
GOOD = FILES / "scale-endpoints-unlabelled/good.registry.fa.yaml"
BAD = FILES / "range-overlap/bad.en.yaml"
DATA = Path(__file__).parents[1] / "data"


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(lint, [str(each) for each in arguments])
    return result.exit_code, result.output


def test_a_clean_file_ends_with_0_and_findings_with_1():
    assert run(GOOD)[0] == 0
    code, output = run(BAD)
    assert code == 1
    assert f"{BAD}:12:9 error range-overlap [en]" in output


@pytest.mark.parametrize(
    "arguments", [("nowhere.yaml",), ("--format", "xml"), ("--explain", "range-over"), ("--nonsense",)]
)
def test_what_cannot_run_ends_with_2(arguments):
    assert run(*arguments)[0] == 2


def test_a_directory_without_yaml_is_not_called_clean(tmp_path):
    assert run(tmp_path)[0] == 2


def test_a_file_that_is_not_utf_8_is_a_finding(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(b"key: caf\xe9\n")
    code, output = run(file)
    assert code == 1
    assert "1:9 error syntax" in output


def test_explain_shows_reason_and_examples():
    code, output = run("--explain", "range-gap")
    assert code == 0
    assert "under 10 | 12+" in output


def test_explain_speaks_the_readers_language():
    for language, heading in (("tr", "## Böyle değil"), ("fa", "## این‌گونه نه")):
        output = run("--explain", "range-gap", "--language", language)[1]
        assert heading in output
        assert "under 10 | 12+" in output
        assert "Not like this" not in output


def test_why_a_rule_exists_is_told_with_its_first_finding(tmp_path):
    again = tmp_path / "again.yaml"
    again.write_text(BAD.read_text(encoding="utf-8"), encoding="utf-8")
    output = run(BAD, again)[1]
    assert output.count("error range-overlap [en]") == 2
    (reason,) = (rule.why for rule in EVERY_RULE if rule.id == "range-overlap")
    assert output.count(f"    why: {reason}\n") == 1


def test_json_holds_every_finding():
    data = json.loads(run(BAD, "--format", "json")[1])
    assert [problem["rule"] for problem in data["files"][0]["problems"]] == ["range-overlap"]


def test_github_gets_one_command_a_finding():
    assert run(BAD, "--format", "github")[1].startswith(
        f"::error file={BAD},line=12,col=9,title=range-overlap::"
    )
    assert "%0Awhy: " in run(BAD, "--format", "github")[1]


@pytest.fixture(scope="module")
def sarif():
    schema = json.loads((DATA / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    return Draft4Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("rule", sorted({file.parent.name for file in FILES.glob("*/bad*.yaml")}))
def test_sarif_is_what_the_schema_of_the_standard_asks_for(rule, sarif):
    files = sorted((FILES / rule).glob("bad*.yaml"))
    output = run(*files, "--format", "sarif")[1]
    assert json.loads(output)["runs"][0]["results"]
    assert [error.message for error in sarif.iter_errors(json.loads(output))] == []


def test_the_schema_of_sarif_can_say_no(sarif):
    data = json.loads(run(BAD, "--format", "sarif")[1])
    data["runs"][0]["results"][0]["level"] = "fatal"
    assert not sarif.is_valid(data)


def test_sarif_names_the_rule_and_the_place():
    data = json.loads(run(BAD, "--format", "sarif")[1])
    assert data["version"] == "2.1.0"
    (one,) = data["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert one["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules) == len(EVERY_RULE)
    (result,) = one["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "range-overlap"
    assert result["level"] in ("error", "warning", "note", "none")
    assert result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["region"] == {
        "startLine": 12,
        "startColumn": 9,
    }  # two options, which no stretch of a line holds
    assert place["artifactLocation"]["uri"].endswith("bad.en.yaml")


WORDED = """key: s
title: Visit
languages: [en]
questions:
  - {key: q, type: csat, text: "How was our amazing team?"}
"""


def test_sarif_marks_the_words_names_the_version_and_knows_a_finding_again(tmp_path, sarif):
    file = tmp_path / "s.yaml"
    file.write_text(WORDED, encoding="utf-8")
    first = json.loads(run(file, "--format", "sarif")[1])
    file.write_text("# A comment above.\n" + WORDED, encoding="utf-8")
    moved = json.loads(run(file, "--format", "sarif")[1])
    assert [error.message for error in sarif.iter_errors(first)] == []
    (one,), (other,) = (
        [each for each in data["runs"][0]["results"] if each["ruleId"] == "leading-wording"]
        for data in (first, moved)
    )
    region = one["locations"][0]["physicalLocation"]["region"]
    line = WORDED.splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "our amazing team"
    assert one["partialFingerprints"] == other["partialFingerprints"]
    assert one["locations"] != other["locations"]
    assert first["runs"][0]["tool"]["driver"]["version"]


def test_a_rule_links_to_its_page_where_the_package_names_its_repository(monkeypatch):
    repository = "https://forge.example/feedback"
    monkeypatch.setattr(sarif_reporter, "_repository", lambda: repository)
    data = json.loads(run(BAD, "--format", "sarif")[1])
    rules = {rule["id"]: rule for rule in data["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["range-gap"]["helpUri"] == f"{repository}/blob/HEAD/docs/rules/range-gap.md"
    assert data["runs"][0]["tool"]["driver"]["informationUri"] == repository


SUPPRESSED = """lint:
  suppress:
    - rule: range-overlap
      question: q1
      reason: The bands are those of the yearly report.
      category: false-positive
      by: e.yilmaz
"""


def test_an_accepted_finding_is_a_suppressed_result_in_sarif(tmp_path, sarif):
    file = tmp_path / "visit.yaml"
    file.write_text(BAD.read_text(encoding="utf-8") + SUPPRESSED, encoding="utf-8")
    run(file, "--accept")
    code, output = run(file, "--format", "sarif")
    (result,) = json.loads(output)["runs"][0]["results"]
    assert sarif.is_valid(json.loads(output))
    assert code == 0
    assert result["suppressions"][0]["kind"] == "external"
    assert result["suppressions"][0]["status"] == "accepted"
    assert result["suppressions"][0]["justification"] == "The bands are those of the yearly report."
    assert result["suppressions"][0]["properties"] == {"by": "e.yilmaz", "category": "false-positive"}
    assert "The bands are those" in run(file, "--report-false-positives")[1]


def test_accept_ties_a_suppression_to_its_wording(tmp_path):
    file = tmp_path / "visit.yaml"
    file.write_text(BAD.read_text(encoding="utf-8") + SUPPRESSED, encoding="utf-8")
    assert run(file, "--accept")[0] == 0
    text = file.read_text(encoding="utf-8")
    assert 'wording: "' in text
    file.write_text(text.replace("3-6", "3-5").replace("7 or more", "6 or more"), encoding="utf-8")
    code, output = run(file)
    assert code == 1
    assert "range-overlap" in output
    assert run(file, "--accept")[0] == 0


@pytest.mark.parametrize(
    ("rule", "name", "changed"),
    [
        ("options-not-randomised", "bad.en.yaml", "    randomize: true\n    options:"),
        ("options-not-randomised", "bad.shuffled.en.yaml", "    randomize: false\n"),
        ("required-open-ended", "bad.en.yaml", "    required: false\n"),
        ("required-open-ended", "bad.length.en.yaml", "    min_length: 0\n"),
    ],
)
def test_fix_changes_only_the_place_of_the_finding(tmp_path, rule, name, changed):
    file = tmp_path / "visit.yaml"
    before = (FILES / rule / name).read_text(encoding="utf-8")
    file.write_text("# a comment stays\n" + before, encoding="utf-8")
    _, output = run(file, "--fix")
    after = file.read_text(encoding="utf-8")
    assert rule not in output
    assert changed in after
    assert after.startswith("# a comment stays\n")
    assert len(set(after.splitlines()) ^ set(before.splitlines())) <= 3


def test_statistics_count_rules():
    assert "1 range-overlap" in run(BAD, "--statistics")[1]


def test_a_changed_trend_is_found_against_published_versions(tmp_path):
    trend = FILES / "trend-scale-changed"
    (tmp_path / "old.yaml").write_text((trend / "good.en.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert "trend-scale-changed" in run(trend / "bad.en.yaml", "--previous", tmp_path)[1]


def test_the_command_imports_nothing_of_the_web():
    web = ["flask", "sqlalchemy", "twilio", "phonenumbers"]
    script = f"import sys, feedback.lint.command; print([m for m in sys.modules if m in {web}])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
