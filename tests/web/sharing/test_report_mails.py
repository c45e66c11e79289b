"""The page of reports by mail: made, changed, paused, sent and deleted by leads."""

from __future__ import annotations

import html
import re

from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.store.models import ReportMail, User
from tests.web.conftest import SignIn


def test_a_lead_makes_changes_pauses_and_ends_a_report(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    with runtime.database.reading() as session:
        reader = session.scalars(select(User.id).where(User.email == "lead@example.com")).one()
    form = {"name": "Scores", "rhythm": "weekly", "people": str(reader), "language": "fa"}
    assert lead.post("/sharing/mails/", data=form).status_code == 303
    page = html.unescape(lead.get("/sharing/mails/").text)
    assert "Every Monday, about the last week" in page and "not sent yet" in page
    number = int(re.findall(r'id="mail-(\d+)"', page)[0])
    refused = lead.post(f"/sharing/mails/{number}", data={**form, "addresses": "board@example.org"})
    assert refused.status_code == 422 and "Choose a shared link that works" in refused.text
    lead.post(f"/sharing/mails/{number}", data={**form, "rhythm": "monthly"})
    lead.post(f"/sharing/mails/{number}/pause")
    with runtime.database.reading() as session:
        row = session.get_one(ReportMail, number)
        assert (row.rhythm, row.paused_at is not None) == ("monthly", True)
    lead.post(f"/sharing/mails/{number}/resume")
    lead.post(f"/sharing/mails/{number}/send")
    lead.post(f"/sharing/mails/{number}/end")
    assert "No reports by mail yet." in lead.get("/sharing/mails/").text


def test_only_those_who_may_export_see_the_page(sign_in: SignIn) -> None:
    assert sign_in("cem").get("/sharing/mails/").status_code == 403
