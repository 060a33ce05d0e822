"""The certificate's life through the wire, told on: consents, the next year, and the ways of showing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.end_to_end.town import agreeing, sums, told
from tests.end_to_end.townsfolk import ANNA, CHESS, FORMS, POTTERY, RHYTHM, VERA

from socert.gateway.domain.consent import Channel
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.records import ContractState

if TYPE_CHECKING:
    from tests.end_to_end.town import Town

OCTOBER, DECEMBER = datetime(2026, 10, 1, 6, tzinfo=UTC), datetime(2026, 12, 2, 6, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 6, tzinfo=UTC)


# --- consent ----------------------------------------------------------------------------------------------------------


async def withdraw(place: Town, channel: Channel) -> None:
    if channel is Channel.PORTAL:
        wish = {"owner": ANNA.parent, "child": ANNA.child, "action": "WITHDRAW", "forms": FORMS[:1]}
        decision = await place.ask("POST", "consents", **wish)
        assert decision["result"] == "ACCEPTED", decision
        await place.rest()
        return
    guid = (await place.orders(ANNA))[0]["certificate"]["guid"]

    def by_paper(unit: Any) -> None:
        held = place.shop.registry.certificates(unit.connection, [guid])[guid].certificate
        place.shop.consents.withdraw(unit, held, form=FormCode.PD_PROCESSING, channel=channel)

    await place.do(by_paper)


@pytest.mark.seed("withdraw", "new-forms")
@pytest.mark.invariant(12)
@pytest.mark.parametrize("channel", [Channel.ORGANISATION, Channel.PORTAL])
async def test_a_withdrawn_consent_stops_everything_but_the_contract(place: Town, channel: Channel) -> None:
    order = await place.enrolled(ANNA, RHYTHM)
    await withdraw(place, channel)
    account = await place.account()
    assert (account["certificates"], account["contracts"]) == ([], [])
    closed = {one["kind"] for one in account["closed"]}
    assert {"certificate", "contract"} <= closed
    assert "10000" not in str(account["closed"]), "without figures"
    assert (await place.ask("POST", "query", snils=ANNA.child))["outcome"] == "refused"
    asked = await place.begin(ANNA, CHESS)
    asked = await place.step(asked["id"], "certificate")
    assert (asked["certificate"]["outcome"], asked["certificate"]["number"]) == ("refused", "")
    contract = order["contract"]["id"]
    life = place.shop.store.look(lambda connection: place.shop.registry.life(connection, contract))
    assert life is not None
    assert life.state is ContractState.ACTIVE, "the contract lives"
    (case,) = place.shop.store.look(place.shop.cases.listed)
    assert case.certificate_guid == order["certificate"]["guid"], "the organisation decides about it"


@pytest.mark.seed("new-forms")
@pytest.mark.invariant(12)
async def test_a_new_consent_resumes(place: Town) -> None:
    await place.enrolled(ANNA, RHYTHM)
    await withdraw(place, Channel.PORTAL)
    wish = {"owner": ANNA.parent, "child": ANNA.child, "action": "GIVE", "forms": FORMS}
    assert (await place.ask("POST", "consents", **wish))["result"] == "ACCEPTED"
    await place.rest()
    assert await place.balance() == ("10000.00", "8000.00", "0.00", "2000.00")
    assert place.shop.store.look(place.shop.cases.listed) == [], "nobody has to decide any more"
    assert (await place.ask("POST", "query", snils=ANNA.child))["outcome"] == "found"


# --- the next year ----------------------------------------------------------------------------------------------------


async def offered(place: Town) -> Any:
    """Let a dancer of the first year and a chess player be enrolled, and offers be made; return the dancer's."""
    await place.enrolled(ANNA, RHYTHM)
    await place.enrolled(VERA, POTTERY, number="Д-2")
    await place.pass_to(DECEMBER)
    await place.night()
    made = await place.aside(lambda shop: shop.offering.make(year=2027))
    assert made.offers == 1, "the programme of one year is offered to nobody"
    (offer,) = (await place.account())["offers"]
    assert (await place.account(VERA))["offers"] == []
    return offer


async def answer(place: Town, offer: Any, answer: str, **more: Any) -> Any:
    found = await place.ask("POST", f"offers/{offer['id']}/answer", owner=ANNA.parent, answer=answer, **more)
    await place.rest()
    return found


