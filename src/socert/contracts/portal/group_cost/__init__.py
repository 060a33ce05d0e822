"""The cost question: what does a group cost, and what of it does the certificate pay?

It travels by plain HTTP, not by the exchange. Take `debugInfo` out of a received answer (`without_debug`), check it
with `schema().check(element)`, read it. Source: portal message dictionary, 2.
"""

from socert.contracts.portal.blocks import FinancialSource
from socert.contracts.portal.group_cost.check import check_request, check_response
from socert.contracts.portal.group_cost.request import Request, read_request
from socert.contracts.portal.group_cost.response import (
    BadCalculationData,
    Calculation,
    CertificateExhausted,
    ErrorInfo,
    FreeOfCharge,
    Ineffectual,
    Response,
    read_response,
    without_debug,
)
from socert.contracts.portal.group_cost.types import (
    BAD_DATA_RESPONSE,
    CALCULATION_RESPONSE,
    EXHAUSTED_RESPONSE,
    FREE_OF_CHARGE_RESPONSE,
    INEFFECTUAL_RESPONSE,
    NAMESPACE,
    REQUEST,
    schema,
)
from socert.contracts.portal.problems import Problem

__all__ = [
    "BAD_DATA_RESPONSE",
    "CALCULATION_RESPONSE",
    "EXHAUSTED_RESPONSE",
    "FREE_OF_CHARGE_RESPONSE",
    "INEFFECTUAL_RESPONSE",
    "NAMESPACE",
    "REQUEST",
    "BadCalculationData",
    "Calculation",
    "CertificateExhausted",
    "ErrorInfo",
    "FinancialSource",
    "FreeOfCharge",
    "Ineffectual",
    "Problem",
    "Request",
    "Response",
    "check_request",
    "check_response",
    "read_request",
    "read_response",
    "schema",
    "without_debug",
]
