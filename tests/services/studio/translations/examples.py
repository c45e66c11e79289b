"""A questionnaire with every kind of text, Turkish half done, and what the tests read from it."""

from __future__ import annotations

from datetime import UTC, datetime

from feedback import lint
from feedback.services.studio.translations.exchange import TranslationFile, entries_of
from feedback.services.studio.translations.state import Translation, TranslationHistory, translations
from feedback.services.studio.translations.texts import texts_of

SURVEY = """\
key: visit
title: {en: Your visit, tr: Ziyaretiniz}
languages: [en, tr]
questions:
  - key: score
    type: rating
    text:
      en: How easy was it to use {company}?
      tr: "{company} kullanmak ne kadar kolaydı?"
    scale: {min: 1, max: 3, labels: {1: {en: Hard, tr: Zor}, 3: Easy}}
  - key: reason
    type: single
    text: What was the main reason?
    options:
      - The price
      - {key: service, text: {en: The service}}
      - {key: band, text: "1-3"}
messages:
  email:
    subject: {en: Your visit}
    body:
      en: "Hello {first_name|there},\\n\\nthree <b>short</b> questions. {link}"
thanks: Thank you!
"""
WRITTEN_AT = datetime(2026, 5, 1, 9, tzinfo=UTC)


def of(source: str, language: str = "tr", history: TranslationHistory | None = None) -> list[Translation]:
    return translations(texts_of(lint.read(source)), "en", language, history or TranslationHistory())


def states(source: str, history: TranslationHistory | None = None) -> dict[str, str]:
    return {each.text.id: each.state.value for each in of(source, history=history)}


def file_of(source: str, history: TranslationHistory | None = None) -> TranslationFile:
    return TranslationFile("visit", "en", "tr", entries_of(of(source, history=history)), WRITTEN_AT)
