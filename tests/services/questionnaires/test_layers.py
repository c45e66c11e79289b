"""Each layer hides its namesakes below."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback import resources
from feedback.services.questionnaires import layers
from feedback.services.questionnaires.layers import Layer

KEY = "support-call-csat"


def test_a_file_of_the_instance_hides_the_shipped_one_with_its_key_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "questionnaires").mkdir()
    (tmp_path / "questionnaires" / "other-name.yaml").write_text(f"key: {KEY}\ntitle: Ours\n")
    found = layers.files(resources.directories("questionnaires", tmp_path))
    assert (found[KEY].layer, found[KEY].text) == (Layer.INSTANCE, f"key: {KEY}\ntitle: Ours\n")
    assert found["relationship-nps"].layer == Layer.SHIPPED


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("key: mine\n", "mine"),
        ("# about\nkey:  'mine'\ntitle: {no yaml", "mine"),
        ("stages: []\nkey: mine\n", "journey"),
        ("{no yaml", "file"),
        ("", "file"),
        ("questions:\n  - key: score\n", "file"),
    ],
)
def test_a_text_has_the_key_that_it_names_otherwise_that_of_its_file(text: str, key: str) -> None:
    assert layers.key_of(text, "file") == key
