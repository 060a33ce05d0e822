"""What a group costs, as the portal asks and is answered (portal message dictionary, 2).

The five answers have no version of the balance and no plan by months (trap 6): a parent can agree only to exact
figures, so those of a calculation are told beside the message, as `figures_of` gives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.contracts.portal import group_cost as contract
from socert.gateway.domain.cost import Outcome, Source
from socert.gateway.domain.quote import MonthPart, Split, YearPart
from socert.gateway.life.enrolment import CostAsked

if TYPE_CHECKING:
    from socert.gateway.life.enrolment import Calculation

UNKNOWN_SOURCE = "UNKNOWN_SOURCE"
UNKNOWN_SOURCE_TEXT = "Источник оплаты не распознан, рассчитать стоимость нельзя."


def asked_of(request: contract.Request) -> CostAsked | None:
    """Return the question; None for a source of funds that nobody knows."""
    if request.financial_source not in {source.value for source in Source}:
        return None
    return CostAsked(
        group_guid=request.group_guid,
        certificate_guid=request.certificate_guid or None,
        source=Source(request.financial_source),
        start=request.start_education_date,
    )


def unknown_source(request: contract.Request) -> contract.Response:
    """Return the answer to a question with a source that nobody knows."""
    return contract.BadCalculationData(
        order_allowed=False,
        message=UNKNOWN_SOURCE_TEXT,
        errors=(contract.ErrorInfo(code=UNKNOWN_SOURCE, message=UNKNOWN_SOURCE_TEXT),),
        request_info=request,
    )


def answer_of(request: contract.Request, made: Calculation) -> contract.Response:
    """Return one of the five answers. Monthly figures are the period's divided by its months, rounded down."""
    cost = made.cost
    allowed, message = cost.order_allowed, cost.message
    match cost.outcome:
        case Outcome.CALCULATED:
            assert cost.split is not None
            months = max(1, len(cost.split.months))
            return contract.Calculation(
                order_allowed=allowed,
                message=message,
                cost_per_year=cost.split.total,
                certificate_reserving_cost=cost.split.certificate_part,
                monthly_cost=cost.split.total // months,
                monthly_from_certificate=cost.split.certificate_part // months,
                monthly_from_applicant=cost.split.own_part // months,
                request_info=request,
            )
        case Outcome.INEFFECTUAL:
            return contract.Ineffectual(order_allowed=allowed, message=message, request_info=request)
        case Outcome.FREE_OF_CHARGE:
            return contract.FreeOfCharge(
                order_allowed=allowed,
                message=message,
                registry_balance=cost.allowed,
                registry_booked_amount=cost.used,
                request_info=request,
            )
        case Outcome.EXHAUSTED:
            return contract.CertificateExhausted(order_allowed=allowed, message=message, request_info=request)
        case Outcome.BAD_DATA:
            code = "" if cost.cause is None else cost.cause.value
            error = contract.ErrorInfo(code=code, message=message)
            return contract.BadCalculationData(
                order_allowed=allowed, message=message, errors=(error,), request_info=request
            )


def figures_of(ref: str, made: Calculation) -> dict[str, Any] | None:
    """Return the exact split as JSON, integer hundredths (programmes on a count register); None where there is none.

    There is one only where a certificate pays: nothing else is agreed to in figures (6.5, rule 1).
    """
    cost = made.cost
    split = cost.split or _programme(made)
    if split is None or cost.balance_version is None or made.asked.source is not Source.CERTIFICATE:
        return None
    return {
        "calculation": ref,
        "balance_version": cost.balance_version,
        "as_of": made.as_of.isoformat(),
        "register": split.register.value,
        "total": split.total,
        "certificate_part": split.certificate_part,
        "own_part": split.own_part,
        "payable": split.payable,
        "years": [
            {"year": part.year, "certificate_part": part.certificate_part, "own_part": part.own_part}
            for part in split.years
        ],
        "months": [
            {"month": f"{part.month:%Y-%m}", "certificate_part": part.certificate_part, "own_part": part.own_part}
            for part in split.months
        ],
        "start": made.start.isoformat(),
        "end": made.end.isoformat(),
    }


def _programme(made: Calculation) -> Split | None:
    """Return the split of a programme of a count register, which is taken whole on its first day."""
    register = None if made.programme is None else made.programme.register
    if register is None or made.cost.outcome is not Outcome.FREE_OF_CHARGE:
        return None
    year = YearPart(year=made.start.year, certificate_part=1, own_part=0)
    month = MonthPart(month=made.start.replace(day=1), certificate_part=1, own_part=0)
    return Split(register=register, total=1, certificate_part=1, own_part=0, years=(year,), months=(month,))
