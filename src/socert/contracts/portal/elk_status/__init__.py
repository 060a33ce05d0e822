"""Orders in the account that no parent filed: the region creates them, and adds statuses with a text to show.

No schema of these messages has been published. They are written as they were seen, in a `Style` that can be changed,
and read whatever the style; `alike` brings a received element to the one that `schema()` knows.
Source: portal message dictionary, 4.
"""

from socert.contracts.portal.elk_status.check import check_request
from socert.contracts.portal.elk_status.owners import (
    Organization,
    Owner,
    PersonByDocument,
    PersonByInn,
    PersonBySnils,
    PersonBySnilsAndBirthDate,
    SoleTrader,
)
from socert.contracts.portal.elk_status.request import (
    WHOLE_COUNTRY,
    Attachment,
    NewOrder,
    Office,
    OrderUpdate,
    Request,
    StatusEntry,
    read_request,
)
from socert.contracts.portal.elk_status.response import (
    CODE_ALL_DONE,
    CODE_SOME_FAILED,
    STATUS_DONE,
    STATUS_UNKNOWN_STATUS,
    STATUS_WRONG_PARAMETERS,
    Batch,
    OrderResult,
    Response,
    read_response,
)
from socert.contracts.portal.elk_status.style import OBSERVED, Style, alike
from socert.contracts.portal.elk_status.types import NAMESPACE, REQUEST, RESPONSE, schema
from socert.contracts.portal.problems import Problem

__all__ = [
    "CODE_ALL_DONE",
    "CODE_SOME_FAILED",
    "NAMESPACE",
    "OBSERVED",
    "REQUEST",
    "RESPONSE",
    "STATUS_DONE",
    "STATUS_UNKNOWN_STATUS",
    "STATUS_WRONG_PARAMETERS",
    "WHOLE_COUNTRY",
    "Attachment",
    "Batch",
    "NewOrder",
    "Office",
    "OrderResult",
    "OrderUpdate",
    "Organization",
    "Owner",
    "PersonByDocument",
    "PersonByInn",
    "PersonBySnils",
    "PersonBySnilsAndBirthDate",
    "Problem",
    "Request",
    "Response",
    "SoleTrader",
    "StatusEntry",
    "Style",
    "alike",
    "check_request",
    "read_request",
    "read_response",
    "schema",
]
