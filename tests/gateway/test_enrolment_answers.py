"""An application over the exchange: what becomes of it, and what the portal is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.gateway.enrolling import (
    END,
    ORDER,
    PAPER,
    START,
    agreed,
    application,
    codes,
    consents,
    file,
    go,
    heard,
    statuses,
)
from tests.gateway.records import OKTMO, balance, certificate, guid

from socert.contracts.portal import enrolment
from socert.contracts.smev.operation import Operation
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import RuleCode

if TYPE_CHECKING:
    from tests.gateway.line import Line

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.ports.life import Kept

OTHER_MESSAGE = "bbbbbbbb-0000-4000-8000-00000000000b"


@pytest.fixture(autouse=True)
def given(line: Line) -> None:
    """The child's certificate: 1 000,00 roubles of which nothing is used."""
    line.region.put(certificate(balance=balance(nominal=100_000)))


def life(line: Line, order: int = ORDER) -> ContractLife:
    registry = line.region.registry
    found = line.region.store.look(lambda connection: registry.life_of_order(connection, str(order)))
    assert found is not None
    return found


def kept(line: Line) -> Kept:
    found = line.region.store.look(lambda connection: line.region.registry.kept(connection, guid(1)))
    assert found is not None
    return found


def reserved(line: Line) -> int:
    return sum(account.reserved for account in kept(line).book.accounts.values())


# --- filed ------------------------------------------------------------------------------------------------------------


@pytest.mark.seed("split", "only-choose")
@pytest.mark.invariant(17)
async def test_an_application_is_answered_by_the_statuses_of_its_order(line: Line) -> None:
    asked = await file(line, application(line))
    assert codes(line) == [(1, 1), (2, 2), (3, 6)]
    assert {address for address, _ in heard(line)} == {f"address of {asked}"}
    last = statuses(line)[-1]
    assert (last.cancel_allowed, last.send_message_allowed) == (True, True)
    assert last.certificate is not None
    assert (last.certificate.certificate_guid, last.certificate.balance_version) == (guid(1), kept(line).book.version)
    assert last.contract is not None
    split = last.contract.split
    assert isinstance(split, enrolment.Split)
    assert (split.certificate_part, split.applicant_part) == (100_000, split.total - 100_000)
    assert sum(month.certificate_part for month in split.month_parts) == 100_000
    assert [part.year for part in split.year_parts] == [2026]
    assert reserved(line) == 100_000
    assert [row["state"] for row in line.inbox()] == ["handled"]


async def test_the_whole_way_to_a_concluded_contract(line: Line) -> None:
    asked = await file(line, application(line))
    contract, services = life(line).contract_id, line.services
    services.units.run(lambda unit: services.contracts.accept(unit, contract))
    await go(line)
    services.units.run(lambda unit: services.contracts.conclude(unit, contract, number="15", day=date(2026, 9, 8)))
    await go(line)
    assert codes(line) == [(1, 1), (2, 2), (3, 6), (4, 60), (5, 3)]
    signed, done = statuses(line)[-2:]
    assert signed.contract is not None
    assert signed.contract.contract_state is enrolment.ContractState.ACCEPTED
    assert done.contract is not None
    assert (done.contract.contract_number, done.contract.contract_state) == ("15", enrolment.ContractState.ACTIVE)
    assert done.comment is not None
    assert done.comment.startswith("Договор № 15 от 08.09.2026 заключён. Сертификат оплачивает 1000,00 руб.")
    assert (done.cancel_allowed, done.send_message_allowed) == (False, False)
    assert {address for address, _ in heard(line)} == {f"address of {asked}"}


@pytest.mark.invariant(7)
async def test_what_happens_after_the_order_is_over_is_not_told_on_it(line: Line) -> None:
    await test_the_whole_way_to_a_concluded_contract(line)
    contract, services = life(line).contract_id, line.services
    services.units.run(
        lambda unit: services.contracts.terminate(
            unit, contract, initiator=Initiator.ORGANISATION, reason=RuleCode.REFUSED_BY_PROVIDER
        )
    )
    await go(line)
    assert len(statuses(line)) == 5


