"""The words of a message: the way out that it promises has to work."""

from __future__ import annotations

import pytest

from feedback.core.reply import Stop, understand
from feedback.i18n import LANGUAGES, translator

WAY_OUT = {"en": "STOP", "tr": "RET", "fa": "لغو", "de": "STOP", "es": "BAJA", "fr": "ARRET", "ar": "إلغاء"}


@pytest.mark.parametrize("language", LANGUAGES["messages"])
def test_the_word_that_a_message_tells_people_to_send_ends_it(language: str) -> None:
    assert WAY_OUT[language] in translator("messages", language).gettext("Reply STOP to end.")
    assert understand(WAY_OUT[language], minimum=0, maximum=10, language=language) == Stop("certain")
