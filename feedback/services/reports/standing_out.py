"""Words that stand out in the comments of a period, against the previous period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from feedback.core.metrics import cell_visible
from feedback.core.themes.standing_out import Word, standing_out, words_used
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.reports.comments import Comment, CommentFilter, comments

MOST_COMMENTS = 2_000
"""The latest comments of each side that are read."""
LEAST_COMMENTS = 10
"""With fewer on either side, nothing is compared: single people would be seen."""
MOST_WORDS = 20


@dataclass(frozen=True, slots=True)
class ComparedComments:
    """How many comments were read on one side, and whether there were more."""

    n: int
    sampled: bool


@dataclass(frozen=True, slots=True)
class StandingOut:
    """Words of the first side (`more`) and of the second (`less`); None if either has too few comments."""

    a: ComparedComments
    b: ComparedComments
    more: Sequence[Word] | None
    less: Sequence[Word] | None


def words_that_stand_out(
    session: Session, library: Library, viewer: Viewer, a: CommentFilter, b: CommentFilter, language: str
) -> StandingOut:
    """The words of comments in one language that `a` and `b` use differently.

    Words that fewer than five people of the two sides used are left out, as other small cells are.
    """
    sides = [
        comments(session, library, viewer, replace(each, language=language), limit=MOST_COMMENTS + 1)
        for each in (a, b)
    ]
    one, other = (_compared(each) for each in sides)
    if min(one.n, other.n) < LEAST_COMMENTS:
        return StandingOut(one, other, None, None)
    used = [[words_used(each.text, language) for each in side[:MOST_COMMENTS]] for side in sides]
    found = [each for each in standing_out(*used) if cell_visible(each.n_a + each.n_b)]
    more, less = ([each for each in found if sign * each.z > 0][:MOST_WORDS] for sign in (1, -1))
    return StandingOut(one, other, more, less)


def _compared(side: Sequence[Comment]) -> ComparedComments:
    return ComparedComments(min(len(side), MOST_COMMENTS), len(side) > MOST_COMMENTS)
