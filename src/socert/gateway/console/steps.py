"""The steps of a contract as forms, and what each of them asks the services to do.

Which steps a state allows is the domain's to say; a form is shown where the step can lead somewhere, and the rule is
asked again when the form comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.gateway.console import words
from socert.gateway.console.errors import Moved
from socert.gateway.console.forms import SURE, Field, Form, Kind
from socert.gateway.console.shell import PREFIX, part
from socert.gateway.domain.charging import due_months
from socert.gateway.domain.contract import RUNNING, WAITING, Initiator
from socert.gateway.domain.contract_steps import overdue
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.store.tables import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from socert.gateway.console.forms import Typed
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.policy import Policy
    from socert.gateway.life.contracts import Contracts
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import LifeRegistry

REFUSALS = (
    RuleCode.REFUSED_BY_PROVIDER,
    RuleCode.REFUSED_BY_OPERATOR,
    RuleCode.NO_PLACE,
    RuleCode.AGE_OUT_OF_RANGE,
    RuleCode.REGISTRATION_CLOSED,
    RuleCode.PROGRAMME_NOT_ELIGIBLE,
    RuleCode.NO_AGREEMENT,
    RuleCode.DUPLICATE_ENROLMENT,
    RuleCode.IDENTITY_CONFLICT,
    RuleCode.NO_CONSENT,
    RuleCode.CONSENT_WITHDRAWN,
)
TERMINATIONS = (
    RuleCode.REFUSED_BY_PROVIDER,
    RuleCode.REFUSED_BY_OPERATOR,
    RuleCode.NO_AGREEMENT,
    RuleCode.CONSENT_WITHDRAWN,
    RuleCode.CERT_SUSPENDED,
    RuleCode.CERT_ANNULLED,
    RuleCode.CERT_EXPIRED,
)
SIDES = (Initiator.ORGANISATION, Initiator.OPERATOR)
_LONGEST_TEXT = 1000
_LONGEST_NUMBER = 50
_PARENT_READS = "Что прочитает родитель"


def seen(life: ContractLife) -> str:
    """Return what tells whether a contract is still as a page showed it: state, terms and sums."""
    return f"{life.state.value}.{micros(life.since)}.{life.revision}.{life.reserved}.{life.spent}"


def path_of(contract_id: str) -> str:
    """Return the address of a contract's page."""
    return f"{PREFIX}/contracts/{part(contract_id)}"


def forms_of(life: ContractLife, *, now: datetime, today: date, policy: Policy) -> Iterator[Form]:
    """Yield the forms of all steps that a contract can take now; those that end it come last."""
    own = Field(name="seen", kind=Kind.HIDDEN, value=seen(life))
    if life.state is ContractState.REQUESTED:
        yield _form(life, "accept", "Принять заявку", "Принять", own, lead="Договор перейдёт на подписание.")
    if life.state is ContractState.ACCEPTED:
        number = Field(name="number", label="Номер договора", longest=_LONGEST_NUMBER)
        signed = Field(name="day", label="Дата договора", kind=Kind.DATE, value=words.day(today))
        yield _form(life, "conclude", "Заключить договор", "Заключить", own, number, signed)
    if life.state in RUNNING and any(life.is_open(month) for month in life.months):
        yield _charge(life, own, today, policy)
    if life.spent:
        yield _refund(life, own)
    if life.state in RUNNING and today > life.last_day:
        lead = "Последний день прошёл: несписанное спишется по плану, остаток брони вернётся на сертификат."
        yield _form(life, "finish", "Закрыть договор", "Закрыть", own, SURE, lead=lead, ending=True)
    if life.state in WAITING:
        yield _refuse(life, own)
    if overdue(life, now=now, today=today, policy=policy):
        lead = "Срок ожидания вышел. Заявка закроется, бронь вернётся на сертификат."
        yield _form(life, "lapse", "Снять по сроку", "Снять", own, SURE, lead=lead, ending=True)
    if life.state is ContractState.ACTIVE:
        yield _terminate(life, own, today)
    if life.state in WAITING or life.state is ContractState.ACTIVE:
        text = Field(name="text", label="Примечание", kind=Kind.AREA, required=False, longest=_LONGEST_TEXT)
        lead = "Родитель подал заявление на бумаге."
        yield _form(
            life, "cancel", "Отменить по заявлению родителя", "Отменить", own, text, SURE, lead=lead, ending=True
        )


def _form(
    life: ContractLife, name: str, title: str, button: str, *fields: Field, lead: str = "", ending: bool = False
) -> Form:
    path = f"{path_of(life.contract_id)}/{name}"
    return Form(name=name, path=path, title=title, button=button, fields=fields, lead=lead, ending=ending)


def _charge(life: ContractLife, own: Field, today: date, policy: Policy) -> Form:
    register = life.split.register
    months = [month for month in life.months if life.is_open(month)]
    due = list(due_months(life, today=today, policy=policy))
    options = tuple(
        (
            f"{month:%Y-%m}",
            f"{words.month(month)}: {words.amount(life.planned(month), register)}"
            + ("" if month in due else " (ещё рано)"),
        )
        for month in months
    )
    which = Field(name="month", label="Месяц", kind=Kind.CHOICE, options=options, value=f"{(due or months)[0]:%Y-%m}")
    sum_ = Field(
        name="amount",
        label="Сумма по посещаемости",
        kind=Kind.AMOUNT,
        required=False,
        hint="Не больше плана месяца. Пусто — по плану.",
    )
    return _form(life, "charge", "Списать месяц", "Списать", own, which, sum_)


