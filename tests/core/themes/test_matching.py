"""Words and phrases show themes; what they do not show stays unsorted."""

from __future__ import annotations

import pytest

from feedback.core.themes.frame import Theme, ThemeFrame
from feedback.core.themes.matching import Matcher, parse_line


def theme(key: str, *lines: str, unless: tuple[str, ...] = (), **flags: bool) -> Theme:
    return Theme(key, {"en": key}, words={"en": lines}, unless={"en": unless}, **flags)


MATCHER = Matcher(
    ThemeFrame(
        (
            theme("price", "price*|expensive", "pay ~ too much", unless=("price list",)),
            theme("speed", "support|help desk ~ slow*|waited"),
            theme("praise", "great|good", alone=True, denied=True),
        )
    )
)


@pytest.mark.parametrize(
    ("text", "themes"),
    [
        ("Prices went up", ["price"]),
        ("We pay far too much", ["price"]),
        ("We pay. Far too much of it is unused", []),
        ("where is the price list", []),
        ("Help desk: slow!", []),  # two parts of a sentence
        ("the help desk is so sloooow", ["speed"]),
        ("expensive, and I waited for support", ["price", "speed"]),
        ("EXPENSVE", ["price"]),  # one letter is missing
        ("Great", ["praise"]),
        ("not so great", []),
        ("Great but expensive", ["price"]),
        ("great that somebody reads all of these comments every single day", []),
        ("", []),
        ("👍", []),
    ],
)
def test_a_comment_has_the_themes_that_its_words_show(text: str, themes: list[str]) -> None:
    assert [each.theme for each in MATCHER.themes(text, "en")] == themes


def test_a_match_says_which_line_of_the_frame_it_comes_from() -> None:
    (found,) = MATCHER.themes("far too expensive", "en")
    assert found.line == "price*|expensive"


def test_a_comment_in_another_language_than_the_form_is_read_in_english_too() -> None:
    assert [each.theme for each in MATCHER.themes("too expensive", "tr")] == ["price"]


@pytest.mark.parametrize("line", ["", "price|", "~ slow", "a*", "*", "pr*ce"])
def test_a_line_that_would_match_nothing_or_everything_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_line(line)


def test_a_long_comment_without_spaces_is_read_in_no_time() -> None:
    assert MATCHER.themes("a" * 1_000_000, "en") == []
