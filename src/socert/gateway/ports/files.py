"""What the gateway asks of the exchange's file store: files of messages that are too large to travel inside them.

Source: SMEV 3 manual, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from socert.contracts.smev.attachments import StoredFile


class FileStore(Protocol):
    """Takes files of ours, and gives those of others. A file of any size costs no memory."""

    def fetch(self, file: StoredFile) -> AsyncGenerator[bytes]:
        """Yield a file piece by piece; `DeliveryError` when it does not come whole."""
        ...

    async def put(self, uuid: str, name: str, place: Path) -> None:
        """Store a file in a folder of that name; doing it again replaces it. `DeliveryError` when it does not go."""
        ...
