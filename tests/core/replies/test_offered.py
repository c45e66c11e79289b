"""Which answer of a list a reply names, in three languages."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from feedback.core.answer import Answer
from feedback.core.questions import AnyQuestion
from feedback.core.replies.offered import Offered, is_askable, offered
from feedback.core.replies.reply import ScoreReply, Stop, Unclear

OPTIONS = {
    "en": ["The price", "Quality", "It took too long", "Something else"],
    "tr": ["Fiyat", "Kalite", "Çok uzun sürdü", "Başka bir şey"],
    "fa": ["قیمت", "کیفیت", "خیلی طول کشید", "چیز دیگر"],
}
KEYS = ("price", "quality", "slow", "other")
NO_ANSWER = {
    "en": {"dont_know": "I do not know", "not_applicable": "This does not apply to me"},
    "tr": {"dont_know": "Bilmiyorum", "not_applicable": "Bana uymuyor"},
    "fa": {"dont_know": "نمی‌دانم", "not_applicable": "به من مربوط نیست"},
}


def question(*texts: str, **more: Any) -> AnyQuestion:
    options: list[dict[str, Any]] = [{"key": f"k{at}", "text": text} for at, text in enumerate(texts)]
    return TypeAdapter(AnyQuestion).validate_python(
        {"key": "q", "type": "single", "text": "Why?", "options": options, **more}
    )


def offer(asked: AnyQuestion, language: str = "en") -> Offered:
    assert is_askable(asked)
    return offered(asked, language, "seed", NO_ANSWER[language])


def reasons(language: str) -> Offered:
    options: list[dict[str, Any]] = [
        {"key": key, "text": text} for key, text in zip(KEYS, OPTIONS[language], strict=True)
    ]
    options[-1] |= {"role": "other", "other_text": True}
    return offer(question(options=options, dont_know=True, not_applicable=True), language)


def answered(offer: Offered, text: str, language: str) -> Answer | None:
    meaning = offer.read(text, language)
    return offer.answer(meaning) if isinstance(meaning, ScoreReply) else None


@pytest.mark.parametrize(
    ("language", "text", "chosen"),
    [
        ("en", "1", "price"),
        ("en", " 2. ", "quality"),
        ("en", "2️⃣", "quality"),
        ("en", "four", "other"),
        ("en", "2 thanks", "quality"),
        ("en", "it's 3", "slow"),
        ("en", "5", "not_applicable"),
        ("en", "n/a", "not_applicable"),
        ("en", "6", "dont_know"),
        ("en", "idk", "dont_know"),
        ("en", "I don't know", "dont_know"),
        ("en", "QUALITY", "quality"),
        ("en", "qual", "quality"),
        ("en", "the price!", "price"),
        ("en", "it took", "slow"),
        ("tr", "3'tür", "slow"),
        ("tr", "iki", "quality"),
        ("tr", "FİYAT", "price"),
        ("tr", "kal", "quality"),
        ("tr", "cok uzun", "slow"),  # without Turkish letters
        ("tr", "2. teşekkürler", "quality"),
        ("tr", "emin değilim", "dont_know"),
        ("tr", "bana uymuyor", "not_applicable"),
        ("fa", "۱", "price"),
        ("fa", "٢", "quality"),
        ("fa", "سه", "slow"),
        ("fa", "كيفيت", "quality"),
        ("fa", "خیلی طول", "slow"),
        ("fa", "نمی دونم", "dont_know"),
        ("fa", "به من مربوط نیست", "not_applicable"),
    ],
)
def test_an_answer_is_named_by_number_label_or_beginning(language: str, text: str, chosen: str) -> None:
    found = answered(reasons(language), text, language)
    assert found is not None
    assert (found.value, found.text) == (chosen, None)


@pytest.mark.parametrize(
    ("language", "text", "chosen", "words"),
    [
        ("en", "Something else: the driver was rude", "other", "the driver was rude"),
        ("en", "4, the driver was rude", "other", "the driver was rude"),
        ("tr", "Başka bir şey: şoför kabaydı", "other", "şoför kabaydı"),
        ("fa", "چیز دیگر: راننده بد بود", "other", "راننده بد بود"),
    ],
)
def test_words_go_into_the_box_of_the_option_that_has_one(
    language: str, text: str, chosen: str, words: str
) -> None:
    assert answered(reasons(language), text, language) == Answer(chosen, words)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "it"),  # two letters that are no whole word of one option only
        ("en", "k"),
        ("en", "1 or 2"),
        ("en", "1 2"),
        ("en", "1 thing: faster answers"),
        ("en", "2 of your drivers were rude"),
        ("en", "I waited 2 days"),
        ("en", "my boss called 3"),
        ("en", "9"),
        ("tr", "2 gün bekledim"),
        ("tr", "1 şey eksik"),
        ("fa", "۲ روز منتظر ماندم"),
        ("fa", "۱ یا ۲"),
    ],
)
def test_what_can_be_read_otherwise_chooses_nothing(language: str, text: str) -> None:
    meaning = reasons(language).read(text, language)
    assert isinstance(meaning, Unclear)
    assert meaning.text == text


def test_a_number_that_begins_another_option_chooses_nothing() -> None:
    durations = offer(question("1 month", "3 months", "12 months"))
    assert isinstance(durations.read("3", "en"), Unclear)  # the third one, or three months
    assert answered(durations, "1", "en") == Answer("k0")
    assert answered(durations, "3 months", "en") == Answer("k1")


def test_other_words_for_yes_and_no_choose_these_options() -> None:
    assert answered(offer(question("Yes", "No")), "yep", "en") == Answer("k0")
    assert answered(offer(question("Evet", "Hayır"), "tr"), "yok", "tr") == Answer("k1")
    assert answered(offer(question("بله", "خیر"), "fa"), "آره", "fa") == Answer("k0")


def test_an_opt_out_wins_over_an_option() -> None:
    assert reasons("en").read("stop", "en") == Stop("certain")
    assert reasons("fa").read("لغو", "fa") == Stop("certain")
    assert offer(question("Cancel", "Stay")).read("cancel", "en") == Stop("certain")


def test_shuffled_options_have_the_numbers_of_their_order() -> None:
    asked = question("A1", "B1", "C1", "D1", randomize=True)
    assert is_askable(asked)
    for seed in ("a", "b", "c"):
        found = offered(asked, "en", seed, {})
        for number, text in found.listed:
            assert answered(found, str(number), "en") == Answer(f"k{'ABCD'.index(text[0])}")


def test_a_scale_keeps_its_numbers_and_declines_in_words() -> None:
    scale = TypeAdapter(AnyQuestion).validate_python(
        {"key": "q", "type": "csat", "text": "Satisfied?", "dont_know": True}
    )
    found = offer(scale)
    assert answered(found, "5", "en") == Answer(5)
    assert answered(found, "Very satisfied", "en") == Answer(5)
    assert answered(found, "not sure", "en") == Answer("dont_know")
    assert isinstance(found.read("not sure, maybe 3", "en"), Unclear)
    assert isinstance(found.read("n/a", "en"), Unclear)  # it is not offered


def test_only_short_lists_of_one_answer_and_scales_can_be_asked() -> None:
    assert not is_askable(question(*(f"Option {n}" for n in range(10))))
    for kind in ("multi", "ranking"):
        assert not is_askable(question("A1", "B1", type=kind))
