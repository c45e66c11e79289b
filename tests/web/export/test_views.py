"""The page of exports: small files at once, large ones by a worker, and only for who may export."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.services.exports import jobs
from feedback.services.exports.formats import parquet
from feedback.store.models import AuditEntry, ExportRun
from tests.web.conftest import SignIn
from tests.web.reports.test_results import OWN, answer

FORM = {"survey": "own", "format": "csv", "rows": "responses", "labels": "tr"}


@pytest.fixture
def shelf(shipped: Library) -> Library:
    return Library({**shipped.questionnaires, "own": OWN}, shipped.journey)


def form(**changed: str) -> dict[str, str]:
    today = clock.now().date()
    return {**FORM, "from": str(today - timedelta(days=9)), "to": str(today + timedelta(days=1)), **changed}


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_small_file_is_downloaded_at_once(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 2, reason="price")
    answer(runtime, 1, segment="vip", reason="speed")
    lead = sign_in("lead")
    found = lead.post("/exports/", data=form())
    assert [each["reason"] for each in rows(found.data)] == ["speed", "price", "price"]
    assert f'filename="own-responses-{clock.now().date()}.csv"' in found.headers["Content-Disposition"]
    assert len(rows(lead.post("/exports/", data=form(segment="vip")).data)) == 1
    assert lead.post("/exports/", data=form(format="sav")).data.startswith(b"$FL2")
    assert lead.post("/exports/", data=form(format="codebook")).data.startswith(b'\xef\xbb\xbf"column"')
    with runtime.database.reading() as session:
        assert session.scalars(select(ExportRun)).all() == []
        noted = session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "exported").order_by(AuditEntry.id)
        ).all()
    assert [each["file"] for each in noted] == ["csv", "csv", "sav", "csv"]


def test_a_large_file_is_made_by_a_worker(
    sign_in: SignIn, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SMALL", 1)
    answer(runtime, 2, reason="price")
    lead = sign_in("lead")
    assert lead.post("/exports/", data=form(format="dta", rows="answers")).status_code == 303
    page = lead.get("/exports/").text
    assert 'http-equiv="refresh"' in page
    assert "waiting" in page
    assert lead.get("/exports/1/file").status_code == 409
    assert jobs.work(runtime.database, runtime, clock.now)
    page = lead.get("/exports/").text
    assert 'http-equiv="refresh"' not in page
    assert "Stata (.dta), One row per answer" in page
    found = lead.get("/exports/1/file")
    assert found.data.startswith(b"<stata_dta>")
    assert int(found.headers["Content-Length"]) == len(found.data)
    assert lead.post("/exports/1/delete").status_code == 303
    assert lead.get("/exports/1/file").status_code == 404
    assert "No files yet" in lead.get("/exports/").text


def test_who_may_not_export_finds_nothing(sign_in: SignIn, runtime: Runtime) -> None:
    for who in ("viewer", "cem"):
        client = sign_in(who)
        assert client.get("/exports/").status_code == 403
        assert client.post("/exports/", data=form()).status_code == 403
        assert client.get("/exports/1/file").status_code == 403
        assert "/exports/" not in client.get("/insights/responses?survey=own").text
    assert "/exports/?survey=own" in sign_in("lead").get("/insights/responses?survey=own").text


def test_mistakes_are_said_on_the_page(
    sign_in: SignIn, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = sign_in("lead")
    refused = lead.post("/exports/", data=form(to="2020-01-01"))
    assert (refused.status_code, "Choose a first day that is not after" in refused.text) == (422, True)
    assert lead.post("/exports/", data=form(format="doc")).status_code == 422
    assert lead.post("/exports/", data=form(rows="people")).status_code == 422
    assert lead.post("/exports/", data=form(survey="never")).status_code == 404
    monkeypatch.setattr(parquet, "is_available", lambda: False)
    assert lead.post("/exports/", data=form(format="parquet")).status_code == 422