async def test_a_refusal_frees_everything_and_says_why(line: Line) -> None:
    await file(line, application(line))
    services, contract = line.services, life(line).contract_id
    services.units.run(lambda unit: services.contracts.refuse(unit, contract, text="Группа не набрана."))
    await go(line)
    last = statuses(line)[-1]
    assert (last.status, last.reason_code, last.comment) == (
        4,
        "REFUSED_BY_PROVIDER",
        "В зачислении отказано. Группа не набрана.",
    )
    assert reserved(line) == 0


# --- repeated ---------------------------------------------------------------------------------------------------------


@pytest.mark.invariant(8)
async def test_the_same_order_twice_is_one_contract_and_the_same_answer(line: Line) -> None:
    asked = application(line)
    await file(line, asked)
    again = await file(line, asked, message_id=OTHER_MESSAGE)
    assert codes(line) == [(1, 1), (2, 2), (3, 6), (3, 6)]
    (first_address, _), *_, (address, repeated) = heard(line)
    assert (address, first_address != address) == (f"address of {again}", True)
    assert repeated == statuses(line)[2]
    assert reserved(line) == 100_000
    assert len(line.region.store.look(lambda connection: line.region.registry.lives(connection, guid(1)))) == 1
    services, contract = line.services, life(line).contract_id
    services.units.run(lambda unit: services.contracts.accept(unit, contract))
    await go(line)
    assert heard(line)[-1][0] == f"address of {again}", "what follows goes to the latest address"


async def test_a_refused_order_is_refused_again_with_the_same_answer(line: Line) -> None:
    asked = application(line, consents=consents(enrolment.FormCode.PD_PROCESSING))
    await file(line, asked)
    await file(line, application(line), message_id=OTHER_MESSAGE)
    first, second = statuses(line)
    assert first == second
    assert reserved(line) == 0


@pytest.mark.invariant(8)
async def test_another_order_for_the_same_group_and_days_is_a_duplicate(line: Line) -> None:
    asked = application(line)
    await file(line, asked)
    await file(line, application(line, order=ORDER + 1))
    (refused,) = statuses(line, ORDER + 1)
    assert (refused.status, refused.reason_code) == (4, "DUPLICATE_ENROLMENT")


# --- refused ----------------------------------------------------------------------------------------------------------


async def refusal(line: Line, asked: enrolment.Application, oktmo: str = OKTMO) -> tuple[str | None, str]:
    await file(line, asked, oktmo=oktmo)
    (change,) = statuses(line)
    assert (change.status, change.seq, change.cancel_allowed, change.contract) == (4, 1, False, None)
    assert change.comment is not None
    assert change.comment.startswith("В зачислении отказано. ")
    assert reserved(line) == 0
    return change.reason_code, change.comment


@pytest.mark.invariant(10)
async def test_a_stale_split_is_refused_and_nothing_is_reserved(line: Line) -> None:
    yes = agreed(line)
    line.region.put(certificate(balance=balance(nominal=100_000, spent=500)))
    assert (await refusal(line, application(line, agreed=yes)))[0] == "STALE_BALANCE"


async def test_a_split_that_does_not_add_up_is_refused(line: Line) -> None:
    yes = agreed(line)
    assert isinstance(yes.split, enrolment.Split)
    broken = replace(yes, split=replace(yes.split, total=yes.split.total + 1))
    code, comment = await refusal(line, application(line, agreed=broken))
    assert (code, "есть ошибка" in comment) == ("TECHNICAL", True)


async def test_an_own_part_without_its_yes_is_refused(line: Line) -> None:
    yes = agreed(line, applicant_part_accepted=False)
    assert (await refusal(line, application(line, agreed=yes)))[0] in {"TECHNICAL", "NO_CONSENT"}


@pytest.mark.seed("new-forms")
@pytest.mark.invariant(12)
async def test_without_the_forms_nobody_is_enrolled(line: Line) -> None:
    line.region.put(certificate(consent_form=None, balance=balance(nominal=100_000)))
    asked = application(line, consents=consents(enrolment.FormCode.PD_PROCESSING))
    assert (await refusal(line, asked))[0] == "NO_CONSENT"


