"""Lists, instruments, good points, reasons and roles."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint import read
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import questions, settings
from feedback.services.studio.editing.checked import Change, edited
from tests.services.studio.editing.sample import SAMPLE, changed

OPTION = ("questions", 1, "options", 0)
CLAIM = ("questions", 0, "instrument")


def test_a_list_is_written_one_on_a_line_and_taken_away_when_it_is_empty() -> None:
    after = edited(
        SAMPLE, lambda editor: settings.set_list(editor, ("glossary",), "Acme, Inc.\r\n\n SSO \nSSO")
    )
    assert read(after).data["glossary"] == ["Acme, Inc.", "SSO"]
    assert edited(after, lambda editor: settings.set_list(editor, ("glossary",), "Acme, Inc.\nSSO")) == after
    assert edited(after, lambda editor: settings.set_list(editor, ("glossary",), " \n")) == SAMPLE


def test_a_reason_belongs_to_what_is_switched_on() -> None:
    path = ("questions", 1, "complete")
    assert edited(SAMPLE, lambda editor: settings.set_reason(editor, path, "All of them")) == SAMPLE

    def change(editor: YamlEditor) -> None:
        questions.set_flag(editor, path, on=True)
        settings.set_reason(editor, path, "All of them")

    after = edited(SAMPLE, change)
    assert changed(after) == [("+", "    complete: All of them")]
    assert "complete: true" in edited(after, lambda editor: settings.set_reason(editor, path, ""))


def test_an_instrument_is_a_word_until_more_is_said_and_an_untouched_one_stays_as_it_is_written() -> None:
    word = edited(SAMPLE, lambda editor: settings.set_claim(editor, CLAIM, {"name": "nps"}))
    assert changed(word) == [("+", "    instrument: nps")]
    assert edited(word, lambda editor: settings.set_claim(editor, CLAIM, {"name": "nps"})) == word
    said = {"name": "nps", "item": "1", "source": " Reichheld 2003 ", "declared": "on", "variant": ""}
    whole = edited(word, lambda editor: settings.set_claim(editor, CLAIM, said))
    assert read(whole).data["questions"][0]["instrument"] == {
        "name": "nps", "item": 1, "source": "Reichheld 2003", "declared": True,
    }  # fmt: skip
    assert edited(whole, lambda editor: settings.set_claim(editor, CLAIM, said)) == whole
    assert edited(whole, lambda editor: settings.set_claim(editor, CLAIM, {})) == SAMPLE


def test_good_points_are_written_in_any_order_once() -> None:
    start = edited(SAMPLE, lambda editor: questions.add(editor, 0, "rating"))
    path = ("questions", 0, "scale", "good")
    after = edited(start, lambda editor: settings.set_points(editor, path, "5,4"))
    assert read(after).data["questions"][0]["scale"]["good"] == [5, 4]
    assert edited(after, lambda editor: settings.set_points(editor, path, "4,5")) == after
    assert edited(after, lambda editor: settings.set_points(editor, path, "")) == start


def test_an_option_keeps_its_key_when_it_gets_a_role_and_its_text_box_goes_with_the_role() -> None:
    other = edited(SAMPLE, lambda editor: settings.set_role(editor, (*OPTION, "role"), "other"))
    assert read(other).data["questions"][1]["options"][0] == {
        "key": "price", "text": "Price", "role": "other", "other_text": True,
    }  # fmt: skip
    plain = edited(other, lambda editor: settings.set_role(editor, (*OPTION, "role"), ""))
    assert read(plain).data["questions"][1]["options"][0] == {"key": "price", "text": "Price"}
    assert edited(SAMPLE, lambda editor: settings.set_role(editor, (*OPTION, "role"), "")) == SAMPLE


def test_only_the_option_other_can_have_a_text_box() -> None:
    editor = YamlEditor(SAMPLE)
    assert not settings.allows(editor, (*OPTION, "other_text"))
    assert settings.allows(editor, (*OPTION[:-1], 1, "other_text"))
    assert settings.allows(editor, (*OPTION, "pinned"))


def test_an_accepted_issue_is_reported_again() -> None:
    accepted = "".join(
        f"    - {{rule: {rule}, reason: A reason of the board, by: Lena, wording: abc}}\n"
        for rule in ("double-barrelled", "leading-wording")
    )
    start = f"{SAMPLE}lint:\n  suppress:\n{accepted}"
    one = edited(start, lambda editor: settings.forget(editor, 0))
    assert [each["rule"] for each in read(one).data["lint"]["suppress"]] == ["leading-wording"]
    assert edited(one, lambda editor: settings.forget(editor, 0)) == SAMPLE


REFUSED: list[tuple[Change, str]] = [
    (lambda editor: settings.set_points(editor, ("questions", 0, "scale", "good"), "best"), "good points"),
    (lambda editor: settings.set_claim(editor, CLAIM, {"item": "1"}), "Choose the instrument"),
    (lambda editor: settings.set_claim(editor, CLAIM, {"name": "sus", "item": "first"}), "whole number"),
    (lambda editor: settings.set_role(editor, (*OPTION, "role"), "best"), "not possible here"),
    (lambda editor: settings.forget(editor, 0), "no longer in the text"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_what_means_nothing_is_refused(change: Change, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        edited(SAMPLE, change)
