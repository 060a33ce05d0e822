"""The migrations make exactly the tables that the code uses, on both kinds of database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, MetaData, inspect, text
from tests.gateway.records import NOON

from socert.adapters.registry.builtin import tables as registry
from socert.adapters.registry.builtin.registry import MIGRATIONS
from socert.gateway.errors import StoreError
from socert.gateway.exchange import outbox
from socert.gateway.store import tables, tables_files, tables_life
from socert.gateway.store.engine import default_url, open_engine
from socert.gateway.store.migrate import _config, upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from socert.gateway.store.writer import Store


def test_migrations_equal_the_tables_of_the_code(store: Store) -> None:
    whole = MetaData()
    assert tables_life.consent.metadata is tables_files.inbox_file.metadata is tables.metadata
    for part in (tables.metadata, registry.metadata):
        for table in part.sorted_tables:
            table.to_metadata(whole)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, whole) == []


def test_checks_of_the_registry_are_in_the_database(store: Store) -> None:
    """Alembic does not compare check constraints."""
    for table in registry.metadata.sorted_tables:
        named = {check["name"] for check in inspect(store.engine).get_check_constraints(table.name)}
        assert named == {check.name for check in table.constraints if isinstance(check, CheckConstraint)}


def test_migrating_again_changes_nothing(store: Store) -> None:
    assert upgrade(store.engine, [MIGRATIONS]) is False


@pytest.mark.parametrize(
    "url",
    ["geheim", "postgresql://user:geheim@host:port/name", "postgresql://user:geheim@[::1/x", "mysql://u:geheim@h/x"],
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StoreError, match="SOCERT_DATABASE_URL") as caught:
        open_engine(url)
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("url", ["postgresql://h/x", "postgresql+asyncpg://h/x", "postgresql+psycopg://h/x"])
def test_postgresql_is_reached_by_one_driver(url: str) -> None:
    engine = open_engine(url)
    assert engine.driver == "psycopg"
    engine.dispose()


def test_sqlite_commits_reach_the_disk(tmp_path: Path) -> None:
    engine = open_engine(default_url(tmp_path / "new folder"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL: a commit survives a power cut"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_messages_of_before_files_leave_as_they_would_have(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """An outbox that waits while the program is brought up to date: its rows are XML without files."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server = request.getfixturevalue("postgres")
        name = server.make(migrated=False)
        request.addfinalizer(lambda: server.drop(name))
        url = server.url(name)
    engine = open_engine(url)
    with engine.begin() as connection:
        config = _config([MIGRATIONS])
        config.attributes["connection"] = connection
        command.upgrade(config, "gateway_0002")
        connection.execute(
            text(
                "INSERT INTO outbox (message_id, operation, message_type, reference, body, state, attempts,"
                " next_attempt_at, created_at) VALUES ('m', 'SendResponse', 't', 'r', :body, 'queued', 0, 0, 0)"
            ),
            {"body": b"<a/>"},
        )
    assert upgrade(engine, [MIGRATIONS]) is True
    with engine.begin() as connection:
        (claimed,) = outbox.claim(connection, node="n", now=NOON, lease=timedelta(minutes=5), limit=9)
    engine.dispose()
    assert (claimed.body, claimed.content_type, claimed.files) == (b"<a/>", None, 0)
