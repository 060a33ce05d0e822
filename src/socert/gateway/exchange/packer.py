"""Pending changes become messages: built, validated, signed, and committed to the outbox as exact bytes.

Up to that commit a change may still be superseded or held; after it the bytes never change. A change that the schema
does not allow is put aside by itself with the reason; the rest of its batch goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import SchemaInvalid
from socert.contracts.portal import account as contract
from socert.contracts.smev import call
from socert.gateway.exchange import changes, outbox
from socert.gateway.mapping import account
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.contracts.signature.signer import Signer
    from socert.gateway.exchange.changes import Pending
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Ids
    from socert.gateway.store.writer import Store

log = get_logger("packer")
_PLACE = re.compile(r"/update\[(\d+)\]")


class _GoneError(Exception):
    """Some of the batch was superseded or held between reading and committing; the next round takes what is left."""


class Packer:
    """Packs what is pending, oldest first, until nothing is."""

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        clock: Callable[[], datetime],
        message_ids: Ids,
        ids: Ids,
        batch_size: int,
    ) -> None:
        """Take the parts: where changes lie, who signs, time, MessageIDs, batch ids, objects in one message at most."""
        self._store = store
        self._signer = signer
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
        """Pack one batch; False when nothing was pending."""
        batch = await self._store.read(lambda connection: changes.pending(connection, self._size))
        if not batch:
            return False
        now = self._clock()
        content = account.Batch(batch_id=self._ids(), sent_at=now, updates=tuple(row.body for row in batch))
        try:
            contract.schema().check(xml.parse(content.render(account.PREFIX).encode()))
        except SchemaInvalid as error:
            await self._put_aside(batch, error)
            return True
        message_id = self._message_ids()
        body = call.send_request(message_id=message_id, content=content, signer=self._signer)
        message = outbox.NewMessage(
            message_id=message_id,
            operation="SendRequest",
            message_type=contract.UPDATE_REQUEST.root,
            reference=content.batch_id,
            body=body,
        )
        try:
            await self._store.write(lambda connection: _commit(connection, batch, message, now))
        except _GoneError:
            log.info("batch changed while it was packed", size=len(batch))
        else:
            log.debug("message packed", message_id=message_id, objects=len(batch), bytes=len(body))
        return True

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
