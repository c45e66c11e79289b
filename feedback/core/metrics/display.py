"""What may be shown of a number, given how many answers stand behind it.

With few answers a score says more about chance than about customers (at n = 30 an NPS is uncertain by
about 27 points either way), and a small cell of a breakdown can point at a person.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

INDICATIVE_FROM = 10
SHOWN_FROM = 30
CELL_FROM = 5

Key = TypeVar("Key")


class Display(StrEnum):
    """hidden: list the answers, show no score; indicative: the score with its interval, marked so; shown."""

    HIDDEN = "hidden"
    INDICATIVE = "indicative"
    SHOWN = "shown"


def display(n: int) -> Display:
    """How a score over n answers may be shown."""
    if n < INDICATIVE_FROM:
        return Display.HIDDEN
    return Display.INDICATIVE if n < SHOWN_FROM else Display.SHOWN


def cell_visible(n: int) -> bool:
    """Whether a cell of a breakdown (segment, stage, channel) over n answers may appear at all."""
    return n >= CELL_FROM


def protected(sizes: Mapping[Key, int]) -> frozenset[Key]:
    """Cells of a breakdown that must stay hidden when the total over all of them is shown.

    `sizes` is the number of answers in each cell. Hiding the small ones alone would not do: whoever knows the
    total and all other cells knows what is left. So the hidden cells together are never fewer than two, nor
    have fewer answers than one visible cell must; the smallest visible ones are hidden until that holds
    (complementary suppression: Cox 1980, Suppression methodology and statistical disclosure control, JASA
    75).
    """
    answered = sorted((n, str(key), key) for key, n in sizes.items() if n)
    hidden = [cell for cell in answered if not cell_visible(cell[0])]
    rest = answered[len(hidden) :]
    while hidden and rest and (len(hidden) < 2 or not cell_visible(sum(n for n, *_ in hidden))):
        hidden.append(rest.pop(0))
    return frozenset(key for *_, key in hidden)
