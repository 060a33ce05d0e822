"""Enrolment, orders, offers and consents in a real browser, with the keyboard alone, at two widths."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.enrolling import ENROL, registered
from tests.simulator.looking import look, tab_to, words
from tests.simulator.parent import AS_OF, CATALOGUE, Parent, calculated
from tests.simulator.test_decisions import ACTIONS, QUERIES, offer, told
from tests.simulator.test_elk import create, new
from tests.simulator.test_pages_decisions import consent, telling
from tests.simulator.test_pages_order import contract

from socert.contracts.portal import account, enrolment, order_event
from socert.contracts.portal.blocks import FormCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Page

NAME = str(CATALOGUE["programmes"][0]["name"])


@pytest.fixture
def source() -> Callable[[], Any]:
    """A clock that stands still before the first day of the group."""
    return lambda: AS_OF


async def signed_in(page: Page, parent: Parent) -> None:
    """Sign in with the keyboard."""
    await page.goto(parent.simulator.url + "/")
    await tab_to(page, "Примерова Анна")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/account")


async def press(page: Page, name: str) -> None:
    """Reach a link or button by Tab and press Enter."""
    await tab_to(page, name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def tick(page: Page, name: str) -> None:
    """Reach the box or choice whose label holds `name` by Tab and press Space."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        label = await page.evaluate("[...(document.activeElement.labels || [])].map(one => one.innerText).join(' ')")
        if name in label:
            await page.keyboard.press("Space")
            return
    pytest.fail(f"Tab never reaches the box {name!r}")


async def test_a_child_is_enrolled_with_the_keyboard_alone(page: tuple[str, Page], parent: Parent) -> None:
    width, browser = page
    parent.replies["FormData"] = lambda message: registered(parent, message)
    await browser.goto(parent.simulator.url + "/programmes?paid=1")
    for _ in range(40):
        await browser.keyboard.press("Tab")
        if await browser.evaluate("document.activeElement.getAttribute('href')") == ENROL:
            break
    async with browser.expect_navigation():
        await browser.keyboard.press("Enter")
    await press(browser, "Примерова Анна")  # signing in leads back to where the parent was going
    assert browser.url.endswith(ENROL)
    await look(browser, f"{width}-enrol-1-choice")

    await press(browser, "Дальше")
    assert "Выберите ребёнка." in await words(browser)
    assert await browser.evaluate("document.activeElement.classList.contains('problems')")
    await look(browser, f"{width}-enrol-2-choice-wrong")

    await browser.keyboard.press("Tab")
    await browser.keyboard.press("Enter")  # the summary leads to the field
    assert await browser.evaluate("location.hash") == "#child"
    await tick(browser, "Примеров")
    for _ in range(3):  # choices of one question are gone through with the arrows
        chosen = await browser.evaluate("document.activeElement.labels[0].innerText")
        if "Примеров Тест" in chosen:
            break
        await browser.keyboard.press("ArrowDown")
    await press(browser, "Дальше")
    await browser.wait_for_url("**/account/order/*")
    assert "Остаток 9 256,00 руб." in await words(browser)
    await look(browser, f"{width}-enrol-3-certificate")

    await press(browser, "Рассчитать стоимость")
    said = await words(browser)
    assert "Оплатит семья 4 000,00 руб." in said
    await look(browser, f"{width}-enrol-4-agreement")

    await press(browser, "Подать заявление")
    assert await browser.evaluate("document.activeElement.classList.contains('problems')")
    await look(browser, f"{width}-enrol-5-agreement-wrong")
    for name in ("Согласны оплатить", "Согласие на обработку", "Заявление о получении", "Согласие на оплату части"):
        await tick(browser, name)
    await press(browser, "Подать заявление")
    await browser.wait_for_url("**/account/order/*")
    assert "Регион принял заявление" in await words(browser)
    await look(browser, f"{width}-enrol-6-filed")
    assert len(parent.got["FormData"]) == 1

    await browser.go_back()
    assert "Регион принял заявление" in await words(browser)  # going back ends at the same order
    assert len(parent.portal.orders.of(parent.owner)) == 1


async def test_an_order_is_followed_written_about_and_cancelled(page: tuple[str, Page], parent: Parent) -> None:
    width, browser = page
    parent.replies["FormData"] = lambda message: registered(parent, message)
    order = await parent.filed()
    await parent.simulator.consumer.at_rest()
    waiting = contract(sign_deadline=AS_OF + timedelta(days=10))
    await parent.tell(parent.status(order.id, 60, 2, contract=waiting, send_message_allowed=True, comment="Ждём вас"))
    letter = order_event.Request(
        environment=order_event.Environment.SVCDEV,
        order_id=order.id,
        event=order_event.TextMessageEvent(),
        comment="Принесите справку о здоровье.\nМожно копию.",
        author="ИП Образцова Мария Тестовна",
    )
    await parent.ask_portal(letter)
    await signed_in(browser, parent)
    assert "Мои заявления" in await words(browser)
    await look(browser, f"{width}-order-1-account")

    await press(browser, NAME)
    await browser.wait_for_url("**/account/order/*")
    await press(browser, "Отправить сообщение")
    assert "Напишите текст сообщения." in await words(browser)
    await look(browser, f"{width}-order-2-letter-wrong")
    await browser.get_by_label("Написать организации").focus()
    await browser.keyboard.type("Принесём завтра")
    await press(browser, "Отправить сообщение")
    assert "Принесём завтра" in await words(browser)
    await look(browser, f"{width}-order-3-letters")

    await press(browser, "Отменить заявление")
    await browser.wait_for_url("**/cancel")
    await look(browser, f"{width}-order-4-cancel")
    parent.replies["FormData"] = lambda _message: [
        enrolment.Response(
            answer=enrolment.CancellationAnswer(order_id=order.id, result=enrolment.CancellationResult.CANCELLED)
        )
    ]
    await press(browser, "Отменить заявление")
    await browser.wait_for_url("**/account/order/*")
    assert "Заявление отменено" in await words(browser)
    await look(browser, f"{width}-order-5-cancelled")


