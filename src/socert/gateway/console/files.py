"""Files that came with messages: the list, and each to be taken away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from socert.gateway.exchange import shown_files
from socert.gateway.store.tables_files import FileState

if TYPE_CHECKING:
    from socert.gateway.console.desk import Desk
    from socert.gateway.console.shell import Shell

LISTED = 200
STATES = {
    FileState.WAITING: "ждёт в файловом хранилище",
    FileState.INSIDE: "в сообщении",
    FileState.KEPT: "получен",
    FileState.FAILED: "не получен",
    FileState.ERASED: "удалён: персональные данные",
}


class FilePages:
    """The list of files and the files."""

    def __init__(self, shell: Shell, desk: Desk) -> None:
        """Take what all pages share and what they work with."""
        self._shell = shell
        self._desk = desk

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' routes."""
        return [web.get("/files", self._files), web.get(r"/files/{file:\d{1,18}}", self._file)]

    async def _files(self, request: web.Request) -> web.Response:
        listed = await self._desk.store.read(lambda connection: shown_files.listed(connection, limit=LISTED))
        return self._shell.page(request, "files.html", {"section": "messages", "listed": listed, "states": STATES})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Give a file away to be stored, never to be shown: it is a stranger's."""
        key, folder = int(request.match_info["file"]), self._desk.files
        found = await self._desk.store.read(lambda connection: shown_files.content(connection, folder, key))
        if found is None:
            raise web.HTTPNotFound
        shown, content = found
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(shown.name, safe='')}",
            "Content-Type": "application/octet-stream",
        }
        if isinstance(content, Path):
            return web.FileResponse(content, headers=headers)
        return web.Response(body=content, headers=headers)
