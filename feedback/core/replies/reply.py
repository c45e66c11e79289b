"""Interprets a customer's SMS reply to a survey.

The order of the tests matters. Opt-outs come first and are recognised in every language, because missing one is
illegal and annoys the customer. Then come HELP and START, then a score, but only if it is unambiguous: "8 or 9",
"9.5" and "I waited 5 minutes" are no scores but reasons to ask once more, and so is a 10 that may be the end of
the scale. What a phone or an office writes by itself is no answer.

`reply_words` loads the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Literal

from feedback.core.replies.words import (
    ReplyLexicon,
    all_languages,
    lexicon_for,
    phrase,
    plain_digits,
    words_in,
)
from feedback.core.text.localized import is_blank


@dataclass(frozen=True)
class Stop:
    """The customer wants no more messages.

    `certain`: opt them out. `likely`: probably an opt-out; suspend sending until a person decides. `possible`:
    a stop word in a message about something else ("I had to cancel my order"); suspend as well, and also
    process the meaning in `said`.
    """

    kind: Literal["certain", "likely", "possible"]
    said: ScoreReply | Unclear | Automatic | None = None


@dataclass(frozen=True)
class Start:
    """The customer wants messages again."""


@dataclass(frozen=True)
class Help:
    """The customer asks for help."""


@dataclass(frozen=True)
class ScoreReply:
    """A score on the invitation's scale, and the rest of the text in its original spelling.

    `bare` means only the number and words such as "sorry" or "I meant", so that it can replace an earlier score.
    """

    value: int
    comment: str = ""
    bare: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Unclear:
    """None of the above with certainty: ask once more, then keep the text as a comment.

    `fault` says what is wrong with a number that looks like an answer: `off_scale` (9 on a scale that ends at 5) or
    `several` ("8-9", "8 or 9").
    """

    text: str
    fault: Literal["off_scale", "several"] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Automatic:
    """What no person wrote: no answer, and no comment.

    A `reaction` is what a phone writes round our message (`quoted`) when somebody marks it with a symbol; a `reply`
    is an out-of-office or a driving message. A person should read it if it is `doubtful`.
    """

    kind: Literal["reaction", "reply"]
    quoted: str = ""
    doubtful: bool = field(default=False, compare=False)


LONGEST_READ = 2_000
"""Characters of a reply that are read; an SMS has at most 1,600. The time for it grows with the square."""
_MOST_NUMBERS = 30
"""Numbers in a reply of which one can still be the score."""

Meaning = Stop | Start | Help | ScoreReply | Unclear | Automatic


def understand(
    text: str, *, minimum: int, maximum: int, language: str, labels: Mapping[str, int] | None = None
) -> Meaning:
    """The meaning of `text` as a reply to a question on the scale `minimum` to `maximum`.

    `language` is the invitation's ("tr", "en-GB"): number words, yes and no are read in that language only.
    Thumbs are the scale 0 to 1. `labels` are the words of the scale and their points; the whole reply, or its first
    sentence, may be one of them. Of a text longer than `LONGEST_READ` no score is read, only opt-outs at its beginning
    or end; all of it is in the `Unclear`. Never raises.
    """
    if len(text) > LONGEST_READ:
        return _too_long(text, own=lexicon_for(language))
    everyone, own = all_languages(), lexicon_for(language)
    if reaction := _reaction(text, everyone):
        return reaction
    shown = _without_endings(plain_digits(text), everyone)
    message = phrase(text)
    stop = _stop(shown, everyone, own)
    if stop in ("certain", "likely"):
        return Stop(stop)
    if message in everyone.help:
        return Help()
    if message in everyone.start:
        return Start()
    said = _said(text, shown, range(minimum, maximum + 1), language, labels or {})
    return Stop(stop, said) if stop else said


def understand_apart_from_stop(
    text: str, *, minimum: int, maximum: int, language: str, labels: Mapping[str, int] | None = None
) -> ScoreReply | Unclear | Automatic:
    """The rest of a reply's meaning, as `understand`, after a person has decided that it is no opt-out."""
    if len(text) > LONGEST_READ:
        return Unclear(text.strip())
    shown = _without_endings(plain_digits(text), all_languages())
    return _said(text, shown, range(minimum, maximum + 1), language, labels or {})


