"""Turkish sentences that split in two: the case and the tense of the last word go to both."""

from __future__ import annotations

import re

from feedback.core.text.folding import lower
from feedback.lint.languages.tr import endings
from feedback.lint.options.labels import readings
from feedback.lint.rewriting.joint import Halves, Joint
from feedback.lint.rewriting.language import Phrases, Rewriting
from feedback.lint.rewriting.sentence import capital, small

_JUDGED = re.compile(
    r"(?P<tail>\s+(?:(?:ne kadar |ne derece |ne ölçüde )?memnun\w*|nasıl\w*|hakkında|konusunda"
    r"|(?:nasıl )?değerlendir\w*"
    r"|beğen\w*|puanla\w*).*)$",
    re.IGNORECASE,
)
_OWNER = re.compile(r"(?:[ıiuü]n|n[ıiuü]n)$")
_ABLATIVE = re.compile(r"(?P<word>\w+?)(?P<case>(?P<owned>n)?[dt][ae]n)$")
_PAST = re.compile(r"(?P<word>\w{2,}?)(?P<past>y[dt][ıiuü]|[dt][ıiuü])$")
_PLACE = re.compile(r"^(?:[^,]*,|\w+(?:n?[dt][ae])|lütfen) ", re.IGNORECASE)
_FINITE = re.compile(r"m[ıiuü](?:y?[dt][ıiuü]\w*|s[ıiuü]n[ıiuü]z|d[ıi]r|y[ıiuü]z)?$")
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


def _split(joint: Joint) -> Halves | None:
    for frame in (_clauses, _how, _nouns, _predicates):
        if found := frame(joint):
            return found
    return None


def _clauses(joint: Joint) -> Halves | None:
    """ "Oda serin miydi | ve yatak rahat mıydı?" """
    if not _FINITE.fullmatch(joint.left.split()[-1]) or len(joint.right.split()) < 3:
        return None
    return joint.left + "?", capital(joint.right, "tr")


def _how(joint: Joint) -> Halves | None:
    """ "Personel ne kadar hızlı | ve güler yüzlüydü?": both get the past of the second."""
    one = re.fullmatch(
        r"(?P<lead>(?:.*\s)?ne (?:kadar|derece) )(?P<word>\w+(?: \w+)?)", joint.left, re.IGNORECASE
    )
    other = re.fullmatch(r"(?P<word>\w+(?: \w+)?)(?P<mark>\s*[?.!]+)", joint.right)
    if not one or not other:
        return None
    first, second = one["word"], other["word"]
    was, single = _PAST.search(second), len(f"{first} {second}".split()) == 2
    if was and (single or _property(was["word"])):
        first = first if _PAST.search(first) else endings.past(first)
    elif not (_property(first) and _property(second)):
        return None
    return one["lead"] + first + other["mark"], one["lead"] + second + other["mark"]


def _property(word: str) -> bool:
    """Whether a Turkish word describes: the lexicon of labels knows it, or its ending says so."""
    return bool(readings(word.lower(), "tr")) or bool(
        re.search(r"(?:l[ıiuü]|s[ıiuü]z|sel|sal|ıcı|ici|ucu|ücü|[ae]n)$", word.lower())
    )


def _nouns(joint: Joint) -> Halves | None:
    """ "Ekmeğin tazeliğinden | ve fiyatından memnun musunuz?": an owner in the genitive owns both."""
    tail = _JUDGED.search(joint.right)
    if not tail:
        return None
    second, rest = joint.right[: tail.start()].strip(), tail["tail"]
    if not second or len(second.split()) > 2:
        return None
    place = _PLACE.match(joint.left)
    lead = place[0] if place else ""
    *before, first = joint.left.removeprefix(lead).split()
    with_case = _same_case(first, second.split()[-1])
    if _RATED.search(rest) and not _is_object(first, second):
        return None
    if not with_case or len(before) > 3:
        return None
    owner = " ".join(before) if before and _OWNER.search(before[-1]) else ""
    if owner and (len(second.split()) > 1 or not _is_his(second)):
        return None
    one = f"{lead}{' '.join([*before, with_case])}{rest}"
    return one, f"{lead}{owner} {second}{rest}" if owner else f"{lead}{second}{rest}"


