"""The handler: what was received takes effect once, and what it calls for is answered in the same transaction.

Requests go to the answerer of their message type; responses and statuses go to the message of ours that they answer.
What nobody can handle stays in the inbox with the reason.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from socert.contracts.errors import ContractError
from socert.contracts.message import MessageType
from socert.contracts.portal import account
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import Disposition, FaultKind, disposition
from socert.contracts.smev.status import InteractionStatus
from socert.gateway.errors import Unhandled
from socert.gateway.exchange import inbox, outbox, outcome
from socert.gateway.store.tables import MessageState
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import BusinessMessage
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.reply import Delivery
    from socert.contracts.smev.status import AsyncStatus
    from socert.gateway.exchange.inbox import Waiting
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Ids
    from socert.gateway.store.writer import Store

log = get_logger("handler")
BATCH = 50
REFUSED = frozenset({InteractionStatus.REJECTED, InteractionStatus.RESPONSE_REJECTED})


class Answerer(Protocol):
    """Answers one type of request."""

    @property
    def message_type(self) -> MessageType:
        """The type of request that it answers."""
        ...

    def answer(self, connection: Connection, content: etree._Element, now: datetime) -> BusinessMessage:
        """Return the answer from the registry's live data; `ContractError` when the request cannot be read."""
        ...


class Handler:
    """Handles what waits in the inbox, oldest first."""

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        clock: Callable[[], datetime],
        message_ids: Ids,
        answerers: Mapping[MessageType, Answerer],
    ) -> None:
        """Take the parts; `answerers` by the type of request that each answers."""
        self._store = store
        self._signer = signer
        self._clock = clock
        self._message_ids = message_ids
        self._answerers = answerers

    async def run(self, work: Wake, answered: Wake, watch: float) -> None:
        """Handle for ever: when `work` is called and every `watch` seconds; call `answered` after each batch."""
        while True:
            while await self.handle():
                answered.call()
            await work.wait(watch)

    async def handle(self) -> bool:
        """Handle a batch; False when nothing waited."""
        batch = await self._store.read(lambda connection: inbox.waiting(connection, BATCH))
        for message in batch:
            try:
                await self._one(message)
            except (ContractError, Unhandled) as error:
                await self._put_aside(message, str(error))
            except self._store.errors:
                raise  # the database's trouble, not the message's: it is handled when that is over
            except Exception as error:  # noqa: BLE001  a message that our code fails on must not stop all others
                await self._put_aside(message, _where(error))
        return bool(batch)

    async def _one(self, message: Waiting) -> None:
        delivery = reply.open_reply(message.body, message.content_type).delivery
        if delivery is None:
            raise Unhandled("the reply that was kept carries no message")
        if message.operation == "GetRequest":
            await self._answer(message, delivery)
        else:
            await self._settle(message, delivery)

    async def _answer(self, message: Waiting, delivery: Delivery) -> None:
        if delivery.content is None or message.reply_to is None:
            raise Unhandled("a request without content or without an address to answer to")
        kind = MessageType.of(delivery.content)
        answerer = self._answerers.get(kind)
        if answerer is None:
            raise Unhandled(f"nobody here answers {kind}")
        content, now = delivery.content, self._clock()
        answer = await self._store.read(lambda connection: answerer.answer(connection, content, now))
        message_id = self._message_ids()
        body = call.send_response(message_id=message_id, to=message.reply_to, content=answer, signer=self._signer)
        sent = outbox.NewMessage(
            message_id=message_id,
            operation="SendResponse",
            message_type=answer.message_type.root,
            reference=message.message_id,
            body=body,
        )

        def write(connection: Connection) -> None:
            if inbox.finish(connection, message.id, now=now, answer_id=message_id):
                outbox.put(connection, sent, now)
                if message.former is not None:
                    outbox.link(connection, [message.former], message_id)

        await self._store.write(write)
        log.info("request answered", message_id=message.message_id, answer_id=message_id, type=kind.root)

    async def _settle(self, message: Waiting, delivery: Delivery) -> None:
        now = self._clock()
        verdict = delivery.async_status
        ours = verdict.original_message_id if verdict else message.original_message_id
        if ours is None:
            raise Unhandled("a response that names no message of ours")
        answer = None
        if delivery.content is not None:
            account.schema().check(delivery.content)
            answer = account.read_update_response(delivery.content)

        def write(connection: Connection) -> object:
            if not outcome.known(connection, ours):
                raise Unhandled(f"an answer to {ours}, which is not a message of ours")
            if not inbox.finish(connection, message.id, now=now):
                return "handled before"
            if answer is not None:
                return outcome.answered(connection, ours, answer, now)
            if verdict is not None:
                return _judged(connection, ours, verdict, now)
            if delivery.rejections:
                text = "; ".join(f"{item.code}: {item.description}" for item in delivery.rejections)
                outbox.settle(connection, ours, MessageState.DEAD, now=now, outcome=text)
                return ", ".join(item.code for item in delivery.rejections)
            return "status noted"

        ends = await self._store.write(write)
        log.info("answer taken", message_id=ours, ends=ends)

    async def _put_aside(self, message: Waiting, why: str) -> None:
        now = self._clock()
        await self._store.write(lambda connection: inbox.fail(connection, message.id, now=now, error=why))
        log.error("message cannot be handled and is put aside", message_id=message.message_id, why=why)


def _where(error: Exception) -> str:
    """Say what failed in our code and where; not in its own words, which may quote the message."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"our own code failed: {type(error).__name__} in {place.name}, {Path(place.filename).name}:{place.lineno}"


def _judged(connection: Connection, ours: str, status: AsyncStatus, now: datetime) -> str:
    """The exchange judged a message of ours later; only a refusal ends it.

    It had taken the message, so the same bytes would only meet "already sent": what is not about the content or the age
    of the id waits for a person.
    """
    text = f"{status.category}: {status.details or ''}".strip()
    if status.category in REFUSED:
        fault = status.fault.kind if status.fault else FaultKind.UNKNOWN
        if disposition(fault) is Disposition.RENEW:
            outcome.renew(connection, ours, text, now)
        else:
            outcome.refuse(connection, ours, fault, text, now)
    return status.category.value
