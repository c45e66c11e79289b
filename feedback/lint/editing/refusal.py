"""Why an edit was not made. Nothing has changed then."""

from __future__ import annotations

from feedback.lint.document.document import Fault


class CannotEditError(ValueError):
    """The text cannot be edited by its parts; the message is a sentence for a person."""


class UnusualLayoutError(CannotEditError):
    """The text is laid out so that a change would touch more than its own lines."""

    def __init__(self) -> None:
        super().__init__("The text is laid out in an unusual way here.")


class UnreadableTextError(CannotEditError):
    """The text is no YAML; `fault` says where and why."""

    def __init__(self, fault: Fault, line: int) -> None:
        super().__init__(f"Line {line} cannot be read: {fault.message}")
        self.fault, self.line = fault, line
