"""The migrations of this release, without Alembic, whose import is slow."""

import ast
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


def title(number: str) -> str:
    """What a migration does: the first paragraph of its file, in one line."""
    (file,) = VERSIONS.glob(f"{number}_*.py")
    words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(words.partition("\n\n")[0].split())
