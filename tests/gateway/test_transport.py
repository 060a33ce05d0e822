"""Envelopes over HTTP: the bytes as they are, and only whole answers that may be SOAP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from socert.adapters.portal import smev
from socert.adapters.portal.smev import SmevTransport
from socert.gateway.ports import DeliveryError, Sent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENVELOPE = "<a>Журавлёв &amp; \r\n</a>".encode()


class Place:
    """A server whose answer a test chooses, and a transport to it."""

    def __init__(self) -> None:
        self.answer: Handler = self.echo
        self.seen: list[tuple[dict[str, str], bytes]] = []
        app = web.Application(client_max_size=0)
        app.router.add_post("/smev", self._handle)
        self.server = TestServer(app)
        self.released = asyncio.Event()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((dict(request.headers), await request.read()))
        return await self.answer(request)

    async def echo(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.seen[-1][1], content_type="text/xml", charset="utf-8")

    async def hang(self, _request: web.Request) -> web.Response:
        await self.released.wait()
        return web.Response()

    async def break_off(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/xml", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"<half")
        assert request.transport is not None
        request.transport.abort()
        return response


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.server:
        yield made
        made.released.set()


async def send(place: Place, seconds: float = 5.0) -> Sent:
    async with SmevTransport(url=str(place.server.make_url("/smev")), timeout=seconds) as transport:
        return await transport.send("SendRequest", ENVELOPE)


def answer(**given: Any) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(**given)

    return handler


async def test_bytes_arrive_as_they_are(place: Place) -> None:
    sent = await send(place)
    ((headers, body),) = place.seen
    assert body == ENVELOPE
    assert headers["SOAPAction"] == '"urn:SendRequest"'
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert sent == Sent(status=200, content_type="text/xml; charset=utf-8", body=ENVELOPE)


async def test_a_fault_is_an_answer(place: Place) -> None:
    place.answer = answer(status=500, body=b"<fault/>", content_type="text/xml")
    assert (await send(place)).status == 500


async def test_a_reply_in_parts_is_an_answer(place: Place) -> None:
    """Real exchanges wrap replies with attachments, and sometimes all of them."""
    place.answer = answer(body=b"--b\r\n", headers={"Content-Type": 'multipart/related; boundary="b"'})
    assert (await send(place)).content_type == 'multipart/related; boundary="b"'


@pytest.mark.parametrize(
    "given",
    [
        {"status": 502, "text": "<html>Bad gateway</html>", "content_type": "text/html"},
        {"status": 503, "body": b"<a/>", "content_type": "text/xml"},
        {"status": 200, "text": "<html>Sign in</html>", "content_type": "text/html"},
        {"status": 200, "body": b"{}", "content_type": "application/json"},
        {"status": 404, "text": "no"},
    ],
)
async def test_what_a_proxy_says_is_no_answer(place: Place, given: dict[str, Any]) -> None:
    place.answer = answer(**given)
    with pytest.raises(DeliveryError, match="SendRequest"):
        await send(place)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_is_followed(place: Place, status: int) -> None:
    """It would carry names to an address that nobody configured."""
    place.answer = answer(status=status, headers={"Location": str(place.server.make_url("/smev"))})
    with pytest.raises(DeliveryError, match=f"HTTP {status}"):
        await send(place)
    assert len(place.seen) == 1


@pytest.mark.parametrize("end", ["hang", "break_off"])
async def test_an_answer_that_does_not_come_whole_is_none(place: Place, end: str) -> None:
    place.answer = getattr(place, end)
    with pytest.raises(DeliveryError, match="no answer"):
        await send(place, seconds=0.2)


async def test_nobody_there_is_no_answer() -> None:
    async with SmevTransport(url="http://127.0.0.1:9/smev", timeout=5) as transport:
        with pytest.raises(DeliveryError, match="no answer from http://127"):
            await transport.send("Ack", ENVELOPE)


async def test_an_endless_answer_is_cut(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smev, "MOST", 1000)
    place.answer = answer(body=b"<a>" + b"x" * 2000, content_type="text/xml")
    with pytest.raises(DeliveryError, match="larger than 1000 bytes"):
        await send(place)


async def test_one_pool_serves_many_calls_and_opens_anew(place: Place) -> None:
    transport = SmevTransport(url=str(place.server.make_url("/smev")), timeout=5)
    for _ in range(2):
        async with transport:
            sent = await asyncio.gather(*(transport.send("Ack", b"<a/>") for _ in range(20)))
            assert {one.body for one in sent} == {b"<a/>"}


async def test_an_error_never_tells_what_was_sent(place: Place) -> None:
    place.answer = answer(status=502, body=ENVELOPE, content_type="text/html")
    with pytest.raises(DeliveryError) as caught:
        await send(place)
    assert "Журавлёв" not in str(caught.value)
