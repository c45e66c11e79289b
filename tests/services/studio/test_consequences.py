"""What a publication changes, in sentences and numbers."""

from __future__ import annotations

import pytest

from feedback.core.questionnaire import Questionnaire
from feedback.lint import read
from feedback.services.studio import consequences
from tests.services.conftest import World

TEXT = """\
key: mine
title: Mine
languages: [en, tr]
questions:
  - {key: score, type: nps, text: {en: How likely?, tr: Ne kadar olası?}}
  - {key: why, type: text, text: {en: Why?, tr: Neden?}}
"""


def questionnaire(text: str) -> Questionnaire:
    found = read(text, "mine.yaml").questionnaire
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("key: why", "key: reason"), "Removed question: {name}. Its answers stay in exports and comments."),
        (("key: why", "key: reason"), "New question: {name}."),
        (
            ("title: Mine", "title: Mine\ntrend: other"),
            "A new series begins: {new}. Scores no longer count in {old}.",
        ),
        (("[en, tr]", "[en]"), "Removed languages: {names}. Those customers get the default language."),
        (
            ("type: nps", "type: csat"),
            "{name} changes from {old} to {new}: new answers cannot be compared with old ones.",
        ),
        (("title: Mine", "title: Ours"), "Questions, series, languages and follow-up rules stay the same."),
    ],
)
def test_what_changes_for_answers_is_a_sentence(change: tuple[str, str], sentence: str) -> None:
    new = questionnaire(TEXT.replace(*change))
    assert sentence in {each.sentence for each in consequences.of_questionnaire(questionnaire(TEXT), new)}


def test_a_journey_s_stages_are_counted_before_and_after(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
    with world.database.reading() as session:
        both = (world.library, world.library)
        found = consequences.reach(session, world.settings, both, "journey", world.now)
    assert found.before == found.after
    assert {each.key for each in found.stages} == {each.key for each in world.library.journey.stages}


def test_stages_that_come_and_go_are_named(world: World) -> None:
    stages = world.library.journey.stages
    told = consequences.of_journey(stages[:-1], stages[1:])
    assert [each.params["name"] for each in told] == [stages[-1].key, stages[0].key]
