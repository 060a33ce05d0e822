"""Registries: one message of many records, each signed by itself (version 1.3).

    send_request(registry=[Record(record_id=1, content=…)], …)    # every record is signed by the caller
    Call.registry, Delivery.registry -> tuple[RegistryRecord, ...]

Source: SMEV 3 directive schema 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, SignatureFault, SignatureInvalid
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import personal
from socert.contracts.smev.attachments import read_attachments, read_files, render_headers
from socert.contracts.smev.envelope import child, fragment, need, only, path, read_number, signature_in
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from socert.contracts.message import BusinessMessage
    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite
    from socert.contracts.signature.xmldsig import Verified
    from socert.contracts.smev.attachments import AttachmentHeader, RefAttachmentHeader

_DIRECTIVE = Version.V1_3.directive


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A record to be sent. `content` as bytes is any XML document. `persons`: who signs it, up to ten people."""

    record_id: int
    content: BusinessMessage | bytes
    persons: tuple[Signer, ...] = ()
    attachments: tuple[AttachmentHeader, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RegistryRecord:
    """A record as it came: `element` is what the sender signs, `content` the root element of its business data.

    `personal_signatures` are over RecordContent, which `content` stands in (`verify_persons`).
    """

    record_id: int
    element: etree._Element
    content: etree._Element
    attachments: tuple[AttachmentHeader, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()
    signature: etree._Element | None = None
    personal_signatures: tuple[etree._Element, ...] = ()


def render_registry(records: Sequence[Record], signer: Signer) -> str:
    """Return Registry, each record signed. Raises ValueError where two records share an id."""
    if len({record.record_id for record in records}) != len(records):
        raise ValueError("two records of a registry have the same record_id: number them apart")
    inside = "".join(_render(record, signer) for record in records)
    return f'<dir:Registry xmlns:dir="{_DIRECTIVE}">{inside}</dir:Registry>'


def _render(record: Record, signer: Signer) -> str:
    content = record.content if isinstance(record.content, bytes) else record.content.render().encode()
    identifier = f"RECORD_{record.record_id}"
    inside = fragment(xml.parse(content)).decode()
    data = f'<dir:RecordContent xmlns:dir="{_DIRECTIVE}" Id="CONTENT_{record.record_id}">{inside}</dir:RecordContent>'
    signed = "".join(
        f"<dir:PersonalSignature>{_sign(data, f'CONTENT_{record.record_id}', person)}</dir:PersonalSignature>"
        for person in record.persons
    )
    block = (
        f'<dir:Record xmlns:dir="{_DIRECTIVE}" Id="{identifier}">{data}'
        f"{render_headers(record.attachments, record.files, Version.V1_3, 1)}{signed}</dir:Record>"
    )
    return (
        f"<dir:RegistryRecord><dir:RecordId>{record.record_id:d}</dir:RecordId>{block}"
        f"<dir:RecordSignature>{_sign(block, identifier, signer)}</dir:RecordSignature></dir:RegistryRecord>"
    )


def _sign(block: str, identifier: str, signer: Signer) -> str:
    return xmldsig.sign(normalize(xml.parse(block.encode())), reference=identifier, signer=signer)


def read_registry(content: etree._Element | None, version: Version) -> tuple[RegistryRecord, ...]:
    """Read the records where a message's content is a registry, () where it is not. Raises EnvelopeInvalid."""
    if content is None or version is not Version.V1_3 or content.tag != f"{{{_DIRECTIVE}}}Registry":
        return ()
    records = tuple(_read(one) for one in content.iterchildren(f"{{{_DIRECTIVE}}}RegistryRecord"))
    if not records:
        raise EnvelopeInvalid(f"{path(content)} holds no record")
    return records


def _read(holder: etree._Element) -> RegistryRecord:
    block, basic = need(holder, _DIRECTIVE, "Record"), Version.V1_3.basic
    personal = (signature_in(one) for one in block.iterchildren(f"{{{_DIRECTIVE}}}PersonalSignature"))
    return RegistryRecord(
        record_id=read_number(need(holder, _DIRECTIVE, "RecordId")),
        element=block,
        content=only(need(block, _DIRECTIVE, "RecordContent")),
        attachments=read_attachments(child(block, basic, "AttachmentHeaderList"), Version.V1_3),
        files=read_files(child(block, basic, "RefAttachmentHeaderList"), Version.V1_3),
        signature=signature_in(child(holder, _DIRECTIVE, "RecordSignature")),
        personal_signatures=tuple(one for one in personal if one is not None),
    )


def verify(record: RegistryRecord, suites: frozenset[Suite]) -> Verified:
    """Verify the signature over one record. Raises SignatureInvalid, with NoSignatureFound where there is none."""
    if record.signature is None:
        raise SignatureInvalid(
            SignatureFault.NO_SIGNATURE_FOUND, f"record {record.record_id} holds no signature in RecordSignature"
        )
    return xmldsig.verify(record.signature, target=record.element, suites=suites)


def verify_persons(record: RegistryRecord, suites: frozenset[Suite]) -> tuple[Verified, ...]:
    """Verify every signature of a person over the content of one record. Raises SignatureInvalid."""
    return tuple(personal.verify(one, record.content.getparent(), suites) for one in record.personal_signatures)
