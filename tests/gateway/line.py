"""The gateway's line of work on one database: packer, sender, pollers and handler around a stub of the exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from tests.gateway.records import FLOOR, Clock, Numbers
from tests.gateway.services import Services
from tests.gateway.stub import REGION, Stub

from socert.contracts.portal import account, pf_certificate
from socert.contracts.signature.suites import Suite
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version
from socert.gateway.exchange import outbox
from socert.gateway.exchange.acknowledging import Acknowledger
from socert.gateway.exchange.answer_packer import AnswerPacker
from socert.gateway.exchange.caller import Caller
from socert.gateway.exchange.enclosing import Encloser
from socert.gateway.exchange.fetcher import Fetcher
from socert.gateway.exchange.handler import Handler
from socert.gateway.exchange.packer import Packer
from socert.gateway.exchange.policy import WhenUnhandled
from socert.gateway.exchange.poller import Poller
from socert.gateway.exchange.retry import Backoff
from socert.gateway.exchange.sender import LEASE, Sender
from socert.gateway.exchange.settling import SETTLERS
from socert.gateway.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import RowMapping
    from tests.gateway.region import Region

    from socert.contracts.message import MessageType
    from socert.gateway.exchange.carriers import Carriers
    from socert.gateway.exchange.exchange import Exchange
    from socert.gateway.ports.files import FileStore


@dataclass(kw_only=True)
class Line:
    """All parts, each made when a test asks for it. Pauses between tries are 1, 2, 4… seconds without jitter."""

    region: Region
    clock: Clock
    stub: Stub
    batch_size: int = 100
    attempts: int = 4
    deadline: float = 10.0
    receivers: int = 4
    unhandled: WhenUnhandled = WhenUnhandled.ACCEPT
    version: Version = Version.V1_2
    carriers: Carriers | None = None
    folder: Path = Path("no folder")
    file_store: FileStore | None = None
    ids: Numbers = field(default_factory=Numbers)

    @cached_property
    def exchange(self) -> Exchange:
        return self.stub.exchange()

    @cached_property
    def caller(self) -> Caller:
        return Caller(signer=REGION, version=self.version)

    @cached_property
    def packer(self) -> Packer:
        return Packer(
            store=self.region.store,
            caller=self.caller,
            clock=self.clock,
            message_ids=MessageIds(self.clock),
            ids=self.ids,
            batch_size=self.batch_size,
            carriers=self.carriers,
        )

    @cached_property
    def sender(self) -> Sender:
        return self.sender_of("gateway-1")

    def sender_of(self, node: str) -> Sender:
        """Return a sender as a process of that name would have it."""
        return Sender(
            store=self.region.store,
            exchange=self.exchange,
            backoff=Backoff(first=1.0, most=300.0, attempts=self.attempts, chance=lambda: 0.0),
            clock=self.clock,
            node=node,
            parallel=2,
            folder=self.folder,
            file_store=self.file_store,
            wrote=self.caller.wrote,
        )

    @cached_property
    def answer_packer(self) -> AnswerPacker:
        return AnswerPacker(
            store=self.region.store, caller=self.caller, clock=self.clock, message_ids=MessageIds(self.clock)
        )

    @cached_property
    def services(self) -> Services:
        return Services(region=self.region, clock=self.clock)

    @cached_property
    def handler(self) -> Handler:
        return Handler(
            store=self.region.store,
            units=self.services.units,
            caller=self.caller,
            clock=self.clock,
            message_ids=MessageIds(self.clock),
            answerers=(self.services.certificates(), self.services.enrolment()),
            settlers=SETTLERS,
            deadline=self.deadline,
            encloser=Encloser(
                caller=self.caller,
                folder=self.folder,
                ids=MessageIds(self.clock),
                has_store=self.file_store is not None,
            ),
            folder=self.folder,
        )

    @cached_property
    def fetcher(self) -> Fetcher:
        return Fetcher(
            store=self.region.store,
            file_store=self.file_store,
            folder=self.folder,
            suites=(Suite.ECDSA_P256,),
            acknowledge=Acknowledger(exchange=self.exchange, caller=self.caller),
            backoff=Backoff(first=1.0, most=300.0, attempts=self.attempts, chance=lambda: 0.0),
            clock=self.clock,
            unhandled=self.unhandled,
        )

    def poller(self, operation: Operation, selector: MessageType | None = None) -> Poller:
        if selector is None and operation is Operation.GET_REQUEST:
            selector = pf_certificate.REQUEST
        return Poller(
            operation=operation,
            selector=selector,
            store=self.region.store,
            exchange=self.exchange,
            caller=self.caller,
            clock=self.clock,
            least=0.01,
            most=0.02,
            receivers=self.receivers,
            knows=self.handler.knows,
            unhandled=self.unhandled,
        )

    # --- steps --------------------------------------------------------------------------------------------------------

    async def pack(self) -> list[RowMapping]:
        """Pack everything that is pending; returns all messages that wait to be sent."""
        while await self.packer.pack() or await self.answer_packer.pack():
            pass
        return [row for row in self.messages() if row["state"] == "queued"]

    async def try_all(self, node: str = "gateway-1") -> int:
        """Try each message that is due once; returns how many there were."""
        claimed = self.region.store.run(
            lambda connection: outbox.claim(connection, node=node, now=self.clock(), lease=LEASE, limit=100)
        )
        for message in claimed:
            await self.sender.send(message)
        return len(claimed)

    async def receive(self, operation: Operation = Operation.GET_RESPONSE) -> int:
        """Take everything out of a queue and handle it; returns how many messages there were."""
        taken = 0
        while await self.poller(operation).poll():
            taken += 1
        while await self.handler.handle():
            pass
        return taken

    async def deliver(self) -> None:
        """Pack, send, and let the portal apply everything."""
        await self.pack()
        await self.try_all()
        for row in self.messages():
            if row["state"] == "accepted":
                self.stub.respond(row["message_id"], self.verdict(row))
        await self.receive()

    def verdict(self, message: RowMapping, code: int = 0, **statuses: str) -> account.UpdateResponse:
        """Return the portal's answer to a message: APPLIED for each object unless `statuses` say otherwise by id."""
        changes = [row for row in self.region.changes() if row["message_id"] == message["message_id"]]
        return account.UpdateResponse(
            batch_id=message["reference"],
            code=code,
            message="Применено",
            results=tuple(
                account.UpdateResult(
                    object_id=row["object_id"],
                    seq=row["seq"] + FLOOR,
                    status=account.ResultStatus(statuses.get(row["object_id"], "APPLIED")),
                )
                for row in changes
                if statuses.get(row["object_id"]) != "missing"
            ),
        )

    # --- looking ------------------------------------------------------------------------------------------------------

    def messages(self) -> list[RowMapping]:
        """Return the outbox, oldest first."""
        return self._rows(tables.outbox, tables.outbox.c.created_at, tables.outbox.c.message_id)

    def message(self, message_id: str) -> RowMapping:
        """Return one message of the outbox."""
        return next(row for row in self.messages() if row["message_id"] == message_id)

    def tries(self) -> list[RowMapping]:
        """Return the tries, oldest first."""
        return self._rows(tables.attempt, tables.attempt.c.id)

    def inbox(self) -> list[RowMapping]:
        """Return the inbox, oldest first."""
        return self._rows(tables.inbox, tables.inbox.c.id)

    def states(self) -> dict[str, str]:
        """Return the state of the last change of each object."""
        return {row["object_id"]: row["state"] for row in self.region.changes()}

    def _rows(self, table: Any, *order: Any) -> list[RowMapping]:
        chosen = select(table).order_by(*order)
        return self.region.store.look(lambda connection: list(connection.execute(chosen).mappings()))


async def eventually(found: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Look until something is found (`found` may be a coroutine function), letting everything else run in between.

    Fails when it is not found in time.
    """
    async with asyncio.timeout(seconds):
        while True:
            value = found()
            if isinstance(value, Awaitable):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.002)
    raise AssertionError(what)
