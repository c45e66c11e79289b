"""An importer for tables written in the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feedback.services import imports
from feedback.services.imports import ImportReport, mapping
from tests.services.conftest import World

Importer = Callable[..., ImportReport]


@pytest.fixture
def bring_in(world: World, tmp_path: Path) -> Importer:
    """Import a text (or bytes) as `kind`, with a mapping given as TOML."""

    def run(
        kind: imports.Kind, table: str | bytes, toml: str | None = None, **options: object
    ) -> ImportReport:
        path = tmp_path / "customers.csv"
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
        chosen = mapping.parse(toml, "crm.toml") if toml is not None else None
        return imports.run(
            world.database,
            kind,
            path,
            chosen,
            world.context,
            world.now,
            imports.Options(**options),  # type: ignore[arg-type]
        )

    return run
