"""Edits of a YAML text by its parts. Each one replaces the span of what it changes; after each one the text is read
again, and has to hold the old data with exactly that change, in the old order.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from feedback.lint.document.document import Document, Path, Span
from feedback.lint.document.reader import read
from feedback.lint.editing import scalars
from feedback.lint.editing.layout import Layout
from feedback.lint.editing.refusal import CannotEditError, UnreadableTextError, UnusualLayoutError
from feedback.lint.editing.splice import Splice, spliced

_BOM = "\ufeff"


class YamlEditor:
    """A text under change. `text` is its present state, `data` what it holds.

    Every method changes both, or raises CannotEditError and changes nothing. Paths lead to what is there; KeyError
    and IndexError for one that leads nowhere.
    """

    def __init__(self, text: str) -> None:
        self._bom = _BOM if text.startswith(_BOM) else ""
        self.document = _readable(text)
        self.layout = Layout(self.document)

    @property
    def text(self) -> str:
        return self._bom + self.document.source

    @property
    def data(self) -> Any:
        return self.document.data

    def has(self, path: Path) -> bool:
        return path in self.document.spans

    def set(self, path: Path, value: Any, order: Sequence[str] = ()) -> None:
        """Give a part a value; in a mapping, a new key goes behind those before it in `order`, or to the end.

        A mapping or list takes over only what differs, so that the rest of it stays as it is written.
        """
        before = self.document, self.layout
        try:
            self._set(path, value, order)
        except CannotEditError:
            self.document, self.layout = before
            raise

    def _set(self, path: Path, value: Any, order: Sequence[str]) -> None:
        if not self.has(path):
            self._add(path, value, order)
            return
        old = self.layout.value(path)
        if _same(old, value):
            return
        if isinstance(old, dict) and isinstance(value, dict) and old and set(old) & set(value):
            self._merge(path, value, order)
        elif isinstance(old, list) and isinstance(value, list) and old and value:
            self._merge_list(path, value)
        else:
            self._replace(path, value)

    def remove(self, path: Path) -> None:
        """Remove a key with its value, or an entry of a list with the comments that belong to it."""
        expected = copy.deepcopy(self.data)
        group = _at(expected, path[:-1])
        del group[path[-1]]
        if not group:
            self._replace(path[:-1], group)
            return
        edit = self._removed_from_flow(path) if self.layout.is_flow(path[:-1]) else self._removed(path)
        self._apply([edit], expected)

    def insert(self, path: Path, index: int, value: Any, *, whole: bool = False) -> None:
        """Put an entry into a list before number `index`; at the end if there are as many entries.

        `whole`: an entry of several parts gets lines of its own where its neighbours allow it."""
        expected = copy.deepcopy(self.data)
        listed = _at(expected, path)
        if not listed:
            self._replace(path, [value], whole=whole)
            return
        listed.insert(index, value)
        layout = self.layout
        if layout.is_flow(path):
            self._apply([self._into_flow(path, index, scalars.flow(value))], expected)
            return
        neighbour = (*path, max(index - 1, 0))
        column = layout.column(layout.mark(neighbour))
        alike = isinstance(layout.value(neighbour), dict) and not layout.is_flow(neighbour)
        written = scalars.indented(scalars.item(value, column, whole=whole or alike), column)
        self._apply([self._among(path, index, layout.newline.join(written))], expected)

    def duplicate(self, path: Path, index: int) -> None:
        """Put a copy of an entry of a list behind it, as it is written."""
        expected = copy.deepcopy(self.data)
        listed = _at(expected, path)
        listed.insert(index + 1, copy.deepcopy(listed[index]))
        layout, source = self.layout, self.document.source
        if layout.is_flow(path):
            span = self.document.spans[(*path, index)]
            self._apply([self._into_flow(path, index + 1, source[span.start : span.end])], expected)
            return
        extent = layout.extent((*path, index), with_comments=False)
        self._apply([self._among(path, index + 1, source[extent.start : extent.end])], expected)

    def move(self, path: Path, index: int, to: int) -> None:
        """Move an entry of a list to number `to`, with the comments that belong to it; what stands between the
        entries stays where it is."""
        expected = copy.deepcopy(self.data)
        listed = _at(expected, path)
        listed.insert(to, listed.pop(index))
        spans = [self._movable((*path, number)) for number in range(len(listed))]
        order = list(range(len(listed)))
        order.insert(to, order.pop(index))
        source = self.document.source
        pieces = [source[span.start : span.end] for span in spans]
        edits = [
            Splice(*span, pieces[number])
            for span, number, here in zip(map(_ends, spans), order, range(len(order)), strict=True)
            if number != here
        ]
        self._apply(edits, expected)

    def _movable(self, path: Path) -> Span:
        if self.layout.is_flow(path[:-1]):
            return Span(self.document.spans[path].start, self.layout.end(path))
        return self.layout.extent(path)

    def _merge(self, path: Path, value: dict[Any, Any], order: Sequence[str]) -> None:
        old = self.layout.value(path)
        gone = [key for key in old if key not in value]
        new = [key for key in value if key not in old]
        if not (len(gone) == len(new) == 1 and self._exchanged((*path, gone[0]), new[0], value[new[0]])):
            for key in gone:
                self.remove((*path, key))
        for key, each in value.items():
            self.set((*path, key), each, order or list(value))

    def _exchanged(self, path: Path, key: Any, value: Any) -> bool:
        """Write another key and value in the place of one, so that the comment behind it stays; whether that was
        possible."""
        layout, old = self.layout, self.layout.value(path)
        is_block = layout.is_block_scalar(path) or (isinstance(old, dict | list) and not layout.is_flow(path))
        if is_block or isinstance(value, dict | list) or path not in self.document.keys:
            return False
        expected = copy.deepcopy(self.data)
        group = _at(expected, path[:-1])
        entries = [(key, value) if each == path[-1] else (each, group[each]) for each in group]
        group.clear()
        group.update(entries)
        in_flow, name = layout.is_flow(path[:-1]), self.document.keys[path]
        edits = [
            Splice(name.start, name.end, scalars.scalar(key, in_flow=in_flow)),
            Splice(layout.start(path), layout.end(path), scalars.scalar(value, in_flow=in_flow)),
        ]
        try:
            self._apply(edits, expected)
        except UnusualLayoutError:
            return False
        return True

    def _merge_list(self, path: Path, value: list[Any]) -> None:
        old = len(self.layout.value(path))
        for index in range(old - 1, len(value) - 1, -1):
            self.remove((*path, index))
        for index, each in enumerate(value):
            if index < old:
                self.set((*path, index), each)
            else:
                self.insert(path, index, each)

    def _add(self, path: Path, value: Any, order: Sequence[str]) -> None:
        expected = copy.deepcopy(self.data)
        group = _at(expected, path[:-1])
        if not isinstance(group, dict):
            raise KeyError(path)
        key, before = path[-1], _before(path[-1], list(group), order)
        if not group:
            self._replace(path[:-1], {key: value})
            return
        keys = list(group)
        first = before is None and self._owns_first_line((*path[:-1], keys[0]))
        after = before if before is not None or first else keys[0]
        _insert_key(group, key, value, after)
        if self.layout.is_flow(path[:-1]):
            written = f"{scalars.scalar(key, in_flow=True)}: {scalars.flow(value)}"
            edit = self._into_flow(path[:-1], 0 if after is None else keys.index(after) + 1, written)
        else:
            edit = self._line_for(path, value, after, keys[0])
        self._apply([edit], expected)

    def _owns_first_line(self, path: Path) -> bool:
        if self.layout.is_flow(path[:-1]):
            return True
        mark = self.layout.mark(path)
        return not self.document.source[self.layout.line_start(mark) : mark].strip(" ")

    def _line_for(self, path: Path, value: Any, after: Any, first: Any) -> Splice:
        """A new key on lines of its own, below that of `after` or above the first one."""
        layout, parent = self.layout, path[:-1]
        column = layout.column(layout.mark((*parent, first)))
        written = scalars.indented(scalars.entry(path[-1], value, column), column)
        if after is None:
            at = layout.line_start(layout.mark((*parent, first)))
            return Splice(at, at, layout.newline.join([*written, ""]))
        at = layout.foot((*parent, after))
        return Splice(at, at, layout.newline.join(["", *written]))

    def _replace(self, path: Path, value: Any, *, whole: bool = False) -> None:
        """Write another value in the place of one, in its quotes where they still fit."""
        expected = copy.deepcopy(self.data)
        if path:
            _at(expected, path[:-1])[path[-1]] = value
        else:
            raise UnusualLayoutError
        start, end = self.layout.start(path), self.layout.end(path)
        old = self.layout.value(path)
        if isinstance(old, dict | list) and not self.layout.is_flow(path):
            if "#" in self.document.source[start:end]:
                raise UnusualLayoutError  # a comment would be lost
            start = self._value_place(path)
        written = self._whole(path, value[0]) if whole else self._written(path, value, start)
        if written.startswith(("\r", "\n")):
            start = len(self.document.source[:start].rstrip(" \t"))
        self._apply([Splice(start, end, written)], expected)

    def _value_place(self, path: Path) -> int:
        """Behind the colon or dash of a value in block style."""
        if path in self.document.keys:
            return self.document.source.index(":", self.document.keys[path].end) + 1
        return self.layout.mark(path) + 1

    def _written(self, path: Path, value: Any, start: int) -> str:
        source, layout = self.document.source, self.layout
        in_flow = layout.in_flow(path)
        space = "" if source[start - 1 : start].isspace() else " "
        if in_flow and path in self.document.keys and ":" not in source[self.document.keys[path].end : start]:
            space = ": "  # a key that stands alone: {a, b}
        if isinstance(value, dict | list):
            return self._group(path, value, in_flow=in_flow, space=space)
        if layout.is_block_scalar(path) and isinstance(value, str):
            return self._block_scalar(path, value)
        like, old = layout.sign(path), layout.value(path)
        return space + scalars.scalar(value, in_flow=in_flow, like=like if old and like in ('"', "'") else "")

    def _group(self, path: Path, value: Any, *, in_flow: bool, space: str) -> str:
        layout = self.layout
        if in_flow or not value:
            return space + scalars.flow(value)
        if path in self.document.keys:
            column = layout.column(layout.mark(path))
            first, *others = scalars.entry("x", value, column)
            if not others:
                return space + first.removeprefix("x: ")
            text = layout.newline.join(scalars.indented(others, column))
            return layout.newline + text
        column = layout.column(layout.mark(path))
        first, *others = scalars.item(value, column)
        return space + layout.newline.join([first[2:], *scalars.indented(others, column)])

    def _whole(self, path: Path, value: Any) -> str:
        """A list of one entry, which gets lines of its own."""
        layout = self.layout
        if layout.in_flow(path) or path not in self.document.keys:
            raise UnusualLayoutError
        column = layout.column(layout.mark(path)) + 2
        return layout.newline + layout.newline.join(
            scalars.indented(scalars.item(value, column, whole=True), column)
        )

    def _block_scalar(self, path: Path, value: str) -> str:
        """In the style that was there; where that cannot hold the text, in double quotes."""
        layout, source = self.layout, self.document.source
        start, end = layout.start(path), layout.end(path)
        header, *body = source[start:end].splitlines()
        comment = "".join(re.findall(r"[ \t]+#.*", header))
        first = next((line for line in body if line.strip()), "")
        column = len(first) - len(first.lstrip(" "))
        indicated = any(sign.isdigit() for sign in header.partition("#")[0])
        style = scalars.folded if header[0] == ">" else scalars.literal
        written = None if indicated or not column else style(value, column, layout.newline)
        if written is None:
            return scalars.double_quoted(value) + comment
        new_header, line_break, rest = written.partition(layout.newline)
        return new_header + comment + line_break + rest

    def _removed(self, path: Path) -> Splice:
        """The lines of an entry; a key that shares its line with the dash of a list gives way to the next one."""
        layout = self.layout
        is_key = path in self.document.keys
        if is_key and not self._owns_first_line(path):
            return self._first_key_gives_way(path)
        extent = layout.extent(path, with_comments=not is_key)
        end = layout.after_break(extent.end)
        if end == extent.end and extent.start:  # the last line of the text, without a break
            before = layout.line_start(extent.start - 1)
            return Splice(layout.line_end(before), extent.end, "")
        return Splice(extent.start, end, "")

    def _first_key_gives_way(self, path: Path) -> Splice:
        layout, source = self.layout, self.document.source
        keys = list(layout.value(path[:-1]))
        start, following = layout.mark(path), layout.mark((*path[:-1], keys[keys.index(path[-1]) + 1]))
        end = max(layout.end(path), self.document.keys[path].end)
        if "#" in source[end:following]:
            raise UnusualLayoutError
        return Splice(start, following, "")

    def _removed_from_flow(self, path: Path) -> Splice:
        starts, ends = self._flow_entries(path[:-1])
        group = self.layout.value(path[:-1])
        place = list(group).index(path[-1]) if isinstance(group, dict) else int(path[-1])
        source = self.document.source
        span = (ends[place - 1], ends[place]) if place else (starts[0], starts[1])
        gap = source[span[0] : starts[place]] if place else source[ends[0] : span[1]]
        if "#" in gap:
            raise UnusualLayoutError
        return Splice(*span, "")

    def _flow_entries(self, path: Path) -> tuple[list[int], list[int]]:
        """Where the entries in braces or brackets begin and end."""
        group, layout, document = self.layout.value(path), self.layout, self.document
        inner = [(*path, key) for key in (group if isinstance(group, dict) else range(len(group)))]
        starts = [
            document.keys[each].start if each in document.keys else layout.start(each) for each in inner
        ]
        ends = [
            max(layout.end(each), document.keys[each].end) if each in document.keys else layout.end(each)
            for each in inner
        ]
        return starts, ends

    def _into_flow(self, path: Path, index: int, written: str) -> Splice:
        starts, ends = self._flow_entries(path)
        if index == 0:
            return Splice(starts[0], starts[0], written + ", ")
        at = ends[index - 1]
        return Splice(at, at, ", " + written)

    def _among(self, path: Path, index: int, written: str) -> Splice:
        """Lines of a new entry of a list, with a blank line where the others have one between them."""
        layout, newline = self.layout, self.layout.newline
        apart = newline if self._blank_lines_between(path) else ""
        if index == 0:
            at = layout.extent((*path, 0)).start
            return Splice(at, at, written + newline + apart)
        at = layout.extent((*path, index - 1)).end
        return Splice(at, at, newline + apart + written)

    def _blank_lines_between(self, path: Path) -> bool:
        if len(self.layout.value(path)) < 2:
            return False
        first, second = self.layout.extent((*path, 0)), self.layout.extent((*path, 1))
        between = self.document.source[first.end : second.start]
        return not between.strip() and len(between) > len(self.layout.newline)

    def _apply(self, edits: list[Splice], expected: Any) -> None:
        """Make the edits if the text then holds `expected`. Raises UnusualLayoutError otherwise."""
        document = read(spliced(self.document.source, edits))
        if document.faults or not _same(document.data, expected):
            raise UnusualLayoutError
        self.document, self.layout = document, Layout(document)


def _readable(text: str) -> Document:
    document = read(text)
    if document.faults:
        fault = document.faults[0]
        raise UnreadableTextError(fault, document.place(fault.offset).line)
    return document


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _ends(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _before(key: Any, keys: list[Any], order: Sequence[str]) -> Any:
    """The key of a mapping behind which a new one goes; None for the first place."""
    if key not in order:
        return keys[-1] if keys else None
    earlier = set(order[: order.index(key)])
    return next((each for each in reversed(keys) if each in earlier), None)


def _insert_key(group: dict[Any, Any], key: Any, value: Any, after: Any) -> None:
    entries = list(group.items())
    place = 0 if after is None else [each for each, _ in entries].index(after) + 1
    entries.insert(place, (key, value))
    group.clear()
    group.update(entries)


def _same(one: Any, other: Any) -> bool:
    """Equal in values, kinds (`true` is not 1) and order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(each, other[key]) for key, each in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
