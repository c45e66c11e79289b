"""Standard texts to begin with."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.i18n import LANGUAGES
from feedback.lint import read
from feedback.lint.rules import unresolved_placeholder
from feedback.services.studio.editing.checked import edited
from feedback.services.studio.editing.messages import FALLBACKS, begin_with_standard
from feedback.services.studio.editing.texts import set_text
from tests.services.studio.editing.sample import SAMPLE


def test_the_standard_texts_are_written_in_every_language_beside_what_is_there() -> None:
    own = edited(SAMPLE, lambda editor: set_text(editor, ("messages", "sms"), "tr", "Kısa bir soru: {link}"))
    after = read(edited(own, lambda editor: begin_with_standard(editor, "sms"))).data["messages"]["sms"]
    assert after["tr"] == "Kısa bir soru: {link}"
    assert after["en"] == "{company}: one short question about your experience: {link} {opt_out}"


def test_the_standard_e_mail_has_words_for_customers_without_a_name() -> None:
    after = read(edited(SAMPLE, lambda editor: begin_with_standard(editor, "email")))
    assert after.data["messages"]["email"]["body"]["en"].startswith("Hello {first_name|there},")
    assert after.data["messages"]["email"]["body"]["tr"].startswith(
        "Merhaba {first_name|değerli müşterimiz},"
    )
    assert list(unresolved_placeholder.check(after)) == []
    assert all({*LANGUAGES["survey"]} == {*words} for words in FALLBACKS.values())


def test_there_is_no_other_standard_text() -> None:
    with pytest.raises(Rejected):
        edited(SAMPLE, lambda editor: begin_with_standard(editor, "fax"))
