"""English sentences: how they split, take a period and leave room for "nothing"."""

from __future__ import annotations

import re

from feedback.lint.options.labels import readings
from feedback.lint.rewriting.joint import Halves, Joint
from feedback.lint.rewriting.language import Phrases, Rewriting
from feedback.lint.rewriting.sentence import capital, small

_DET = r"(?:the|our|your|its|their|his|her|my|this|these|those)"
_BE = r"(?:was|were|is|are)"
_AUX = r"(?:did|do|does|can|could|will|would)"
_PROPERTY = r"(?:(?:well|easy to|easily) )?[a-z-]+"
_TAIL = r"(?P<tail> (?:of|at|in|on|for|from|during|when|after|before|that|which|you|we) .*?)?"
_NOUN = rf"(?P<det>{_DET} )?(?P<noun>[\w'’-]+(?: [\w'’-]+){{0,2}}?)"
_JUDGES = (
    r"(?:(?:dis|un)?(?:satisfied|happy|pleased|content|impressed) (?:are |were )?(?:you )?(?:with|about|by)"
    r"|rate|evaluate|assess|grade|judge|score|think (?:of|about)|(?:opinion|view|impression) (?:of|on|about)"
    r"|(?:you|they) (?:trust|enjoy|like))"
)
_ANAPHORA = re.compile(r"\b(?:it|them|they|there|he|she|him)\b")
_SAME_END = re.compile(r"\b(?:both|each|together|between|all|same)\b")
_PLURALS = frozenset(
    [
        "people",
        "staff",
        "children",
        "women",
        "men",
        "police",
        "crew",
        "team",
        "data",
        "media",
        "news",
        "series",
        "series'",
        "stairs",
    ]
)
_OPENS = rf"(?:how|what|why|when|where|which|who)\b.* {_AUX[:-1]}|was|were|is|are|have|has)\b|{_BE} {_DET}\b"
_PREPOSITION = re.compile(
    r"\b(?:with|at|in|on|for|from|about|by|to|than|when|that|which|who|was|were|is|are|not|and|or)\b"
)


def _split(joint: Joint) -> Halves | None:
    left, right = joint.left, joint.right
    if _SAME_END.search(f"{left} {right}".lower()):
        return None
    for frame in (_how, _clauses, _judged, _how_was, _predicates, _acts):
        if found := frame(left, right, joint):
            return found
    return None


def _how(left: str, right: str, _joint: Joint) -> Halves | None:
    """ "How clear | and useful was the report?" """
    one = re.fullmatch(rf"(?P<lead>(?:.*\b)?how )(?P<word>{_PROPERTY})", left, re.IGNORECASE)
    other = re.fullmatch(
        rf"(?P<word>{_PROPERTY})(?P<rest> (?:{_BE[3:-1]}|{_AUX[3:-1]}|has|have|had)\b.*)", right
    )
    if not one or not other or one["word"].lower() in ("much", "many", "often", "long", "was", "is"):
        return None
    return one[0] + other["rest"], one["lead"] + other["word"] + other["rest"]


def _clauses(left: str, right: str, joint: Joint) -> Halves | None:
    """ "How was the pool, | and how was the sauna?" """
    opened = re.match(rf"(?:{_OPENS})", right, re.IGNORECASE)
    begun = re.match(rf"(?:{_OPENS}|{_AUX} )", left, re.IGNORECASE)
    if not opened or not begun or _ANAPHORA.search(right):
        return None
    return left + joint.mark, capital(right, "en")


def _judged(left: str, right: str, _joint: Joint) -> Halves | None:
    """ "... satisfied with the food | and the service of the hotel?" """
    one = re.fullmatch(rf"(?P<lead>.*\b{_JUDGES} ){_NOUN}", left, re.IGNORECASE)
    other = re.fullmatch(rf"{_NOUN}{_TAIL}(?P<mark>\s*[?.!])", right, re.IGNORECASE)
    if not one or not other or _PREPOSITION.search(one["noun"]) or _PREPOSITION.search(other["noun"]):
        return None
    if re.search(rf"\b{_DET}\b|\b[a-z]{{3,}}ly\b", other["noun"]):
        return None
    rest = (other["tail"] or "") + other["mark"]
    own = other["det"] and (one["det"] or "").strip().lower() not in ("", "the")
    first = other["mark"] if own and rest.startswith(" of ") else rest
    if other["det"] or not one["det"] or " of " not in f" {one['noun']} ":
        second = (other["det"] or one["det"] or "") + other["noun"]
    else:
        second = one["det"] + one["noun"].rsplit(" ", 1)[0] + " " + other["noun"]
    return one[0] + first, one["lead"] + second + rest


def _plural(noun: str) -> bool | None:
    """Whether a noun is plural; None where its form does not tell."""
    head = noun.lower().split()[-1]
    if head in _PLURALS:
        return None
    return head.endswith("s") and not head.endswith(("ss", "us", "is"))


