"""The parent's pages, as HTML."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from structlog.testing import capture_logs
from tests.simulator.browsing import Browser

from socert.contracts.portal import account
from socert.contracts.portal import pf_certificate as pf
from socert.simulator.app import Simulator
from socert.simulator.portal.pages import COOKIE
from socert.simulator.portal.people import Identity
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

GUID = "00000000-0000-4000-8000-0000000000aa"


@pytest.fixture
async def browser(region: Any) -> AsyncIterator[Browser]:
    """A browser of nobody in particular; the cookies of an IP address are kept too."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Browser(region.simulator.url, http)


@pytest.fixture
async def parent(region: Any, browser: Browser) -> Browser:
    """A browser of the parent, signed in, with a certificate and a contract pushed."""
    await region.push(region.certificate(1), region.contract(1))
    page = await browser.post("/sign-in", person="1")
    assert page.path == "/account"
    return browser


@pytest.fixture
async def answering(region: Any) -> AsyncIterator[Callable[[Callable[[pf.Request], Any]], None]]:
    """Let the region answer queries in the background."""
    tasks: list[asyncio.Task[None]] = []

    def start(content: Callable[[pf.Request], Any]) -> None:
        tasks.append(asyncio.create_task(region.answer_queries(content)))

    yield start
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_nobody_is_there_at_first(browser: Browser) -> None:
    page = await browser.get("/")

    assert page.heading() == "Кем войти?"
    assert "Пока никого нет" in page.text


async def test_every_page_says_that_it_is_no_gosuslugi(parent: Browser) -> None:
    for path in ("/", "/account", "/account/child/1", "/account/child/1/find", "/nothing"):
        page = await parent.get(path)

        assert page.root.get("lang") == "ru"
        banner = page.root.find_class("banner")[0]
        assert banner.text_content() == "Это симулятор, не Госуслуги"
        assert len(list(page.root.iter("main"))) == len(list(page.root.iter("header"))) == 1
        assert page.root.xpath("//meta[@name='viewport']")
        assert not list(page.root.iter("script"))
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_people_are_searched_when_there_are_many(region: Any, browser: Browser) -> None:
    for number in range(60):
        region.simulator.people.put_owner(Identity.snils(str(number)), f"Родителев{number:02d}", "Анна", None)

    page = await browser.get("/")
    assert len(page.root.xpath("//form[@action='/sign-in']")) == 50
    assert "Показаны первые 50 из 60" in page.text
    page = await browser.get("/?q=родителев59")
    assert [button.text_content() for button in page.root.xpath("//button[@name='person']")] == ["Родителев59 Анна"]
    page = await browser.get("/?q=нет такого")
    assert "Никого не нашлось" in page.text


async def test_account_shows_children_with_what_is_left(parent: Browser) -> None:
    page = await parent.get("/account")

    assert page.heading() == "Мои дети"
    assert "Примеров Тест Иванович" in page.text
    assert "Дата рождения: 20.02.2016" in page.text
    assert "Остаток на сертификате 1234567890: 9 256,00 руб." in page.text


async def test_child_page_shows_certificate_and_contract(parent: Browser) -> None:
    page = await parent.get("/account/child/1")

    assert page.heading() == "Примеров Тест Иванович"
    for words in (
        "Социальный сертификат № 1234567890",
        "Действует",
        "Остаток 9 256,00 руб.",
        "Номинал 17 456,00 руб.",
        "Забронировано 8 000,00 руб.",
        "Израсходовано 200,00 руб.",
        "Номинал измеряется в рублях",
        "Период 01.01.2026 – 31.12.2026",
        "Действует с 10.01.2026 до 18 лет",
        "По данным на 05.09.2026 в 10:00 (МСК)",
        "Тестовая программа «Ритм»",
        "ИП Образцова Мария Тестовна",
        "Договор № 15 от 05.09.2026",
        "Обучение 15.09.2026 – 31.12.2026",
        "Оплачивает сертификат 8 000,00 руб.",
        "Оплачивает семья 4 000,00 руб.",
    ):
        assert words in page.text


async def test_hours_are_said_as_hours(region: Any, parent: Browser) -> None:
    balance = region.balance(unit=account.Unit.HOUR, nominal=10250, reserved=0, spent=9000, available=1250)
    await region.push(region.certificate(2, body=region.card(balances=(balance,))))

    page = await parent.get("/account/child/1")

    assert "Остаток 12,50 ч" in page.text
    assert "Номинал измеряется в часах" in page.text


async def test_accounting_certificate_has_no_funds(region: Any, parent: Browser) -> None:
    balance = region.balance(nominal=0, reserved=0, spent=0, available=0)
    card = region.card(certificate_type=account.CertificateType.ACCOUNTING, balances=(balance,))
    await region.push(region.certificate(2, body=card))

    page = await parent.get("/account/child/1")

    assert "Сертификат учёта, без средств" in page.text
    assert "Остаток 0,00" not in page.text
    assert "Сертификат учёта, без средств" in (await parent.get("/account")).text


