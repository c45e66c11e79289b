"""ColumnNames of columns that SPSS, Stata, R and Python all take."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

LONGEST = 32
"""Characters: the limit of Stata; SPSS takes 64 bytes."""
_DIGITS = 6
_SPSS = "all and by eq ge gt le lt ne not or to with"
_STATA = (
    "byte double float if in int long strl using with _all _b _coef _cons _n _pi _pred _rc _skip "
    "alias aggregate array boolean break byte case catch class colvector complex const continue default delegate "
    "delete do double else eltypedef end enum explicit export external float for friend function global goto if "
    "inline int local long namespace new numeric null operator pointer polymorphic pragma private protected public "
    "quad real return rowvector scalar short signed static string struct super switch template this throw "
    "transmorphic try typedef typename union unsigned vector version virtual void volatile while"
)
RESERVED = frozenset((*_SPSS.split(), *_STATA.split()))
"""Words of SPSS's and Stata's own languages (also Mata's, so that a column can be used there by its name)."""
_STRING_TYPE = re.compile(r"str\d+")


class ColumnNames:
    """Gives each column a name of its own: lower case, ASCII, at most `LONGEST` characters.

    A name depends on those that were given before, so give the oldest columns theirs first: then no later column can
    change one.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def name(self, *parts: str) -> str:
        """A name for these parts, such as the key of a question and that of its option."""
        parts = tuple(filter(None, parts))
        wanted = re.sub(r"[^a-z0-9]+", "_", "_".join(parts).lower()).strip("_")
        if not wanted or not wanted[0].isalpha():
            wanted = f"q_{wanted}".rstrip("_")
        if (
            wanted in RESERVED
            or _STRING_TYPE.fullmatch(wanted)
            or (len(parts) == 1 and wanted in self._taken)
        ):
            wanted = f"q_{wanted}"
        if len(wanted) > LONGEST or wanted in self._taken:
            wanted = _with_digest(wanted, "\0".join(parts))
        self._taken.add(wanted)
        return wanted


def _with_digest(wanted: str, whole: str) -> str:
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]
    return f"{wanted[: LONGEST - _DIGITS - 1].rstrip('_')}_{digest}"
