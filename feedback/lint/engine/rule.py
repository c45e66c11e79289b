"""What a rule says about itself, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from feedback.lint.document.document import Document

Severity = Literal["error", "warning", "info"]
Tier = Literal["D", "L", "H"]
Stage = Literal["stable", "preview"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of question design.

    `xm` numbers the best practice that it serves (1 to 14, None where it is our own), `qas` the item
    of the Question Appraisal System (such as "4c"). `tier` says how it decides: D from structure, L with word
    lists and patterns, H by a heuristic. A rule in `preview` fails no build. `why` gives the reason with its
    source; `good` and `bad` are examples for its page; `suppress` says which reasons for an exception are
    legitimate.
    """

    id: str
    title: str
    tier: Tier
    severity: Severity
    why: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    xm: int | None = None
    qas: str | None = None
    since: str = "0.1"
    stage: Stage = "stable"
    suppress: str = ""
    suppressible: bool = True

    @property
    def docs(self) -> str:
        """The rule's page, relative to the project."""
        return f"docs/rules/{self.id}.md"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` and `column` count from 1, in characters; `quoted` is the wording it is about, and
    `wording` the whole text that those words stand in.

    `end_column` is the column after the quoted words where they stand in the file as they are, else 0.
    `rewrite` is one concrete better wording or structure, empty where there is none to give. `language` is
    empty for what concerns every language, `question` for what concerns the questionnaire as a whole.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    column: int
    message: str
    quoted: str = ""
    wording: str = ""
    why: str = ""
    rewrite: str = ""
    language: str = ""
    question: str = ""
    docs: str = ""
    stage: Stage = "stable"
    end_column: int = 0

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        return (self.path, self.line, self.column, self.rule, self.language)

    @property
    def fails(self) -> bool:
        """Whether it makes a run end with exit code 1: errors and warnings of stable rules do."""
        return self.stage == "stable" and self.severity != "info"


class RuleModule(Protocol):
    """A module in `rules/`: its RULE, and `check()` that yields what it finds in one document."""

    @property
    def RULE(self) -> Rule: ...  # noqa: N802 - a module's constant

    @property
    def check(self) -> Check: ...


class Check(Protocol):
    def __call__(self, document: Document) -> Iterator[Finding]: ...
