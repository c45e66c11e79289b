"""A wish to be left alone, in every language."""

from __future__ import annotations

from typing import Literal

from feedback.core.replies.clauses import (
    LONGEST_PHRASE,
    begins_with,
    clauses_of,
    cut_out,
    has_phrase,
    taken_out,
    without,
)
from feedback.core.replies.words import ReplyLexicon, all_languages, phrase, words_in

_NEAR = 3  # words allowed between a stop word and its object: "cancel all these messages"


def opt_out(
    shown: str, everyone: ReplyLexicon, own: ReplyLexicon
) -> Literal["certain", "likely", "possible"] | None:
    """How surely a reply asks for no more messages, as `Stop.kind`; None if nothing in it says so."""
    words = words_in(shown)
    message = " ".join(words)
    if {message, "".join(words)} & everyone.stop or (len(set(words)) == 1 and words[0] in everyone.stop):
        return "certain"  # also "S.T.O.P." and "stop stop stop"
    meant = cut_out(message, own.harmless)
    stops, rest = taken_out(message, everyone.stop)
    numbers = [
        word for word in rest if word.isdigit() or word in own.numbers or word in own.numbers_in_fractions
    ]
    real = frozenset(taken_out(meant, everyone.stop)[0]) - everyone.stop_alone
    if stops and not without(rest, numbers, everyone.filler):  # "9 cancel", "cancel please"
        return "certain" if real or not numbers else "possible"
    single = frozenset(each for each in everyone.stop_phrases & everyone.stop if " " not in each)
    clauses = [cut_out(phrase(clause), own.harmless) for clause in clauses_of(shown) if clause.strip()]
    commanded = any(_commands(clause, single, own) or _is_against_messages(clause) for clause in clauses)
    if commanded or has_phrase(meant, everyone.stop_phrases - single):
        return "likely"
    return "possible" if real else None


def _commands(clause: str, stops: frozenset[str], own: ReplyLexicon) -> bool:
    """Whether a stop word is a request of its own in the clause, not a word among others ("the bus did not stop")."""
    everyone = all_languages()
    for stop in stops:
        if not has_phrase(clause, [stop]):
            continue
        before, _, after = f" {clause} ".partition(f" {stop} ")
        if own.negations.intersection(before.split()):
            continue
        rest = without(after.split(), everyone.filler, everyone.stop_tails)
        if not rest or begins_with(" ".join(rest), everyone.stop_actions):
            return True
    return False


def _is_against_messages(clause: str) -> bool:
    """ "I do not want any more of these surveys", "please cancel the messages"."""
    everyone = all_languages()
    words = clause.split()
    objects = [at for at, word in enumerate(words) if word.startswith(tuple(everyone.stop_objects))]
    if not objects:
        return False
    if has_phrase(clause, everyone.refusals):
        return True
    spans = ((at, at + size) for at in range(len(words)) for size in range(1, LONGEST_PHRASE + 1))
    stops = [(start, end) for start, end in spans if " ".join(words[start:end]) in everyone.stop]
    return any(-_NEAR <= at - start <= end - start + _NEAR for start, end in stops for at in objects)
