"""Product-market fit: "How would you feel if you could no longer use X?"

3 very, 2 somewhat, 1 not disappointed; people who no longer use X are not counted. The score is the share of
"very"; 40 % is a common rule of thumb for a fit. A low answer is not a complaint, so it opens no follow-up.
"""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Share

NOT, SOMEWHAT, VERY = range(1, 2), range(2, 3), range(3, 4)

PMF = Metric(
    key="pmf",
    title="Product-market fit",
    scale=(("not", NOT), ("somewhat", SOMEWHAT), ("very", VERY)),
    measure=Share("pmf", "Very disappointed without it", VERY),
    others=(Share("somewhat", "Somewhat disappointed without it", SOMEWHAT),),
    source="Sean Ellis (2009), the product-market fit survey",
    about="relationship",
)
