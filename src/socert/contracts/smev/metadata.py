"""MessageMetadata: what the exchange knows of a message and says in every reply about one.

Source: SMEV 3 schemas 1.1, 1.2 and 1.3. What differs: parties have a name for people in 1.1 and 1.3; 1.1 must name the
sender, a destination and a type of interaction, which 1.2 dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.smev.envelope import child, need, read, read_child, read_enum, read_moment, stamp
from socert.contracts.smev.status import InteractionStatus, InteractionType, MessageCategory, nearest
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree


_STATUSES = {status.value: status for status in InteractionStatus}
_INTERACTIONS = {interaction.value: interaction for interaction in InteractionType}


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What the exchange knows of a message (MessageMetadata). `sender` and `recipient` are mnemonics.

    `status` is None where none is named, or one that is not known here: a message is not lost for a new word.
    `sender_name` and `recipient_name` are for people (1.1 and 1.3); `broker`, `destination`, `content_type` (the name
    of the message type for people) and `interaction` are of 1.1. What a version has no place for is not written; what
    it must have and is not given is filled: a name by the mnemonic, a destination by the recipient.
    """

    message_id: str | None = None
    message_type: MessageCategory
    sent_at: datetime
    sender: str | None = None
    recipient: str | None = None
    delivered_at: datetime | None = None
    status: InteractionStatus | None = None
    sender_name: str | None = None
    recipient_name: str | None = None
    broker: str | None = None
    destination: str | None = None
    content_type: str | None = None
    interaction: InteractionType | None = None


def render_metadata(metadata: Metadata, prefix: str, version: Version) -> str:
    """Return the children of MessageMetadata, under the prefix of the version's types."""
    oldest = version is Version.V1_1
    parts = []
    if metadata.message_id is not None:
        parts.append(("MessageId", text(metadata.message_id)))
    parts.append(("MessageType", metadata.message_type.value))
    sender = metadata.sender
    if sender is not None or oldest:
        parts.append(("Sender", _party(sender or "", metadata.sender_name, prefix, version)))
    parts.append(("SendingTimestamp", stamp(metadata.sent_at)))
    if oldest:
        if metadata.broker is not None:
            parts.append(("MessageBroker", text(metadata.broker)))
        parts.append(("DestinationName", text(metadata.destination or metadata.recipient or "")))
    if metadata.recipient is not None:
        parts.append(("Recipient", _party(metadata.recipient, metadata.recipient_name, prefix, version)))
    if oldest:
        parts.append(("SupplementaryData", _supplement(metadata, prefix)))
    if metadata.delivered_at is not None:
        parts.append(("DeliveryTimestamp", stamp(metadata.delivered_at)))
    if metadata.status is not None:
        parts.append(("Status", nearest(metadata.status, version, metadata.message_type).value))
    return "".join(f"<{prefix}:{name}>{inside}</{prefix}:{name}>" for name, inside in parts)


def _party(mnemonic: str, name: str | None, prefix: str, version: Version) -> str:
    written = f"<{prefix}:Mnemonic>{text(mnemonic)}</{prefix}:Mnemonic>"
    if version is Version.V1_2:
        return written
    name = mnemonic if name is None else name
    return f"{written}<{prefix}:HumanReadableName>{text(name)}</{prefix}:HumanReadableName>"


def _supplement(metadata: Metadata, prefix: str) -> str:
    detected = ""
    if metadata.content_type is not None:
        name = f"{prefix}:DetectedContentTypeName"
        detected = f"<{name}>{text(metadata.content_type)}</{name}>"
    interaction = metadata.interaction or InteractionType.NOT_DETECTED
    return f"{detected}<{prefix}:InteractionType>{interaction.value}</{prefix}:InteractionType>"


def read_metadata(block: etree._Element, version: Version) -> Metadata:
    """Read MessageMetadata. Raises EnvelopeInvalid where its type or its sending time is missing.

    Lenient otherwise: real answers in version 1.1 leave out what their schema demands.
    """
    types = version.types
    delivered = child(block, types, "DeliveryTimestamp")
    status = child(block, types, "Status")
    sender, recipient = child(block, types, "Sender"), child(block, types, "Recipient")
    supplement = child(block, types, "SupplementaryData")
    return Metadata(
        message_id=read_child(block, types, "MessageId"),
        message_type=read_enum(need(block, types, "MessageType"), MessageCategory),
        sent_at=read_moment(need(block, types, "SendingTimestamp")),
        sender=_inside(sender, "Mnemonic", types),
        recipient=_inside(recipient, "Mnemonic", types),
        delivered_at=None if delivered is None else read_moment(delivered),
        status=None if status is None else _STATUSES.get(read(status)),
        sender_name=_inside(sender, "HumanReadableName", types),
        recipient_name=_inside(recipient, "HumanReadableName", types),
        broker=read_child(block, types, "MessageBroker"),
        destination=read_child(block, types, "DestinationName"),
        content_type=_inside(supplement, "DetectedContentTypeName", types),
        interaction=_INTERACTIONS.get(_inside(supplement, "InteractionType", types) or ""),
    )


def _inside(holder: etree._Element | None, name: str, types: str) -> str | None:
    return None if holder is None else read_child(holder, types, name)
