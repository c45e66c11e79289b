"""Questionnaires for review: findings, messages and their cost, numbers of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import lint
from feedback.core.questionnaire import Questionnaire
from feedback.core.replies import conversation, written
from feedback.core.replies.offered import Numbered, is_askable
from feedback.core.text.message import Segments, compose_sms, segments
from feedback.i18n import translator
from feedback.library import Library, acknowledged, checked, content_hash, files_in, read_texts, snapshot
from feedback.lint.engine.acknowledgement import Warned, covering
from feedback.providers import sms_terms
from feedback.services.messaging import content
from feedback.services.questionnaires import layers
from feedback.settings import Settings
from feedback.store.models import Contact, Invitation, InvitationCount, Link, Response, User

SAMPLE_TOKEN = "8WdNkR4tVxQm"  # noqa: S105 - a link of the usual length, that leads nowhere


NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Checked:
    """The linter's result for a questionnaire's file. `changed` means that the file differs from the loaded one."""

    questionnaire: Questionnaire
    result: lint.Result
    changed: bool


@dataclass(frozen=True, slots=True)
class ReviewedFinding:
    """A finding for a page: `warned` is set if it can be accepted, `by` and `at` if somebody has accepted it."""

    problem: lint.Finding
    warned: Warned | None = None
    by: str = ""
    at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still has to be fixed, suppressed or accepted."""
        return self.warned is not None and self.at is None


@dataclass(frozen=True, slots=True)
class TextMessage:
    """An SMS of a questionnaire for a customer without known details; `cost` is per message. `question` is the key of
    the further question that it asks.

    If it needs such details, `text` is None and `problem` says why.
    """

    language: str
    is_reminder: bool
    text: str | None
    counted: Segments | None
    cost: float
    problem: str = ""
    question: str = ""


