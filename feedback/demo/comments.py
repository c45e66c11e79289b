"""What invented customers write: sentences that fit the score, the occasion and the language, put together so that
hardly two comments are the same."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import NamedTuple

from feedback.core.followup import Outcome

Tone = str
"""bad, fine or good"""
Theme = str
"""price, release, support or general: what most people write about at the time."""

SENTENCES: Mapping[tuple[str, Tone, Theme], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("en", "bad", "general"): (
        ("Too many clicks for simple things.", "The search finds nothing.",
         "We still keep a spreadsheet beside it.", "Setting up a new colleague takes half a day.",
         "The permissions are a riddle.", "It logs us out all the time.",
         "The mobile app is hardly usable.", "Our feature requests get no answer.",
         "The training was too short."),
        ("My team avoids it.", "I expected more.", "We are looking at alternatives.",
         "Please listen to your users.", "That costs us hours every week.", "",
         "Not what we were promised.", "I cannot recommend it like this."),
    ),
    ("en", "bad", "price"): (
        ("Nobody told us that the price would go up.",
         "The new plan costs a third more for the same thing.", "We pay for seats that we do not use.",
         "The price change came three weeks before our renewal.",
         "For this money I expect better support."),
        ("Our finance team stopped the renewal.", "I had to explain that to my boss.",
         "Please talk to us first.", "", "We feel taken for granted.", "That is hard to justify."),
    ),
    ("en", "bad", "release"): (
        ("Since the new version the reports take minutes.",
         "The export loses columns since the update.", "The update broke our weekly report.",
         "The new screens hide what we need every day.", "Twice this week we could not log in.",
         "Filters are gone since the release."),
        ("We do it by hand now.", "Please give us the old version back.", "Did anybody test this?", "",
         "We lost a whole morning.", "Our customers noticed it."),
    ),
    ("en", "bad", "support"): (
        ("Third time I have called about the same thing.",
         "I waited 40 minutes and then the call dropped.",
         "I had to explain everything again to another person.",
         "The ticket was closed without an answer.", "The answer did not fit my question.",
         "It took four days until somebody wrote back."),
        ("The problem is still there.", "In the end we found it ourselves.", "",
         "That was not always so.", "Please keep one person on a case.", "I gave up."),
    ),
    ("en", "fine", "general"): (
        ("Works most of the time.", "Good, but the reports are slow.", "More training would help.",
         "Solid, no surprises.", "Does what it should.", "The new filters are useful.",
         "Better than a year ago."),
        ("A dark mode would be nice.", "The documentation could be clearer.", "",
         "Exports to Excel could be simpler.", "Keep going.", "Sometimes it is slow in the morning.",
         "A few shortcuts are missing."),
    ),
    ("en", "fine", "support"): (
        ("Solved in the end.", "Friendly, but it took two calls.", "The workaround helps for now.",
         "A correct answer.", "They called back the next day."),
        ("A little faster would be good.", "", "I would have liked an e-mail with the steps.", "Fine.",
         "It could be quicker."),
    ),
    ("en", "good", "general"): (
        ("It just works.", "We save a day every month.", "Our team likes it.",
         "{owner} knows our business.", "The dashboards are great.",
         "Easy to explain to new colleagues.", "You listen, and it shows.",
         "The quarterly review with {owner} was worth it."),
        ("Thank you!", "Keep it up.", "", "Gladly recommended.", "I use it every day.",
         "No complaints.", "We have just added ten more people."),
    ),
    ("en", "good", "support"): (
        ("Solved in five minutes.", "Quick and friendly.", "{owner} called at once.",
         "I got a clear answer.", "They even showed me a better way.", "No waiting, no scripts."),
        ("Thanks!", "That is how it should be.", "", "Great team.", "I was positively surprised.",
         "Much appreciated."),
    ),
    ("tr", "bad", "general"): (
        ("Basit işler için çok fazla tıklama gerekiyor.", "Arama hiçbir şey bulmuyor.",
         "Hâlâ yanında Excel tutuyoruz.", "Yetkiler çok karışık.", "Sürekli oturumdan atıyor.",
         "Eğitim çok kısaydı."),
        ("Ekibim kullanmak istemiyor.", "Daha fazlasını beklerdik.", "Başka seçeneklere bakıyoruz.", "",
         "Her hafta saatlerimiz gidiyor."),
    ),
    ("tr", "bad", "price"): (
        ("Fiyat artışını kimse haber vermedi.", "Aynı hizmete üçte bir fazla ödüyoruz.",
         "Yenilemeden hemen önce zam geldi.", "Kullanmadığımız lisanslara para veriyoruz."),
        ("Finans ekibimiz yenilemeyi durdurdu.", "Bunu yönetime anlatmak zor.", "",
         "Önce bizimle konuşmalıydınız."),
    ),
    ("tr", "bad", "release"): (
        ("Yeni sürümden beri raporlar dakikalarca açılmıyor.",
         "Güncellemeden sonra dışa aktarımda sütunlar kayboluyor.", "Haftalık raporumuz bozuldu.",
         "Bu hafta iki kez giriş yapamadık."),
        ("Şimdi elle yapıyoruz.", "Lütfen eski sürümü geri getirin.", "", "Bir sabahımız gitti."),
    ),
    ("tr", "bad", "support"): (
        ("Aynı konuda üçüncü kez arıyorum.", "Kayıt yanıtsız kapatıldı.",
         "Dört gün sonra dönüş yapıldı.", "Her şeyi başka birine yeniden anlattım."),
        ("Sorun hâlâ duruyor.", "Sonunda kendimiz çözdük.", "", "Eskiden böyle değildi."),
    ),
    ("tr", "fine", "general"): (
        ("İdare eder, raporlar yavaş.", "Çoğu zaman çalışıyor.", "İşimizi görüyor.",
         "Geçen yıldan daha iyi.", "Eğitim biraz daha uzun olabilirdi."),
        ("Kılavuz daha açık olabilir.", "", "Excel'e aktarmak kolaylaşsın.", "Böyle devam."),
    ),
    ("tr", "fine", "support"): (
        ("Sonunda çözüldü.", "Kibarlardı ama iki kez aradım.", "Geçici çözüm şimdilik yetiyor."),
        ("Biraz daha hızlı olabilir.", "", "Adımları e-postayla almak isterdim."),
    ),
    ("tr", "good", "general"): (
        ("Kurulum çok rahattı.", "Her ay bir gün kazanıyoruz.", "Ekibimiz seviyor.",
         "{owner} işimizi iyi biliyor.", "Panolar harika."),
        ("Teşekkürler!", "Gönül rahatlığıyla öneririm.", "", "Her gün kullanıyorum.",
         "On kişi daha ekledik."),
    ),
    ("tr", "good", "support"): (
        ("Beş dakikada çözüldü.", "{owner} hemen aradı.", "Hızlı ve güler yüzlü.",
         "Net bir yanıt aldım."),
        ("Teşekkürler!", "Olması gereken bu.", "", "Ellerinize sağlık."),
    ),
    ("fa", "bad", "general"): (
        ("برای کارهای ساده کلیک زیادی لازم است.", "جست‌وجو چیزی پیدا نمی‌کند.",
         "هنوز کنارش اکسل داریم.", "دسترسی‌ها گیج‌کننده است.", "آموزش خیلی کوتاه بود."),
        ("گروه ما از آن دوری می‌کند.", "انتظار بیشتری داشتیم.", "", "داریم گزینه‌های دیگر را می‌بینیم."),
    ),
    ("fa", "bad", "price"): (
        ("کسی دربارهٔ افزایش قیمت خبر نداد.", "برای همان خدمات یک‌سوم بیشتر می‌پردازیم.",
         "افزایش قیمت درست پیش از تمدید آمد."),
        ("توضیح آن به مدیرم سخت بود.", "", "لطفاً پیش از آن با ما حرف بزنید."),
    ),
    ("fa", "bad", "release"): (
        ("از نسخهٔ تازه گزارش‌ها چند دقیقه طول می‌کشد.",
         "پس از به‌روزرسانی ستون‌ها در خروجی گم می‌شوند.", "این هفته دو بار نتوانستیم وارد شویم."),
        ("حالا دستی انجام می‌دهیم.", "", "لطفاً نسخهٔ پیشین را برگردانید."),
    ),
    ("fa", "bad", "support"): (
        ("سومین بار است که برای همین موضوع تماس می‌گیرم.", "درخواست بی‌پاسخ بسته شد.",
         "پس از چهار روز جواب دادند."),
        ("مشکل هنوز هست.", "", "آخرش خودمان حل کردیم."),
    ),
    ("fa", "fine", "general"): (
        ("خوب است، اما گزارش‌ها کند است.", "بیشتر وقت‌ها کار می‌کند.", "آموزش بیشتری لازم داشتیم.",
         "از پارسال بهتر شده است."),
        ("راهنما می‌تواند روشن‌تر باشد.", "", "به همین روش ادامه دهید."),
    ),
    ("fa", "fine", "support"): (
        ("آخرش حل شد.", "مؤدب بودند، ولی دو بار تماس گرفتم.", "فعلاً راه موقت کافی است."),
        ("کمی سریع‌تر بهتر است.", "", "کاش مراحل را ایمیل می‌کردید."),
    ),
    ("fa", "good", "general"): (
        ("همه چیز روان بود.", "هر ماه یک روز صرفه‌جویی می‌کنیم.", "{owner} کار ما را خوب می‌شناسد.",
         "داشبوردها عالی است."),
        ("سپاسگزارم!", "", "با خیال راحت پیشنهاد می‌کنم.", "هر روز از آن استفاده می‌کنم."),
    ),
    ("fa", "good", "support"): (
        ("خیلی سریع حل شد.", "{owner} فوری تماس گرفت.", "پاسخ روشنی گرفتم."),
        ("ممنون!", "", "باید همین‌طور باشد."),
    ),
}  # fmt: skip


class CommentWriter:
    """Writes comments; each pair of sentences comes once before any comes again."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._left: dict[tuple[str, Tone, Theme], list[str]] = {}

    def write(self, language: str, tone: Tone, theme: Theme, owner: str) -> str:
        """A comment in a language; `owner` is the first name of the person who looks after the account."""
        key = (language, tone, theme if (language, tone, theme) in SENTENCES else "general")
        left = self._left.get(key)
        if not left:
            left = [" ".join(filter(None, pair)) for pair in itertools.product(*SENTENCES[key])]
            self._dice.shuffle(left)
            self._left[key] = left
        return left.pop().format(owner=owner)


