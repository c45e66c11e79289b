"""Columns come from the versions of a questionnaire: a new version adds to them and changes none."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.core.questionnaire import Questionnaire
from feedback.i18n import translator
from feedback.services.exports.columns import AskedVersion, ExportColumn, layout
from tests.factories_all_types import EVERYTHING
from tests.factories_surveys import questionnaire
from tests.services.reports.test_results import ALL, EASE, GRID, REASON, SEATS, TOOLS

SAY = translator("desk", "en")


def columns(*versions: Questionnaire) -> dict[str, ExportColumn]:
    asked = [AskedVersion(number, number, each) for number, each in enumerate(versions, 1)]
    return {each.name: each for each in layout(asked, ["contact"]).columns}


def codes(column: ExportColumn) -> dict[str, int]:
    return {key: each.code for key, each in column.values.items()}


def test_every_question_has_its_columns_in_the_order_of_the_survey() -> None:
    assert list(columns(ALL)) == [
        "reason", "tools_mail", "tools_chat", "tools_phone", "ease", "grid_docs", "grid_people", "seats", "begin",
        "order_mail", "order_chat", "order_phone",
    ]  # fmt: skip


def test_a_new_option_gets_the_next_code_and_the_others_keep_theirs() -> None:
    options: list[Any] = [{"key": "help", "text": "Help"}, *reversed(REASON["options"])]
    before = columns(ALL)["reason"]
    after = columns(ALL, questionnaire({**REASON, "options": options}))["reason"]
    assert codes(before) == {"price": 1, "speed": 2, "none": -97, "dont_know": -98}
    assert codes(after) == {**codes(before), "help": 3}
    assert after.versions == ("survey 1", "survey 2")


def test_a_removed_question_and_a_removed_option_stay() -> None:
    found = columns(ALL, questionnaire({**TOOLS, "options": ["Mail", "Video"]}))
    assert list(found)[:4] == ["tools_mail", "tools_chat", "tools_phone", "tools_video"]
    assert set(found) == {*columns(ALL), "tools_video"}
    assert found["tools_chat"].versions == ("survey 1",)


@pytest.mark.parametrize(
    "changed", [{**EASE, "scale": {"min": 0, "max": 10}}, {"key": "ease", "type": "text", "text": "How?"}]
)
def test_another_scale_or_type_gets_a_column_of_its_own(changed: dict[str, Any]) -> None:
    found = columns(ALL, questionnaire(changed), ALL)
    assert found["ease"].versions == ("survey 1", "survey 3")
    assert found["ease_2"].versions == ("survey 2",)


def test_codes_of_missing_answers_are_never_possible_answers() -> None:
    low = {**SEATS, "min": -500, "dont_know": True, "not_applicable": True, "prefer_not_to_say": True}
    assert sorted(codes(columns(questionnaire(low))["seats"]).values()) == [-999, -998, -997]
    assert codes(columns(questionnaire(GRID))["grid_docs"])["not_applicable"] == -97


def test_labels_are_in_every_language_and_begin_with_the_option() -> None:
    found = columns(EVERYTHING)
    for language in EVERYTHING.languages:
        assert (
            found["multi_slow"]
            .label(translator("desk", language), language)
            .startswith(
                EVERYTHING.question("multi").options[0].text.to(language)  # type: ignore[union-attr]
            )
        )
    assert found["matrix_product"].label(SAY, "en").startswith("Product: ")
    assert found["q_contact"].question == "contact"


def test_a_text_that_can_be_declined_has_a_column_that_says_so() -> None:
    found = columns(questionnaire({"key": "why", "type": "text", "text": "Why?", "prefer_not_to_say": True}))
    assert list(found) == ["why", "why_answered"]
    assert codes(found["why_answered"]) == {"1": 1, "prefer_not_to_say": -99}
