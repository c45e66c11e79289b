"""Looks at a file with past answers as a person has chosen to read it: its columns, and the mapping of the choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from feedback.errors import ImportRefused
from feedback.library import Library
from feedback.services.imports import workbook
from feedback.services.imports.answers import proposal
from feedback.services.imports.answers.reading import opened_answers
from feedback.services.imports.answers.vendors import Heading
from feedback.services.imports.importer import shape_of
from feedback.services.imports.mapping import ColumnMap
from feedback.services.imports.menus import LOOKED_AT, MOST_COLUMNS, SAMPLES, Chosen, FileColumn
from feedback.services.imports.suggestions import order_of_dates
from feedback.services.imports.table import Shape
from feedback.settings import Settings


@dataclass(frozen=True, slots=True)
class FileLook:
    """A file as it is read: its heading, its columns with samples, and the order of days and months in it."""

    heading: Heading
    columns: Sequence[FileColumn]
    shape: Shape
    dates: str = ""


def look(path: Path, chosen: Chosen, settings: Settings) -> FileLook:
    """Read the header rows and the first answers. Raises ImportRefused for a file that cannot be read like that."""
    layout = ColumnMap(
        encoding=chosen.encoding or None, delimiter=chosen.delimiter or None, above=chosen.above
    )
    with workbook.readable(path) as table:
        is_chosen = bool(chosen.encoding or chosen.delimiter or chosen.above is not None)
        shape = shape_of("answers", table, None, settings)
        if is_chosen:
            own = shape_of("answers", table, layout, settings)
            shape = own if chosen.above is not None else replace(own, above=shape.above)
        with opened_answers(table, shape, chosen.vendor) as (heading, rows):
            if not heading.names or len(heading.names) > MOST_COLUMNS:
                raise ImportRefused(
                    "The header line cannot be read. Choose another line, delimiter or encoding."
                )
            samples: list[list[str]] = [[] for _ in heading.names]
            for row in islice(rows, LOOKED_AT):
                for found, cell in zip(samples, row.cells, strict=False):
                    if cell and cell[:80] not in found and len(found) < SAMPLES:
                        found.append(cell[:80])
        columns = [FileColumn(number, name, samples[number]) for number, name in enumerate(heading.names)]
        return FileLook(heading, columns, shape, order_of_dates(table, shape) or "")


def proposed(found: FileLook, chosen: Chosen, survey: str | None, library: Library, company: str) -> Chosen:
    """The choices that the file suggests; `survey` None finds the survey, too."""
    key = proposal.survey_for(found.heading, library, company) if survey is None else survey
    if key and key not in library.questionnaires:
        raise ImportRefused(f"There is no questionnaire {key!r}: choose one, or a survey of its own.")
    base = replace(chosen, survey=key, dates=chosen.dates or found.dates)
    return proposal.proposed(found.heading, found.columns, library.questionnaires.get(key), base, company)


def mapping(found: FileLook, chosen: Chosen, library: Library, name: str) -> ColumnMap:
    """The mapping of the choices. Raises ImportRefused, with one line for each mistake."""
    ours = library.questionnaires.get(chosen.survey)
    scored = ours.scored.key if ours is not None and ours.scored is not None else ""
    return proposal.mapping_of(found.heading, chosen, name, scored)
