"""Stars, 1 to 5 with both ends labelled: the mean, and the share of 4 and 5."""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.csat import FIVE_POINTS, SATISFIED
from feedback.core.metrics.measures import Mean, Share

STARS = Metric(
    key="stars",
    title="Star rating",
    scale=FIVE_POINTS,
    measure=Mean("stars", "Mean (1-5)", 1, 5),
    others=(Share("satisfied", "Four or five stars", SATISFIED),),
    source="Mean and top-2 box of a five-point rating, the usual convention of the field",
)
