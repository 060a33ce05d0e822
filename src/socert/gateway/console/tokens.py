"""Tokens of forms: each form has one of its own, so that no other site can send it and nobody can send it twice.

A token is a random word and its HMAC under a secret of this process and the form's address. What a form did is kept by
its token: sent again, it leads to the same page and does nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import TYPE_CHECKING

from socert.gateway.console.errors import OldPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_REMEMBERED = 10_000


class Tokens:
    """Makes and takes the tokens of one process; what the latest ten thousand led to is kept in memory."""

    def __init__(self) -> None:
        """Make a new secret: forms from before are of no use."""
        self._secret = secrets.token_bytes(32)
        self._led_to: dict[str, asyncio.Future[str]] = {}

    def make(self, path: str) -> str:
        """Return a new token for a form that is sent to this address."""
        word = secrets.token_urlsafe(16)
        return f"{word}.{self._sign(path, word)}"

    async def once(self, token: str, path: str, work: Callable[[], Awaitable[str]]) -> str:
        """Do the work, which returns where to go next, unless this token did it: then return where that led.

        Sent twice at once, the second waits for the first. Work that raises did nothing: its token is free again.
        Errors: `OldPage` for a token that is not one of this process for this address.
        """
        word, _, signed = token.partition(".")
        if not hmac.compare_digest(signed.encode(), self._sign(path, word).encode()):
            raise OldPage("the form's token is not one of this process for this address")
        known = self._led_to.get(word)
        if known is not None:
            return await asyncio.shield(known)
        while len(self._led_to) >= _REMEMBERED:
            del self._led_to[next(iter(self._led_to))]
        led_to = self._led_to[word] = asyncio.get_running_loop().create_future()
        try:
            place = await work()
        except BaseException as error:
            self._led_to.pop(word, None)
            led_to.set_exception(error)
            led_to.exception()  # whoever waits gets it too; nobody may wait
            raise
        led_to.set_result(place)
        return place

    def _sign(self, path: str, word: str) -> str:
        return hmac.digest(self._secret, f"{path}|{word}".encode(), "sha256").hex()
