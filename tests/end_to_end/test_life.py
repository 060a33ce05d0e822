"""The certificate's life as the source document tells it, through the wire: how it is had, paid with and given back.

A parent plays at the portal, the organisation acts through the gateway's services, and what is looked at is what the
portal shows. After each story registry, projection and portal are compared, and must not differ.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.end_to_end.town import PortalRefused, sums, told
from tests.end_to_end.townsfolk import ANNA, CHESS, FORMS, KNOWN, OTHER_TOWN, PAID, POTTERY, RHYTHM, STRANGER

from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.rules_errors import RuleCode

if TYPE_CHECKING:
    from tests.end_to_end.town import Town

OCTOBER = datetime(2026, 10, 1, 6, tzinfo=UTC)


# --- how a certificate is had -----------------------------------------------------------------------------------------


@pytest.mark.seed("by-itself", "on-screen", "only-choose", "new-forms")
@pytest.mark.invariant(4)
async def test_the_first_enrolment_issues_the_certificate(place: Town) -> None:
    order = await place.begin(ANNA, RHYTHM)
    order = await place.step(order["id"], "certificate")
    shown = order["certificate"]
    assert (shown["outcome"], shown["issued_now"]) == ("found", True)
    assert (shown["available"], shown["booked"]) == ("10000.00", "0.00")
    order = await place.step(order["id"], "cost")
    assert sums(order["cost"], "total", "certificate_part", "own_part") == ("8000.00", "8000.00", "0.00")
    with pytest.raises(PortalRefused, match="Отметьте все согласия"):
        await place.step(order["id"], "submit", forms=FORMS[:1])
    await place.step(order["id"], "submit", forms=FORMS)
    await place.rest()
    order = await place.order(order["id"])
    assert (told(order), order["closed"], order["cancel_allowed"]) == ([1, 2, 6], False, True)
    assert await place.balance() == ("10000.00", "8000.00", "0.00", "2000.00"), "the part is held at once"


@pytest.mark.seed("in-account", "control", "volume")
async def test_the_account_shows_certificate_and_contract(place: Town) -> None:
    order = await place.enrolled(ANNA, RHYTHM)
    assert (told(order), order["closed"], order["ignored"]) == ([1, 2, 6, 60, 3], True, [])
    account = await place.account()
    (card,), (contract,) = account["certificates"], account["contracts"]
    assert sums(card) == ("10000.00", "8000.00", "0.00", "2000.00")
    assert (card["number"], card["status"]) == (order["certificate"]["number"], "ACTIVE")
    assert sums(contract, "number", "status", "programme", "certificate_part", "own_part") == (
        "Д-1",
        "ACTIVE",
        "Ритмика",
        "8000.00",
        "0.00",
    )
    plan = order["contract"]["division"]["months"]
    assert [sums(part, "month", "certificate_part") for part in plan] == [
        (f"2026-{month:02d}-01", "2000.00") for month in (9, 10, 11, 12)
    ]


@pytest.mark.seed("by-itself", "found-again")
@pytest.mark.invariant(8)
async def test_repeats_and_races_issue_one_certificate(place: Town) -> None:
    first, second = await place.begin(ANNA, RHYTHM), await place.begin(ANNA, CHESS)
    numbers = [first["id"], second["id"], first["id"], second["id"], first["id"]]
    found = await asyncio.gather(*(place.step(number, "certificate") for number in numbers))
    assert len({order["certificate"]["guid"] for order in found}) == 1
    issued = {order["id"] for order in found if order["certificate"]["issued_now"]}
    assert len(issued) == 1, "one of the two orders had it issued, whichever was first"
    again = await place.step(issued.pop(), "certificate")
    assert again["certificate"]["issued_now"], "a repeat gets the same answer"


@pytest.mark.seed("found-again", "at-enrolment", "on-screen")
async def test_an_enrolment_finds_the_certificate_and_what_is_left(place: Town) -> None:
    first = await place.filed(ANNA, RHYTHM)
    second = await place.begin(ANNA, CHESS)
    shown = (await place.step(second["id"], "certificate"))["certificate"]
    assert (shown["guid"], shown["issued_now"]) == (first["certificate"]["guid"], False)
    assert (shown["available"], shown["booked"]) == ("2000.00", "8000.00")


@pytest.mark.seed("found-again")
async def test_a_certificate_of_the_former_system_is_found(place: Town) -> None:
    await place.rest()
    answer = await place.ask("POST", "query", snils=KNOWN.snils)
    assert answer["outcome"] == "found"
    assert [one["number"] for one in answer["certificates"]] == [KNOWN.number]


@pytest.mark.seed("not-kept", "at-enrolment")
async def test_where_nothing_is_pushed_the_account_is_empty_and_asked_each_time(place: Town) -> None:
    await place.restart(account_push="off")
    await place.filed(ANNA, RHYTHM)
    account = await place.account()
    assert [account[name] for name in ("certificates", "contracts", "consents", "notices")] == [[], [], [], []]
    second = await place.begin(ANNA, CHESS)
    shown = (await place.step(second["id"], "certificate"))["certificate"]
    assert (shown["available"], shown["booked"]) == ("2000.00", "8000.00"), "asked for, and true now"
    await place.step(second["id"], "cost")
    await place.step(second["id"], "submit")
    await place.rest()
    shown = (await place.step((await place.begin(ANNA, POTTERY))["id"], "certificate"))["certificate"]
    assert (shown["available"], shown["booked"]) == ("1000.00", "9000.00"), "asked for again, and another now"


@pytest.mark.seed("marked")
async def test_only_lessons_that_say_so_are_paid(place: Town) -> None:
    async with place.http.get(f"{place.portal.url}/programmes") as page:
        text = await page.text()
    assert text.count("Возможна оплата сертификатом") >= 3
    with pytest.raises(PortalRefused, match="нельзя оплатить сертификатом"):
        await place.begin(ANNA, PAID)


@pytest.mark.seed("municipality")
async def test_a_municipality_without_such_programmes_gives_none(place: Town) -> None:
    order = await place.begin(ANNA, RHYTHM, municipality=OTHER_TOWN)
    order = await place.step(order["id"], "certificate")
    assert (order["certificate"]["outcome"], order["certificate"]["guid"]) == ("refused", "")
    assert "муниципалитет" in order["certificate"]["text"].lower()
    found = await place.priced(ANNA, RHYTHM)
    assert found["certificate"]["issued_now"], "where there are such programmes it is given"


@pytest.mark.invariant(9)
async def test_of_whose_identity_there_is_doubt_nothing_is_told(place: Town) -> None:
    order = await place.begin(STRANGER, RHYTHM)
    order = await place.step(order["id"], "certificate")
    assert (order["certificate"]["outcome"], order["certificate"]["guid"]) == ("refused", "")
    assert KNOWN.number not in str(order)
    assert KNOWN.last_name not in str(order["certificate"])
    (case,) = place.shop.store.look(place.shop.cases.listed)
    assert case.order_id == str(order["id"]), "a person looks at it"


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.seed("split", "saving", "private", "at-enrolment")
@pytest.mark.invariant(4)
async def test_programmes_beyond_the_nominal_are_split(place: Town) -> None:
    await place.filed(ANNA, RHYTHM)
    order = await place.priced(ANNA, POTTERY)
    assert order["certificate"]["available"] == "2000.00"
    parts = ("total", "certificate_part", "own_part")
    assert sums(order["cost"], *parts) == ("6000.00", "2000.00", "4000.00")
    months = order["cost"]["division"]["months"]
    assert [sums(one, *parts[1:]) for one in months] == [("500.00", "1000.00")] * 4
    with pytest.raises(PortalRefused, match="согласны оплатить"):
        await place.step(order["id"], "submit")
    await place.step(order["id"], "submit", own_part_accepted=True)
    await place.rest()
    assert told(await place.order(order["id"])) == [1, 2, 6]
    assert await place.balance() == ("10000.00", "10000.00", "0.00", "0.00")
    third = await place.priced(ANNA, CHESS)
    assert third["cost"]["outcome"] == "exhausted", "nothing is left for a third"


@pytest.mark.seed("split")
async def test_without_a_yes_to_the_own_part_nothing_is_reserved(place: Town) -> None:
    await place.filed(ANNA, RHYTHM)
    order = await place.priced(ANNA, POTTERY)
    await place.step(order["id"], "submit", unchecked=True)
    await place.rest()
    order = await place.order(order["id"])
    assert (told(order), order["closed"]) == ([4], True)
    assert await place.balance() == ("10000.00", "8000.00", "0.00", "2000.00")


@pytest.mark.invariant(10)
async def test_a_stale_price_is_refused_and_calculated_anew(place: Town) -> None:
    slow = await place.priced(ANNA, POTTERY)
    assert slow["cost"]["own_part"] == "0.00"
    await place.filed(ANNA, RHYTHM)
    await place.step(slow["id"], "submit")
    await place.rest()
    slow = await place.order(slow["id"])
    assert (told(slow), slow["history"][-1]["reason_code"]) == ([4], "STALE_BALANCE")
    assert await place.balance() == ("10000.00", "8000.00", "0.00", "2000.00")
    anew = await place.filed(ANNA, POTTERY)
    assert (told(anew), anew["contract"]["division"]["own_part"]) == ([1, 2, 6], "4000.00")


@pytest.mark.seed("control", "volume")
async def test_a_charged_month_moves_the_balance_in_the_account(place: Town) -> None:
    await place.enrolled(ANNA, RHYTHM)
    await place.pass_to(OCTOBER)
    assert (await place.night()).charged == 1
    assert await place.balance() == ("10000.00", "6000.00", "2000.00", "2000.00")
    assert (await place.night()).charged == 0
    assert await place.balance() == ("10000.00", "6000.00", "2000.00", "2000.00")


# --- endings ----------------------------------------------------------------------------------------------------------


@pytest.mark.invariant(11)
async def test_cancelled_before_it_is_concluded_everything_comes_back(place: Town) -> None:
    order = await place.filed(ANNA, RHYTHM)
    await place.step(order["id"], "cancel", reason="Передумали")
    await place.rest()
    order = await place.order(order["id"])
    assert (order["status"], order["closed"]) == (10, True)
    assert await place.balance() == ("10000.00", "0.00", "0.00", "10000.00")
    (contract,) = (await place.account())["contracts"]
    assert contract["status"] == "REFUSED"


@pytest.mark.invariant(7, 11)
async def test_cancelled_after_it_was_concluded_the_order_stays_as_it_ended(place: Town) -> None:
    order = await place.enrolled(ANNA, RHYTHM)
    with pytest.raises(PortalRefused):
        await place.step(order["id"], "cancel")
    await place.step(order["id"], "cancel", unchecked=True)
    await place.rest()
    assert (await place.order(order["id"]))["status"] == 3
    assert await place.balance() == ("10000.00", "0.00", "0.00", "10000.00")
    (contract,) = (await place.account())["contracts"]
    assert contract["status"] == "TERMINATED"


@pytest.mark.seed("control")
@pytest.mark.invariant(11)
async def test_terminated_later_only_the_unused_months_come_back(place: Town) -> None:
    order = await place.enrolled(ANNA, RHYTHM)
    await place.pass_to(OCTOBER)
    await place.night()
    contract = order["contract"]["id"]
    await place.do(
        lambda unit: place.shop.contracts.terminate(
            unit, contract, initiator=Initiator.ORGANISATION, reason=RuleCode.REFUSED_BY_PROVIDER, text="Ремонт"
        )
    )
    assert await place.balance() == ("10000.00", "2000.00", "2000.00", "6000.00")
    await place.pass_to(datetime(2026, 11, 1, 6, tzinfo=UTC))
    await place.night()
    assert await place.balance() == ("10000.00", "0.00", "4000.00", "6000.00")
    (shown,) = (await place.account())["contracts"]
    assert shown["status"] == "TERMINATED"