def _how_was(left: str, right: str, _joint: Joint) -> Halves | None:
    """ "How was the food | and the service?" Each half gets the verb of its own number."""
    one = re.fullmatch(rf"(?P<lead>.*\bhow )(?P<be>{_BE}) {_NOUN}", left, re.IGNORECASE)
    other = re.fullmatch(rf"{_NOUN}{_TAIL}(?P<mark>\s*[?.!])", right, re.IGNORECASE)
    if not one or not other or not (one["det"] or other["det"]):
        return None
    numbers = _plural(one["noun"]), _plural(other["noun"])
    if None in numbers or _PREPOSITION.search(one["noun"] + " " + other["noun"]):
        return None
    verbs = ("was", "were") if one["be"].lower() in ("was", "were") else ("is", "are")
    rest = (other["tail"] or "") + other["mark"]
    first, second = (verbs[bool(number)] for number in numbers)
    det = one["det"] or other["det"]
    return (
        f"{one['lead']}{first} {one['det'] or ''}{one['noun']}{rest}",
        f"{one['lead']}{second} {other['det'] or det}{other['noun']}{rest}",
    )


_PREDICATE = (
    r"(?P<word>(?:(?:very|too|really|well|easy to|hard to|quick to|simple to|more|less) )?[a-z-]+"
    r"(?: (?:to [a-z]+|to date|enough))?)(?P<mark>\s*[?.!])"
)
_DESCRIBES = re.compile(r"(?:ful|able|ible|ive|ous|ent|ant|ic|ed|less|y|al|ate|ing|ish)$")


def _describes(word: str) -> bool:
    return bool(readings(word.lower(), "en")) or bool(_DESCRIBES.search(word.lower()))


def _predicates(left: str, right: str, _joint: Joint) -> Halves | None:
    """ "Was the courier on time | and polite?", "The food was hot | and tasty." """
    asked = re.fullmatch(rf"(?P<lead>{_BE} .*?)(?P<word>on time|[\w-]+)", left, re.IGNORECASE)
    said = re.fullmatch(
        rf"(?P<lead>.*\b(?:{_BE[3:-1]}|am) (?:very |too |really |always )?)(?P<word>on time|[\w-]+)",
        left,
        re.IGNORECASE,
    )
    one, other = said or asked, re.fullmatch(_PREDICATE, right, re.IGNORECASE)
    if not one or not other:
        return None
    first, second = one["word"], other["word"].split()[-1] if other["word"] else ""
    if first != "on time" and not _describes(first):
        return None
    plain = other["word"].split()[0]
    if not _describes(second) and not _describes(plain) and plain not in ("well", "easy", "up"):
        return None
    if second.endswith(("ed", "ing")) and not first.endswith(("ed", "ing")) and not readings(second, "en"):
        return None
    return left + other["mark"], one["lead"] + other["word"] + other["mark"]


_CLAUSE = re.compile(
    r"\w+ (?:you|we|they|i) (?:need|want|expect|receive|got|get|were|had|have|paid|order|require)"
)
"""What makes a noun of the word before it: "the information and support you needed"."""


def _opened(left: str, verbs: frozenset[str]) -> re.Match[str] | None:
    """The auxiliary and the subject, and what somebody did."""
    opened = re.match(
        rf"(?P<lead>(?:.*?\b)?(?:{_AUX} (?:you|we|they|it|he|she)|{_AUX} {_DET} (?:[\w'-]+ ){{0,2}}?[\w'-]+"
        r"|how \w+ (?:was|is) it (?:for you )?to)) (?P<act>.+)",
        left,
        re.IGNORECASE,
    )
    while opened and opened["act"].split()[0].lower() not in verbs:
        opened = re.match(rf"(?P<lead>{re.escape(opened['lead'])} [\w'-]+) (?P<act>.+)", left, re.IGNORECASE)
        if opened and len(opened["lead"].split()) > 7:
            return None
    return opened


def _first_word(text: str) -> str:
    match = re.match(r"[\w'-]+", text)
    return match[0].lower() if match else ""


def _acts(left: str, right: str, joint: Joint) -> Halves | None:
    """ "Did the driver call you | and greet you?" """
    verbs = joint.words.words("rewriting.verbs")
    act = _first_word(right)
    if act not in verbs or _ANAPHORA.search(right) or _CLAUSE.match(right):
        return None
    opened = _opened(left, verbs)
    if not opened:
        return None
    return _shared(left, right, opened, joint)