class Findings:
    """The linter's results for the files, cached until a file changes."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = list(directories)
        self._seen: tuple[object, ...] = ()
        self._lint_settings = lint.LintContext()
        self._found: Mapping[str, Checked] = {}
        self._broken: Mapping[str, lint.Result] = {}

    def check(
        self, library: Library, lint_settings: lint.LintContext, published: Mapping[str, str] = NOTHING
    ) -> Mapping[str, Checked]:
        """Questionnaire key -> the linter's result for its text, with the installation's settings. `published` are
        the texts of the studio, by key, which hide the files."""
        self._renew(library, lint_settings, published)
        return self._found

    def broken(
        self, library: Library, lint_settings: lint.LintContext, published: Mapping[str, str] = NOTHING
    ) -> Mapping[str, lint.Result]:
        """File name -> the linter's result for each file that is no questionnaire because of its errors, and for a
        journey with errors."""
        self._renew(library, lint_settings, published)
        return self._broken

    def _renew(self, library: Library, lint_settings: lint.LintContext, published: Mapping[str, str]) -> None:
        files_now = tuple(map(_state, files_in(self._directories).values()))
        state = (*files_now, *published.items(), library.origin and library.origin.edition)
        if state == self._seen and lint_settings is self._lint_settings:
            return
        texts = layers.stacked(read_texts(self._directories), published, self._directories)
        files = checked(texts, lint_settings)
        self._found = {
            each.key: Checked(
                each.document.questionnaire, each.result, _differs(each.document.questionnaire, library)
            )
            for each in files
            if each.document.questionnaire
        }
        self._broken = {
            Path(each.document.path).name: each.result
            for each in files
            if each.errors and not each.document.questionnaire
        }
        self._seen, self._lint_settings = state, lint_settings


def _state(path: Path) -> tuple[Path, int, int]:
    """What changes with a file; a link to nowhere is as good as an empty file."""
    try:
        found = path.stat()
    except OSError:
        return path, 0, 0
    return path, found.st_mtime_ns, found.st_size


def _differs(questionnaire: Questionnaire, library: Library) -> bool:
    present = library.questionnaires.get(questionnaire.key)
    return present is None or content_hash(snapshot(present)) != content_hash(snapshot(questionnaire))


def findings(session: Session, checked: Checked) -> list[ReviewedFinding]:
    """The findings of a questionnaire in the order of the file, with who accepted them."""
    what = dict(covering(checked.result))
    known = acknowledged(session, checked.questionnaire.key) if what else {}
    names = {user.id: user.name for user in session.scalars(select(User))} if known else {}
    found = []
    for problem in checked.result.problems:
        warned = what.get(problem)
        by, at = known.get(warned, (None, None)) if warned else (None, None)
        found.append(ReviewedFinding(problem, warned, names.get(by or 0, ""), at))
    return found


@dataclass(frozen=True, slots=True)
class LinkUse:
    """An open link, and how many of its responses count and how many are provisional."""

    link: Link
    counted: int
    provisional: int

    @property
    def suspicious(self) -> float:
        """The share of provisional responses, from 0 to 1."""
        return self.provisional / (self.counted + self.provisional) if self.provisional else 0.0


def answered(session: Session, keys: Sequence[str]) -> Mapping[str, int]:
    """Questionnaire key -> number of responses to invitations and through open links."""
    invited = session.execute(
        select(InvitationCount.questionnaire, func.sum(InvitationCount.answered))
        .where(InvitationCount.questionnaire.in_(keys))
        .group_by(InvitationCount.questionnaire)
    )
    counts = {key: int(number) for key, number in invited}
    for each in by_link(session, keys):
        key = each.link.questionnaire
        counts[key] = counts.get(key, 0) + each.counted
    return counts


def by_link(session: Session, keys: Sequence[str]) -> list[LinkUse]:
    """The open links of these questionnaires and their responses, the latest first."""
    counted, provisional = (
        select(func.count())
        .select_from(Response)
        .where(Response.link_id == Link.id, Response.provisional.is_(is_provisional))
        .scalar_subquery()
        for is_provisional in (False, True)
    )
    rows = session.execute(
        select(Link, counted, provisional)
        .where(Link.questionnaire.in_(keys))
        .order_by(Link.id.desc())
        .limit(500)
    )
    return [LinkUse(*row) for row in rows]


def text_messages(questionnaire: Questionnaire, settings: Settings) -> list[TextMessage]:
    """The invitation in every language, and the reminder if it has its own text."""
    own = questionnaire.messages.reminder_sms is not None
    return [
        _written(questionnaire, language, is_reminder, settings)
        for is_reminder in ((False, True) if own else (False,))
        for language in questionnaire.languages
    ]


def further_messages(questionnaire: Questionnaire, settings: Settings) -> list[TextMessage]:
    """The questions that a conversation by SMS asks after the first one, in every language."""
    first = conversation.opening(questionnaire)
    return [
        _question(question, language, settings)
        for question in questionnaire.questions
        if question.by_sms and is_askable(question) and first and question.key != first.key
        for language in questionnaire.languages
    ]


def _question(question: Numbered, language: str, settings: Settings) -> TextMessage:
    template = written.template(question, language, SAMPLE_TOKEN, translator)
    try:
        text = compose_sms(template, {"company": settings.organisation.name}).text
    except ValueError as problem:
        return TextMessage(language, False, None, None, 0.0, str(problem), question.key)
    return _priced(TextMessage(language, False, text, segments(text), 0.0, question=question.key), settings)


def _priced(message: TextMessage, settings: Settings) -> TextMessage:
    count = message.counted.count if message.counted else 0
    return replace(message, cost=count * sms_terms(settings).cost_per_segment)


def _written(
    questionnaire: Questionnaire, language: str, is_reminder: bool, settings: Settings
) -> TextMessage:
    stranger = Invitation(language=language, token=SAMPLE_TOKEN, piping={}, contact=Contact())
    try:
        text = content.compose(questionnaire, stranger, "sms", settings, reminder=is_reminder).body
    except ValueError as problem:
        return TextMessage(language, is_reminder, None, None, 0.0, str(problem))
    return _priced(TextMessage(language, is_reminder, text, segments(text), 0.0), settings)
