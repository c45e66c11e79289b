"""Grids that are no matrix here: each row becomes a question of its own."""

from __future__ import annotations

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.guessing import settle_choice
from feedback.services.studio.importing.outline import OutlineOption, OutlineQuestion, SurveyOutline


def rows_as_lists(outline: SurveyOutline, grid: OutlineQuestion, question_type: str = "multi") -> None:
    """Add a list of the columns for each row; the columns are the labels of the grid's scale."""
    outline.lost(grid.code, notes.ROWS_CHOICES)
    columns = grid.scale.labels if grid.scale else {}
    named = {point: code for code, point in (grid.scale.codes if grid.scale else {}).items()}
    for row in grid.rows:
        each = grid.part(f"{grid.code}_{row.code}", question_type, row.text)
        each.options = [
            OutlineOption(named.get(point, str(point)), dict(texts))
            for point, texts in sorted(columns.items())
        ]
        settle_choice(outline, each)
        each.part_of = grid.part_of or grid.code
        outline.add(each)
