"""XLSForm (ODK, Kobo, SurveyCTO): the sheets `survey`, `choices` and `settings`, from a workbook or as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.expressions import Dialect, condition_of
from feedback.services.studio.importing.formats.pasted_lines import language_of
from feedback.services.studio.importing.guessing import settle_choice, settle_consent, usual_words
from feedback.services.studio.importing.outline import (
    Condition,
    OutlineOption,
    OutlineQuestion,
    SurveyOutline,
    Texts,
    shortened,
)
from feedback.services.studio.importing.resolving import BOUNDS, exact_bounds
from feedback.services.studio.importing.settling import (
    settle_date,
    settle_number,
    settle_range,
    settle_ranking,
)
from feedback.services.studio.importing.workbook import Rows

_METADATA = {
    "start", "end", "today", "deviceid", "phonenumber", "username", "email", "audit", "subscriberid", "simserial",
    "start-geopoint", "background-audio", "hidden", "calculate", "xml-external", "csv-external",
}  # fmt: skip
_COLUMNS = {"type", "name", "label", "hint", "required", "relevant", "relevance", "parameters", "constraint"}
_OLD_NAMES = (
    (re.compile(r"^(?:select|add select) one(?: prompt)?(?: from| using)?\s+", re.IGNORECASE), "select_one "),
    (re.compile(r"^select1\s+", re.IGNORECASE), "select_one "),
    (
        re.compile(
            r"^(?:select all that apply|(?:add )?select multiple(?: prompt)?)(?: from| using)?\s+",
            re.IGNORECASE,
        ),
        "select_multiple ",
    ),
    (
        re.compile(
            r"^(?:add |q )?(text|string|integer|int|decimal|date|note|acknowledge)(?: prompt)?$",
            re.IGNORECASE,
        ),
        r"\1",
    ),
)
"""Names of types that older forms use."""
_WIDGETS = re.compile(r"\b(?:minimal|autocomplete|search)\b")
"""Appearances that are a list that opens."""
_LOOKS = {
    "appearance",
    "read_only",
    "readonly",
    "comments",
    "notes",
    "body::accuracythreshold",
    "autoplay",
    "note",
}
_SHEETS = ("survey", "choices", "settings")

Record = Mapping[str, str]


def recognised_sheets(sheets: dict[str, Rows]) -> bool:
    """Whether a workbook has a sheet `survey`, or one with its columns."""
    return _survey_of(sheets) is not None


def _survey_of(sheets: dict[str, Rows]) -> Rows | None:
    """The sheet with the questions: `survey`, otherwise the first one that has its columns."""
    if "survey" in sheets:
        return sheets["survey"]
    heads = (
        (rows, {cell.strip().lower() for cell in next(filter(any, rows), [])}) for rows in sheets.values()
    )
    return next((rows for rows, head in heads if {"type", "name"} <= head), None)


def recognised_csv(text: str) -> bool:
    """Whether a text is the sheet `survey` as CSV, or all sheets in one CSV file, as pyxform writes them."""
    first = next((line for line in text.lstrip("\ufeff").splitlines()[:5] if line.strip()), "").lower()
    cells = [cell.strip(" \"'") for cell in re.split(r"[,;\t]", first)]
    return cells[0] in _SHEETS or ("type" in cells and "name" in cells)


def read_csv(text: str, outline: SurveyOutline) -> None:
    """Add the questions of a CSV file to the outline."""
    head = text[:2000]
    delimiter = max(",;\t", key=head.count)
    rows = [
        [cell.strip() for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    ]
    sheets: dict[str, Rows] = {}
    name = "survey"
    for row in rows:
        begins = bool(row) and row[0].lower() in (*_SHEETS, "external_choices", "entities")
        name = row[0].lower() if begins else name
        cells = ["", *row[1:]] if begins else row
        if any(cells):
            sheets.setdefault(name, []).append(cells)
    read_sheets(sheets, outline)


def read_sheets(sheets: dict[str, Rows], outline: SurveyOutline) -> None:
    """Add the questions of a workbook to the outline."""
    _Reader(sheets, outline).read()


def _records(rows: Rows) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number from 1, column name -> text) below the header."""
    header: list[str] = []
    for number, row in enumerate(rows, 1):
        if not header:
            header = [re.sub(r"\s*::?\s*", "::", cell.strip()) for cell in row] if any(row) else []
            header = [cell if "::" in cell else cell.lower().replace(" ", "_") for cell in header]
            continue
        yield number, {name: cell for name, cell in zip(header, row, strict=False) if name and cell}


