"""`feedback questionnaires`: the list of templates, and a copy that is ready to be asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedback import library, lint, resources
from feedback.cli import main
from feedback.services.questionnaires import gallery

SHIPPED = resources.shipped("questionnaires")
ASKED_BY_MESSAGE = [
    file.stem
    for file in sorted((SHIPPED / "gallery").iterdir())
    if "\nmessages:" in file.read_text(encoding="utf-8")
]


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """`--instance` is passed on by a variable, which must not outlive its test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def feedback(instance: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["--instance", str(instance), *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_gallery_lists_every_template_with_its_stage_metric_and_length(tmp_path: Path) -> None:
    told = feedback(tmp_path, "questionnaires", "gallery")
    assert told.exit_code == 0
    heading, *rows = told.output.split("\n\n")[0].splitlines()
    assert heading.split() == ["Template", "Title", "Stage", "Metric", "Questions", "Seconds"]
    assert [row.split()[0] for row in rows] == [each.key for each in gallery.templates()]
    row = next(row for row in rows if row.startswith("product-sus "))
    assert "System Usability Scale (SUS)" in row
    assert "Product use" in row
    assert row.split()[-3:] == ["sus", "10", "103"]
    assert "feedback questionnaires new TEMPLATE" in told.output


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("tr", {"Şablon", "Aşama", "Devreye alma", "Başlangıç toplantısı"}),
        ("fa", {"الگو", "مرحله", "پیاده‌سازی", "جلسهٔ آغاز کار", "۱۰۳"}),
    ],
)
def test_the_gallery_speaks_the_language_that_is_asked_for(
    language: str, words: set[str], tmp_path: Path
) -> None:
    told = feedback(tmp_path, "questionnaires", "gallery", "--language", language).output
    assert {word for word in words if word not in told} == set()
    refused = feedback(tmp_path, "questionnaires", "gallery", "--language", "de")
    assert refused.exit_code == 2
    assert "choose one of en, tr, fa" in refused.output


def test_the_gallery_as_json_has_all_languages_and_when_to_use_each(tmp_path: Path) -> None:
    listed = json.loads(feedback(tmp_path, "questionnaires", "gallery", "--json").output)
    assert len(listed) == len(gallery.templates())
    found = next(each for each in listed if each["key"] == "task-seq")
    assert found["title"].keys() == found["use"].keys() == {"en", "tr", "fa"}
    assert (found["stage"], found["metric"], found["questions"], found["seconds"]) == ("use", "seq", 2, 36)


def test_a_new_questionnaire_lints_clean_and_says_what_comes_next(tmp_path: Path) -> None:
    told = feedback(tmp_path, "questionnaires", "new", "kickoff-csat", "our-start", "--language", "tr")
    file = tmp_path / "questionnaires" / "our-start.yaml"
    assert told.exit_code == 0, told.output
    assert file.is_file()
    for words in (str(file), "not sent to anybody yet", "feedback lint", "journey.yaml", "Restart feedback"):
        assert words in told.output
    checked = feedback(tmp_path, "lint", str(file.parent))
    assert (checked.exit_code, checked.output) == (0, "1 file: nothing found.\n")


def test_a_new_questionnaire_keeps_the_key_of_its_template_unless_it_gets_another(tmp_path: Path) -> None:
    assert feedback(tmp_path, "questionnaires", "new", "qbr-csat").exit_code == 0
    copied = tmp_path / "questionnaires" / "qbr-csat.yaml"
    assert copied.read_bytes() == (SHIPPED / "gallery" / "qbr-csat.yaml").read_bytes()


@pytest.mark.parametrize("key", ASKED_BY_MESSAGE)
def test_the_stage_that_is_proposed_fits_into_the_journey(key: str, tmp_path: Path) -> None:
    told = feedback(tmp_path, "questionnaires", "new", key, "our-own").output
    stage = told.split("\n\n")[1] + "\n"
    journey = (SHIPPED / "journey.yaml").read_text(encoding="utf-8")
    (tmp_path / "questionnaires" / "journey.yaml").write_text(journey + stage, encoding="utf-8")
    shelf = library.load(resources.directories("questionnaires", tmp_path))
    added = shelf.journey.stage("our-own")
    assert added
    assert added.questionnaire == "our-own"
    questionnaire = shelf.questionnaire("our-own")
    assert added.enter.event == questionnaire.trigger
    assert added.languages == questionnaire.languages
    assert ("sms" in added.channels) == (questionnaire.messages.sms is not None)
    assert not lint.check_files([tmp_path / "questionnaires"], beside=SHIPPED)[0].problems


@pytest.mark.parametrize("key", ["website-visit", "help-article-thumbs", "employee-enps"])
def test_a_questionnaire_without_messages_is_asked_by_a_link(key: str, tmp_path: Path) -> None:
    told = feedback(tmp_path, "questionnaires", "new", key).output
    assert f"feedback link --kind embed --questionnaire {key}" in told
    assert "journey.yaml" not in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["kickof-csat"], "Did you mean kickoff-csat?"),
        (["kickoff-csat", "Start"], "'Start' cannot be a key"),
        (["kickoff-csat", "journey"], "Choose another key: journey is taken by"),
        (["kickoff-csat", "relationship-nps"], "Choose another key: relationship-nps is taken by"),
        (["kickoff-csat", "start", "--language", "de"], "no texts in de; it has en, tr, fa"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    told = feedback(tmp_path, "questionnaires", "new", *arguments)
    assert told.exit_code == 2
    assert sentence in told.output
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert feedback(tmp_path, "questionnaires", "new", "qbr-csat").exit_code == 0
    file = tmp_path / "questionnaires" / "qbr-csat.yaml"
    file.write_text("# my own words\n")
    again = feedback(tmp_path, "questionnaires", "new", "qbr-csat")
    assert again.exit_code == 2
    assert "qbr-csat is taken by" in again.output
    assert file.read_text() == "# my own words\n"


def test_a_missing_installation_is_not_made_by_the_way(tmp_path: Path) -> None:
    told = feedback(tmp_path / "nowhere", "questionnaires", "new", "qbr-csat")
    assert told.exit_code == 2
    assert "Run `feedback init`" in told.output
    assert not (tmp_path / "nowhere").exists()


def test_the_command_imports_the_gallery_only_when_it_is_called() -> None:
    code = "import sys, feedback.cli; print([m for m in sys.modules if 'services' in m or 'yaml' in m])"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout == "[]\n"


def test_a_file_of_another_tool_is_printed_or_written_and_the_report_is_on_standard_error(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("Hi Sam,\n\n1. Did we help? yes/no\n", encoding="utf-8")
    printed = feedback(tmp_path, "questionnaires", "import", str(file))
    assert lint.read(printed.stdout).questionnaire
    assert "lost: Text without a question was left out: “Hi Sam,”" in printed.stderr
    for attempt, code in (("mine", 0), ("mine", 2), ("relationship-nps", 2), ("Ünsinn", 2)):
        assert feedback(tmp_path, "questionnaires", "import", str(file), "--key", attempt).exit_code == code
    written = (tmp_path / "questionnaires" / "mine.yaml").read_text(encoding="utf-8")
    assert written == printed.stdout.replace("key: mail", "key: mine")
    assert (
        "Sorusu olmayan metin"
        in feedback(tmp_path, "questionnaires", "import", str(file), "--language", "tr").stderr
    )
