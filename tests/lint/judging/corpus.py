"""What all who judge the linter share: the answers that forms stand for, items, and tallies of decisions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"
PARTS = ("tune", "held-out")

ANSWERS: dict[str, dict[str, list[str]]] = {
    "en": {
        "yn": ["Yes", "No"],
        "agree": ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"],
        "qual": ["Very poor", "Poor", "Fair", "Good", "Very good"],
        "often": ["Never", "Rarely", "Sometimes", "Often", "Always"],
        "freq": ["Every week", "Every month", "Every year", "Never"],
        "extent": ["A little", "Some", "A lot"],
        "extent0": ["Not at all", "A little", "A lot"],
        "change": ["Less", "The same", "More"],
        "price": ["$5", "$10", "$15"],
        "pick": ["Alpha", "Beta", "Gamma"],
        "opt-out": ["Prefer not to say"],
    },
    "tr": {
        "yn": ["Evet", "Hayır"],
        "agree": [
            "Kesinlikle katılmıyorum",
            "Katılmıyorum",
            "Kararsızım",
            "Katılıyorum",
            "Kesinlikle katılıyorum",
        ],
        "qual": ["Çok kötü", "Kötü", "Orta", "İyi", "Çok iyi"],
        "often": ["Hiçbir zaman", "Nadiren", "Bazen", "Sık sık", "Her zaman"],
        "freq": ["Haftada bir", "Ayda bir", "Yılda bir", "Hiç"],
        "extent": ["Biraz", "Oldukça", "Çok"],
        "extent0": ["Hiç", "Biraz", "Çok"],
        "change": ["Azaldı", "Aynı kaldı", "Arttı"],
        "price": ["50 TL", "100 TL", "150 TL"],
        "pick": ["Elma", "Armut", "Kiraz"],
        "opt-out": ["Belirtmek istemiyorum"],
    },
    "fa": {
        "yn": ["بله", "خیر"],
        "agree": ["کاملاً مخالفم", "مخالفم", "نظری ندارم", "موافقم", "کاملاً موافقم"],
        "qual": ["خیلی بد", "بد", "متوسط", "خوب", "خیلی خوب"],
        "often": ["هیچ‌وقت", "به‌ندرت", "گاهی", "اغلب", "همیشه"],
        "freq": ["هر هفته", "هر ماه", "هر سال", "هیچ‌وقت"],
        "extent": ["کم", "متوسط", "زیاد"],
        "extent0": ["اصلاً", "کم", "زیاد"],
        "change": ["کمتر", "بدون تغییر", "بیشتر"],
        "price": ["۵۰ هزار تومان", "۱۰۰ هزار تومان"],
        "pick": ["سیب", "گلابی", "گیلاس"],
        "opt-out": ["ترجیح می‌دهم نگویم"],
    },
}
SCALES = frozenset({"agree", "qual", "often", "extent", "extent0", "change"})
TYPES = {"sat": "csat", "nps": "nps", "pmf": "pmf", "open": "text", "num": "text"}


@dataclass(frozen=True)
class Item:
    language: str
    form: str
    text: str
    expected: frozenset[str]

    @property
    def part(self) -> str:
        return PARTS[hashlib.sha256(self.text.encode()).digest()[0] % 2]


@dataclass
class Tally:
    """Decisions of one rule, or of all of them, over some items."""

    hits: int = 0
    misses: int = 0
    alarms: int = 0

    @property
    def precision(self) -> float | None:
        return self.hits / (self.hits + self.alarms) if self.hits + self.alarms else None

    @property
    def recall(self) -> float | None:
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else None


@dataclass
class Report:
    """One language, one part."""

    total: Tally = field(default_factory=Tally)
    rules: dict[str, Tally] = field(default_factory=dict)
    good: int = 0
    flagged: int = 0
    wrong: list[tuple[Item, frozenset[str], frozenset[str]]] = field(default_factory=list)

    @property
    def share_flagged(self) -> float:
        return self.flagged / self.good if self.good else 0.0

    def add(self, item: Item, found: frozenset[str]) -> None:
        for rule in item.expected | found:
            tally = self.rules.setdefault(rule, Tally())
            for each in (tally, self.total):
                each.hits += rule in item.expected and rule in found
                each.misses += rule not in found
                each.alarms += rule not in item.expected
        if not item.expected:
            self.good += 1
            self.flagged += bool(found)
        if found != item.expected:
            self.wrong.append((item, found - item.expected, item.expected - found))
