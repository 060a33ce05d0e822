"""A store on both kinds of database, a built-in registry in it, and a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.gateway.databases import database_url, postgres, sqlite_template, store
from tests.gateway.line import Line
from tests.gateway.records import Clock
from tests.gateway.region import Region, consents_of
from tests.gateway.stub import Stub

from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.projection import Projector
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from socert.gateway.store.writer import Store

__all__ = ["database_url", "postgres", "sqlite_template", "store"]


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def region(store: Store, clock: Clock) -> Region:
    """A registry with one municipality and one programme, whose changes are projected."""
    registry = BuiltinRegistry(clock=clock)
    consents = consents_of(registry, clock)
    projector = Projector(registry=registry, clock=clock, consents=consents)
    made = Region(
        store=store,
        registry=registry,
        consents=consents,
        projector=projector,
        units=ProjectedUnits(store, projector),
    )
    made.prepare()
    return made


@pytest.fixture
def stub(clock: Clock) -> Stub:
    """An exchange that takes everything and has nothing, until a test says otherwise."""
    return Stub(clock=clock)


@pytest.fixture
def line(region: Region, clock: Clock, stub: Stub) -> Line:
    """The gateway's parts around that exchange."""
    return Line(region=region, clock=clock, stub=stub)
