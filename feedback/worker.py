"""The background worker: jobs run by APScheduler. All state is in our tables, so several workers can run."""

from __future__ import annotations

import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from feedback import clock
from feedback.core.time.local_days import day_of
from feedback.errors import DeliveryFailed, ProviderHeld, StorageUnavailable
from feedback.providers import PROVIDERS
from feedback.providers.base import uptime
from feedback.services.backups import nightly
from feedback.services.campaigns import upkeep
from feedback.services.contact import suppression
from feedback.services.doors import arrivals, processing
from feedback.services.exports import jobs
from feedback.services.followups import recovery_survey, reported_changes, workflow
from feedback.services.imports import runs
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import (
    dead_mans_switch,
    dispatch,
    heartbeats,
    outbox,
    provider_holds,
    reconciliation,
)
from feedback.services.messaging.stopping import StopSignal
from feedback.services.notifications import (
    account_email,
    admin_alerts,
    chat_notices,
    escalation,
    morning_digest,
    owner_digest,
    reply_email,
    webhook_email,
)
from feedback.services.privacy import retention
from feedback.services.report_mails import sending
from feedback.services.reports.comments import contact_questions
from feedback.services.reports.driver_analysis import renew_drivers
from feedback.services.responses import link_visitors, missed_replies
from feedback.services.responses.reading import Readings
from feedback.services.staff import accounts, attempts, call_answers, provider_sessions, sessions
from feedback.services.studio.following import Following
from feedback.services.themes import counting, labelling
from feedback.services.webhooks import delivering, delivery_log, spreading
from feedback.services.webhooks.lanes import WebhookLanes
from feedback.store.portions import Portions, never

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = structlog.get_logger()

SLEW = 1.0
"""Seconds: a smaller correction of the wall clock is ignored."""
CATCH_UP = "catch up"
UNREAD = "catch_up"
"""The code of a hold because replies cannot be read."""
ASLEEP = 60.0
"""Seconds: if this process, or its machine, slept for so long, it may have missed replies."""
LAST_WORDS = 0.5
"""Seconds to record what is known, after the time for stopping is over."""

Job = Callable[["Runtime", datetime], object]
Stopped = Callable[[], bool]
Pools = Mapping[str, ThreadPoolExecutor | None]


