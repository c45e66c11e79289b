"""Faces, three or five, each with a text label: the share of the top face (of three) or top two (of five).

Three and five faces are metrics of their own: a 3 is the best of one and the middle of the other.
"""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.csat import FIVE_POINTS, SATISFIED
from feedback.core.metrics.measures import Share

_SOURCE = "Top box of a labelled face scale; faces as a response scale: Kunin (1955), Personnel Psychology 8"

SMILEYS_3 = Metric(
    key="smileys_3",
    title="Smileys (3)",
    scale=(("dissatisfied", range(1, 2)), ("neutral", range(2, 3)), ("satisfied", range(3, 4))),
    measure=Share("smileys_3", "Top face", range(3, 4)),
    others=(),
    source=_SOURCE,
)

SMILEYS_5 = Metric(
    key="smileys_5",
    title="Smileys (5)",
    scale=FIVE_POINTS,
    measure=Share("smileys_5", "Top two faces", SATISFIED),
    others=(),
    source=_SOURCE,
)
