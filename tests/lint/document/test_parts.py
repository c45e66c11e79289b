"""The smallest part at each place of a text."""

from __future__ import annotations

from feedback import resources
from feedback.lint import read
from feedback.lint.document.parts import parts_of


def test_at_every_place_the_smallest_part_around_it_is_found() -> None:
    text = (resources.shipped("questionnaires") / "offboarding.yaml").read_text(encoding="utf-8")
    document = read(f'{text}\nempty:\nlast: ""\n')
    spans = [*document.spans.items(), *document.keys.items()]
    for offset in range(len(document.source)):
        around = [
            (each.end - each.start, -len(path), path, each.end)
            for path, each in spans
            if each.start <= offset < max(each.end, each.start + 1)
        ]
        smallest = min(around, key=lambda each: each[:2], default=(0, 0, (), len(document.source)))
        assert parts_of(document).at(offset) == smallest[2:]
