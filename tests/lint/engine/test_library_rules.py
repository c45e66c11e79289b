from __future__ import annotations

from feedback import lint

VISIT = "key: visit\ntitle: V\nlanguages: [en]\nquestions:\n"
VISIT += "  - {key: q, type: stars, text: How was the delivery?}\n"
STAGE = """stages:
  - key: after
    title: After
    enter: {event: delivered}
    questionnaire: visit
    channels: [sms]
    expires_after: 7d
"""


def rules(*texts: tuple[str, str]) -> list[str]:
    found = lint.check_texts(texts)
    return [problem.rule for result in found for problem in result.problems if problem.severity == "error"]


def test_two_files_with_one_key_are_told():
    assert rules(("visit.yaml", VISIT), ("other.yaml", VISIT)) == ["duplicate-questionnaire"]


def test_a_journey_that_names_a_missing_questionnaire_is_told():
    assert rules(("visit.yaml", VISIT), ("journey.yaml", STAGE)) == []
    wrong = STAGE.replace("questionnaire: visit", "questionnaire: vist")
    assert rules(("visit.yaml", VISIT), ("journey.yaml", wrong)) == ["missing-questionnaire"]


def test_nothing_is_said_about_a_questionnaire_that_cannot_be_read():
    assert rules(("visit.yaml", "key: [visit"), ("journey.yaml", STAGE)) == ["syntax"]


def test_a_stage_needs_its_languages_in_the_questionnaire():
    wanted = STAGE + "    languages: [en, fa]\n"
    assert rules(("visit.yaml", VISIT), ("journey.yaml", wanted)) == ["missing-language"]


def test_the_event_of_the_stage_counts_as_the_trigger_of_the_survey():
    applies = VISIT.replace("text: How", "required: true, applies_when: delivered, text: How")
    assert rules(("visit.yaml", applies)) == ["missing-not-applicable"]
    assert rules(("visit.yaml", applies), ("journey.yaml", STAGE)) == []


def test_a_journey_cannot_ask_what_lies_in_a_sub_directory():
    assert rules(("q/visit.yaml", VISIT), ("q/journey.yaml", STAGE)) == []
    assert rules(("q/gallery/visit.yaml", VISIT), ("q/journey.yaml", STAGE)) == ["missing-questionnaire"]
    assert rules(("shipped/visit.yaml", VISIT), ("own/journey.yaml", STAGE)) == []
