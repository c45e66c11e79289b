"""Two questions out of a double-barrelled one.

A split is shown where the sentence has a shape that splits for certain; everywhere else the advice names the
parts, since half a sentence helps nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from feedback.lint.labels import readings
from feedback.lint.language.asked import Asked
from feedback.lint.lexicon import Lexicon
from feedback.lint.rewriting import turkish
from feedback.lint.rewriting.persian import owned
from feedback.lint.rewriting.sentence import capital, mended, small
from feedback.lint.said import say


@dataclass(frozen=True)
class Joint:
    """A question sentence taken apart at its conjunction, in the letters of the source."""

    left: str
    right: str
    words: Lexicon

    @property
    def mark(self) -> str:
        """How the sentence ends."""
        found = re.search(r"\s*[.?!؟]+[\s\"'»)]*$", self.right)
        return found[0].strip() if found else ""


Split = Callable[[Joint], tuple[str, str] | None]

_JOINTS = {
    "en": r"(?:,\s*)?\b(?:and also|but also|as well as|along with|together with|and|or|plus|but)\b|&",
    "tr": r"(?<!\w)(?:ve|veya|ya da|ama|fakat)(?!\w)|&",
    "fa": r"(?<![\w\u200c])(?:و همچنین|و نیز|و|یا|ولی|اما)(?![\w\u200c])",
    "de": r"\b(?:und|sowie|oder)\b",
    "es": r"\b(?:y|e|o|así como)\b",
    "fr": r"\b(?:et|ou|ainsi que)\b",
    "ar": r"(?<!\w)(?:وكذلك|أو|و)(?!\w)",
}
_COMMA = re.compile("[,،]")
_SLASH = re.compile(r"(?<![\w/])([^\W\d]{2,})\s?/\s?([^\W\d]{2,})(?![\w/])")
_MOST_QUOTED = 4


def better(question: Asked, start: int, end: int) -> str:
    """Two sentences where the text splits, else what to ask about."""
    return (
        _several(question)
        or _reason(question, start, end)
        or _slashed(question, start, end)
        or _at_joint(question, start, end)
    )


def _several(question: Asked) -> str:
    """Questions that stand one after the other."""
    source = question.stem.normalised
    asked = [source.quote(part.start, part.end) for part in question.stem.sentences]
    asked = [each for each in asked if each.rstrip(" \"'»)").endswith(("?", "؟"))]
    return " / ".join(asked) if len(asked) > 1 and all(len(each.split()) > 1 for each in asked) else ""


_WHY = {"en": re.compile(r"(?P<asked>did (?:you|they|your [\w'-]+) .+)", re.IGNORECASE)}


def _reason(question: Asked, start: int, end: int) -> str:
    """The reason is asked for, and not named."""
    words, said = question.words, question.stem.main[start:end]
    if not words.pattern("double-barrelled.reason").fullmatch(said):
        return ""
    sentence, place = _sentence(question, start, end, exactly=True)
    before = sentence[: place[0]].strip(" ,") if place else ""
    asks = _WHY[words.language].fullmatch(before) if words.language in _WHY else None
    if asks and (rewrite := mended(f"Why {small(asks['asked'], words.language)}?", question)):
        return rewrite
    return say("Ask for the reason in a question of its own, without “{words}”.", words=said)


def _slashed(question: Asked, start: int, end: int) -> str:
    normalised = question.stem.normalised
    first, last = normalised.span(start, end)
    match = _SLASH.fullmatch(normalised.source[first:last].strip())
    if not match or question.words.language == "tr":  # there only the last word carries the case
        return ""
    after = question.stem.text[end:].lstrip()
    if "\u200c" in normalised.source[first - 1 : first] + normalised.source[last : last + 1]:
        return ""
    ends = question.words.pattern("double-barrelled.ends").match(after)
    if question.words.language == "en" and after[:1].isalpha() and not ends:
        return ""  # "towels/bed linen"
    both = (normalised.source[:first] + each + normalised.source[last:] for each in match.groups())
    return _shown(question, *both)


def _at_joint(question: Asked, start: int, end: int) -> str:
    sentence, place = _sentence(question, start, end)
    said = question.stem.quote(start, end)
    if place is None:
        return _unjoined(said, question.words)
    right = _ALSO.sub("", sentence[place[1] :].lstrip())
    left = _BOTH.sub("", sentence[: place[0]].rstrip(" ,،"))
    joint = Joint(left, right, question.words)
    split = _SPLITS.get(question.words.language)
    several = _COMMA.search(joint.left) or _again(joint)
    if split and not several and (found := split(joint)) and (shown := _shown(question, *found)):
        return shown
    return _advice(joint)


_BOTH = re.compile(r"(?i)\bboth |(?<!\w)hem |^هم (?!چنین)")
_ALSO = re.compile(r"(?i)^(?:also |as well |(?:hem )?de |همچنین |هم |نیز )")


def _unjoined(said: str, words: Lexicon) -> str:
    first, slash, second = said.partition("/")
    if slash:
        return say(
            "Ask two questions: one about “{first}”, one about “{second}”.", first=first, second=second
        )
    joins = words.pattern("double-barrelled.conjunctions").fullmatch(said.lower())
    if not joins and (len(said.split()) > 2 or _COMMA.search(said)):
        return say("Ask a question of its own for each part of “{words}”.", words=said)
    return say("Ask two questions; do not join them with “{words}”.", words=said)


def _sentence(
    question: Asked, start: int, end: int, *, exactly: bool = False
) -> tuple[str, tuple[int, int] | None]:
    """The question sentence in the source, and where its conjunction (or `exactly` the words) stands in it."""
    stem = question.stem
    first, last = stem.normalised.span(stem.question.start, stem.question.end)
    begin, finish = stem.normalised.span(start, end)
    sentence = stem.normalised.source[first:last]
    lead = len(sentence) - len(sentence.lstrip())
    pattern = re.compile(_JOINTS.get(stem.language, r"(?!)"), re.IGNORECASE)
    if not first <= begin <= last:
        return sentence, None
    if exactly:
        return sentence[lead:], (begin - first - lead, finish - first - lead)
    found = [
        each.span() for each in pattern.finditer(sentence, begin - first, min(finish - first, len(sentence)))
    ]
    place = found[0] if len(found) == 1 else None
    return (sentence[lead:], (place[0] - lead, place[1] - lead)) if place else (sentence, None)


def _again(joint: Joint) -> bool:
    """Whether there is a further conjunction, so that there are more than two parts."""
    pattern = re.compile(_JOINTS[joint.words.language], re.IGNORECASE)
    left, right = (joint.words.hide_poles(each.lower()) for each in (joint.left, joint.right))
    return bool(pattern.search(left) or pattern.search(right))


def _shown(question: Asked, one: str, other: str) -> str:
    both = [mended(each.strip(), question) for each in (one, other)]
    return " / ".join(both) if all(both) and both[0] != both[1] else ""


# What to quote where no split is certain.


def _advice(joint: Joint) -> str:
    first, *more = _parts(joint)
    last = _last(joint)
    if not more:
        return say("Ask two questions: one about “{first}”, one about “{second}”.", first=first, second=last)
    listed = "”, “".join([first, *more, last])
    return say("Ask one question about each: “{parts}”.", parts=listed)


_HEAD = re.compile(
    r"(?:\b(?:the|our|your|its|their|his|her|my|an?|dem|der|den|die|das|el|la|los|las|le|les|du|des) )?"
    r"[^\s,،]+$",
    re.IGNORECASE,
)


def _parts(joint: Joint) -> list[str]:
    """What stands before the conjunction, thing by thing."""
    pieces = [each.strip() for each in _COMMA.split(joint.left) if each.strip()]
    ends = [match[0] if (match := _HEAD.search(each)) else each for each in pieces]
    listed = len(pieces) > 1 and all(len(each.split()) <= _MOST_QUOTED for each in pieces[1:])
    return [small(each, joint.words.language) for each in (ends if listed else ends[-1:])]


def _last(joint: Joint) -> str:
    stop = joint.words.search("double-barrelled.ends", joint.right.lower())
    text = joint.right[: stop.start()] if stop and stop.start() else joint.right
    return " ".join(text.strip(" ?؟.!").split()[:_MOST_QUOTED])


# English

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


def _english(joint: Joint) -> tuple[str, str] | None:
    left, right = joint.left, joint.right
    if _SAME_END.search(f"{left} {right}".lower()):
        return None
    for frame in (_how, _clauses, _judged, _how_was, _predicates, _acts):
        if found := frame(left, right, joint):
            return found
    return None


def _how(left: str, right: str, _joint: Joint) -> tuple[str, str] | None:
    """ "How clear | and useful was the report?" """
    one = re.fullmatch(rf"(?P<lead>(?:.*\b)?how )(?P<word>{_PROPERTY})", left, re.IGNORECASE)
    other = re.fullmatch(
        rf"(?P<word>{_PROPERTY})(?P<rest> (?:{_BE[3:-1]}|{_AUX[3:-1]}|has|have|had)\b.*)", right
    )
    if not one or not other or one["word"].lower() in ("much", "many", "often", "long", "was", "is"):
        return None
    return one[0] + other["rest"], one["lead"] + other["word"] + other["rest"]


def _clauses(left: str, right: str, joint: Joint) -> tuple[str, str] | None:
    """ "How was the pool, | and how was the sauna?" """
    opened = re.match(rf"(?:{_OPENS})", right, re.IGNORECASE)
    begun = re.match(rf"(?:{_OPENS}|{_AUX} )", left, re.IGNORECASE)
    if not opened or not begun or _ANAPHORA.search(right):
        return None
    return left + joint.mark, capital(right, "en")


def _judged(left: str, right: str, _joint: Joint) -> tuple[str, str] | None:
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


def _how_was(left: str, right: str, _joint: Joint) -> tuple[str, str] | None:
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


def _predicates(left: str, right: str, _joint: Joint) -> tuple[str, str] | None:
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


def _acts(left: str, right: str, joint: Joint) -> tuple[str, str] | None:
    """ "Did the driver call you | and greet you?" """
    verbs = joint.words.words("rewriting.verbs")
    act = _first_word(right)
    if act not in verbs or _ANAPHORA.search(right) or _CLAUSE.match(right):
        return None
    opened = _opened(left, verbs)
    if not opened:
        return None
    return _shared(left, right, opened, joint)


def _shared(left: str, right: str, opened: re.Match[str], joint: Joint) -> tuple[str, str] | None:
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


# Turkish

_TR_JUDGED = re.compile(
    r"(?P<tail>\s+(?:(?:ne kadar |ne derece |ne ölçüde )?memnun\w*|nasıl\w*|hakkında|konusunda"
    r"|(?:nasıl )?değerlendir\w*"
    r"|beğen\w*|puanla\w*).*)$",
    re.IGNORECASE,
)
_TR_OWNER = re.compile(r"(?:[ıiuü]n|n[ıiuü]n)$")
_TR_ABLATIVE = re.compile(r"(?P<word>\w+?)(?P<case>(?P<owned>n)?[dt][ae]n)$")
_TR_PAST = re.compile(r"(?P<word>\w{2,}?)(?P<past>y[dt][ıiuü]|[dt][ıiuü])$")
_TR_PLACE = re.compile(r"^(?:[^,]*,|\w+(?:n?[dt][ae])|lütfen) ", re.IGNORECASE)
_TR_FINITE = re.compile(r"m[ıiuü](?:y?[dt][ıiuü]\w*|s[ıiuü]n[ıiuü]z|d[ıi]r|y[ıiuü]z)?$")
_OURS = re.compile(r"(?:m[ıiuü]z|n[ıiuü]z)$")
_SEVERAL = re.compile(r"l[ae]r$")
_HIS = re.compile(r"[ıiuü]$")
_PAIRED = (
    "güler yüzlü",
    "işe yarar",
    "kullanıcı dostu",
    "kolay anlaşılır",
    "iyi eğitimli",
    "yeterince hızlı",
)


def _turkish(joint: Joint) -> tuple[str, str] | None:
    for frame in (_tr_clauses, _tr_how, _tr_nouns, _tr_predicates):
        if found := frame(joint):
            return found
    return None


def _tr_clauses(joint: Joint) -> tuple[str, str] | None:
    """ "Oda serin miydi | ve yatak rahat mıydı?" """
    if not _TR_FINITE.fullmatch(joint.left.split()[-1]) or len(joint.right.split()) < 3:
        return None
    return joint.left + "?", capital(joint.right, "tr")


def _tr_how(joint: Joint) -> tuple[str, str] | None:
    """ "Personel ne kadar hızlı | ve güler yüzlüydü?": both get the past of the second."""
    one = re.fullmatch(
        r"(?P<lead>(?:.*\s)?ne (?:kadar|derece) )(?P<word>\w+(?: \w+)?)", joint.left, re.IGNORECASE
    )
    other = re.fullmatch(r"(?P<word>\w+(?: \w+)?)(?P<mark>\s*[?.!]+)", joint.right)
    if not one or not other:
        return None
    first, second = one["word"], other["word"]
    was, single = _TR_PAST.search(second), len(f"{first} {second}".split()) == 2
    if was and (single or _property(was["word"])):
        first = first if _TR_PAST.search(first) else turkish.past(first)
    elif not (_property(first) and _property(second)):
        return None
    return one["lead"] + first + other["mark"], one["lead"] + second + other["mark"]


def _property(word: str) -> bool:
    """Whether a Turkish word describes: the lexicon of labels knows it, or its ending says so."""
    return bool(readings(word.lower(), "tr")) or bool(
        re.search(r"(?:l[ıiuü]|s[ıiuü]z|sel|sal|ıcı|ici|ucu|ücü|[ae]n)$", word.lower())
    )


def _tr_nouns(joint: Joint) -> tuple[str, str] | None:
    """ "Ekmeğin tazeliğinden | ve fiyatından memnun musunuz?": an owner in the genitive owns both."""
    tail = _TR_JUDGED.search(joint.right)
    if not tail:
        return None
    second, rest = joint.right[: tail.start()].strip(), tail["tail"]
    if not second or len(second.split()) > 2:
        return None
    place = _TR_PLACE.match(joint.left)
    lead = place[0] if place else ""
    *before, first = joint.left.removeprefix(lead).split()
    with_case = _same_case(first, second.split()[-1])
    if _TR_RATED.search(rest) and not _is_object(first, second):
        return None
    if not with_case or len(before) > 3:
        return None
    owner = " ".join(before) if before and _TR_OWNER.search(before[-1]) else ""
    if owner and (len(second.split()) > 1 or not _is_his(second)):
        return None
    one = f"{lead}{' '.join([*before, with_case])}{rest}"
    return one, f"{lead}{owner} {second}{rest}" if owner else f"{lead}{second}{rest}"


_TR_RATED = re.compile(r"değerlendir|beğen|puanla", re.IGNORECASE)


def _is_object(first: str, second: str) -> bool:
    """Whether `first` has the case of an object by itself, as far as its ending and that of `second` tell."""
    if re.search(r"(?:n|z|y|l[ae]r)[ıiuü]$", first):
        return True
    return bool(_HIS.search(first)) and not re.search(r"n[ıiuü]$", second) and bool(_HIS.search(second))


def _is_his(word: str) -> bool:
    """Whether a word is somebody's, of the third person, with or without a case."""
    own = re.search(r"[mn][ıiuü]z(?:[ıiuü]|d[ae]n)$", word)
    return not own and bool(re.search(r"[ıiuü](?:nd[ae]n|n[ıiuü])?$", word))


