"""Reads the rows of a file as past answers: what was answered, by whom and when, or why a cell is refused."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, ScaleQuestion, TextQuestion
from feedback.core.text.folding import ascii_digits, fold_any
from feedback.services.imports.answers import vendors
from feedback.services.imports.answers.people import Answerer
from feedback.services.imports.answers.storing import PastResponse
from feedback.services.imports.answers.vendors import Heading
from feedback.services.imports.mapping import ANSWERS, ColumnMap
from feedback.services.imports.rows import Record, Refusal
from feedback.services.imports.table import Shape, TableLine, opened

FIRST_ROWS = 3
"""Header rows of Qualtrics; nobody writes more."""
AHEAD = timedelta(minutes=5)
"""Clocks may differ by so much."""
_NO_ANSWER = frozenset({"", "-", "n/a", "na", "null", "none", "nan"})


@contextmanager
def opened_answers(
    path: Path, shape: Shape, claimed: str = ""
) -> Iterator[tuple[Heading, Iterator[TableLine]]]:
    """The heading of a file, and the rows below all its header rows."""
    with opened(path, shape) as lines:
        first = list(islice(lines, FIRST_ROWS))
        heading = vendors.heading([each.cells for each in first], claimed)
        below = first[1 + heading.skip :]

        def rows() -> Iterator[TableLine]:
            yield from below
            yield from islice(lines, max(0, 1 + heading.skip - len(first)), None)

        yield heading, rows()


class AnswerReader:
    """Makes past answers of parsed rows. `columns` are the names of the columns that a question is read from."""

    def __init__(self, questionnaire: Questionnaire, mapping: ColumnMap, now: datetime) -> None:
        self.questionnaire, self.now = questionnaire, now
        section = mapping.sections.get(ANSWERS)
        sources = section.properties if section else {}
        self.columns = {key: next(source.columns(), "") for key, source in sources.items()}
        self.moments = next(
            (
                column
                for name, each in mapping.sources()
                if name == "response.at"
                for column in each.columns()
            ),
            None,
        )
        self.values = {key: _labelled(each) for key, each in questionnaire.by_key.items()}
        self.seen: Counter[bytes] = Counter()
        self.empty = 0

    def read(self, record: Record) -> PastResponse | list[Refusal]:
        """The answers of a row, or all that is wrong with them. A row without an answer is an empty list."""
        at = record.values["response"]["at"]
        if at > self.now + AHEAD:
            return [
                Refusal(record.line, self.moments, "An answer cannot be in the future: check the time zone.")
            ]
        answers: dict[str, Answer] = {}
        refused = []
        for key, cell in record.properties.get(ANSWERS, {}).items():
            try:
                found = self._answer(key, cell)
            except ValueError as error:
                refused.append(self._refusal(record, key, str(error)))
            else:
                if found is not None:
                    answers[key] = found
        if refused:
            return refused
        if not answers:
            self.empty += 1
            return []
        person = _person(record)
        response = record.values["response"]
        return PastResponse(
            record.line,
            self._key(response.get("id"), person, at, answers),
            at,
            answers,
            person,
            finished=response.get("finished", True) is not False,
            language=response.get("language"),
        )

    def _refusal(self, record: Record, key: str, reason: str) -> Refusal:
        return Refusal(record.line, self.columns.get(key), reason)

    def _answer(self, key: str, cell: str) -> Answer | None:
        """Raises ValueError with a sentence for a cell that the question does not accept."""
        question = self.questionnaire.by_key[key]
        if isinstance(question, TextQuestion):
            return Answer(None, cell) if cell.strip() else None
        if cell.strip().casefold() in _NO_ANSWER:
            return None
        if isinstance(question, ScaleQuestion):
            return Answer(_point(question, cell, self.values[key]))
        if isinstance(question, ChoiceQuestion):
            return _chosen(question, cell, self.values[key])
        parsed = question.parse({key: [cell]})
        if isinstance(parsed, AnswerProblem):
            raise ValueError("The question does not accept this answer.")
        return parsed

    def _key(self, row_id: str | None, person: Answerer, at: datetime, answers: Mapping[str, Answer]) -> str:
        """What makes two rows the same: the id of the response in the file, otherwise all that it says.

        Anonymous rows that say the same are told apart by their number in the file: two visitors may give a 9 in the
        same minute.
        """
        series = self.questionnaire.series
        if row_id:
            return hashlib.sha256(f"{series}\x1fid\x1f{row_id}".encode()).hexdigest()
        told = [series, person.key, at.isoformat()]
        told += [f"{key}={each.stored()!r}{each.text!r}" for key, each in sorted(answers.items())]
        digest = hashlib.sha256("\x1f".join(told).encode())
        if person.is_anonymous:
            short = digest.digest()[:12]
            digest.update(str(self.seen[short]).encode())
            self.seen[short] += 1
        return digest.hexdigest()


def _person(record: Record) -> Answerer:
    contact = record.values.get("contact", {})
    return Answerer(
        contact.get("external_id"),
        contact.get("email"),
        contact.get("phone"),
        contact.get("name"),
        record.values["response"].get("language"),
    )


def _labelled(question: AnyQuestion) -> dict[str, int | str]:
    """Label in any language, folded -> the point or the option's key that it stands for."""
    if isinstance(question, ChoiceQuestion):
        return {
            fold_any(text): option.key
            for option in question.options
            for _language, text in ((("", option.key), *option.text.variants(("",))))
        }
    if isinstance(question, ScaleQuestion):
        registered = question.registered
        languages = registered.labels if registered else {}
        found: dict[str, int | str] = {}
        for language in (*languages, "en", "tr", "fa"):
            found |= {fold_any(label): point for point, label in question.labels(language).items()}
        return found
    return {}


