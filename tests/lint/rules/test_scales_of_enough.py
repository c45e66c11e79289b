"""Scales that turn on "enough", fit a purpose or have a medium degree are good scales, in each language's own words."""

from __future__ import annotations

import pytest
import yaml

from feedback import lint

GOOD = {
    "en": [
        (
            "How sufficient was the time set aside?",
            "Not sufficient|Partly sufficient|Sufficient|More than sufficient",
        ),
        ("How was the amount of detail in the review?", "Too little|Just right|Too much"),
        (
            "How many licences does your contract have?",
            "Far too few|Too few|About right|Too many|Far too many",
        ),
        (
            "How suitable is the time for your team?",
            "Not at all suitable|Slightly suitable|Suitable|Very suitable",
        ),
        ("What is the likelihood that you will renew?", "Very low|Low|Medium|High|Very high"),
    ],
    "tr": [
        ("Belgeler ne kadar yeterliydi?", "Yetersiz|Kısmen yeterli|Yeterli|Fazlasıyla yeterli"),
        ("Bilgi düzeyini nasıl değerlendirirsiniz?", "Çok yetersiz|Yetersiz|Orta|Yeterli|Çok yeterli"),
        ("Bilgi düzeyini nasıl değerlendirirsiniz?", "Çok yetersiz|Yetersiz|Yeterli|Çok yeterli"),
        ("Kullanıcı sayısı ihtiyacınıza göre nasıl?", "Gereğinden az|Yeterli|Gereğinden fazla"),
        ("Lisans sayısını nasıl değerlendirirsiniz?", "Çok az|Az|Yeterli|Fazla|Çok fazla"),
        ("Paket ekibinize ne kadar uygun?", "Hiç uygun değil|Az uygun|Orta|Uygun|Çok uygun"),
        ("Paket ekibinize ne kadar uygun?", "Hiç uygun değil|Biraz uygun|Orta düzeyde uygun|Uygun|Çok uygun"),
        ("Sözleşmenizi yenileme olasılığınız nedir?", "Çok düşük|Düşük|Orta|Yüksek|Çok yüksek"),
        ("Kullanıcı ekleme ihtimaliniz nedir?", "Çok düşük|Düşük|Orta|Yüksek|Çok yüksek"),
    ],
    "fa": [
        ("مستندات چقدر کافی بود؟", "ناکافی|تا حدی کافی|کافی|بیش از حد نیاز"),
        ("سطح دانش تیم ما را چگونه ارزیابی می‌کنید؟", "بسیار ناکافی|ناکافی|متوسط|کافی|بسیار کافی"),
        ("تعداد جلسه‌ها چطور بود؟", "کمتر از نیاز|به اندازهٔ نیاز|بیشتر از نیاز"),
        ("مقدار ایمیل‌های ما چگونه است؟", "خیلی کم|کم|کافی|زیاد|بیش از حد"),
        ("زمان جلسه چقدر مناسب است؟", "اصلاً مناسب نیست|کمی مناسب است|متوسط|مناسب است|بسیار مناسب است"),
        ("چقدر احتمال دارد تمدید کنید؟", "خیلی کم|کم|متوسط|زیاد|خیلی زیاد"),
    ],
}
BAD = {
    "en": [
        (
            "How many licences does your contract have?",
            "Far too few|Too few|About right|Too many",
            "scale-unbalanced",
        ),
        ("How was the help?", "Bad|Average|Good|Very good", "scale-unbalanced"),
        ("How satisfied are you?", "Never|Rarely|Sometimes|Often|Always", "scale-stem-mismatch"),
    ],
    "tr": [
        ("Hizmet nasıldı?", "Kötü|Orta|İyi|Çok iyi", "scale-unbalanced"),
        (
            "Lisans sayısını nasıl buldunuz?",
            "Yetersiz|Yeterli|Çok yeterli|Fazlasıyla yeterli",
            "scale-unbalanced",
        ),
        ("Ne kadar memnunsunuz?", "Çok düşük|Düşük|Soğuk|Yüksek|Çok yüksek", "scale-not-graduated"),
    ],
    "fa": [
        ("کمک ما چطور بود؟", "بد|متوسط|خوب|خیلی خوب", "scale-unbalanced"),
        ("مستندات چطور بود؟", "ناکافی|کافی|بسیار کافی|بیش از حد نیاز", "scale-unbalanced"),
    ],
}


