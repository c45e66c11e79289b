"""LimeSurvey: the structure of a survey (.lss), of a group (.lsg) or of a question (.lsq), all versions since 2.0."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.expressions import Dialect, condition_of
from feedback.services.studio.importing.formats.limesurvey_tables import Row as _Row
from feedback.services.studio.importing.formats.limesurvey_tables import Tables
from feedback.services.studio.importing.guessing import settle_choice, yes_no
from feedback.services.studio.importing.outline import (
    Condition,
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
    shortened,
)

_NAME = (
    r"(?!(?:and|or|not|eq|ne|lt|gt|le|ge|true|false)\b)(?P<name>\d+X\d+X\d+\w*|[A-Za-z]\w*)"
    r"(?:\.(?:NAOK|code|value|valueNAOK|shown))?(?!\s*\()"
)
_PIPE = re.compile(
    r"\{(?:INSERTANS:)?(?P<code>[A-Za-z0-9][A-Za-z0-9_]{0,60})(?:\.(?:shown|code|NAOK|value))?\}"
)
_OTHER = "-oth-"
_UNSET = {"", "0", "N", "1"}
_LOOKS = {
    "hide_tip", "text_input_width", "display_columns", "cssclass", "statistics_showgraph", "statistics_graphtype",
    "page_break", "public_statistics", "question_template", "time_limit_message_style", "answer_width", "display_rows",
    "repeat_headings", "save_as_default", "clear_default", "dropdown_size", "category_separator", "label_input_columns",
    "printable_help", "location_mapservice", "other_position", "random_order", "exclude_all_others", "max_answers",
    "hidden", "answer_order", "keep_aspect", "image",
}  # fmt: skip
_COMPARED = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARRAYS = {"A": 5, "B": 10}
_WORDED_ARRAYS = {"C": ("Yes", "Uncertain", "No"), "E": ("Increase", "Same", "Decrease")}


def recognised(root: Element) -> bool:
    """Whether an XML file is LimeSurvey's."""
    return root.find("LimeSurveyDocType") is not None or root.find("questions/rows") is not None


def read(root: Element, outline: SurveyOutline) -> None:
    """Add what the file holds to the outline."""
    outline.markup, outline.piping = True, _PIPE
    _Reader(Tables(root), outline).read()


