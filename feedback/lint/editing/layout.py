"""Where the parts of a YAML text stand, in whole lines: an entry with the comments that belong to it.

Offsets count characters of `Document.source`. An *extent* reaches from the start of an entry's first line to the end
of its last one, without that line's break.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from feedback.lint.document.document import Document, Path, Span
from feedback.lint.editing.refusal import UnusualLayoutError

_BREAK = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*")
_COMMENT_LINE = re.compile(r"([ \t]*)#[^\r\n]*")
_DASH = re.compile(r"-(?=\s|$)")


class Layout:
    """The places of a document that was read without faults."""

    def __init__(self, document: Document) -> None:
        self.document, self.source = document, document.source

    @cached_property
    def newline(self) -> str:
        """The line break of the text: that of its first line."""
        found = _BREAK.search(self.source)
        return found[0] if found else "\n"

    def value(self, path: Path) -> Any:
        """The data at a path. Raises KeyError or IndexError."""
        found = self.document.data
        for part in path:
            found = found[part]
        return found

    def start(self, path: Path) -> int:
        return self.document.spans[path].start

    def sign(self, path: Path) -> str:
        """The first character of a value: its quotation mark, bracket or `|`; "" where nothing is written."""
        span = self.document.spans[path]
        return self.source[span.start : span.start + 1] if span.end > span.start else ""

    def is_flow(self, path: Path) -> bool:
        """Whether a mapping or list is written in braces or brackets."""
        return _is_group(self.value(path)) and self.sign(path) in ("{", "[")

    def in_flow(self, path: Path) -> bool:
        """Whether a value stands inside braces or brackets."""
        return any(self.is_flow(path[:length]) for length in range(len(path)))

    def is_block_scalar(self, path: Path) -> bool:
        return isinstance(self.value(path), str) and self.sign(path) in ("|", ">")

    def end(self, path: Path) -> int:
        """Where a value ends, without the line break, blank lines and comments behind it."""
        value, span = self.value(path), self.document.spans[path]
        if _is_group(value) and not self.is_flow(path):
            last = next(reversed(value)) if isinstance(value, dict) else len(value) - 1
            return self.end((*path, last))
        if not self.is_block_scalar(path):
            return span.end
        written = self.source[span.start : span.end]
        if "+" in _LINE.match(written)[0].partition("#")[0]:  # type: ignore[index]  # it matches everywhere
            return span.start + len(re.sub(r"(\r\n|\r|\n)[ \t]*\Z", "", written))
        return span.start + len(written.rstrip())

    def column(self, offset: int) -> int:
        return offset - self.line_start(offset)

    def line_start(self, offset: int) -> int:
        return max(self.source.rfind("\n", 0, offset), self.source.rfind("\r", 0, offset)) + 1

    def line_end(self, offset: int) -> int:
        found = _BREAK.search(self.source, offset)
        return found.start() if found else len(self.source)

    def after_break(self, offset: int) -> int:
        """The start of the next line; the end of the text if `offset` is in the last one."""
        found = _BREAK.match(self.source, offset)
        return found.end() if found else len(self.source)

    def mark(self, path: Path) -> int:
        """Where an entry begins: the key of a mapping's, the dash of a list's. Raises UnusualLayoutError."""
        if path in self.document.keys:
            return self.document.keys[path].start
        return self._dash(path)

    def extent(self, path: Path, *, with_comments: bool = True) -> Span:
        """The lines of an entry in block style, with the comments below it that are indented further, and
        `with_comments` those directly above it. Raises UnusualLayoutError if it shares its first line."""
        mark = self.mark(path)
        start, column = self.line_start(mark), self.column(mark)
        if self.source[start:mark].strip(" "):
            raise UnusualLayoutError
        if with_comments:
            start = self._above(start, column, self._floor(path))
        return Span(start, self.foot(path))

    def foot(self, path: Path) -> int:
        """The end of an entry's last line, with the comments below it that are indented further than the entry."""
        column, end = self.column(self.mark(path)), self.line_end(self._last(path))
        while end < len(self.source):
            found = _COMMENT_LINE.match(self.source, self.after_break(end))
            if not found or len(found[1]) <= column:
                break
            end = found.end()
        return end

    def _last(self, path: Path) -> int:
        key = self.document.keys.get(path)
        return max(self.end(path), key.end if key else self.mark(path) + 1)

    def _above(self, start: int, column: int, floor: int) -> int:
        """The start of the block of comment lines, at the same column, that ends right above a line."""
        while start > floor:
            above = self.line_start(start - 2 if self.source[start - 2 : start] == "\r\n" else start - 1)
            found = _COMMENT_LINE.match(self.source, above)
            if above < floor or not found or len(found[1]) != column:
                break
            start = above
        return start

    def _floor(self, path: Path) -> int:
        """What an entry's comments cannot reach: the end of the entry before it, or of what opens the block."""
        parent = path[:-1]
        before = self.sibling_before(path)
        if before is not None:
            return self.line_end(self._last((*parent, before)))
        if parent in self.document.keys:
            return self.line_end(self.document.keys[parent].end)
        return 0

    def sibling_before(self, path: Path) -> str | int | None:
        group, last = self.value(path[:-1]), path[-1]
        names = list(group) if isinstance(group, dict) else list(range(len(group)))
        place = names.index(last)
        return names[place - 1] if place else None

    def _dash(self, path: Path) -> int:
        """The `-` of a list's entry: on the line of its value, or on one above it."""
        start = self.start(path)
        line = self.line_start(start)
        before = self.source[line:start]
        found = re.search(r"-[ \t]*$", before)
        if found:
            return line + found.start()
        if before.strip():
            raise UnusualLayoutError
        return self._dash_above(line)

    def _dash_above(self, line: int) -> int:
        while line > 0:
            line = self.line_start(line - 2 if self.source[line - 2 : line] == "\r\n" else line - 1)
            text = _LINE.match(self.source, line)[0].partition("#")[0].strip()  # type: ignore[index]
            if text:
                found = _DASH.search(self.source, line)
                if text != "-" or not found:
                    break
                return found.start()
        raise UnusualLayoutError


def _is_group(value: Any) -> bool:
    return isinstance(value, dict | list)
