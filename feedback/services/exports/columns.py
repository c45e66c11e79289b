"""The columns of an export: what they are called, what can stand in them, and what it means.

They come from every version of the questionnaire that was asked, not from the answers. A version only adds to what the
ones before it have: names, codes and columns stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from feedback.core.answer import DONT_KNOW, NOT_APPLICABLE, PREFER_NOT_TO_SAY
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import (
    ChoiceQuestion,
    ConsentQuestion,
    DateQuestion,
    MatrixQuestion,
    NumberQuestion,
    Option,
    Question,
    RankingQuestion,
    ScaleQuestion,
)
from feedback.core.text.localized import Text
from feedback.i18n import Translator, _
from feedback.services.exports.names import ColumnNames

CellKind = Literal["text", "number", "date", "moment"]
Label = Text | str
"""A text of the questionnaire, or a message of the program's own."""

MISSING: Mapping[str, str] = {
    NOT_APPLICABLE: _("Does not apply"),
    DONT_KNOW: _("Don't know"),
    PREFER_NOT_TO_SAY: _("Prefer not to say"),
}
"""The ways to give no answer, in the order of their codes: -97, -98 and -99; .a, .b and .c in Stata."""
_FIRST_CODES = tuple(10**digits - 3 for digits in range(2, 17))
"""97, 997, 9997 ...: the first of three codes of which none is a possible answer."""
_STATA_LETTERS = dict(zip(MISSING, "abc", strict=True))
_ASIDE = (NOT_APPLICABLE, PREFER_NOT_TO_SAY)
"""Roles of options that are no answer."""


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A value that can stand in a column: as it is in CSV (`key`), and its number in SPSS and Stata.

    `missing` is the way to give no answer that it stands for; empty for an answer.
    """

    key: str
    code: int
    label: Label
    missing: str = ""

    @property
    def stata(self) -> str:
        """How Stata shows a missing value: `.a`."""
        return f".{_STATA_LETTERS[self.missing]}" if self.missing else str(self.code)


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column. `title` is the question, `part_title` its option or row.

    `values` has every value with a meaning by its key; in a column of kind "number" or "date", other numbers stand for
    themselves. `versions` are those of the questionnaire that have the column, such as `nps 2`.
    """

    name: str
    kind: CellKind
    title: Label
    part_title: Label | None = None
    question: str = ""
    part: str = ""
    type: str = ""
    decimals: int = 0
    values: Mapping[str, CodedValue] = field(default_factory=dict)
    versions: tuple[str, ...] = ()

    def label(self, say: Translator, language: str) -> str:
        """What the column holds, in one language: "Mail: Which tools do you use?"."""
        title = worded(self.title, say, language)
        return title if self.part_title is None else f"{worded(self.part_title, say, language)}: {title}"

    @property
    def missing(self) -> list[CodedValue]:
        """The ways to give no answer, in the order of their codes."""
        return [each for way in MISSING for each in self.values.values() if each.missing == way]


@dataclass(frozen=True, slots=True)
class AskedVersion:
    """A version of a questionnaire. `number` counts the versions with its key; `id` is None for one that is in force
    but was never asked."""

    id: int | None
    number: int
    questionnaire: Questionnaire

    @property
    def name(self) -> str:
        return f"{self.questionnaire.key} {self.number}"


Place = tuple[Question, Mapping[str, int]]
"""A question of a version, and which of its parts stands in which column."""


@dataclass(frozen=True, slots=True)
class ExportLayout:
    """The columns of a survey, and for each version's id where its answers go: question -> `Place`."""

    title: Text
    languages: tuple[str, ...]
    columns: Sequence[ExportColumn]
    places: Mapping[int, Mapping[str, Place]]
    versions: Mapping[int, AskedVersion]


def worded(label: Label, say: Translator, language: str) -> str:
    """A label in one language. `say` translates the program's own."""
    return label.to(language) if isinstance(label, Text) else say.gettext(label)


