"""A pasted text: a list of questions from a document or a mail, with options and scales as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from feedback.core.text.folding import ascii_digits
from feedback.services.studio.importing import notes
from feedback.services.studio.importing.formats.pasted_lines import (
    BULLET,
    QUESTION_NUMBER,
    LineHints,
    asks,
    has_box,
    has_choices,
    hints_in,
    introduces_rows,
    is_farewell,
    is_greeting,
    is_question,
    is_thanks,
    language_of,
    named_title,
    scale_within,
    without_answer_mark,
)
from feedback.services.studio.importing.formats.pasted_tables import rows_as_lines
from feedback.services.studio.importing.guessing import YES_NO, settle_choice, settle_scale, yes_no
from feedback.services.studio.importing.outline import (
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
    shortened,
)
from feedback.services.studio.importing.settling import settle_ranking

MOST_TITLE_WORDS = 8
"""Of a title in a mail; a longer line there is a sentence."""
LONGEST_OPTION = 100
"""Characters. A longer line below a question is no option of it."""

_ASKS_YES_NO = {
    "en": r"(?:did|do|does|is|are|was|were|have|has|had|can|could|would|will|should)\s+"
    r"(?:you|we|our|the|this|it|your|any|there|i)\b|may (?:we|i)\b",
    "tr": r".*\b(?:m[ıiuü](?:s[ıiuü]n[ıiuü]z|yd[ıiuü](?:n[ıiuü]z)?|d[ıiuü]r)?)\s*[?]",
    "fa": r"آیا\b",
}
_ASKS_TWO = re.compile(r"\bor\b|\bveya\b|ya da| یا ", re.IGNORECASE)
_SATISFACTION = re.compile(r"how satisfied|ne kadar memnun|چقدر .{0,40}راضی", re.IGNORECASE)
_RECOMMENDATION = re.compile(
    r"how likely .{0,60}recommend|tavsiye etme olasılığınız|چقدر احتمال دارد .{0,80}(?:توصیه|پیشنهاد)",
    re.IGNORECASE,
)
_EFFORT = re.compile(r"how (?:easy|difficult)|ne kadar kolay|چقدر .{0,40}(?:آسان|سخت)", re.IGNORECASE)
_USUAL = ((_RECOMMENDATION, (0, 10)), (_SATISFACTION, (1, 5)), (_EFFORT, (1, 7)))
"""Questions that are asked with one scale everywhere, and that scale."""
_IF_ANSWER = re.compile(
    r"[(\[]?(?:if|eğer|اگر)\s+(?:you (?:said|answered)\s+|so,?\s+)?"
    r"[\"“«']?(yes|no|not|evet|hayır|بله|خیر|نه)[\"”»']?(?:\s+ise)?\s*[,،:)\]]",
    re.IGNORECASE,
)
_YES = frozenset({"yes", "evet", "بله"})


_COUNT = re.compile(
    r"\bhow many\b(?! stars| points)|\bkaç\b(?! puan| yıldız)|چه تعداد"
    r"|(?<!هر )\bچند\b(?! ?وقت| ?گزینه| ?مورد| ?امتیاز)",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\b(?:what|which) (?:date|day)\b|\bdate of\b|hangi tarihte|hangi gün\b|tarihi ned?ir|(?:چه|کدام) (?:تاریخ|روز)",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\brank\b|\b(?:put|sort)\b.{0,40}\border\b|in order of|sırala(?:yın|yınız)?\b|önem sırası"
    r"|رتبه‌?بندی|به ترتیب|مرتب کنید",
    re.IGNORECASE,
)
_CONTACTS = (
    ("email", re.compile(r"\be-?mail(?: address)?\b|e-?posta adres|^e-?posta|ایمیل", re.IGNORECASE)),
    (
        "phone",
        re.compile(
            r"phone number|^(?:your )?phone|telefon numara|^telefon|شماره (?:تلفن|تماس|موبایل)", re.IGNORECASE
        ),
    ),
    (
        "name",
        re.compile(
            r"^(?:your |full )*name\b|what is your (?:full )?name|^ad(?:ınız)?(?:,? soyad|\b)|نام و نام خانوادگی",
            re.IGNORECASE,
        ),
    ),
)
"""Details by which somebody can be reached, as the words of a question ask for them."""
_OPEN_ENDED = re.compile(
    r"\banything (?:else|you|we)\b|\bany (?:other |further |additional )?(?:comments?|suggestions?|feedback|remarks?)\b"
    r"|eklemek iste|başka .{0,30}\bvar mı|(?:öneri|görüş|yorum)\w* .{0,20}var mı"
    r"|(?:نظر|پیشنهاد|نکته|توضیح).{0,40}(?:دارید|هست)|چیز دیگری",
    re.IGNORECASE,
)
"""Asks yes or no in form, and for words in fact."""
_ONE_ANSWER = re.compile(r"\bhow\b|ne kadar|nasıl|ne sıklıkla|چقدر|چگونه|چطور", re.IGNORECASE)


@dataclass(slots=True)
class _Block:
    """A question's line, and the lines below it that may be its options."""

    line: str
    below: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)  # of a table with one scale
    marked: bool = False  # the lines below have bullets
    mark: str = ""  # its own bullet
    inner: bool = False  # its number has several parts
    boxes: bool = False


