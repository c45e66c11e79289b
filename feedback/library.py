"""The questionnaires and the journey in force, read from YAML. A file in which the linter finds errors is refused.

A questionnaire is published in the studio, or when a survey first uses its file: its version is then stored
permanently. Later versions are checked against those that a survey has used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock, lint
from feedback.core.journey import Journey, Stage
from feedback.core.questionnaire import Questionnaire
from feedback.core.time.local_days import day_of
from feedback.errors import NotFound, QuestionnaireInvalid
from feedback.lint.document.document import SYNTAX, Document
from feedback.lint.document.reader import read
from feedback.lint.engine import expiry, trend
from feedback.lint.engine.acknowledgement import Warned, warnings
from feedback.store.database import add_once, zone_of
from feedback.store.models import AuditEntry, QuestionnaireVersion
from feedback.store.models.journeys import IN_FORCE

FINDING, ACKNOWLEDGED = "finding", "acknowledged"
"""Subject and action in the audit log for a linter warning that somebody accepted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not in force, and why. With `replaced`, what was in force before it still is."""

    path: str
    key: str
    reasons: tuple[str, ...]
    replaced: bool
    is_journey: bool = False


STUDIO = "studio:"
"""Prefix of the path of a text that is published in the studio; its key follows."""


@dataclass(frozen=True, slots=True)
class TextOfFile:
    """A text that can be in force. `path` is that of its file, or `STUDIO` and a key; `fault` says why the file could
    not be read, and is empty otherwise."""

    path: str
    text: str
    fault: str = ""

    @property
    def stem(self) -> str:
        return Path(self.path).stem.removeprefix(STUDIO)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the library, as the linter sees it."""

    document: Document
    result: lint.Result

    @property
    def errors(self) -> list[lint.Finding]:
        return [each for each in self.result.problems if each.severity == "error"]

    @property
    def is_journey(self) -> bool:
        """Also says it of a journey that cannot be read."""
        document = self.document
        if isinstance(document.data, dict) and not document.faults:
            return document.kind == "journey"
        return bool(re.search(r"^stages[ \t]*:", document.source, re.M)) or self._stem == "journey"

    @property
    def key(self) -> str:
        """The questionnaire's key; of a file that breaks the format the key it names, otherwise the file's name."""
        if self.document.questionnaire:
            return self.document.questionnaire.key
        named = re.search(r"^key[ \t]*:[ \t]*[\"']?([a-z][a-z0-9_-]*)", self.document.source, re.M)
        return named[1] if named else self._stem

    @property
    def _stem(self) -> str:
        return Path(self.document.path).stem.removeprefix(STUDIO)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a library was made from: the files as they were read at the start, and the studio's edition.

    `accepted` is the id of the audit entry of the last accepted warning; the file that it is about was read after it.
    """

    files: tuple[TextOfFile, ...]
    edition: int
    accepted: int = 0


class Library:
    """What can be sent. Immutable except for its cache of published versions; make a new one to reload."""

    def __init__(
        self,
        questionnaires: Mapping[str, Questionnaire],
        journey: Journey,
        results: Mapping[str, lint.Result] = MappingProxyType({}),
        refused: Sequence[Refused] = (),
        kept: Mapping[str, str] = MappingProxyType({}),
        origin: Origin | None = None,
    ) -> None:
        """`results` holds the linter's result per questionnaire key; a questionnaire without a file has none.

        `refused` are the files that are not in force. `kept` maps the key of each questionnaire whose published
        version is in force instead of its file to that version's content hash.
        """
        self.origin = origin
        self.results = dict(results)
        self.questionnaires = dict(questionnaires)
        self.journey = journey
        self.refused = tuple(refused)
        self._by_version: dict[int, Questionnaire] = {}
        self._digests: dict[str, str] = dict(kept)

    def is_unsettled(self, stage: Stage | None) -> bool:
        """Whether a stage (None: one that the journey lacks) cannot be judged until a refused file is fixed."""
        waiting = [each for each in self.refused if not each.replaced]
        if stage is None:
            return any(each.is_journey for each in waiting)
        return stage.questionnaire in {each.key for each in waiting if not each.is_journey}

    def questionnaire(self, key: str) -> Questionnaire:
        """The questionnaire with this key. Raises NotFound, which lists the known keys."""
        if key not in self.questionnaires:
            raise NotFound(
                f"There is no questionnaire {key!r}; use one of {', '.join(sorted(self.questionnaires))}."
            )
        return self.questionnaires[key]

    def published(self, session: Session, key: str, now: datetime) -> QuestionnaireVersion:
        """The stored version of a questionnaire's current text; it is stored at its first use and never changes.

        Raises QuestionnaireInvalid if `objections` finds a reason not to publish it, or if its trend bridge or an
        accepted finding has expired since the program started (the next start would refuse it, too).
        """
        today = day_of(now, zone_of(session))
        if over := [each for each in expiry.expiring(self.questionnaire(key), today) if each.is_over(today)]:
            raise refusal([f"{key}: {end_in_words(each, today)}" for each in over])
        digest = self.digest(key)
        # A batch of invitations asks for the same version repeatedly, and the session does not keep unused objects.
        kept: dict[str, QuestionnaireVersion] = session.info.setdefault("published", {})
        if digest not in kept or kept[digest] not in session:
            kept[digest] = self._stored(session, key, digest, now)
        return kept[digest]

    def objections(self, session: Session, key: str, now: datetime) -> list[str]:
        """The reasons why a questionnaire cannot be published, as sentences; empty if its text is published already."""
        questionnaire = self.questionnaire(key)
        known = select(QuestionnaireVersion.id).where(
            QuestionnaireVersion.key == key, QuestionnaireVersion.content_hash == self.digest(key)
        )
        if session.scalar(known) is not None:
            return []
        today = day_of(now, zone_of(session))
        return [
            *_against_the_series(questionnaire, versions(session), today),
            *_not_acknowledged(session, key, self.results.get(key)),
        ]

    def digest(self, key: str) -> str:
        """The content hash of a questionnaire in force. Raises NotFound."""
        if key not in self._digests:
            self._digests[key] = content_hash(snapshot(self.questionnaire(key)))
        return self._digests[key]

    def _stored(self, session: Session, key: str, digest: str, now: datetime) -> QuestionnaireVersion:
        wanted = select(QuestionnaireVersion).where(
            QuestionnaireVersion.key == key, QuestionnaireVersion.content_hash == digest
        )
        if (found := session.scalar(wanted)) is not None:
            if found.unasked:  # published in the studio, and now used for the first time
                found.unasked = False
            return found
        if objections := self.objections(session, key, now):
            raise refusal(objections)
        content = snapshot(self.questionnaires[key])
        version = QuestionnaireVersion(key=key, content_hash=digest, content=content, published_at=now)
        if not add_once(session, version):  # another node published it at the same moment
            return session.scalars(wanted).one()
        return version

    def questionnaire_of(self, version: QuestionnaireVersion) -> Questionnaire:
        """The questionnaire as it was when `version` was published."""
        return self.of_id(version.id, version.content)

    def of_id(self, version_id: int, content: dict[str, Any] | None) -> Questionnaire:
        """Like `of`, for a row read without the ORM; `content` is only needed the first time."""
        if version_id not in self._by_version:
            if content is None:
                raise KeyError(version_id)
            self._by_version[version_id] = restore(content)
        return self._by_version[version_id]

    def knows(self, version_id: int) -> bool:
        """Whether `of_id` has this version in its cache and does not need the content."""
        return version_id in self._by_version


def load(directories: Sequence[Path], settings: lint.LintContext | None = None) -> Library:
    """Read every YAML file of `directories`; a file in an earlier directory overrides one of the same name later.

    `settings` tell the linter about the installation; without them it only knows today's date.
    Raises QuestionnaireInvalid with every problem of every file, each as `file:line:column`.
    """
    files = read_files(directories, settings)
    if problems := [each for file in files for each in file.errors]:
        raise refusal([sentence(each) for each in problems], problems)
    questionnaires = [each.document.questionnaire for each in files if each.document.questionnaire]
    journeys = [each.document.journey for each in files if each.document.journey]
    return Library(
        {each.key: each for each in questionnaires},
        journeys[0] if journeys else Journey(stages=()),
        results_of(files),
    )


def read_files(directories: Sequence[Path], settings: lint.LintContext | None = None) -> list[File]:
    """The files that `load` reads, sorted by name, with what the linter finds in each. Raises nothing for a file."""
    return checked(read_texts(directories), settings or lint.LintContext(today=clock.now().date()))


def read_texts(directories: Sequence[Path]) -> list[TextOfFile]:
    """The texts of the files that are used, sorted by name. Raises nothing for a file."""
    texts = []
    for path in files_in(directories).values():
        try:
            texts.append(TextOfFile(str(path), path.read_bytes().decode("utf-8", "surrogateescape")))
        except OSError as error:
            texts.append(TextOfFile(str(path), "", f"The file cannot be read: {error.strerror}."))
    return texts


def checked(texts: Sequence[TextOfFile], settings: lint.LintContext) -> list[File]:
    """These texts with what the linter finds in each, in their order."""
    results = lint.check_texts([(each.path, each.text) for each in texts], settings=settings)
    return [
        File(read(each.text, each.path), _unreadable(each.path, each.fault) if each.fault else result)
        for each, result in zip(texts, results, strict=True)
    ]


def _unreadable(path: str, why: str) -> lint.Result:
    problem = lint.Finding(SYNTAX.id, SYNTAX.severity, path, 1, 1, why, docs=SYNTAX.docs)
    return lint.Result(path, [problem])


def results_of(files: Sequence[File]) -> dict[str, lint.Result]:
    """Questionnaire key -> the linter's result; of two files with one key, that of the first."""
    found: dict[str, lint.Result] = {}
    for each in files:
        if each.document.questionnaire:
            found.setdefault(each.key, each.result)
    return found


