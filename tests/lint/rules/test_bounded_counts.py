"""A count that its own words bound needs no period, and the same item has one verdict in every language."""

from __future__ import annotations

import pytest

from feedback import lint

RULES = ("recall-period-missing", "negation")


def found(language: str, stem: str) -> list[str]:
    text = (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
        f'  - {{key: q, type: single, purpose: P, complete: yes, text: "{stem}", options: ["A1", "B2", "C3"]}}\n'
    )
    return [each.rule for each in lint.check(text) if each.rule in RULES]


@pytest.mark.parametrize(
    ("language", "stem"),
    [
        ("en", "How many times did you contact us about this?"),
        ("en", "How many times did you call us about this problem?"),
        ("en", "How often have you been here before?"),
        ("tr", "Bu konuda bize kaç kez ulaştınız?"),
        ("tr", "Daha önce buraya kaç kez geldiniz?"),
        ("fa", "دربارهٔ این موضوع چند بار با ما تماس گرفتید؟"),
        ("fa", "پیش از این چند بار اینجا بوده‌اید؟"),
        ("de", "Wie oft haben Sie uns deswegen kontaktiert?"),
        ("de", "Wie oft waren Sie vorher hier?"),
        ("es", "¿Cuántas veces nos contactó por este asunto?"),
        ("es", "¿Cuántas veces ha estado aquí antes?"),
        ("fr", "Combien de fois nous avez-vous contactés à ce sujet ?"),
        ("fr", "Combien de fois êtes-vous venu ici auparavant ?"),
        ("ar", "كم مرة اتصلت بنا بشأن هذا الموضوع؟"),
        ("ar", "كم مرة كنت هنا من قبل؟"),
        ("en", "Would you say that most people can be trusted, or that you can't be too careful?"),
        ("de", "Kann man den meisten Menschen vertrauen, oder kann man nicht vorsichtig genug sein?"),
        (
            "de",
            "Glauben Sie, dass man den meisten Menschen vertrauen kann, oder dass man im Umgang mit anderen Menschen "
            "nicht vorsichtig genug sein kann?",
        ),
    ],
)
def test_what_is_bounded_or_a_fixed_phrase_is_clean(language: str, stem: str) -> None:
    assert found(language, stem) == []


@pytest.mark.parametrize(
    ("language", "stem", "rule"),
    [
        ("en", "How many times did you contact us?", RULES[0]),
        ("en", "How often do you call us about this product?", RULES[0]),
        ("tr", "Bize kaç kez ulaştınız?", RULES[0]),
        ("fa", "چند بار با ما تماس گرفتید؟", RULES[0]),
        ("de", "Wie oft haben Sie uns kontaktiert?", RULES[0]),
        ("es", "¿Cuántas veces nos contactó?", RULES[0]),
        ("fr", "Combien de fois nous avez-vous contactés ?", RULES[0]),
        ("de", "Wurde Ihr Problem nicht gelöst?", RULES[1]),
    ],
)
def test_what_is_not_bounded_is_still_found(language: str, stem: str, rule: str) -> None:
    assert found(language, stem) == [rule]
