"""Giving messages out: GetRequest, GetResponse, GetStatus, and Ack (SMEV 3 manual 3.3, 2.5; 3.3, 3.4 and 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.smev import reply
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.simulator.smev import checks
from socert.simulator.smev.queues import Kind
from socert.simulator.smev.types import by_request, by_response

if TYPE_CHECKING:
    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.call import Call
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.smev.participants import Participant
    from socert.simulator.smev.queues import Queued, Queues, Rejection

#: The schema's limit of StatusDetails.
_DETAILS_LIMIT = 500


class Receiving:
    """Gives messages out of the queues, signed by the exchange's key."""

    def __init__(self, *, queues: Queues, signer: Signer, clock: SimulatorClock) -> None:
        self._queues = queues
        self._signer = signer
        self._clock = clock

    def get(self, call: Call, participant: Participant, kind: Kind) -> tuple[bytes, str | None]:
        """Return the reply with the next message, and the message's id; None for the id when there is none."""
        wanted = None if call.selector is None else self._selected(call, call.selector, participant, kind)
        message = self._queues.take(participant.mnemonic, kind, wanted)
        if message is None:
            return reply.empty(call.operation, call.version), None
        return self._deliver(call, message), message.message_id

    def get_status(self, call: Call) -> bytes:
        """Return the reply to GetStatus: nothing. Errors of asynchronous processing come as responses."""
        return reply.empty(Operation.GET_STATUS, call.version)

    def _deliver(self, call: Call, message: Queued) -> bytes:
        metadata = self._metadata(message)
        if message.kind is Kind.REQUEST:
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
        registered = by_request().get(selector) or by_response().get(selector)
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

    def acknowledge(self, call: Call, participant: Participant) -> bytes:
        """Remove the message acknowledged, return the reply. Raises `NodeRefused`."""
        if not self._queues.acknowledge(participant.mnemonic, call.message_id):
            raise checks.refuse(call.operation, Cause.TARGET_NOT_FOUND, message_id=call.message_id)
        return reply.ack_reply(call.version)
