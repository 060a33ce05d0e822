"""Pending answers become messages: validated, signed, and committed to the outbox as exact bytes.

Up to that commit an answer may still be stopped; after it the bytes never change. An answer that the portal's schema
does not allow is put aside by itself, with an alert; what follows it goes. Source: portal message dictionary, 15
(invariant 15).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts.errors import SchemaInvalid
from socert.contracts.message import MessageType
from socert.contracts.portal import known
from socert.gateway.exchange import answers, outbox
from socert.gateway.mapping.account import PREFIX, WrongPrefixError
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.exchange.answers import Waiting
    from socert.gateway.exchange.caller import Caller
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Ids
    from socert.gateway.store.writer import Store

log = get_logger("answers")
AT_ONCE = 64
"""How many answers are read at once; their commits share the wait for the disk."""


class _GoneError(Exception):
    """The answer was stopped or packed by somebody else between reading and committing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rendered:
    """A message that is rendered already, in the prefix that it has inside an envelope."""

    message_type: MessageType
    text: str

    def render(self, prefix: str = PREFIX) -> str:
        if prefix != PREFIX:
            raise WrongPrefixError(f"answers are rendered with the prefix {PREFIX}, not {prefix}")
        return self.text


class AnswerPacker:
    """Packs answers that may leave, oldest first."""

    def __init__(self, *, store: Store, caller: Caller, clock: Callable[[], datetime], message_ids: Ids) -> None:
        """Take the parts: where answers lie, who writes envelopes, time, MessageIDs."""
        self._store = store
        self._caller = caller
        self._clock = clock
        self._message_ids = message_ids

    async def run(self, work: Wake, ready: Wake, watch: float) -> None:
        """Pack for ever: when `work` is called and every `watch` seconds; call `ready` when something is committed."""
        while True:
            while await self.pack():
                ready.call()
            await work.wait(watch)

    async def pack(self) -> bool:
        """Pack what may leave now; False when nothing may."""
        found = await self._store.read(lambda connection: answers.waiting(connection, AT_ONCE))
        await asyncio.gather(*(self._one(waiting) for waiting in found))
        return bool(found)

    async def _one(self, waiting: Waiting) -> None:
        now = self._clock()
        # Our own text: none of what a stranger's XML is refused for can be in it.
        element = etree.fromstring(waiting.content)
        kind = MessageType.of(element)
        try:
            known.find(kind).schema().check(element)
        except SchemaInvalid as error:
            await self._store.write(lambda connection: answers.reject_waiting(connection, waiting.id))
            where = "; ".join(violation.path for violation in error.violations)
            log.critical("an answer breaks the portal's schema and is put aside", id=waiting.id, where=where)
            return
        message = self._build(waiting, _Rendered(message_type=kind, text=waiting.content))

        def commit(connection: Connection) -> None:
            if not answers.pack(connection, waiting, message.message_id):
                raise _GoneError
            outbox.put(connection, message, now)
            if waiting.former is not None:
                outbox.link(connection, [waiting.former], message.message_id)

        try:
            await self._store.write(commit)
        except _GoneError:
            log.info("answer stopped while it was packed", id=waiting.id)
        else:
            log.info("answer packed", message_id=message.message_id, type=kind.root, reference=waiting.reference)

    def _build(self, waiting: Waiting, content: _Rendered) -> outbox.NewMessage:
        message_id = self._message_ids()
        if waiting.operation == "SendRequest":
            body = self._caller.request(message_id, content)
        else:
            assert waiting.reply_to is not None
            body = self._caller.response(message_id, waiting.reply_to, content)
        return outbox.NewMessage(
            message_id=message_id,
            operation=waiting.operation,
            message_type=waiting.message_type,
            reference=waiting.reference,
            body=body,
        )
