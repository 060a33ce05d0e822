"""The node over HTTP: POST a call, GET the WSDL and its schemas; faults that a tester ordered befall the calls here."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from aiohttp import web
from lxml import etree

from socert.contracts.smev.fault_texts import Cause
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version, files
from socert.simulator.control.faults import Trouble

if TYPE_CHECKING:
    from socert.simulator.control.faults import Faults
    from socert.simulator.smev.node import Node

_WSDL = "service.wsdl"
_WSDL_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_XS = "http://www.w3.org/2001/XMLSchema"
_XML = "text/xml"
_OPERATION = re.compile(rb"<(?:[^\s<>/:]+:)?(Send|Get|Ack)(Request|Response|Status)?Request[\s>/]")


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
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _soap(500, self._node.too_big(self._limit))
        operation = _operation(request.headers.get("SOAPAction", ""), data)
        trouble = self._faults.next(operation)
        if trouble is not None:
            match trouble.trouble:
                case Trouble.SMEV_FAILURE:
                    return _soap(500, self._node.refuse(Cause.SMEV_FAILURE, operation))
                case Trouble.DESTINATION_OVERFLOW:
                    return _soap(500, self._node.refuse(Cause.DESTINATION_OVERFLOW, operation))
                case Trouble.DROP_BEFORE:
                    return self._cut(request, operation)
                case Trouble.DELAY:
                    await asyncio.sleep(trouble.seconds)
        status, body = await self._node.handle(data, request.headers.get("Content-Type", _XML))
        if trouble is not None and trouble.trouble is Trouble.DROP_AFTER:
            return self._cut(request, operation)
        return _soap(status, body)

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


def _soap(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type=_XML, charset="utf-8")


def _operation(action: str, data: bytes) -> Operation | None:
    """Return which operation a call is meant to be: by its SOAPAction, else by its first element's name."""
    name = action.strip().strip('"').removeprefix("urn:")
    if name in set(Operation):
        return Operation(name)
    found = _OPERATION.search(data)
    if found is None:
        return None
    name = (found[1] + (found[2] or b"")).decode()
    return Operation(name) if name in set(Operation) else None


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
