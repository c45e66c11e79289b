"""The page of the gallery says what the files say."""

from __future__ import annotations

from pathlib import Path

from feedback.services.questionnaires import gallery, gallery_page

WRITTEN = Path(__file__).parents[3] / "docs" / "gallery.md"


def test_the_page_of_the_docs_is_the_one_that_the_files_make() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == gallery_page.page(), "run python3 dev.py docs"


def test_every_template_is_on_the_page_in_three_languages_with_when_to_use_it() -> None:
    sections = gallery_page.page().split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == ["English", "Türkçe", "فارسی"]
    for section, language in zip(sections, gallery.LANGUAGES, strict=True):
        for each in gallery.templates():
            assert f"[{each.key}](" in section
            assert f"| {each.questionnaire.title.to(language)} | {each.use[language]} |" in section


def test_persian_is_written_from_the_right_with_persian_digits() -> None:
    section = gallery_page.page().split("\n## ")[3]
    assert '<div dir="rtl">' in section
    assert "| `sus` | ۱۰ | ۱٫۷ |" in section
