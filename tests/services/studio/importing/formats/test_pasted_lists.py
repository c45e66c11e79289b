"""Whole lists as people copy them from documents and mails: what is a question, which type, what is left out."""

from __future__ import annotations

import pytest

from feedback import lint
from feedback.core.questions import ChoiceQuestion, NoteQuestion, ScaleQuestion, TextQuestion
from feedback.core.questions.matrix import MatrixQuestion
from feedback.services.studio.importing.reading import ImportedDraft, read_text
from tests.services.studio.importing.reports import lost, questionnaire

DENSE = """\
Onboarding survey 2026
1. How satisfied are you with the kick-off? (1 = very dissatisfied, 5 = very satisfied)
2. How likely is it that you would recommend us? Please answer from 0 (not at all likely) to 10 (extremely likely).
3. What is the main reason for your score?
4. Did the trainer answer your questions?
5. How many colleagues took part?
6. On which day did you go live?
7. Is there anything else you would like to add?"""
LETTERS = """\
1) Which plan do you have?
   a) Start
   b) Team
   c) Other: ______
2) Which reports do you read? (tick all that apply)
   a) Usage
   b) Invoices
   c) None of the above
3) What is missing?"""
TURKISH_MAIL = """\
Merhaba Elif Hanım,

Yeni anket için sorular aşağıda, bir bakar mısınız?

1- Kurulumdan ne kadar memnunsunuz? (1-5 arası puan verin, 1: hiç memnun değilim, 5: çok memnunum)
2- Bizi tavsiye etme olasılığınız nedir? (0-10)
3- Talebiniz çözüldü mü? (Evet / Hayır)
4- Hangi kanaldan yazdınız?
• Telefon
• E-posta
• Diğer
5- Kaç kişi kullanıyor?
6- Eklemek istediğiniz bir şey var mı?

Teşekkürler, iyi çalışmalar
Deniz Kaya
Müşteri Başarısı"""
PERSIAN_MAIL = """\
با سلام و احترام

۱. تا چه اندازه از پشتیبانی رضایت دارید؟ (۱ تا ۵)
۲. از کدام خدمات استفاده کرده‌اید؟ (می‌توانید چند گزینه انتخاب کنید)
الف) تلفن
ب) گفتگوی آنلاین
ج) هیچکدام
۳. آیا مشکل شما حل شد؟ بله / خیر
۴. چند نفر از سامانه استفاده می‌کنند؟
۵. پیشنهاد شما چیست؟

با تشکر
واحد مشتریان"""
TABLE = """\
No.\tQuestion\tAnswers
1\tHow satisfied are you with the delivery?\t1-5
2\tWas the box damaged?\tYes/No
3\tHow did you find us?\tSearch; Friend; Other
4\tDescribe the problem\tFree text"""
ONE_LINE = """\
Which channel do you prefer? Phone / E-mail / Chat
How quickly did we answer? too slowly; in time; very quickly
Would you order again? Yes/No/Maybe
Your region: North; South; West"""
IN_WORDS = """\
NPS question: On a scale from zero to ten, how likely are you to recommend Acme?
Why did you give this score?
How easy was it to get help, on a scale of 1 to 7 where 1 is very difficult and 7 is very easy?
Rate the documentation from 1 to 5 stars"""
BOXES = """\
Event feedback

How did you like the event?
☐ Very much
☐ A little
☐ Not at all

Which sessions did you attend?
☐ Keynote
☐ Workshop

Would you come again?
☐ Yes
☐ No

Comments:"""
ENGLISH_MAIL = """\
Hi team,

hope you are well. Can you put these into the survey?

- How satisfied are you with the training?
- Was it long enough?
- How would you rate the material (poor, fair, good)?
- May we call you?

Could you send me the link by Friday?

Thanks!
Kind regards,
Sam Poe | Customer Success
Acme Inc. | +1 555 0100"""
SECTIONS = """\
After go-live

Section A: Project
Q1. How satisfied are you with the project?
Very dissatisfied / Dissatisfied / Neutral / Satisfied / Very satisfied
Q2. Please rate the following from 1 (poor) to 5 (excellent):
- Plan
- Team
Section B: You
Q3. Which e-mail address may we use?
Q4. Rank these in order of importance:
- Price
- Speed"""
TURKISH_INLINE = """\
Soru 1) Uygulamayı ne sıklıkla açıyorsunuz? Her gün / Haftada bir / Daha seyrek
Soru 2) Kolaylığını 1 ile 5 arasında puanlayın (1 çok zor – 5 çok kolay)
Soru 3) Neleri kullanıyorsunuz? (Birden fazla seçebilirsiniz) Raporlar, Takvim, Hiçbiri
Soru 4) Görüş ve önerileriniz:"""
PERSIAN_BULLETS = """\
نظرسنجی خرید
• چقدر از سرعت ارسال راضی بودید؟ خیلی کم / کم / متوسط / زیاد
• استفاده از سامانه چقدر آسان بود؟ (۱ = خیلی سخت، ۷ = خیلی آسان)
• در چه تاریخی خرید کردید؟
• لطفاً نظر خود را بنویسید ..........."""

