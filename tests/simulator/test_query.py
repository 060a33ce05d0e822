"""The portal's questions to the region: what travels, and what each answer means."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from socert.contracts.portal import account
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.smev import call
from socert.contracts.smev.status import BusinessStatus, RejectCode, Rejection
from socert.simulator.app import Simulator
from socert.simulator.portal.people import BirthCertificate
from socert.simulator.portal.query import Outcome
from socert.simulator.settings import Settings

GUID = "00000000-0000-4000-8000-0000000000aa"


async def child_of(region: Any) -> Any:
    """Push a certificate, so that the portal knows a child; return the child."""
    await region.push(region.certificate(1))
    return region.simulator.people.child_by_snils("11223344595")


async def question(region: Any) -> Any:
    """Wait for the portal's request, acknowledge it, return it read."""
    arrived = asyncio.Event()
    region.simulator.node.on_delivery(lambda _recipient: arrived.set())
    while (delivery := await region.requests()) is None:
        await arrived.wait()
        arrived.clear()
    await region.ack(delivery.message_id)
    return delivery, pf.read_request(delivery.content)


async def answered(region: Any, asking: Any, **answer: Any) -> Any:
    """Run `asking`, answer its question by `content` (from the request) or another kind; return the portal's answer."""
    task = asyncio.create_task(asking)
    delivery, request = await question(region)
    if "content" in answer:
        answer["content"] = answer["content"](request)
    message_id = region.ids()
    await region.say(call.send_response(message_id=message_id, to=delivery.reply_to, signer=region.signer, **answer))
    return await task


def found(request: pf.Request, **more: Any) -> pf.Response:
    """Answer a question with a certificate."""
    certificate = pf.Certificate(
        guid=GUID,
        number="1234567890",
        municipality_code="m",
        region_code="r",
        certificate_type=more.get("type", pf.CertificateType.FUNDED),
        category_code="0",
        category_name="От 5 до 17 лет",
        funds=more.get("funds", pf.Funds(balance=1725600, booked=800000)),
        released_on_request=False,
    )
    owner = pf.Owner(last_name="Примеров", first_name="Тест", snils=more.get("snils", "11223344595"))
    return response(request, pf.CertificateFound(certificate=certificate, owner=owner), **more)


def response(request: pf.Request, *answers: Any, **more: Any) -> pf.Response:
    """Answer a question."""
    return pf.Response(
        order_id=more.get("order_id", request.order_id), response_timestamp=request.order_timestamp, answers=answers
    )


async def test_search_asks_for_the_child_and_shows_what_is_left(region: Any) -> None:
    child = await child_of(region)
    asked: list[pf.Request] = []

    def content(request: pf.Request) -> pf.Response:
        asked.append(request)
        return found(request)

    answer = await answered(region, region.simulator.queries.search(child), content=content)

    (searched,) = asked[0].query.children  # type: ignore[union-attr]  # the mode is what is tested
    assert (searched.last_name, searched.first_name, searched.snils) == ("Примеров", "Тест", "11223344595")
    assert searched.birth_date == "2016-02-20"
    assert answer.outcome is Outcome.FOUND
    assert answer.order_id == asked[0].order_id
    (shown,) = answer.certificates
    assert (shown.number, shown.available, shown.booked, shown.unit) == ("1234567890", 925600, 800000, "rub")


async def test_orders_have_numbers_of_their_own(region: Any) -> None:
    child = await child_of(region)
    queries = region.simulator.queries

    first = await answered(region, queries.search(child), content=found)
    second = await answered(region, queries.search(child), content=found)

    assert second.order_id == first.order_id + 1


async def test_informer_asks_by_guid_and_keeps_the_cards_unit(region: Any) -> None:
    balance = region.balance(unit=account.Unit.HOUR, nominal=10250, reserved=0, spent=9000, available=1250)
    await region.push(region.certificate(1, body=region.card(balances=(balance,))))
    child = region.simulator.people.child_by_snils("11223344595")
    asked: list[pf.Request] = []

    def content(request: pf.Request) -> pf.Response:
        asked.append(request)
        return found(request, funds=pf.Funds(balance=1250, booked=0))

    answer = await answered(region, region.simulator.queries.inform(child, GUID), content=content)

    assert asked[0].query == pf.InformerQuery(items=(pf.InformerItem(certificate_guid=GUID, snils="11223344595"),))
    assert answer.guid == GUID
    assert (answer.certificates[0].available, answer.certificates[0].unit) == (1250, "hour")


@pytest.mark.parametrize(("includes", "available"), [(True, 925600), (False, 1725600)])
async def test_balance_may_include_what_is_booked_or_not(
    keys: Any, http: Any, region: Any, includes: bool, available: int
) -> None:
    async with Simulator(Settings(port=0, keys=keys, balance_includes_booked=includes)) as simulator:
        one = type(region)(simulator, region.signer, http)
        child = await child_of(one)

        answer = await answered(one, simulator.queries.search(child), content=found)

    assert answer.certificates[0].available == available


async def test_answer_without_funds_tells_no_balance(region: Any) -> None:
    child = await child_of(region)

    answer = await answered(
        region, region.simulator.queries.search(child), content=lambda request: found(request, funds=None)
    )

    (shown,) = answer.certificates
    assert (shown.available, shown.booked) == (None, None)
    assert answer.as_json()["certificates"][0]["available"] is None


