"""Whether and how a score may be shown, given its number of answers.

With few answers a score is mostly chance (at n = 30 the margin of error of an NPS is about 27 points), and a
small cell of a breakdown can identify a person.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from math import floor
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


def whole_percents(bands: Sequence[Mapping[int, int]]) -> tuple[list[int], dict[int, int]]:
    """Shares in whole percent that add up, for the bands (bad to good) and for the values in them.

    `bands` holds value -> number of answers for each band; there is at least one answer. The outer bands are rounded
    as the scores beside them are (half to even); the bands between share the rest of 100, and the values of a band
    its share, by the method of the largest remainder (Hamilton).
    """
    sizes = [sum(band.values()) for band in bands]
    ends = {0, len(bands) - 1}
    outer = {place: round(Fraction(100 * sizes[place], sum(sizes))) for place in ends}
    between = {place: size for place, size in enumerate(sizes) if place not in ends}
    found = {**outer, **_shared(100 - sum(outer.values()), between)}
    values = {
        value: n for place, band in enumerate(bands) for value, n in _shared(found[place], band).items()
    }
    return [found[place] for place in range(len(bands))], values


def _shared(whole: int, sizes: Mapping[int, int]) -> dict[int, int]:
    """`whole` divided in proportion to `sizes`, in whole numbers that add up to it."""
    total = sum(sizes.values())
    if not total:
        return dict.fromkeys(sizes, 0)
    exact = {key: Fraction(whole * n, total) for key, n in sizes.items()}
    found = {key: floor(share) for key, share in exact.items()}
    largest = sorted(exact, key=lambda key: (found[key] - exact[key], key))
    for key in largest[: whole - sum(found.values())]:
        found[key] += 1
    return found
