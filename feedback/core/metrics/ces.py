"""Customer Effort Score, in its three forms. They must not be mixed: their scales differ, one is reversed.

ces2      "X made it easy for me to handle my issue.", 1-7, strongly disagree to strongly agree
ces1      "How much effort did you personally have to put forth ...?", 1-5, **low is good**; kept for
                    organisations with a history of it. Its authors replaced it: people misread the reversed scale,
                    and "effort" is hard to translate
ces_item  "How easy or difficult was it to ...?", 1-7, very difficult to very easy

Score: the mean; also given is the share of easy answers. Vendors define the bands differently (4 is neutral
here, good or bad elsewhere), so a report has to name its bands.
"""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Mean, Share

DIFFICULT, NEUTRAL, EASY = range(1, 4), range(4, 5), range(5, 8)
SEVEN_POINTS = (("difficult", DIFFICULT), ("neutral", NEUTRAL), ("easy", EASY))

CES2 = Metric(
    key="ces2",
    title="Customer Effort Score 2.0",
    scale=SEVEN_POINTS,
    measure=Mean("ces2", "Customer Effort Score 2.0", 1, 7),
    others=(Share("easy", "Agree that it was easy (5-7)", EASY),),
    source="CEB (2013), Customer Effort Score 2.0; Dixon, Toman and DeLisi (2013), The Effortless Experience",
)

CES_ITEM = Metric(
    key="ces_item",
    title="Ease of a task",
    scale=SEVEN_POINTS,
    measure=Mean("ces_item", "Ease of a task", 1, 7),
    others=(Share("easy", "Found it easy (5-7)", EASY),),
    source="Item-specific form of CES 2.0 (CEB 2013); item-specific scales after Saris et al. (2010)",
)

CES1 = Metric(
    key="ces1",
    title="Customer Effort Score 1.0",
    scale=(("difficult", range(4, 6)), ("neutral", range(3, 4)), ("easy", range(1, 3))),
    measure=Mean("ces1", "Customer Effort Score 1.0", 1, 5),
    others=(Share("easy", "Little effort (1-2)", range(1, 3)),),
    source="Dixon, Freeman and Toman (2010), Stop trying to delight your customers, HBR 88(7)",
)