async def test_what_the_region_says_no_to_is_shown(page: tuple[str, Page], parent: Parent) -> None:
    width, browser = page
    parent.replies["FormData"] = lambda message: [
        parent.status(message.body.order_id, 4, 1, cancel_allowed=False, reason_code="STALE_BALANCE")
    ]
    await parent.filed()
    await parent.simulator.consumer.at_rest()
    await signed_in(browser, parent)
    await press(browser, NAME)
    await look(browser, f"{width}-refused-1-stale")

    parts = {"certificate_part": 500000, "own_part": 700000}
    parent.costs.answer = calculated(certificate_reserving_cost=500000)
    parent.costs.headers = {"Socert-Calculation": "calc-0002", "Socert-Balance": "18 2026-09-02T09:00:03+03:00"}
    parent.costs.proposal |= {"calculation": "calc-0002", "balance_version": 18, "months": []}
    parent.costs.proposal |= parts | {"years": [{"year": 2026, **parts}]}
    await press(browser, "Рассчитать заново")
    assert "Остаток сертификата изменился" in await words(browser)
    await look(browser, f"{width}-refused-2-new-price")


async def test_an_offer_is_answered_with_the_keyboard(page: tuple[str, Page], parent: Parent) -> None:
    width, browser = page
    await parent.region.push(offer(parent), parent.region.certificate(1), parent.region.contract(1))
    await parent.ask_portal(create(new()))
    await signed_in(browser, parent)
    await look(browser, f"{width}-offer-1-account")
    await press(browser, "Посмотреть и ответить")
    await browser.wait_for_url("**/account/offer/*")
    await look(browser, f"{width}-offer-2")

    await press(browser, "Согласиться и продолжить")
    await look(browser, f"{width}-offer-3-wrong")
    parent.replies[ACTIONS] = told(account.ActionResult.STALE)
    await tick(browser, "Согласны оплатить")
    await tick(browser, "Согласие на оплату части")
    await press(browser, "Согласиться и продолжить")
    await look(browser, f"{width}-offer-4-stale")
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    await tick(browser, "Согласны оплатить")
    await tick(browser, "Согласие на оплату части")
    await press(browser, "Согласиться и продолжить")
    assert "Ваше решение принято" in await words(browser)
    await look(browser, f"{width}-offer-5-accepted")


async def test_consents_are_withdrawn_and_given_with_the_keyboard(page: tuple[str, Page], parent: Parent) -> None:
    width, browser = page
    outdated = consent(
        parent,
        FormCode.SOCIAL_CERT_APPLICATION,
        "NEW_VERSION_NEEDED",
        form_version="2025-01",
        required_version="2026-01",
    )
    await parent.region.push(
        consent(parent), outdated, parent.region.certificate(1, notice="Остаток изменился."), parent.region.contract(1)
    )
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    await signed_in(browser, parent)
    await press(browser, "Примеров Тест")
    await look(browser, f"{width}-consent-1-child")
    await press(browser, "Посмотреть, дать или отозвать")
    await look(browser, f"{width}-consent-2-list")
    await press(browser, "Подписать новую форму")
    await look(browser, f"{width}-consent-3-give")
    await tick(browser, "Заявление о получении")
    await press(browser, "Дать согласие")
    await browser.wait_for_url("**/consents")

    await press(browser, "Отозвать все согласия")
    await press(browser, "Отозвать все согласия")
    assert "Подтвердите, что понимаете последствия." in await words(browser)
    await look(browser, f"{width}-consent-4-withdraw-wrong")
    await tick(browser, "Понимаю, что будет дальше")
    await press(browser, "Отозвать все согласия")
    await browser.wait_for_url("**/consents")
    await look(browser, f"{width}-consent-5-withdrawn")
    assert len(parent.got[ACTIONS]) == 2


async def test_what_is_not_kept_is_asked_for_with_the_keyboard(page: tuple[str, Page], parent: Parent) -> None:
    width, browser = page
    parent.replies[QUERIES] = telling(parent.region.certificate(1), parent.region.contract(1), consent(parent))
    await signed_in(browser, parent)
    await press(browser, "Примеров Тест")
    await look(browser, f"{width}-query-1-child")
    await press(browser, "Узнать остаток")
    await browser.wait_for_url("**/answer/*")
    assert "Остаток 9 256,00 руб." in await words(browser)
    await look(browser, f"{width}-query-2-live")
