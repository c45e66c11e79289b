"""Labels that rise from nothing are in order, even if what they grade is bad."""

from __future__ import annotations

import pytest

from feedback import lint


def found(stem: str, labels: str) -> set[str]:
    points = labels.split("|")
    listed = ", ".join(f'{at}: "{text}"' for at, text in enumerate(points, 1))
    text = (
        "key: t\ntitle: T\nlanguages: [en]\nquestions:\n"
        f'  - {{key: q, type: rating, purpose: P, text: "{stem}", '
        f"scale: {{min: 1, max: {len(points)}, labels: {{{listed}}}}}}}\n"
    )
    return {each.rule for each in lint.check(text) if each.severity != "info"}


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("How badly did the delay affect you?", "Not at all|Slightly|Moderately|Badly|Very badly"),
        ("How badly did the delay affect you?", "Very badly|Badly|Moderately|Slightly|Not at all"),
        ("How slow was the page?", "Not at all|Slightly|Fairly|Slow|Very slow"),
        ("How difficult was it?", "Not at all|A little|Quite difficult|Very difficult|Extremely difficult"),
    ],
)
def test_amounts_that_rise_from_nothing_are_in_order(stem: str, labels: str) -> None:
    assert found(stem, labels) == set()


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("How badly did the delay affect you?", "Not at all|Very badly|Slightly|Badly|Moderately"),
        ("How good was it?", "Not at all|Very bad|Good|Bad|Very good"),
        ("How slow was the page?", "Slow|Not at all|Slightly|Fairly|Very slow"),
    ],
)
def test_a_step_back_is_still_found(stem: str, labels: str) -> None:
    assert "scale-not-graduated" in found(stem, labels)


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("How satisfied are you?", "Not at all|Slightly dissatisfied|Dissatisfied|Very dissatisfied"),
        ("How was the service?", "Not at all|Slightly|Badly|Very badly"),
    ],
)
def test_a_scale_of_another_word_than_the_question_is_still_found(stem: str, labels: str) -> None:
    assert found(stem, labels)
