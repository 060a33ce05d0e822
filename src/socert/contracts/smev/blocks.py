"""What a participant writes and signs, as text: the sender's blocks, selectors, and the envelope of a call around them.

Text of the normal form of the exchange's transform is signed as it is written; where foreign XML stands in it, the
normal form is computed.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3; manual 3.3, sections 3.2 and 3.4 (what is signed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from socert.contracts import xml
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import envelope
from socert.contracts.smev.attachments import render_headers
from socert.contracts.smev.envelope import DSIG, XSI, stamp
from socert.contracts.smev.registry import render_registry
from socert.contracts.smev.routing import ROUTING_ID, render_routing
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from socert.contracts.message import BusinessMessage, MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.attachments import AttachmentHeader, RefAttachmentHeader
    from socert.contracts.smev.operation import Operation
    from socert.contracts.smev.registry import Record
    from socert.contracts.smev.routing import Routing
    from socert.contracts.smev.status import BusinessStatus, Rejection

CALLER_ID = "SIGNED_BY_CALLER"
"""Id of the block that the caller signs: free to choose; this is what most participants write."""

_PREFIXES_MATTER = (XSI.encode(), DSIG.encode())


class Block(NamedTuple):
    """A block to be signed. `plain`: it is written in the normal form."""

    written: str
    plain: bool = True


def content_block(
    name: str,
    version: Version,
    head: str,
    content: BusinessMessage | bytes,
    *,
    personal_signature: bytes | None = None,
    attachments: Sequence[AttachmentHeader] = (),
    files: Sequence[RefAttachmentHeader] = (),
    business_process_metadata: bytes | None = None,
    test: bool = False,
) -> Block:
    """Return the sender's block `name`: `head`, the content with what belongs to it, and what goes behind them."""
    if isinstance(content, bytes):
        rendered, plain = envelope.fragment(xml.parse(content)).decode(), False
    else:
        rendered = content.render("ns3")
        # Where the content's namespace is one that the block has named already, the normal form names it so too.
        plain = content.message_type.namespace not in (version.types, version.basic)
    beside = ""
    if personal_signature is not None:
        plain = False
        signature = envelope.fragment(xml.parse(personal_signature)).decode()
        beside = f"<ns1:PersonalSignature>{signature}</ns1:PersonalSignature>"
    if attachments or files:
        beside += render_headers(attachments, files, version, 4)
    if business_process_metadata is not None:
        plain = False
        # It is any number of elements, and must not reach out of the block.
        xml.parse(b"<of-business>" + business_process_metadata + b"</of-business>")
        written = business_process_metadata.decode()
        beside += f"<ns1:BusinessProcessMetadata>{written}</ns1:BusinessProcessMetadata>"
    if test:
        beside += "<ns1:TestMessage></ns1:TestMessage>"
    return Block(
        written=(
            f'<ns1:{name} xmlns:ns1="{version.types}" Id="{CALLER_ID}">{head}'
            f'<ns2:MessagePrimaryContent xmlns:ns2="{version.basic}">{rendered}</ns2:MessagePrimaryContent>'
            f"{beside}</ns1:{name}>"
        ),
        plain=plain,
    )


def registry_content(records: Sequence[Record], signer: Signer, version: Version) -> bytes:
    """Return a registry as a message's content. Raises ValueError where the version has none."""
    if version is not Version.V1_3:
        raise ValueError(f"version {version.value} has no registries: send them with 1.3")
    return render_registry(records, signer).encode()


def selector_block(timestamp: datetime, selector: MessageType | None, node_id: str | None, version: Version) -> Block:
    """Return MessageTypeSelector."""
    chosen = ""
    if selector is not None:
        chosen = (
            f"<ns1:NamespaceURI>{text(selector.namespace)}</ns1:NamespaceURI>"
            f"<ns1:RootElementLocalName>{text(selector.root)}</ns1:RootElementLocalName>"
        )
    node = "" if node_id is None else f"<ns1:NodeID>{text(node_id)}</ns1:NodeID>"
    return Block(
        written=(
            f'<ns1:MessageTypeSelector xmlns:ns1="{version.basic}" Id="{CALLER_ID}">{chosen}'
            f"<ns1:Timestamp>{stamp(timestamp)}</ns1:Timestamp>{node}</ns1:MessageTypeSelector>"
        )
    )


def timestamp_block(timestamp: datetime, version: Version) -> Block:
    """Return Timestamp."""
    name = f'ns1:Timestamp xmlns:ns1="{version.basic}" Id="{CALLER_ID}"'
    return Block(written=f"<{name}>{stamp(timestamp)}</ns1:Timestamp>")


def answer_block(version: Version, head: str, rejections: Sequence[Rejection], status: BusinessStatus | None) -> Block:
    """Return SenderProvidedResponseData that refuses a request, or says how it stands."""
    said = "".join(
        f"<ns1:RequestRejected><ns1:RejectionReasonCode>{rejection.code.value}</ns1:RejectionReasonCode>"
        f"<ns1:RejectionReasonDescription>{text(rejection.description)}</ns1:RejectionReasonDescription>"
        "</ns1:RequestRejected>"
        for rejection in rejections
    )
    if status is not None:
        said += _status(status)
    name = "ns1:SenderProvidedResponseData"
    return Block(written=f'<{name} xmlns:ns1="{version.types}" Id="{CALLER_ID}">{head}{said}</{name}>')


def signed_call(
    operation: Operation,
    block: Block,
    signer: Signer,
    version: Version,
    *,
    before: str = "",
    contents: str = "",
    routing: Routing | None = None,
) -> bytes:
    """Sign the block and put both into the envelope of the operation, `contents` between them, the routing behind."""
    written = block.written
    if block.plain:
        canonical = written.encode()
    else:
        canonical = normalize(xml.parse(written.encode()))
        # Values of xsi:type name types by prefix, and a signature inside is over its own prefixes: such a block travels
        # as it is, since renamed prefixes break them.
        if not any(space in canonical for space in _PREFIXES_MATTER):
            written = canonical.decode()
    signature = xmldsig.sign(canonical, reference=CALLER_ID, signer=signer)
    routed = "" if routing is None else _routing(routing, signer)
    name = operation.asked
    return envelope.wrap(
        f'<typ:{name} xmlns:typ="{version.types}">{before}{written}{contents}<typ:CallerInformationSystemSignature>'
        f"{signature}</typ:CallerInformationSystemSignature>{routed}</typ:{name}>"
    )


def _routing(routing: Routing, signer: Signer) -> str:
    block = render_routing(routing)
    signature = xmldsig.sign(block.encode(), reference=ROUTING_ID, signer=signer)
    return (
        f'<rou:Routing xmlns:rou="{Version.V1_3.routing}">{block}<rou:RoutingSignature>{signature}'
        "</rou:RoutingSignature></rou:Routing>"
    )


def _status(status: BusinessStatus) -> str:
    parameters = "".join(
        f"<ns1:StatusParameter><ns1:Key>{text(key)}</ns1:Key><ns1:Value>{text(value)}</ns1:Value></ns1:StatusParameter>"
        for key, value in status.parameters
    )
    return (
        f"<ns1:RequestStatus><ns1:StatusCode>{status.code:d}</ns1:StatusCode>{parameters}"
        f"<ns1:StatusDescription>{text(status.description)}</ns1:StatusDescription></ns1:RequestStatus>"
    )
