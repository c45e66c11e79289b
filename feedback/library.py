"""The questionnaires and the journey that are in force, read from YAML and refused where the linter says error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback import lint
from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire
from feedback.errors import NotFound, QuestionnaireInvalid
from feedback.lint.document import read
from feedback.store.models import QuestionnaireVersion

JOURNEY = "journey.yaml"


class Library:
    """What may be sent. Immutable but for its cache of published versions; reload by making a new one."""

    def __init__(self, questionnaires: Mapping[str, Questionnaire], journey: Journey) -> None:
        self.questionnaires = dict(questionnaires)
        self.journey = journey
        self._by_version: dict[int, Questionnaire] = {}
        self._digests: dict[str, str] = {}

    def questionnaire(self, key: str) -> Questionnaire:
        """Raises NotFound with the keys that there are."""
        if key not in self.questionnaires:
            raise NotFound(
                f"There is no questionnaire {key!r}; there are {', '.join(sorted(self.questionnaires))}."
            )
        return self.questionnaires[key]

    def published(self, session: Session, key: str, now: datetime) -> QuestionnaireVersion:
        """The stored version of a questionnaire as it stands now; stored at its first use, never changed after."""
        questionnaire = self.questionnaire(key)
        if key not in self._digests:
            self._digests[key] = content_hash(snapshot(questionnaire))
        digest = self._digests[key]
        # A batch of invitations asks for the same version again and again; the session itself forgets quickly.
        kept: dict[str, QuestionnaireVersion] = session.info.setdefault("published", {})
        if digest not in kept or kept[digest] not in session:
            kept[digest] = self._stored(session, key, digest, now)
        return kept[digest]

    def _stored(self, session: Session, key: str, digest: str, now: datetime) -> QuestionnaireVersion:
        wanted = select(QuestionnaireVersion).where(
            QuestionnaireVersion.key == key, QuestionnaireVersion.content_hash == digest
        )
        if (found := session.scalar(wanted)) is not None:
            return found
        content = snapshot(self.questionnaires[key])
        version = QuestionnaireVersion(key=key, content_hash=digest, content=content, published_at=now)
        try:
            with session.begin_nested():
                session.add(version)
        except IntegrityError:  # another node published it in this very moment
            return session.scalars(wanted).one()
        return version

    def of(self, version: QuestionnaireVersion) -> Questionnaire:
        """The questionnaire as it was when `version` was published."""
        return self.of_id(version.id, version.content)

    def of_id(self, version_id: int, content: dict[str, Any] | None) -> Questionnaire:
        """As `of`, for a row read without the ORM; `content` is only looked at the first time."""
        if version_id not in self._by_version:
            if content is None:
                raise KeyError(version_id)
            self._by_version[version_id] = restore(content)
        return self._by_version[version_id]

    def knows(self, version_id: int) -> bool:
        """Whether `of_id` can do without the content."""
        return version_id in self._by_version


def load(directories: Sequence[Path]) -> Library:
    """Read every YAML file of `directories`; a file in an earlier one hides its namesake in a later one.

    Raises QuestionnaireInvalid with every problem of every file, each as `file:line:column`.
    """
    files = files_in(directories)
    texts = {str(path): path.read_text(encoding="utf-8") for path in files.values()}
    results = lint.check_texts(list(texts.items()))
    problems = [each for result in results for each in result.problems if each.severity == "error"]
    if problems:
        lines = "\n".join(f"{each.path}:{each.line}:{each.column} {each.message}" for each in problems)
        raise QuestionnaireInvalid(f"Nothing is sent before this is mended:\n{lines}", problems)
    documents = [read(text, path) for path, text in texts.items()]
    questionnaires = {each.questionnaire.key: each.questionnaire for each in documents if each.questionnaire}
    journeys = [each.journey for each in documents if each.journey]
    return Library(questionnaires, journeys[0] if journeys else Journey(stages=()))


def files_in(directories: Sequence[Path]) -> dict[str, Path]:
    """File name -> the file that counts, in the order of the names."""
    found: dict[str, Path] = {}
    for directory in directories:
        for path in sorted(directory.glob("*.y*ml")):
            found.setdefault(path.name, path)
    return dict(sorted(found.items()))


def snapshot(questionnaire: Questionnaire) -> dict[str, Any]:
    """What is kept of a questionnaire for ever; what only the linter reads is left out."""
    return questionnaire.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"lint"})


def restore(content: Mapping[str, Any]) -> Questionnaire:
    """The questionnaire of a snapshot."""
    return Questionnaire.model_validate_json(json.dumps(content))


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON form: the same content has the same hash on every machine."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
