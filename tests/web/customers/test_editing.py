"""What a person types about a customer is read as an import reads it, and nobody's change is lost."""

from __future__ import annotations

import json
import re

from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.contact import suppression
from feedback.store.models import Account, AuditEntry, Consent, Contact
from tests.web.conftest import SignIn
from tests.web.customers.test_contact import who


def stored(runtime: Runtime, contact_id: int) -> Contact:
    with runtime.database.reading() as session:
        contact = session.get(Contact, contact_id)
        assert contact
        session.expunge(contact)
        return contact


def test_a_contact_is_added_in_the_spelling_of_people(runtime: Runtime, sign_in: SignIn) -> None:
    csm = sign_in("cem")
    form = {"name": "Ece Su", "email": "Ece@Example.com", "phone": "0532 765 43 21", "country": "Türkiye"}
    made = csm.post("/customers/contacts/new", data={**form, "language": "Turkish"})
    contact = stored(runtime, int(made.headers["Location"].rpartition("/")[2]))
    assert (contact.email, contact.phone) == ("ece@example.com", "+905327654321")
    assert (contact.country, contact.language) == ("TR", "tr")
    assert contact.external_id.startswith("page-")
    assert "Ece Su" in csm.get("/customers/?search=0532+765").text
    assert sign_in("viewer").get("/customers/contacts/new").status_code == 403


def test_mistakes_are_shown_at_their_fields_and_nothing_typed_is_lost(sign_in: SignIn) -> None:
    answer = sign_in("cem").post(
        "/customers/contacts/new", data={"name": "Ece Su", "phone": "12", "country": "Atlantis"}
    )
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'value="Ece Su"' in answer.text and 'value="Atlantis"' in answer.text
    assert sign_in("cem").post("/customers/contacts/new", data={}).status_code == 422


def test_a_stale_change_shows_both_and_can_be_saved_again(runtime: Runtime, sign_in: SignIn) -> None:
    grace = who(runtime, "Grace Moore")
    mine, theirs = sign_in("cem"), sign_in("lead")
    path = f"/customers/contacts/{grace}/edit"
    seen = re.search(r'name="seen" value="([^"]+)"', mine.get(path).text)
    assert seen
    before = {
        "name": "Grace Moore",
        "email": "person0@example.com",
        "phone": "+905321234500",
        "seen": seen[1],
    }
    assert theirs.post(path, data={**before, "name": "Grace M. Moore"}).status_code == 303
    late = mine.post(path, data={**before, "name": "Dr Grace Moore"})
    assert late.status_code == 409
    assert 'value="Dr Grace Moore"' in late.text
    assert "Grace M. Moore" in late.text
    seen = re.search(r'name="seen" value="([^"]+)"', late.text)
    assert seen
    assert mine.post(path, data={**before, "name": "Dr Grace Moore", "seen": seen[1]}).status_code == 303
    assert stored(runtime, grace).name == "Dr Grace Moore"
    with runtime.database.reading() as session:
        changes = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "changed").order_by(AuditEntry.id)
        ).all()
        assert [each.detail["fields"] for each in changes][-1] == "name"


def test_an_account_is_added_and_changed(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    form = {"name": "New Co", "owner": "0", "recurring_revenue": "€ 1.200,50", "renewal_on": "2027-03-01"}
    made = lead.post("/customers/accounts/new", data=form)
    account_id = int(made.headers["Location"].rpartition("/")[2])
    with runtime.database.reading() as session:
        account = session.get(Account, account_id)
        assert account and account.recurring_revenue is not None
        assert (float(account.recurring_revenue), account.currency) == (1200.5, "EUR")
    page = lead.get(f"/customers/accounts/{account_id}/edit").text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    wrong = {**form, "name": "", "seen": seen[1]}
    assert lead.post(f"/customers/accounts/{account_id}/edit", data=wrong).status_code == 422
    assert (
        lead.post(f"/customers/accounts/{account_id}/edit", data={**form, "seen": "old"}).status_code == 409
    )


def test_a_permission_needs_a_source_and_never_undoes_an_opt_out(runtime: Runtime, sign_in: SignIn) -> None:
    grace, csm = who(runtime, "Grace Moore"), sign_in("cem")
    path = f"/customers/contacts/{grace}"
    given = {"channel": "email", "basis": "contract", "source": "call of 3 March"}
    csm.post(f"{path}/permissions", data={**given, "source": " "})
    csm.post(f"{path}/permissions", data={**given, "basis": "because"})
    with runtime.database.reading() as session:
        assert session.scalars(select(Consent)).all() == []
    csm.post(f"{path}/permissions", data=given)
    assert "call of 3 March" in csm.get(path).text
    csm.post(f"{path}/opt-out")
    csm.post(f"{path}/permissions", data=given)
    with runtime.database.reading() as session:
        assert suppression.is_suppressed(session, "email", "person0@example.com")
        assert suppression.is_suppressed(session, "sms", "+905321234500")
        assert all(each.withdrawn_at for each in session.scalars(select(Consent)))


def test_only_who_may_exports_and_erases_a_person(runtime: Runtime, sign_in: SignIn) -> None:
    grace = who(runtime, "Grace Moore")
    path, lead = f"/customers/contacts/{grace}", sign_in("lead")
    assert sign_in("cem").post(f"{path}/export").status_code == 403
    assert sign_in("cem").post(f"{path}/erase").status_code == 403
    everything = json.loads(lead.post(f"{path}/export").data)
    assert everything["contact"]["email"] == "person0@example.com"
    assert lead.get(f"{path}/erase").status_code == 200
    assert lead.post(f"{path}/erase", data={"external_id": "wrong"}).status_code == 422
    assert stored(runtime, grace).name == "Grace Moore"
    assert lead.post(f"{path}/erase", data={"external_id": "c0"}).status_code == 303
    assert lead.get(path).status_code == 404
    assert "Grace" not in lead.get("/customers/?search=grace").text.replace('value="grace"', "")
    with runtime.database.reading() as session:
        done = session.execute(
            select(AuditEntry.action).where(AuditEntry.subject == "contact", AuditEntry.subject_id == grace)
        )
        assert {"exported", "erased"} <= set(done.scalars())
