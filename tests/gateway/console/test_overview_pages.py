"""What waits, the cases that only a person decides, failed messages and the day's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert
from tests.gateway.line import eventually

from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import NeedsPerson, RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.store import tables

if TYPE_CHECKING:
    import pytest
    from tests.gateway.console.desk import Operator, PageSeen, Region


def tiles(page: PageSeen) -> list[int]:
    """The counts of the front page."""
    return [int(part.split("<")[0].split(">")[1]) for part in page.html.split('class="count')[1:]]


async def test_the_front_page_counts_what_waits(operator: Operator, region: Region) -> None:
    assert tiles(await operator.open("/")) == [0, 0, 0, 0]
    guid = region.issue()
    region.enrol(guid)
    region.run(lambda unit: region.shop.cases.consent_withdrawn(unit, guid))
    fail_messages(region)
    page = await operator.open("/")
    assert tiles(page) == [1, 0, 1, 3]
    assert "дольше срока" not in page.words
    answer = await operator.client.get("/console", allow_redirects=True)
    assert answer.status == 200


def fail_messages(region: Region) -> None:
    """One message that never left, one object that the portal refused, one message that nobody could handle."""
    rows = {
        tables.outbox: {
            "message_id": "m-1",
            "operation": "SendRequest",
            "message_type": "t",
            "reference": "r",
            "body": b"",
            "state": "dead",
            "next_attempt_at": 1,
            "created_at": 1,
            "outcome": "no answer",
        },
        tables.change: {
            "object_id": "o-1",
            "kind": "contract",
            "certificate_guid": "g",
            "seq": 1,
            "cause": "c",
            "operation": "put",
            "state": "rejected",
            "reason": "refused",
            "created_at": 2,
        },
        tables.inbox: {
            "message_id": "m-2",
            "operation": "GetRequest",
            "content_type": "t",
            "body": b"",
            "state": "failed",
            "received_at": 3,
            "error": "unknown",
        },
    }

    with region.shop.store.engine.begin() as connection:
        for table, row in rows.items():
            connection.execute(insert(table).values(row))


async def test_failed_messages_are_told_by_ids_and_reasons(operator: Operator, region: Region) -> None:
    assert "Неудач нет" in (await operator.open("/messages")).words
    fail_messages(region)
    said = (await operator.open("/messages")).words
    for wanted in ("m-1", "no answer", "o-1", "refused", "m-2", "unknown"):
        assert wanted in said


async def test_a_case_is_decided_once(operator: Operator, region: Region) -> None:
    guid = region.issue()
    region.run(lambda unit: region.shop.cases.consent_withdrawn(unit, guid))
    broken = NeedsPerson(RuleCode.IDENTITY_CONFLICT, conflict="one document, two SNILS")
    region.run(lambda unit: region.shop.cases.open(unit, kind=CaseKind.IDENTITY, order_id="900100", broken=broken))
    page = await operator.open("/cases")
    assert f"/console/certificates/{guid}" in page.html
    assert "900100" in page.words
    first = page.form("/cases/1")
    page = await operator.send(first)
    assert page.status == 422
    assert page.words.count("Заполните это поле") == 1
    page = await operator.send(page.form("/cases/1"), decision="Договор\nостаётся.")
    assert page.path == "/console/cases?done=decide"
    assert [form.action for form in page.forms] == ["/console/cases/2"]
    late = await operator.send(first, decision="Ещё раз")
    assert late.status == 422
    assert "Не найдено" in late.words
    closed = await operator.open("/cases?state=closed")
    assert "Договор остаётся." in closed.words


async def test_the_day_is_worked_once_and_its_result_told(operator: Operator, region: Region) -> None:
    contract_id = region.active(region.issue())
    waits = region.enrol(region.issue(snils="16123456743", birth_certificate="II-ЖД 700116", last_name="Синицын"))
    region.clock.advance(40 * 86400)
    page = await operator.open("/day")
    form = page.form("/day")
    page = await operator.send(form)
    assert "Работа дня начата" in page.words

    async def done() -> PageSeen | None:
        seen = await operator.open("/day")
        return seen if "выполнена" in seen.words else None

    page = await eventually(done, "the day's work is done")
    assert "Списано месяцев 1 Снято по сроку 1" in page.words
    assert region.life(contract_id).spent == 2000_00
    assert region.life(waits).state is ContractState.REFUSED
    assert (await operator.send(form)).status == 200  # the same form again starts nothing
    assert "Списано месяцев 1" in (await operator.open("/day")).words


async def test_a_day_that_breaks_says_so(operator: Operator, region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_units: object) -> None:
        raise LookupError("Журавлёв")

    monkeypatch.setattr(region.shop.days, "run", fail)
    await operator.step("/day", "/day")

    async def broke() -> bool:
        return "прервалась" in (await operator.open("/day")).words

    assert await eventually(broke, "the page says that it broke")