def layout(versions: Sequence[AskedVersion], taken: Iterable[str]) -> ExportLayout:
    """The columns of these versions, the oldest first; `taken` are names of other columns of the file.

    The columns are in the order of the newest version; those of questions that were removed follow.
    """
    names, known = ColumnNames(taken), _Known({})
    for version in versions:
        for question in version.questionnaire.questions:
            if question.answerable:
                known.add(question, version, names)
    ordered = list(known.in_order(version.questionnaire for version in reversed(versions)))
    place = {identity: number for number, identity in enumerate(ordered)}
    newest = versions[-1].questionnaire
    languages = dict.fromkeys(
        each for version in reversed(versions) for each in version.questionnaire.languages
    )
    return ExportLayout(
        newest.title,
        tuple(languages),
        [known.drafts[each].column() for each in ordered],
        {each.id: _places(each.questionnaire, place) for each in versions if each.id is not None},
        {each.id: each for each in versions if each.id is not None},
    )


def _places(questionnaire: Questionnaire, place: Mapping[_Identity, int]) -> dict[str, Place]:
    return {
        question.key: (
            question,
            {
                part.key: place[_identity(question, part)]
                for part in _parts(question, questionnaire.languages)
            },
        )
        for question in questionnaire.questions
        if question.answerable
    }


# --- One part of a question is one column --------------------------------------------------------------

WORDS, ANSWERED, WORDING = "text", "answered", "wording"
"""Parts with words: of a text or beside "other"; whether a text was given; what was agreed to."""
_OWN = ":"
"""Begins the key of a part that is neither an option nor a row, so that it cannot be confused with one."""


_Value = tuple[str, int | None, Label, str]
"""(key, code or None for the next free one, label, way to give no answer)"""


@dataclass(frozen=True, slots=True)
class _Part:
    key: str
    kind: CellKind
    title: Label | None = None
    values: tuple[_Value, ...] = ()


_Identity = tuple[str, str, str]
"""Question, shape and part: what makes two questions of two versions share a column."""


def own(name: str) -> str:
    """The key of a part that is neither an option nor a row."""
    return f"{_OWN}{name}"


def shape(question: Question) -> str:
    """What two versions of a question must have in common to share columns: the sort of answer, and its scale."""
    if isinstance(question, ScaleQuestion):
        return f"scale {question.minimum} {question.maximum}"
    if isinstance(question, MatrixQuestion):
        return f"matrix {question.scale.min} {question.scale.max}"
    if isinstance(question, ChoiceQuestion) and not isinstance(question, RankingQuestion):
        return "multi" if question.multiple else "single"
    return question.widget


def _identity(question: Question, part: _Part) -> _Identity:
    return (question.key, shape(question), part.key)


def _parts(question: Question, languages: Sequence[str]) -> Iterator[_Part]:
    opted = _opt_outs(question)
    if isinstance(question, RankingQuestion):
        yield from (_Part(each.key, "number", each.text, opted) for each in question.options)
    elif isinstance(question, ChoiceQuestion) and question.multiple:
        ways: dict[str, _Value] = {way: (way, None, MISSING[way], way) for way in _ways_of_options(question)}
        ways |= {each[0]: each for each in opted}
        flags = (("0", 0, _("not chosen"), ""), ("1", 1, _("chosen"), ""), *ways.values())
        yield from (_Part(each.key, "number", each.text, flags) for each in question.options)
    elif isinstance(question, ChoiceQuestion):
        yield _Part("", "number", None, (*(_option(each) for each in question.options), *opted))
    elif isinstance(question, MatrixQuestion):
        values = (*_points(question, languages), *opted)
        yield from (_Part(each.key, "number", each.text, values) for each in question.rows)
    elif isinstance(question, ScaleQuestion):
        yield _Part("", "number", None, (*_points(question, languages), *opted))
    else:
        yield from _other_parts(question, opted)
    if isinstance(question, ChoiceQuestion) and question.boxes:
        yield _Part(own(WORDS), "text", _("in words"))


def _other_parts(question: Question, opted: tuple[_Value, ...]) -> Iterator[_Part]:
    if isinstance(question, ConsentQuestion):
        yield _Part("", "number", None, (("agreed", 1, _("agreed"), ""), *opted))
        yield _Part(own(WORDING), "text", _("wording"))
    elif isinstance(question, NumberQuestion | DateQuestion):
        yield _Part("", "date" if isinstance(question, DateQuestion) else "number", None, opted)
    else:
        yield _Part("", "text")
        if opted:
            given = (("1", 1, _("answered"), ""), *opted)
            yield _Part(own(ANSWERED), "number", _("answered"), given)


