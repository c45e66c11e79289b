"""Imports past answers from a file in batches: the terminal and the pages of imports use it alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from feedback.services.context import Context
from feedback.services.customers import Journal
from feedback.services.imports import workbook
from feedback.services.imports.answers import people, storing
from feedback.services.imports.answers.history import (
    MOST_OPTIONS,
    AskedHistory,
    AskedThen,
    history,
    published,
)
from feedback.services.imports.answers.people import Answerer, KnownPerson
from feedback.services.imports.answers.proposal import style_of
from feedback.services.imports.answers.reading import AnswerReader, distinct, opened_answers
from feedback.services.imports.answers.storing import HistoryTarget, PastResponse, PastStored
from feedback.services.imports.answers.vendors import TRIALS, Heading, bare_name
from feedback.services.imports.importer import BATCH, ImportReport, Options, shape_of
from feedback.services.imports.mapping import ANSWERS, ColumnMap
from feedback.services.imports.rows import Reader, Record, Refusal, at
from feedback.services.imports.table import Shape, TableLine
from feedback.store.database import Database
from feedback.store.models import AuditEntry
from feedback.store.portions import SHORT_REST, TOGETHER, Portions

ERASED = "Remove this person from the file: they were erased on request."


@dataclass(slots=True)
class PastCounts:
    """What happened to the rows: by known people, by people who were added, by nobody that is known; `empty` rows have
    no answer, and `trials` were made by the survey's maker."""

    known: int = 0
    added: int = 0
    unknown: int = 0
    empty: int = 0
    trials: int = 0


@dataclass(frozen=True, slots=True)
class FileClaim:
    """What is said about a file: the tool that it comes from (empty: recognised by its columns), and the import that
    owns its answers, which a dry run does not need."""

    vendor: str = ""
    import_id: int = 0


NOTHING_CLAIMED = FileClaim()


def run(
    database: Database,
    path: Path,
    mapping: ColumnMap,
    context: Context,
    now: datetime,
    options: Options,
    claim: FileClaim = NOTHING_CLAIMED,
) -> ImportReport:
    """Import past answers from a file.

    The report's `answers` say in which series they count (`series`, `questionnaire`, `survey`, `joins`, `reasons`), and
    who gave them (`PastCounts`). Raises ImportRefused for a file that cannot be read or does not fit the mapping.
    """
    with workbook.readable(path) as table:
        shape = shape_of("answers", table, mapping, context.settings)
        with opened_answers(table, shape, claim.vendor) as (heading, rows):
            asked = questions(table, shape, heading, mapping, claim.vendor)
            about = (mapping.asked_in, path.name, context.settings.organisation.name)
            with database.reading() as session:
                past = history(session, context.library, mapping.survey, asked, about)
            run_ = _AnswersRun(database, options, past, now, claim.import_id)
            run_.begin(heading, mapping, context, shape)
            for batch in _batches(rows):
                run_.take(batch)
                if options.on_progress is not None:
                    options.on_progress(min(batch[-1].number, shape.lines), shape.lines)
        return run_.end()


def questions(
    table: Path, shape: Shape, heading: Heading, mapping: ColumnMap, vendor: str
) -> list[AskedThen]:
    """The questions that the mapping reads, as the file words them. Raises ImportRefused for unknown columns."""
    section = mapping.sections.get(ANSWERS)
    sources = section.properties if section else {}
    places = {name: number for number, name in enumerate(heading.names)}
    wanted = {}
    found = []
    for key, source in sources.items():
        columns = [places[each] for each in source.columns() if each in places]
        wording = mapping.wordings.get(key) or (heading.wordings[columns[0]] if columns else "")
        type_ = mapping.questions.get(key)
        if type_ in ("single", "multi"):
            wanted[key] = (columns, type_ == "multi")
        found.append(AskedThen(key, wording, type_))
    values = distinct(table, shape, vendor, wanted, MOST_OPTIONS)
    return [replace(each, options=values.get(each.key, ())) for each in found]


