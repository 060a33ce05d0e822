"""The handler: what was received takes effect once, and what it calls for is answered in the same transaction.

Requests go to the answerer of their message type, responses to the settler of theirs, and statuses of the exchange to
the message of ours that they speak of. What nobody can handle stays in the inbox with the reason; a request that
cannot be read is refused besides, so that whoever asked does not wait for ever.
"""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from socert.contracts.errors import ContractError
from socert.contracts.message import MessageType
from socert.contracts.portal import known
from socert.contracts.smev import reply
from socert.contracts.smev.faults import Disposition, FaultKind, disposition
from socert.contracts.smev.routing import RoutingCode
from socert.contracts.smev.status import InteractionStatus, RejectCode, Rejection
from socert.gateway.errors import Unhandled
from socert.gateway.exchange import answers, files, inbox, outbox, outcome
from socert.gateway.exchange.answering import Effect, Enclosure, Look, Received, Reply
from socert.gateway.exchange.answers import NewAnswer
from socert.gateway.mapping.account import PREFIX
from socert.gateway.store.tables import MessageState
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.contracts.message import BusinessMessage
    from socert.contracts.smev.reply import Delivery
    from socert.contracts.smev.status import AsyncStatus
    from socert.gateway.exchange.answering import Answerer
    from socert.gateway.exchange.caller import Caller
    from socert.gateway.exchange.enclosing import Encloser
    from socert.gateway.exchange.inbox import Waiting
    from socert.gateway.exchange.settling import Settler
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Ids, UnitOfWork
    from socert.gateway.store.writer import Store
    from socert.gateway.unit import ProjectedUnits

log = get_logger("handler")
BATCH = 16
"""Messages handled side by side: enough to share a commit, few enough for a question not to wait long for the next."""
UNREADABLE = Rejection(
    code=RejectCode.UNKNOWN_REQUEST_DESCRIPTION,
    description="Запрос не удалось прочитать: сведения в нём противоречат друг другу или правилам вида сведений.",
)
REFUSED = frozenset({InteractionStatus.REJECTED, InteractionStatus.RESPONSE_REJECTED})


