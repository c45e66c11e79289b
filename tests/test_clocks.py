"""Wall clocks that are set, and nights in which they change: customers are asked once, and not in their sleep.

Everything comes in by the API and goes out by the worker; time is the machine's, which these tests set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from feedback import clock, library, resources
from feedback.bootstrap import Runtime
from feedback.errors import DeliveryFailed
from feedback.library import Library
from feedback.providers.base import Outgoing, Provider, Sent, Verdict, refusal
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services.messaging import reconciliation
from feedback.services.staff import api_keys
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.models import Message
from feedback.web.app import create_app
from feedback.worker import Worker

TUESDAY_TEN_IN_ISTANBUL = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
DENIZ = {"name": "Deniz", "phone": "+905321234567", "time_zone": "Europe/Istanbul", "language": "en"}
SAM = {"name": "Sam", "email": "sam@example.com", "time_zone": "America/New_York", "language": "en"}
CONSENT = {"consent": {"basis": "contract", "source": "terms"}}
HOUR = 3_600

Fault = Callable[[Outgoing], DeliveryFailed | None]


class Killed(BaseException):
    """The process ends here."""


class Phone(Simulator):
    """A provider with a clock of its own; `before` and `after` are called around each delivery."""

    before: Callable[[], None] = staticmethod(lambda: None)
    after: Callable[[], None] = staticmethod(lambda: None)

    def send(self, outgoing: Outgoing) -> Sent:
        self.before()
        sent = super().send(outgoing)
        self.after()
        return sent


@dataclass
class Days:
    """An installation, its customers' messages, and the time: the wall clock's, and the one that nobody can set."""

    runtime: Runtime
    mailbox: MemoryMailbox
    travel: time_machine.Coordinates
    uptime: float = 0.0
    phones: dict[str, Phone] = field(default_factory=dict)

    def tell(self, contact: dict[str, str], event: str = "ticket_closed") -> None:
        """A customer, and what happened to it just now, by the API."""
        with self.runtime.database.writing() as session:
            _, token = api_keys.create(session, "CRM", by=None, now=clock.now())
        program = create_app(self.runtime).test_client(use_cookies=False)
        headers = {"Authorization": f"Bearer {token}"}
        stored = program.put("/api/v1/contacts/C-1", json={**contact, **CONSENT}, headers=headers)
        body = {"key": "T-1", "name": event, "contact": "C-1"}
        told = program.post("/api/v1/events", json=body, headers=headers)
        assert (stored.status_code, told.status_code) == (201, 201)

    def worker(self) -> Worker:
        worker = Worker(self.runtime, clock.now)
        worker._timer = reconciliation.UnconfirmedTimer(lambda: self.uptime)
        return worker

    def live(self, worker: Worker, hours: float, step: float = 600) -> None:
        """Let time pass, and the worker tick every `step` seconds."""
        for _ in range(int(hours * HOUR / step)):
            self.travel.shift(step)
            self.uptime += step
            worker.tick()

    def arrivals(self) -> list[datetime]:
        return [each.at for each in self.mailbox.delivered]

    def states(self) -> list[str]:
        with self.runtime.database.reading() as session:
            return list(session.scalars(select(Message.state)))


@pytest.fixture(scope="module")
def shipped() -> Library:
    return library.load(resources.directories("questionnaires"))


@pytest.fixture
def days(migrated: Database, shipped: Library, tmp_path: Path) -> Iterator[Days]:
    """On SQLite, and again on PostgreSQL; Tuesday morning."""
    environ = {
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_ORGANISATION_NAME": "Acme",
        "FEEDBACK_WEB_PUBLIC_URL": "http://localhost",
        "FEEDBACK_CONTACT_WEEKDAYS": "mon,tue,wed,thu,fri,sat,sun",
    }
    mailbox = MemoryMailbox()
    phones = {f"simulator_{channel}": Phone(channel=channel, mailbox=mailbox) for channel in ("sms", "email")}
    providers: dict[str, Provider] = dict(phones)
    shelf = Library(shipped.questionnaires, shipped.journey)
    runtime = Runtime(load(tmp_path, environ), shelf, providers, migrated)
    with time_machine.travel(TUESDAY_TEN_IN_ISTANBUL, tick=False) as travel:
        yield Days(runtime, mailbox, travel, phones=phones)


# Clocks that are set


def kill() -> None:
    raise Killed


@pytest.mark.parametrize("died", ["before", "after"])
@pytest.mark.parametrize("jump", [6 * HOUR, -2 * HOUR], ids=["forward", "back"])
def test_a_clock_that_is_set_while_a_dead_worker_holds_a_lease_costs_only_time(
    days: Days, jump: int, died: str
) -> None:
    days.tell(DENIZ)
    days.travel.shift(HOUR + 60)
    days.mailbox.now = lambda: clock.now() + timedelta(seconds=jump)  # the provider's clock is right
    setattr(days.phones["simulator_sms"], died, kill)
    with pytest.raises(Killed):
        days.worker().tick()
    setattr(days.phones["simulator_sms"], died, lambda: None)
    days.travel.shift(jump)
    days.mailbox.now = clock.now
    days.live(days.worker(), 3)
    assert (len(days.arrivals()), days.states()) == (1, ["sent"])


@pytest.mark.parametrize("jump", [6 * HOUR, -2 * HOUR], ids=["forward", "back"])
def test_a_worker_that_is_frozen_while_the_clock_is_set_does_not_double_what_it_was_about_to_send(
    days: Days, jump: int
) -> None:
    frozen, thaw, trouble = threading.Event(), threading.Event(), list[BaseException]()

    def freeze() -> None:
        frozen.set()
        thaw.wait(60)

    def tick() -> None:
        try:
            days.worker().tick()
        except BaseException as error:
            trouble.append(error)

    days.tell(DENIZ)
    days.travel.shift(HOUR + 60)
    days.phones["simulator_sms"].before = freeze
    asleep = threading.Thread(target=tick)
    asleep.start()
    assert frozen.wait(60)
    days.travel.shift(jump)
    awake = days.worker()
    for _ in range(12):  # an hour by the wall clock, 36 seconds in truth
        days.travel.shift(300)
        days.uptime += 3
        awake.tick()
    assert days.arrivals() == []
    thaw.set()
    asleep.join()
    days.live(awake, 3)
    assert (trouble, len(days.arrivals()), days.states()) == ([], 1, ["sent"])


def test_a_worker_goes_on_ticking_when_the_clock_is_set_back(days: Days) -> None:
    settings = days.runtime.settings
    quick = replace(settings, worker=replace(settings.worker, tick=0.1))
    told: list[datetime] = []

    def now() -> datetime:
        told.append(clock.now())
        return told[-1]

    worker = Worker(replace(days.runtime, settings=quick), now)
    with time_machine.travel(TUESDAY_TEN_IN_ISTANBUL, tick=True) as travel:
        worker.start()
        try:
            wait_until(lambda: len(told) > 30)
            travel.shift(-2 * HOUR)
            wait_until(lambda: told[-1] < TUESDAY_TEN_IN_ISTANBUL)
            ticked = len(told)
            wait_until(lambda: len(told) > ticked + 30)
        finally:
            worker.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "stuck"
        time.sleep(0.05)


# Nights in which the clocks change


def local(text: str) -> datetime:
    """A moment in New York."""
    return datetime.fromisoformat(text).astimezone(NEW_YORK)


@pytest.mark.parametrize(
    ("hours", "closed", "arrives"),
    [
        # 8 March 2026: 01:59 EST is followed by 03:00 EDT.
        (("02:30", "20:00"), "2026-03-08T00:00-05:00", "2026-03-08T03:30-04:00"),
        (("00:00", "23:00"), "2026-03-08T01:30-05:00", "2026-03-08T03:30-04:00"),
        (("00:00", "02:30"), "2026-03-08T00:30-05:00", "2026-03-09T00:00-04:00"),
        # 1 November 2026: 01:59 EDT is followed by 01:00 EST.
        (("01:30", "20:00"), "2026-11-01T00:00-04:00", "2026-11-01T01:30-05:00"),
        (("00:00", "01:30"), "2026-11-01T00:00-04:00", "2026-11-01T01:00-04:00"),
        (("00:00", "01:30"), "2026-11-01T00:30-04:00", "2026-11-02T00:00-05:00"),
    ],
    ids=[
        "opens at an hour that does not exist",
        "due at an hour that does not exist",
        "closes at an hour that does not exist",
        "opens at an hour that comes twice",
        "due before an hour that comes twice",
        "closes at an hour that comes twice",
    ],
)
def test_in_the_night_of_the_change_a_message_waits_for_the_hours_of_its_reader(
    days: Days, hours: tuple[str, str], closed: str, arrives: str
) -> None:
    open_between(days, *hours)
    days.travel.move_to(local(closed))  # the ticket
    days.tell(SAM)  # asked one real hour later, if the hours allow it
    days.live(days.worker(), 30, step=HOUR / 2)
    (arrived,) = days.arrivals()
    assert arrived.astimezone(NEW_YORK) == local(arrives)


@pytest.mark.parametrize(
    ("hours", "due", "back", "arrives"),
    [
        # The hours closed at the first 01:30; the second 01:00 looks early enough, and is not.
        (("00:00", "01:30"), "2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00", "2026-11-02T00:00-05:00"),
        # Three on the wall is an hour and ten minutes after ten to one; the hours are over.
        (("00:00", "01:30"), "2026-03-08T00:50-05:00", "2026-03-08T03:00-04:00", "2026-03-09T00:00-04:00"),
    ],
    ids=["autumn", "spring"],
)
def test_a_message_that_was_late_in_the_night_of_the_change_is_decided_anew_when_it_could_go(
    days: Days, hours: tuple[str, str], due: str, back: str, arrives: str
) -> None:
    open_between(days, *hours)
    days.travel.move_to(local(due) - timedelta(hours=1))
    days.tell(SAM)
    days.travel.move_to(local(due))
    days.phones["simulator_email"]._faults = lambda _: refusal(Verdict.UNREACHABLE, "The line is down.")
    worker = days.worker()
    worker.tick()
    assert days.states() == ["queued"]
    days.travel.move_to(local(back))
    days.phones["simulator_email"]._faults = None
    days.live(worker, 30, step=HOUR / 2)
    (arrived,) = days.arrivals()
    assert arrived.astimezone(NEW_YORK) == local(arrives)


def open_between(days: Days, opens: str, closes: str) -> None:
    """Nobody is written to outside these hours of their own day."""
    contact = days.runtime.settings.contact
    hours = replace(
        contact, quiet_to=clock_time.fromisoformat(opens), quiet_from=clock_time.fromisoformat(closes)
    )
    days.runtime = replace(days.runtime, settings=replace(days.runtime.settings, contact=hours))
