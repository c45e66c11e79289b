"""A few customers who differ in everything by which they can be filtered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from feedback.services.contact import suppression
from feedback.store.models import Account, Contact, Invitation, QuestionnaireVersion, User

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def furnish(session: Session) -> dict[str, int]:
    """Three accounts and six contacts; the ids by external id."""
    cem = User(email="cem@example.com", name="Cem", fs_uniquifier="cem", created_at=NOW)
    session.add(cem)
    session.flush()
    stamps = {"created_at": NOW, "updated_at": NOW}
    acme = Account(
        external_id="acme", name="Acme İstanbul", segment="vip", owner_id=cem.id,
        renewal_on=NOW.date() + timedelta(days=40), properties={"plan": "Pro", "seats": 5}, **stamps,
    )  # fmt: skip
    blue = Account(
        external_id="blue", name="Blue Bakery", segment="core",
        renewal_on=NOW.date() - timedelta(days=3), properties={"plan": "Free"}, **stamps,
    )  # fmt: skip
    session.add_all([acme, blue])
    session.flush()
    people = [
        Contact(
            external_id="c-1001", account_id=acme.id, name="Şeyma Işık", phone="+905321234567", country="TR",
            email="seyma.isik@acme.example", language="tr", properties={"role": "buyer", "beta": True}, **stamps,
        ),
        Contact(
            external_id="c-1002", account_id=acme.id, name="Seyit Kaya", email="seyit@acme.example", country="TR",
            language="tr", properties={"role": "user"}, **stamps,
        ),
        Contact(
            external_id="c-1003", account_id=blue.id, name="Jürgen Weiß", phone="+4915112345678", country="DE",
            language="de", **stamps,
        ),
        Contact(external_id="c-1004", account_id=blue.id, name="مریم کاظمی", language="fa", **stamps),
        Contact(external_id="c-1005", email="nobody@example.org", **stamps),
        Contact(external_id="c-1006", name="Seyhan Gone", erased_at=NOW, **stamps),
    ]  # fmt: skip
    session.add_all(people)
    session.flush()
    ids = {each.external_id: each.id for each in (acme, blue, *people)} | {"cem": cem.id}
    seyma, seyit, jurgen, _maryam, nobody, _gone = people
    for contact in (seyma, seyit, nobody):
        assert contact.email
        suppression.grant(session, contact, "email", contact.email, basis="contract", source="crm", now=NOW)
    assert jurgen.phone and nobody.email
    suppression.grant(session, jurgen, "sms", jurgen.phone, basis="consent", source="crm", now=NOW)
    suppression.opt_out(session, "email", nobody.email, source="link", now=NOW)
    version = QuestionnaireVersion(key="nps", content_hash="x", content={}, published_at=NOW)
    session.add(version)
    session.flush()
    for contact, days, stage, state in (
        (seyma, 10, "onboarding", "sent"),
        (seyit, 90, "renewal", "completed"),
        (jurgen, 5, "onboarding", "failed"),
    ):
        at = NOW - timedelta(days=days)
        session.add(
            Invitation(
                contact_id=contact.id, account_id=contact.account_id, version_id=version.id, stage=stage,
                channel="email", language="en", state=state, created_at=at, sent_at=at,
                expires_at=NOW + timedelta(days=9),
            )
        )  # fmt: skip
    session.flush()
    return ids
