"""LimeSurvey: the structure of a survey (.lss), of a group (.lsg) or of a question (.lsq), all versions since 2.0."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from xml.etree.ElementTree import Element

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.expressions import Dialect, condition_of
from feedback.services.studio.importing.formats.limesurvey_tables import Row as _Row
from feedback.services.studio.importing.formats.limesurvey_tables import Tables
from feedback.services.studio.importing.guessing import settle_choice, settle_scale, usual_words, yes_no
from feedback.services.studio.importing.outline import (
    Condition,
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
    shortened,
)
from feedback.services.studio.importing.settling import (
    number_in,
    settle_date,
    settle_number,
    settle_range,
    settle_ranking,
)

_NAME = (
    r"(?!(?:and|or|not|eq|ne|lt|gt|le|ge|true|false)\b)(?P<name>\d+X\d+X\d+\w*|[A-Za-z]\w*)"
    r"(?:\.(?:NAOK|code|value|valueNAOK|shown))?(?!\s*\()"
)
_PIPE = re.compile(
    r"\{(?:INSERTANS:)?(?P<code>[A-Za-z0-9][A-Za-z0-9_]{0,60})(?:\.(?:shown|code|NAOK|value))?\}"
)
_COMPUTED = re.compile(r"\{(?=[^{}\s])[^{}]{1,400}\}")
"""An expression in a text: no space follows its brace."""
_OTHER = "-oth-"
_UNSET = {"", "0", "N", "1"}
_LOOKS = {
    "hide_tip", "text_input_width", "display_columns", "cssclass", "statistics_showgraph", "statistics_graphtype",
    "page_break", "public_statistics", "question_template", "time_limit_message_style", "answer_width", "display_rows",
    "repeat_headings", "save_as_default", "clear_default", "dropdown_size", "category_separator", "label_input_columns",
    "printable_help", "location_mapservice", "other_position", "random_order", "exclude_all_others", "max_answers",
    "hidden", "answer_order", "keep_aspect", "image", "min_num_value_n", "max_num_value_n", "num_value_int_only",
    "suffix", "prefix", "date_format", "date_min", "date_max", "dropdown_dates", "reverse", "slider_layout",
    "slider_min",
    "slider_max", "slider_accuracy", "slider_default", "slider_separator", "slider_showminmax", "slider_middlestart",
    "slider_orientation", "slider_handle", "slider_reset", "max_subquestions", "choice_title", "rank_title",
    "showpopups", "samechoiceheight", "samelistheight", "numbers_only", "other_replace_text", "dualscale_headerA",
    "dualscale_headerB", "dropdown_prepostfix", "dropdown_separators", "dropdown_prefix", "alphasort", "scale_export",
    "input_size", "placeholder", "em_validation_q_tip", "time_limit_action", "equals_num_value", "display_type",
    "relevance",
}  # fmt: skip
_COMPARED = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARRAYS = {"A": 5, "B": 10}
_WORDED_ARRAYS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "C": {
        "en": ("Yes", "Uncertain", "No"),
        "tr": ("Evet", "Kararsızım", "Hayır"),
        "fa": ("بله", "مطمئن نیستم", "خیر"),
        "de": ("Ja", "Unsicher", "Nein"),
        "fr": ("Oui", "Incertain", "Non"),
        "es": ("Sí", "Dudoso", "No"),
    },
    "E": {
        "en": ("Increase", "Same", "Decrease"),
        "tr": ("Arttı", "Aynı", "Azaldı"),
        "fa": ("افزایش", "بدون تغییر", "کاهش"),
        "de": ("Zunahme", "Gleich", "Abnahme"),
        "fr": ("Augmente", "Sans changement", "Diminue"),
        "es": ("Aumenta", "Igual", "Disminuye"),
    },
}
"""Arrays whose columns are always the same -> language -> their words."""
_NO_QUESTION = {"*", "I"}
"""What asks nothing: computed values, and the switch of the language."""


def recognised(root: Element) -> bool:
    """Whether an XML file is LimeSurvey's."""
    return root.find("LimeSurveyDocType") is not None or root.find("questions/rows") is not None


def read(root: Element, outline: SurveyOutline) -> None:
    """Add what the file holds to the outline."""
    outline.markup, outline.piping, outline.computed = True, _PIPE, _COMPUTED
    _Reader(Tables(root), outline).read()


