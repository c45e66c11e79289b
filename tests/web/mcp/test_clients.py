"""The official client of the protocol, over a real socket, in each of its modes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from feedback.web.mcp.tools import TOOLS
from tests.web.mcp.conftest import Assistant

MODES = {"auto": "2026-07-28", "2026-07-28": "2026-07-28", "legacy": "2025-11-25"}
"""How the client finds out what the server speaks -> the revision that they agree on."""


def talk(address: str, key: str, mode: str, work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            Client(streamable_http_client(address, http_client=http), mode=mode) as client,
        ):
            return await work(client)

    with ThreadPoolExecutor(1) as aside:  # a browser of other tests may have a loop in this thread
        return aside.submit(asyncio.run, run()).result()


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_are_found_and_called(assistant: Assistant, address: str, mode: str) -> None:
    async def work(client: Client) -> tuple[Any, Any, Any]:
        tools = await client.list_tools()
        return client.protocol_version, tools, await client.call_tool("scores", {"period": "year"})

    revision, tools, scores = talk(address, assistant.key, mode, work)
    assert revision == MODES[mode]
    assert [tool.name for tool in tools.tools] == list(TOOLS)
    assert not scores.is_error
    (told,) = scores.content
    here = told.text.replace(address.removesuffix("/mcp"), "http://localhost")
    assert json.loads(here) == assistant.call("scores", period="year")
    assert json.loads(told.text) == scores.structured_content


@pytest.mark.parametrize("mode", MODES)
def test_a_mistake_reaches_the_model(assistant: Assistant, address: str, mode: str) -> None:
    async def work(client: Client) -> Any:
        return await client.call_tool("trend", {"survey": "nothing"})

    found = talk(address, assistant.key, mode, work)
    assert found.is_error
    assert "There is no trend 'nothing'; known trends:" in found.content[0].text


@pytest.mark.parametrize("mode", MODES)
def test_a_tool_that_does_not_exist_is_an_error_of_the_protocol(
    assistant: Assistant, address: str, mode: str
) -> None:
    async def work(client: Client) -> Any:
        return await client.call_tool("delete_everything", {})

    with pytest.raises(BaseException) as caught:
        talk(address, assistant.key, mode, work)
    assert "There is no tool 'delete_everything'." in _told(caught.value)


@pytest.mark.parametrize("mode", MODES)
def test_nobody_connects_without_a_key(assistant: Assistant, address: str, mode: str) -> None:
    async def work(client: Client) -> Any:
        return await client.list_tools()

    with pytest.raises(BaseException) as caught:
        talk(address, "fbk_nothing", mode, work)
    assert "valid key" in _told(caught.value)


def _told(error: BaseException) -> str:
    """What the client was told: its tasks wrap errors in groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, MCPError), error
    return str(error)
