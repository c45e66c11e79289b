"""What one line of a pasted text is: a question, an option, a scale, a remark. English, Turkish and Persian."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedback.core.text.folding import ascii_digits

QUESTION_NUMBER = re.compile(
    r"(?:(?:q(?:uestion)?|s(?:oru)?|سوال|سؤال|پرسش)\s*\.?\s*\d{1,3}\s*[-.):：–—]*\s+|(?:q|soru|سوال|سؤال)\s*[:：]\s+"
    r"|\(?\d{1,3}\s*[.):\-–—]\)?\s+|(?P<inner>\d{1,2}(?:\.\d{1,2}){1,3}[.)]?\s+)|#\d{1,3}\s+)",
    re.IGNORECASE,
)
"""1.  1)  (1)  1.1  Q1:  Q:  Soru 1.  سوال ۱:  at the start of a line; digits are those of programs already."""
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
_KIND = re.compile(
    r"\s*[(\[]\s*(?P<kind>number|numeric|date|sayı|tarih|عدد|تاریخ)\s*[)\]]\s*$"
    r"|[\s:]*[(\[]?(?:_{1,4}\s*[/.-]\s*_{1,4}\s*[/.-]\s*_{2,4}"
    r"|(?:dd|gg|mm|aa)\s*[/.-]\s*(?:dd|gg|mm|aa)\s*[/.-]\s*[yY]{2,4})[)\]]?\s*$",
    re.IGNORECASE,
)
_KINDS = {"number": "number", "numeric": "number", "sayı": "number", "عدد": "number"}
_OPEN = re.compile(
    r"\s*(?:[(\[]\s*(?:open(?:[- ]ended)?(?: question| answer| text)?|free ?text|text|comments?"
    r"|açık uçlu|serbest metin|metin|yorum|تشریحی|متن آزاد|باز|نظر)\s*[)\]]"
    r"|_{3,}|\.{4,}|…{2,})\s*$",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\s*[-–—:,]?\s*[(\[]?\s*(yes|evet|بله|بلی|آری)\s*(?:[/|,،–-]|\bor\b|veya|ya da|یا)\s*"
    r"(no|hayır|خیر|نه)\s*[)\].]?\s*$|\s*[(\[]\s*(?:y\s*/\s*n|e\s*/\s*h)\s*[)\]]\s*$",
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
_SPACED_ENDS = re.compile(
    rf"[(\[]\s*(?P<a>\d{{1,2}})\s+(?P<first>{_LABEL})\s*[-–—,،;/]\s*"
    rf"(?P<b>\d{{1,2}})\s+(?P<last>{_LABEL})\s*[)\]]\s*\.?$"
)
"""(1 very bad - 5 very good)"""
_NAMED_ENDS = re.compile(
    rf"(?:\bfrom\s+|از\s+)?\b(?P<a>\d{{1,2}})\s*\((?P<first>{_LABEL})\){_TO}"
    rf"(?P<b>\d{{1,2}})\s*\((?P<last>{_LABEL})\)"
    r"\s*[)\].:]*\s*$",
    re.IGNORECASE,
)
"""from 1 (very bad) to 5 (very good)"""
_LEFT_OVER = re.compile(
    r"[\s,،;-]*(?:[(\[][^()\[\]]{0,80}|(?:please\s+)?(?:answer|rate|reply|use|give)(?:\s+(?:it|us|a score))?"
    r"|where|burada|که)$",
    re.IGNORECASE,
)
"""What introduced a scale that was taken out: "(1-5, please", "Please answer", "where"."""
_MEASURE = re.compile(r"^(?:nps|csat|ces|enps)(?:\s+(?:question|sorusu))?\s*[:–-]\s*", re.IGNORECASE)
_EXAMPLES = re.compile(
    r"(?:e\.?g\.?|i\.?e\.?|for example|such as|incl|örn|mesela|مثل|مثلا|برای مثال)", re.IGNORECASE
)
_DRAWN_STARS = re.compile(r"[\s:]*[(\[]?\s*(?P<stars>(?:[★⭐☆]\ufe0f?\s?){3,10})[)\]]?\s*$")
_SCORED = re.compile(r"نمره|امتیاز|\bpuan|\bscore\b|\brate\b|\bscale\b|\bölçek", re.IGNORECASE)
_RANGE = re.compile(rf"(?<![\d/.-])(?P<low>[01]){_TO}(?P<high>5|7|10)(?![\d/.-])", re.IGNORECASE)
"""A scale in the middle of a question, whose words say that it is one."""
_STARS = re.compile(r"(?:★|⭐|☆){3,}|\bstars?\b|yıldız|ستاره", re.IGNORECASE)
_CHOICES = re.compile(
    r"(?:(?<=[?؟:])\s*[-–—:]?\s*|\s+)[(\[](?P<inside>[^()\[\]]{3,300})[)\]]\s*$"
    r"|(?<=[?؟:])\s*[-–—:]?\s*(?P<behind>[^?؟]{3,400})$"
)
_DIVIDERS = (r"\s*[/|;؛]\s*", r"\s*[,،]\s*(?:(?:or|veya|ya da|یا)\s+)?", r"\s+[-–—]\s+")
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
    kind: str = ""
    stars: bool = False
    scale: tuple[int, int] | None = None
    ends: tuple[tuple[int, str], ...] = ()
    options: tuple[str, ...] = ()


def hints_in(line: str) -> LineHints:
    """Take the hints out of a question's line, in the order in which people write them: from the end."""
    hints = LineHints(line.strip())
    if len(line) > LONGEST_LINE:
        return hints
    hints.text = _MEASURE.sub("", hints.text) or hints.text
    if match := _KIND.search(hints.text):
        hints.text, hints.kind = (
            hints.text[: match.start()].strip(),
            _KINDS.get((match["kind"] or "").lower(), "date"),
        )
    for pattern, name in ((_REQUIRED, "required"), (_OPTIONAL, ""), (_MULTI, "multiple"), (_OPEN, "open")):
        if match := pattern.search(hints.text):
            if name == "multiple":
                match = _whole_remark(pattern, hints.text) or match
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


