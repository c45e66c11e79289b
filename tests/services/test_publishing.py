"""What may be asked: files held against what was published, on every way to a customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedback import resources
from feedback.errors import QuestionnaireInvalid
from feedback.library import Library
from feedback.services import publishing
from feedback.settings import Settings
from feedback.store.database import Database
from tests.services.conftest import World

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FILE = "support-call-csat.yaml"
HELP, PRICE = "with our help on {topic|your request}", "with the price of your contract for {topic|it}"


@pytest.fixture
def load(migrated: Database, settings: Settings) -> Callable[[], Library]:
    """Reads the installation's files, as the start does."""

    def load() -> Library:
        with migrated.reading() as session:
            return publishing.load(session, settings, NOW)

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


def publish(database: Database, library: Library, key: str = "support-call-csat") -> int:
    with database.writing() as session:
        return library.published(session, key, NOW).id


OTHER_QUESTION = (HELP, PRICE)
OTHER_SERIES = ("trend: support-csat", "trend: contract-csat")


def bridge(until: str) -> tuple[str, str]:
    return ("trend: support-csat", f"trend: support-csat\ntrend_bridge: {until}")


def test_another_question_in_a_published_series_is_refused_with_the_two_ways_out(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION)
    with pytest.raises(QuestionnaireInvalid) as refused:
        load()
    assert f"{FILE}:" in str(refused.value)
    assert "trend-scale-changed" in str(refused.value)
    assert "new `trend:` key" in str(refused.value)
    assert "`trend_bridge:`" in str(refused.value)


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
    with pytest.raises(QuestionnaireInvalid, match=r"The question has changed \('fa'\)"):
        load()


@pytest.mark.parametrize("until", ["whenever", "2020-01-01", "2031-01-01", "2026-03-01"])
def test_a_bridge_without_an_end_ahead_is_no_way_out(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], until: str
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, bridge(until))
    with pytest.raises(QuestionnaireInvalid, match="trend-bridge"):
        load()


def test_what_was_published_on_a_bridge_does_not_become_the_series(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None]
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, bridge("2026-06-30"))
    publish(migrated, load())
    write(OTHER_QUESTION)
    with pytest.raises(QuestionnaireInvalid, match="trend-scale-changed"):
        load()
    write()
    load()


def test_a_questionnaire_of_another_name_cannot_slip_into_a_series(
    migrated: Database, load: Callable[[], Library], write: Callable[..., None], settings: Settings
) -> None:
    publish(migrated, load())
    write(OTHER_QUESTION, ("key: support-call-csat", "key: price"))
    file = settings.instance / "questionnaires" / FILE
    file.rename(file.with_name("price.yaml"))
    with pytest.raises(QuestionnaireInvalid, match="trend-scale-changed"):
        load()


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
    with world.database.reading() as session:
        return dict(publishing.load(session, world.settings, world.now).questionnaires)


def test_what_is_told_to_the_linter_is_made_once_until_something_is_published(
    migrated: Database, load: Callable[[], Library], settings: Settings, tmp_path: Path
) -> None:
    rules = publishing.Rules(settings)

    def told() -> object:
        with migrated.reading() as session:
            return rules.of(session, NOW)

    first = told()
    assert told() is first
    publish(migrated, load())
    assert told() is not first
