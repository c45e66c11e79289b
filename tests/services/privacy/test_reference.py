"""The page about personal data says what the list says."""

from __future__ import annotations

from pathlib import Path

from feedback.services.privacy import reference

ROOT = Path(__file__).parents[3]


def test_the_page_is_generated_from_the_list() -> None:
    page = (ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8")
    assert page == reference.page(), "run `python3 dev.py docs`"
