from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Integer, String, func, insert, make_url, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from feedback.errors import SettingsInvalid, StorageUnavailable
from feedback.store import database as opening
from feedback.store.database import Database, add_once
from feedback.store.failures import explained


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String, unique=True)
    owner: Mapped[str | None]
    number: Mapped[int] = mapped_column(default=0)


@pytest.fixture
def items(database: Database) -> Database:
    with database.connection() as connection:
        Base.metadata.create_all(connection)
    return database


def keys(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Item.key).order_by(Item.key)))


class TestTransactions:
    def test_what_a_writer_did_is_stored_when_the_block_ends(self, items: Database) -> None:
        with items.writing() as session:
            session.add(Item(key="a"))
        assert keys(items) == ["a"]

    def test_nothing_is_stored_when_the_block_raises(self, items: Database) -> None:
        with pytest.raises(ZeroDivisionError), items.writing() as session:
            session.add(Item(key="a"))
            session.flush()
            _ = 1 / 0
        assert keys(items) == []

    def test_objects_can_be_read_after_their_transaction(self, items: Database) -> None:
        with items.writing() as session:
            item = Item(key="a")
            session.add(item)
        assert item.key == "a"

    def test_a_reader_cannot_write(self, items: Database) -> None:
        with pytest.raises(DBAPIError, match=r"read-?only"), items.reading() as session:
            session.execute(insert(Item).values(key="a"))
        with items.writing() as session:  # and the connection that it used writes again
            session.add(Item(key="b"))
        assert keys(items) == ["b"]

    def test_a_reader_sees_one_state_until_it_ends(self, items: Database) -> None:
        with items.reading() as session:
            assert session.scalar(select(func.count(Item.id))) == 0
            with items.writing() as other:
                other.add(Item(key="a"))
            assert session.scalar(select(func.count(Item.id))) == 0
        assert keys(items) == ["a"]

    def test_a_failed_savepoint_leaves_the_rest_standing(self, items: Database) -> None:
        with items.writing() as session:
            session.add(Item(key="a"))
            session.flush()
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(insert(Item).values(key="a"))
            session.add(Item(key="b"))
        assert keys(items) == ["a", "b"]

    def test_a_row_that_is_there_already_is_not_added_and_the_rest_is_stored(self, items: Database) -> None:
        with items.writing() as session:
            assert add_once(session, Item(key="a", owner="first"))
            assert not add_once(session, Item(key="a", owner="second"))
            assert add_once(session, Item(key="b"))
        assert keys(items) == ["a", "b"]
        with items.reading() as session:
            assert session.scalars(select(Item.owner).where(Item.key == "a")).one() == "first"

    def test_a_kept_savepoint_goes_when_the_transaction_fails(self, items: Database) -> None:
        with pytest.raises(ZeroDivisionError), items.writing() as session:
            with session.begin_nested():
                session.add(Item(key="a"))
            _ = 1 / 0
        assert keys(items) == []

    def test_an_error_does_not_repeat_what_was_to_be_stored(self, items: Database) -> None:
        with pytest.raises(IntegrityError) as caught, items.writing() as session:
            session.execute(insert(Item), [{"key": None, "owner": "Ada Lovelace"}])
        assert "Ada Lovelace" not in str(caught.value)

    def test_a_broken_constraint_is_the_callers_to_judge(self, items: Database) -> None:
        with pytest.raises(IntegrityError), items.writing() as session:
            session.add_all([Item(key="a"), Item(key="a")])


class TestSqlite:
    def test_writes_are_durable_and_foreign_keys_hold(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(opening, "_prepare_sqlite", opening._prepare_sqlite.__wrapped__)  # type: ignore[attr-defined]
        database = Database(sqlite_url)
        with database.reading() as session:
            pragmas = {
                name: session.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        database.close()
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}

    def test_a_second_write_transaction_in_the_same_thread_is_a_mistake_in_the_code(
        self, sqlite_url: str
    ) -> None:
        database = Database(sqlite_url)
        with pytest.raises(RuntimeError, match="pass the session on"), database.writing():  # noqa: SIM117
            with database.writing():
                pass
        database.close()

    def test_writers_of_one_process_wait_for_each_other(self, sqlite_url: str) -> None:
        database = Database(sqlite_url)
        with database.connection() as connection:
            Base.metadata.create_all(connection)
            connection.execute(insert(Item).values(key="counter"))

        def count() -> None:
            for _ in range(20):
                with database.writing() as session:
                    session.get_one(Item, 1).number += 1

        threads = [threading.Thread(target=count) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.reading() as session:
            assert session.scalar(select(Item.number)) == 160
        database.close()


def read_then_write(url: str, times: int) -> None:
    database = Database(url, patience=60)
    for _ in range(times):
        with database.writing() as session:
            item = session.scalars(select(Item).where(Item.id == 1).with_for_update()).one()
            item.number += 1
    database.close()


def claim(url: str, name: str) -> None:
    database = Database(url, patience=60)
    while True:
        with database.writing() as session:
            free = select(Item.id).where(Item.owner.is_(None)).order_by(Item.id).limit(10)
            claimed = session.scalars(
                update(Item)
                .where(Item.id.in_(free.with_for_update(skip_locked=True).scalar_subquery()))
                .values(owner=name, number=Item.number + 1)
                .returning(Item.id)
                .execution_options(synchronize_session=False)
            ).all()
        if not claimed:
            break
    database.close()


def run_processes(target: object, *arguments: tuple[object, ...]) -> list[int | None]:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=target, args=one, daemon=True) for one in arguments]  # type: ignore[arg-type]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    return [process.exitcode for process in processes]


