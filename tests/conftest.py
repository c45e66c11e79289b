"""Fixtures for the whole suite: databases on demand and one browser.

Nothing here creates tables unless a test asks for it: `database` is empty, `migrated` has the schema.
"""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from feedback.store import database as opening
from feedback.store.database import Database
from tests.postgres import Content, Postgres, Recycled

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


STORE = Path(__file__).parent / "store"
COUNTED = 12
"""So many cases of one test are counted by the coverage; the rest of a table runs the same code once
more, and counting costs as much again as running."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seen: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        # What a browser sees are templates; their views are counted where a test client asks them.
        if seen[test] > COUNTED or _is_second_run(item) or item.get_closest_marker("browser"):
            item.add_marker("uncounted")
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("uncounted")


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: the collector need not look at all of it again and again,
    and less often at the rest, of which an application leaves much behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _is_second_run(item: pytest.Item) -> bool:
    """Whether the same test runs on SQLite. What differs is in the store, whose tests are counted on both."""
    callspec = getattr(item, "callspec", None)
    both = callspec is not None and "postgres" in callspec.params.values()
    return both and STORE not in item.path.parents


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


@pytest.fixture(scope="session", autouse=True)
def quick_files() -> Iterator[None]:
    """SQLite waits at each commit until the disk has it. The files die with their tests: here nobody waits, but in the
    test of the promise itself, which takes `__wrapped__`."""
    prepare = opening._prepare_sqlite

    @wraps(prepare)
    def prepare_quickly(connection: sqlite3.Connection, record: object) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA synchronous = OFF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_prepare_sqlite", prepare_quickly)
        yield


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


class Template(ABC):
    """A database to be copied."""

    @abstractmethod
    def copy(self, folder: Path) -> tuple[str, Callable[[], None]]:
        """The URL of a copy, which may be in `folder`, and what to call when it is no longer needed."""

    @abstractmethod
    def of(self, url: str) -> Template:
        """A template of what is in a copy now, to which nobody is connected."""

    def changed(self, folder: Path, change: Callable[[Database], None]) -> Template:
        """Another template, with more in it."""
        url, done = self.copy(folder)
        database = Database(url)
        change(database)
        database.close()
        template = self.of(url)
        done()
        return template


@dataclass(frozen=True)
class SqliteTemplate(Template):
    file: Path

    def copy(self, folder: Path) -> tuple[str, Callable[[], None]]:
        return f"sqlite:///{shutil.copy(self.file, folder / 'feedback.db')}", lambda: None

    def of(self, url: str) -> Template:
        return SqliteTemplate(Path(url.removeprefix("sqlite:///")))


@dataclass(frozen=True, eq=False)
class PostgresTemplate(Template):
    databases: Recycled
    content: Content

    def copy(self, folder: Path) -> tuple[str, Callable[[], None]]:
        url = self.databases.take(self.content)
        return url, lambda: self.databases.give_back(url)

    def of(self, url: str) -> Template:
        return PostgresTemplate(self.databases, self.databases.content(url))


@pytest.fixture(scope="session")
def sqlite_template(migrated_sqlite: Path) -> Template:
    return SqliteTemplate(migrated_sqlite)


@pytest.fixture(scope="session")
def postgres_template(migrated_postgres: str, postgres: Postgres) -> Iterator[Template]:
    databases = Recycled(postgres, migrated_postgres)
    yield PostgresTemplate(databases, databases.empty)
    databases.close()


@pytest.fixture(params=BOTH)
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the tables of this release, copied from a template, on SQLite and on PostgreSQL."""
    url, done = request.getfixturevalue(f"{request.param}_template").copy(tmp_path)
    database = Database(url)
    yield database
    database.close()
    done()


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
