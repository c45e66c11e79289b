"""Direct questions out of statements to agree with: the property itself, on a scale between its own poles."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedback.lint.lexicon import Lexicon
from feedback.lint.options.labels import readings
from feedback.lint.rewriting import turkish
from feedback.lint.rewriting.sentence import mended, small
from feedback.lint.text.folding import lower
from feedback.lint.text.messages import message
from feedback.lint.text.question import QuestionView

GENERAL = "Ask for the property itself, with a scale that names both of its ends, or for what happened."


@dataclass(frozen=True)
class _Property:
    """An adjective, its natural opposite (empty where it has none, or several), and what the ends are called."""

    word: str
    opposite: str
    language: str

    @property
    def ends(self) -> str:
        """The scale: "Very slow … Very fast", or "Not at all clear … Extremely clear"."""
        very = {"en": "Very", "tr": "Çok", "fa": "خیلی"}[self.language]
        if self.opposite:
            return f"{very} {self.opposite} … {very} {self.word}"
        if self.word == "memnunum":
            return "Hiç memnun değilim … Çok memnunum"
        least = {
            "en": f"Not at all {self.word}",
            "tr": f"Hiç {self.word} değil",
            "fa": f"اصلاً {self.word} نیست",
        }
        most = {"en": "Extremely", "tr": "Son derece", "fa": "کاملاً"}[self.language]
        return f"{least[self.language]} … {most} {self.word}"


def direct(question: QuestionView | None) -> str:
    """The direct question with its scale; advice where the statement is no subject with a property."""
    rewrites = {"en": _english, "tr": _turkish, "fa": _persian}
    rewrite = rewrites.get(question.words.language) if question else None
    found = rewrite(question) if rewrite and question else None
    if not found or question is None:
        return message(GENERAL)
    asked, property_ = found
    asked = mended(asked, question)
    return f"{asked} ({property_.ends})" if asked else message(GENERAL)


_GOOD_BAD = {"en": ("good", "bad"), "tr": ("iyi", "kötü"), "fa": ("خوب", "بد")}
"""What to ask in place of a superlative."""


def _property(word: str, words: Lexicon) -> _Property | None:
    """What is known of an adjective; None for other words."""
    plain = lower(word, words.language)
    if words.pattern("leading-wording.strong").fullmatch(plain):
        return _Property(*_GOOD_BAD[words.language], words.language)
    pairs = [
        tuple(each.strip() for each in pair.split(":"))
        for pair in words.lists.get("poles.pairs", "").splitlines()
    ]
    opposites = [
        right if left == plain else left
        for left, right in (p for p in pairs if len(p) == 2)
        if plain in (left, right)
    ]
    judged = {one.dimension for one in readings(plain, words.language) if one.degree}
    if not opposites and not judged:
        return None
    fitting = [
        each for each in opposites if judged & {one.dimension for one in readings(each, words.language)}
    ]
    chosen = fitting or (opposites if len(opposites) == 1 else [])
    return _Property(plain, chosen[0] if chosen else "", words.language)


def _both(found: _Property, joiner: str) -> str:
    return f"{found.word} {joiner} {found.opposite}" if found.opposite else found.word


def _statement(question: QuestionView) -> str:
    """The statement, without "Do you agree that" and its like, without its full stop."""
    stem = question.stem
    first, last = stem.normalised.span(stem.question.start, stem.question.end)
    source = stem.normalised.source[first:last].strip()
    frame = _FRAMES[question.words.language].match(source)
    return source[frame.end() if frame else 0 :].strip(" ?؟.!:،,")


_FRAMES = {
    "en": re.compile(
        r"(?i)^(?:(?:do|would) you (?:strongly |fully )?(?:dis)?agree(?: or disagree)? (?:that )?"
        r"|(?:to what extent|how (?:much|strongly|far)) (?:do"
        r"|would) you (?:dis)?agree(?: or disagree)?(?: with the statement:?| that|:)? "
        r"|i (?:strongly )?(?:agree|think|feel|believe|find)(?: that)? )"
    ),
    "tr": re.compile(r"(?!)"),
    "fa": re.compile(
        r"^(?:آیا |چقدر |تا چه (?:حد|اندازه) )?(?:شما )?(?:موافقید|موافق هستید|قبول دارید|هم‌?عقیده‌?اید) که "
    ),
}

_EN = re.compile(
    r"^(?P<who>.+?) (?P<be>is|are|was|were|am) (?:(?:very|really|quite|always|too|so|generally|rather|extremely) )?"
    r"(?P<word>[\w-]+)(?P<rest>(?: (?:to|for|with|about|in|at|of|on|during|when|by) .+)?)$",
    re.IGNORECASE,
)
_TURNED = {"i": "you", "my": "your", "me": "you", "we": "you", "our": "your", "am": "are", "mine": "yours"}
_CUSTOMERS = re.compile(r"(?i)\b(?:i|my|me|am)\b")


def _english(question: QuestionView) -> tuple[str, _Property] | None:
    statement = _statement(question)
    match = _EN.match(statement)
    if not match or re.search(
        r"(?i)\b(?:and|or|not|that|which|who|but|if)\b|[,;]|^(?:in|at|on|when|as|during) ", statement
    ):
        return None
    if len(match["who"].split()) > 6:
        return None
    found = _property(match["word"], question.words)
    if found is None or _is_participle(match["word"]):
        return None
    be, who, rest = match["be"], match["who"], match["rest"]
    if _CUSTOMERS.search(statement):
        be, who, rest = (_seen_from_outside(each) for each in (be, who, rest))
        be = "were" if be == "was" and who == "you" else be
    rest = rest or ""
    return f"How {_both(found, 'or')} {be} {small(who, 'en')}{rest}?", found


def _is_participle(word: str) -> bool:
    return word.endswith(("ed", "ing")) and not readings(word.lower(), "en")


def _seen_from_outside(text: str) -> str:
    return re.sub(r"[A-Za-z']+", lambda match: _TURNED.get(match[0].lower(), match[0]), text)


_TR = re.compile(
    r"^(?P<who>\w+(?: \w+){0,3}?) (?:(?:çok|oldukça|gayet|yeterince|daha|her zaman|tamamen"
    r"|hep) )*(?P<word>\w+?)(?P<was>y?[dt][ıiuü])?$"
)
_TR_AGREED = re.compile(
    r"^(?P<who>(?:\w+ ){0,2}\w+l[ae]r(?:[ıi]m[ıi]z)?)[ıi]n (?:(?:çok|oldukça"
    r"|yeterince) )?(?P<word>\w+) olduğuna (?:ne (?:kadar|ölçüde) )?katılıyor\w*(?: m[ıiuü]\w*)?$"
)


_TR_SATISFIED = re.compile(r"^(?P<who>(?:\w+ ){0,2}\w+[dt][ae]n) (?:(?:çok|oldukça|tamamen) )?memnunum$")


def _turkish(question: QuestionView) -> tuple[str, _Property] | None:
    statement = _statement(question)
    if re.search(r"(?<!\w)(?:ve|veya|ama|değil|ki|ne kadar)(?!\w)|,", statement):
        return None
    satisfied = _TR_SATISFIED.match(statement)
    if satisfied:
        return f"{satisfied['who']} ne kadar memnunsunuz?", _Property("memnunum", "", "tr")
    agreed = _TR_AGREED.match(statement)
    match = agreed or _TR.match(statement)
    found = _property(match["word"], question.words) if match else None
    was = match["was"] if match and not agreed else None
    if not match or found is None or match["who"].endswith("m") or match["word"].endswith("um"):
        return None  # "faturam": what is the customer's own needs another ending
    if not found.opposite:
        asked = turkish.past(found.word) if was else found.word
        return f"{match['who']} ne kadar {asked}?", found
    last = turkish.past(found.opposite) if was else found.opposite
    return f"{match['who']} ne kadar {found.word} ya da {last}?", found


_FA = re.compile(
    r"^(?P<who>\S+(?: \S+){0,4}?) (?:(?:خیلی|بسیار|کاملاً|کاملا|واقعاً"
    r"|همیشه) )?(?P<word>\S+) (?P<be>بود|است|بودند|هستند|هست)$"
)


_NOT_MINE = frozenset(
    [
        "تیم",
        "فرم",
        "سیستم",
        "رژیم",
        "نظام",
        "طعم",
        "پیام",
        "مراسم",
        "ثبت\u200cنام",
        "هنگام",
        "اقدام",
        "تنظیم",
        "حجم",
        "قلم",
        "فیلم",
        "علائم",
    ]
)


def _persian(question: QuestionView) -> tuple[str, _Property] | None:
    statement = _statement(question)
    match = _FA.match(statement)
    if not match or re.search(r"(?<!\S)(?:و|یا|که|از|نه)(?!\S)|،", statement):
        return None
    who = re.sub(r"(?<=\S) من$", " شما", match["who"])
    if who.endswith("م") and who.split()[-1] not in _NOT_MINE:
        return None  # «سرپرستم»: the customer's own
    found = _property(match["word"], question.words)
    return (f"{who} چقدر {_both(found, 'یا')} {match['be']}؟", found) if found else None
