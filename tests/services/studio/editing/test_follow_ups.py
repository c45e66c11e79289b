"""Rules and last pages."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint import read
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import follow_ups
from feedback.services.studio.editing.checked import edited
from feedback.services.studio.editing.texts import set_text
from tests.services.studio.editing.sample import SAMPLE

LOW = {"question": "score", "at_most": 6}


def test_rules_are_added_at_the_end_moved_and_removed_with_their_list() -> None:
    def change(editor: YamlEditor) -> None:
        follow_ups.add_rule(editor, "Angry", LOW)
        follow_ups.add_rule(editor, "Sad", LOW)
        follow_ups.move_entry(editor, "follow_ups", 1, 0)

    after = edited(SAMPLE, change)
    assert after.index("title: {en: Sad}") < after.index("title: {en: Angry}")

    def clear(editor: YamlEditor) -> None:
        follow_ups.delete_entry(editor, "follow_ups", 1)
        follow_ups.delete_entry(editor, "follow_ups", 0)

    assert edited(after, clear) == SAMPLE


def test_a_rule_gets_replies_and_loses_them_with_their_list() -> None:
    ruled = edited(SAMPLE, lambda editor: follow_ups.add_rule(editor, "Angry", LOW))
    place: Path = ("follow_ups", 0, "replies", 0)

    def change(editor: YamlEditor) -> None:
        follow_ups.add_reply(editor, 0)
        follow_ups.add_reply(editor, 0)
        set_text(editor, (*place, "title"), "tr", "Ziyaret")
        set_text(editor, (*place, "email", "body"), "en", "May I visit you?")

    after = edited(ruled, change)
    replies = read(after).data["follow_ups"][0]["replies"]
    assert [each["key"] for each in replies] == ["reply-1", "reply-2"]
    assert replies[0]["title"] == {"en": "", "tr": "Ziyaret"}
    assert replies[0]["email"] == {"subject": "", "body": {"en": "May I visit you?"}}

    def clear(editor: YamlEditor) -> None:
        set_text(editor, (*place, "email", "body"), "en", "")
        assert "email" not in editor.data["follow_ups"][0]["replies"][0]
        follow_ups.remove_reply(editor, 0, 1)
        follow_ups.remove_reply(editor, 0, 0)

    assert edited(after, clear) == ruled


def test_a_last_page_for_certain_answers_stands_before_that_for_everybody() -> None:
    after = edited(SAMPLE, lambda editor: follow_ups.add_thanks(editor, "Sorry!", LOW))
    assert after.index("en: Sorry!") < after.index("en: Thanks!")
    with pytest.raises(Rejected, match="for everybody first"):
        edited("key: a\nlanguages: [en]\n", lambda editor: follow_ups.add_thanks(editor, "Sorry!", LOW))


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
