"""The cost question: five answers, the exact figures behind them, and everything that is no answer."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from tests.simulator.parent import CERTIFICATE, FIRST_DAY, GROUP, PROPOSAL, CostServer, Parent, calculated

from socert.contracts.portal import group_cost
from socert.contracts.portal.blocks import CountSplit, Register, Split, Unit
from socert.simulator.portal.cost import Costs
from socert.simulator.portal.order import Cost, CostOutcome


async def ask(parent: Parent) -> Cost:
    """Ask for a cost as an order does."""
    order = await parent.priced()
    assert order.cost is not None
    cost: Cost = order.cost
    return cost


async def test_question_names_group_day_certificate_and_a_reference(parent: Parent) -> None:
    order = await parent.priced()
    await parent.portal.enrolment.ask_cost(order.id)

    first, second = parent.costs.asked
    assert (first.group_guid, first.start_education_date) == (GROUP, FIRST_DAY)
    assert (first.certificate_guid, first.financial_source) == (CERTIFICATE, "pfdod_certificate")
    assert (first.request_ref, second.request_ref) == (f"{order.id}-1", f"{order.id}-2")
    assert parent.costs.tokens == ["Bearer secret", "Bearer secret"]


async def test_calculation_is_shown_with_the_exact_figures(parent: Parent) -> None:
    cost = await ask(parent)

    assert (cost.outcome, cost.order_allowed, cost.text) == (CostOutcome.CALCULATED, True, "Расчёт")
    assert (cost.total, cost.certificate_part, cost.own_part) == (1200000, 800000, 400000)
    assert (cost.monthly_cost, cost.monthly_certificate, cost.monthly_own) == (300000, 200000, 100000)
    assert (cost.calculation, cost.balance_version, cost.agreeable) == ("calc-0001", 17, True)
    assert (cost.first_day, cost.last_day) == (FIRST_DAY, date(2026, 12, 31))
    assert cost.division is not None
    assert [(one.month.month, one.own_part) for one in cost.division.months] == [
        (month, 100000) for month in range(9, 13)
    ]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (group_cost.Ineffectual(order_allowed=True, message="Мало данных"), CostOutcome.INEFFECTUAL),
        (group_cost.CertificateExhausted(order_allowed=False, message="Средств нет"), CostOutcome.EXHAUSTED),
        (
            group_cost.FreeOfCharge(
                order_allowed=True, message="Бесплатно", registry_balance=2, registry_booked_amount=1
            ),
            CostOutcome.FREE,
        ),
        (
            group_cost.BadCalculationData(
                order_allowed=False, message="Ошибка", errors=(group_cost.ErrorInfo(code="E1", message="Нет цены"),)
            ),
            CostOutcome.BAD_DATA,
        ),
    ],
)
async def test_each_answer_is_told_apart_and_none_can_be_agreed_to(
    parent: Parent, answer: group_cost.Response, outcome: CostOutcome
) -> None:
    parent.costs.answer, parent.costs.headers = answer, {}
    cost = await ask(parent)

    assert (cost.outcome, cost.order_allowed, cost.text) == (outcome, answer.order_allowed, answer.message)
    assert not cost.agreeable
    assert ("Согласиться" in cost.obstacle) is answer.order_allowed
    if isinstance(answer, group_cost.FreeOfCharge):
        assert (cost.free_balance, cost.free_booked) == (2, 1)
    if isinstance(answer, group_cost.BadCalculationData):
        assert cost.errors == ("E1: Нет цены",)


async def test_permission_counts_whatever_the_answer_is_called(parent: Parent) -> None:
    """`orderAllowed` is independent of the answer's name (trap 3)."""
    parent.costs.answer = calculated(order_allowed=False)
    assert not (await ask(parent)).agreeable


async def test_debug_of_a_peer_is_not_in_the_way(parent: Parent) -> None:
    text = calculated().render()
    parent.costs.answer = text.replace(
        "</ns1:groupCostCalculationResponse>",
        '<ns1:debugInfo><x xmlns="urn:x"/></ns1:debugInfo></ns1:groupCostCalculationResponse>',
    ).encode()
    assert (await ask(parent)).agreeable


async def test_hours_are_agreed_to_in_hours(parent: Parent) -> None:
    parent.costs.proposal |= {"register": "HOUR", "payable": 1500000}
    cost = await ask(parent)

    assert cost.division is not None
    split = cost.division.split()
    assert isinstance(split, Split)
    assert (split.unit, split.applicant_payable) == (Unit.HOUR, 1500000)


async def test_programme_of_a_count_register_is_one_programme(parent: Parent) -> None:
    parent.costs.answer = group_cost.FreeOfCharge(
        order_allowed=True, message="", registry_balance=2, registry_booked_amount=1
    )
    parent.costs.proposal |= {
        "register": "SIGNIFICANT",
        "total": 1,
        "certificate_part": 1,
        "own_part": 0,
        "years": [],
        "months": [],
    }
    cost = await ask(parent)

    assert cost.agreeable
    assert cost.division is not None
    assert cost.division.split() == CountSplit(register=Register.SIGNIFICANT, programmes=1)
    assert (cost.division.unit, cost.division.total) == ("count", 100)


