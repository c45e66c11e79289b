"""Two contacts who are one person: nothing is lost, nobody is asked twice, and a no stays a no."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.errors import NotFound
from feedback.services.access import Viewer
from feedback.services.contact import suppression
from feedback.services.customers import ConsentChange, ContactDraft, merging, store_contacts
from feedback.services.privacy import erasure
from feedback.store.database import Database
from feedback.store.models import (
    Consent,
    Contact,
    ContactAlias,
    Enrolment,
    Invitation,
    JourneyEvent,
    Suppression,
)
from tests.services.customers import base
from tests.services.customers.base import NOW

ALL = Viewer(1, sees_all=True)


def merged(database: Database) -> dict[str, int]:
    """Şeyma and Seyit are one; both have the same round of a stage, and Seyit's is still to come."""
    with database.writing() as session:
        ids = base.furnish(session)
        for key, state in (("c-1001", "skipped"), ("c-1002", "scheduled")):
            session.add(
                Enrolment(
                    contact_id=ids[key], stage="renewal", occurrence="2026-05-01", questionnaire="nps", state=state,
                    entered_at=NOW, due_at=NOW, expires_at=NOW + timedelta(days=9), created_at=NOW, decided_at=NOW,
                )
            )  # fmt: skip
        session.add(
            JourneyEvent(
                key="e", name="x", contact_id=ids["c-1002"], occurred_at=NOW, received_at=NOW, source="api"
            )
        )
    return ids


def test_everything_moves_and_the_other_id_still_leads_here(migrated: Database) -> None:
    ids = merged(migrated)
    keep, drop = ids["c-1001"], ids["c-1002"]
    with migrated.writing() as session:
        merging.merge(session, ALL, keep, drop, now=NOW)
    with migrated.reading() as session:
        assert session.get(Contact, drop) is None
        contact = session.get(Contact, keep)
        assert contact
        assert contact.properties == {"role": "buyer", "beta": True, "other_email": "seyit@acme.example"}
        for table in (JourneyEvent, Invitation, Consent):
            assert keep in session.scalars(select(table.contact_id)).all()
            assert drop not in session.scalars(select(table.contact_id)).all()
        states = session.scalars(select(Enrolment.state).where(Enrolment.contact_id == keep)).all()
        assert sorted(states) == ["cancelled", "skipped"]
        assert merging.resolve(session, "c-1002") == merging.resolve(session, "c-1001") == keep
        assert merging.resolve(session, "c-1003") == ids["c-1003"]
        with pytest.raises(NotFound):
            merging.resolve(session, "c-9999")


@pytest.mark.parametrize("kept", ["c-1001", "c-1002"])
def test_an_opt_out_of_either_is_one_of_both(migrated: Database, kept: str) -> None:
    ids = merged(migrated)
    with migrated.writing() as session:
        suppression.opt_out(session, "email", "seyit@acme.example", source="link", now=NOW)
        drop = next(key for key in ("c-1001", "c-1002") if key != kept)
        merging.merge(session, ALL, ids[kept], ids[drop], now=NOW)
    with migrated.reading() as session:
        for kind, address in (
            ("email", "seyit@acme.example"), ("email", "seyma.isik@acme.example"), ("sms", "+905321234567"),
        ):  # fmt: skip
            assert suppression.is_suppressed(session, kind, address), address
        owners = select(Suppression.contact_id).where(Suppression.address == "seyit@acme.example")
        assert session.scalars(owners).all() == [ids[kept]]


def test_a_permission_that_one_of_them_withdrew_is_withdrawn(migrated: Database) -> None:
    ids = merged(migrated)
    with migrated.writing() as session:
        twin = session.get(Contact, ids["c-1002"])
        assert twin
        twin.email = "seyma.isik@acme.example"
        session.add(
            Consent(
                contact_id=twin.id, kind="email", address=twin.email, basis="consent", source="x", granted_at=NOW,
                withdrawn_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        assert [each.id for each in merging.alike(session, ALL, twin)] == [ids["c-1001"]]
        (group,) = merging.duplicates(session, ALL)
        assert (group.kind, len(group.contacts)) == ("email", 2)
        merging.merge(session, ALL, twin.id, ids["c-1001"], now=NOW)
        assert suppression.refused(session, {ids["c-1002"]}) == {
            (ids["c-1002"], "email", "seyma.isik@acme.example")
        }


def test_an_import_of_the_merged_id_makes_no_new_contact_and_only_its_refusal_counts(
    migrated: Database,
) -> None:
    ids = merged(migrated)
    with migrated.writing() as session:
        merging.merge(session, ALL, ids["c-1001"], ids["c-1002"], now=NOW)
        address = "seyma.isik@acme.example"
        row = ContactDraft("c-1002", {"name": "Wrong", "email": address})
        row.permissions = [ConsentChange("email", allowed=False, basis="none", source="crm")]
        stored = store_contacts(session.connection(), [row], {}, NOW)
        assert stored["c-1002"].outcome == "updated"
    with migrated.reading() as session:
        contact = session.get(Contact, ids["c-1001"])
        assert contact and contact.name == "Şeyma Işık"
        assert not session.scalars(select(Contact).where(Contact.external_id == "c-1002")).all()
        assert suppression.refused(session, {contact.id})


def test_a_colleague_s_contact_cannot_be_merged(migrated: Database) -> None:
    ids = merged(migrated)
    with pytest.raises(NotFound), migrated.writing() as session:
        merging.merge(session, Viewer(999), ids["c-1003"], ids["c-1001"], now=NOW)


def test_an_erasure_forgets_the_ids_of_merged_contacts_and_keeps_them_out(migrated: Database) -> None:
    ids = merged(migrated)
    with migrated.writing() as session:
        contact = merging.merge(session, ALL, ids["c-1001"], ids["c-1002"], now=NOW)
        erasure.erase(session, contact, by=None, now=NOW)
    with migrated.reading() as session:
        assert session.scalars(select(ContactAlias)).all() == []
        from feedback.services.customers import erased

        assert erased(session.connection(), ["c-1001", "c-1002", "c-1003"]) == {"c-1001", "c-1002"}
