"""Lists of questions as people write them, in English, Turkish and Persian."""

from __future__ import annotations

import pytest

from feedback.core.questions import ScaleQuestion
from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. How satisfied are you? (1-5)", "csat"),
        ("1) How satisfied are you?", "csat"),
        ("- How likely are you to recommend us? 0 to 10", "nps"),
        ("Q1: Rate us (1 = bad, 7 = good)", "rating 1-7 bad good"),
        ("1. Rate the app (1-5 stars)", "stars"),
        ("How easy was it?\n1 - 7", "ces"),
        ("1. Did it work? yes/no", "single Yes No"),
        ("1. Did it work?", "single Yes No"),
        ("1. Did you call or write?", "text"),
        ("1. Which one?\n a) Red\n b) Blue\n c) Other: ____", "single Red Blue Other"),
        ("1. Which one?\nRed\nBlue", "single Red Blue"),
        ("1. Which one? (Red / Blue)", "single Red Blue"),
        ("1. Which one? Red, Blue, Green", "single Red Blue Green"),
        ("1. Which ones? (select all that apply)\n- Red\n- Blue", "multi Red Blue"),
        ("1. Which ones?\n☐ Red\n☐ Blue", "multi Red Blue"),
        ("1. Why? (open)", "text"),
        ("1. Your score\n1\n2\n3\n4", "rating 1-4"),
        ("1. Are you\n- Very satisfied\n- Satisfied\n- Neither satisfied nor dissatisfied\n- Dissatisfied\n"
         "- Very dissatisfied",
         "csat 1-5 Very dissatisfied Very satisfied"),
        ("Soru 1: Desteğimizden ne kadar memnunsunuz? (1-5 arası)", "csat"),
        ("1. Bizi tavsiye etme olasılığınız nedir? 0'dan 10'a", "nps"),
        ("1. Sorununuz çözüldü mü?", "single Evet Hayır"),
        ("1. Hangisi için yazdınız?\n- Kırmızı\n- Diğer\n- Hiçbiri", "single Kırmızı Diğer Hiçbiri"),
        ("۱. چقدر راضی هستید؟ (۱ تا ۵)", "csat"),
        ("سوال ۱: آیا مشکل حل شد؟", "single بله خیر"),
        ("۱) کدام؟ (قرمز، آبی، سایر)", "single قرمز آبی سایر"),
    ],
)  # fmt: skip
def test_a_question_gets_the_type_that_its_words_suggest(text: str, found: str) -> None:
    question = questionnaire(imported(text)).questions[0]
    parts = [question.type]
    if isinstance(question, ScaleQuestion) and question.scale:
        labels = [each.to("en") for _, each in sorted(question.scale.labels.items())]
        parts += [f"{question.minimum}-{question.maximum}", *(labels[:1] + labels[-1:] if labels else [])]
    parts += [
        next(iter(dict(each.text.variants(("en",))).values())) for each in getattr(question, "options", ())
    ]
    assert " ".join(parts) == found


MAIL = """Hi Sam,

Customer survey

1. Did we help? yes/no *
2. If no, why?
3. Which channel?
- Phone
- Prefer not to say

Thank you for your time!

Best regards
Ada {smiles}"""


def test_a_mail_becomes_a_draft_and_the_rest_of_it_is_named() -> None:
    draft = imported(MAIL)
    made = questionnaire(draft)
    assert draft.key == "customer-survey"
    assert types(draft) == {"q1": "single", "q2": "text", "q3": "single"}
    assert made.by_key["q1"].required
    assert shown_if(draft) == {"q2": {"question": "q1", "is": ("no",)}}
    assert made.by_key["q3"].options[1].role == "prefer_not_to_say"  # type: ignore[union-attr]
    assert made.thanks[0].text.to("en") == "Thank you for your time!"
    for words in ("Hi Sam,", "Best regards", "Ada {smiles}"):
        assert words in lost(draft)
