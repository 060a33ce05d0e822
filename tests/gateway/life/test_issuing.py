"""A certificate is issued once for a child and found ever after; its status and nominals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway import records
from tests.gateway.life.world import NEXT_YEAR, NOMINAL, whom
from tests.gateway.records import OKTMO

from socert.gateway.domain.certificate import CertificateStep
from socert.gateway.domain.policy import Register
from socert.gateway.domain.records import CertificateStatus, Scheme, Unit
from socert.gateway.domain.rules_errors import LedgerRefused, NeedsPerson, Refused, RuleBroken, RuleCode, StepForbidden
from socert.gateway.life.cases import CaseKind
from socert.gateway.ports import KeyTakenError

if TYPE_CHECKING:
    from tests.gateway.life.world import World

    from socert.gateway.domain.certificate import Known
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept

OTHER: dict[str, Any] = {"snils": "16000000198", "birth_certificate": "III-АБ 123456", "first_name": "Вера"}


def refused(world: World, **given: Any) -> RuleCode:
    """Ask for a certificate that is refused; return the rule."""
    with pytest.raises(RuleBroken) as caught:
        world.issue(**given)
    return caught.value.rule


@pytest.mark.seed("by-itself")
def test_the_first_enrolment_issues_a_certificate(world: World) -> None:
    issued = world.issue(order_id="1")

    kept = world.kept(issued.guid)
    assert (issued.fresh, issued.on_request) == (True, True)
    assert (kept.certificate.status, kept.certificate.unit) == (CertificateStatus.ISSUED, Unit.RUB)
    assert (kept.certificate.number, kept.issued_by_order) == ("0000000001", "1")
    assert (kept.certificate.valid_from, kept.certificate.valid_to) == (date(2026, 9, 7), date(2032, 3, 14))
    assert kept.certificate.scheme is Scheme.SOCIAL_ORDER
    assert world.figures(issued.guid) == (NOMINAL, 0, 0)


@pytest.mark.seed("found-again")
@pytest.mark.invariant(8)
def test_an_issued_certificate_is_found_whoever_asks(world: World) -> None:
    first = world.issue(order_id="1")

    again, other, by_hand = world.issue(order_id="1"), world.issue(order_id="2"), world.issue()
    shown = world.look(lambda connection: world.issuing.find(connection, whom()[0], order_id="1"))

    assert {again.guid, other.guid, by_hand.guid} == {first.guid}
    assert [again.on_request, other.on_request, by_hand.on_request] == [True, False, False]
    assert not any(one.fresh for one in (again, other, by_hand))
    assert shown is not None
    assert (shown.guid, shown.on_request) == (first.guid, True)
    assert world.figures(first.guid) == (NOMINAL, 0, 0)


def test_nobody_is_found_before(world: World) -> None:
    assert world.look(lambda connection: world.issuing.find(connection, whom()[0])) is None


@pytest.mark.invariant(8)
def test_who_was_slower_finds_what_the_faster_issued(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other enrolment commits between the look and the issue: the keys decide."""
    first = world.issue(order_id="1")
    known = world.registry.known
    answers: list[list[Known]] = [[]]
    monkeypatch.setattr(world.registry, "known", lambda *given: answers.pop() if answers else known(*given))

    second = world.issue(order_id="2")

    assert (second.guid, second.fresh, second.on_request) == (first.guid, False, False)


@pytest.mark.invariant(8)
def test_keys_that_are_taken_by_nobody_known_are_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.issue()
    monkeypatch.setattr(world.registry, "known", lambda *_given: [])
    with pytest.raises(KeyTakenError):
        world.issue()


@pytest.mark.seed("elsewhere")
def test_an_organisation_issues_without_an_order(world: World) -> None:
    issued = world.issue()

    assert (issued.fresh, issued.on_request) == (True, False)
    assert world.kept(issued.guid).issued_by_order is None


@pytest.mark.invariant(13)
@pytest.mark.parametrize(
    ("born", "fits"),
    [
        (date(2021, 9, 16), False),
        (date(2021, 9, 15), True),
        (date(2008, 9, 16), True),
        (date(2008, 9, 15), False),
    ],
)
def test_the_age_counts_on_the_first_day(world: World, born: date, fits: bool) -> None:
    if fits:
        assert world.issue(birth_date=born).fresh
    else:
        assert refused(world, birth_date=born) is RuleCode.AGE_OUT_OF_RANGE


@pytest.mark.seed("municipality")
def test_a_municipality_without_certificates_issues_none(world: World) -> None:
    found = world.issue()
    world.policies[OKTMO] = replace(world.policies[""], issues_certificates=False)

    assert refused(world, **OTHER) is RuleCode.NO_CERTIFICATES_HERE
    assert world.issue().guid == found.guid, "one that is there is found all the same"


def test_a_municipality_that_is_not_served_is_refused(world: World) -> None:
    assert refused(world, oktmo="99000000") is RuleCode.MUNICIPALITY_UNKNOWN


@pytest.mark.parametrize("step", [CertificateStep.ANNUL, CertificateStep.EXPIRE])
def test_an_ended_certificate_is_not_followed_by_another(world: World, step: CertificateStep) -> None:
    guid = world.issue().guid
    world.run(lambda unit: world.issuing.step(unit, guid, step))

    code = RuleCode.CERT_ANNULLED if step is CertificateStep.ANNUL else RuleCode.CERT_EXPIRED
    assert refused(world) is code
    found = world.look(lambda connection: world.issuing.find(connection, whom()[0]))
    assert found is not None
    assert found.guid == guid


