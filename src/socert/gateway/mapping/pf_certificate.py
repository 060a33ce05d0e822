"""Answers to the portal's questions about certificates, from the registry's live data (portal message dictionary, 1).

What may be told: data go out only about a child whose identity fits in all that was given, with a valid consent. A
mismatch is told like nothing found, so that nobody learns by guessing who has a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.errors import ContractError
from socert.contracts.portal import pf_certificate as contract
from socert.contracts.portal.values import parse_date, same_name
from socert.gateway.domain.certificate import Identity
from socert.gateway.domain.consent import check_consents
from socert.gateway.domain.records import CertificateStatus, Child, Gender, Person, Register, Unit
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode
from socert.gateway.errors import Unhandled
from socert.gateway.exchange.answering import Effect, Look, Reply
from socert.gateway.life.issuing import NewPerson
from socert.gateway.mapping.papers import birth_certificate, document_text
from socert.gateway.ports import Wanted
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, tzinfo

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import MessageType
    from socert.gateway.domain.records import Balance, Certificate
    from socert.gateway.exchange.answering import Received
    from socert.gateway.life.consents import Consents
    from socert.gateway.life.issuing import Issued, Issuing
    from socert.gateway.ports import CertificateView, Registry, UnitOfWork
    from socert.gateway.ports.life import LifeRegistry

log = get_logger("certificates")
NOT_FOUND = "Сертификат не найден. Проверьте данные ребёнка или обратитесь в образовательную организацию."
NOT_CHECKED = "Для выдачи сведений нужен СНИЛС или свидетельство о рождении ребёнка."
ENDED = "Сертификат больше не действует."
UNKNOWN_PLACE = "Муниципалитет сертификата не сопоставлен с кодами портала. Обратитесь в региональный оператор."
NO_CONSENT = "10"
NO_CONSENT_TEXT = (
    "Нет действующего согласия на обработку персональных данных по форме социального сертификата."
    " Подпишите его в образовательной организации."
)
BAD_DATA = "19"
BAD_DATA_TEXT = "В данных ребёнка или представителя есть ошибка. Исправьте их и повторите запрос."
OTHER = "99"
REFUSALS = {
    RuleCode.CONSENT_WITHDRAWN: "11",
    RuleCode.AGE_OUT_OF_RANGE: "12",
    RuleCode.NO_CERTIFICATES_HERE: "13",
    RuleCode.CERT_EXPIRED: "14",
    RuleCode.CERT_ANNULLED: "15",
    RuleCode.IDENTITY_CONFLICT: "16",
    RuleCode.MUNICIPALITY_UNKNOWN: "17",
}
"""Our codes of refusals, two characters at most: the portal's own list was never published (17.2)."""
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
    """Answers universalCertificateRequest: search and informer only look, find-or-create issues where there is none.

    The first two tell only what a consent in force lets out. The third is asked while the parent applies: the consents
    come with the application that follows, and without the certificate's GUID that cannot be made. So it tells the
    asking applicant GUID, number and balance of the child's own certificate, unless a consent was withdrawn.
    `balance_includes_booked` and `hours_in_query` are agreed with the portal (portal message dictionary, 1, traps 2
    and 4).
    """

    message_type: ClassVar[MessageType] = contract.REQUEST

    registry: Registry
    life: LifeRegistry
    issuing: Issuing
    consents: Consents
    today: Callable[[], date]
    zone: tzinfo
    balance_includes_booked: bool
    hours_in_query: bool

    def take(self, content: etree._Element, received: Received) -> Look | Effect:
        """Read the request; `ContractError` when it cannot be read, `Unhandled` for order 0."""
        request = contract.read_request(content, zone=self.zone)
        if request.order_id == 0:
            raise Unhandled("the request has the order number 0, which the portal reads as no answer")
        query = request.query
        if isinstance(query, contract.StatusQuery):
            return Effect(apply=lambda unit: [self._reply(request, received, [self._issue(unit, request, query)])])
        return Look(
            find=lambda connection: self._reply(
                request, received, [self._look(connection, asked) for asked in _asked(query)]
            )
        )

    def _reply(self, request: contract.Request, received: Received, told: Sequence[contract.Answer]) -> Reply:
        found = [one.certificate.guid for one in told if isinstance(one, contract.CertificateFound)]
        answer = contract.Response(order_id=request.order_id, response_timestamp=received.at, answers=tuple(told))
        return Reply(content=answer, about=tuple(dict.fromkeys(found)))

    # --- looking ------------------------------------------------------------------------------------------------------

    def _look(self, connection: Connection, asked: Asked) -> contract.Answer:
        birth = birth_certificate(asked.document)
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
            return _nothing(asked, ENDED if found else NOT_FOUND)
        if not self.consents.may_leave(connection, live[0].certificate):
            return contract.IssueRefused(code=NO_CONSENT, description=NO_CONSENT_TEXT)
        return self._tell(live[0], asked, on_request=False)

    # --- finding or issuing -------------------------------------------------------------------------------------------

    def _issue(self, unit: UnitOfWork, request: contract.Request, query: contract.StatusQuery) -> contract.Answer:
        """Find the child's certificate or issue it; whatever stands against it is a refusal that tells nothing."""
        problems = contract.check_request(request)
        if problems:
            log.info("a certificate is not issued", order_id=request.order_id, why="; ".join(map(str, problems)))
            return contract.IssueRefused(code=BAD_DATA, description=BAD_DATA_TEXT)
        (asked,) = _asked(query)
        try:
            issued = self._found_or_issued(unit, str(request.order_id), query)
            (view,) = self.registry.certificates(unit.connection, [issued.guid]).values()
            self._check_not_withdrawn(unit.connection, view.certificate)
        except RuleBroken as broken:
            log.info("a certificate is not told", order_id=request.order_id, why=broken.log_text)
            return contract.IssueRefused(code=REFUSALS.get(broken.rule, OTHER), description=broken.people_text)
        return self._tell(view, asked, on_request=issued.on_request)

    def _found_or_issued(self, unit: UnitOfWork, order_id: str, query: contract.StatusQuery) -> Issued:
        recipient, details = query.recipient, query.details
        place = self.life.municipality(unit.connection, guid=details.municipality_code)
        if place is None:
            raise Refused(RuleCode.MUNICIPALITY_UNKNOWN, oktmo=details.municipality_code)
        birth_date = parse_date(recipient.birth_date)
        child = Identity(
            last_name=recipient.last_name,
            first_name=recipient.first_name,
            middle_name=recipient.patronymic,
            birth_date=birth_date,
            snils=recipient.snils,
            document=document_text(recipient.document),
        )
        return self.issuing.find_or_issue(
            unit,
            child,
            person=NewPerson(
                child=Child(
                    last_name=recipient.last_name,
                    first_name=recipient.first_name,
                    middle_name=recipient.patronymic,
                    snils=recipient.snils,
                    birth_date=birth_date,
                    gender=Gender(recipient.gender.value),
                    birth_certificate=birth_certificate(recipient.document),
                ),
                applicant=Person(
                    last_name=query.applicant.last_name,
                    first_name=query.applicant.first_name,
                    middle_name=query.applicant.patronymic,
                ),
            ),
            oktmo=place.oktmo,
            # The first day of study is not known yet; the application is held to it.
            start=self.today(),
            order_id=order_id,
            with_funds=details.is_funded_certificate,
        )

    def _check_not_withdrawn(self, connection: Connection, certificate: Certificate) -> None:
        try:
            check_consents(self.consents.of(connection, certificate), self.consents.policy_of(certificate))
        except Refused as broken:
            if broken.rule is RuleCode.CONSENT_WITHDRAWN:
                raise

    # --- telling ------------------------------------------------------------------------------------------------------

    def _tell(self, view: CertificateView, asked: Asked, *, on_request: bool) -> contract.Answer:
        certificate, place = view.certificate, view.municipality
        if place is None:
            return _nothing(asked, UNKNOWN_PLACE)
        snils = certificate.child.snils or asked.snils
        if snils is None:
            return _nothing(asked, NOT_CHECKED)
        counted = {
            balance.register: self._programmes(balance) for balance in view.balances if self._counts_now(balance)
        }
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
                significant=counted.get(Register.SIGNIFICANT),
                pre_professional=counted.get(Register.PREPROF),
                other=counted.get(Register.OTHER),
                released_on_request=on_request,
            ),
            owner=contract.Owner(
                last_name=certificate.child.last_name,
                first_name=certificate.child.first_name,
                patronymic=certificate.child.middle_name,
                snils=snils,
            ),
        )

    def _programmes(self, balance: Balance) -> contract.Programmes:
        used = balance.reserved + balance.spent
        return contract.Programmes(
            balance=balance.nominal if self.balance_includes_booked else balance.available, booked=used
        )

    def _counts_now(self, balance: Balance) -> bool:
        register = balance.register
        return register is not None and register.counts and balance.period_from <= self.today() <= balance.period_to

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