class _Reader:
    def __init__(self, sheets: dict[str, Rows], outline: SurveyOutline) -> None:
        self.sheets, self.outline = sheets, outline
        outline.piping = re.compile(r"\$\{\s*(?P<code>[^{}]{1,80}?)\s*\}")
        self.dialect = Dialect(r"\$\{\s*(?P<name>[^{}]{1,80}?)\s*\}", lambda name: (name, None))
        self.settings: Record = next((each for _, each in _records(sheets.get("settings", []))), {})
        self.survey = list(_records(_survey_of(sheets) or []))
        self.default = self._default_language()
        self.choices: dict[str, list[OutlineOption]] = {}
        self.groups: list[tuple[str, list[Condition]]] = []

    def read(self) -> None:
        self.outline.title = self._texts({"label": self.settings.get("form_title", "")}, "label", "settings")
        self.outline.lost_settings(
            "settings",
            set(self.settings) - {"form_title", "form_id", "id_string", "version", "default_language"},
        )
        for _, record in _records(self.sheets.get("choices", [])):
            self._choice(record)
        for number, record in self.survey:
            if record.get("type"):
                self._row(record, f"{number}")

    def _choice(self, record: Record) -> None:
        listed = record.get("list_name") or record.get("list", "")
        code = record.get("name") or record.get("value", "")
        texts = self._texts(record, "label", f"choices {listed}")
        if listed and (texts or code):
            self.choices.setdefault(listed, []).append(OutlineOption(code, texts or {self.default: code}))
        extra = {
            name
            for name in record
            if name.partition("::")[0] not in ("list_name", "list", "name", "value", "label")
        }
        self.outline.lost_settings(f"choices {listed}", {name.partition("::")[0] for name in extra})

    def _row(self, record: Record, number: str) -> None:
        written = record["type"].strip()
        for pattern, name in _OLD_NAMES:
            written = pattern.sub(name, written)
        words = written.split()
        kind = words[0].lower()
        if kind in ("begin", "end") and len(words) > 1:
            kind = f"{kind}_{words[1].lower()}"
        place = record.get("name") or number
        if kind.startswith("begin_"):
            self._begin(record, kind, place)
        elif kind.startswith("end_"):
            if self.groups:
                self.groups.pop()
        elif kind in _METADATA:
            self.outline.lost(place, notes.TYPE_LEFT_OUT, type=kind)
        elif kind == "note":
            told = self._texts(record, "label", place), self._texts(record, "hint", place)
            if made := self.outline.note(place, *told):
                made.conditions = self._conditions_of(record)
        else:
            self._question(record, [kind, *words[1:]], place)

    def _begin(self, record: Record, kind: str, place: str) -> None:
        if kind == "begin_repeat":
            self.outline.lost(place, notes.TYPE_LEFT_OUT, type="repeat")
        if title := next(iter(self._texts(record, "label", place).values()), ""):
            self.outline.lost(place, notes.TEXT_LEFT_OUT, text=shortened(title))
        above = self.groups[-1][1] if self.groups else []
        self.groups.append((kind, [*above, *self._conditions(record)]))

    def _question(self, record: Record, words: list[str], place: str) -> None:
        kind = words[0]
        text = self._texts(record, "label", place)
        question = OutlineQuestion(place, "text", text or {self.default: place})
        question.help = self._texts(record, "hint", place)
        question.required = record.get("required", "").lower() in ("yes", "true", "true()", "1")
        question.conditions = self._conditions_of(record)
        bounds = _bounds(record)
        names = {name.partition("::")[0].lower() for name in record}
        self.outline.lost_settings(place, names - _COLUMNS - _LOOKS)
        if kind in (
            "select_one",
            "select_multiple",
            "select_one_from_file",
            "select_multiple_from_file",
            "select",
        ):
            self._select(question, words, record.get("appearance", ""))
        elif kind == "rank":
            question.options = self._listed(words)
            settle_ranking(self.outline, question)
        elif kind == "range":
            self._range(question, record.get("parameters", ""))
        elif kind in ("acknowledge", "trigger"):
            box, question.text, question.help = question.text, question.help, {}
            settle_consent(question, box)
        elif kind in ("integer", "int", "decimal", "percentage"):
            low, high = bounds or (None, None)
            places = None if kind == "decimal" else 0
            settle_number(self.outline, question, low=low, high=high, places=places)
        elif kind in ("date", "datetime"):
            settle_date(self.outline, question)
            if kind == "datetime":
                self.outline.lost(place, notes.TIME_OF_DAY)
        elif kind == "time":
            self.outline.lost(place, notes.TYPE_BECAME, type=kind, became="text")
        elif kind not in ("text", "string"):
            self.outline.lost_question(place, notes.TYPE_LEFT_OUT, type=" ".join(words))
            return
        if record.get("constraint") and (bounds is None or question.type != "number"):
            self.outline.lost_settings(place, ["constraint"])
        self.outline.add(question)

    def _select(self, question: OutlineQuestion, words: list[str], appearance: str) -> None:
        question.type = "multi" if words[0].startswith("select_multiple") else "single"
        if "from_file" in words[0]:
            self.outline.lost(question.code, notes.CHOICES_ELSEWHERE)
            question.type = "text"
            return
        question.options = self._listed(words)
        if question.type == "single" and _WIDGETS.search(appearance):
            question.extra["display"] = "dropdown"
        if words[-1].lower() in ("or_other", "other"):
            question.options.append(OutlineOption("other", self._other(question), role="other"))
        settle_choice(self.outline, question)

    def _other(self, question: OutlineQuestion) -> Texts:
        """What the tool itself says in the languages of the question."""
        return usual_words("other", list(question.text) or [self.default])

    def _listed(self, words: list[str]) -> list[OutlineOption]:
        """The options of the list that a type names."""
        listed = self.choices.get(words[1] if len(words) > 1 else "", [])
        return [OutlineOption(each.code, dict(each.text)) for each in listed]

    def _range(self, question: OutlineQuestion, parameters: str) -> None:
        given = dict(re.findall(r"(start|end|step)\s*=\s*(-?\d{1,9}(?:\.\d{1,6})?)(?![\w.])", parameters))
        low, high = Decimal(given.get("start", 1)), Decimal(given.get("end", 10))
        if low >= high:
            self.outline.lost(question.code, notes.TYPE_BECAME, type="range", became="text")
            return
        settle_range(self.outline, question, low, high, Decimal(given.get("step", 1)))

    def _conditions_of(self, record: Record) -> list[Condition]:
        """Those of the groups around a row, and its own."""
        return [*(self.groups[-1][1] if self.groups else []), *self._conditions(record)]

    def _conditions(self, record: Record) -> list[Condition]:
        expression = record.get("relevant") or record.get("relevance") or ""
        return [condition_of(expression, self.dialect)] if expression.strip() else []

    def _texts(self, record: Record, name: str, place: str) -> Texts:
        found: Texts = {}
        for column, raw in record.items():
            base, _, language = column.partition("::")
            if base.lower() != name:
                continue
            code = self._code(language) if language else self.default
            wording = self.outline.words(raw, place)
            if code is None:
                self.outline.lost("", notes.LANGUAGE, language=shortened(language, 30))
            elif wording and wording != "-":
                if code not in self.outline.languages:
                    self.outline.languages.append(code)
                found.setdefault(code, wording)
        return found

    def _code(self, language: str) -> str | None:
        """The code of "English (en)" or "English"."""
        match = re.search(r"\(([a-zA-Z]{2})(?:[-_][\w-]+)?\)\s*$", language)
        return match[1].lower() if match else _names().get(language.strip().lower()) or _two_letters(language)

    def _default_language(self) -> str:
        if named := self._code(self.settings.get("default_language", "")):
            return self.outline.languages[0] if self.outline.languages else named
        words = " ".join(record.get("label", "") for _, record in self.survey)
        headers = (
            name.partition("::")[2]
            for _, record in self.survey
            for name in record
            if name.startswith("label::")
        )
        first = next((code for header in headers if (code := self._code(header))), None)
        if words.strip() and not self.outline.languages:
            found = language_of(words)
            self.outline.guessed("", notes.LANGUAGE_GUESSED, language=found)
            return found
        return self.outline.languages[0] if self.outline.languages else first or "en"


