"""Every text of a questionnaire has a name that lasts."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback import lint
from feedback.services.studio.translations.texts import texts_of, wordings_of
from tests.services.studio.translations.examples import SURVEY

SHIPPED = sorted(Path("questionnaires").glob("*-*.yaml"))


def names(source: str) -> list[str]:
    return [each.id for each in texts_of(lint.read(source))]


def test_every_text_with_words_is_there_by_its_keys_and_in_the_order_of_the_file() -> None:
    assert names(SURVEY) == [
        "title",
        "questions.score.text",
        "questions.score.scale.labels.1",
        "questions.score.scale.labels.3",
        "questions.reason.text",
        "questions.reason.options.the-price.text",
        "questions.reason.options.service.text",
        "messages.email.subject",
        "messages.email.body",
        "thanks.1.text",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("      - The price\n", "      - {key: the-price, text: {en: The price}}\n"),
        ("thanks: Thank you!", "thanks: {en: Thank you!}"),
        ("thanks: Thank you!", "thanks:\n  - text: Thank you!"),
        ("title: {en: Your visit, tr: Ziyaretiniz}", "title: Your visit"),
    ],
)
def test_another_way_to_write_a_text_keeps_its_name(old: str, new: str) -> None:
    assert names(SURVEY.replace(old, new)) == names(SURVEY)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_names_are_unique_and_the_same_in_the_published_form(path: Path) -> None:
    import json

    from feedback.library import snapshot

    document = lint.read(path.read_text(encoding="utf-8"))
    assert document.questionnaire
    found = names(document.source)
    assert len(found) == len(set(found))
    assert wordings_of(json.dumps(snapshot(document.questionnaire))) == wordings_of(document.source)


def test_a_text_that_breaks_the_format_has_none() -> None:
    assert names("key: [") == names("key: visit") == []
