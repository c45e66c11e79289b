"""The vendor's own clients, unmodified, against a running server: only the base address differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.journey import invitations
from feedback.store.models import Contact, Enrolment, FollowUp, Response
from tests.web.delighted.conftest import run_node


def test_a_person_is_stored_updated_and_asked(delighted: Any, client: Any, office: Runtime) -> None:
    person = delighted.Person.create(
        client=client,
        email="Jony@Appleseed.com",
        name="Jony",
        properties={"Purchase Experience": "Mobile App"},
    )
    again = delighted.Person.create(
        client=client, email="jony@appleseed.com", properties={"locale": "tr"}, send=False
    )
    assert (again.id, again.name, again.email) == (person.id, "Jony", "jony@appleseed.com")
    assert again.properties == {"Purchase Experience": "Mobile App", "locale": "tr"}
    assert again.survey_scheduled_at is None
    assert isinstance(person.id, str)
    assert person.survey_scheduled_at is not None
    with office.database.reading() as session:
        row = session.get_one(Contact, int(person.id))
        assert row.language == "tr"
        assert len(session.scalars(select(Enrolment).where(Enrolment.contact_id == row.id)).all()) == 1


def test_a_second_request_too_soon_is_accepted_but_not_sent(
    delighted: Any, client: Any, office: Runtime
) -> None:
    first = delighted.Person.create(client=client, email="twice@example.com")
    again = delighted.Person.create(client=client, email="twice@example.com")
    assert (again.id, again.survey_scheduled_at) == (first.id, first.survey_scheduled_at)
    with office.database.writing() as session:
        own = select(Enrolment).where(Enrolment.contact_id == int(first.id))
        (enrolment,) = session.scalars(own).all()
        invitations.issue_due(session, office, enrolment.due_at)
    assert delighted.Person.create(client=client, email="twice@example.com").survey_scheduled_at is None
    with office.database.reading() as session:
        assert [each.state for each in session.scalars(own.order_by(Enrolment.id))] == ["issued", "skipped"]


def test_people_are_listed_over_all_pages(delighted: Any, client: Any, office: Runtime) -> None:
    found = list(delighted.Person.list(client=client, per_page=5).auto_paging_iter())
    with office.database.reading() as session:
        ids = session.scalars(select(Contact.id).where(Contact.erased_at.is_(None))).all()
    assert sorted(int(each.id) for each in found) == sorted(ids)
    (grace,) = delighted.Person.list(client=client, email="person0@example.com").auto_paging_iter()
    assert (grace.name, grace.phone_number) == ("Grace Moore", "+905321234500")
    assert grace.last_responded_at is not None


@pytest.mark.parametrize("way", ["id", "email", "phone_number"])
def test_a_person_is_deleted_by_each_identifier(
    delighted: Any, client: Any, office: Runtime, way: str
) -> None:
    email, phone = f"gone+{way}@example.com", {"id": "1", "email": "2", "phone_number": "3"}[way]
    phone = f"+1415555121{phone}"
    person = delighted.Person.create(client=client, email=email, phone_number=phone, send=False)
    wanted = {"id": person.id, "email": email, "phone_number": phone}[way]
    assert delighted.Person.delete(client=client, **{way: wanted}) == {"ok": True}
    with office.database.reading() as session:
        assert session.get_one(Contact, int(person.id)).erased_at is not None
    assert list(delighted.Person.list(client=client, email=email).auto_paging_iter()) == []


def test_pending_surveys_are_called_off(delighted: Any, client: Any, office: Runtime) -> None:
    person = delighted.Person.create(client=client, email="later@example.com", delay=86_400)
    assert person.survey_scheduled_at is not None
    done = delighted.SurveyRequest.delete_pending(client=client, person_email="later@example.com")
    assert done == {"ok": True}
    with office.database.reading() as session:
        (state,) = session.scalars(select(Enrolment.state).where(Enrolment.contact_id == int(person.id)))
    assert state == "cancelled"


def test_responses_are_listed_read_added_and_changed(delighted: Any, client: Any, office: Runtime) -> None:
    person = delighted.Person.create(client=client, email="answers@example.com", send=False)
    made = delighted.SurveyResponse.create(
        client=client, person=person.id, score=3, comment="Too slow", person_properties={"plan": "gold"}
    )
    assert (made.score, made.comment, made.person, made.survey_type) == (3, "Too slow", person.id, "nps")
    assert made.person_properties["plan"] == "gold"
    made.score, made.comment = 9, "Better now"
    saved = made.save(client=client)
    assert (saved.score, saved.comment) == (9, "Better now")
    read = delighted.SurveyResponse.retrieve(made.id, client=client, expand=["person"])
    assert (read.score, read.comment, read.person.email) == (9, "Better now", "answers@example.com")
    latest = delighted.SurveyResponse.all(client=client, order="desc", per_page=100)
    assert latest[0].id == made.id
    oldest = delighted.SurveyResponse.all(client=client, per_page=100)
    assert [each.id for each in oldest] == [each.id for each in reversed(latest)]
    pages = [delighted.SurveyResponse.all(client=client, per_page=4, page=n) for n in range(1, 5)]
    assert [each.id for page in pages for each in page] == [each.id for each in oldest]
    own = delighted.SurveyResponse.all(client=client, person_email="person0@example.com", expand=["person"])
    assert [each.score for each in own] == [9, 3]
    assert own[1].comment.startswith("Every release breaks")
    with office.database.reading() as session:
        row = session.get_one(Response, int(made.id))
        assert (row.source, row.completed_at is not None) == ("import", True)
        kinds = session.scalars(select(FollowUp.kind).where(FollowUp.response_id == row.id)).all()
        assert set(kinds) == {"recovery", "advocacy"}  # of the low score, and of the high one after it


def test_an_answer_that_a_customer_gave_here_cannot_be_rewritten(delighted: Any, client: Any) -> None:
    (given, *_) = delighted.SurveyResponse.all(client=client, person_email="person0@example.com")
    given.score = 10
    with pytest.raises(delighted.errors.ResourceValidationError):
        given.save(client=client)
    assert delighted.SurveyResponse.retrieve(given.id, client=client).score == 9


def test_old_answers_open_no_follow_up(delighted: Any, client: Any, office: Runtime) -> None:
    person = delighted.Person.create(client=client, email="history@example.com", send=False)
    made = delighted.SurveyResponse.create(client=client, person=person.id, score=0, created_at=1_580_068_364)
    assert made.created_at == 1_580_068_364
    with office.database.reading() as session:
        asked = select(FollowUp.id).where(FollowUp.response_id == int(made.id))
        assert session.scalars(asked).all() == []


def test_metrics_count_every_answer(delighted: Any, client: Any) -> None:
    found = delighted.Metrics.retrieve(client=client, since=1_000_000_000)
    every = delighted.SurveyResponse.all(client=client, per_page=100)
    scores = [each.score for each in every]
    promoters, detractors = sum(each >= 9 for each in scores), sum(each <= 6 for each in scores)
    assert (found.response_count, found.promoter_count, found.detractor_count) == (
        len(scores), promoters, detractors,
    )  # fmt: skip
    assert found.passive_count == len(scores) - promoters - detractors
    assert found.nps == round(100 * (promoters - detractors) / len(scores))
    assert found.promoter_percent + found.passive_percent + found.detractor_percent == 100
    recent = delighted.Metrics.retrieve(client=client)
    assert 0 < recent.response_count < found.response_count


def test_an_unsubscribe_is_listed_and_counts_for_all_addresses(delighted: Any, client: Any) -> None:
    assert delighted.Unsubscribe.create(client=client, person_email="person3@example.com") == {"ok": True}
    (found,) = delighted.Unsubscribe.all(client=client)
    assert (found.email, found.name) == ("person3@example.com", "Sam Doe")
    assert found.unsubscribed_at is not None
    assert delighted.Bounce.all(client=client) == []


def test_a_wrong_key_and_a_wrong_value_raise_the_client_s_own_errors(
    delighted: Any, client: Any, address: str
) -> None:
    stranger = delighted.Client(api_key="nonsense", api_base_url=address)
    with pytest.raises(delighted.errors.AuthenticationError):
        delighted.Metrics.retrieve(client=stranger)
    with pytest.raises(delighted.errors.ResourceValidationError):
        delighted.Person.create(client=client, email="nobody")
    with pytest.raises(delighted.errors.ResourceValidationError):
        delighted.Person.create(client=client)


SCRIPT = """
const at = new URL(process.env.BASE);
const delighted = require('delighted')(process.env.KEY, {
  host: at.hostname, port: at.port, base: at.pathname.replace(/\\/$/, ''), scheme: 'http',
});
(async () => {
  const out = {};
  const person = await delighted.person.create({email: 'node@example.com', name: 'Node', send: false});
  out.person = [person.email, person.name];
  const made = await delighted.surveyResponse.create({person: person.id, score: 2, comment: 'From Node'});
  out.made = [made.score, made.comment];
  made.score = 8;
  out.saved = (await made.save()).score;
  const read = await delighted.surveyResponse.retrieve(made.id, {expand: ['person']});
  out.read = [read.score, read.person.email];
  out.all = (await delighted.surveyResponse.all({per_page: 3})).length;
  out.metrics = (await delighted.metrics.retrieve()).response_count;
  out.people = 0;
  await delighted.person.list({per_page: 5}).autoPagingEach(() => { out.people += 1; });
  out.unsubscribed = await delighted.unsubscribe.create({person_email: 'node@example.com'});
  out.pending = await delighted.surveyRequest.deletePending({person_email: 'node@example.com'});
  out.deleted = await delighted.person.delete({email: 'node@example.com'});
  try { await delighted.person.create({email: 'nobody'}); } catch (error) { out.refused = error.type || error.name; }
  console.log(JSON.stringify(out));
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_the_client_for_node_does_all_of_it(node_client: Path, address: str, key: str) -> None:
    assert urlsplit(address).path == "/delighted/v1/"
    found = run_node(node_client, SCRIPT, BASE=address, KEY=key)
    assert found["person"] == ["node@example.com", "Node"]
    assert (found["made"], found["saved"], found["read"]) == ([2, "From Node"], 8, [8, "node@example.com"])
    assert found["all"] == 3
    assert found["metrics"]
    assert found["people"] > 10
    assert {str(found[each]) for each in ("unsubscribed", "pending", "deleted")} == {"{'ok': True}"}
    assert found["refused"]
