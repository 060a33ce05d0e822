"""The sender: claims messages of the outbox, sends their bytes as they are, and writes down what came of each try.

A try that got no answer is repeated with the same bytes after a pause that grows; that the exchange had it already is a
success. Every try leaves a row.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from socert.contracts.errors import ContractError
from socert.contracts.smev.faults import Disposition, FaultKind, FaultReceived, disposition
from socert.contracts.smev.ids import issued_at
from socert.gateway.errors import DeliveryError, Unreadable
from socert.gateway.exchange import answers, files, outbox, outcome
from socert.gateway.store.tables import MessageState
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from socert.gateway.exchange.exchange import Exchange
    from socert.gateway.exchange.outbox import Claimed
    from socert.gateway.exchange.retry import Backoff
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports.files import FileStore
    from socert.gateway.store.writer import Store

log = get_logger("sender")
YOUNG = timedelta(hours=1)
"""Younger than this no id is too old for the exchange, which takes those of a day at least (SMEV 3 manual, 2.3)."""
LEASE = timedelta(seconds=300)
"""How long a claimed message is this process's own; longer than those before it on the wire and it itself may take."""
OTHER_VERSION = "packed in another version of the exchange's schemas than is spoken now"
AHEAD = 4
"""For each message on the wire so many may wait behind it: a claim is a transaction, and the wire shall not wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What one try came to: what to do, and which fault if any.

    `detail` goes to the database for whoever looks into it: a fault's text may quote what was sent. `why` goes to the
    log and quotes nothing.
    """

    do: Disposition | None
    fault: FaultKind | None = None
    detail: str = ""
    why: str = ""


