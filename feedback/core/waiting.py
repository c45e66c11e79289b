"""How long things take when some of them are not done yet.

An average over the finished ones flatters: whoever leaves the hard cases open looks fast. The product-limit
estimate counts what is still open as "longer than so far".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def median_wait(done: Sequence[float], waiting: Sequence[float] = ()) -> float | None:
    """The time within which half are done, in the unit of the arguments; None while that cannot be said.

    `done` are the times that finished ones took, `waiting` how long the others have been open. The estimate
    of Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, JASA 53: the first
    time at which the estimated share of those still open is one half or less.
    """
    finished, dropped = Counter(done), Counter(waiting)
    open_share, at_risk = 1.0, len(done) + len(waiting)
    for time in sorted(finished.keys() | dropped.keys()):
        if finished[time]:
            open_share *= 1 - finished[time] / at_risk
            if open_share <= 0.5 + 1e-12:  # one half, but for rounding
                return time
        at_risk -= finished[time] + dropped[time]
    return None
