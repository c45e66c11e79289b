"""Questions without what pushes: praise, tags, appeals to others, begging for a score."""

from __future__ import annotations

import re

from feedback.lint.options.labels import DENIABLE, readings
from feedback.lint.rewriting import turkish
from feedback.lint.rewriting.english import asked_directly
from feedback.lint.rewriting.sentence import cut, mended, small
from feedback.lint.text.folding import lower
from feedback.lint.text.messages import message
from feedback.lint.text.question import QuestionView

NEUTRAL = {
    "en": "How satisfied or dissatisfied are you with us?",
    "tr": "Bizden ne kadar memnunsunuz?",
    "fa": "از ما چقدر راضی هستید؟",
    "de": "Wie zufrieden oder unzufrieden sind Sie mit uns?",
    "es": "¿Qué tan satisfecho o insatisfecho está con nosotros?",
    "fr": "Dans quelle mesure êtes-vous satisfait ou insatisfait de nous ?",
    "ar": "ما مدى رضاك عنا؟",
}
"""What to ask in place of a text that only begs."""


def leading(question: QuestionView, start: int, end: int) -> str:
    """The question without its push, by the kind of push that stands there."""
    for name, rewrite in _KINDS.items():
        if question.words.pattern(f"leading-wording.{name}").match(question.stem.plain, start) and (
            found := rewrite(question, start, end)
        ):
            return found
    words = question.stem.quote(start, end).strip(" ,،")
    return message("Ask without “{words}”, so that every answer is equally welcome.", words=words)


def score_begging(question: QuestionView, start: int, end: int) -> str:
    """What is left without the sentence that begs, or a plain question."""
    rest = _without_sentence(question, start, end, leaning=True)
    return rest or NEUTRAL.get(question.words.language, NEUTRAL["en"])


# Praise

_BOAST = re.compile(
    r"(?:the )?(?:country|nation|world|city|region|market|industry|town|europe|uk|planet|internet"
    r"|türkiye|ülke|dünya|şehr|şehir)"
)
"""Praise by comparison ("the world's best pizza") is more than one word."""


_BESIDE = re.compile(r"(?<![\w-])(?P<word>[\w-]+)(?:(?P<mark>[,،])| and| ve| و) $")
"""A word that is joined to the praise after it."""


_QUALITY = re.compile(r"[\w-]+(?= )")


def _is_quality(word: str, language: str) -> bool:
    """Whether a word names a quality of things, and not a verb's noun like "support"."""
    return any(each.dimension not in DENIABLE for each in readings(word, language))


def _own(question: QuestionView, start: int, end: int) -> str:
    """The text without every word of praise between the places, "and" between two of them included."""
    words, text = question.words, question.stem.text
    for name in ("leading-wording.loaded", "leading-wording.strong"):
        praise = words.search(name, text[:end], start)
        if praise is None or _BOAST.match(text[start:end]):
            continue
        first, last = praise.span()
        compound = re.match(r"(?:-\w+)+", text[last:])
        last += compound.end() if compound else 0
        also = (
            re.match(r"[\w-]*(?:,| and| ve| و) ", text[last:])
            if words.language != "tr"
            else re.match(r" ve ", text[last:])
        )
        if also:
            last += also.end()
            second = words.pattern(name).match(text, last) or _QUALITY.match(text, last)
            praised = second and (second.re is not _QUALITY or _is_quality(second[0], words.language))
            last = second.end() if second and praised else last
        beside = _BESIDE.search(text[:first])
        while beside and _is_quality(beside["word"], words.language):  # "our fast and friendly support"
            first, beside = beside.start(), _BESIDE.search(text[: beside.start()])
        if text[first - 1 : first] == "-" or (beside and not beside["mark"]):
            return ""
        rewrite = cut(question, first, last)
        return rewrite if rewrite and not re.search(r"(?i)\bour (?:and|or|was|were)\b", rewrite) else ""
    return ""


_LOVED = re.compile(r"\b(?:love|adore|hate)\b")
_STRONG_WORD = {"en": "good or bad", "tr": "iyi veya kötü", "fa": "خوب یا بد"}


