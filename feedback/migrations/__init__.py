"""The migrations of this release, without Alembic, whose import is slow."""

from functools import cache
from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


@cache
def known() -> tuple[str, ...]:
    """The numbers of the migrations in order. They form one line, and their files are named by them."""
    return tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")))


def newest() -> str:
    """The number of the last migration."""
    return known()[-1]
