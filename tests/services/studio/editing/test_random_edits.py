"""Editing by form never touches another line; `python3 dev.py bench form_edits` makes the whole thousand edits."""

from __future__ import annotations

from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import checked, questions
from tests.services.studio.editing.random_edits import Trial, run, wrong

SEED = 20


def test_random_edits_of_tidy_and_sloppy_texts_change_what_they_should_and_nothing_else() -> None:
    outcome = run(150, SEED)
    assert outcome.faults == []
    assert outcome.made > 120, outcome.kinds
    assert not [each for each in outcome.kinds if "unusual way" in each]


def test_an_edit_that_touches_another_line_is_noticed() -> None:
    source = "key: a  # c1:\ntitle: A\nlanguages: [en]\nquestions:\n  - {key: q, type: text, text: Why?}\n"
    trial = Trial("word", lambda e: questions.set_word(e, ("key",), "b"), None, [("key",)])
    right = checked.edited(source, trial.do)
    assert wrong(source, right, trial) == []
    assert wrong(source, right.replace("title: A", 'title: "A"'), trial) == ["line 2 was touched: 'title: A'"]
    assert "comments were lost: ['# c1:']" in wrong(source, right.replace("  # c1:", ""), trial)
    assert YamlEditor(right).data["key"] == "b"