def _option(option: Option) -> _Value:
    return (option.key, None, option.text, option.role if option.role in _ASIDE else "")


def _ways_of_options(question: ChoiceQuestion) -> Iterator[str]:
    return (each.role for each in question.options if each.role in _ASIDE)


def _opt_outs(question: Question) -> tuple[_Value, ...]:
    return tuple(
        (way, None, MISSING[way] if words is True else words, way) for way, words in question.opt_outs.items()
    )


def _points(question: ScaleQuestion | MatrixQuestion, languages: Sequence[str]) -> Iterator[_Value]:
    """The points that have a label, with it in every language of the questionnaire."""
    labels = {language: question.points(language) for language in languages}
    for number, point in enumerate(question.points(languages[0])):
        texts = {
            language: points[number].label for language, points in labels.items() if points[number].label
        }
        if texts:
            yield (str(point.value), point.value, Text(texts), "")


# --- Versions add to each other --------------------------------------------------------------------------


@dataclass
class _Draft:
    """A column while versions are added to it; the newest one says how it is worded."""

    name: str
    kind: CellKind
    question: Question
    part: _Part
    lowest: float = 0
    decimals: int = 0
    values: dict[str, CodedValue] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)

    def add(self, question: Question, part: _Part, version: AskedVersion) -> None:
        self.question, self.part = question, part
        self.versions.append(version.name)
        self.lowest = min(self.lowest, _lowest(question))
        self.decimals = max(self.decimals, question.places if isinstance(question, NumberQuestion) else 0)
        for key, code, label, way in part.values:
            known = self.values.get(key)
            number = known.code if known else self._next() if code is None and not way else code or 0
            self.values[key] = CodedValue(key, number, label, way)

    def _next(self) -> int:
        return 1 + max((each.code for each in self.values.values() if not each.missing), default=0)

    def column(self) -> ExportColumn:
        question = self.question
        return ExportColumn(
            self.name,
            self.kind,
            question.text,
            self.part.title,
            question.key,
            self.part.key.removeprefix(_OWN),
            str(getattr(question, "type", "")),
            self.decimals,
            self._numbered(),
            tuple(self.versions),
        )

    def _numbered(self) -> dict[str, CodedValue]:
        """The values, those that are no answer with a code below every possible answer."""
        first = next(each for each in _FIRST_CODES if -each < self.lowest)
        codes = {way: -first - number for number, way in enumerate(MISSING)}
        return {
            key: CodedValue(key, codes[each.missing] if each.missing else each.code, each.label, each.missing)
            for key, each in self.values.items()
        }


def _lowest(question: Question) -> float:
    """The smallest number that can be an answer."""
    if isinstance(question, NumberQuestion | ScaleQuestion):
        return question.minimum
    return question.scale.min if isinstance(question, MatrixQuestion) else 0


@dataclass
class _Known:
    drafts: dict[_Identity, _Draft]

    def add(self, question: Question, version: AskedVersion, names: ColumnNames) -> None:
        for part in _parts(question, version.questionnaire.languages):
            identity = _identity(question, part)
            if identity not in self.drafts:
                name = names.name(*self._base(question), part.key.removeprefix(_OWN))
                self.drafts[identity] = _Draft(name, part.kind, question, part)
            self.drafts[identity].add(question, part, version)

    def _base(self, question: Question) -> list[str]:
        """The key, and a number if the question was of another shape before: its answers cannot be compared."""
        shapes = list(dict.fromkeys(kind for key, kind, _part in self.drafts if key == question.key))
        number = shapes.index(shape(question)) + 1 if shape(question) in shapes else len(shapes) + 1
        return [question.key] if number == 1 else [question.key, str(number)]

    def in_order(self, newest_first: Iterable[Questionnaire]) -> Iterator[_Identity]:
        """The columns, question by question, each with all its parts in the order in which they came up."""
        parts: dict[tuple[str, str], list[_Identity]] = {}
        for identity in self.drafts:
            parts.setdefault(identity[:2], []).append(identity)
        seen: set[tuple[str, str]] = set()
        for questionnaire in newest_first:
            for question in questionnaire.questions:
                group = (question.key, shape(question))
                if question.answerable and group not in seen:
                    seen.add(group)
                    yield from parts[group]
