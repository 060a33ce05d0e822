"""The pages in a real browser: at two widths, with the keyboard alone; screenshots go to build/screenshots."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.looking import SCREENSHOTS, look, tab_to, words

from socert.contracts.portal import account
from socert.simulator.app import Simulator
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

TOWN = {"code": "00000000-0000-4000-8000-000000000002", "name": "город Заозёрск"}
HOUSE = {"name": "МБУ ДО «Дворец творчества Заозёрска»"}
CENTRE = {"name": "ГАУ ДО «Центр „Горизонт“»"}
PROGRAMMES = [
    {"name": "Гончарное дело", "organisation": HOUSE, "direction": "художественная", "years": 3, "hours": 7200}
    | {"price": 925600, "certificate_accepted": True, "municipality_code": TOWN["code"]},
    {"name": "Судомоделирование", "organisation": CENTRE, "direction": "техническая", "years": 3, "hours": 10800}
    | {"price": 2173525, "certificate_accepted": True},
    {"name": "Подготовка к школе", "organisation": {"name": "ИП Рощина Нина Платоновна"}, "years": 1, "hours": 3650}
    | {"direction": "социально-гуманитарная", "price": 1550000, "certificate_accepted": False},
    {"name": "Туристско-краеведческая экспедиция «По следам первооткрывателей Заозёрья»", "organisation": HOUSE}
    | {"direction": "туристско-краеведческая", "certificate_accepted": True, "municipality_code": TOWN["code"]},
]


@pytest.fixture
async def family(region: Any) -> AsyncIterator[Any]:
    """Three children: one with roubles and contracts, one with hours, one with an accounting certificate."""
    contracts = [region.contract(1), region.contract(1, object_id="contract-0002")]
    ended = replace(
        contracts[1].body,
        contract_id="contract-0002",
        contract_number="7",
        contract_state=account.ContractState.TERMINATED,
        programme_name="Шахматы: первый год обучения",
        reserved_now=0,
        termination=account.Termination(
            date=date(2026, 11, 30),
            initiator=account.Initiator.PARENT,
            reason_code="CANCELLED_BY_PARENT",
            reason_text="По заявлению родителя",
            released=800000,
        ),
    )
    contracts[1] = replace(contracts[1], body=ended, cause=account.Cause.CONTRACT_TERMINATED)
    hours = region.balance(unit=account.Unit.HOUR, nominal=10250, reserved=2400, spent=6600, available=1250)
    younger = region.recipient(first_name="Мария", middle_name="Ивановна", snils="98160156926", last_name="Примерова")
    second = region.certificate(
        1,
        object_id="00000000-0000-4000-8000-0000000000ab",
        recipient=younger,
        body=region.card(
            certificate_guid="00000000-0000-4000-8000-0000000000ab", certificate_number="77-000123", balances=(hours,)
        ),
    )
    third = region.certificate(
        1,
        object_id="00000000-0000-4000-8000-0000000000ac",
        recipient=region.recipient(first_name="Пётр", snils="95799476015"),
        body=region.card(
            certificate_guid="00000000-0000-4000-8000-0000000000ac",
            certificate_number="77-000124",
            certificate_type=account.CertificateType.ACCOUNTING,
            scheme=account.Scheme.PF,
            balances=(region.balance(nominal=0, reserved=0, spent=0, available=0),),
        ),
    )
    answer = await region.push(region.certificate(1), *contracts, second, third)
    assert answer.code == 0, answer
    answering = asyncio.create_task(region.answer_queries(region.found))
    yield region
    answering.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await answering


@pytest.fixture
async def fair(keys: Path, tmp_path: Path, http: Any, region: Any) -> AsyncIterator[Any]:
    """A region at a portal that has a catalogue."""
    place = tmp_path / "catalogue.json"
    place.write_text(json.dumps({"programmes": PROGRAMMES, "municipalities": [TOWN]}), "utf-8")
    async with Simulator(Settings(port=0, keys=keys, catalogue=place)) as running:
        yield type(region)(running, region.signer, http)


async def test_a_parent_walks_through_the_account_with_the_keyboard(page: tuple[str, Page], family: Any) -> None:
    width, browser = page
    await browser.goto(family.simulator.url + "/")
    assert await browser.inner_text(".banner") == "Это симулятор, не Госуслуги"
    assert await browser.get_attribute("html", "lang") == "ru"
    await look(browser, f"{width}-1-sign-in")

    await browser.keyboard.press("Tab")
    assert await browser.evaluate("document.activeElement.innerText") == "Перейти к содержанию"
    await tab_to(browser, "Примерова Анна")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/account")
    said = await words(browser)
    assert "Остаток на сертификате 1234567890: 9 256,00 руб." in said
    assert "Остаток на сертификате 77-000123: 12,50 ч" in said
    assert "Сертификат учёта, без средств: 77-000124" in said
    await look(browser, f"{width}-2-children")

    await tab_to(browser, "Примеров Тест Иванович")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/account/child/*")
    said = await words(browser)
    for wanted in (
        "Примеров Тест Иванович",
        "Социальный сертификат № 1234567890",
        "Остаток 9 256,00 руб.",
        "Номинал 17 456,00 руб.",
        "Забронировано 8 000,00 руб.",
        "Израсходовано 200,00 руб.",
        "в рублях",
        "Тестовая программа «Ритм»",
        "ИП Образцова Мария Тестовна",
        "Оплачивает сертификат 8 000,00 руб.",
        "Оплачивает семья 4 000,00 руб.",
        "Расторгнут",
        "По заявлению родителя",
    ):
        assert wanted in said
    await look(browser, f"{width}-3-child-roubles")

    await tab_to(browser, "Обновить остаток")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/answer/*")
    said = await words(browser)
    assert "Остаток обновлён" in said
    assert "Остаток 9 256,00 руб." in said
    await look(browser, f"{width}-4-answer")

    await tab_to(browser, "Вернуться к ребёнку")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/account/child/1")
    await tab_to(browser, "Найти сертификат ребёнка")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/find")
    await look(browser, f"{width}-5-find")
    await tab_to(browser, "Отправить запрос")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/answer/*")
    assert "Сертификат найден" in await words(browser)

    await tab_to(browser, "Выйти")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url(family.simulator.url + "/")


async def test_hours_and_accounting_certificates_look_right(page: tuple[str, Page], family: Any) -> None:
    width, browser = page
    await browser.goto(family.simulator.url + "/")
    await browser.get_by_role("button", name="Примерова Анна").click()

    await browser.get_by_role("link", name="Мария").click()
    said = await words(browser)
    assert "Остаток 12,50 ч" in said
    assert "Номинал 102,50 ч" in said
    assert "в часах" in said
    assert "Договоров нет" in said
    await look(browser, f"{width}-6-child-hours")

    await browser.go_back()
    await browser.get_by_role("link", name="Пётр").click()
    assert "Сертификат учёта, без средств" in await words(browser)
    await look(browser, f"{width}-7-child-accounting")

    await browser.goto(family.simulator.url + "/account/child/999")
    assert "Страница не найдена" in await words(browser)
    await look(browser, f"{width}-8-not-found")


async def test_programmes_are_found_with_the_keyboard(page: tuple[str, Page], fair: Any) -> None:
    width, browser = page
    await browser.goto(fair.simulator.url + "/")
    await tab_to(browser, "Программы")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/programmes")
    said = await words(browser)
    assert "Всего: 4 программы" in said
    assert "Стоимость в год 9 256,00 руб." in said
    await look(browser, f"{width}-9-programmes")

    await browser.get_by_label("Название, организация, направленность").focus()
    await browser.keyboard.type("дворец")
    await browser.keyboard.press("Tab")
    await browser.keyboard.press("ArrowDown")
    await browser.keyboard.press("Tab")
    await browser.keyboard.press("Space")
    await tab_to(browser, "Показать")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/programmes?*")
    said = await words(browser)
    assert "Нашлось: 2 программы" in said
    assert "в этом муниципалитете есть программы по сертификату (2 программы)" in said
    assert "Судомоделирование" not in said
    await look(browser, f"{width}-10-programmes-found")

    await browser.get_by_label("Название, организация, направленность").fill("астрономия")
    await browser.keyboard.press("Enter")
    await browser.get_by_text("Ничего не нашлось").wait_for()
    await look(browser, f"{width}-11-programmes-nothing")
    await tab_to(browser, "Сбросить")
    await browser.keyboard.press("Enter")
    await browser.wait_for_url("**/programmes")


async def test_empty_catalogue_looks_right(page: tuple[str, Page], region: Any) -> None:
    width, browser = page
    await browser.goto(region.simulator.url + "/programmes")

    assert "Каталог программ пуст" in await words(browser)
    await look(browser, f"{width}-12-programmes-none")


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
async def test_banner_is_as_wide_as_the_window(page: tuple[str, Page], fair: Any) -> None:
    _, browser = page
    for width in (320, 800, 1100, 1920):
        await browser.set_viewport_size({"width": width, "height": 700})
        await browser.goto(fair.simulator.url + "/programmes")
        box = await browser.evaluate(
            "(({left, width}) => [left, width])(document.querySelector('.banner').getBoundingClientRect())"
        )
        assert box == [0, await browser.evaluate("document.documentElement.clientWidth")]
        if width == 1100:
            await look(browser, "banner-1100")


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
async def test_page_for_the_documentation(page: tuple[str, Page], fair: Any) -> None:
    """The picture in the README: its own invented family, a contract that the family pays a part of."""
    _, browser = page
    recipient = fair.recipient(last_name="Полянский", first_name="Тимофей", middle_name="Олегович")
    applicant = replace(recipient.applicant, last_name="Полянская", first_name="Вера", middle_name="Андреевна")
    recipient = replace(recipient, applicant=applicant)
    balance = fair.balance(nominal=1745600, reserved=820000, spent=0, available=925600)
    split = account.Split(
        unit=account.Unit.RUB,
        total=1260000,
        certificate_part=820000,
        applicant_part=440000,
        year_parts=(account.YearPart(year=2026, certificate_part=820000, applicant_part=440000),),
    )
    contract = fair.contract(1).body
    contract = replace(
        contract,
        programme_name="Судомоделирование",
        organisation=replace(contract.organisation, **CENTRE),
        split=split,
        reserved_now=820000,
    )
    answer = await fair.push(
        fair.certificate(1, recipient=recipient, body=fair.card(balances=(balance,))),
        fair.contract(1, recipient=recipient, body=contract),
    )
    assert answer.code == 0, answer

    await browser.set_viewport_size({"width": 1000, "height": 800})
    await browser.goto(fair.simulator.url + "/")
    await browser.get_by_role("button", name="Полянская").click()
    await browser.get_by_role("link", name="Полянский").click()
    said = await words(browser)
    for wanted in ("Остаток 9 256,00 руб.", "Оплачивает сертификат 8 200,00 руб.", "Оплачивает семья 4 400,00 руб."):
        assert wanted in said
    await look(browser, "parent-page")
    assert (SCREENSHOTS / "parent-page.png").stat().st_size < 200_000
