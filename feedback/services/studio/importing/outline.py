"""What has been understood of a foreign questionnaire, before it is written as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from feedback.core.questions.choice import Role
from feedback.errors import ImportRefused
from feedback.services.studio.importing import notes
from feedback.services.studio.importing.keys import unused
from feedback.services.studio.importing.markup import cleaned, closed_up, without_markup

Texts = dict[str, str]
"""Language -> wording. `\\0code\\0` in a wording repeats the answer to the question with this code, and
`\\0code\\1there\\0` says "there" if it has none."""

Condition = Mapping[str, Any]
"""A condition as the format writes it, but with the codes of the source: `{"question": "Q1", "is": ["A2"]}`.

Bounds are exact: `above` and `below` exclude the bound, `at_least` and `at_most` include it. `exactly` means these
options and no others, `having` that the answer has these words or letters in it.
"""

MOST_QUESTIONS = 300
"""A questionnaire with more is refused: nobody answers it, and no page shows it."""
MOST_OPTIONS = 500
LONGEST_TEXT = 5_000
"""Characters of one text; the rest is cut, with a note."""


@dataclass(frozen=True, slots=True)
class ImportNote:
    """One sentence of the report. `place` is where in the source, in the source's own words; empty for the whole.

    `message` is an English message of the catalogue, `params` fills it in. `kind` is `lost` for what could not be
    carried over, and `guessed` for what somebody should check.
    """

    kind: Literal["lost", "guessed"]
    place: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class OutlineOption:
    """An option. `code` is its name in the source."""

    code: str
    text: Texts
    role: Role | None = None
    exclusive: bool = False
    key: str = ""


@dataclass(slots=True)
class OutlineScale:
    """Points from `low` to `high`. `codes` maps the source's names of points that are not their numbers."""

    low: int
    high: int
    labels: dict[int, Texts] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class OutlineQuestion:
    """A question. `code` is its name in the source, `type` one of QUESTION_TYPES, `extra` further fields as they are
    written (`max_choices`, `contact`, `randomize` ...).

    `box` is the wording of a consent, `unit` that of a number. `options_from` is the code of the question whose chosen
    options are offered. `part_of` is the code of the source's question if that became several.
    """

    code: str
    type: str
    text: Texts
    help: Texts = field(default_factory=dict)
    required: bool = False
    options: list[OutlineOption] = field(default_factory=list)
    rows: list[OutlineOption] = field(default_factory=list)
    scale: OutlineScale | None = None
    conditions: list[Condition] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    box: Texts = field(default_factory=dict)
    unit: Texts = field(default_factory=dict)
    options_from: str = ""
    part_of: str = ""
    key: str = ""

    @property
    def is_note(self) -> bool:
        """Whether it asks nothing."""
        return self.type == "note"

    def part(self, code: str, question_type: str, text: Texts) -> OutlineQuestion:
        """A question of its own for one part of this one, asked of the same people."""
        made = OutlineQuestion(code, question_type, text, help=dict(self.text), required=self.required)
        made.conditions, made.part_of = list(self.conditions), self.code
        return made

    def ask_only_if(self, condition: Condition | None) -> None:
        """Ask it only if this condition holds as well; None always holds."""
        if condition:
            self.conditions.append(condition)


