"""What is denied, denied twice, or claimed without exception."""

from __future__ import annotations

import re

from feedback.lint.rewriting import turkish
from feedback.lint.rewriting.persian import affirmed
from feedback.lint.rewriting.recall import how_often
from feedback.lint.rewriting.sentence import cut, mended
from feedback.lint.text.folding import lower
from feedback.lint.text.messages import message
from feedback.lint.text.question import QuestionView

_CONTRACTED = re.compile(r"(?i)^(?P<verb>\w+?)n't$")
_IRREGULAR = {"wo": "will", "ca": "can", "sha": "shall"}
_ANY = {"no": "any", "nothing": "anything", "nobody": "anybody", "no one": "anyone"}


def negation(question: QuestionView, start: int, end: int) -> str:
    """The same question about what did happen."""
    rewrite = {"en": _affirmed_en, "tr": _affirmed_tr, "fa": _affirmed_fa}.get(question.words.language)
    found = rewrite(question, start, end) if rewrite else ""
    if found and _still_denies(question, found):
        found = ""
    return found or message("Ask what did happen, without “{words}”.", words=question.stem.quote(start, end))


_NONE = re.compile(r"(?<!\w)(?:hiç\w*|kimse\w*|asla|هیچ\w*|nobody|nothing|never|none|neither|any)(?!\w)")


def _still_denies(question: QuestionView, rewrite: str) -> bool:
    """Whether a word is left that only a negated verb carries."""
    words = question.words
    if question.stem.language != "en" and _NONE.search(lower(rewrite, words.language)):
        return True
    return words.search("negation.words", lower(rewrite, words.language).replace("\u200c", " ")) is not None


def _affirmed_en(question: QuestionView, start: int, end: int) -> str:
    said = question.stem.text[start:end].strip()
    contracted = _CONTRACTED.match(said)
    if contracted:
        verb = _IRREGULAR.get(contracted["verb"], contracted["verb"])
        return cut(question, start, end, verb.capitalize() if start == 0 else verb)
    if said in _ANY:
        return cut(question, start, end, _ANY[said])
    return cut(question, start, end) if said == "not" else ""


# Turkish

_TR_DENIED = re.compile(r"^(?P<stem>\w+?)m(?:[ae]d[ıi]|ıyor|iyor|uyor|üyor)(?P<person>\w*)$")
_TR_NOT = re.compile(r"değil (?P<particle>m[ıiuü])(?P<ending>y?d?[ıiuü]?)(?=\s*\?)")
_TR_OPEN_ROOTS = frozenset(
    {"ara", "dene", "iste", "öde", "yaşa", "tara", "kapa", "kutla", "oyna", "benze", "üre", "tanı"}
)
_TR_SOFT = {"git": "gid", "et": "ed", "tat": "tad", "güt": "güd"}


def _affirmed_tr(question: QuestionView, start: int, end: int) -> str:
    """ "Kargo gelmedi mi?" -> "Kargo geldi mi?", and the particle takes the new vowel."""
    stem = question.stem
    first, last = stem.normalised.span(start, end)
    source = stem.normalised.source
    word = source[first:last].strip()
    denied = _TR_DENIED.match(lower(word, "tr"))
    if lower(word, "tr") == "yok":
        told = "var"
    elif denied and not lower(word, "tr").endswith(("madan", "meden")):
        told = _told(denied["stem"], denied["person"], "yor" in lower(word, "tr"))
    else:
        return ""
    rest = source[last:]
    particle = re.match(r"(\s+)(m[ıiuü])(\w*)(\s*\?.*)$", rest)
    if particle:
        rest = f"{particle[1]}{turkish.asking(told, particle[3])}{particle[4]}"
    return mended(source[:first] + told + rest, question) if told else ""


def _told(root: str, person: str, going_on: bool) -> str:
    """A verb's root in the past, or in -yor, with its person."""
    if not root or len(root) < 2:
        return ""
    if going_on:
        if turkish.ends_in_vowel(root):
            root = root[:-1]
        root = _TR_SOFT.get(root, root[:-2] + "ed" if len(root) > 3 and root.endswith("et") else root)
        return f"{root}{turkish.narrow(root)}yor{person}"
    if root.endswith(("a", "e")) and not root.endswith(("la", "le")) and root not in _TR_OPEN_ROOTS:
        return f"{root}bildi" + _fitted("bildi", person)  # "yapamadı" is what could not be done
    vowel = turkish.narrow(root)
    consonant = "t" if root[-1] in "çfhkpsşt" else "d"
    return f"{root}{consonant}{vowel}" + _fitted(vowel, person)


