"""A program that calls the API with a key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.staff import api_keys


@dataclass
class Program:
    app: Flask
    key: str

    def call(self, method: str, path: str, body: object = None, **rest: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **rest.pop("headers", {})}
        client = self.app.test_client(use_cookies=False)
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers, **rest)

    def put(self, path: str, **body: Any) -> TestResponse:
        return self.call("PUT", path, body)

    def post(self, path: str, **body: Any) -> TestResponse:
        return self.call("POST", path, body)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)


@pytest.fixture
def program(app: Flask, runtime: Runtime) -> Program:
    with runtime.database.writing() as session:
        _, token = api_keys.create(session, "CRM", by=None, now=clock.now())
    return Program(app, token)