def found(language: str, stem: str, labels: str) -> set[str]:
    """The errors and warnings about the scale."""
    points = labels.split("|")
    scale = {"min": 1, "max": len(points), "labels": dict(enumerate(points, 1))}
    question = {"key": "q", "type": "rating", "purpose": "trend", "text": stem, "scale": scale}
    survey = {"key": "s", "title": "Survey", "languages": [language], "questions": [question]}
    (result,) = lint.check_texts(
        [("s.yaml", yaml.safe_dump(survey, allow_unicode=True))], settings=lint.LintContext()
    )
    return {
        each.rule for each in result.problems if each.rule.startswith("scale-") and each.severity != "info"
    }


@pytest.mark.parametrize(
    ("language", "stem", "labels"), [(each, *item) for each, items in GOOD.items() for item in items]
)
def test_a_scale_that_turns_on_enough_or_has_a_medium_degree_is_good(
    language: str, stem: str, labels: str
) -> None:
    assert found(language, stem, labels) == set()


@pytest.mark.parametrize(
    ("language", "stem", "labels", "rule"), [(each, *item) for each, items in BAD.items() for item in items]
)
def test_a_scale_that_leans_or_mixes_is_still_found(language: str, stem: str, labels: str, rule: str) -> None:
    assert rule in found(language, stem, labels)


STAGES = {
    "en": ("At what stage is the rollout?", "Paperwork|Wiring|Training|Handover"),
    "tr": ("Yaygınlaşma hangi aşamada?", "Evrak|Kablo döşeme|Eğitim|Teslim"),
    "fa": ("استقرار در کدام مرحله است؟", "مدارک|سیم‌کشی|آموزش|تحویل"),
}


@pytest.mark.parametrize("language", STAGES)
def test_stages_that_a_question_asks_for_stand_in_their_own_order(language: str) -> None:
    stem, listed = STAGES[language]
    options = [{"key": f"o{number}", "text": text} for number, text in enumerate(listed.split("|"))]
    question = {"key": "q", "type": "single", "purpose": "plan", "text": stem, "options": options}
    survey = {"key": "s", "title": "Survey", "languages": [language], "questions": [question]}
    (result,) = lint.check_texts(
        [("s.yaml", yaml.safe_dump(survey, allow_unicode=True))], settings=lint.LintContext()
    )
    assert {each.rule for each in result.problems} & {
        "options-not-randomised",
        "options-not-exhaustive",
    } == set()
    survey["questions"] = [
        {**question, "text": {"en": "Which one?", "tr": "Hangisi?", "fa": "کدام؟"}[language]}
    ]
    (result,) = lint.check_texts(
        [("s.yaml", yaml.safe_dump(survey, allow_unicode=True))], settings=lint.LintContext()
    )
    assert "options-not-randomised" in {each.rule for each in result.problems}


@pytest.mark.parametrize(
    ("language", "stem", "listed"),
    [
        (
            "en",
            "Did it arrive early, on time or late?",
            "It arrived early|It arrived on time|It arrived late",
        ),
        ("en", "Would you rather have it weekly or monthly?", "Weekly|Monthly|I don't mind"),
        ("tr", "Erken mi, zamanında mı, geç mi ulaştı?", "Erken ulaştı|Zamanında ulaştı|Geç ulaştı"),
        ("tr", "Haftalık mı aylık mı almak istersiniz?", "Haftalık|Aylık|Fark etmez"),
        ("fa", "زود رسید، سر وقت یا دیر؟", "زود رسید|سر وقت رسید|دیر رسید"),
        ("fa", "هفتگی دریافت کنید یا ماهانه؟", "هفتگی|ماهانه|فرقی ندارد"),
    ],
)
def test_answers_in_the_words_of_the_question_leave_nobody_out(language: str, stem: str, listed: str) -> None:
    options = [{"key": f"o{number}", "text": text} for number, text in enumerate(listed.split("|"))]
    question = {"key": "q", "type": "single", "purpose": "plan", "text": stem, "options": options}
    survey = {"key": "s", "title": "Survey", "languages": [language], "questions": [question]}
    (result,) = lint.check_texts(
        [("s.yaml", yaml.safe_dump(survey, allow_unicode=True))], settings=lint.LintContext()
    )
    assert "options-not-exhaustive" not in {each.rule for each in result.problems}
