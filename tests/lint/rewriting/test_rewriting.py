"""What the linter offers in place of what it finds fault with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest
import yaml

from feedback.core.text.folding import fold
from feedback.core.text.translatable import TranslatableText
from feedback.lint import Finding, check
from feedback.lint.options.numeric_bands import gap, overlap, parse
from feedback.lint.rewriting import REWRITES
from tests.lint.judging import batches
from tests.lint.judging.items import items, question

YES_NO = {"en": ["Yes", "No"], "tr": ["Evet", "Hayır"], "fa": ["بله", "خیر"]}
AGREE = {
    "en": ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"],
    "tr": ["Kesinlikle katılmıyorum", "Katılmıyorum", "Kararsızım", "Katılıyorum", "Kesinlikle katılıyorum"],
    "fa": ["کاملاً مخالفم", "مخالفم", "نه موافق نه مخالف", "موافقم", "کاملاً موافقم"],
}
HOW_MUCH = {"en": ["A little", "Quite a bit", "A lot"], "tr": ["Biraz", "Oldukça", "Çok"]}


def survey(text: str, language: str, form: str) -> str:
    asked: dict[str, object] = {"key": "q", "text": text}
    if form == "yes-no":
        asked |= {"type": "single", "options": YES_NO[language]}
    elif form == "agree":
        asked |= {
            "type": "rating",
            "scale": {"min": 1, "max": 5, "labels": dict(enumerate(AGREE[language], 1))},
        }
    elif form == "how-much":
        asked |= {
            "type": "rating",
            "scale": {"min": 1, "max": 3, "labels": dict(enumerate(HOW_MUCH[language], 1))},
        }
    else:
        asked["type"] = form
    before = {
        "key": "before",
        "type": "csat",
        "text": batches.BEFORE.get(language, "Wie zufrieden sind Sie?"),
    }
    file = {"key": "s", "title": "Visit", "languages": [language], "questions": [before, asked]}
    return yaml.safe_dump(file, allow_unicode=True, width=10_000)


def rewrite(rule: str, text: str, language: str = "en", form: str = "csat") -> str:
    (problem,) = [each for each in check(survey(text, language, form)) if each.rule == rule]
    return problem.rewrite


@pytest.mark.parametrize(
    ("language", "form", "text", "expected"),
    [
        (
            "en",
            "yes-no",
            "Did the driver call you and greet you?",
            "Did the driver call you? / Did the driver greet you?",
        ),
        (
            "en",
            "csat",
            "How satisfied are you with our onboarding and the documentation?",
            "How satisfied are you with our onboarding? / How satisfied are you with the documentation?",
        ),
        (
            "en",
            "csat",
            "How easy was it to find and book a room?",
            "How easy was it to find a room? / How easy was it to book a room?",
        ),
        (
            "en",
            "yes-no",
            "Was the courier on time and polite?",
            "Was the courier on time? / Was the courier polite?",
        ),
        ("en", "yes-no", "Did you cancel because of the price?", "Why did you cancel?"),
        (
            "fa",
            "csat",
            "از آموزش عالی ما و مستندات ما چقدر راضی هستید؟",
            "از آموزش عالی ما چقدر راضی هستید؟ / از مستندات ما چقدر راضی هستید؟",
        ),
        (
            "fa",
            "csat",
            "از غذا و سرویس ما چقدر راضی هستید؟",
            "از غذای ما چقدر راضی هستید؟ / از سرویس ما چقدر راضی هستید؟",
        ),
        (
            "tr",
            "csat",
            "Destek ekibimizin hızı ve kalitesinden ne kadar memnunsunuz?",
            "Destek ekibimizin hızından ne kadar memnunsunuz? / "
            "Destek ekibimizin kalitesinden ne kadar memnunsunuz?",
        ),
        (
            "tr",
            "csat",
            "Fiyat ve kaliteden ne kadar memnunsunuz?",
            "Fiyattan ne kadar memnunsunuz? / Kaliteden ne kadar memnunsunuz?",
        ),
        (
            "tr",
            "yes-no",
            "Sürücümüz kibar ve deneyimli miydi?",
            "Sürücümüz kibar mıydı? / Sürücümüz deneyimli miydi?",
        ),
        (
            "de",
            "csat",
            "Wie zufrieden sind Sie mit dem Essen und der Qualität?",
            "Wie zufrieden sind Sie mit dem Essen? / Wie zufrieden sind Sie mit der Qualität?",
        ),
        (
            "es",
            "csat",
            "¿Qué tan satisfecho está con el precio y la calidad?",
            "¿Qué tan satisfecho está con el precio? / ¿Qué tan satisfecho está con la calidad?",
        ),
    ],
)
def test_a_doubled_question_is_split_where_both_halves_can_stand(language, form, text, expected):
    assert rewrite("double-barrelled", text, language, form) == expected


@pytest.mark.parametrize(
    ("language", "form", "text", "named"),
    [
        ("fa", "yes-no", "آیا پیک به موقع آمد و مشکل را حل کرد؟", ("آمد", "مشکل")),
        ("tr", "yes-no", "Kurye zamanında geldi ve kibar davrandı mı?", ("geldi", "kibar davrandı")),
        (
            "en",
            "csat",
            "Please rate the taste, temperature and presentation of your meal.",
            ("taste", "temperature"),
        ),
        ("en", "csat", "How would you rate our warm, clean and quiet rooms?", ("“warm”", "“clean”")),
        ("fr", "csat", "Êtes-vous satisfait du prix et la qualité ?", ("prix", "qualité")),
        ("ar", "csat", "هل أنت راض عن الطعام وكذلك الخدمة؟", ("الطعام", "الخدمة")),
    ],
)
def test_a_doubled_question_that_does_not_split_for_certain_gets_advice_that_names_the_parts(
    language, form, text, named
):
    found = rewrite("double-barrelled", text, language, form)
    assert isinstance(found, TranslatableText)
    assert all(each in found for each in named)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "And was it good?"),
        ("en", "& was it good?"),
        ("tr", "Ve nasıldı?"),
        ("tr", "Peki ya temiz miydi?"),
        ("fa", "و چطور بود؟"),
    ],
)
def test_a_conjunction_that_opens_a_question_joins_nothing(language, text):
    assert "double-barrelled" not in [each.rule for each in check(survey(text, language, "yes-no"))]


@pytest.mark.parametrize(
    ("rule", "language", "form", "text", "expected"),
    [
        (
            "presupposition",
            "en",
            "text",
            "What did you like best?",
            "What, if anything, did you like best?",
        ),
        (
            "presupposition",
            "en",
            "how-much",
            "How much has our software improved your productivity?",
            "Add the answer “Not at all” at the lower end.",
        ),
        (
            "recall-period-missing",
            "en",
            "text",
            "How many times do you return a product?",
            "In the last 3 months, how many times did you return a product?",
        ),
        (
            "recall-period-missing",
            "tr",
            "text",
            "Kaç kez ürün iade ettiniz?",
            "Son 3 ayda kaç kez ürün iade ettiniz?",
        ),
        (
            "recall-period-missing",
            "fa",
            "text",
            "چند بار کالا پس داده‌اید؟",
            "در ۳ ماه گذشته چند بار کالا پس داده‌اید؟",
        ),
        (
            "recall-too-long",
            "en",
            "text",
            "In the last 12 months, how many times did you buy coffee?",
            "In the last 30 days, how many times did you buy coffee?",
        ),
        (
            "recall-too-long",
            "tr",
            "text",
            "Son 12 ayda kaç kez kahve aldınız?",
            "Son 30 günde kaç kez kahve aldınız?",
        ),
        (
            "recall-too-long",
            "fa",
            "text",
            "در ۱۲ ماه گذشته چند بار قهوه خریدید؟",
            "در ۳۰ روز گذشته چند بار قهوه خریدید؟",
        ),
        ("score-begging", "en", "csat", "Please give us 5 stars! How was the ride?", "How was the ride?"),
        (
            "vague-wording",
            "en",
            "yes-no",
            "Have you contacted us lately?",
            "In the last 30 days, have you contacted us?",
        ),
    ],
)
def test_a_finding_offers_this_very_text_without_its_fault(rule, language, form, text, expected):
    assert rewrite(rule, text, language, form) == expected


@pytest.mark.parametrize(
    ("rule", "language", "form", "text", "words"),
    [
        ("leading-wording", "en", "yes-no", "Our prices are fair, aren't they?", "aren't they"),
        ("leading-wording", "en", "csat", "How would you rate our fast and friendly support?", "friendly"),
        (
            "leading-wording",
            "tr",
            "csat",
            "Hızlı ve güler yüzlü desteğimizi nasıl değerlendirirsiniz?",
            "güler yüzlü",
        ),
        (
            "leading-wording",
            "fa",
            "csat",
            "پشتیبانی سریع و مهربان ما را چطور ارزیابی می\u200cکنید؟",
            "مهربان",
        ),
        ("leading-wording", "en", "yes-no", "Don't you think our prices are fair?", "Don't you think"),
        ("leading-wording", "en", "csat", "How amazing was your stay?", "amazing"),
        ("leading-wording", "en", "yes-no", "Do you feel that our staff were rude?", "Do you feel"),
        ("leading-wording", "en", "yes-no", "Should we open on Sundays?", "Should we"),
        (
            "leading-wording",
            "en",
            "yes-no",
            "Experts recommend yearly checks. Did you eat breakfast today?",
            "Experts recommend",
        ),
        ("leading-wording", "en", "agree", "The food was delicious.", "delicious"),
        ("leading-wording", "tr", "yes-no", "Fiyatlarımız uygun, değil mi?", "değil mi"),
        ("leading-wording", "tr", "yes-no", "Harika ekibimizden memnun kaldınız mı?", "Harika"),
        ("leading-wording", "tr", "csat", "Konser ne kadar harikaydı?", "ne kadar harikaydı"),
        (
            "leading-wording",
            "fa",
            "yes-no",
            "قیمت\u200cهای ما مناسب است، این\u200cطور نیست؟",
            "این\u200cطور نیست",
        ),
        ("leading-wording", "fa", "csat", "کنسرت چقدر عالی بود؟", "عالی"),
        ("absolute-term", "en", "yes-no", "Do our couriers always ring the bell?", "always"),
        ("absolute-term", "en", "yes-no", "Was the apartment perfectly clean?", "perfectly"),
        ("absolute-term", "tr", "yes-no", "Kuryelerimiz her zaman zili çalar mı?", "her zaman"),
        ("absolute-term", "fa", "yes-no", "آیا پیک همیشه زنگ می\u200cزند؟", "همیشه"),
        ("negation", "en", "yes-no", "Didn't the alarm ring?", "Didn't"),
        ("negation", "tr", "yes-no", "Kargo zamanında gelmedi mi?", "gelmedi"),
        ("negation", "tr", "yes-no", "Giriş yapamadınız mı?", "yapamadınız"),
        ("negation", "fa", "yes-no", "آیا بسته نرسید؟", "نرسید"),
        ("double-negative", "en", "agree", "The queue was not long.", "not"),
        ("double-negative", "tr", "agree", "Oda soğuk değildi.", "değil"),
        ("vague-wording", "en", "yes-no", "Do you regularly shop with us?", "regularly"),
        ("vague-wording", "tr", "yes-no", "Mağazamıza sık sık uğrar mısınız?", "sık sık"),
    ],
)
def test_where_grammar_leaves_doubt_the_advice_quotes_the_words_at_fault(rule, language, form, text, words):
    found = rewrite(rule, text, language, form)
    assert isinstance(found, TranslatableText)
    assert f"“{words}" in found


@pytest.mark.parametrize(
    ("rule", "form", "text"),
    [
        ("hypothetical", "yes-no", "If parking cost less, would you drive to us?"),
        ("undefined-jargon", "csat", "How clear was the EOB that we sent?"),
        ("vague-wording", "yes-no", "Did you have any issues?"),
        ("leading-wording", "yes-no", "Everyone loves our new app. Do you?"),
        ("absolute-term", "yes-no", "Do you trust nobody with your password?"),
    ],
)
def test_where_no_text_is_certain_the_advice_quotes_the_words(rule, form, text):
    (problem,) = [each for each in check(survey(text, "en", form)) if each.rule == rule]
    assert isinstance(problem.rewrite, TranslatableText)
    quoted = problem.quoted.strip(" ,")
    assert quoted in problem.rewrite


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The hall was warm."),
        ("en", "The packaging protected the glasses well."),
        ("tr", "Salon sıcaktı."),
        ("fa", "سالن گرم بود."),
    ],
)
def test_agreement_gets_the_advice_to_ask_for_the_property_and_no_invented_one(language, text):
    found = rewrite("agree-disagree-scale", text, language, "agree")
    assert isinstance(found, TranslatableText)
    assert found.startswith("Ask for the property itself")
    assert text.split()[0] not in found


def listed(rule: str, options: list[str], language: str = "en") -> str:
    asked = {"key": "q", "type": "single", "text": "How many employees?", "options": options}
    file = {"key": "s", "title": "Visit", "languages": [language], "questions": [asked]}
    found = [each for each in check(yaml.safe_dump(file, allow_unicode=True)) if each.rule == rule]
    return found[0].rewrite


@pytest.mark.parametrize(
    ("language", "options", "expected"),
    [
        ("en", ["1-50", "51-200", "201-1000"], "Add “1001 or more”."),
        ("en", ["1-50", "51-200", "201-1,000"], "Add “1,001 or more”."),
        ("en", ["18-29", "30-39", "40 or over"], "Add “Under 18”."),
        ("en", ["$0-$49", "$50-$99"], "Add “$100 or more”."),
        ("tr", ["1-10", "11-50"], "Add “51 ve üzeri”."),
        ("fa", ["۱ تا ۱۰", "۱۱ تا ۵۰"], "Add “۵۱ و بیشتر”."),
        (
            "en",
            ["Price", "Quality", "Service"],
            "Add “Something else” with `role: other` and `other_text: true`.",
        ),
        ("tr", ["Her gün", "Her hafta", "Her ay"], "Add “Hiçbir zaman”."),
    ],
)
def test_the_missing_answer_is_worked_out_from_the_list(language, options, expected):
    assert listed("options-not-exhaustive", options, language) == expected


@pytest.mark.parametrize(
    ("rule", "language", "options", "expected"),
    [
        ("range-overlap", "en", ["1-3", "3-6", "7 or more"], "1-3 | 4-6 | 7 or more"),
        ("range-overlap", "en", ["up to 2", "up to 4", "more than 4"], "up to 2 | 3-4 | more than 4"),
        ("range-overlap", "fa", ["۱۰ تا ۲۰", "۲۰ تا ۳۰"], "۱۰ تا ۲۰ | ۲۱ تا ۳۰"),
        ("range-overlap", "en", ["1 to 1,000", "1,000 to 5,000"], "1 to 1,000 | 1,001 to 5,000"),
        ("range-gap", "en", ["1-4", "6-9"], "1-4 | 5-9"),
        ("range-gap", "en", ["0-9", "20+"], "0-9 | 10-19 | 20+"),
        ("range-gap", "tr", ["18 yaş altı", "20-30"], "18 yaş altı | 18-30"),
        ("range-gap", "en", ["under 10", "12+"], "under 10 | 10+"),
    ],
)
def test_bands_are_corrected_with_the_numbers_of_the_list(rule, language, options, expected):
    assert listed(rule, options, language) == expected


# All texts that have been written to break the rules


@cache
def problems(language: str) -> tuple[Finding, ...]:
    return tuple(_problems(language))


def _problems(language: str) -> Iterator[Finding]:
    for item in items(language):
        file = {"key": "s", "title": "Survey", "languages": [language], "questions": [question(item)]}
        yield from batches.problems(batches.written(file))
    for batch in sorted(each.name for each in batches.BATCHES.iterdir()):
        for case in batches.cases(language, batch):
            yield from batches.problems(batches.written(batches.survey(case)))


DETERMINERS = r"(?:the|our|your|its|their|my|a|an)"
SEAMS = {
    "en": rf"\b{DETERMINERS} {DETERMINERS}\b|\b(?:with|of|for) (?:and|or|of|for|with)\b"
    r"|\b(?:and|or|the|our|with|of)\s*[?.]",
    "tr": r"(?<!\w)(?:ve|veya|ya da|ile)\s*[?.]|m[ıiuü] m[ıiuü]|\bne kadar ne kadar\b",
    "fa": r"(?<!\w)(?:از|به|در) (?:از|به|در|و|را)(?!\w)|(?<!\w)(?:و|یا|را)\s*[.؟]|(?:ما ما|شما شما)",
}


@pytest.mark.uncounted
@pytest.mark.parametrize("language", ["en", "tr", "fa"])
def test_no_rewrite_shows_its_seam(language):
    rules = {*REWRITES, "agree-disagree-scale"}
    found = [each for each in problems(language) if each.rewrite and each.rule in rules]
    shown = [each for each in found if not isinstance(each.rewrite, TranslatableText)]
    assert len(shown) > 150
    for problem in shown:
        known = fold(problem.wording, language)
        for sentence in problem.rewrite.split(" / "):
            words = re.findall(r"[\w'’\u200c-]+", fold(sentence, language))
            doubled = [one for one, two in pairwise(words) if one == two]
            assert all(f"{each} {each}" in known for each in doubled), problem.rewrite
            assert not sentence[:1].islower(), problem.rewrite
            assert "  " not in sentence
            assert not re.search(r"\s[,،.؟]|[,،]\s*[,،.?؟]", sentence), problem.rewrite
            seam = re.search(SEAMS[language], fold(sentence, language))
            assert not seam or re.search(SEAMS[language], known), problem.rewrite


def test_a_turkish_particle_takes_its_vowel_from_the_word_before_it():
    split = [each for each in problems("tr") if each.rule == "double-barrelled"]
    shown = [each for each in split if not isinstance(each.rewrite, TranslatableText)]
    asked = [each for each in shown if re.search(r"\w m[ıiuü]\w*\s*\?", each.rewrite)]
    assert len(asked) > 10
    for problem in asked:
        for word, particle in re.findall(r"(\w+) (m[ıiuü])\w*\s*\?", problem.rewrite):
            last = [letter for letter in word.lower() if letter in "aıoueiöüâ"][-1:]
            expected = {
                "a": "ı",
                "ı": "ı",
                "â": "ı",
                "o": "u",
                "u": "u",
                "e": "i",
                "i": "i",
                "ö": "ü",
                "ü": "ü",
            }
            assert not last or particle[1] == expected[last[0]], problem.rewrite


@pytest.mark.parametrize("language", ["en", "tr", "fa"])
def test_every_error_and_warning_about_words_or_bands_offers_something(language):
    silent = {"reading-level", "question-too-long", "missing-not-applicable", "sensitive-without-opt-out"}
    without = {
        each.rule
        for each in problems(language)
        if each.severity != "info" and not each.rewrite and each.rule not in silent
    }
    assert not without & {
        "absolute-term",
        "agree-disagree-scale",
        "double-barrelled",
        "double-negative",
        "hypothetical",
        "leading-wording",
        "negation",
        "options-not-exhaustive",
        "presupposition",
        "range-gap",
        "range-overlap",
        "recall-period-missing",
        "score-begging",
        "undefined-jargon",
        "vague-wording",
    }


@pytest.mark.parametrize("language", ["en", "tr", "fa"])
def test_corrected_bands_neither_overlap_nor_leave_anything_out(language):
    of_bands = [each for each in problems(language) if each.rule in ("range-overlap", "range-gap")]
    corrected = [each for each in of_bands if each.rewrite and not isinstance(each.rewrite, TranslatableText)]
    assert len(corrected) > 10
    for problem in corrected:
        bands = [band for text in problem.rewrite.split(" | ") if (band := parse(text, language))]
        pairs = [(one, other) for n, one in enumerate(bands) for other in bands[n + 1 :]]
        same = [pair for pair in pairs if pair[0].family == pair[1].family and pair[0].noun == pair[1].noun]
        assert all(overlap(one, other) is None for one, other in same), problem.rewrite
        if problem.rule == "range-gap" and len(same) == 1:
            assert gap(*sorted(same[0], key=lambda band: band.low)) is None, problem.rewrite
