"""Survey responses and metrics, as the clients of Delighted know them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.answer import Answer
from feedback.core.metrics import METRICS, whole_percents
from feedback.core.questionnaire import Questionnaire
from feedback.errors import Conflict, NotFound, Rejected
from feedback.library import Library
from feedback.services.access import without_or_in_accounts_of
from feedback.services.context import Context
from feedback.services.responses import additions
from feedback.services.responses.additions import Addition
from feedback.store.models import FollowUp, FollowUpEntry, Response, Score
from feedback.web.api.gate import caller
from feedback.web.delighted import people, requests
from feedback.web.delighted.requests import seconds

WINDOW = timedelta(days=30)
"""Of metrics without dates: the last 30 days until the latest response."""
LONGEST_COMMENT = 10_000
_ORDERS: Mapping[str, Any] = {
    "asc": (Response.answered_at, Response.id),
    "desc": (Response.answered_at.desc(), Response.id.desc()),
    "asc:updated_at": (Response.updated_at, Response.id),
    "desc:updated_at": (Response.updated_at.desc(), Response.id.desc()),
}


@dataclass(frozen=True, slots=True)
class Project:
    """What one key of Delighted stands for: a stage, its questionnaire, and the questions for score and comment."""

    stage: str
    questionnaire: str
    series: str
    score: str
    metric: str
    comments: tuple[str, ...]

    @classmethod
    def of(cls, library: Library, wanted: str) -> Project:
        """The project of the setting `delighted.stage`. Raises Conflict if there is none."""
        # Delighted asked by a cadence: a stage that does so comes before one that waits for an event or a date.
        for stage in sorted(library.journey.stages, key=lambda each: each.enter.every is None):
            questionnaire = library.questionnaires.get(stage.questionnaire)
            scored = questionnaire.scored if questionnaire else None
            if questionnaire is None or scored is None or scored.metric is None:
                continue
            if stage.key == wanted or (not wanted and scored.metric == "nps"):
                return cls._from(stage.key, questionnaire, scored.key, scored.metric)
        raise Conflict("Set delighted.stage to a stage of the journey that asks for a score.")

    @classmethod
    def _from(cls, stage: str, questionnaire: Questionnaire, score: str, metric: str) -> Project:
        texts = tuple(each.key for each in questionnaire.questions if each.type == "text")
        return cls(stage, questionnaire.key, questionnaire.series, score, metric, texts)

    def scores(self) -> Select[Score]:
        """The scores of the project that the caller sees."""
        seen = without_or_in_accounts_of(caller().viewer, Response.account_id)
        return (
            select(Score)
            .join(Response, Response.id == Score.response_id)
            .where(
                Score.trend == self.series, Score.question == self.score, Score.metric == self.metric, seen
            )
        )


def query_of(project: Project) -> Select[Response]:
    """The scored responses of the project, with the person; those that look like a machine's have no score."""
    ids = project.scores().with_only_columns(Score.response_id)
    related = (selectinload(Response.contact), selectinload(Response.scores), selectinload(Response.answers))
    return select(Response).where(Response.id.in_(ids)).options(*related, selectinload(Response.version))


def listed(session: Session, project: Project, library: Library) -> list[dict[str, Any]]:
    """A page of responses, the oldest first unless `order` says otherwise. Raises Rejected."""
    args = request.args
    skipped, size = requests.pages()
    query = query_of(project)
    for name, column in (("", Response.answered_at), ("updated_", Response.updated_at)):
        if (since := requests.moment(args, f"{name}since")) is not None:
            query = query.where(column >= since)
        if (until := requests.moment(args, f"{name}until")) is not None:
            query = query.where(column < until + timedelta(seconds=1))
    if person := requests.text(args, "person_id"):
        query = query.where(Response.contact_id == people.of_id(session, person).id)
    if email := requests.text(args, "person_email", 320):
        known = people.of_address(session, email, None)
        query = query.where(Response.contact_id == (known.id if known else 0))
    order = _ORDERS.get(args.get("order", "asc"))
    if order is None:
        raise Rejected(f"order is none of {', '.join(_ORDERS)}.")
    rows = session.scalars(query.order_by(*order).offset(skipped).limit(size)).all()
    return shapes(session, rows, project, library)


