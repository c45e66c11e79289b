"""A question that reads out its answers asks once, and words of amount answer every "how much"."""

from __future__ import annotations

import pytest

from feedback import lint


def single(language: str, stem: str, options: str) -> str:
    listed = ", ".join(f'{{key: o{at}, text: "{text}"}}' for at, text in enumerate(options.split("|")))
    return (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
        f'  - {{key: q, type: single, purpose: P, text: "{stem}", options: [{listed}]}}\n'
    )


def rules(text: str) -> set[str]:
    return {each.rule for each in lint.check(text) if each.severity != "info"}


@pytest.mark.parametrize(
    ("language", "stem", "options"),
    [
        (
            "en",
            "How satisfied are you with the delivery: very satisfied, satisfied, dissatisfied or very dissatisfied?",
            "Very satisfied|Satisfied|Dissatisfied|Very dissatisfied",
        ),
        (
            "en",
            "How easy was the form? Very easy, easy, difficult, or very difficult?",
            "Very easy|Easy|Difficult|Very difficult",
        ),
        ("en", "Was the food good? Would you say good, average or poor?", "Good|Average|Poor"),
        ("tr", "Form ne kadar kolaydı? Çok kolay, kolay, zor ya da çok zor?", "Çok kolay|Kolay|Zor|Çok zor"),
        ("tr", "Hizmeti nasıl buldunuz: çok iyi, iyi, kötü ya da çok kötü?", "Çok iyi|İyi|Kötü|Çok kötü"),
        ("fa", "فرم چقدر آسان بود؟ خیلی آسان، آسان، سخت یا خیلی سخت؟", "خیلی آسان|آسان|سخت|خیلی سخت"),
        ("fa", "خدمات چطور بود: خیلی خوب، خوب، بد یا خیلی بد؟", "خیلی خوب|خوب|بد|خیلی بد"),
    ],
)
def test_answers_that_are_read_out_are_no_second_question(language: str, stem: str, options: str) -> None:
    assert "double-barrelled" not in rules(single(language, stem, options))


@pytest.mark.parametrize(
    ("language", "stem", "options"),
    [
        (
            "en",
            "How satisfied are you with the price and the speed: very satisfied, satisfied or dissatisfied?",
            "Very satisfied|Satisfied|Dissatisfied",
        ),
        ("en", "How easy was the form? Was the help quick?", "Very easy|Easy|Difficult"),
        ("tr", "Form ne kadar kolaydı? Yardım hızlı mıydı?", "Çok kolay|Kolay|Zor"),
        ("fa", "فرم چقدر آسان بود؟ کمک سریع بود؟", "خیلی آسان|آسان|سخت"),
    ],
)
def test_a_second_question_is_found_beside_them(language: str, stem: str, options: str) -> None:
    assert "double-barrelled" in rules(single(language, stem, options))


def rating(language: str, stem: str, labels: str) -> str:
    listed = ", ".join(f"{at}: {text}" for at, text in enumerate(labels.split("|"), 1))
    return (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n  - {{key: q, type: rating, purpose: P, "
        f'text: "{stem}", scale: {{min: 1, max: {len(labels.split("|"))}, labels: {{{listed}}}}}}}\n'
    )


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("کارمندان چقدر مؤدب بودند؟", "خیلی کم|کم|متوسط|زیاد|خیلی زیاد"),
        ("سایت چقدر سریع بود؟", "خیلی کم|کم|متوسط|زیاد|خیلی زیاد"),
        ("پاسخ ما چقدر روشن بود؟", "اصلاً|کمی|متوسط|زیاد|خیلی زیاد"),
        ("نصب چقدر آسان بود؟", "خیلی کم|کم|متوسط|زیاد|خیلی زیاد"),
        ("چقدر راضی هستید؟", "هیچ|کم|متوسط|زیاد|خیلی زیاد"),
    ],
)
def test_persian_words_of_amount_answer_every_how_much(stem: str, labels: str) -> None:
    assert lint.check(rating("fa", stem, labels)) == []


def test_labels_of_another_dimension_are_still_found() -> None:
    text = rating("fa", "کارمندان چقدر مؤدب بودند؟", "خیلی کند|کند|متوسط|سریع|خیلی سریع")
    assert "scale-stem-mismatch" in rules(text)
