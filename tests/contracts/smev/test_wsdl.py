"""The WSDL: it loads, says what the code says, equals the official one, and clients made from either understand us."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
import zeep
import zeep.exceptions
import zeep.transports
from lxml import etree

from socert.contracts.smev import call, reply
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.fault_xml import exists
from socert.contracts.smev.faults import FaultKind, faults_of
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.reply import Metadata
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.contracts.smev.version import PACKAGE, Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from socert.contracts.signature.signer import Signer

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
ID = "b077cd84-3959-11f1-b8b2-0242333cce59"
pytestmark = pytest.mark.parametrize("version", list(Version))


@pytest.fixture
def ours(version: Version) -> str:
    return str(resources.files(PACKAGE) / "schemas" / version.value / "service.wsdl")


@pytest.fixture
def theirs(oracles: Path, version: Version) -> str:
    return str(oracles / "smev3" / "schemas" / version.value / f"smev-message-exchange-service-{version.value}.wsdl")


def resolved(node: etree._Element, written: str | None) -> str:
    """Resolve a QName written in a WSDL."""
    prefix, _, local = (written or "").rpartition(":")
    return f"{{{node.nsmap.get(prefix or None)}}}{local}"


def contract(place: str) -> dict[str, Any]:
    """Return what a WSDL promises: names, elements, operations, actions, faults; no prose and no address."""
    root = etree.parse(place).getroot()
    port_type, binding, service = (root.find(f"{WSDL}{name}") for name in ("portType", "binding", "service"))
    assert port_type is not None
    assert binding is not None
    assert service is not None
    port = service.find(f"{WSDL}port")
    transport = binding.find(f"{SOAP}binding")
    assert port is not None
    assert transport is not None
    return {
        "namespace": root.get("targetNamespace"),
        "imported": {part.get("namespace") for part in root.iter("{http://www.w3.org/2001/XMLSchema}import")},
        "messages": {
            message.get("name"): [
                (part.get("name"), resolved(part, part.get("element"))) for part in message.iterchildren(f"{WSDL}part")
            ]
            for message in root.iterchildren(f"{WSDL}message")
        },
        "port type": port_type.get("name"),
        "operations": {
            operation.get("name"): {
                (etree.QName(part).localname, part.get("name"), resolved(part, part.get("message")))
                for part in operation
                if part.tag in {f"{WSDL}input", f"{WSDL}output", f"{WSDL}fault"}
            }
            for operation in port_type.iterchildren(f"{WSDL}operation")
        },
        "binding": (binding.get("name"), resolved(binding, binding.get("type"))),
        "transport": (transport.get("transport"), transport.get("style", "document")),
        "bound": {
            operation.get("name"): {
                (
                    *(etree.QName(step).localname for step in (part.getparent(), part) if step is not None),
                    part.get("soapAction"),
                    part.get("use"),
                    part.get("name"),
                )
                for part in operation.iter(f"{SOAP}*")
            }
            for operation in binding.iterchildren(f"{WSDL}operation")
        },
        "service": service.get("name"),
        "port": (port.get("name"), resolved(port, port.get("binding"))),
        "policy": sorted(
            etree.QName(one).localname for one in root.iter("{http://schemas.xmlsoap.org/ws/2004/09/policy}*")
        ),
    }


def test_the_wsdl_promises_what_the_official_one_does(ours: str, theirs: str, version: Version) -> None:
    own, official = contract(ours), contract(theirs)
    assert len(official["operations"]) == (7 if version is Version.V1_1 else 6)
    assert sum(kind == "fault" for parts in official["operations"].values() for kind, _, _ in parts) >= 50
    assert official["imported"] >= {version.types, version.faults}
    for part in official:
        assert own[part] == official[part], part


def test_the_wsdl_says_what_the_code_says(ours: str, version: Version) -> None:
    said = contract(ours)
    assert said["namespace"] == version.service
    assert (said["service"], said["port"][0]) == ("SMEVMessageExchangeService", "SMEVMessageExchangeEndpoint")
    assert set(said["operations"]) == OPERATIONS_OF[version]
    for operation in OPERATIONS_OF[version]:
        faults = {
            said["messages"][message.rpartition("}")[2]][0][1]
            for kind, _, message in said["operations"][operation]
            if kind == "fault"
        }
        assert faults == {f"{{{version.faults}}}{kind.value}" for kind in faults_of(operation, version)}
        assert ("operation", "operation", operation.action, None, None) in said["bound"][operation]
        asked, answered = (said["messages"][f"{name}Msg"] for name in (operation.asked, operation.answered))
        assert (asked, answered) == (
            [("parameters", f"{{{version.types}}}{operation.asked}")],
            [("parameters", f"{{{version.types}}}{operation.answered}")],
        )


class Answering(zeep.transports.Transport):
    """A transport without a network: each post is answered with prepared bytes."""

    def __init__(self, status: int, answer: bytes, content_type: str = "text/xml; charset=utf-8") -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types
        self.status, self.answer, self.content_type = status, answer, content_type
        self.posted = b""

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:
        self.posted, self.headers = message, headers

        class Response:
            status_code = self.status
            content = self.answer
            headers = {"Content-Type": self.content_type}  # noqa: RUF012 - as requests has it
            encoding = "utf-8"

        return Response()


@pytest.fixture(params=["ours", "official"])
def place(request: pytest.FixtureRequest, version: Version) -> str:
    """The WSDL that a client is made from."""
    return str(request.getfixturevalue("ours" if request.param == "ours" else "theirs"))


def asked(place: str, status: int, answer: bytes, operation: Operation, **values: Any) -> tuple[Any, Answering]:
    transport = Answering(status, answer)
    client = zeep.Client(place, transport=transport)
    return client.service[operation.value](**values), transport


def test_a_client_made_from_the_wsdl_sends_what_we_open(place: str, version: Version) -> None:
    target = {"_value_1": ID, "Id": "ID_1", "accepted": True}
    got, transport = asked(place, 200, reply.ack_reply(version), Operation.ACK, AckTargetMessage=target)
    opened = call.open_call(transport.posted)
    call.check_schema(opened)
    assert (opened.version, opened.operation, opened.message_id) == (version, Operation.ACK, ID)
    assert opened.accepted is True
    assert transport.headers["SOAPAction"] == '"urn:Ack"'
    assert got is None or not list(got)


def test_a_client_made_from_the_wsdl_understands_that_a_message_is_taken(
    place: str, version: Version, note: Callable[..., Any], now: datetime, exchange: Signer
) -> None:
    metadata = Metadata(
        message_id=ID,
        message_type=MessageCategory.REQUEST,
        sent_at=now,
        sender="A",
        recipient="B",
        status=InteractionStatus.QUEUED,
    )
    content = etree.fromstring(note("да").render())
    got, transport = asked(
        place,
        200,
        reply.send_reply(Operation.SEND_REQUEST, metadata, signer=exchange, version=version),
        Operation.SEND_REQUEST,
        SenderProvidedRequestData={"MessageID": ID, "MessagePrimaryContent": {"_value_1": content}, "Id": "ID_1"},
    )
    assert (got.MessageMetadata.MessageId, got.MessageMetadata.Status) == (ID, "requestIsQueued")
    assert (got.MessageMetadata.SendingTimestamp, got.MessageMetadata.Recipient.Mnemonic) == (now, "B")
    opened = call.open_call(transport.posted)
    call.check_schema(opened)
    assert str(opened.message_type) == "{urn:example:note/1.0}Note"


def test_a_client_made_from_the_wsdl_understands_a_delivery(
    place: str, version: Version, note: Callable[..., Any], now: datetime, caller: Signer, exchange: Signer
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("да"), signer=caller, version=version))
    delivery = reply.request_delivery(
        sender_data=sent.sender_data(),
        sender_signature=sent.sender_signature(),
        metadata=Metadata(message_type=MessageCategory.REQUEST, sent_at=now),
        reply_to="обратно",
        signer=exchange,
        version=version,
    )
    selector = {"NamespaceURI": "urn:x", "RootElementLocalName": "Root", "Timestamp": now}
    got, transport = asked(place, 200, delivery, Operation.GET_REQUEST, MessageTypeSelector=selector)
    assert str(call.open_call(transport.posted).selector) == "{urn:x}Root"
    request = got.RequestMessage.Request if hasattr(got, "RequestMessage") else got.Request
    assert (request.SenderProvidedRequestData.MessageID, request.ReplyTo) == (ID, "обратно")


def test_a_client_made_from_the_wsdl_reads_queue_statistics(place: str, version: Version, now: datetime) -> None:
    operation = Operation.GET_INCOMING_QUEUE_STATISTICS
    if version is not Version.V1_1:
        assert operation not in contract(place)["operations"]
        return
    answer = reply.queue_statistics([reply.QueueStatistics(name="очередь", pending=3)])
    got, transport = asked(place, 200, answer, operation, NodeID="узел", Timestamp={"_value_1": now, "Id": "ID_1"})
    opened = call.open_call(transport.posted)
    call.check_schema(opened)
    assert (opened.operation, opened.node_id, opened.timestamp) == (operation, "узел", now)
    assert [(one.queueName, one.pendingMessageNumber) for one in got] == [("очередь", 3)]


def test_a_client_made_from_our_wsdl_understands_each_fault(ours: str, version: Version) -> None:
    kinds = [kind for kind in FaultKind if exists(kind, version)]
    declared = {kind for one in OPERATIONS_OF[version] for kind in faults_of(one, version)}
    assert {*kinds} - declared == {FaultKind.REQUEST_IS_NOT_FOUND}  # a message of the WSDL that no operation names
    assert declared < {*kinds}
    fields: dict[str, Any] = dict.fromkeys(
        ["message_id", "subject", "namespace", "root", "to", "attachments", "error"], "x"
    )
    target = {"_value_1": ID, "Id": "ID_1", "accepted": True}
    for kind in kinds:
        fault = because(Operation.ACK, next(one for one in Cause if one.kind is kind), **fields)
        with pytest.raises(zeep.exceptions.Fault) as answer:
            asked(ours, 500, reply.fault(fault, version), Operation.ACK, AckTargetMessage=target)
        assert answer.value.message == fault.text
        assert answer.value.code == "soap:Server"
        detail = answer.value.detail[0]
        assert etree.QName(detail).localname == kind.value
        assert detail.findtext(f"{{{version.basic}}}Description") == fault.description