def _how_strong(question: QuestionView, start: int, end: int) -> str:
    """ "How amazing was ...?" -> "How good or bad was ...?" """
    words, text = question.words, question.stem.text
    if loved := _LOVED.search(text, start, end):
        return cut(question, *loved.span(), "like or dislike")
    ends = _STRONG_WORD.get(words.language)
    if words.language == "tr":
        return _how_strong_tr(question, start, end)
    found = words.search("leading-wording.strong", text[:end], start) or _GREAT.search(text, start, end)
    if not found or not ends:
        return ""
    first, last = found.span()
    if words.language == "en" and text.startswith("how ", start):
        first = start + len("how ")
    return cut(question, first, last, ends)


def _how_strong_tr(question: QuestionView, start: int, end: int) -> str:
    """ "ne kadar harikaydı" -> "ne kadar iyi veya kötüydü": the last word with its ending."""
    *_, last = question.stem.text[start:end].split()
    praise = re.fullmatch(r"(?P<word>\w+?)(?P<was>y?[dt][ıiuü])?", last)
    strong = question.words.pattern("leading-wording.strong")
    if not praise or not (strong.fullmatch(praise["word"]) or strong.fullmatch(last)):
        return ""
    was = praise["was"] and not strong.fullmatch(last)
    return cut(
        question, end - len(last), end, turkish.past(_STRONG_WORD["tr"]) if was else _STRONG_WORD["tr"]
    )


_GREAT = re.compile(r"\bgreat\b")
_STATED = {
    "en": re.compile(
        r"^(?P<who>.+?) (?P<be>was|were|is|are) (?:absolutely |truly |simply |really |very "
        r"|just )?(?P<word>[\w-]+)[.! ]*$",
        re.IGNORECASE,
    ),
    "tr": re.compile(r"^(?P<who>.+?) (?P<word>\w+?)(?P<be>y?[dt][ıiuü])?[.! ]*$", re.IGNORECASE),
    "fa": re.compile(r"^(?P<who>.+?) (?P<word>\S+) (?P<be>بود|است|هستند|بودند)[.! ]*$"),
}


def _predicate(question: QuestionView, _start: int, _end: int) -> str:
    """ "The food was delicious." -> "How good or bad was the food?" """
    language, source = question.words.language, question.stem.normalised.source
    match = _STATED[language].match(source.strip()) if language in _STATED else None
    if not match or not question.words.pattern("leading-wording.strong").fullmatch(
        lower(match["word"], language)
    ):
        return ""
    if len(match["who"].split()) > 5 or re.search(r"(?i)\b(?:and|that|ve)\b|[,،]", match["who"]):
        return ""
    if language == "en":
        return mended(f"How good or bad {match['be']} {small(match['who'], 'en')}?", question)
    if language == "tr":
        ends = turkish.past(_STRONG_WORD["tr"]) if match["be"] else _STRONG_WORD["tr"]
        return mended(f"{match['who']} ne kadar {ends}?", question)
    return mended(f"{match['who']} چقدر {_STRONG_WORD['fa']} {match['be']}؟", question)


# Tags and other pressure

_BEFORE = {
    "en": re.compile(
        r"^\s*(?:(?:don't|wouldn't|didn't|won't|can't) (?:you|we)(?: all| also| just)? (?:think|agree"
        r"|find|believe|feel|say|admit|accept)"
        r"|(?:do|would|did) you not (?:think|agree|believe)|(?:surely |of course )?you(?: would|'d"
        r"| will| must| surely)? agree"
        r"|(?:do|did|would) you(?: \w+)? (?:feel|felt)(?: like)?)(?: that)? (?P<rest>.+)$"
    ),
    "fa": re.compile(
        r"^\s*(?:آیا )?(?:شما هم )?(?:قبول دارید|فکر نمی ?کنید|موافق نیستید|تصدیق می ?کنید"
        r"|احساس (?:می ?کنید|کردید)|حس (?:می ?کنید|کردید)) که (?P<rest>.+)$"
    ),
}
_TAGS = {
    "en": re.compile(
        r",? (?:right|correct|yes|ok|okay|huh|wouldn't you (?:say|agree)|(?:don't|doesn't|didn't"
        r"|isn't|aren't|wasn't|weren't|haven't|hasn't|won't|wouldn't|can't) (?:you|it|they|we|he|she|there))\s*\?\s*$"
    ),
    "fa": re.compile(
        r"،? (?:این ?طور نیست|مگر نه|مگه نه|این ?گونه نیست|درست نیست|درسته|درست است|نه)\s*[?؟]\s*$"
    ),
}
_ADVERBS = frozenset(
    {
        "surely",
        "obviously",
        "of course",
        "clearly,",
        "undoubtedly",
        "undeniably",
        "no doubt",
        "needless to say",
        "naturally,",
        "elbette",
        "tabii ki",
        "kuşkusuz",
        "şüphesiz",
        "hiç kuşkusuz",
        "حتما",
        "البته",
        "قطعا",
        "بی شک",
        "بدون شک",
        "یقینا",
        "مسلما",
        "بی تردید",
    }
)
_AS_YOU_KNOW = re.compile(
    r"(?:as (?:you|we all)|as everyone)[\w ]* know,? |(?:sizin de )?bil(?:diğ|eceğ)iniz (?:gibi"
    r"|üzere),? |(?:همان ?طور|چنان ?که|همان گونه) (?:که )?می ?دانید،? "
)
_YES = "آیا "


