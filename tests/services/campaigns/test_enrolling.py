"""The contacts of a wave are enrolled once, whatever happens in between, and nobody is asked who must not be."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from feedback.core.campaign import occasion_key, stage_key
from feedback.services.contact import suppression
from feedback.store.models import CampaignWave, Contact, Enrolment
from feedback.store.portions import Portions
from tests.services.campaigns.conftest import CampaignWorld
from tests.services.conftest import times_delivered

ROOT = Path(__file__).parents[3]


class Interrupted(BaseException):
    """The process ends here."""


def enrolled(campaigns: CampaignWorld, campaign: int, wave: int = 1) -> dict[int, tuple[str, str | None]]:
    """Contact -> (state, reason) of its enrolment."""
    with campaigns.database.reading() as session:
        rows = session.execute(
            select(Enrolment.contact_id, Enrolment.state, Enrolment.reason).where(
                Enrolment.stage == stage_key(campaign), Enrolment.occurrence == occasion_key(wave)
            )
        ).all()
    assert set(Counter(row[0] for row in rows).values()) <= {1}
    return {row[0]: (row[1], row[2]) for row in rows}


def test_everybody_on_the_list_is_asked_once_and_nobody_else(campaigns: CampaignWorld) -> None:
    listed, _others = campaigns.people(5), campaigns.people(2, first=5)
    campaign = campaigns.add(listed)
    campaigns.run()
    assert enrolled(campaigns, campaign) == {}  # a draft
    campaigns.start(campaign)
    for _ in range(3):
        campaigns.tick()
    assert set(enrolled(campaigns, campaign)) == set(listed)
    assert {state for state, _ in enrolled(campaigns, campaign).values()} == {"issued"}
    assert set(times_delivered(campaigns.world.mailbox).values()) == {1}
    assert len(campaigns.world.mails) == 5


def test_who_refused_rests_or_is_asked_by_another_campaign_is_skipped_with_the_reason(
    campaigns: CampaignWorld,
) -> None:
    people = campaigns.people(4)
    refuses, rests, is_busy, may = people
    with campaigns.database.writing() as session:
        email = session.get_one(Contact, refuses).email
        suppression.opt_out(session, "email", str(email), source="link", now=campaigns.world.now)
    first = campaigns.add([rests])
    campaigns.start(first)
    campaigns.tick()
    later = campaigns.add([is_busy], starts_at=campaigns.world.now, spread_days=1, name="Later")
    campaigns.start(later)
    campaigns.run()  # enrolled, and not sent yet
    campaign = campaigns.add(people)
    campaigns.start(campaign)
    campaigns.run()
    assert enrolled(campaigns, campaign) == {
        refuses: ("skipped", "no_channel"),
        rests: ("skipped", "contacted_recently"),
        is_busy: ("skipped", "in_other_campaign"),
        may: ("scheduled", None),
    }


def test_enrolling_that_ends_after_any_portion_is_continued(campaigns: CampaignWorld) -> None:
    people = campaigns.people(90)
    campaign = campaigns.add(people)
    campaigns.start(campaign)
    left = 0

    def rest(_: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Interrupted

    interrupted = 0
    for allowed in (0, 1, 0, 50):
        left = allowed
        try:
            campaigns.run(Portions(campaigns.database, seconds=lambda: 0.0, rest=rest))
        except Interrupted:
            interrupted += 1
    assert interrupted >= 1
    assert set(enrolled(campaigns, campaign)) == set(people)
    wave = campaigns.campaign(campaign).waves[0]
    assert (wave.seen, wave.asked, wave.expected) == (90, 90, 90)
    assert wave.enrolled_at is not None


def test_two_workers_that_enrol_at_once_ask_everybody_once_and_draw_no_more_than_wanted(
    campaigns: CampaignWorld,
) -> None:
    campaign = campaigns.add(campaigns.people(60), sample=25)
    campaigns.start(campaign)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            campaigns.run()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(enrolled(campaigns, campaign)) == 25
    assert campaigns.campaign(campaign).waves[0].asked == 25


ENROL = """
import sys, time
from datetime import datetime
from itertools import count
from pathlib import Path
from feedback import library, resources
from feedback.services.campaigns import enrolling
from feedback.services.context import Context
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.portions import Portions

