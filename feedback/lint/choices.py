"""What kind of list the options of a question are: bands, degrees, days, yes and no, or a list without order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from feedback.core.questions import ChoiceQuestion, Option
from feedback.lint import intervals
from feedback.lint.document import Document
from feedback.lint.fold import bare
from feedback.lint.labels import Lexicon, Reading, dimension_of, lexicon, scale

Kind = Literal["bands", "degrees", "calendar", "yes-no", "alphabetical", "unknown", "unordered"]
OPT_OUTS = ("not_applicable", "prefer_not", "dont_know")

_CALENDAR = {
    "en": "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december spring summer autumn fall winter morning afternoon evening night noon "
    "today yesterday weekday weekend",
    "tr": "pazartesi salı çarşamba perşembe cuma cumartesi pazar ocak şubat mart nisan mayıs haziran temmuz ağustos "
    "eylül ekim kasım aralık ilkbahar yaz sonbahar kış sabah öğle öğleden akşam gece bugün dün",
    "fa": "شنبه یکشنبه دوشنبه سهشنبه چهارشنبه پنجشنبه پنجشنبه جمعه فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر "
    "دی بهمن اسفند بهار تابستان پاییز زمستان صبح ظهر عصر شب امروز دیروز",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz april mai juni juli august "
    "september oktober november dezember frühling sommer herbst winter morgen mittag nachmittag abend nacht",
    "es": "lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto "
    "septiembre octubre noviembre diciembre primavera verano otoño invierno mañana tarde noche",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai juin juillet août "
    "septembre octobre novembre décembre printemps été automne hiver matin après-midi soir nuit",
    "ar": "السبت الأحد الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس "
    "سبتمبر أكتوبر نوفمبر ديسمبر ربيع صيف خريف شتاء صباح مساء ليل الربيع الصيف الخريف الشتاء",
}


@cache
def _calendar(language: str) -> frozenset[str]:
    return frozenset(bare(word, language) for word in _CALENDAR.get(language, "").split())


@dataclass(frozen=True)
class Choices:
    """The options of a question in one language. `real` are those that answer it; the others opt out or open a box."""

    language: str
    options: tuple[tuple[int, Option, str], ...]
    real: tuple[tuple[int, Option, str], ...]
    words: Lexicon | None

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.real]

    def bands(self) -> list[tuple[int, str, intervals.Interval]]:
        """(index, text, interval) of the options that name a band of numbers, in one unit; empty where units differ."""
        found = [(i, text, intervals.parse(text, self.language)) for i, _, text in self.options]
        parsed = [(i, text, band) for i, text, band in found if band is not None]
        same = intervals.comparable([band for _, _, band in parsed])
        return [(i, text, band) for (i, text, _), band in zip(parsed, same, strict=False)]

    def readings(self) -> list[Reading | None]:
        return scale(self.texts, self.language)

    @property
    def kind(self) -> Kind:
        """`unknown` where the language has no word list, so that an order could be overlooked."""
        texts = self.texts
        if self.words is None:
            return "unknown"
        if sum(intervals.parse(text, self.language) is not None for text in texts) * 2 > len(texts):
            return "bands"
        if texts and all(self.words.says(kind, text) for text in texts for kind in self._yes_no(text)):
            return "yes-no"
        if _mostly(texts, [_is_calendar(text, self.language) for text in texts]):
            return "calendar"
        return self._ordered_words(texts)

    def _yes_no(self, text: str) -> tuple[str, ...]:
        assert self.words is not None  # noqa: S101 - asked only with words
        kinds = [kind for kind in ("yes", "no", "partly") if self.words.says(kind, text)]
        return tuple(kinds[:1]) or ("yes",)

    def _ordered_words(self, texts: Sequence[str]) -> Kind:
        found = self.readings()
        known = [each for each in found if each]
        dimensions = {each.dimension for each in known}
        if len(texts) >= 2 and len(known) * 3 >= len(texts) * 2 and len(dimensions) == 1 and _spread(known):
            return "degrees"
        if len(texts) >= 7 and _is_sorted(texts, self.language):
            return "alphabetical"
        return "unordered"


def _spread(found: Sequence[Reading]) -> bool:
    return len({each.degree for each in found}) >= 2


def _mostly(texts: Sequence[str], hits: Sequence[bool]) -> bool:
    return bool(texts) and sum(hits) * 3 >= len(texts) * 2


def _is_calendar(text: str, language: str) -> bool:
    plain = bare(text, language).replace(" ", "") if language == "fa" else bare(text, language)
    return plain in _calendar(language) or any(
        word.strip(".,-") in _calendar(language) for word in plain.split()[:2]
    )


def _is_sorted(texts: Sequence[str], language: str) -> bool:
    folded = [bare(text, language) for text in texts]
    return folded == sorted(folded)


def choices(document: Document, index: int, language: str) -> Choices | None:
    """The options of question number `index`; None where it is not answered by choosing."""
    question = document.questions[index][1]
    if not isinstance(question, ChoiceQuestion):
        return None
    words = lexicon(language)
    options = tuple(
        (place, option, option.text.to(language)) for place, option in enumerate(question.options)
    )
    real = tuple(each for each in options if not _is_aside(each[1], each[2], words, len(options)))
    return Choices(language, options, real, words)


def _is_aside(option: Option, text: str, words: Lexicon | None, count: int) -> bool:
    if option.role is not None:
        return True
    if words is None:
        return False
    kinds = ("other", *OPT_OUTS) if count <= 2 else ("other", "none", *OPT_OUTS)
    if words.says("no", text) or intervals.parse(text, words.language):
        kinds = ("other", *OPT_OUTS)
    return any(words.says(kind, text) for kind in kinds)


def is_degree_scale(found: Sequence[Reading | None]) -> bool:
    """Whether all labels are understood, in one dimension, with at least two different degrees."""
    known = [each for each in found if each]
    return (
        len(known) == len(found)
        and len(found) >= 2
        and _spread(known)
        and len({e.dimension for e in known}) == 1
    )


__all__ = ["OPT_OUTS", "Choices", "Kind", "choices", "dimension_of", "is_degree_scale"]
