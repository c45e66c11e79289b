"""The registry of metrics. To add a metric, write its module and add a line to METRICS."""

from collections.abc import Mapping

from feedback.core.metrics.base import (
    About,
    Aggregate,
    Comparison,
    Counts,
    Estimate,
    Measure,
    Metric,
    Secondary,
    Unit,
)
from feedback.core.metrics.ces import CES1, CES2, CES_ITEM
from feedback.core.metrics.csat import CSAT
from feedback.core.metrics.display import Display, cell_visible, display, protected, whole_percents
from feedback.core.metrics.enps import ENPS
from feedback.core.metrics.nps import NPS
from feedback.core.metrics.own_scale import Registry
from feedback.core.metrics.paired import paired
from feedback.core.metrics.pmf import PMF
from feedback.core.metrics.seq import SEQ
from feedback.core.metrics.smileys import SMILEYS_3, SMILEYS_5
from feedback.core.metrics.stars import STARS
from feedback.core.metrics.sus import SUS
from feedback.core.metrics.thumbs import THUMBS
from feedback.core.metrics.umux_lite import UMUX_LITE

METRICS: Mapping[str, Metric] = Registry(
    {
        "nps": NPS,
        "enps": ENPS,
        "ces2": CES2,
        "ces1": CES1,
        "ces_item": CES_ITEM,
        "csat": CSAT,
        "stars": STARS,
        "smileys_3": SMILEYS_3,
        "smileys_5": SMILEYS_5,
        "thumbs": THUMBS,
        "pmf": PMF,
        "sus": SUS,
        "umux_lite": UMUX_LITE,
        "seq": SEQ,
    }
)

__all__ = [
    "METRICS",
    "About",
    "Aggregate",
    "Comparison",
    "Counts",
    "Display",
    "Estimate",
    "Measure",
    "Metric",
    "Secondary",
    "Unit",
    "cell_visible",
    "display",
    "paired",
    "protected",
    "whole_percents",
]