class Sender:
    """Keeps up to `parallel` messages on the wire at once, with some claimed and waiting behind them."""

    def __init__(
        self,
        *,
        store: Store,
        exchange: Exchange,
        backoff: Backoff,
        clock: Callable[[], datetime],
        node: str,
        parallel: int,
        folder: Path,
        file_store: FileStore | None = None,
        wrote: Callable[[bytes], bool] = lambda _envelope: True,
    ) -> None:
        """Take the parts: where messages lie, the exchange, pauses between tries, time, our name.

        `folder` keeps the files that go into the `file_store`; `wrote` says whether an envelope is in the version that
        the exchange is spoken to in now.
        """
        self._store = store
        self._exchange = exchange
        self._backoff = backoff
        self._clock = clock
        self._node = node
        self._parallel = parallel
        self._folder = folder
        self._file_store = file_store
        self._wrote = wrote
        self._wire = asyncio.Semaphore(parallel)
        self._waiting: set[str] = set()

    async def run(self, work: Wake, settled: Wake, watch: float) -> None:
        """Send for ever: when `work` is called and every `watch` seconds; call `settled` when a try has ended."""
        await self._store.write(lambda connection: outbox.let_go(connection, self._node))

        def ended(task: asyncio.Task[None]) -> None:
            del task
            if self._room() >= self._parallel:
                work.call()
            settled.call()

        async with asyncio.TaskGroup() as group:
            while True:
                pause = self._exchange.pause()
                room = self._room()
                # One claim for many: not before there is room for a full wire.
                claimed = await self._claim(room) if room >= self._parallel and not pause else ()
                for message in claimed:
                    self._waiting.add(message.message_id)
                    group.create_task(self.send(message)).add_done_callback(ended)
                if not claimed:
                    await work.wait(max(watch, pause))

    def _room(self) -> int:
        """Return how many more messages may wait for the wire."""
        return AHEAD * self._parallel - len(self._waiting)

    async def _claim(self, room: int) -> tuple[Claimed, ...]:
        now = self._clock()
        return tuple(
            await self._store.write(
                lambda connection: outbox.claim(connection, node=self._node, now=now, lease=LEASE, limit=room)
            )
        )

    async def send(self, message: Claimed) -> None:
        """Make one try of one message, when its turn comes, and write down what came of it."""
        async with self._wire:
            self._waiting.discard(message.message_id)
            verdict = await self._try(message)
        now = self._clock()

        def write(connection: Connection) -> None:
            result = verdict.fault or (verdict.do.value if verdict.do else "accepted")
            outbox.note(connection, message.message_id, now=now, result=result, detail=verdict.detail)
            self._apply(connection, message, verdict, now)

        await self._store.write(write)
        if verdict.do in (Disposition.PERMANENT, Disposition.RENEW):
            log.error("message refused", message_id=message.message_id, why=verdict.why)
        elif verdict.do is Disposition.RETRY:
            log.warning("message not taken yet", message_id=message.message_id, tries=message.tries, why=verdict.why)

    async def _try(self, message: Claimed) -> Verdict:
        if not self._wrote(message.body):
            # Packed before the settings named another version: the same content goes in an envelope of this one.
            return Verdict(do=Disposition.RENEW, detail=OTHER_VERSION, why=OTHER_VERSION)
        try:
            if message.files:
                await self._upload(message.message_id)
            answer = await self._exchange.call(message.operation, message.body, message.content_type)
        except FaultReceived as error:
            kind, said = error.fault.kind, error.fault.description or error.fault.text
            return Verdict(do=disposition(kind), fault=kind, detail=said, why=str(error))
        except (ContractError, DeliveryError, Unreadable) as error:
            return _again(str(error))
        if answer.doubt:
            return _again(f"the exchange's reply cannot be trusted: {answer.doubt}")
        named = answer.reply.metadata.message_id if answer.reply.metadata else None
        if named is not None and named.lower() != message.message_id.lower():
            return _again("the exchange's reply is about another message")  # a true reply, recorded and played again
        return Verdict(do=None)

    async def _upload(self, message_id: str) -> None:
        """Put a message's files into the file store before it speaks of them; what is there is not put again."""
        waiting = await self._store.read(lambda connection: files.to_upload(connection, message_id))
        for row in waiting:
            place = files.leaving_at(self._folder, message_id, row["uuid"])
            if self._file_store is None:
                raise DeliveryError("there is no file store to put files into: set SOCERT_FILE_STORE")
            await self._file_store.put(row["uuid"], row["name"], place)
            key, now = row["id"], self._clock()
            await self._store.write(partial(files.uploaded, file_id=key, now=now))

    def _apply(self, connection: Connection, message: Claimed, verdict: Verdict, now: datetime) -> None:
        if verdict.do in (None, Disposition.ALREADY_SENT, Disposition.ALREADY_DONE):
            outbox.accept(connection, message, now=now)
            answers.deliver(connection, message.message_id)
        elif verdict.do is Disposition.RENEW and verdict.fault and now - issued_at(message.message_id) < YOUNG:
            # A new id would be refused like this one, and so on without end.
            text = f"{verdict.fault}: the id is young, so this machine's clock is behind the exchange's: set it right"
            outbox.settle(connection, message.message_id, MessageState.DEAD, now=now, outcome=text)
        elif verdict.do is Disposition.RENEW:
            outcome.renew(connection, message.message_id, verdict.detail, now)
        elif verdict.do is Disposition.PERMANENT:
            assert verdict.fault is not None
            outcome.refuse(connection, message.message_id, verdict.fault, verdict.detail, now)
        else:
            pause = self._backoff.pause(message.tries)
            if outcome.overtaken(connection, message.message_id, now=now):
                return  # a consent was withdrawn while it was on the wire: these bytes do not go again
            if pause is None:
                outbox.settle(
                    connection,
                    message.message_id,
                    MessageState.DEAD,
                    now=now,
                    outcome=f"no more tries: {verdict.detail}",
                )
            else:
                outbox.retry(connection, message, at=now + pause)


def _again(why: str) -> Verdict:
    return Verdict(do=Disposition.RETRY, detail=why, why=why)
