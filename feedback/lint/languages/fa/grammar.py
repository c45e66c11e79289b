"""Persian grammar, as far as rules need it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedback.lint.languages.pack import LanguagePack

_SPOKEN = re.compile(
    r"(?<!\w)(?:اس|ارز|گر|مهرب|همز|جو|یکس)(?P<an>ون)(?=ه?(?!\w))"
    r"|(?<=\w\w\w)(?<!کار)(?<!پیرا)(?<!هور)[تمش](?P<possessive>ون)(?!\w)"
    r"|(?<!\w)(?:به|از|با)[تمش](?P<with>ون)(?!\w)"
    r"|(?<!\w)کد(?P<which>وم)(?=(?:ی|یک)?(?!\w))"
    r"|(?<!\w)(?:می ?\w{2,}|نمی ?\w{2,}|هست|نیست|دار|بود|کرد|داشت|دید|گرفت|رفت|خرید|شد|داد|رسید|زد)ی(?P<you>ن)(?!\w)"
)
"""Spoken forms that are as long as the written ones: آسون, خودتون, بهتون, کدوم, هستین."""
_ONE = re.compile(r"(?<!\w)یکی(?!\w)")
_COUNTER = re.compile(r"(?<=\w)(?<!بیش)(?<!کم) ?تا(?=$| یا (?:بیش|کم|بالا))")
_AS_WRITTEN = {"an": "ان", "possessive": "ان", "with": "ان", "which": "ام", "you": "د"}


def _as_written(match: re.Match[str]) -> str:
    kind = next(name for name, found in match.groupdict().items() if found)
    start, end = (place - match.start() for place in match.span(kind))
    return match[0][:start] + _AS_WRITTEN[kind] + match[0][end:]


@dataclass(frozen=True)
class Persian(LanguagePack):
    def written(self, text: str) -> str:
        """Also where people write as they speak."""
        return _SPOKEN.sub(_as_written, text)

    def spaced(self, text: str) -> str:
        """A counted option without its counter: دو تا، سه تا یا بیشتر."""
        return _COUNTER.sub("", _ONE.sub("یک", text))

    def forms(self, word: str) -> set[str]:
        """Also without the spoken "is" at its end: راحته is راحت است."""
        return {word, word.removesuffix("ه")} if len(word) > 2 else {word}

    def denies(self, one: str, other: str) -> bool:
        """Also before a long a: نیامد of آمد."""
        return super().denies(one, other) or one == f"نی{other.replace('آ', 'ا', 1)}"

    def is_kind_of(self, head: str, word: str) -> bool:
        """Also with the ending of an attribute: کارتی of کارت."""
        return word in (head, f"{head}ی")


PACK = Persian(
    sentence_words=28,
    opt_out="لغو۱۱",
    tied_endings=frozenset({"ی", "ها", "های", "هایی"}),
    having="با",
    without=re.compile(r"بدون (?:هیچ )?(\w{3,}?)ی?(?:$|\W)"),
    denying=("نا", "بی", "غیر"),
    denied_verb=re.compile(r"ن(\w{2,})"),
    plain_verb=re.compile(r"(\w{2,})"),
)