def _same_case(first: str, second: str) -> str | None:
    """`first` in the case of `second`, which alone may carry it; None where they do not go together."""
    case = _TR_ABLATIVE.search(second)
    if not case:
        if _HIS.search(second) and re.search(r"n[ıiuü]$", second):
            return first if re.search(r"n[ıiuü]$", first) else None
        return first if not _TR_ABLATIVE.search(first) else None
    if _TR_ABLATIVE.search(first):
        return first
    bare = case["word"]
    if case["owned"] and _HIS.search(bare):
        return turkish.ablative(first, owned=True) if _HIS.search(first) and len(first) > 3 else None
    for form in (_OURS, _SEVERAL):
        if form.search(bare):
            return turkish.ablative(first, owned=False) if form.search(first) else None
    plain = not any(form.search(first) for form in (_OURS, _SEVERAL, _HIS))
    return turkish.ablative(first, owned=False) if plain and not _HIS.search(bare) else None


def _tr_predicates(joint: Joint) -> tuple[str, str] | None:
    """ "Talimatlar kısa | ve anlaşılır mı?", "Arayüz modern | ve sade." """
    other = re.fullmatch(
        r"(?P<word>\w+(?: (?!m[ıiuü]\w*[?.])\w+)?)(?: (?P<ask>m[ıiuü])(?P<ending>\w*))?(?P<mark>\s*[?.!]+)",
        joint.right,
    )
    paired = next((each for each in _PAIRED if joint.left.lower().endswith(each)), None)
    *before, last = joint.left.split()
    first = paired or last
    lead = joint.left[: len(joint.left) - len(first)]
    if not other or not before or not readings(first.lower(), "tr"):
        return None
    second = other["word"]
    if other["ask"]:
        if not _property(second):
            return None
        one = f"{first} {turkish.asking(first, other['ending'])}"
        return f"{lead}{one}{other['mark']}", f"{lead}{joint.right}"
    was = _TR_PAST.search(second)
    if was and readings(was["word"].lower(), "tr"):
        first = turkish.past(first)
    elif not readings(second.lower(), "tr"):
        return None
    return f"{lead}{first}{other['mark']}", f"{lead}{joint.right}"