@pytest.mark.invariant(12)
async def test_forms_of_an_older_version_do_not_count(line: Line) -> None:
    line.region.put(certificate(consent_form=None, balance=balance(nominal=100_000)))
    assert (await refusal(line, application(line, consents=consents(version="2020-01"))))[0] == "NO_CONSENT"


@pytest.mark.invariant(13)
async def test_a_child_of_the_wrong_age_is_refused_with_the_age(line: Line) -> None:
    asked = application(line)
    asked = replace(asked, child=replace(asked.child, birth_date=date(2023, 3, 15)))
    code, comment = await refusal(line, asked)
    assert (code, "ребёнку 3" in comment) == ("AGE_OUT_OF_RANGE", True)


async def test_a_certificate_must_be_named_where_it_pays(line: Line) -> None:
    asked = application(line)
    asked = replace(asked, financing=replace(asked.financing, certificate_guid=None))
    assert (await refusal(line, asked))[0] == "TECHNICAL"


@pytest.mark.parametrize(("oktmo", "place"), [("99999000", None), (OKTMO, guid(9))])
async def test_the_municipality_must_be_served_and_its_code_its_own(line: Line, oktmo: str, place: str | None) -> None:
    asked = application(line)
    if place is not None:
        asked = replace(asked, enrolment=replace(asked.enrolment, municipality_code=place))
    await refusal(line, asked, oktmo)


# --- a person decides -------------------------------------------------------------------------------------------------


def stranger(line: Line) -> enrolment.Application:
    asked = application(line)
    return replace(asked, child=replace(asked.child, first_name="Мирон"))


@pytest.mark.invariant(8, 9)
async def test_a_conflict_of_identities_waits_for_a_person_and_tells_nothing(line: Line) -> None:
    await file(line, stranger(line))
    assert codes(line) == [(1, 1), (2, 14)]
    waiting = statuses(line)[-1]
    assert (waiting.certificate, waiting.contract, waiting.cancel_allowed) == (None, None, True)
    (case,) = line.region.store.look(line.services.cases.listed)
    assert (case.order_id, case.rule) == (str(ORDER), RuleCode.IDENTITY_CONFLICT)
    assert reserved(line) == 0


async def test_what_waited_for_a_person_is_tried_anew_when_it_comes_again(line: Line) -> None:
    await file(line, stranger(line))
    await file(line, stranger(line), message_id=OTHER_MESSAGE)
    assert codes(line) == [(1, 1), (2, 14), (2, 14)], "nothing has changed, so the answer is the same"
    line.region.put(
        certificate(child=replace(certificate().child, first_name="Мирон"), balance=balance(nominal=100_000))
    )
    await file(line, stranger(line), message_id="bbbbbbbb-0000-4000-8000-00000000000c")
    assert [code for _, code in codes(line)][-3:] == [1, 2, 6]
    assert reserved(line) == 100_000


async def test_an_operator_ends_what_waits_for_a_person(line: Line) -> None:
    await file(line, stranger(line))
    services = line.services
    services.units.run(
        lambda unit: services.orders.refuse(
            unit, str(ORDER), reason=RuleCode.REFUSED_BY_OPERATOR, text="Это не ваш ребёнок."
        )
    )
    await go(line)
    assert statuses(line)[-1].comment == "В зачислении отказано. Это не ваш ребёнок."
    services.units.run(
        lambda unit: services.orders.refuse(unit, str(ORDER), reason=RuleCode.REFUSED_BY_OPERATOR, text="")
    )
    await go(line)
    assert len(statuses(line)) == 3, "once"


# --- cancelled --------------------------------------------------------------------------------------------------------


def cancellation(line: Line) -> enrolment.CancellationAnswer:
    found = [answer for _, answer in heard(line) if isinstance(answer, enrolment.CancellationAnswer)]
    return found[-1]


