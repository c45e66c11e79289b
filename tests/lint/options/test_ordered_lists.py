"""Lists that rise or fall are left in their order, in every language, and no repair shuffles one."""

from __future__ import annotations

import pytest

from feedback import lint
from feedback.lint.document.reader import read
from feedback.lint.engine.fixes import fix

ORDERED = {
    "en": [
        ("Would you buy from us again?", "Definitely no|Probably no|Probably yes|Definitely yes"),
        ("How did the result compare with your targets?", "Far short|Short|Met|Exceeded|Far exceeded"),
        (
            "Did the training meet your targets?",
            "Far short of them|Somewhat short of them|Met them|Exceeded them|Far exceeded them",
        ),
        ("Did the engineer arrive on time?", "Yes|Partly|No|Had none"),
        ("Was the person you talked to polite?", "Yes|Partly|No|Did not talk to anyone"),
        ("Is your problem solved?", "Yes|Partly|No|Not yet known"),
        (
            "When did the parcel arrive?",
            "Earlier than promised|On the day|Later than promised|It has not arrived yet",
        ),
        ("How is it compared with last year?", "Worse|The same|Better|Was not a customer then"),
        (
            "How is it compared with last year?",
            "Much worse|Worse|Same|Better|Much better|Had no contract then",
        ),
        ("Did we keep our promise?", "Fully|Mostly|Hardly|Not at all|We agreed on nothing"),
        ("Did the engineer arrive in time?", "Yes|No, earlier|No, later|Nobody came"),
        ("Do you plan to buy more licences?", "Yes, definitely|Probably|Probably not|No, definitely not"),
        ("Will you come back?", "Definitely|Probably|Probably not|Definitely not|Don't know"),
        (
            "When may we call you?",
            "Weekday mornings|Weekday afternoons|Weekday evenings|At weekends|Any time|Please don't call me",
        ),
        ("Will you come back?", "No|Probably not|Maybe|Probably|Yes"),
        ("Has the first project gone live?", "Yes, on the planned date|Yes, but later|Not yet|We stopped it"),
        ("How did the move go?", "Without problems|With small problems|With serious problems|It was stopped"),
        ("How was your return handled?", "Refunded|Exchanged|Refused|Still open"),
        (
            "What will you do with your contract?",
            "Extend it|Reduce it|Leave it as it is|End it|Not decided yet",
        ),
        ("Who trained your users?", "Our own staff|Your trainers|A partner|Nobody so far|I don't know"),
        ("Where did you move to?", "A rival|Our own tool|A spreadsheet|Nothing, we no longer do this"),
        ("How far are you?", "Still testing|In a single team|In several teams|In the whole company"),
        (
            "How did the number of shops change?",
            "Fell a lot|Fell slightly|Stayed the same|Rose slightly|Rose a lot|I have lived here for less than a year",
        ),
        ("What did the shop do with your old phone?", "Took it|Recycled it|Gave it back|I did not bring one"),
        ("What would you tell a friend?", "To stay away|To be careful|I would say nothing|To come"),
        ("How should we address you?", "By my first name|By my last name|Without a name|I don't mind"),
        ("How did we tell you about the change?", "By e-mail|By post|In the product|You did not tell me"),
        ("Who led the meeting?", "Our team|Your team|Both together"),
        (
            "How is it used?",
            "One person tries it out|A few people use it|A whole department uses it|Everybody uses it",
        ),
        ("How were the goods packed?", "Better than needed|As needed|Not well enough|Very badly"),
        ("What is true for you?", "I never look|I look when something is late|I look every time"),
        ("What would you like to do?", "Pay now|Pay in instalments|Talk to somebody|I have already paid"),
        ("Is the timeline realistic?", "Yes|Only with more people|No|I can't judge that"),
        (
            "What do you think of the price?",
            "Too low to be true|Good value|A bit expensive|Far too expensive",
        ),
        ("Did the router work?", "At once|After a restart|After a call to support|It does not work"),
        ("How much does it affect?", "Almost nothing|Some parts|Most parts|Everything"),
        ("Which terminal did you use?", "Terminal 1|Terminal 2|Terminal 5"),
        (
            "In the last month, how many items did you buy?",
            "0 items|One item|Two or three items|More than three items",
        ),
    ],
    "tr": [
        ("Bizden yeniden alır mısınız?", "Kesinlikle hayır|Muhtemelen hayır|Muhtemelen evet|Kesinlikle evet"),
        ("Teknisyen zamanında geldi mi?", "Evet|Hayır, daha erken|Hayır, daha geç|Gelen olmadı"),
        ("Sonuç hedeflerinize göre nasıldı?", "Çok altında|Altında|Hedefte|Üstünde|Çok üstünde"),
        (
            "Sonuç hedeflerinizi karşıladı mı?",
            "Hedefin çok altında kaldı|Hedefin altında kaldı|Hedefi karşıladı|Hedefi aştı|Hedefi çok aştı",
        ),
        ("Sorununuz çözüldü mü?", "Evet|Kısmen|Hayır|Sorunum yoktu"),
        ("Konuştuğunuz kişi nazik miydi?", "Evet|Kısmen|Hayır|Kimseyle görüşmedim"),
        ("Sorununuz çözüldü mü?", "Evet|Kısmen|Hayır|Henüz belli değil"),
        ("Paket ne zaman geldi?", "Söz verilenden erken|Zamanında|Söz verilenden geç|Henüz gelmedi"),
        ("Geçen yıla göre nasıl?", "Daha kötü|Aynı|Daha iyi|O zaman müşteri değildim"),
        ("İlk proje canlıya geçti mi?", "Evet, planlanan günde|Evet, ama daha geç|Henüz değil|Durdurduk"),
        ("Geçiş nasıl gitti?", "Sorunsuz|Küçük sorunlarla|Ciddi sorunlarla|Durduruldu"),
        ("İadeniz nasıl sonuçlandı?", "Param iade edildi|Ürün değiştirildi|Reddedildi|Henüz sonuçlanmadı"),
        (
            "Sözleşmenizle ne yapacaksınız?",
            "Uzatacağız|Daraltacağız|Olduğu gibi bırakacağız|Sonlandıracağız|Henüz karar vermedik",
        ),
        (
            "Kullanıcılarınızı kim eğitti?",
            "Çalışanlarımız|Eğitmenleriniz|Bir iş ortağı|Henüz kimse|Bilmiyorum",
        ),
        ("Neye geçtiniz?", "Başka bir firma|Kendi aracımız|Elektronik tablo|Hiçbir şey, bu işi bıraktık"),
        ("Nerede kullanıyorsunuz?", "Hâlâ deniyoruz|Tek bir ekipte|Birkaç ekipte|Bütün şirkette"),
        (
            "Teknisyen ne zaman geldi?",
            "Saatinden önce|Tam saatinde|Yarım saate kadar geç|Daha geç|Hiç gelmedi",
        ),
        ("Sipariş ne zaman geldi?", "Söz verilen günden önce|Söz verilen günde|Söz verilen günden sonra"),
        ("Fiyatlarımız diğerlerine göre nasıl?", "Daha ucuz|Aynı düzeyde|Daha pahalı|Karşılaştırmadım"),
        (
            "Dükkân sayısı nasıl değişti?",
            "Çok azaldı|Biraz azaldı|Aynı kaldı|Biraz arttı|Çok arttı|Bir yıldan kısa süredir burada yaşıyorum",
        ),
        ("Mağaza eski telefonunuzu ne yaptı?", "Aldı|Geri dönüşüme verdi|Geri verdi|Telefon götürmedim"),
        ("Size nasıl seslenelim?", "Adımla|Soyadımla|Adım olmadan|Fark etmez"),
        ("Değişikliği nasıl bildirdik?", "E-postayla|Postayla|Ürünün içinde|Bildirmediniz"),
        ("Toplantıyı kim yönetti?", "Bizim ekibimiz|Sizin ekibiniz|İkisi birlikte"),
        ("Ürünler nasıl paketlenmişti?", "Gereğinden iyi|Gerektiği gibi|Yeterince iyi değil|Çok kötü"),
        ("Hangisi doğru?", "Hiç bakmam|Bir şey gecikince bakarım|Her gönderide bakarım"),
        ("Son fatura ne zaman geldi?", "Anlaştığımız günde|Daha erken|Daha geç|Gelmedi"),
        ("Lisans sayısı ne olur?", "Artar|Aynı kalır|Azalır|Söylemek zor"),
        ("Ne yapmak istersiniz?", "Hemen ödemek|Taksitle ödemek|Biriyle görüşmek|Zaten ödedim"),
        ("Takvim gerçekçi mi?", "Evet|Ancak daha çok kişiyle|Hayır|Bunu değerlendiremem"),
        ("Fiyat için ne dersiniz?", "İnanılmayacak kadar düşük|Parasına değer|Biraz pahalı|Çok pahalı"),
        ("Modem çalıştı mı?", "Hemen|Yeniden başlatınca|Desteği arayınca|Çalışmıyor"),
        ("Kurye paketi nereye bıraktı?", "Bana verdi|Komşuya verdi|Dolaba bıraktı|Paket elime geçmedi"),
        ("Hizmetimiz nasıldı?", "Çok kötü|Kötü|Orta|İyi|Çok iyi"),
        ("Bilginiz nasıl?", "Zayıf|Orta|Yeterli|İyi|Çok iyi"),
        (
            "Size kaçıncı aramada ulaştık?",
            "İlk aramada|İkinci aramada|Üçüncü veya daha sonraki aramada|Ulaşamadınız",
        ),
        (
            "Kaç kişiyle konuştunuz?",
            "Bir kişiyle|İki kişiyle|Üç veya daha fazla kişiyle|Kimseyle konuşamadım",
        ),
        ("Evinizde çocuk var mı?", "Yok|Bir çocuk|İki çocuk|Üç veya daha fazla çocuk"),
        ("Bilgi nasıldı?", "Çok yetersiz|Yetersiz|Yeterli|İyi|Çok iyi"),
        ("Hangi ildesiniz?", "Bursa|Çanakkale|Denizli|Iğdır|İzmir|Kars|Ordu|Şırnak|Uşak|Zonguldak"),
    ],
    "fa": [
        ("آیا تکنسین سر وقت رسید؟", "بله|نه، زودتر|نه، دیرتر|کسی نیامد"),
        ("آیا دوباره از ما می‌خرید؟", "قطعاً نه|احتمالاً نه|احتمالاً بله|قطعاً بله"),
        ("آیا دوباره از ما می‌خرید؟", "قطعاً خیر|احتمالاً خیر|احتمالاً بله|قطعاً بله"),
        ("نتیجه در مقایسه با هدف‌های شما چطور بود؟", "بسیار پایین‌تر|پایین‌تر|در حد هدف|بالاتر|بسیار بالاتر"),
        ("آیا پروژه راه افتاد؟", "بله، در روز مقرر|بله، اما دیرتر|هنوز نه|متوقفش کردیم"),
        ("انتقال چطور پیش رفت؟", "بدون مشکل|با مشکلات کوچک|با مشکلات جدی|متوقف شد"),
        ("نتیجهٔ مرجوعی چه شد؟", "پولم برگشت|کالا عوض شد|رد شد|هنوز معلوم نیست"),
        (
            "با قرارداد خود چه می‌کنید؟",
            "تمدید می‌کنیم|کوچک‌تر می‌کنیم|همین‌طور نگه می‌داریم|پایان می‌دهیم|هنوز تصمیم نگرفته‌ایم",
        ),
        ("چه کسی کاربران را آموزش داد؟", "همکاران ما|مربیان شما|یک شرکت همکار|هنوز هیچ‌کس|نمی‌دانم"),
        ("به کجا رفتید؟", "شرکت دیگر|ابزار خودمان|فایل اکسل|هیچ‌چیز، این کار را کنار گذاشتیم"),
        ("کجا استفاده می‌کنید؟", "در حال آزمایش هستیم|در یک تیم|در چند تیم|در کل شرکت"),
        ("انتظار کوتاه‌تر بود یا طولانی‌تر؟", "کوتاه‌تر|به اندازهٔ انتظارم|طولانی‌تر"),
        (
            "تعداد مغازه‌ها چه تغییری کرده است؟",
            "خیلی کم شده|کمی کم شده|تغییری نکرده|کمی زیاد شده|خیلی زیاد شده|کمتر از یک سال است که اینجا هستم",
        ),
        ("فروشگاه با گوشی قدیمی چه کرد؟", "معاوضه کرد|بازیافت کرد|برگرداند|گوشی قدیمی نیاوردم"),
        ("شما را چطور خطاب کنیم؟", "با نام کوچک|با نام خانوادگی|بدون نام|فرقی ندارد"),
        ("تغییر را چطور به شما خبر دادیم؟", "با ایمیل|با پست|در خود محصول|خبر ندادید"),
        ("چه کسی جلسه را اداره کرد؟", "تیم ما|تیم شما|هر دو با هم"),
        ("کالا چطور بسته‌بندی شده بود؟", "بهتر از حد لازم|در حد لازم|نه به خوبی کافی|خیلی بد"),
        ("کدام درست است؟", "هیچ‌وقت نگاه نمی‌کنم|وقتی دیر شود نگاه می‌کنم|هر بار نگاه می‌کنم"),
        ("صورت‌حساب چطور می‌رسد؟", "با ایمیل|با پست|در پنل|صورت‌حساب را نمی‌بینم"),
        ("می‌خواهید چه کنید؟", "الان پرداخت می‌کنم|قسطی پرداخت می‌کنم|با کسی صحبت می‌کنم|قبلاً پرداخت کرده‌ام"),
        ("آیا زمان‌بندی شدنی است؟", "بله|فقط با نیروی بیشتر|خیر|نمی‌توانم بگویم"),
        ("قیمت چطور است؟", "باورنکردنی ارزان|ارزشش را دارد|کمی گران|خیلی گران"),
        ("آیا مودم کار کرد؟", "بلافاصله|پس از راه‌اندازی دوباره|پس از تماس با پشتیبانی|کار نمی‌کند"),
        ("پیک بسته را کجا گذاشت؟", "به خودم داد|به همسایه داد|در صندوق گذاشت|به دستم نرسید"),
        ("آیا پول برگشت؟", "بله|فقط بخشی از آن|خیر|درخواستی نداده بودم"),
        ("آیا مشکل شما حل شد؟", "بله|تا حدی|خیر|مشکلی نداشتم"),
        ("آیا کارمند مؤدب بود؟", "بله|تا حدی|خیر|با کسی صحبت نکردم"),
        ("آیا مشکل شما حل شد؟", "بله|تا حدی|خیر|هنوز معلوم نیست"),
        ("بسته کی رسید؟", "زودتر از قرار|سر وقت|دیرتر از قرار|هنوز نرسیده است"),
        ("نسبت به پارسال چطور است؟", "بدتر|مثل قبل|بهتر|آن زمان مشتری نبودم"),
        ("کارمندان چقدر مؤدب بودند؟", "خیلی کم|کم|تا حدی|زیاد|خیلی زیاد"),
        ("فایل راهنما را تا کجا خواندید؟", "اصلاً نخواندم|بخشی را خواندم|بیشترش را خواندم|همه را خواندم"),
        ("چه بخشی از کارها را آنلاین می‌کنید؟", "هیچ بخشی|بخش کوچکی|حدود نیمی|بیشترشان|همهٔ آن‌ها"),
        (
            "خرید را حضوری می‌کنید یا اینترنتی؟",
            "فقط حضوری|بیشتر حضوری|به یک اندازه|بیشتر اینترنتی|فقط اینترنتی",
        ),
        ("مرحلهٔ کنونی پیاده‌سازی چیست؟", "شروع نکرده‌ایم|در حال آماده‌سازی|در حال اجرا|به پایان رسیده"),
        ("آیا به مترجم نیاز دارید؟", "بله|خیر|گاهی"),
        ("حاضرید در مصاحبه شرکت کنید؟", "بله|خیر|شاید، بستگی به زمانش دارد"),
        ("مایلید عضو باشگاه شوید؟", "بله|خیر|هم‌اکنون عضو هستم"),
        ("رنگ کارت عضویت شما کدام است؟", "برنزی|نقره‌ای|طلایی|الماس"),
        ("در شش ماه گذشته چند کالا خریدید؟", "هیچ کالایی|یک کالا|دو یا سه کالا|بیشتر از سه کالا"),
        ("در ماه گذشته با چند نفر از ما صحبت کردید؟", "با هیچ‌کس|با یک نفر|با دو نفر|با سه نفر یا بیشتر"),
        ("به چند نفر ما را معرفی کرده‌اید؟", "به هیچ‌کس|به یک نفر|به دو تا پنج نفر|به بیش از پنج نفر"),
        ("این چندمین خرید شماست؟", "اولین|دومین|سومین|چهارمین یا بیشتر"),
        ("وام شما در چه وضعی است؟", "ثبت شده|در حال بررسی|تأیید شده|رد شده"),
        ("تنها تصمیم می‌گیرید یا با دیگران؟", "تنها|با دیگران|بستگی به خرید دارد"),
        ("شما تماس گرفتید یا همکارتان؟", "خودم|همکارم|هر دو"),
        ("مشتریان شما چه کسانی هستند؟", "فقط اشخاص|فقط شرکت‌ها|هر دو گروه"),
        ("حضوری می‌خواهید یا از راه دور؟", "حضوری|از راه دور|فرقی نمی‌کند"),
        ("رتبهٔ شما در شرکت کدام است؟", "کارمند|سرپرست|مدیر میانی|مدیر ارشد|هیچ‌کدام"),
        ("زادگاهتان کدام استان است؟", "اردبیل|بوشهر|تهران|چابهار|کرمان|گیلان|مازندران|همدان|یزد"),
    ],
    "de": [("Ist Ihr Problem gelöst?", "Ja|Teilweise|Nein|Ich hatte kein Problem")],
    "es": [("¿Se resolvió su problema?", "Sí|En parte|No|No tuve ningún problema")],
    "fr": [("Votre problème est-il résolu ?", "Oui|En partie|Non|Je n'avais pas de problème")],
}
LISTS = [(language, *each) for language, rows in ORDERED.items() for each in rows]


