"""A frame of themes."""

from __future__ import annotations

from feedback.core.themes.frame import Theme, ThemeFrame


def test_a_theme_is_found_by_its_key_and_named_in_the_readers_language() -> None:
    price = Theme("price", {"en": "Price", "tr": "Fiyat"})
    frame = ThemeFrame((price,))
    assert frame.theme("price") is price and frame.theme("speed") is None
    assert frame.keys == ("price",)
    assert [price.title(language) for language in ("tr", "fa")] == ["Fiyat", "Price"]
