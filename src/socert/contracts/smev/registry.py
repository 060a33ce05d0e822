"""Registries: one message of many records, each signed by itself (version 1.3).

    send_request(registry=[Record(record_id=1, content=…)], …)    # every record is signed by the caller
    Call.registry, Delivery.registry -> tuple[RegistryRecord, ...]

Source: SMEV 3 directive schema 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

    from socert.contracts.message import BusinessMessage
    from socert.contracts.smev.attachments import AttachmentHeader, RefAttachmentHeader


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A record to be sent. `content` as bytes is any XML document."""

    record_id: int
    content: BusinessMessage | bytes
    attachments: tuple[AttachmentHeader, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RegistryRecord:
    """A record as it came: `element` is what the sender signs, `content` the root element of its business data.

    `personal_signatures` are over RecordContent, which `content` stands in.
    """

    record_id: int
    element: etree._Element
    content: etree._Element
    attachments: tuple[AttachmentHeader, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()
    signature: etree._Element | None = None
    personal_signatures: tuple[etree._Element, ...] = ()
