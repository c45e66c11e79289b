"""The questionnaires in force as their authors look at them: findings, texts and their price, answers so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import lint
from feedback.core.message import Segments, segments
from feedback.core.questionnaire import Questionnaire
from feedback.library import Library, acknowledged, content_hash, files_in, snapshot
from feedback.lint.document.reader import read
from feedback.lint.engine.acknowledgement import Warned, covering
from feedback.services import composing
from feedback.settings import Settings
from feedback.store.models import Contact, Invitation, InvitationCount, Link, Response, User

SAMPLE_TOKEN = "8WdNkR4tVxQm"  # noqa: S105 - a link of the usual length, that leads nowhere


@dataclass(frozen=True, slots=True)
class Checked:
    """What the linter says of a questionnaire's file. `changed`: the file is no longer what is in force."""

    questionnaire: Questionnaire
    result: lint.Result
    changed: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as its page shows it: `warned` where it can be let stand, `by` and `at` where somebody has done so."""

    problem: lint.Problem
    warned: Warned | None = None
    by: str = ""
    at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits to be mended, suppressed or let stand."""
        return self.warned is not None and self.at is None


@dataclass(frozen=True, slots=True)
class TextMessage:
    """An SMS of a questionnaire as a customer gets it, whose own details are not known; `cost` is for one.

    `text` is None where it cannot be written without them, and `problem` says why.
    """

    language: str
    is_reminder: bool
    text: str | None
    counted: Segments | None
    cost: float
    problem: str = ""


class Findings:
    """The linter's view of the files, looked at anew when one of them has changed."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = list(directories)
        self._seen: tuple[object, ...] = ()
        self._told = lint.Settings()
        self._found: Mapping[str, Checked] = {}

    def of(self, library: Library, told: lint.Settings) -> Mapping[str, Checked]:
        """Key of a questionnaire -> what the linter says of its file, `told` of the installation."""
        files = list(files_in(self._directories).values())
        state = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
        if state != self._seen or told is not self._told:
            self._found, self._seen, self._told = _check(files, library, told), state, told
        return self._found


def _check(files: Sequence[Path], library: Library, told: lint.Settings) -> Mapping[str, Checked]:
    texts = [(path.name, path.read_bytes().decode("utf-8", "surrogateescape")) for path in files]
    documents = [read(text, name) for name, text in texts]
    return {
        document.questionnaire.key: Checked(
            document.questionnaire, result, _differs(document.questionnaire, library)
        )
        for document, result in zip(documents, lint.check_texts(texts, settings=told), strict=True)
        if document.questionnaire
    }


def _differs(questionnaire: Questionnaire, library: Library) -> bool:
    present = library.questionnaires.get(questionnaire.key)
    return present is None or content_hash(snapshot(present)) != content_hash(snapshot(questionnaire))


def findings(session: Session, checked: Checked) -> list[Finding]:
    """What the linter says of a questionnaire, with who has let what pass, in the order of the file."""
    what = dict(covering(checked.result))
    known = acknowledged(session, checked.questionnaire.key) if what else {}
    names = {user.id: user.name for user in session.scalars(select(User))} if known else {}
    found = []
    for problem in checked.result.problems:
        warned = what.get(problem)
        by, at = known.get(warned, (None, None)) if warned else (None, None)
        found.append(Finding(problem, warned, names.get(by or 0, ""), at))
    return found


def answered(session: Session, keys: Sequence[str]) -> Mapping[str, int]:
    """Questionnaire -> answers so far, to invitations and through open links."""
    invited = session.execute(
        select(InvitationCount.questionnaire, func.sum(InvitationCount.answered))
        .where(InvitationCount.questionnaire.in_(keys))
        .group_by(InvitationCount.questionnaire)
    )
    counts = {key: int(number) for key, number in invited}
    for link, number in by_link(session, keys):
        counts[link.questionnaire] = counts.get(link.questionnaire, 0) + number
    return counts


def by_link(session: Session, keys: Sequence[str]) -> list[tuple[Link, int]]:
    """Every open link of these questionnaires, the latest first, with the answers that came through it."""
    number = (
        select(func.count())
        .select_from(Response)
        .where(Response.link_id == Link.id, Response.provisional.is_(False))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Link, number).where(Link.questionnaire.in_(keys)).order_by(Link.id.desc()).limit(500)
    )
    return [(link, count) for link, count in rows]


def text_messages(questionnaire: Questionnaire, settings: Settings) -> list[TextMessage]:
    """The invitation in every language, and the reminder where it has words of its own."""
    own = questionnaire.messages.reminder_sms is not None
    return [
        _written(questionnaire, language, is_reminder, settings)
        for is_reminder in ((False, True) if own else (False,))
        for language in questionnaire.languages
    ]


def _written(
    questionnaire: Questionnaire, language: str, is_reminder: bool, settings: Settings
) -> TextMessage:
    stranger = Invitation(language=language, token=SAMPLE_TOKEN, piping={}, contact=Contact())
    try:
        text = composing.compose(questionnaire, stranger, "sms", settings, reminder=is_reminder).body
    except ValueError as problem:
        return TextMessage(language, is_reminder, None, None, 0.0, str(problem))
    counted = segments(text)
    price = counted.count * settings.twilio.cost_per_segment
    return TextMessage(language, is_reminder, text, counted, price)