class Worker:
    """Runs the jobs until it is stopped; `stop` waits for calls in flight, but not forever."""

    def __init__(self, runtime: Runtime, now: Callable[[], datetime] | None = None) -> None:
        """`now` returns the time; the default is the database's clock, so that all nodes agree on leases."""
        self.runtime = runtime
        self._now = now or runtime.database.now
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        # One pool per channel, so that a mail server that hangs does not delay text messages.
        threads = runtime.settings.worker.concurrency
        self._pools = {key: ThreadPoolExecutor(threads, thread_name_prefix=key) for key in _known(runtime)}
        self._timer = reconciliation.UnconfirmedTimer()
        self._readings = Readings(missed_replies.providers(runtime))
        self._failures = heartbeats.JobFailures(clock.now)
        self._started_at = clock.now()
        self._running: set[str] = set()
        self._stop = StopSignal()
        self._following = Following(runtime.database, runtime)
        self._served = runtime.providers
        self._lanes = WebhookLanes(
            runtime.database,
            delivering.http_of(runtime.settings.webhooks),
            self._now,
            lambda: self._stop.asked,
        )
        self._scheduler = BackgroundScheduler(
            timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": 16}}
        )

    def start(self) -> None:
        """Start the jobs in background threads and return."""
        tick = self.runtime.settings.worker.tick
        for name, job, every in self._jobs(tick, self._pools):
            self._scheduler.add_job(
                self._run,
                "interval",
                args=(name, job),
                seconds=every,
                id=name,
                next_run_time=clock.now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,  # the default of one second would silently drop a late run
            )
        self._scheduler.start()
        self._minder = threading.Thread(target=self._mind_the_clock, args=(tick,), daemon=True)
        self._minder.start()
        log.info("worker.started", worker=self.name, tick=tick)

    def ask_to_stop(self) -> None:
        """Begin nothing new: no job, no call to a provider. Returns at once; `stop` waits for the rest."""
        self._stop.ask()

    def stop(self) -> bool:
        """Begin nothing new, put back what was claimed, and wait until the calls in flight are recorded.

        Returns False if some of it was not finished within `worker.stop_within` from `ask_to_stop` on: the process
        must end all the same, and another worker looks up what is in doubt.
        """
        self._stop.ask()
        within = self.runtime.settings.worker.stop_within.total_seconds() - self._stop.seconds_ago()
        closing = threading.Thread(target=self._close, daemon=True)
        closing.start()
        closing.join(max(within, 0.0))
        self._stop.end()
        closing.join(LAST_WORDS)
        if closing.is_alive():
            log.warning("worker.stopped_early", worker=self.name, jobs=sorted(self._running.copy()))
            return False
        log.info("worker.stopped", worker=self.name)
        return True

    def _close(self) -> None:
        dispatch.put_back(self.runtime.database, self.name)
        self._minder.join()
        self._scheduler.shutdown(wait=True)
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        self._lanes.close()
        with suppress(StorageUnavailable), self.runtime.database.writing() as session:
            heartbeats.left(session, self.name)

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def run(self) -> bool:
        """Run in the foreground until SIGTERM or SIGINT. Returns what `stop` returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.ask())
        self.start()
        self._stop.wait_until_asked()
        return self.stop()

    def tick(self) -> None:
        """Run every job once in this thread, in the order of a survey's life; for tests and commands."""
        self._readings.hurry()
        for name, job, _ in self._jobs(1, dict.fromkeys(_known(self.runtime))):
            self._run(name, job)

    def _mind_the_clock(self, every: float) -> None:
        """Reschedule all jobs if the wall clock is set back: the scheduler waits for a wall-clock time, so without
        this it would do nothing until the clock has caught up."""
        ahead, awake = _wall_clock_ahead(), uptime()
        while not self._stop.wait_until_asked(every):
            before, ahead = ahead, _wall_clock_ahead()
            slept, awake = uptime() - awake - every, uptime()
            if slept > ASLEEP:
                self._readings.missed()
            if ahead < before - SLEW:
                log.warning("worker.clock_set_back", seconds=round(before - ahead))
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=clock.now())

    def _jobs(self, tick: float, pools: Pools) -> list[tuple[str, Job, float]]:
        """(name, job, seconds between two runs). A provider sends in its pool, or one message at a time without one.

        Every provider and chat has its jobs, because it can be enabled while this runs; until then they do nothing.
        """

        def stopped() -> bool:
            return self._stop.asked

        return [
            ("plan", partial(plan, stopped=stopped), max(tick, 30)),
            ("campaigns", partial(run_campaigns, stopped=stopped), tick),
            ("watch campaigns", partial(watch_campaigns, stopped=stopped), max(tick, 60)),
            ("issue", partial(issue, stopped=stopped), tick),
            ("write to accounts", write_to_accounts, tick),
            *((f"{CATCH_UP} {key}", partial(self._catch_up, key), tick) for key in pools),
            *((f"send {key}", partial(self._send, key, pools[key]), tick) for key in pools),
            ("reap", partial(reap, stopped=stopped), max(tick, 15)),
            ("reconcile", self._reconcile, max(tick, 15)),
            ("remind", partial(remind, stopped=stopped), max(tick, 30)),
            ("expire", partial(expire, stopped=stopped), max(tick, 30)),
            ("follow up", partial(follow_up, stopped=stopped), max(tick, 15)),
            ("report holds", tell_of_holds, max(tick, 15)),
            ("report trouble", tell_of_trouble, max(tick, 60)),
            ("beat", self._beat, max(min(tick, heartbeats.EVERY), 1)),
            # One job per chat, so that a chat that hangs does not delay the other one.
            *((f"post {kind}", partial(self._post, kind), tick) for kind in chat_notices.KINDS),
            ("take in", partial(take_in, stopped=stopped), tick),
            ("tell webhooks", partial(self._tell_webhooks, in_threads=pools is self._pools), tick),
            ("import", partial(import_files, stopped=stopped), tick),
            ("back up", self._back_up, max(tick, 60)),
            ("report life", self._report_life, max(tick, 60)),
            ("drivers", partial(rank_drivers, stopped=stopped), max(tick, 300)),
            ("themes", partial(read_comments, stopped=stopped), max(tick, 60)),
            ("export", partial(make_exports, stopped=stopped), tick),
            ("mail reports", partial(mail_reports, stopped=stopped), max(tick, 60)),
            ("purge", partial(purge, stopped=stopped), max(tick, 3_600)),
        ]

    def _run(self, name: str, job: Job) -> None:
        """Run one job and log its failure; the other jobs go on."""
        if self._stop.asked or not self._is_due(name):
            return
        self._running.add(name)
        try:
            job(self._current(), self._now())
        except Exception as error:  # the next tick tries again: what a job has not done yet, it finds again
            if isinstance(error, StorageUnavailable):
                self._readings.missed()  # while nothing can be stored, replies are refused
            self._failures.failed(name, error)
        else:
            self._failures.succeeded(name)
        finally:
            self._running.discard(name)

    def _current(self) -> Runtime:
        """The runtime with what is in force now."""
        found = self._following.look()
        if found.providers is not self._served:
            self._readings.read_also(missed_replies.providers(found))
            self._served = found.providers
        return replace(
            self.runtime, settings=found.settings, library=found.library, providers=found.providers
        )

    def _is_due(self, name: str) -> bool:
        """Replies are read seldom, but soon again after a failure; the other jobs run whenever they are triggered."""
        kind, _, key = name.rpartition(" ")
        return kind != CATCH_UP or self._readings.is_due(key)

    def _beat(self, runtime: Runtime, now: datetime) -> None:
        with runtime.database.writing() as session:
            heartbeats.beat(session, self.name, self._started_at, self._failures.current(), now)

    def _back_up(self, runtime: Runtime, now: datetime) -> None:
        nightly.make_due(runtime.database, runtime.settings, now, self._now, lambda: self._stop.asked)

    def _report_life(self, runtime: Runtime, now: datetime) -> None:
        dead_mans_switch.report_life(runtime.settings.worker, self._failures.current(), now)

    def _catch_up(self, key: str, runtime: Runtime, now: datetime) -> None:
        """Read missed replies if it is time; until that has succeeded, the provider sends nothing."""
        if key not in runtime.providers:
            self._readings.switched_off(key)
            return
        try:
            missed_replies.catch_up_with(runtime.database, key, runtime, now)
        except DeliveryFailed as error:
            if self._readings.failed(key):
                self._hold_unread(key, error, now)
            raise
        self._readings.succeeded(key)
        with runtime.database.writing() as session:
            provider_holds.lift_by_itself(session, key, UNREAD, now)

    def _hold_unread(self, key: str, error: DeliveryFailed, now: datetime) -> None:
        sentence = (
            f"Replies of customers cannot be read: {error} A STOP may be among them, so nothing is sent. Sending "
            "resumes by itself once they can be read."
        )
        with self.runtime.database.writing() as session:
            provider_holds.hold(session, key, ProviderHeld(sentence, code=UNREAD), now)

    def _send(self, key: str, pool: ThreadPoolExecutor | None, runtime: Runtime, now: datetime) -> None:
        if key not in runtime.providers or not self._readings.may_send(key):
            return
        context = replace(runtime, providers={key: runtime.providers[key]})
        while not self._stop.asked:
            process = dispatch.Process(dispatch.running_from(now), self._stop)
            if not dispatch.send_queued(runtime.database, context, self.name, now, pool, process=process):
                return
            now = self._now()

    def _post(self, kind: str, runtime: Runtime, now: datetime) -> None:
        if kind not in chat_notices.addresses(runtime.settings):
            return
        chat_notices.post_due(runtime.database, runtime.settings, kind, now, clock=self._now)

    def _tell_webhooks(self, runtime: Runtime, now: datetime, *, in_threads: bool) -> None:
        spreading.spread_all(Portions(runtime.database, lambda: self._stop.asked), runtime, now)
        if in_threads:
            self._lanes.start_due(now)
        else:
            self._lanes.run_here(now)

    def _reconcile(self, runtime: Runtime, now: datetime) -> None:
        reconciliation.reconcile(runtime.database, runtime, now, self._timer, self._stop)


