"""Delivered end to end: to the exchange's answer, with everything on disk on the way (synchronous=FULL).

Ours is the gateway itself: projector, packer, outbox, sender, put together by its own composition root, on a SQLite
file. "Delivered" starts at the registry's objects: the projector draws, checks and compares them and writes changes
down, fifty families in a transaction, as an import does; the packer validates and signs messages, the sender posts them
and verifies schema and signature of each answer; a message counts when its row says that it was accepted. "From
rendered content" starts where the changes are pending in the database, each with its text.

The peer builds by zeep and signxml, commits the envelope to a SQLite outbox, posts it with zeep's transport, checks
schema and signature of the answer (signxml cannot verify a signature with the exchange's transform, so the sink signs
the peer's answers without) and commits that it was accepted. It starts from plain values that are drawn already, which
zeep binds to the content's schema, or lxml by hand in a measure of its own; from rendered content where ours does. It
keeps no projection of what was told, no states of changes, attempts or claims.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from lxml import etree
from requests import Session
from zeep.transports import Transport

from benchmarks import peer, region
from benchmarks.bench import Benchmark, Measure, Round, Sides
from benchmarks.sink import NAME as EXCHANGE
from benchmarks.sink import PLAIN, sink
from socert.contracts.smev.ids import MessageIds
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings
from socert.gateway.exchange import outbox
from socert.gateway.exchange.wake import Wake
from socert.gateway.projection import Projector
from socert.gateway.store.tables import MessageState
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, key_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.bench import Bench
    from benchmarks.region import Family
    from socert.contracts.portal.account import UpdateRequest
    from socert.gateway.ports import Registry
    from socert.host.keys import KeyFiles

Start = Literal["values", "objects", "rendered"]
"""What the peer starts from."""
AT_ONCE = 8
"""Messages on their way at once: senders of the gateway; threads of the peer, each with a client of its own."""
PATIENCE = 120.0
"""Seconds after which a round that does not end is given up."""
WARM_UP = 20
FULL_BATCH = 100


class Ours:
    """The gateway in a folder of its own, talking to a sink; each round delivers families never seen before."""

    def __init__(self, folder: Path, *, keys: Path, address: str, objects: int) -> None:
        """Put the gateway's parts together; `objects` go into one message, an even number."""
        settings = Settings(data_dir=folder, keys_dir=keys, exchange_url=address, batch_size=objects, senders=AT_ONCE)
        self._workshop = Workshop(settings)
        self._gateway = Gateway(self._workshop)
        self._registry = region.MemoryRegistry()
        self._projector = Projector(
            # It only reads views, and those are what this registry has.
            registry=cast("Registry", self._registry),
            clock=self._workshop.clock,
            consents=self._workshop.consents,
        )
        self._objects = objects
        self._used = 0
        self._runner = asyncio.Runner()
        self._runner.run(self._gateway.transport.__aenter__())

    def close(self) -> None:
        """Close connections and database."""
        self._runner.run(self._gateway.transport.__aexit__(None, None, None))
        self._runner.close()
        self._workshop.close()

    def deliver(self, messages: int) -> tuple[float, float]:
        """Deliver so many messages; return the seconds from the objects, and from pending changes, to acceptance."""
        families = messages * self._objects // 2
        listed = region.families(self._used, families)
        self._used += families
        self._registry.hold(listed)
        before = self._accepted()
        started = time.perf_counter()
        for unit in region.units(listed):
            self._change(unit)
        pending = time.perf_counter()
        self._runner.run(self._send(messages))
        ended = time.perf_counter()
        if self._accepted() - before != messages:
            raise RuntimeError(f"{self._accepted() - before} messages were accepted, {messages} were to be")
        return ended - started, ended - pending

    def _change(self, unit: Sequence[Family]) -> None:
        guids = [one.certificate.certificate.guid for one in unit]
        ids = [one.contract.contract.contract_id for one in unit]
        self._workshop.store.run(lambda connection: self._projector.refresh(connection, guids, ids))

    async def _send(self, messages: int) -> None:
        """Run packer and sender until as many tries have ended as there are messages."""
        ready, settled = Wake(), Countdown(messages)
        watch = self._workshop.settings.watch
        loops = [
            asyncio.create_task(self._gateway.packer.run(Wake(), ready, watch)),
            asyncio.create_task(self._gateway.sender.run(ready, settled, watch)),
        ]
        ended = asyncio.create_task(settled.zero.wait())
        try:
            await asyncio.wait([ended, *loops], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ended, *loops):
                task.cancel()
            await asyncio.gather(ended, *loops, return_exceptions=True)

    def _accepted(self) -> int:
        return self._workshop.store.look(outbox.counts).get(MessageState.ACCEPTED, 0)


class Countdown(Wake):
    """Counts the calls and tells when there were enough."""

    def __init__(self, calls: int) -> None:
        """Start at so many."""
        super().__init__()
        self._left = calls
        self.zero = asyncio.Event()

    def call(self) -> None:
        """Count."""
        super().call()
        self._left -= 1
        if self._left <= 0:
            self.zero.set()


