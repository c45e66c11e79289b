"""The median duration if some cases are still open.

An average over closed cases is biased: leaving hard cases open makes it look faster. The product-limit estimate
counts an open case as "longer than until now".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def median_wait(done: Sequence[float], waiting: Sequence[float] = ()) -> float | None:
    """The time within which half of the cases are done, in the unit of the arguments; None if it is not known yet.

    `done` holds the durations of finished cases, `waiting` the time for which the others have been open. The
    estimate of Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, JASA 53: the first
    time at which the estimated share of open cases is one half or less.
    """
    finished, dropped = Counter(done), Counter(waiting)
    open_share, at_risk = 1.0, len(done) + len(waiting)
    for time in sorted(finished.keys() | dropped.keys()):
        if finished[time]:
            open_share *= 1 - finished[time] / at_risk
            if open_share <= 0.5 + 1e-12:  # one half, allowing for rounding errors
                return time
        at_risk -= finished[time] + dropped[time]
    return None