@pytest.mark.parametrize("status", list(account.CertificateStatus))
async def test_every_status_has_words(region: Any, parent: Browser, status: account.CertificateStatus) -> None:
    await region.push(region.certificate(2, body=region.card(status=status, status_reason="Причина из региона")))

    page = await parent.get("/account/child/1")

    assert status.value not in page.text
    assert "Причина из региона" in page.text


async def test_empty_states_are_explained(region: Any, parent: Browser) -> None:
    await region.push(region.close(2), region.close(2, "contract-0001"))

    page = await parent.get("/account/child/1")

    assert "Сертификата в кабинете нет" in page.text
    assert "Договоров нет" in page.text
    assert "9 256,00" not in page.text
    assert "Сведений о сертификате пока нет" in (await parent.get("/account")).text


async def test_text_from_the_region_is_text_not_markup(region: Any, parent: Browser) -> None:
    card = region.card(certificate_number="<b>1</b>", status_reason="<script>alert(1)</script>")
    await region.push(region.certificate(2, body=card, recipient=region.recipient(first_name="<i>Т</i>")))

    page = await parent.get("/account/child/1")

    assert "№ <b>1</b>" in page.text
    assert "<script>alert(1)</script>" in page.text
    assert not page.root.xpath("//script | //main//b | //main//i")