def _known(runtime: Runtime) -> list[str]:
    """Every provider that there is, the enabled ones first, in the order of the settings."""
    return list(dict.fromkeys((*runtime.providers, *PROVIDERS)))


def _wall_clock_ahead() -> float:
    """Seconds by which the wall clock is ahead of the monotonic one; it changes only when the clock is set."""
    return clock.now().timestamp() - uptime()


def plan(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Enrol contacts by date, by cadence, and after a closed complaint."""
    portions = Portions(runtime.database, stopped)
    enrolments.plan(portions, runtime, now)
    recovery_survey.tell_journey_of_all(portions, runtime, now)


def run_campaigns(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Enrol the contacts of campaigns, and carry out what people have decided about them."""
    upkeep.work(Portions(runtime.database, stopped), runtime, now)


def watch_campaigns(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Stop campaigns that fail or annoy too often, and end those that are over."""
    upkeep.watch(Portions(runtime.database, stopped), runtime, now)


def issue(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Turn due enrolments into invitations."""
    portions = Portions(runtime.database, stopped)
    invitations.issue_all(portions, runtime, now)
    invitations.use_other_channels_of_all(portions, runtime, now)


def write_to_accounts(runtime: Runtime, now: datetime) -> None:
    """Write reset links, and e-mails about limits that were reached; most ticks find nothing to do."""
    with runtime.database.reading() as session:
        if not account_email.is_due(session):
            return
    with runtime.database.writing() as session:
        account_email.send_due(session, runtime, now)


def reap(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    Portions(runtime.database, stopped).repeat(
        lambda session, limit: reconciliation.reap(session, runtime.settings, now, limit)
    )


def remind(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    Portions(runtime.database, stopped).repeat(
        lambda session, limit: invitations.remind_due(session, runtime, now, limit)
    )


def expire(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    portions = Portions(runtime.database, stopped)
    invitations.expire_all(portions, now)
    portions.repeat(lambda session, limit: outbox.cancel_old_secrets(session, now, limit))
    portions.repeat(lambda session, limit: suppression.lift_pauses(session, now, limit))


def follow_up(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Return snoozed follow-ups to the queue; notify owners and chats of news, and leads of missed deadlines."""
    portions = Portions(runtime.database, stopped)
    portions.repeat(lambda session, limit: accounts.welcome_back(session, now, limit))
    portions.repeat(lambda session, limit: workflow.wake_due(session, now, limit))
    owner_digest.tell_all_owners(portions, runtime, now)
    morning_digest.send_all(portions, runtime, now)
    with runtime.database.writing() as session:
        reply_email.tell_of_replies(session, runtime, now)
    with runtime.database.writing() as session:
        escalation.escalate(session, runtime, now)
    with runtime.database.writing() as session:
        chat_notices.queue_news(session, runtime.settings, now)
    with runtime.database.writing() as session:
        reported_changes.report_overdue(session, now)


def tell_of_holds(runtime: Runtime, now: datetime) -> None:
    """Notify admins of held channels and disabled webhooks; a separate job, so that a failure here delays no message to
    customers."""
    with runtime.database.writing() as session:
        admin_alerts.tell_of_holds(session, runtime, now)
        webhook_email.tell_of_disabled(session, runtime, now)


def tell_of_trouble(runtime: Runtime, now: datetime) -> None:
    """Notify admins of what waits for them: held messages, a full disk, jobs that fail, workers that are gone."""
    room = runtime.database.room()
    with runtime.database.writing() as session:
        admin_alerts.tell_of_trouble(session, runtime, room, now)


def import_files(runtime: Runtime, _: datetime, stopped: Stopped = never) -> None:
    """Check, import and undo files that were uploaded in the browser, one after the other."""
    while runs.work(runtime.database, runtime, runtime.database.now, stopped):
        pass


def rank_drivers(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Compute again which aspects go together with each score, where the answers have changed."""
    renew_drivers(runtime.database, runtime.library, now, stopped)


def take_in(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Take in what came by doors and waits."""
    processing.process_waiting(runtime.database, runtime, now, stopped)


def mail_reports(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Queue the reports by mail whose week or month is over."""
    sending.send_due(Portions(runtime.database, stopped), runtime, now)


def read_comments(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Find the themes of new comments, and count them."""
    with runtime.database.reading() as session:
        left_out = contact_questions(session, runtime.library)
    labelling.read_all(Portions(runtime.database, stopped), left_out, now)
    counting.count_marked(runtime.database, left_out, stopped)


def make_exports(runtime: Runtime, _: datetime, stopped: Stopped = never) -> None:
    """Make the files that people and programs have asked for, one after the other."""
    while jobs.work(runtime.database, runtime, runtime.database.now, stopped):
        pass


def purge(runtime: Runtime, now: datetime, stopped: Stopped = never) -> None:
    """Delete or redact what is past its retention time."""
    with runtime.database.writing() as session:
        attempts.purge(session, now)
        sessions.purge(session, now)
        provider_sessions.purge(session, now)
        call_answers.purge(session, now)
        link_visitors.forget(session, day_of(now, runtime.settings.organisation.time_zone))
        runs.purge(session, now)
    portions = Portions(runtime.database, stopped)
    retention.purge_all(portions, runtime.settings.retention, now)
    portions.repeat(lambda session, limit: delivery_log.purge(session, now, limit))
    portions.repeat(lambda session, limit: arrivals.purge(session, now, limit))
    jobs.purge(portions, now)
    if not runtime.database.empty_log():
        log.info("worker.log_in_use")  # the next run tries again
