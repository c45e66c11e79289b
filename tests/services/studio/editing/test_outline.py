"""What the form shows."""

from __future__ import annotations

from feedback.lint import read
from feedback.services.studio.editing.outline import outline
from tests.services.studio.editing.sample import SAMPLE


def test_the_form_shows_texts_by_language_and_marks_what_is_missing() -> None:
    form = outline(read(SAMPLE))
    first, second, _ = form.cards
    assert first.boxes[0].wordings == {"en": "How likely?", "tr": ""}
    assert first.boxes[0].is_missing("tr")
    assert not first.boxes[1].is_missing("tr")
    assert [option.name for option in second.options] == [
        "questions.why.options.0",
        "questions.why.options.other",
    ]
    assert form.thanks[0].boxes[0].name == "thanks"
    assert len({box.name for box in form.boxes()}) == len(list(form.boxes()))


def test_a_draft_that_breaks_the_format_is_shown_as_far_as_it_goes() -> None:
    source = "key: a\nlanguages: 3\nquestions:\n  - {key: q, type: nothing, text: 5}\n  - just words\n"
    form = outline(read(source))
    assert form.languages == ("en",)
    assert [(card.key, card.question, card.boxes[0].wordings) for card in form.cards] == [
        ("q", None, {"en": "5"})
    ]