def _tag(question: QuestionView, start: int, end: int) -> str:
    language, said = question.words.language, question.stem.text[start:end]
    rewrites = {"en": _tag_en, "tr": _tag_tr, "fa": _tag_fa}
    if said.strip() in _ADVERBS:
        return _again(question, _plainly(question, cut(question, start, end)))
    known = _AS_YOU_KNOW.search(question.stem.text, max(0, start - 12))
    if known and known.start() <= start < known.end():
        return cut(question, *known.span())
    rewrite = rewrites.get(language)
    return _again(question, rewrite(question, start, end)) if rewrite else ""


_ASKS_TR = re.compile(r"(?<!\w)m[ıiuü]\w*\s*\?|(?:ne|nasıl|kaç|hangi|neden|kim)\w*\b.*\?", re.IGNORECASE)
_ASKS_EN = re.compile(
    r"(?i)^(?:do|does|did|is|are|was|were|have|has|will|would|can|could|how|what|which|who|why|when|where)\b"
)


def _plainly(question: QuestionView, rewrite: str) -> str:
    """A statement that only its question mark made a question, as one."""
    language = question.words.language
    if not rewrite.endswith("?") or ";" in rewrite or "," in rewrite:
        return rewrite
    if language == "en" and not _ASKS_EN.match(rewrite):
        return mended(asked_directly(rewrite), question) if asked_directly(rewrite) else ""
    if language == "tr" and not _ASKS_TR.search(rewrite):
        return mended(_tr_asking(rewrite.rstrip(" ?")), question)
    return rewrite


def _again(question: QuestionView, rewrite: str) -> str:
    """`rewrite`, unless it still presses: two tags are more than one cut mends."""
    words = question.words
    return "" if rewrite and words.search("leading-wording.tag", lower(rewrite, words.language)) else rewrite


def _asked(question: QuestionView) -> tuple[str, str]:
    """The question sentence in the source's letters, and folded."""
    stem = question.stem
    first, last = stem.normalised.span(stem.question.start, stem.question.end)
    return stem.normalised.source[first:last].strip(), stem.text[
        stem.question.start : stem.question.end
    ].strip()


_WISHED = re.compile(r"^(?:don't|didn't)(?= you (?:find|like|enjoy|want|prefer|trust|wish) )")


def _tag_en(question: QuestionView, _start: int, _end: int) -> str:
    source, text = _asked(question)
    opened, tagged = _BEFORE["en"].match(text), _TAGS["en"].search(text)
    if len(source) != len(text):
        return ""
    wished = _WISHED.match(text)
    if wished:
        return mended(("Did" if text.startswith("didn't") else "Do") + source[wished.end() :], question)
    if opened:
        return mended(asked_directly(source[opened.start("rest") :]), question)
    if tagged:
        before = source[: tagged.start()] + "?"
        return mended(before if _ASKS_EN.match(before) else asked_directly(before), question)
    negated = re.match(r"(isn't|aren't|wasn't|weren't) ", text)
    return (
        mended(source.replace(source[: negated.end()], source[: negated.end() - 4] + " ", 1), question)
        if negated
        else ""
    )


