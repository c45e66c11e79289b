"""The tools, in the order in which they are listed."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.web.mcp.tool import Tool
from feedback.web.mcp.tools.answers import ANSWER_TOOLS
from feedback.web.mcp.tools.planning import PLAN_TOOLS
from feedback.web.mcp.tools.scores import SCORE_TOOLS
from feedback.web.mcp.tools.texts import TEXT_TOOLS
from feedback.web.mcp.tools.work import WORK_TOOLS

TOOLS: Mapping[str, Tool] = {
    tool.name: tool for tool in (*SCORE_TOOLS, *ANSWER_TOOLS, *WORK_TOOLS, *TEXT_TOOLS, *PLAN_TOOLS)
}
