"""The exchange as an independent SOAP client sees it: zeep loads the WSDL, ours or the official, and speaks by it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import zeep
import zeep.exceptions
from lxml import etree

from socert.contracts.portal import account
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version
from socert.contracts.xml import parse
from socert.simulator.portal.query import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import Signer


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A participant that knows nothing but the WSDL of one version and how to sign."""

    version: Version
    address: str
    client: Any
    service: Any
    signer: Signer
    clock: Callable[[], datetime]
    schema: etree.XMLSchema | None
    """The official one, where the WSDL is."""

    def selector(self, wanted: MessageType) -> dict[str, Any]:
        """Return a selector as zeep wants it: it knows no optional sequence, so a type must be named."""
        return {
            "NamespaceURI": wanted.namespace,
            "RootElementLocalName": wanted.root,
            "Timestamp": self.clock(),
            "Id": "x",
        }

    def signed(self, envelope: Any, name: str) -> Any:
        """Sign the element `name` of an envelope that zeep built, which has no signature or an empty one."""
        # What is signed is what the receiver will parse.
        document = parse(etree.tostring(envelope))
        target = next(document.iter(f"{{{self.version.types}}}{name}", f"{{{self.version.basic}}}{name}"))
        target.set("Id", "ZEEP")
        signature = xmldsig.sign(normalize(target), reference="ZEEP", signer=self.signer)
        parent = target.getparent()
        assert parent is not None
        name = f"{{{self.version.types}}}CallerInformationSystemSignature"
        holder = parent.find(name)
        if holder is None:
            holder = etree.SubElement(parent, name)
        holder.clear()
        holder.append(etree.fromstring(signature))
        return document

    def check(self, envelope: etree._Element) -> None:
        """Check what stands in a body against the official schema."""
        if self.schema is not None:
            self.schema.assertValid(envelope[-1][0])

    async def speak(self, operation: str, block: str, **parameters: Any) -> Any:
        """Build a call with zeep, sign it, post it with zeep's transport, read the reply with zeep."""

        def work() -> Any:
            envelope = self.client.create_message(self.service, operation, **parameters)
            data = etree.tostring(self.signed(envelope, block))
            bound = self.service._binding
            headers = {"SOAPAction": f'"urn:{operation}"', "Content-Type": "text/xml; charset=utf-8"}
            response = self.client.transport.post(self.address, data, headers)
            for said in (data, response.content):
                self.check(etree.fromstring(said))
            return bound.process_reply(self.client, bound.get(operation), response)

        return await asyncio.to_thread(work)

    async def send_request(self, message_id: str, content: Any) -> Any:
        data = {"MessageID": message_id, "MessagePrimaryContent": {"_value_1": etree.fromstring(content.render())}}
        return await self.speak("SendRequest", "SenderProvidedRequestData", SenderProvidedRequestData=data)

    async def send_response(self, message_id: str, to: str, content: Any) -> Any:
        data = {
            "MessageID": message_id,
            "To": to,
            "MessagePrimaryContent": {"_value_1": etree.fromstring(content.render())},
        }
        return await self.speak("SendResponse", "SenderProvidedResponseData", SenderProvidedResponseData=data)

    async def get(self, operation: str, wanted: MessageType) -> Any:
        return await self.speak(operation, "MessageTypeSelector", MessageTypeSelector=self.selector(wanted))

    async def ack(self, message_id: str) -> Any:
        target = {"_value_1": message_id, "Id": "x", "accepted": True}
        return await self.speak("Ack", "AckTargetMessage", AckTargetMessage=target)

    async def ask_at(self, operation: str) -> Any:
        """Call an operation that says nothing but what time it is."""
        empty = etree.Element("{http://www.w3.org/2000/09/xmldsig#}Signature")  # GetStatus must have one
        return await self.speak(
            operation,
            "Timestamp",
            Timestamp={"_value_1": self.clock(), "Id": "x"},
            CallerInformationSystemSignature={"_value_1": empty},
        )


@pytest.fixture(params=list(Version))
def version(request: pytest.FixtureRequest) -> Version:
    """The version that is spoken."""
    return Version(request.param)


@pytest.fixture
def address(region: Any, version: Version) -> str:
    """Where the simulator speaks the version."""
    return f"{region.simulator.url}/smev/{version.value}"


@pytest.fixture(params=["served", "official"])
async def peer(request: pytest.FixtureRequest, region: Any, version: Version, address: str) -> AsyncIterator[Peer]:
    """A participant made from the WSDL that the simulator serves, or from the official one, told only the address."""
    place, schema = f"{address}?wsdl", None
    if request.param == "official":
        folder: Path = request.getfixturevalue("oracles") / "smev3" / "schemas" / version.value
        place = str(folder / f"smev-message-exchange-service-{version.value}.wsdl")
        schema = etree.XMLSchema(etree.parse(folder / f"_all-{version.value}.xsd"))
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_external=False)
    client = await asyncio.to_thread(zeep.Client, place, settings=settings)
    yield Peer(
        version=version,
        address=address,
        client=client,
        service=client.create_service(f"{{{version.service}}}SMEVMessageExchangeSoap11Binding", address),
        signer=region.signer,
        clock=region.simulator.clock,
        schema=schema,
    )
    client.transport.session.close()


