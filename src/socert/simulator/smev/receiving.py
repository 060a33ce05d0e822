"""Giving messages out: GetRequest, GetResponse, GetStatus, the statistics of queues, and Ack.

Source: SMEV 3 manual 3.3, 2.5, 2.6, 3.3, 3.4 and 3.6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from socert.contracts.smev import reply
from socert.contracts.smev.fault_texts import Cause
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import InteractionStatus, InteractionType, MessageCategory
from socert.contracts.smev.translate import sender_block
from socert.contracts.smev.version import Version
from socert.simulator.smev import checks
from socert.simulator.smev.participants import EXCHANGE, PORTAL
from socert.simulator.smev.queues import Kind, queue_name

if TYPE_CHECKING:
    from datetime import datetime

    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.call import Call
    from socert.contracts.smev.status import AsyncStatus
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.smev.attachments import Attachments
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.queues import Queued, Queues
    from socert.simulator.smev.statuses import Statuses


class Receiving:
    """Gives messages out of the queues, signed by the exchange's key."""

    def __init__(
        self,
        *,
        queues: Queues,
        statuses: Statuses,
        participants: Participants,
        signer: Signer | None,
        clock: SimulatorClock,
        attachments: Attachments,
    ) -> None:
        self._attachments = attachments
        self._queues = queues
        self._statuses = statuses
        self._participants = participants
        self._signer = signer
        self._clock = clock

    def get(self, call: Call, participant: Participant, kind: Kind) -> tuple[bytes, str | None]:
        """Return the reply with the next message, and the message's id; None for the id when there is none."""
        wanted = None if call.selector is None else self._selected(call, call.selector, participant, kind)
        message = self.take(participant.mnemonic, kind, wanted, call.node_id, call.version)
        if message is None:
            return reply.empty(call.operation, call.version), None
        return self._deliver(call, message), message.message_id

    def take(
        self, recipient: str, kind: Kind, message_type: str | None, node_id: str | None, version: Version
    ) -> Queued | None:
        """Give out the next message in the words of the version that the recipient speaks; None when there is none.

        A cancel exists in version 1.1 alone: whoever speaks another never hears of it.
        """
        while (message := self._queues.take(recipient, kind, message_type, node_id)) is not None:
            if message.category is not MessageCategory.CANCEL:
                return translated(message, version)
            if version is Version.V1_1:
                return message
            self._queues.acknowledge(recipient, message.message_id)
        return None

    def get_status(self, call: Call, participant: Participant) -> tuple[bytes, AsyncStatus | None]:
        """Return the reply with the next status of a participant's status queue, and that status. Raises `NodeRefused`.

        Who neither sends nor serves anything has no such queue.
        """
        if not participant.sends | participant.serves:
            raise checks.refuse(call.operation, Cause.TYPE_UNKNOWN, subject=checks.caller(call))
        status = self._statuses.take(participant.mnemonic)
        if status is None:
            return reply.empty(Operation.GET_STATUS, call.version), None
        return reply.status_message(status, signer=self._signer, version=call.version), status

    def statistics(self, call: Call, participant: Participant) -> bytes:
        """Return the reply that says how many messages wait in a participant's queues, or in those of one node."""
        waiting = [one for one in self._queues.waiting(participant.mnemonic) if call.node_id in (None, one.node_id)]
        found = [
            reply.QueueStatistics(
                name=queue_name(participant.mnemonic, one.kind.value, one.node_id), pending=one.messages
            )
            for one in waiting
        ]
        if call.node_id is None:
            statuses = self._statuses.waiting(participant.mnemonic)
            found.append(reply.QueueStatistics(name=queue_name(participant.mnemonic, "status"), pending=statuses))
        return reply.queue_statistics(found)

    def acknowledge(self, call: Call, participant: Participant) -> bytes:
        """Remove the message acknowledged, return the reply. Raises `NodeRefused`."""
        if not self._queues.acknowledge(participant.mnemonic, call.message_id):
            raise checks.refuse(call.operation, Cause.TARGET_NOT_FOUND, message_id=call.message_id)
        self._attachments.release(call.message_id, participant.mnemonic)
        return reply.ack_reply(call.version)

    def _deliver(self, call: Call, message: Queued) -> bytes:
        metadata = replace(
            describe(message, message.category, self._participants),
            # The real exchange leaves it out of requests: who acknowledges by it must notice here.
            message_id=None if message.kind is Kind.REQUEST else message.message_id,
            delivered_at=self._clock(),
            status=InteractionStatus.ACCEPTED if message.kind is Kind.REQUEST else InteractionStatus.DELIVERED,
        )
        if message.category is MessageCategory.CANCEL:
            return reply.cancel_delivery(
                message_id=message.message_id,
                reference=message.original_id or "",
                metadata=replace(metadata, status=InteractionStatus.CANCELLED),
                signer=self._signer,
            )
        contents, stored = self._attachments.of(message)
        if message.kind is Kind.REQUEST:
            # A broadcast has nobody to answer to, but the oldest version must name an address.
            answerable = message.category is MessageCategory.REQUEST or call.version is Version.V1_1
            return reply.request_delivery(
                sender_data=message.data,
                sender_signature=message.signature or None,
                metadata=metadata,
                reply_to=message.address if answerable else None,
                stored=stored,
                contents=contents,
                signer=self._signer,
                version=call.version,
            )
        if message.verdict is not None:
            return reply.async_status(
                message.verdict,
                message_id=message.message_id,
                to=message.address,
                metadata=metadata,
                signer=self._signer,
                version=call.version,
            )
        return reply.response_delivery(
            original_message_id=message.original_id or "",
            sender_data=message.data,
            sender_signature=message.signature or None,
            metadata=metadata,
            signer=self._signer,
            reference_message_id=message.reference_id,
            transaction_code=message.transaction_code,
            stored=stored,
            contents=contents,
            version=call.version,
        )

    def _selected(self, call: Call, selector: MessageType, participant: Participant, kind: Kind) -> str:
        """Return the name of the type selected, by the root of a request or a response of any format (manual 2.5.1)."""
        types = self._participants.types
        registered = types.by_request(selector) or types.by_response(selector)
        own = participant.serves if kind is Kind.REQUEST else participant.sends | participant.serves
        if registered is None or registered.name not in own:
            raise checks.refuse(call.operation, Cause.TYPE_UNKNOWN, subject=checks.caller(call))
        return registered.name


