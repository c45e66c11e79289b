"""The tables of a LimeSurvey file: rows with the texts in them or, since version 4, in tables of their own."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

Row = dict[str, str]

_KINDS = {
    "1": "dual scale array", ":": "array of numbers", ";": "array of texts", "Q": "multiple short texts",
    "K": "multiple numbers", "*": "equation", "I": "language switch", "|": "file upload",
}  # fmt: skip


class Tables:
    """The rows of a file. Where a table has a row for each language, only the first one of a number is listed; the
    others are its `namesakes`."""

    def __init__(self, root: Element) -> None:
        self._rows = {table.tag: [_row(each) for each in table.iterfind("rows/row")] for table in root}
        self.languages = [each.text or "" for each in root.iterfind("languages/language")]
        self._languages: dict[tuple[str, str], list[Row]] = {}
        every = self._rows.get("questions", [])
        self.questions = self._first(
            [each for each in every if each.get("parent_qid", "0") in ("", "0")], "qid"
        )
        parts = self._first(
            [
                *self.rows("subquestions"),
                *(each for each in every if each.get("parent_qid", "0") not in ("", "0")),
            ],
            "qid",
        )
        self._parts = _grouped(parts, "parent_qid", order="question_order")
        self._answers = _grouped(self.rows("answers"), "qid", order="sortorder")
        self._attributes = _grouped(self.rows("question_attributes"), "qid")
        self._conditions = _grouped(self.rows("conditions"), "qid")
        self.question_words = _grouped(self.rows("question_l10ns"), "qid")
        self.answer_words = _grouped(self.rows("answer_l10ns"), "aid")
        self.group_words = _grouped(self.rows("group_l10ns"), "gid")

    def rows(self, table: str) -> list[Row]:
        """The rows of a table; none if it is missing."""
        return self._rows.get(table, [])

    def groups(self) -> list[Row]:
        """The groups in their order; one without a name if the file is that of a single question."""
        found = self._first(self.rows("groups"), "gid")
        found.sort(key=lambda row: _number(row.get("group_order")))
        known = {each.get("gid") for each in found}
        loose = {each.get("gid", "") for each in self.questions} - known
        return found + [{"gid": each} for each in sorted(loose)]

    def of_group(self, group: Row) -> list[Row]:
        """The questions of a group in their order."""
        found = [each for each in self.questions if each.get("gid", "") == group.get("gid")]
        return sorted(found, key=lambda row: _number(row.get("question_order")))

    def parts_of(self, question: Row) -> list[Row]:
        """The subquestions of the first dimension."""
        found = self._parts.get(question.get("qid", ""), [])
        return [each for each in found if each.get("scale_id", "0") in ("", "0")]

    def answers_of(self, question: Row, scale: str = "0") -> list[Row]:
        """The answers of a scale, by default of the first; older versions list one for each language."""
        found = self._answers.get(question.get("qid", ""), [])
        return [each for each in found if (each.get("scale_id") or "0") == scale]

    def conditions_of(self, question: Row) -> list[Row]:
        """The conditions of a question in versions without relevance equations."""
        return self._conditions.get(question.get("qid", ""), [])

    def attributes(self, question: Row) -> Row:
        """Name -> value of a question's settings."""
        found = self._attributes.get(question.get("qid", ""), [])
        return {each.get("attribute", ""): each.get("value", "") for each in found if each.get("value")}

    def attribute_words(self, question: Row, name: str) -> list[tuple[str, str]]:
        """(language, words) of a setting that customers read; the language is empty if it is the same in all."""
        found = self._attributes.get(question.get("qid", ""), [])
        return [
            (each.get("language", ""), each["value"])
            for each in found
            if each.get("attribute") == name and each.get("value")
        ]

    def namesakes(self, row: Row) -> list[Row]:
        """The row itself and its translations in the same table."""
        for number in ("qid", "gid"):
            found = self._languages.get((number, row.get(number, "")))
            if found and any(each is row for each in found):
                return found
        return [row]

    def kind_name(self, question: Row) -> str:
        """The name of a question's type, for the report."""
        kind = question.get("type", "")
        return _KINDS.get(kind, kind)

    def _first(self, rows: Iterable[Row], number: str) -> list[Row]:
        """The first row of each number."""
        found: list[Row] = []
        for row in rows:
            same = self._languages.setdefault((number, row.get(number, "")), [])
            same.append(row)
            if len(same) == 1:
                found.append(row)
        return found


def _row(element: Element) -> Row:
    return {each.tag: (each.text or "").strip() for each in element}


def _grouped(rows: Iterable[Row], column: str, *, order: str | None = None) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get(column, ""), []).append(row)
    if order:
        for each in found.values():
            each.sort(key=lambda row: _number(row.get(order)))
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
