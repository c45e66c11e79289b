"""Findings for programs: one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from feedback.lint.engine.runner import Result


def report(results: Sequence[Result], _language: str = "en") -> str:
    """`{"files": [{"path", "problems": [...], "accepted": [...]}]}`; lines and columns count from 1."""
    files = [
        {
            "path": result.path,
            "problems": [asdict(problem) for problem in result.problems],
            "accepted": [
                {**asdict(each.problem), "suppression": each.suppression.model_dump(exclude_none=True)}
                for each in result.accepted
            ],
        }
        for result in results
    ]
    return json.dumps({"version": 1, "files": files}, ensure_ascii=False, indent=2)
