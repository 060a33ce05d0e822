"""An application's page: how it stands, its contract, cancelling, letters."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.enrolling import filed, registered
from tests.simulator.parent import AS_OF, GROUP, PROGRAMME, Parent
from tests.simulator.test_elk import create, entry, new

from socert.contracts.portal import enrolment, order_event
from socert.contracts.portal.blocks import ContractState, Organisation, OrganisationKind, Split, Unit, YearPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.browsing import Browser, Page


@pytest.fixture
def source() -> Callable[[], datetime]:
    """A clock that stands still before the first day of the group."""
    return lambda: AS_OF


@pytest.fixture(autouse=True)
def registering(parent: Parent) -> None:
    """The region registers every application."""
    parent.replies["FormData"] = lambda message: registered(parent, message)


def number(page: Page) -> int:
    return int(page.path.rpartition("/")[2])


def contract(**more: Any) -> enrolment.ContractInfo:
    """Return the contract that a status tells of."""
    year = YearPart(year=2026, certificate_part=800000, applicant_part=400000)
    facts: dict[str, Any] = {
        "contract_id": "contract-0001",
        "contract_state": ContractState.ACCEPTED,
        "start_date": date(2026, 9, 15),
        "end_date": date(2026, 12, 31),
        "organisation": Organisation(
            organisation_id="org-0001",
            name="ИП Образцова Мария Тестовна",
            kind=OrganisationKind.SOLE_TRADER,
            inn="000123456731",
        ),
        "programme_guid": PROGRAMME,
        "programme_name": "Тестовая программа «Ритм»",
        "group_guid": GROUP,
        "split": Split(
            unit=Unit.RUB, total=1200000, certificate_part=800000, applicant_part=400000, year_parts=(year,)
        ),
    }
    return enrolment.ContractInfo(**(facts | more))


# Statuses


async def test_every_status_is_told_with_its_date_and_words(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    later = datetime(2026, 9, 2, 8, 30, tzinfo=UTC)
    await parent.tell(parent.status(number(order), 6, 2, comment="Ждём справку", status_date=later))

    page = await site.get(order.path)

    assert "Организация рассматривает заявление. Ждём справку" in page.text
    lines = [" ".join(one.text_content().split()) for one in page.root.xpath("//ol[@reversed]/li")]
    assert lines[0] == "02.09.2026 в 11:30 (МСК) Принято к рассмотрению Ждём справку"
    assert [line.partition(") ")[2] for line in lines[1:]] == ["Зарегистрировано", "Отправлено в ведомство"]


async def test_refusal_is_told_with_its_reason_and_a_way_on(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    refusal = parent.status(number(order), 4, 2, cancel_allowed=False, reason_code="NO_PLACE", comment="Группа набрана")
    await parent.tell(refusal)

    page = await site.get(order.path)

    assert "В группе нет свободных мест. Группа набрана" in page.text
    assert "вернулись на сертификат" in page.text
    links = page.root.xpath("//a[contains(text(), 'Подать новое заявление')]/@href")
    assert links == [f"/enrol?group={GROUP}&child={parent.child}"]
    assert not page.root.xpath("//a[contains(@href, '/cancel')]")
    again = await site.get(links[0])
    assert again.root.xpath(f"//input[@name='child'][@value='{parent.child}'][@checked]")


async def test_refusal_for_want_of_funds_offers_to_pay(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    await parent.tell(parent.status(number(order), 4, 2, cancel_allowed=False, reason_code="EXHAUSTED"))

    page = await site.get(order.path)
    paid = await site.send(page, order.path + "/again", 1, source="paid")

    assert paid.path != order.path
    assert "полностью за счёт семьи" in paid.text


async def test_contract_is_told_with_number_parts_and_dates(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    deadline = datetime(2026, 9, 11, 20, 59, tzinfo=UTC)
    await parent.tell(parent.status(number(order), 60, 2, contract=contract(sign_deadline=deadline)))
    page = await site.get(order.path)
    assert "Подпишите договор" in page.text
    assert "Подписать до 11.09.2026 в 23:59 (МСК)" in page.text
    assert "Ожидает заключения" in page.text

    concluded = contract(
        contract_number="15",
        contract_date=date(2026, 9, 12),
        contract_state=ContractState.ACTIVE,
        agreement_number="С-7",
    )
    await parent.tell(parent.status(number(order), 3, 3, cancel_allowed=False, contract=concluded))

    page = await site.get(order.path)
    for said in (
        "Договор заключён, ребёнок зачислен",
        "Договор № 15",
        "Заключён 12.09.2026",
        "Обучение 15.09.2026 – 31.12.2026",
        "Соглашение об оплате № С-7",
        "Оплатит сертификат 8 000,00 руб.",
        "Оплатит семья 4 000,00 руб.",
    ):
        assert said in page.text
    assert "Подписать до" not in page.text
    assert "Подать новое заявление" not in page.text


async def test_status_of_the_agencys_own_is_told_as_it_is(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    await parent.tell(parent.status(number(order), "EXAM", 2, comment="Приходите на просмотр"))

    page = await site.get(order.path)

    assert "Статус ведомства EXAM" in page.text
    assert "Приходите на просмотр" in page.text


async def test_information_about_an_order_is_told_without_its_code(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    request = order_event.Request(
        environment=order_event.Environment.SVCDEV,
        order_id=number(order),
        event=order_event.InfoEvent(code="CONTRACT_ENDED"),
        comment="Договор расторгнут",
    )
    await parent.ask_portal(request)

    page = await site.get(order.path)

    assert "Сообщение ведомства Договор расторгнут" in page.text
    assert "CONTRACT_ENDED" not in page.text


# Cancelling


async def test_order_is_cancelled_with_a_reason(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    cancelled = enrolment.Response(
        answer=enrolment.CancellationAnswer(order_id=number(order), result=enrolment.CancellationResult.CANCELLED)
    )
    parent.replies["FormData"] = lambda _message: [cancelled]

    asked = await site.get(order.path + "/cancel")
    page = await site.send(asked, order.path + "/cancel", reason="Переехали")

    assert asked.heading() == "Отменить заявление?"
    assert (page.path, "Заявление отменено" in page.text) == (order.path, True)
    body = parent.got["FormData"][1].body
    assert (body.order_id, body.reason) == (number(order), "Переехали")


async def test_cancelling_twice_is_once(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    asked = await site.get(order.path + "/cancel")

    pages = await asyncio.gather(*(site.send(asked, order.path + "/cancel") for _ in range(2)))
    later = await site.send(asked, order.path + "/cancel")
    anew = await site.post(order.path + "/cancel")

    assert all("Просьба об отмене передана региону" in page.text for page in (*pages, later, anew))
    assert not anew.root.xpath("//a[contains(@href, '/cancel')]")
    assert len(parent.got["FormData"]) == 2


async def test_what_cannot_be_cancelled_offers_no_cancelling(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    asked = await site.get(order.path + "/cancel")
    await parent.tell(parent.status(number(order), 62, 2, cancel_allowed=False))

    page = await site.get(order.path + "/cancel")
    late = await site.send(asked, order.path + "/cancel", reason="Передумали")

    assert page.path == order.path
    assert "Отменить заявление" not in page.text
    assert (late.status, late.problems()) == (422, ["Отменить заявление сейчас нельзя."])
    assert late.root.xpath("//textarea/text()") == ["Передумали"]


async def test_too_long_a_reason_is_told_and_not_lost(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    asked = await site.get(order.path + "/cancel")

    page = await site.send(asked, order.path + "/cancel", reason="о" * 2049)

    assert page.problems() == ["Текст длиннее 2048 знаков. Сократите его."]
    assert page.marked() == ["reason"]
    assert page.root.xpath("//textarea/text()") == ["о" * 2049]
    assert len(parent.got["FormData"]) == 1


# Letters


async def test_letter_is_written_and_its_receipt_told(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    parent.replies["FormData"] = lambda message: [
        enrolment.Response(
            answer=enrolment.TextReceipt(
                order_id=number(order), message_id=message.body.message_id, result=enrolment.ReceiptResult.ACCEPTED
            )
        )
    ]

    page = await site.send(order, order.path + "/message", text="Здравствуйте!\r\nКогда начало?")

    assert page.path == order.path
    assert "Здравствуйте! Когда начало?" in page.text
    assert "Получено" in page.text
    assert parent.got["FormData"][1].body.text == "Здравствуйте!\nКогда начало?"
    reply = order_event.Request(
        environment=order_event.Environment.SVCDEV,
        order_id=number(order),
        event=order_event.TextMessageEvent(),
        comment="В 16:00",
        author="Дом творчества",
    )
    await parent.ask_portal(reply)
    assert "Дом творчества" in (await site.get(order.path)).text


async def test_letter_sent_twice_is_one(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)

    pages = await asyncio.gather(*(site.send(order, order.path + "/message", text="Раз") for _ in range(2)))

    assert all(page.text.count("Раз") == 1 for page in pages)
    assert len(parent.got["FormData"]) == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("   ", "Напишите текст сообщения."),
        ("о" * 2049, "Текст длиннее 2048 знаков. Сократите его."),
        ("\x01", "Такой текст передать нельзя: в нём есть недопустимые знаки."),
    ],
)
async def test_letter_that_cannot_be_sent_is_told_beside_the_field(
    parent: Parent, site: Browser, typed: str, said: str
) -> None:
    order = await filed(site, parent)

    page = await site.send(order, order.path + "/message", text=typed)

    assert (page.status, page.problems(), page.marked()) == (422, [said], ["text"])
    assert len(parent.got["FormData"]) == 1


async def test_nothing_can_be_written_where_the_organisation_takes_nothing(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    await parent.tell(parent.status(number(order), 6, 2, send_message_allowed=False))

    page = await site.get(order.path)
    late = await site.send(order, order.path + "/message", text="Ещё")

    assert not page.root.xpath("//textarea")
    assert late.problems() == ["Написать по этому заявлению сейчас нельзя."]


# Text cards


async def test_text_cards_of_the_region_are_in_the_account(parent: Parent, site: Browser) -> None:
    history = (entry("Сертификат выдан"), entry("Зачислено 9 256,00 руб.", status=2))
    await parent.ask_portal(create(new(history=history)))

    page = await site.get("/account")

    assert "Сообщения региона" in page.text
    assert "Зачислено 9 256,00 руб." in page.text
    assert "Все сообщения: 2" in page.text


# The list


async def test_list_has_the_unfinished_first_and_of_drafts_the_latest(parent: Parent, site: Browser) -> None:
    order = await filed(site, parent)
    await parent.tell(parent.status(number(order), 4, 2, cancel_allowed=False))
    draft = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    newer = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)

    page = await site.get("/account")

    links = [one for one in page.root.xpath("//a/@href") if one.startswith("/account/order/")]
    assert links == [f"/account/order/{newer.id}", order.path]
    assert f"/account/order/{draft.id}" not in page.source
    child = await site.get(f"/account/child/{parent.child}")
    assert order.path in child.source
