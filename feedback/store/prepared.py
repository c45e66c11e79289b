"""Statements of the hot paths: compiled once for each database, then given to the driver as they are.

For a small statement, SQLAlchemy needs several times the processor time of the database, most of it for what is the
same each time. A PreparedStatement keeps that: the SQL, the order of the values, and how each value is converted by
the type of its column. SQLAlchemy still writes the SQL, converts, holds the transaction and translates errors. Only
hooks on statements (`before_cursor_execute`) are not told.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeEngine

LONGEST = 20
"""Values in the lists of one statement. With more, few statements are alike, and SQLAlchemy's share is small."""
MOST_FORMS = 100
"""Combinations of lengths of lists that are kept for each statement."""

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement for one database and for lists of certain lengths."""

    sql: str
    places: Sequence[tuple[str, str, int | None, _Convert | None]]
    """Of each value: the name in the SQL, that of the value or list, the index in the list, its conversion."""
    constants: Mapping[str, Any]
    is_positional: bool
    row: Any
    columns: Sequence[tuple[int, _Convert]]
    """Index and conversion of each column that needs one."""

    def bound(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        known = {**self.constants, **values} if self.constants else values
        found = []
        for _, name, index, convert in self.places:
            value = known[name] if index is None else known[name][index]
            found.append(value if convert is None else convert(value))
        if self.is_positional:
            return tuple(found)
        return {place[0]: value for place, value in zip(self.places, found, strict=True)}

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        make, columns = self.row._make, self.columns
        rows = []
        for each in found:
            values = list(each)
            for index, convert in columns:
                values[index] = convert(values[index])
            rows.append(make(values))
        return rows


class PreparedStatement:
    """A SELECT, INSERT, UPDATE or DELETE whose values are all parameters (`bindparam`) or constants.

    Make it once, at the module's level. It can be used by several threads. Its connection must be one of a Database or
    of a session, so that the transaction has begun.
    """

    def __init__(self, statement: Any) -> None:
        if statement.is_insert and not statement.returning_column_descriptions:
            statement = statement.inline()  # otherwise PostgreSQL would also return the new id
        self.statement = statement
        self._forms: dict[tuple[object, ...], _Form] = {}
        self._lists = tuple(
            each.key
            for each in iterate(statement)
            if isinstance(each, BindParameter) and each.expanding and each.required
        )

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run it. The rows have the columns' names as attributes; a statement without rows returns none.

        An INSERT takes a value for each column that it fills. Raises what SQLAlchemy raises.
        """
        form = self._form(connection.dialect, values)
        if form is None:
            return connection.execute(self.statement, dict(values)).all()
        return form.rows(rows_of(connection, form.sql, form.bound(values)))

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, for statements that find at most one."""
        return next(iter(self.rows(connection, values)), None)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Run a statement that returns no rows."""
        self.rows(connection, values)

    def _form(self, dialect: Dialect, values: Mapping[str, Any]) -> _Form | None:
        lengths = [len(values[name]) for name in self._lists]
        if sum(lengths) > LONGEST:
            return None
        filled = tuple(values) if self.statement.is_insert else ()
        key = (dialect.name, *lengths, *filled)
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = self._forms[key] = _form(self.statement, dialect, values)
        return form


def rows_of(connection: Connection, sql: str, bound: Any) -> Sequence[Sequence[Any]]:
    """Give SQL and its values to the driver as they are. Raises what SQLAlchemy raises for the driver's errors."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, bound)
        return cursor.fetchall() if cursor.description else ()
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, sql, bound, cursor, None)
    finally:
        cursor.close()


def _form(statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> _Form:
    compiled: SQLCompiler = statement.compile(
        dialect=dialect, column_keys=list(values) if statement.is_insert else None
    )
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise ValueError(f"Give a value for each column that has a default: {compiled.prefetch}")
    state = compiled.construct_expanded_state(dict(values))
    listed = {
        name: (of, index)
        for of, names in state.parameter_expansion.items()
        for index, name in enumerate(names)
    }
    binds = compiled.binds
    converts = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
    written = state.positiontup if compiled.positional else list(state.parameters)
    places = [(name, *listed.get(name, (name, None))) for name in written or ()]
    columns = _columns(statement)
    found = [type_.dialect_impl(dialect).result_processor(dialect, None) for _, type_ in columns]
    return _Form(
        sql=state.statement,
        places=tuple((name, of, index, converts[of]) for name, of, index in places),
        constants={name: bind.effective_value for name, bind in binds.items() if name not in values},
        is_positional=bool(compiled.positional),
        row=namedtuple("Row", [name for name, _ in columns]),
        columns=tuple((index, convert) for index, convert in enumerate(found) if convert is not None),
    )


def _columns(statement: Any) -> list[tuple[str, TypeEngine[Any]]]:
    """Name and type of each column of its rows."""
    if statement.is_dml:
        return [(each["name"], each["type"]) for each in statement.returning_column_descriptions]
    return [(each.name, each.type) for each in statement.exported_columns]