def plain_url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


class TestProcesses:
    def test_read_then_write_loses_no_update_and_never_finds_the_database_locked(
        self, items: Database
    ) -> None:
        with items.writing() as session:
            session.add(Item(key="counter"))
        assert run_processes(read_then_write, *[(plain_url(items), 60)] * 4) == [0] * 4
        with items.reading() as session:
            assert session.scalar(select(Item.number)) == 240

    def test_four_processes_claim_each_row_once(self, items: Database) -> None:
        with items.writing() as session:
            session.execute(insert(Item), [{"key": f"{number:04}"} for number in range(800)])
        assert run_processes(claim, *[(plain_url(items), f"p{n}") for n in range(4)]) == [0] * 4
        with items.reading() as session:
            assert Counter(session.scalars(select(Item.number))) == {1: 800}
            assert session.scalar(select(func.count()).where(Item.owner.is_(None))) == 0

    def test_processes_that_start_together_all_upgrade(self, database: Database) -> None:
        assert run_processes(upgrade, *[(plain_url(database),)] * 4) == [0] * 4
        assert database.is_current()


def upgrade(url: str) -> None:
    database = Database(url, patience=60)
    database.upgrade()
    database.close()


def sentence(url: str, **options: float) -> str:
    """What an operator reads when the database cannot be written."""
    database = Database(url, **options)  # type: ignore[arg-type]
    with pytest.raises(StorageUnavailable) as caught, database.writing() as session:
        session.execute(text("SELECT 1"))
    database.close()
    return str(caught.value)


class TestSentences:
    def test_the_directory_is_missing(self, tmp_path: Path) -> None:
        told = sentence(f"sqlite:///{tmp_path}/no/such/feedback.db")
        assert f"Create the directory {tmp_path}/no/such or change database.url" in told

    def test_the_file_cannot_be_opened(self, tmp_path: Path) -> None:
        assert "cannot be opened" in sentence(f"sqlite:///{tmp_path}")

    def test_the_file_is_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "feedback.db").write_text("not a database at all " * 100)
        assert "damaged or not an SQLite database" in sentence(f"sqlite:///{tmp_path}/feedback.db")

    def test_another_program_holds_the_lock(self, sqlite_url: str) -> None:
        holder = Database(sqlite_url)
        with holder.writing() as session:
            session.execute(text("SELECT 1"))
            assert "was locked for too long. Close other programs" in sentence(sqlite_url, patience=0.2)
        holder.close()

    def test_this_program_is_still_writing(self, sqlite_url: str) -> None:
        database, said = Database(sqlite_url, patience=0.2), []

        def wait() -> None:
            with pytest.raises(StorageUnavailable) as caught, database.writing():
                pass
            said.append(str(caught.value))

        with database.writing():
            waiting = threading.Thread(target=wait)
            waiting.start()
            waiting.join()
        assert said == ["The database is busy with other work of this program. Try again in a moment."]
        database.close()

    def test_the_disk_is_full(self, sqlite_url: str) -> None:
        database = Database(sqlite_url)
        with database.connection() as connection:
            Base.metadata.create_all(connection)
        with pytest.raises(StorageUnavailable, match="disk of the database is full"):  # noqa: SIM117
            with database.writing() as session:
                session.execute(text("PRAGMA max_page_count = 5"))  # the way to a full disk without a disk
                session.add_all(Item(key="x" * 4000 + str(number)) for number in range(50))
        assert keys(database) == []
        database.close()

    def test_nobody_listens_at_the_address(self) -> None:
        assert "cannot be reached" in sentence("postgresql://someone:s3cret@127.0.0.1:9/feedback", patience=2)

    @pytest.mark.postgres
    def test_the_server_has_no_such_database(self, postgres_url: str) -> None:
        url = postgres_url.replace("/test_", "/missing_")
        assert "Create the database 'missing_" in sentence(url)

    @pytest.mark.postgres
    def test_all_connections_are_busy(self, postgres_url: str) -> None:
        database = Database(postgres_url, pool=1, patience=0.2)
        with database.writing() as session:
            session.execute(text("SELECT 1"))
            with pytest.raises(StorageUnavailable, match="connections are busy"), database.writing() as more:
                more.execute(text("SELECT 1"))
        database.close()

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ('password authentication failed for user "ann"', "Correct the password in database.url"),
            ("sorry, too many clients already", "has no free connection"),
            ('role "ann" does not exist', "Create the role 'ann'"),
            ("the database system is starting up", "cannot be reached"),
        ],
    )
    def test_the_server_refuses_the_connection(self, words: str, expected: str) -> None:
        url = make_url("postgresql+psycopg://ann:s3cret@db.example/feedback")
        refusal = psycopg.OperationalError(
            f'connection failed: connection to server at "db" failed: FATAL:  {words}'
        )
        with pytest.raises(StorageUnavailable) as caught, explained(url):
            raise OperationalError("", {}, refusal)
        assert expected in str(caught.value)
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize(
        "url", ["", "nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:"]
    )
    def test_an_unusable_url_is_refused_at_once(self, url: str) -> None:
        with pytest.raises(SettingsInvalid, match=r"database\.url"):
            Database(url)

    def test_the_password_is_never_shown(self) -> None:
        assert "s3cret" not in repr(Database("postgresql://someone:s3cret@db.example/feedback"))


def test_single_statements_see_what_is_committed_between_them(items: Database) -> None:
    with items.glance() as connection:
        assert connection.scalar(select(func.count(Item.id))) == 0
        with items.writing() as other:
            other.add(Item(key="a"))
        assert connection.scalar(select(func.count(Item.id))) == 1