_POINT = re.compile(r"(\d{1,3})(?:[.,]0+)?(?:\s*[-–—:(/].*)?", re.DOTALL)


def _point(question: ScaleQuestion, cell: str, labels: Mapping[str, int | str]) -> int:
    """`9`, `9.0`, `10 - Extremely likely`, `Very satisfied`."""
    word = ascii_digits(cell).strip()
    known = labels.get(fold_any(word))
    found = _POINT.fullmatch(word)
    if known is None and found is None:
        raise ValueError(
            f"This is no point of the scale from {question.minimum} to {question.maximum}, nor one of its labels."
        )
    point = known if isinstance(known, int) else int(found[1]) if found else 0
    if not question.minimum <= point <= question.maximum:
        raise ValueError(
            f"The scale goes from {question.minimum} to {question.maximum}, and this is {point}."
        )
    return point


def _chosen(question: ChoiceQuestion, cell: str, options: Mapping[str, int | str]) -> Answer:
    whole = options.get(fold_any(cell.strip()))
    if whole is not None:
        return Answer((str(whole),)) if question.multiple else Answer(str(whole))
    if not question.multiple:
        raise ValueError("This is no option of the question.")
    keys = [options.get(fold_any(each)) for each in parts(cell, options)]
    if not keys or None in keys:
        raise ValueError("These are no options of the question.")
    return Answer(tuple(dict.fromkeys(str(each) for each in keys)))


def parts(cell: str, known: Mapping[str, object] | None = None) -> list[str]:
    """What was chosen in a cell with several options: between line breaks, semicolons or bars, otherwise commas.

    With `known` options, a comma inside one of them does not part it.
    """
    for mark in ("\n", ";", "|"):
        if mark in cell:
            return [each.strip() for each in cell.split(mark) if each.strip()]
    pieces = [each.strip() for each in cell.split(",")]
    found: list[str] = []
    start = 0
    while start < len(pieces):
        end = next(
            (
                end
                for end in range(len(pieces), start, -1)
                if known and fold_any(", ".join(pieces[start:end])) in known
            ),
            start + 1,
        )
        found.append(", ".join(pieces[start:end]))
        start = end
    return [each for each in found if each]


def distinct(
    path: Path, shape: Shape, claimed: str, wanted: Mapping[str, tuple[Sequence[int], bool]], most: int
) -> dict[str, list[str]]:
    """Question -> the different answers in its columns, in the order in which they come, at most one more than `most`.

    `wanted` says for each question its columns, and whether a cell can hold several answers.
    """
    found: dict[str, dict[str, str]] = {key: {} for key in wanted}
    if not wanted:
        return {}
    with opened_answers(path, shape, claimed) as (_heading, rows):
        for row in rows:
            for key, (columns, several) in wanted.items():
                for number in columns:
                    cell = row.cells[number].strip() if number < len(row.cells) and not row.is_footer else ""
                    if cell.casefold() in _NO_ANSWER or len(found[key]) > most:
                        continue
                    for each in parts(cell) if several else [cell]:
                        found[key].setdefault(fold_any(each), each)
    return {key: list(values.values()) for key, values in found.items()}