class Peer:
    """zeep, signxml, requests and sqlite3 in a few threads."""

    def __init__(
        self, folder: Path, *, keys: KeyFiles, address: str, trusted: Path | None, workers: int = AT_ONCE
    ) -> None:
        """Make the outbox; clients and connections are made by each thread for itself."""
        folder.mkdir(parents=True)
        self._place = folder / "peer.db"
        self._keys = keys
        self._trusted = trusted
        self._address = address
        self._own = threading.local()
        self._ids = MessageIds(system_clock)
        self._used = 0
        with _open(self._place) as made:
            made.execute(
                "CREATE TABLE outbox (message_id TEXT PRIMARY KEY, body BLOB NOT NULL, state TEXT NOT NULL,"
                " created_at REAL NOT NULL, accepted_at REAL)"
            )
            made.execute("CREATE INDEX outbox_state ON outbox (state, created_at)")
        made.close()
        self._pool = ThreadPoolExecutor(workers)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def deliver(self, messages: int, start: Start) -> float:
        """Deliver so many messages; return the seconds from what it starts with to acceptance."""
        requests = region.requests(region.families(self._used, messages))
        self._used += messages
        listed = [_given(request, start) for request in requests]
        started = time.perf_counter()
        for _ in self._pool.map(self._one, listed):
            pass
        return time.perf_counter() - started

    def _one(self, given: UpdateRequest | peer.Values | bytes) -> None:
        builder, transport, database = self._tools()
        match given:
            case bytes():
                content = etree.fromstring(given)
            case dict():
                content = builder.bind(given)
            case _:
                content = peer.content_of(given)
        message_id = self._ids()
        body = builder.build(message_id, content)
        database.execute(
            "INSERT INTO outbox (message_id, body, state, created_at) VALUES (?, ?, 'queued', ?)",
            (message_id, body, time.time()),
        )
        answer = transport.post(
            self._address, body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:SendRequest"'}
        )
        answer.raise_for_status()
        builder.check(answer.content)
        database.execute(
            "UPDATE outbox SET state = 'accepted', accepted_at = ? WHERE message_id = ?", (time.time(), message_id)
        )

    def _tools(self) -> tuple[peer.PeerBuilder, Transport, sqlite3.Connection]:
        if not hasattr(self._own, "tools"):
            # An isolation level of None commits each statement by itself.
            self._own.tools = (
                peer.PeerBuilder(self._keys, self._trusted),
                Transport(session=Session()),
                _open(self._place),
            )
        tools: tuple[peer.PeerBuilder, Transport, sqlite3.Connection] = self._own.tools
        return tools


def _given(request: UpdateRequest, start: Start) -> UpdateRequest | peer.Values | bytes:
    match start:
        case "values":
            return peer.values_of(request)
        case "objects":
            return request
        case "rendered":
            return etree.tostring(peer.content_of(request))


def _open(place: Path) -> sqlite3.Connection:
    database = sqlite3.connect(place, isolation_level=None, timeout=30.0)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    return database


@contextmanager
def end_to_end(bench: Bench) -> Iterator[Sides]:
    """Open the gateway and the peer, with the same keys and the same sink."""
    with ExitStack() as stack:
        place = Path(bench.folder) / "delivery"
        ours, address = _ours(stack, bench, place, region.OBJECTS)
        keys = ensure_key(place / "keys", "region", common_name="REGION", organisation="Region", clock=system_clock)
        exchange = key_files(place / "keys", EXCHANGE).certificate
        other = Peer(place / "peer", keys=keys, address=address + PLAIN, trusted=exchange)
        stack.callback(other.close)
        messages = bench.scale.messages

        def mine() -> Round:
            from_objects, from_pending = ours.deliver(messages)
            return messages / from_objects, messages / from_objects, messages / from_pending

        def theirs() -> Round:
            starts: tuple[Start, ...] = ("values", "objects", "rendered")
            return tuple(messages / other.deliver(messages, start) for start in starts)

        ours.deliver(min(WARM_UP, messages))
        other.deliver(min(WARM_UP, messages), "values")
        yield Sides(ours=mine, peer=theirs)


@contextmanager
def full_batches(bench: Bench) -> Iterator[Sides]:
    """Open the gateway with a hundred objects in each message."""
    with ExitStack() as stack:
        ours, _ = _ours(stack, bench, Path(bench.folder) / "batches", FULL_BATCH)
        messages = max(1, bench.scale.messages // 10)

        def mine() -> Round:
            return (messages * FULL_BATCH / ours.deliver(messages)[0],)

        ours.deliver(1)
        yield Sides(ours=mine)


def _ours(stack: ExitStack, bench: Bench, place: Path, objects: int) -> tuple[Ours, str]:
    address = stack.enter_context(sink(place / "keys", bench.server_core))
    ours = Ours(place / "ours", keys=place / "keys", address=address, objects=objects)
    stack.callback(ours.close)
    return ours, address


END_TO_END = Benchmark(
    measures=(
        Measure(name="delivered end to end", unit="messages/s", peer=peer.NAME, goal=3.0),
        Measure(name="delivered end to end, peer by hand", unit="messages/s", peer=peer.BY_HAND),
        Measure(name="delivered end to end from rendered content", unit="messages/s", peer=peer.NAME),
    ),
    open=end_to_end,
)
FULL_BATCHES = Benchmark(
    measures=(Measure(name="delivered in full batches", unit="objects/s"),),
    open=full_batches,
)
