"""What the views of the API have in common: answers as JSON, entity tags, and effects that happen once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Response, json, request
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import PreconditionFailed

from feedback import clock
from feedback.errors import NotFound
from feedback.services.customers import Stored
from feedback.services.staff import call_answers
from feedback.services.staff.call_answers import Answered, RepeatableCall
from feedback.web.api.gate import IDEMPOTENCY_KEY, caller

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

Effect = Callable[[Session], Response]
_KEPT = ("Content-Type", "ETag", "Location")
"""Headers that are kept with an answer."""


def answer(body: Any, status: int = 200) -> Response:
    """`body` (a shape or JSON values) as the answer."""
    if isinstance(body, BaseModel):
        text = body.model_dump_json()
    else:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json")


def stored_answer(shape: BaseModel, stored: Stored | None = None) -> Response:
    """An object, with the tag of its version: 201 if it was just created."""
    created = stored is not None and stored.outcome == "created"
    return tagged(answer(shape, 201 if created else 200))


def tagged(response: Response, tag: str | None = None) -> Response:
    """The answer with its entity tag: `tag`, or a digest of the body."""
    response.set_etag(tag or hashlib.sha256(response.get_data()).hexdigest()[:24])
    return response


def check_match(present: Callable[[], Response]) -> None:
    """Raise PreconditionFailed if the caller has seen another version than the `present` one.

    Call it in the transaction of the change, after the rows are locked. Without `If-Match`, everything matches.
    """
    if "If-Match" not in request.headers:
        return
    try:
        tag, _weak = present().get_etag()
    except NotFound:
        tag = None
    if tag is None or tag not in request.if_match:
        raise PreconditionFailed("Read it again: it has changed since you read it.")


def written(runtime: Runtime, effect: Effect) -> Response:
    """Run a change in one transaction; once more if another request has just stored the same new object.

    For POST, the answer is kept under the `Idempotency-Key`, if there is one, and given again to the same call.
    """
    call = _call() if request.method == "POST" else None

    def once(session: Session) -> Response:
        if call is None:
            return effect(session)
        now = clock.now()
        if (before := call_answers.given(session, call, now)) is not None:
            return _again(before)
        response = effect(session)
        headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
        body = response.get_data(as_text=True)
        call_answers.keep(session, call, Answered(response.status_code, body, headers), now)
        return response

    try:
        with runtime.database.writing() as session:
            return once(session)
    except IntegrityError:
        with runtime.database.writing() as session:
            return once(session)


def _call() -> RepeatableCall | None:
    """The call as its `Idempotency-Key` names it; None without one."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    where = request.full_path.encode()
    return RepeatableCall.of(caller().key_id, key, request.method.encode(), where, request.get_data())


def _again(before: Answered) -> Response:
    response = Response(before.body, before.status, headers=before.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response