def refusal(sentences: Sequence[str], problems: Sequence[lint.Finding] = ()) -> QuestionnaireInvalid:
    """The error that stops the sending of what was never published, with one line per reason."""
    return QuestionnaireInvalid(
        "\n".join(["Fix these problems before surveys can be sent:", *sentences]), problems
    )


def sentence(problem: lint.Finding) -> str:
    """`file:line:column rule message`, and the linter's suggestion if it has one."""
    better = f" {problem.rewrite}" if problem.rewrite else ""
    return f"{problem.path}:{problem.line}:{problem.column} {problem.rule} {problem.message}{better}"


def end_in_words(end: expiry.Expiry, today: date) -> str:
    """One sentence: what expires or has expired, when, and what to do about it."""
    when = f"{'expired' if end.is_over(today) else 'expires'} on {end.day.isoformat()}"
    if end.rule == expiry.BRIDGE:
        return (
            f"the trend bridge {when}. Give the new wording its own `trend:` key, or restore the old wording."
        )
    return f"the acceptance of `{end.rule}` {when}. Fix the question, or accept the finding again."


def versions(session: Session) -> tuple[Questionnaire, ...]:
    """Every version of every questionnaire that a survey has used, the earliest first."""
    stored = session.scalars(
        select(QuestionnaireVersion.content)
        .where(QuestionnaireVersion.key != IN_FORCE, QuestionnaireVersion.unasked.is_(False))
        .order_by(QuestionnaireVersion.id)
    )
    return tuple(restore(content) for content in stored)


