"""SurveyJS models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types

MODEL = {
    "title": {"default": "Support", "tr": "Destek"},
    "completedHtml": "<h3>Thank you <b>very</b> much</h3>",
    "calculatedValues": [],
    "pages": [
        {
            "name": "one",
            "title": "About you",
            "elements": [
                {"type": "rating", "name": "nps", "isRequired": True, "rateMin": 0, "rateMax": 10,
                 "title": "How likely are you to recommend us?", "minRateDescription": "Not likely"},
                {"type": "checkbox", "name": "Used", "title": {"default": "Used {x}", "tr": "Kullanılan"},
                 "choices": ["Mail", {"value": 2, "text": {"default": "Chat", "tr": "Sohbet"}}], "hasNone": True,
                 "showOtherItem": True, "maxSelectedChoices": 2, "choicesOrder": "random"},
                {"type": "panel", "name": "p", "visibleIf": "{nps} <= 6", "elements": [
                    {"type": "comment", "name": "why", "title": "You gave {nps}. Why?", "maxLength": 5},
                    {"type": "boolean", "name": "ok", "visibleIf": "{Used} contains 2"}]},
                {"type": "matrix", "name": "m", "columns": ["Bad", "Good"], "rows": ["Speed", "Price"],
                 "visibleIf": "{later} = 1"},
                {"type": "signaturepad", "name": "sign"},
                {"type": "html", "name": "intro", "html": "<p>Read <a href='#'>this</a></p>"},
                {"type": "multipletext", "name": "who", "items": [{"name": "first"}, {"name": "last"}]},
            ],
        }
    ],
}  # fmt: skip


def test_a_model_comes_with_texts_types_options_conditions_and_piping() -> None:
    draft = imported(MODEL)
    made = questionnaire(draft)
    assert draft.format == "surveyjs"
    assert draft.key == "support"
    assert made.languages == ("en", "tr")
    assert types(draft) == {
        "nps": "nps", "used": "multi", "why": "text", "ok": "single", "m": "matrix", "intro": "note",
        "who-first": "text", "who-last": "text",
    }  # fmt: skip
    used = made.by_key["used"]
    assert [(each.key, each.role) for each in used.options] == [  # type: ignore[union-attr]
        ("mail", None), ("chat", None), ("none", "none"), ("other", "other")]  # fmt: skip
    assert made.by_key["nps"].required
    low = {"question": "nps", "at_most": 6}
    assert shown_if(draft) == {"why": low, "ok": {"all": (low, {"question": "used", "is": ("chat",)})}}
    assert made.by_key["why"].text.to("en") == "You gave {answer.nps|…}. Why?"
    assert made.thanks[0].text.to("en") == "Thank you very much"
    assert r"[x]" in made.by_key["used"].text.to("en")


def test_all_that_is_not_carried_over_is_named() -> None:
    told = lost(imported(MODEL))
    for words in (
        "calculatedValues",
        "About you",
        "maxLength",
        "{later} = 1",
        "signaturepad",
        "“x”",
        "multipletext",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("column", "flag"),
    [
        ("Not applicable", "not_applicable"),
        ("N/A", "not_applicable"),
        ("I don't know", "dont_know"),
        ("Geçerli değil", "not_applicable"),
        ("نمی‌دانم", "dont_know"),
    ],
)
def test_a_column_that_gives_no_answer_is_no_point_of_the_scale(column: str, flag: str) -> None:
    table = {
        "type": "matrix",
        "name": "m",
        "rows": ["Speed", "Price"],
        "columns": ["Bad", "Fair", "Good", column],
    }
    made: Any = questionnaire(imported({"pages": [{"elements": [table]}]})).by_key["m"]
    assert (made.scale.min, made.scale.max) == (1, 3)
    assert made.opt_out_in_rows and getattr(made, flag)
    assert [made.scale.labels[point].to("en") for point in (1, 2, 3)] == ["Bad", "Fair", "Good"]


def test_a_first_column_that_gives_no_answer_moves_the_points() -> None:
    table = {"type": "matrix", "name": "m", "rows": ["Speed"], "columns": ["N/A", "Bad", "Good"]}
    made: Any = questionnaire(imported({"pages": [{"elements": [table]}]})).by_key["m"]
    assert [made.scale.labels[point].to("en") for point in (1, 2)] == ["Bad", "Good"]


def test_a_question_without_any_words_is_left_out_and_counted() -> None:
    model = {
        "elements": [{"type": "text"}, {"type": "dropdown", "choices": [1, 2]}, {"type": "text", "name": "a"}]
    }
    draft = imported(model)
    assert types(draft) == {"a": "text"}
    assert (draft.carried_over, draft.found) == (1, 3)


def test_a_table_of_lists_becomes_a_matrix_for_each_column() -> None:
    table = {
        "type": "matrixdropdown", "name": "t", "title": "The parts", "rows": ["Box", "Label"],
        "columns": [
            {"name": "good", "title": "How good?", "cellType": "radiogroup", "choices": ["Poor", "Good"]},
            {"name": "uses", "title": "What for?", "cellType": "checkbox", "choices": ["Home", "Work"]},
            {"name": "note", "title": "Remarks", "cellType": "text"},
        ],
    }  # fmt: skip
    draft = imported({"elements": [table]})
    assert types(draft) == {"t-good": "matrix", "t-uses_box": "multi", "t-uses_label": "multi"}
    assert (draft.carried_over, draft.found) == (1, 1)
    assert "t.note" in lost(draft)


@pytest.mark.parametrize(
    ("test", "condition"),
    [
        ("{n} = 2.5", {"question": "n", "at_least": 2.5, "at_most": 2.5}),
        ("{n} = 2", {"question": "n", "is": (2,)}),
        ("{n} < 2.5", {"question": "n", "at_most": 2.49}),
        ("{n} > '2.25'", {"question": "n", "at_least": 2.26}),
        ("{r} > 2.5", {"question": "r", "at_least": 3}),
        ("{d} = '2026-05-31'", {"question": "d", "is": ("2026-05-31",)}),
        ("{o} contains 'ab'", {"question": "o", "is": ("ab", "abc")}),
        ("{t} notempty", {"question": "t", "answered": True}),
    ],
)
def test_conditions_on_numbers_days_and_words_keep_their_meaning(
    test: str, condition: dict[str, Any]
) -> None:
    model = {"elements": [
        {"type": "text", "name": "n", "inputType": "number"}, {"type": "rating", "name": "r"},
        {"type": "text", "name": "d", "inputType": "date"}, {"type": "comment", "name": "t"},
        {"type": "radiogroup", "name": "o", "choices": ["ab", "abc", "d"]},
        {"type": "comment", "name": "last", "visibleIf": test},
    ]}  # fmt: skip
    assert shown_if(imported(model))["last"] == condition


@pytest.mark.parametrize(
    "test", ["{k} = 'a'", "{d} > '2026-01-01'", "{note} notempty", "{m} = 1", "{n} + 1 > 2"]
)
def test_a_condition_that_cannot_be_said_is_named_and_the_question_asked_of_everybody(test: str) -> None:
    model = {"elements": [
        {"type": "ranking", "name": "k", "choices": ["a", "b"]}, {"type": "text", "name": "d", "inputType": "date"},
        {"type": "html", "name": "note", "html": "Words"}, {"type": "text", "name": "n", "inputType": "number"},
        {"type": "matrix", "name": "m", "columns": ["Bad", "Good"], "rows": ["Speed"]},
        {"type": "comment", "name": "last", "visibleIf": test},
    ]}  # fmt: skip
    draft = imported(model)
    assert shown_if(draft) == {}
    assert test in lost(draft)


def test_options_of_a_question_that_is_not_there_are_all_offered_with_a_note() -> None:
    model = {"elements": [
        {"type": "checkbox", "name": "used", "title": {"default": ""}, "choices": ["a", "b"]},
        {"type": "ranking", "name": "k", "choicesFromQuestion": "used", "choicesFromQuestionMode": "selected"},
    ]}  # fmt: skip
    draft = imported(model)
    assert types(draft) == {"k": "ranking"}
    assert "k: The options depend on the answer" in lost(draft)
