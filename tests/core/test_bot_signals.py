"""Telling people from machines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.bot_signals import Evidence, is_provisional, is_scanner, signs

PERSON = Evidence(seconds_since_delivery=3_600, quickest=4.2)


@pytest.mark.parametrize(
    ("evidence", "provisional"),
    [
        (PERSON, False),
        (Evidence(), False),
        (Evidence(headed=True), False),  # one weak sign is not enough
        (Evidence(headed=True, seconds_since_delivery=4), True),
        (Evidence(seconds_since_delivery=9.9), True),
        (Evidence(seconds_since_delivery=10), False),
        (Evidence(preselected=2), False),  # somebody changed their mind
        (Evidence(preselected=3), True),
        (Evidence(trap_link=True), True),
        (Evidence(scanner=True), True),
        (Evidence(quickest=0.4), True),
        (Evidence(preselected=11, headed=True, scanner=True, commented=True), False),
        (Evidence(preselected=11, headed=True, touched=True), False),
        (Evidence(trap_field=True, commented=True, touched=True), True),
        (Evidence(repeated=True, touched=True), True),
        (Evidence(repeated=True, commented=True), False),
    ],
)
def test_signs_weigh_and_people_settle_the_doubt(evidence: Evidence, provisional: bool) -> None:
    assert is_provisional(evidence) is provisional


def test_each_sign_is_named_with_its_weight() -> None:
    assert signs(Evidence(headed=True, preselected=4)) == {"many_scores": 2, "head_request": 1}


@pytest.mark.parametrize(
    ("browser", "scanner"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1",
            False,
        ),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 8) Chrome/130.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 HeadlessChrome/120.0", True),
        ("curl/8.5.0", True),
        ("", False),
    ],
)
def test_programs_that_introduce_themselves_are_believed(browser: str, scanner: bool) -> None:
    assert is_scanner(browser) is scanner


observed = st.builds(
    Evidence,
    trap_link=st.booleans(),
    trap_field=st.booleans(),
    repeated=st.booleans(),
    preselected=st.integers(0, 11),
    headed=st.booleans(),
    scanner=st.booleans(),
    seconds_since_delivery=st.none() | st.floats(1, 1e6),
    quickest=st.none() | st.floats(0.1, 1e4),
    touched=st.booleans(),
    commented=st.booleans(),
)


@given(observed)
def test_what_is_stored_comes_back(evidence: Evidence) -> None:
    assert Evidence.from_stored(evidence.stored() | {"of_another_release": 1}) == evidence


@given(observed, observed)
def test_a_human_sign_is_never_lost_by_a_later_request(first: Evidence, later: Evidence) -> None:
    together = first.and_then(later)
    assert together.commented == (first.commented or later.commented)
    assert together.touched == (first.touched or later.touched)
