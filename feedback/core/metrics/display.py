"""What may be shown of a number, given how many answers stand behind it.

With few answers a score says more about chance than about customers (at n = 30 an NPS is uncertain by
about 27 points either way), and a small cell of a breakdown can point at a person.
"""

from enum import StrEnum

INDICATIVE_FROM = 10
SHOWN_FROM = 30
CELL_FROM = 5


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
