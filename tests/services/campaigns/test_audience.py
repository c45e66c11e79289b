"""Audiences in the order of a draw, and how large they are."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback.core.campaign import place_after
from feedback.core.contact.policy import RING
from feedback.services.campaigns import audience
from feedback.store.models import Contact
from tests.services.campaigns.conftest import CampaignWorld

EVERYBODY = Contact.erased_at.is_(None)


@pytest.mark.parametrize("draw", [0, RING // 3, RING - 1])
def test_a_draw_that_is_continued_gives_everybody_once_in_one_order(
    campaigns: CampaignWorld, draw: int
) -> None:
    people = campaigns.people(25)
    found: list[audience.Drawn] = []
    with campaigns.database.reading() as session:
        while some := audience.candidates(session, EVERYBODY, draw, found[-1] if found else None, 7):
            found += some
        turns = dict(session.execute(select(Contact.id, Contact.turn)).all())
    assert sorted(each.id for each in found) == people
    assert [each.place for each in found] == sorted(place_after(turns[each], draw) for each in people)


def test_a_small_audience_is_counted_exactly_and_a_large_one_on_a_part_of_the_ring(
    campaigns: CampaignWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns.people(80)
    with campaigns.database.reading() as session:
        everybody = audience.look(session, EVERYBODY, RING // 2, 100)
        assert (everybody.size.number, everybody.size.is_exact, len(everybody.drawn)) == (80, True, 80)
        some = audience.look(session, EVERYBODY, RING // 2, 30)
        assert (some.size.number, some.size.is_exact, len(some.drawn)) == (80, True, 30)
        assert list(some.drawn) == list(everybody.drawn)[:30]
        monkeypatch.setattr(audience, "MEASURED", 20)
        monkeypatch.setattr(audience, "MOST_MEASURED", 40)
        part = audience.look(session, EVERYBODY, RING // 2, 30)
    assert not part.size.is_exact
    assert part.size.low <= 80 <= part.size.high
    assert list(part.drawn) == list(everybody.drawn)[: len(part.drawn)]
