"""Customer satisfaction: "How satisfied or dissatisfied are you with ...?", 1 to 5, every point labelled.

The score is the top-2 box: the share of 4 and 5.
"""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Mean, Share

DISSATISFIED, NEUTRAL, SATISFIED = range(1, 3), range(3, 4), range(4, 6)
FIVE_POINTS = (("dissatisfied", DISSATISFIED), ("neutral", NEUTRAL), ("satisfied", SATISFIED))

CSAT = Metric(
    key="csat",
    title="Customer satisfaction",
    scale=FIVE_POINTS,
    measure=Share("csat", "Satisfied (4-5)", SATISFIED),
    others=(Mean("mean", "Mean (1-5)", 1, 5),),
    source="Top-2 box of a fully labelled five-point scale, the usual convention of the field",
)