# Persian

_FA_IS = r"(?:بودند|بود|است|هستند|هست)"
_FA_JUDGED = re.compile(
    r"(?P<tail>\s+(?:را (?:ارزیابی|دریافت|توضیح)|(?:تا چه (?:حد|اندازه) |چقدر |چه‌?قدر )?(?:راضی"
    r"|رضایت)|(?:چطور|چگونه) (?:بود|است|ارزیابی)"
    r"|را (?:چطور|چگونه)).*)$"
)
_FA_OWNER = re.compile(r"^(?P<noun>\S+) (?P<owner>ما|شما|خود|خودتان)$")


def _persian(joint: Joint) -> tuple[str, str] | None:
    for frame in (_fa_how, _fa_nouns, _fa_clauses):
        if found := frame(joint):
            return found
    return None


def _fa_how(joint: Joint) -> tuple[str, str] | None:
    """«کارمند ما چقدر مودب | و سریع بود؟»"""
    one = re.fullmatch(
        r"(?P<lead>(?:.*\s)?(?:چقدر|چه‌?قدر|تا چه (?:حد|اندازه)) )(?P<word>\S+(?: \S+)?)", joint.left
    )
    if not one:
        return None
    other = re.fullmatch(rf"(?P<word>\S+(?: \S+)?)(?P<rest> {_FA_IS}\s*[؟?.!])", joint.right)
    if other:
        return one[0] + other["rest"], one["lead"] + joint.right
    manner = re.fullmatch(r"(?P<word>\S+انه)(?P<rest> .+)", joint.right)
    if manner and len(one["word"].split()) == 1:
        return one[0] + manner["rest"], one["lead"] + joint.right
    return None


