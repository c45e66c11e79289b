"""Message texts: filling in a template, and the number of SMS segments of the result.

Encoding and segments follow GSM 03.38 / 3GPP TS 23.038 as the provider applies them: one segment has 160 units
in GSM-7 or 70 in UCS-2; longer messages have segments of 153 or 67, because each carries a header. National
shift tables are not used, so a single ş makes the whole message UCS-2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_PART = {"GSM-7": 153, "UCS-2": 67}

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′ʼ‹›`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys(
            "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f", " "
        ),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),  # invisible: soft hyphen, zero-width space, BOM
        "…": "...",
        "•": "-",
        "·": "-",
        "\t": " ",
    }
)
_TURKISH = str.maketrans("çğĞşŞıİ", "cgGsSiI")  # Ç, ö, Ö, ü and Ü are in GSM-7


@dataclass(frozen=True)
class Character:
    """The character that forces the expensive encoding.

    `replacement` is None if there is no cheaper way to write it. `changes_spelling` is False for
    typography (a curly quote) and True for a letter (ş), whose replacement is the author's decision.
    """

    text: str
    position: int
    replacement: str | None
    changes_spelling: bool


@dataclass(frozen=True)
class Segments:
    """The SMS segments of a text.

    `count` is the number of segments that the provider bills, `per_part` the units in each; units are septets
    in GSM-7 and UTF-16 code units in UCS-2. `first_costly` is the first character that forces UCS-2.
    """

    encoding: Encoding
    count: int
    units: int
    per_part: int
    first_costly: Character | None


def segments(text: str) -> Segments:
    """Count segments as the provider does. An empty text is billed as one segment."""
    costly = _first_costly(text)
    encoding: Encoding = "UCS-2" if costly else "GSM-7"
    sizes = [_units(piece, encoding) for piece in _pieces(text, encoding)]
    units = sum(sizes)
    if units <= _SINGLE[encoding]:
        return Segments(encoding, 1, units, _SINGLE[encoding], costly)
    return Segments(encoding, _parts(sizes, _PART[encoding]), units, _PART[encoding], costly)


def straighten(text: str) -> str:
    """Replace typographic quotes, dashes, spaces and dots by ASCII, which often halves the cost."""
    return text.translate(_TYPOGRAPHY)


def fold_turkish(text: str) -> str:
    """Replace the Turkish letters that GSM-7 lacks by ASCII letters. This changes the spelling."""
    return text.translate(_TURKISH)


def is_gsm(text: str) -> bool:
    """Whether GSM-7 has all characters of `text`."""
    return all(c in _GSM_BASIC or c in _GSM_EXTENSION for c in text)


def _first_costly(text: str) -> Character | None:
    for position, character in enumerate(text):
        if is_gsm(character):
            continue
        straight, folded = straighten(character), fold_turkish(character)
        if is_gsm(straight):
            return Character(character, position, straight, changes_spelling=False)
        return Character(character, position, folded if is_gsm(folded) else None, changes_spelling=True)
    return None


def _units(piece: str, encoding: Encoding) -> int:
    if encoding == "UCS-2":
        return len(piece.encode("utf-16-le", "surrogatepass")) // 2
    return sum(2 if c in _GSM_EXTENSION else 1 for c in piece)


def _parts(sizes: list[int], room: int) -> int:
    """The number of segments of `room` units for pieces of these sizes, in order, without splitting a piece."""
    count, free = 1, room
    for size in sizes:
        if size > free:
            count, free = count + 1, room
        free -= size
    return count


def _pieces(text: str, encoding: Encoding) -> Iterator[str]:
    """The pieces that a segment border must not split: characters in GSM-7, grapheme clusters in UCS-2."""
    if encoding == "GSM-7":
        yield from text
        return
    for cluster in _clusters(text):
        # A pasted cluster can be longer than a segment, and is then split into characters.
        yield from cluster if _units(cluster, encoding) > _PART[encoding] else (cluster,)


def _clusters(text: str) -> Iterator[str]:
    """Grapheme clusters: a subset of Unicode UAX 29 with combining marks, emoji sequences and flags."""
    cluster = ""
    for character in text:
        if cluster and not _continues(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _continues(cluster: str, character: str) -> bool:
    last = cluster[-1]
    if last in "\r\n" or unicodedata.category(last) == "Cc":
        return False
    if _is_flag_letter(character):
        return _is_flag_letter(last) and len(cluster) % 2 == 1
    joined = last == "\u200d" and unicodedata.category(character) == "So"
    return joined or _extends(character)


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags: the flags of Scotland and Wales
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


_TOKEN = re.compile(
    r"\\(?P<literal>[{}])"
    r"|\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)?)\s*(?:\|(?P<fallback>(?:\\[{}]|[^{}])*))?\}"
    r"|(?P<stray>[{}])"
)
VALUE_LIMIT = 60
_CLOSES_A_GAP = frozenset(("", *" ,.;:!?،؛؟\n"))


@dataclass(frozen=True)
class Placeholder:
    """`{name}`, `{answer.key}` or `{name|fallback}` at `template[start:end]`; `fallback` is None without one."""

    name: str
    fallback: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Sms:
    """A text that is ready to send, and its segments."""

    text: str
    segments: Segments


def placeholders(template: str) -> list[Placeholder]:
    """The placeholders of a template, in order. Raises ValueError for an unmatched brace."""
    return [_placeholder(match) for match in _tokens(template) if match["name"]]


def fill(template: str, values: Mapping[str, object], *, limit: int = VALUE_LIMIT) -> str:
    r"""The template with its placeholders replaced; `\{` and `\}` are literal braces.

    Each value is cleaned and cut to `limit` characters. Placeholders in values are not replaced, so a contact
    may be called "{link}". A missing or blank value is replaced by the fallback; without a fallback, ValueError
    names it. With an empty fallback, the space before it is removed as well: `Hello {name|},` becomes `Hello,`.
    """
    return _replace(template, {name: clean(value, limit) for name, value in values.items()})


def compose_sms(
    template: str,
    values: Mapping[str, object],
    *,
    link: str | None = None,
    opt_out: str | None = None,
    fold: bool = False,
) -> Sms:
    """One SMS: the filled template with the whole `{link}` and the opt-out line at the end.

    `link` is separate from `values` because it must not be shortened. Typography is replaced by ASCII if that
    avoids UCS-2, otherwise it stays (Persian keeps its « »). `fold` also replaces Turkish letters. Raises
    ValueError like `fill`.
    """
    cleaned = {name: clean(value) for name, value in values.items() if name != "link"}
    text = _replace(template, cleaned | ({"link": link} if link else {}))
    if opt_out:
        text = f"{text}\n{opt_out}"
    return finished_sms(fold_turkish(text) if fold else text)


def finished_sms(text: str) -> Sms:
    """One SMS with these words, in which braces mean nothing. Typography is replaced by ASCII if that avoids UCS-2."""
    cheaper = straighten(text)
    text = cheaper if is_gsm(cheaper) else text
    return Sms(text, segments(text))


def clean(value: object, limit: int = VALUE_LIMIT) -> str:
    """Make a value safe for a message: one line, no control or direction characters, at most `limit` characters.

    Keeps the joiners that Persian and emoji need (U+200C, U+200D). None becomes an empty string.
    """
    text = "" if value is None else str(value)
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in ("Cf", "Cs") or c in "\u200c\u200d")
    line = " ".join(kept.split())
    while len(line) > limit:
        line = "".join(list(_clusters(line[: limit + 1]))[:-1])
    return line.rstrip()


def _tokens(template: str) -> Iterator[re.Match[str]]:
    for match in _TOKEN.finditer(template):
        if match["stray"]:
            where, brace = match.start(), match["stray"]
            raise ValueError(
                f"The brace at position {where} has no matching brace; write \\{brace} for a literal one."
            )
        yield match


def _placeholder(match: re.Match[str]) -> Placeholder:
    fallback = match["fallback"]
    if fallback is not None:
        fallback = fallback.replace("\\{", "{").replace("\\}", "}")
    return Placeholder(match["name"], fallback, match.start(), match.end())


def _replace(template: str, values: Mapping[str, str]) -> str:
    pieces: list[str] = []
    position = 0
    for match in _tokens(template):
        before, value = (
            template[position : match.start()],
            match["literal"] or _value(_placeholder(match), values),
        )
        if not value and template[match.end() : match.end() + 1] in _CLOSES_A_GAP:
            before = before.removesuffix(" ")
        pieces += (before, value)
        position = match.end()
    return "".join([*pieces, template[position:]])


def _value(placeholder: Placeholder, values: Mapping[str, str]) -> str:
    value = values.get(placeholder.name) or placeholder.fallback
    if value is None:
        raise ValueError(
            f"There is no value for {{{placeholder.name}}}, and the template has no fallback for it."
        )
    return value
