"""The portal as a participant of the exchange: EPGU. What others receive of it travels in signed envelopes through all
checks of the node, only not over HTTP; what it receives is handed over as it lies in the queue.

It waits to be woken, by the node or at the moment when a message it failed on comes back, and never polls. Then it
takes account updates, applies and answers them, acknowledges; and takes the answers to its own questions. An update is
applied and its answer remembered in one transaction, so that the same message always gets the same answer, whatever
happens between.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import ContractError
from socert.contracts.portal.account import NAMESPACE, UpdateResponse, read_update_request
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.smev import call, reply
from socert.contracts.smev.data import read_request_data, read_response_data
from socert.contracts.smev.faults import Disposition, FaultReceived
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.version import Version
from socert.host.log import get_logger
from socert.simulator.clock import Alarm, microseconds
from socert.simulator.errors import QueryFailed
from socert.simulator.smev.participants import PORTAL
from socert.simulator.smev.queues import Kind
from socert.simulator.smev.types import ACCOUNT

if TYPE_CHECKING:
    from datetime import datetime

    from socert.contracts.message import BusinessMessage
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.data import SenderData
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.accounts import Accounts
    from socert.simulator.smev.node import Node
    from socert.simulator.smev.queues import Queued, Queues
    from socert.simulator.state import State


#: Code of an answer to a batch that cannot be read: none of it was applied.
CODE_UNREADABLE = 12
_MESSAGE_LIMIT = 256
#: How long the portal waits, unless woken, before it tries its queues again after it could not read them.
_PAUSE = timedelta(minutes=1)
#: The version of the exchange that this node speaks.
_VERSION = Version.V1_2

log = get_logger("portal")


class Consumer:
    """The portal's side of the exchange. `signer` is the portal's key."""

    def __init__(
        self,
        *,
        node: Node,
        queues: Queues,
        signer: Signer,
        accounts: Accounts,
        state: State,
        clock: SimulatorClock,
    ) -> None:
        self._node = node
        self._queues = queues
        self._signer = signer
        self._accounts = accounts
        self._state = state
        self._clock = clock
        self._ids = MessageIds(clock)
        self._awake = asyncio.Event()
        self._resting = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[SenderData]] = {}
        node.on_delivery(self._on_delivery)
        self._alarm = Alarm(clock, self._wake)

    async def run(self) -> None:
        """Take whatever comes, for ever; cancel to stop. A failure is logged and the message comes again later."""
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

    def _on_delivery(self, recipient: str) -> None:
        if recipient == PORTAL:
            self._wake()

    def _wake(self) -> None:
        self._resting.clear()
        self._awake.set()

    async def _call(self, data: bytes) -> None:
        """Give the node a call; raises `FaultReceived` for a fault. Replies say nothing else that is of use here."""
        status, body = await self._node.handle(data)
        if status != HTTPStatus.OK:
            reply.open_reply(body)

    async def _take_request(self) -> bool:
        """Handle one account update; False when there is none."""
        message = self._node.hand_over(PORTAL, Kind.REQUEST, ACCOUNT)
        if message is None:
            return False
        try:
            await self._answer_update(message)
            self._ack(message)
        except Exception:  # the message stays unacknowledged and comes back; the next one must not wait for it
            log.exception("the portal failed on an update", message_id=message.message_id)
        return True

    async def _answer_update(self, message: Queued) -> None:
        """Apply an update once and send its answer, the same one for the same message."""
        row = self._state.one("SELECT answer FROM portal_inbox WHERE message_id = ?", message.message_id)
        data = self._apply(message) if row is None else bytes(row["answer"])
        try:
            await self._call(data)
        except FaultReceived as error:
            if error.fault.disposition is not Disposition.ALREADY_SENT:
                raise

    def _apply(self, message: Queued) -> bytes:
        """Apply an update and keep the envelope of its answer, together."""
        content = read_request_data(xml.parse(message.data), _VERSION).content
        assert content is not None
        with self._state.transaction():
            try:
                request = read_update_request(content)
            except ValueRefused as error:
                # The schema let it through and the profile does not: nothing of the batch can be trusted.
                batch_id = content.findtext(f"{{{NAMESPACE}}}batchId") or ""
                answer = UpdateResponse(batch_id=batch_id, code=CODE_UNREADABLE, message=str(error)[:_MESSAGE_LIMIT])
            else:
                answer = self._accounts.apply(request)
            data = call.send_response(
                message_id=self._ids(), to=message.address, content=answer, signer=self._signer, version=_VERSION
            )
            self._state.run(
                "INSERT INTO portal_inbox VALUES (?, ?, ?)", message.message_id, data, microseconds(self._clock())
            )
        return data

    async def _take_response(self) -> bool:
        """Hand one answer to whoever waits for it; False when there is none."""
        message = self._node.hand_over(PORTAL, Kind.RESPONSE)
        if message is None:
            return False
        future = self._waiting.get(message.original_id or "")
        if future is None or future.done():
            log.info("an answer nobody waits for", message_id=message.message_id)
        elif message.rejection is not None:
            future.set_exception(QueryFailed(message.rejection.text))
        else:
            answer = read_response_data(xml.parse(message.data), _VERSION)
            if answer.status is None:
                future.set_result(answer)
        self._ack(message)
        return True

    def _ack(self, message: Queued) -> None:
        if not self._node.acknowledge(PORTAL, message.message_id):
            log.warning("a message was gone before it was acknowledged", message_id=message.message_id)


async def _turn() -> None:
    """Let everything else that is ready run once."""
    await asyncio.sleep(0)
