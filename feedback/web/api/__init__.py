"""The HTTP API for other programs: accounts, contacts, events and usage."""

from feedback.web.api.views import blueprint

__all__ = ["blueprint"]
