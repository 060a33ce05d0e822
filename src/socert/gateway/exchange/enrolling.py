"""Enrolment over the exchange: an application becomes a contract, is cancelled, is written about.

An application is answered by the statuses of its order, a cancellation and a text by an answer of their own. The same
order again gets its last status again, to its new address; one that still waits for a person is tried anew, because
what stood against it may be settled. Sources: portal message dictionary, 6 (6.3, 6.5), 13 (M06-M09), 15 (7, 8, 17).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal import enrolment as contract
from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.values import cut
from socert.gateway.domain.certificate import age_on
from socert.gateway.domain.contract import RUNNING
from socert.gateway.domain.order import OrderEvent, Stage
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleBroken, RuleCode
from socert.gateway.exchange.answering import Effect, Reply
from socert.gateway.mapping.application import application_of
from socert.gateway.mapping.enrolment import LONGEST_COMMENT
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from lxml import etree

    from socert.contracts.message import MessageType
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.exchange.answering import Received
    from socert.gateway.exchange.orders import Order, Orders
    from socert.gateway.life.contracts import Contracts
    from socert.gateway.life.enrolment import Enrolments
    from socert.gateway.ports import UnitOfWork

log = get_logger("enrolling")
BAD_APPLICATION = (
    "В заявлении есть ошибка. Проверьте данные ребёнка и представителя, дату начала, сведения об организации и расчёт."
)
NOT_FILED = "Такого заявления нет."
OVER = "Заявление уже завершено."
CANCELLED = "Заявление отменено, забронированное возвращено на сертификат."
ENDS = "Договор прекращается. Последний день занятий — {day:%d.%m.%Y}, неиспользованное вернётся на сертификат."
NOT_BEGUN = "Договор расторгнут до начала занятий, забронированное возвращено на сертификат."
CLOSED_TO_TEXTS = "Заявление завершено или не подавалось: напишите организации напрямую."
_CODES = {
    ReasonCode.AGE_OUT_OF_RANGE.value: RuleCode.AGE_OUT_OF_RANGE,
    ReasonCode.NO_CONSENT.value: RuleCode.NO_CONSENT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrolmentAnswerer:
    """Takes FormData: ApplicationRequest (M06), cancelRequest (M08), textRequest (M09)."""

    message_type: ClassVar[MessageType] = contract.REQUEST

    orders: Orders
    enrolments: Enrolments
    contracts: Contracts
    zone: tzinfo

    def take(self, content: etree._Element, received: Received) -> Effect:
        """Read the message; `ContractError` when it cannot be read."""
        request = contract.read_request(content, zone=self.zone)
        match request.body:
            case contract.Application() as application:
                return Effect(apply=lambda unit: self._enrol(unit, request, application, received))
            case contract.Cancellation() as cancellation:
                return Effect(apply=lambda unit: [self._cancel(unit, cancellation, received)])
            case contract.TextMessage() as message:
                return Effect(apply=lambda unit: [self._hear(unit, request, message)])

    # --- M06 ----------------------------------------------------------------------------------------------------------

    def _enrol(
        self, unit: UnitOfWork, request: contract.Request, message: contract.Application, received: Received
    ) -> Sequence[Reply]:
        order_id = str(message.order_id)
        known = self.orders.open(unit, order_id, received=received, oktmo=request.oktmo, message_type=self.message_type)
        if known is not None and (known.ended or known.contract_id is not None):
            self.orders.say_again(unit, order_id)
            return ()
        try:
            _check(request, message)
            self.enrolments.request(unit, application_of(request.oktmo, message))
        except NeedsPerson as broken:
            log.warning("an application waits for a person", order_id=order_id, why=broken.log_text)
            if known is not None:
                self.orders.say_again(unit, order_id)
                return ()
            for stage, text in ((Stage.REGISTERED, ""), (Stage.DOCUMENTS_NEEDED, broken.people_text)):
                unit.tell(OrderEvent(order_id=order_id, stage=stage, at=received.at, text=text))
        except RuleBroken as broken:
            log.info("an application is refused", order_id=order_id, why=broken.log_text)
            unit.tell(
                OrderEvent(
                    order_id=order_id,
                    stage=Stage.REFUSED,
                    at=received.at,
                    reason=broken.rule,
                    text=broken.people_text,
                )
            )
        return ()

    # --- M08 ----------------------------------------------------------------------------------------------------------

    def _cancel(self, unit: UnitOfWork, cancellation: contract.Cancellation, received: Received) -> Reply:
        order_id = str(cancellation.order_id)
        order = self.orders.get(unit.connection, order_id)
        if order is None:
            return _cancelled(order_id, contract.CancellationResult.REJECTED, NOT_FILED)
        # It may end the order at the portal, so it goes after the statuses that were told before (invariant 7).
        return replace(self._cancel_known(unit, order, cancellation, received), order_id=order_id)

    def _cancel_known(
        self, unit: UnitOfWork, order: Order, cancellation: contract.Cancellation, received: Received
    ) -> Reply:
        order_id = order.order_id
        if order.contract_id is None:
            if order.stage is Stage.CANCELLED:
                return _cancelled(order_id, contract.CancellationResult.CANCELLED, CANCELLED)
            if order.ended:
                return _cancelled(order_id, contract.CancellationResult.REJECTED, OVER)
            unit.tell(OrderEvent(order_id=order_id, stage=Stage.CANCELLED, at=received.at))
            return _cancelled(order_id, contract.CancellationResult.CANCELLED, CANCELLED)
        try:
            life = self.contracts.cancel(unit, order.contract_id, text=cancellation.reason)
        except RuleBroken as broken:
            log.info("a cancellation is rejected", order_id=order_id, why=broken.log_text)
            return _cancelled(order_id, contract.CancellationResult.REJECTED, OVER)
        return _ended(order_id, life)

    # --- M09 ----------------------------------------------------------------------------------------------------------

    def _hear(self, unit: UnitOfWork, request: contract.Request, message: contract.TextMessage) -> Reply:
        taken = not contract.check_request(request) and self.orders.hear(unit, message)
        receipt = contract.TextReceipt(
            order_id=message.order_id,
            message_id=message.message_id,
            result=contract.ReceiptResult.ACCEPTED if taken else contract.ReceiptResult.REJECTED,
            comment=None if taken else CLOSED_TO_TEXTS,
        )
        return Reply(content=contract.Response(answer=receipt), order_id=str(message.order_id) if taken else None)


def _check(request: contract.Request, message: contract.Application) -> None:
    """Refuse an application that breaks a rule of its own message (6.5, rules 1-6)."""
    problems = contract.check_request(request)
    for problem in problems:
        rule = _CODES.get(problem.code)
        if rule is RuleCode.AGE_OUT_OF_RANGE:
            start = message.enrolment.start_date
            raise Refused(rule, start=start, age=age_on(start, message.child.birth_date), youngest=5, oldest=17)
        if rule is not None:
            raise Refused(rule, form=problem.field)
    if problems:
        raise BadApplication("; ".join(map(str, problems)))


class BadApplication(Refused):
    """The application breaks a rule of its message that has no code of its own; the log says which."""

    def __init__(self, why: str) -> None:
        """Take the broken rules, in English and without personal data."""
        super().__init__(RuleCode.TECHNICAL)
        self.people_text = BAD_APPLICATION
        self.log_text = why


def _ended(order_id: str, life: ContractLife) -> Reply:
    """Return the answer to a cancellation that took effect: before it was concluded, before its start, or later.

    A contract that is being ended has its day already, and the day goes with the result CANCELLED only (6.2).
    """
    ending = life.ending
    assert ending is not None
    done = contract.CancellationResult.CANCELLED
    if life.state is ContractState.REFUSED:
        return _cancelled(order_id, done, CANCELLED)
    runs = life.state in RUNNING or ending.last_day >= life.start
    comment = ENDS.format(day=ending.last_day) if runs else NOT_BEGUN
    first_without = ending.last_day + timedelta(days=1) if runs else ending.last_day
    answer = contract.CancellationAnswer(
        order_id=int(order_id), result=done, comment=comment, effective_date=first_without
    )
    return Reply(content=contract.Response(answer=answer))


def _cancelled(order_id: str, result: contract.CancellationResult, comment: str) -> Reply:
    answer = contract.CancellationAnswer(order_id=int(order_id), result=result, comment=cut(comment, LONGEST_COMMENT))
    return Reply(content=contract.Response(answer=answer))