NESTED = """\
Review
1. Visit
   1.1 How would you rate the visit? (1 – 10)
   1.2 What did you like?
2. Help
   2.1 Was the team helpful? (Y/N)
   2.2 How long did you wait? (under 5 min, 5–15 min, over 15 min)"""
AGREEMENT = """\
Please indicate how much you agree: (1=Strongly disagree ... 5=Strongly agree)
a) It is easy to use
b) It saves me time"""
TURKISH_FORM = """\
Memnuniyet anketi
Kargomuzu nasıl değerlendirirsiniz?
[ ] İyi
[ ] Orta
[ ] Kötü
Bizi nereden duydunuz? (birden fazla işaretleyebilirsiniz)
[ ] İnternet
[ ] Reklam
Adınız Soyadınız: ........
E-posta adresiniz: ........"""
PERSIAN_FORM = """\
پرسشنامه
۱) میزان رضایت شما از محصول؟
زیاد - متوسط - کم
۲) دوباره خرید می‌کنید؟ (بله/خیر/شاید)
۳) نمره شما به ما از ۱ تا ۱۰ چند است؟
۴) نظر دیگری دارید؟"""
CHAT = """\
hey, can we ask:
• NPS (0-10)
• why this score
• CSAT for the set-up (1-5)
• would they want a call? yes/no
thx"""
DRAWN = """\
1. Rate the food ★★★★★
2. Date of your visit: __/__/____
3. Name (optional)
4. Phone number"""
ANSWERS = """\
Q: How easy was it to set up?
A: 1-7
Q: What almost stopped you?
A: open text
Q: Do you use the API?
A: Yes / No"""

LISTS = {
    "nested": (NESTED, "rating | text | single Yes/No | single under 5 min/5–15 min/over 15 min"),
    "agreement": (AGREEMENT, "matrix It is easy to use/It saves me time 1 Strongly disagree, 5 Strongly agree"),
    "turkish form": (TURKISH_FORM, "single İyi/Orta/Kötü | multi İnternet/Reklam | text name | text email"),
    "persian form": (PERSIAN_FORM, "single زیاد/متوسط/کم | single بله/خیر/شاید | rating | text"),
    "chat": (CHAT, "nps | text | csat | single Yes/No"),
    "drawn": (DRAWN, "stars | date | text name | text phone"),
    "answers": (ANSWERS, "ces | text | single Yes/No"),
    "dense": (
        DENSE,
        "csat | nps 0 not at all likely, 10 extremely likely | text | single Yes/No | number | date | text",
    ),
    "letters": (LETTERS, "single Start/Team/Other | multi Usage/Invoices/None of the above | text"),
    "turkish mail": (TURKISH_MAIL, "csat | nps | single Evet/Hayır | single Telefon/E-posta/Diğer | number | text"),
    "persian mail": (PERSIAN_MAIL, "csat | multi تلفن/گفتگوی آنلاین/هیچکدام | single بله/خیر | number | text"),
    "table": (TABLE, "csat | single Yes/No | single Search/Friend/Other | text"),
    "one line": (
        ONE_LINE,
        "single Phone/E-mail/Chat | single too slowly/in time/very quickly | single Yes/No/Maybe | "
        "single North/South/West",
    ),
    "in words": (IN_WORDS, "nps | text | ces 1 very difficult, 7 very easy | stars"),
    "boxes": (BOXES, "single Very much/A little/Not at all | multi Keynote/Workshop | single Yes/No | text"),
    "english mail": (ENGLISH_MAIL, "csat | single Yes/No | single poor/fair/good | single Yes/No"),
    "sections": (SECTIONS, "csat | matrix Plan/Team 1 poor, 5 excellent | text email | ranking Price/Speed"),
    "turkish inline": (
        TURKISH_INLINE,
        "single Her gün/Haftada bir/Daha seyrek | rating 1 çok zor, 5 çok kolay | multi Raporlar/Takvim/Hiçbiri | "
        "text",
    ),
    "persian bullets": (PERSIAN_BULLETS, "single خیلی کم/کم/متوسط/زیاد | ces 1 خیلی سخت, 7 خیلی آسان | date | text"),
}  # fmt: skip


