"""A child is enrolled: the parent at the portal, the region behind its gateway, everything over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.end_to_end.enrolling import OTHER_CHILD, World, enrolling

from socert.gateway.domain.policy import Register
from socert.simulator.errors import OrderRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from socert.simulator.portal.order import Order


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    """Both programs, running; nobody has a certificate yet."""
    async with enrolling(tmp_path, database_url) as made:
        yield made


def told(order: Order) -> list[int | str]:
    """Return the statuses that the region gave, as the portal took them."""
    return [entry.status for entry in order.history if entry.source == "status"]


async def concluded(world: World) -> Order:
    order = await world.submit(await world.priced())
    contract, services = world.contract(order), world.shop
    await services.units.write(lambda unit: services.contracts.accept(unit, contract))
    await world.settled(order)
    await services.units.write(lambda unit: services.contracts.conclude(unit, contract, number="15"))
    return await world.settled(order)


@pytest.mark.seed("by-itself", "only-choose", "split", "private")
@pytest.mark.invariant(1, 4)
async def test_a_child_without_a_certificate_is_enrolled(world: World) -> None:
    order = await world.priced()
    assert order.certificate is not None
    assert order.certificate.issued_now
    assert order.cost is not None
    assert order.cost.division is not None
    assert order.cost.obstacle == ""
    filed = await world.submit(order)
    assert (told(filed), filed.cancel_allowed, filed.ignored) == ([1, 2, 6], True, ())
    reserved = world.balance(filed)[1]
    assert reserved == order.cost.division.certificate_part == 1_200_000
    assert order.cost.division.own_part > 0
    contract, services = world.contract(filed), world.shop
    await services.units.write(lambda unit: services.contracts.accept(unit, contract))
    waiting = await world.settled(filed)
    assert told(waiting) == [1, 2, 6, 60]
    await services.units.write(lambda unit: services.contracts.conclude(unit, contract, number="15"))
    done = await world.settled(filed)
    assert (told(done), done.closed, done.cancel_allowed) == ([1, 2, 6, 60, 3], True, False)
    assert done.contract is not None
    assert (done.contract.number, done.contract.division) == ("15", order.cost.division)
    assert done.ignored == ()


@pytest.mark.seed("found-again")
async def test_the_next_enrolment_finds_the_certificate_and_what_is_left(world: World) -> None:
    first = await world.submit(await world.priced())
    second = world.start()
    found = await world.portal.portal.enrolment.find_certificate(second.id)
    assert first.certificate is not None
    assert found.certificate is not None
    assert (found.certificate.guid, found.certificate.issued_now) == (first.certificate.guid, False)
    nominal, reserved, _ = world.balance(first)
    assert found.certificate.available == nominal - reserved


@pytest.mark.invariant(11)
async def test_cancelled_before_it_is_concluded(world: World) -> None:
    filed = await world.submit(await world.priced())
    done = await world.cancel(filed)
    assert (done.status, done.closed) == (10, True)
    assert world.balance(done)[1] == 0
    assert told(done) in ([1, 2, 6, 10], [1, 2, 6]), "the answer to the cancellation may be there first"


@pytest.mark.invariant(10)
async def test_a_stale_price_is_refused(world: World) -> None:
    order = await world.priced()
    assert order.certificate is not None
    guid, services = order.certificate.guid, world.shop
    year = services.today().year
    await services.units.write(
        lambda unit: services.issuing.set_nominal(unit, guid, year=year, register=Register.RUB, nominal=5_000)
    )
    refused = await world.submit(order)
    assert (told(refused), refused.closed) == ([4], True)
    assert refused.history[-1].reason_code == "STALE_BALANCE"
    assert world.balance(refused)[1] == 0


@pytest.mark.invariant(8, 17)
async def test_the_same_order_twice_is_one_contract(world: World) -> None:
    order = await world.priced()
    first = await world.submit(order)
    again = await world.submit(order)
    assert told(again) == told(first)
    assert [entry.seq for entry in again.ignored] == [3], "the same answer once more"
    reserved = world.balance(again)[1]
    assert again.cost is not None
    assert again.cost.division is not None
    assert reserved == again.cost.division.certificate_part


@pytest.mark.invariant(7)
async def test_nothing_is_said_of_an_order_that_is_over(world: World) -> None:
    done = await concluded(world)
    contract, services = world.contract(done), world.shop
    await services.units.write(lambda unit: services.contracts.cancel(unit, contract))
    after = await world.settled(done)
    assert (told(after), after.ignored) == ([1, 2, 6, 60, 3], ())


async def test_a_text_and_its_reply(world: World) -> None:
    filed = await world.submit(await world.priced())
    await world.portal.portal.enrolment.write(filed.id, "Когда первое занятие?")
    heard = await world.settled(filed)
    assert [one.result for one in heard.messages] == ["ACCEPTED"]
    services = world.shop
    await services.units.write(lambda unit: services.orders.say(unit, str(filed.id), "Пятнадцатого.", author="Студия"))
    replied = await world.settled(filed)
    assert [one.text for one in replied.messages if not one.outgoing] == ["Пятнадцатого."]


async def test_two_children_of_one_parent_have_a_certificate_each(world: World) -> None:
    first, second = await world.submit(await world.priced()), await world.submit(await world.priced(OTHER_CHILD))
    assert first.certificate is not None
    assert second.certificate is not None
    assert first.certificate.guid != second.certificate.guid
    assert told(second) == [1, 2, 6]


async def test_a_region_that_does_not_answer_stops_the_parent_in_words(tmp_path: Path, database_url: str) -> None:
    async with enrolling(tmp_path, database_url, eais_token="another") as world:
        order = await world.priced()
        assert order.cost is not None
        assert order.cost.outcome == "failed"
        with pytest.raises(OrderRefused, match="рассчитайте стоимость"):
            await world.portal.portal.enrolment.submit(order.id, world.agreement(order))
