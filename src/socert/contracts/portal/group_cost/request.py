"""The portal's question what a group costs.

Source: portal message dictionary, 2 (root groupCostRequest, block GC-REQUEST).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.group_cost.types import NAMESPACE, REQUEST
from socert.contracts.portal.read import Fields
from socert.contracts.portal.write import element, optional

if TYPE_CHECKING:
    from datetime import date

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What should a place in this group cost from this day on, paid from this source?

    `group_guid` and `datasources` (the navigators that should answer) are GUIDs of 36 characters; `certificate_guid`
    is a free text of up to 50; `financial_source` is an open list of up to 50 characters, its known values are in
    `blocks.FinancialSource`; `request_ref` is the asker's own reference, of any length.
    """

    message_type: ClassVar[MessageType] = REQUEST

    group_guid: str
    start_education_date: date
    certificate_guid: str | None = None
    financial_source: str
    datasources: tuple[str, ...] = ()
    request_ref: str | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry.
        """
        root = f"{prefix}:{REQUEST.root}"
        return f'<{root} xmlns:{prefix}="{NAMESPACE}">{render_inside(prefix, self)}</{root}>'


def read_request(element: _Element) -> Request:
    """Read a schema-valid groupCostRequest. Raises ValueRefused with the path."""
    return read_inside(Fields.of_root(element, REQUEST, zone=None))


def render_inside(p: str, request: Request) -> str:
    """Write what stands inside `groupCostRequest` and inside the copy of it in an answer, `requestInfo`."""
    return "".join(
        (
            f"<{p}:requestData>{element(p, 'groupGUID', request.group_guid)}",
            f"<{p}:startEducationDate>{request.start_education_date.isoformat()}</{p}:startEducationDate>",
            optional(p, "certificateGUID", request.certificate_guid),
            f"{element(p, 'financialSource', request.financial_source)}</{p}:requestData>",
            *(element(p, "datasource", datasource) for datasource in request.datasources),
            optional(p, "requestRef", request.request_ref),
        )
    )


def read_inside(fields: Fields) -> Request:
    """Read what `groupCostRequest` or `requestInfo` holds."""
    asked = fields.group("requestData")
    return Request(
        group_guid=asked.text("groupGUID"),
        start_education_date=asked.day("startEducationDate"),
        certificate_guid=asked.maybe_text("certificateGUID"),
        financial_source=asked.text("financialSource"),
        datasources=tuple(fields.texts("datasource")),
        request_ref=fields.maybe_text("requestRef"),
    )