class Handler:
    """Handles what waits in the inbox, oldest first; what only asks waits for nothing that changes."""

    def __init__(
        self,
        *,
        store: Store,
        units: ProjectedUnits,
        caller: Caller,
        clock: Callable[[], datetime],
        message_ids: Ids,
        answerers: Sequence[Answerer],
        settlers: Mapping[MessageType, Settler],
        deadline: float,
        encloser: Encloser,
        folder: Path,
        awaited: Collection[MessageType] = (),
    ) -> None:
        """Take the parts; `deadline` in seconds is how long a look may take, `folder` is where files lie.

        Requests of the types `awaited` are handled before all others: somebody looks at a page until they are answered.
        """
        self._store = store
        self._units = units
        self._caller = caller
        self._clock = clock
        self._message_ids = message_ids
        self._answerers = {answerer.message_type: answerer for answerer in answerers}
        self._settlers = settlers
        self._deadline = deadline
        self._encloser = encloser
        self._folder = folder
        self._awaited = tuple(map(str, awaited))

    def knows(self, operation: str, kind: MessageType) -> bool:
        """Whether somebody here answers requests of a type (GetRequest), or takes answers of it (GetResponse)."""
        return kind in (self._answerers if operation == "GetRequest" else self._settlers)

    async def run(self, work: Wake, answered: Wake, watch: float) -> None:
        """Handle for ever: when `work` is called and every `watch` seconds; call `answered` after each batch."""
        while True:
            while await self.handle():
                answered.call()
            await work.wait(watch)

    async def handle(self) -> bool:
        """Handle a batch; False when nothing waited.

        Its messages are handled side by side, so that a slow look holds nobody up and commits share the wait for the
        disk. Effects keep the order in which the messages came: each hands its work over before the next one begins.
        """
        batch = await self._store.read(lambda connection: inbox.waiting(connection, BATCH, self._awaited))
        ends = await asyncio.gather(*(self._guarded(message) for message in batch), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return bool(batch)

    async def _guarded(self, message: Waiting) -> None:
        try:
            await self._one(message)
        except (ContractError, Unhandled) as error:
            await self._put_aside(message, str(error))
        except self._store.errors:
            raise  # the database's trouble, not the message's: it is handled when that is over
        except Exception as error:  # noqa: BLE001  a message that our code fails on must not stop all others
            await self._put_aside(message, _where(error))

    async def _one(self, message: Waiting) -> None:
        delivery = reply.open_reply(message.body, message.content_type).delivery
        if delivery is None:
            raise Unhandled("the reply that was kept carries no message")
        if message.operation == "GetRequest":
            await self._answer(message, delivery)
        else:
            await self._settle(message, delivery)

    # --- requests -----------------------------------------------------------------------------------------------------

    async def _answer(self, message: Waiting, delivery: Delivery) -> None:
        if delivery.content is None or message.reply_to is None:
            raise Unhandled("a request without content or without an address to answer to")
        kind = MessageType.of(delivery.content)
        answerer = self._answerers.get(kind)
        if answerer is None:
            raise Unhandled(f"nobody here answers {kind}")
        known.find(kind).schema().check(delivery.content)
        received = Received(
            message_id=message.message_id,
            reply_to=message.reply_to,
            at=self._clock(),
            files=await self._files(message, delivery),
        )
        try:
            taken = answerer.take(delivery.content, received)
        except ContractError as error:
            await self._refuse(message, received, str(error))
            return
        match taken:
            case Look() as look:
                await self._tell(message, received, await self._found(look))
            case Effect() as effect:
                await self._take_effect(message, received, effect)
        log.info("request handled", message_id=message.message_id, type=kind.root)

    async def _files(self, message: Waiting, delivery: Delivery) -> tuple[Enclosure, ...]:
        """Return the files that a request brings: those inside it, and those that were fetched."""
        if not (delivery.attachments or delivery.stored):
            return ()
        inside = {one.id: one.content for one in delivery.contents}
        rows = await self._store.read(lambda connection: files.of(connection, message.id))
        return tuple(
            Enclosure(
                name=row["name"] or row["content_id"] or "",
                mime_type=row["mime_type"],
                content=files.arrived_at(self._folder, message.id, row["id"])
                if row["uuid"]
                else inside.get(row["content_id"], b""),
            )
            for row in rows
        )

    async def _refuse(self, message: Waiting, received: Received, why: str) -> None:
        """Refuse a request that keeps its schema and says what cannot be; it is kept for a person to look at."""
        message_id = self._message_ids()
        body = self._caller.response(message_id, received.reply_to, rejections=(UNREADABLE,))
        sent = outbox.NewMessage(
            message_id=message_id,
            operation="SendResponse",
            message_type="RequestRejected",
            reference=message.message_id,
            body=body,
        )

        def write(connection: Connection) -> None:
            if inbox.fail(connection, message.id, now=received.at, error=why):
                outbox.put(connection, sent, received.at)

        await self._store.write(write)
        log.error("request cannot be read and is refused", message_id=message.message_id, why=why)

    async def _found(self, look: Look) -> Reply:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._store.read(look.find)
        except TimeoutError:
            if look.late is None:
                raise Unhandled(f"there was no answer within {self._deadline:g} s") from None
        return await self._store.read(look.late)

    async def _tell(self, message: Waiting, received: Received, found: Reply) -> None:
        message_id = self._message_ids()
        answer = found.content
        enclosed = await self._encloser.response(message_id, received.reply_to, answer, found.files)
        sent = outbox.NewMessage(
            message_id=message_id,
            operation="SendResponse",
            message_type=answer.message_type.root,
            reference=message.message_id,
            body=enclosed.body,
            content_type=enclosed.content_type,
            files=enclosed.files,
        )

        def write(connection: Connection) -> None:
            if inbox.finish(connection, message.id, now=received.at, answer_id=message_id):
                outbox.put(connection, sent, received.at)
                answers.put_packed(connection, found.about, message_id, message.message_id, received.at)
                if message.former is not None:
                    outbox.link(connection, [message.former], message_id)

        await self._store.write(write)

    async def _take_effect(self, message: Waiting, received: Received, effect: Effect) -> None:
        def work(unit: UnitOfWork) -> None:
            if not inbox.finish(unit.connection, message.id, now=received.at):
                return
            for answer in effect.apply(unit):
                answers.put(unit.connection, _waiting(answer, received), received.at)

        await self._units.write(work)

    # --- answers to ours ----------------------------------------------------------------------------------------------

    async def _settle(self, message: Waiting, delivery: Delivery) -> None:
        now = self._clock()
        verdict = delivery.async_status
        ours = verdict.original_message_id if verdict else message.original_message_id
        if ours is None:
            raise Unhandled("a response that names no message of ours")
        settler, answer = self._settler(delivery)

        def write(connection: Connection) -> object:
            if not outcome.known(connection, ours):
                raise Unhandled(f"an answer to {ours}, which is not a message of ours")
            if not inbox.finish(connection, message.id, now=now):
                return "handled before"
            if settler is not None:
                return settler(connection, ours, answer, now)
            if verdict is not None:
                return _judged(connection, ours, verdict, now)
            if delivery.rejections:
                text = "; ".join(f"{item.code}: {item.description}" for item in delivery.rejections)
                outbox.settle(connection, ours, MessageState.DEAD, now=now, outcome=text)
                return ", ".join(item.code for item in delivery.rejections)
            return "status noted"

        ends = await self._store.write(write)
        log.info("answer taken", message_id=ours, ends=ends)

    def _settler(self, delivery: Delivery) -> tuple[Settler | None, BusinessMessage | None]:
        """Return who takes an answer's content, and the content as its type reads it; nobody where there is none."""
        if delivery.content is None:
            return None, None
        kind = MessageType.of(delivery.content)
        settler = self._settlers.get(kind)
        if settler is None:
            raise Unhandled(f"nobody here takes {kind}")
        found = known.find(kind)
        found.schema().check(delivery.content)
        return settler, found.read(delivery.content)

    async def _put_aside(self, message: Waiting, why: str) -> None:
        now = self._clock()
        await self._store.write(lambda connection: inbox.fail(connection, message.id, now=now, error=why))
        log.error("message cannot be handled and is put aside", message_id=message.message_id, why=why)


def _waiting(answer: Reply, received: Received) -> NewAnswer:
    """Return an answer as it waits for the packer. Nothing goes in its place once a consent is withdrawn."""
    if answer.files:
        raise ValueError("the answer to what takes effect cannot bring files: let a look give them")
    return NewAnswer(
        content=answer.content.render(PREFIX),
        message_type=answer.content.message_type.root,
        reference=received.message_id,
        reply_to=received.reply_to,
        order_id=answer.order_id,
        guid=answer.about[0] if answer.about else None,
        personal=bool(answer.about),
    )


def _where(error: Exception) -> str:
    """Say what failed in our code and where; not in its own words, which may quote the message."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"our own code failed: {type(error).__name__} in {place.name}, {Path(place.filename).name}:{place.lineno}"


def _judged(connection: Connection, ours: str, status: AsyncStatus, now: datetime) -> str:
    """The exchange judged a message of ours later; only a refusal ends it.

    It had taken the message, so the same bytes would only meet "already sent": what is not about the content or the age
    of the id waits for a person.
    """
    text = f"{status.category}: {status.details or ''}".strip() + _unrouted(status)
    if status.category in REFUSED:
        fault = status.fault.kind if status.fault else FaultKind.UNKNOWN
        if disposition(fault) is Disposition.RENEW:
            outcome.renew(connection, ours, text, now)
        else:
            outcome.refuse(connection, ours, fault, text, now)
    elif _unrouted(status):
        outbox.remark(connection, ours, text)
    return status.category.value


def _unrouted(status: AsyncStatus) -> str:
    """Say which addresses of a message could not be reached, and why (version 1.3)."""
    routing = status.routing
    if routing is None:
        return ""
    values = (*routing.dynamic, *routing.identifiers)
    said = [f"{one.value}: {one.code}" for one in values if one.code is not RoutingCode.SUCCESS]
    said += [f"record {one.record_id}: {one.code}" for one in routing.records if one.code is not RoutingCode.SUCCESS]
    return f" ({'; '.join(said)})" if said else ""
