"""The exchange node: takes the bytes of a call, gives the bytes of the reply, and never fails its caller.

    status, body = await node.handle(data)      # 200 and a reply, or 500 and a SOAP fault

A call is read, checked and attributed to a participant here (`checks`); `sending` takes messages, `receiving` gives
them out. Each call leaves a line in the journal.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from socert.contracts.smev.fault_texts import Cause, because, of_kind
from socert.contracts.smev.fault_xml import render_envelope
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import MessageCategory
from socert.contracts.smev.version import Version
from socert.host.log import get_logger
from socert.simulator.control.journal import Entry
from socert.simulator.errors import NodeRefused
from socert.simulator.smev import checks
from socert.simulator.smev.attachments import Attachments
from socert.simulator.smev.queues import Kind, Queued
from socert.simulator.smev.receiving import Receiving
from socert.simulator.smev.routing import Router
from socert.simulator.smev.sending import Sending
from socert.simulator.smev.verdicts import Defect, Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.call import Call
    from socert.contracts.smev.faults import Fault
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.control.faults import Faults
    from socert.simulator.control.journal import Journal
    from socert.simulator.retention import Retention
    from socert.simulator.smev.attachments import Limits
    from socert.simulator.smev.files import FileStore
    from socert.simulator.smev.participants import Participants
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.statuses import Statuses
    from socert.simulator.state import State

log = get_logger("node")


@dataclass(kw_only=True, slots=True)
class _Trace:
    """What the journal will say of the call in hand; filled as the call becomes known."""

    operation: str = ""
    participant: str = ""
    message_id: str = ""
    outcome: str = "ok"
    fault: str = ""
    reason: str = ""


class Node:
    """One exchange. `signer` is the exchange's key, None where replies are not signed.

    `message_age` is how old a MessageID may be, `faults` say how a fault looks on the wire, `signatures` whether
    those of calls are verified.
    """

    def __init__(
        self,
        *,
        state: State,
        queues: Queues,
        statuses: Statuses,
        participants: Participants,
        signer: Signer | None,
        clock: SimulatorClock,
        journal: Journal,
        message_age: timedelta,
        retention: Retention,
        files: FileStore,
        limits: Limits,
        faults: Faults,
        signatures: checks.Signatures,
    ) -> None:
        self._faults = faults
        self._signatures = signatures
        self._participants = participants
        self._clock = clock
        self._journal = journal
        self._state = state
        self._queues = queues
        self._ids = MessageIds(clock)
        self._listeners: list[Callable[[str], None]] = []
        self.verdicts = Verdicts(state=state, queues=queues, statuses=statuses, clock=clock)
        self.attachments = Attachments(
            state=state,
            files=files,
            limits=limits,
            quota=self._quota,
            released=self._delivered,
            wrong=lambda message_id: self.withdraw(message_id, Defect.FILES),
        )
        self._limits = limits
        retention.on_round(self.attachments.sweep)
        self._sending = Sending(
            state=state,
            queues=queues,
            verdicts=self.verdicts,
            participants=participants,
            router=Router(participants, verified=signatures.verified),
            signer=signer,
            clock=clock,
            message_age=message_age,
            retention=retention,
            attachments=self.attachments,
            delivered=self._delivered,
        )
        self._receiving = Receiving(
            queues=queues,
            statuses=statuses,
            participants=participants,
            signer=signer,
            clock=clock,
            attachments=self.attachments,
        )

    def on_delivery(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the recipient's mnemonic whenever a message was put into a queue."""
        self._listeners.append(listener)

    async def handle(
        self, data: bytes, content_type: str = "text/xml", version: Version | None = None
    ) -> tuple[int, bytes]:
        """Answer one call. Whatever happens, the answer is a reply or a fault; the journal remembers which.

        `version` is that of the address it came to, which takes no other; None takes any.
        """
        started = time.perf_counter()
        trace = _Trace()
        try:
            call = checks.open_call(data, content_type, version)
            version = call.version
            status, body = HTTPStatus.OK, self._answer(call, trace)
        except NodeRefused as refusal:
            trace.operation = trace.operation or _name(checks.meant(data))
            trace.reason = refusal.reason
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, self._refuse(refusal.fault, trace, version)
        except Exception as error:  # the caller gets the exchange's own failure, the cause goes to the log
            log.exception("the node failed", operation=trace.operation, message_id=trace.message_id)
            failure = because(Operation.SEND_REQUEST, Cause.SMEV_FAILURE)
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, self._refuse(failure, trace, version)
            trace.outcome, trace.reason = "error", f"the node failed: {type(error).__name__}"
        self._note(trace, started)
        return status, body

    def hand_over(self, recipient: str, kind: Kind, message_type: str | None = None) -> Queued | None:
        """Give out the next message of a queue to a participant inside this process; None when there is none.

        What GetRequest and GetResponse do, without envelopes that nobody would see and signatures over nothing foreign.
        """
        started = time.perf_counter()
        self.sweep()
        message = self._receiving.take(recipient, kind, message_type, None, Version.V1_2)
        if message is not None:
            operation = Operation.GET_REQUEST if kind is Kind.REQUEST else Operation.GET_RESPONSE
            trace = _Trace(operation=operation.value, participant=recipient, message_id=message.message_id)
            self._note(trace, started)
        return message

    def acknowledge(self, recipient: str, message_id: str) -> bool:
        """Remove what was handed over, as Ack does; False when it is not there or has gone back to its queue."""
        started = time.perf_counter()
        removed = self._queues.acknowledge(recipient, message_id)
        trace = _Trace(operation=Operation.ACK.value, participant=recipient, message_id=message_id)
        if removed:
            self.attachments.release(message_id, recipient)
        else:
            trace.outcome, trace.fault = "fault", FaultKind.TARGET_MESSAGE_IS_NOT_FOUND.value
        self._note(trace, started)
        return removed

    def unreadable(self, reason: str, version: Version) -> bytes:
        """Return the fault for a body that could not be read, for whatever reason; the journal hears of it."""
        refusal = checks.broken_envelope(Operation.SEND_REQUEST, [reason])
        return self._refuse_unread(refusal.fault, _Trace(reason=refusal.reason), version)

    def refuse(self, kind: FaultKind, data: bytes, content_type: str, version: Version) -> bytes:
        """Return a fault of an ordered kind for a call, whatever is in it; the journal hears of it."""
        operation = checks.meant(data)
        values = dict.fromkeys(("message_id", "to", "namespace", "root", "subject"), "")
        trace = _Trace(reason="ordered by a tester")
        with contextlib.suppress(NodeRefused):
            call = checks.open_call(data, content_type)
            operation, values = call.operation, checks.values_of(call)
            trace.message_id = checks.shown_id(call)
        trace.operation = _name(operation)
        fault = of_kind(operation or Operation.SEND_REQUEST, kind, **values)
        return self._refuse_unread(fault, trace, version)

    def note_cut(self, operation: Operation | None) -> None:
        """Let the journal hear of a connection that was cut, before a call was processed or after."""
        trace = _Trace(operation=_name(operation), outcome="dropped", reason="ordered by a tester")
        self._note(trace, time.perf_counter())

    def _refuse_unread(self, fault: Fault, trace: _Trace, version: Version) -> bytes:
        body = self._refuse(fault, trace, version)
        self._note(trace, time.perf_counter())
        return body

    def _refuse(self, fault: Fault, trace: _Trace, version: Version | None) -> bytes:
        trace.outcome, trace.fault = "fault", fault.kind.value
        return render_envelope(fault, version or Version.V1_2, self._faults.style)

    def _note(self, trace: _Trace, started: float) -> None:
        self._journal.add(
            Entry(
                time=self._clock(),
                operation=trace.operation,
                participant=trace.participant,
                message_id=trace.message_id,
                outcome=trace.outcome,
                fault=trace.fault,
                reason=trace.reason,
                milliseconds=round((time.perf_counter() - started) * 1000, 3),
            )
        )

    def _answer(self, call: Call, trace: _Trace) -> bytes:
        trace.operation, trace.message_id = call.operation.value, checks.shown_id(call)
        checks.check_form(call, self._signatures)
        participant = checks.check_sender(call, self._participants, self._clock(), self._signatures)
        trace.participant = participant.mnemonic
        match call.operation:
            case Operation.SEND_REQUEST:
                return self._sending.send_request(call, participant)
            case Operation.SEND_RESPONSE:
                return self._sending.send_response(call, participant)
            case Operation.GET_REQUEST | Operation.GET_RESPONSE:
                kind = Kind.REQUEST if call.operation is Operation.GET_REQUEST else Kind.RESPONSE
                self.sweep()
                body, message_id = self._receiving.get(call, participant, kind)
                trace.outcome, trace.message_id = ("empty", "") if message_id is None else ("ok", message_id)
                return body
            case Operation.GET_STATUS:
                self.sweep()
                body, status = self._receiving.get_status(call, participant)
                trace.outcome = "empty" if status is None else "ok"
                trace.message_id = "" if status is None else status.original_message_id
                return body
            case Operation.GET_INCOMING_QUEUE_STATISTICS:
                self.sweep()
                return self._receiving.statistics(call, participant)
            case Operation.ACK:
                return self._receiving.acknowledge(call, participant)

    def withdraw(self, message_id: str, defect: Defect) -> bool:
        """Take a message out of all queues for a defect that was found later; its sender hears of it. False: gone."""
        sender = self.verdicts.withdraw(message_id, defect)
        if sender is not None:
            self._delivered(sender)
        return sender is not None

    def _quota(self, recipient: str) -> int:
        """Return how many bytes of files may wait for a recipient in messages of one type."""
        participant = self._participants.by_mnemonic(recipient)
        own = None if participant is None else participant.quota
        return self._limits.quota if own is None else own

    def cancel(self, message_id: str) -> str | None:
        """Put the cancel of a request into its provider's queue, and return the cancel's id; None for no request.

        Only version 1.1 knows cancels, and no operation sends one.
        """
        route = self._state.one("SELECT sender, recipient, message_type FROM route WHERE message_id = ?", message_id)
        if route is None:
            return None
        cancel = Queued(
            recipient=route["recipient"],
            kind=Kind.REQUEST,
            category=MessageCategory.CANCEL,
            version=Version.V1_1,
            message_type=route["message_type"],
            message_id=self._ids(),
            original_id=message_id,
            sender=route["sender"],
            sent_at=self._clock(),
        )
        self._queues.put(cancel)
        self._delivered(cancel.recipient)
        return cancel.message_id

    def sweep(self) -> None:
        """Let go of messages whose end of life has passed; their senders hear of it."""
        for sender in self.verdicts.sweep():
            self._delivered(sender)

    def _delivered(self, recipient: str) -> None:
        for listener in self._listeners:
            listener(recipient)


def _name(operation: Operation | None) -> str:
    return "" if operation is None else operation.value
