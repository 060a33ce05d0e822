"""Pages as a parent without scripts meets them: read, followed, posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import html

if TYPE_CHECKING:
    import aiohttp


class Page:
    """A page as a parent reads it."""

    def __init__(self, response: aiohttp.ClientResponse, text: str) -> None:
        self.status = response.status
        self.headers = response.headers
        self.path = response.url.path
        self.source = text
        self.root: Any = html.fromstring(text)

    @property
    def text(self) -> str:
        """All words of the page, single spaces."""
        return " ".join(" ".join(self.root.itertext()).split())

    def heading(self) -> str:
        """The one main heading."""
        (heading,) = self.root.iter("h1")
        return " ".join(heading.text_content().split())


class Browser:
    """Follows links and posts forms like a browser without scripts."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def get(self, path: str) -> Page:
        """Open a page."""
        async with self._http.get(self._url + path) as response:
            return Page(response, await response.text())

    async def post(self, path: str, **fields: str) -> Page:
        """Post a form, follow where it leads."""
        async with self._http.post(self._url + path, data=fields) as response:
            return Page(response, await response.text())