def test_an_annulled_one_is_followed_where_the_region_says_so(world: World) -> None:
    first = world.issue().guid
    world.run(lambda unit: world.issuing.step(unit, first, CertificateStep.ANNUL))
    world.set_policy(reissue_annulled=True)

    second = world.issue()

    assert second.fresh
    assert second.guid != first


@pytest.mark.invariant(8)
def test_a_conflict_of_identities_is_a_case_and_tells_nothing(world: World) -> None:
    world.issue()
    asked, person = whom(first_name="Вера")

    def ask(unit: UnitOfWork) -> RuleCode:
        with pytest.raises(NeedsPerson) as caught:
            world.issuing.find_or_issue(unit, asked, person=person, oktmo=OKTMO, start=date(2026, 9, 15), order_id="7")
        for secret in ("Вера", "Журавлёв", records.SNILS):
            assert secret not in caught.value.people_text + caught.value.log_text
        return caught.value.rule

    assert [world.run(ask), world.run(ask)] == [RuleCode.IDENTITY_CONFLICT] * 2
    cases = world.look(world.cases.listed)
    assert [(case.kind, case.order_id, case.rule) for case in cases] == [
        (CaseKind.IDENTITY, "7", RuleCode.IDENTITY_CONFLICT)
    ]


def test_a_number_that_is_taken_is_passed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(["0000000007", "0000000007", "0000000008"])
    monkeypatch.setattr(world.issuing, "_numbers", lambda: next(numbers))
    first, second = world.issue().guid, world.issue(**OTHER).guid

    assert world.kept(first).certificate.number == "0000000007"
    assert world.kept(second).certificate.number == "0000000008"


def test_numbers_that_never_end_up_free_are_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.issuing, "_numbers", lambda: "0000000007")
    world.issue()
    assert refused(world, **OTHER) is RuleCode.TECHNICAL


@pytest.mark.seed("unit")
def test_what_a_new_certificate_gets_is_the_policys(world: World) -> None:
    world.set_policy(
        unit=Register.HOUR,
        nominals={Register.RUB: 1, Register.HOUR: 144_00, Register.PREPROF: 2},
        nominals_of=NEXT_YEAR,
    )

    guid = world.issue().guid

    accounts = world.kept(guid).book.accounts
    assert {(key.year, key.register): account.nominal for key, account in accounts.items()} == {
        (2026, Register.HOUR): 144_00,
        (2026, Register.PREPROF): 2,
        (2027, Register.HOUR): 100_00,
    }
    assert world.kept(guid).certificate.unit is Unit.HOUR


def test_an_accounting_certificate_has_nothing_to_pay_with(world: World) -> None:
    world.set_policy(with_funds=False)
    kept = world.kept(world.issue().guid)
    assert kept.certificate.with_funds is False
    assert world.figures(kept.certificate.guid) == (0, 0, 0)


# --- status and nominals ----------------------------------------------------------------------------------------------


def test_a_certificate_is_suspended_and_resumed(world: World) -> None:
    guid = world.issue().guid

    def step(one: CertificateStep) -> Kept:
        return world.run(lambda unit: world.issuing.step(unit, guid, one))

    assert step(CertificateStep.SUSPEND).certificate.status is CertificateStatus.SUSPENDED
    with pytest.raises(StepForbidden):
        step(CertificateStep.SUSPEND)
    assert step(CertificateStep.RESUME).certificate.status is CertificateStatus.ACTIVE
    assert step(CertificateStep.ANNUL).certificate.status is CertificateStatus.ANNULLED
    with pytest.raises(StepForbidden):
        step(CertificateStep.RESUME)


def set_nominal(world: World, guid: str, nominal: int, **where: Any) -> Kept:
    """Give an account of 2026 in roubles, or another, its nominal."""
    given = {"year": 2026, "register": Register.RUB, **where}
    return world.run(lambda unit: world.issuing.set_nominal(unit, guid, nominal=nominal, **given))


def test_a_nominal_is_corrected_and_the_same_again_is_nothing(world: World) -> None:
    guid = world.issue().guid
    versions = [set_nominal(world, guid, amount).book.version for amount in (9000_00, 9000_00, 7000_00, 9000_00)]

    assert world.figures(guid) == (9000_00, 0, 0)
    assert versions[0] == versions[1]
    assert versions[1] < versions[2] < versions[3]


def test_a_certificate_with_nothing_left_is_exhausted(world: World) -> None:
    guid = world.issue().guid
    world.concluded(guid)
    assert set_nominal(world, guid, NOMINAL + 1).certificate.status is CertificateStatus.ACTIVE
    assert set_nominal(world, guid, NOMINAL).certificate.status is CertificateStatus.EXHAUSTED
    with pytest.raises(LedgerRefused) as caught:
        set_nominal(world, guid, NOMINAL - 1)
    assert caught.value.rule is RuleCode.NOMINAL_BELOW_USED


@pytest.mark.invariant(5)
def test_count_registers_are_opened_beside_money_and_hours_are_not(world: World) -> None:
    guid = world.issue().guid
    set_nominal(world, guid, 2, register=Register.SIGNIFICANT)
    assert world.figures(guid, register=Register.SIGNIFICANT) == (2, 0, 0)
    with pytest.raises(LedgerRefused) as caught:
        set_nominal(world, guid, 100_00, register=Register.HOUR)
    assert caught.value.rule is RuleCode.UNIT_MIXED


def test_an_unknown_certificate_is_told(world: World) -> None:
    with pytest.raises(Refused) as caught:
        set_nominal(world, "nobody", 1)
    assert caught.value.rule is RuleCode.NOT_FOUND
