"""Lists whose order shows in how they are built, and lists that only look like it."""

from __future__ import annotations

import pytest

from feedback import lint

ORDERED = {
    "en": [
        "Well under budget|Slightly under|On budget|Slightly over|Well over",
        "Far drabber|A bit drabber|As before|A bit hipper|Far hipper",
        "None of it|Less than half|About half|More than half|All of it",
        "Everyone|Most people|A few people|Nobody",
        "Definitely closing it|Might close it|Keeping it",
        "Dim|About right|Glaring",
        "Not started|Setting it up|Live",
        "Quicker than expected|As expected|Slower than expected|It has not arrived yet",
        "Yes|No|I did not know that there is one",
        "Undamaged|Slightly damaged|Badly damaged|It has not arrived",
        "Yes, all of them|Most of them|A few of them|No, none of them",
    ],
    "tr": [
        "Beklentimin çok altında|Biraz altında|Beklediğim gibi|Biraz üstünde|Beklentimin çok üstünde",
        "Herkes|Çoğu kişi|Birkaç kişi|Hiç kimse",
        "Kesinlikle kapatacağım|Belki kapatırım|Kapatmayacağım",
        "Loş|Uygun|Fazla parlak",
        "Kendim yaptım|Biraz yardım aldım|Tamamen başkası yaptı",
        "Henüz başlamadık|Kurulum aşamasındayız|Kullanıyoruz",
        "Ay başında|Ay ortasında|Ay sonunda|Belirli bir zamanı yok",
    ],
    "fa": [
        "خیلی کوتاه‌تر|کمی کوتاه‌تر|همان‌قدر که انتظار داشتم|کمی طولانی‌تر|خیلی طولانی‌تر",
        "هنوز تحویل نداده‌ام|در دست تعمیر است|تعمیر شده و تحویل گرفته‌ام",
        "همه|بیشترشان|بعضی‌ها|هیچ‌کس",
        "حتماً می‌بندم|شاید ببندم|نمی‌بندم",
        "سالم|کمی آسیب‌دیده|کاملاً خراب",
        "اول ماه|وسط ماه|آخر ماه|وقت ثابتی ندارد",
        "بله|خیر|نمی‌دانستم چنین چیزی وجود دارد",
        "کم‌نور|مناسب|پرنور",
        "خوشایند بود|نه خوشایند نه ناخوشایند|ناخوشایند بود|متوجه آن نشدم",
        "کامل خوانده‌ام|نگاهی انداخته‌ام|نخوانده‌ام",
    ],
}
UNORDERED = {
    "en": [
        "The price|A slow app|Rude staff|Too few branches",
        "Very friendly staff|A pool|A very big garden|Near the sea",
        "By phone|In the app|On the website|In a branch",
    ],
    "tr": ["Fiyat|Yavaş uygulama|Kaba personel|Az şube", "Çok güzel bahçe|Havuz|Manzara|Çok büyük oda"],
    "fa": ["قیمت|برنامهٔ کند|شعبهٔ کم|رفتار کارکنان", "باغ خیلی بزرگ|استخر|منظره|اتاق خیلی تمیز"],
}
STEMS = {"en": "Which of these is it?", "tr": "Hangisi?", "fa": "کدام‌یک؟"}


def found(language: str, options: str, stem: str = "") -> set[str]:
    listed = "".join(f'\n      - {{key: o{n}, text: "{each}"}}' for n, each in enumerate(options.split("|")))
    text = (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
        f'  - key: q\n    type: single\n    purpose: P\n    text: "{stem or STEMS[language]}"\n    options:{listed}\n'
    )
    return {each.rule for each in lint.check(text)} & {"options-not-randomised", "options-not-exhaustive"}


@pytest.mark.parametrize(("language", "options"), [(a, b) for a, many in ORDERED.items() for b in many])
def test_an_order_that_shows_in_the_options_is_left_alone(language: str, options: str) -> None:
    assert found(language, options) == set()


@pytest.mark.parametrize(("language", "options"), [(a, b) for a, many in UNORDERED.items() for b in many])
def test_a_list_without_an_order_is_still_reported(language: str, options: str) -> None:
    assert found(language, options) == {"options-not-randomised", "options-not-exhaustive"}


@pytest.mark.parametrize(
    ("language", "stem", "options"),
    [
        ("en", "How do you prefer to hear from us?", "E-mail|Text message|Post|No preference"),
        ("tr", "Haberleri hangi yolla almak istersiniz?", "E-posta|SMS|Posta|Fark etmez"),
        ("fa", "دوست دارین خبرها رو چطوری بگیرین؟", "پیامک|ایمیل|حضوری|فرقی نمی‌کنه"),
    ],
)
def test_who_chooses_between_what_is_on_offer_needs_no_other(language: str, stem: str, options: str) -> None:
    assert found(language, options, stem) == set()
    with_no_way_out = options.rpartition("|")[0]
    assert "options-not-exhaustive" in found(language, with_no_way_out, stem)
