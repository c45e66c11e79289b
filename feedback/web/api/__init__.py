"""What other programs call: accounts, contacts and events, under a key, described by OpenAPI."""

from feedback.web.api.views import blueprint

__all__ = ["blueprint"]
