"""Lists that leave nobody out and put nobody in two places are clean, whatever their last answers are."""

from __future__ import annotations

import pytest

from feedback import lint

RULES = ("range-gap", "range-overlap", "options-not-exclusive", "options-not-exhaustive")


def found(language: str, stem: str, options: str) -> list[str]:
    listed = ", ".join(f'{{key: o{at}, text: "{text}"}}' for at, text in enumerate(options.split("|")))
    text = (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
        f'  - {{key: q, type: single, purpose: P, text: "{stem}", options: [{listed}]}}\n'
    )
    return [each.rule for each in lint.check(text) if each.rule in RULES]


WHEN = "When did you last speak to our sales team?"


@pytest.mark.parametrize(
    ("language", "stem", "options"),
    [
        ("en", WHEN, "Within the last 7 days|8 to 30 days ago|More than 30 days ago|Never|Can't remember"),
        ("en", WHEN, "More than 30 days ago|8 to 30 days ago|Within the last 7 days|Never"),
        ("en", "Are you paid hourly or do you get a salary?", "Hourly|Salary|Both|Neither|Prefer not to say"),
        (
            "en",
            "Do you read the letter or the e-mail?",
            "Letter|E-mail|Both|Neither|Don't know|Not applicable",
        ),
        ("en", "On how many days last week did you use the tool?", "0|1 or 2|3 or 4|5 to 7"),
        ("en", "How many hours a day is the machine on?", "None|1 to 8|9 to 16|17 to 24"),
        ("en", "In how many months of the past year did you buy from us?", "0|1 to 3|4 to 6|7 to 12"),
        ("fa", "چند روز در هفته از ابزار استفاده می‌کنید؟", "۰|۱ تا ۲|۳ تا ۴|۵ تا ۷"),
    ],
)
def test_a_whole_list_is_clean(language: str, stem: str, options: str) -> None:
    assert found(language, stem, options) == []


LIMITS = {
    "en": ("Until what time should we be open?", "When did you come?", "Up to 17|Up to 20|Up to 23"),
    "tr": ("Saat kaça kadar açık olalım?", "Kaçta geldiniz?", "17'ye kadar|20'ye kadar|23'e kadar"),
    "fa": ("تا چه ساعتی باز باشیم؟", "چه ساعتی آمدید؟", "تا ۱۷|تا ۲۰|تا ۲۳"),
}


@pytest.mark.parametrize("language", LIMITS)
def test_limits_to_choose_from_overlap_only_where_a_number_is_asked(language: str) -> None:
    limit, number, options = LIMITS[language]
    assert "range-overlap" not in found(language, limit, options)
    assert "range-overlap" in found(language, number, options)


MOST = {
    "en": (
        "Which of these matter most to you?",
        "What did you buy today?",
        "Price|Support|Delivery|Security",
    ),
    "tr": (
        "Sizin için en önemli olanlar hangileri?",
        "Bugün neleri aldınız?",
        "Fiyat|Destek|Teslimat|Güvenlik",
    ),
    "fa": ("کدام‌یک برای شما مهم‌تر است؟", "امروز چه چیزهایی خریدید؟", "قیمت|پشتیبانی|تحویل|امنیت"),
}


@pytest.mark.parametrize("language", MOST)
def test_where_the_most_important_is_asked_nobody_needs_a_none(language: str) -> None:
    def rules(stem: str, last: str) -> list[str]:
        listed = ", ".join(f'"{each}"' for each in MOST[language][2].split("|"))
        text = (
            f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
            f'  - {{key: q, type: multi, purpose: P, text: "{stem}", options: [{listed}{last}]}}\n'
        )
        return [each.rule for each in lint.check(text) if each.rule in RULES]

    asked, bought, _ = MOST[language]
    other = ", {key: o, text: X, role: other, other_text: true}"
    assert rules(asked, other) == []
    assert rules(asked, "") == rules(bought, other) == ["options-not-exhaustive"]


@pytest.mark.parametrize(
    ("language", "stem", "options", "rule"),
    [
        ("en", WHEN, "Never|8 to 30 days ago|More than 30 days ago", "range-gap"),
        ("en", WHEN, "8 to 30 days ago|More than 30 days ago|Never", "range-gap"),
        ("en", "What do you use?", "Phone|Mail|Chat|Both|Neither", "options-not-exclusive"),
        ("en", "What do you use?", "Phone|Mail|Chat|All of them|None|Don't know", "options-not-exclusive"),
        ("en", "How many visits did you make last week?", "0|1 or 2|3 or 4|5 to 7", "options-not-exhaustive"),
        (
            "en",
            "On how many days last month were you ill?",
            "0|1 or 2|3 or 4|5 to 7",
            "options-not-exhaustive",
        ),
        ("tr", "Haftada kaç kez arıyorsunuz?", "0|1-2|3-4|5-7", "options-not-exhaustive"),
    ],
)
def test_a_list_with_a_hole_is_still_found(language: str, stem: str, options: str, rule: str) -> None:
    assert rule in found(language, stem, options)
