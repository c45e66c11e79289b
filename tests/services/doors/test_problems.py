"""What `feedback doctor` says about doors."""

from __future__ import annotations

from feedback import clock
from feedback.core.lifecycle import ArrivalState
from feedback.services.doors import arrivals, problems, setting_up
from feedback.services.doors.setting_up import DoorDraft
from feedback.store.database import Database

SETUP = "check: {by: token, header: X-Token}\nrules:\n  - ignore: true\n"


def test_doors_that_wait_for_somebody_and_that_refuse_calls_are_reported(migrated: Database) -> None:
    now = clock.now()
    with migrated.writing() as session:
        first, _ = setting_up.create(session, DoorDraft("CRM", "crm", SETUP), "", by=None, now=now)
        second, _ = setting_up.create(session, DoorDraft("Billing", "billing", SETUP), "", by=None, now=now)
        assert problems.problems(session) == []
        arrivals.store(session, first.id, arrivals.received(b"{}", "US"), now).state = ArrivalState.UNKNOWN
        setting_up.note_refused(session, second.id, "wrong_signature", now)
    with migrated.reading() as session:
        found = problems.problems(session)
    assert [each.code for each in found] == ["F129", "F128"]
    assert "'crm'" in found[1].message
    assert "wrong_signature" in found[0].message
