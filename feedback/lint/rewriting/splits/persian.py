"""Persian sentences that split in two."""

from __future__ import annotations

import re

from feedback.lint.rewriting.persian import owned
from feedback.lint.rewriting.splits.joint import Halves, Joint

_IS = r"(?:بودند|بود|است|هستند|هست)"
_JUDGED = re.compile(
    r"(?P<tail>\s+(?:را (?:ارزیابی|دریافت|توضیح)|(?:تا چه (?:حد|اندازه) |چقدر |چه‌?قدر )?(?:راضی"
    r"|رضایت)|(?:چطور|چگونه) (?:بود|است|ارزیابی)"
    r"|را (?:چطور|چگونه)).*)$"
)
_OWNER = re.compile(r"^(?P<noun>\S+) (?P<owner>ما|شما|خود|خودتان)$")


def split(joint: Joint) -> Halves | None:
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
        first = owned(first, shared["owner"])
    return lead[0] + first + tail["tail"], lead[0] + second + tail["tail"]


def _clauses(joint: Joint) -> Halves | None:
    """«آیا کیفیت خوب بود | و قیمت مناسب بود؟»"""
    ended = rf"\S+(?: \S+){{0,3}} \S+ {_IS}"
    one = re.fullmatch(rf"(?P<asks>آیا )?{ended}", joint.left)
    if not one or not re.fullmatch(rf"{ended}\s*[؟?.!]?", joint.right) or len(joint.right.split()) < 3:
        return None
    return joint.left + joint.mark, (one["asks"] or "") + joint.right
