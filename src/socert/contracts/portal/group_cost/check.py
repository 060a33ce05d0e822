"""Rules of the cost question that its schema cannot state: it bounds no amount.

They take a value as read or built, and never raise. Source: portal message dictionary, 2 (traps 1, 2 and 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import FinancialSource
from socert.contracts.portal.group_cost.response import Calculation, FreeOfCharge
from socert.contracts.portal.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.portal.group_cost.request import Request
    from socert.contracts.portal.group_cost.response import Response


def check_request(request: Request) -> list[Problem]:
    """Return what is wrong with a schema-valid question; an empty list is a good one.

    A certificate pays only if it is named, and a source that nobody knows cannot be priced. Such a question has an
    answer all the same (`Ineffectual`, `BadCalculationData`): it is not to be refused.
    """
    if request.financial_source not in {source.value for source in FinancialSource}:
        return [Problem(field="requestData/financialSource", reason="this source of funds is not known")]
    if request.financial_source == FinancialSource.CERTIFICATE and not request.certificate_guid:
        return [Problem(field="requestData/certificateGUID", reason="the certificate that should pay is not named")]
    return []


def check_response(response: Response) -> list[Problem]:
    """Return what is wrong with an answer; an empty list is a good one.

    Checked: nothing is negative, the certificate pays no more than the price, neither of the year nor of the month.
    """
    return list(_response_problems(response))


def _response_problems(response: Response) -> Iterator[Problem]:
    match response:
        case Calculation():
            amounts = (
                response.cost_per_year,
                response.certificate_reserving_cost,
                response.monthly_cost,
                response.monthly_from_certificate,
                response.monthly_from_applicant,
            )
            if min(amounts) < 0:
                yield Problem(field="costCalculation", reason="no amount is negative")
            if response.certificate_reserving_cost > response.cost_per_year:
                yield Problem(
                    field="costCalculation/certificateReservingCost", reason="the certificate pays more than the price"
                )
            if max(response.monthly_from_certificate, response.monthly_from_applicant) > response.monthly_cost:
                yield Problem(field="costCalculation/monthlyCost", reason="a part of the month is more than the month")
        case FreeOfCharge() if min(response.registry_balance, response.registry_booked_amount) < 0:
            yield Problem(field="certificateBalance", reason="no count is negative")
        case _:
            pass
