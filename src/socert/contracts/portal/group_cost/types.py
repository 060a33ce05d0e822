"""The namespace of the cost question, its six message types and their schema.

Source: portal message dictionary, 2 (the federal hub's own schema, version 1.0.0).
"""

from __future__ import annotations

from functools import cache

from socert.contracts.message import MessageType
from socert.contracts.xml import Schema

NAMESPACE = "http://epgu.aisdopobr.ru/dataexchanges/group-cost/1.0.0"

REQUEST = MessageType(namespace=NAMESPACE, root="groupCostRequest")
CALCULATION_RESPONSE = MessageType(namespace=NAMESPACE, root="groupCostCalculationResponse")
INEFFECTUAL_RESPONSE = MessageType(namespace=NAMESPACE, root="groupCostIneffectualResponse")
FREE_OF_CHARGE_RESPONSE = MessageType(namespace=NAMESPACE, root="groupCostFreeOfChargeResponse")
EXHAUSTED_RESPONSE = MessageType(namespace=NAMESPACE, root="groupCostCertificateExhaustedResponse")
BAD_DATA_RESPONSE = MessageType(namespace=NAMESPACE, root="groupCostBadCalculationDataResponse")


@cache
def schema() -> Schema:
    """Return the compiled schema of all six messages; compiled once a process.

    It is as strict as the hub's about `debugInfo`: take that out first (`without_debug`).
    """
    return Schema.load(__package__ or "", "schema.xsd")