def translated(message: Queued, version: Version) -> Queued:
    """Return a message in the words of another version; the sender's signature over the other words is left out."""
    if message.version is version or not message.data:
        return message
    return replace(message, data=sender_block(message.data, message.version, version), signature=b"", version=version)


def describe(message: Queued, category: MessageCategory, participants: Participants) -> reply.Metadata:
    """Return what the exchange says of a message to anybody; versions that have no place for a part leave it out."""
    return metadata(
        message_id=message.message_id,
        category=category,
        sender=message.sender,
        # "Not filled for broadcasts" (types schema).
        recipient=None if category is MessageCategory.BROADCAST else message.recipient,
        destination=queue_name(message.recipient, message.kind.value, (message.node_id or "")),
        message_type=message.message_type if message.kind is Kind.REQUEST else None,
        sent_at=message.sent_at,
        participants=participants,
    )


def metadata(
    *,
    message_id: str,
    category: MessageCategory,
    sender: str,
    recipient: str | None,
    destination: str,
    message_type: str | None,
    sent_at: datetime,
    status: InteractionStatus | None = None,
    participants: Participants,
) -> reply.Metadata:
    """Return MessageMetadata with the names of both sides."""
    return reply.Metadata(
        message_id=message_id,
        message_type=category,
        sender=sender,
        sender_name=_name(sender, participants),
        sent_at=sent_at,
        status=status,
        recipient=recipient,
        recipient_name=None if recipient is None else _name(recipient, participants),
        broker=EXCHANGE,
        destination=destination,
        content_type=message_type or None,
        interaction=InteractionType.PORTAL_TO_AGENCY if sender == PORTAL else InteractionType.AGENCY_TO_AGENCY,
    )


def _name(mnemonic: str, participants: Participants) -> str:
    found = participants.by_mnemonic(mnemonic)
    return (found.name if found is not None else "") or mnemonic
