from __future__ import annotations

import pytest

from feedback.core.webhook_events import EVENT_TYPES, WebhookFilter, known_types


def test_types_keep_the_order_of_the_table_and_unknown_ones_are_named() -> None:
    assert known_types(["score.low", "response.created"]) == ["response.created", "score.low"]
    with pytest.raises(ValueError, match=r"'score\.high'"):
        known_types(["score.low", "score.high"])


def test_every_type_has_a_title_and_a_shape() -> None:
    assert all(each.title and each.shape and name == each.name for name, each in EVENT_TYPES.items())


@pytest.mark.parametrize(
    ("filters", "facts", "passes"),
    [
        (WebhookFilter(), {"segment": None, "score": None}, True),
        (WebhookFilter(segments=("vip",)), {"segment": "vip"}, True),
        (WebhookFilter(segments=("vip",)), {"segment": None}, False),
        (WebhookFilter(questionnaires=("nps",)), {"channel": "sms"}, True),
        (
            WebhookFilter(channels=("sms",), stages=("renewal",)),
            {"channel": "sms", "stage": "support"},
            False,
        ),
        (WebhookFilter(score_at_most=6), {"score": 6}, True),
        (WebhookFilter(score_at_most=6), {"score": 7}, False),
        (WebhookFilter(score_at_most=6), {"score": None}, False),
        (WebhookFilter(score_at_most=0), {"channel": "sms"}, True),
    ],
)
def test_a_filter_only_concerns_events_that_have_the_fact(
    filters: WebhookFilter, facts: dict[str, object], passes: bool
) -> None:
    assert filters.passes(facts) is passes
    assert WebhookFilter.from_stored(filters.stored()) == filters