def _too_long(text: str, own: ReplyLexicon) -> Meaning:
    everyone = all_languages()
    for part in (text[:LONGEST_READ], text[-LONGEST_READ:]):
        if stop := _stop(_without_endings(plain_digits(part), everyone), everyone, own):
            return Stop("likely" if stop == "certain" else stop, Unclear(text.strip()))
    return Unclear(text.strip())


def _said(
    text: str, shown: str, scale: range, language: str, labels: Mapping[str, int]
) -> ScoreReply | Unclear | Automatic:
    everyone, own = all_languages(), lexicon_for(language)
    score = _score(shown, scale, own, everyone)
    if score and _points_named(score.comment, labels, own) - {score.value}:
        score = None  # "5 very dissatisfied"
    elif score is None:
        score = _labelled(shown, labels, own)
    return _automatic(shown, score, everyone) or score or Unclear(text.strip(), _fault(shown, scale, own))


def says_something(text: str) -> bool:
    """Whether `text` contains a word, a number or an emoji; "." and "--" are not comments."""
    said = any(character.isalnum() or unicodedata.category(character) == "So" for character in text)
    return said and not is_blank(text)


def has_words(text: str, language: str) -> bool:
    """Whether an unclear reply says something besides numbers and polite words, so that it is worth a comment."""
    if len(text) > LONGEST_READ:
        return says_something(text)
    own = lexicon_for(language)
    rest = _without(words_in(plain_digits(text)), own.filler, own.connectives, own.corrections, own.numbers)
    return any(not word.isdigit() for word in rest)


def _without(words: Iterable[str], *lists: Iterable[str]) -> list[str]:
    dropped = frozenset[str]().union(*lists)
    return [word for word in words if word not in dropped]


# -- what no person wrote ---------------------------------------------------------------------------------

_OPENING, _CLOSING = '“„«"‟', '”“»"«'
_QUOTED = re.compile(
    rf"(?P<lead>[^{_OPENING}{_CLOSING}]{{0,60}})[{_OPENING}](?P<said>.+)[{_CLOSING}]"
    rf"(?P<tail>[^{_OPENING}{_CLOSING}]{{0,60}})",
    re.DOTALL,
)

_CUT_SHORT = re.compile(rf"(?P<lead>[^{_OPENING}{_CLOSING}]{{1,60}})[“„«](?P<said>[^{_CLOSING}]+)(?P<tail>)")


def _reaction(text: str, everyone: ReplyLexicon) -> Automatic | None:
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


def _automatic(shown: str, score: ScoreReply | None, everyone: ReplyLexicon) -> Automatic | None:
    """An automatic reply: one of its phrases begins a sentence."""
    skipped = everyone.filler | frozenset({"sorry"})
    starts = []
    for clause in map(phrase, filter(str.strip, _clauses(shown))):
        words = clause.split()
        first = next((at for at, word in enumerate(words) if word not in skipped), 0)
        starts += [clause, " ".join(words[first:])]
    numbers = any(character.isdigit() for character in shown)
    if any(_begins(each, everyone.automatic) for each in starts):
        return Automatic("reply", doubtful=numbers)
    if score is None and any(_begins(each, everyone.automatic_maybe) for each in starts):
        return Automatic("reply", doubtful=True)
    return None


def _begins(clause: str, phrases: frozenset[str]) -> bool:
    return f"{clause} ".startswith(_openings(phrases))


@cache
def _openings(phrases: frozenset[str]) -> tuple[str, ...]:
    return tuple(f"{each} " for each in phrases)


# -- a wish to be left alone ------------------------------------------------------------------------------

_LONGEST = 4  # words in the longest phrase of a lexicon
_NEAR = 3  # words allowed between a stop word and its object: "cancel all these messages"


