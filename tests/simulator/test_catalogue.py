"""The catalogue: its file, the page of programmes, the control call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
import pytest
from tests.simulator.browsing import Browser

from socert.simulator.app import Simulator
from socert.simulator.errors import SettingsError
from socert.simulator.portal.catalogue_file import read_catalogue
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOWN = {"code": "AB-1", "name": "город Примерск", "oktmo": "09701000", "region": "Край", "region_code": "AB-0"}
VILLAGE = {"code": "AB-2", "name": "Примерский район", "oktmo": None, "region": None, "region_code": None}
HOUSE = {
    "name": "МБУ ДО «Дом ремёсел»",
    "id": "org-1",
    "inn": "0000012013",
    "kpp": None,
    "ogrn": None,
    "kind": "MUNICIPAL",
}
POTTERY = {
    "name": "Гончарное дело",
    "organisation": HOUSE,
    "certificate_accepted": True,
    "direction": "художественная",
    "years": 3,
    "hours": 7250,
    "price": 925600,
    "municipality_code": "ab-1",
    "programme_guid": "p",
    "group_guid": "g",
}
SCHOOL = POTTERY | {"name": "Подготовка к школе", "certificate_accepted": False, "direction": None, "years": None}
BARE = {"name": "Ёлочка", "organisation": {"name": "ИП Образцова"}, "certificate_accepted": False}


def written(place: Path, *programmes: Any, municipalities: Any = (TOWN, VILLAGE)) -> Path:
    """Write a catalogue."""
    place.write_text(json.dumps({"programmes": programmes, "municipalities": municipalities, "other": 1}), "utf-8")
    return place


# The file


def test_catalogue_is_read(tmp_path: Path) -> None:
    catalogue = read_catalogue(written(tmp_path / "c.json", SCHOOL, BARE, POTTERY))

    assert [one.name for one in catalogue.programmes] == ["Гончарное дело", "Ёлочка", "Подготовка к школе"]
    pottery = catalogue.programmes[0]
    assert (pottery.organisation.name, pottery.price, pottery.hours) == ("МБУ ДО «Дом ремёсел»", 925600, 7250)
    assert catalogue.municipality(pottery.municipality_code) == "город Примерск"
    assert [place.name for place in catalogue.places()] == ["город Примерск"]


def test_catalogue_names_municipalities(tmp_path: Path) -> None:
    place = tmp_path / "c.json"
    place.write_text(json.dumps({"municipalities": [{"code": "AB-1", "name": "Примерск"}]}), "utf-8")

    assert read_catalogue(place).municipality("ab-1") == "Примерск"
    assert read_catalogue(place).municipality("no") == ""
    assert read_catalogue(None).municipality("ab-1") == ""


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"name": ""}, r"programme 2: name: .*at least 1 character"),
        ({"name": None}, r"programme 2: name: .*string"),
        ({"organisation": {"inn": "1"}}, r"programme 2: organisation\.name: field required"),
        ({"organisation": {"name": "А", "kind": "STRANGE"}}, r"programme 2: organisation\.kind: .*'STATE'"),
        ({"price": 9256.5}, r"programme 2: price: .*integer"),
        ({"price": "9256,00"}, r"programme 2: price: .*integer"),
        ({"price": -1}, r"programme 2: price: .*greater than or equal to 0"),
        ({"hours": True}, r"programme 2: hours: .*integer"),
        ({"years": 0}, r"programme 2: years: .*greater than or equal to 1"),
        ({"certificate_accepted": "Да"}, r"programme 2: certificate_accepted: .*boolean"),
        ({"municipality_code": "AB-9"}, r"programme 2: municipality_code is not among the municipalities"),
        ({"name": 1, "price": -1}, r"programme 2: .*\(1 more things are wrong\)"),
    ],
)
def test_wrong_programme_is_told_with_its_number_and_field(tmp_path: Path, wrong: Any, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        read_catalogue(written(tmp_path / "c.json", POTTERY, POTTERY | wrong))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", r"c\.json cannot be used: invalid JSON"),
        ("[]", r"c\.json cannot be used: .*object"),
        ('{"programmes": 1}', r"c\.json cannot be used: programmes: .*array"),
        ('{"programmes": [1]}', r"c\.json, programme 1: input should be an object"),
        ('{"municipalities": [{"code": "1"}]}', r"c\.json, municipality 1: name: field required"),
    ],
)
def test_wrong_catalogue_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    place = tmp_path / "c.json"
    place.write_text(text, "utf-8")

    with pytest.raises(SettingsError, match=complaint):
        read_catalogue(place)


def test_missing_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_catalogue(tmp_path / "none.json")


# The page


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client that keeps the cookies of an IP address too."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


@pytest.fixture
async def portal(keys: Path, tmp_path: Path) -> AsyncIterator[Simulator]:
    """A portal that has a catalogue of three."""
    place = written(tmp_path / "c.json", SCHOOL, BARE, POTTERY)
    async with Simulator(Settings(port=0, keys=keys, catalogue=place)) as running:
        yield running


@pytest.fixture
def browser(portal: Simulator, http: aiohttp.ClientSession) -> Browser:
    """A browser of nobody in particular."""
    return Browser(portal.url, http)


async def names(browser: Browser, **query: str) -> list[str]:
    """Return the programmes on the page, as asked for."""
    page = await browser.get("/programmes?" + urlencode(query))
    return [heading.text_content() for heading in page.root.xpath("//li//h2")]


async def test_programmes_are_shown_with_all_that_is_known(browser: Browser) -> None:
    page = await browser.get("/programmes")

    pottery, bare, school = (" ".join(" ".join(card.itertext()).split()) for card in page.root.xpath("//main//li"))
    assert pottery == (
        "Гончарное дело МБУ ДО «Дом ремёсел» Возможна оплата сертификатом Стоимость в год 9 256,00 руб."
        " Часов в год 72,5 Срок обучения 3 года Направленность Художественная Муниципалитет город Примерск Записаться"
    )
    assert bare == "Ёлочка ИП Образцова"
    assert "Возможна оплата" not in school
    assert "Всего: 3 программы" in page.text
    assert not list(page.root.iter("script"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Гончарное дело", "Ёлочка", "Подготовка к школе"]),
        ({"paid": "1"}, ["Гончарное дело"]),
        ({"q": "елочка"}, ["Ёлочка"]),
        ({"q": " ДОМ  школе "}, ["Подготовка к школе"]),
        ({"q": "художественная"}, ["Гончарное дело"]),
        ({"q": "дом", "paid": "1"}, ["Гончарное дело"]),
        ({"municipality": "AB-1"}, ["Гончарное дело", "Подготовка к школе"]),
        ({"municipality": "ab-1", "q": "школе", "paid": ""}, ["Подготовка к школе"]),
        ({"municipality": "AB-2"}, []),
        ({"q": "ёлочка", "paid": "1"}, []),
    ],
)
async def test_programmes_are_filtered(browser: Browser, query: dict[str, str], found: list[str]) -> None:
    assert await names(browser, **query) == found


async def test_form_keeps_what_was_asked(browser: Browser) -> None:
    page = await browser.get("/programmes?" + urlencode({"q": 'дом"', "paid": "1", "municipality": "ab-1"}))

    assert page.root.xpath("//input[@name='q']/@value") == ['дом"']
    assert page.root.xpath("//input[@name='paid']/@checked")
    assert page.root.xpath("//select/option[@selected]/text()") == ["город Примерск"]
    assert "Ничего не нашлось" in page.text
    assert "ни одна программа с оплатой сертификатом" in page.text
    assert page.root.xpath("//main//section//a/@href") == ["/programmes"]


async def test_every_field_of_the_form_has_a_label(browser: Browser) -> None:
    page = await browser.get("/programmes")

    for field in page.root.xpath("//main//input | //main//select"):
        assert page.root.xpath("//label[@for=$id]", id=field.get("id", "")) or field.getparent().tag == "label"


async def test_long_catalogue_comes_in_pages(keys: Path, tmp_path: Path, http: aiohttp.ClientSession) -> None:
    place = written(tmp_path / "c.json", *(POTTERY | {"name": f"Кружок {number:03d}"} for number in range(101)))
    async with Simulator(Settings(port=0, keys=keys, catalogue=place)) as simulator:
        browser = Browser(simulator.url, http)
        first = await browser.get("/programmes?q=кружок&paid=1")
        assert "Нашлось: 101 программа, страница 1 из 3" in first.text
        (later,) = first.root.xpath("//a[@rel='next']/@href")
        second = await browser.get(later)
        assert second.root.xpath("//li//h2/text()")[0] == "Кружок 050"
        assert len(second.root.xpath("//a[@rel='prev']")) == len(second.root.xpath("//a[@rel='next']")) == 1
        for beyond in ("3", "99", "999999999999"):
            assert len(await names(browser, page=beyond)) == (50 if len(beyond) > 9 else 1)
        assert len(await names(browser, page="x")) == len(await names(browser, page="0")) == 50


async def test_portal_without_a_catalogue_says_so(region: Any, http: aiohttp.ClientSession) -> None:
    page = await Browser(region.simulator.url, http).get("/programmes?q=шахматы")

    assert page.status == 200
    assert "Каталог программ пуст" in page.text
    assert not page.root.xpath("//main//form")


async def test_programmes_are_reached_from_everywhere(
    portal: Simulator, region: Any, http: aiohttp.ClientSession
) -> None:
    one, browser = type(region)(portal, region.signer, region.http), Browser(portal.url, http)
    await one.push(one.certificate(1))

    assert (await browser.get("/")).root.xpath("//header//a[@href='/programmes']")
    await browser.post("/sign-in", person="1")
    child = await browser.get("/account/child/1")
    assert child.root.xpath("//header//a[@href='/programmes' and not(@aria-current)]")
    (link,) = child.root.xpath("//main//a[starts-with(@href, '/programmes')]/@href")
    page = await browser.get(link)
    assert [heading.text_content() for heading in page.root.xpath("//li//h2")] == ["Гончарное дело"]
    assert page.root.xpath("//header//a[@href='/programmes' and @aria-current='page']")
    assert "Примерова Анна" in page.text  # still signed in, and one step from home
    assert page.root.xpath("//main//a[@href='/account']")


async def test_text_of_the_catalogue_is_text_not_markup(
    keys: Path, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    place = written(tmp_path / "c.json", POTTERY | {"name": "<b>Кружок</b>"})
    async with Simulator(Settings(port=0, keys=keys, catalogue=place)) as simulator:
        assert await names(Browser(simulator.url, http)) == ["<b>Кружок</b>"]


# The control call


async def test_catalogue_is_returned_in_the_form_of_its_file(portal: Simulator, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{portal.url}/_sim/catalogue") as response:
        found = await response.json()

    assert found["programmes"][0] == POTTERY
    assert found["programmes"][1]["price"] is None
    assert found["municipalities"] == [TOWN, VILLAGE]


async def test_catalogue_of_nothing_is_empty(region: Any) -> None:
    async with region.http.get(f"{region.simulator.url}/_sim/catalogue") as response:
        assert await response.json() == {"programmes": [], "municipalities": []}