async def test_municipality_is_named_where_the_catalogue_knows_it(keys: Any, tmp_path: Any, region: Any) -> None:
    place = tmp_path / "catalogue.json"
    code = "00000000-0000-4000-8000-000000000002"
    place.write_text(json.dumps({"municipalities": [{"code": code, "name": "город Примерск"}]}), "utf-8")
    async with (
        Simulator(Settings(port=0, keys=keys, catalogue=place)) as simulator,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        one = type(region)(simulator, region.signer, http)
        await one.push(one.certificate(1))
        browser = Browser(simulator.url, http)
        await browser.post("/sign-in", person="1")
        assert "Муниципалитет город Примерск" in (await browser.get("/account/child/1")).text


# Who sees what


async def test_pages_need_somebody_signed_in(region: Any, browser: Browser) -> None:
    await region.push(region.certificate(1))
    for path in ("/account", "/account/child/1", "/account/child/1/find"):
        assert (await browser.get(path)).path == "/"
    assert (await browser.post("/account/child/1/find")).path == "/"


async def test_a_stranger_sees_no_foreign_child(region: Any, parent: Browser) -> None:
    stranger = region.simulator.people.put_owner(Identity.snils("1"), "Чужая", "Анна", None)
    await parent.post("/sign-in", person=str(stranger))

    for path in ("/account/child/1", "/account/child/1/find", "/account/child/999"):
        page = await parent.get(path)
        assert page.status == 404
        assert page.heading() == "Страница не найдена"
        assert "Примеров" not in page.text
    assert (await parent.post("/account/child/1/refresh", certificate=GUID)).status == 404
    assert "Детей в кабинете нет" in (await parent.get("/account")).text


async def test_session_cookie_stays_on_this_site(region: Any, browser: Browser) -> None:
    owner = region.simulator.people.put_owner(Identity.snils("1"), "А", "А", None)
    async with region.http.post(
        f"{region.simulator.url}/sign-in", data={"person": str(owner)}, allow_redirects=False
    ) as response:
        cookie = response.cookies[COOKIE]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


async def test_signing_out_ends_the_session(parent: Browser) -> None:
    assert (await parent.post("/sign-out")).path == "/"
    assert (await parent.get("/account")).path == "/"


@pytest.mark.parametrize("person", ["", "x", "999", "9" * 40, "-1"])
async def test_nobody_cannot_sign_in(browser: Browser, person: str) -> None:
    assert (await browser.post("/sign-in", person=person)).path == "/"


async def test_reset_signs_everybody_out(region: Any, parent: Browser) -> None:
    region.simulator.reset()

    assert (await parent.get("/account")).path == "/"


# Asking the region


async def test_certificate_is_found_through_the_exchange(region: Any, parent: Browser, answering: Any) -> None:
    answering(region.found)

    form = await parent.get("/account/child/1/find")
    page = await parent.post("/account/child/1/find")

    assert "•••-•••-•45 95" in form.text
    assert "11223344595" not in form.source
    assert page.heading() == "Сертификат найден"
    assert "Сертификат № 1234567890" in page.text
    assert "Остаток 9 256,00 руб." in page.text
    assert "Владелец Примеров Тест Иванович" in page.text
    # Reloading shows the same answer and asks nobody.
    assert (await parent.get(page.path)).heading() == "Сертификат найден"
    calls = [(entry["participant"], entry["operation"]) for entry in region.simulator.journal.last()]
    assert calls.count(("EPGU", "SendRequest")) == 1


async def test_balance_is_renewed_by_the_informer(region: Any, parent: Browser, answering: Any) -> None:
    queries: list[pf.Query] = []

    def content(request: pf.Request) -> pf.Response:
        queries.append(request.query)
        answer: pf.Response = region.found(request, funds=pf.Funds(balance=900000, booked=0))
        return answer

    answering(content)

    page = await parent.post("/account/child/1/refresh", certificate=GUID)

    assert page.heading() == "Остаток обновлён"
    assert "Остаток 9 000,00 руб." in page.text
    assert isinstance(queries[0], pf.InformerQuery)


async def test_answer_without_funds_is_no_empty_balance(region: Any, parent: Browser, answering: Any) -> None:
    answering(lambda request: region.found(request, funds=None))

    page = await parent.post("/account/child/1/refresh", certificate=GUID)

    assert page.heading() == "Сертификат найден"
    assert "Остаток в ответе не передан" in page.text
    assert "0,00" not in page.text


async def test_child_without_snils_cannot_be_asked_about(region: Any, browser: Browser) -> None:
    await region.push(region.certificate(1, recipient=region.recipient(snils=None)))
    await browser.post("/sign-in", person="1")

    page = await browser.post("/account/child/1/find")

    assert page.path == "/account/child/1/find"
    assert "Без СНИЛС ребёнка запрос отправить нельзя" in page.text
    assert not page.root.xpath("//main//form")


async def test_opening_what_is_only_posted_is_a_page_too(parent: Browser) -> None:
    page = await parent.get("/sign-out")

    assert (page.status, page.heading()) == (405, "Так открыть страницу нельзя")


async def test_only_ones_own_certificate_can_be_renewed(parent: Browser) -> None:
    assert (await parent.post("/account/child/1/refresh", certificate="other")).status == 404


async def test_nothing_found_is_said_in_words(region: Any, parent: Browser, answering: Any) -> None:
    def content(request: pf.Request) -> pf.Response:
        nothing = pf.NothingFound(reason="Сертификат <не> выдан", snils="11223344595")
        return pf.Response(order_id=request.order_id, response_timestamp=request.order_timestamp, answers=(nothing,))

    answering(content)

    page = await parent.post("/account/child/1/find")

    assert page.heading() == "Сертификат не найден"
    assert "Сертификат <не> выдан" in page.text


async def test_silence_of_the_region_offers_to_retry(keys: Any, region: Any) -> None:
    settings = Settings(port=0, keys=keys, query_deadline=timedelta(milliseconds=50))
    async with (
        Simulator(settings) as simulator,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        one = type(region)(simulator, region.signer, http)
        await one.push(one.certificate(1))
        browser = Browser(simulator.url, http)
        await browser.post("/sign-in", person="1")

        page = await browser.post("/account/child/1/refresh", certificate=GUID)

        assert page.heading() == "Регион пока не ответил"
        (form,) = page.root.xpath("//main//form")
        assert form.get("action") == "/account/child/1/refresh"
        assert dict(form.form_values()) == {"certificate": GUID}
        assert "Повторить запрос" in page.text


async def test_answer_of_one_child_is_not_shown_to_another(region: Any, parent: Browser, answering: Any) -> None:
    answering(region.found)
    page = await parent.post("/account/child/1/find")
    other = region.simulator.people.put_owner(Identity.snils("1"), "Чужая", "Анна", None)
    await parent.post("/sign-in", person=str(other))

    assert (await parent.get(page.path)).status == 404


async def test_forgotten_answer_leads_back_to_the_child(parent: Browser) -> None:
    assert (await parent.get("/account/child/1/answer/unknown")).path == "/account/child/1"


async def test_failure_of_a_page_is_a_page(region: Any, parent: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_child: int) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(region.simulator.accounts, "certificates", broken)

    with capture_logs() as logged:
        page = await parent.get("/account/child/1")

    assert (page.status, page.heading()) == (500, "Что-то пошло не так")
    (line,) = logged
    assert (line["event"], line["exc_info"]) == ("page failed", True)
    assert line["route"].startswith("/account/child/{child")


@pytest.mark.parametrize(("name", "kind"), [("style.css", "text/css"), ("icon.svg", "image/svg+xml")])
async def test_style_and_icon_are_served_here(region: Any, name: str, kind: str) -> None:
    async with region.http.get(f"{region.simulator.url}/static/{name}") as response:
        assert (response.status, response.content_type) == (200, kind)
    async with region.http.get(f"{region.simulator.url}/static/other.css") as response:
        assert response.status == 404
