"""Publishing is safe: what is broken changes nothing, what was published stays, and every node follows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from feedback.core.journey import Journey
from feedback.errors import Conflict, NotFound, Rejected
from feedback.library import Library, TextOfFile, checked
from feedback.lint import LintContext
from feedback.lint.engine.acknowledgement import warnings
from feedback.services.context import Context
from feedback.services.questionnaires import publishing
from feedback.services.studio import drafts, publication, revisions
from feedback.services.studio.following import EVERY, Following
from feedback.services.studio.publication import Prepared
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import QuestionnaireVersion, StudioRevision
from tests.services.studio.conftest import KEY, NOW

TITLE = ("title: {en: Support call,", "title: {en: Call,")
QUESTION = ("with our help on {topic|your request}", "with the price of your contract for {topic|it}")
WARNED = ("Is your problem solved?", "Was it not solved?")


class Node:
    """One node: the library that it has loaded, and what follows publications."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        with database.reading() as session:
            self.library = publishing.load(session, settings, NOW)
        with database.writing() as session:
            publishing.note_in_force(session, self.library, NOW)
        self.following = Following(database, Context(settings, self.library, {}))

    @property
    def title(self) -> str:
        return self.following.in_force.library.questionnaire(KEY).title.to("en")


@pytest.fixture
def node(migrated: Database, settings: Settings, directories: list[Path]) -> Node:
    assert (settings.instance / "questionnaires") == directories[0]
    return Node(migrated, settings)


class Author:
    """Somebody who saves and publishes texts."""

    def __init__(self, node: Node, directories: list[Path], by: int) -> None:
        self.node, self.directories, self.by = node, directories, by

    def draft(self, key: str = KEY) -> drafts.StudioDraft:
        with self.node.database.reading() as session:
            return drafts.find(session, self.directories, key)

    def save(self, text: str, key: str = KEY) -> None:
        edit = self.draft(key).edit
        with self.node.database.writing() as session:
            drafts.save(session, key, text, base=edit, by=self.by, now=NOW)

    def change(self, *changes: tuple[str, str], key: str = KEY) -> None:
        text = self.draft(key).text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.save(text, key)

    def prepare(self, key: str = KEY) -> Prepared:
        node = self.node
        with node.database.reading() as session:
            return publication.prepare(
                session, node.settings, node.following.in_force.library, self.draft(key), NOW
            )

    def publish(self, key: str = KEY) -> int:
        prepared = self.prepare(key)
        assert not prepared.is_blocked, prepared.errors
        with self.node.database.writing() as session:
            number = publication.publish(session, prepared, "", set(prepared.warnings), by=self.by, now=NOW)
        self.node.following.look(at_once=True)
        return number

    def undo(self) -> None:
        node = self.node
        with node.database.reading() as session:
            prepared = publication.prepare_undo(
                session, node.settings, node.following.in_force.library, KEY, NOW
            )
        with node.database.writing() as session:
            publication.publish(session, prepared, "", set(prepared.warnings), by=self.by, now=NOW)
        node.following.look(at_once=True)


@pytest.fixture
def ada(node: Node, directories: list[Path], people: tuple[int, int]) -> Author:
    return Author(node, directories, people[0])


@pytest.fixture
def other_node(node: Node) -> Iterator[Node]:
    """A second process on the same database: connections of its own, and nothing else in common."""
    database = Database(node.database.url.render_as_string(hide_password=False))
    yield Node(database, node.settings)
    database.close()


def test_a_draft_changes_nothing_until_it_is_published(node: Node, ada: Author) -> None:
    ada.change(TITLE)
    assert node.following.look(at_once=True).library.questionnaire(KEY).title.to("en") == "Support call"
    ada.publish()
    assert node.title == "Call"
    assert ada.draft().state == drafts.DraftState.PUBLISHED


def test_another_node_follows_within_five_seconds_without_a_restart(ada: Author, other_node: Node) -> None:
    ada.change(TITLE)
    ada.publish()
    assert other_node.title == "Support call"
    begun = time.monotonic()
    while other_node.title != "Call" and time.monotonic() < begun + 5:
        time.sleep(0.1)
        other_node.following.look()
    assert other_node.title == "Call"
    assert EVERY < 5


def test_what_a_request_has_begun_with_it_ends_with(node: Node, ada: Author) -> None:
    before = node.following.look(at_once=True).library
    ada.change(TITLE)
    ada.publish()
    assert before.questionnaire(KEY).title.to("en") == "Support call"
    assert node.following.look().library is not before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{ no yaml", "syntax"),
        ("key: other\ntitle: A\nlanguages: [en]\nquestions: [{key: a, type: nps}]\n", "schema"),
        ("stages: []\n", "schema"),
        (f"key: {KEY}\n", "schema"),
    ],
)
def test_a_text_with_errors_cannot_be_published(ada: Author, node: Node, text: str, why: str) -> None:
    ada.save(text)
    prepared = ada.prepare()
    assert why in {each.rule for each in prepared.errors}
    with pytest.raises(Rejected), node.database.writing() as session:
        publication.publish(session, prepared, "", set(), by=ada.by, now=NOW)
    assert node.following.look(at_once=True).library.questionnaire(KEY).title.to("en") == "Support call"


def test_each_warning_is_accepted_by_name(ada: Author, node: Node) -> None:
    ada.change(WARNED)
    prepared = ada.prepare()
    assert prepared.warnings
    with pytest.raises(Rejected, match="warning"), node.database.writing() as session:
        publication.publish(session, prepared, "", set(), by=ada.by, now=NOW)
    ada.publish()
    assert ada.prepare().warnings == {}