def _stop(
    shown: str, everyone: ReplyLexicon, own: ReplyLexicon
) -> Literal["certain", "likely", "possible"] | None:
    words = words_in(shown)
    message = " ".join(words)
    if {message, "".join(words)} & everyone.stop or (len(set(words)) == 1 and words[0] in everyone.stop):
        return "certain"  # also "S.T.O.P." and "stop stop stop"
    meant = _cut(message, own.harmless)
    stops, rest = _taken_out(message, everyone.stop)
    numbers = [
        word for word in rest if word.isdigit() or word in own.numbers or word in own.numbers_in_fractions
    ]
    real = frozenset(_taken_out(meant, everyone.stop)[0]) - everyone.stop_alone
    if stops and not _without(rest, numbers, everyone.filler):  # "9 cancel", "cancel please"
        return "certain" if real or not numbers else "possible"
    single = frozenset(each for each in everyone.stop_phrases & everyone.stop if " " not in each)
    clauses = [_cut(phrase(clause), own.harmless) for clause in _clauses(shown) if clause.strip()]
    commanded = any(_commands(clause, single, own) or _is_against_messages(clause) for clause in clauses)
    if commanded or _has(meant, everyone.stop_phrases - single):
        return "likely"
    return "possible" if real else None


def _commands(clause: str, stops: frozenset[str], own: ReplyLexicon) -> bool:
    """Whether a stop word is a request of its own in the clause, not a word among others ("the bus did not stop")."""
    everyone = all_languages()
    for stop in stops:
        if not _has(clause, [stop]):
            continue
        before, _, after = f" {clause} ".partition(f" {stop} ")
        if own.negations.intersection(before.split()):
            continue
        rest = _without(after.split(), everyone.filler, everyone.stop_tails)
        if not rest or _begins(" ".join(rest), everyone.stop_actions):
            return True
    return False


def _is_against_messages(clause: str) -> bool:
    """ "I do not want any more of these surveys", "please cancel the messages"."""
    everyone = all_languages()
    words = clause.split()
    objects = [at for at, word in enumerate(words) if word.startswith(tuple(everyone.stop_objects))]
    if not objects:
        return False
    if _has(clause, everyone.refusals):
        return True
    spans = ((at, at + size) for at in range(len(words)) for size in range(1, _LONGEST + 1))
    stops = [(start, end) for start, end in spans if " ".join(words[start:end]) in everyone.stop]
    return any(-_NEAR <= at - start <= end - start + _NEAR for start, end in stops for at in objects)


def _has(message: str, phrases: Iterable[str]) -> bool:
    return any(f" {each} " in f" {message} " for each in phrases)


def _cut(message: str, phrases: Iterable[str]) -> str:
    padded = f" {message} "
    for each in sorted(phrases, key=len, reverse=True):
        # The dot keeps the words around the phrase from becoming neighbours.
        padded = padded.replace(f" {each} ", " · ")
    return padded.strip()


def _taken_out(message: str, phrases: frozenset[str]) -> tuple[list[str], list[str]]:
    """The phrases found in a folded message (longest first at each place), and the remaining words."""
    words = re.findall(r"\d+|[^\W\d]+|[👍👎·]", message)  # also "STOP2"
    found, rest, at = [], [], 0
    while at < len(words):
        candidates = (" ".join(words[at : at + size]) for size in range(_LONGEST, 0, -1))
        if known := next((each for each in candidates if each in phrases), None):
            found.append(known)
            at += len(known.split())
        else:
            rest.append(words[at])
            at += 1
    return found, rest


# -- numbers, as digits and as words ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Number:
    """A number in the text.

    A `score` is in digits or a fraction; a `word` is a number word that can be a score; a `quantity` ("45 minutes")
    is not a score; a `whole` is the end of the scale ("on a scale of 10"); a `spoiler` makes the reply ambiguous.
    """

    kind: Literal["score", "word", "quantity", "whole", "spoiler"]
    value: int
    start: int
    end: int
    is_fraction: bool = False


@dataclass(frozen=True)
class _Mark:
    """The position of a number before it is interpreted; `word` is the folded number word."""

    value: int
    start: int
    end: int
    word: str = ""
    is_compound: bool = False


_COMPOUND = r"\d+(?:[.,:٫٬]\d+)+|\d+(?:[/.-]\d+){2,}"  # a decimal, a time, a date
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"  # combining accents and vowel signs
_MINUS = tuple("-−–/<>≤≥")  # and limits
_APOSTROPHES = "'’‘ʼ´`"
_POINTS = tuple(".,:٫٬")
_CLAUSE_END = re.compile(r"[\n.!?;,:()…،؛؟]|\s[-–—]\s")
_NUMBER = re.compile(rf"(?P<compound>{_COMPOUND})|(?P<integer>\d+)|(?P<word>(?:[^\W\d_][{_MARKS}]*)+)")
_STAR = "⭐★🌟"
_STARS = re.compile(rf"[{_STAR}](?:\s*[{_STAR}])*(?:\s*[☆✩])*")


