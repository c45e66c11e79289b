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
    has_box,
    hints_in,
    is_farewell,
    is_greeting,
    is_question,
    is_thanks,
    language_of,
    named_title,
)
from feedback.services.studio.importing.guessing import settle_choice, settle_scale, yes_no
from feedback.services.studio.importing.outline import (
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    shortened,
)

LONGEST_OPTION = 100
"""Characters. A longer line below a question is no option of it."""

_ASKS_YES_NO = {
    "en": r"(?:did|do|does|is|are|was|were|have|has|had|can|could|would|will|should)\s+"
    r"(?:you|we|our|the|this|it|your|any|there)\b",
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


@dataclass(slots=True)
class _Block:
    """A question's line, and the lines below it that may be its options."""

    line: str
    below: list[str] = field(default_factory=list)
    marked: bool = False  # the lines below have bullets
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

    def split(self, text: str) -> list[_Block]:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        stripped = [" ".join(line.lstrip("> \t").split()) for line in lines]
        numbered = sum(bool(_number(line)) for line in stripped) >= 2
        for line in stripped:
            if is_farewell(line) and self.blocks:
                self._left_out(line)
            elif line:
                self._line(line, numbered)
            self.after_blank = not line
        return self.blocks

    def _line(self, line: str, numbered: bool) -> None:
        number, bullet = _number(line), BULLET.match(line)
        if number:
            self._start(line[number:])
        elif bullet and bullet.end() < len(line):
            self._bulleted(line, line[bullet.end() :].strip())
        elif is_question(line) and not (numbered and self.blocks and not self.after_blank):
            self._start(line)
        elif self._continues(line):
            self.blocks[-1].below.append(line)
        else:
            self._remark(line)

    def _start(self, line: str) -> None:
        self.blocks.append(_Block(line.strip()))

    def _bulleted(self, line: str, rest: str) -> None:
        last = self.blocks[-1] if self.blocks else None
        if last is None or is_question(rest) or (self.after_blank and not last.marked and last.below):
            self._start(rest)
            return
        last.marked = True
        last.boxes = last.boxes or has_box(line)
        last.below.append(rest)

    def _continues(self, line: str) -> bool:
        """Whether a line without a mark belongs to the question above it."""
        if not self.blocks or self.after_blank or is_thanks(line):
            return False
        return not self.blocks[-1].marked and len(line) <= LONGEST_OPTION

    def _remark(self, line: str) -> None:
        title = named_title(line)
        if title or (
            not self.blocks
            and not self.outline.title
            and len(line) <= LONGEST_OPTION
            and not is_greeting(line)
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
            first = hints_in(f": {block.below[0]}")
            if first.scale or first.yes_no or first.open or (len(block.below) == 1 and first.options):
                hints.scale, hints.ends, hints.stars = first.scale, first.ends, first.stars
                hints.yes_no, hints.open, hints.options = first.yes_no, first.open, first.options
                for line in block.below[1:]:
                    self.outline.lost("", notes.TEXT_LEFT_OUT, text=shortened(line))
                block.below = []
            elif len(block.below) == 1:
                self.outline.lost("", notes.TEXT_LEFT_OUT, text=shortened(block.below[0]))
                block.below = []
        if block.below:
            hints.options = tuple(block.below)

    def _settle(self, question: OutlineQuestion, hints: LineHints, block: _Block) -> None:
        usual = next(
            (scale for pattern, scale in _USUAL if pattern.search(question.text[self.language])), None
        )
        if hints.open:
            question.type = "text"
        elif hints.options:
            self._choose(question, hints, block)
        elif hints.yes_no or (
            not hints.scale and not usual and self._asks_yes_no(question.text[self.language])
        ):
            question.type, question.options = "single", yes_no([self.language])
            question.extra["complete"] = True
            if not hints.yes_no:
                self.outline.guessed(question.code, notes.TYPE_GUESSED, type="single")
        elif scale := hints.scale or usual:
            labels = {
                point: {self.language: self.outline.words(label, question.code)}
                for point, label in hints.ends
            }
            question.type, question.scale = "rating", OutlineScale(*scale, labels)
            if hints.stars and scale == (1, 5):
                question.type, question.scale = "stars", None
            else:
                settle_scale(self.outline, question)
        else:
            self.outline.guessed(question.code, notes.TYPE_GUESSED, type="text")

    def _choose(self, question: OutlineQuestion, hints: LineHints, block: _Block) -> None:
        question.type = "multi" if hints.multiple or block.boxes else "single"
        if question.type == "multi" and not hints.multiple:
            self.outline.guessed(question.code, notes.MULTI_GUESSED)
        words: Sequence[str] = [self.outline.words(each, question.code) for each in hints.options]
        question.options = [OutlineOption(each, {self.language: each}) for each in words if each]
        settle_choice(self.outline, question)

    def _asks_yes_no(self, text: str) -> bool:
        asks = re.match(_ASKS_YES_NO.get(self.language, _ASKS_YES_NO["en"]), text, re.IGNORECASE)
        return bool(asks) and not _ASKS_TWO.search(text)

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
