"""Pending changes become messages: built, validated, signed, and committed to the outbox as exact bytes.

Up to that commit a change may still be superseded or held; after it the bytes never change. A change that the schema
does not allow is put aside by itself with the reason; the rest of its batch goes.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts.errors import SchemaInvalid
from socert.contracts.portal import account as contract
from socert.gateway.exchange import changes, outbox
from socert.gateway.exchange.carriers import Carriers, Load
from socert.gateway.mapping import account
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.exchange.caller import Caller
    from socert.gateway.exchange.changes import Pending
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Ids
    from socert.gateway.store.writer import Store

log = get_logger("packer")
AHEAD = 64
"""About how many changes are read at once; never less than two full batches."""
_PLACE = re.compile(r"/(?:update|order)\[(\d+)\]")


class _GoneError(Exception):
    """Some of the batch was superseded or held between reading and committing; the next round takes what is left."""


class Packer:
    """Packs what is pending, oldest first, until nothing is."""

    def __init__(
        self,
        *,
        store: Store,
        caller: Caller,
        clock: Callable[[], datetime],
        message_ids: Ids,
        ids: Ids,
        batch_size: int,
        carriers: Carriers | None = None,
    ) -> None:
        """Take the parts: where changes lie, who writes envelopes, time, MessageIDs, batch ids, objects a message.

        `carriers` carry the changes of municipalities that show less than whole objects.
        """
        self._carriers = carriers or Carriers()
        self._store = store
        self._caller = caller
        self._clock = clock
        self._message_ids = message_ids
        self._ids = ids
        self._size = batch_size

    async def run(self, work: Wake, ready: Wake, watch: float) -> None:
        """Pack for ever: when `work` is called and every `watch` seconds; call `ready` when a message is committed."""
        while True:
            while await self.pack():
                ready.call()
            await work.wait(watch)

    async def pack(self) -> bool:
        """Pack some batches, whose commits share the wait for the disk; False when nothing was pending."""
        size = self._size

        def choose(connection: Connection) -> Sequence[Load]:
            found = changes.batches(connection, size, ahead=max(AHEAD, 2 * size))
            return [self._carriers.load(connection, batch) for batch in found]

        found = await self._store.read(choose)

        async def commit(batch: Sequence[Pending], message: outbox.NewMessage, now: datetime) -> None:
            try:
                await self._store.write(lambda connection: _commit(connection, batch, message, now))
            except _GoneError:
                log.info("batch changed while it was packed", size=len(batch))
            else:
                log.debug("message packed", message_id=message.message_id, objects=len(batch), bytes=len(message.body))

        commits = []
        for load in found:
            now = self._clock()
            if load.untold:
                await self._store.write(partial(changes.leave_untold, untold=load.untold, now=now))
            if not load.batch:
                continue
            try:
                message = self._build(load, now)
            except SchemaInvalid as error:
                await self._put_aside(load.batch, error)
            else:
                commits.append(commit(load.batch, message, now))
        await asyncio.gather(*commits)
        return bool(found)

    def _build(self, load: Load, now: datetime) -> outbox.NewMessage:
        """Validate a load's content and return the signed message; `SchemaInvalid` says which part of it is wrong."""
        reference = self._ids()
        updates = tuple([row.body for row in load.batch])
        content = load.content or account.Batch(batch_id=reference, sent_at=now, updates=updates)
        # Our own text: none of what a stranger's XML is refused for can be in it.
        (load.schema or contract.schema()).check(etree.fromstring(content.render(account.PREFIX)))
        message_id = self._message_ids()
        return outbox.NewMessage(
            message_id=message_id,
            operation="SendRequest",
            message_type=content.message_type.root,
            reference=reference,
            body=self._caller.request(message_id, content),
        )

    async def _put_aside(self, batch: Sequence[Pending], error: SchemaInvalid) -> None:
        wrong: dict[int, str] = {}
        for violation in error.violations:
            found = _PLACE.search(violation.path)
            place = int(found[1]) - 1 if found else 0
            wrong.setdefault(batch[place if len(batch) > 1 else 0].id, f"{violation.path}: {violation.reason}")
        now = self._clock()

        def write(connection: Connection) -> None:
            for key, reason in wrong.items():
                changes.reject(connection, [key], reason=f"INVALID: {reason}", now=now)

        await self._store.write(write)
        log.error("changes break the portal's schema and are put aside", count=len(wrong))


def _commit(connection: Connection, batch: Sequence[Pending], message: outbox.NewMessage, now: datetime) -> None:
    if not changes.pack(connection, batch, message.message_id):
        raise _GoneError
    outbox.put(connection, message, now)
    former = {row.former for row in batch if row.former is not None}
    if former:
        outbox.link(connection, former, message.message_id)
