"""Which rated aspects go together most with a score: the importance of each, and how certain its rank is.

The importance of an aspect is its share of R²: what it adds to the explained variance of the score, averaged over all
orders in which the aspects can enter a linear regression (Shapley value, called LMG after Lindeman, Merenda and Gold
1980, Introduction to bivariate and multivariate analysis; Grömping 2006, Relative importance for linear regression in
R: the package relaimpo, J. Stat. Software 17). Unlike coefficients, these shares stay sensible when the aspects are
correlated, are never negative, and add up to the whole.

Missing ratings. Leaving out everybody who did not rate all aspects (complete cases) changes whom the result is about.
So everybody who rated at least one aspect counts. Whether an aspect was rated is a variable of its own, which is in the
regression first (relaimpo's `always`): a difference between those to whom an aspect applies and the others is not
credited to any aspect, and a missing rating contributes nothing. An aspect that applies to few can therefore explain
only little of the whole.

Uncertainty. Answers of one account are not independent, so whole accounts are drawn with replacement (cluster
bootstrap; Cameron, Gelbach and Miller 2008, Rev. Econ. Stat. 90). With more than MOST_BLOCKS accounts, the drawn units
are random groups of accounts (Wolter 2007, Introduction to variance estimation, chapter 2), so that the cost does not
grow with them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from operator import add, mul
from typing import Literal

MOST_DRIVERS = 12
"""The cost doubles with each; more cannot be told apart with the answers that a survey gets."""
MOST_BLOCKS = 400
REPLICATES = 500
CONFIDENCE = 0.95
_NOTHING = 1e-9
"""A variance is taken as zero below this share of what it was before the other variables were taken out."""

Direction = Literal["up", "down", "unclear"]
Triangle = list[list[float]]
"""The upper half of a symmetric matrix: row k holds the entries from column k on."""


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """The score and the ratings of one response, in any units; `cluster` is the account (or person) it is from."""

    score: float
    ratings: tuple[float | None, ...]
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class Driver:
    """One aspect. `share`, `low` and `high` are parts of what all aspects explain together, from 0 to 1.

    `rank` is 1 for the most important; `best` and `worst` are its interval. `direction` says whether better ratings go
    with better scores ("up"), or with worse ones; "unclear" if the draws disagree.
    """

    share: float
    low: float
    high: float
    rank: int
    best: int
    worst: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class DriverRanking:
    """`explained` is the part of the variance of the score that the ratings explain, from 0 to 1."""

    explained: float
    drivers: tuple[Driver, ...]


def rank_drivers(
    answers: Sequence[RatedAnswer], seed: str, replicates: int = REPLICATES
) -> DriverRanking | None:
    """Importance and rank of each aspect, in the order of `RatedAnswer.ratings`; at most MOST_DRIVERS.

    The same answers and `seed` give the same result. Returns None if there is nothing to explain: all scores are
    equal, or no aspect has different ratings. Raises ValueError for too many aspects.
    """
    if not answers:
        return None
    count = len(answers[0].ratings)
    if count > MOST_DRIVERS:
        raise ValueError(f"At most {MOST_DRIVERS} aspects can be compared; there are {count}.")
    source = random.Random(seed)  # noqa: S311 - no secret
    blocks = _blocks(answers, source)
    whole = _fitted(_total(blocks), count)
    if whole is None:
        return None
    draws = list(_draws(blocks, count, source, replicates))
    return DriverRanking(whole.explained, tuple(_driver(whole, draws, place) for place in range(count)))


def importance(answers: Sequence[RatedAnswer]) -> list[float]:
    """The share of each aspect without its uncertainty; they add up to R² (of the ratings), between 0 and 1."""
    count = len(answers[0].ratings)
    fitted = _fitted(_total(_blocks(answers, random.Random(0))), count)  # noqa: S311 - no secret
    return [0.0] * count if fitted is None else [share * fitted.explained for share in fitted.shares]


# --- One fit -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fit:
    explained: float
    shares: list[float]
    rising: list[bool]

    @property
    def ranks(self) -> list[int]:
        return [1 + sum(other > share for other in self.shares) for share in self.shares]


def _fitted(products: Sequence[float], count: int) -> _Fit | None:
    """The shares that follow from the sums of products (`_row`); None if nothing is explained."""
    matrix = _triangle(products, 2 * count + 2)
    sizes = [row[0] for row in matrix]
    matrix = _without_first(matrix, sizes[0])  # the constant
    total = matrix[-1][0]
    if total <= _NOTHING * sizes[-1]:
        return None
    for place in range(count):  # whether each aspect was rated
        matrix = _without_first(matrix, sizes[1 + place])
    fits = _fits(matrix, [row[0] for row in matrix])
    whole = fits[-1]
    if whole <= _NOTHING * total:
        return None
    shares = [max(0.0, each) / whole for each in _shapley(fits, count)]
    rising = [row[-1] > 0 for row in matrix[:-1]]
    return _Fit(min(1.0, whole / total), shares, rising)


def _without_first(matrix: Triangle, size: float) -> Triangle:
    """The matrix after its first variable has been regressed out; nothing changes if it has no variance of its own.

    `size` is its variance before anything was taken out.
    """
    first, rest = matrix[0], matrix[1:]
    pivot = first[0]
    if pivot <= _NOTHING * size:
        return rest
    made = []
    for place, row in enumerate(rest, 1):
        factor = first[place] / pivot
        made.append([each - factor * other for each, other in zip(row, first[place:], strict=True)])
    return made


def _fits(matrix: Triangle, sizes: Sequence[float]) -> list[float]:
    """The explained sum of squares of every subset of the variables, by bit mask; the last variable is the score.

    Every subset is reached once, by adding variables in ascending order, and each step eliminates one variable from
    those after it only. That costs about three operations a subset, where a regression each would cost hundreds.
    """
    count = len(matrix) - 1
    fits = [0.0] * (1 << count)

    def descend(rows: Triangle, first: int, mask: int, explained: float) -> None:
        for place in range(len(rows)):
            row, variable = rows[place], first + place
            pivot, chosen = row[0], mask | 1 << variable
            rest = rows[place + 1 :]
            if pivot <= _NOTHING * sizes[variable]:
                fits[chosen] = explained
                descend(rest, variable + 1, chosen, explained)
                continue
            gained = explained + row[-1] ** 2 / pivot
            fits[chosen] = gained
            if rest:
                reduced = []
                for ahead, other in enumerate(rest, 1):
                    factor = row[ahead] / pivot
                    reduced.append([a - factor * b for a, b in zip(other, row[ahead:], strict=True)])
                descend(reduced, variable + 1, chosen, gained)

    descend(matrix[:-1], 0, 0, 0.0)
    return fits


def _shapley(fits: Sequence[float], count: int) -> list[float]:
    """What each variable adds to the fit, averaged over all orders (Shapley 1953, A value for n-person games)."""
    weights, without, members = _weights(count)
    weighted = list(map(mul, fits, weights))
    base = sum(map(mul, fits, without))
    pick = weighted.__getitem__
    return [sum(map(pick, each)) - base for each in members]


@cache
def _weights(count: int) -> tuple[list[float], list[float], list[list[int]]]:
    """By subset: its weight in the sum of those with a variable plus that in the sum of those without it, the latter
    alone; and by variable: the subsets with it."""
    masks = range(1 << count)
    share = [1 / (count * math.comb(count - 1, size)) for size in range(count)]
    without = [share[size] if (size := mask.bit_count()) < count else 0.0 for mask in masks]
    with_it = [share[size - 1] if (size := mask.bit_count()) else 0.0 for mask in masks]
    members = [[mask for mask in masks if mask >> variable & 1] for variable in range(count)]
    return [a + b for a, b in zip(with_it, without, strict=True)], without, members


# --- The draws ---------------------------------------------------------------------------------------


def _driver(whole: _Fit, draws: Sequence[_Fit], place: int) -> Driver:
    shares = sorted(each.shares[place] for each in draws)
    ranks = sorted(each.ranks[place] for each in draws)
    rising = sum(each.rising[place] for each in draws)
    tail = (1 - CONFIDENCE) / 2
    direction: Direction = "unclear"
    if rising >= (1 - tail) * len(draws):
        direction = "up"
    elif rising <= tail * len(draws):
        direction = "down"
    rank, (best, worst) = whole.ranks[place], _middle(ranks, tail)
    low, high = _middle(shares, tail)
    share = whole.shares[place]
    return Driver(
        share, min(low, share), max(high, share), rank, min(int(best), rank), max(int(worst), rank), direction
    )


def _middle(values: Sequence[float], tail: float) -> tuple[float, float]:
    """The smallest and the largest of sorted values without this share of them at each end."""
    cut = math.floor(tail * len(values))
    return values[cut], values[-1 - cut]


def _draws(
    blocks: Sequence[Sequence[float]], count: int, source: random.Random, wanted: int
) -> Iterator[_Fit]:
    """Fits of blocks drawn with replacement; a draw in which nothing can be explained is left out."""
    places = range(len(blocks))
    columns = list(zip(*blocks, strict=True))
    for _ in range(wanted):
        times = [0.0] * len(blocks)
        for place in source.choices(places, k=len(blocks)):
            times[place] += 1
        fitted = _fitted([sum(map(mul, times, column)) for column in columns], count)
        if fitted is not None:
            yield fitted


def _total(blocks: Sequence[Sequence[float]]) -> list[float]:
    return [sum(column) for column in zip(*blocks, strict=True)]


def _blocks(answers: Sequence[RatedAnswer], source: random.Random) -> list[list[float]]:
    """The sums of products of each unit that is drawn as a whole."""
    clusters: dict[Hashable, int] = {}
    for each in answers:
        clusters.setdefault(each.cluster, len(clusters))
    order = list(range(len(clusters)))
    if len(order) > MOST_BLOCKS:
        source.shuffle(order)
        order = [place % MOST_BLOCKS for place in order]
    sums: dict[int, list[float]] = {}
    for each, row in zip(answers, _rows(answers), strict=True):
        block = order[clusters[each.cluster]]
        sums[block] = list(map(add, sums[block], row)) if block in sums else row
    return [sums[block] for block in sorted(sums)]


def _rows(answers: Sequence[RatedAnswer]) -> Iterator[list[float]]:
    """The products of all pairs of the variables of each answer: a constant, whether each aspect is missing, the
    ratings (centred, a missing one 0), and the score (centred)."""
    columns = [
        [x for x in column if x is not None] for column in zip(*(a.ratings for a in answers), strict=True)
    ]
    centres = [sum(column) / len(column) if column else 0.0 for column in columns]
    middle = sum(each.score for each in answers) / len(answers)
    for each in answers:
        missing = [float(rating is None) for rating in each.ratings]
        ratings = [0.0 if x is None else x - c for x, c in zip(each.ratings, centres, strict=True)]
        variables = [1.0, *missing, *ratings, each.score - middle]
        yield [a * b for a, b in combinations_with_replacement(variables, 2)]


def _triangle(products: Sequence[float], size: int) -> Triangle:
    rows, at = [], 0
    for length in range(size, 0, -1):
        rows.append(list(products[at : at + length]))
        at += length
    return rows
