"""What may be asked: files held against what was published, on every way to a customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from feedback import library, lint, resources
from feedback.core.journey import Journey
from feedback.errors import QuestionnaireInvalid
from feedback.library import Library
from feedback.lint.engine.acknowledgement import Warned, warnings
from feedback.lint.engine.rule import Finding
from feedback.lint.engine.suppression import wording_hash
from feedback.services import audit
from feedback.services.questionnaires import publishing
from feedback.services.staff import accounts
from feedback.settings import Settings
from feedback.settings.table import QuestionnaireSettings
from feedback.store.database import Database
from tests.services.conftest import World

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FILE = "support-call-csat.yaml"
HELP, PRICE = "with our help on {topic|your request}", "with the price of your contract for {topic|it}"


@pytest.fixture
def load(migrated: Database, settings: Settings) -> Callable[[], Library]:
    """Reads the installation's files, as the start does."""

    def load(hours: int = 0) -> Library:
        now = NOW + timedelta(hours=hours)
        with migrated.reading() as session:
            shelf = publishing.load(session, settings, now)
        with migrated.writing() as session:
            publishing.note_acceptances(session, shelf, now)
            publishing.note_in_force(session, shelf, now)
        return shelf

    return load


@pytest.fixture
def write(settings: Settings) -> Callable[..., None]:
    """Puts a changed support survey into the instance: (old, new) replacements."""

    def write(*changes: tuple[str, str]) -> None:
        text = (resources.shipped("questionnaires") / FILE).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        directory = settings.instance / "questionnaires"
        directory.mkdir(exist_ok=True)
        (directory / FILE).write_text(text, encoding="utf-8")

    return write


def publish(database: Database, shelf: Library, key: str = "support-call-csat", now: datetime = NOW) -> int:
    with database.writing() as session:
        return shelf.published(session, key, now).id


def refusal(shelf: Library, file: str = FILE) -> str:
    """Why a file is not in force; empty if it is."""
    return "\n".join(
        each for refused in shelf.refused if Path(refused.path).name == file for each in refused.reasons
    )


OTHER_QUESTION = (HELP, PRICE)
OTHER_SERIES = ("trend: support-csat", "trend: contract-csat")


def bridge(until: str) -> tuple[str, str]:
    return ("trend: support-csat", f"trend: support-csat\ntrend_bridge: {until}")


def test_another_question_in_a_published_series_is_refused_with_the_two_ways_out(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION)
    told = refusal(load())
    assert f"{FILE}:" in told
    assert "trend-scale-changed" in told
    assert "new `trend:` key" in told
    assert "`trend_bridge:`" in told


def test_what_was_never_asked_may_still_change(
    load: Callable[[], Library], write: Callable[..., None]
) -> None:
    load()
    write(OTHER_QUESTION)
    assert load().questionnaire("support-call-csat").series == "support-csat"


@pytest.mark.parametrize(
    "changes",
    [
        (OTHER_QUESTION, OTHER_SERIES),
        (OTHER_QUESTION, bridge("2026-06-30")),
        (("satisfied or dissatisfied are you with", "satisfied or disatisfied are you with"),),
        (("title: {en: Support call,", "title: {en: Call,"),),
    ],
    ids=["new series", "bridge", "typing error", "another title"],
)
def test_a_new_series_a_bridge_and_a_correction_are_published(
    migrated: Database,
    load: Callable[[], Library],
    write: Callable[..., None],
    changes: tuple[tuple[str, str], ...],
) -> None:
    before = publish(migrated, load())
    write(*changes)
    assert publish(migrated, load()) > before


def test_a_new_translation_is_published_and_one_that_is_there_holds(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    publish(migrated, load())
    write(("از کمک ما دربارهٔ {topic|درخواستتان}", "از قیمت قرارداد {topic|خود} دربارهٔ آن"))
    assert "The question has changed ('fa')" in refusal(load())


@pytest.mark.parametrize("until", ["whenever", "2020-01-01", "2031-01-01", "2026-03-01"])
def test_a_bridge_without_an_end_ahead_is_no_way_out(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], until: str
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, bridge(until))
    assert "trend-bridge" in refusal(load())