def _score(text: str, scale: range, own: ReplyLexicon, everyone: ReplyLexicon) -> ScoreReply | None:
    numbers = list(islice(_numbers(text, scale, own, everyone), _MOST_NUMBERS + 1))
    if len(numbers) > _MOST_NUMBERS or any(number.kind == "spoiler" for number in numbers):
        return None
    wholes = [number for number in numbers if number.kind == "whole"]
    scores = [number for number in numbers if number.kind == "score"]
    words = [number for number in numbers if number.kind == "word"]
    if wholes and not scores:
        scores, words = [each for each in words if _is_alone(text, each, numbers, own)], []
    if not scores and all(number.kind == "word" for number in numbers):
        return _in_stars(text, scale, own) or _spoken(text, words, scale, own)
    if len(scores) != 1 or any(_rivals(text, word, scores[0], numbers, scale, own) for word in words):
        return None
    return _told(text, scores[0], wholes, own) if _is_answer(text, scores[0], wholes, own) else None


def _numbers(text: str, scale: range, own: ReplyLexicon, everyone: ReplyLexicon) -> Iterator[_Number]:
    marks = list(_marks(text, own))
    while marks:
        first = marks.pop(0)
        fraction = _fraction(text, first, marks[0], scale, own) if marks else None
        if fraction:
            marks.pop(0)
            yield fraction
        elif not first.word:
            yield _in_digits(text, first, scale, own, everyone)
        elif first.word in own.numbers:
            yield _Number("word", first.value, first.start, first.end)


def _without_endings(text: str, everyone: ReplyLexicon) -> str:
    """Without the endings that only say "it is": "puanım 10'dur" is "puanım 10".

    Also without the apostrophe, but -dur only where it is the ending by vowel harmony: after 9 and 10.
    """

    def shortened(match: re.Match[str]) -> str:
        ending = phrase(match[3])
        plain = not match[2] and ending == "dur" and not match[1].endswith(("9", "10"))
        return match[1] if ending in everyone.endings and not plain else match[0]

    return re.sub(rf"(?<!\w)(\d+)([{_APOSTROPHES}]?)([^\W\d_]+)", shortened, text)


def _marks(text: str, own: ReplyLexicon) -> Iterator[_Mark]:
    known = {**own.numbers_in_fractions, **own.numbers}
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if not match["word"]:
            compound = bool(match["compound"])
            yield _Mark(-1 if compound else _small(match[0]), start, end, is_compound=compound)
        elif (word := phrase(match[0])) in known and not _is_glued(text, start, end):
            yield _Mark(known[word], start, end, word)


def _fraction(text: str, first: _Mark, second: _Mark, scale: range, own: ReplyLexicon) -> _Number | None:
    """ "9/10", "nine out of 10", "10 üzerinden iki": a score only if the whole is the maximum of the scale."""
    if first.is_compound or second.is_compound:
        return None
    everyone = all_languages()
    between = text[first.end : second.start]
    joint = phrase(between)
    plain = " ".join(_without(joint.split(), own.filler))  # "three points out of 10"
    if between.strip() == "/" or {joint, plain} & everyone.out_of:
        part, whole = first, second
    elif {joint, plain} & everyone.out_of_reversed:
        whole, part = first, second
    else:
        return None
    if part.word not in own.numbers and part.word and _CLAUSE_END.search(between):
        return None  # «نه، از ۱۰ ...» is "no"
    start, end = first.start, second.end
    if _follows(text[end:], own.units):
        return _Number("quantity", 0, start, end)
    if _is_bounded(text, start, end, own):
        return _Number("spoiler", 0, start, end)
    sound = whole.value == scale[-1] and part.value in scale and _stands_free(text, start, end)
    if joint in everyone.out_of_loose and _without(words_in(_clause(text, start, end)[1]), own.filler):
        sound = False  # "3 of 5 agents were rude"
    return _Number("score" if sound else "spoiler", part.value, start, end, is_fraction=True)


