"""Consents: which are in force, and what a withdrawal and a new consent order (invariant 12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.domain.making import POLICY

from socert.gateway.domain import consent as rules
from socert.gateway.domain.consent import Channel, Consent, ConsentState, DutyKind
from socert.gateway.domain.policy import FormCode, Policy
from socert.gateway.domain.rules_errors import Refused, RuleCode, StepForbidden

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 9, 1)
PD = Consent(consent_id="pd", form=FormCode.PD_PROCESSING, version="2026-01", given_at=NOW, channel=Channel.PORTAL)
APPLICATION = replace(PD, consent_id="app", form=FormCode.SOCIAL_CERT_APPLICATION)
SPLIT = replace(PD, consent_id="split", form=FormCode.SPLIT_PAYMENT)
LEGACY = replace(PD, consent_id="old", form=FormCode.PFDO_LEGACY, version="1")
ALL = (PD, APPLICATION, SPLIT)
WITH_LEGACY = Policy(accepted_forms={**POLICY.accepted_forms, FormCode.PFDO_LEGACY: frozenset({"1"})})


def withdrawn(consent: Consent) -> Consent:
    return replace(consent, withdrawn_at=NOW)


def withdraw(consent: Consent, *others: Consent, live: bool = True, policy: Policy = POLICY) -> rules.Ordered:
    return rules.withdraw(
        consent, others, channel=Channel.ORGANISATION, now=NOW, today=TODAY, policy=policy, live_contracts=live
    )


def kinds(ordered: rules.Ordered) -> list[DutyKind]:
    return [duty.kind for duty in ordered.duties]


# In force


@pytest.mark.parametrize(
    ("consents", "split", "missing"),
    [
        (ALL, True, ()),
        ((PD, APPLICATION), False, ()),
        ((PD, APPLICATION), True, (FormCode.SPLIT_PAYMENT,)),
        ((PD,), False, (FormCode.SOCIAL_CERT_APPLICATION,)),
        ((APPLICATION,), False, (FormCode.PD_PROCESSING,)),
        ((), True, (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT)),
        ((PD, LEGACY), False, (FormCode.SOCIAL_CERT_APPLICATION,)),
        ((PD, replace(APPLICATION, version="2025-01")), False, (FormCode.SOCIAL_CERT_APPLICATION,)),
        ((withdrawn(PD), APPLICATION), False, (FormCode.PD_PROCESSING,)),
        ((withdrawn(PD), PD, APPLICATION), False, ()),
    ],
)
@pytest.mark.seed("new-forms")
def test_invariant_12_the_forms_that_are_needed(
    consents: tuple[Consent, ...], split: bool, missing: tuple[FormCode, ...]
) -> None:
    assert rules.missing_forms(consents, POLICY, split=split) == missing
    assert rules.may_leave(consents, POLICY) is not bool(rules.missing_forms(consents, POLICY))
    if not missing:
        rules.check_consents(consents, POLICY, split=split)
        return
    with pytest.raises(Refused) as refused:
        rules.check_consents(consents, POLICY, split=split)
    gone = any(consent.withdrawn_at is not None for consent in consents)
    assert refused.value.rule is (RuleCode.CONSENT_WITHDRAWN if gone else RuleCode.NO_CONSENT)


def test_the_older_form_counts_only_where_the_region_says_so() -> None:
    assert not rules.may_leave((PD, LEGACY), POLICY)
    assert rules.may_leave((PD, LEGACY), WITH_LEGACY)


def test_a_withdrawn_older_form_is_told_as_withdrawn() -> None:
    with pytest.raises(Refused) as refused:
        rules.check_consents((PD, withdrawn(LEGACY)), WITH_LEGACY)

    assert refused.value.rule is RuleCode.CONSENT_WITHDRAWN


def test_the_account_shows_which_state_a_consent_is_in() -> None:
    newer = Policy(accepted_forms={**POLICY.accepted_forms, FormCode.PD_PROCESSING: frozenset({"2027-01", "2026-06"})})

    assert rules.state_of(PD, POLICY) is ConsentState.GIVEN
    assert rules.state_of(withdrawn(PD), POLICY) is ConsentState.WITHDRAWN
    assert rules.state_of(PD, newer) is ConsentState.NEW_VERSION_NEEDED
    assert rules.required_version(PD, newer) == "2027-01"
    assert rules.required_version(LEGACY, POLICY) is None


# Withdrawing


@pytest.mark.parametrize("form", [PD, APPLICATION], ids=lambda one: one.form.value)
@pytest.mark.parametrize("live", [True, False])
def test_invariant_12_a_withdrawal_orders_everything_to_stop(form: Consent, live: bool) -> None:
    others = [one for one in ALL if one is not form]

    ordered = withdraw(form, *others, live=live)

    assert ordered.consent == replace(form, withdrawn_at=NOW, withdrawn_through=Channel.ORGANISATION)
    assert kinds(ordered) == [
        DutyKind.STOP_QUEUED,
        DutyKind.REFUSE_QUERIES,
        DutyKind.CLOSE_ACCOUNT,
        DutyKind.OPEN_CASE,
        DutyKind.ERASE,
    ]
    assert [duty.by for duty in ordered.duties] == [TODAY] * 4 + [date(2026, 10, 1)]
    assert ordered.duties[-1].whole is not live


def test_a_withdrawal_that_leaves_a_whole_set_orders_nothing() -> None:
    assert withdraw(LEGACY, PD, APPLICATION, policy=WITH_LEGACY).duties == ()
    assert withdraw(APPLICATION, PD, LEGACY, policy=WITH_LEGACY).duties == ()


def test_withdrawing_the_split_payment_opens_a_case_and_stops_nothing() -> None:
    assert kinds(withdraw(SPLIT, PD, APPLICATION)) == [DutyKind.OPEN_CASE]
    assert withdraw(SPLIT, PD, APPLICATION, live=False).duties == ()
    assert withdraw(SPLIT, PD, APPLICATION, replace(SPLIT, consent_id="split-2")).duties == ()


def test_the_day_of_erasure_is_the_policys() -> None:
    assert withdraw(PD, APPLICATION, policy=Policy(erase_days=10)).duties[-1].by == date(2026, 9, 11)


def test_what_is_withdrawn_is_not_withdrawn_again() -> None:
    with pytest.raises(StepForbidden) as refused:
        withdraw(withdrawn(PD))

    assert refused.value.rule is RuleCode.CONSENT_STEP


# Giving


def test_the_first_consents_resume_once_they_are_whole() -> None:
    assert rules.give(PD, (), today=TODAY, policy=POLICY).duties == ()
    ordered = rules.give(APPLICATION, (PD,), today=TODAY, policy=POLICY)
    assert kinds(ordered) == [DutyKind.RESUME]
    assert rules.give(SPLIT, (PD, APPLICATION), today=TODAY, policy=POLICY).duties == ()


@pytest.mark.parametrize(("erasure", "more"), [(True, [DutyKind.CANCEL_ERASURE]), (False, [])])
def test_a_new_consent_resumes_after_a_withdrawal(erasure: bool, more: list[DutyKind]) -> None:
    before = (withdrawn(PD), APPLICATION)

    ordered = rules.give(replace(PD, consent_id="pd-2"), before, today=TODAY, policy=POLICY, erasure_open=erasure)

    assert kinds(ordered) == [DutyKind.RESUME, DutyKind.CLOSE_CASE, *more]
    assert rules.may_leave((*before, ordered.consent), POLICY)


@pytest.mark.parametrize("consent", [LEGACY, replace(PD, version="2025-01")], ids=["form", "version"])
@pytest.mark.seed("new-forms")
def test_an_older_form_is_not_taken_for_the_new_one(consent: Consent) -> None:
    with pytest.raises(Refused) as refused:
        rules.give(consent, (), today=TODAY, policy=POLICY)

    assert refused.value.rule is RuleCode.FORM_NOT_ACCEPTED
    assert refused.value.wire_code == "NO_CONSENT"
