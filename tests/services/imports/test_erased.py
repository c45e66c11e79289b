"""A file that still names somebody who was erased."""

from __future__ import annotations

from sqlalchemy import select

from feedback.services.privacy import erasure
from feedback.store.models import Contact
from tests.services.conftest import World
from tests.services.imports.conftest import Importer


def test_an_import_does_not_bring_an_erased_person_back(world: World, bring_in: Importer) -> None:
    table = "external_id,name\nc1,Ada\nc2,Bo\n"
    bring_in("contacts", table)
    with world.database.writing() as session:
        erasure.erase(session, erasure.find(session, "c1"), by=None, now=world.now)
    report = bring_in("contacts", table)
    assert [(r.line, r.reason) for r in report.refused] == [
        (2, "Remove this person from the file: they were erased on request.")
    ]
    assert (report.unchanged, report.created) == (1, 0)
    with world.database.reading() as session:
        assert {contact.name for contact in session.scalars(select(Contact))} == {None, "Bo"}
