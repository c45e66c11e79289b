"""What an operator's machines ask: health, readiness, and the figures of the collector."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from feedback import __version__, clock, migrations
from feedback.bootstrap import Runtime
from feedback.errors import ProviderHeld, StorageUnavailable
from feedback.library import Library
from feedback.services.backups import backup_runs
from feedback.services.messaging import heartbeats, provider_holds
from feedback.settings import Secret
from feedback.store.database import FLOOR, Database
from feedback.web import monitoring
from feedback.web.app import create_app
from tests.web.conftest import SignIn, runtime_over


def test_anybody_may_ask_whether_it_is_up(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").text == f"ok\nversion {__version__}\ntables {migrations.newest()}\n"
    assert client.get("/readyz").get_json() == {
        "ready": True,
        "providers": {"simulator_sms": [], "simulator_email": []},
        "workers": {"alive": 0, "silent": 0, "last_seen": None, "failing_jobs": []},
    }


def test_a_full_disk_makes_it_unready_and_says_why_to_the_collector(app: Flask, runtime: Runtime) -> None:
    """A server's disk is the server's: it refuses to write, which is seen as well."""
    client = watched(runtime)
    runtime.database.free_bytes = lambda _: FLOOR - 1
    told = app.test_client().get("/readyz")
    if not runtime.database.is_sqlite:
        assert told.status_code == 200
        return
    assert (told.status_code, told.get_json()) == (503, {"ready": False})
    told = client.get("/readyz", headers={"Authorization": "Bearer collector"})
    assert (told.status_code, told.get_json()["ready"]) == (503, False)
    assert told.get_json()["reason"].startswith("Free some disk space")


def test_a_database_that_takes_no_write_makes_it_unready(
    migrated_sqlite: Path, tmp_path: Path, shelf: Library
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "feedback.db")
    database = Database(f"sqlite:///{tmp_path / 'feedback.db'}", patience=0.1)
    client = create_app(runtime_over(database, shelf, tmp_path)).test_client()
    blocker = sqlite3.connect(tmp_path / "feedback.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert client.get("/readyz").status_code == 503
    blocker.close()
    database.close()


def test_the_write_is_tried_at_most_every_ten_seconds() -> None:
    seconds, tries = 100.0, 0

    class Counting:
        def prove_writable(self) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise StorageUnavailable("Full.")

    probe = monitoring.Probe(Counting(), lambda: seconds)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(StorageUnavailable, match="Full"):
            probe.prove()
    seconds += monitoring.Probe.FRESH
    probe.prove()
    probe.prove()
    assert tries == 2


def test_workers_that_are_gone_and_jobs_that_fail_are_named_and_take_no_visitors_away(
    app: Flask, runtime: Runtime
) -> None:
    now = clock.now()
    failing = {"issue": {"cause": "KeyError", "count": 3, "since": "2026-03-02T12:00:00+00:00"}}
    with runtime.database.writing() as session:
        heartbeats.beat(session, "one", now, failing, now)
        heartbeats.beat(session, "two", now, {}, now - 2 * heartbeats.SILENT)
    told = app.test_client().get("/readyz")
    assert told.status_code == 200
    workers = told.get_json()["workers"]
    assert (workers["alive"], workers["silent"], workers["failing_jobs"]) == (1, 1, ["issue"])
    assert datetime.fromisoformat(workers["last_seen"]) == now


def watched(runtime: Runtime) -> FlaskClient:
    """Asks with the token of the metrics collector."""
    web = replace(runtime.settings.web, metrics_token=Secret("collector"))
    return create_app(replace(runtime, settings=replace(runtime.settings, web=web))).test_client()


def test_a_held_provider_is_named_and_does_not_take_visitors_away(app: Flask, runtime: Runtime) -> None:
    closed = ProviderHeld("Twilio 20003: the credentials are not accepted.", code="hold_provider")
    with runtime.database.writing() as session:
        provider_holds.hold(session, "simulator_sms", closed, clock.now())
    told = app.test_client().get("/readyz")
    (hold,) = told.get_json()["providers"]["simulator_sms"]
    assert (told.status_code, told.get_json()["ready"]) == (200, True)
    assert (hold["code"], hold["country"], "reason" in hold) == ("hold_provider", "", False)
    web = replace(runtime.settings.web, metrics_token=Secret("collector"))
    watched = create_app(replace(runtime, settings=replace(runtime.settings, web=web))).test_client()
    told = watched.get("/readyz", headers={"Authorization": "Bearer collector"})
    assert told.get_json()["providers"]["simulator_sms"][0]["reason"] == str(closed)


def test_without_a_database_we_are_alive_and_not_ready(
    migrated_sqlite: Path, tmp_path: Path, shelf: Library
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    shutil.copy(migrated_sqlite, disk / "feedback.db")
    database = Database(f"sqlite:///{disk / 'feedback.db'}")
    client = create_app(runtime_over(database, shelf, tmp_path)).test_client()
    database.close()
    shutil.rmtree(disk)
    assert client.get("/healthz").status_code == 200
    told = client.get("/readyz")
    assert (told.status_code, told.get_json()) == (503, {"ready": False})


def test_every_answer_names_its_request(app: Flask) -> None:
    ids = {app.test_client().get("/healthz").headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(each) == 12 for each in ids)


def families(client: FlaskClient) -> dict[str, Metric]:
    """What a collector reads from the page; the parser refuses a page that is not well formed."""
    page = client.get("/metrics")
    assert page.status_code == 200
    return {each.name: each for each in text_string_to_metric_families(page.text)}


def test_the_figures_are_for_the_collector_and_for_admins(app: Flask, sign_in: SignIn) -> None:
    assert app.test_client().get("/metrics").status_code == 403
    assert sign_in("cem").get("/metrics").status_code == 403
    assert families(sign_in("admin"))["feedback_follow_ups"].samples


def test_every_figure_keeps_its_name_its_type_and_its_labels(runtime: Runtime, sign_in: SignIn) -> None:
    found = families(sign_in("admin"))
    gauges = {"messages", "surveys", "oldest_due_seconds", "provider_held", "notices", "follow_ups"}
    counters = {"segments", "duplicates", "requests"}
    assert {name: found[f"feedback_{name}"].type for name in gauges} == dict.fromkeys(gauges, "gauge")
    assert {name: found[f"feedback_{name}"].type for name in counters} == dict.fromkeys(counters, "counter")
    assert found["feedback_request_seconds"].type == "histogram"
    (segments,) = found["feedback_segments"].samples
    assert (segments.name, segments.labels) == ("feedback_segments_total", {})
    states = {sample.labels["state"]: sample.value for sample in found["feedback_follow_ups"].samples}
    assert states["open"] >= 1


def test_a_hold_is_exported_with_its_country(runtime: Runtime, sign_in: SignIn) -> None:
    closed = ProviderHeld("Not in this country.", code="hold_provider", country="TR")
    with runtime.database.writing() as session:
        provider_holds.hold(session, "simulator_sms", closed, clock.now())
    (held,) = families(sign_in("admin"))["feedback_provider_held"].samples
    assert (held.labels, held.value) == ({"provider": "simulator_sms", "country": "TR"}, 1.0)


def test_a_label_may_hold_any_character(runtime: Runtime, sign_in: SignIn) -> None:
    odd = 'a "quoted"\\back\nslash'
    with runtime.database.writing() as session:
        provider_holds.hold(session, odd, ProviderHeld("Odd.", code="hold_provider"), clock.now())
    (held,) = families(sign_in("admin"))["feedback_provider_held"].samples
    assert held.labels["provider"] == odd


def test_two_applications_in_one_process_each_count_their_own_database(
    runtime: Runtime, migrated_sqlite: Path, shelf: Library, tmp_path: Path
) -> None:
    copy = tmp_path / "other.db"
    shutil.copy(migrated_sqlite, copy)
    other = Database(f"sqlite:///{copy}")
    counted = []
    for each in (runtime, runtime_over(other, shelf, tmp_path)):
        web = replace(each.settings.web, metrics_token=Secret("collector"))
        client = create_app(replace(each, settings=replace(each.settings, web=web))).test_client()
        page = client.get("/metrics", headers={"Authorization": "Bearer collector"}).text
        counted.append({family.name: family for family in text_string_to_metric_families(page)})
    other.close()
    assert counted[0]["feedback_follow_ups"].samples
    assert not counted[1]["feedback_follow_ups"].samples


def test_the_last_nightly_backup_is_among_the_metrics(app: Flask, runtime: Runtime) -> None:
    now = clock.now()
    with runtime.database.writing() as session:
        run = backup_runs.claim(session, now.date(), now)
        assert run
        backup_runs.succeed(session, run, "file", size=4_000, rows=70, drilled=True, now=now)
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(page_of(runtime))
        for sample in family.samples
        if sample.name.startswith("feedback_backup")
    }
    assert 0 <= found.pop("feedback_backup_age_seconds") < 60
    assert found == {
        "feedback_backup_failed": 0, "feedback_backup_bytes": 4_000, "feedback_backup_rows": 70,
        "feedback_backup_drilled": 1,
    }  # fmt: skip


def page_of(runtime: Runtime) -> str:
    return watched(runtime).get("/metrics", headers={"Authorization": "Bearer collector"}).text
