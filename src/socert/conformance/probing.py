"""Asking a live exchange: calls that it must answer, and calls that it must refuse, each kept with its reply.

Nothing of the stand's own is touched: answers are asked for under a NodeID of our own, whose queue is empty but for
answers to what is sent here, and only those are acknowledged.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

import aiohttp

from socert.conformance.description import imports
from socert.conformance.errors import EndpointUnreached
from socert.conformance.message import Message, is_delivery
from socert.conformance.session import Exchange, Session
from socert.contracts.message import MessageType
from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.smev import call
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import OPERATIONS_OF, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.version import Version

NODE: Final = "socert-conformance"
UNKNOWN: Final = MessageType(namespace="urn:socert:conformance:unknown", root="Unknown")
_NOBODYS_CONTENT: Final = f'<u:Unknown xmlns:u="{UNKNOWN.namespace}"></u:Unknown>'.encode()
_DAYS_AGO: Final = timedelta(days=10)
_POLLS: Final = 20
_PAUSE_SECONDS: Final = 0.5
_MOST_SCHEMAS: Final = 20
_TEXT_XML: Final = "text/xml; charset=utf-8"
_SIGNATURE_BLOCK: Final = b"CallerInformationSystemSignature>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The exchange asked: its address and version, who asks, and the business message that it is to take, if any."""

    url: str
    version: Version
    signer: Signer
    clock: Callable[[], datetime]
    content: bytes | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Probed:
    """What came of asking: the WSDL (None where none was given), schemas by address, exchanges by the probe's name.

    `lost` are the addresses of schemas that were named but not given out.
    """

    version: Version
    wsdl: bytes | None = None
    schemas: dict[str, bytes] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def reply(self, name: str) -> Message | None:
        """Return the reply to a probe, None where there was none or it was not asked."""
        found = self.exchanges.get(name)
        return None if found is None else found.reply

    @property
    def session(self) -> Session:
        """All that was said, in its order."""
        return Session(exchanges=tuple(self.exchanges.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Probe:
    """A call to make: its bytes and headers."""

    name: str
    data: bytes
    action: str = ""
    content_type: str = _TEXT_XML


async def probe(target: Target, *, timeout_seconds: float = 30.0) -> Probed:
    """Ask everything. Raises EndpointUnreached where nobody answers at all."""
    probed = Probed(version=target.version)
    limit = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=limit, auto_decompress=True) as http:
        probed = await _describe(http, target, probed)
        for one in _probes(target):
            probed.exchanges[one.name] = await _ask(http, target, one)
        await _fetch(http, target, probed)
    return probed


async def _describe(http: aiohttp.ClientSession, target: Target, probed: Probed) -> Probed:
    """Fetch the WSDL and the schemas that it names, and those that these name."""
    address = f"{target.url}?wsdl"
    try:
        wsdl = await _get(http, address)
    except aiohttp.InvalidURL:
        raise EndpointUnreached(f"{target.url} is no address") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise EndpointUnreached(f"nobody answers at {target.url}: {error}") from None
    waiting = [urljoin(address, place) for place in imports(wsdl or b"")]
    while waiting and len(probed.schemas) + len(probed.lost) < _MOST_SCHEMAS:
        place = waiting.pop(0)
        if place in probed.schemas or place in probed.lost:
            continue
        try:
            data = await _get(http, place)
        except (aiohttp.ClientError, TimeoutError):
            data = None
        if data is None:
            probed.lost.append(place)
            continue
        probed.schemas[place] = data
        waiting += [urljoin(place, further) for further in imports(data)]
    return Probed(version=target.version, wsdl=wsdl, schemas=probed.schemas, lost=probed.lost)


async def _get(http: aiohttp.ClientSession, address: str) -> bytes | None:
    async with http.get(address) as response:
        data = await response.read()
        return data if response.status == 200 else None


async def _ask(http: aiohttp.ClientSession, target: Target, one: _Probe) -> Exchange:
    """Make one call; a connection that breaks is a call without a reply."""
    headers = {"Content-Type": one.content_type, "SOAPAction": f'"{one.action}"'}
    asked = Message(
        name=f"{one.name}.request",
        data=one.data,
        headers={name.lower(): value for name, value in headers.items()},
        method="POST",
        moment=target.clock(),
        to_exchange=True,
    )
    try:
        async with http.post(target.url, data=one.data, headers=headers) as response:
            answered = Message(
                name=f"{one.name}.response",
                data=await response.read(),
                headers={name.lower(): value for name, value in response.headers.items()},
                status=response.status,
                moment=target.clock(),
                to_exchange=False,
            )
    except (aiohttp.ClientError, TimeoutError):
        return Exchange(call=asked, reply=None)
    return Exchange(call=asked, reply=answered)


async def _fetch(http: aiohttp.ClientSession, target: Target, probed: Probed) -> None:
    """Fetch and acknowledge the answer to what was sent, then ask once more."""
    if "send" in probed.exchanges and (taken := probed.reply("send")) is not None and taken.status == 200:
        for _ in range(_POLLS):
            exchange = await _ask(http, target, _poll(target, "answer"))
            probed.exchanges["answer"] = exchange
            if exchange.reply is not None and is_delivery(exchange.reply):
                message_id = exchange.reply.message_id
                data = call.ack(message_id=message_id, signer=target.signer, version=target.version)
                probed.exchanges["ack"] = await _ask(http, target, _Probe(name="ack", data=data, action="urn:Ack"))
                break
            await asyncio.sleep(_PAUSE_SECONDS)
    probed.exchanges["empty"] = await _ask(http, target, _poll(target, "empty"))


def _poll(target: Target, name: str) -> _Probe:
    data = call.get_response(timestamp=target.clock(), signer=target.signer, node_id=NODE, version=target.version)
    return _Probe(name=name, data=data, action=Operation.GET_RESPONSE.action)


def _probes(target: Target) -> Iterator[_Probe]:
    """Yield the calls in the order in which they are made."""
    yield from _operations(target)
    yield from _bad_signatures(target)
    yield from _bad_bytes(target)
    yield from _sent(target)


def _operations(target: Target) -> Iterator[_Probe]:
    """Yield one call of each operation that has nothing to send."""
    now, signer, version = target.clock(), target.signer, target.version
    nobodys_id = MessageIds(target.clock)()
    calls = {
        Operation.GET_REQUEST: call.get_request(timestamp=now, signer=signer, selector=UNKNOWN, version=version),
        Operation.GET_RESPONSE: call.get_response(timestamp=now, signer=signer, selector=UNKNOWN, version=version),
        Operation.GET_STATUS: call.get_status(timestamp=now, signer=signer, version=version),
        Operation.ACK: call.ack(message_id=nobodys_id, signer=signer, version=version),
        Operation.SEND_REQUEST: call.send_request(
            message_id=MessageIds(target.clock)(), content=_NOBODYS_CONTENT, signer=signer, version=version
        ),
        Operation.SEND_RESPONSE: call.send_response(
            message_id=MessageIds(target.clock)(), to="nobody", content=_NOBODYS_CONTENT, signer=signer, version=version
        ),
    }
    statistics = Operation.GET_INCOMING_QUEUE_STATISTICS
    if statistics in OPERATIONS_OF[version]:
        calls[statistics] = call.get_incoming_queue_statistics(timestamp=now, signer=signer)
    for operation, data in calls.items():
        yield _Probe(name=operation.value, data=data, action=operation.action)


def _bad_signatures(target: Target) -> Iterator[_Probe]:
    """Yield calls of GetStatus whose signature does not hold: it takes nothing that anybody waits for."""
    version, now = target.version, target.clock()
    good = call.get_status(timestamp=now, signer=target.signer, version=version)
    action = Operation.GET_STATUS.action
    start, end = good.find(b"<typ:" + _SIGNATURE_BLOCK), good.rfind(b"</typ:" + _SIGNATURE_BLOCK)
    unsigned = good[:start] + good[end + len(b"</typ:" + _SIGNATURE_BLOCK) :]
    yield _Probe(name="unsigned", data=unsigned, action=action)
    other = call.get_status(timestamp=now + timedelta(seconds=1), signer=target.signer, version=version)
    yield _Probe(name="wrong-digest", data=_mixed(good, other, b"<ns1:Timestamp", b"</ns1:Timestamp>"), action=action)
    value = (b"<ds:SignatureValue>", b"</ds:SignatureValue>")
    yield _Probe(name="wrong-value", data=_mixed(good, other, *value), action=action)
    made = testkeys.make(
        "Conformance stranger", organisation="Conformance", now=now, suite=target.signer.suite,
        requisites=testkeys.MADE_UP,
    )  # fmt: skip
    stranger = KeySigner.from_files(made.key_pem, made.certificate_pem)
    yield _Probe(name="stranger", data=call.get_status(timestamp=now, signer=stranger, version=version), action=action)


def _bad_bytes(target: Target) -> Iterator[_Probe]:
    """Yield calls that are none, or come in a wrong way."""
    good = call.get_status(timestamp=target.clock(), signer=target.signer, version=target.version)
    action = Operation.GET_STATUS.action
    yield _Probe(name="not-xml", data=b"this is no XML", action=action)
    head, _, rest = good.partition(b"?>")
    yield _Probe(name="doctype", data=head + b'?><!DOCTYPE a [<!ENTITY e "x">]>' + rest, action=action)
    broken = good.replace(b"GetStatusRequest", b"GetNothingRequest")
    yield _Probe(name="unknown-operation", data=broken, action="urn:GetNothing")
    invalid = call.get_status(timestamp=target.clock(), signer=target.signer, version=target.version)
    invalid = invalid.replace(b"</typ:GetStatusRequest>", b"<typ:Surplus></typ:Surplus></typ:GetStatusRequest>")
    yield _Probe(name="schema", data=invalid, action=action)
    yield _Probe(name="content-type", data=good, action=action, content_type="application/json")
    body, kind = _as_multipart(good)
    yield _Probe(name="multipart", data=body, action=action, content_type=kind)
    yield _Probe(name="truncated", data=body[: len(body) // 2], action=action, content_type=kind)


def _sent(target: Target) -> Iterator[_Probe]:
    """Yield what only an exchange that takes the message can answer; nothing where there is no message."""
    action = Operation.SEND_REQUEST.action
    if target.content is None:
        return
    ids = MessageIds(target.clock)
    old = MessageIds(lambda: target.clock() - _DAYS_AGO)
    first = _request(target, ids())
    yield _Probe(name="stale", data=_request(target, old()), action=action)
    fourth = f"{ids()[:14]}4{ids()[15:]}"
    yield _Probe(name="uuid-4", data=_request(target, fourth), action=action)
    yield _Probe(name="send", data=first, action=action)
    yield _Probe(name="duplicate", data=first, action=action)


def _request(target: Target, message_id: str) -> bytes:
    assert target.content is not None
    return call.send_request(
        message_id=message_id,
        reference_message_id=message_id,
        content=target.content,
        signer=target.signer,
        version=target.version,
        node_id=NODE,
    )


def _mixed(good: bytes, other: bytes, start: bytes, end: bytes) -> bytes:
    """Return `good` with the piece between two marks taken from `other`."""
    piece = other[other.index(start) : other.index(end)]
    return good[: good.index(start)] + piece + good[good.index(end) :]


def _as_multipart(data: bytes) -> tuple[bytes, str]:
    """Return a message as the only part of a multipart/related one."""
    boundary = "socert-conformance-boundary"
    head = (
        f'--{boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\n'
        "Content-Transfer-Encoding: binary\r\nContent-ID: <root@conformance>\r\n\r\n"
    )
    kind = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<root@conformance>"; '
        'start-info="text/xml"'
    )
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode(), kind