def test_what_was_published_on_a_bridge_does_not_become_the_series(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, bridge("2026-06-30"))
    publish(migrated, load())
    write(OTHER_QUESTION)
    assert "trend-scale-changed" in refusal(load())
    write()
    load()


def test_a_bridge_that_ends_while_the_server_runs_ends_the_asking(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, bridge("2026-03-20"))
    shelf = load()
    publish(migrated, shelf, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
    with pytest.raises(
        QuestionnaireInvalid, match="support-call-csat: the trend bridge expired on 2026-03-20"
    ):
        publish(migrated, shelf, now=datetime(2026, 3, 21, 12, tzinfo=UTC))
    publish(migrated, shelf, "relationship-nps", now=datetime(2026, 3, 21, 12, tzinfo=UTC))


def test_a_fortnight_before_a_bridge_ends_doctor_warns(
    load: Callable[[], Library], write: Callable[..., None]
) -> None:
    write(bridge("2026-03-20"))
    shelf = load()
    assert publishing.problems(shelf, date(2026, 3, 5)) == []
    for day, told in (
        (date(2026, 3, 6), "expires on 2026-03-20"),
        (date(2026, 3, 21), "expired on 2026-03-20"),
    ):
        (problem,) = publishing.problems(shelf, day)
        assert (problem.code, problem.level) == ("F114", "warning")
        assert told in problem.message


def test_a_questionnaire_of_another_name_cannot_slip_into_a_series(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, ("key: support-call-csat", "key: price"))
    file = settings.instance / "questionnaires" / FILE
    file.rename(file.with_name("price.yaml"))
    assert "trend-scale-changed" in refusal(load(), "price.yaml")


@pytest.fixture
def overtaken(migrated: Database, load: Callable[[], Library], write: Callable[..., None]) -> Library:
    """A library that was read before another node published the series with other words."""
    write(OTHER_QUESTION)
    late = load()
    write()
    publish(migrated, load())
    return late


def test_storing_a_version_compares_once_more_for_another_node_may_have_been_faster(
    migrated: Database, overtaken: Library
) -> None:
    with pytest.raises(QuestionnaireInvalid, match="support-call-csat/satisfaction trend-scale-changed"):
        publish(migrated, overtaken)


def test_the_worker_sends_the_other_surveys_and_tries_the_refused_one_later(
    world: World, overtaken: Library
) -> None:
    world.library = overtaken
    with world.database.writing() as session:
        for key, event in (("c1", "ticket_closed"), ("c2", "onboarding_completed")):
            world.contact(session, key, phone=f"+90532123456{key[-1]}")
            world.event(session, event, key)
    world.wait(hours=25)
    world.tick()
    assert len(world.texts) == 1
    world.library = Library(world.library.questionnaires | load_shipped(world), world.library.journey)
    world.wait(hours=1)
    world.tick()
    assert len(world.texts) == 2


def load_shipped(world: World) -> dict[str, object]:
    with world.database.writing() as session:
        return dict(publishing.load(session, world.settings, world.now).questionnaires)


def test_what_is_told_to_the_linter_is_made_once_until_something_is_published(
    migrated: Database, load: Callable[[], Library], settings: Settings, tmp_path: Path
) -> None:
    rules = publishing.Rules(settings)

    def told() -> object:
        with migrated.reading() as session:
            return rules.for_session(session, NOW)

    first = told()
    assert told() is first
    publish(migrated, load())
    assert told() is not first


# --- Warnings ---------------------------------------------------------------------------------------

WARNED = ("Is your problem solved?", "Was it not solved?")


def people(database: Database) -> dict[str, int]:
    with database.writing() as session:
        return {
            role: accounts.add_user(
                session, accounts.NewUser(f"{role}@example.com", f"A {role}", [role]), NOW
            ).id
            for role in ("lead", "csm")
        }


def warned(settings: Settings, database: Database) -> dict[Warned, list[Finding]]:
    with database.reading() as session:
        told = publishing.Rules(settings).for_session(session, NOW)
    shelf = library.load(resources.directories("questionnaires", settings.instance), told)
    return warnings(shelf.results["support-call-csat"])


def test_a_warning_keeps_a_questionnaire_from_being_published_until_somebody_lets_it_pass(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    write(WARNED)
    assert "feedback acknowledge support-call-csat" in refusal(load())
    found, lead = warned(settings, migrated), people(migrated)["lead"]
    assert [(each.rule, each.question) for each in found] == [("negation", "solved")]
    with migrated.writing() as session:
        assert publishing.acknowledge(session, "support-call-csat", list(found), by=lead, now=NOW)
        assert not publishing.acknowledge(session, "support-call-csat", list(found), by=lead, now=NOW)
    publish(migrated, load())
    with migrated.reading() as session:
        ((entry, user),) = audit.search(session, audit.AuditFilter(subject="finding"), 10)
    assert (entry.action, user.email, entry.at) == ("acknowledged", "lead@example.com", NOW)
    assert entry.detail["rule"] == "negation"


def test_another_wording_has_to_be_let_pass_anew(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    write(WARNED)
    lead = people(migrated)["lead"]
    with migrated.writing() as session:
        found = warned(settings, migrated)
        publishing.acknowledge(session, "support-call-csat", list(found), by=lead, now=NOW)
    load()
    write(("Is your problem solved?", "Was your call not answered?"))
    assert "negation" in refusal(load())


def test_what_was_published_before_stays_in_force_with_its_warnings(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    write(WARNED)
    shelf = library.load(resources.directories("questionnaires", settings.instance))
    publish(migrated, Library(shelf.questionnaires, shelf.journey))  # by a release that let warnings pass
    load()


def test_a_library_that_was_read_without_a_database_refuses_a_warning_when_it_is_to_be_sent(
    migrated: Database, write: Callable[..., None], settings: Settings
) -> None:
    write(WARNED)
    shelf = library.load(resources.directories("questionnaires", settings.instance))
    with pytest.raises(QuestionnaireInvalid, match="negation"):
        publish(migrated, shelf)


# --- Accepted in the file ---------------------------------------------------------------------------

DOUBLE = ("Is your problem solved?", "Are you happy with price and speed?")
ACCEPTED = """
lint:
  suppress:
    - rule: double-barrelled
      question: solved
      reason: Prescribed by the regulator, form 12.
      by: lead
      wording: "HASH"
"""


def accepted(settings: Settings, write: Callable[..., None], *changes: tuple[str, str]) -> None:
    write(DOUBLE)
    file = settings.instance / "questionnaires" / FILE
    text = file.read_text(encoding="utf-8")
    (tie,) = {each.wording for each in lint.check(text) if each.rule == "double-barrelled"}
    entry = ACCEPTED.replace("HASH", wording_hash(tie))
    for old, new in changes:
        entry = entry.replace(old, new)
    file.write_text(text + entry, encoding="utf-8")


def test_an_error_that_a_lead_accepts_is_published_and_stands_in_the_audit_once(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    people(migrated)
    accepted(settings, write)
    load()
    load()
    with migrated.reading() as session:
        ((entry, _),) = audit.search(session, audit.AuditFilter(subject="finding"), 10)
    assert entry.action == "accepted"
    assert (entry.detail["rule"], entry.detail["author"]) == ("double-barrelled", "lead")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("by: lead", "by: csm"), "suppression-author"),
        (("by: lead", "by: nobody"), "suppression-author"),
        (("      by: lead\n", ""), "suppression-incomplete"),
        (("by: lead", "by: lead\n      until: 2026-03-01"), "suppression-expired"),
    ],
)
def test_what_does_not_hold_keeps_an_error_an_error(
    migrated: Database,
    load: Callable[[], Library],
    write: Callable[..., None],
    settings: Settings,
    change: tuple[str, str],
    told: str,
) -> None:
    people(migrated)
    accepted(settings, write, change)
    assert told in refusal(load())
    assert "double-barrelled" in refusal(load())


def test_what_was_accepted_until_a_day_ends_with_it_while_the_server_runs(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    people(migrated)
    accepted(settings, write, ("by: lead", "by: lead\n      until: 2026-03-20"))
    shelf = load()
    assert "double-barrelled" in publishing.problems(shelf, date(2026, 3, 10))[0].message
    publish(migrated, shelf, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
    with pytest.raises(QuestionnaireInvalid, match="`double-barrelled` expired on 2026-03-20"):
        publish(migrated, shelf, now=datetime(2026, 3, 21, 12, tzinfo=UTC))


def test_the_settings_name_more_design_leads(
    migrated: Database, write: Callable[..., None], settings: Settings
) -> None:
    accepted(settings, write, ("by: lead", "by: E.Yilmaz"))
    named = replace(settings, questionnaires=QuestionnaireSettings(design_leads=("e.yilmaz",)))
    with migrated.writing() as session:
        publishing.load(session, named, NOW)


def test_files_read_without_an_installation_know_what_day_it_is(
    settings: Settings, write: Callable[..., None]
) -> None:
    accepted(settings, write)
    directories = resources.directories("questionnaires", settings.instance)
    library.load(directories)
    accepted(settings, write, ("by: lead", "by: lead\n      until: 2020-01-01"))
    with pytest.raises(QuestionnaireInvalid, match="suppression-expired"):
        library.load(directories)


# --- What is in force stays in force ----------------------------------------------------------------

JOURNEY = "journey.yaml"
STAGES = """
stages:
  - key: after-call
    title: {en: After a call, tr: Aramadan sonra, fa: پس از تماس}
    enter: {event: ticket_closed}
    questionnaire: support-call-csat
    channels: [sms]
    expires_after: 7d
"""
BROKEN = {
    "a tab": "key: support-call-csat\n\ttitle: Call\n",
    "an unknown key": "key: support-call-csat\ntitel: {en: Call}\n",
    "half a file, named otherwise": "title: {en: Call\n",
    "nothing": "",
    "not UTF-8": "key: support-call-csat\ntitle: \udcff\n",
}


def put(settings: Settings, name: str, text: str) -> None:
    directory = settings.instance / "questionnaires"
    directory.mkdir(exist_ok=True)
    (directory / name).write_bytes(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_leaves_the_published_questionnaire_in_force(
    migrated: Database, load: Callable[[], Library], settings: Settings, text: str
) -> None:
    before = publish(migrated, load())
    put(settings, FILE, text)
    shelf = load()
    assert refusal(shelf)
    assert publish(migrated, shelf) == before
    (problem,) = publishing.problems(shelf, NOW.date())
    assert (problem.code, problem.level) == ("F116", "warning")
    assert "support-call-csat is not in force:" in problem.message


def test_a_file_that_cannot_be_opened_stops_nothing(
    migrated: Database, load: Callable[[], Library], settings: Settings
) -> None:
    before = publish(migrated, load())
    (settings.instance / "questionnaires" / FILE).mkdir(parents=True)
    shelf = load()
    assert "The file cannot be read: Is a directory." in refusal(shelf)
    assert publish(migrated, shelf) == before


def test_an_unfinished_change_is_not_sent_and_the_old_text_is(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    before = publish(migrated, load())
    write(OTHER_QUESTION)
    assert publish(migrated, load()) == before


def test_after_a_return_to_an_older_text_that_one_is_kept(
    migrated: Database, load: Callable[..., Library], write: Callable[..., None], settings: Settings
) -> None:
    first = publish(migrated, load())
    write(("title: {en: Support call,", "title: {en: Call,"))
    assert publish(migrated, load(hours=1)) > first
    write()
    assert publish(migrated, load(hours=2)) == first
    put(settings, FILE, "")
    assert publish(migrated, load(hours=3)) == first


def test_a_file_that_was_never_published_is_refused_and_the_others_are_sent(
    migrated: Database, load: Callable[[], Library], settings: Settings
) -> None:
    put(settings, "draft.yaml", "key: draft\n\t")
    shelf = load()
    assert "draft" not in shelf.questionnaires
    (problem,) = publishing.problems(shelf, NOW.date())
    assert (problem.code, problem.level) == ("F116", "warning")
    assert publish(migrated, shelf)


def test_what_a_stage_waits_for_is_an_error_of_the_installation(
    load: Callable[[], Library], settings: Settings
) -> None:
    put(settings, FILE, "key: support-call-csat\n\t")
    (problem,) = publishing.problems(load(), NOW.date())
    assert (problem.code, problem.level) == ("F116", "error")


@pytest.mark.parametrize(
    "text",
    [
        "stages:\n\t",
        STAGES.replace("expires_after: 7d", "expires: 7d"),
        STAGES.replace("support-call", "call"),
    ],
    ids=["a tab", "an unknown key", "no such questionnaire"],
)
def test_a_broken_journey_leaves_the_last_one_in_force(
    load: Callable[[], Library], settings: Settings, text: str
) -> None:
    put(settings, JOURNEY, STAGES)
    assert [stage.key for stage in load().journey.stages] == ["after-call"]
    put(settings, JOURNEY, text)
    shelf = load()
    assert refusal(shelf, JOURNEY)
    assert [stage.key for stage in shelf.journey.stages] == ["after-call"]
    assert publishing.problems(shelf, NOW.date())[0].level == "warning"


def test_an_event_needs_only_the_journey_while_its_file_says_what_is_in_force(
    migrated: Database, settings: Settings, load: Callable[[], Library]
) -> None:
    def alone() -> Journey | None:
        with migrated.reading() as session:
            return publishing.unchanged_journey(session, settings)

    assert alone() is None  # nothing was in force before the first start
    shelf = load()
    assert alone() == shelf.journey
    put(settings, FILE, "a broken questionnaire: [")
    assert alone() == load().journey
    journey = (resources.shipped("questionnaires") / "journey.yaml").read_text(encoding="utf-8")
    put(settings, "journey.yaml", f"# Ours.\n{journey}")
    assert alone() == shelf.journey
    put(settings, "journey.yaml", journey.replace("ticket_closed", "ticket_solved"))
    assert alone() is None
    load()
    assert alone() is not None
    put(settings, "journey.yaml", "stages: [")
    assert alone() is None


def test_a_journey_that_was_left_is_not_the_one_that_is_kept(
    load: Callable[..., Library], settings: Settings
) -> None:
    for hours, key in enumerate(("after-call", "later", "after-call")):
        put(settings, JOURNEY, STAGES.replace("after-call", key))
        load(hours)
    put(settings, JOURNEY, "stages:\n\t")
    assert [stage.key for stage in load().journey.stages] == ["after-call"]


def test_a_questionnaire_whose_file_is_gone_stays_while_the_journey_needs_it(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    write(("key: support-call-csat", "key: call"), OTHER_SERIES)
    file = settings.instance / "questionnaires" / FILE
    file.rename(file.with_name("call.yaml"))
    put(settings, JOURNEY, STAGES.replace("support-call-csat", "call"))
    before = publish(migrated, load(), "call")
    file.with_name("call.yaml").unlink()
    assert publish(migrated, load(), "call") == before


def test_a_customer_who_waits_for_a_refused_survey_gets_it_when_it_is_mended(world: World) -> None:
    mended = world.library
    with world.database.writing() as session:
        world.contact(session, "c1", phone="+905321234567")
        world.event(session, "ticket_closed", "c1")
    put(world.settings, FILE, "key: support-call-csat\n\t")
    with world.database.writing() as session:
        world.library = publishing.load(session, world.settings, world.now)
    world.wait(hours=25)
    world.tick()
    assert world.texts == []
    world.library = mended
    world.wait(hours=1)
    world.tick()
    assert len(world.texts) == 1


def test_a_customer_who_waits_while_no_journey_was_ever_in_force_is_not_called_off(world: World) -> None:
    mended = world.library
    with world.database.writing() as session:
        world.contact(session, "c1", phone="+905321234567")
        world.event(session, "ticket_closed", "c1")
    put(world.settings, JOURNEY, "stages:\n\t")
    with world.database.writing() as session:
        world.library = publishing.load(session, world.settings, world.now)
    world.wait(hours=25)
    world.tick()
    world.library = mended
    world.wait(hours=1)
    world.tick()
    assert len(world.texts) == 1


def test_what_was_accepted_until_a_day_is_not_asked_after_a_restart_either(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    people(migrated)
    accepted(settings, write, ("by: lead", "by: lead\n      until: 2026-03-20"))
    publish(migrated, load())
    later = datetime(2026, 3, 21, 12, tzinfo=UTC)
    with migrated.reading() as session:
        shelf = publishing.load(session, settings, later)
    with pytest.raises(QuestionnaireInvalid, match="`double-barrelled` expired on 2026-03-20"):
        publish(migrated, shelf, now=later)
    publish(migrated, shelf, "relationship-nps", now=later)