def acknowledged(session: Session, key: str) -> dict[Warned, tuple[int | None, datetime]]:
    """The accepted warnings of a questionnaire, with (user id, time) of the first acceptance."""
    entries = session.execute(
        select(AuditEntry.detail, AuditEntry.user_id, AuditEntry.at)
        .where(AuditEntry.subject == FINDING, AuditEntry.action == ACKNOWLEDGED)
        .order_by(AuditEntry.id.desc())
    )
    return {
        Warned(detail["rule"], detail["question"], detail["wording"]): (by, at)
        for detail, by, at in entries
        if detail["questionnaire"] == key
    }


def _not_acknowledged(session: Session, key: str, result: lint.Result | None) -> Iterator[str]:
    found = warnings(result) if result else {}
    if not found:
        return
    known = acknowledged(session, key)
    left = [group[0] for warned, group in found.items() if warned not in known]
    yield from map(sentence, left)
    if left:
        yield (
            "Fix these warnings, suppress them in the file, or accept them on the questionnaire's page "
            f"or with `feedback acknowledge {key} --by YOUR-ADDRESS`."
        )


def _against_the_series(
    questionnaire: Questionnaire, published: Sequence[Questionnaire], today: date
) -> Iterator[str]:
    """The check of the rule `trend-scale-changed`, for a questionnaire that no longer has a file."""
    before = trend.continued(questionnaire, published)
    if before is None or trend.is_bridged(questionnaire, today):
        return
    for question, told in trend.changes(questionnaire, before):
        yield (
            f"{questionnaire.key}/{question} trend-scale-changed {told}, but the series "
            f"“{questionnaire.series}” goes on. Give it a new `trend:` key, or run both until a date with "
            "`trend_bridge:`."
        )


def files_in(directories: Sequence[Path]) -> dict[str, Path]:
    """File name -> the file that is used, sorted by name."""
    found: dict[str, Path] = {}
    for directory in directories:
        for path in sorted(directory.glob("*.y*ml")):
            found.setdefault(path.name, path)
    return dict(sorted(found.items()))


def snapshot(questionnaire: Questionnaire) -> dict[str, Any]:
    """The JSON form of a questionnaire that is stored permanently, without the keys that only the linter reads."""
    return questionnaire.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"lint"})


def restore(content: Mapping[str, Any]) -> Questionnaire:
    """Rebuild a questionnaire from a `snapshot`."""
    return Questionnaire.model_validate_json(json.dumps(content))


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON form, so that the same content has the same hash on every machine."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
