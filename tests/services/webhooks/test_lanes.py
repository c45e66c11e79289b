"""Each endpoint has a thread of its own (the waiting for a slow receiver is in test_delivering.py)."""

from __future__ import annotations

import pytest

from feedback.errors import StorageUnavailable
from feedback.services.webhooks import delivering
from tests.services.webhooks.conftest import Office


def test_without_threads_everything_is_sent_before_it_returns(office: Office) -> None:
    receivers = [office.receiver(), office.receiver()]
    for each in receivers:
        office.endpoint(each.url, ["response.created"])
    office.answer()
    office.spread()
    lanes = office.lanes()
    assert lanes.run_here(office.now) == 2
    assert [len(each.taken) for each in receivers] == [1, 1]
    lanes.close()


def test_what_a_lane_raises_is_raised_by_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.endpoint("http://127.0.0.1:9/")
    office.answer()
    office.spread()

    def broken(*_: object) -> int:
        raise StorageUnavailable("The disk is full.")

    lanes = office.lanes()
    monkeypatch.setattr(delivering, "deliver", broken)
    with pytest.raises(StorageUnavailable):
        lanes.start_due(office.now)
        lanes.close()
        lanes.raise_error()
