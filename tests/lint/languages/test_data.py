"""What is kept of a pack's files between two starts is never older than the files."""

from __future__ import annotations

import json

import pytest

from feedback.lint.languages import data as module


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A folder of packs with one language, `xx`, and nothing remembered of it."""
    (tmp_path / "xx").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    module.data.cache_clear()
    module.codes.cache_clear()
    yield tmp_path / "xx"
    module.data.cache_clear()
    module.codes.cache_clear()


def read(name: str = "words") -> object:
    module.data.cache_clear()
    return module.data("xx", name)


def test_a_file_that_was_edited_is_read_again(pack):
    (pack / "words.yaml").write_text("a: |\n  one\n", "utf-8")
    assert read() == {"a": "one\n"}
    assert read() == {"a": "one\n"}
    (pack / "words.yaml").write_text("a: |\n  two\n", "utf-8")
    assert read() == {"a": "two\n"}


def test_the_second_start_reads_what_the_first_has_kept(pack):
    (pack / "words.yaml").write_text("a: |\n  one\n", "utf-8")
    read()
    kept = pack / "__pycache__" / "words.json"
    told = json.loads(kept.read_text("utf-8"))
    kept.write_text(json.dumps({**told, "data": {"a": "from the kept file"}}), "utf-8")
    assert read() == {"a": "from the kept file"}


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"digest": 1}', '{"digest": "x", "data": []}'])
def test_a_kept_file_that_is_damaged_does_no_harm(pack, broken):
    (pack / "words.yaml").write_text("a: |\n  one\n", "utf-8")
    (pack / "__pycache__").mkdir()
    (pack / "__pycache__" / "words.json").write_text(broken, "utf-8")
    assert read() == {"a": "one\n"}


def test_a_place_that_cannot_be_written_is_no_hindrance(pack):
    (pack / "words.yaml").write_text("a: |\n  one\n", "utf-8")
    (pack / "__pycache__").write_text("a file where the folder should be", "utf-8")
    assert read() == {"a": "one\n"}


def test_a_file_that_is_no_yaml_is_named(pack):
    (pack / "words.yaml").write_text("a: [", "utf-8")
    with pytest.raises(ValueError, match=r"xx.words\.yaml"):
        read()


def test_what_a_language_lacks_is_empty(pack):
    (pack / "words.yaml").write_text("a: |\n  one\n", "utf-8")
    assert read("kinds") == {}
    assert module.data("../xx", "words") == {}
    assert module.codes() == ("xx",)
