"""The change in the answers of the same people.

Two answers of one person are correlated, so the interval is that of the differences (Student's t for paired samples;
Student 1908, The probable error of a mean, Biometrika 6) and not that of two groups.

People who are asked again *because* their first answer was low tend to answer higher the second time, even if
nothing was done (regression to the mean; Barnett, van der Pols and Dobson 2005, Int. J. Epidemiology 34). A rise
alone therefore does not prove an effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, variance

from feedback.core.metrics.base import Comparison
from feedback.core.metrics.intervals import Moments, t_interval, t_upper_tail


def paired(differences: Sequence[int], confidence: float = 0.95) -> Comparison:
    """The mean of `differences` (after minus before, one for each person), with its interval and p-value.

    The interval is unknown for fewer than two people, and if all differences are equal.
    """
    if not differences:
        return Comparison(None, None, None, None, changed=False)
    n, middle = len(differences), mean(differences)
    spread = variance(differences) if n > 1 else 0.0
    interval = t_interval(Moments(n, middle, spread), confidence)
    if interval is None:
        return Comparison(middle, None, None, None, changed=False)
    p_value = 2 * t_upper_tail(abs(middle) / math.sqrt(spread / n), n - 1)
    return Comparison(middle, interval.low, interval.high, p_value, interval.excludes_zero)
