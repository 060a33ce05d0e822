"""How the database is opened: SQLite with WAL and synchronous=FULL, or PostgreSQL.

SQLite decides only at the first write whether a transaction may write, and fails then if another one got in between.
So transactions here begin as writers (BEGIN IMMEDIATE) unless they say that they only read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from socert.gateway.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

READS = "socert_reads"
"""Execution option of connections that only read."""
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    # GUIDs come in no order, so that writing meets pages all over the indexes: 64 MiB of them are kept, and 32 MiB of
    # changes gather before pages go to their place, once for all changes of each.
    "cache_size=-65536",
    "wal_autocheckpoint=8000",
)
"""How every connection to SQLite is set up."""


def default_url(data: Path) -> str:
    """Return the address of the SQLite file that is used when no database is configured."""
    return f"sqlite:///{data / 'socert.db'}"


def open_engine(url: str) -> Engine:
    """Return an engine for a database address; `StoreError` for one that cannot be meant.

    PostgreSQL is reached by the psycopg driver; the folder of a SQLite file is made if absent. Errors of the database
    do not quote what was to be written: it holds names.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Not chained: what these errors quote of the address may be its password.
        raise StoreError(
            "SOCERT_DATABASE_URL is not a database address: write sqlite:///FILE or postgresql://…"
        ) from None
    backend = address.get_backend_name()
    if backend == "sqlite":
        return _sqlite(address.set(drivername="sqlite"))
    if backend != "postgresql":
        raise StoreError(f"SOCERT_DATABASE_URL names {backend}: write sqlite:///FILE or postgresql://…")
    try:
        return create_engine(
            address.set(drivername="postgresql+psycopg"), pool_size=8, pool_pre_ping=True, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise StoreError(f"PostgreSQL needs the package {error.name}: install socert[postgres].") from error


def _sqlite(address: Any) -> Engine:
    from pathlib import Path

    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": 30.0, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READS, False)
        cursor = connection.connection.cursor()  # SQLAlchemy's way of saying one word costs ten times as much
        cursor.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
        cursor.close()

    return engine
