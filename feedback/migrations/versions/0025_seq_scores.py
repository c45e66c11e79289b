"""Score the Single Ease Question.

SEQ was registered as an instrument without its metric, so its answers were counted like those of other ratings. Those
that were given become scores, and the counts have to be rebuilt: at the first start, or by `feedback db
rebuild-rollups` if there are many answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# The answer is JSON: a number, or a text such as "not_applicable", which is not in the list.
_SCORED = """
    INSERT INTO score (response_id, question, metric, trend, value, band, at)
    SELECT given.response_id, :question, 'seq', :trend, given.point,
           CASE WHEN given.point < 4 THEN 'difficult' WHEN given.point = 4 THEN 'neutral' ELSE 'easy' END, given.at
    FROM (
        SELECT response.id AS response_id, response.answered_at AS at,
               CASE CAST(answer.value AS VARCHAR(20)) WHEN '1' THEN 1 WHEN '2' THEN 2 WHEN '3' THEN 3 WHEN '4' THEN 4
                    WHEN '5' THEN 5 WHEN '6' THEN 6 WHEN '7' THEN 7 END AS point
        FROM response JOIN answer ON answer.response_id = response.id
        WHERE response.version_id = :version AND answer.question = :question AND NOT response.provisional
    ) AS given
    WHERE given.point IS NOT NULL
"""


def upgrade() -> None:
    connection = op.get_bind()
    versions: Iterable[Any] = connection.execute(
        sa.select(sa.column("id"), sa.column("content", sa.JSON())).select_from(
            sa.table("questionnaire_version")
        )
    ).all()
    scored = 0
    for version, content in versions:
        for question in _asked(content):
            given = {
                "version": version,
                "question": question,
                "trend": content.get("trend") or content["key"],
            }
            scored += connection.execute(sa.text(_SCORED), given).rowcount
    if scored:
        op.execute("UPDATE counted_by SET complete = false")


def downgrade() -> None:
    op.execute("DELETE FROM score WHERE metric = 'seq'")


def _asked(content: Mapping[str, Any] | None) -> Iterator[str]:
    """The questions of a version that are the Single Ease Question."""
    for question in (content or {}).get("questions", ()):
        claim = question.get("instrument")
        if (claim.get("name") if isinstance(claim, dict) else claim) == "seq":
            yield question["key"]
