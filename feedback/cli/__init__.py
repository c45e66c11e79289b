"""`feedback`: the commands of an operator. Each imports what it needs when it runs, so that all start fast."""

from feedback.cli import access, customers, running, surveys
from feedback.cli.frame import main

__all__ = ["access", "customers", "main", "running", "surveys"]