def one(session: Session, response_id: int, project: Project, library: Library) -> dict[str, Any]:
    """A response. Raises NotFound."""
    wanted = query_of(project).where(Response.id == response_id)
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("Survey response not found.")
    return shapes(session, [row], project, library)[0]


def add(session: Session, body: Mapping[str, Any], project: Project, context: Context, now: datetime) -> int:
    """Add a response; its id. Raises Rejected or NotFound."""
    contact = people.of_id(session, _person(body))
    answers = _answers(body, project, context, None)
    if project.score not in answers or answers[project.score] is None:
        raise Rejected("Send a score.")
    given = {key: each for key, each in answers.items() if each is not None}
    at = requests.moment(body, "created_at") or now
    _add_properties(session, contact.external_id, body, now)
    addition = Addition(contact, project.questionnaire, given, at, project.stage)
    return additions.add(session, addition, context, now)


def change(
    session: Session,
    response_id: int,
    body: Mapping[str, Any],
    project: Project,
    context: Context,
    now: datetime,
) -> None:
    """Change score, comment and properties; what else the clients send back is not read. Raises NotFound, Rejected."""
    row = session.scalar(query_of(project).where(Response.id == response_id))
    if row is None:
        raise NotFound("Survey response not found.")
    stored = {each.question: Answer.from_stored(each.value, each.text) for each in row.answers}
    answers = _answers(body, project, context, stored)
    if row.contact is not None:
        _add_properties(session, row.contact.external_id, body, now)
    additions.change(session, response_id, answers, context, now)


def _person(body: Mapping[str, Any]) -> str | None:
    """The id of the person, who may come as an object."""
    value = body.get("person")
    return requests.text(
        value if isinstance(value, dict) else body, "id" if isinstance(value, dict) else "person"
    )


def _add_properties(session: Session, external_id: str, body: Mapping[str, Any], now: datetime) -> None:
    from feedback.services.customers import ContactDraft, store_contacts  # noqa: PLC0415

    if given := requests.properties(body, "person_properties"):
        store_contacts(session.connection(), [ContactDraft(external_id, {}, given)], {}, now)


def _answers(
    body: Mapping[str, Any], project: Project, context: Context, stored: Mapping[str, Answer] | None
) -> dict[str, Answer | None]:
    """Score and comment of the request; a comment goes where the customer would be asked for it."""
    found: dict[str, Answer | None] = {}
    if (score := requests.whole(body, "score")) is not None:
        found[project.score] = Answer(score)
    known = stored or {}
    before = next((key for key in project.comments if known.get(key) and known[key].text), None)
    words = known[before].text if before else None
    if "comment" in body:
        words = requests.text(body, "comment", LONGEST_COMMENT)
    if words is None:
        return found | ({before: None} if before else {})
    asked = context.library.questionnaires[project.questionnaire]
    together = {**known, **{key: each for key, each in found.items() if each is not None}}
    place = next((each.key for each in asked.path(together) if each.key in project.comments), None)
    if place is None:
        raise Rejected("The questionnaire has no question for a comment after this score.")
    if before not in (None, place):  # the score has changed sides, and the words move with it
        found[str(before)] = None
    return found | {place: Answer(None, words)}


# --- Shapes ------------------------------------------------------------------------------------------------


def shapes(
    session: Session, rows: Sequence[Response], project: Project, library: Library
) -> list[dict[str, Any]]:
    """Responses as the clients read them; `expand[]` turns `person` into an object and fills `notes`."""
    expand = {*request.args.getlist("expand[]"), *request.args.getlist("expand")}
    notes = _notes(session, [row.id for row in rows]) if "notes" in expand else {}
    return [_shape(row, project, library, notes.get(row.id, []), expanded="person" in expand) for row in rows]


