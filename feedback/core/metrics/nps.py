"""Net Promoter Score: "How likely is it that you would recommend X to a friend or colleague?", 0 to 10.

Promoters answer 9-10, passives 7-8, detractors 0-6; the score is the share of promoters minus the share
of detractors, from -100 to +100 points.
"""

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Net, Share

DETRACTOR, PASSIVE, PROMOTER = range(7), range(7, 9), range(9, 11)
SCALE = (("detractor", DETRACTOR), ("passive", PASSIVE), ("promoter", PROMOTER))
SHARES = (
    Share("promoters", "Promoters (9-10)", PROMOTER),
    Share("passives", "Passives (7-8)", PASSIVE),
    Share("detractors", "Detractors (0-6)", DETRACTOR),
)

NPS = Metric(
    key="nps",
    title="Net Promoter Score",
    scale=SCALE,
    measure=Net("nps", "Net Promoter Score", good=PROMOTER, bad=DETRACTOR),
    others=SHARES,
    source="Reichheld (2003), The one number you need to grow, Harvard Business Review 81(12)",
    about="relationship",
)