_TR_TAG = re.compile(r",?\s*(?:öyle )?değil m[ıi](?:dir|sin[ıi]z)?\s*\?\s*$")
_TR_NOT_WAS = re.compile(r" değil m[ıi](?P<ending>yd[ıi])?(?=\s*\?)")
_TR_TWO = re.compile(r"(?P<stem>\w{2,}?)(?P<person>s[ıiuü]n[ıiuü]z)$")
_TR_COPULA = re.compile(r"(?P<stem>\w{2,}?)(?P<past>y[dt][ıiuü])$")
_TR_OPENED = re.compile(
    r"^\s*(?:kabul eders[ıi]n[ıi]z k[ıi],?|hak verirs[ıi]n[ıi]z k[ıi],?|takdir eders[ıi]n[ıi]z k[ıi],?) "
)


def _tag_tr(question: QuestionView, _start: int, _end: int) -> str:
    source, text = _asked(question)
    if len(source) != len(text):
        return ""
    opened = _TR_OPENED.match(text)
    if opened:
        return mended(source[opened.end() :], question)
    if text.startswith("sizce de "):
        source, text = "Sizce " + source[len("sizce de ") :], "sizce " + text[len("sizce de ") :]
    tagged = _TR_TAG.search(text)
    if tagged and ("," in tagged[0] or "öyle" in tagged[0]):
        return mended(_tr_asking(source[: tagged.start()].rstrip(" ,")), question)
    denied = _TR_NOT_WAS.search(text)
    if denied:
        before = source[: denied.start()]
        asking = turkish.asking(before.split()[-1], denied["ending"] or "")
        return mended(f"{before} {asking}{source[denied.end() :]}", question)
    return mended(source, question) if text.startswith("sizce ") else ""


def _tr_asking(sentence: str) -> str:
    """A Turkish statement as a question: its last word is asked about."""
    *before, last = sentence.split()
    folded = lower(last, "tr")
    two, was = _TR_TWO.fullmatch(folded), _TR_COPULA.fullmatch(folded)
    if two:
        stem = last[: two.end("stem")]
        asked = f"{stem} {turkish.asking(stem, two['person'])}"
    elif was:
        stem = last[: was.end("stem")]
        asked = f"{stem} {turkish.asking(stem, was['past'])}"
    else:
        asked = f"{last} {turkish.asking(last)}"
    return " ".join([*before, asked]) + "?"


def _tag_fa(question: QuestionView, _start: int, _end: int) -> str:
    source, text = _asked(question)
    opened = _BEFORE["fa"].match(" ".join(source.replace("\u200c", " ").split()))
    tagged = re.search(
        r"\s*[،,]?\s*(?:این[ \u200c]?طور نیست|مگر نه|مگه نه|این[ \u200c]?گونه نیست|درست نیست|درسته"
        r"|درست است|(?<=،) ?نه)\s*[?؟]\s*$",
        source,
    )
    if tagged and text:
        return mended(_fa_asking(source[: tagged.start()]), question)
    if opened:
        rest = source[source.index(" که ") + len(" که ") :]
        return mended(f"به نظر شما {rest}" if not rest.startswith("به نظر") else rest, question)
    return ""


def _fa_asking(sentence: str) -> str:
    plain = sentence.rstrip(" ،,؟?.")
    return f"{plain}؟" if plain.startswith(_YES.strip()) else f"{_YES}{plain}؟"


# Others, effort, flattery


def _without_sentence(question: QuestionView, start: int, end: int, *, leaning: bool = False) -> str:
    """The text without the sentence that the words stand in, where a question remains that stands alone.

    With `leaning`, a question may be as short as "How was it?".
    """
    stem = question.stem
    around = [part for part in stem.sentences if part.start < end and part.end > start]
    if len(around) != 1 or len(stem.sentences) < 2:
        return ""
    part = around[0]
    rest = " ".join(
        stem.normalised.quote(each.start, each.end) for each in stem.sentences if each is not part
    )
    removed = stem.normalised.quote(part.start, part.end)
    alone = rest.endswith(("?", "؟")) if leaning else len(rest.split()) >= _ALONE.get(stem.language, 4)
    if "{" in removed or not alone or (not leaning and _LEANS.search(lower(rest, stem.language))):
        return ""
    return mended(rest, question)


