"""One certificate per child, its status and its age: invariants 8, 9, 13."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.making import POLICY, book, funded, requested

from socert.gateway.domain import certificate, ledger
from socert.gateway.domain.certificate import (
    FINAL,
    Answer,
    CertificateStep,
    Identity,
    Known,
    age_on,
    child_keys,
    decide_issue,
    find_certificate,
    last_day,
    next_status,
    same_child,
    settled,
)
from socert.gateway.domain.ledger import Book
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.records import CertificateStatus
from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleBroken, RuleCode, StepForbidden

ISSUED, ACTIVE = CertificateStatus.ISSUED, CertificateStatus.ACTIVE
SUSPENDED, EXHAUSTED = CertificateStatus.SUSPENDED, CertificateStatus.EXHAUSTED
ANNULLED, EXPIRED = CertificateStatus.ANNULLED, CertificateStatus.EXPIRED
BORN = date(2016, 2, 20)
START = date(2026, 9, 15)
CHILD = Identity(last_name="Примеров", first_name="Тест", birth_date=BORN, snils="11223344595", document="IV-АБ 123456")


def known(identity: Identity = CHILD, status: CertificateStatus = ACTIVE, order: str | None = None) -> Known:
    return Known(guid="cert-1", status=status, identity=identity, issued_by_order=order)


# Age


@pytest.mark.parametrize(
    ("birth_date", "age"),
    [
        (date(2021, 9, 15), 5),
        (date(2021, 9, 16), 4),
        (date(2008, 9, 16), 17),
        (date(2008, 9, 15), 18),
        (date(2016, 2, 20), 10),
    ],
)
def test_invariant_13_age_is_5_to_17_on_the_first_day_of_study(birth_date: date, age: int) -> None:
    assert age_on(START, birth_date) == age
    if 5 <= age <= 17:
        certificate.check_age(birth_date, start=START, policy=POLICY)
        return
    with pytest.raises(Refused) as refused:
        certificate.check_age(birth_date, start=START, policy=POLICY)
    assert refused.value.rule is RuleCode.AGE_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("birth_date", "last"),
    [
        (date(2008, 9, 15), date(2026, 9, 14)),
        (date(2008, 2, 29), date(2026, 2, 28)),
        (date(2010, 1, 1), date(2027, 12, 31)),
    ],
)
def test_a_certificate_lives_until_the_eve_of_the_18th_birthday(birth_date: date, last: date) -> None:
    assert last_day(birth_date, POLICY) == last
    assert age_on(last, birth_date) == 17
    assert age_on(last + timedelta(days=1), birth_date) == 18
    assert not certificate.expired(ACTIVE, birth_date=birth_date, today=last, policy=POLICY)
    assert certificate.expired(ACTIVE, birth_date=birth_date, today=last + timedelta(days=1), policy=POLICY)
    assert not certificate.expired(ANNULLED, birth_date=birth_date, today=date(2100, 1, 1), policy=POLICY)


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)), st.integers(0, 30))
def test_a_birthday_is_the_first_day_of_an_age(birth_date: date, age: int) -> None:
    day = certificate.birthday(birth_date, age)

    assert age_on(day, birth_date) == age
    assert age == 0 or age_on(day - timedelta(days=1), birth_date) == age - 1


# Status

LEADS = {
    (ISSUED, CertificateStep.ACTIVATE): ACTIVE,
    (ISSUED, CertificateStep.SUSPEND): SUSPENDED,
    (ACTIVE, CertificateStep.SUSPEND): SUSPENDED,
    (EXHAUSTED, CertificateStep.SUSPEND): SUSPENDED,
    (SUSPENDED, CertificateStep.RESUME): ACTIVE,
    **{(status, CertificateStep.ANNUL): ANNULLED for status in (ISSUED, ACTIVE, SUSPENDED, EXHAUSTED)},
    **{(status, CertificateStep.EXPIRE): EXPIRED for status in (ISSUED, ACTIVE, SUSPENDED, EXHAUSTED)},
}


@pytest.mark.parametrize(("status", "step"), list(product(CertificateStatus, CertificateStep)))
def test_status_moves_as_the_table_says_and_no_other_way(status: CertificateStatus, step: CertificateStep) -> None:
    if (status, step) in LEADS:
        assert next_status(status, step, funded()) is LEADS[status, step]
        return
    with pytest.raises(StepForbidden) as refused:
        next_status(status, step, funded())
    assert refused.value.rule is RuleCode.CERT_STEP


def test_a_resumed_certificate_with_nothing_left_is_exhausted() -> None:
    assert next_status(SUSPENDED, CertificateStep.RESUME, funded(0)) is EXHAUSTED


USED_UP = funded(8000_00).post(requested(funded(8000_00)).entries)


@pytest.mark.parametrize(
    ("status", "held", "after"),
    [
        (ACTIVE, USED_UP, EXHAUSTED),
        (EXHAUSTED, funded(1), ACTIVE),
        (EXHAUSTED, funded(0), EXHAUSTED),
        (ACTIVE, funded(1), ACTIVE),
        (ACTIVE, Book(), ACTIVE),  # an accounting certificate counts nothing
        (ACTIVE, funded(0, next_year=1), ACTIVE),
        (ACTIVE, book((2026, Register.RUB, 0), (2026, Register.OTHER, 1)), ACTIVE),
        (ISSUED, funded(0), ISSUED),
        (ISSUED, USED_UP, EXHAUSTED),
        (ISSUED, funded(9000_00).post(requested(funded()).entries), ACTIVE),
        (SUSPENDED, funded(0), SUSPENDED),
        (ANNULLED, funded(1), ANNULLED),
        (EXPIRED, funded(1), EXPIRED),
    ],
)
def test_active_and_exhausted_follow_the_balance(
    status: CertificateStatus, held: Book, after: CertificateStatus
) -> None:
    assert settled(status, held) is after
    assert settled(after, held) is after


def test_a_release_makes_an_exhausted_certificate_active_again() -> None:
    entry = ledger.release(
        ledger.AccountKey(year=2026, register=Register.RUB), 1, contract_id="c-1", month=date(2026, 9, 1)
    )

    assert settled(EXHAUSTED, USED_UP.post([entry])) is ACTIVE


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (ISSUED, None),
        (ACTIVE, None),
        (SUSPENDED, RuleCode.CERT_SUSPENDED),
        (EXHAUSTED, RuleCode.EXHAUSTED),
        (ANNULLED, RuleCode.CERT_ANNULLED),
        (EXPIRED, RuleCode.CERT_EXPIRED),
    ],
)
def test_invariant_13_only_issued_and_active_certificates_take_a_reserve(
    status: CertificateStatus, code: RuleCode | None
) -> None:
    assert certificate.refusal_of(status) is code
    if code is None:
        certificate.check_reserve(status, birth_date=BORN, start=START, policy=POLICY)
        return
    with pytest.raises(Refused) as refused:
        certificate.check_reserve(status, birth_date=BORN, start=START, policy=POLICY)
    assert refused.value.rule is code


def test_invariant_13_the_age_stops_a_reserve_too() -> None:
    with pytest.raises(Refused) as refused:
        certificate.check_reserve(ACTIVE, birth_date=date(2008, 9, 15), start=START, policy=POLICY)

    assert refused.value.rule is RuleCode.AGE_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("goes_on", "stopped"),
    [
        (POLICY.live_goes_on, {ANNULLED}),
        (frozenset(), {SUSPENDED, ANNULLED, EXPIRED}),
        (frozenset(CertificateStatus), set()),
    ],
)
def test_invariant_13_live_contracts_go_on_by_the_regions_rule(
    goes_on: frozenset[CertificateStatus], stopped: set[CertificateStatus]
) -> None:
    policy = Policy(live_goes_on=goes_on)

    for status in CertificateStatus:
        assert certificate.goes_on(status, policy) is (status not in stopped)
        if status in stopped:
            with pytest.raises(Refused):
                certificate.check_live(status, policy)
        else:
            certificate.check_live(status, policy)


# Identity


@pytest.mark.parametrize(
    ("kept", "same"),
    [
        (CHILD, True),
        (replace(CHILD, document=None), True),
        (replace(CHILD, snils=None), True),
        (replace(CHILD, document="4510 123456"), True),  # a passport at 14
        (replace(CHILD, last_name="  ПРИМЕРОВ "), True),
        (replace(CHILD, snils="90000000182", document="IV-АБ 654321"), False),
        (replace(CHILD, snils=None, document="IV-АБ 654321"), False),
    ],
)
def test_a_child_is_known_by_snils_or_else_by_document_name_and_birth_date(kept: Identity, same: bool) -> None:
    assert same_child(CHILD, kept) is same
    assert same_child(kept, CHILD) is same


@pytest.mark.parametrize(
    "kept",
    [
        replace(CHILD, last_name="Другой"),
        replace(CHILD, first_name="Другой"),
        replace(CHILD, middle_name="Другой"),
        replace(CHILD, birth_date=date(2016, 2, 21)),
        replace(CHILD, snils="90000000182"),
        replace(CHILD, snils=None, last_name="Другой"),
    ],
)
def test_invariant_8_a_contradicting_identity_is_left_to_a_person(kept: Identity) -> None:
    with pytest.raises(NeedsPerson) as refused:
        decide_issue(CHILD, [known(kept)], start=START, order_id="1", policy=POLICY)

    assert refused.value.rule is RuleCode.IDENTITY_CONFLICT
    told = refused.value.people_text + refused.value.log_text + str(refused.value)
    for personal in (kept.last_name, CHILD.last_name, "11223344595", "90000000182", "123456", "2016"):
        assert personal not in told


def test_keys_stand_for_one_child_whatever_the_spelling() -> None:
    loud = replace(CHILD, last_name="  ПРИМЁРОВ ", first_name="тест")
    quiet = replace(CHILD, last_name="Примеров")

    assert child_keys(loud) == child_keys(quiet)
    assert len(child_keys(CHILD)) == 2
    assert child_keys(replace(CHILD, snils=None)) == child_keys(CHILD)[1:]
    assert child_keys(replace(CHILD, document=None)) == child_keys(CHILD)[:1]


# Find or issue


@pytest.mark.seed("found-again")
def test_an_issued_certificate_is_found() -> None:
    decision = decide_issue(CHILD, [known()], start=START, order_id="7", policy=POLICY)

    assert (decision.answer, decision.guid, decision.on_request) == (Answer.FOUND, "cert-1", False)


@pytest.mark.parametrize(("order", "on_request"), [("7", True), (None, False)])
@pytest.mark.seed("by-itself", "elsewhere")
def test_the_first_enrolment_issues_it(order: str | None, on_request: bool) -> None:
    stranger = known(replace(CHILD, snils="90000000182", document="IV-АБ 654321"))

    decision = decide_issue(CHILD, [stranger], start=START, order_id=order, policy=POLICY)

    assert (decision.answer, decision.guid, decision.on_request) == (Answer.ISSUE, None, on_request)
    assert decision.keys == child_keys(CHILD)


def test_invariant_8_a_repeat_of_the_order_gets_the_first_answer() -> None:
    issued = known(order="7")

    assert decide_issue(CHILD, [issued], start=START, order_id="7", policy=POLICY).on_request
    assert not decide_issue(CHILD, [issued], start=START, order_id="8", policy=POLICY).on_request
    assert not decide_issue(CHILD, [known()], start=START, order_id=None, policy=POLICY).on_request


@pytest.mark.parametrize("status", [ISSUED, SUSPENDED, EXHAUSTED])
def test_a_certificate_is_found_in_any_status_of_its_life(status: CertificateStatus) -> None:
    assert decide_issue(CHILD, [known(status=status)], start=START, order_id="7", policy=POLICY).guid == "cert-1"


@pytest.mark.parametrize(
    ("found", "start", "policy", "code"),
    [
        ([], START, Policy(issues_certificates=False), RuleCode.NO_CERTIFICATES_HERE),
        ([], date(2034, 9, 1), POLICY, RuleCode.AGE_OUT_OF_RANGE),
        ([], date(2020, 9, 1), POLICY, RuleCode.AGE_OUT_OF_RANGE),
        ([known(status=ANNULLED)], START, POLICY, RuleCode.CERT_ANNULLED),
        ([known(status=EXPIRED)], START, Policy(reissue_annulled=True), RuleCode.CERT_EXPIRED),
        ([known(), known()], START, POLICY, RuleCode.IDENTITY_CONFLICT),
    ],
)
def test_when_none_may_be_issued(found: list[Known], start: date, policy: Policy, code: RuleCode) -> None:
    with pytest.raises(RuleBroken) as refused:
        decide_issue(CHILD, found, start=start, order_id="7", policy=policy)

    assert refused.value.rule is code


def test_a_found_certificate_needs_no_issuing_municipality() -> None:
    decision = decide_issue(CHILD, [known()], start=START, order_id="7", policy=Policy(issues_certificates=False))

    assert decision.answer is Answer.FOUND


def test_an_annulled_certificate_may_be_followed_by_another_where_that_is_set() -> None:
    policy = Policy(reissue_annulled=True)

    assert (
        decide_issue(CHILD, [known(status=ANNULLED)], start=START, order_id="7", policy=policy).answer is Answer.ISSUE
    )
    found = decide_issue(CHILD, [known(status=ANNULLED), known()], start=START, order_id="7", policy=policy)
    assert found.answer is Answer.FOUND


IDENTITIES = st.builds(
    Identity,
    last_name=st.sampled_from(["Примеров", "Примерова"]),
    first_name=st.just("Тест"),
    birth_date=st.sampled_from([BORN, date(2016, 2, 21)]),
    snils=st.sampled_from([None, "11223344595", "90000000182"]),
    document=st.sampled_from([None, "IV-АБ 123456", "IV-АБ 654321"]),
).filter(lambda one: one.snils is not None or one.document is not None)


@given(st.lists(IDENTITIES, max_size=12))
def test_invariant_8_one_certificate_per_child_whatever_repeats(asked: list[Identity]) -> None:
    kept: list[Known] = []
    for number, identity in enumerate(asked):
        keys = set(child_keys(identity))
        found = [one for one in kept if keys & set(child_keys(one.identity)) or _meets(one.identity, identity)]
        try:
            decision = decide_issue(identity, found, start=START, order_id=str(number), policy=POLICY)
        except NeedsPerson:
            continue
        if decision.answer is Answer.ISSUE:
            kept.append(Known(guid=str(number), status=ACTIVE, identity=identity, issued_by_order=str(number)))
        else:
            again = decide_issue(identity, found, start=START, order_id=str(number), policy=POLICY)
            assert again == decision
    snils = [one.identity.snils for one in kept if one.identity.snils is not None]
    documents = [one.identity.document for one in kept if one.identity.document is not None]
    assert len(set(snils)) == len(snils)
    assert len(set(documents)) == len(documents)


def _meets(one: Identity, other: Identity) -> bool:
    return bool({one.snils, one.document} & {other.snils, other.document} - {None})


def test_final_statuses_are_the_two_of_the_dictionary() -> None:
    assert {ANNULLED, EXPIRED} == FINAL


def test_the_live_certificate_is_found_before_those_that_ended() -> None:
    ended, live = known(status=CertificateStatus.ANNULLED), replace(known(), guid="live")
    assert find_certificate(CHILD, []) is None
    assert find_certificate(CHILD, [ended]) == ended
    assert find_certificate(CHILD, [ended, live]) == live
    with pytest.raises(NeedsPerson):
        find_certificate(CHILD, [known(), live])