@dataclass(slots=True)
class SurveyOutline:
    """A questionnaire. `piping` finds repeated answers in the source's texts, by a group `code`, and `computed` what
    the source computes in them; `markup` is whether its texts are HTML; `aliases` are further names of questions ->
    their codes. `left_out` is how many of the source's questions are missing."""

    title: Texts = field(default_factory=dict)
    languages: list[str] = field(default_factory=list)
    questions: list[OutlineQuestion] = field(default_factory=list)
    thanks: Texts = field(default_factory=dict)
    notes: list[ImportNote] = field(default_factory=list)
    piping: re.Pattern[str] | None = None
    computed: re.Pattern[str] | None = None
    markup: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
    left_out: int = 0

    @property
    def carried_over(self) -> int:
        """How many of the source's questions are in the draft; notes ask nothing."""
        return len({each.part_of or each.code for each in self.questions if not each.is_note})

    @property
    def next_code(self) -> str:
        """A code for the next question of a source that names none."""
        return f"q{sum(not each.is_note for each in self.questions) + 1}"

    def lost(self, place: str, message: str, **params: object) -> None:
        self._note(ImportNote("lost", place, message, params))

    def lost_question(self, place: str, message: str, **params: object) -> None:
        """Note that a question of the source is left out."""
        self.left_out += 1
        self.lost(place, message, **params)

    def guessed(self, place: str, message: str, **params: object) -> None:
        self._note(ImportNote("guessed", place, message, params))

    def lost_settings(self, place: str, names: Iterable[str]) -> None:
        """Note the names of settings that the format does not have."""
        if found := sorted({shortened(str(each), 60) for each in names}):
            self.lost(
                place, notes.SETTINGS, names=", ".join(found[:20]) + (" ..." if len(found) > 20 else "")
            )

    def words(self, raw: object, place: str) -> str:
        """A text of the source as one line of plain text, with what is lost noted; empty if there is none."""
        if raw is None or isinstance(raw, bool | list | dict):
            return ""
        text = str(raw)
        if len(text) > LONGEST_TEXT:
            self.lost(place, notes.CUT, length=LONGEST_TEXT)
            text = text[:LONGEST_TEXT]
        if self.markup:
            text, things = without_markup(text)
            for thing in things:
                self.lost(place, thing)
        text = cleaned(text)
        if self.piping:
            text = self.piping.sub(_repeated, text)
        if self.computed:
            for found in self.computed.findall(text):
                self.lost(place, notes.COMPUTED, code=shortened(found, 60))
            text = closed_up(self.computed.sub(" ", text))
        return text

    def drop_nameless(self) -> None:
        """Leave out questions without any words, because nothing could be asked."""
        for each in [each for each in self.questions if not any(each.text.values())]:
            self.questions.remove(each)
            self.lost_question(each.code, notes.NO_TEXT)

    def note(self, code: str, text: Texts, more: Texts | None = None) -> OutlineQuestion | None:
        """Add a text between the questions, of a title and what is told below it; None if there are no words."""
        if not text:
            text, more = more or {}, {}
        if not text:
            return None
        taken = {each.code for each in self.questions}
        made = OutlineQuestion(unused(code, taken), "note", text, help=more or {})
        self.add(made)
        return made

    def welcome(self, title: Texts, text: Texts) -> None:
        """Begin with the text that greets people, if it says more than a title."""
        if text and (made := self.note("welcome", title, text)):
            self.guessed("", notes.WELCOME, text=shortened(next(iter(made.text.values()))))
        elif title:
            self.lost("", notes.TEXT_LEFT_OUT, text=shortened(next(iter(title.values()))))

    def add(self, question: OutlineQuestion) -> None:
        """Add a question. Raises ImportRefused if there are too many questions or options."""
        if len(self.questions) >= MOST_QUESTIONS:
            raise ImportRefused(notes.TOO_MANY_QUESTIONS)
        if len(question.options) > MOST_OPTIONS or len(question.rows) > MOST_OPTIONS:
            raise ImportRefused(notes.TOO_MANY_OPTIONS)
        self.questions.append(question)

    def has_language(self, code: str) -> str | None:
        """The two letters for a language code such as `pt-BR`, which is added to the languages; None if it has none."""
        short = re.match(r"[a-z]{2}(?![a-z])", code.strip().lower())
        if short is None:
            return None
        if short[0] not in self.languages:
            self.languages.append(short[0])
        return short[0]

    def _note(self, note: ImportNote) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _repeated(match: re.Match[str]) -> str:
    """The mark for a repeated answer; behind \\1 what it says if there is none, if the source knows that."""
    fallback = match.groupdict().get("fallback")
    return f"\0{match['code']}\1{fallback.strip()}\0" if fallback else f"\0{match['code']}\0"


def shortened(text: str, length: int = 120) -> str:
    """`text` on one line, cut to at most `length` characters."""
    line = " ".join(text[: length * 4].replace("\0", "...").split())
    return line if len(line) <= length else line[: length - 1] + "…"
