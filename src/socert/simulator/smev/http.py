"""The node over HTTP: POST a call, GET the WSDL and its schemas; faults that a tester ordered befall the calls here.

Each version of the contract has an address of its own, /smev/1.2, and takes calls of that version alone. As at the real
exchange, the operation is told by the body's element: SOAPAction may be missing, empty, quoted or not, and even name
another operation; the media type may be any, and decides only whether the body is multipart. What came as multipart is
answered as multipart, and so is what brings attachments.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from lxml import etree

from socert.contracts.smev import multipart
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.version import files
from socert.simulator.control.faults import Trouble
from socert.simulator.smev import checks

if TYPE_CHECKING:
    from socert.contracts.smev.operation import Operation
    from socert.contracts.smev.version import Version
    from socert.simulator.control.faults import Faults
    from socert.simulator.smev.node import Node

_WSDL = "service.wsdl"
_WSDL_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_XS = "http://www.w3.org/2001/XMLSchema"
_XML = "text/xml"
_CONTENTS = b"AttachmentContentList"


class Endpoint:
    """One version of the exchange's service at one address."""

    def __init__(self, node: Node, faults: Faults, version: Version, body_limit: int) -> None:
        self._node = node
        self._faults = faults
        self._version = version
        self._limit = body_limit
        self._files = files(version)

    def setup(self, app: web.Application) -> None:
        """Add the routes to an application."""
        path = f"/smev/{self._version.value}"
        app.add_routes([web.post(path, self._call), web.get(path, self._describe)])

    async def _call(self, request: web.Request) -> web.StreamResponse:
        content_type = request.headers.get("Content-Type", _XML)
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._unread(f"the message is larger than {self._limit} bytes")
        except web.RequestPayloadError:
            return self._unread("the body is not in the encoding it says, or is cut short")
        except ConnectionError:  # nobody hears the answer
            return self._unread("the connection was closed in the middle of the body")
        operation = checks.meant(data, request.headers.get("SOAPAction", ""))
        trouble = self._faults.next(operation, self._version)
        after = False
        if trouble is not None:
            match trouble.trouble:
                case FaultKind() as kind:
                    refused = self._node.refuse(kind, data, content_type, self._version)
                    return _answer(500, refused, content_type)
                case Trouble.DROP_BEFORE:
                    return self._cut(request, operation)
                case Trouble.DROP_AFTER:
                    after = True
                case Trouble.DELAY:
                    await asyncio.sleep(trouble.seconds)
        status, body = await self._node.handle(data, content_type, self._version)
        if after:
            return self._cut(request, operation)
        return _answer(status, body, content_type)

    def _unread(self, reason: str) -> web.Response:
        """Refuse a body that was not read to its end: nothing else can come over this connection."""
        answer = _soap(500, self._node.unreadable(reason, self._version))
        answer.force_close()
        return answer

    def _cut(self, request: web.Request, operation: Operation | None) -> web.Response:
        """Cut the connection: the client sees it closed without an answer."""
        self._node.note_cut(operation)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _describe(self, request: web.Request) -> web.Response:
        if "xsd" in request.query:
            name = request.query["xsd"]
            if name == _WSDL or name not in self._files:
                raise web.HTTPNotFound(text=f"There is no schema {name[:100]}.\n")
            return _soap(200, _relocate(self._files[name], _address(request)))
        if "wsdl" in request.query:
            return _soap(200, _relocate(self._files[_WSDL], _address(request)))
        raise web.HTTPNotFound(text="POST calls here; GET ?wsdl for the description.\n")


def _answer(status: int, body: bytes, asked: str) -> web.Response:
    if not multipart.is_multipart(asked) and _CONTENTS not in body:
        return _soap(status, body)
    parts, content_type = multipart.write(body)
    return web.Response(status=status, body=parts, headers={"Content-Type": content_type})


def _soap(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type=_XML, charset="utf-8")


def _address(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}{request.path}"


def _relocate(data: bytes, address: str) -> bytes:
    """Return a WSDL or a schema whose service address and imports are at `address`."""
    root = etree.fromstring(data)
    for place in root.iter(f"{{{_WSDL_SOAP}}}address"):
        place.set("location", address)
    for link in root.iter(f"{{{_XS}}}import", f"{{{_XS}}}include"):
        name = link.get("schemaLocation")
        if name:
            link.set("schemaLocation", f"{address}?xsd={name}")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
