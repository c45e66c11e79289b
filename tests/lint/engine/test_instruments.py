from __future__ import annotations

import pytest

from feedback import lint
from feedback.lint import read
from feedback.lint.engine.instruments import exempt, unaltered


def question(text: str, language: str = "en", more: str = "type: nps"):
    source = (
        f'key: v\ntitle: V\nlanguages: [{language}]\nquestions:\n  - {{key: q, {more}, text: "{text}"}}\n'
    )
    document = read(source)
    assert document.problems == []
    return document.questions[0][1]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How likely are you to recommend {company} to a friend or colleague?"),
        ("en", "how likely is it that you would recommend Acme to a friend or family member"),
        ("tr", "{company|bizi} bir arkadaşınıza veya iş arkadaşınıza tavsiye etme olasılığınız nedir?"),
        ("fa", "چقدر احتمال دارد {company} را به يك دوست یا همكار خود پیشنهاد کنید؟"),
        ("en", "How likely are you to recommend our spa to friends or family?"),
        ("tr", "Spamızı yakınlarınıza önerme ihtimaliniz ne kadar?"),
        ("fa", "چقدر احتمال دارد {company} را به آشنایان خود معرفی کنید؟"),
    ],
)
def test_the_registered_wording_is_exempt_whatever_its_letter_forms(language, text):
    assert exempt(question(text, language), language)


@pytest.mark.parametrize(
    "text",
    [
        "How likely are you to recommend our food and our service to a friend or colleague?",
        "How likely are you to recommend us?",
        "Most customers love us. How likely are you to recommend Acme to a friend or colleague?",
    ],
)
def test_anything_else_is_not(text):
    assert not exempt(question(text), "en")


@pytest.mark.parametrize(
    ("language", "text", "same"),
    [
        ("tr", "Spamızı beğenme ihtimaliniz ne kadar?", False),
        ("fa", "چقدر احتمال دارد دوباره به {company} بیایید؟", False),
        ("fa", "چقدر احتمال دارد {company} را به دوستانتان معرفی کنید؟", True),
    ],
)
def test_a_wording_may_differ_in_the_words_of_its_brackets_only(language, text, same):
    assert unaltered(question(text, language), language) is same


def test_a_lead_in_does_not_alter_an_instrument():
    text = "Thank you for calling. How likely are you to recommend Acme to a friend or colleague?"
    assert unaltered(question(text), "en") is True


def test_a_language_without_registered_wording_is_never_called_altered():
    text = "X hat mir geholfen."
    assert unaltered(question(text, "de", "type: ces"), "de") is None


def test_an_item_of_an_instrument_is_compared_with_its_own_wording():
    claim = "type: rating, instrument: {name: sus, item: 3}"
    assert exempt(question("I thought the system was easy to use.", more=claim), "en")
    assert not exempt(question("I felt very confident using the system.", more=claim), "en")


def test_a_variant_is_no_altered_instrument_but_keeps_its_scale():
    written = """key: k
title: T
languages: [en]
questions:
  - key: q
    type: nps
    text: How likely are you to recommend us to a friend or neighbour?
    INSTRUMENT
"""

    def altered(claim):
        problems = lint.check(written.replace("INSTRUMENT", claim))
        assert "schema" not in {each.rule for each in problems}
        return [each.rule for each in problems].count("instrument-altered")

    assert altered("required: false") == 1
    assert altered('instrument: {name: nps, variant: "neighbour, for bus riders"}') == 0
    assert altered('instrument: {name: nps, variant: "ours"}\n    scale: {min: 1, max: 10}') == 1
