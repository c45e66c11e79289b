"""The pages of campaigns: planning, looking, starting, following; and who may not."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.campaigns import upkeep
from feedback.services.contact import suppression
from feedback.store.models import Campaign, Contact, Enrolment
from feedback.store.portions import Portions
from tests.web.conftest import SignIn

FIELDS = {
    "name": "Spring pulse", "questionnaire": "relationship-nps", "audience": "list", "listed": "c0\nc1\nnobody",
    "channels": "email sms", "spread": "1", "open_for": "14", "remind": "", "repeats": "",
}  # fmt: skip


def plan(client: FlaskClient, **changes: object) -> str:
    """The address of a new draft."""
    answer = client.post("/campaigns/new", data={**FIELDS, **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def edit_of(page: str) -> str:
    found = re.search(r'name="edit" value="(\d+)"', page)
    assert found
    return found[1]


def askable(runtime: Runtime) -> None:
    """Two more contacts, n0 and n1, whom nobody has asked yet."""
    now = clock.now()
    with runtime.database.writing() as session:
        for number in range(2):
            email = f"n{number}@example.com"
            contact = Contact(
                external_id=f"n{number}", name=f"New {number}", email=email, language="en", created_at=now,
                updated_at=now,
            )  # fmt: skip
            session.add(contact)
            session.flush()
            suppression.grant(session, contact, "email", email, basis="consent", source="test", now=now)


def work(runtime: Runtime) -> None:
    upkeep.work(Portions(runtime.database, rest=lambda _: None), runtime, clock.now())


def test_a_lead_plans_looks_starts_pauses_resumes_and_cancels(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    assert "No campaigns yet" in lead.get("/campaigns/").text
    askable(runtime)
    address = plan(lead, listed="n0\nn1\nnobody")
    page = lead.get(address).text
    assert "1 line is no customer of ours and was left out: nobody" in page
    assert "of 2 contacts" in page
    assert "Nothing is sent until you start it" in page
    work(runtime)
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).where(Enrolment.wave_id.is_not(None))) == 0
    started = lead.post(f"{address}/start", data={"edit": edit_of(page)}, follow_redirects=True).text
    assert "The campaign is started." in started
    work(runtime)
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).where(Enrolment.wave_id.is_not(None))) == 2
    assert "Resume" in lead.post(f"{address}/pause", follow_redirects=True).text
    assert "Pause" in lead.post(f"{address}/resume", follow_redirects=True).text
    assert "being cancelled" in lead.post(f"{address}/cancel", follow_redirects=True).text
    work(runtime)
    page = lead.get(address).text
    assert "Lena Lead" in page  # the activity says who did it
    assert "Spring pulse" in lead.get("/campaigns/").text
    assert "hx-get" not in lead.get(f"{address}/progress").text  # nothing changes any more


def test_a_draft_is_changed_drawn_and_deleted(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    address = plan(lead)
    form = lead.get(f"{address}/edit").text
    changed = {**FIELDS, "name": "Autumn", "listed": "", "edit": edit_of(form), "repeats": "quarter"}
    page = lead.post(f"{address}/edit", data=changed, follow_redirects=True).text
    assert "Autumn" in page and "every quarter" in page and "of 2 contacts" in page  # the list is kept
    stale = lead.post(f"{address}/edit", data=changed)
    assert stale.status_code == 409
    assert "Somebody else has changed this campaign" in stale.text
    drawn = lead.post(f"{address}/sample", data={"edit": edit_of(page), "sample": "1"}, follow_redirects=True)
    assert 'value="1"' in drawn.text
    lead.post(f"{address}/delete")
    assert lead.get(address).status_code == 404


def test_all_customers_are_an_audience(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    draft = plan(lead, audience="everybody", listed="")
    with runtime.database.reading() as session:
        everybody = session.scalar(select(func.count()).where(Contact.erased_at.is_(None)))
    page = lead.get(draft).text
    assert "all customers" in page
    assert f"of {everybody} contacts" in page
    form = lead.get(f"{draft}/edit").text
    assert re.search(r'value="everybody" checked', form)


def test_the_survey_of_the_link_is_chosen(sign_in: SignIn) -> None:
    assert (
        'value="relationship-nps" selected'
        in sign_in("lead").get("/campaigns/new?survey=relationship-nps").text
    )


def test_a_segment_and_a_file_are_audiences(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    lead.post("/customers/segments", data={"name": "VIP", "segment": "vip"})
    form = lead.get("/campaigns/new").text
    segment = re.search(r'<option value="(\d+)" >VIP<', form) or re.search(
        r'<option value="(\d+)"[^>]*>VIP<', form
    )
    assert segment
    page = lead.get(plan(lead, audience="segment", segment=segment[1])).text
    assert "of 2 contacts" in page
    with runtime.database.reading() as session:
        email = session.scalar(select(Contact.email).where(Contact.external_id == "c0"))
    file = (io.BytesIO(f"\ufeffname;mail\nGrace;{email}\n".encode()), "list.csv")
    answer = lead.post("/campaigns/new", data={**FIELDS, "listed": "", "file": file})
    assert "of 1 contacts" in lead.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Give the campaign a name"),
        ({"questionnaire": ""}, "Choose a questionnaire"),
        ({"listed": ""}, "Choose a segment, or give a list"),
        ({"listed": "nobody"}, "Import them first"),
        ({"audience": "segment", "segment": ""}, "Choose a segment"),
        ({"audience": "segment", "segment": "99"}, "Segment not found"),
        ({"channels": "pigeon"}, "Choose a value from each list"),
        ({"spread": "0"}, "Spread the invitations"),
        ({"open_for": "1000"}, "1 to 90 days"),
        ({"remind": "20"}, "before the survey closes"),
        ({"remind": "x"}, "Remind after 1 to 30 days"),
        ({"starts": "tomorrow"}, "as a date and a time"),
        ({"starts": "2020-01-01T09:00"}, "next 365 days"),
        ({"language": "klingonish"}, "Choose a questionnaire"),
    ],
)
def test_bad_input_is_refused_with_a_sentence_and_what_was_typed_stays(
    runtime: Runtime, sign_in: SignIn, changes: dict[str, str], sentence: str
) -> None:
    answer = sign_in("lead").post("/campaigns/new", data={**FIELDS, **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert changes.get("name", "Spring pulse") in answer.text
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Campaign)) == 0


@pytest.mark.parametrize("who", ["cem", "viewer"])
def test_only_leads_and_admins_have_campaigns(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert client.get("/campaigns/").status_code == 403
    assert client.post("/campaigns/new", data=FIELDS).status_code == 403
    assert 'href="/campaigns/"' not in client.get("/customers/").text


def test_a_campaign_that_started_meanwhile_is_not_started_again(sign_in: SignIn) -> None:
    lead = sign_in("lead")
    address = plan(lead)
    edit = edit_of(lead.get(address).text)
    lead.post(f"{address}/start", data={"edit": edit})
    again = lead.post(f"{address}/start", data={"edit": edit}, follow_redirects=True)
    assert "Somebody else has changed this campaign" in again.text
    assert lead.get(f"{address}/edit").status_code == 303