def questionnaire(language: str, stem: str, options: str) -> str:
    listed = ", ".join(f'{{key: o{at}, text: "{text}"}}' for at, text in enumerate(options.split("|")))
    return (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n"
        f'  - {{key: q, type: single, purpose: P, text: "{stem}", options: [{listed}]}}\n'
    )


@pytest.mark.parametrize(("language", "stem", "options"), LISTS)
def test_an_ordered_list_with_an_escape_of_its_own_is_clean(language: str, stem: str, options: str) -> None:
    assert [(each.rule, each.message) for each in lint.check(questionnaire(language, stem, options))] == []


@pytest.mark.parametrize(
    ("stem", "options"),
    [
        (
            "In which region is your head office?",
            "Africa|Asia-Pacific|Europe|Latin America|Middle East|North America|Another region",
        ),
        (
            "Which step of the claim took longest?",
            "Filling in the form|Sending the photos|The assessment|The payment|Another step",
        ),
        ("Which language do you write to us in?", "Arabic|Chinese|English|French|Spanish|Another language"),
        ("At what point did you give up?", "Contact details|Delivery address|Payment|Review|Another step"),
        ("Where do you read us?", "At home|At work|On the way|Elsewhere"),
        ("How do you pay?", "Card|Cash|Some other method"),
    ],
)
def test_an_order_of_the_alphabet_or_of_steps_is_clean(stem: str, options: str) -> None:
    found = {each.rule for each in lint.check(questionnaire("en", stem, options))}
    assert found == {"other-without-text"}  # the last answer is known as one


