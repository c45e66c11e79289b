"""What no person wrote: the reactions of phones, and automatic replies."""

from __future__ import annotations

import re
import unicodedata

from feedback.core.replies.clauses import begins_with, clauses_of
from feedback.core.replies.meanings import Automatic, ScoreReply
from feedback.core.replies.words import ReplyLexicon, phrase

_OPENING, _CLOSING = '“„«"‟', '”“»"«'
_QUOTED = re.compile(
    rf"(?P<lead>[^{_OPENING}{_CLOSING}]{{0,60}})[{_OPENING}](?P<said>.+)[{_CLOSING}]"
    rf"(?P<tail>[^{_OPENING}{_CLOSING}]{{0,60}})",
    re.DOTALL,
)
_CUT_SHORT = re.compile(rf"(?P<lead>[^{_OPENING}{_CLOSING}]{{1,60}})[“„«](?P<said>[^{_CLOSING}]+)(?P<tail>)")


def reaction_in(text: str, everyone: ReplyLexicon) -> Automatic | None:
    """`Liked “…”`, `“…” ifadesini beğendi`, `👍 to “…”`: nothing but a word or a symbol round a quotation."""
    if re.sub("[👍👎]", "", phrase(text)).split() in [each.split() for each in everyone.reactions_alone]:
        return Automatic("reaction", text.strip())
    match = _QUOTED.fullmatch(text.strip()) or _CUT_SHORT.fullmatch(text.strip())
    if match is None:
        return None
    around = f"{match['lead']} {match['tail']}"
    words = re.findall(r"\w+", phrase(around))
    symbols = any(unicodedata.category(character) == "So" for character in around)
    known = frozenset(word for each in everyone.reactions for word in each.split())
    if " ".join(words) in everyone.reactions or (symbols and known.issuperset(words)):
        return Automatic("reaction", match["said"].strip())
    return None


def automatic_reply(shown: str, score: ScoreReply | None, everyone: ReplyLexicon) -> Automatic | None:
    """An automatic reply: one of its phrases begins a sentence."""
    skipped = everyone.filler | frozenset({"sorry"})
    starts = []
    for clause in map(phrase, filter(str.strip, clauses_of(shown))):
        words = clause.split()
        first = next((at for at, word in enumerate(words) if word not in skipped), 0)
        starts += [clause, " ".join(words[first:])]
    numbers = any(character.isdigit() for character in shown)
    if any(begins_with(each, everyone.automatic) for each in starts):
        return Automatic("reply", doubtful=numbers)
    if score is None and any(begins_with(each, everyone.automatic_maybe) for each in starts):
        return Automatic("reply", doubtful=True)
    return None
