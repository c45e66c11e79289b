"""Invented names. None of them belongs to a real person or company; phone numbers are from reserved ranges."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

STAFF = (
    ("admin@demo.example", "Ada Admin", "admin", "en"),
    ("lead@demo.example", "Lena Lead", "lead", "en"),
    ("ayse@demo.example", "Ayşe Kaya", "csm", "tr"),
    ("bijan@demo.example", "Bijan Rad", "csm", "fa"),
    ("carol@demo.example", "Carol West", "csm", "en"),
    ("dana@demo.example", "Dana Quinn", "csm", "en"),
    ("erik@demo.example", "Erik Holm", "csm", "en"),
)

TOPICS = {
    "en": (
        "the invoice",
        "the login problem",
        "the data export",
        "a new user",
        "the weekly report",
        "the import",
    ),
    "tr": ("Fatura", "Giriş sorunu", "Veri aktarımı", "Yeni kullanıcı", "Haftalık rapor", "İçe aktarma"),
    "fa": ("صورتحساب", "مشکل ورود", "خروجی داده", "کاربر تازه", "گزارش هفتگی", "ورود داده"),
}


@dataclass(frozen=True, slots=True)
class Folk:
    """People and companies of one language. `first` and `last` are names, each with its Latin spelling if it has
    another; `zones` is where the customers live, `far` where a few more do, so that somebody is awake at any hour."""

    language: str
    country: str
    share: int
    first: tuple[str, ...]
    last: tuple[str, ...]
    zones: tuple[str, ...]
    far: tuple[str, ...]
    prefix: str
    company: tuple[str, ...]
    business: tuple[str, ...]

    def person(self, number: int) -> tuple[str, str]:
        """(name, the part of an e-mail address before the @); no name comes twice before all have come once."""
        turn, place = divmod(number, len(self.first))
        first = self.first[place]
        last = self.last[(place + turn) % len(self.last)]
        return f"{_native(first)} {_native(last)}", f"{_latin(first)}.{_latin(last)}"

    def companies(self) -> Iterator[str]:
        """Names of companies, all different."""
        for turn in range(len(self.business)):
            for place, word in enumerate(self.company):
                yield f"{word} {self.business[(place * 3 + turn) % len(self.business)]}"


def _native(name: str) -> str:
    return name.partition("|")[0]


def _latin(name: str) -> str:
    written = name.rpartition("|")[2].replace("ı", "i").lower()
    return "".join(
        each for each in unicodedata.normalize("NFKD", written) if each.isascii() and each.isalpha()
    )


def domain(company: str) -> str:
    """The domain of a company's addresses; nothing is ever delivered to `.example`."""
    words = (_latin(each) for each in company.split())
    return "-".join(each for each in words if each) + ".example"


FOLKS = (
    Folk(
        "en", "US", 6,
        ("Alice", "Ben", "Chloe", "Daniel", "Emma", "Frank", "Grace", "Henry", "Isla", "Jack", "Kate", "Liam",
         "Maya", "Noah", "Olivia", "Patrick", "Quentin", "Rachel", "Samuel", "Tessa", "Victor", "Wendy", "Xavier",
         "Yvonne", "Zoe", "Aaron", "Bethany", "Caleb", "Diana", "Elliot"),
        ("Archer", "Brooks", "Carter", "Dawson", "Ellis", "Foster", "Gibson", "Hayes", "Ingram", "Jarvis", "Keller",
         "Lambert", "Mercer", "Norris", "Osborne", "Palmer", "Quincy", "Ramsey", "Sutton", "Tucker", "Underhill",
         "Vaughn", "Whitaker", "Yates"),
        ("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Denver"),
        ("Pacific/Honolulu", "Pacific/Guam", "Europe/London", "America/New_York", "America/Los_Angeles"),
        "+1202555",
        ("Arden", "Bluefin", "Cobalt", "Delta", "Elmstead", "Foxglove", "Granite", "Harbor", "Iris", "Juniper",
         "Kingfisher", "Lumen", "Maple", "Northgate", "Oakline", "Pinecrest", "Quill", "Riverside", "Summit",
         "Thistle", "Umber", "Vista", "Winslow", "Zephyr"),
        ("Foods", "Labs", "Works", "Print", "Care", "Legal", "Logistics", "Schools", "Media", "Clinics"),
    ),
    Folk(
        "tr", "TR", 3,
        ("Ali", "Burcu", "Cem", "Defne", "Emre", "Fatma", "Gökhan", "Hande", "İpek", "Kerem", "Leyla", "Murat",
         "Nazlı", "Onur", "Pelin", "Rıza", "Selin", "Tolga", "Umut", "Yasemin", "Zeynep", "Barış"),
        ("Arslan", "Bulut", "Çelik", "Demir", "Erdem", "Güler", "Koç", "Şahin", "Aydın", "Doğan", "Kurt", "Özkan",
         "Polat", "Tekin", "Uslu", "Yalçın"),
        ("Europe/Istanbul",),
        ("America/New_York", "America/Los_Angeles", "Australia/Sydney", "Europe/Istanbul"),
        "+90532555",
        ("Ege", "Güneş", "Kuzey", "Mavi", "Toros", "Yakamoz", "Akdeniz", "Damla", "Hilal", "Karanfil", "Lale",
         "Pusula"),
        ("Lojistik", "Tekstil", "Yazılım", "Turizm", "Gıda", "Sigorta", "Otel", "Kargo"),
    ),
    Folk(
        "fa", "IR", 2,
        ("آرش|Arash", "بهار|Bahar", "پویا|Pouya", "ترانه|Taraneh", "داریوش|Dariush", "رویا|Roya", "سارا|Sara",
         "شیرین|Shirin", "کامران|Kamran", "لاله|Laleh", "مهدی|Mehdi", "نیما|Nima", "پریسا|Parisa", "سامان|Saman",
         "مینا|Mina", "کاوه|Kaveh"),
        ("احمدی|Ahmadi", "بهرامی|Bahrami", "تهرانی|Tehrani", "جوادی|Javadi", "رستمی|Rostami", "شریفی|Sharifi",
         "کریمی|Karimi", "مرادی|Moradi", "نوری|Nouri", "صادقی|Sadeghi", "یزدانی|Yazdani", "فرهادی|Farhadi"),
        ("Asia/Tehran",),
        ("America/Los_Angeles", "Europe/Stockholm", "Australia/Sydney", "Asia/Tehran"),
        "+98912555",
        ("Niloofar", "Parsa", "Rayan", "Sepehr", "Fanoos", "Kian", "Alborz", "Damavand", "Zagros", "Simorgh"),
        ("Trading", "Pharma", "Data", "Air", "Light", "Steel"),
    ),
)  # fmt: skip