def _whole_remark(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The brackets around a remark: "(you can choose several answers)"."""
    around = (each for each in re.finditer(r"\s*[(\[][^()\[\]]{1,80}[)\]]", text) if pattern.search(each[0]))
    return next(around, None)


def _without_mark(text: str) -> tuple[str, str]:
    """(text, mark) without the question mark at its end."""
    mark = text[-1:] if text[-1:] in "?؟" else ""
    return (text[:-1].rstrip(), mark) if mark else (text, "")


def _take_scale(hints: LineHints) -> None:
    text, mark = _without_mark(hints.text)
    plain = ascii_digits(text)
    if len(plain) != len(text):
        return
    for pattern in (_NAMED_ENDS, _SPACED_ENDS, _ENDS):
        if (match := pattern.search(plain)) and _take_ends(hints, text, match):
            left = hints.text
            shorter = _SCALE.search(ascii_digits(_LEFT_OVER.sub("", left)))
            if shorter and not shorter["rest"].strip(" )]."):
                left = left[: shorter.start()]
            left = _LEFT_OVER.sub("", left).strip(" -–—:,(") or left
            hints.text = left + (mark if left[-1:] not in "?؟.!" else "")
            return
    if match := _DRAWN_STARS.search(text):
        count = len(re.findall(r"[★⭐☆]", match["stars"]))
        hints.scale, hints.stars = (1, count), True
        hints.text = text[: match.start()].strip(" -–—:,(") + mark
        return
    match = _SCALE.search(plain)
    if match and 2 <= int(match["high"]) - int(match["low"]) <= 10 and not match["rest"].strip(" )]."):
        hints.stars = bool(_STARS.search(text[match.start() :]))
        hints.scale = int(match["low"]), int(match["high"])
        left = text[: match.start()].strip(" -–—:,(")
        hints.text = left + (mark if left[-1:] not in "?؟.!" else "")


def scale_within(text: str) -> tuple[int, int] | None:
    """The scale that a question names in its middle: "which score from 1 to 10 do we get?"."""
    found = _RANGE.search(ascii_digits(text)) if _SCORED.search(text) else None
    return (int(found["low"]), int(found["high"])) if found else None


def _take_ends(hints: LineHints, text: str, match: re.Match[str]) -> bool:
    """Whether the words are those of the ends of a scale; then they are taken out of the line."""
    low, high = int(match["a"]), int(match["b"])
    ends = ((low, text[slice(*match.span("first"))]), (high, text[slice(*match.span("last"))]))
    if low > high:
        low, high, ends = high, low, ends[::-1]
    if not 2 <= high - low <= 10:
        return False
    hints.scale = low, high
    hints.ends = tuple((point, label.strip(" .")) for point, label in ends)
    hints.text = text[: match.start()].strip(" -–—:,(")
    return True


def _take_options(hints: LineHints) -> None:
    """Options behind the question, "... (Google / a friend / other)", "...? phone, mail, chat", or in brackets before
    its mark."""
    match, mark = _CHOICES.search(hints.text), ""
    if match is None:
        text, mark = _without_mark(hints.text)
        match = _CHOICES.search(text) if mark and text.endswith((")", "]")) else None
    if match is None or _EXAMPLES.match((match["inside"] or "").strip()):
        return
    inside = (match["inside"] or match["behind"] or "").strip()
    for divider in _DIVIDERS:
        parts = [part.strip(" .…") for part in re.split(divider, inside)]
        enough = 2 if divider is _DIVIDERS[0] or match["behind"] is None else 3
        if mark or divider is _DIVIDERS[-1]:
            enough = 3
        if len(parts) >= enough and all(0 < len(part) <= 80 for part in parts):
            hints.options = tuple(parts)
            hints.text = hints.text[: match.start()].strip() + mark
            return


def has_box(line: str) -> bool:
    """Whether a line begins with a box to tick, which several options can have."""
    return bool(_BOX.match(line.strip()))


def is_question(line: str) -> bool:
    """Whether a line has a question mark, perhaps with hints behind it."""
    return "?" in line or "؟" in line


_REQUEST = re.compile(
    r"(?:please\s+)?(?:rate|rank|describe|tell us|name|list|explain|share|choose|select|order|sort|leave|write|add"
    r"|indicate|mark)\b"
    r".{3,}"
    r"|.{3,}\b(?:puanlayın|puanlayınız|değerlendirin|değerlendiriniz|belirtin|belirtiniz|yazın|yazınız|açıklayın"
    r"|sıralayın|sıralayınız|paylaşın|paylaşınız|seçin|seçiniz)\b.{0,60}"
    r"|.{3,}(?:بنویسید|بیان کنید|شرح دهید|توضیح دهید|امتیاز دهید|انتخاب کنید|مشخص کنید|رتبه‌بندی کنید|مرتب کنید"
    r"|وارد کنید).{0,60}",
    re.IGNORECASE,
)
_LABEL_ALONE = re.compile(
    r"(?:(?:your|any|other|further|additional|general|ek|diğer|varsa)\s+)*"
    r"(?:comments?|remarks?|suggestions?|feedback|(?:full )?name|e-?mail(?: address)?|phone(?: number)?|company"
    r"|yorum(?:unuz|larınız|lar)?|görüş(?:ünüz|leriniz|ler)?(?: ve önerileriniz)?|öneri(?:niz|leriniz|ler)?"
    r"|ad(?:ınız)?(?:,? soyad(?:ınız)?)?|e-?posta(?: adresiniz)?|telefon(?: numaranız)?|şirket(?:iniz)?"
    r"|نظرات?(?: شما)?|پیشنهادات?(?: شما)?|نام(?: و نام خانوادگی)?|ایمیل|شماره تماس|شماره تلفن)"
    r"(?:\s*[/&,]\s*\w{3,20})?\s*[:：_.…\s]{1,80}",
    re.IGNORECASE,
)
_OWN_CHOICES = re.compile(r"[^:：?؟]{3,80}[:：]\s*[^/;|؛]{1,60}(?:\s*[/;|؛]\s*[^/;|؛]{1,60}){1,19}")


def asks(line: str) -> bool:
    """Whether a line asks without a question mark: "Rate ...", "Comments:", "Age: under 30; 30 or more"."""
    start = line[:300]
    return bool(_REQUEST.fullmatch(start) or _LABEL_ALONE.fullmatch(start) or _OWN_CHOICES.fullmatch(start))


_ANSWER = re.compile(r"(?:a|answers?|cevap|yanıt|پاسخ)\s*[:：]\s*", re.IGNORECASE)
_FOLLOWING = re.compile(
    r"[:：]|\bfollowing\b|\beach\b|\bthese\b|aşağıdaki|her bir|زیر|هر یک|هر کدام", re.IGNORECASE
)


def without_answer_mark(line: str) -> str:
    """What is behind "A:" or "Answer:", which some lists put before what can be answered."""
    return _ANSWER.sub("", line, count=1) if _ANSWER.match(line) else line


def introduces_rows(line: str) -> bool:
    """Whether a line says that what follows it is rated: "Rate the following (1-5):"."""
    return bool(_FOLLOWING.search(line))


def has_choices(line: str) -> bool:
    """Whether a line is a heading with its options behind it."""
    return bool(_OWN_CHOICES.fullmatch(line[:300]))


_GREETING = re.compile(
    r"(?:hi|hello|dear|hey|good (?:morning|afternoon)|merhaba|selam|sayın|iyi günler|günaydın|سلام|با سلام|درود)\b"
    r".{0,60}[,:!،.]?$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"(?:best|kind|warm)(?: (?:regards|wishes))?[,.!]?$|(?:many |best )?(?:thanks|thank you|regards)[,.!]?$|"
    r"cheers[,.!]?$|"
    r"(?:yours )?sincerely[,.]?$|(?:thanks|thank you)(?: and|,) (?:best |kind )?regards[,.]?$|"
    r"(?:(?:çok )?teşekkür(?:ler| ederim)?[,.!]?\s*)?"
    r"(?:(?:iyi (?:çalışmalar|günler)|saygılar(?:ımla)?|sevgiler)[,.!]?)?$|"
    r"با (?:احترام|تشکر|سپاس)[،.]?$|ارادتمند[،.]?$|(?:ممنون|متشکرم|سپاس)[،.!]?$|sent from my .*|--$",
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
    return bool(line) and bool(_FAREWELL.fullmatch(line))


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