async def test_nothing_found_is_said_in_the_regions_words(region: Any) -> None:
    child = await child_of(region)
    nothing = pf.NothingFound(reason="Сертификат не найден", snils="11223344595")

    answer = await answered(
        region, region.simulator.queries.search(child), content=lambda request: response(request, nothing)
    )

    assert (answer.outcome, answer.text, answer.certificates) == (Outcome.NOT_FOUND, "Сертификат не найден", ())


async def test_refusal_in_the_content_or_beside_it(region: Any) -> None:
    child = await child_of(region)
    queries = region.simulator.queries
    inside = pf.IssueRefused(code="1", description="Возраст не подходит")

    first = await answered(region, queries.search(child), content=lambda request: response(request, inside))
    second = await answered(
        region, queries.search(child), rejections=[Rejection(code=RejectCode.ACCESS_DENIED, description="Нет согласия")]
    )

    assert (first.outcome, first.text) == (Outcome.REFUSED, "Возраст не подходит")
    assert (second.outcome, second.text) == (Outcome.REFUSED, "Нет согласия")


@pytest.mark.parametrize("more", [{"snils": "90000000182"}, {"order_id": 5}])
async def test_answer_about_something_else_is_not_shown(region: Any, more: dict[str, Any]) -> None:
    child = await child_of(region)

    answer = await answered(
        region, region.simulator.queries.search(child), content=lambda request: found(request, **more)
    )

    assert answer.outcome is Outcome.FAILED
    assert answer.certificates == ()


async def test_order_zero_means_no_answer_in_time(region: Any) -> None:
    child = await child_of(region)

    def zero(request: pf.Request) -> bytes:
        return found(request).render().replace(f">{request.order_id}<", ">0<").encode()

    answer = await answered(region, region.simulator.queries.search(child), content=zero)

    assert answer.outcome is Outcome.NO_ANSWER


async def test_amounts_that_cannot_be_are_not_shown(region: Any) -> None:
    child = await child_of(region)

    def infinite(request: pf.Request) -> bytes:
        return found(request).render().replace("17256.00", "INF").encode()

    answer = await answered(region, region.simulator.queries.search(child), content=infinite)

    assert answer.outcome is Outcome.FAILED


async def test_a_status_before_the_answer_does_not_end_the_wait(region: Any) -> None:
    child = await child_of(region)
    task = asyncio.create_task(region.simulator.queries.search(child))
    delivery, request = await question(region)
    for kind in ({"status": BusinessStatus(code=1, description="Ищем")}, {"content": found(request)}):
        message_id = region.ids()
        data = call.send_response(message_id=message_id, to=delivery.reply_to, signer=region.signer, **kind)
        await region.say(data)

    assert (await task).outcome is Outcome.FOUND


async def test_no_answer_within_the_deadline(keys: Any, http: Any, region: Any) -> None:
    settings = Settings(port=0, keys=keys, query_deadline=timedelta(milliseconds=50))
    async with Simulator(settings) as simulator:
        one = type(region)(simulator, region.signer, http)
        child = await child_of(one)

        answer = await simulator.queries.search(child)

        assert answer.outcome is Outcome.NO_ANSWER
        # The answer that comes too late is taken and dropped, and the next question works.
        delivery, request = await question(one)
        await one.say(
            call.send_response(message_id=one.ids(), to=delivery.reply_to, content=found(request), signer=one.signer)
        )
        await simulator.consumer.at_rest()
        assert simulator.queues.sizes() == []


async def test_exchange_that_knows_no_provider_is_a_failure_in_words(tmp_path: Any) -> None:
    listing = tmp_path / "participants.toml"
    listing.write_text('[[participant]]\nmnemonic = "NOBODY"\nsends = ["account"]\n', "utf-8")
    async with Simulator(Settings(port=0, keys=tmp_path / "keys", participants=listing)) as simulator:
        number = simulator.people.put_child(
            snils="11223344595",
            last_name="Примеров",
            first_name="Тест",
            middle_name=None,
            birth_date=date(2016, 2, 20),
        )
        assert number
        child = simulator.people.child_by_snils("11223344595")
        assert child is not None

        answer = await simulator.queries.search(child)

    assert answer.outcome is Outcome.FAILED
    assert answer.text == "Обмен не принял запрос. Попробуйте ещё раз позже."


async def test_question_that_the_exchange_rejects_has_failed(region: Any) -> None:
    """The exchange takes the request and rejects it afterwards, by its schema: a series has ten characters at most."""
    child = await child_of(region)
    wrong = replace(child, birth_certificate=BirthCertificate(series="X" * 11))

    answer = await region.simulator.queries.search(wrong)

    assert (answer.outcome, answer.text) == (Outcome.FAILED, "Обмен не принял запрос. Попробуйте ещё раз позже.")
    assert await region.requests() is None
    calls = [(entry["operation"], entry["outcome"]) for entry in region.simulator.journal.last()]
    assert calls[-4:-1] == [("SendRequest", "ok"), ("GetResponse", "ok"), ("Ack", "ok")]
