"""Past answers from other survey tools: read with their dates, joined where they may be, stored once, and undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.time.period import Period
from feedback.errors import Conflict, ImportRefused
from feedback.services import reports, rollups
from feedback.services.contact import eligibility
from feedback.services.imports import menus, runs
from feedback.services.imports.answers import importer, looking
from feedback.services.imports.answers import runs as past_answers
from feedback.services.imports.importer import ImportReport, Options
from feedback.services.imports.menus import Chosen
from feedback.services.privacy import erasure
from feedback.store.models import (
    Contact,
    FollowUp,
    ImportedResponse,
    Message,
    Response,
    Score,
    WebhookEvent,
)
from tests.services.conftest import World
from tests.services.imports.answers import exports
from tests.services.webhooks.conftest import listen

YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))


@dataclass
class PastImporter:
    """Imports a text as a file of past answers, with the choices that it suggests."""

    world: World
    folder: Path
    number: int = 0

    def __call__(self, text: str, survey: str | None = None, **changes: object) -> ImportReport:
        path = self.folder / "answers.csv"
        path.write_text(text, encoding="utf-8")
        dry_run = bool(changes.pop("dry_run", False))
        chosen = self.chosen(path, survey, **changes)
        context, company = self.world.context, self.world.settings.organisation.name
        found = looking.look(path, chosen, self.world.settings)
        mapping = looking.mapping(found, chosen, context.library, path.name)
        assert company == "Acme"
        if dry_run:
            options = Options(dry_run=True)
            return importer.run(self.world.database, path, mapping, context, self.world.now, options)
        self.number, report = past_answers.from_terminal(
            self.world.database, path, mapping, context, self.world.now, lambda *_: None
        )
        return report

    def chosen(self, path: Path, survey: str | None, **changes: object) -> Chosen:
        found = looking.look(path, Chosen(), self.world.settings)
        company = self.world.settings.organisation.name
        made = looking.proposed(found, Chosen(), survey, self.world.library, company)
        return replace(made, **changes)  # type: ignore[arg-type]

    def undo(self) -> None:
        past_answers.undo_now(self.world.database, self.number, self.world.context, lambda: self.world.now)


@pytest.fixture
def past(world: World, tmp_path: Path) -> PastImporter:
    organisation = replace(world.settings.organisation, name="Acme")
    world.settings = replace(world.settings, organisation=organisation)
    with world.database.writing() as session:
        world.contact(session, "c1", email="deniz@example.com")
    return PastImporter(world, tmp_path)


def stored(world: World) -> list[tuple[object, ...]]:
    """(moment in UTC, external id, score, state) of each response, the oldest first."""
    with world.database.reading() as session:
        rows = session.execute(
            select(Response.answered_at, Contact.external_id, Score.value, Response.state)
            .join(Contact, Contact.id == Response.contact_id, isouter=True)
            .join(Score, Score.response_id == Response.id, isouter=True)
            .order_by(Response.answered_at, Response.id)
        )
        return [(row[0].astimezone(UTC).isoformat(" ", "seconds")[:16], *row[1:]) for row in rows]


def rest(world: World, session: Session) -> object:
    """What the contact policy remembers of the contact."""
    contact = session.scalars(select(Contact).where(Contact.external_id == "c1")).one()
    return eligibility.history(session, contact, world.now, eligibility.policy(world.settings))


SHAPES = {
    "qualtrics": (
        exports.QUALTRICS,
        [("2025-03-09 04:59", "c1", 10, "complete"), ("2025-06-08 16:00", None, 3, "partial")],
    ),
    "surveymonkey": (
        exports.SURVEYMONKEY,
        [("2025-06-10 13:09", "c1", 9, "complete"), ("2025-06-13 08:09", None, 2, "complete")],
    ),
    "google-forms": (
        exports.GOOGLE_FORMS,
        [("2025-03-14 06:05", "c1", 7, "complete"), ("2025-03-14 20:59", None, 10, "complete")],
    ),
    "google-forms-tr": (exports.GOOGLE_SHEET_TR, [("2025-03-14 09:05", "c1", 7, "complete")]),
    "typeform": (exports.TYPEFORM, [("2025-03-14 06:05", None, 6, "complete")]),
    "delighted": (exports.DELIGHTED, [("2025-03-14 07:15", "c1", 9, "complete")]),
    "asknicely": (exports.ASKNICELY, [("2025-03-14 07:15", "c1", 8, "complete")]),
}
JOINING = ("qualtrics", "surveymonkey", "google-forms", "google-forms-tr", "typeform")
"""Files that have the wording, which is ours. Delighted and AskNicely leave it out."""


@pytest.mark.parametrize("shape", SHAPES)
def test_an_export_is_recognised_and_keeps_dates_people_and_series(
    shape: str, past: PastImporter, world: World
) -> None:
    text, expected = SHAPES[shape]
    report = past(text)
    assert stored(world) == expected
    assert report.answers["survey"] == "relationship-nps"
    assert report.answers["joins"] is (shape in JOINING)
    with world.database.reading() as session:
        assert rollups.check(session) == []
        sources = set(session.execute(select(Response.source, Response.channel)))
    assert sources == {("import", "imported")}


def test_answers_in_our_words_continue_the_series_and_the_score_says_how_many_are_imported(
    past: PastImporter, world: World
) -> None:
    past(exports.GOOGLE_FORMS)
    with world.database.reading() as session:
        known = reports.all_series(session, world.library)
        series = reports.find_series(known, "relationship", "score")
        shown = reports.score(session, series, YEAR)
    assert (shown.n, shown.imported) == (2, 2)
    assert {value: n for value, n in shown.aggregate.counts.items() if n} == {7: 1, 10: 1}


def test_another_wording_is_a_series_of_its_own_beside_ours(past: PastImporter, world: World) -> None:
    other = exports.GOOGLE_FORMS.replace(exports.NPS, "Would you recommend our invoices?")
    report = past(other)
    assert not report.answers["joins"] and report.answers["series"] == "relationship-nps-imported"
    assert [each["reason"] for each in report.answers["reasons"]] == ["The question has changed ('en')"]
    with world.database.reading() as session:
        known = reports.all_series(session, world.library)
        ours = reports.find_series(known, "relationship", "score")
        assert reports.score(session, ours, YEAR).n == 0
        [own] = reports.past_series(known, ours)
        assert reports.score(session, own, YEAR).n == 2


def test_a_wording_that_a_person_gives_lets_a_file_without_one_join(past: PastImporter) -> None:
    report = past(exports.DELIGHTED, wording=exports.NPS)
    assert report.answers["joins"]
    assert [(each.line, each.column) for each in report.refused] == [(3, "Score")]
    assert "The scale goes from 0 to 10" in report.refused[0].reason


def test_nothing_follows_from_past_answers(past: PastImporter, world: World) -> None:
    listen(world.database)
    with world.database.reading() as session:
        before = rest(world, session)
    past(exports.QUALTRICS)
    with world.database.reading() as session:
        for table in (FollowUp, Message, WebhookEvent):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert rest(world, session) == before


def test_the_same_rows_are_stored_once_and_anonymous_twins_both_count(
    past: PastImporter, world: World
) -> None:
    past(exports.QUALTRICS)
    again = past(exports.QUALTRICS)
    assert (again.created, again.unchanged) == (0, 2)
    twins = exports.table(["Timestamp", "nps"], ["2025-03-14", "9"], ["2025-03-14", "9"], ["2025-03-14", "4"])
    first, second = past(twins), past(twins)
    assert (first.created, second.created, second.unchanged) == (3, 0, 3)
    assert len(stored(world)) == 5


def test_undoing_takes_answers_counts_and_added_people_out_again(past: PastImporter, world: World) -> None:
    past(exports.QUALTRICS)
    kept = stored(world)
    report = past(exports.GOOGLE_FORMS, add_people=True)
    assert report.answers["added"] == 1
    assert ("2025-03-14 20:59", "new@elsewhere.example", 10, "complete") in stored(world)
    past.undo()
    assert stored(world) == kept
    with world.database.reading() as session:
        assert rollups.check(session) == []
        assert session.scalars(select(Contact.external_id)).all() == ["c1"]
        assert session.scalar(select(func.count()).select_from(ImportedResponse)) == len(kept)
    with pytest.raises(Conflict):
        past.undo()
    assert past(exports.GOOGLE_FORMS).created == 2


def test_a_dry_run_says_what_would_happen_and_stores_nothing(past: PastImporter, world: World) -> None:
    report = past(exports.QUALTRICS, dry_run=True)
    assert (report.read, report.created, report.answers["trials"]) == (3, 2, 1)
    assert (report.answers["known"], report.answers["unknown"]) == (1, 1)
    assert stored(world) == []


def test_every_faulty_cell_has_its_reason_and_good_rows_are_stored(past: PastImporter, world: World) -> None:
    text = exports.table(
        ["Timestamp", "Email Address", "nps", "comment"],
        ["2025-03-14 09:00", "not an address", "9", ""],
        ["yesterday", "", "12", ""],
        ["2099-01-01 09:00", "", "9", ""],
        ["2025-03-14 09:00", "", "many", "x"],
        ["2025-03-14 09:00", "", "", ""],
        ["2025-03-14 10:00", "DENIZ@example.COM", "9.0", "Good"],
    )
    report = past(text)
    assert [(each.line, each.column) for each in report.refused] == [
        (2, "Email Address"), (3, "Timestamp"), (4, "Timestamp"), (5, "nps")
    ]  # fmt: skip
    assert report.answers["empty"] == 1
    assert [row[1:3] for row in stored(world)] == [("c1", 9)]


def test_an_erased_person_does_not_come_back_with_an_old_file(past: PastImporter, world: World) -> None:
    with world.database.writing() as session:
        erasure.erase(session, erasure.find(session, "c1"), by=None, now=world.now)
    report = past(exports.GOOGLE_FORMS, add_people=True)
    assert [each.reason for each in report.refused] == [importer.ERASED]
    assert [row[1] for row in stored(world)] == ["new@elsewhere.example"]


def test_any_table_becomes_a_survey_of_its_own(past: PastImporter, world: World) -> None:
    text = exports.table(
        ["Date", "How was it?", "Which ones?", "Why?"],
        ["14.3.2025 09:05", "9", "Invoices; Payments", "Quick, and kind"],
        ["15.3.2025 09:05", "4", "Payments", ""],
    )
    targets = {0: "response.at", 1: "new.rating10", 2: "new.multi", 3: "new.text"}
    report = past(text, survey="", targets=targets, zone="Asia/Tehran")
    assert report.created == 2 and report.answers["questionnaire"] == "answers-imported"
    with world.database.reading() as session:
        found = session.scalars(select(Response).order_by(Response.id)).first()
        assert found is not None and found.answered_at.astimezone(UTC) == datetime(
            2025, 3, 14, 5, 35, tzinfo=UTC
        )
        assert {each.question: (each.value, each.text) for each in found.answers} == {
            "how-was-it": (9, None),
            "which-ones": (["invoices", "payments"], None),
            "why": (None, "Quick, and kind"),
        }
        assert rollups.check(session) == []


def test_choices_that_cannot_work_are_refused_with_a_sentence(past: PastImporter) -> None:
    with pytest.raises(ImportRefused, match="when somebody answered"):
        past(exports.table(["a", "nps"], ["x", "9"]))
    with pytest.raises(ImportRefused, match="no questionnaire"):
        past(exports.GOOGLE_FORMS, survey="missing")
    with pytest.raises(ImportRefused, match="no time zone"):
        past(exports.GOOGLE_FORMS, zone="Mars/Base")


def test_the_page_of_imports_does_the_same_in_steps(past: PastImporter, world: World) -> None:
    with world.database.writing() as session:
        by = world.owner(session).id
    file = BytesIO(exports.SURVEYMONKEY.encode())
    database, context = world.database, world.context
    number = past_answers.upload(database, "sm.csv", file, context, by=by, now=world.now)
    with database.reading() as session:
        chosen = menus.from_json(runs.find(session, number).chosen)
    assert chosen.survey == "relationship-nps"
    past_answers.check(database, number, chosen, context)
    work: Callable[[], bool] = lambda: runs.work(database, context, lambda: world.now)  # noqa: E731
    while work():
        pass
    with database.writing() as session:
        assert runs.find(session, number).report["created"] == 2
        runs.begin(session, number, now=world.now)
    while work():
        pass
    assert len(stored(world)) == 2
    with database.writing() as session:
        runs.undo(session, number)
    while work():
        pass
    assert stored(world) == []