def _fa_nouns(joint: Joint) -> tuple[str, str] | None:
    """«از آموزش | و مستندات ما چقدر راضی هستید؟»"""
    tail = _FA_JUDGED.search(joint.right)
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
    shared = _FA_OWNER.match(second)
    if shared and len(first.split()) == 1:
        first = owned(first, shared["owner"])
    return lead[0] + first + tail["tail"], lead[0] + second + tail["tail"]


def _fa_clauses(joint: Joint) -> tuple[str, str] | None:
    """«آیا کیفیت خوب بود | و قیمت مناسب بود؟»"""
    ended = rf"\S+(?: \S+){{0,3}} \S+ {_FA_IS}"
    one = re.fullmatch(rf"(?P<asks>آیا )?{ended}", joint.left)
    if not one or not re.fullmatch(rf"{ended}\s*[؟?.!]?", joint.right) or len(joint.right.split()) < 3:
        return None
    return joint.left + joint.mark, (one["asks"] or "") + joint.right


# German, Spanish and French: only what has its own article on both sides.

_OWN_ARTICLE = {
    "de": (
        r"(?P<lead>.*\bmit )(?P<one>(?:dem|der|den|unserem|unserer|unseren) \w+)",
        r"(?:dem|der|den|unserem|unserer|unseren) \w+",
    ),
    "es": (
        r"(?P<lead>.*\bcon )(?P<one>(?:el|la|los|las|nuestro|nuestra) \w+)",
        r"(?:el|la|los|las|nuestro|nuestra) \w+",
    ),
    "fr": (
        r"(?P<lead>.*\b(?:satisfaite?s?|contente?s?)(?:\(e\))? )(?P<one>(?:du|de la|des|de notre"
        r"|de nos|de votre) [\w-]+)",
        r"(?:du|de la|des|de notre|de nos|de votre) [\w-]+",
    ),
}


def _with_articles(joint: Joint) -> tuple[str, str] | None:
    """ "mit dem Essen | und dem Service?" """
    before, after = _OWN_ARTICLE[joint.words.language]
    one = re.fullmatch(before, joint.left, re.IGNORECASE)
    other = re.fullmatch(rf"(?P<two>{after})(?P<mark>\s*[?.!])", joint.right, re.IGNORECASE)
    if not one or not other:
        return None
    return one[0] + other["mark"], one["lead"] + other[0]


_SPLITS: dict[str, Split] = {
    "en": _english,
    "tr": _turkish,
    "fa": _persian,
    "de": _with_articles,
    "es": _with_articles,
    "fr": _with_articles,
}
