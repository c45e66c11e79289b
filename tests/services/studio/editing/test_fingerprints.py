"""What a form was made from."""

from __future__ import annotations

from feedback.lint import read
from feedback.services.studio.editing.fingerprints import fingerprint
from tests.services.studio.editing.sample import SAMPLE


def test_a_fingerprint_changes_with_its_own_part_only() -> None:
    parts = ("survey", "order", "questions.why", "questions.comment", "thanks", "messages")
    before, after = read(SAMPLE).data, read(SAMPLE.replace("Neden?", "Niye?")).data
    assert [part for part in parts if fingerprint(before, part) != fingerprint(after, part)] == [
        "questions.why"
    ]
    more = read(SAMPLE.replace("[en, tr]", "[en, tr, fa]")).data
    assert all(fingerprint(before, part) != fingerprint(more, part) for part in parts)
    assert [fingerprint(before, part) for part in ("questions.gone", "nonsense", "")] == ["", "", ""]
