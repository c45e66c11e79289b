"""The fixtures keep their own promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_gap_is_a_skip_with_its_reason_on_a_developers_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="No moon"):
        missing("No moon")


def test_a_gap_is_a_failure_where_the_suite_must_be_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="allows no gaps"):
        missing("No moon")


# Draws a text and says which pixels are dark, as one string.
DRAW = """text => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 200, height: 60});
    const pen = canvas.getContext('2d');
    pen.font = '40px sans-serif';
    pen.fillText(text, 10, 45);
    return pen.getImageData(0, 0, 200, 60).data.filter((_, i) => i % 4 === 3).join('');
}"""


@pytest.mark.browser
def test_the_browser_has_persian_letters(browser: Browser) -> None:
    page = browser.new_page()
    drawn = {page.evaluate(DRAW, letter) for letter in ("پ", "گ", "\U0010ffff")}
    page.close()
    if len(drawn) < 3:  # a letter without a font looks like every other letter without one
        missing("The browser has no font with Persian letters")
