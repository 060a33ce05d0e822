"""The exchange node: takes the bytes of a call, gives the bytes of the reply, and never fails its caller.

    status, body = await node.handle(data)      # 200 and a reply, or 500 and a SOAP fault

How a message travels: SendRequest checks it, gives it an address for answers (ReplyTo) and puts it into the queue of
the provider of its type; GetRequest gives it out, Ack removes it; SendResponse brings answers, any number, to the
queue of whoever asked. A business content that breaks its schema is taken and then rejected by a message of the
exchange itself, in the sender's queue of responses (SMEV 3 manual 3.3, 2.3-2.5; 3.2-3.6).
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from socert.contracts.smev import reply
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.host.log import get_logger
from socert.simulator.clock import microseconds
from socert.simulator.control.journal import Entry
from socert.simulator.errors import NodeRefused
from socert.simulator.smev import checks
from socert.simulator.smev.participants import EXCHANGE, PORTAL
from socert.simulator.smev.queues import Kind, Queued, Rejection
from socert.simulator.smev.types import BY_REQUEST, BY_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.call import Call
    from socert.contracts.smev.faults import Fault, ValidationError
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.control.journal import Journal
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.types import Registered
    from socert.simulator.state import State

#: How many ids are taken between two rounds of forgetting the old ones.
_FORGET_EVERY = 5000
_DETAILS_LIMIT = 500

log = get_logger("node")


@dataclass(kw_only=True, slots=True)
class _Trace:
    """What the journal will say of the call in hand; filled as the call becomes known."""

    operation: str = ""
    participant: str = ""
    message_id: str = ""
    outcome: str = "ok"
    fault: str = ""


class Node:
    """One exchange. `signer` is the exchange's key; `message_age` is how old a MessageID may be."""

    def __init__(
        self,
        *,
        state: State,
        queues: Queues,
        participants: Participants,
        signer: Signer,
        clock: SimulatorClock,
        journal: Journal,
        message_age: timedelta,
    ) -> None:
        self._state = state
        self._queues = queues
        self._participants = participants
        self._signer = signer
        self._clock = clock
        self._journal = journal
        self._age = message_age
        self._ids = MessageIds(clock)
        self._taken = 0
        self._listeners: list[Callable[[str], None]] = []

    def on_delivery(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the recipient's mnemonic whenever a message was put into a queue."""
        self._listeners.append(listener)

    async def handle(self, data: bytes, content_type: str = "text/xml") -> tuple[int, bytes]:
        """Answer one call. Whatever happens, the answer is a reply or a fault; the journal remembers which."""
        started = time.perf_counter()
        trace = _Trace()
        try:
            call = checks.open_call(data, content_type)
            status, body = HTTPStatus.OK, self._answer(call, trace)
        except NodeRefused as refusal:
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, self._refuse(refusal.fault, trace)
        except Exception:  # the caller gets the exchange's own failure, the cause goes to the log
            log.exception("the node failed", operation=trace.operation, message_id=trace.message_id)
            failure = because(Operation.SEND_REQUEST, Cause.SMEV_FAILURE)
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, self._refuse(failure, trace)
            trace.outcome = "error"
        self._note(trace, started)
        return status, body

    def too_big(self, limit: int) -> bytes:
        """Return the fault for a body larger than `limit` bytes, which was not read; the journal hears of it."""
        refusal = checks.broken_envelope(Operation.SEND_REQUEST, [f"the message is larger than {limit} bytes"])
        return self._refuse_unread(refusal.fault, _Trace())

    def refuse(self, cause: Cause, operation: Operation | None) -> bytes:
        """Return the fault for a call that is not looked at, whatever it is; the journal hears of it."""
        fault = because(operation or Operation.SEND_REQUEST, cause)
        return self._refuse_unread(fault, _Trace(operation="" if operation is None else operation.value))

    def _refuse_unread(self, fault: Fault, trace: _Trace) -> bytes:
        body = self._refuse(fault, trace)
        self._note(trace, time.perf_counter())
        return body

    def _refuse(self, fault: Fault, trace: _Trace) -> bytes:
        trace.outcome, trace.fault = "fault", fault.kind.value
        return reply.fault(fault)

    def _note(self, trace: _Trace, started: float) -> None:
        if trace.outcome == "empty" and trace.participant == PORTAL:
            return  # the portal looks whenever anything moves; that it found nothing tells nobody anything
        self._journal.add(
            Entry(
                time=self._clock(),
                operation=trace.operation,
                participant=trace.participant,
                message_id=trace.message_id,
                outcome=trace.outcome,
                fault=trace.fault,
                milliseconds=round((time.perf_counter() - started) * 1000, 3),
            )
        )

    def _answer(self, call: Call, trace: _Trace) -> bytes:
        trace.operation, trace.message_id = call.operation.value, call.message_id
        checks.check_form(call)
        participant = checks.check_sender(call, self._participants, self._clock())
        trace.participant = participant.mnemonic
        match call.operation:
            case Operation.SEND_REQUEST:
                return self._send_request(call, participant)
            case Operation.SEND_RESPONSE:
                return self._send_response(call, participant)
            case Operation.GET_REQUEST:
                return self._get(call, participant, Kind.REQUEST, trace)
            case Operation.GET_RESPONSE:
                return self._get(call, participant, Kind.RESPONSE, trace)
            case Operation.GET_STATUS:
                # Errors of asynchronous processing come as responses; nothing else is put into this queue.
                trace.outcome = "empty"
                return reply.empty(Operation.GET_STATUS, call.version)
            case Operation.ACK:
                return self._ack(call, participant)

    # Sending

    def _send_request(self, call: Call, sender: Participant) -> bytes:
        now = self._clock()
        self._check_new(call, now)
        assert call.content is not None
        assert call.message_type is not None
        registered = self._registered_request(call.message_type)
        if registered.name not in sender.sends:
            raise checks.refuse(call.operation, Cause.ACCESS_DENIED)
        if call.end_of_life is not None and call.end_of_life <= now:
            raise checks.refuse(call.operation, Cause.END_OF_LIFE)
        recipient = self._provider(registered, call.message_type)
        address = _address(call.message_id, sender.mnemonic, call.message_type, now)
        errors = checks.complaints(registered.schema().violations(call.content))
        with self._state.transaction():
            self._remember(call.message_id, now)
            if errors:
                self._reject(call, sender, registered, address, InteractionStatus.REJECTED, errors)
            else:
                self._state.run(
                    "INSERT INTO route VALUES (?, ?, ?, ?, ?, ?, ?)",
                    address,
                    call.message_id,
                    sender.mnemonic,
                    recipient,
                    registered.name,
                    call.node_id,
                    call.reference_message_id,
                )
                self._queues.put(
                    Queued(
                        recipient=recipient,
                        kind=Kind.REQUEST,
                        message_type=registered.name,
                        message_id=call.message_id,
                        sender=sender.mnemonic,
                        sent_at=now,
                        node_id=call.node_id,
                        address=address,
                        data=call.sender_data(),
                        signature=call.sender_signature() or b"",
                    )
                )
        self._delivered(sender.mnemonic if errors else recipient)
        return self._taken_reply(call, MessageCategory.REQUEST, sender.mnemonic, recipient, now)

    def _send_response(self, call: Call, sender: Participant) -> bytes:
        now = self._clock()
        self._check_new(call, now)
        route = self._state.one("SELECT * FROM route WHERE address = ? AND recipient = ?", call.to, sender.mnemonic)
        if route is None:
            raise checks.refuse(call.operation, Cause.REPLY_TO_UNKNOWN, to=call.to)
        errors: list[ValidationError] = []
        recipient, name = str(route["sender"]), str(route["message_type"])
        registered = self._registered_response(call, name)
        if registered is not None and call.content is not None:
            errors = checks.complaints(registered.schema().violations(call.content))
        with self._state.transaction():
            self._remember(call.message_id, now)
            if errors:
                self._reject(call, sender, registered, call.to, InteractionStatus.RESPONSE_REJECTED, errors)
            else:
                self._queues.put(
                    Queued(
                        recipient=recipient,
                        kind=Kind.RESPONSE,
                        message_type=name,
                        message_id=call.message_id,
                        original_id=route["message_id"],
                        reference_id=route["reference_id"],
                        sender=sender.mnemonic,
                        sent_at=now,
                        node_id=route["node_id"],
                        address=call.to,
                        data=call.sender_data(),
                        signature=call.sender_signature() or b"",
                    )
                )
        self._delivered(sender.mnemonic if errors else recipient)
        return self._taken_reply(call, MessageCategory.RESPONSE, sender.mnemonic, recipient, now)

    def _check_new(self, call: Call, now: datetime) -> None:
        """Refuse what was sent before, then what is too old: a known id is always answered as known."""
        if self._state.one("SELECT 1 FROM sent WHERE message_id = ?", call.message_id) is not None:
            raise checks.refuse(call.operation, Cause.ALREADY_SENT, message_id=call.message_id)
        checks.check_age(call, now, self._age)

    def _remember(self, message_id: str, now: datetime) -> None:
        """Keep an id against repetition; ids so old that they are refused by age anyway are forgotten in rounds."""
        self._state.run("INSERT INTO sent VALUES (?, ?)", message_id, microseconds(now))
        self._taken += 1
        if self._taken % _FORGET_EVERY == 0:
            self._state.run("DELETE FROM sent WHERE received < ?", microseconds(now - 2 * self._age))

    def _registered_request(self, message_type: MessageType) -> Registered:
        registered = BY_REQUEST.get(message_type)
        if registered is not None:
            return registered
        names = {"RootElementLocalName": message_type.root, "RootElementNamespaceURI": message_type.namespace}
        raise NodeRefused(
            because(
                Operation.SEND_REQUEST,
                Cause.TYPE_OF_OTHER_OPERATION if message_type in BY_RESPONSE else Cause.TYPE_NOT_SUPPORTED,
                details=names,
                namespace=message_type.namespace,
                root=message_type.root,
                category=MessageCategory.RESPONSE.value,
            )
        )

    def _registered_response(self, call: Call, name: str) -> Registered | None:
        """Return the type of an answer's content, which must answer the request's type; None without content."""
        if call.message_type is None:
            return None
        registered = BY_RESPONSE.get(call.message_type)
        if registered is not None and registered.name == name:
            return registered
        if registered is not None or call.message_type in BY_REQUEST:
            raise checks.refuse(call.operation, Cause.RESPONSE_TYPE_WRONG)
        raise checks.refuse(
            call.operation,
            Cause.TYPE_NOT_REGISTERED,
            namespace=call.message_type.namespace,
            root=call.message_type.root,
        )

    def _provider(self, registered: Registered, message_type: MessageType) -> str:
        providers = self._participants.providers(registered.name)
        names = {"namespace": message_type.namespace, "root": message_type.root}
        if not providers:
            raise checks.refuse(Operation.SEND_REQUEST, Cause.RECIPIENT_UNKNOWN, **names)
        if len(providers) > 1:
            raise checks.refuse(Operation.SEND_REQUEST, Cause.RECIPIENT_AMBIGUOUS, **names)
        return providers[0].mnemonic

    def _reject(
        self,
        call: Call,
        sender: Participant,
        registered: Registered | None,
        address: str,
        category: InteractionStatus,
        errors: list[ValidationError],
    ) -> None:
        """Put the exchange's own rejection of a message into its sender's queue of responses."""
        fault = because(call.operation, Cause.CONTENT_INVALID, message_id=call.message_id)
        self._queues.put(
            Queued(
                recipient=sender.mnemonic,
                kind=Kind.RESPONSE,
                message_type="" if registered is None else registered.name,
                message_id=self._ids(),
                original_id=call.message_id,
                sender=EXCHANGE,
                sent_at=self._clock(),
                node_id=call.node_id,
                address=address,
                rejection=Rejection(
                    category=category.value,
                    text=fault.text,
                    errors=tuple((error.position, error.text) for error in errors),
                ),
            )
        )

    def _taken_reply(self, call: Call, category: MessageCategory, sender: str, recipient: str, now: datetime) -> bytes:
        metadata = reply.Metadata(
            message_id=call.message_id,
            message_type=category,
            sender=sender,
            sent_at=now,
            recipient=recipient,
            status=InteractionStatus.QUEUED,
        )
        return reply.send_reply(call.operation, metadata, signer=self._signer, version=call.version)

    def _delivered(self, recipient: str) -> None:
        for listener in self._listeners:
            listener(recipient)

    # Receiving

    def _get(self, call: Call, participant: Participant, kind: Kind, trace: _Trace) -> bytes:
        wanted = None if call.selector is None else self._selected(call, call.selector, participant, kind)
        message = self._queues.take(participant.mnemonic, kind, wanted)
        if message is None:
            trace.outcome = "empty"
            return reply.empty(call.operation, call.version)
        trace.message_id = message.message_id
        metadata = self._metadata(message)
        if kind is Kind.REQUEST:
            return reply.request_delivery(
                sender_data=message.data,
                sender_signature=message.signature,
                metadata=metadata,
                reply_to=message.address,
                signer=self._signer,
                version=call.version,
            )
        if message.rejection is not None:
            return self._rejection(message, message.rejection, metadata, call)
        return reply.response_delivery(
            original_message_id=message.original_id or "",
            sender_data=message.data,
            sender_signature=message.signature,
            metadata=metadata,
            signer=self._signer,
            reference_message_id=message.reference_id,
            version=call.version,
        )

    def _selected(self, call: Call, selector: MessageType, participant: Participant, kind: Kind) -> str:
        """Return the name of the type selected, by its request's root or its response's (manual 2.5.1)."""
        registered = BY_REQUEST.get(selector) or BY_RESPONSE.get(selector)
        own = participant.serves if kind is Kind.REQUEST else participant.sends | participant.serves
        if registered is None or registered.name not in own:
            raise checks.refuse(call.operation, Cause.TYPE_UNKNOWN, subject=checks.caller(call))
        return registered.name

    def _metadata(self, message: Queued) -> reply.Metadata:
        request = message.kind is Kind.REQUEST
        return reply.Metadata(
            # The real exchange leaves it out of requests: who acknowledges by it must notice here.
            message_id=None if request else message.message_id,
            message_type=MessageCategory.REQUEST if request else MessageCategory.RESPONSE,
            sender=message.sender,
            sent_at=message.sent_at,
            recipient=message.recipient,
            delivered_at=self._clock(),
            status=InteractionStatus.ACCEPTED if request else InteractionStatus.DELIVERED,
        )

    def _rejection(self, message: Queued, rejection: Rejection, metadata: reply.Metadata, call: Call) -> bytes:
        category = InteractionStatus(rejection.category)
        operation = Operation.SEND_REQUEST if category is InteractionStatus.REJECTED else Operation.SEND_RESPONSE
        fault = because(
            operation,
            Cause.CONTENT_INVALID,
            message_id=message.original_id,
            errors=checks.restored(rejection.errors),
        )
        status = AsyncStatus(
            original_message_id=message.original_id or "",
            category=category,
            details=rejection.text[:_DETAILS_LIMIT],
            fault=fault,
        )
        return reply.async_status(
            status,
            message_id=message.message_id,
            to=message.address,
            metadata=metadata,
            signer=self._signer,
            version=call.version,
        )

    def _ack(self, call: Call, participant: Participant) -> bytes:
        if not self._queues.acknowledge(participant.mnemonic, call.message_id):
            raise checks.refuse(call.operation, Cause.TARGET_NOT_FOUND, message_id=call.message_id)
        return reply.ack_reply(call.version)


def _address(message_id: str, sender: str, message_type: MessageType, now: datetime) -> str:
    """Return the address for answers to a request: opaque to everybody, base64 of JSON as the real ones are."""
    inside = {
        "mid": message_id,
        "mnm": sender,
        "ns": message_type.namespace,
        "slc": message_type.root,
        "crt": now.isoformat(timespec="milliseconds"),
        "eol": 0,
    }
    return base64.b64encode(json.dumps(inside, separators=(",", ":")).encode()).decode()
