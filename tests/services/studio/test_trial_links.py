"""Addresses of trials: signed, for one text, and only for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feedback.services.studio.trial_links import WORKS_FOR, make, read

NOW = datetime(2027, 1, 4, 12, tzinfo=UTC)
OLD, NEW = b"old key", b"new key"


def test_an_address_works_for_a_week_also_after_a_change_of_the_key() -> None:
    link = read([NEW, OLD], make([OLD], "renewal-nps", "fa", NOW), NOW + WORKS_FOR - timedelta(seconds=1))
    assert link
    assert (link.key, link.language, link.until) == ("renewal-nps", "fa", NOW + WORKS_FOR)
    assert read([NEW], make([NEW], "renewal-nps", "fa", NOW), NOW + WORKS_FOR) is None


@pytest.mark.parametrize(
    "change",
    [
        ("renewal", "another"),
        (".fa.", ".en."),
        (".", ":"),
        ("renewal", "Renewal"),
        ("renewal", "ren\u0435wal"),
    ],
)
def test_a_changed_address_does_not_work(change: tuple[str, str]) -> None:
    token = make([NEW], "renewal-nps", "fa", NOW)
    assert read([NEW], token.replace(*change), NOW) is None
    assert read([OLD], token, NOW) is None
    assert read([NEW], token + "\n", NOW) is None
