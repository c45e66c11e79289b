"""The limits for visitors: fixed windows in this process's memory."""

from __future__ import annotations

from feedback.web.http.rate_limits import Counters, RateLimit

TWO = RateLimit(2, seconds=60)


class Watch:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_begins_with_its_first_event_and_then_everything_is_allowed_again() -> None:
    watch = Watch()
    counters = Counters(watch)
    assert [counters.hit(TWO, "post", "a") for _ in range(4)] == [True, True, False, False]
    watch.now += 59.9
    assert not counters.hit(TWO, "post", "a")
    watch.now += 0.1
    assert [counters.hit(TWO, "post", "a") for _ in range(3)] == [True, True, False]


def test_every_kind_and_visitor_is_counted_apart() -> None:
    counters = Counters(Watch())
    assert [counters.hit(TWO, "post", "a") for _ in range(3)] == [True, True, False]
    assert counters.hit(TWO, "miss", "a")
    assert counters.hit(TWO, "post", "b")
    assert counters.hit(RateLimit(2, seconds=3_600), "post", "a")


def test_to_look_counts_nothing() -> None:
    counters = Counters(Watch())
    assert all(counters.left(TWO, "miss", "a") for _ in range(5))
    counters.hit(TWO, "miss", "a")
    assert counters.left(TWO, "miss", "a")
    counters.hit(TWO, "miss", "a")
    assert not counters.left(TWO, "miss", "a")
