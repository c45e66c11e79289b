"""Single Ease Question: "Overall, how easy or difficult was this task?", 1 very difficult to 7 very easy."""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.ces import EASY, SEVEN_POINTS
from feedback.core.metrics.measures import Mean, Share

SEQ = Metric(
    key="seq",
    title="Single Ease Question",
    scale=SEVEN_POINTS,
    measure=Mean("seq", "Single Ease Question", 1, 7),
    others=(Share("easy", "Found it easy (5-7)", EASY),),
    source="Sauro and Dumas (2009), Comparison of three one-question, post-task usability questionnaires",
)
