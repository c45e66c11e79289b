"""Questionnaires in force, as JSON and as YAML, and the linter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from feedback import clock, resources
from feedback.errors import NotFound
from feedback.services.questionnaires import layers, publishing
from feedback.services.staff.api_keys import Scope
from feedback.services.studio import live_lint
from feedback.services.studio.live_lint import PlacedFinding, Surroundings
from feedback.web.api.answers import answer, stored_answer, tagged
from feedback.web.api.gate import Gate
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

LONGEST_TEXT = 60_000
"""Characters of a questionnaire; the body has a limit of its own."""


class QuestionnaireBrief(BaseModel):
    key: str
    title: dict[str, str]
    trend: str
    languages: list[str]
    questions: int
    content_hash: str = Field(description="of the version in force; it changes with every word")
    stages: list[str] = Field(description="stages of the journey that ask it")


class QuestionnairesOut(BaseModel):
    items: list[QuestionnaireBrief]


class QuestionnaireKey(BaseModel):
    key: Short


class QuestionnaireQuery(In):
    format: Literal["json", "yaml"] = "json"


class QuestionnaireOut(QuestionnaireBrief):
    content: dict[str, Any] = Field(description="as in the published JSON Schema of questionnaires")


class LintIn(In):
    text: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="a questionnaire in YAML"
    )
    language: Literal["en", "tr", "fa"] = Field("en", description="of the findings")


class FindingOut(BaseModel):
    """A finding of the linter; lines and columns count from 1."""

    rule: str
    severity: str
    message: str
    line: int
    column: int
    question: str
    language: str
    quoted: str
    rewrite: str


class LintOut(BaseModel):
    """`publishable` is false if an error forbids publication."""

    publishable: bool
    accepted: int = Field(description="findings that the text itself accepts, with a reason")
    findings: list[FindingOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:  # noqa: ARG001 - as every resource
    """Add the routes to the API's blueprint."""
    rules = publishing.Rules(runtime.settings)

    @api.get("/questionnaires", summary="Questionnaires in force", responses={200: QuestionnairesOut})
    @needs(Scope.QUESTIONNAIRES_READ)
    def list_questionnaires() -> Response:
        keys = sorted(runtime.library.questionnaires)
        return answer(QuestionnairesOut(items=[QuestionnaireBrief(**_brief(runtime, key)) for key in keys]))

    @api.get(
        "/questionnaires/<key>",
        summary="A questionnaire",
        responses={
            200: {
                "description": "The questionnaire, or its text if `format` is yaml.",
                "content": {
                    "application/json": {"schema": QuestionnaireOut.model_json_schema()},
                    "application/yaml": {"schema": {"type": "string"}},
                },
            }
        },
    )
    @needs(Scope.QUESTIONNAIRES_READ)
    def get_questionnaire(path: QuestionnaireKey, query: QuestionnaireQuery) -> Response:
        found = runtime.library.questionnaires.get(path.key)
        if found is None:
            raise NotFound("Questionnaire not found.")
        if query.format == "yaml":
            with runtime.database.reading() as session:
                return tagged(Response(_text(session, runtime, path.key), mimetype="application/yaml"))
        content = found.model_dump(mode="json", exclude_defaults=True)
        return stored_answer(QuestionnaireOut(**_brief(runtime, path.key), content=content))

    @api.post("/questionnaires/lint", summary="Check a questionnaire", responses={200: LintOut})
    @needs(Scope.QUESTIONNAIRES_READ)
    def lint_questionnaire(body: LintIn) -> Response:
        """Nothing is stored."""
        with runtime.database.reading() as session:
            settings = rules.for_session(session, clock.now())
        around = Surroundings(settings, runtime.library.journey, runtime.library.questionnaires)
        checked = live_lint.check(body.text, "", around, body.language)
        return answer(
            LintOut(
                publishable=not checked.counts.get("error"),
                accepted=checked.accepted,
                findings=[_finding(each) for each in checked.findings],
            )
        )


def _brief(runtime: Runtime, key: str) -> dict[str, Any]:
    found = runtime.library.questionnaires[key]
    return {
        "key": key,
        "title": {each: found.title.to(each) for each in found.languages},
        "trend": found.series,
        "languages": list(found.languages),
        "questions": len(found.questions),
        "content_hash": runtime.library.digest(key),
        "stages": [each.key for each in runtime.library.journey.stages if each.questionnaire == key],
    }


def _text(session: Session, runtime: Runtime, key: str) -> str:
    """The text as it was written: that of the studio, otherwise that of the file."""
    published = layers.published_texts(session)
    if key in published:
        return published[key]
    directories = resources.directories("questionnaires", runtime.settings.instance)
    found = layers.files(directories).get(key)
    if found is None:
        raise NotFound("This questionnaire has no text any more; read it as JSON.")
    return found.text


def _finding(each: PlacedFinding) -> FindingOut:
    told = each.finding
    return FindingOut(
        rule=told.rule,
        severity=told.severity,
        message=told.message,
        line=each.place.line,
        column=each.place.column,
        question=told.question,
        language=told.language,
        quoted=told.quoted,
        rewrite=told.rewrite,
    )