class Ending(NamedTuple):
    """How a complaint ended: what the team wrote down, and the root cause."""

    outcome: Outcome
    note: str
    cause: str | None


FIRST_CALLS = (
    "Called and apologised. They will send an example today.",
    "Listened for half an hour; the comment is only part of it.",
    "Agreed to look at it together on Thursday.",
    "Wrote with a first answer and three dates for a call.",
    "Spoke to the team lead, who had not known about it.",
    "Took it up with the product team and promised word by Friday.",
)
MISSED_CALLS = ("Left a voicemail.", "Engaged; trying again tomorrow.", "Out of office until Monday.")
THANKED = (
    "Thanked; agreed to a reference call.",
    "Thanked; will write a short review.",
    "Thanked; wants to hear about the beta.",
)
ENDINGS: Mapping[Theme, tuple[Ending, ...]] = {
    "price": (
        Ending(
            Outcome.RECOVERED, "Explained the new plan; moved them to the smaller one, and the sum fits again.", "price"
        ),
        Ending(Outcome.SAVED_BY_OFFER, "Kept the old price until the next renewal, in writing.", "price"),
        Ending(
            Outcome.RECOVERED, "Removed eleven unused seats; the invoice is lower than before.", "billing"
        ),
        Ending(Outcome.CHURNED, "They had signed with another vendor before we called.", "price"),
    ),
    "release": (
        Ending(Outcome.RECOVERED, "Fixed with the hotfix; checked their report together.", "product"),
        Ending(Outcome.RECOVERED, "Export is complete again; sent the corrected file.", "product"),
        Ending(Outcome.RECOVERED, "Showed where the filters are now; they are content.", "usability"),
        Ending(Outcome.SAVED_BY_OFFER, "Credited a month for the days without reports.", "reliability"),
    ),
    "support": (
        Ending(
            Outcome.RECOVERED, "Reopened the ticket and stayed on it; solved the same day.", "support_quality"
        ),
        Ending(
            Outcome.RECOVERED, "Gave them one contact person; they were glad about the call.", "support_speed"
        ),
        Ending(
            Outcome.RECOVERED, "The problem was a setting of ours; changed it while on the phone.", "support_quality"
        ),
        Ending(Outcome.NO_ANSWER, "Three calls and two e-mails without an answer.", None),
    ),
    "general": (
        Ending(
            Outcome.RECOVERED, "Walked through the permissions together; it works for them now.", "usability"
        ),
        Ending(Outcome.RECOVERED, "Booked a second training for the whole team.", "onboarding"),
        Ending(
            Outcome.RECOVERED, "What they missed comes with the spring release; they will test it.", "missing"
        ),
        Ending(Outcome.NO_ANSWER, "Tried for a week on all numbers.", None),
        Ending(
            Outcome.CHURNED, "Their new management had decided before; parted on good terms.", "customer_side"
        ),
    ),
}  # fmt: skip
