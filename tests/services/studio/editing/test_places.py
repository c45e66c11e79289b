"""Names of paths."""

from __future__ import annotations

import pytest

from feedback.lint.document.document import Path
from feedback.services.studio.editing.places import name_of, path_of

DATA = {"q": [{"key": "a", "s": {"labels": {0: "x"}}}, {"key": "b"}, {"key": "b"}, "plain"], "1": 2}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("q", 0, "text", "en"), "q.a.text.en"),
        (("q", 0, "s", "labels", 0), "q.a.s.labels.0"),
        (("q", 0, "s", "labels", 5), "q.a.s.labels.5"),
        (("q", 2, "text"), "q.2.text"),
        (("q", 3), "q.3"),
        (("1",), "1"),
    ],
)
def test_a_name_leads_back_to_its_path(path: Path, name: str) -> None:
    assert name_of(DATA, path) == name
    assert path_of(DATA, name) == path
