"""System Usability Scale: ten statements, 1 (strongly disagree) to 5 (strongly agree), scored 0 to 100.

Odd statements are positive and add (answer - 1), even ones are negative and add (5 - answer); the sum, 0 to
40, times 2.5 is the score. The stored value is the sum: it is whole, so that answers can be counted by
value; the measure multiplies. Bands: not acceptable below 50, acceptable above 70 (Bangor et al.).
"""

from collections.abc import Sequence

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Mean

POINTS_PER_STEP = 2.5

SUS = Metric(
    key="sus",
    title="System Usability Scale",
    scale=(("not_acceptable", range(20)), ("marginal", range(20, 29)), ("acceptable", range(29, 41))),
    measure=Mean("sus", "SUS score (0-100)", 0, 40, factor=POINTS_PER_STEP),
    others=(),
    source="Brooke (1996), SUS: a quick and dirty usability scale; bands: Bangor, Kortum and Miller (2008), "
    "An empirical evaluation of the System Usability Scale",
)


def score(answers: Sequence[int]) -> int:
    """The stored value, 0 to 40, of ten answers from 1 to 5 in the order of the instrument."""
    if len(answers) != 10 or not all(1 <= answer <= 5 for answer in answers):
        raise ValueError("SUS needs ten answers, each from 1 to 5.")
    return sum(answer - 1 for answer in answers[::2]) + sum(5 - answer for answer in answers[1::2])
