"""The exchange's addresses: one for each version, its description for SOAP clients, and callers who hang up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import zeep
import zeep.exceptions
from lxml import etree

from socert.contracts.smev.operation import OPERATIONS_OF
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from tests.simulator.conftest import Region

IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


async def fetched(region: Region, url: str) -> etree._Element:
    """Get a description as XML."""
    async with region.http.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "text/xml")
        return etree.fromstring(await answer.read())


@pytest.mark.parametrize("version", list(Version))
async def test_each_version_serves_its_description_and_all_its_schemas(exchange: Region, version: Version) -> None:
    url = exchange.simulator.exchange_address(version)
    assert url.endswith(f"/smev/{version.value}")
    wsdl = await fetched(exchange, f"{url}?wsdl")
    assert wsdl.get("targetNamespace") == version.service
    assert [place.get("location") for place in wsdl.iter(ADDRESS)] == [url]

    waiting, spaces = [str(link.get("schemaLocation")) for link in wsdl.iter(IMPORT)], set()
    while waiting:
        place = waiting.pop()
        assert place.startswith(f"{url}?xsd=")
        schema = await fetched(exchange, place)
        if schema.get("targetNamespace") not in spaces:
            spaces.add(schema.get("targetNamespace"))
            waiting += [str(link.get("schemaLocation")) for link in schema.iter(IMPORT)]

    wanted = {version.types, version.basic, version.faults}
    assert spaces == wanted | ({version.routing, version.directive} if version is Version.V1_3 else set())


@pytest.mark.parametrize("version", list(Version))
async def test_a_soap_client_made_from_the_description_hears_the_fault(exchange: Region, version: Version) -> None:
    def work() -> tuple[set[str], zeep.exceptions.Fault]:
        client = zeep.Client(f"{exchange.simulator.exchange_address(version)}?wsdl")
        (service,) = client.wsdl.services.values()
        (port,) = service.ports.values()
        try:
            with pytest.raises(zeep.exceptions.Fault) as caught:
                client.service.Ack(AckTargetMessage={"_value_1": exchange.ids(), "Id": "x", "accepted": True})
        finally:
            client.transport.session.close()
        return set(port.binding._operations), caught.value

    operations, fault = await asyncio.to_thread(work)

    assert operations == {operation.value for operation in OPERATIONS_OF[version]}
    assert fault.detail[0].tag == f"{{{version.faults}}}InvalidContent"
    assert exchange.simulator.journal.last(1)[0]["reason"] == "signature block missing"


@pytest.mark.parametrize("version", list(Version))
async def test_there_is_no_other_file_and_no_other_version(exchange: Region, version: Version) -> None:
    for query in ("", "?xsd=nothing.xsd", "?xsd=../version.py", "?xsd=service.wsdl", "?xsd=/etc/passwd"):
        async with exchange.http.get(exchange.simulator.exchange_address(version) + query) as answer:
            assert answer.status == 404
    for other in ("1.0", "1.4", "1"):
        async with exchange.http.post(f"{exchange.simulator.url}/smev/{other}", data=b"<a/>") as answer:
            assert answer.status == 404


async def spoken(region: Region, data: bytes) -> bytes:
    """Say bytes to the port and hang up; return what was answered before."""
    host, _, port = region.simulator.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    await writer.drain()
    writer.write_eof()
    answered = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answered


HEAD = b"POST /smev/1.2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 1000\r\n\r\n<a>",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\n<a>",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nodd\r\n<a>",
        HEAD + b"Content-Length: odd\r\n\r\n<a>",
        b"\x16\x03\x01\x02\x00",
        b"POST",
    ],
    ids=["cut", "cut in a chunk", "no chunk", "no length", "tls", "no request"],
)
async def test_a_caller_who_hangs_up_changes_nothing(exchange: Region, data: bytes) -> None:
    answered = await asyncio.wait_for(spoken(exchange, data), timeout=10)

    assert not answered or answered.split()[1] in {b"400", b"500"}
    assert (await exchange.requests()) is None


@pytest.mark.parametrize("head", [b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n10\r\n"])
async def test_a_message_that_stops_in_the_middle_is_in_the_journal(exchange: Region, head: bytes) -> None:
    await asyncio.wait_for(spoken(exchange, HEAD + head + b"<a>"), timeout=10)
    await exchange.requests()

    line = exchange.simulator.journal.last()[0]
    assert (line["outcome"], line["fault"]) == ("fault", "InvalidContent")
    assert line["reason"] == "the connection was closed in the middle of the body"