def recognised(_text: object) -> bool:
    """Any text may be a list of questions; it is the last format that is tried."""
    return True


def read(text: str, outline: SurveyOutline) -> None:
    """Add the questions of the text to the outline. What is not a part of a question is noted."""
    language = outline.languages[0] if outline.languages else language_of(text)
    if not outline.languages:
        outline.languages.append(language)
        outline.guessed("", notes.LANGUAGE_GUESSED, language=language)
    blocks = _Blocks(outline, language).split(text)
    for number, block in enumerate(blocks, 1):
        _Question(outline, language).add(block, f"q{number}")


class _Blocks:
    """Divides the lines of a text among its questions, its title and what is left out."""

    def __init__(self, outline: SurveyOutline, language: str) -> None:
        self.outline, self.language = outline, language
        self.blocks: list[_Block] = []
        self.after_blank = True
        self.is_mail = self.is_over = self.is_listed = self.is_inner = False

    def split(self, text: str) -> list[_Block]:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        stripped = [" ".join(line.lstrip("> \t").split()) for line in rows_as_lines(lines)]
        numbered = sum(bool(_number(line)) for line in stripped) >= 2
        self.is_mail = any(is_greeting(line) for line in stripped[:5])
        bulleted = [line for line in stripped if BULLET.match(line) and is_question(line)]
        self.is_listed = numbered or (self.is_mail and len(bulleted) >= 2)
        for line in stripped:
            if is_farewell(line) and self.blocks:
                self.is_over = True
                self._left_out(line)
            elif line:
                self._line(line, numbered)
            self.after_blank = not line
        return self.blocks

    def _line(self, line: str, numbered: bool) -> None:
        number, bullet = _number(line), BULLET.match(line)
        if number:
            self._heading_above(line)
            self._start(line[number:])
        elif bullet and bullet.end() < len(line):
            self._bulleted(line, line[bullet.end() :].strip())
        elif self._asks_alone(line, numbered):
            self._start(line)
        elif self._continues(line):
            self.blocks[-1].below.append(line)
        else:
            self._remark(line)

    def _asks_alone(self, line: str, numbered: bool) -> bool:
        """Whether a line without number and bullet is a question. In a mail with a list, what is around it is not."""
        if self.is_mail and (self.is_listed or self.is_over):
            return False
        if is_question(line):
            return not (numbered and (not self.after_blank or not self.blocks))
        if numbered or is_greeting(line) or not asks(line):
            return False
        return bool(self.blocks) or has_choices(line) or hints_in(line).scale is not None

    def _heading_above(self, line: str) -> None:
        """Before 1.1, a line 1. without a question mark is a heading."""
        match = QUESTION_NUMBER.match(ascii_digits(line[:40]))
        last = self.blocks[-1] if self.blocks else None
        if (
            match
            and match["inner"]
            and last
            and not last.below
            and not last.inner
            and not is_question(last.line)
        ):
            self._left_out(self.blocks.pop().line)
        self.is_inner = bool(match and match["inner"])

    def _start(self, line: str, mark: str = "") -> None:
        self.blocks.append(_Block(line.strip(), mark=mark, inner=self.is_inner))

    def _bulleted(self, line: str, rest: str) -> None:
        last = self.blocks[-1] if self.blocks else None
        starts = is_question(rest) or (asks(rest) and not (last and last.marked))
        if last and last.mark == line[0] and not last.marked:  # of two bullets alike, the second is no option
            starts = starts or not is_question(last.line)
        if last is None or starts or (self.after_blank and not last.marked and last.below):
            self._start(rest, line[0] if not has_box(line) else "")
            return
        last.marked = True
        last.boxes = last.boxes or has_box(line)
        last.below.append(rest)

    def _continues(self, line: str) -> bool:
        """Whether a line without a mark belongs to the question above it."""
        if not self.blocks or self.after_blank or self.is_over or is_thanks(line):
            return False
        return not self.blocks[-1].marked and len(line) <= LONGEST_OPTION

    def _remark(self, line: str) -> None:
        title = named_title(line)
        if title or (
            not self.blocks
            and not self.outline.title
            and len(line) <= LONGEST_OPTION
            and not is_greeting(line)
            and not (self.is_mail and (line[0].islower() or len(line.split()) > MOST_TITLE_WORDS))
            and not line.endswith((":", ".", ",", "،", "?", "؟"))
        ):
            self.outline.title = {self.language: self.outline.words(title or line, "")}
            self.outline.guessed("", notes.TITLE_GUESSED)
        elif self.blocks and is_thanks(line) and not self.outline.thanks:
            self.outline.thanks = {self.language: self.outline.words(line, "")}
        else:
            self._left_out(line)

    def _left_out(self, line: str) -> None:
        self.outline.lost("", notes.TEXT_LEFT_OUT, text=shortened(line))


