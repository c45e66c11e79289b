"""What one line of a pasted text is: a question, an option, a scale, a remark. English, Turkish and Persian."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedback.core.text.folding import ascii_digits

QUESTION_NUMBER = re.compile(
    r"(?:(?:q(?:uestion)?|s(?:oru)?|سوال|سؤال|پرسش)\s*\.?\s*\d{1,3}\s*[-.):：–—]*\s+"
    r"|\(?\d{1,3}\s*[.):\-–—]\)?\s+|#\d{1,3}\s+)",
    re.IGNORECASE,
)
"""1.  1)  (1)  Q1:  Soru 1.  سوال ۱:  at the start of a line; digits are those of programs already."""
BULLET = re.compile(
    r"(?:[-*•‣◦·○●▪□☐☑❏➢»–—+]\s*|\[\s*[xX ]?\s*\]\s*|\(\s*\)\s*|o\s+|\(?[a-hA-H][.)]\s+|\(?(?:الف|ب|پ|ت|ج|د)[.)]\s+)"
)
_BOX = re.compile(r"(?:[□☐☑❏]|\[\s*[xX ]?\s*\])")
"""A box to tick; a circle is for one answer."""

_REQUIRED = re.compile(
    r"\s*[(\[]?\s*(?:required|mandatory|zorunlu|اجباری|الزامی)\s*[)\]]|\s+\*$|\s*\(\*\)$", re.IGNORECASE
)
_OPTIONAL = re.compile(r"\s*[(\[]\s*(?:optional|isteğe bağlı|opsiyonel|اختیاری)\s*[)\]]", re.IGNORECASE)
_MULTI = re.compile(
    r"\s*[(\[]?\s*(?:please\s+)?(?:(?:select|choose|tick|check|mark)\s+(?:all|any)(?:\s+that\s+apply)?"
    r"|multiple(?: answers?| choice| selection)?"
    r"|birden (?:fazla|çok)[^)\].?]{0,40}|çoklu seçim|uyan(?:ların)? hepsini[^)\].?]{0,20}"
    r"|همه موارد[^)\].؟]{0,30}|چند (?:گزینه|مورد|انتخاب)[^)\].؟]{0,30})\s*[)\].]?",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\s*(?:[(\[]\s*(?:open(?:[- ]ended)?(?: question| answer)?|free ?text|text|comments?"
    r"|açık uçlu|serbest metin|metin|yorum|تشریحی|متن آزاد|باز|نظر)\s*[)\]]"
    r"|_{3,}|\.{4,}|…{2,})\s*$",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\s*[-–—:,]?\s*[(\[]?\s*(yes|evet|بله|بلی|آری)\s*(?:[/|,،–-]|\bor\b|veya|ya da|یا)\s*"
    r"(no|hayır|خیر|نه)\s*[)\].]?\s*$",
    re.IGNORECASE,
)
_TO = r"(?:\s*(?:-|–|—|…|\.\.\.?|to|through|ile|ilâ|'?d[ae]n|تا)\s*)"
_SCALE = re.compile(
    r"\s*[-–—:,]?\s*[(\[]?\s*(?:(?:on a )?(?:scale|rate|rating|ölçek|puan|مقیاس|امتیاز)\s*(?:from|of|:|از)?\s*)?"
    rf"(?:from\s+|از\s+)?(?P<low>[01])(?!\d){_TO}(?P<high>\d{{1,2}})(?!\d)(?:'?[yae]?\s+(?:arası|kadar)|'?[ea])?"
    r"\s*(?:scale|arasında|points?|puan|stars?|yıldız|ستاره)?\s*[)\]]?\s*[.:,;]?\s*(?P<rest>[^?؟]{0,200})$",
    re.IGNORECASE,
)
_IS = r"\s*(?:=|:|\(|-|–|—|means|is)\s*"
_LABEL = r"[^,;/|،()=\d]{2,60}?"
_ENDS = re.compile(
    rf"[(\[]?\s*(?P<a>\d{{1,2}}){_IS}(?P<first>{_LABEL})\s*\)?\s*"
    r"(?:,|;|/|\||،|\band\b|\bve\b|\bو\b|-|–|—|…|\.\.\.|\s)+\s*"
    rf"(?P<b>\d{{1,2}}){_IS}(?P<last>{_LABEL})\s*[)\].]*\s*$",
    re.IGNORECASE,
)
"""Both ends of a scale with their labels: "1 = very bad, 5 = very good"."""
_STARS = re.compile(r"(?:★|⭐|☆){3,}|\bstars?\b|yıldız|ستاره", re.IGNORECASE)
_CHOICES = re.compile(
    r"(?:(?<=[?؟:])\s*[-–—:]?\s*|\s+)[(\[](?P<inside>[^()\[\]]{3,300})[)\]]\s*$"
    r"|(?<=[?؟:])\s*[-–—:]?\s*(?P<behind>[^?؟]{3,400})$"
)
_DIVIDERS = (r"\s*[/|;؛]\s*", r"\s*[,،]\s*(?:(?:or|veya|ya da|یا)\s+)?")
LONGEST_LINE = 1_000
"""Characters. In a longer line no hints are looked for."""


@dataclass(slots=True)
class LineHints:
    """What a line says beside the words of the question itself. `ends` are (point, label) of the scale's ends."""

    text: str
    required: bool = False
    multiple: bool = False
    open: bool = False
    yes_no: bool = False
    stars: bool = False
    scale: tuple[int, int] | None = None
    ends: tuple[tuple[int, str], ...] = ()
    options: tuple[str, ...] = ()


