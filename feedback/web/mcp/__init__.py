"""The Model Context Protocol: assistants read scores, comments and follow-ups with an API key, and change nothing."""

from feedback.web.mcp.views import blueprint

__all__ = ["blueprint"]
