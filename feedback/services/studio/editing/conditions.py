"""Conditions, made of the choices in the form's menus."""

from __future__ import annotations

from typing import Any

from feedback.core.audience import FACT_KINDS
from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import put

NUMBER_TESTS = ("at_most", "at_least")
FACT_TESTS = ("is", "is_not")


def test_of(question: str, test: str, value: str) -> dict[str, Any]:
    """One test as it is written in the file; `question` is its key, or a fact of the customer: `account.segment`.

    Raises Rejected for a test that there is not.
    """
    kind, _, name = question.partition(".")
    if name:
        return _test_of_fact(kind, name, test, value)
    if test in NUMBER_TESTS:
        if not value.removeprefix("-").isdecimal():
            raise Rejected("Choose a number for the condition.")
        return {"question": question, test: int(value)}
    if test in ("is", "band"):
        if not value:
            raise Rejected("Choose an answer for the condition.")
        return {"question": question, test: int(value) if test == "is" and value.isdecimal() else value}
    if test in ("answered", "not_answered"):
        return {"question": question, "answered": test == "answered"}
    raise Rejected("Choose what the answer must be.")


def _test_of_fact(kind: str, name: str, test: str, value: str) -> dict[str, Any]:
    if kind not in FACT_KINDS or test not in FACT_TESTS or not value:
        raise Rejected("Choose what must be known of the customer.")
    return {kind: name, test: value == "true" if value in ("true", "false") else value}


def joined(tests: list[dict[str, Any]], how: str) -> dict[str, Any]:
    """Several tests as one condition; `how` is "all" or "any"."""
    if not tests:
        raise Rejected("Choose a question for the condition.")
    return tests[0] if len(tests) == 1 else {"any" if how == "any" else "all": tests}


def set_condition(editor: YamlEditor, path: Path, condition: dict[str, Any] | None) -> None:
    """Write a `show_if` or `when`, or remove it with None."""
    if condition is not None:
        put(editor, path, condition)
    elif editor.has(path):
        editor.remove(path)


def leaves(condition: Any) -> list[dict[str, Any]]:
    """The tests of single questions in a condition as it stands in the file."""
    if not isinstance(condition, dict):
        return []
    found = [condition] if "question" in condition else []
    for part in (*_listed(condition.get("all")), *_listed(condition.get("any")), condition.get("not")):
        found += leaves(part)
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