def _bounds(record: Record) -> tuple[Decimal | None, Decimal | None] | None:
    """The smallest and the largest number that a constraint such as `. >= 0 and . <= 120` allows; None if it says
    anything else."""
    expression = record.get("constraint", "")
    if not expression:
        return None
    kind = record["type"].split()[0].lower()
    found = condition_of(expression, Dialect(r"(?P<name>\.)(?![\w.])", lambda _: (".", None)))
    parts = found.get("all", [found])
    low: list[Decimal] = []
    high: list[Decimal] = []
    for each in parts:
        if each.get("question") != "." or set(each) - {"question", "source", *BOUNDS}:
            return None
        exact = exact_bounds(each, 2 if kind == "decimal" else 0)
        low += [Decimal(str(exact["at_least"]))] if "at_least" in exact else []
        high += [Decimal(str(exact["at_most"]))] if "at_most" in exact else []
    return max(low, default=None), min(high, default=None)


def _two_letters(language: str) -> str | None:
    return language.strip().lower() if re.fullmatch(r"[A-Za-z]{2}", language.strip()) else None


@cache
def _names() -> dict[str, str]:
    """Name of a language in English or in itself -> its two letters."""
    english: Any = Locale("en").languages
    found = {name.lower(): code for code, name in english.items() if len(code) == 2}
    own = {
        "türkçe": "tr",
        "farsi": "fa",
        "فارسی": "fa",
        "dari": "fa",
        "français": "fr",
        "deutsch": "de",
        "español": "es",
    }
    return found | own | {"العربية": "ar", "عربي": "ar"}