def _shared(left: str, right: str, opened: re.Match[str], joint: Joint) -> Halves | None:
    """Both acts; where the first has no object of its own, it shares that of the second."""
    first, shared = opened["act"].split(), joint.words.words("rewriting.transitive")
    if len(right.split()) == 1 and len(first) > 1:
        return None  # "get the delivery and order" may join two nouns
    rest = re.sub(r"\s*[?.!]+$", "", right).split(" ", 1)
    if len(first) == 1 and first[0].lower() in shared:
        if len(rest) < 2:
            return None
        return f"{left} {rest[1]}{joint.mark}", f"{opened['lead']} {right}"
    if first[0].lower() in shared and all(re.search("ly$|^(?:well|fast)$", each) for each in first[1:]):
        return None
    return left + joint.mark, f"{opened['lead']} {right}"


_DETERMINERS = r"(?:the|our|your|its|their|my|a|an)"
_BROKEN = re.compile(
    rf"\b{_DETERMINERS} {_DETERMINERS}\b|\b(?:with|of|from|for|at|about) (?:with|of|from|for|at|and|or)\b"
    rf"|\b{_DETERMINERS} (?:and|or|was|were|is|are|of|with|you|we)\b|\b(?:and|or|the|of|with|our)\s*[.?!]"
    r"|(?<!\w)-\w|\b(?:was|is|were|are) (?:were|are|was|is)\b"
)
_AN = re.compile(r"\b([Aa])n? (?=(\w+))")
_VOWEL = re.compile(r"(?!uni|use|one|euro)[aeiou]|hour|honest", re.IGNORECASE)
_REASON = re.compile(r"(?P<asked>did (?:you|they|your [\w'-]+) .+)", re.IGNORECASE)
_HABIT = re.compile(
    r"(?i)^(?P<what>(?:and )?how (?:many|much|often|frequently)\b.*?) (?P<aux>do|does|did|have"
    r"|has) (?P<who>you|your [\w'-]+|they|we)(?P<rest> .*)$"
)
_PLANNED = re.compile(r"\b(?:expect|plan|want|intend|need|prefer|usually|normally)\b")
_WITHIN = re.compile(r"\b(?:in|over|during|within) (?:the )?$")
_WHAT = re.compile(r"^(?P<what>what)(?= (?:do|did|does|have|has|was|is|are|were|made) )")
_WHICH = re.compile(
    r"^which (?:of [\w' -]+?|[\w'-]+(?: of [\w' -]+?)?)(?= (?:do|did|does|have|has|was|is|are|were) )"
)
_HOW_MUCH = re.compile(r"^how much(?= (?:do|did|does|have|has|is|are|was|were) )")


class _English(Rewriting):
    def tidy(self, text: str) -> str:
        """With "a" and "an" as the next word asks for."""
        return _AN.sub(lambda match: match[1] + ("n " if _VOWEL.match(match[2]) else " "), text)

    def split(self, joint: Joint) -> Halves | None:
        return _split(joint)

    def why(self, asked: str) -> str:
        match = _REASON.fullmatch(asked)
        return f"Why {small(match['asked'], 'en')}?" if match else ""

    def stands_alone(self, after: str, ends: bool) -> bool:
        """Not in "towels/bed linen"."""
        return ends or not after[:1].isalpha()

    def with_period(self, sentence: str) -> str:
        match = _HABIT.match(sentence)
        if not match or _PLANNED.search(match["rest"]):
            return ""
        verb = {"do": "did", "does": "did"}.get(match["aux"].lower(), match["aux"].lower())
        return f"{self.phrases.period}, {small(match['what'], 'en')} {verb} {match['who']}{match['rest']}"

    def longer_period(self, text: str, start: int, end: int) -> tuple[int, int]:
        before = _WITHIN.search(text[:start])
        return (before.start() if before else start), end

    def dated(self, before: str, rest: str) -> str | None:
        return f"{self.phrases.month}, {small(rest, 'en')}" if rest and not before else ""

    def if_anything(self, asked: str) -> tuple[int, str] | None:
        for pattern, words in ((_WHAT, ", if anything,"), (_WHICH, ", if any,")):
            if match := pattern.match(asked):
                return match.end(), words
        return None

    def if_at_all(self, asked: str) -> tuple[int, str] | None:
        match = _HOW_MUCH.match(asked)
        return (match.end(), ", if at all,") if match else None


REWRITING = _English(
    Phrases(
        never="Never",
        none="None of these",
        other="Something else",
        not_at_all="Not at all",
        did_not_use="I did not use it",
        or_more="{} or more",
        under="Under {}",
        period="In the last 3 months",
        month="In the last 30 days",
    ),
    joints=re.compile(
        r"(?:,\s*)?\b(?:and also|but also|as well as|along with|together with|and|or|plus|but)\b|&",
        re.IGNORECASE,
    ),
    broken=_BROKEN,
    both=re.compile(r"(?i)\bboth "),
    also=re.compile(r"(?i)^(?:also |as well )"),
    always_capital=frozenset({"I", "I'm", "I've"}),
    lately=frozenset({"recently", "lately", "of late"}),
)