def _slider_ends(attributes: _Row, question: OutlineQuestion) -> tuple[Texts, Texts]:
    """The words at the ends of a slider, which are written behind its text: "Noise|quiet|loud"."""
    found: tuple[Texts, Texts] = {}, {}
    for language, words in question.text.items():
        text, *ends = words.split(attributes.get("slider_separator") or "|")
        if len(ends) == 2 and text.strip():
            question.text[language] = text.strip()
            for side, end in zip(found, ends, strict=True):
                if end.strip():
                    side[language] = end.strip()
    return found


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
            "F": self._array, "H": self._array, "1": self._two_scales, "S": self._text, "T": self._text,
            "U": self._text, "N": self._number, "D": self._date, "Q": self._parts, "K": self._parts, "R": self._ranking,
        }  # fmt: skip

    def read(self) -> None:
        first = [row.get("language", "") for row in self.tables.rows("surveys")]
        for language in (*filter(None, first), *self.tables.languages):
            self._language(language)
        self._survey()
        for group in self.tables.groups():
            above = self._relevance(group.get("grelevance", ""))
            self._heading(group, above)
            for row in self.tables.of_group(group):
                self._question(row, above)

    def _heading(self, group: _Row, conditions: list[Condition]) -> None:
        """What stands above the questions of a group; a title alone says little on a page of its own."""
        title = self._texts(group, self.tables.group_words, "group_name", "gid")
        told = self._texts(group, self.tables.group_words, "description", "gid")
        if told and (made := self.outline.note(f"group{group.get('gid', '')}", title, told)):
            made.conditions = list(conditions)
        elif title:
            words = shortened(next(iter(title.values())))
            self.outline.lost(words, notes.TEXT_LEFT_OUT, text=words)

    def _survey(self) -> None:
        outline = self.outline
        welcome: list[Texts] = [{}, {}]
        for row in self.tables.rows("surveys_languagesettings"):
            language = self._language(row.get("surveyls_language", ""))
            if language is None:
                continue
            if title := outline.words(row.get("surveyls_title"), "title"):
                outline.title.setdefault(language, title)
            if thanks := outline.words(row.get("surveyls_endtext"), "end"):
                outline.thanks.setdefault(language, thanks)
            for texts, name in zip(welcome, ("surveyls_description", "surveyls_welcometext"), strict=True):
                if words := outline.words(row.get(name), name):
                    texts.setdefault(language, words)
        outline.welcome(*welcome)
        for name in ("quota", "assessments", "url_parameters"):
            if self.tables.rows(name):
                outline.lost_settings("", [name])

    def _question(self, row: _Row, above: list[Condition]) -> None:
        kind, code = row.get("type", ""), self.codes.get(row.get("qid", ""), "")
        attributes = self.tables.attributes(row)
        text = self._texts(row, self.tables.question_words, "question", "qid")
        if attributes.get("hidden") == "1" or row.get("relevance", "").strip() == "0":
            self.outline.lost_question(code, notes.HIDDEN)
        elif kind == "X":
            told = self._texts(row, self.tables.question_words, "help", "qid")
            if made := self.outline.note(code, text, told):
                made.conditions = self._conditions(row, above)
        elif kind in _NO_QUESTION:
            self.outline.lost(code, notes.TYPE_LEFT_OUT, type=self.tables.kind_name(row))
        elif kind not in self.types:
            self.outline.lost_question(code, notes.TYPE_LEFT_OUT, type=self.tables.kind_name(row))
        else:
            question = OutlineQuestion(code, "text", text or {self._first: code})
            question.help = self._texts(row, self.tables.question_words, "help", "qid")
            question.required = row.get("mandatory") in ("Y", "S")
            question.conditions = self._conditions(row, above)
            if attributes.get("random_order") == "1" or attributes.get("answer_order") == "random":
                question.extra["randomize"] = True
            self.types[kind](row, question)
            unset = {name for name, value in attributes.items() if value.strip() in _UNSET}
            self.outline.lost_settings(code, set(attributes) - unset - _LOOKS)

    def _conditions(self, row: _Row, above: list[Condition]) -> list[Condition]:
        return [*above, *self._relevance(self._relevance_of(row))]

    def _relevance_of(self, row: _Row) -> str:
        """The relevance equation, wherever the version that wrote the file keeps it."""
        written = row.get("relevance", "") or self.tables.attributes(row).get("relevance", "")
        return written or self._old_conditions(row)

    @property
    def _first(self) -> str:
        return self.outline.languages[0] if self.outline.languages else "en"

    def _list(self, row: _Row, question: OutlineQuestion) -> None:
        question.type = "single"
        if row.get("type") == "!":
            question.extra["display"] = "dropdown"
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
            texts = usual_words("other", self.outline.languages) | self._words_of(row, "other_replace_text")
            question.options.append(OutlineOption(_OTHER, texts, role="other", key="other"))

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
        settle_scale(self.outline, question)
        self.outline.add(question)

    def _array(self, row: _Row, question: OutlineQuestion) -> None:
        kind = row.get("type", "")
        question.rows = self._parts_of(row)
        if kind in _ARRAYS:
            question.scale = OutlineScale(1, _ARRAYS[kind])
        elif kind in _WORDED_ARRAYS:
            known = {
                language: _WORDED_ARRAYS[kind].get(language, _WORDED_ARRAYS[kind]["en"])
                for language in self.outline.languages or ["en"]
            }
            words = {at + 1: {language: each[at] for language, each in known.items()} for at in range(3)}
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

    def _two_scales(self, row: _Row, question: OutlineQuestion) -> None:
        """An array with two scales: two of them."""
        self.outline.lost(question.code, notes.PARTS, type=self.tables.kind_name(row))
        for scale, letter in (("0", "A"), ("1", "B")):
            options = self._options(
                self.tables.answers_of(row, scale), self.tables.answer_words, "answer", "code", "aid"
            )
            head = self._words_of(row, f"dualscale_header{letter}")
            text = {
                language: f"{words} ({head[language]})" if language in head else words
                for language, words in question.text.items()
            }
            each = question.part(f"{question.code}_{letter}", "matrix", text)
            each.help, each.rows = dict(question.help), self._parts_of(row)
            codes = {option.code: point for point, option in enumerate(options, 1)}
            each.scale = OutlineScale(1, len(options), {codes[o.code]: o.text for o in options}, codes)
            if each.rows and len(options) > 1:
                self.outline.add(each)
            else:
                self.outline.lost(each.code, notes.NO_OPTIONS)

    def _text(self, row: _Row, question: OutlineQuestion) -> None:
        if self.tables.attributes(row).get("numbers_only") == "1":
            self._number(row, question)
        else:
            self.outline.add(question)

    def _date(self, row: _Row, question: OutlineQuestion) -> None:
        attributes = self.tables.attributes(row)
        settle_date(self.outline, question, attributes.get("date_min"), attributes.get("date_max"))
        if re.search(r"[HM]{1,2}:|:MM", attributes.get("date_format", "")):
            self.outline.lost(question.code, notes.TIME_OF_DAY)
        self.outline.add(question)

    def _ranking(self, row: _Row, question: OutlineQuestion) -> None:
        """Newer versions keep what is ranked with the subquestions, older ones with the answers."""
        answers = self._options(
            self.tables.answers_of(row), self.tables.answer_words, "answer", "code", "aid"
        )
        question.options = answers or self._parts_of(row)
        attributes = self.tables.attributes(row)
        most = number_in(attributes.get("max_answers")) or number_in(attributes.get("max_subquestions"))
        least = number_in(attributes.get("min_answers")) or 0
        settle_ranking(self.outline, question, most, every=least >= len(question.options))
        self.outline.add(question)

    def _number(self, row: _Row, question: OutlineQuestion) -> None:
        self._settle_number(self.tables.attributes(row), question)
        question.unit = self._words_of(row, "suffix") or self._words_of(row, "prefix")
        self.outline.add(question)

    def _settle_number(self, attributes: _Row, question: OutlineQuestion) -> None:
        """The number of an input or, with its own bounds, of a slider."""
        slider = attributes.get("slider_layout") == "1"
        names = ("slider_min", "slider_max") if slider else ("min_num_value_n", "max_num_value_n")
        low, high = (number_in(attributes.get(name)) for name in names)
        unread = [
            name
            for name, bound in zip(names, (low, high), strict=True)
            if attributes.get(name) and bound is None
        ]
        self.outline.lost_settings(question.code, [f"{name}: {attributes[name]}" for name in unread])
        if slider:
            low, high = low or Decimal(0), high or Decimal(100)
            step = number_in(attributes.get("slider_accuracy")) or Decimal(1)
            if low < high:
                settle_range(self.outline, question, low, high, step, _slider_ends(attributes, question))
                return
        places = 0 if attributes.get("num_value_int_only") == "1" else None
        settle_number(self.outline, question, low=low, high=high, places=places)

    def _parts(self, row: _Row, question: OutlineQuestion) -> None:
        self.outline.lost(question.code, notes.PARTS, type=self.tables.kind_name(row))
        attributes = self.tables.attributes(row)
        if total := attributes.get("equals_num_value"):
            self.outline.lost(question.code, notes.TOTAL, total=shortened(total, 60))
        for part in self._parts_of(row):
            each = question.part(f"{question.code}_{part.code}", "text", part.text)
            if row.get("type") == "K" or attributes.get("numbers_only") == "1":
                self._settle_number(attributes, each)
                if each.type == "number":
                    each.unit = self._words_of(row, "suffix") or self._words_of(row, "prefix")
            self.outline.add(each)

    def _words_of(self, row: _Row, name: str) -> Texts:
        """The words of a setting that customers read, in every language."""
        found: Texts = {}
        for language, raw in self.tables.attribute_words(row, name):
            words = self.outline.words(raw, self.codes.get(row.get("qid", ""), ""))
            for each in [self._language(language)] if language else list(self.outline.languages):
                if each and words:
                    found.setdefault(each, words)
        return found

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