def inside(got: Any, holder: str, name: str) -> Any:
    """Return what a delivery brings; zeep leaves out the holder where it is all that there is."""
    return getattr(got, holder)[name] if hasattr(got, holder) else got[name]


async def test_service_is_where_the_wsdl_was(region: Any, version: Version, address: str) -> None:
    client = await asyncio.to_thread(zeep.Client, f"{address}?wsdl")
    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    client.transport.session.close()

    assert service.name == "SMEVMessageExchangeService"
    assert port.name == "SMEVMessageExchangeEndpoint"
    assert port.binding_options["address"] == address
    assert set(port.binding._operations) == OPERATIONS_OF[version]


async def test_push_and_its_answer(peer: Peer, region: Any) -> None:
    message_id = region.ids()

    sent = await peer.send_request(message_id, region.batch(region.certificate(1)))
    await region.simulator.consumer.at_rest()
    answer = inside(await peer.get("GetResponse", account.RESPONSE), "ResponseMessage", "Response")
    data = answer["SenderProvidedResponseData"]
    acknowledged = await peer.ack(data["MessageID"])

    assert sent["MessageMetadata"]["Status"] == "requestIsQueued"
    assert sent["MessageMetadata"]["MessageId"] == message_id
    assert answer["OriginalMessageId"] == message_id
    assert answer["MessageMetadata"]["Sender"]["Mnemonic"] == "EPGU"
    body = data["MessagePrimaryContent"]["_value_1"]
    assert account.read_update_response(parse(etree.tostring(body))).code == 0
    assert acknowledged is None
    assert region.simulator.queues.sizes() == []


async def test_question_and_the_answer_to_it(peer: Peer, region: Any) -> None:
    await region.push(region.certificate(1))
    child = region.simulator.people.child_by_snils("11223344595")
    arrived = asyncio.Event()
    region.simulator.node.on_delivery(lambda _recipient: arrived.set())
    searching = asyncio.create_task(region.simulator.queries.search(child))
    await arrived.wait()

    request = inside(await peer.get("GetRequest", pf.REQUEST), "RequestMessage", "Request")
    data = request["SenderProvidedRequestData"]
    asked = pf.read_request(parse(etree.tostring(data["MessagePrimaryContent"]["_value_1"])))
    acknowledged = await peer.ack(data["MessageID"])
    sent = await peer.send_response(region.ids(), request["ReplyTo"], region.found(asked))
    answer = await searching

    assert acknowledged is None
    assert sent["MessageMetadata"]["Status"] == "requestIsQueued"
    assert answer.outcome is Outcome.FOUND
    assert answer.order_id == asked.order_id
    assert region.simulator.queues.sizes() == []


async def test_empty_queues_have_nothing_in_their_replies(peer: Peer) -> None:
    assert await peer.get("GetRequest", pf.REQUEST) is None
    assert await peer.get("GetResponse", account.RESPONSE) is None
    assert await peer.ask_at("GetStatus") is None


async def test_queue_statistics_are_of_the_oldest_version(peer: Peer, region: Any) -> None:
    operation = Operation.GET_INCOMING_QUEUE_STATISTICS
    if peer.version is not Version.V1_1:
        assert operation not in peer.service._binding._operations
        return
    await peer.send_request(region.ids(), region.batch(region.certificate(1)))
    await region.simulator.consumer.at_rest()
    assert sum(one["pendingMessageNumber"] for one in await peer.ask_at(operation.value)) == 1


async def test_unsigned_call_is_a_soap_fault(peer: Peer) -> None:
    with pytest.raises(zeep.exceptions.Fault) as caught:
        await asyncio.to_thread(peer.service.GetRequest, MessageTypeSelector=peer.selector(pf.REQUEST))

    fault = caught.value
    assert fault.message == (
        "Сообщение содержит не все вложенные элементы. Блок CallerInformationSystemSignature отсутствует либо пуст."
    )
    assert fault.code.endswith(":Server")
    detail = fault.detail[0]
    assert detail.tag == f"{{{peer.version.faults}}}InvalidContent"
    assert detail.findtext(f"{{{peer.version.basic}}}Description").startswith("SMEV-403:")


async def test_schemas_are_served_beside_the_wsdl(region: Any, address: str) -> None:
    url = address
    async with region.http.get(f"{url}?wsdl") as response:
        assert response.content_type == "text/xml"
        wsdl = etree.fromstring(await response.read())
    links = {element.get("schemaLocation") for element in _imports(wsdl)}
    assert links
    for link in links:
        async with region.http.get(link) as response:
            assert response.status == 200
            links_inside = [
                element.get("schemaLocation") for element in _imports(etree.fromstring(await response.read()))
            ]
        assert all(str(inside).startswith(f"{url}?xsd=") for inside in links_inside)


@pytest.mark.parametrize("query", ["", "?xsd=nothing.xsd", "?xsd=../version.py", "?xsd=service.wsdl"])
async def test_anything_else_is_not_there(region: Any, query: str) -> None:
    async with region.http.get(region.simulator.exchange_url + query) as response:
        assert response.status == 404
        assert response.content_type == "text/plain"


def _imports(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter("{http://www.w3.org/2001/XMLSchema}import")