database = Database(sys.argv[1])
context = Context(load(Path(sys.argv[2]), {"FEEDBACK_DEMO": "true"}),
                  library.load(resources.directories("questionnaires")), {})
print("ready", flush=True)
portions = Portions(database, seconds=count().__next__, rest=lambda _: print("portion", flush=True))
enrolling.enrol_all_waves(portions, context, datetime.fromisoformat(sys.argv[3]))
"""


def test_a_worker_that_is_killed_while_it_enrols_asks_nobody_twice(
    campaigns: CampaignWorld, tmp_path: Path
) -> None:
    people = campaigns.people(150)
    campaign = campaigns.add(people)
    campaigns.start(campaign)
    url = campaigns.database.url.render_as_string(hide_password=False)
    killed = 0
    for portions in (1, 2):
        process = subprocess.Popen(
            [sys.executable, "-c", ENROL, url, str(tmp_path), campaigns.world.now.isoformat()],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            for _ in range(1 + portions):
                process.stdout.readline()
            process.kill()
        killed += process.returncode == -signal.SIGKILL
    assert killed == 2
    before = len(enrolled(campaigns, campaign))
    assert 0 < before < 150
    campaigns.run()
    assert set(enrolled(campaigns, campaign)) == set(people)
    wave = campaigns.campaign(campaign).waves[0]
    assert (wave.seen, wave.asked) == (150, 150)


def test_a_draw_counts_only_who_can_be_asked(campaigns: CampaignWorld) -> None:
    people = campaigns.people(20)
    without = campaigns.people(20, first=20, email=None)
    campaign = campaigns.add([*people, *without], sample=12)
    campaigns.start(campaign)
    campaigns.run()
    found = Counter(state for state, _ in enrolled(campaigns, campaign).values())
    assert found["scheduled"] == 12


def test_a_campaign_that_is_spread_asks_on_several_days(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(9), spread_days=3)
    campaigns.start(campaign)
    campaigns.run()
    with campaigns.database.reading() as session:
        due = session.scalars(select(Enrolment.due_at).order_by(Enrolment.due_at)).all()
    days = Counter((each - campaigns.world.now).days for each in due)
    assert days == {0: 3, 1: 3, 2: 3}


def test_a_campaign_of_a_later_time_waits_for_it(campaigns: CampaignWorld) -> None:
    at = campaigns.world.now + timedelta(days=2)
    campaign = campaigns.add(campaigns.people(2), starts_at=at)
    campaigns.start(campaign)
    campaigns.tick()
    assert enrolled(campaigns, campaign) == {}
    campaigns.world.wait(days=2)
    campaigns.tick()
    assert len(campaigns.world.mails) == 2


@pytest.mark.parametrize("language", ["tr", "de"])
def test_only_contacts_with_the_languages_of_the_campaign_are_asked(
    campaigns: CampaignWorld, language: str
) -> None:
    turkish, german = campaigns.people(1, language="tr"), campaigns.people(1, first=1, language="de")
    campaign = campaigns.add([*turkish, *german], languages=[language])
    campaigns.start(campaign)
    campaigns.run()
    assert list(enrolled(campaigns, campaign)) == (turkish if language == "tr" else german)


def test_the_places_of_a_wave_are_in_the_order_of_the_draw(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(30))
    campaigns.start(campaign)
    campaigns.run()
    with campaigns.database.reading() as session:
        wave = session.scalars(select(CampaignWave)).one()
        last = session.get_one(Contact, wave.place_id)
        turns = session.scalars(select(Contact.turn)).all()
        ring = [(turn - wave.draw) % (90 << 24) for turn in turns]
        assert wave.place == max(ring) == (last.turn - wave.draw) % (90 << 24)
