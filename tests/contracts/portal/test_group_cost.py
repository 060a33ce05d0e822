"""The cost question: its messages survive the wire, its rules hold, and nobody's debug payload gets in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.contracts.portal.strategies import AMOUNTS, DAYS, GUIDS, SLOW, check_round_trip, maybe, texts, tuples

from socert.contracts.errors import SchemaInvalid
from socert.contracts.portal import group_cost
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.xml import parse

LONG = texts(4000, 0)
REQUESTS = st.builds(
    group_cost.Request,
    group_guid=GUIDS,
    start_education_date=DAYS,
    certificate_guid=maybe(texts(50, 0)),
    financial_source=texts(50, 0),
    datasources=tuples(GUIDS, 3),
    request_ref=maybe(LONG),
)
COMMON = {"order_allowed": st.booleans(), "message": LONG, "request_info": maybe(REQUESTS)}
AMOUNT_NAMES = (
    "cost_per_year",
    "certificate_reserving_cost",
    "monthly_cost",
    "monthly_from_certificate",
    "monthly_from_applicant",
)
COUNTS = st.integers(0, 10**15)
RESPONSES = (
    st.builds(group_cost.Calculation, **dict.fromkeys(AMOUNT_NAMES, AMOUNTS), **COMMON)
    | st.builds(group_cost.Ineffectual, **COMMON)
    | st.builds(group_cost.FreeOfCharge, registry_balance=COUNTS, registry_booked_amount=COUNTS, **COMMON)
    | st.builds(group_cost.CertificateExhausted, **COMMON)
    | st.builds(
        group_cost.BadCalculationData,
        errors=tuples(st.builds(group_cost.ErrorInfo, code=LONG, message=LONG), 3),
        **COMMON,
    )
)
QUESTION = group_cost.Request(
    group_guid="00000000-0000-4000-8000-0000000000bb",
    start_education_date=date(2026, 9, 15),
    certificate_guid="00000000-0000-4000-8000-0000000000aa",
    financial_source=group_cost.FinancialSource.CERTIFICATE,
)
CALCULATION = group_cost.Calculation(
    order_allowed=True,
    message="",
    cost_per_year=1_200_000,
    certificate_reserving_cost=800_000,
    monthly_cost=300_000,
    monthly_from_certificate=200_000,
    monthly_from_applicant=100_000,
    request_info=QUESTION,
)


@SLOW
@given(REQUESTS)
def test_any_question_survives(message: group_cost.Request) -> None:
    check_round_trip(message)


@SLOW
@given(RESPONSES)
def test_any_answer_survives(message: group_cost.Response) -> None:
    check_round_trip(message)


def test_amounts_have_two_digits_and_counts_none() -> None:
    assert "<ns1:monthlyCost>3000.00</ns1:monthlyCost>" in CALCULATION.render()
    free = group_cost.FreeOfCharge(order_allowed=True, message="", registry_balance=2, registry_booked_amount=1)
    assert "<ns1:registryBalance>2</ns1:registryBalance>" in free.render()


def test_what_is_left_for_the_family_is_the_difference() -> None:
    assert CALCULATION.applicant_part == 400_000


@pytest.mark.parametrize("written", ["-1", "-0", "1.234", "99999999999999999999"])
def test_amounts_that_no_account_can_hold_are_refused_past_the_schema(written: str) -> None:
    element = parse(CALCULATION.render().encode())
    (cost,) = element.iterfind(".//{*}costPerYear")
    cost.text = written
    group_cost.schema().check(element)
    with pytest.raises(ValueRefused) as refused:
        group_cost.read_response(element)
    assert refused.value.field == "groupCostCalculationResponse/costCalculation/costPerYear"


def test_a_negative_count_is_refused_on_both_ways() -> None:
    free = group_cost.FreeOfCharge(order_allowed=True, message="", registry_balance=0, registry_booked_amount=-1)
    with pytest.raises(ValueRefused):
        free.render()
    element = parse(replace(free, registry_booked_amount=1).render().encode())
    element[2][1].text = "-1"
    group_cost.schema().check(element)
    with pytest.raises(ValueRefused):
        group_cost.read_response(element)


def test_another_message_is_no_answer() -> None:
    with pytest.raises(ValueRefused, match="answer to a cost question"):
        group_cost.read_response(parse(QUESTION.render().encode()))


# Debug payloads


def with_debug(payload: str) -> etree._Element:
    """The calculation as a peer would send it that leaves its debug payload in."""
    debug = f"<ns1:debugInfo>{payload}</ns1:debugInfo>\n</ns1:groupCostCalculationResponse>"
    return parse(CALCULATION.render().replace("</ns1:groupCostCalculationResponse>", debug).encode())


def test_debug_payload_breaks_the_schema_and_can_be_taken_out() -> None:
    element = with_debug("<trace xmlns='urn:peer'>12 ms</trace>")
    with pytest.raises(SchemaInvalid):
        group_cost.schema().check(element)
    bare = group_cost.without_debug(element)
    group_cost.schema().check(bare)
    assert group_cost.read_response(bare) == CALCULATION


def test_what_was_received_is_not_changed_by_taking_debug_out() -> None:
    element = with_debug("<trace xmlns='urn:peer'>12 ms</trace>")
    before = etree.tostring(element)
    group_cost.without_debug(element)
    assert etree.tostring(element) == before


def test_an_answer_without_debug_is_not_copied() -> None:
    element = parse(CALCULATION.render().encode())
    assert group_cost.without_debug(element) is element


def test_lines_are_kept_when_debug_is_taken_out() -> None:
    written = etree.tostring(with_debug("<trace xmlns='urn:peer'>12 ms</trace>")).decode()
    written = written.replace("<ns1:monthlyCost>3000.00", "\n\n<ns1:monthlyCost>much")
    (violation,) = group_cost.schema().violations(group_cost.without_debug(parse(written.encode())))
    assert violation.line == 3


# Rules


def test_a_good_question_and_answer_have_no_problems() -> None:
    assert group_cost.check_request(QUESTION) == []
    assert group_cost.check_response(CALCULATION) == []


def test_a_certificate_that_should_pay_is_named() -> None:
    (problem,) = group_cost.check_request(replace(QUESTION, certificate_guid=None))
    assert problem.field == "requestData/certificateGUID"
    assert group_cost.check_request(replace(QUESTION, certificate_guid=None, financial_source="budget")) == []


def test_an_unknown_source_is_a_problem() -> None:
    (problem,) = group_cost.check_request(replace(QUESTION, financial_source="gold"))
    assert problem.field == "requestData/financialSource"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"certificate_reserving_cost": 1_200_001}, "costCalculation/certificateReservingCost"),
        ({"monthly_from_applicant": 300_001}, "costCalculation/monthlyCost"),
        ({"monthly_from_certificate": -1}, "costCalculation"),
    ],
)
def test_sums_that_cannot_be_right_are_problems(change: dict[str, int], field: str) -> None:
    (problem,) = group_cost.check_response(replace(CALCULATION, **change))  # type: ignore[arg-type]  # amounts only
    assert problem.field == field
