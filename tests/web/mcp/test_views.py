"""The endpoint: who may call it, which messages it takes, and how it refuses the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from feedback.store.models import AuditEntry
from feedback.web.http.request_limits import ROOMS
from feedback.web.mcp.revisions import REVISIONS
from feedback.web.mcp.tools import TOOLS
from tests.web.api.conftest import key_over
from tests.web.mcp.conftest import Assistant

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
LIST = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}


def stateless(method: str, **params: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A request of the newest revision, and its headers."""
    body = {"jsonrpc": "2.0", "id": "a", "method": method, "params": {**params, "_meta": META}}
    return body, {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": method,
        "Mcp-Name": params.get("name", ""),
    }


def test_the_newest_revision_needs_no_handshake(assistant: Assistant) -> None:
    body, headers = stateless("server/discover")
    found = assistant.send(body, **headers).get_json()
    assert found["id"] == "a"
    assert found["result"]["supportedVersions"] == list(REVISIONS)
    assert found["result"]["resultType"] == "complete"
    body, headers = stateless("tools/list")
    listed = assistant.send(body, **headers).get_json()["result"]
    assert (listed["cacheScope"], len(listed["tools"])) == ("private", len(TOOLS))


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2024-11-05", "2025-11-25"),
        (None, "2025-11-25"),
    ],
)
def test_older_clients_shake_hands(assistant: Assistant, asked: str | None, agreed: str) -> None:
    found = assistant.request("initialize", protocolVersion=asked, capabilities={}, clientInfo={})
    assert found["protocolVersion"] == agreed
    assert found["capabilities"] == {"tools": {}}
    assert assistant.request("ping") == {}


def test_a_notification_gets_no_answer(assistant: Assistant) -> None:
    for headers in ({}, {"MCP-Protocol-Version": "2025-11-25"}, {"MCP-Protocol-Version": "2026-07-28"}):
        told = assistant.send({"jsonrpc": "2.0", "method": "notifications/initialized"}, **headers)
        assert (told.status_code, told.get_data()) == (202, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_is_no_stream_and_no_session(office_app: Flask, method: str) -> None:
    answer = office_app.test_client().open("/mcp", method=method, headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", -32700),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": NaN}}', -32700),
        ("[" * 100_000, -32700),
        (json.dumps([LIST, LIST]), -32600),
        ('"ping"', -32600),
        ('{"id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "result": {}}', -32600),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32600),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_message_is_refused(assistant: Assistant, body: str, code: int) -> None:
    headers = {"Authorization": f"Bearer {assistant.key}", "Content-Type": "application/json"}
    answer = assistant.app.test_client().post("/mcp", data=body, headers=headers)
    assert answer.status_code == 400
    assert (answer.get_json()["error"]["code"], answer.get_json()["id"]) == (code, None)


def test_half_a_letter_in_an_id_comes_back(assistant: Assistant) -> None:
    answer = assistant.send({"jsonrpc": "2.0", "id": "\ud800", "method": "ping"})
    assert answer.get_json()["id"] == "\ud800"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MCP-Protocol-Version": "2031-01-01"}, -32022),
        ({"MCP-Protocol-Version": "2025-11-25"}, -32020),
        ({"Mcp-Method": "tools/list"}, -32020),
        ({"Mcp-Name": "queue"}, -32020),
    ],
)
def test_headers_that_contradict_the_body_are_refused(
    assistant: Assistant, change: dict[str, str], code: int
) -> None:
    body, headers = stateless("tools/call", name="scores", arguments={})
    answer = assistant.send(body, **{**headers, **change})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, code)
    assert answer.get_json()["id"] == "a"


def test_a_stateless_request_says_who_it_is(assistant: Assistant) -> None:
    body, headers = stateless("tools/list")
    body["params"] = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}
    assert assistant.send(body, **headers).get_json()["error"]["code"] == -32602


def test_an_unknown_method_is_refused_in_each_revision(assistant: Assistant) -> None:
    answer = assistant.send({"jsonrpc": "2.0", "id": 1, "method": "resources/list"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (200, -32601)
    body, headers = stateless("resources/list")
    answer = assistant.send(body, **headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, -32601)


def test_nobody_is_let_in_without_a_valid_key(assistant: Assistant) -> None:
    answer = Assistant(assistant.app, "fbk_wrong").send(LIST)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert answer.get_json()["error"]["message"] == "Send `Authorization: Bearer <key>` with a valid key."


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://localhost", 200), ("https://evil.example", 403), ("null", 403), ("http://localhost:81", 403)],
)
def test_pages_of_other_sites_are_refused(assistant: Assistant, origin: str, status: int) -> None:
    assert assistant.send(LIST, Origin=origin).status_code == status


def test_a_body_that_is_too_large_is_not_parsed(assistant: Assistant) -> None:
    answer = assistant.send({**LIST, "params": {"text": "a" * ROOMS["mcp"].body}})
    assert answer.status_code == 413
    assert answer.get_json()["jsonrpc"] == "2.0"


def test_only_json_is_taken_and_given(assistant: Assistant) -> None:
    headers = {"Authorization": f"Bearer {assistant.key}"}
    client = assistant.app.test_client()
    assert client.post("/mcp", data=json.dumps(LIST), headers=headers).status_code == 415
    assert assistant.send(LIST, Accept="text/html").status_code == 406
    assert assistant.send(LIST, Accept="application/json, text/event-stream").status_code == 200


def test_a_key_sees_the_tools_that_it_may_use(assistant: Assistant, narrow: Assistant) -> None:
    assert [tool["name"] for tool in assistant.request("tools/list")["tools"]] == list(TOOLS)
    assert [tool["name"] for tool in narrow.request("tools/list")["tools"]] == ["queue", "follow_up"]
    assert narrow.mistake("scores") == "Use a key with the scope scores.read."


def test_calls_are_limited_as_those_of_the_api(assistant: Assistant) -> None:
    answer = assistant.send(LIST)
    assert answer.headers["RateLimit-Policy"] == '"default";q=1200;w=60'
    assert answer.headers["RateLimit"].startswith('"default";r=')


def test_a_tool_changes_nothing_but_the_audit_log(app: Flask, runtime: Runtime) -> None:
    """Each kind of people's words is noted once an hour, with the key and its owner."""
    assistant = Assistant(app, key_over(runtime, "lead", Scope.RESPONSES_READ, Scope.CUSTOMERS_READ))
    for _ in range(2):
        assistant.call("comments")
        assistant.call("account", account="a0")
    with runtime.database.reading() as session:
        seen = session.execute(
            select(AuditEntry.subject, AuditEntry.user_id)
            .where(AuditEntry.action == "saw")
            .order_by(AuditEntry.id)
        ).all()
    assert [row[0] for row in seen] == ["comments", "accounts"]
    assert None not in {row[1] for row in seen}