class _Reader:
    def __init__(self, tables: Tables, outline: SurveyOutline) -> None:
        self.tables, self.outline = tables, outline
        self.codes = {
            each["qid"]: each.get("title") or each["qid"] for each in tables.questions if "qid" in each
        }
        for each in tables.questions:
            old = f"{each.get('sid')}X{each.get('gid')}X{each.get('qid')}"
            outline.aliases[old] = self.codes[each["qid"]]
        self.kinds = {self.codes[each["qid"]]: each.get("type", "") for each in tables.questions}
        self.dialect = Dialect(_NAME, self._refer)
        self.types: dict[str, Callable[[_Row, OutlineQuestion], None]] = {
            "L": self._list, "!": self._list, "O": self._list, "M": self._boxes, "P": self._boxes, "Y": self._yes_no,
            "G": self._gender, "5": self._five, "A": self._array, "B": self._array, "C": self._array, "E": self._array,
            "F": self._array, "H": self._array, "S": self._text, "T": self._text, "U": self._text,
            "N": self._other_text, "D": self._other_text, "Q": self._parts, "K": self._parts,
        }  # fmt: skip

    def read(self) -> None:
        for language in self.tables.languages:
            self._language(language)
        self._survey()
        for group in self.tables.groups():
            above = self._relevance(group.get("grelevance", ""))
            title = next(iter(self._texts(group, self.tables.group_words, "group_name", "gid").values()), "")
            told = next(iter(self._texts(group, self.tables.group_words, "description", "gid").values()), "")
            place = shortened(title, 60)
            for words in filter(None, (title, told)):
                self.outline.lost(place, notes.TEXT_LEFT_OUT, text=shortened(words))
            for row in self.tables.of_group(group):
                self._question(row, above)

    def _survey(self) -> None:
        outline = self.outline
        for row in self.tables.rows("surveys_languagesettings"):
            language = self._language(row.get("surveyls_language", ""))
            if language is None:
                continue
            if title := outline.words(row.get("surveyls_title"), "title"):
                outline.title.setdefault(language, title)
            if thanks := outline.words(row.get("surveyls_endtext"), "end"):
                outline.thanks.setdefault(language, thanks)
            for name in ("surveyls_welcometext", "surveyls_description"):
                if words := outline.words(row.get(name), name):
                    outline.lost("", notes.TEXT_LEFT_OUT, text=shortened(words))
        for name in ("quota", "assessments", "url_parameters"):
            if self.tables.rows(name):
                outline.lost_settings("", [name])

    def _question(self, row: _Row, above: list[Condition]) -> None:
        kind, code = row.get("type", ""), self.codes.get(row.get("qid", ""), "")
        attributes = self.tables.attributes(row)
        text = self._texts(row, self.tables.question_words, "question", "qid")
        if attributes.get("hidden") == "1" or row.get("relevance", "").strip() == "0":
            self.outline.lost(code, notes.HIDDEN)
        elif kind == "X":
            self.outline.lost(code, notes.TEXT_LEFT_OUT, text=shortened(next(iter(text.values()), "")))
        elif kind not in self.types:
            self.outline.lost(code, notes.TYPE_LEFT_OUT, type=self.tables.kind_name(row))
        else:
            question = OutlineQuestion(code, "text", text or {self._first: code})
            question.help = self._texts(row, self.tables.question_words, "help", "qid")
            question.required = row.get("mandatory") in ("Y", "S")
            question.conditions = [
                *above,
                *self._relevance(row.get("relevance", "") or self._old_conditions(row)),
            ]
            if attributes.get("random_order") == "1" or attributes.get("answer_order") == "random":
                question.extra["randomize"] = True
            self.types[kind](row, question)
            unset = {name for name, value in attributes.items() if value.strip() in _UNSET}
            self.outline.lost_settings(code, set(attributes) - unset - _LOOKS)

    @property
    def _first(self) -> str:
        return self.outline.languages[0] if self.outline.languages else "en"

    def _list(self, row: _Row, question: OutlineQuestion) -> None:
        question.type = "single"
        question.options = self._options(
            self.tables.answers_of(row), self.tables.answer_words, "answer", "code", "aid"
        )
        self._add_other(row, question)
        settle_choice(self.outline, question)
        self.outline.add(question)
        if row.get("type") == "O":
            self.outline.lost_settings(question.code, ["comment"])

    def _boxes(self, row: _Row, question: OutlineQuestion) -> None:
        question.type = "multi"
        question.options = self._parts_of(row)
        attributes = self.tables.attributes(row)
        alone = re.split(r"[;,\s]+", attributes.get("exclude_all_others", ""))
        for option in question.options:
            option.exclusive = option.code in alone
        if attributes.get("max_answers", "").isdecimal() and int(attributes["max_answers"][:4]) > 0:
            question.extra["max_choices"] = int(attributes["max_answers"][:4])
        self._add_other(row, question)
        settle_choice(self.outline, question)
        self.outline.add(question)
        if row.get("type") == "P":
            self.outline.lost_settings(question.code, ["comment"])

    def _add_other(self, row: _Row, question: OutlineQuestion) -> None:
        if row.get("other") == "Y":
            usual = {
                "en": "Other",
                "tr": "Diğer",
                "fa": "سایر",
                "de": "Sonstiges",
                "fr": "Autre",
                "es": "Otro",
                "ar": "أخرى",
            }
            texts = {each: usual[each] for each in self.outline.languages if each in usual}
            question.options.append(
                OutlineOption(_OTHER, texts or {self._first: "Other"}, role="other", key="other")
            )

    def _yes_no(self, _row: _Row, question: OutlineQuestion) -> None:
        question.type, question.options = "single", yes_no(self.outline.languages)
        question.options[0].code, question.options[1].code = "Y", "N"
        question.extra["complete"] = True
        self.outline.add(question)

    def _gender(self, _row: _Row, question: OutlineQuestion) -> None:
        words = {
            "en": ("Female", "Male"),
            "tr": ("Kadın", "Erkek"),
            "fa": ("زن", "مرد"),
            "de": ("Weiblich", "Männlich"),
        }
        known = [each for each in self.outline.languages if each in words] or ["en"]
        question.type = "single"
        question.options = [
            OutlineOption(code, {each: words[each][n] for each in known}) for n, code in enumerate("FM")
        ]
        self.outline.add(question)

    def _five(self, _row: _Row, question: OutlineQuestion) -> None:
        question.type, question.scale = "rating", OutlineScale(1, 5)
        self.outline.add(question)

    def _array(self, row: _Row, question: OutlineQuestion) -> None:
        kind = row.get("type", "")
        question.rows = self._parts_of(row)
        if kind in _ARRAYS:
            question.scale = OutlineScale(1, _ARRAYS[kind])
        elif kind in _WORDED_ARRAYS:
            words = dict(enumerate(({"en": each} for each in _WORDED_ARRAYS[kind]), 1))
            question.scale = OutlineScale(1, 3, words)
        else:
            options = self._options(
                self.tables.answers_of(row), self.tables.answer_words, "answer", "code", "aid"
            )
            codes = {each.code: point for point, each in enumerate(options, 1)}
            question.scale = OutlineScale(
                1, len(options), {codes[each.code]: each.text for each in options}, codes
            )
        question.type = "matrix"
        if not question.rows or question.scale.high < 2:
            self.outline.lost(question.code, notes.NO_OPTIONS)
            question.type, question.scale, question.rows = "text", None, []
        self.outline.add(question)

    def _text(self, _row: _Row, question: OutlineQuestion) -> None:
        self.outline.add(question)

    def _other_text(self, row: _Row, question: OutlineQuestion) -> None:
        self.outline.lost(question.code, notes.TYPE_BECAME, type=self.tables.kind_name(row), became="text")
        self.outline.add(question)

    def _parts(self, row: _Row, question: OutlineQuestion) -> None:
        self.outline.lost(question.code, notes.PARTS, type=self.tables.kind_name(row))
        for part in self._parts_of(row):
            each = OutlineQuestion(f"{question.code}_{part.code}", "text", part.text, help=question.text)
            each.required, each.conditions = question.required, list(question.conditions)
            self.outline.add(each)

    def _parts_of(self, row: _Row) -> list[OutlineOption]:
        return self._options(
            self.tables.parts_of(row), self.tables.question_words, "question", "title", "qid"
        )

    def _options(
        self, rows: list[_Row], words: dict[str, list[_Row]], text: str, code: str, number: str
    ) -> list[OutlineOption]:
        """Options of rows, of which older versions have one for each language."""
        found: dict[str, OutlineOption] = {}
        for row in rows:
            texts = self._texts(row, words, text, number)
            option = found.setdefault(row.get(code, ""), OutlineOption(row.get(code, ""), {}))
            option.text = {**texts, **option.text}
        return [each for each in found.values() if each.text]

    def _texts(self, row: _Row, words: dict[str, list[_Row]], name: str, number: str) -> Texts:
        """The texts of a row: of its own columns, or of the rows with its number in the table of translations."""
        found: Texts = {}
        for each in [*self.tables.namesakes(row), *words.get(row.get(number, ""), ())]:
            language = self._language(each.get("language", "")) if each.get("language") else self._first
            wording = self.outline.words(each.get(name), row.get("title", ""))
            if language and wording:
                found.setdefault(language, wording)
        return found

    def _language(self, name: str) -> str | None:
        found = self.outline.has_language(name)
        if found is None and name:
            self.outline.lost("", notes.LANGUAGE, language=shortened(name, 30))
        return found

    def _relevance(self, expression: str) -> list[Condition]:
        expression = expression.strip()
        return [condition_of(expression, self.dialect)] if expression not in ("", "1", "(1)") else []

    def _old_conditions(self, row: _Row) -> str:
        """The conditions of a question in versions without a relevance equation, as such an equation."""
        by_field: dict[str, list[str]] = {}
        for each in self.tables.conditions_of(row):
            method = _COMPARED.get(each.get("method", "==").strip(), "?")
            field = each.get("cfieldname", "").lstrip("+")
            value = each.get("value", "").replace('"', "")
            by_field.setdefault(field, []).append(f'{field} {method} "{value}"')
        return " and ".join(f"({' or '.join(parts)})" for parts in by_field.values())

    def _refer(self, name: str) -> tuple[str, str | None] | None:
        """The question, and the option if the name is that of a box: `Q1`, `Q1_SQ001`, `12X3X45`, `12X3X45SQ001`."""
        for code, option in self._readings(name):
            if code in self.kinds:
                kind = self.kinds[code]
                if option is None or kind in ("M", "P"):
                    return code, _OTHER if option == "other" else option
                return (f"{code}_{option}", None) if kind in ("Q", "K") else None
        return name, None

    def _readings(self, name: str) -> Iterator[tuple[str, str | None]]:
        yield name, None
        if old := re.match(r"(\d+X\d+X)(\d+)(\w*)", name):
            for length in range(len(old[2]), 0, -1):  # the code of a box may begin with digits
                code = self.outline.aliases.get(old[1] + old[2][:length])
                if code:
                    yield code, (old[2][length:] + old[3]) or None
        head, divider, tail = name.rpartition("_")
        if divider:
            yield head, tail
