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

    def problems(self) -> list[str]:
        """What the summary of errors says, in order; the summary has the focus."""
        found = self.root.find_class("problems")
        assert all(one.get("autofocus") is not None and one.get("tabindex") == "-1" for one in found)
        return [" ".join(item.text_content().split()) for one in found for item in one.iter("li")]

    def marked(self) -> list[str]:
        """The fields that are marked as wrong; each is described by a text beside it that is there."""
        wrong = self.root.xpath("//*[@aria-invalid='true']")
        for one in wrong:
            for name in one.get("aria-describedby").split():
                assert self.root.xpath(f"//*[@id='{name}']")
        return [one.get("name") or one.tag for one in wrong]

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

    async def send(self, page: Page, action: str, button: int = 0, /, **fields: str | None) -> Page:
        """Send a form of a page, by the address it posts to and which of several, as it is but for `fields`.

        None leaves a field out.
        """
        form = [one for one in page.root.iter("form") if one.get("action") == action][button]
        values = {name: value for name, value in form.form_values() if fields.get(name, value) is not None}
        return await self.post(action, **(values | {name: one for name, one in fields.items() if one is not None}))
