"""Stages are changed, added, moved and removed in the YAML, and nothing else in it changes."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest

from feedback import lint
from feedback.core.journey import Journey
from feedback.errors import NotFound, Rejected
from feedback.services.studio.stages import editing

SHIPPED = Path("questionnaires/journey.yaml").read_text(encoding="utf-8")
NEW = {
    "questionnaire": "go-live-ces",
    "title": {"en": "Go-live"},
    "key": "go-live",
    "enter": {"event": "live"},
    "channels": ["email", "sms"],
    "expires_after": "2w",
}


def journey(text: str) -> Journey:
    found = lint.read(text).journey
    assert found
    return found


def keys(text: str) -> list[str]:
    return [each.key for each in journey(text).stages]


def changes(text: str) -> list[str]:
    """The lines that differ from the shipped journey, with their sign."""
    found = difflib.ndiff(SHIPPED.splitlines(), text.splitlines())
    return [f"{each[0]}{each[2:].strip()}" for each in found if each[0] in "+-"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"delay": "1d"}, []),
        ({"delay": "2d"}, ["-delay: 1d", "+delay: 2d"]),
        ({"delay": None}, ["-delay: 1d"]),
        ({"wait_out_rest": None}, []),
        ({"wait_out_rest": True}, ["+wait_out_rest: true"]),
        ({"channels": ["sms"]}, ["-channels: [sms, email]", "+channels: [sms]"]),
        ({"priority": 90, "reminders": ["3d"]}, ["-priority: 60", "+priority: 90"]),
        (
            {"enter": {"date": "renewal_on", "before": "30d"}},
            [
                "-enter: {event: onboarding_completed}",
                "+enter: {date: renewal_on, before: 30d}",
            ],
        ),
    ],
)
def test_only_the_values_that_differ_are_written(values: dict[str, object], expected: list[str]) -> None:
    assert changes(editing.change(SHIPPED, "onboarding", values)) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda text: editing.move(text, "implementation", -1), ["implementation", "onboarding", "support-call"]),
        (lambda text: editing.move(text, "onboarding", -1), ["onboarding", "implementation", "support-call"]),
        (lambda text: editing.duplicate(text, "onboarding"), ["onboarding", "onboarding-2", "implementation"]),
        (lambda text: editing.remove(text, "onboarding"), ["implementation", "support-call", "renewal"]),
        (lambda text: editing.add(text, NEW, "onboarding"), ["onboarding", "go-live", "implementation"]),
    ],
    ids=["move", "move beyond the first", "duplicate", "remove", "add"],
)  # fmt: skip
def test_stages_change_their_places_and_no_comment_is_lost(
    edit: Callable[[str], str], expected: list[str]
) -> None:
    text = edit(SHIPPED)
    assert keys(text)[:3] == expected
    assert "# told by the product itself, for complaints that ended well" in text
    assert text.startswith("# yaml-language-server")


def test_a_stage_that_moves_there_and_back_leaves_the_text_as_it_was() -> None:
    assert editing.move(editing.move(SHIPPED, "recovery", -9), "recovery", 9) == SHIPPED


def test_a_new_stage_is_written_in_the_usual_order_of_keys_and_can_be_the_first() -> None:
    text = editing.add("stages: []\n", NEW)
    assert list(lint.read(text).at(("stages", 0))) == [name for name in editing.FIELDS if name in NEW]


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ("Go-live!", "go-live"),
        ("onboarding", "onboarding-2"),
        ("نوسازی", "stage"),
        ("90 days", "stage-90-days"),
    ],
)
def test_a_key_is_made_from_a_title_and_is_not_in_use(wanted: str, key: str) -> None:
    assert editing.unused_key(SHIPPED, wanted) == key


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"delay": "soon"}, "`soon` is not a duration"),
        ({"priority": 101}, "100"),
        ({"enter": {}}, "exactly one of: event, date, every"),
        ({"channels": []}, "at least one entry"),
        ({"key": "renewal"}, "Two stages have the key `renewal`"),
    ],
)
def test_a_change_that_breaks_the_format_is_refused_with_a_sentence(
    values: dict[str, object], told: str
) -> None:
    with pytest.raises(Rejected, match=told):
        editing.change(SHIPPED, "onboarding", values)


def test_what_is_not_there_or_cannot_be_read_is_not_changed() -> None:
    with pytest.raises(NotFound):
        editing.remove(SHIPPED, "nothing")
    with pytest.raises(Rejected, match="Line 1"):
        editing.remove("stages: [", "onboarding")