def _in_digits(text: str, mark: _Mark, scale: range, own: ReplyLexicon, everyone: ReplyLexicon) -> _Number:
    start, end = mark.start, mark.end
    if _follows(text[end:], own.units) or _counts(text[end:], mark.value, own):
        return _Number("quantity", 0, start, end)
    if not mark.is_compound and (announced := _announced(text[:start], everyone.scale_of)):
        return _Number("whole" if mark.value == scale[-1] else "spoiler", 0, start - announced, end)
    symbols = re.match(rf"\s*[{_STAR}]+", text[end:])
    stars = (symbols or _follows(text[end:], own.stars)) and scale[-1] != 5
    sound = _stands_free(text, start, end) and mark.value in scale and not mark.is_compound
    sound = sound and not _is_bounded(text, start, end, own)
    sound = sound and not (text[end:].startswith("+") and mark.value != scale[-1])  # "8+"
    if stars or not sound or (mark.value == scale[-1] and _may_be_the_whole(text, start, end, own)):
        return _Number("spoiler", 0, start, end)
    return _Number("score", mark.value, start, end + (symbols.end() if symbols else 0))


def _counts(rest: str, value: int, own: ReplyLexicon) -> bool:
    """Whether the number counts what follows: "1 guy helped me", "2 of your agents", "2 rude drivers"."""
    if not rest.lstrip()[:1].isalpha():
        return False
    words = words_in(_clauses(rest[:60])[0])
    for _ in range(2):
        if words and words[0] in own.modifiers:
            del words[0]
    nouns = own.counted_many | (own.counted_one if value == 1 else frozenset())
    return any(" ".join(words[:length]) in nouns for length in (1, 2))


def _is_bounded(text: str, start: int, end: int, own: ReplyLexicon) -> bool:
    """Whether the number is a limit or a time: "almost 10", "less than a 5", "8 or more", "until 7"."""
    everyone = lexicon_for("en")  # who was asked in another language writes this, too
    before = words_in(_clause(text, start, end)[0])
    bare = list(before)
    while bare and bare[-1] in own.articles | everyone.articles:
        bare.pop()
    bounds = own.bounds | everyone.bounds - own.filler
    ends = (f" {' '.join(each)} " for each in (before, bare))
    if any(each.endswith(f" {bound} ") for each in ends for bound in bounds):
        return True
    return _follows(text[end:], own.bounds_after)


def _announced(before: str, phrases: frozenset[str]) -> int:
    """The length of the phrase at the end of `before`; 0 if there is none."""
    words = list(re.finditer(r"\S+", before))
    for size in range(min(_LONGEST + 1, len(words)), 0, -1):
        if phrase(before[words[-size].start() :]) in phrases:
            return len(before) - words[-size].start()
    return 0


def _may_be_the_whole(text: str, start: int, end: int, own: ReplyLexicon) -> bool:
    """Whether this number may be the whole of a score: "drei von 10" from somebody who was asked in English.

    Not after a phrase such as "a rating of", and not if the preposition is a common word of their language.
    """
    everyone = all_languages()
    prepositions = own.out_of | frozenset(_without(everyone.out_of, own.filler))
    if length := _announced(text[:start], prepositions):
        earlier = words_in(_CLAUSE_END.split(text[: start - length])[-1])
        return not earlier or earlier[-1] not in own.filler
    return _follows(text[end:], everyone.out_of_reversed)


