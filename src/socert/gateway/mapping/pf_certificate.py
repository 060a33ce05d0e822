"""Answers to the portal's questions about certificates, from the registry's live data (portal message dictionary, 1).

What may be told: data go out only about a child whose identity fits in all that was given, with a valid consent. A
mismatch is told like nothing found, so that nobody learns by guessing who has a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.errors import ContractError
from socert.contracts.portal import pf_certificate as contract
from socert.contracts.portal.values import normal_birth_certificate, parse_date, same_name
from socert.gateway.domain.records import CertificateStatus, Unit
from socert.gateway.errors import Unhandled
from socert.gateway.ports import Wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import MessageType
    from socert.gateway.domain.records import Certificate, Child
    from socert.gateway.ports import CertificateView, Registry

NOT_FOUND = "Сертификат не найден. Проверьте данные ребёнка или обратитесь в образовательную организацию."
NOT_CHECKED = "Для выдачи сведений нужен СНИЛС или свидетельство о рождении ребёнка."
ENDED = "Сертификат больше не действует."
UNKNOWN_PLACE = "Муниципалитет сертификата не сопоставлен с кодами портала. Обратитесь в региональный оператор."
NO_CONSENT = "10"
NO_CONSENT_TEXT = (
    "Нет действующего согласия на обработку персональных данных по форме социального сертификата."
    " Подпишите его в образовательной организации."
)
NOT_ISSUED = "11"
NOT_ISSUED_TEXT = "Сертификат не найден, и его выпуск по этому запросу не предусмотрен. Обратитесь в организацию."
ENDINGS = frozenset({CertificateStatus.ANNULLED, CertificateStatus.EXPIRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One child or certificate asked for, whichever the mode; None means not given."""

    guid: str | None = None
    snils: str | None = None
    document: contract.Document | None = None
    names: tuple[str, str, str | None] | None = None
    birth_date: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateAnswerer:
    """Answers universalCertificateRequest: search and informer modes; the third mode finds, and does not issue yet.

    `balance_includes_booked` and `hours_in_query` are agreed with the portal (portal message dictionary, 1, traps 2
    and 4).
    """

    message_type: ClassVar[MessageType] = contract.REQUEST

    registry: Registry
    consent_forms: Collection[str]
    balance_includes_booked: bool
    hours_in_query: bool

    def answer(self, connection: Connection, content: etree._Element, now: datetime) -> contract.Response:
        """Return the answer; `ContractError` when the request breaks its schema, `Unhandled` for order 0."""
        contract.schema().check(content)
        request = contract.read_request(content, zone=now.tzinfo)
        if request.order_id == 0:
            raise Unhandled("the request has the order number 0, which the portal reads as no answer")
        issue = isinstance(request.query, contract.StatusQuery)
        return contract.Response(
            order_id=request.order_id,
            response_timestamp=now,
            answers=tuple(self._one(connection, asked, issue=issue) for asked in _asked(request.query)),
        )

    def _one(self, connection: Connection, asked: Asked, *, issue: bool) -> contract.Answer:
        birth = _birth_certificate(asked.document)
        if asked.snils is None and birth is None:
            return _nothing(asked, NOT_CHECKED)
        wanted = (
            Wanted(guid=asked.guid)
            if asked.guid is not None
            else Wanted(snils=asked.snils, birth_certificate=birth if asked.snils is None else None)
        )
        found = [view for view in self.registry.find(connection, wanted) if _fits(view.certificate, asked, birth)]
        live = [view for view in found if view.certificate.status not in ENDINGS]
        if not live:
            if issue and not found:
                return contract.IssueRefused(code=NOT_ISSUED, description=NOT_ISSUED_TEXT)
            return _nothing(asked, ENDED if found else NOT_FOUND)
        return self._tell(live[0], asked)

    def _tell(self, view: CertificateView, asked: Asked) -> contract.Answer:
        certificate, place = view.certificate, view.municipality
        if certificate.consent_form not in self.consent_forms:
            return contract.IssueRefused(code=NO_CONSENT, description=NO_CONSENT_TEXT)
        if place is None:
            return _nothing(asked, UNKNOWN_PLACE)
        snils = certificate.child.snils or asked.snils
        if snils is None:
            return _nothing(asked, NOT_CHECKED)
        return contract.CertificateFound(
            certificate=contract.Certificate(
                guid=certificate.guid,
                number=certificate.number,
                municipality_code=place.guid,
                region_code=place.region_guid,
                certificate_type=contract.CertificateType("1" if certificate.with_funds else "0"),
                category_code=certificate.category_code,
                category_name=certificate.category_name,
                funds=self._funds(certificate),
                released_on_request=False,
            ),
            owner=contract.Owner(
                last_name=certificate.child.last_name,
                first_name=certificate.child.first_name,
                patronymic=certificate.child.middle_name,
                snils=snils,
            ),
        )

    def _funds(self, certificate: Certificate) -> contract.Funds | None:
        if not certificate.with_funds or (certificate.unit is Unit.HOUR and not self.hours_in_query):
            return None
        balance = certificate.balance
        booked = balance.reserved
        return contract.Funds(
            balance=balance.available + booked if self.balance_includes_booked else balance.available, booked=booked
        )


def _asked(query: contract.Query) -> Iterable[Asked]:
    match query:
        case contract.SearchQuery(children=children):
            for child in children:
                yield Asked(
                    snils=child.snils,
                    document=child.document,
                    names=(child.last_name, child.first_name, child.patronymic),
                    birth_date=child.birth_date,
                )
        case contract.InformerQuery(items=items):
            for item in items:
                yield Asked(guid=item.certificate_guid, snils=item.snils, document=item.birth_certificate)
        case contract.StatusQuery(recipient=recipient):
            yield Asked(
                snils=recipient.snils,
                document=recipient.document,
                names=(recipient.last_name, recipient.first_name, recipient.patronymic),
                birth_date=recipient.birth_date,
            )


def _birth_certificate(document: contract.Document | None) -> str | None:
    """The Russian birth certificate that was given, in the spelling in which registries keep it."""
    if not isinstance(document, contract.BirthCertificate):
        return None
    try:
        return normal_birth_certificate(f"{document.series} {document.number}")
    except ContractError:
        return None


def _fits(certificate: Certificate, asked: Asked, birth: str | None) -> bool:
    """Whether the child is the one asked for in all that was given and is known here."""
    child = certificate.child
    if asked.snils is not None and child.snils is not None and asked.snils != child.snils:
        return False
    same_paper = birth is not None and child.birth_certificate == birth
    if not same_paper and (asked.snils is None or child.snils is None):
        return False
    if asked.birth_date and not _same_day(asked.birth_date, child):
        return False
    if asked.names is None:
        return True
    last, first, middle = asked.names
    return (
        same_name(last, child.last_name)
        and same_name(first, child.first_name)
        and (middle is None or child.middle_name is None or same_name(middle, child.middle_name))
    )


def _same_day(written: str, child: Child) -> bool:
    try:
        return parse_date(written) == child.birth_date
    except ContractError:
        return False


def _nothing(asked: Asked, reason: str) -> contract.NothingFound:
    return contract.NothingFound(certificate_guid=asked.guid, reason=reason, document=asked.document, snils=asked.snils)
