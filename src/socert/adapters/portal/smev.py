"""The exchange over HTTP: SOAP 1.1 by aiohttp, one connection pool, no parsing here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import aiohttp
from yarl import URL

from socert.gateway.ports import DeliveryError, Sent

if TYPE_CHECKING:
    from types import TracebackType

PLAIN = "text/xml; charset=utf-8"
MOST = 32 * 1024 * 1024
"""Bytes of an answer that are read at most: more is not a message of the exchange."""


class SmevTransport:
    """Posts envelopes to one address. Use as an async context manager: the pool lives inside it."""

    def __init__(self, *, url: str, timeout: float) -> None:
        """Take the address of the exchange and how many seconds one call may take."""
        self._url = URL(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        # The exchange sets no cookies; looking for some costs as much as sending does.
        self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        """POST the bytes as they are, XML unless their type is given.

        `DeliveryError` when there was no whole answer, or one that is no SOAP.
        """
        assert self._session is not None, "the transport is not open"
        headers = {"Content-Type": content_type or PLAIN, "SOAPAction": f'"urn:{operation}"'}
        try:
            # A redirect would carry the envelope, and the names in it, to an address that nobody configured.
            async with self._session.post(self._url, data=envelope, headers=headers, allow_redirects=False) as answer:
                body = await _read(answer.content)
                status, said = answer.status, answer.headers.get("Content-Type", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DeliveryError(f"{operation}: no answer from {self._url}: {error or type(error).__name__}") from error
        if len(body) > MOST:
            raise DeliveryError(f"{operation}: the answer of {self._url} is larger than {MOST} bytes")
        if status not in (200, 500) or ("xml" not in said and "multipart" not in said):
            raise DeliveryError(f"{operation}: {self._url} answered HTTP {status} with {said or 'no type'}")
        return Sent(status=status, content_type=said, body=body)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """Return a whole body, or a little more than what is read at most."""
    body = bytearray()
    async for part in content.iter_any():
        body += part
        if len(body) > MOST:
            break
    return bytes(body)