def _shape(
    row: Response, project: Project, library: Library, notes: list[dict[str, Any]], *, expanded: bool
) -> dict[str, Any]:
    given = {each.question: Answer.from_stored(each.value, each.text) for each in row.answers}
    comment = next((key for key in project.comments if key in given and given[key].text), None)
    asked = library.questionnaire_of(row.version)
    person = row.contact if row.contact is not None and row.contact.erased_at is None else None
    score = next((each.value for each in row.scores if each.question == project.score), None)
    changed = row.updated_at != row.answered_at
    return {
        "id": str(row.id),
        "person": None if person is None else people.shape(person) if expanded else str(person.id),
        "survey_type": project.metric,
        "score": score,
        "comment": given[comment].text if comment else None,
        "permalink": f"{request.host_url}api/v1/responses/{row.id}",
        "created_at": seconds(row.answered_at),
        "updated_at": seconds(row.updated_at) if changed else None,
        "person_properties": dict(person.properties) if person else {},
        "notes": notes,
        "tags": [],
        "additional_answers": [
            _additional(row, key, each, asked)
            for key, each in given.items()
            if key not in (project.score, comment)
        ],
    }


def _additional(row: Response, key: str, given: Answer, asked: Questionnaire) -> dict[str, Any]:
    question = asked.question(key)
    language = row.language
    value: dict[str, Any] = dict.fromkeys(("free_response", "scale", "select_one", "select_many"))
    if isinstance(given.value, int | float):
        kind, value["scale"] = "scale", given.value
    elif isinstance(given.value, tuple):
        kind = "select_many"
        value[kind] = [
            {"id": each, "text": asked.wording(key, Answer((each,)), language)} for each in given.value
        ]
    elif isinstance(given.value, str):
        kind = "select_one"
        value[kind] = {"id": given.value, "text": asked.wording(key, given, language)}
    else:
        kind = "free_response"
        value[kind] = given.text if given.value is None else asked.wording(key, given, language)
    wording = question.text.to(language) if question is not None else key
    return {
        "id": f"{row.id}-{key}",
        "value": value,
        "question": {"id": key, "type": kind, "text": wording},
    }


def _notes(session: Session, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Response -> the notes of its follow-ups."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    wanted = (
        select(FollowUpEntry, FollowUp.response_id)
        .join(FollowUp, FollowUp.id == FollowUpEntry.follow_up_id)
        .where(FollowUp.response_id.in_(ids), FollowUpEntry.kind == "note")
        .options(selectinload(FollowUpEntry.user))
        .order_by(FollowUpEntry.id)
    )
    for entry, response_id in session.execute(wanted):
        found[response_id].append(
            {
                "id": str(entry.id),
                "text": entry.text,
                "user_email": entry.user.email if entry.user else None,
                "created_at": seconds(entry.at),
            }
        )
    return found


def metrics(session: Session, project: Project) -> dict[str, Any]:
    """Counts and whole percents of a period, without dates of the 30 days until the latest response."""
    since, until = requests.moment(request.args, "since"), requests.moment(request.args, "until")
    query = project.scores()
    if since is None and until is None:
        latest = session.scalar(query.with_only_columns(func.max(Score.at)))
        since = latest - WINDOW if latest is not None else None
    query = query if since is None else query.where(Score.at >= since)
    query = query if until is None else query.where(Score.at < until + timedelta(seconds=1))
    counted = session.execute(query.with_only_columns(Score.value, func.count()).group_by(Score.value))
    counts = {value: int(n) for value, n in counted}
    metric = METRICS[project.metric]
    bands = [{v: n for v, n in counts.items() if metric.band(v) == band} for band in metric.bands]
    percents = whole_percents(bands)[0] if counts else [0] * len(metric.bands)
    found: dict[str, Any] = {}
    if counts:
        found[project.metric] = round(metric.aggregate(counts).value or 0)
    else:
        found[project.metric] = None
    for band, each, percent in zip(metric.bands, bands, percents, strict=True):
        found[f"{band}_count"], found[f"{band}_percent"] = sum(each.values()), percent
    return found | {"response_count": sum(counts.values())}
