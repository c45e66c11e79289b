"""Compresses customers' pages with gzip, and what is the same in many of them only once."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple


def compressed(page: bytes) -> bytes:
    """The page as gzip. All pages of a language begin with the same title and style sheet, so that part is compressed
    only once: it takes most of the time."""
    end = page.find(_END_OF_STYLE) + len(_END_OF_STYLE)
    if end < len(_END_OF_STYLE):
        return gzip.compress(page, 6, mtime=0)
    begun = _begun(page[:end])
    rest = begun.stream.copy()
    parts: tuple[bytes, ...] = (begun.written, rest.compress(page[end:]), rest.flush())
    return b"".join(parts)


class _Begun(NamedTuple):
    """The compressed beginning of a page, and the compressor that goes on after it."""

    written: bytes
    stream: Any


_END_OF_STYLE = b"</style>"


@lru_cache(maxsize=16)  # a quarter of a megabyte each
def _begun(page: bytes) -> _Begun:
    stream = zlib.compressobj(6, wbits=zlib.MAX_WBITS | 16)
    return _Begun(stream.compress(page), stream)


class GappedPage:
    """A page that is the same for everybody except for short gaps, compressed once, with the gaps left out.

    In the compressed page a gap is a stored block (RFC 1951, 3.2.4). The text behind it refers to text before it by
    distance, so each gap has a fixed length.
    """

    def __init__(self, html: str, gaps: Mapping[str, int]) -> None:
        """`gaps` maps the marker of each gap in `html` to the length in bytes of what will be there."""
        self._gaps = dict(gaps)
        parts = re.split("(" + "|".join(map(re.escape, gaps)) + ")", html)
        self._texts = [each.encode() for each in parts[::2]]
        self._markers = parts[1::2]
        self._compressed = [*_in_turn(self._texts, [gaps[each] for each in self._markers])]

    def plain(self, values: Mapping[str, str]) -> bytes:
        """The page with a value in each gap, by its marker."""
        return b"".join(self._woven(self._texts, {name: value.encode() for name, value in values.items()}))

    def gzipped(self, values: Mapping[str, str]) -> bytes:
        """The same as gzip."""
        filled = {name: value.encode() for name, value in values.items()}
        if any(len(filled[name]) != length for name, length in self._gaps.items()):
            return compressed(self.plain(values))
        check = size = 0
        for part in self._woven(self._texts, filled):
            check, size = zlib.crc32(part, check), size + len(part)
        blocks = {name: _stored_block(value) for name, value in filled.items()}
        parts = self._woven(self._compressed, blocks)
        return b"".join((_HEAD, *parts, _LAST_BLOCK, struct.pack("<II", check, size)))

    def _woven(self, texts: list[bytes], values: Mapping[str, bytes]) -> list[bytes]:
        """Texts and values in turn."""
        woven = [texts[0]]
        for marker, text in zip(self._markers, texts[1:], strict=True):
            woven += (values[marker], text)
        return woven


_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""The head of a gzip file without name and time (RFC 1952)."""
_LAST_BLOCK = b"\x03\0"
_WINDOW = 32 * 1024


def _stored_block(text: bytes) -> bytes:
    return struct.pack("<BHH", 0, len(text), len(text) ^ 0xFFFF) + text


def _in_turn(texts: list[bytes], lengths: list[int]) -> list[bytes]:
    """Each text as deflate blocks that may refer to the texts before it, but not to the gaps between them.

    In the compressor's window a gap is NULs. No text has one, so it cannot refer to them.
    """
    found, before = [], b""
    for text, length in zip(texts, [*lengths, 0], strict=True):
        stream = zlib.compressobj(9, wbits=-zlib.MAX_WBITS, zdict=before[-_WINDOW:])
        found.append(stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH))
        before += text + b"\0" * length
    return found