def test_what_was_prepared_for_another_state_is_not_published(
    ada: Author, node: Node, people: tuple[int, int]
) -> None:
    ada.change(TITLE)
    stale = ada.prepare()
    ada.change(("title: {en: Call,", "title: {en: Helpline,"))
    fresh = ada.prepare()
    ada.publish()
    for each in (stale, fresh):
        with pytest.raises(Conflict), node.database.writing() as session:
            publication.publish(session, each, "", set(each.warnings), by=people[1], now=NOW)
    with node.database.reading() as session:
        assert [each.number for each in revisions.history(session, KEY)] == [1]


def test_undo_brings_the_version_before_back_and_leaves_the_draft(node: Node, ada: Author) -> None:
    with pytest.raises(NotFound):
        ada.undo()
    shipped = ada.draft().text
    ada.change(TITLE)
    ada.publish()
    ada.change(("title: {en: Call,", "title: {en: Helpline,"))
    ada.publish()
    ada.undo()
    assert node.title == "Call"
    assert "Helpline" in ada.draft().text
    ada.undo()
    assert node.title == "Helpline"
    with node.database.reading() as session:
        assert [each.is_in_force for each in revisions.history(session, KEY)] == [True, False, False, False]
    assert shipped != ada.draft().text


def test_the_first_publication_can_be_undone_to_the_file(node: Node, ada: Author) -> None:
    ada.change(TITLE)
    ada.publish()
    ada.undo()
    assert node.title == "Support call"


def test_a_published_text_that_has_become_wrong_leaves_what_was_in_force(
    node: Node, ada: Author, settings: Settings
) -> None:
    ada.change(TITLE)
    ada.publish()
    for text in ("{ no yaml", "", "key: [", f"key: {KEY}\nlint: &a [*a]\n"):
        with node.database.writing() as session:
            session.execute(update(StudioRevision).values(text=text))
        started = Node(node.database, settings)
        assert started.title == "Call", text
        (refused,) = [each for each in started.library.refused if each.key == KEY]
        assert refused.replaced
        told = [str(each) for each in publishing.problems(started.library, NOW.date())]
        assert any("Fix the text in the studio" in each for each in told)


def test_a_published_journey_that_has_become_wrong_leaves_what_was_in_force(
    node: Node, ada: Author, settings: Settings
) -> None:
    stages = len(node.library.journey.stages)
    ada.change(("stages:", "# ours\nstages:"), key="journey")
    ada.publish("journey")
    with node.database.writing() as session:
        session.execute(update(StudioRevision).values(text="stages: {"))
    assert len(Node(node.database, settings).library.journey.stages) == stages


def test_a_database_that_is_gone_leaves_the_former_library(node: Node, tmp_path: Path) -> None:
    gone = Database(f"sqlite:///{tmp_path / 'gone.db'}")
    following = Following(gone, Context(node.settings, node.library, {}))
    assert following.look(at_once=True).library is node.library
    gone.close()


def test_an_edited_file_waits_for_a_restart(node: Node, ada: Author, directories: list[Path]) -> None:
    changed = ada.draft("relationship-nps").text.replace(
        "key: relationship-nps", "key: relationship-nps\npurpose: x", 1
    )
    (directories[0] / "relationship-nps.yaml").write_text(changed)
    ada.change(TITLE)
    ada.publish()
    assert node.following.in_force.library.questionnaire("relationship-nps").purpose != "x"


PARKING = """\
key: parking
title: Parking
languages: [en]
trend: parking
questions:
  - {key: solved, type: thumbs, text: "Was the car park not full?", purpose: Count full days.}
"""


def test_a_file_whose_last_warning_is_accepted_is_in_force_on_every_node_and_no_other_file(
    node: Node, other_node: Node, ada: Author, directories: list[Path]
) -> None:
    (directories[0] / "parking.yaml").write_text(PARKING)
    (directories[0] / "other.yaml").write_text(
        PARKING.replace("parking", "other").replace("not full", "full")
    )
    (file,) = checked([TextOfFile("parking.yaml", PARKING)], LintContext(today=NOW.date()))
    found = warnings(file.result)
    assert found
    for each in found:
        assert "parking" not in node.following.look(at_once=True).library.questionnaires
        with node.database.writing() as session:
            assert publishing.accept(session, "parking", [each], by=ada.by, now=NOW)
    for each in (node, other_node):
        assert "parking" in each.following.look(at_once=True).library.questionnaires
        assert "other" not in each.following.in_force.library.questionnaires


def test_a_file_of_the_installation_is_in_force_instead_of_the_shipped_one_with_its_key(
    node: Node, directories: list[Path]
) -> None:
    shipped = (directories[1] / f"{KEY}.yaml").read_text(encoding="utf-8")
    (directories[0] / "ours.yaml").write_text(shipped.replace(*TITLE), encoding="utf-8")
    started = Node(node.database, node.settings)
    assert started.title == "Call"
    assert [each for each in started.library.refused if each.key == KEY] == []


def test_a_version_that_no_survey_has_used_binds_no_series(node: Node, ada: Author) -> None:
    ada.change(TITLE)
    ada.publish()
    ada.change(QUESTION)
    assert not ada.prepare().is_blocked
    with node.database.writing() as session:
        node.following.in_force.library.published(session, KEY, NOW)
    assert "trend-scale-changed" in {each.rule for each in ada.prepare().errors}
    with node.database.reading() as session:
        assert session.scalars(select(QuestionnaireVersion.unasked).where(QuestionnaireVersion.key == KEY)).all() == [
            False
        ]  # fmt: skip


def test_a_library_made_by_hand_is_followed_too(node: Node, ada: Author) -> None:
    following = Following(node.database, Context(node.settings, Library({}, Journey(stages=())), {}))
    ada.change(TITLE)
    ada.publish()
    assert following.look(at_once=True).library.questionnaire(KEY).title.to("en") == "Call"
