"""Thumbs: 0 is down (no), 1 is up (yes), asked of one page or one answer. The score is the share of up."""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Share

DOWN, UP = range(1), range(1, 2)

THUMBS = Metric(
    key="thumbs",
    title="Thumbs",
    scale=(("down", DOWN), ("up", UP)),
    measure=Share("thumbs", "Thumbs up", UP),
    others=(),
    source="A share of yes with Wilson's (1927) interval, the usual convention of the field",
)
