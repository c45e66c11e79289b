"""The words of a message: the way out that it promises has to work."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from feedback.core.branding import LEGIBLE, contrast, normalised
from feedback.core.reply import Stop, understand
from feedback.i18n import LANGUAGES, translator
from feedback.services.composing import compose
from feedback.settings import Settings
from feedback.settings.table import Organisation
from feedback.store.database import Database
from tests.surveys import NPS, invite, shelf

WAY_OUT = {"en": "STOP", "tr": "RET", "fa": "لغو", "de": "STOP", "es": "BAJA", "fr": "ARRET", "ar": "إلغاء"}


@pytest.mark.parametrize("language", LANGUAGES["messages"])
def test_the_word_that_a_message_tells_people_to_send_ends_it(language: str) -> None:
    assert WAY_OUT[language] in translator("messages", language).gettext("Reply STOP to end.")
    assert understand(WAY_OUT[language], minimum=0, maximum=10, language=language) == Stop("certain")


def test_the_button_of_an_email_can_be_read_whatever_colour_the_brand_has(migrated: Database) -> None:
    library = shelf(NPS)
    pale = replace(
        Settings(instance=Path()), organisation=replace(Organisation(), name="Acme", colour="#ff0")
    )
    with migrated.writing() as session:
        html = compose(NPS, invite(session, library, kind="email"), "email", pale).html or ""
    found = re.search(r"background:(#\w+);color:(#\w+);text-decoration", html)
    assert found and contrast(normalised(found[1]), normalised(found[2])) >= LEGIBLE
