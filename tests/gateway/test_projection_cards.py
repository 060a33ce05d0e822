"""What the account's objects look like: a contract's whole life, offers, consents; and how they are rendered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.gateway.records import GROUP, NOON, balance, certificate, contract, guid, municipality, programme
from tests.gateway.region import read_update
from tests.gateway.test_consents import BOTH

from socert.contracts.portal import account
from socert.contracts.portal.account.update import render_update
from socert.gateway.domain.contract import ContractLife, Ending, Initiator
from socert.gateway.domain.policy import Policy, Silence
from socert.gateway.domain.quote import MonthPart, Split, YearPart
from socert.gateway.domain.records import ContractState, Register
from socert.gateway.domain.renewal import Offer, OfferState, offer_id, offer_key
from socert.gateway.domain.rules_errors import RuleCode
from socert.gateway.mapping.account import (
    PREFIX,
    cause,
    draw_certificate,
    draw_consent,
    draw_contract,
    draw_offer,
    render_closing,
)
from socert.gateway.ports import CertificateView, ContractView, OfferView
from socert.gateway.store.tables import Kind

if TYPE_CHECKING:
    from tests.gateway.region import Region

    from socert.gateway.mapping.account import Drawing

ZONE = ZoneInfo("Europe/Moscow")
KEY = offer_key(guid(1), programme().programme_guid, 2027)


def payer(**changes: Any) -> CertificateView:
    return CertificateView(certificate=certificate(), version=4, municipality=municipality(), **changes)


def life(state: ContractState = ContractState.ACTIVE, **changes: Any) -> ContractLife:
    months = tuple(
        MonthPart(month=date(year, month, 1), certificate_part=1_000, own_part=50)
        for year, month in ((2026, 11), (2026, 12), (2027, 1))
    )
    split = Split(
        register=Register.RUB,
        total=3_150,
        certificate_part=3_000,
        own_part=150,
        years=(
            YearPart(year=2026, certificate_part=2_000, own_part=100),
            YearPart(year=2027, certificate_part=1_000, own_part=50),
        ),
        months=months,
    )
    made = ContractLife(
        contract_id="РД-1",
        certificate_guid=guid(1),
        group_guid=GROUP,
        start=date(2026, 11, 1),
        end=date(2027, 1, 31),
        split=split,
        since=NOON,
        state=state,
    )
    return replace(made, **changes)


def view_of(kept: ContractLife, **changes: Any) -> ContractView:
    signed = contract(
        start=kept.start,
        end=kept.end,
        state=kept.state,
        certificate_part=kept.split.certificate_part,
        own_part=kept.split.own_part,
        reserved=kept.reserved,
        spent=kept.spent,
        order_id="7001",
        previous_contract_id="РД-0",
    )
    provider = replace(programme().organisation, agreement_number="С-7", agreement_date=date(2026, 8, 1))
    return ContractView(
        contract=replace(signed, **changes),
        programme=programme(organisation=provider),
        certificate_guid=guid(1),
        life=kept,
    )


def rendered(drawing: Drawing, why: str = "CONTRACT_CHANGED") -> account.Update:
    return read_update(drawing.render(seq=1, as_of=NOON, cause=why, operation="CREATE"))


# --- contracts --------------------------------------------------------------------------------------------------------


@pytest.mark.seed("control")
def test_a_contract_shows_its_years_months_and_papers() -> None:
    update = rendered(draw_contract(view_of(life()), payer()))
    card = update.body
    assert isinstance(card, account.ContractCard)
    assert isinstance(card.split, account.Split)
    assert [(part.year, part.certificate_part, part.applicant_part) for part in card.split.year_parts] == [
        (2026, 2_000, 100),
        (2027, 1_000, 50),
    ]
    assert [part.month for part in card.split.month_parts] == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert (card.agreement_number, card.agreement_date, card.previous_contract_id) == ("С-7", date(2026, 8, 1), "РД-0")
    assert update.order_id == 7001


def test_a_contract_that_ended_says_when_by_whom_and_what_came_back() -> None:
    ended = life(
        ContractState.TERMINATED,
        charged=MappingProxyType({date(2026, 11, 1): 1_000}),
        released=frozenset({date(2026, 12, 1), date(2027, 1, 1)}),
        ending=Ending(
            last_day=date(2026, 11, 30),
            initiator=Initiator.PARENT,
            reason=RuleCode.CANCELLED_BY_PARENT,
            text="Переезд",
            released=2_000,
        ),
    )
    card = rendered(draw_contract(view_of(ended), payer()), "CONTRACT_TERMINATED").body
    assert isinstance(card, account.ContractCard)
    assert card.termination == account.Termination(
        date=date(2026, 11, 30),
        initiator=account.Initiator.PARENT,
        reason_code="CANCELLED_BY_PARENT",
        reason_text="Переезд",
        released=2_000,
    )
    assert (card.reserved_now, card.spent_now) == (0, 1_000)


@pytest.mark.parametrize("state", [ContractState.REQUESTED, ContractState.ACCEPTED])
def test_a_contract_is_shown_before_it_has_a_number(state: ContractState) -> None:
    card = rendered(draw_contract(view_of(life(state), number=None, concluded_on=None), payer())).body
    assert isinstance(card, account.ContractCard)
    assert (card.contract_state, card.contract_number, card.contract_date) == (state.value, None, None)


def test_a_contract_of_a_count_register_counts_programmes() -> None:
    split = Split(
        register=Register.SIGNIFICANT,
        total=1,
        certificate_part=1,
        own_part=0,
        years=(YearPart(year=2026, certificate_part=1, own_part=0),),
        months=(MonthPart(month=date(2026, 11, 1), certificate_part=1, own_part=0),),
    )
    card = rendered(draw_contract(view_of(life(split=split)), payer())).body
    assert isinstance(card, account.ContractCard)
    assert card.split == account.CountSplit(register=account.Register.SIGNIFICANT, programmes=1)
    assert card.reserved_now == 1


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.seed("unit")
def test_a_certificate_shows_the_balances_of_all_periods_and_registers() -> None:
    counts = replace(balance(nominal=3, reserved=1, spent=1), register=Register.PREPROF)
    view = payer(balances=(balance(), counts, balance(nominal=500, year=2027)))
    card = rendered(draw_certificate(view), "UPDATED").body
    assert isinstance(card, account.CertificateCard)
    funds, programmes, following = card.balances
    assert isinstance(funds, account.Balance)
    assert isinstance(programmes, account.ProgrammeBalance)
    assert isinstance(following, account.Balance)
    assert (programmes.nominal, programmes.used, programmes.available) == (3, 2, 1)
    assert (following.period_from, following.nominal) == (date(2027, 1, 1), 500)


def test_the_turn_of_the_year_is_named() -> None:
    told = {"open": 1, "state": "ACTIVE", "year": 2026, "nominal": 5, "reserved": 0, "spent": 5, "digest": "x"}
    assert cause(Kind.CERTIFICATE, "ACTIVE", (9, 0, 0), told, year=2027) == "PERIOD_SHIFT"
    assert cause(Kind.CERTIFICATE, "ACTIVE", (9, 0, 0), told, year=2026) == "NOMINAL_CHANGED"


# --- offers -----------------------------------------------------------------------------------------------------------


def offer(state: OfferState = OfferState.OFFERED, **changes: Any) -> Offer:
    made = Offer(
        key=KEY,
        certificate_guid=guid(1),
        previous_contract_id="РД-1",
        programme_guid=programme().programme_guid,
        study_year=2,
        oktmo="11605000",
        year=2027,
        register=Register.RUB,
        volume=50_000,
        rank=3,
        since=date(2026, 12, 1),
        respond_by=date(2026, 12, 20),
        silence=Silence.DECLINE,
        state=state,
    )
    return replace(made, **changes)


@pytest.mark.seed("priority")
def test_an_offer_says_what_is_offered_until_when_and_in_which_order() -> None:
    group = programme(start=date(2026, 9, 1), end=date(2027, 5, 31))
    view = OfferView(offer=offer(), previous=view_of(life()), group=group)
    card = rendered(draw_offer(view, payer(), ZONE), "OFFER_MADE").body
    assert isinstance(card, account.RenewalOffer)
    assert card.offer_id == offer_id(KEY)
    assert len(card.offer_id) <= 50 < len(KEY)
    assert (card.start_date, card.end_date) == (date(2027, 1, 1), date(2027, 5, 31))
    assert card.respond_by == datetime(2026, 12, 20, 23, 59, 59, tzinfo=ZONE), "the last day belongs to the window"
    assert (card.priority_rank, card.silent_answer, card.study_year) == (3, "DECLINE", 2)
    assert isinstance(card.split, account.Split)
    assert (card.split.certificate_part, card.split.applicant_part) == (50_000, 0)


def test_an_offer_without_a_group_is_for_the_whole_year() -> None:
    view = OfferView(offer=offer(register=Register.HOUR, volume=7_200), previous=view_of(life()), group=None)
    card = rendered(draw_offer(view, payer(), ZONE), "OFFER_MADE").body
    assert isinstance(card, account.RenewalOffer)
    assert (card.start_date, card.end_date, card.group_guid) == (date(2027, 1, 1), date(2027, 12, 31), None)
    assert isinstance(card.split, account.Split)
    assert card.split.unit is account.Unit.HOUR


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (OfferState.OFFERED, "OFFER_MADE"),
        (OfferState.ACCEPTED, "OFFER_ANSWERED"),
        (OfferState.DECLINED, "OFFER_ANSWERED"),
        (OfferState.EXPIRED, "OFFER_EXPIRED"),
        (OfferState.WITHDRAWN, "OFFER_EXPIRED"),
    ],
)
def test_what_became_of_an_offer_is_named(state: OfferState, expected: str) -> None:
    assert cause(Kind.OFFER, state.value, (0, 0, 0), None) == expected


def test_offers_are_projected_and_never_coalesced(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    """An offer that waits and its answer both arrive; it goes with its certificate, and comes back with it."""
    kept: dict[str, OfferView] = {}
    monkeypatch.setattr(type(region.registry), "offers", lambda _self, _connection, keys: {k: kept[k] for k in keys})
    region.put(certificate())
    region.sign(contract())
    region.deliver()

    def touch(state: OfferState) -> None:
        kept[KEY] = OfferView(offer=offer(state), previous=view_of(life()), group=None)
        region.units.run(lambda unit: unit.touch((), (), [KEY]))

    touch(OfferState.OFFERED)
    touch(OfferState.ACCEPTED)
    told = region.waiting()
    assert [(update.object_id, update.operation, update.cause) for update in told] == [
        (offer_id(KEY), "CREATE", "OFFER_MADE"),
        (offer_id(KEY), "CREATE", "OFFER_ANSWERED"),
    ]
    region.deliver()
    touch(OfferState.ACCEPTED)
    assert region.waiting() == []
    region.put(certificate(consent_form=None))
    assert (offer_id(KEY), "CLOSE") in {(update.object_id, update.operation) for update in region.waiting()}
    region.deliver()
    region.put(certificate())
    assert (offer_id(KEY), "CREATE") in {(update.object_id, update.operation) for update in region.waiting()}


# --- rendering --------------------------------------------------------------------------------------------------------


def drawings() -> list[Drawing]:
    consent = replace(BOTH[0], consent_id="00000000-0000-4000-8000-000000000077")
    return [
        draw_certificate(payer()),
        draw_contract(view_of(life()), payer()),
        draw_offer(OfferView(offer=offer(), previous=view_of(life()), group=None), payer(), ZONE),
        draw_consent(consent, payer(), Policy()),
    ]


@pytest.mark.parametrize("place", range(4))
def test_an_update_is_written_as_the_contract_writes_it(place: int) -> None:
    drawing = drawings()[place]
    update = account.Update(
        object_id=drawing.object_id,
        operation=account.Operation.UPDATE,
        seq=7,
        as_of=NOON,
        cause=account.Cause.UPDATED,
        recipient=drawing.recipient,
        order_id=drawing.order_id,
        body=drawing.body,
    )
    assert drawing.render(seq=7, as_of=NOON, cause="UPDATED", operation="UPDATE") == render_update(
        PREFIX, "update", update
    )
    closing = replace(update, operation=account.Operation.CLOSE, cause=account.Cause.MODE_OFF, body=None, order_id=None)
    told_to = drawing.told_to()
    assert render_closing(drawing.object_id, seq=7, as_of=NOON, cause="MODE_OFF", told_to=told_to) == render_update(
        PREFIX, "update", closing
    )


def test_a_digest_leaves_out_what_always_differs_and_nothing_else() -> None:
    view, later, signed = payer(), replace(payer(), version=9), view_of(life())
    assert draw_certificate(view).digest() == draw_certificate(later).digest()
    assert draw_contract(signed, view).digest() == draw_contract(signed, later).digest()
    other = replace(view, certificate=replace(certificate(), number="7700000002"))
    assert draw_certificate(view).digest() != draw_certificate(other).digest()
