"""Enrolment by the parent's pages: every step, repeats of each, and what they say when something goes wrong."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.simulator.browsing import Browser
from tests.simulator.enrolling import ALL, ENROL, FORMS, chosen, filed, priced, registered
from tests.simulator.parent import AS_OF, CATALOGUE, GROUP, REGION, TOWN, Parent, calculated
from tests.simulator.test_decisions import QUERIES
from tests.simulator.test_pages_decisions import telling

from socert.contracts.portal import account, group_cost
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.portal.blocks import FinancialSource
from socert.contracts.smev.status import RejectCode, Rejection
from socert.simulator.app import Simulator
from socert.simulator.portal.people import Identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from socert.simulator.settings import Settings

PAID = GROUP[:-2] + "b1"


@pytest.fixture
def source() -> Callable[[], datetime]:
    """A clock that stands still before the first day of the group."""
    return lambda: AS_OF


@pytest.fixture(autouse=True)
def registering(parent: Parent) -> None:
    """The region registers every application."""
    parent.replies["FormData"] = lambda message: registered(parent, message)


# From the catalogue to the application


@pytest.mark.seed("marked", "municipality")
async def test_catalogue_leads_to_enrolment_and_says_where_certificates_are_given(
    parent: Parent, site: Browser
) -> None:
    page = await site.get("/programmes")
    links = {link.get("aria-label"): link.get("href") for link in page.root.find_class("button") if link.get("href")}
    assert links["Записаться: Тестовая программа «Ритм»"] == ENROL
    assert "Возможна оплата сертификатом" in page.text

    town = await site.get(f"/programmes?municipality={TOWN}")
    assert "в этом муниципалитете пока нет программ по сертификату, поэтому получить его здесь нельзя" in town.text

    form = await site.get(ENROL)
    assert form.heading() == "Запись на программу"
    assert "Возможна оплата сертификатом" in form.text
    (now,) = form.root.xpath("//li[@aria-current='step']")
    assert now.text_content() == "Ребёнок"


async def test_one_who_is_not_signed_in_comes_back_to_enrolment(parent: Parent, site: Browser) -> None:
    await site.post("/sign-out")
    front = await site.get(ENROL)
    assert front.path == "/"

    page = await site.send(front, "/sign-in", person=str(parent.owner))

    assert (page.path, page.heading()) == ("/enrol", "Запись на программу")


@pytest.mark.parametrize("place", ["//example.org/", "https://example.org/", "/sign-out", "/accounts"])
async def test_signing_in_leads_to_no_other_site(parent: Parent, site: Browser, place: str) -> None:
    page = await site.post("/sign-in", person=str(parent.owner), next=place)

    assert page.path == "/account"


@pytest.mark.seed("by-itself", "on-screen", "at-enrolment")
async def test_certificate_issued_now_is_shown_with_what_is_left(parent: Parent, site: Browser) -> None:
    page = await chosen(site, parent)

    for said in ("Сертификат № 1234567890", "Выдан сейчас", "регион выдал его только что", "Остаток 9 256,00 руб."):
        assert said in page.text
    assert "Забронировано по другим договорам и заявлениям: 8 000,00 руб." in page.text


@pytest.mark.seed("found-again")
async def test_certificate_issued_before_is_found(parent: Parent, site: Browser) -> None:
    parent.replies["universalCertificateRequest"] = lambda request: [parent.region.found(request)]

    page = await chosen(site, parent)

    assert "У ребёнка уже есть сертификат, регион нашёл его" in page.text
    assert "Выдан сейчас" not in page.text


@pytest.mark.seed("on-screen", "unit")
@pytest.mark.parametrize("pushed", [True, False])
async def test_hours_that_are_left_are_shown_though_the_answer_cannot_tell_them(
    parent: Parent, site: Browser, pushed: bool
) -> None:
    region = parent.region
    hours = region.balance(unit=account.Unit.HOUR, nominal=10250, reserved=2400, spent=6600, available=1250)
    update = region.certificate(1, body=region.card(balances=(hours,)))
    parent.replies["universalCertificateRequest"] = lambda request: [region.found(request, funds=None)]
    parent.replies[QUERIES] = telling(update)
    if pushed:
        await region.push(update)

    page = await chosen(site, parent)

    assert "Остаток 12,50 ч" in page.text
    assert len(parent.got[QUERIES]) == (0 if pushed else 1)
    assert len(parent.portal.accounts.certificates(parent.child)) == (1 if pushed else 0)
    parent.costs.answer = calculated(cost_per_year=1500, certificate_reserving_cost=1250)
    parent.costs.proposal |= {"register": "HOUR", "total": 1500, "certificate_part": 1250, "own_part": 250}
    parent.costs.proposal |= {"months": [], "years": [{"year": 2026, "certificate_part": 1250, "own_part": 250}]}
    page = await site.send(page, page.path + "/cost")
    assert "Останется на сертификате: 0,00 ч Если запишете ребёнка куда-то ещё, платить придётся семье." in page.text


@pytest.mark.seed("split")
async def test_price_is_split_by_month_and_says_what_is_left(parent: Parent, site: Browser) -> None:
    page = await priced(site, parent)

    for said in (
        "Всего 12 000,00 руб.",
        "Оплатит сертификат 8 000,00 руб.",
        "Оплатит семья 4 000,00 руб.",
        "сентябрь 2026 2 000,00 руб. 1 000,00 руб.",
        "Останется на сертификате: 1 256,00 руб.",
        "Остаток учтён на 01.09.2026 в 09:00 (МСК)",
        "Согласны оплатить за счёт семьи 4 000,00 руб.",
    ):
        assert said in page.text
    assert page.root.xpath("//details//p[contains(., 'даю согласие уполномоченному органу региона')]")
    assert "версия 2026-01" in page.text


async def test_years_are_told_apart(parent: Parent, site: Browser) -> None:
    years = [
        {"year": 2026, "certificate_part": 500000, "own_part": 100000},
        {"year": 2027, "certificate_part": 300000, "own_part": 300000},
    ]
    parent.costs.proposal |= {"years": years, "months": [], "end": "2027-05-31"}

    page = await priced(site, parent)

    assert "2026 5 000,00 руб. 1 000,00 руб." in page.text
    assert "2027 3 000,00 руб. 3 000,00 руб." in page.text
    assert "окончание 31.05.2027" in page.text


async def test_hours_of_the_family_are_told_in_roubles_too(parent: Parent, site: Browser) -> None:
    parent.costs.answer = calculated(cost_per_year=7200, certificate_reserving_cost=7000)
    parent.costs.proposal |= {"register": "HOUR", "total": 7200, "certificate_part": 7000, "own_part": 200}
    parent.costs.proposal |= {"payable": 60000, "months": []}
    parent.costs.proposal |= {"years": [{"year": 2026, "certificate_part": 7000, "own_part": 200}]}

    page = await priced(site, parent)

    assert "Оплатит сертификат 70,00 ч" in page.text
    assert "Согласны оплатить за счёт семьи 2,00 ч — это 600,00 руб." in page.text
    assert "Останется на сертификате" not in page.text  # the certificate's answer was in roubles


async def test_programme_of_a_register_costs_nothing_and_needs_no_own_part(parent: Parent, site: Browser) -> None:
    parent.costs.answer = group_cost.FreeOfCharge(
        order_allowed=True, message="Бесплатно", registry_balance=2, registry_booked_amount=1
    )
    parent.costs.proposal |= {"register": "SIGNIFICANT", "total": 1, "certificate_part": 1, "own_part": 0}
    parent.costs.proposal |= {"years": [], "months": []}

    page = await priced(site, parent)

    assert "По этой программе платить не нужно. Доступно: 2 программы, уже занято: 1 программа" in page.text
    assert "реестр значимых программ" in page.text
    assert not page.root.xpath("//input[@name='own']")


async def test_application_is_filed_and_its_page_says_how_it_stands(parent: Parent, site: Browser) -> None:
    page = await filed(site, parent)

    (request,) = parent.got["FormData"]
    assert page.path == f"/account/order/{request.body.order_id}"
    assert page.heading() == f"Заявление № {request.body.order_id}"
    assert "Регион принял заявление и зарезервировал средства сертификата" in page.text
    assert request.body.financing.agreed_split.applicant_part_accepted
    assert len(request.body.consents) == 3
    account = await site.get("/account")
    assert "Тестовая программа «Ритм» Примеров Тест, подано" in account.text
    assert "Мои заявления" in account.text
    assert f"/account/order/{request.body.order_id}" in account.source


# Repeats


async def test_going_back_and_sending_twice_is_one_order(parent: Parent, site: Browser) -> None:
    form = await site.get(ENROL)
    first = await site.send(form, "/enrol", child=str(parent.child))
    again = await site.send(form, "/enrol", child=str(parent.child))
    # "Back" loads the form anew: the same wish leads to the same draft.
    anew = await chosen(site, parent)

    assert first.path == again.path == anew.path
    assert len(parent.portal.orders.of(parent.owner)) == 1


async def test_double_click_asks_once(parent: Parent, site: Browser) -> None:
    form = await site.get(ENROL)

    pages = await asyncio.gather(*(site.send(form, "/enrol", child=str(parent.child)) for _ in range(3)))

    assert len({page.path for page in pages}) == 1
    assert len(parent.got["universalCertificateRequest"]) == 1


async def test_application_sent_twice_is_one(parent: Parent, site: Browser) -> None:
    draft = await priced(site, parent)
    submit = draft.path + "/submit"

    pages = await asyncio.gather(*(site.send(draft, submit, **ALL) for _ in range(3)))
    later = await site.send(draft, submit, **ALL)

    assert {page.path for page in (*pages, later)} == {draft.path}
    assert len(parent.got["FormData"]) == 1


async def test_draft_open_in_two_tabs_is_filed_once(parent: Parent, site: Browser) -> None:
    draft = await priced(site, parent)
    other = await site.get(draft.path)

    await site.send(draft, draft.path + "/submit", **ALL)
    page = await site.send(other, draft.path + "/submit", **ALL)

    assert page.heading().startswith("Заявление")
    assert len(parent.got["FormData"]) == 1


async def test_other_day_is_another_draft(parent: Parent, site: Browser) -> None:
    day = parent.portal.time.today() + timedelta(days=30)

    assert (await chosen(site, parent)).path != (await chosen(site, parent, start=day.isoformat())).path


async def test_place_already_applied_for_is_not_applied_for_again(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)

    form = await site.get(ENROL)
    page = await site.send(form, "/enrol", child=str(parent.child))

    assert "Заявление на эту группу уже подано: зарегистрировано" in form.text
    assert (page.status, page.problems()) == (422, ["Заявление на эту группу для этого ребёнка уже подано."])
    assert order.path in page.source


async def test_address_of_a_step_opened_again_leads_to_the_order(parent: Parent, site: Browser) -> None:
    order = await chosen(site, parent)

    for step in ("certificate", "cost", "submit", "again", "message"):
        assert (await site.get(f"{order.path}/{step}")).path == order.path


# What is wrong is said beside it


async def test_choice_without_a_child_is_told_and_nothing_is_lost(parent: Parent, site: Browser) -> None:
    page = await site.send(await site.get(ENROL), "/enrol", child=None, start="2020-02-30", source="paid")

    assert (page.status, len(page.problems())) == (422, 2)
    assert page.marked() == ["fieldset", "start"]
    assert page.root.xpath("//input[@name='source'][@checked]/@value") == ["paid"]
    assert page.root.xpath("//input[@id='start']/@value") == ["2020-02-30"]
    assert parent.portal.orders.of(parent.owner) == []


async def test_day_that_is_over_cannot_be_chosen(parent: Parent, site: Browser) -> None:
    day = parent.portal.time.today() - timedelta(days=1)

    page = await chosen(site, parent, start=day.isoformat())

    assert page.problems() == ["День начала уже прошёл. Укажите сегодняшний или более поздний."]


async def test_child_without_snils_is_told_at_the_choice(parent: Parent, site: Browser) -> None:
    page = await chosen(site, parent, child=str(parent.nameless))

    assert page.problems() == ["У этого ребёнка не указан СНИЛС: без него сертификат не найти."]


@pytest.mark.parametrize("child", ["", "999", "x", "9" * 30])
async def test_nobody_elses_child_can_be_chosen(parent: Parent, site: Browser, child: str) -> None:
    page = await chosen(site, parent, child=child)

    assert page.problems() == ["Выберите ребёнка."]


async def test_municipality_that_pays_is_chosen_where_there_are_several(
    parent: Parent, parent_settings: Settings, tmp_path: Path, source: Callable[[], datetime]
) -> None:
    other = {"code": REGION[:-1] + "9", "name": "г. Дальний", "oktmo": "00000002", "region_code": REGION}
    world = tmp_path / "two.json"
    world.write_text(json.dumps(CATALOGUE | {"municipalities": [*CATALOGUE["municipalities"], other]}), "utf-8")
    async with (
        Simulator(replace(parent_settings, catalogue=world), source=source) as running,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        region = type(parent.region)(running, parent.region.signer, http)
        two = Parent(running, region, parent.costs)
        serving = asyncio.create_task(two.serve())
        browser = Browser(running.url, http)
        await browser.post("/sign-in", person=str(two.owner))

        page = await chosen(browser, two)
        assert page.problems() == ["Выберите муниципалитет, который выдаёт сертификат."]
        assert page.root.xpath("//select/option/text()") == ["Выберите", "г. Дальний", "г. Примерск"]
        page = await browser.send(page, "/enrol", municipality=other["code"])
        assert "Муниципалитет г. Дальний" in page.text
        (request,) = two.got["universalCertificateRequest"]
        assert request.query.details.municipality_code == other["code"]

        # A certificate in the account tells it before the parent does.
        await region.push(region.certificate(1))
        form = await browser.get(ENROL)
        assert form.root.xpath("//option[@selected]/text()") == ["г. Примерск"]
        serving.cancel()


@pytest.mark.parametrize("group", ["", "nothing"])
async def test_group_that_is_not_there_is_no_page(site: Browser, group: str) -> None:
    assert (await site.get(f"/enrol?group={group}")).status == 404
    assert (await site.post("/enrol", group=group)).status == 404


async def test_programme_that_the_catalogue_knows_too_little_of_cannot_be_applied_for(
    parent: Parent, site: Browser
) -> None:
    page = await site.get("/enrol?group=" + GROUP[:-2] + "b2")
    page = await site.send(page, "/enrol", child=str(parent.child))

    (said,) = page.problems()
    assert "в каталоге не указано" in said


async def test_missing_agreements_are_told_beside_each(parent: Parent, site: Browser) -> None:
    draft = await priced(site, parent)

    page = await site.send(draft, draft.path + "/submit", **{"form-PD_PROCESSING": "1"})

    assert page.status == 422
    assert page.marked() == ["own", "form-SOCIAL_CERT_APPLICATION", "form-SPLIT_PAYMENT"]
    assert len(page.problems()) == 3
    assert page.root.xpath("//input[@name='form-PD_PROCESSING'][@checked]")
    for link in page.root.xpath("//*[contains(@class, 'problems')]//a/@href"):
        assert page.root.xpath(f"//input[@id='{link[1:]}']")
    assert parent.got["FormData"] == []


async def test_child_too_young_is_told_before_anything_is_sent(parent: Parent, site: Browser) -> None:
    parent.replies["universalCertificateRequest"] = lambda request: parent.issued(request, "90000000283")
    draft = await priced(site, parent, child=str(parent.baby))

    page = await site.send(draft, draft.path + "/submit", **ALL)

    assert page.problems() == ["На день начала обучения ребёнку должно быть от 5 до 17 лет."]
    assert len(page.root.xpath("//input[@type='checkbox'][@checked]")) == 4
    assert parent.got["FormData"] == []


# What the region says and does not say


async def test_refusal_of_a_certificate_is_told_in_the_regions_words(parent: Parent, site: Browser) -> None:
    refused = pf.IssueRefused(code="1", description="Ребёнок старше 17 лет")
    parent.replies["universalCertificateRequest"] = lambda request: [
        pf.Response(order_id=request.order_id, response_timestamp=request.order_timestamp, answers=(refused,))
    ]

    page = await chosen(site, parent)

    assert "Регион отказал в сертификате Ребёнок старше 17 лет" in page.text
    assert "Записаться за счёт семьи" in page.text
    assert not page.root.xpath("//form[contains(@action, '/cost')]")


async def test_silence_about_the_certificate_can_be_asked_again(
    parent: Parent, site: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent.portal.queries, "_deadline", timedelta(milliseconds=50))
    parent.replies["universalCertificateRequest"] = lambda _request: []
    page = await chosen(site, parent)
    assert "Регион пока не ответил" in page.text

    parent.replies["universalCertificateRequest"] = parent.issued
    monkeypatch.setattr(parent.portal.queries, "_deadline", timedelta(seconds=10))
    again = await site.send(page, page.path + "/certificate")

    assert again.path == page.path
    assert "Сертификат № 1234567890" in again.text


async def test_price_that_does_not_come_can_be_asked_again(parent: Parent, site: Browser) -> None:
    parent.costs.status = 503
    page = await priced(site, parent)
    assert "Регион ответил, но ответ нельзя прочитать" in page.text
    assert not page.root.xpath("//form[contains(@action, '/submit')]")

    parent.costs.status = 200
    page = await site.send(page, page.path + "/cost")

    assert page.root.xpath("//form[contains(@action, '/submit')]")


async def test_figures_that_cannot_be_agreed_to_are_shown_with_why(parent: Parent, site: Browser) -> None:
    parent.costs.proposal = None

    page = await priced(site, parent)

    assert "Всего 12 000,00 руб." in page.text
    assert "Регион не прислал точный расчёт. Согласиться с ним нельзя" in page.text
    assert not page.root.xpath("//form[contains(@action, '/submit')]")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (group_cost.Ineffectual(order_allowed=False, message="Мало данных"), "Мало данных"),
        (
            group_cost.BadCalculationData(
                order_allowed=False,
                message="Расчёт не удался",
                errors=(group_cost.ErrorInfo(code="7", message="Нет цены"),),
            ),
            "7: Нет цены",
        ),
    ],
)
async def test_other_answers_to_the_price_are_told(parent: Parent, site: Browser, answer: Any, said: str) -> None:
    parent.costs.answer, parent.costs.headers = answer, {}

    page = await priced(site, parent)

    assert said in page.text
    assert "Рассчитать ещё раз" in page.text
    assert not page.root.xpath("//form[contains(@action, '/submit')]")


async def test_family_pays_all_where_nothing_is_left(parent: Parent, site: Browser) -> None:
    parent.costs.answer = group_cost.CertificateExhausted(order_allowed=False, message="Средств на сертификате нет")
    parent.costs.headers = {}
    page = await priced(site, parent)
    assert "Средств на сертификате нет" in page.text

    parent.costs.answer = calculated(certificate_reserving_cost=0, monthly_from_certificate=0)
    paid = await site.send(page, page.path + "/again", source="paid")
    assert paid.path != page.path
    assert "полностью за счёт семьи" in paid.text
    await site.send(paid, paid.path + "/submit", **FORMS)

    financing = parent.got["FormData"][0].body.financing
    assert (financing.source, financing.certificate_guid) == (FinancialSource.PAID, None)
    assert parent.costs.asked[-1].financial_source == "paid"


async def test_programme_without_certificate_is_paid_by_the_family(parent: Parent, site: Browser) -> None:
    parent.costs.headers = {}
    form = await site.get(f"/enrol?group={PAID}")
    assert "нельзя оплатить сертификатом" in form.text

    page = await site.send(form, "/enrol", child=str(parent.child))

    assert parent.got["universalCertificateRequest"] == []
    assert page.root.xpath("//form[contains(@action, '/submit')]")


# A balance that has changed meanwhile


async def test_price_calculated_anew_meanwhile_has_to_be_agreed_to_again(parent: Parent, site: Browser) -> None:
    draft = await priced(site, parent)
    parent.costs.headers = {"Socert-Calculation": "calc-0002", "Socert-Balance": "18 2026-09-02T09:00:03+03:00"}
    parent.costs.proposal |= {"calculation": "calc-0002", "balance_version": 18}
    await site.send(draft, draft.path + "/cost")

    page = await site.send(draft, draft.path + "/submit", **ALL)

    assert page.status == 422
    assert "Ниже новый расчёт" in page.problems()[0]
    assert not page.root.xpath("//input[@type='checkbox'][@checked]")
    assert parent.got["FormData"] == []
    done = await site.send(page, draft.path + "/submit", **ALL)
    assert done.heading().startswith("Заявление №")
    assert parent.got["FormData"][0].body.financing.agreed_split.calculation_ref == "calc-0002"


@pytest.mark.invariant(10)
async def test_stale_balance_leads_to_a_new_calculation(parent: Parent, site: Browser) -> None:
    parent.replies["FormData"] = lambda message: [
        parent.status(message.body.order_id, 4, 1, cancel_allowed=False, reason_code="STALE_BALANCE")
    ]
    refused = await filed(site, parent)
    assert "Отказано" in refused.text
    assert "Остаток сертификата изменился после расчёта" in refused.text

    parts = {"certificate_part": 500000, "own_part": 700000}
    parent.costs.answer = calculated(certificate_reserving_cost=500000)
    parent.costs.headers = {"Socert-Calculation": "calc-0002", "Socert-Balance": "18 2026-09-02T09:00:03+03:00"}
    parent.costs.proposal |= {"calculation": "calc-0002", "balance_version": 18, "months": []}
    parent.costs.proposal |= parts | {"years": [{"year": 2026, **parts}]}
    new = await site.send(refused, refused.path + "/again")

    assert new.path != refused.path
    assert "Остаток сертификата изменился" in new.text
    assert "В прежнем расчёте сертификат оплачивал 8 000,00 руб. , семья 4 000,00 руб." in new.text
    assert "Согласны оплатить за счёт семьи 7 000,00 руб." in new.text
    again = await site.send(refused, refused.path + "/again")
    assert again.path == new.path
    parent.replies["FormData"] = lambda message: [parent.status(message.body.order_id, 1, 1)]
    await site.send(new, new.path + "/submit", **ALL)
    last = parent.got["FormData"][-1].body
    assert (last.order_id, last.financing.agreed_split.balance_version) == (int(new.path.rpartition("/")[2]), 18)
    # Once it is filed, the old page leads to it.
    assert (await site.send(refused, refused.path + "/again")).path == new.path


async def test_application_that_was_not_taken_is_sent_again_as_the_same(parent: Parent, site: Browser) -> None:
    rejection = Rejection(code=RejectCode.FAILURE, description="Попробуйте позже")
    parent.replies["FormData"] = lambda _message: [{"rejections": [rejection]}]
    page = await filed(site, parent)
    assert "Попробуйте позже" in page.text
    assert "Заявление не дошло до региона" in page.text

    parent.replies["FormData"] = lambda message: [parent.status(message.body.order_id, 1, 1)]
    page = await site.send(page, page.path + "/submit", **ALL)

    assert "Регион принял заявление" in page.text
    first, second = parent.got["FormData"]
    assert first.body.order_id == second.body.order_id


# Foreign orders


async def test_order_of_somebody_else_is_not_there(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    stranger = parent.portal.people.put_owner(Identity.snils("1"), "Чужая", "Анна", None)
    await site.post("/sign-in", person=str(stranger))

    for path in (order.path, order.path + "/cancel", order.path + "/message"):
        page = await site.get(path)
        assert (page.status, page.heading()) == (404, "Страница не найдена")
        assert "Примеров" not in page.text
    for step in ("certificate", "cost", "submit", "again", "cancel", "message"):
        assert (await site.post(f"{order.path}/{step}", **ALL)).status == 404
    assert "Заявлений нет" in (await site.get("/account")).text
    assert len(parent.got["FormData"]) == 1


async def test_form_that_came_back_is_shown_to_its_owner_only_and_leads_on_once_it_was_right(
    parent: Parent, site: Browser
) -> None:
    draft = await priced(site, parent)
    wrong = await site.send(draft, draft.path + "/submit")
    assert wrong.path.startswith("/account/form/")
    assert (await site.get(wrong.path)).problems() == wrong.problems()

    done = await site.send(wrong, draft.path + "/submit", **ALL)
    assert (await site.get(wrong.path)).path == done.path == draft.path

    other = await site.send(await site.get(ENROL), "/enrol")
    stranger = parent.portal.people.put_owner(Identity.snils("1"), "Чужая", "Анна", None)
    await site.post("/sign-in", person=str(stranger))
    assert (await site.get(other.path)).path == "/account"
    assert (await site.get("/account/form/none")).path == "/account"
