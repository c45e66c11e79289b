"""The list of causes and the audit, behind a test client."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from feedback.services import root_causes
from feedback.store.models import AuditEntry, FollowUp, RootCause
from tests.web.conftest import SignIn

NAMES = {"en": "Too slow!", "tr": "Çok yavaş", "fa": "خیلی کند"}


def causes(app: Flask) -> dict[str, RootCause]:
    with app.extensions["feedback"].database.reading() as session:
        return {cause.key: cause for cause in root_causes.everything(session)}


def test_a_lead_adds_renames_and_retires_a_cause(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    for _ in range(2):
        assert lead.post("/causes/", data=NAMES).status_code == 303
    made = causes(app)["too_slow"]
    assert "too_slow_2" in causes(app)
    assert made.title == NAMES
    renamed = {**NAMES, "tr": "Yavaş", "action": "rename"}
    assert lead.post(f"/causes/{made.id}", data=renamed).status_code == 303
    assert causes(app)["too_slow"].title["tr"] == "Yavaş"
    assert lead.post(f"/causes/{made.id}", data={"action": "retire"}).status_code == 303
    assert "out of use" in lead.get("/causes/").text
    assert lead.post(f"/causes/{made.id}", data={"action": "bring_back"}).status_code == 303
    assert causes(app)["too_slow"].retired_at is None


def test_a_retired_cause_is_not_offered_any_more(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    lead.post(f"/causes/{causes(app)['price'].id}", data={"action": "retire"})
    with app.extensions["feedback"].database.reading() as session:
        task = session.scalars(
            select(FollowUp).where(FollowUp.state == "open", FollowUp.kind == "recovery")
        ).first()
    assert task
    page = lead.get(f"/desk/{task.id}").text
    assert 'value="product"' in page
    assert 'value="price"' not in page


def test_a_name_is_needed_in_every_language_and_what_was_typed_stays(sign_in: SignIn) -> None:
    page = sign_in("lead").post("/causes/", data={**NAMES, "fa": " "})
    assert page.status_code == 422
    assert "in every language" in page.text
    assert "Çok yavaş" in page.text


def test_the_last_cause_stays(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    answers = [
        lead.post(f"/causes/{cause.id}", data={"action": "retire"}).status_code
        for cause in causes(app).values()
    ]
    assert answers[-1] == 422
    assert set(answers[:-1]) == {303}


def test_the_audit_says_who_did_what_and_who_looked(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    lead.post("/causes/", data=NAMES)
    page = lead.get("/audit/?subject=root_cause").text
    assert "Lena Lead" in page
    assert "added it" in page
    assert "key: too_slow" in page
    with app.extensions["feedback"].database.reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.subject == "audit")).all()
    assert len(seen) == 1


def test_the_audit_ignores_what_it_cannot_read(sign_in: SignIn) -> None:
    page = sign_in("admin").get("/audit/?by=x&since=yesterday&until=9999-12-31&before=-&subject=")
    assert page.status_code == 200


def test_a_csm_does_not_read_the_audit(sign_in: SignIn) -> None:
    assert sign_in("cem").get("/audit/").status_code == 403
