"""The exchange as an independent SOAP client sees it: zeep loads the WSDL over HTTP and speaks by it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import zeep
import zeep.exceptions
from lxml import etree

from socert.contracts.portal import account
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev.version import Version
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

V = Version.V1_2


@pytest.fixture
async def client(region: Any) -> Any:
    """A zeep client made from the WSDL that the simulator serves."""
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_external=False)
    made = await asyncio.to_thread(zeep.Client, f"{region.simulator.exchange_url}?wsdl", settings=settings)
    yield made
    made.transport.session.close()


def selector(region: Any) -> dict[str, Any]:
    """Return a selector as zeep wants it: it knows no optional sequence, so a type must be named."""
    wanted = account.RESPONSE
    return {
        "NamespaceURI": wanted.namespace,
        "RootElementLocalName": wanted.root,
        "Timestamp": region.simulator.clock(),
        "Id": "x",
    }


def signed(envelope: Any, name: str, signer: Any) -> Any:
    """Sign the element `name` of an envelope that zeep built; zeep left the place for the signature out."""
    target = next(envelope.iter(f"{{{V.types}}}{name}", f"{{{V.basic}}}{name}"))
    target.set("Id", "ZEEP")
    # What is signed is what the receiver will parse.
    document = parse(etree.tostring(envelope))
    target = next(document.iter(f"{{{V.types}}}{name}", f"{{{V.basic}}}{name}"))
    signature = xmldsig.sign(normalize(target), reference="ZEEP", signer=signer)
    parent = target.getparent()
    assert parent is not None
    holder = etree.SubElement(parent, f"{{{V.types}}}CallerInformationSystemSignature")
    holder.append(etree.fromstring(signature))
    return document


async def speak(client: Any, region: Any, operation: str, block: str, **parameters: Any) -> Any:
    """Build a call with zeep, sign it, post it with zeep's transport, read the reply with zeep."""

    def work() -> Any:
        envelope = client.create_message(client.service, operation, **parameters)
        data = etree.tostring(signed(envelope, block, region.signer))
        bound = client.service._binding
        headers = {"SOAPAction": f'"urn:{operation}"', "Content-Type": "text/xml; charset=utf-8"}
        response = client.transport.post(region.simulator.exchange_url, data, headers)
        return bound.process_reply(client, bound.get(operation), response)

    return await asyncio.to_thread(work)


def test_service_is_where_the_wsdl_was(client: Any, region: Any) -> None:
    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()

    assert service.name == "SMEVMessageExchangeService"
    assert port.binding_options["address"] == region.simulator.exchange_url
    assert sorted(port.binding._operations) == [
        "Ack",
        "GetRequest",
        "GetResponse",
        "GetStatus",
        "SendRequest",
        "SendResponse",
    ]


async def test_push_and_its_answer(client: Any, region: Any) -> None:
    message_id = region.ids()
    content = etree.fromstring(region.batch(region.certificate(1)).render())

    sent = await speak(
        client,
        region,
        "SendRequest",
        "SenderProvidedRequestData",
        SenderProvidedRequestData={"MessageID": message_id, "MessagePrimaryContent": {"_value_1": content}},
    )
    await region.simulator.consumer.at_rest()
    got = await speak(
        client,
        region,
        "GetResponse",
        "MessageTypeSelector",
        MessageTypeSelector=selector(region),
    )
    answer = got["Response"]
    data = answer["SenderProvidedResponseData"]
    acknowledged = await speak(
        client,
        region,
        "Ack",
        "AckTargetMessage",
        AckTargetMessage={"_value_1": data["MessageID"], "Id": "x", "accepted": True},
    )

    assert sent["MessageMetadata"]["Status"] == "requestIsQueued"
    assert sent["MessageMetadata"]["MessageId"] == message_id
    assert answer["OriginalMessageId"] == message_id
    assert answer["MessageMetadata"]["Sender"]["Mnemonic"] == "EPGU"
    body = data["MessagePrimaryContent"]["_value_1"]
    assert account.read_update_response(parse(etree.tostring(body))).code == 0
    assert acknowledged is None
    assert region.simulator.queues.sizes() == []


async def test_unsigned_call_is_a_soap_fault(client: Any, region: Any) -> None:
    def work() -> None:
        client.service.GetRequest(MessageTypeSelector=selector(region))

    with pytest.raises(zeep.exceptions.Fault) as caught:
        await asyncio.to_thread(work)

    fault = caught.value
    assert fault.message == (
        "Сообщение содержит не все вложенные элементы. Блок CallerInformationSystemSignature отсутствует либо пуст."
    )
    assert fault.code.endswith(":Server")
    detail = fault.detail[0]
    assert detail.tag == f"{{{V.faults}}}InvalidContent"
    assert detail.findtext(f"{{{V.basic}}}Description").startswith("SMEV-403:")


async def test_schemas_are_served_beside_the_wsdl(region: Any) -> None:
    url = region.simulator.exchange_url
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
