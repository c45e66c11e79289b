"""Turkish grammar, as far as rules need it: cases of numbers and units, endings of a question."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from feedback.lint.languages.pack import LanguagePack

_QUESTION_ENDING = re.compile(r"(?:y?[dt][ıiuü]r?|[dt][ıiuü]r|ydi)$")
_HAVING = re.compile(r"(\w{2,}?)l[ıiuü](?:y?d[ıiuü]\w*)?$")
_LACKING = re.compile(r"(\w{2,}?)s[ıiuü]z\w*$")
_DENIED = re.compile(r"(\w{2,}?)[aeıiuü]?m(?:[ae]d[ıi]|[ıiuü]yor|[ae]m[ıi]ş|[ae]z)\w{0,5}")
_PLAIN = re.compile(r"(\w{2,}?)[aeıiuü]?(?:[dt][ıiuü]|yor|m[ıiuü]ş|r)\w{0,5}")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_CLOCK = re.compile(r"(?<![\d.,])([01]?\d|2[0-4])\.(00|15|30|45)(?![\d.,])")
_ABOUT = re.compile(r"\b(saniye|dakika|saat|gün|hafta|ay|yıl|kişi|tane|kez) kadar\b")
"""An approximate number, in which the unit has no dative: "beş dakika kadar", but not "beş dakikaya kadar"."""
_CLOCKS = re.compile(
    rf"(?=.*(?<!\d)\d\d\.)\D*{_CLOCK.pattern}(?:\s*[-–—]\s*|\s+(?:ile|ila)\s+)"
    rf"{_CLOCK.pattern}(?:\s+aras\w+)?"
)
"""Two times of day with a point, at least one of them with a two-digit hour: "9.00-12.00", but not "2.00-2.50"."""
_CASES = re.compile(
    r"(?<=# )(?:den|dan|ten|tan|nden|ndan|yaşından|yaşın)(?= )"
    r"|(?<=# )(?:e|a|ye|ya)(?= kadar)"
    r"|(?<=# )(?:in|ın|un|ün|nin|nın)(?= )"
)
_NUMBER_CASE = re.compile("(?:[dt][ae]n|y?[ae])$")
_NOUN_CASE = re.compile("(?<=[a-zçğıöşü]{2})[dt][ae]n?$")
_LOOSE_CASE = re.compile(r" (?:y?[ae]|[dt][ae]n?)$")
_CASE = re.compile("(?<=[a-zçğıöşü]{3})(?:n?[dt][ae]n?|[yn]?[aeıiuü]|n?[ıiuü]n)$")
_UNIT_ENDINGS = (
    *("den", "dan", "ten", "tan", "nden", "ndan", "e", "a", "ye", "ya", "in", "ın", "un", "ün", "nin", "nın"),
    *("lik", "lık", "luk", "lük", "sından", "lığına", "liğine", "luğuna", "lüğüne"),
)
_FROM = frozenset(f"{link}{d}{a}n" for link in ("", "n", "sın") for d in "dt" for a in "ae")


@dataclass(frozen=True)
class Turkish(LanguagePack):
    def forms(self, word: str) -> set[str]:
        """Also without the ending of the question ("zordu")."""
        return {word, _QUESTION_ENDING.sub("", word)}

    def opposite(self, one: str, other: str) -> bool:
        """ "Yeterli" and "yetersiz": with and without the same thing."""
        pairs = ((_HAVING.match(each), _LACKING.match(rest)) for each, rest in ((one, other), (other, one)))
        return any(having and lacking and having[1] == lacking[1] for having, lacking in pairs)

    def is_form_of(self, word: str, words: Container[str]) -> bool:
        """Also with a case: "saatten" of "saat", "günde" of "gün"."""
        case = _CASE.search(word)
        return word in words or bool(case and word[: case.start()] in words)

    def is_kind_of(self, head: str, word: str) -> bool:
        """Also with a possessive ending: "kartı" of "kart"."""
        return word.startswith(head) and len(word) - len(head) <= 2

    def spaced(self, text: str) -> str:
        """Also with a colon in times of day, so that "09.00" is no decimal."""
        plain = _APOSTROPHE.sub(" ", _ABOUT.sub(r"\1 civarında", text))
        return _CLOCK.sub(r"\1:\2", plain) if _CLOCKS.fullmatch(plain) else plain

    def number_word(self, token: str) -> str:
        return _NUMBER_CASE.sub("", token)

    def unit_in(self, token: str, units: Container[str | None]) -> str | None:
        if token in units:
            return token
        endings = (each for each in _UNIT_ENDINGS if token.endswith(each))
        return next((token[: -len(each)] for each in endings if token[: -len(each)] in units), None)

    def evened(self, skeleton: str) -> str:
        return _CASES.sub(self.from_case, skeleton)

    def counted(self, noun: str) -> str:
        """ "10 kezden fazla" counts what "5 kez" counts, and "1 GB'a kadar" what "5 GB" does."""
        return _NOUN_CASE.sub("", _LOOSE_CASE.sub("", noun))


PACK = Turkish(
    sentence_words=20,
    opt_out="İptal için RET yazın",
    head_last=True,
    from_endings=_FROM,
    without=re.compile(r"(\w{3,}?)s[ıiuü]z(?:$|\W)"),
    from_case="den",
    denied_verb=_DENIED,
    plain_verb=_PLAIN,
)
