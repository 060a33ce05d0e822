"""Statements that every message goes through, compiled once and run by the driver itself.

SQLAlchemy's execution of a small statement costs many times what the database needs for it. These few are written with
SQLAlchemy all the same, so that they fit every database; what they are given must be plain: int, str, bytes, None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.sql.expression import Executable

Values = dict[str, Any]


class Prepared:
    """One statement. Its `bindparam`s, or the columns named for an insert, are what each run must give."""

    def __init__(self, statement: Executable, *columns: str) -> None:
        """Take a statement without values that grow (no expanding IN); for an insert, the columns it fills."""
        self._statement = statement
        self._columns = list(columns) or None
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Values) -> list[Any]:
        """Run a query inside the connection's transaction and return all its rows as tuples."""
        compiled = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.text, compiled.given(values))
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def run(self, connection: Connection, values: Values) -> int:
        """Run a change inside the connection's transaction and return how many rows it met."""
        compiled = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.text, compiled.given(values))
            return cursor.rowcount
        finally:
            cursor.close()

    def run_each(self, connection: Connection, listed: Sequence[Values]) -> int:
        """Run a change once for each of the values; return how many rows all of them met."""
        compiled = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(compiled.text, [compiled.given(values) for values in listed])
            return cursor.rowcount
        finally:
            cursor.close()

    def _for(self, dialect: Dialect) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _Compiled(self._statement, self._columns, dialect)
        return found


class _Compiled:
    """A statement's text in one dialect, and its values in the driver's order."""

    def __init__(self, statement: Any, columns: list[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        self.text = str(compiled)
        if "POSTCOMPILE" in self.text:
            raise ValueError(f"A statement whose text depends on its values cannot be prepared: {self.text}")
        self._fixed: Mapping[str, Any] = {k: v for k, v in compiled.params.items() if v is not None}
        self._order: Sequence[str] | None = compiled.positiontup
        self._names = tuple(compiled.params)

    def given(self, values: Values) -> Any:
        """Return a run's values as the driver wants them: a list where it counts, a mapping where it names."""
        both = {**self._fixed, **values}
        if self._order is None:
            return {name: both.get(name) for name in self._names}
        return [both.get(name) for name in self._order]
