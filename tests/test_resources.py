from __future__ import annotations

from pathlib import Path

import pytest

from feedback import resources


def test_shipped_files_are_found_in_a_checkout() -> None:
    assert resources.shipped("templates").name == "templates"
    assert resources.directories("questionnaires") == [resources.shipped("questionnaires")]


def test_the_installations_own_directory_comes_first(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("ours")
    assert resources.directories("templates", tmp_path)[0] == tmp_path / "templates"
    assert resources.find("templates", "page.html", tmp_path).read_text() == "ours"


def test_a_path_cannot_leave_its_directory(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "feedback.toml").write_text("secret")
    with pytest.raises(FileNotFoundError):
        resources.find("templates", "../feedback.toml", tmp_path)


def test_what_does_not_ship_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="neither in the package nor beside it"):
        resources.shipped("recipes")