def _refund(life: ContractLife, own: Field) -> Form:
    register = life.split.register
    left = [(month, spent - life.refunded.get(month, 0)) for month, spent in sorted(life.charged.items())]
    options = tuple(
        (f"{month:%Y-%m}", f"{words.month(month)}: списано {words.amount(spent, register)}")
        for month, spent in left
        if spent
    )
    which = Field(name="month", label="Месяц", kind=Kind.CHOICE, options=options)
    sum_ = Field(name="amount", label="Сколько вернуть", kind=Kind.AMOUNT)
    lead = "Исправление: лишнее вернётся на сертификат и станет свободным."
    return _form(life, "refund", "Вернуть списанное", "Вернуть", own, which, sum_, SURE, lead=lead, ending=True)


def _refuse(life: ContractLife, own: Field) -> Form:
    return _form(
        life,
        "refuse",
        "Отказать",
        "Отказать",
        own,
        _sides(),
        _reasons(REFUSALS),
        Field(name="text", label=_PARENT_READS, kind=Kind.AREA, longest=_LONGEST_TEXT),
        SURE,
        lead="Заявка закроется, бронь вернётся на сертификат.",
        ending=True,
    )


def _terminate(life: ContractLife, own: Field, today: date) -> Form:
    lead = (
        "Договор закончится в последний день этого месяца, бронь следующих месяцев вернётся на сертификат."
        if today >= life.start
        else "Занятия ещё не начались: договор закончится сразу, вся бронь вернётся на сертификат."
    )
    return _form(
        life,
        "terminate",
        "Расторгнуть",
        "Расторгнуть",
        own,
        _sides(),
        _reasons(TERMINATIONS),
        Field(name="text", label=_PARENT_READS, kind=Kind.AREA, longest=_LONGEST_TEXT),
        SURE,
        lead=lead,
        ending=True,
    )


def _sides() -> Field:
    options = tuple((side.value, words.INITIATOR[side].capitalize()) for side in SIDES)
    return Field(name="initiator", label="Кто решил", kind=Kind.CHOICE, options=options)


def _reasons(reasons: tuple[RuleCode, ...]) -> Field:
    options = tuple((reason.value, words.REASON[reason]) for reason in reasons)
    return Field(name="reason", label="Причина", kind=Kind.CHOICE, options=options)


STEPS = ("accept", "conclude", "charge", "refund", "finish", "refuse", "lapse", "terminate", "cancel")


def work_of(step: str, typed: Typed, life: ContractLife, contracts: Contracts) -> Callable[[UnitOfWork], ContractLife]:
    """Read what was typed for a step and return what it does; `FieldsWrong` where something cannot be read."""
    make = {"charge": _charged, "refund": _refunded, "conclude": _concluded, "cancel": _cancelled}.get(step, _ended)
    return make(step, typed, life, contracts)


def _concluded(
    _step: str, typed: Typed, life: ContractLife, contracts: Contracts
) -> Callable[[UnitOfWork], ContractLife]:
    number, day = typed.text("number", longest=_LONGEST_NUMBER), typed.day("day")
    typed.check()
    return lambda unit: contracts.conclude(unit, life.contract_id, number=number, day=day)


def _charged(
    _step: str, typed: Typed, life: ContractLife, contracts: Contracts
) -> Callable[[UnitOfWork], ContractLife]:
    month = typed.month("month")
    amount = typed.amount("amount", life.split.register) if typed.text_or_none("amount") else None
    typed.check()
    return lambda unit: contracts.charge(unit, life.contract_id, month=month, amount=amount)


def _refunded(
    _step: str, typed: Typed, life: ContractLife, contracts: Contracts
) -> Callable[[UnitOfWork], ContractLife]:
    month, amount = typed.month("month"), typed.amount("amount", life.split.register)
    typed.sure()
    typed.check()
    return lambda unit: contracts.refund(unit, life.contract_id, month=month, amount=amount)


def _cancelled(
    _step: str, typed: Typed, life: ContractLife, contracts: Contracts
) -> Callable[[UnitOfWork], ContractLife]:
    text = typed.text_or_none("text", longest=_LONGEST_TEXT)
    typed.sure()
    typed.check()
    return lambda unit: contracts.cancel(unit, life.contract_id, text=text)


def _ended(step: str, typed: Typed, life: ContractLife, contracts: Contracts) -> Callable[[UnitOfWork], ContractLife]:
    """The steps that need nothing typed but a yes, and those that end it by either side, with a reason."""
    contract_id = life.contract_id
    if step == "accept":
        return lambda unit: contracts.accept(unit, contract_id)
    typed.sure()
    if step in {"finish", "lapse"}:
        typed.check()
        return lambda unit: (contracts.finish if step == "finish" else contracts.lapse)(unit, contract_id)
    initiator = typed.choice("initiator", SIDES)
    reason = typed.choice("reason", REFUSALS if step == "refuse" else TERMINATIONS)
    text = typed.text("text", longest=_LONGEST_TEXT)
    typed.check()
    end = contracts.refuse if step == "refuse" else contracts.terminate
    return lambda unit: end(unit, contract_id, initiator=initiator, reason=reason, text=text)


def unless_moved(
    work: Callable[[UnitOfWork], ContractLife], registry: LifeRegistry, contract_id: str, was: str
) -> Callable[[UnitOfWork], ContractLife]:
    """Return work that is done only while the contract is as the page showed it; `Moved` otherwise."""

    def checked(unit: UnitOfWork) -> ContractLife:
        life = registry.life(unit.connection, contract_id)
        if life is None:
            raise Refused(RuleCode.NOT_FOUND, what=contract_id)
        if seen(life) != was:
            raise Moved("the contract has changed since the page was made")
        return work(unit)

    return checked
