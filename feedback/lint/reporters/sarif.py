"""Findings as SARIF 2.1.0 (OASIS), for code scanning services."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any
from urllib.parse import quote

from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.engine.runner import Result
from feedback.lint.engine.suppression import Accepted
from feedback.lint.rules import EVERY_RULE

PACKAGE = "feedback"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def report(results: Sequence[Result], _language: str = "en") -> str:
    """One run; accepted findings are results with `suppressions`."""
    rules = [rule.id for rule in EVERY_RULE]
    found = [_result(problem, rules) for result in results for problem in result.problems]
    accepted = [_accepted(each, rules) for result in results for each in result.accepted]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "results": found + accepted,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _driver() -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "feedback lint", "rules": [_rule(rule) for rule in EVERY_RULE]}
    with suppress(PackageNotFoundError):
        driver["version"] = metadata(PACKAGE)["Version"]
    if home := _repository():
        driver["informationUri"] = home
    return driver


@cache
def _repository() -> str:
    """The address of the repository by the package's metadata (`urls` in pyproject.toml); empty where it has none."""
    try:
        listed = metadata(PACKAGE).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    urls: dict[str, str] = dict(each.split(", ", 1) for each in listed)
    return urls.get("Repository", "").rstrip("/")


def _rule(rule: Rule) -> dict[str, Any]:
    home = _repository()
    return {
        **({"helpUri": f"{home}/blob/HEAD/{rule.docs}"} if home else {}),
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tier": rule.tier, "xm": rule.xm, "qas": rule.qas, "stage": rule.stage},
    }


def _result(problem: Finding, rules: Sequence[str]) -> dict[str, Any]:
    better = f" Better: {problem.rewrite}" if problem.rewrite else ""
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "level": LEVELS[problem.severity] if problem.stage == "stable" else "note",
        "message": {"text": problem.message + better},
        "locations": [{"physicalLocation": _location(problem)}],
        "properties": {"language": problem.language, "question": problem.question},
        "partialFingerprints": {"finding/v1": _fingerprint(problem)},
    }
    if problem.rule in rules:
        result["ruleIndex"] = rules.index(problem.rule)
    return result


def _fingerprint(problem: Finding) -> str:
    """The same for the same finding wherever it moves in its file: the rule, the question and the wording."""
    about = (problem.rule, problem.question, problem.language, problem.wording or problem.message)
    return hashlib.sha256("\n".join(about).encode("utf-8", "replace")).hexdigest()[:16]


def _location(problem: Finding) -> dict[str, Any]:
    region = {"startLine": problem.line, "startColumn": problem.column}
    if problem.end_column:
        region["endColumn"] = problem.end_column
    return {"artifactLocation": {"uri": quote(problem.path, safe="/:")}, "region": region}


def _accepted(each: Accepted, rules: Sequence[str]) -> dict[str, Any]:
    entry = each.suppression
    about = {"by": entry.by, "category": entry.category, "until": entry.until}
    suppression = {
        "kind": "external",
        "status": "accepted",
        "justification": entry.reason,
        "properties": {name: value for name, value in about.items() if value},
    }
    return {**_result(each.problem, rules), "suppressions": [suppression]}