class _AnswersRun:
    """One running import of past answers."""

    def __init__(
        self, database: Database, options: Options, past: AskedHistory, now: datetime, import_id: int
    ) -> None:
        self.database, self.options, self.now, self.import_id = database, options, now, import_id
        self.past = past
        self.portions = Portions(database, resting=SHORT_REST)
        self.report, self.counts = ImportReport(), PastCounts()
        self.keys: set[str] = set()
        self.strangers: set[str] = set()
        self.target: HistoryTarget | None = None

    def begin(self, heading: Heading, mapping: ColumnMap, context: Context, shape: Shape) -> None:
        """Check the mapping against the columns. Raises ImportRefused."""
        style = style_of(context.settings, mapping, heading)
        self.kinds, self.adds = heading.kinds, mapping.add_people
        self.reader = Reader("answers", list(heading.names), mapping, style, at(self.now, style))
        self.answers = AnswerReader(self.past.questionnaire, mapping, self.now)
        if shape.guessed:
            self.report.notices.append(
                f"The file is not UTF-8; it was read as {shape.encoding}. If words look wrong, choose its encoding."
            )
        if not self.options.dry_run:
            with self.database.writing() as session:
                version = published(session, self.past.questionnaire, self.now)
                session.flush()
                self.target = HistoryTarget(self.past.questionnaire, version.id, self.import_id)

    def take(self, lines: Sequence[TableLine]) -> None:
        """Parse a batch of rows, find out whose they are, and store the valid ones."""
        past: list[PastResponse] = []
        for line in lines:
            if line.is_footer:
                continue
            self.report.read += 1
            if self._is_trial(line):
                self.counts.trials += 1
                continue
            record = self.reader.read(line)
            found = self.answers.read(record) if isinstance(record, Record) else record
            if isinstance(found, PastResponse):
                past += [found] if self._is_new(found) else []
            else:
                self.report.refused += found
            if isinstance(record, Record):
                self.report.left_out += record.left_out
        if past:
            self._store(past)

    def end(self) -> ImportReport:
        self.counts.empty = self.answers.empty
        self.report.refused.sort(key=lambda refusal: refusal.line)
        questionnaire = self.past.questionnaire
        self.report.answers = {
            **asdict(self.counts),
            "survey": self.past.survey,
            "questionnaire": questionnaire.key,
            "series": questionnaire.series,
            "language": questionnaire.languages[0],
            "joins": self.past.joins,
            "reasons": [
                {
                    "question": question,
                    "reason": str(reason),
                    "template": getattr(reason, "template", reason),
                    "params": dict(getattr(reason, "params", {})),
                }
                for question, reason in self.past.reasons
            ],
        }
        if not self.options.dry_run:
            with self.database.writing() as session:
                session.add(self._audit())
        return self.report

    def _audit(self) -> AuditEntry:
        report = self.report
        detail = {
            "created": report.created,
            "unchanged": report.unchanged,
            "refused": report.refused_rows,
            "questionnaire": self.past.questionnaire.key,
        }
        return AuditEntry(
            at=self.now, user_id=self.options.by, action="imported", subject="responses", detail=detail
        )

    def _is_trial(self, line: TableLine) -> bool:
        """Whether the survey's maker tried it out, or the tool took the row for spam."""
        if self.kinds is None or self.kinds >= len(line.cells):
            return False
        return bare_name(line.cells[self.kinds]) in TRIALS

    def _is_new(self, past: PastResponse) -> bool:
        """Whether the row is the first with its key in this file; the others are stored already."""
        if past.key in self.keys:
            self.report.unchanged += 1
            return False
        self.keys.add(past.key)
        return True

    def _store(self, past: list[PastResponse]) -> None:
        wanted = list({each.person for each in past if not each.person.is_anonymous})
        with self.database.reading() as session:
            gone = people.gone(session, wanted)
            known = people.find(session, [each for each in wanted if each not in gone])
            before = storing.stored_keys(session, [each.key for each in past])
        for each in past:
            if each.person in gone:
                self.report.refused.append(Refusal(each.line, None, ERASED))
        past = [each for each in past if each.person not in gone]
        strangers = [each for each in wanted if each not in known and each not in gone] if self.adds else []
        if self.options.dry_run:
            self._foresee(past, known, strangers, before)
            return
        if strangers:
            self.portions.each(strangers, self._add_people, least=TOGETHER)
            with self.database.reading() as session:
                known |= people.find(session, strangers)
        self.portions.each(past, partial(self._store_some, known), partial(self._count), least=TOGETHER)
        self.counts.added += len({each.key for each in strangers})

    def _store_some(
        self, known: Mapping[Answerer, KnownPerson], session: Session, some: Sequence[PastResponse]
    ) -> PastStored:
        assert self.target  # noqa: S101 - made by `begin`
        return storing.store(session, some, known, self.target)

    def _count(self, stored: PastStored) -> None:
        self.report.created += stored.created
        self.report.unchanged += stored.unchanged
        self.counts.known += stored.known
        self.counts.unknown += stored.created - stored.known

    def _foresee(
        self,
        past: Sequence[PastResponse],
        known: Mapping[Answerer, KnownPerson],
        strangers: Sequence[Answerer],
        before: set[str],
    ) -> None:
        fresh = [each for each in past if each.key not in before]
        to_add = {each.key for each in strangers}
        found = sum(each.person in known or each.person.key in to_add for each in fresh)
        self.report.created += len(fresh)
        self.report.unchanged += len(past) - len(fresh)
        self.counts.known += found
        self.counts.unknown += len(fresh) - found
        self.counts.added += len(to_add - self.strangers)
        self.strangers |= to_add

    def _add_people(self, session: Session, some: Sequence[Answerer]) -> None:
        journal: Journal = []
        people.add(session, some, self.now, journal)
        if self.options.on_written is not None and journal:
            self.options.on_written(session, journal)


def _batches(lines: Iterator[TableLine]) -> Iterator[list[TableLine]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
