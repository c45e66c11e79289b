"""Blocks of questions, rows of tables, and options that come from an earlier answer."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint import read
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import blocks, follow_ups, questions, rows, texts
from feedback.services.studio.editing.checked import Change, edited
from feedback.services.studio.editing.fingerprints import fingerprint
from tests.services.studio.editing.sample import SAMPLE, changed

LOW = {"question": "score", "at_most": 6}


def test_a_block_is_made_changed_and_removed_and_holds_its_questions() -> None:
    made = edited(SAMPLE, lambda editor: blocks.add_block(editor, {"comment", "why"}, LOW))
    assert changed(made) == [
        ("+", "blocks:"),
        ("+", "  - {questions: [why, comment], show_if: {question: score, at_most: 6}}"),
    ]
    with pytest.raises(Rejected, match="out of its block first"):
        edited(made, lambda editor: questions.delete(editor, 2))
    with pytest.raises(Rejected, match="at least one question"):
        edited(made, lambda editor: blocks.set_members(editor, 0, ()))
    smaller = edited(made, lambda editor: blocks.set_members(editor, 0, {"why"}))
    assert "questions: [why]" in smaller
    assert edited(smaller, lambda editor: follow_ups.delete_entry(editor, "blocks", 0)) == SAMPLE


def test_rows_are_added_moved_and_removed() -> None:
    def change(editor: YamlEditor) -> None:
        questions.add(editor, 1, "matrix")
        rows.add_row(editor, 1)
        texts.set_text(editor, ("questions", 1, "rows", 2, "text"), "en", "Third")
        rows.move_row(editor, 1, 2, 0)
        rows.remove_row(editor, 1, 2)

    found = read(edited(SAMPLE, change)).data["questions"][1]["rows"]
    assert [each["key"] for each in found] == ["row-3", "row-1"]
    assert found[0]["text"] == {"en": "Third"}


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


def test_a_last_page_gets_a_link_and_loses_it() -> None:
    linked = edited(SAMPLE, lambda editor: follow_ups.set_link(editor, ("thanks",), "https://acme.example"))
    assert read(linked).data["thanks"] == [
        {
            "text": {"en": "Thanks!", "tr": "Teşekkürler!"},
            "link": {"url": "https://acme.example", "text": {"en": ""}},
        }
    ]
    bare = edited(linked, lambda editor: follow_ups.set_link(editor, ("thanks", 0), ""))
    assert "link" not in bare
    with pytest.raises(Rejected):
        edited(SAMPLE, lambda editor: follow_ups.set_link(editor, ("thanks",), "javascript:alert(1)"))


def test_a_fingerprint_changes_with_its_own_part_only() -> None:
    parts = ("survey", "order", "questions.why", "questions.comment", "thanks", "messages")
    before, after = read(SAMPLE).data, read(SAMPLE.replace("Neden?", "Niye?")).data
    assert [part for part in parts if fingerprint(before, part) != fingerprint(after, part)] == [
        "questions.why"
    ]
    more = read(SAMPLE.replace("[en, tr]", "[en, tr, fa]")).data
    assert all(fingerprint(before, part) != fingerprint(more, part) for part in parts)
    assert [fingerprint(before, part) for part in ("questions.gone", "nonsense", "")] == ["", "", ""]
