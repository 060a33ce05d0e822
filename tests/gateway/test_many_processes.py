"""Several processes on one database: nothing is done twice and nothing overtakes anything."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.line import Line
from tests.gateway.records import NOON, balance, certificate, guid
from tests.gateway.region import Region, consents_of
from tests.gateway.test_sender import content_of

from socert.adapters.registry.builtin.registry import MIGRATIONS, BuiltinRegistry
from socert.gateway.exchange import inbox
from socert.gateway.projection import Projector
from socert.gateway.store import tables
from socert.gateway.store.engine import open_engine
from socert.gateway.store.migrate import upgrade
from socert.gateway.store.writer import Store
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gateway.databases import Postgres
    from tests.gateway.records import Clock
    from tests.gateway.stub import Stub

SECONDS = 30


@pytest.fixture
def other(region: Region, clock: Clock) -> Iterator[Region]:
    """The same region in another process: a store of its own on the same database."""
    store = Store(open_engine(region.store.engine.url.render_as_string(hide_password=False)))
    registry = BuiltinRegistry(clock=clock)
    consents = consents_of(registry, clock)
    projector = Projector(registry=registry, clock=clock, consents=consents)
    units = ProjectedUnits(store, projector)
    yield Region(store=store, registry=registry, consents=consents, projector=projector, units=units)
    store.close()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run works at the same moment, each in a thread; return their results in order."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait(SECONDS)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return [future.result(SECONDS) for future in [threads.submit(run, work) for work in works]]


def test_a_message_taken_by_two_at_once_is_kept_once(region: Region, other: Region) -> None:
    for number in range(20):
        message = inbox.Arrived(
            message_id=guid(number),
            operation="GetRequest",
            message_type=None,
            original_message_id=None,
            reply_to="address",
            content_type="text/xml",
            body=b"body",
        )

        def take(one: Region, message: inbox.Arrived = message) -> bool:
            return one.store.run(lambda connection: inbox.take(connection, message, now=NOON)).new

        assert sorted(at_once(lambda: take(region), lambda: take(other))) == [False, True]
    assert len(region.rows(tables.inbox)) == 20


def test_one_certificate_changed_by_two_at_once_stays_explained(region: Region, other: Region) -> None:
    region.put(certificate())
    for number in range(1, 11):
        at_once(
            lambda number=number: region.put(certificate(balance=balance(spent=number))),  # type: ignore[misc]  # a default binds the loop's value
            lambda number=number: other.put(certificate(balance=balance(reserved=1000 + number))),  # type: ignore[misc]  # a default binds the loop's value
        )
    assert list(region.store.look(region.registry.unbalanced)) == []
    seqs = [row["seq"] for row in region.changes(guid(1))]
    assert seqs == list(range(1, len(seqs) + 1)), "each version number once"
    (update,) = region.waiting()
    now = region.store.look(lambda connection: region.registry.certificates(connection, [guid(1)]))[guid(1)]
    assert update.body is not None
    assert update.body.balances[0].available == now.certificate.balance.available  # type: ignore[union-attr]  # a certificate's card


def test_new_records_of_two_imports_at_once_are_taken_once(region: Region, other: Region) -> None:
    many = [certificate(number) for number in range(1, 60)]
    puts = at_once(lambda: region.put(*many), lambda: other.put(*many))
    assert sorted((put.new, put.same) for put in puts) == [(0, 59), (59, 0)]
    assert len(region.waiting()) == 59


def test_two_processes_that_start_release_what_was_held_once(region: Region, other: Region, clock: Clock) -> None:
    region.put(*(certificate(number, consent_form="ПФ-2030") for number in range(1, 30)))
    later = Projector(registry=region.registry, clock=clock, consents=consents_of(region.registry, clock, "ПФ-2030"))
    at_once(lambda: region.store.run(later.release), lambda: other.store.run(later.release))
    assert len(region.waiting()) == 29


async def test_two_packers_share_the_work(region: Region, other: Region, clock: Clock, stub: Stub) -> None:
    lines = [Line(region=one, clock=clock, stub=stub, batch_size=3) for one in (region, other)]
    region.put(*(certificate(number) for number in range(1, 41)))
    await asyncio.gather(*(line.pack() for line in lines))
    packed = [name for message in lines[0].messages() for name, _ in content_of(message)]
    assert sorted(packed) == [guid(number) for number in range(1, 41)], "each object in one message"
    assert {row["state"] for row in region.changes()} == {"packed"}


def test_processes_that_start_on_an_empty_database_migrate_it_once(postgres: Postgres) -> None:
    name = postgres.make(migrated=False)
    engines = [open_engine(postgres.url(name)) for _ in range(3)]
    assert sorted(at_once(*(partial(upgrade, engine, [MIGRATIONS]) for engine in engines))) == [False, False, True]
    for engine in engines:
        engine.dispose()
    postgres.drop(name)
