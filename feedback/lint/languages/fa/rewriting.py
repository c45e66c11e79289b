"""Persian sentences that split in two."""

from __future__ import annotations

import re

from feedback.core.text.folding import lower
from feedback.lint.rewriting.joint import Halves, Joint
from feedback.lint.rewriting.language import Phrases, Rewriting
from feedback.lint.rewriting.sentence import small

_IS = r"(?:بودند|بود|است|هستند|هست)"
_JUDGED = re.compile(
    r"(?P<tail>\s+(?:را (?:ارزیابی|دریافت|توضیح)|(?:تا چه (?:حد|اندازه) |چقدر |چه‌?قدر )?(?:راضی"
    r"|رضایت)|(?:چطور|چگونه) (?:بود|است|ارزیابی)"
    r"|را (?:چطور|چگونه)).*)$"
)
_OWNER = re.compile(r"^(?P<noun>\S+) (?P<owner>ما|شما|خود|خودتان)$")


def _split(joint: Joint) -> Halves | None:
    for frame in (_how, _nouns, _clauses):
        if found := frame(joint):
            return found
    return None


def _how(joint: Joint) -> Halves | None:
    """«کارمند ما چقدر مودب | و سریع بود؟»"""
    one = re.fullmatch(
        r"(?P<lead>(?:.*\s)?(?:چقدر|چه‌?قدر|تا چه (?:حد|اندازه)) )(?P<word>\S+(?: \S+)?)", joint.left
    )
    if not one:
        return None
    other = re.fullmatch(rf"(?P<word>\S+(?: \S+)?)(?P<rest> {_IS}\s*[؟?.!])", joint.right)
    if other:
        return one[0] + other["rest"], one["lead"] + joint.right
    manner = re.fullmatch(r"(?P<word>\S+انه)(?P<rest> .+)", joint.right)
    if manner and len(one["word"].split()) == 1:
        return one[0] + manner["rest"], one["lead"] + joint.right
    return None


def _nouns(joint: Joint) -> Halves | None:
    """«از آموزش | و مستندات ما چقدر راضی هستید؟»"""
    tail = _JUDGED.search(joint.right)
    lead = re.match(r"(?:آیا )?(?:از )?", joint.left)
    if not tail or not lead or tail["tail"].rstrip(" ؟?.").endswith("ند"):
        return None
    first, second = joint.left[lead.end() :], joint.right[: tail.start()].strip()
    if not first or not second or len(first.split()) > 4 or len(second.split()) > 3:
        return None
    if re.search(r"(?<!\S)(?:از|به|در|با|که|را|برای|بین|میان)(?!\S)", f"{first} {second}"):
        return None
    if re.search(r"(?:یم|ید|ند|آمد|رسید|شد|کرد|داد|بود|گرفت|گفت|دهد|کند|شود)$", first):
        return None  # a clause with a verb of its own
    shared = _OWNER.match(second)
    if shared and len(first.split()) == 1:
        first = _owned(first, shared["owner"])
    return lead[0] + first + tail["tail"], lead[0] + second + tail["tail"]


def _clauses(joint: Joint) -> Halves | None:
    """«آیا کیفیت خوب بود | و قیمت مناسب بود؟»"""
    ended = rf"\S+(?: \S+){{0,3}} \S+ {_IS}"
    one = re.fullmatch(rf"(?P<asks>آیا )?{ended}", joint.left)
    if not one or not re.fullmatch(rf"{ended}\s*[؟?.!]?", joint.right) or len(joint.right.split()) < 3:
        return None
    return joint.left + joint.mark, (one["asks"] or "") + joint.right


def _owned(noun: str, owner: str) -> str:
    """A noun with what belongs to it: خانه + ما -> خانهٔ ما, غذا + ما -> غذای ما."""
    if noun.endswith(("ا", "و")):
        return f"{noun}ی {owner}"
    return f"{noun}ٔ {owner}" if noun.endswith("ه") else f"{noun} {owner}"


_IS_PAST = re.compile(
    r"(?<!ی)(?:(?:کرد|داد|گرفت|خرید|رفت|آمد|زد|دید|خورد|گذاشت|فرستاد|نوشت|داشت|شد|خواند"
    r"|پرداخت)(?:ید|ه[ \u200c]?اید|م|یم)?)\s*[؟?.]?\s*$"
)
_OPENED = re.compile(r"(?:آیا|لطفاً)\b|[^?؟]*[,،]")


class _Persian(Rewriting):
    def split(self, joint: Joint) -> Halves | None:
        return _split(joint)

    def with_period(self, sentence: str) -> str:
        if not _IS_PAST.search(lower(sentence, "fa")) or _OPENED.match(sentence):
            return ""
        return f"{self.phrases.period} {small(sentence, 'fa')}"

    def longer_period(self, text: str, start: int, end: int) -> tuple[int, int]:
        before = re.search(r"در $", text[:start])
        return (before.start() if before else start), end

    def if_anything(self, asked: str) -> tuple[int, str] | None:
        return None if re.search("[,،]|چرا", asked) else (0, "اگر موردی هست، ")


REWRITING = _Persian(
    Phrases(
        never="هیچ‌وقت",
        none="هیچ‌کدام",
        other="مورد دیگر",
        not_at_all="اصلاً",
        did_not_use="استفاده نکردم",
        or_more="{} و بیشتر",
        under="کمتر از {}",
        period="در ۳ ماه گذشته",
        month="در ۳۰ روز گذشته",
    ),
    joints=re.compile(r"(?<![\w\u200c])(?:و همچنین|و نیز|و|یا|ولی|اما)(?![\w\u200c])", re.IGNORECASE),
    broken=re.compile(
        r"(?<!\w)(?:از|به|در|با|و|یا) (?:از|به|در|با|و|یا|را)(?!\w)|(?<!\w)(?:و|یا|را)\s*[.؟!]"
    ),
    both=re.compile(r"^هم (?!چنین)"),
    also=re.compile(r"^(?:همچنین |هم |نیز )"),
    lately=frozenset(["اخیرا", "به تازگی", "تازگی ها", "این اواخر"]),
    range_joint=" تا ",
)