async def test_period_over_new_year_has_a_part_in_each_year(parent: Parent) -> None:
    parent.costs.proposal |= {
        "end": "2027-05-31",
        "years": [
            {"year": 2026, "certificate_part": 800000, "own_part": 0},
            {"year": 2027, "certificate_part": 0, "own_part": 400000},
        ],
        "months": [],
    }
    cost = await ask(parent)

    assert cost.division is not None
    assert [(one.year, one.own_part) for one in cost.division.years] == [(2026, 0), (2027, 400000)]


# Figures that cannot be agreed to


@pytest.mark.parametrize(
    ("proposal", "headers"),
    [
        (None, {}),
        (b"not json", {}),
        (b"[]", {}),
        ({"balance_version": 18}, {}),
        ({"calculation": "calc-0002"}, {}),
        ({"total": 1200001}, {}),
        ({"total": "1200000"}, {}),
        ({"certificate_part": -1, "total": 399999}, {}),
        ({"register": "DOLLAR"}, {}),
        ({"years": []}, {}),
        ({"months": [{"month": "2027-01", "certificate_part": 800000, "own_part": 400000}]}, {}),
        ({"months": [{"month": "2026-13", "certificate_part": 800000, "own_part": 400000}]}, {}),
        ({"start": "2026-02-30"}, {}),
        ({"as_of": "yesterday"}, {}),
        ({}, {"Socert-Balance": ""}),
        ({}, {"Socert-Balance": "17"}),
        ({}, {"Socert-Balance": "x 2026-09-01T09:00:03+03:00"}),
        ({}, {"Socert-Balance": "17 2026-09-01T09:00:03"}),
        ({}, {"Socert-Calculation": "c" * 51}),
        ({}, {"Socert-Calculation": "calc/../0002"}),
    ],
)
async def test_figures_that_are_not_whole_cannot_be_agreed_to(
    parent: Parent, proposal: Any, headers: dict[str, str]
) -> None:
    parent.costs.proposal = PROPOSAL | proposal if isinstance(proposal, dict) else proposal
    parent.costs.headers |= headers
    cost = await ask(parent)

    assert (cost.outcome, cost.total) == (CostOutcome.CALCULATED, 1200000)
    assert not cost.agreeable
    assert cost.obstacle.startswith("Регион не прислал точный расчёт")


async def test_figures_that_differ_from_the_answer_cannot_be_agreed_to(parent: Parent) -> None:
    parent.costs.answer = calculated(certificate_reserving_cost=700000)
    cost = await ask(parent)

    assert not cost.agreeable
    assert "не сходится" in cost.obstacle


# What is no answer


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html/>",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        calculated().render().replace("12000.00", "-1.00").encode(),
        calculated().render().replace("12000.00", "1.001").encode(),
        calculated(certificate_reserving_cost=1200001).render().encode(),
        b"x" * (1024 * 1024 + 1),
    ],
)
async def test_answer_that_cannot_be_used_is_said_so(parent: Parent, answer: bytes) -> None:
    parent.costs.answer = answer
    cost = await ask(parent)

    assert (cost.outcome, cost.order_allowed, cost.agreeable) == (CostOutcome.FAILED, False, False)
    assert "нельзя прочитать" in cost.text


@pytest.mark.parametrize("status", [302, 401, 404, 500])
async def test_http_error_is_no_answer_that_can_be_used(parent: Parent, status: int) -> None:
    parent.costs.status = status
    if status == 302:
        parent.costs.headers |= {"Location": f"{parent.costs.url}eais/v1/queries"}
    assert (await ask(parent)).outcome is CostOutcome.FAILED
    assert len(parent.costs.asked) == 1


async def test_slow_region_is_not_waited_for(costs: CostServer) -> None:
    costs.silent = asyncio.Event()
    service = Costs(url=costs.url, token="", deadline=timedelta(milliseconds=50), clock=lambda: pytest.fail("no time"))
    question = group_cost.Request(group_guid=GROUP, start_education_date=FIRST_DAY, financial_source="paid")
    cost = await service.ask(question)
    costs.silent.set()
    await service.close()

    assert (cost.outcome, cost.agreeable) == (CostOutcome.NO_ANSWER, False)
    assert "вовремя" in cost.text
    assert costs.tokens == [None]


async def test_region_that_is_not_there_is_no_answer(parent: Parent) -> None:
    order = await parent.priced()
    service = Costs(url="http://127.0.0.1:1", token="", deadline=timedelta(seconds=10), clock=parent.simulator.clock)
    question = group_cost.Request(group_guid=GROUP, start_education_date=FIRST_DAY, financial_source="paid")
    assert (await service.ask(question)).outcome is CostOutcome.NO_ANSWER
    await service.close()
    assert order.agreeable


async def test_cost_asked_again_replaces_the_one_before(parent: Parent) -> None:
    order = await parent.priced()
    parent.costs.answer = group_cost.CertificateExhausted(order_allowed=False, message="Средств нет")
    parent.costs.headers = {}
    order = await parent.portal.enrolment.ask_cost(order.id)

    assert order.cost is not None
    assert (order.cost.outcome, order.cost.division, order.cost.calculation) == (CostOutcome.EXHAUSTED, None, "")
    assert not order.agreeable
