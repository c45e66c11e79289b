"""The endpoints under /scim/v2."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import BadRequest, HTTPException

from feedback import clock
from feedback.errors import Conflict, FeedbackError, NotFound, Rejected
from feedback.services.staff import directory_groups, directory_users
from feedback.services.staff.api_keys import Scope
from feedback.web.api.gate import Gate
from feedback.web.api.problems import status_of
from feedback.web.api.scopes import needs
from feedback.web.http.routes import Route, blueprint_of, get, post
from feedback.web.scim import schemas, shapes
from feedback.web.scim.patching import patched
from feedback.web.scim.schemas import MESSAGES, MOST

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PAGE = 100
"""Resources of an answer if the request names no number."""
TYPE = "application/scim+json"


def blueprint(runtime: Runtime) -> Blueprint:
    views = Scim(runtime)
    scim = blueprint_of(
        "scim",
        get("/ServiceProviderConfig", views.configuration),
        get("/ResourceTypes", views.resource_types),
        get("/ResourceTypes/<key>", views.resource_type),
        get("/Schemas", views.schemas),
        get("/Schemas/<key>", views.schema),
        get("/Users", views.users),
        post("/Users", views.create_user),
        post("/Users/.search", views.search_users),
        get("/Users/<int:user_id>", views.user),
        Route(("PUT",), "/Users/<int:user_id>", views.replace_user),
        Route(("PATCH",), "/Users/<int:user_id>", views.patch_user),
        Route(("DELETE",), "/Users/<int:user_id>", views.delete_user),
        get("/Groups", views.groups),
        post("/Groups", views.create_group),
        post("/Groups/.search", views.search_groups),
        get("/Groups/<int:group_id>", views.group),
        Route(("PUT",), "/Groups/<int:group_id>", views.replace_group),
        Route(("PATCH",), "/Groups/<int:group_id>", views.patch_group),
        Route(("DELETE",), "/Groups/<int:group_id>", views.delete_group),
        post("/.search", views.search_all),
        get("/<path:address>", views.unknown),
    )
    scim.before_request(views.gate.check)
    scim.register_error_handler(FeedbackError, _ours)
    scim.register_error_handler(HTTPException, _http)
    scim.register_error_handler(shapes.UnknownFilterError, _filter)
    scim.register_error_handler(IntegrityError, _taken)
    return scim


@dataclass(frozen=True, slots=True)
class Query:
    """What a request wants to see (RFC 7644, 3.4.2 and 3.4.3); `start` counts from 0."""

    filter: str = ""
    start: int = 0
    count: int = PAGE
    attributes: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> Query:
        """From the address or the body of a search. Numbers out of range are brought into it. Raises BadRequest."""
        return cls(
            str(sent.get("filter") or ""),
            max(_number(sent, "startIndex", 1), 1) - 1,
            min(max(_number(sent, "count", PAGE), 0), MOST),
            _names(sent.get("attributes")),
            _names(sent.get("excludedAttributes")),
        )


def _number(sent: Mapping[str, Any], name: str, usual: int) -> int:
    try:
        return int(str(sent.get(name, usual))[:9])
    except ValueError:
        raise BadRequest("startIndex and count are whole numbers.") from None


def _names(written: Any) -> frozenset[str]:
    """Whole attributes, in lower case; of a part of one, the whole is shown."""
    listed = written.split(",") if isinstance(written, str) else written if isinstance(written, list) else []
    plain = (str(each).strip().rpartition(":")[2].partition(".")[0].lower() for each in listed)
    return frozenset(each for each in plain if each)


class Scim:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.gate = Gate(runtime)

    @property
    def base(self) -> str:
        """The address of /scim/v2, as the outside world has it."""
        return (self.settings.web.public_url.rstrip("/") or request.host_url.rstrip("/")) + "/scim/v2"

    @needs(Scope.SCIM)
    def configuration(self) -> ResponseReturnValue:
        return _answer(schemas.configuration(self.base))

    @needs(Scope.SCIM)
    def resource_types(self) -> ResponseReturnValue:
        return self._fixed(schemas.resource_types(self.base))

    @needs(Scope.SCIM)
    def resource_type(self, key: str) -> ResponseReturnValue:
        return _one(schemas.resource_types(self.base), key)

    @needs(Scope.SCIM)
    def schemas(self) -> ResponseReturnValue:
        return self._fixed(schemas.schemas(self.base))

    @needs(Scope.SCIM)
    def schema(self, key: str) -> ResponseReturnValue:
        return _one(schemas.schemas(self.base), key)

    @needs(Scope.SCIM)
    def search_all(self) -> ResponseReturnValue:
        return _error(501, "Search below /Users or /Groups.")

    @needs(Scope.SCIM)
    def unknown(self, address: str) -> ResponseReturnValue:  # noqa: ARG002
        raise NotFound("There is no such resource.")

    @needs(Scope.SCIM)
    def users(self) -> ResponseReturnValue:
        return self._users(Query.of(request.args))

    @needs(Scope.SCIM)
    def search_users(self) -> ResponseReturnValue:
        return self._users(Query.of(_body()))

    def _users(self, query: Query) -> Response:
        condition = shapes.condition(query.filter, directory_users.FILTERS)
        with self.database.reading() as session:
            sso = self.settings.sso
            total, found = directory_users.page(session, sso, condition, query.start, query.count)
            listed = [shapes.user_json(each, self.base) for each in found]
        return _listing(total, query, listed)

    @needs(Scope.SCIM)
    def create_user(self) -> ResponseReturnValue:
        person = shapes.person(_body())
        with self.database.writing() as session:
            found = directory_users.create(session, person, self.settings.sso, clock.now())
            made = shapes.user_json(found, self.base)
        return _answer(made, 201)

    @needs(Scope.SCIM)
    def user(self, user_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            found = directory_users.find(session, user_id, self.settings.sso)
            return _shown(shapes.user_json(found, self.base))

    @needs(Scope.SCIM)
    def replace_user(self, user_id: int) -> ResponseReturnValue:
        body = _body()
        return self._change_user(user_id, lambda _: body)

    @needs(Scope.SCIM)
    def patch_user(self, user_id: int) -> ResponseReturnValue:
        body = _body()
        return self._change_user(user_id, lambda before: patched(before, body, shapes.USERS))

    @needs(Scope.SCIM)
    def delete_user(self, user_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            found = directory_users.find(session, user_id, self.settings.sso, locked=True)
            directory_users.remove(session, found, clock.now())
        return Response(status=204)

    def _change_user(
        self, user_id: int, change: Callable[[dict[str, Any]], Mapping[str, Any]]
    ) -> ResponseReturnValue:
        with self.database.writing() as session:
            found = directory_users.find(session, user_id, self.settings.sso, locked=True)
            person = shapes.person(change(shapes.user_json(found, self.base)), found)
            changed = directory_users.replace(session, found, person, clock.now())
            return _shown(shapes.user_json(changed, self.base))

    @needs(Scope.SCIM)
    def groups(self) -> ResponseReturnValue:
        return self._groups(Query.of(request.args))

    @needs(Scope.SCIM)
    def search_groups(self) -> ResponseReturnValue:
        return self._groups(Query.of(_body()))

    def _groups(self, query: Query) -> Response:
        condition = shapes.condition(query.filter, directory_groups.FILTERS)
        with self.database.reading() as session:
            total, found = directory_groups.page(session, condition, query.start, query.count)
            listed = [shapes.group_json(each, self.base) for each in found]
        return _listing(total, query, listed)

    @needs(Scope.SCIM)
    def create_group(self) -> ResponseReturnValue:
        draft = shapes.group(_body())
        with self.database.writing() as session:
            found = directory_groups.create(session, draft, self.settings.sso, clock.now())
            made = shapes.group_json(found, self.base)
        return _answer(made, 201)

    @needs(Scope.SCIM)
    def group(self, group_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            return _shown(shapes.group_json(directory_groups.find(session, group_id), self.base))

    @needs(Scope.SCIM)
    def replace_group(self, group_id: int) -> ResponseReturnValue:
        body = _body()
        return self._change_group(group_id, lambda _: body)

    @needs(Scope.SCIM)
    def patch_group(self, group_id: int) -> ResponseReturnValue:
        body = _body()
        return self._change_group(group_id, lambda before: patched(before, body, shapes.GROUPS))

    @needs(Scope.SCIM)
    def delete_group(self, group_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            found = directory_groups.find(session, group_id, locked=True)
            directory_groups.remove(session, found, self.settings.sso, clock.now())
        return Response(status=204)

    def _change_group(
        self, group_id: int, change: Callable[[dict[str, Any]], Mapping[str, Any]]
    ) -> ResponseReturnValue:
        with self.database.writing() as session:
            found = directory_groups.find(session, group_id, locked=True)
            draft = shapes.group(change(shapes.group_json(found, self.base)))
            changed = directory_groups.replace(session, found, draft, self.settings.sso, clock.now())
            return _shown(shapes.group_json(changed, self.base))

    @staticmethod
    def _fixed(listed: list[dict[str, Any]]) -> Response:
        if request.args.get("filter"):  # RFC 7644, 4
            return _error(403, "These resources cannot be filtered.")
        return _listing(len(listed), Query(), listed)


def _body() -> Mapping[str, Any]:
    """The JSON object of the request. Raises BadRequest."""
    try:
        body = json.loads(request.get_data(as_text=True))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadRequest("The body is no JSON object.")
    return body


def _one(listed: list[dict[str, Any]], key: str) -> Response:
    found = next((each for each in listed if each["id"] == key), None)
    if found is None:
        raise NotFound("There is no such resource.")
    return _answer(found)


def _listing(total: int, query: Query, listed: list[dict[str, Any]]) -> Response:
    return _answer(
        {
            "schemas": [f"{MESSAGES}:ListResponse"],
            "totalResults": total,
            "startIndex": query.start + 1,
            "itemsPerPage": len(listed),
            "Resources": [shapes.chosen(each, query.attributes, query.excluded) for each in listed],
        }
    )


def _shown(resource: dict[str, Any]) -> Response:
    query = Query.of(request.args)
    return _answer(shapes.chosen(resource, query.attributes, query.excluded))


def _answer(content: Mapping[str, Any], status: int = 200) -> Response:
    response = Response(json.dumps(content, ensure_ascii=False), status, content_type=TYPE)
    if status == 201:
        response.headers["Location"] = content["meta"]["location"]
    return response


def _error(status: int, detail: str, kind: str = "") -> Response:
    body = {"schemas": [f"{MESSAGES}:Error"], "status": str(status), "detail": detail}
    return _answer({**body, "scimType": kind} if kind else body, status)


def _ours(error: FeedbackError) -> Response:
    if isinstance(error, Rejected):
        return _error(400, str(error), "invalidValue")
    if isinstance(error, Conflict):
        return _error(409, str(error), "uniqueness")
    return _error(status_of(error), str(error))


def _http(error: HTTPException) -> Response:
    response = _error(error.code or 500, error.description or "")
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _filter(_: shapes.UnknownFilterError) -> Response:
    return _error(400, 'Filter by one attribute: userName eq "ada@example.com".', "invalidFilter")


def _taken(_: IntegrityError) -> Response:
    """Two requests for the same user or group at the same moment."""
    return _error(409, "There is such a resource already.", "uniqueness")
