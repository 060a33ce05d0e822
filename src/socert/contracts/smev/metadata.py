"""MessageMetadata: what the exchange knows of a message and says in every reply about one.

Source: SMEV 3 schemas 1.1, 1.2 and 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.smev.data import read_enum
from socert.contracts.smev.envelope import child, need, read, read_child, read_moment, stamp
from socert.contracts.smev.status import InteractionStatus, InteractionType, MessageCategory
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

    from socert.contracts.smev.version import Version


_STATUSES = {status.value: status for status in InteractionStatus}


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What the exchange knows of a message (MessageMetadata). `sender` and `recipient` are mnemonics.

    `status` is None where none is named, or one that is not known here: a message is not lost for a new word.
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


def render_metadata(metadata: Metadata, prefix: str) -> str:
    """Return the children of MessageMetadata, under the prefix of the version's types."""
    parts = []
    if metadata.message_id is not None:
        parts.append(("MessageId", text(metadata.message_id)))
    parts.append(("MessageType", metadata.message_type.value))
    if metadata.sender is not None:
        parts.append(("Sender", f"<{prefix}:Mnemonic>{text(metadata.sender)}</{prefix}:Mnemonic>"))
    parts.append(("SendingTimestamp", stamp(metadata.sent_at)))
    if metadata.recipient is not None:
        parts.append(("Recipient", f"<{prefix}:Mnemonic>{text(metadata.recipient)}</{prefix}:Mnemonic>"))
    if metadata.delivered_at is not None:
        parts.append(("DeliveryTimestamp", stamp(metadata.delivered_at)))
    if metadata.status is not None:
        parts.append(("Status", metadata.status.value))
    return "".join(f"<{prefix}:{name}>{inside}</{prefix}:{name}>" for name, inside in parts)


def read_metadata(block: etree._Element, version: Version) -> Metadata:
    """Read MessageMetadata. Raises EnvelopeInvalid where its type or its sending time is missing."""
    types = version.types
    delivered = child(block, types, "DeliveryTimestamp")
    status = child(block, types, "Status")
    return Metadata(
        message_id=read_child(block, types, "MessageId"),
        message_type=read_enum(need(block, types, "MessageType"), MessageCategory),
        sent_at=read_moment(need(block, types, "SendingTimestamp")),
        sender=_mnemonic(block, "Sender", types),
        recipient=_mnemonic(block, "Recipient", types),
        delivered_at=None if delivered is None else read_moment(delivered),
        status=None if status is None else _STATUSES.get(read(status)),
    )


def _mnemonic(block: etree._Element, name: str, types: str) -> str | None:
    party = child(block, types, name)
    return None if party is None else read_child(party, types, "Mnemonic")
