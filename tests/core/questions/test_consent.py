"""A box to tick, stored in its own words."""

from __future__ import annotations

from feedback.core.answer import Answer
from tests.core.questions.asking import question, refusal

BOX = {"en": "I agree to be quoted.", "fa": "با نقل پاسخم موافقم."}


def test_a_consent_is_stored_in_the_words_that_were_read() -> None:
    asked = question("consent", box=BOX)
    assert asked.parse({"q": ["fa"]}) == Answer(BOX["fa"])
    assert asked.parse({}) is None
    assert asked.accepts(Answer(BOX["en"])) and not asked.accepts(Answer("I agree to anything."))
    assert question("consent", box=BOX["en"]).parse({"q": ["agreed"]}) == Answer(BOX["en"])


def test_a_box_with_placeholders_is_refused() -> None:
    assert "without placeholders" in refusal("consent", box="{company} may quote me.")
