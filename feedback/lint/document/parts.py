"""The part of a document that stands at a place of its text."""

from __future__ import annotations

from bisect import bisect_right

from feedback.lint.document.document import Document, Path


class DocumentParts:
    """Finds parts by their place. Parts are disjoint or inside each other, so the one that begins last is innermost."""

    def __init__(self, document: Document) -> None:
        spans = [*document.spans.items(), *document.keys.items()]
        self._parts = sorted(
            ((each.start, max(each.end, each.start + 1), each.end, path) for path, each in spans),
            key=lambda part: (part[0], -part[1], -part[2], len(part[3])),
        )
        self._starts = [part[0] for part in self._parts]
        self._length = len(document.source)

    def at(self, offset: int) -> tuple[Path, int]:
        """The path of the smallest part that contains an offset, or whose key does, and where it ends.

        The whole text if there is none.
        """
        for place in range(bisect_right(self._starts, offset) - 1, -1, -1):
            _start, behind, end, path = self._parts[place]
            if offset < behind:
                return path, end
        return (), self._length


def parts_of(document: Document) -> DocumentParts:
    """The parts of a document, sorted once."""
    return document.once("parts", lambda: DocumentParts(document))
