"""The routes under /delighted/v1, each with and without `.json`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from feedback import clock
from feedback.core.contact.recipient import EmailAddress
from feedback.errors import FeedbackError, Forbidden, NotFound, Rejected
from feedback.services.contact import suppression
from feedback.services.journey import asking
from feedback.services.privacy import erasure
from feedback.services.staff.api_keys import Scope
from feedback.web.api import problems
from feedback.web.api.answers import answer
from feedback.web.api.gate import Gate, caller, demand
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.scopes import needs, open_to_all
from feedback.web.delighted import people, requests, survey_responses
from feedback.web.delighted.survey_responses import Project

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

UNSUBSCRIBED = ("opt_out", "complaint", "manual")
BOUNCED = ("hard_bounce",)
View = Callable[..., Response]


def blueprint(runtime: Runtime) -> Blueprint:
    """The drop-in; docs/delighted.md says what is there."""
    gate, views = Gate(runtime), Views(runtime)
    drop_in = Blueprint("delighted", __name__)

    def check() -> None:
        scopes = getattr(current_app.view_functions[str(request.endpoint)], "scopes", None)
        if scopes is None:
            raise Forbidden("Nobody may call this yet: it has no scope.")
        if not scopes:
            return
        given = request.authorization
        gate.known_caller(given.username if given is not None and given.type == "basic" else None, "basic")
        demand(*scopes)

    drop_in.before_request(check)
    drop_in.after_request(gate.add_limits)
    drop_in.register_error_handler(FeedbackError, _ours)
    drop_in.register_error_handler(HTTPException, _http)
    drop_in.register_error_handler(UnacceptableError, lambda _: _problem(422, "cursor is not one of ours."))
    for method, rule, view in views.routes():
        drop_in.add_url_rule(rule, view.__name__, view, methods=[method])
        drop_in.add_url_rule(f"{rule}.json", view.__name__, view, methods=[method])
    drop_in.add_url_rule("/<path:anything>", view_func=elsewhere, methods=["GET", "POST", "PUT", "DELETE"])
    return drop_in


@open_to_all("says in JSON that an address does not exist")
def elsewhere(anything: str) -> Response:  # noqa: ARG001 - any address
    """The clients read every error as JSON."""
    raise NotFound("This part of the API is not available here.")


class Views:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database

    def routes(self) -> list[tuple[str, str, View]]:
        return [
            ("POST", "/people", self.post_person),
            ("GET", "/people", self.list_people),
            ("DELETE", "/people/<path:identifier>/survey_requests/pending", self.delete_pending),
            ("DELETE", "/people/<path:identifier>", self.delete_person),
            ("GET", "/survey_responses", self.list_responses),
            ("POST", "/survey_responses", self.post_response),
            ("PUT", "/survey_responses", self.put_response_of_body),
            ("GET", "/survey_responses/<int:response_id>", self.get_response),
            ("PUT", "/survey_responses/<int:response_id>", self.put_response),
            ("GET", "/metrics", self.metrics),
            ("POST", "/unsubscribes", self.post_unsubscribe),
            ("GET", "/unsubscribes", self.list_unsubscribes),
            ("GET", "/bounces", self.list_bounces),
        ]

    @needs(Scope.CUSTOMERS_WRITE)
    def post_person(self) -> Response:
        body = requests.sent()
        if requests.flag(body, "send", True):
            demand(Scope.INVITATIONS_WRITE)

        def store(session: Session) -> dict[str, Any]:
            return people.upsert(session, body, self._project().stage, self.runtime, clock.now())

        return self._written(store, 201)

    @needs(Scope.CUSTOMERS_READ)
    def list_people(self) -> Response:
        with self.database.reading() as session:
            return people.listed(session)

    @needs(Scope.CUSTOMERS_ERASE)
    def delete_person(self, identifier: str) -> Response:
        def erase(session: Session) -> dict[str, Any]:
            person = people.identified(session, identifier.removesuffix(".json"))
            erasure.erase(session, person, by=caller().owner_id, now=clock.now())
            return {"ok": True}

        return self._written(erase, 202)

    @needs(Scope.INVITATIONS_WRITE)
    def delete_pending(self, identifier: str) -> Response:
        def call_off(session: Session) -> dict[str, Any]:
            known = people.of_address(session, identifier, identifier if "@" not in identifier else None)
            person = known or people.identified(session, identifier)
            asking.call_off(session, person.id, clock.now())
            return {"ok": True}

        return self._written(call_off, 200)

    @needs(Scope.RESPONSES_READ)
    def list_responses(self) -> Response:
        self._may_expand()
        with self.database.reading() as session:
            return answer(survey_responses.listed(session, self._project(), self.runtime.library))

    @needs(Scope.RESPONSES_READ)
    def get_response(self, response_id: int) -> Response:
        self._may_expand()
        with self.database.reading() as session:
            return answer(survey_responses.one(session, response_id, self._project(), self.runtime.library))

    @needs(Scope.RESPONSES_WRITE)
    def post_response(self) -> Response:
        body, project = requests.sent(), self._project()

        def store(session: Session) -> dict[str, Any]:
            made = survey_responses.add(session, body, project, self.runtime, clock.now())
            session.expire_all()
            return survey_responses.one(session, made, project, self.runtime.library)

        return self._written(store, 201)

    @needs(Scope.RESPONSES_WRITE)
    def put_response_of_body(self) -> Response:
        """Node's client names the response in the body only."""
        number = requests.whole(requests.sent(), "id")
        if number is None:
            raise NotFound("Survey response not found.")
        return self.put_response(number)

    @needs(Scope.RESPONSES_WRITE)
    def put_response(self, response_id: int) -> Response:
        body, project = requests.sent(), self._project()

        def store(session: Session) -> dict[str, Any]:
            survey_responses.change(session, response_id, body, project, self.runtime, clock.now())
            session.expire_all()
            return survey_responses.one(session, response_id, project, self.runtime.library)

        return self._written(store, 200)

    @needs(Scope.SCORES_READ)
    def metrics(self) -> Response:
        """Scores of however few answers, as Delighted gives them: so the key must be able to read them one by one."""
        demand(Scope.RESPONSES_READ)
        with self.database.reading() as session:
            return answer(survey_responses.metrics(session, self._project()))

    @needs(Scope.SUPPRESSIONS_WRITE)
    def post_unsubscribe(self) -> Response:
        email = requests.text(requests.sent(), "person_email", 320)
        try:
            address = EmailAddress.parse(email or "").key
        except ValueError as error:
            raise Rejected(f"person_email: {error}") from None

        def store(session: Session) -> dict[str, Any]:
            suppression.opt_out(session, "email", address, source=people.SOURCE, now=clock.now())
            return {"ok": True}

        return self._written(store, 200)

    @needs(Scope.SUPPRESSIONS_READ)
    def list_unsubscribes(self) -> Response:
        with self.database.reading() as session:
            return answer(people.opted_out(session, UNSUBSCRIBED, "unsubscribed_at"))

    @needs(Scope.SUPPRESSIONS_READ)
    def list_bounces(self) -> Response:
        with self.database.reading() as session:
            return answer(people.opted_out(session, BOUNCED, "bounced_at"))

    def _project(self) -> Project:
        return Project.of(self.runtime.library, self.runtime.settings.delighted.stage)

    def _may_expand(self) -> None:
        expand = {*request.args.getlist("expand[]"), *request.args.getlist("expand")}
        if "person" in expand:
            demand(Scope.CUSTOMERS_READ)
        if "notes" in expand:
            demand(Scope.FOLLOW_UPS_READ)

    def _written(self, effect: Callable[[Session], dict[str, Any]], status: int) -> Response:
        """Once more if another request has just stored the same new person."""
        try:
            with self.database.writing() as session:
                return answer(effect(session), status)
        except IntegrityError:
            with self.database.writing() as session:
                return answer(effect(session), status)


def _ours(error: FeedbackError) -> Response:
    status = problems.status_of(error)
    # The clients know 422 and take everything else for a fault of the server.
    return _problem(
        422 if status in (409, 410) else status, str(error) if status != 503 else "Try again later."
    )


def _http(error: HTTPException) -> Response:
    response = _problem(error.code or 500, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _problem(status: int, message: str) -> Response:
    return answer({"status": status, "message": message}, status)
