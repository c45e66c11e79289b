"""Values as YAML text: words in the quotes that they need, short lists and mappings on one line, long ones in lines.

A plain (unquoted) text is written only where every reader of YAML 1.1 and 1.2 takes it for words: `no`, `1:30` and
`2027-01-01` get quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 100
"""The longest line, in characters, on which a list or mapping is written whole."""

_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`=~<")
_OTHER_KINDS = re.compile(
    r"(?i:null|true|false|yes|no|on|off|y|n|\.nan|[-+]?\.inf)"
    r"|[-+]?[0-9.][0-9_.,:+-]*(?:[eE][-+]?[0-9]+)?"  # numbers, times, days
    r"|[-+]?0[xob][0-9a-fA-F_]+"
    r"|[0-9]{4}-[0-9]+-[0-9]+[Tt ].*"
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSEEN = re.compile("[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def is_plain(text: str, *, in_flow: bool) -> bool:
    """Whether `text` can stand without quotes; `in_flow`: inside `{ }` or `[ ]`."""
    if not text or text != text.strip() or text[0] in _INDICATORS or _UNSEEN.search(text):
        return False
    if ": " in text or " #" in text or text.endswith(":") or _OTHER_KINDS.fullmatch(text):
        return False
    return not (text.startswith("...") or (in_flow and re.search(r"[\[\]{},:]", text)))


def double_quoted(text: str) -> str:
    """`text` on one line in double quotes; characters that cannot be seen or would break the line are escaped."""
    escaped = "".join(_ESCAPES.get(each, each) for each in text)
    return '"' + _UNSEEN.sub(_escape, escaped) + '"'


def single_quoted(text: str) -> str | None:
    """`text` in single quotes; None if it holds something that only double quotes can."""
    if _UNSEEN.search(text):
        return None
    return "'" + text.replace("'", "''") + "'"


def scalar(value: Any, *, in_flow: bool, like: str = "") -> str:
    """One value on one line. `like` is the first character of the text that it replaces, whose quotes are kept."""
    if not isinstance(value, str):
        return _KINDS[value] if value is None or isinstance(value, bool) else str(value)
    single = single_quoted(value)
    if like == "'" and single:
        return single
    if like != '"' and is_plain(value, in_flow=in_flow):
        return value
    has_quotes_only = '"' in value and "\\" not in value
    return single if single and has_quotes_only and like != '"' else double_quoted(value)


_KINDS = {None: "null", True: "true", False: "false"}


def flow(value: Any) -> str:
    """A value with everything in it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k, in_flow=True)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value, in_flow=True)


def lines(value: Any, column: int) -> list[str]:
    """A mapping or list in block style: its lines without the indentation of `column` spaces, which they get from
    `indented`."""
    if isinstance(value, Mapping):
        return [line for key, each in value.items() for line in entry(key, each, column)]
    return [line for each in value for line in item(each, column)]


def entry(key: Any, value: Any, column: int) -> list[str]:
    """The lines of `key: value`, likewise."""
    name = scalar(key, in_flow=False)
    if _fits_a_line(value, column + len(name) + 2, deepest=1):
        return [f"{name}: {flow(value) if _is_group(value) else scalar(value, in_flow=False)}"]
    if isinstance(value, str):
        return [f"{name}: {_literal_header(value)}", *indented(_literal_lines(value), 2)]
    return [f"{name}:", *indented(lines(value, column + 2), 2)]


def item(value: Any, column: int, *, whole: bool = False) -> list[str]:
    """The lines of `- value`, likewise; `whole`: a mapping or list never on one line."""
    if not _is_group(value):
        return [f"- {scalar(value, in_flow=False)}"]
    if not value or (not whole and _fits_a_line(value, column + 2, deepest=2)):
        return [f"- {flow(value)}"]
    first, *others = lines(value, column + 2)
    return [f"- {first}", *indented(others, 2)]


def indented(written: Sequence[str], column: int) -> list[str]:
    """Lines moved to the right by `column` spaces; empty ones stay empty."""
    return [" " * column + line if line else "" for line in written]


def literal(text: str, column: int, newline: str) -> str | None:
    """`text` as a block scalar `|` whose lines start at `column`; None if it cannot be written so."""
    if not _fits_literal(text):
        return None
    return newline.join([_literal_header(text), *indented(_literal_lines(text), column)])


def folded(text: str, column: int, newline: str) -> str | None:
    """`text` as a block scalar `>`, each of its lines as a paragraph; None if it cannot be written so."""
    body = text.rstrip("\n")
    if not _fits_literal(text) or any(line[:1] == " " for line in body.split("\n")):
        return None
    written = [wrapped for line in re.split("(\n+)", body) for wrapped in _paragraph(line, column)]
    tail = _literal_header(text)[1:]
    ends = [""] * (len(text) - len(body) - 1 if tail == "+" else 0)
    return newline.join([">" + tail, *indented([*written, *ends], column)])


def _paragraph(piece: str, column: int) -> list[str]:
    """The lines of a paragraph, or the empty lines between two: one for each line break of the text."""
    if piece.startswith("\n"):
        return [""] * len(piece)
    if "  " in piece:
        return [piece]
    rows: list[str] = []
    for word in piece.split(" "):
        if rows and len(rows[-1]) + 1 + len(word) + column <= WIDTH:
            rows[-1] += " " + word
        else:
            rows.append(word)
    return rows


def _fits_literal(text: str) -> bool:
    body = text.rstrip("\n")
    return (
        bool(body) and body[0] not in " \n" and not re.search("[\r\x85\u2028\u2029\ufeff\x00-\x08\x7f]", text)
    )


def _literal_header(text: str) -> str:
    ends = len(text) - len(text.rstrip("\n"))
    return "|" + ("-", "")[ends] if ends < 2 else "|+"


def _literal_lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


def _fits_a_line(value: Any, column: int, *, deepest: int) -> bool:
    if isinstance(value, str):
        return "\n" not in value or not _fits_literal(value)
    if not _is_group(value) or not value:
        return True
    if any("\n" in each for each in _words(value)):
        return False
    if deepest == 1 and isinstance(value, Mapping) and "" in value.values():
        return False  # a text that is still to be written needs room
    return column + len(flow(value)) <= WIDTH and _depth(value) <= deepest


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if _is_group(value) else ()
    return [word for each in inner for word in _words(each)]


def _depth(value: Any) -> int:
    if not _is_group(value):
        return 0
    inner = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping) and not any(map(_is_group, inner)):
        return 0  # [a, b] is read like one value
    return 1 + max(map(_depth, inner), default=0)


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