def _stands_free(text: str, start: int, end: int) -> bool:
    """Whether the number does not touch a letter ("1O", "9th"), a minus, currency or percent sign, or a number."""
    before, after = text[:start][-1:], text[end : end + 1]
    if before in _POINTS:  # "Great.9" is free, ".5" is not
        return text[: start - 1][-1:].isalpha() and not _is_glue(after)
    ending = after in _APOSTROPHES and text[end + 1 : end + 2].isalpha()  # "5'te" is "at 5"
    return not (_is_glue(before) or before in _MINUS or _is_glue(after) or (after and ending))


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether a word is part of something longer, such as a name with digits."""
    return any(each.isalnum() or each == "_" for each in text[:start][-1:] + text[end : end + 1])


def _is_glue(neighbour: str) -> bool:
    return bool(neighbour) and (
        neighbour.isalpha() or neighbour in "_%٪‰°#№" or unicodedata.category(neighbour) == "Sc"
    )


def _follows(rest: str, phrases: frozenset[str]) -> bool:
    """Whether `rest` begins with one of these phrases, after optional spaces."""
    if not rest.lstrip()[:1].isalpha():
        return False
    words = words_in(rest[:40])
    return any(" ".join(words[:length]) in phrases for length in (1, 2, 3))


def _small(digits: str) -> int:
    """The number, or -1 if it has too many digits for a scale."""
    return int(digits) if len(digits) <= 4 else -1


# -- what the numbers amount to ---------------------------------------------------------------------------


def _clauses(text: str) -> list[str]:
    return _CLAUSE_END.split(text)


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """The text before and after a position, within its clause."""
    return _clauses(text[:start])[-1], _clauses(text[end:])[0]


def _apart(text: str, spans: Iterable[_Number]) -> str:
    """`text` with these numbers replaced by punctuation, so that the text after them is a separate clause."""
    for span in spans:
        text = text[: span.start] + "," * (span.end - span.start) + text[span.end :]
    return text


def _is_answer(text: str, score: _Number, wholes: Iterable[_Number], lexicon: ReplyLexicon) -> bool:
    """Whether the score begins or ends its clause, is not negated and counts nothing ("Room 7 was dirty").

    This is too strict for "it was a 9 overall", but asking again costs one message, and a wrong score costs trust.
    """
    before, after = map(words_in, _clause(_apart(text, wholes), score.start, score.end))
    if lexicon.negations.intersection(before) or lexicon.negations_after.intersection(after[:1]):
        return False
    if before and before[-1] in lexicon.labels:
        return False
    return not (_without(before, lexicon.filler) and _without(after, lexicon.filler))


def _is_alone(text: str, word: _Number, numbers: Iterable[_Number], own: ReplyLexicon) -> bool:
    """Whether its clause contains only this number, and possibly other numbers."""
    others = [number for number in numbers if number != word and number.kind != "whole"]
    wholes = [number for number in numbers if number.kind == "whole"]
    clause = " ".join(_clause(_apart(text, wholes), word.start, word.end))
    counted = {phrase(text[number.start : number.end]) for number in others}
    return not _without(words_in(clause), own.filler, own.connectives, counted)


def _rivals(
    text: str, word: _Number, score: _Number, numbers: list[_Number], scale: range, own: ReplyLexicon
) -> bool:
    """Whether a number word may be the score instead: "9 or ten", "three, max 10"; not "9, two people helped me"."""
    if score.is_fraction or word.value == score.value:
        return False
    first, second = sorted((word, score), key=lambda number: number.start)
    between = text[first.end : second.start]
    if words_in(between) and not _without(words_in(between), own.connectives):
        return True
    together = not _CLAUSE_END.search(between)
    if phrase(text[word.start : word.end]) in own.only_alone:  # "un 10" is "a 10"
        return not together and _is_alone(text, word, numbers, own)
    return (together and score.value == scale[-1]) or _is_alone(text, word, numbers, own)


def _told(text: str, score: _Number, wholes: Iterable[_Number], own: ReplyLexicon) -> ScoreReply:
    """The score with the text around it."""
    cuts = sorted([score, *wholes], key=lambda number: number.start)
    edges = [0, *(edge for cut in cuts for edge in (cut.start, cut.end)), len(text)]
    return _with_comment(score.value, [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)], own)


def _with_comment(value: int, parts: Iterable[str], own: ReplyLexicon) -> ScoreReply:
    kept = [comment for part in parts if (comment := _comment(part, own))]
    # "sorry, 8", "I meant 8", "a rating of 8", "un 8"
    if all(_is_small_talk(each, own.filler | own.corrections | own.only_alone | own.out_of) for each in kept):
        return ScoreReply(value, bare=True)
    return ScoreReply(value, " ".join(kept))


def _comment(part: str, lexicon: ReplyLexicon) -> str:
    """The text beside the score if it is a comment: an emoji is, "I'd say" and "thanks" are not."""
    if _is_small_talk(part, lexicon.filler):
        return ""
    return re.sub(r"^[\s.,;:!?()*+/~=\-–—…،؛]+|[\s,;:(*+/~=\-–—،؛]+$", "", part)


def _is_small_talk(part: str, filler: frozenset[str]) -> bool:
    symbols = any(unicodedata.category(character) == "So" for character in part)
    return not symbols and not _without(words_in(part), filler)


def _fault(text: str, scale: range, own: ReplyLexicon) -> Literal["off_scale", "several"] | None:
    """What is wrong with a reply that is nothing but one number off the scale, or two numbers."""
    bare = text
    numbers = list(re.finditer(r"\d+", text))
    for match in reversed(numbers):
        bare = f"{bare[: match.start()]} {bare[match.end() :]}"
    if not numbers or _without(words_in(bare), own.filler, own.connectives, own.corrections):
        return None
    values = [_small(match[0]) for match in numbers]
    if len(values) == 1:
        return "off_scale" if values[0] not in scale and _stands_free(text, *numbers[0].span()) else None
    joined = re.fullmatch(r"\s*(?:[-–—,]|[^\W\d_]+)\s*", text[numbers[0].end() : numbers[1].start()])
    return "several" if len(values) == 2 and joined and all(value in scale for value in values) else None


# -- answers without a digit ------------------------------------------------------------------------------


def _spoken(text: str, numbers: list[_Number], scale: range, own: ReplyLexicon) -> ScoreReply | None:
    words = words_in(text)
    if len(words) > 3 and not (numbers and _is_a_correction(words, numbers, own)):
        return None
    meant = _without(words, own.filler)
    if (scale[0], scale[-1]) == (0, 1) and (thumb := _thumb(meant, own)) is not None:
        return thumb
    if len(numbers) != 1 or (own.negations | own.negations_after).intersection(meant):
        return None
    number = numbers[0]
    counts = _counts(text[number.end :], number.value, own)
    if number.value not in scale or counts or _is_bounded(text, number.start, number.end, own):
        return None
    if len(meant) > 1 and phrase(text[number.start : number.end]) in own.only_alone:
        return None
    return _told(text, number, (), own)


def _is_a_correction(words: list[str], numbers: list[_Number], own: ReplyLexicon) -> bool:
    """Whether it is only a correction: "sorry I meant nine"."""
    return len(numbers) == 1 and len(_without(words, own.filler, own.corrections)) == 1


def _thumb(meant: list[str], own: ReplyLexicon) -> ScoreReply | None:
    """A reply that is only yes or no ("no problem" is not a no). Not `bare`, because "no" can mean "no comment"."""
    said = _without(meant, own.corrections - own.yes - own.no)
    if len(set(said)) != 1:
        return None
    corrected = len(said) != len(meant)
    if said[0] in own.yes | {"👍"}:
        return ScoreReply(1, bare=corrected)
    return ScoreReply(0, bare=corrected) if said[0] in own.no | {"👎"} else None


def _labelled(text: str, labels: Mapping[str, int], own: ReplyLexicon) -> ScoreReply | None:
    """A reply that is a label of the scale, or begins with one as a sentence: "Very satisfied. Thank you"."""
    first, _, rest = text.partition("\n") if "\n" in text else _first_sentence(text)
    for said, comment in ((text, ""), (first, rest)):
        found = _points_named(said, labels, own)
        if len(found) == 1:
            # Never `bare`: after the score these are words, too.
            return ScoreReply(found.pop(), _comment(comment, own))
    return None


def _points_named(said: str, labels: Mapping[str, int], own: ReplyLexicon) -> set[int]:
    """The points of the scale that these words are the label of."""
    words = words_in(said)
    once = words[:1] if len(set(words)) == 1 else words  # "👍👍"
    meant = {" ".join(words), " ".join(_without(words, own.filler)), " ".join(once)} - {""}
    return {value for label, value in labels.items() if phrase(label) in meant}


def _first_sentence(text: str) -> tuple[str, str, str]:
    end = re.search(r"[.!؟?…]\s+", text)
    return (text[: end.start()], "", text[end.end() :]) if end else (text, "", "")


def _in_stars(text: str, scale: range, own: ReplyLexicon) -> ScoreReply | None:
    """ "⭐⭐⭐⭐" is 4 on a scale up to 5; empty stars are not counted."""
    found = list(_STARS.finditer(text))
    if len(found) != 1 or scale[-1] != 5:
        return None
    start, end = found[0].span()
    value = sum(text[start:end].count(star) for star in _STAR)
    stars = _Number("score", value, start, end)
    return _told(text, stars, (), own) if value in scale and _is_answer(text, stars, (), own) else None
