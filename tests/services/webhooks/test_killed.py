"""Senders that are killed with -9 lose nothing (`dev.py bench webhooks` does the same with 2,000 events)."""

from __future__ import annotations

from feedback.store.database import Database
from tests import webhook_trial
from tests.fakes.fake_receiver import FakeReceiver


def test_killed_senders_and_failing_receivers_lose_nothing_and_keep_the_order(migrated: Database) -> None:
    with FakeReceiver(webhook_trial.failing(0.2, 1)) as first, FakeReceiver() as second:
        webhook_trial.listen(migrated, [first, second])
        webhook_trial.fill(migrated, 40)
        arrived = webhook_trial.run(migrated, [first, second], kill_every=40, seed=2)
    assert (arrived.planned, arrived.never, arrived.disordered) == (80, 0, 0)
    assert arrived.kills >= 2
