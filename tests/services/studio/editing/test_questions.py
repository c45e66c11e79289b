"""Questions and options."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint import read
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import questions, texts
from feedback.services.studio.editing.checked import Change, edited
from tests.services.studio.editing.sample import SAMPLE, changed


@pytest.mark.parametrize("kind", sorted(questions.QUESTION_TYPES))
def test_every_type_begins_as_a_question_that_the_format_accepts(kind: str) -> None:
    after = edited(SAMPLE, lambda editor: questions.add(editor, 1, kind))
    questionnaire = read(after).questionnaire
    assert questionnaire
    assert questionnaire.questions[1].type == kind  # type: ignore[union-attr]
    assert [line for sign, line in changed(after) if sign == "-"] == []


def test_the_first_question_of_an_empty_list_gets_lines_of_its_own() -> None:
    for source in (
        "key: a\ntitle: A\nlanguages: [en]\nquestions: []\n",
        "key: a\ntitle: A\nlanguages: [en]\n",
    ):
        after = edited(source, lambda editor: questions.add(editor, 0, "text"))
        assert after.endswith('questions:\n  - key: comment\n    type: text\n    text: ""\n')


REFUSED: list[tuple[Change, str]] = [
    (lambda editor: questions.delete(editor, 0), "Change the conditions first"),
    (lambda editor: questions.move(editor, 1, 0), "has to come after"),
    (lambda editor: questions.add(editor, 0, "slider"), "Choose a type"),
    (lambda editor: questions.set_number(editor, ("messages", "max_segments"), "two"), "whole number"),
    (lambda editor: questions.set_type(editor, 1, "nps"), "Choose a type"),
    (lambda editor: questions.delete(editor, 9), "no longer in the text"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_what_would_break_the_questionnaire_is_refused(change: Change, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        edited(SAMPLE, change)


def test_a_copy_has_a_key_of_its_own_and_a_comment_moves_with_its_question() -> None:
    def change(editor: YamlEditor) -> None:
        questions.duplicate(editor, 0)
        questions.move(editor, 0, 1)

    after = edited(SAMPLE, change)
    assert after.index("- key: score-2") < after.index("# asked of everybody\n  - key: score\n")


def test_a_new_option_goes_before_those_that_end_the_list() -> None:
    after = edited(SAMPLE, lambda editor: questions.add_option(editor, 1, "Quality"))
    options = read(after).data["questions"][1]["options"]
    assert [each if isinstance(each, str) else each["key"] for each in options] == [
        "Price",
        "option-3",
        "other",
    ]


def test_an_option_with_a_text_box_says_what_is_usual_in_each_language() -> None:
    def change(editor: YamlEditor) -> None:
        questions.remove_option(editor, 1, 1)
        questions.add_option(editor, 1, "", "other")

    other = read(edited(SAMPLE, change)).data["questions"][1]["options"][-1]
    assert other == {
        "key": "other",
        "text": {"en": "Other", "tr": "Diğer"},
        "role": "other",
        "other_text": True,
    }


def test_empty_options_are_copied_from_the_question_whose_answers_they_come_from() -> None:
    def change(editor: YamlEditor) -> None:
        questions.set_type(editor, 1, "multi")
        questions.add(editor, 2, "ranking")
        questions.set_source(editor, 2, "why")

    after = edited(SAMPLE.replace("- Price", "- Price\n      - Help"), change)
    ranked = read(after).data["questions"][2]
    assert (ranked["options_from"], ranked["options"]) == ("why", ["Price", "Help"])
    cleared = edited(after, lambda editor: questions.set_source(editor, 2, ""))
    assert "options_from" not in cleared


def other_options(editor: YamlEditor) -> None:
    questions.set_type(editor, 1, "multi")
    questions.add(editor, 2, "multi")
    texts.set_text(editor, ("questions", 2, "options", 0, "text"), "en", "Something")
    questions.set_source(editor, 2, "why")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_options, "need the same options"),
        (lambda editor: questions.set_amount(editor, ("questions", 0, "min"), "ten"), "Write a number"),
        (lambda editor: questions.set_amount(editor, ("questions", 0, "min"), "1.234"), "Write a number"),
    ],
)
def test_what_does_not_fit_is_refused(change: Change, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        edited(SAMPLE, change)


def test_bounds_are_numbers_in_any_digits() -> None:
    def change(editor: YamlEditor) -> None:
        questions.add(editor, 0, "number")
        questions.set_amount(editor, ("questions", 0, "min"), "۲")
        questions.set_number(editor, ("questions", 0, "decimals"), "1")
        questions.set_amount(editor, ("questions", 0, "max"), "10,5")

    asked = read(edited(SAMPLE, change)).data["questions"][0]
    assert (asked["min"], asked["max"]) == (2, 10.5)
