"""The services of a certificate's life over the simplest registry and over the built-in one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.gateway.life.memory import MemoryRegistry
from tests.gateway.life.world import World

from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.store.engine import open_engine
from socert.gateway.store.tables import metadata
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gateway.databases import Postgres
    from tests.gateway.records import Clock


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[World]:
    """A region on 7 September 2026."""
    if request.param == "memory":
        engine = open_engine(f"sqlite:///{tmp_path / 'cases.db'}")
        metadata.create_all(engine)
    else:
        engine = open_engine(request.getfixturevalue(f"{request.param}_url"))
    store = Store(engine)
    registry = MemoryRegistry() if request.param == "memory" else BuiltinRegistry(clock=clock)
    yield World(store=store, registry=registry, clock=clock)
    store.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite file."""
    place = tmp_path / "socert.db"
    shutil.copy(sqlite_template, place)
    return f"sqlite:///{place}"


@pytest.fixture
def postgresql_url(postgres: Postgres) -> Iterator[str]:
    """A fresh migrated database of the PostgreSQL server."""
    name = postgres.make()
    yield postgres.url(name)
    postgres.drop(name)