_ALONE = {"en": 5, "tr": 3, "fa": 4}
_LEANS = re.compile(
    r"\b(?:do you(?: too| agree)?\s*\?|it|they|them|that|this|about you|you too|too\s*\?"
    r"|one booked)\b|(?<!\w)(?:siz de|sizce de|siz|bunu|bu|onu)(?!\w)"
    r"|(?<!\w)(?:شما هم|شما چطور|آن|این)(?!\w)"
)
_CLAUSE = re.compile(
    r"^(?:like|as|since|because|given that)\b[^,?.]*,\s+|^[^,،?.؟]*(?:olarak|gibi)\s*,\s+|^(?:مانند"
    r"|مثل|به عنوان) [^،?.؟]*، "
)
_ADDRESS = re.compile(r"^[^,،?.؟]{3,60}[,،]\s+")


def _others(question: QuestionView, start: int, end: int) -> str:
    text, stem = question.stem.text, question.stem
    clause = _CLAUSE.match(text) or (_ADDRESS.match(text) if stem.question.start <= start else None)
    if clause and clause.start() <= start < clause.end() and len(text[clause.end() :].split()) >= 3:
        rest = lower(text[clause.end() :], stem.language)
        if not _LEANS.search(rest):
            return cut(question, *clause.span())
    return _without_sentence(question, start, end)


# "Should" and "feel"

_SHOULD = re.compile(
    r"^(?:do you (?:also )?(?:think|believe|agree|feel) (?:that )?(?P<who>[^?]+?) (?:should|must"
    r"|ought to) (?P<what>[^?]+)"
    r"|(?:should|must) (?P<all>[^?]+))\?$"
)


def _normative(question: QuestionView, start: int, end: int) -> str:
    """ "Should shops ...?" -> "Are you for or against it that shops ...?", with both sides open."""
    if question.words.language != "en":
        return message(
            "Ask how important it is, or who is for and who against, without “{words}”.",
            words=question.stem.quote(start, end),
        )
    source, text = _asked(question)
    match = _SHOULD.fullmatch(text)
    if (
        not match
        or len(source) != len(text)
        or re.search(r"\b(?:or|should|must|not)\b", match["all"] or match["what"])
    ):
        return message(
            "Ask how important it is, or who is for and who against, without “{words}”.",
            words=question.stem.quote(start, end),
        )
    if match["all"]:
        what = source[match.start("all") : match.end("all")]
    else:
        what = (
            source[match.start("who") : match.end("who")]
            + " "
            + source[match.start("what") : match.end("what")]
        )
    return mended(f"How important or unimportant is it to you that {small(what, 'en')}?", question)


_FELT = {
    "hissettiniz": "düşündünüz",
    "hissediyor": "düşünüyor",
    "hissetti": "düşündü",
    "hissettin": "düşündün",
}


def _feel(question: QuestionView, start: int, end: int) -> str:
    language = question.words.language
    if language == "tr":
        felt = re.compile("|".join(_FELT)).search(question.stem.text, start)
        return cut(question, *felt.span(), _FELT[felt[0]]) if felt else ""
    rewrite = {"en": _tag_en, "fa": _tag_fa}.get(language)
    return rewrite(question, start, end) if rewrite else ""


_LOVE = re.compile(
    r"^(?:do|did) (?:you|they) (?:really |truly |also |just |absolutely )?(?:love|loved|adore|hate|detest|despise) "
)


def _emotion(question: QuestionView, start: int, end: int) -> str:
    """ "Do you love ...?" -> "How much do you like or dislike ...?" """
    source, text = _asked(question)
    match, loved = _LOVE.match(text), _LOVED.search(question.stem.text, start, end + 1)
    if match and len(source) == len(text):
        verb = "did you" if text.startswith("did") else "do you"
        return mended(f"How much {verb} like or dislike {source[match.end() :]}", question)
    asks = re.search(r"\b(?:do|did) you (?:\w+ )?$", question.stem.text[: loved.start()]) if loved else None
    return cut(question, *loved.span(), "like or dislike") if loved and asks else ""


_KINDS = {
    "own": _own,
    "how-strong": _how_strong,
    "predicate": _predicate,
    "tag": _tag,
    "consensus": _others,
    "normative": _normative,
    "feel": _feel,
    "plea": _others,
    "flattery": _others,
    "emotion": _emotion,
}
"""List of the lexicon -> what to do with its words; the others get advice."""
