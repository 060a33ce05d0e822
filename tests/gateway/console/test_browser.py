"""The console in a real browser: by keyboard alone, on a desk and on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestServer
from tests.gateway.console.test_contract_pages import file_order
from tests.gateway.records import GROUP
from tests.simulator.looking import WIDTHS, look, opened_page, tab_to, words

from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway
from socert.gateway.domain.records import ContractState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page
    from tests.gateway.console.desk import Region


@dataclass
class Desk:
    """A browser in front of the console. `width` names how wide it is."""

    width: str
    page: Page
    url: str

    async def go(self, path: str) -> None:
        await self.page.goto(f"{self.url}/console{path}")

    async def look(self, name: str) -> None:
        """Look at the page, then with everything unfolded: nothing is hidden from the look, or stays unfolded."""
        overflow = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, name
        unfold = "all => { for (const one of all) { one.dataset.was = one.open; one.open = true; } }"
        await self.page.eval_on_selector_all("details", unfold)
        await look(self.page, f"console-{self.width}-{name}")
        await self.page.eval_on_selector_all(
            "details", "all => { for (const one of all) one.open = one.dataset.was === 'true'; }"
        )

    async def field(self, name: str) -> None:
        """Press Tab until a field of this label has the focus."""
        for _ in range(60):
            await self.page.keyboard.press("Tab")
            label = await self.page.evaluate("document.activeElement.labels?.[0]?.innerText || ''")
            if name in label:
                return
        pytest.fail(f"Tab never reaches the field {name!r}")

    async def press(self, name: str) -> None:
        """Press Tab until a link or button of this name has the focus, then Enter."""
        await tab_to(self.page, name)
        await self.page.keyboard.press("Enter")

    async def top(self) -> None:
        """Begin with Tab at the top again, as on a page that was just opened."""
        await self.page.reload()


@pytest.fixture(params=WIDTHS)
async def desk(request: pytest.FixtureRequest, region: Region) -> AsyncIterator[Desk]:
    """A browser of each width."""
    async with TestServer(make_app(Gateway(region.shop))) as server, opened_page(request.param) as page:
        yield Desk(width=request.param, page=page, url=str(server.make_url("")).rstrip("/"))


async def test_a_contract_lives_its_life_by_keyboard(desk: Desk, region: Region) -> None:
    contract_id = region.enrol(region.issue())
    page, keys = desk.page, desk.page.keyboard
    await desk.go("/")
    await keys.press("Tab")
    assert await page.evaluate("document.activeElement.innerText") == "Перейти к содержанию"
    await desk.look("front")
    await desk.press("заявка")
    await page.wait_for_url("**/contracts?group=requested")
    await desk.look("list")
    await desk.press("Журавлёв Платон")
    await page.wait_for_url(f"**/contracts/{contract_id}")
    await desk.look("requested")

    await desk.press("Принять")
    await page.wait_for_url("**?done=accept")
    await desk.field("Номер договора")
    await keys.type("Д-7")
    await desk.press("Заключить")
    await page.wait_for_url("**?done=conclude")
    assert "Договор № Д-7" in await words(page)
    assert region.life(contract_id).state is ContractState.ACTIVE
    await desk.look("active")

    region.clock.advance(60 * 86400)
    await desk.top()
    await desk.field("Сумма по посещаемости")
    await keys.type("100,50")
    await keys.press("Enter")
    await page.wait_for_url("**?done=charge")
    assert region.life(contract_id).spent == 100_50
    await desk.look("charged")

    await desk.press("Расторгнуть")  # unfolds it
    await desk.field("Кто решил")
    await keys.press("ArrowDown")
    await desk.field("Что прочитает родитель")
    await keys.type("Кружок закрыт.")
    await desk.press("Расторгнуть")
    assert "done=terminate" not in page.url  # the browser itself wants the yes
    await desk.look("unsure")
    await desk.field("Подтверждаю")
    await keys.press("Space")
    await desk.press("Расторгнуть")
    await page.wait_for_url("**?done=terminate")
    ending = region.life(contract_id).ending
    assert ending is not None
    assert (ending.initiator.value, ending.text) == ("OPERATOR", "Кружок закрыт.")
    assert "Кружок закрыт." in await words(page)
    await desk.look("terminating")


async def test_a_certificate_is_issued_and_a_child_enrolled_by_keyboard(desk: Desk, region: Region) -> None:
    page, keys = desk.page, desk.page.keyboard
    await desk.go("/issue")
    await desk.look("issue")
    for label, typed in (
        ("Фамилия", "Снегирёва-Преображенская"),
        ("Имя", "Василиса"),
        ("Дата рождения", "15032014"),
        ("СНИЛС", "112-233-445 95"),
        ("Фамилия", "Снегирёва"),
        ("Имя", "Ульяна"),
        ("СНИЛС", "087-654-303 00"),
    ):
        await desk.field(label)
        await keys.type(typed)
    for form in ("персональных", "Заявление", "личных"):
        await desk.field(form)
        await keys.press("Space")
    await keys.press("Enter")
    await page.wait_for_url("**?done=issued")
    said = await words(page)
    assert "Снегирёва-Преображенская Василиса" in said
    assert "15.03.2014" in said
    await desk.look("certificate")

    await desk.press("Записать на программу")
    await page.wait_for_url("**/enrol")
    await desk.look("groups")
    await desk.press("Резьба по дереву")
    await page.wait_for_url(f"**/enrol/{GROUP}")
    assert "8 000,00" in (await words(page)).replace("\N{NO-BREAK SPACE}", " ")
    await desk.look("enrol")
    await desk.field("Родитель согласен")
    await keys.press("Space")
    await keys.press("Enter")
    await page.wait_for_url("**/contracts/*?done=request")
    assert "Заявка создана" in await words(page)


async def test_other_pages_look_right(desk: Desk, region: Region) -> None:
    guid = region.issue()
    file_order(region, "900100", guid, region.active(guid))
    region.run(lambda unit: region.shop.cases.consent_withdrawn(unit, guid))
    contract_id = region.shop.store.look(lambda c: region.shop.registry.contracts_of(c, [guid]))[0]
    for name, path in (
        ("order", f"/contracts/{contract_id}"),
        ("change", f"/contracts/{contract_id}/change"),
        ("cases", "/cases"),
        ("day", "/day"),
        ("messages", "/messages"),
        ("search", "/certificates"),
        ("not-found", "/nothing"),
    ):
        await desk.go(path)
        await desk.look(name)
    await desk.go("/certificates")
    await desk.field("фамилия")
    await desk.page.keyboard.type("журавлев")
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url("**search=*")
    assert "Журавлёв Платон" in await words(desk.page)
    await desk.look("found")
