"""Colours that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.branding import LEGIBLE, contrast, normalised, palette


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_becomes_one_that_can_be_read(number: int) -> None:
    colours = palette(f"#{number:06x}")
    assert contrast(colours.brand, "#ffffff") >= LEGIBLE
    assert contrast(colours.brand_at_night, "#16181d") >= LEGIBLE
    assert contrast(colours.brand, colours.on_brand) >= LEGIBLE
    assert contrast(colours.brand_at_night, colours.on_brand_at_night) >= LEGIBLE


def test_a_colour_that_is_legible_stays_as_it_is() -> None:
    assert palette("#1f5fbf").brand == "#1f5fbf"


@pytest.mark.parametrize(("written", "meant"), [("#FFF", "#ffffff"), ("#1F5FBF", "#1f5fbf")])
def test_short_and_capital_forms_are_understood(written: str, meant: str) -> None:
    assert normalised(written) == meant


@pytest.mark.parametrize("written", ["", "red", "#12", "#12345g", "1f5fbf", "#1f5fbf;}"])
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="#1f5fbf"):
        palette(written)