_RATED = re.compile(r"değerlendir|beğen|puanla", re.IGNORECASE)


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
    case = _ABLATIVE.search(second)
    if not case:
        if _HIS.search(second) and re.search(r"n[ıiuü]$", second):
            return first if re.search(r"n[ıiuü]$", first) else None
        return first if not _ABLATIVE.search(first) else None
    if _ABLATIVE.search(first):
        return first
    bare = case["word"]
    if case["owned"] and _HIS.search(bare):
        return endings.ablative(first, owned=True) if _HIS.search(first) and len(first) > 3 else None
    for form in (_OURS, _SEVERAL):
        if form.search(bare):
            return endings.ablative(first, owned=False) if form.search(first) else None
    plain = not any(form.search(first) for form in (_OURS, _SEVERAL, _HIS))
    return endings.ablative(first, owned=False) if plain and not _HIS.search(bare) else None


def _predicates(joint: Joint) -> Halves | None:
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
        one = f"{first} {endings.asking(first, other['ending'])}"
        return f"{lead}{one}{other['mark']}", f"{lead}{joint.right}"
    was = _PAST.search(second)
    if was and readings(was["word"].lower(), "tr"):
        first = endings.past(first)
    elif not readings(second.lower(), "tr"):
        return None
    return f"{lead}{first}{other['mark']}", f"{lead}{joint.right}"


_IS_PAST = re.compile(r"[dt][ıiuü](?:n[ıiuü]z|k|l[ae]r|n[ıiuü]z m[ıiuü])?\s*[?.]?\s*$")
_OPENED = re.compile(r"(?i)(?:lütfen|toplam)\b|[^?؟]*[,،]")
_WHY = re.compile(r".*(?:neden|niçin|niye)")
_ENDINGS = re.compile(r"\w*")


class _Turkish(Rewriting):
    def upper(self, letter: str) -> str:
        return "İ" if letter == "i" else letter.upper()

    def split(self, joint: Joint) -> Halves | None:
        return _split(joint)

    def with_period(self, sentence: str) -> str:
        if not _IS_PAST.search(lower(sentence, "tr")) or _OPENED.match(sentence):
            return ""
        return f"{self.phrases.period} {small(sentence, 'tr')}"

    def longer_period(self, text: str, start: int, end: int) -> tuple[int, int]:
        behind = _ENDINGS.match(text, end)
        return start, behind.end() if behind else end

    def if_anything(self, asked: str) -> tuple[int, str] | None:
        return None if _WHY.match(asked) or re.search("[,،]", asked) else (0, "Varsa, ")


REWRITING = _Turkish(
    Phrases(
        never="Hiçbir zaman",
        none="Hiçbiri",
        other="Başka bir şey",
        not_at_all="Hiç",
        did_not_use="Kullanmadım",
        or_more="{} ve üzeri",
        under="{} altı",
        period="Son 3 ayda",
        month="Son 30 günde",
    ),
    joints=re.compile(r"(?<!\w)(?:ve|veya|ya da|ama|fakat)(?!\w)|&", re.IGNORECASE),
    broken=re.compile(r"(?<!\w)(?:ve|veya|ya da)\s*[.?!]|^(?:ve|veya|ama|mi|mı|mu|mü) "),
    both=re.compile(r"(?i)(?<!\w)hem "),
    also=re.compile(r"(?i)^(?:hem )?de "),
    lately=frozenset(
        [
            *("son zamanlarda", "son dönemde", "son dönemlerde", "son günlerde", "geçenlerde"),
            *("yakın zamanda", "yakın geçmişte", "yakın dönemde", "yakınlarda"),
        ]
    ),
    slashes=False,  # only the last word carries the case
)
