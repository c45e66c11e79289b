"""The themes of comments as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from feedback.core.questionnaire import Questionnaire
from feedback.core.themes.frame import UNSORTED, ThemeFrame
from feedback.i18n import Translator, _
from feedback.services import reports
from feedback.services.reports import Comment
from feedback.services.themes import correcting, frames
from feedback.store.models import Response

UNSORTED_TITLE = _("Unsorted")


@dataclass(frozen=True, slots=True)
class ThemeTag:
    """A theme of a comment. `line` is the line of the frame for which the machine gave it."""

    theme: str
    title: str
    by_person: bool
    line: str


def themes_in_words(frame: ThemeFrame, say: Translator) -> dict[str, str]:
    """Key -> name in the reader's language, with "unsorted" last."""
    found = {each.key: each.title(say.language) for each in frame.themes}
    return {**found, UNSORTED: say.gettext(UNSORTED_TITLE)}


def theme_tags(session: Session, say: Translator, comments: Sequence[Comment]) -> dict[int, list[ThemeTag]]:
    """Answer -> its tags, also for those that have none."""
    return tags_of(session, say, [each.answer_id for each in comments])


def tags_of_response(
    session: Session, say: Translator, response: Response, asked: Questionnaire
) -> list[tuple[int, list[ThemeTag]]]:
    """(answer, tags) of each comment of a response; names and addresses that were asked for are none."""
    answers = [
        row.id for row in response.answers if row.text and not reports.asks_who(asked.question(row.question))
    ]
    return list(tags_of(session, say, answers).items())


def tags_of(session: Session, say: Translator, answers: Sequence[int]) -> dict[int, list[ThemeTag]]:
    """Answer -> its tags in the reader's language; a theme that is not in the frame any more keeps its key."""
    titles: Mapping[str, str] = themes_in_words(frames.in_force(session).frame, say)
    found = correcting.themes_of(session, answers)
    return {
        answer: [
            ThemeTag(each.theme, titles.get(each.theme, each.theme), each.by_person, each.line)
            for each in found.get(answer, ())
            if each.theme != UNSORTED
        ]
        for answer in answers
    }
