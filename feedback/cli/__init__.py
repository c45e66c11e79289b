"""The `feedback` command. Every subcommand imports what it needs when it runs, so that all of them start fast."""

from feedback.cli import (
    access,
    backups,
    campaigns,
    customers,
    exports,
    held,
    past_answers,
    planning,
    questionnaires,
    running,
    staff,
    studio,
    surveys,
    upkeep,
)
from feedback.cli.frame import main

__all__ = [
    "access",
    "backups",
    "campaigns",
    "customers",
    "exports",
    "held",
    "main",
    "past_answers",
    "planning",
    "questionnaires",
    "running",
    "staff",
    "studio",
    "surveys",
    "upkeep",
]
