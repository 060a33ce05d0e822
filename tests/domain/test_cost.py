"""A cost query has five outcomes, each from its true cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.making import AUTUMN, POLICY, SCHOOL_YEAR, book, funded

from socert.gateway.domain.cost import Cost, CostQuestion, Outcome, Payer, Source, cost
from socert.gateway.domain.enrolment import Conditions
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.quote import Priced, check_sums
from socert.gateway.domain.records import CertificateStatus
from socert.gateway.domain.rules_errors import RuleCode

if TYPE_CHECKING:
    from socert.gateway.domain.ledger import Book

ACTIVE = Payer(status=CertificateStatus.ACTIVE, birth_date=date(2016, 2, 20), book=funded())
OPEN = Conditions(certificate_accepted=True)
BY_CERTIFICATE = CostQuestion(
    source=Source.CERTIFICATE, start=AUTUMN.start, end=None, group=AUTUMN, conditions=OPEN, payer=ACTIVE
)


def ask(question: CostQuestion, policy: Policy = POLICY) -> Cost:
    return cost(question, policy=policy)


def payer(status: CertificateStatus = CertificateStatus.ACTIVE, held: Book | None = None) -> Payer:
    return replace(ACTIVE, status=status, book=ACTIVE.book if held is None else held)


# Calculated


def test_a_certificate_and_the_parent_share_the_price() -> None:
    found = ask(BY_CERTIFICATE)

    assert (found.outcome, found.order_allowed, found.cause) == (Outcome.CALCULATED, True, None)
    assert found.split is not None
    assert (found.split.total, found.split.certificate_part, found.split.own_part) == (12000_00, 8000_00, 4000_00)
    assert found.balance_version == 1
    assert found.message == ("Из 12000,00 руб. сертификат оплачивает 8000,00 руб., из личных средств — 4000,00 руб.")


def test_a_certificate_may_pay_all_or_nothing() -> None:
    everything = ask(replace(BY_CERTIFICATE, payer=payer(held=funded(12000_00))))
    nothing = ask(replace(BY_CERTIFICATE, group=replace(AUTUMN, normative=0)))

    assert everything.message == "Сертификат оплачивает всё: 12000,00 руб."
    assert nothing.message == "Стоимость оплачивается из личных средств: 12000,00 руб."


@pytest.mark.parametrize("source", [Source.PAID, Source.PRIVATE])
def test_without_a_certificate_the_parent_pays(source: Source) -> None:
    found = ask(replace(BY_CERTIFICATE, source=source, payer=None))

    assert found.outcome is Outcome.CALCULATED
    assert found.split is not None
    assert (found.split.certificate_part, found.split.own_part) == (0, 12000_00)
    assert found.balance_version is None
    assert found.message == "Стоимость оплачивается из личных средств: 12000,00 руб."


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"conditions": replace(OPEN, certificate_accepted=False)}, RuleCode.PROGRAMME_NOT_ELIGIBLE),
        ({"conditions": replace(OPEN, provider_agreement=False)}, RuleCode.NO_AGREEMENT),
        ({"conditions": replace(OPEN, registration_open=False)}, RuleCode.REGISTRATION_CLOSED),
        ({"conditions": replace(OPEN, free_places=0)}, RuleCode.NO_PLACE),
        ({"payer": replace(ACTIVE, birth_date=date(2008, 9, 15))}, RuleCode.AGE_OUT_OF_RANGE),
        ({"payer": payer(CertificateStatus.SUSPENDED)}, RuleCode.CERT_SUSPENDED),
        ({"payer": payer(CertificateStatus.ANNULLED)}, RuleCode.CERT_ANNULLED),
        ({"payer": payer(CertificateStatus.EXPIRED)}, RuleCode.CERT_EXPIRED),
    ],
)
def test_figures_without_a_way_to_apply(change: dict[str, Conditions | Payer], code: RuleCode) -> None:
    found = ask(replace(BY_CERTIFICATE, **change))  # type: ignore[arg-type]  # fields and values fit in the table above

    assert (found.outcome, found.order_allowed, found.cause) == (Outcome.CALCULATED, False, code)
    assert found.split is not None
    by_certificate = found.split.certificate_part
    assert by_certificate == (0 if code.value.startswith("CERT_") else 8000_00)


def test_a_suspended_certificate_promises_nothing_even_to_a_child_of_the_wrong_age() -> None:
    found = ask(
        replace(BY_CERTIFICATE, payer=replace(payer(CertificateStatus.SUSPENDED), birth_date=date(2008, 9, 15)))
    )

    assert found.split is not None
    assert (found.split.certificate_part, found.order_allowed) == (0, False)


@pytest.mark.parametrize("field", ["certificate_accepted", "provider_agreement"])
def test_who_pays_alone_needs_no_mark_and_no_agreement(field: str) -> None:
    conditions = replace(OPEN, **{field: False})

    assert ask(replace(BY_CERTIFICATE, source=Source.PAID, conditions=conditions)).order_allowed
    closed = replace(conditions, registration_open=False)
    assert not ask(replace(BY_CERTIFICATE, source=Source.PAID, conditions=closed)).order_allowed


# Ineffectual


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"group": None}, RuleCode.NOT_ENOUGH_DATA),
        ({"payer": None}, RuleCode.NOT_ENOUGH_DATA),
        ({"group": SCHOOL_YEAR, "start": SCHOOL_YEAR.start}, RuleCode.NO_FUTURE_NOMINAL),
        (
            {"source": Source.BUDGET, "budget_register": Register.PREPROF, "payer": None},
            RuleCode.NOT_ENOUGH_DATA,
        ),
        ({"source": Source.BUDGET, "budget_register": Register.PREPROF}, RuleCode.NO_FUTURE_NOMINAL),
    ],
)
def test_what_is_not_known_is_ineffectual_and_leaves_the_way_open(
    change: dict[str, Priced | Payer | None], code: RuleCode
) -> None:
    found = ask(replace(BY_CERTIFICATE, **change))  # type: ignore[arg-type]  # fields and values fit in the table above

    assert (found.outcome, found.order_allowed, found.cause) == (Outcome.INEFFECTUAL, True, code)


# Free of charge


def test_a_budget_group_of_a_count_register_tells_the_counts() -> None:
    held = book((2026, Register.PREPROF, 3)).post(book((2026, Register.RUB, 1)).entries.values())
    question = replace(BY_CERTIFICATE, source=Source.BUDGET, budget_register=Register.PREPROF, payer=payer(held=held))

    found = ask(question)

    assert (found.outcome, found.order_allowed) == (Outcome.FREE_OF_CHARGE, True)
    assert (found.allowed, found.used, found.balance_version) == (3, 0, held.version)
    assert found.message == "Занятия бесплатные. Доступно программ: 3 из 3."
    suspended = ask(replace(question, payer=payer(CertificateStatus.SUSPENDED, held)))
    assert (suspended.outcome, suspended.order_allowed) == (Outcome.FREE_OF_CHARGE, False)
    assert suspended.cause is RuleCode.CERT_SUSPENDED


@pytest.mark.parametrize(
    "question",
    [
        replace(BY_CERTIFICATE, source=Source.NONE),
        replace(BY_CERTIFICATE, source=Source.NONE, group=None, payer=None),
        replace(BY_CERTIFICATE, source=Source.BUDGET),
        replace(BY_CERTIFICATE, group=replace(AUTUMN, price=0)),
        replace(BY_CERTIFICATE, source=Source.PAID, group=replace(AUTUMN, price=0)),
    ],
    ids=["none", "none and unknown", "budget", "a price of nothing", "paid nothing"],
)
def test_where_nobody_pays_it_is_free(question: CostQuestion) -> None:
    found = ask(question)

    assert (found.outcome, found.order_allowed, found.split) == (Outcome.FREE_OF_CHARGE, True, None)
    assert (found.allowed, found.used) == (0, 0)


def test_a_priced_group_of_a_count_register_is_free_while_programmes_are_left() -> None:
    group = replace(AUTUMN, register=Register.OTHER, price=1)
    held = book((2026, Register.OTHER, 1))

    assert ask(replace(BY_CERTIFICATE, group=group, payer=payer(held=held))).outcome is Outcome.FREE_OF_CHARGE


# Exhausted


@pytest.mark.parametrize(
    "question",
    [
        replace(BY_CERTIFICATE, payer=payer(held=funded(0))),
        replace(BY_CERTIFICATE, payer=payer(CertificateStatus.EXHAUSTED)),
        replace(BY_CERTIFICATE, payer=payer(held=funded(0, next_year=0)), group=SCHOOL_YEAR, start=SCHOOL_YEAR.start),
        replace(
            BY_CERTIFICATE,
            source=Source.BUDGET,
            budget_register=Register.OTHER,
            payer=payer(held=book((2026, Register.OTHER, 0))),
        ),
    ],
    ids=["nothing available", "status", "two years", "count register"],
)
def test_a_certificate_with_nothing_left_is_exhausted(question: CostQuestion) -> None:
    found = ask(question)

    assert (found.outcome, found.order_allowed, found.cause) == (Outcome.EXHAUSTED, False, RuleCode.EXHAUSTED)
    assert found.message == "На сертификате не осталось средств или часов."


def test_a_norm_of_nothing_is_not_an_exhausted_certificate() -> None:
    found = ask(replace(BY_CERTIFICATE, group=replace(AUTUMN, normative=0)))

    assert found.outcome is Outcome.CALCULATED
    assert found.split is not None
    assert found.split.certificate_part == 0


# Bad data


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (replace(BY_CERTIFICATE, group=replace(AUTUMN, price=-1)), RuleCode.BAD_GROUP_DATA),
        (replace(BY_CERTIFICATE, group=replace(AUTUMN, end=date(2026, 1, 1))), RuleCode.BAD_GROUP_DATA),
        (replace(BY_CERTIFICATE, start=date(2026, 9, 1)), RuleCode.OUTSIDE_GROUP),
        (replace(BY_CERTIFICATE, end=date(2027, 9, 1)), RuleCode.OUTSIDE_GROUP),
        (
            replace(BY_CERTIFICATE, payer=payer(held=book((2026, Register.HOUR, 10)))),
            RuleCode.UNIT_MIXED,
        ),
    ],
)
def test_data_that_contradict_themselves_are_bad_data(question: CostQuestion, code: RuleCode) -> None:
    found = ask(question)

    assert (found.outcome, found.order_allowed, found.cause) == (Outcome.BAD_DATA, False, code)
    assert found.message


@given(
    source=st.sampled_from(Source),
    start=st.dates(date(2026, 8, 1), date(2027, 2, 1)),
    end=st.none() | st.dates(date(2026, 8, 1), date(2027, 2, 1)),
    group=st.none() | st.sampled_from([AUTUMN, SCHOOL_YEAR, replace(AUTUMN, register=Register.OTHER, price=1)]),
    status=st.sampled_from(CertificateStatus),
    nominal=st.integers(0, 20000_00),
    register=st.none() | st.sampled_from([Register.OTHER, Register.PREPROF]),
    with_payer=st.booleans(),
)
def test_every_question_has_an_answer(
    source: Source,
    start: date,
    end: date | None,
    group: Priced | None,
    status: CertificateStatus,
    nominal: int,
    register: Register | None,
    with_payer: bool,
) -> None:
    held = book((2026, Register.RUB, nominal), (2026, Register.OTHER, nominal % 3))
    question = CostQuestion(
        source=source,
        start=start,
        end=end,
        group=group,
        conditions=OPEN,
        payer=payer(status, held) if with_payer else None,
        budget_register=register,
    )

    found = ask(question)

    assert found.message
    assert (found.split is not None) is (found.outcome is Outcome.CALCULATED)
    assert found.order_allowed or found.cause is not None
    if found.split is not None:
        check_sums(found.split)
