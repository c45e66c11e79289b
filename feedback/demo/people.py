"""Invented names and words. None of them belongs to a real person; phone numbers are from reserved ranges."""

from __future__ import annotations

from dataclasses import dataclass

STAFF = (
    ("admin@demo.example", "Ada Admin", "admin", "en"),
    ("lead@demo.example", "Lena Lead", "lead", "en"),
    ("ayse@demo.example", "Ayşe Kaya", "csm", "tr"),
    ("bijan@demo.example", "Bijan Rad", "csm", "fa"),
    ("carol@demo.example", "Carol West", "csm", "en"),
)

COMPANIES = (
    "Arden Foods",
    "Bluefin Labs",
    "Cobalt Works",
    "Delta Print",
    "Ege Lojistik",
    "Foxglove Care",
    "Güneş Tekstil",
    "Harbor Legal",
    "Iris Optics",
    "Jasper Mills",
    "Kuzey Yazılım",
    "Lumen Schools",
    "Mavi Turizm",
    "Niloofar Trading",
    "Oakline Homes",
    "Parsa Pharma",
    "Quill Media",
    "Rayan Data",
    "Sepehr Air",
    "Toros Gıda",
    "Umber Design",
    "Vista Clinics",
    "Winslow Bank",
    "Yakamoz Otel",
    "Zephyr Labs",
    "Akdeniz Sigorta",
    "Birch & Sons",
    "Cedar Insurance",
    "Damla Su",
    "Elm Street Bikes",
    "Fanoos Light",
    "Granite Tools",
    "Hilal Kargo",
    "Ivory Dental",
    "Juniper Hotels",
    "Kian Steel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folk:
    """People of one language: first and last names, where they live, and how their numbers begin."""

    language: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    zones: tuple[str, ...]
    prefix: str
    digits: int


FOLKS = (
    Folk(
        "en",
        (
            "Alice",
            "Ben",
            "Chloe",
            "Daniel",
            "Emma",
            "Frank",
            "Grace",
            "Henry",
            "Isla",
            "Jack",
            "Kate",
            "Liam",
        ),
        ("Archer", "Brooks", "Carter", "Dawson", "Ellis", "Foster", "Gibson", "Hayes"),
        (
            "America/New_York",
            "America/Chicago",
            "America/Los_Angeles",
            "Pacific/Honolulu",
            "Pacific/Guam",
            "Europe/London",
        ),
        "+1202555",
        4,
    ),
    Folk(
        "tr",
        (
            "Ali",
            "Burcu",
            "Cem",
            "Defne",
            "Emre",
            "Fatma",
            "Gökhan",
            "Hande",
            "İpek",
            "Kerem",
            "Leyla",
            "Murat",
        ),
        ("Arslan", "Bulut", "Çelik", "Demir", "Erdem", "Güler", "Koç", "Şahin"),
        ("Europe/Istanbul", "America/New_York", "America/Los_Angeles", "Australia/Sydney"),
        "+90532555",
        4,
    ),
    Folk(
        "fa",
        ("آرش", "بهار", "پویا", "ترانه", "داریوش", "رویا", "سارا", "شیرین", "کامران", "لاله", "مهدی", "نیما"),
        ("احمدی", "بهرامی", "تهرانی", "جوادی", "رستمی", "شریفی", "کریمی", "مرادی"),
        ("Asia/Tehran", "America/Los_Angeles", "Europe/Stockholm", "Australia/Sydney"),
        "+98912555",
        4,
    ),
)

TOPICS = {
    "en": ("the March invoice", "the login problem", "the data export", "a new user"),
    "tr": ("Mart faturası", "Giriş sorunu", "Veri aktarımı", "Yeni kullanıcı"),
    "fa": ("صورتحساب اسفند", "مشکل ورود", "خروجی داده", "کاربر تازه"),
}

COMMENTS = {
    ("en", "bad"): (
        "Third time I have called about the same thing.",
        "Nobody told us that the price would go up.",
        "The export still loses columns. We do it by hand now.",
        "I waited 40 minutes and then the call dropped.",
    ),
    ("en", "fine"): (
        "Works most of the time.",
        "Good, but the reports are slow.",
        "More training would help.",
    ),
    ("en", "good"): ("Carol solved it in five minutes.", "It just works.", "Quick and friendly."),
    ("tr", "bad"): (
        "Aynı konuda üçüncü kez arıyorum.",
        "Fiyat artışını kimse haber vermedi.",
        "Raporlar hâlâ yanlış çıkıyor.",
    ),
    ("tr", "fine"): ("İdare eder, raporlar yavaş.", "Eğitim biraz daha uzun olabilirdi."),
    ("tr", "good"): ("Ayşe Hanım hemen çözdü, teşekkürler.", "Kurulum çok rahattı."),
    ("fa", "bad"): ("سومین بار است که برای همین موضوع تماس می‌گیرم.", "کسی دربارهٔ افزایش قیمت خبر نداد."),
    ("fa", "fine"): ("خوب است، اما گزارش‌ها کند است.", "آموزش بیشتری لازم داشتیم."),
    ("fa", "good"): ("خیلی سریع حل شد، ممنون.", "همه چیز روان بود."),
}

NOTES = (
    "Called, apologised, agreed on a fix by Friday.",
    "Walked through the export together; it works now.",
    "Left a message, will try again tomorrow.",
    "Offered an extra training session, accepted.",
)
