"""Search in text columns that knows letters: case, accents, and the spellings of one letter count as the same.

SQLite calls the Python function `search_key` for each row. PostgreSQL computes the same with expressions of its own,
which need a database in UTF-8. `tests/store/test_search.py` compares the two.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from feedback.core.text.folding import fold_any

LONGEST_WORD = 64
ADDRESS = "@"
"""Stands before the words of an address in a column of words, so that a search can leave them out: somebody who
sees addresses masked could else guess one letter by letter."""
_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = "\u00ad\u061c\u200b\u200d\u200e\u200f\u2060\ufeff"
_DIGITS = dict(zip("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "0123456789" * 2, strict=True))
_KEY = str.maketrans({**_DIGITS, **dict.fromkeys(_INVISIBLE, "")})
_ASCII = str.maketrans("", "", "'`")


def search_key(text: str | None) -> str | None:
    """The form in which texts are compared: `fold_any`, with ASCII digits and without invisible characters."""
    if text is None:
        return None
    if text.isascii():  # most rows; four times as fast
        return text.translate(_ASCII).lower()
    return fold_any(text).translate(_KEY)


def finds(column: Any, words: str) -> ColumnElement[bool]:
    """Whether a text column contains `words`, whatever their case and spelling (see `search_key`)."""
    return _Key(column).contains(search_key(words.strip()) or "", autoescape=True)


def words_of(texts: Iterable[str | None]) -> list[str]:
    """The words of texts in the form of `search_key`, each once, in their order: `Ayşe@example.com` is ayse, example
    and com. They have nothing but letters and digits."""
    keys = (search_key(text) or "" for text in texts)
    return list(dict.fromkeys(word[:LONGEST_WORD] for key in keys for word in _WORD.findall(key)))


def has_word(column: Any, word: str, *, whole: bool = False) -> ColumnElement[bool]:
    """Whether a column of words (`words_of`, joined by spaces) has this one, or without `whole` one that begins so.

    A word of an address begins with `ADDRESS`. On PostgreSQL an index over the expression of `WORD_INDEX` finds it;
    SQLite reads the column.
    """
    kind = _HasWholeWord if whole else _HasWord
    return kind(column, bindparam(None, word, String()))


WORD_INDEX = "array_to_tsvector(string_to_array({column}, ' '))"
"""PostgreSQL's expression of a column of words, for its index and its search. Words are taken as they are."""


def register(connection: sqlite3.Connection) -> None:
    """Make `search_key` known to an SQLite connection."""
    connection.create_function("search_key", 1, search_key, deterministic=True)


class _Key(FunctionElement[str]):
    name = "search_key"
    type = String()
    inherit_cache = True


@compiles(_Key, "postgresql")
def _on_postgresql(element: _Key, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    bare = f"regexp_replace(normalize({column}, NFKD), '{_marks()}', '', 'g')"
    before, after = _letters()
    return f"normalize(translate(replace(lower({bare}), 'ß', 'ss'), '{before}', '{after}'), NFC)"


@compiles(_Key)
def _elsewhere(element: _Key, compiler: Any, **options: Any) -> str:
    return f"search_key({compiler.process(element.clauses, **options)})"


@lru_cache
def _marks() -> str:
    """A class of a PostgreSQL regular expression: every combining mark and invisible character."""
    known = [code for code in range(0x110000) if unicodedata.category(chr(code))[0] == "M"]
    known = sorted({*known, *map(ord, _INVISIBLE)})
    ranges: list[list[int]] = []
    for code in known:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges) + "]"


@lru_cache
def _letters() -> tuple[str, str]:
    """The two strings of PostgreSQL's `translate`, for letters that are left when marks and capitals are gone.

    Capitals of Latin, Greek and Cyrillic are among them, because `lower` knows only ASCII in the locale "C".
    """
    codes = (*range(0x27, 0x61), *range(0xB4, 0x590), *range(0x600, 0x700), *range(0x2000, 0x2020))
    folded = {chr(code): search_key(chr(code)) or "" for code in codes}
    single = {a: b for a, b in folded.items() if a != b and len(b) == 1 and _whole(a)}
    gone = "".join(a for a, b in folded.items() if not b and _whole(a)).replace("'", "''")
    return "".join(single) + gone, "".join(single.values())


def _whole(letter: str) -> bool:
    """Whether a letter is neither a mark nor taken apart by NFKD, after which `translate` runs."""
    return unicodedata.category(letter)[0] != "M" and unicodedata.normalize("NFKD", letter) == letter


class _HasWord(FunctionElement[bool]):
    name = "has_word"
    type = Boolean()
    inherit_cache = True


@compiles(_HasWord, "postgresql")
def _word_on_postgresql(element: _HasWord, compiler: Any, **options: Any) -> str:
    column, beginning = (compiler.process(each, **options) for each in element.clauses)
    return f"({WORD_INDEX.format(column=column)} @@ {_query(beginning, ':*')})"


@compiles(_HasWord)
def _word_elsewhere(element: _HasWord, compiler: Any, **options: Any) -> str:
    column, beginning = (compiler.process(each, **options) for each in element.clauses)
    return f"(instr(' ' || {column}, ' ' || {beginning}) > 0)"


def _query(word: str, suffix: str) -> str:
    """A query for a word, in quotation marks because of `ADDRESS`; words have none."""
    return f"CAST('''' || CAST({word} AS TEXT) || '''{suffix}' AS tsquery)"


class _HasWholeWord(FunctionElement[bool]):
    name = "has_whole_word"
    type = Boolean()
    inherit_cache = True


@compiles(_HasWholeWord, "postgresql")
def _whole_word_on_postgresql(element: _HasWholeWord, compiler: Any, **options: Any) -> str:
    column, word = (compiler.process(each, **options) for each in element.clauses)
    return f"({WORD_INDEX.format(column=column)} @@ {_query(word, '')})"


@compiles(_HasWholeWord)
def _whole_word_elsewhere(element: _HasWholeWord, compiler: Any, **options: Any) -> str:
    column, word = (compiler.process(each, **options) for each in element.clauses)
    return f"(instr(' ' || {column} || ' ', ' ' || {word} || ' ') > 0)"