def _number(line: str) -> int:
    """How many characters of the line are its number, as of "12. "; 0 if it has none."""
    match = QUESTION_NUMBER.match(ascii_digits(line[:40]))
    return match.end() if match and line[match.end() :].strip() else 0


class _Question:
    """Makes one question of a block: its type from hints, from the lines below it, or from its words."""

    def __init__(self, outline: SurveyOutline, language: str) -> None:
        self.outline, self.language = outline, language

    def add(self, block: _Block, code: str) -> None:
        hints = hints_in(block.line)
        self._read_below(block, hints)
        text = self.outline.words(hints.text, code) or self.outline.words(block.line, code)
        question = OutlineQuestion(code, "text", {self.language: text}, required=hints.required)
        question.key = code
        self._settle(question, hints, block)
        self._condition(question)
        self.outline.add(question)

    def _read_below(self, block: _Block, hints: LineHints) -> None:
        """The lines below: one may hold a scale or all options, several are options."""
        if not block.marked and block.below:
            line = without_answer_mark(block.below[0])
            first = hints_in(f": ({line})")
            if not first.open:
                first = hints_in(f": {line}")
            known = bool(hints.options or hints.scale or hints.yes_no)
            if not known and (
                first.scale or first.yes_no or first.open or (len(block.below) == 1 and first.options)
            ):
                hints.scale, hints.ends, hints.stars = first.scale, first.ends, first.stars
                hints.yes_no, hints.open, hints.options = first.yes_no, first.open, first.options
                for more in block.below[1:]:
                    self.outline.lost("", notes.TEXT_LEFT_OUT, text=shortened(more))
                block.below = []
            elif len(block.below) == 1:
                self.outline.lost("", notes.TEXT_LEFT_OUT, text=shortened(block.below[0]))
                block.below = []
        if hints.scale and len(block.below) > 1 and introduces_rows(block.line):
            block.rows = block.below
        elif block.below:
            hints.options = tuple(block.below)

    def _settle(self, question: OutlineQuestion, hints: LineHints, block: _Block) -> None:
        usual = next(
            (scale for pattern, scale in _USUAL if pattern.search(question.text[self.language])), None
        )
        words = question.text[self.language]
        if hints.open:
            question.type = "text"
            self._ask_for_contact(question)
        elif block.rows and hints.scale:
            self._grid(question, hints, block)
        elif hints.options:
            self._choose(question, hints, block)
        elif hints.yes_no or (
            not hints.scale
            and not usual
            and not scale_within(words)
            and self._asks_yes_no(question.text[self.language])
        ):
            question.type, question.options = "single", yes_no([self.language])
            question.extra["complete"] = True
            if not hints.yes_no:
                self.outline.guessed(question.code, notes.TYPE_GUESSED, type="single")
        elif scale := hints.scale or usual or scale_within(words):
            question.type, question.scale = "rating", OutlineScale(*scale, self._labels(hints, question))
            if hints.stars and scale == (1, 5):
                question.type, question.scale = "stars", None
            else:
                settle_scale(self.outline, question)
        elif hints.kind == "date" or (not hints.kind and _DAY.search(words)):
            question.type = "date"
            self.outline.guessed(question.code, notes.TYPE_GUESSED, type="date")
        elif hints.kind == "number" or _COUNT.search(words):
            question.type = "number"
            self.outline.guessed(question.code, notes.TYPE_GUESSED, type="number")
        else:
            self._ask_for_contact(question)
            self.outline.guessed(question.code, notes.TYPE_GUESSED, type="text")

    def _ask_for_contact(self, question: OutlineQuestion) -> None:
        words = question.text[self.language]
        contact = next((kind for kind, pattern in _CONTACTS if pattern.search(words)), None)
        if contact and len(words) <= LONGEST_OPTION:
            question.extra["contact"] = contact

    def _grid(self, question: OutlineQuestion, hints: LineHints, block: _Block) -> None:
        """Several things that are rated with one scale."""
        named = [self.outline.words(each, question.code) for each in block.rows]
        question.type = "matrix"
        question.rows = [
            OutlineOption(f"r{n}", {self.language: each}) for n, each in enumerate(named, 1) if each
        ]
        question.scale = OutlineScale(*(hints.scale or (1, 5)), self._labels(hints, question))
        self.outline.guessed(question.code, notes.TYPE_GUESSED, type="matrix")

    def _labels(self, hints: LineHints, question: OutlineQuestion) -> dict[int, Texts]:
        return {
            point: {self.language: self.outline.words(label, question.code)} for point, label in hints.ends
        }

    def _choose(self, question: OutlineQuestion, hints: LineHints, block: _Block) -> None:
        words: Sequence[str] = [self.outline.words(each, question.code) for each in hints.options]
        question.options = [OutlineOption(each, {self.language: each}) for each in words if each]
        if _ORDER.search(question.text[self.language]) and len(question.options) > 1:
            settle_ranking(self.outline, question)
            self.outline.guessed(question.code, notes.TYPE_GUESSED, type=question.type)
            return
        several = block.boxes and not self._has_one_answer(question.text[self.language], words)
        question.type = "multi" if hints.multiple or several else "single"
        if question.type == "multi" and not hints.multiple:
            self.outline.guessed(question.code, notes.MULTI_GUESSED)
        settle_choice(self.outline, question)

    def _has_one_answer(self, text: str, options: Sequence[str]) -> bool:
        """Whether only one of the boxes can be ticked: after "how", and if there are yes and no."""
        usual = {each.casefold() for each in YES_NO.get(self.language, ())}
        return bool(_ONE_ANSWER.search(text)) or usual <= {each.casefold() for each in options}

    def _asks_yes_no(self, text: str) -> bool:
        asks = re.match(_ASKS_YES_NO.get(self.language, _ASKS_YES_NO["en"]), text, re.IGNORECASE)
        return bool(asks) and not _ASKS_TWO.search(text) and not _OPEN_ENDED.search(text)

    def _condition(self, question: OutlineQuestion) -> None:
        """ "If no, why?" is asked after the answer no to the question before it, if that has the two answers."""
        match = _IF_ANSWER.match(question.text[self.language])
        before = self.outline.questions[-1] if self.outline.questions else None
        if match is None or before is None or [each.key for each in before.options] != ["yes", "no"]:
            return
        answer = before.options[0 if match[1].casefold() in _YES else 1]
        question.ask_only_if({"question": before.code, "is": [answer.code]})
        option = answer.text.get(self.language, answer.code)
        self.outline.guessed(question.code, notes.CONDITION_GUESSED, option=option, begin=match[0])