def _fitted(word: str, person: str) -> str:
    """A person's ending with the vowels that `word` asks for; plural -lar apart."""
    if person.startswith("l"):
        return person
    return re.sub("[ıiuü]", turkish.narrow(word), person)


def _affirmed_fa(question: QuestionView, start: int, end: int) -> str:
    """«آیا بسته نرسید؟» -> «آیا بسته رسید؟»"""
    normalised = question.stem.normalised
    first, last = normalised.span(start, end)
    source = normalised.source
    while last < len(source) and not source[last].isspace() and source[last] not in "؟?.،":
        last += 1
    told = affirmed(source[first:last].strip())
    return mended(source[:first] + told + source[last:], question) if told else ""


# Two negatives


def double_negative(question: QuestionView, start: int, end: int) -> str:
    """A negated statement to agree with is told positively; of two negatives both are named."""
    if question.kind == "agreement" and (found := _stated(question, start, end)):
        return found
    return message(
        "Say it positively, with neither of the two negatives in “{words}”.",
        words=question.stem.quote(start, end),
    )


_EN_VERB = re.compile(r"\b(?:is|are|was|were|am|can|could|will|would|has|have|had) $")
_EN_NOT = re.compile(r"(?:is|are|was|were|am|can|could|will|would|has|have|had)(?:n't| not)$")


def _stated(question: QuestionView, start: int, end: int) -> str:
    """The statement without its one negation."""
    language = question.words.language
    if language == "en":
        return _stated_en(question, start, end)
    said = question.stem.text[start:end].strip()
    if language == "tr" and said.startswith("değil"):
        return _stated_tr(question, start, end)
    rewrite = {"fa": _affirmed_fa, "tr": _affirmed_tr}.get(language)
    found = rewrite(question, start, end) if rewrite and len(said.split()) <= 2 else ""
    return "" if found and _still_denies(question, found) else found


def _stated_en(question: QuestionView, start: int, end: int) -> str:
    text = question.stem.text
    said = text[start:end].strip()
    if said == "not" and _EN_VERB.search(text[:start]):
        return cut(question, start, end)
    if _EN_NOT.match(said) and said.endswith("n't"):
        verb = said.removesuffix("n't")
        return cut(question, start, end, _IRREGULAR.get(verb, verb))
    return ""


def _stated_tr(question: QuestionView, start: int, end: int) -> str:
    """ "Oda soğuk değildi." -> "Oda soğuktu." """
    text = question.stem.text
    before, ending = text[:start].split(), text[start:end].strip().removeprefix("değil")
    if before and re.fullmatch("d[ıi]", ending):
        first = len(text[:start].rstrip()) - len(before[-1])
        return cut(question, first, end, turkish.past(before[-1]))
    return cut(question, start, end) if before and not ending else ""


# Absolutes

_EVER = frozenset(
    {
        "always",
        "every time",
        "each time",
        "constantly",
        "never",
        "her zaman",
        "hep",
        "daima",
        "sürekli",
        "her seferinde",
        "همیشه",
        "همواره",
        "هر بار",
        "دائما",
        "پیوسته",
    }
)
_WHOLLY = frozenset(
    {
        "completely",
        "totally",
        "entirely",
        "absolutely",
        "perfectly",
        "fully",
        "100%",
        "100 %",
        "tamamen",
        "kesinlikle",
        "bütünüyle",
        "tümüyle",
        "mutlaka",
        "eksiksiz",
        "کاملا",
        "صد در صد",
        "صددرصد",
        "مطلقا",
        "تماما",
        "به هیچ وجه",
    }
)


def absolute(question: QuestionView, start: int, end: int) -> str:
    """Always and never become a frequency, wholly goes; what else is absolute is to be counted."""
    said = question.stem.text[start:end].strip()
    rewrite = ""
    if said in _EVER and question.kind == "yes-no":
        rewrite = how_often(question, start, end)
    elif said in _WHOLLY or (said in _EVER and said != "never"):
        rewrite = cut(question, start, end)
    elif said in ("all", "all of") and re.match(
        r" (?:of )?(?:the (?!time|way)|our |your |its |my )", question.stem.text[end:]
    ):
        of = re.match(r" of(?= )", question.stem.text[end:])
        rewrite = cut(question, start, end + (of.end() if of else 0))
    if rewrite and question.words.search("absolute-term.words", lower(rewrite, question.words.language)):
        rewrite = ""
    return rewrite or message(
        "Ask how often, how many or how much instead of “{words}”.", words=question.stem.quote(start, end)
    )
