"""Employee Net Promoter Score: "... recommend X as a place to work ...", scored exactly as NPS.

It is a separate metric, so that rollups never add employees to customers.
"""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Net
from feedback.core.metrics.nps import DETRACTOR, PROMOTER, SCALE, SHARES

ENPS = Metric(
    key="enps",
    title="Employee Net Promoter Score",
    scale=SCALE,
    measure=Net("enps", "Employee Net Promoter Score", good=PROMOTER, bad=DETRACTOR),
    others=SHARES,
    source="Reichheld (2003), applied to employees (Reichheld and Markey 2011, The Ultimate Question 2.0)",
    about="employer",
)