HINTS = {
    "en": "Hardly ever used|Now and then|Used a lot|Could not do without",
    "tr": "Hiç aramam|Arada ararım|Çok ararım|Hep ararım",
    "fa": "اصلاً زنگ نمی‌زنم|گاهی زنگ می‌زنم|خیلی زنگ می‌زنم|همیشه زنگ می‌زنم",
}


@pytest.mark.parametrize(
    ("language", "options"),
    [
        *((language, options) for language, _, options in LISTS),
        *HINTS.items(),
        ("en", "Level 1|Level 2|Level 3|Level 9"),
    ],
)
def test_fix_never_shuffles_what_may_be_ordered(language: str, options: str) -> None:
    """Even if the rule should see no order; the finding is made here for every list."""
    text = questionnaire(language, "Which of these fits?", options)
    document = read(text)
    told = [each for each in lint.check(text) if each.rule == "options-not-randomised"]
    assert "randomize: true" not in fix(document, told)


@pytest.mark.parametrize(
    ("language", "stem", "options"),
    [
        ("en", "Which of these matters most to you?", "Price|Support|Delivery|Packaging|Something else"),
        ("en", "Which of these matters most to you?", "Delivery|Packaging|Price|Support|Something else"),
        (
            "en",
            "What is true of your backup?",
            "It ran last night|It failed last night|It hung|It is off|Other",
        ),
        ("en", "Which steps should we take first?", "Hire|Train|Automate|Refund|Something else"),
        ("tr", "Hangisi sizin için en önemli?", "Fiyat|Destek|Teslimat|Paketleme|Diğer"),
        ("fa", "کدام برایتان مهم‌تر است؟", "قیمت|پشتیبانی|تحویل|بسته‌بندی|سایر"),
        ("fa", "چه کسی به شما کمک کرد؟", "کارشناس فروش|سرپرست|نگهبان|راننده|سایر"),
        ("fa", "کدام برایتان مهم‌تر است؟", "پشتیبانی|قیمت|تحویل|بسته‌بندی|هر دو|سایر"),
    ],
)
def test_a_list_without_an_order_is_still_found_and_mended(language: str, stem: str, options: str) -> None:
    text = questionnaire(language, stem, options)
    told = [each for each in lint.check(text) if each.rule == "options-not-randomised"]
    assert len(told) == 1
    assert "randomize: true" in fix(read(text), told)