@pytest.mark.invariant(11)
async def test_before_it_is_concluded_a_cancellation_frees_everything(line: Line) -> None:
    filed = await file(line, application(line))
    asked = await file(line, enrolment.Cancellation(order_id=ORDER, reason="Передумали"))
    assert cancellation(line).result is enrolment.CancellationResult.CANCELLED
    assert codes(line)[-1] == (4, 10)
    assert statuses(line)[-1].reason_code == "CANCELLED_BY_PARENT"
    assert reserved(line) == 0
    to = {type(answer).__name__: address for address, answer in heard(line)}
    assert to == {"StatusChange": f"address of {filed}", "CancellationAnswer": f"address of {asked}"}


@pytest.mark.invariant(7)
async def test_a_cancellation_that_comes_twice_is_cancelled_twice_and_told_once(line: Line) -> None:
    await file(line, application(line))
    for message in (OTHER_MESSAGE, None):
        await file(line, enrolment.Cancellation(order_id=ORDER), message_id=message)
        assert cancellation(line).result is enrolment.CancellationResult.CANCELLED
    assert [code for _, code in codes(line)].count(10) == 1


@pytest.mark.invariant(7)
async def test_a_cancellation_is_answered_after_the_statuses_before_it(line: Line) -> None:
    """Its answer may end the order at the portal: the application's own statuses would come too late."""
    for body in (application(line), enrolment.Cancellation(order_id=ORDER)):
        line.stub.ask(enrolment.Request(oktmo=OKTMO, body=body))
        await line.receive(Operation.GET_REQUEST)
    await go(line)
    said = [answer.status if isinstance(answer, enrolment.StatusChange) else "answer" for _, answer in heard(line)]
    assert said[:3] == [1, 2, 6]
    assert sorted(said[3:], key=str) == [10, "answer"]


@pytest.mark.invariant(11)
async def test_a_running_contract_ends_with_the_month(line: Line) -> None:
    await test_the_whole_way_to_a_concluded_contract(line)
    line.clock.advance(20 * 86_400)  # 27 September
    await file(line, enrolment.Cancellation(order_id=ORDER))
    ended = cancellation(line)
    assert (ended.result, ended.effective_date) == (enrolment.CancellationResult.CANCELLED, date(2026, 10, 1))
    assert life(line).state is ContractState.TERMINATING
    assert 0 < reserved(line) < 100_000
    assert len(statuses(line)) == 5, "the order itself was over before"


async def test_before_its_first_day_a_concluded_contract_ends_at_once(line: Line) -> None:
    await test_the_whole_way_to_a_concluded_contract(line)
    await file(line, enrolment.Cancellation(order_id=ORDER))
    assert (
        cancellation(line).comment == "Договор расторгнут до начала занятий, забронированное возвращено на сертификат."
    )
    assert (life(line).state, reserved(line)) == (ContractState.TERMINATED, 0)


async def test_what_is_over_or_was_never_filed_cannot_be_cancelled(line: Line) -> None:
    await file(line, enrolment.Cancellation(order_id=7))
    assert cancellation(line).result is enrolment.CancellationResult.REJECTED
    await test_a_refusal_frees_everything_and_says_why(line)
    await file(line, enrolment.Cancellation(order_id=ORDER))
    assert cancellation(line).result is enrolment.CancellationResult.REJECTED


async def test_what_waits_for_a_person_can_be_cancelled(line: Line) -> None:
    await file(line, stranger(line))
    for message in (OTHER_MESSAGE, None):
        await file(line, enrolment.Cancellation(order_id=ORDER), message_id=message)
        assert cancellation(line).result is enrolment.CancellationResult.CANCELLED
    assert codes(line) == [(1, 1), (2, 14), (3, 10)]


# --- other sources ----------------------------------------------------------------------------------------------------


async def test_who_pays_alone_needs_no_certificate(line: Line) -> None:
    paid = enrolment.Financing(source=enrolment.FinancialSource.PAID)
    await file(line, application(line, financing=paid))
    assert [code for _, code in codes(line)] == [1, 2, 6]
    assert life(line).split.certificate_part == 0


def test_the_child_of_these_tests_is_the_one_of_the_records() -> None:
    """Else every application would be a conflict of identities."""
    child = certificate().child
    assert child.birth_certificate == f"{PAPER.series} {PAPER.number}"
    assert START < END
