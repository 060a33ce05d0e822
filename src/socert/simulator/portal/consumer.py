"""The portal as a participant of the exchange: EPGU. What others receive of it travels in signed envelopes through all
checks of the node, only not over HTTP; what it receives is handed over as it lies in the queue.

It waits to be woken, by the node or at the moment when a message it failed on comes back, and never polls. Then it
takes requests, lets the handler of their type work, answers, acknowledges; and takes the answers to its own questions.
A request is handled and its answer remembered in one transaction, so that the same message always gets the same answer,
whatever happens between. What it sends itself is one of two kinds: a question that somebody waits for now (`ask`), and
a message whose answers may come for months, over restarts too (`send`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from lxml.etree import _Element

from socert.contracts import xml
from socert.contracts.errors import ContractError
from socert.contracts.message import BusinessMessage
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.smev import call, reply
from socert.contracts.smev.data import read_request_data, read_response_data
from socert.contracts.smev.faults import Disposition, FaultReceived
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.status import RejectCode, Rejection
from socert.contracts.smev.version import Version
from socert.host.log import get_logger
from socert.simulator.clock import Alarm, microseconds
from socert.simulator.errors import QueryFailed
from socert.simulator.smev.participants import PORTAL
from socert.simulator.smev.queues import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.data import SenderData
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.smev.node import Node
    from socert.simulator.smev.queues import Queued, Queues
    from socert.simulator.state import State


#: How long the portal waits, unless woken, before it tries its queues again after it could not read them.
_PAUSE = timedelta(minutes=1)
#: The version of the exchange that this node speaks.
_VERSION = Version.V1_2
_UNREADABLE = "Содержание сообщения нельзя прочитать: {}"
_NOT_TAKEN = "Сообщение не принято. Попробуйте ещё раз позже."
_NOT_SERVED = "Портал не обрабатывает сообщения этого вида"

log = get_logger("portal")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """An answer to what was sent: its content, or why there is none.

    `refused` is a text for the parent; `by_exchange`: the exchange refused the message, the region never saw it.
    """

    content: _Element | None = None
    refused: str = ""
    by_exchange: bool = False


Handler = Callable[[_Element], BusinessMessage | Rejection]
"""Does what a request asks, inside a transaction, and returns its answer. ValueRefused: it cannot be read."""

Listener = Callable[[str, Answered], None]
"""Takes an answer to what was sent under a reference, inside a transaction. ValueRefused: it cannot be read."""


class Consumer:
    """The portal's side of the exchange. `signer` is the portal's key, `handlers` go by the message type's name."""

    def __init__(
        self,
        *,
        node: Node,
        queues: Queues,
        signer: Signer,
        state: State,
        clock: SimulatorClock,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._node = node
        self._queues = queues
        self._signer = signer
        self._state = state
        self._clock = clock
        self._handlers = handlers
        self._listeners: dict[str, Listener] = {}
        self._ids = MessageIds(clock)
        self._awake = asyncio.Event()
        self._resting = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[SenderData]] = {}
        node.on_delivery(self._on_delivery)
        self._alarm = Alarm(clock, self._wake)

    def listen(self, kind: str, listener: Listener) -> None:
        """Give every answer to messages sent as of this kind to `listener`."""
        self._listeners[kind] = listener

    async def run(self) -> None:
        """Take whatever comes, for ever; cancel to stop. A failure is logged and the message comes again later.

        First what was being sent when the simulator was stopped is sent again, byte for byte.
        """
        await self._resume()
        self._wake()
        try:
            while True:
                await self._awake.wait()
                self._awake.clear()
                self._alarm.set(await self._work())
                if not self._awake.is_set():
                    self._resting.set()
        finally:
            self._alarm.set(None)

    async def at_rest(self) -> None:
        """Wait until the portal has handled everything that was put into its queues so far."""
        await self._resting.wait()

    async def ask(self, content: BusinessMessage, deadline: timedelta) -> SenderData | None:
        """Send a request through the exchange and wait for its answer; None when none comes within the deadline.

        `QueryFailed` when the exchange does not take the request or rejects it. The deadline is in real time: a person
        waits.
        """
        message_id = self._ids()
        future: asyncio.Future[SenderData] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        try:
            await self._call(call.send_request(message_id=message_id, content=content, signer=self._signer))
            async with asyncio.timeout(deadline.total_seconds()):
                return await future
        except TimeoutError:
            return None
        except ContractError as error:
            raise QueryFailed(str(error)) from error
        finally:
            del self._waiting[message_id]

    async def send(
        self, content: BusinessMessage | bytes, *, kind: str, ref: str, remember: Callable[[str], None]
    ) -> None:
        """Send a message whose answers go to the listener of `kind` with `ref`, however late and however many.

        `remember` gets the message's id and runs in the transaction that keeps the message, before it leaves. A refusal
        by the exchange is an answer too. Raises ContractError for a content that cannot be written: nothing is kept.
        """
        message_id = self._ids()
        data = call.send_request(message_id=message_id, content=content, signer=self._signer)
        with self._state.transaction():
            remember(message_id)
            self._state.run("INSERT INTO portal_outbox VALUES (?, ?)", message_id, data)
            self._state.run("INSERT INTO portal_request VALUES (?, ?, ?)", message_id, kind, ref)
        await self._dispatch(message_id, data)

    async def _resume(self) -> None:
        """Send what was kept and perhaps not sent; the exchange knows its own ids."""
        for row in self._state.all("SELECT message_id, data FROM portal_outbox ORDER BY message_id"):
            try:
                await self._dispatch(row["message_id"], bytes(row["data"]))
            except Exception:  # it stays kept; the others must not wait for it
                log.exception("the portal cannot send what it kept", message_id=row["message_id"])

    async def _dispatch(self, message_id: str, data: bytes) -> None:
        refused = ""
        try:
            await self._call(data)
        except FaultReceived as error:
            if error.fault.disposition is not Disposition.ALREADY_SENT:
                log.warning("the exchange did not take a message", message_id=message_id, fault=error.fault.kind.value)
                refused = error.fault.text
        with self._state.transaction():
            self._state.run("DELETE FROM portal_outbox WHERE message_id = ?", message_id)
            self._state.run("UPDATE route SET kept = 1 WHERE message_id = ?", message_id)
            if refused:
                self._hear(message_id, Answered(refused=refused, by_exchange=True))

    def _on_delivery(self, recipient: str) -> None:
        if recipient == PORTAL:
            self._wake()

    def _wake(self) -> None:
        self._resting.clear()
        self._awake.set()

    async def _work(self) -> datetime | None:
        """Handle what is there and return when there will be more without anybody's doing, None for never."""
        started = self._clock()
        try:
            await self._drain()
            return self._queues.next_return(PORTAL, started)
        except Exception:  # the exchange itself failed: it may have recovered a little later
            log.exception("the portal cannot read its queues")
            return self._clock() + _PAUSE

    async def _drain(self) -> None:
        """Handle messages until both queues are empty; others have their turn between two messages."""
        for take in (self._take_request, self._take_response):
            while await take():
                await _turn()

    async def _call(self, data: bytes) -> None:
        """Give the node a call; raises `FaultReceived` for a fault. Replies say nothing else that is of use here."""
        status, body = await self._node.handle(data)
        if status != HTTPStatus.OK:
            reply.open_reply(body)

    async def _take_request(self) -> bool:
        """Handle one request; False when there is none."""
        message = self._node.hand_over(PORTAL, Kind.REQUEST)
        if message is None:
            return False
        try:
            await self._answer(message)
            self._ack(message)
        except Exception:  # the message stays unacknowledged and comes back; the next one must not wait for it
            log.exception("the portal failed on a request", message_id=message.message_id, type=message.message_type)
        return True

    async def _answer(self, message: Queued) -> None:
        """Handle a request once and send its answer, the same one for the same message."""
        row = self._state.one("SELECT answer FROM portal_inbox WHERE message_id = ?", message.message_id)
        data = self._handle(message) if row is None else bytes(row["answer"])
        try:
            await self._call(data)
        except FaultReceived as error:
            if error.fault.disposition is not Disposition.ALREADY_SENT:
                raise

    def _handle(self, message: Queued) -> bytes:
        """Do what a request asks and keep the envelope of its answer, together."""
        content = read_request_data(xml.parse(message.data), _VERSION).content
        assert content is not None
        with self._state.transaction():
            answer = self._handled(message.message_type, content)
            if isinstance(answer, Rejection):
                data = call.send_response(
                    message_id=self._ids(), to=message.address, rejections=(answer,), signer=self._signer
                )
            else:
                data = call.send_response(
                    message_id=self._ids(), to=message.address, content=answer, signer=self._signer, version=_VERSION
                )
            self._note(message.message_id, data)
        return data

    def _handled(self, name: str, content: _Element) -> BusinessMessage | Rejection:
        handler = self._handlers.get(name)
        if handler is None:
            return Rejection(code=RejectCode.UNKNOWN_REQUEST_DESCRIPTION, description=_NOT_SERVED)
        try:
            return handler(content)
        except ValueRefused as error:
            return Rejection(code=RejectCode.FAILURE, description=_UNREADABLE.format(error))

    async def _take_response(self) -> bool:
        """Hand one answer to whoever it is for; False when there is none."""
        message = self._node.hand_over(PORTAL, Kind.RESPONSE)
        if message is None:
            return False
        future = self._waiting.get(message.original_id or "")
        if future is None or future.done():
            try:
                self._take_answer(message)
            except Exception:  # as with a request
                log.exception("the portal failed on an answer", message_id=message.message_id)
                return True
        elif message.verdict is not None:
            future.set_exception(QueryFailed(message.verdict.details))
        else:
            answer = read_response_data(xml.parse(message.data), _VERSION)
            if answer.status is None:
                future.set_result(answer)
        self._ack(message)
        return True

    def _take_answer(self, message: Queued) -> None:
        """Let the listener have an answer that may come at any time, once."""
        if self._state.one("SELECT 1 FROM portal_inbox WHERE message_id = ?", message.message_id) is not None:
            return
        with self._state.transaction():
            if self._hear(message.original_id or "", _answered(message)):
                self._note(message.message_id, b"")
            else:
                log.info("an answer nobody waits for", message_id=message.message_id)

    def _hear(self, message_id: str, answered: Answered | None) -> bool:
        """Find whose message was answered and tell; False when nobody's."""
        row = self._state.one("SELECT kind, ref FROM portal_request WHERE message_id = ?", message_id)
        if row is None or answered is None:
            return row is not None
        try:
            self._listeners[row["kind"]](row["ref"], answered)
        except ValueRefused as error:  # the schema let it through; nobody can be told anything of it
            log.warning("an answer cannot be read", message_id=message_id, reason=str(error))
        return True

    def _note(self, message_id: str, answer: bytes) -> None:
        """Remember that a message was handled, and the answer to it."""
        self._state.run("INSERT INTO portal_inbox VALUES (?, ?, ?)", message_id, answer, microseconds(self._clock()))

    def _ack(self, message: Queued) -> None:
        if not self._node.acknowledge(PORTAL, message.message_id):
            log.warning("a message was gone before it was acknowledged", message_id=message.message_id)


def expect_no_more(state: State, kind: str, ref: str) -> None:
    """Let the exchange forget in time where answers to the messages under a reference go."""
    state.run(
        "UPDATE route SET kept = 0 WHERE message_id IN"
        " (SELECT message_id FROM portal_request WHERE kind = ? AND ref = ?)",
        kind,
        ref,
    )


def _answered(message: Queued) -> Answered | None:
    """Read what an answer says; None for one that only tells that the request is being worked on."""
    if message.verdict is not None:
        return Answered(refused=message.verdict.details, by_exchange=True)
    answer = read_response_data(xml.parse(message.data), _VERSION)
    if answer.status is not None:
        return None
    if answer.rejections:
        said = " ".join(rejection.description for rejection in answer.rejections).strip()
        return Answered(refused=said or _NOT_TAKEN)
    if answer.async_status is not None:
        return Answered(refused=answer.async_status.details or _NOT_TAKEN, by_exchange=True)
    return Answered(content=answer.content)


async def _turn() -> None:
    """Let everything else that is ready run once."""
    await asyncio.sleep(0)
