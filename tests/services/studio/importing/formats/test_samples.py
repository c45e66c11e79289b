"""A file of each tool with all that it can ask: what each question becomes, and what the report says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from feedback import lint
from feedback.services.studio.importing.reading import ImportedDraft, read_bounded
from tests.services.studio.importing.reports import guessed, lost, questionnaire, shown_if, types

SAMPLES = Path(__file__).parents[4] / "data" / "imports"


@cache
def sample(name: str) -> ImportedDraft:
    return read_bounded(SAMPLES / name)


def one(name: str, key: str) -> dict[str, Any]:
    """A question of a sample, without what is not set."""
    return (
        questionnaire(sample(name))
        .by_key[key]
        .model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    )


TYPES = {
    "surveyjs.json": "welcome note, privacy note, country single, parcels number, difference number, arrived date, "
    "called date, used multi, order ranking, best ranking, whole single, driver rating, full number, parts matrix, "
    "why text, damage text, agree consent, phone text",
    "limesurvey.lss": "welcome note, group1 note, intro note, room single, nights number, diff number, warm text, "
    "day date, order ranking, old ranking, guests_adults number, guests_children number, loud_street rating, "
    "again matrix, two_a matrix, two_b matrix, rules consent",
    "qualtrics.qsf": "intro note, team single, hours number, long text, day date, order ranking, van number, "
    "tidy rating, share_1 number, share_2 number, sbs_1 matrix, keep consent",
    "xlsform.csv": "hello note, city single, age number, change number, why text, day date, left date, hour text, "
    "mood rating, share number, order ranking, seen multi, garden text, rules consent, read text",
    "google-forms.json": "welcome note, q1 single, note note, q2 rating, q3 stars, q4 date, q5 text, q6 matrix, "
    "q7_1 multi, q7_2 multi, q9 consent, q10 text",
    "formbricks.json": "welcome note, csat csat, wrong text, ces ces, effort rating, nps nps, seats number, "
    "since date, rank ranking, role single, grid matrix, stars stars, news note, ok consent, mail text",
}


@pytest.mark.parametrize("name", TYPES)
def test_every_question_becomes_the_type_that_asks_the_same(name: str) -> None:
    assert ", ".join(f"{key} {kind}" for key, kind in types(sample(name)).items()) == TYPES[name]


def test_there_is_a_sample_of_every_tool() -> None:
    assert {each.name for each in SAMPLES.iterdir()} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_the_draft_can_be_read_and_linted(name: str) -> None:
    assert questionnaire(sample(name))
    rules = {each.rule for each in lint.check(sample(name).text)}
    assert not rules & {"syntax", "schema"}


@pytest.mark.parametrize(
    ("name", "carried", "found", "asked"),
    [
        ("surveyjs.json", 16, 17, 16),
        ("limesurvey.lss", 12, 13, 14),
        ("qualtrics.qsf", 10, 11, 11),
        ("xlsform.csv", 14, 15, 14),
        ("google-forms.json", 9, 10, 10),
        ("formbricks.json", 13, 14, 13),
    ],
)
def test_the_report_counts_questions_of_the_source_and_no_notes(
    name: str, carried: int, found: int, asked: int
) -> None:
    draft = sample(name)
    assert (draft.carried_over, draft.found, draft.questions) == (carried, found, asked)
    assert asked == sum(kind != "note" for kind in types(draft).values())


@pytest.mark.parametrize(
    ("name", "key", "fields"),
    [
        ("surveyjs.json", "country", {"display": "dropdown"}),
        ("surveyjs.json", "parcels", {"min": 1, "max": 40}),
        ("surveyjs.json", "difference", {"min": -(10**12), "decimals": 2}),
        ("surveyjs.json", "arrived", {"min": "2026-01-01", "required": True}),
        ("surveyjs.json", "best", {"top": 2, "options_from": "used"}),
        ("surveyjs.json", "full", {"min": 0, "max": 100}),
        ("limesurvey.lss", "room", {"display": "dropdown", "required": True}),
        ("limesurvey.lss", "nights", {"min": 1, "max": 60, "unit": {"en": "nights", "tr": "gece"}}),
        ("limesurvey.lss", "diff", {"min": -(10**12), "decimals": 2}),
        ("limesurvey.lss", "day", {"min": "2026-01-01"}),
        ("limesurvey.lss", "order", {"top": 2}),
        ("limesurvey.lss", "guests_adults", {"min": 0}),
        ("limesurvey.lss", "loud_street", {"text": {"en": "The street", "tr": "Sokak"}, "scale": {
            "min": 0, "max": 10, "labels": {
                "0": {"en": "Quiet", "tr": "Sessiz"}, "10": {"en": "Loud", "tr": "Gürültülü"}}}}),
        ("limesurvey.lss", "rules", {"box": {"en": "I have read the rules.", "tr": "Kuralları okudum."}}),
        ("limesurvey.lss", "group1", {"help": {"en": "About the room and the house.", "tr": "Oda ve ev hakkında."}}),
        ("qualtrics.qsf", "team", {"display": "dropdown"}),
        ("qualtrics.qsf", "hours", {"min": 0.5, "max": 12, "decimals": 1}),
        ("qualtrics.qsf", "van", {"min": 0, "max": 100}),
        ("qualtrics.qsf", "keep", {"box": {"en": "You may keep my answers for two years."}}),
        ("xlsform.csv", "city", {"display": "dropdown"}),
        ("xlsform.csv", "age", {"min": 16, "max": 120}),
        ("xlsform.csv", "change", {"min": -(10**12), "decimals": 2}),
        ("xlsform.csv", "rules", {"required": True, "box": {
            "en": "I have read the rules of the house.", "tr": "Evin kurallarını okudum."}}),
        ("google-forms.json", "q1", {"display": "dropdown"}),
        ("google-forms.json", "note", {"text": {"en": "About the room"}}),
        ("google-forms.json", "q9", {"box": {"en": "Yes, you may quote my answers."}}),
        ("formbricks.json", "seats", {"min": 1, "max": 500}),
        ("formbricks.json", "since", {"min": "2020-01-01"}),
        ("formbricks.json", "rank", {"randomize": True, "required": True}),
        ("formbricks.json", "role", {"display": "dropdown"}),
        ("formbricks.json", "ok", {"box": {
            "en": "I agree to an e-mail about.", "tr": "E-posta almayı kabul ediyorum."}}),
    ],
)  # fmt: skip
def test_bounds_places_and_wordings_come_along(name: str, key: str, fields: dict[str, Any]) -> None:
    found = one(name, key)
    assert {field: found.get(field) for field in fields} == fields


@pytest.mark.parametrize(
    ("name", "conditions"),
    [
        ("surveyjs.json", {
            "called": {"question": "difference", "at_least": 2.51},
            "parts": {"all": (
                {"question": "used", "is": ("app",)}, {"question": "used", "is": ("web",)},
                {"not": {"question": "used", "is": ("phone",)}})},
            "why": {"all": ({"question": "used", "is": ("phone",)}, {"question": "driver", "at_most": 2})},
            "damage": {"question": "why", "contains": ("broken",)},
            "phone": {"question": "agree", "answered": True}}),
        ("limesurvey.lss", {"warm": {"question": "diff", "at_least": 2.5}}),
        ("qualtrics.qsf", {"long": {"question": "hours", "at_least": 2.6}}),
        ("xlsform.csv", {
            "why": {"question": "change", "at_least": 0.51},
            "garden": {"all": (
                {"question": "seen", "is": ("garden",)}, {"not": {"question": "seen", "is": ("roof",)}})},
            "read": {"question": "rules", "answered": True}}),
        ("formbricks.json", {
            "wrong": {"not": {"question": "csat", "at_least": 4}},
            "mail": {"not": {"question": "ok", "answered": True}}}),
    ],
)  # fmt: skip
def test_conditions_are_exact(name: str, conditions: dict[str, Any]) -> None:
    assert shown_if(sample(name)) == conditions


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("surveyjs.json", ("file", "called: Only the day", "steps of 5", "repeats “parcels”", "why: An open")),
        ("limesurvey.lss", ("file upload", "if(diff > 3", "add up to 4", "“name”", "day: Only the day")),
        ("qualtrics.qsf", ("Draw Signature", "m://FirstName", "Timing", "add up to 100", "sbs_2")),
        ("xlsform.csv", ("geopoint", "start", "day: These settings", "in steps of 10", "hour")),
        ("google-forms.json", ("Last section", "timeQuestion", "fileUploadQuestion", "q4: Only the day")),
        ("formbricks.json", ("cal", "ces 1-5", "charLimit min: 10", "“Sad”", "repeats “role”")),
    ],
)  # fmt: skip
def test_the_report_names_what_is_not_carried_over(name: str, said: tuple[str, ...]) -> None:
    for words in said:
        assert words in lost(sample(name))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("surveyjs.json", ("welcome text", "no lowest number", "agree: A single box", "{why} contains")),
        ("limesurvey.lss", ("welcome text", "diff: At most two", "old: All options", "rules: A single")),
        ("qualtrics.qsf", ("keep: A single box",)),
        ("xlsform.csv", ("change: The source has no lowest number",)),
        ("google-forms.json", ("q9: A single box", "Takes two minutes")),
        ("formbricks.json", ("type “csat”", "“Hello”")),
    ],
)  # fmt: skip
def test_the_report_names_what_somebody_has_to_check(name: str, said: tuple[str, ...]) -> None:
    for words in said:
        assert words in guessed(sample(name))
