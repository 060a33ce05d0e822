"""Statuses of an order as the portal is told them (portal message dictionary, 6.2, 6.3 and 8.3).

A status is rendered when it happens, so that what is sent later is what was true then. Its bare form has the code
alone: it goes where nothing about the child may be told (15, invariant 12).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.contracts.portal import account, enrolment
from socert.contracts.portal.statuses import PortalStatus
from socert.contracts.portal.values import cut, format_for_people
from socert.gateway.domain.order import ENDINGS, OrderEvent, Stage
from socert.gateway.domain.records import ContractState, Register
from socert.gateway.domain.rules_errors import rule_of
from socert.gateway.mapping.account import draw_contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.portal.statuses import StatusCode
    from socert.gateway.ports import CertificateView, ContractView

LONGEST_COMMENT = 2048

CODES: Mapping[Stage, StatusCode] = MappingProxyType(
    {
        Stage.REGISTERED: PortalStatus.REGISTERED.value,
        Stage.SENT_TO_REVIEW: PortalStatus.RECEIVED.value,
        Stage.UNDER_REVIEW: PortalStatus.ACCEPTED.value,
        Stage.DOCUMENTS_NEEDED: PortalStatus.WAITING_FOR_INFORMATION.value,
        Stage.CONTRACT_TO_SIGN: PortalStatus.CONTRACT_AT_APPLICANT.value,
        Stage.CONTRACT_REWORK: PortalStatus.CONTRACT_REWORK.value,
        Stage.CONTRACT_AT_ORG: PortalStatus.CONTRACT_AT_ORGANISATION.value,
        Stage.ENROLLED: PortalStatus.RENDERED.value,
        Stage.REFUSED: PortalStatus.REFUSED.value,
        Stage.CANCEL_PENDING: PortalStatus.CANCELLING.value,
        Stage.CANCEL_FAILED: PortalStatus.CANCEL_FAILED.value,
        Stage.CANCELLED: PortalStatus.CANCELLED.value,
    }
)
"""The portal's own code of each stage (8.3). A region's profile may name others, or codes of its agency."""

_SAID = {
    Stage.REGISTERED: "Заявление зарегистрировано.",
    Stage.SENT_TO_REVIEW: "Заявление передано в организацию.",
    Stage.UNDER_REVIEW: "Заявление принято к рассмотрению.",
    Stage.DOCUMENTS_NEEDED: "Для решения нужны дополнительные сведения. С вами свяжется сотрудник.",
    Stage.CONTRACT_TO_SIGN: "Организация готова заключить договор. Подпишите его.",
    Stage.CONTRACT_REWORK: "Договор дорабатывается организацией.",
    Stage.CONTRACT_AT_ORG: "Договор на подписи у организации.",
    Stage.ENROLLED: "Ребёнок зачислен.",
    Stage.REFUSED: "В зачислении отказано.",
    Stage.CANCEL_PENDING: "Заявление отменяется.",
    Stage.CANCEL_FAILED: "Отменить заявление не удалось.",
    Stage.CANCELLED: "Заявление отменено по вашей просьбе. Забронированное возвращено на сертификат.",
}
_WAITING = {ContractState.REQUESTED, ContractState.ACCEPTED}
_STATES = {
    Stage.CONTRACT_TO_SIGN: {ContractState.ACCEPTED},
    Stage.CONTRACT_REWORK: {ContractState.ACCEPTED},
    Stage.CONTRACT_AT_ORG: {ContractState.ACCEPTED},
    Stage.ENROLLED: {ContractState.ACTIVE},
    Stage.REFUSED: {ContractState.REFUSED},
    Stage.CANCELLED: {ContractState.REFUSED},
}
"""The states of a contract that a stage tells of: a contract that has gone on meanwhile is told with its own stage."""
_UNITS = {Register.RUB.value: "руб.", Register.HOUR.value: "ч"}


def status_of(
    event: OrderEvent,
    *,
    seq: int,
    codes: Mapping[Stage, StatusCode],
    contract: ContractView | None,
    payer: CertificateView | None,
) -> enrolment.Response:
    """Return the status that tells an event, with the contract and the certificate's version as they are now."""
    card = None
    if contract is not None and payer is not None:
        drawn = draw_contract(contract, payer).body
        card = drawn if isinstance(drawn, account.ContractCard) else None
    fits = card is not None and ContractState(card.contract_state.value) in _STATES.get(event.stage, _WAITING)
    change = enrolment.StatusChange(
        order_id=int(event.order_id),
        status=codes.get(event.stage, CODES[event.stage]),
        comment=cut(_comment(event, card if fits else None), LONGEST_COMMENT),
        cancel_allowed=_may_cancel(event.stage),
        send_message_allowed=event.stage not in ENDINGS,
        status_date=event.at,
        seq=seq,
        reason_code=None if event.reason is None else rule_of(event.reason).wire,
        certificate=None if payer is None else _certificate(payer),
        contract=_contract(card) if card is not None and fits else None,
    )
    return enrolment.Response(answer=change)


def bare_status_of(event: OrderEvent, *, seq: int, codes: Mapping[Stage, StatusCode]) -> enrolment.Response:
    """Return the status with its code alone."""
    change = enrolment.StatusChange(
        order_id=int(event.order_id),
        status=codes.get(event.stage, CODES[event.stage]),
        cancel_allowed=_may_cancel(event.stage),
        send_message_allowed=event.stage not in ENDINGS,
        status_date=event.at,
        seq=seq,
    )
    return enrolment.Response(answer=change)


def _may_cancel(stage: Stage) -> bool:
    """Say whether the parent may cancel (6.3): until the contract is concluded, and not while it is cancelled."""
    return stage not in ENDINGS and stage is not Stage.CANCEL_PENDING


def _comment(event: OrderEvent, card: account.ContractCard | None) -> str:
    said = _SAID[event.stage]
    if event.stage is Stage.ENROLLED and card is not None:
        return _concluded(card)
    if event.stage is Stage.REFUSED and event.text:
        return f"{said} {event.text}"
    if event.stage is Stage.CANCELLED:
        return said
    return event.text or said


def _concluded(card: account.ContractCard) -> str:
    """Say which contract was concluded and who pays what (7.2)."""
    named = f"Договор № {card.contract_number} от {card.contract_date:%d.%m.%Y} заключён."
    split = card.split
    if isinstance(split, enrolment.CountSplit):
        return f"{named} Занятия оплачивает сертификат."
    unit = _UNITS[split.unit.value.upper()]
    paid, own = format_for_people(split.certificate_part), format_for_people(split.applicant_part)
    return f"{named} Сертификат оплачивает {paid} {unit}, из личных средств — {own} {unit}"


def _certificate(payer: CertificateView) -> enrolment.CertificateInfo:
    return enrolment.CertificateInfo(
        certificate_guid=payer.certificate.guid,
        certificate_number=payer.certificate.number,
        balance_version=payer.version,
    )


def _contract(card: account.ContractCard) -> enrolment.ContractInfo:
    assert card.group_guid is not None
    return enrolment.ContractInfo(
        contract_id=card.contract_id,
        contract_number=card.contract_number,
        contract_date=card.contract_date,
        contract_state=enrolment.ContractState(card.contract_state.value),
        start_date=card.start_date,
        end_date=card.end_date,
        organisation=card.organisation,
        programme_guid=card.programme_guid,
        programme_name=card.programme_name,
        group_guid=card.group_guid,
        split=card.split,
        agreement_number=card.agreement_number,
        agreement_date=card.agreement_date,
    )