def hints_in(line: str) -> LineHints:
    """Take the hints out of a question's line, in the order in which people write them: from the end."""
    hints = LineHints(line.strip())
    if len(line) > LONGEST_LINE:
        return hints
    for pattern, name in ((_REQUIRED, "required"), (_OPTIONAL, ""), (_MULTI, "multiple"), (_OPEN, "open")):
        if match := pattern.search(hints.text):
            hints.text = (hints.text[: match.start()] + hints.text[match.end() :]).strip()
            if name:
                setattr(hints, name, True)
    if hints.open:
        return hints
    if match := _YES_NO.search(hints.text):
        hints.text, hints.yes_no = hints.text[: match.start()].strip(), True
        return hints
    _take_scale(hints)
    if hints.scale is None:
        _take_options(hints)
    return hints


def _take_scale(hints: LineHints) -> None:
    plain = ascii_digits(hints.text)
    if len(plain) != len(hints.text):
        return
    if match := _ENDS.search(plain):
        low, high = int(match["a"]), int(match["b"])
        ends = (
            (low, hints.text[slice(*match.span("first"))]),
            (high, hints.text[slice(*match.span("last"))]),
        )
        if low > high:
            low, high, ends = high, low, ends[::-1]
        if 2 <= high - low <= 10:
            hints.scale = low, high
            hints.ends = tuple((point, label.strip(" .")) for point, label in ends)
            hints.text = hints.text[: match.start()].strip(" -–—:,(")
            shorter = _SCALE.search(ascii_digits(hints.text))
            if shorter and not shorter["rest"].strip(" )]."):
                hints.text = hints.text[: shorter.start()].strip(" -–—:,(")
            return
    match = _SCALE.search(plain)
    if match and 2 <= int(match["high"]) - int(match["low"]) <= 10 and not match["rest"].strip(" )]."):
        hints.stars = bool(_STARS.search(hints.text[match.start() :]))
        hints.scale = int(match["low"]), int(match["high"])
        hints.text = hints.text[: match.start()].strip(" -–—:,(")


def _take_options(hints: LineHints) -> None:
    """Options behind the question: "... (Google / a friend / other)", "...? phone, mail, chat"."""
    match = _CHOICES.search(hints.text)
    if match is None:
        return
    inside = (match["inside"] or match["behind"] or "").strip()
    for divider in _DIVIDERS:
        parts = [part.strip(" .…") for part in re.split(divider, inside)]
        enough = 2 if divider is _DIVIDERS[0] or match["behind"] is None else 3
        if len(parts) >= enough and all(0 < len(part) <= 80 for part in parts):
            hints.options = tuple(parts)
            hints.text = hints.text[: match.start()].strip()
            return


def has_box(line: str) -> bool:
    """Whether a line begins with a box to tick, which several options can have."""
    return bool(_BOX.match(line.strip()))


def is_question(line: str) -> bool:
    """Whether a line has a question mark, perhaps with hints behind it."""
    return "?" in line or "؟" in line


_GREETING = re.compile(
    r"(?:hi|hello|dear|hey|good (?:morning|afternoon)|merhaba|selam|sayın|iyi günler|سلام|با سلام|درود)\b"
    r".{0,60}[,:!،.]?$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"(?:best|kind|warm)(?: regards)?[,.]?$|regards[,.]?$|cheers[,.]?$|sincerely[,.]?$|saygılar(?:ımla)?[,.]?$|"
    r"iyi çalışmalar[,.]?$|با احترام[،.]?$|با تشکر[،.]?$|sent from my .*|--$",
    re.IGNORECASE,
)
_THANKS = re.compile(r"(?:thank(?:s| you)|teşekkür|ممنون|سپاس|متشکر|با تشکر از)", re.IGNORECASE)
_TITLE = re.compile(
    r"(?:title|survey|subject|başlık|anket|konu|عنوان|موضوع|نظرسنجی)\s*[:：]\s*(?P<title>.+)", re.IGNORECASE
)


def is_greeting(line: str) -> bool:
    """Whether a line is the greeting of a mail."""
    return bool(_GREETING.fullmatch(line))


def is_farewell(line: str) -> bool:
    """Whether the questions end here, with the closing formula of a mail."""
    return bool(_FAREWELL.fullmatch(line))


def is_thanks(line: str) -> bool:
    """Whether a line thanks the person who answers."""
    return bool(_THANKS.match(line))


def named_title(line: str) -> str | None:
    """The title in "Title: ..."; None for any other line."""
    match = _TITLE.fullmatch(line)
    return match["title"].strip() if match else None


def language_of(text: str) -> str:
    """The language of a text among English, Turkish and Persian, by its letters and its commonest words."""
    start = text[:5_000]
    if len(re.findall(r"[\u0600-\u06ff]", start)) * 3 > len(re.findall(r"[^\W\d_]", start)):
        return "fa"
    turkish = len(re.findall(r"[ğışĞİŞ]", start)) + 2 * len(
        re.findall(r"\b(?:ve|bir|bu|için|mi|mu|mı|mü|ne|nasıl|evet|hayır|çok|soru)\b", start, re.IGNORECASE)
    )
    return "tr" if turkish * 40 > len(start.split()) * 2 and turkish >= 2 else "en"
