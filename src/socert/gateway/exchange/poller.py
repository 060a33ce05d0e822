"""The poller: takes messages from one queue of the exchange, commits each to the inbox, and only then acknowledges it.

A message that is there already is acknowledged again and kept once. One that cannot be trusted is kept with the reason
and acknowledged as not accepted, so that it never blocks the queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String

from socert.contracts.errors import ContractError
from socert.contracts.message import MessageType
from socert.contracts.smev import call
from socert.contracts.smev.faults import Disposition, FaultReceived
from socert.gateway.errors import DeliveryError
from socert.gateway.exchange import inbox
from socert.gateway.store import tables
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Column

    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.operation import Operation
    from socert.contracts.smev.reply import Delivery
    from socert.gateway.exchange.exchange import Exchange
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Sent
    from socert.gateway.store.writer import Store

log = get_logger("poller")


class Poller:
    """Drains one queue: requests (GetRequest) or responses and statuses (GetResponse).

    Requests are asked for by type, each type by a poller of its own: the exchange gives out the first of what is asked
    for, so that without a selector a burst of applications would stand before the questions that parents wait for.
    """

    def __init__(
        self,
        *,
        operation: Operation,
        selector: MessageType | None,
        store: Store,
        exchange: Exchange,
        signer: Signer,
        clock: Callable[[], datetime],
        least: float,
        most: float,
    ) -> None:
        """Take the parts; `least` and `most` are the pauses in seconds between looks at an empty queue."""
        self._operation = operation
        self._selector = selector
        self._store = store
        self._exchange = exchange
        self._signer = signer
        self._clock = clock
        self._least = least
        self._most = most

    async def run(self, hurry: Wake, arrived: Wake) -> None:
        """Poll for ever; a burst is drained without pauses. `hurry` ends a pause; `arrived` is called for new ones."""
        pause = self._least
        while True:
            try:
                taken = not self._exchange.pause() and await self.poll()
            except (DeliveryError, ContractError) as error:
                taken = False
                log.warning("queue not read", operation=self._operation, why=str(error))
            if taken:
                pause = self._least
                arrived.call()
            else:
                await hurry.wait(max(pause, self._exchange.pause()))
                pause = min(self._most, pause * 2)

    async def poll(self) -> bool:
        """Take one message if there is one, commit it, acknowledge it; True when there was one."""
        ask = call.get_request if self._operation == "GetRequest" else call.get_response
        envelope = ask(timestamp=self._clock(), signer=self._signer, selector=self._selector)
        answer = await self._exchange.call(self._operation, envelope)
        if answer.reply.delivery is None:
            if answer.doubt:
                raise answer.doubt
            return False
        message = _arrived(self._operation, answer.reply.delivery, answer.sent)
        error = str(answer.doubt) if answer.doubt else None
        now = self._clock()
        new = await self._store.write(lambda connection: inbox.take(connection, message, now=now, error=error))
        if error:
            log.error("message not trusted and put aside", message_id=message.message_id, why=error)
        await self._acknowledge(message.message_id, accepted=error is None)
        log.debug("message taken" if new else "message taken before", message_id=message.message_id)
        return True

    async def _acknowledge(self, message_id: str, *, accepted: bool) -> None:
        envelope = call.ack(message_id=message_id, signer=self._signer, accepted=accepted)
        try:
            await self._exchange.call("Ack", envelope)
        except FaultReceived as error:
            if error.fault.disposition is not Disposition.ALREADY_DONE:
                log.warning("not acknowledged, it will come again", message_id=message_id, fault=error.fault.kind)
        except (DeliveryError, ContractError) as error:
            log.warning("not acknowledged, it will come again", message_id=message_id, why=str(error))


def _arrived(operation: Operation, delivery: Delivery, sent: Sent) -> inbox.Arrived:
    """Return what the inbox keeps. What cannot be trusted may be of any length; what can, fits."""
    content, kept = delivery.content, tables.inbox.c
    return inbox.Arrived(
        message_id=delivery.message_id[: _length(kept.message_id)],
        operation=operation,
        message_type=str(MessageType.of(content))[: _length(kept.message_type)] if content is not None else None,
        original_message_id=(delivery.original_message_id or "")[: _length(kept.original_message_id)] or None,
        reply_to=delivery.reply_to,
        content_type=sent.content_type[: _length(kept.content_type)],
        body=sent.body,
    )


def _length(column: Column[str]) -> int | None:
    """How many characters a column holds."""
    assert isinstance(column.type, String)
    return column.type.length
