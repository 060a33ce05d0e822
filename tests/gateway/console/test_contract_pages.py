"""Contracts by hand: every step, every refusal, what is typed stays, nothing is done twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.gateway.console.desk import NOMINAL
from tests.gateway.records import PARENT_SNILS, SNILS, balance, certificate, contract

from socert.adapters.registry.builtin.tables import contract as contracts
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import RuleCode
from socert.gateway.store.tables_life import answer, order_text, portal_order

if TYPE_CHECKING:
    from tests.gateway.console.desk import Operator, Region

    from socert.gateway.ports import UnitOfWork

NB = "\N{NO-BREAK SPACE}"


def page_of(contract_id: str) -> str:
    return f"/contracts/{quote(contract_id, safe='')}"


async def test_an_application_is_accepted_and_concluded(operator: Operator, region: Region) -> None:
    place = page_of(contract_id := region.enrol(region.issue()))
    page = await operator.open(place)
    assert page.steps() == {"accept", "refuse", "cancel"}
    assert "Журавлёв Платон Святославович" in page.words
    assert "12 000,00 руб." in page.words.replace(NB, " ")

    page = await operator.send(page.form("/accept"))
    assert (page.status, page.path) == (200, f"/console{place}?done=accept")
    assert "Заявка принята" in page.words
    assert region.life(contract_id).state is ContractState.ACCEPTED
    assert page.steps() == {"conclude", "refuse", "cancel"}

    page = await operator.send(page.form("/conclude"), number="Д-15", day="2026-09-10")
    assert "Договор заключён" in page.words
    life = region.life(contract_id)
    assert (life.state, life.number, life.concluded_on) == (ContractState.ACTIVE, "Д-15", date(2026, 9, 10))
    assert page.steps() == {"charge", "terminate", "cancel"}


async def test_a_refusal_frees_the_reserve_and_tells_the_reason(operator: Operator, region: Region) -> None:
    guid = region.issue()
    contract_id = region.enrol(guid)
    assert region.figures(guid) == (NOMINAL, NOMINAL, 0)
    page = await operator.step(
        page_of(contract_id), "/refuse", initiator="OPERATOR", reason="NO_PLACE", text="Группа заполнена.", sure="yes"
    )
    assert page.path.endswith("?done=refuse")
    ending = region.life(contract_id).ending
    assert ending is not None
    assert (ending.initiator, ending.reason, ending.text) == (
        Initiator.OPERATOR,
        RuleCode.NO_PLACE,
        "Группа заполнена.",
    )
    assert region.figures(guid) == (NOMINAL, 0, 0)
    assert "Нет мест в группе" in page.words
    assert page.steps() == set()


@pytest.mark.parametrize(
    ("ending", "typed", "wrong"),
    [
        ("/refuse", {"text": "Нет мест"}, "Подтвердите"),
        ("/refuse", {"sure": "yes"}, "Заполните это поле"),
        ("/refuse", {"sure": "yes", "text": "а" * 1001}, "Не длиннее 1000"),
        ("/refuse", {"sure": "yes", "text": "Нет", "reason": "STALE_BALANCE"}, "Выберите одно из списка"),
        ("/refuse", {"sure": "yes", "text": "Нет", "initiator": "PARENT"}, "Выберите одно из списка"),
        ("/cancel", {"text": "Передумали"}, "Подтвердите"),
    ],
)
async def test_what_cannot_be_read_is_marked_and_nothing_typed_is_lost(
    operator: Operator, region: Region, ending: str, typed: dict[str, str], wrong: str
) -> None:
    place = page_of(contract_id := region.enrol(region.issue()))
    page = await operator.step(place, ending, **typed)
    assert page.status == 422
    assert "исправьте отмеченные поля" in page.words
    assert wrong in page.words
    kept = page.form(ending).fields
    assert kept.get("text", "") == typed.get("text", "")
    assert "sure" not in kept
    assert region.life(contract_id).state is ContractState.REQUESTED
    # The page as it came back is good to go on with.
    again = {"text": "Так решено", "sure": "yes"} | ({} if ending == "/cancel" else {"reason": "NO_PLACE"})
    page = await operator.send(page.form(ending), initiator="ORGANISATION", **again)
    assert page.status == 200
    assert region.life(contract_id).state is ContractState.REFUSED


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"number": "", "day": "2026-09-10"}, "Заполните это поле"),
        ({"number": "1" * 51, "day": "2026-09-10"}, "Не длиннее 50"),
        ({"number": "15", "day": ""}, "Укажите дату"),
        ({"number": "15", "day": "31.02.2026"}, "Дата пишется так"),
        ({"number": "15", "day": "1066-10-14"}, "Дата должна быть от"),
    ],
)
async def test_a_contract_is_not_concluded_without_number_and_day(
    operator: Operator, region: Region, typed: dict[str, str], wrong: str
) -> None:
    contract_id = region.accepted(region.issue())
    page = await operator.step(page_of(contract_id), "/conclude", **typed)
    assert page.status == 422
    assert wrong in page.words
    assert page.form("/conclude").fields["number"] == typed["number"]
    assert region.life(contract_id).state is ContractState.ACCEPTED


async def test_months_are_charged_by_plan_and_by_attendance(operator: Operator, region: Region) -> None:
    guid = region.issue()
    place = page_of(contract_id := region.active(guid))
    page = await operator.step(place, "/charge")
    assert page.status == 422
    assert "Списать за месяц 2026-09 можно не раньше" in page.words
    assert region.figures(guid)[2] == 0

    region.clock.advance(60 * 86400)
    page = await operator.open(place)
    assert page.form("/charge").fields["month"] == "2026-09"
    page = await operator.send(page.form("/charge"))
    planned = region.life(contract_id).planned(date(2026, 9, 1))
    assert region.figures(guid) == (NOMINAL, NOMINAL - planned, planned)

    page = await operator.send(page.form("/charge"), amount="99 999,00")
    assert page.status == 422
    assert "Списание больше забронированного" in page.words
    assert page.form("/charge").fields["amount"] == "99 999,00"

    page = await operator.send(page.form("/charge"), amount="1 234,50")
    assert "Месяц списан" in page.words
    assert region.life(contract_id).charged[date(2026, 10, 1)] == 1234_50
    page = await operator.send(page.form("/charge"), amount="много")
    assert "Сумма пишется так" in page.words


async def test_what_was_charged_too_much_goes_back(operator: Operator, region: Region) -> None:
    guid = region.issue()
    place = page_of(contract_id := region.active(guid))
    region.clock.advance(30 * 86400)
    await operator.step(place, "/charge")
    spent = region.figures(guid)[2]
    page = await operator.step(place, "/refund", amount="0,01", sure="yes")
    assert "возвращено" in page.words
    assert region.figures(guid)[2] == spent - 1
    page = await operator.step(place, "/refund", amount="999999", sure="yes")
    assert page.status == 422
    assert "Возврат больше израсходованного" in page.words
    assert region.life(contract_id).spent == spent - 1


async def test_an_active_contract_is_terminated_by_either_side(operator: Operator, region: Region) -> None:
    guid = region.issue()
    contract_id = region.active(guid)
    region.clock.advance(10 * 86400)
    page = await operator.step(
        page_of(contract_id), "/terminate", reason="NO_AGREEMENT", text="Соглашение закончилось.", sure="yes"
    )
    assert page.path.endswith("?done=terminate")
    life = region.life(contract_id)
    assert life.state is ContractState.TERMINATING
    assert life.ending is not None
    assert (life.ending.initiator, life.ending.last_day) == (Initiator.ORGANISATION, date(2026, 9, 30))
    assert page.steps() == {"charge"}

    region.clock.advance(20 * 86400)
    page = await operator.step(page_of(contract_id), "/finish", sure="yes")
    assert "Договор закрыт" in page.words
    assert region.life(contract_id).state is ContractState.TERMINATED
    assert page.steps() == {"refund"}


async def test_a_parent_cancels_on_paper(operator: Operator, region: Region) -> None:
    contract_id = region.active(region.issue())
    await operator.step(page_of(contract_id), "/cancel", sure="yes")
    life = region.life(contract_id)
    assert life.state is ContractState.TERMINATED  # not a day was studied
    assert life.ending is not None
    assert life.ending.initiator is Initiator.PARENT


async def test_what_waits_too_long_is_marked_and_taken_off(operator: Operator, region: Region) -> None:
    contract_id = region.enrol(region.issue())
    assert "Дольше срока" not in (await operator.open("/contracts")).words
    assert "lapse" not in (await operator.open(page_of(contract_id))).steps()
    region.clock.advance(timedelta(days=5, minutes=1).total_seconds())
    assert "Дольше срока" in (await operator.open("/contracts")).words
    assert "Ждёт дольше срока: 1" in (await operator.open("/")).words
    page = await operator.step(page_of(contract_id), "/lapse", sure="yes")
    assert "снята по сроку" in page.words
    assert region.life(contract_id).state is ContractState.REFUSED


async def test_a_form_sent_twice_does_its_work_once(operator: Operator, region: Region) -> None:
    guid = region.issue()
    place = page_of(region.active(guid))
    region.clock.advance(90 * 86400)
    form = (await operator.open(place)).form("/charge")
    first, second = await asyncio.gather(operator.send(form), operator.send(form))
    third = await operator.send(form)
    assert [page.status for page in (first, second, third)] == [200, 200, 200]
    assert first.path == second.path == third.path
    assert len(region.life(place.rsplit("/", 1)[1]).charged) == 1


async def test_a_page_that_is_out_of_date_says_so_and_shows_what_is_now(operator: Operator, region: Region) -> None:
    guid = region.issue()
    place = page_of(contract_id := region.enrol(guid))
    page = await operator.open(place)
    region.run(lambda unit: region.shop.contracts.accept(unit, contract_id))
    old = await operator.send(page.form("/refuse"), text="Нет мест", reason="NO_PLACE", sure="yes")
    assert old.status == 422
    assert "произошли изменения" in old.words
    assert region.life(contract_id).state is ContractState.ACCEPTED
    assert old.form("/refuse").fields["text"] == "Нет мест"
    gone = await operator.send(page.form("/accept"))
    assert gone.status == 422
    assert "произошли изменения" in gone.words
    # What came back knows the contract as it is now.
    done = await operator.send(old.form("/refuse"), text="Нет мест", reason="NO_PLACE", sure="yes")
    assert done.path.endswith("?done=refuse")


async def test_terms_are_changed_as_the_page_showed_them(operator: Operator, region: Region) -> None:
    guid = region.issue()
    place = page_of(contract_id := region.active(guid))
    assert f"/console{place}/change" in (await operator.open(place)).html
    longer = (await operator.open(f"{place}/change?end=30.11.2026")).form("/change")
    page = await operator.send(longer)
    assert page.status == 422
    assert "Подтвердите согласие на оплату части" in page.words
    stale = page.form("/change")
    assert stale.fields["end"] == "2026-11-30"

    form = (await operator.open(f"{place}/change?end=31.10.2026")).form("/change")
    page = await operator.send(form)
    assert page.path == f"/console{place}?done=change"
    life = region.life(contract_id)
    assert (life.end, life.revision, life.split.own_part) == (date(2026, 10, 31), 1, 0)
    assert region.figures(guid)[1] == life.split.certificate_part < NOMINAL
    page = await operator.send(stale, own_part="yes")
    assert page.status == 422
    assert "отличаются от расчёта" in page.words
    page = await operator.send(page.form("/change"), own_part="yes")
    assert region.life(contract_id).end == date(2026, 11, 30)


@pytest.mark.parametrize("end", ["31.12.2027", "01.09.2026"])
async def test_terms_that_cannot_be_are_refused_in_words(operator: Operator, region: Region, end: str) -> None:
    place = page_of(region.active(region.issue()))
    page = await operator.open(f"{place}/change?end={end}")
    assert page.status == 200
    assert "message bad" in page.html
    assert all(form.method != "post" for form in page.forms)
    page = await operator.open(f"{place}/change?end=завтра")
    assert "Дата пишется так" in page.words
    assert (await operator.open("/contracts/none/change")).status == 404


async def test_a_token_is_good_for_one_address_only(operator: Operator, region: Region) -> None:
    contract_id = region.enrol(region.issue())
    page = await operator.open(page_of(contract_id))
    other = replace(page.form("/accept"), action=page.form("/cancel").action)
    refused = await operator.send(other, sure="yes")
    assert refused.status == 422
    assert "Ничего не сделано" in refused.words
    assert region.life(contract_id).state is ContractState.REQUESTED


async def test_the_order_of_the_portal_is_shown_and_answered(operator: Operator, region: Region) -> None:
    guid = region.issue()
    contract_id = region.enrol(guid)
    file_order(region, "900100", guid, contract_id)
    page = await operator.open(page_of(contract_id))
    assert "900100" in page.words
    assert "На рассмотрении" in page.words
    page = await operator.send(page.form("/say"), text="")
    assert "Заполните это поле" in page.words
    page = await operator.send(page.form("/say"), text="Принесите\nсправку.")
    assert "Сообщение родителю отправляется" in page.words
    assert "Принесите справку." in page.words
    with region.shop.store.engine.connect() as connection:
        assert connection.execute(select(order_text.c.order_id, order_text.c.author)).all() == [
            ("900100", "ООО «Стружка»")
        ]
        assert connection.scalar(select(answer.c.order_id)) == "900100"


def file_order(region: Region, order_id: str, guid: str, contract_id: str) -> None:
    """Let a contract have come by an order of the portal."""
    row = {
        "order_id": order_id,
        "message_type": "urn:orders",
        "reply_to": "<to/>",
        "message_id": "00000000-0000-1000-8000-000000000001",
        "oktmo": "11605000",
        "certificate_guid": guid,
        "contract_id": contract_id,
        "seq": 3,
        "stage": "UNDER_REVIEW",
        "ended": 0,
        "filed_at": 1,
        "changed_at": 1,
    }

    def write(unit: UnitOfWork) -> None:
        unit.connection.execute(portal_order.insert().values(row))
        unit.connection.execute(contracts.update().values(order_id=order_id))

    region.run(write)


async def test_contracts_are_listed_by_state_words_and_place(operator: Operator, region: Region) -> None:
    waits = region.enrol(region.issue())
    runs = region.active(region.issue(snils="16123456743", last_name="Синицын", birth_certificate="II-ЖД 700116"))
    page = await operator.open("/contracts")
    assert (waits in page.html, runs in page.html) == (True, False)
    page = await operator.open("/contracts?group=all&words=РЕЗЬБА+стружка")
    assert (waits in page.html, runs in page.html) == (True, True)
    page = await operator.open("/contracts?group=all&words=вышивка")
    assert "Здесь пусто" in page.words
    page = await operator.open("/contracts?group=all&oktmo=99999999")
    assert "Здесь пусто" in page.words
    assert (await operator.open("/contracts?group=none")).status == 404


async def test_a_long_list_goes_on_page_by_page(operator: Operator, region: Region) -> None:
    items = [contract(number, start=date(2026, 9, 1) + timedelta(days=number % 3)) for number in range(60)]
    region.run(lambda unit: region.shop.registry.put_certificates(unit, [certificate()]))
    region.run(lambda unit: region.shop.registry.put_contracts(unit, items))
    found: list[str] = []
    place = "/contracts?group=running"
    for _ in range(10):
        page = await operator.open(place)
        found += [part.split('"')[0] for part in page.html.split('href="/console/contracts/')[1:]]
        links = [part.split('"')[0] for part in page.html.split('href="/console/contracts?')[1:]]
        further = [link for link in links if "after=" in link]
        if not further:
            break
        place = "/contracts?" + further[0].replace("&amp;", "&")
    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize("name", ["РД-1", "РД/12%2F?&#'\"<b>", "a b+c"])
async def test_a_contract_that_was_imported_lives_on_by_hand(operator: Operator, region: Region, name: str) -> None:
    paid = certificate(balance=balance(nominal=100_000, reserved=40_000))
    region.run(lambda unit: region.shop.registry.put_certificates(unit, [paid]))
    region.run(lambda unit: region.shop.registry.put_contracts(unit, [contract(contract_id=name)]))
    region.clock.advance(30 * 86400)
    assert "Резьба" in (await operator.open("/contracts?group=running")).words
    place = page_of(name)
    page = await operator.open(place)
    assert "Договор № РД-1" in page.words
    page = await operator.send(page.form("/charge"))
    assert page.path.endswith("?done=charge")
    assert region.figures(paid.guid) == (100_000, 30_000, 10_000)
    page = await operator.step(place, "/terminate", text="Закрыто.", sure="yes")
    assert region.life(name).state is ContractState.TERMINATING


async def test_pages_of_what_is_not_there(operator: Operator, region: Region) -> None:
    for place in ("/contracts/none", "/contracts/%00", "/contracts/" + "a" * 60, "/nothing", "/static/none"):
        page = await operator.open(place)
        assert page.status == 404, place
        assert "Страница не найдена" in page.words


async def test_steps_are_logged_by_ids_and_never_by_names(operator: Operator, region: Region) -> None:
    place = page_of(contract_id := region.enrol(region.issue()))
    with capture_logs() as logs:
        page = await operator.step(place, "/refuse", text="Журавлёв болен", reason="NO_PLACE")
        await operator.send(page.form("/refuse"), text="Журавлёв болен", reason="NO_PLACE", sure="yes")
    told = [
        {name: entry.get(name) for name in ("event", "step", "about", "who", "code")}
        for entry in logs
        if str(entry["event"]).startswith("console")
    ]
    assert told == [
        {
            "event": "console step refused",
            "step": "refuse",
            "about": contract_id,
            "who": "local",
            "code": "console_fields",
        },
        {"event": "console step", "step": "refuse", "about": contract_id, "who": "local", "code": None},
    ]
    for secret in ("Журавлёв", "Платон", SNILS, PARENT_SNILS):
        assert secret not in repr(logs)
