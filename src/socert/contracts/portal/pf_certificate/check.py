"""Rules of the certificate query that its schema cannot state.

Source: portal message dictionary, 1 (traps 1, 6, 12, 13) and 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.pf_certificate.request import InformerQuery, SearchQuery, StatusQuery
from socert.contracts.portal.pf_certificate.response import CertificateFound
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.values import is_snils, parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.portal.pf_certificate.request import InformerItem, Request, SearchedChild
    from socert.contracts.portal.pf_certificate.response import Response


def check_request(request: Request) -> list[Problem]:
    """Return what is wrong with a schema-valid question; an empty list is a good one.

    Asked of the child: a SNILS with the right check number, a birth date that exists; of the informer's items: at
    least one of SNILS and birth certificate, before any data is released.
    """
    return list(_request_problems(request))


def check_response(response: Response) -> list[Problem]:
    """Return what is wrong with an answer before it is sent; an empty list is a good one."""
    return list(_response_problems(response))


def _request_problems(request: Request) -> Iterator[Problem]:
    if request.order_id < 1:
        yield Problem(field="orderId", reason="an order's id is 1 or more; 0 cannot be answered")
    match request.query:
        case SearchQuery(children=children):
            for child in children:
                yield from _child_problems("searchCertificateRequest", child)
        case StatusQuery(recipient=recipient, applicant=applicant):
            place = "getCertificateStatusRequest"
            yield from _snils_problems(f"{place}/certificateRecipientData/recipientSNILS", recipient.snils)
            yield from _date_problems(f"{place}/certificateRecipientData/recipientBirthDate", recipient.birth_date)
            yield from _date_problems(f"{place}/applicantData/applicantBirthDate", applicant.birth_date)
        case InformerQuery(items=items):
            for item in items:
                yield from _item_problems("getCertificateInformerRequest/recipientDataForGUID", item)


def _child_problems(place: str, child: SearchedChild) -> Iterator[Problem]:
    yield from _snils_problems(f"{place}/recipientSNILS", child.snils)
    if child.birth_date:  # an empty one is as good as none
        yield from _date_problems(f"{place}/recipientBirthDate", child.birth_date)


def _item_problems(place: str, item: InformerItem) -> Iterator[Problem]:
    if item.snils is None and item.birth_certificate is None:
        yield Problem(field=place, reason="one of SNILS and birth certificate is needed to release data")
    if item.snils is not None:
        yield from _snils_problems(f"{place}/recipientSNILS", item.snils)


def _response_problems(response: Response) -> Iterator[Problem]:
    if response.order_id < 1:
        yield Problem(field="orderId", reason="the portal takes order 0 for no answer in time: name the order asked")
    for answer in response.answers:
        if isinstance(answer, CertificateFound):
            place = "certificateResponse/certificateDataResponse/certificateOwnerData/recipientSNILS"
            yield from _snils_problems(place, answer.owner.snils)


def _snils_problems(field: str, snils: str) -> Iterator[Problem]:
    if not is_snils(snils):
        yield Problem(field=field, reason="the SNILS is 11 digits with the right check number")


def _date_problems(field: str, day: str) -> Iterator[Problem]:
    try:
        parse_date(day)
    except ValueRefused as refused:
        yield Problem(field=field, reason=refused.reason)
