"""The poller: takes messages from one queue of the exchange, commits each to the inbox, and only then acknowledges it.

A message that is there already is acknowledged again and kept once. One that cannot be trusted is kept with the reason
and acknowledged as not accepted, one that nobody here can handle as the region decided: neither blocks the queue.

While the queue gives, several messages are on the wire at once. The exchange gives them out in its order but their
replies may pass one another, so those that were asked for together are put back into the order in which the exchange
had taken them, and are committed before the next ones. Commits and acknowledgements of some go on while the next are
fetched.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import String

from socert.contracts.errors import ContractError
from socert.contracts.message import MessageType
from socert.contracts.smev.operation import Operation
from socert.gateway.errors import DeliveryError, Unreadable
from socert.gateway.exchange import inbox
from socert.gateway.exchange.acknowledging import Acknowledger
from socert.gateway.exchange.files import Arriving
from socert.gateway.exchange.policy import WhenUnhandled
from socert.gateway.store import tables
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Column

    from socert.contracts.smev.reply import Delivery
    from socert.gateway.exchange.caller import Caller
    from socert.gateway.exchange.exchange import Exchange
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Sent
    from socert.gateway.store.writer import Store

log = get_logger("poller")
_MESSAGE_ID = re.compile(rb"<(?:[\w.-]{1,64}:)?MessageID\s*>\s*([0-9a-f-]{36})\s*<")


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A message off the wire: what the inbox keeps of it, why it cannot be trusted or read, and how it is acknowledged.

    `accepted` None: not at all. `sent_at` is when the exchange took it from its sender, where it says so.
    """

    message: inbox.Arrived
    sent_at: datetime | None = None
    error: str | None = None
    accepted: bool | None = True


