"""Whether and how a score may be shown, given its number of answers.

With few answers a score is mostly chance (at n = 30 the margin of error of an NPS is about 27 points), and a
small cell of a breakdown can identify a person.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

INDICATIVE_FROM = 10
SHOWN_FROM = 30
CELL_FROM = 5

Key = TypeVar("Key")


class Display(StrEnum):
    """hidden: show the answers but no score; indicative: show the score with its interval, marked as indicative;
    shown: show the score with its interval."""

    HIDDEN = "hidden"
    INDICATIVE = "indicative"
    SHOWN = "shown"


def display(n: int) -> Display:
    """How to show a score over n answers."""
    if n < INDICATIVE_FROM:
        return Display.HIDDEN
    return Display.INDICATIVE if n < SHOWN_FROM else Display.SHOWN


def cell_visible(n: int) -> bool:
    """Whether a cell of a breakdown (segment, stage, channel) over n answers may appear at all."""
    return n >= CELL_FROM


def protected(sizes: Mapping[Key, int]) -> frozenset[Key]:
    """Cells of a breakdown that must stay hidden when the total over all of them is shown.

    `sizes` is the number of answers in each cell. Hiding only the small cells is not enough, because the total
    minus the visible cells is what is left. So there are always at least two hidden cells, which together have at
    least as many answers as a visible cell needs; the smallest visible cells are hidden until that holds
    (complementary suppression: Cox 1980, Suppression methodology and statistical disclosure control, JASA
    75).
    """
    answered = sorted((n, str(key), key) for key, n in sizes.items() if n)
    hidden = [cell for cell in answered if not cell_visible(cell[0])]
    rest = answered[len(hidden) :]
    while hidden and rest and (len(hidden) < 2 or not cell_visible(sum(n for n, *_ in hidden))):
        hidden.append(rest.pop(0))
    return frozenset(key for *_, key in hidden)
