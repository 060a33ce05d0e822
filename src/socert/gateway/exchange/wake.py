"""Waking a loop that waits for work: at once from inside this process, after a while for what others left."""

from __future__ import annotations

import asyncio


class Wake:
    """Something to wait on; `call` ends the wait of whoever waits, or the next wait if nobody does."""

    def __init__(self, *others: Wake) -> None:
        """Start with nothing to do; `others` are called whenever this one is."""
        self._event = asyncio.Event()
        self._others = others

    def call(self) -> None:
        """Say that there is work."""
        self._event.set()
        for other in self._others:
            other.call()

    async def wait(self, seconds: float) -> None:
        """Return when called, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()
