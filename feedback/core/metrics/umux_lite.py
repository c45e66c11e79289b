"""UMUX-Lite: "X's capabilities meet my requirements." and "X is easy to use.", 1 to 7, scored 0 to 100.

Score: (first + second - 2) * 100 / 12. The stored value is the whole part of it, first + second - 2, from
0 to 12; the measure multiplies. The regression 0.65 * score + 22.9 predicts the SUS score of the same
people and is given beside it. There are no published bands: those of SUS are applied to the score.
"""

from collections.abc import Sequence

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Mean

POINTS_PER_STEP = 100 / 12

UMUX_LITE = Metric(
    key="umux_lite",
    title="UMUX-Lite",
    scale=(("not_acceptable", range(6)), ("marginal", range(6, 9)), ("acceptable", range(9, 13))),
    measure=Mean("umux_lite", "UMUX-Lite score (0-100)", 0, 12, factor=POINTS_PER_STEP),
    others=(Mean("sus_predicted", "Predicted SUS score", 0, 12, factor=0.65 * POINTS_PER_STEP, offset=22.9),),
    source="Lewis, Utesch and Maher (2013), UMUX-LITE: when there's no time for the SUS, CHI 2013",
)


def score(answers: Sequence[int]) -> int:
    """The stored value, 0 to 12, of the two answers from 1 to 7."""
    if len(answers) != 2 or not all(1 <= answer <= 7 for answer in answers):
        raise ValueError("UMUX-Lite needs two answers, each from 1 to 7.")
    return sum(answers) - 2