class Poller:
    """Drains one queue: requests (GetRequest), responses and verdicts (GetResponse), or the status queue (GetStatus).

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
        caller: Caller,
        clock: Callable[[], datetime],
        least: float,
        most: float,
        receivers: int = 1,
        knows: Callable[[str, MessageType], bool] = lambda _operation, _kind: True,
        unhandled: WhenUnhandled = WhenUnhandled.ACCEPT,
    ) -> None:
        """Take the parts; `least` and `most` are the pauses in seconds between looks at an empty queue.

        `receivers` is how many messages may be on the wire at once; `knows` says of what type an operation's messages
        can be handled.
        """
        self._operation = operation
        self._selector = selector
        self._store = store
        self._exchange = exchange
        self._caller = caller
        self._clock = clock
        self._least = least
        self._most = most
        self._receivers = receivers
        self._knows = knows
        self._told = ""
        self._acknowledge = Acknowledger(exchange=exchange, caller=caller)
        self._unhandled = unhandled

    async def run(self, hurry: Wake, arrived: Wake) -> None:
        """Poll for ever; a burst is drained without pauses. `arrived` is called for new ones.

        `hurry` ends a pause, but not one after a failure: a queue that fails is not asked more often for it.
        """
        pause, width = self._least, 1
        async with asyncio.TaskGroup() as group:
            finishing = group.create_task(_nothing())
            while True:
                taken: Sequence[Taken] = ()
                failed: Exception | None = None
                left_alone = self._exchange.pause()
                if not left_alone:
                    taken, failed = await self._fetch(width)
                await finishing
                if taken:
                    finishing = group.create_task(self._keep(taken, arrived))
                if not failed and not left_alone:
                    self._told = ""
                if taken and not failed:
                    pause = self._least
                    width = min(self._receivers, width * 2) if len(taken) == width else 1
                    continue
                width = 1
                if failed:
                    self._tell(str(failed))
                    await asyncio.sleep(pause)
                else:
                    await hurry.wait(max(pause, left_alone))
                pause = min(self._most, pause * 2)

    async def poll(self) -> bool:
        """Take one message if there is one, commit it, acknowledge it; True when there was one."""
        taken, failed = await self._fetch(1)
        if failed:
            raise failed
        await self._keep(taken)
        return bool(taken)

    def _tell(self, why: str) -> None:
        """Say why the queue cannot be read, once until the reason changes: some exchanges give out no statuses."""
        said = log.debug if why == self._told else log.warning
        self._told = why
        said("queue not read", operation=self._operation, why=why)

    # --- off the wire -------------------------------------------------------------------------------------------------

    async def _fetch(self, width: int) -> tuple[Sequence[Taken], Exception | None]:
        """Ask so often at once; return what came, in the order in which the exchange had taken it, and one failure."""
        ends = await asyncio.gather(*(self._ask() for _ in range(width)), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, (DeliveryError, ContractError)):
                raise end
        failed = next((end for end in ends if isinstance(end, Exception)), None)
        taken = [end for end in ends if isinstance(end, Taken)]
        return in_order(taken), failed

    async def _ask(self) -> Taken | None:
        """Ask for one message; None when the queue has none."""
        envelope = self._caller.ask(self._operation, self._clock(), self._selector)
        try:
            answer = await self._exchange.call(self._operation, envelope)
        except Unreadable as error:
            return self._unreadable(error)
        delivery = answer.reply.delivery
        if delivery is None:
            if answer.doubt:
                raise answer.doubt
            return None
        message = _arrived(self._operation, delivery, answer.sent)
        sent_at = delivery.metadata.sent_at if delivery.metadata else None
        if self._operation is Operation.GET_STATUS:
            # Only what GetRequest and GetResponse brought is acknowledged (SMEV 3 WSDL, Ack).
            return Taken(message=message, sent_at=sent_at, accepted=None, error=_told(answer.doubt))
        if answer.doubt:
            return Taken(message=message, sent_at=sent_at, accepted=False, error=_told(answer.doubt))
        accepted = True if self._can_handle(delivery) else self._unhandled.accepted
        return Taken(message=message, sent_at=sent_at, accepted=accepted)

    def _can_handle(self, delivery: Delivery) -> bool:
        """Whether a message will find its handler. Answers may have no content; of requests, nobody takes such."""
        if delivery.content is None:
            return self._operation is Operation.GET_RESPONSE
        return self._knows(self._operation, MessageType.of(delivery.content))

    def _unreadable(self, error: Unreadable) -> Taken:
        """Keep a reply that brings a message which cannot be read; raises what is wrong where it names none."""
        found = _MESSAGE_ID.search(error.sent.body) if error.sent.status == 200 else None
        if found is None:
            raise error.why
        message = inbox.Arrived(
            message_id=found[1].decode(),
            operation=self._operation,
            message_type=None,
            original_message_id=None,
            reply_to=None,
            content_type=error.sent.content_type[: _length(tables.inbox.c.content_type)],
            body=error.sent.body,
        )
        left = self._operation is Operation.GET_STATUS or self._unhandled.accepted is None
        # Nobody's signature was looked at: whatever it was, it is not acknowledged as the exchange's.
        return Taken(message=message, error=str(error), accepted=None if left else False)

    # --- kept, then acknowledged --------------------------------------------------------------------------------------

    async def _keep(self, taken: Sequence[Taken], arrived: Wake | None = None) -> None:
        """Commit messages in their order, all in one turn of the writer; acknowledge them when that is done."""
        kept = await asyncio.gather(*(self._commit(one) for one in taken))
        if arrived is not None:
            arrived.call()
        acknowledged = [
            self._acknowledge(one.message.message_id, accepted=one.accepted)
            for one, end in zip(taken, kept, strict=True)
            if not end.fetching  # the fetcher acknowledges those when their files are there
        ]
        await asyncio.gather(*acknowledged)

    async def _commit(self, one: Taken) -> inbox.Taken:
        message, error, now = one.message, one.error, self._clock()
        end = await self._store.write(lambda connection: inbox.take(connection, message, now=now, error=error))
        if error:
            log.error("message not trusted and put aside", message_id=message.message_id, why=error)
        log.debug("message taken" if end.new else "message taken before", message_id=message.message_id)
        return end


def in_order(taken: Sequence[Taken]) -> list[Taken]:
    """Return messages that were asked for together in the order in which the exchange had taken them.

    One that does not say when stays where its question stood.
    """
    timed = sorted(((one.sent_at, place) for place, one in enumerate(taken) if one.sent_at is not None))
    places = iter(place for _, place in timed)
    return [one if one.sent_at is None else taken[next(places)] for one in taken]


def _told(error: Exception | None) -> str | None:
    return str(error) if error else None


async def _nothing() -> None:
    """Stand in for work that there is none of yet."""


def _arrived(operation: Operation, delivery: Delivery, sent: Sent) -> inbox.Arrived:
    """Return what the inbox keeps. What cannot be trusted may be of any length; what can, fits."""
    content, kept = delivery.content, tables.inbox.c
    return inbox.Arrived(
        message_id=_named(operation, delivery)[: _length(kept.message_id)],
        operation=operation,
        message_type=str(MessageType.of(content))[: _length(kept.message_type)] if content is not None else None,
        original_message_id=(delivery.original_message_id or "")[: _length(kept.original_message_id)] or None,
        reply_to=delivery.reply_to,
        content_type=sent.content_type[: _length(kept.content_type)],
        body=sent.body,
        files=tuple(_files(delivery)),
    )


def _files(delivery: Delivery) -> Iterator[Arriving]:
    """Yield the files that a message says it brings, and those that the exchange says there are to be fetched."""
    sizes = {one.id: len(one.content) for one in delivery.contents}
    for header in delivery.attachments:
        yield Arriving(mime_type=header.mime_type, content_id=header.content_id, size=sizes.get(header.content_id))
    references = {one.uuid: one for one in delivery.files}
    for stored in delivery.stored:
        said = references.get(stored.uuid)
        yield Arriving(
            mime_type=said.mime_type if said else "",
            uuid=stored.uuid,
            name=stored.file_name,
            digest=b64encode(said.hash).decode() if said else None,
        )


def _named(operation: Operation, delivery: Delivery) -> str:
    """Return the id under which a message is kept.

    One of the status queue has none of its own: there it is made of what it says, so that it is kept once.
    """
    verdict = delivery.async_status
    if operation is not Operation.GET_STATUS or verdict is None:
        return delivery.message_id
    fault = verdict.fault.kind if verdict.fault else ""
    said = (verdict.original_message_id, verdict.category, verdict.details, fault)
    return str(uuid5(NAMESPACE_URL, "\n".join(said)))


def _length(column: Column[str]) -> int | None:
    """How many characters a column holds."""
    assert isinstance(column.type, String)
    return column.type.length