def told(draft: ImportedDraft) -> str:
    """Type, options or rows, and labels of each question."""
    made = questionnaire(draft)
    language = made.languages[0]
    found = []
    for each in made.questions:
        assert not isinstance(each, NoteQuestion)
        parts: list[str] = [each.type]
        if isinstance(each, TextQuestion) and each.contact:
            parts.append(each.contact)
        named = [one.text.to(language) for one in each.options] if isinstance(each, ChoiceQuestion) else []
        named += [one.text.to(language) for one in each.rows] if isinstance(each, MatrixQuestion) else []
        parts += ["/".join(named)] if named else []
        if isinstance(each, MatrixQuestion | ScaleQuestion) and each.scale:
            labels = sorted(each.scale.labels.items())
            parts += [", ".join(f"{point} {text.to(language)}" for point, text in labels)] if labels else []
        found.append(" ".join(parts))
    return " | ".join(found)


@pytest.mark.parametrize("name", LISTS)
def test_a_whole_list_becomes_the_questions_that_its_writer_meant(name: str) -> None:
    text, wanted = LISTS[name]
    assert told(read_text(text)) == wanted


@pytest.mark.parametrize("name", LISTS)
def test_its_draft_can_be_linted(name: str) -> None:
    found = {each.rule for each in lint.check(read_text(LISTS[name][0]).text)}
    assert not found & {"syntax", "schema"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("turkish mail", ("Merhaba Elif Hanım,", "bir bakar mısınız?", "iyi çalışmalar", "Deniz Kaya")),
        ("persian mail", ("با سلام و احترام", "با تشکر", "واحد مشتریان")),
        ("english mail", ("Hi team,", "Can you put these", "by Friday?", "Thanks!", "Sam Poe", "Acme Inc.")),
        ("sections", ("Section A: Project", "Section B: You", "“Neutral”")),
    ],
)  # fmt: skip
def test_what_belongs_to_the_mail_is_no_question_and_is_named(name: str, words: tuple[str, ...]) -> None:
    report = lost(read_text(LISTS[name][0]))
    for each in words:
        assert each in report


@pytest.mark.parametrize(
    ("name", "title", "language"),
    [
        ("dense", "Onboarding survey 2026", "en"),
        ("boxes", "Event feedback", "en"),
        ("sections", "After go-live", "en"),
        ("turkish mail", "Questionnaire", "tr"),
        ("persian bullets", "نظرسنجی خرید", "fa"),
        ("english mail", "Questionnaire", "en"),
    ],
)
def test_the_heading_is_the_title_and_the_language_is_recognised(
    name: str, title: str, language: str
) -> None:
    made = questionnaire(read_text(LISTS[name][0]))
    assert (made.title.to(language), made.languages) == (title, (language,))


def test_what_introduced_a_scale_or_a_choice_is_no_part_of_the_question() -> None:
    texts = [each.text.to("en") for each in questionnaire(read_text(DENSE)).questions]
    assert texts[0] == "How satisfied are you with the kick-off?"
    assert texts[1] == "How likely is it that you would recommend us?"
    persian = questionnaire(read_text(PERSIAN_MAIL)).by_key["q2"].text.to("fa")
    assert persian == "از کدام خدمات استفاده کرده‌اید؟"
    assert questionnaire(read_text(IN_WORDS)).by_key["q3"].text.to("en") == "How easy was it to get help?"
