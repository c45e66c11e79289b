"""What the views of the API have in common."""

from __future__ import annotations

from flask import Response, jsonify
from pydantic import BaseModel

from feedback.services.customers import Stored

BY_KEY = "the caller brings an API key"
"""Why the views are public: `Gate` has checked the key before them."""


def stored_answer(shape: BaseModel, stored: Stored | None = None) -> Response:
    answer = jsonify(shape.model_dump(mode="json"))
    answer.status_code = 201 if stored is not None and stored.outcome == "created" else 200
    return answer
