"""Words that people's corrections teach: suggestions for the frame, which a lead accepts or not.

A word is suggested for a theme if people have given the theme to at least LEAST comments with that word which the
machine had not found, and if at least SURE of all comments that people have tagged and that have the word have the
theme. Nothing is learnt without a person who says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.themes.frame import UNSORTED, ThemeFrame
from feedback.core.themes.matching import Matcher
from feedback.core.themes.standing_out import words_used
from feedback.core.themes.written_words import LANGUAGES
from feedback.errors import Rejected
from feedback.services.themes import frame_file
from feedback.services.themes.labelling import PERSON
from feedback.store.models import AnswerRow, CommentTheme, Response

LEAST = 3
SURE = 0.9
MOST_COMMENTS = 5_000
"""The latest comments that people have tagged are looked at."""
MOST = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word of a language for a theme: `n` of `base` tagged comments with the word have the theme."""

    theme: str
    language: str
    word: str
    n: int
    base: int

    @property
    def key(self) -> str:
        return f"{self.theme} {self.language} {self.word}"


def suggestions(session: Session, frame: ThemeFrame) -> list[Suggestion]:
    """The words that corrections teach, those with the most comments first."""
    matcher = Matcher(frame)
    with_word: Counter[tuple[str, str]] = Counter()
    missed: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    tagged: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for text, language, themes in _corrected(session):
        found = {each.theme for each in matcher.themes(text, language)}
        for word in set(words_used(text, language).values()):
            with_word[language, word] += 1
            tagged[language, word].update(themes)
            missed[language, word].update(themes - found)
    made = [
        Suggestion(theme, language, word, tagged[language, word][theme], with_word[language, word])
        for (language, word), counts in missed.items()
        for theme, n in counts.items()
        if n >= LEAST and theme in frame.keys
    ]
    sure = [each for each in made if each.n >= SURE * each.base]
    return sorted(sure, key=lambda each: (-each.n, each.key))[:MOST]


def accepted(text: str, key: str) -> str:
    """The YAML of a frame with one more word: `key` is that of a Suggestion. Raises Rejected if it is none."""
    theme, _, rest = key.partition(" ")
    language, _, word = rest.partition(" ")
    if frame_file.parse(text).theme(theme) and language in LANGUAGES and word.isalnum():
        return _with_line(text, theme, language, word)
    raise Rejected("This suggestion is no longer there. Look at the list again.")


def _with_line(text: str, theme: str, language: str, word: str) -> str:
    """`text` with one line more; the other lines, and the comments between them, stay as they are."""
    lines, place = text.split("\n"), 0
    for wanted in (f"- key: {theme}", "words:", f"{language}:"):
        found = (n for n in range(place, len(lines)) if lines[n].strip() == wanted)
        place = next(found, -1)
        if place < 0:
            raise Rejected("Write this word into the list yourself: its place was not found.")
    indent = len(lines[place + 1]) - len(lines[place + 1].lstrip())
    return "\n".join([*lines[: place + 1], f"{' ' * indent}- {word}", *lines[place + 1 :]])


def _corrected(session: Session) -> list[tuple[str, str, set[str]]]:
    """(text, language, themes) of the comments that people have tagged."""
    rows = session.execute(
        select(AnswerRow.id, AnswerRow.text, Response.language, CommentTheme.theme)
        .join(AnswerRow, AnswerRow.id == CommentTheme.answer_id)
        .join(Response, Response.id == AnswerRow.response_id)
        .where(CommentTheme.origin == PERSON, CommentTheme.theme != UNSORTED, AnswerRow.text.is_not(None))
        .order_by(CommentTheme.id.desc())
        .limit(MOST_COMMENTS)
    )
    found: dict[int, tuple[str, str, set[str]]] = {}
    for answer, text, language, theme in rows:
        base = language.partition("-")[0]
        found.setdefault(answer, (text or "", base, set()))[2].add(theme)
    return [each for each in found.values() if each[1] in LANGUAGES]
