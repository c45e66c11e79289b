"""A question that names both ends of its scale asks one thing, in whatever form its labels have them."""

from __future__ import annotations

import pytest

from feedback import lint


def rules(stem: str, labels: str) -> set[str]:
    points = labels.split("|")
    listed = ", ".join(f'{at}: "{text}"' for at, text in enumerate(points, 1))
    text = (
        "key: t\ntitle: T\nlanguages: [en]\nquestions:\n"
        f'  - {{key: q, type: rating, purpose: P, text: "{stem}", '
        f"scale: {{min: 1, max: {len(points)}, labels: {{{listed}}}}}}}\n"
    )
    return {each.rule for each in lint.check(text)}


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        (
            "Compared with other tools, how steep or gentle was the learning curve?",
            "Much steeper|Somewhat steeper|About the same|Somewhat gentler|Much gentler",
        ),
        (
            "How grainy or crisp is the picture compared with your old TV?",
            "Much grainier|Somewhat grainier|About the same|Somewhat crisper|Much crisper",
        ),
        (
            "How drab or hip is the new shop compared with the old one?",
            "Much drabber|A little drabber|About the same|A little hipper|Much hipper",
        ),
        (
            "How much or how little does our loyalty card matter to you?",
            "Not at all|A little|A lot|Very much|Fully",
        ),
        ("How easy or how hard was it to pay?", "Very hard|Fairly hard|Neither|Fairly easy|Very easy"),
        (
            "How coherent or incoherent was the explanation?",
            "Not at all coherent|Slightly coherent|Moderately coherent|Very coherent|Extremely coherent",
        ),
        ("How well or badly did the move go?", "Very badly|Badly|Neither well nor badly|Well|Very well"),
    ],
)
def test_two_ends_are_one_question(stem: str, labels: str) -> None:
    assert "double-barrelled" not in rules(stem, labels)


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("How steep or long was the learning curve?", "Much steeper|Steeper|The same|Gentler|Much gentler"),
        ("How fresh or tasty was the bread?", "Not at all|Slightly|Moderately|Very|Extremely"),
        ("How easy or how useful was the form?", "Not at all|Slightly|Moderately|Very|Extremely"),
    ],
)
def test_two_properties_are_still_two_questions(stem: str, labels: str) -> None:
    assert "double-barrelled" in rules(stem, labels)


def rules_of(language: str, stem: str) -> set[str]:
    text = (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
        f'  - {{key: q, type: csat, purpose: P, text: "{stem}"}}\n'
    )
    return {each.rule for each in lint.check(text)} & {"double-barrelled"}


@pytest.mark.parametrize(
    ("language", "stem"),
    [
        ("fa", "از ساعات کاری شعبه راضی هستید یا ناراضی؟"),
        ("fa", "حل مشکل چقدر براتون آسون یا سخت بود؟"),
        ("fa", "هم‌تیمی‌های شما هم از برنامه راضی هستند؟"),
        ("tr", "Bilgiler yeterli miydi yoksa yetersiz mi?"),
        ("en", "How stable was the line or unstable?"),
    ],
)
def test_opposites_with_words_between_them_are_one_question(language: str, stem: str) -> None:
    assert rules_of(language, stem) == set()


@pytest.mark.parametrize(
    ("language", "stem"),
    [
        ("fa", "از سرعت یا دقت کارکنان چقدر راضی هستید؟"),
        ("fa", "کار چقدر سریع یا ارزان انجام شد؟"),
        ("fa", "چقدر هم سرعت هم دقت کارکنان خوب بود؟"),
        ("tr", "Bilgiler ne kadar yeterli ve güncel?"),
        ("en", "How stable or cheap was the line?"),
    ],
)
def test_other_pairs_are_still_two_questions(language: str, stem: str) -> None:
    assert rules_of(language, stem) == {"double-barrelled"}