@pytest.mark.seed("priority", "first-year", "four-years", "after-first-year")
@pytest.mark.invariant(14)
async def test_a_pupil_of_several_years_is_offered_the_next_one_first(place: Town) -> None:
    offer = await offered(place)
    assert (offer["programme"], offer["state"], offer["start"][:4]) == ("Ритмика", "OFFERED", "2027")
    accepted = await answer(place, offer, "ACCEPT", own_part_accepted=True, forms=[*FORMS, "SPLIT_PAYMENT"])
    assert accepted["result"] == "ACCEPTED", accepted
    (after,) = (await place.account())["offers"]
    assert after["state"] == "ACCEPTED"
    again = await place.ask("POST", f"actions/{accepted['id']}/repeat")
    assert again["result"] == "DUPLICATE"
    assert (await place.aside(lambda shop: shop.offering.make(year=2027))).offers == 0, "each is offered once"


@pytest.mark.seed("priority")
async def test_an_offer_may_be_declined(place: Town) -> None:
    offer = await offered(place)
    assert (await answer(place, offer, "DECLINE"))["result"] == "ACCEPTED"
    (after,) = (await place.account())["offers"]
    assert after["state"] == "DECLINED"


@pytest.mark.seed("priority", "after-first-year")
async def test_an_offer_may_be_answered_by_an_application(place: Town) -> None:
    await place.restart(policy={"nominals": {"RUB": 10_000}, "nominals_of": {2027: {"RUB": 20_000}}})
    offer = await offered(place)
    order = await place.filed(ANNA, RHYTHM, offer["start"], offer=offer["id"])
    assert (told(order), order["start_date"]) == ([1, 2, 6], offer["start"])
    (after,) = (await place.account())["offers"]
    assert after["state"] == "ACCEPTED"


@pytest.mark.seed("after-first-year", "control")
@pytest.mark.invariant(6)
async def test_on_1_january_the_account_shows_the_new_year(place: Town) -> None:
    offer = await offered(place)
    await answer(place, offer, "ACCEPT", own_part_accepted=True, forms=[*FORMS, "SPLIT_PAYMENT"])
    await place.pass_to(NEW_YEAR)
    await place.night()
    run = await place.aside(lambda shop: shop.turn.run(year=2027))
    assert run.finished_at is not None
    account = await place.account()
    (card,) = account["certificates"]
    assert sums(card, "reserved", "spent") == ("0.00", "0.00"), "a new year's own balance"
    assert card["nominal"] == card["available"]
    (contract,) = account["contracts"]
    assert contract["status"] == "COMPLETED", "last year's contract is over and paid"


# --- ways of showing --------------------------------------------------------------------------------------------------


@pytest.mark.seed("not-kept", "in-account")
async def test_switching_the_push_off_clears_the_account(place: Town) -> None:
    await place.enrolled(ANNA, RHYTHM)
    await place.restart(account_push="off")
    await place.settled()
    account = await place.account()
    assert (account["certificates"], account["contracts"]) == ([], [])
    assert (await place.ask("POST", "query", snils=ANNA.child))["outcome"] == "found", "asked for, it is told"
    await place.restart(account_push="full")
    await place.settled()
    assert await place.balance() == ("10000.00", "8000.00", "0.00", "2000.00")


async def test_notices_tell_of_changes_without_sums(place: Town) -> None:
    await place.restart(account_push="notify")
    order = await place.enrolled(ANNA, RHYTHM)
    account = await place.account()
    assert (account["certificates"], account["contracts"]) == ([], [])
    order = await place.order(order["id"])
    notes = [one["comment"] for one in order["history"] if one["source"] == "info"]
    assert notes, "a notice on the parent's order"
    assert not any("8000" in note or "2000" in note for note in notes)


# --- all of it --------------------------------------------------------------------------------------------------------


@pytest.mark.invariant(2)
async def test_after_a_busy_autumn_everybody_tells_the_same(place: Town) -> None:
    """What the fixture compares after each story, after many of them at once, with a restart in between."""
    await place.enrolled(ANNA, RHYTHM)
    cancelled = await place.filed(ANNA, CHESS)
    await place.step(cancelled["id"], "cancel")
    await asyncio.gather(place.filed(ANNA, POTTERY), place.enrolled(VERA, POTTERY, number="Д-2"))
    await place.restart()
    await withdraw(place, Channel.ORGANISATION)
    await place.pass_to(OCTOBER)
    await place.night()
    assert await place.balance(VERA) == ("10000.00", "4500.00", "1500.00", "4000.00")
    compared = await agreeing(place)
    assert compared > 4
