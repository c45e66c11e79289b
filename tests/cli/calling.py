"""Calls commands as an operator does."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from feedback.cli import main


def feedback(instance: Path, *arguments: str, given: str | None = None) -> Result:
    """Run a command in this process; an unexpected exception is the test's failure, not an exit code."""
    result = CliRunner().invoke(main, ["--instance", str(instance), *arguments], input=given)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