@pytest.mark.parametrize(
    ("language", "options"),
    [
        ("en", "Price|Support|Delivery|Both"),
        ("tr", "Fiyat|Destek|Teslimat|Her ikisi de"),
        ("fa", "قیمت|پشتیبانی|تحویل|هر دو"),
        ("fa", "قیمت|پشتیبانی|تحویل|بستگی دارد"),
        ("fa", "قیمت|پشتیبانی|تحویل|فرقی نمی‌کند"),
    ],
)
def test_both_does_not_complete_a_list_of_more_than_two(language: str, options: str) -> None:
    told = {each.rule for each in lint.check(questionnaire(language, "?", options))}
    assert "options-not-exhaustive" in told


def test_an_order_that_one_language_shows_counts_in_all() -> None:
    text = (
        "key: t\ntitle: T\nlanguages: [en, tr]\nquestions:\n"
        "  - {key: q, type: single, purpose: P, complete: yes, text: {en: Where?, tr: Nerede?}, options: ["
        "{key: a, text: {en: Left, tr: Çok kötü}}, {key: b, text: {en: Right, tr: Kötü}},"
        "{key: c, text: {en: Front, tr: İyi}}, {key: d, text: {en: Back, tr: Çok iyi}}]}\n"
    )
    assert [each for each in lint.check(text) if each.rule == "options-not-randomised"] == []
