"""Consents to process personal data: which are in force, and what a withdrawal or a new consent orders to be done.

A rule here never does anything itself: it lists duties with the day by which each must be done.
Sources: portal message dictionary, 10 (consent, actions 1-6), 6.5 (rules 3, 4), 15 (invariant 12); 152-FZ, article 21
(30 days); source document (new forms; who disagrees withdraws).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.gateway.domain.policy import FormCode, Policy
from socert.gateway.domain.rules_errors import Refused, RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Channel(StrEnum):
    """Where a consent was given or withdrawn (portal message dictionary, 6, block E-CONSENT)."""

    PORTAL = "PORTAL"
    ORGANISATION = "ORGANISATION"
    REGIONAL_SITE = "REGIONAL_SITE"


class ConsentState(StrEnum):
    """State of a consent as the account shows it (portal message dictionary, 7, block A-CONSENT)."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"
    NEW_VERSION_NEEDED = "NEW_VERSION_NEEDED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One consent of a parent about a child: which form and version, when and where given, when withdrawn.

    `text_digest` is the digest of the text that was shown, where the portal sent one.
    """

    consent_id: str
    form: FormCode
    version: str
    given_at: datetime
    channel: Channel
    text_digest: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_through: Channel | None = None


class DutyKind(StrEnum):
    """What must be done about a child's data."""

    STOP_QUEUED = "stop_queued"  # cancel messages that are not sent, make no new ones
    REFUSE_QUERIES = "refuse_queries"  # answer the portal's queries with a refusal
    CLOSE_ACCOUNT = "close_account"  # close what the account shows, neutrally and without figures
    OPEN_CASE = "open_case"  # the organisation decides about live contracts; none is ended by this
    ERASE = "erase"  # destroy personal data, with an act that proves it
    CANCEL_ERASURE = "cancel_erasure"
    CLOSE_CASE = "close_case"
    RESUME = "resume"  # show the account again, answer queries, send messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """One thing to do, by the end of a day. `whole` of an erasure: registry too, not only messages and archives."""

    kind: DutyKind
    by: date
    whole: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordered:
    """A consent after it was given or withdrawn, and the duties that follow."""

    consent: Consent
    duties: tuple[Duty, ...]


APPLICATION_FORMS = frozenset({FormCode.SOCIAL_CERT_APPLICATION, FormCode.PFDO_LEGACY})


# What is in force


def counts(consent: Consent, policy: Policy) -> bool:
    """Say whether a consent is in force: not withdrawn, and of a form and version that the region accepts.

    The older form counts only where the region's policy names it (10).
    """
    accepted = policy.accepted_forms.get(consent.form, frozenset())
    return consent.withdrawn_at is None and consent.version in accepted


def missing_forms(consents: Iterable[Consent], policy: Policy, *, split: bool = False) -> tuple[FormCode, ...]:
    """Return the forms that are needed and not in force: personal data, the application, and split payment if `split`.

    Empty means that data may leave (invariant 12) and, with `split`, that an own part may be agreed (6.5, rules 3, 4).
    """
    in_force = {consent.form for consent in consents if counts(consent, policy)}
    missing = []
    if FormCode.PD_PROCESSING not in in_force:
        missing.append(FormCode.PD_PROCESSING)
    if not in_force & APPLICATION_FORMS:
        missing.append(FormCode.SOCIAL_CERT_APPLICATION)
    if split and FormCode.SPLIT_PAYMENT not in in_force:
        missing.append(FormCode.SPLIT_PAYMENT)
    return tuple(missing)


def check_consents(consents: Iterable[Consent], policy: Policy, *, split: bool = False) -> None:
    """Refuse to let anything leave, or to enrol, without the consents it needs.

    Errors (Refused): CONSENT_WITHDRAWN when a withdrawn one is what is missing, NO_CONSENT otherwise.
    """
    consents = tuple(consents)
    missing = missing_forms(consents, policy, split=split)
    if not missing:
        return
    wanted = APPLICATION_FORMS if missing[0] in APPLICATION_FORMS else {missing[0]}
    if any(consent.form in wanted and consent.withdrawn_at is not None for consent in consents):
        raise Refused(RuleCode.CONSENT_WITHDRAWN)
    raise Refused(RuleCode.NO_CONSENT, form=missing[0])


def may_leave(consents: Iterable[Consent], policy: Policy) -> bool:
    """Say whether anything personal about the child may leave now (invariant 12)."""
    return not missing_forms(consents, policy)


def state_of(consent: Consent, policy: Policy) -> ConsentState:
    """Return the state that the account shows: a consent of a version no longer accepted needs a new one."""
    if consent.withdrawn_at is not None:
        return ConsentState.WITHDRAWN
    return ConsentState.GIVEN if counts(consent, policy) else ConsentState.NEW_VERSION_NEEDED


def required_version(consent: Consent, policy: Policy) -> str | None:
    """Return the newest accepted version of the consent's form, None where the form is not accepted at all."""
    return max(policy.accepted_forms.get(consent.form, frozenset()), default=None)


# Giving and withdrawing


def give(
    consent: Consent, before: Sequence[Consent], *, today: date, policy: Policy, erasure_open: bool = False
) -> Ordered:
    """Take a new consent; where it makes the set whole again, everything resumes (10, action 6).

    `before` are the child's other consents, `erasure_open` whether an ordered erasure is not done yet. What was erased
    does not come back: resuming shows what the registry knows then. Errors (Refused): FORM_NOT_ACCEPTED for a form or
    version that does not count.
    """
    if not counts(consent, policy):
        raise Refused(RuleCode.FORM_NOT_ACCEPTED, form=consent.form, version=consent.version)
    whole = may_leave((*before, consent), policy)
    if not whole or may_leave(before, policy):
        return Ordered(consent=consent, duties=())
    kinds = [DutyKind.RESUME]
    if any(other.withdrawn_at is not None for other in before):
        kinds.append(DutyKind.CLOSE_CASE)
    if erasure_open:
        kinds.append(DutyKind.CANCEL_ERASURE)
    return Ordered(consent=consent, duties=tuple(Duty(kind=kind, by=today) for kind in kinds))


def withdraw(
    consent: Consent,
    others: Sequence[Consent],
    *,
    channel: Channel,
    now: datetime,
    today: date,
    policy: Policy,
    live_contracts: bool,
) -> Ordered:
    """Withdraw a consent and list what that orders (10, actions 2-5). No contract is ended by it.

    `others` are the child's other consents. A withdrawal that leaves a whole set in force, such as of the older form
    beside the new one, orders nothing. That of split payment alone opens a case: somebody must settle the own part.
    Errors: StepForbidden (CONSENT_STEP) when it was withdrawn before; a repeat is answered by the caller's record.
    """
    if consent.withdrawn_at is not None:
        raise StepForbidden(
            RuleCode.CONSENT_STEP, consent=consent.consent_id, state=ConsentState.WITHDRAWN, step="be withdrawn"
        )
    withdrawn = replace(consent, withdrawn_at=now, withdrawn_through=channel)
    duties = tuple(_duties(withdrawn, others, today, policy, live_contracts=live_contracts))
    return Ordered(consent=withdrawn, duties=duties)


def _duties(
    withdrawn: Consent, others: Sequence[Consent], today: date, policy: Policy, *, live_contracts: bool
) -> Iterator[Duty]:
    same_form = [other for other in others if other.form is withdrawn.form and counts(other, policy)]
    if withdrawn.form is FormCode.SPLIT_PAYMENT:
        if live_contracts and not same_form:
            yield Duty(kind=DutyKind.OPEN_CASE, by=today)
        return
    if may_leave(others, policy):
        return
    for kind in (DutyKind.STOP_QUEUED, DutyKind.REFUSE_QUERIES, DutyKind.CLOSE_ACCOUNT, DutyKind.OPEN_CASE):
        yield Duty(kind=kind, by=today)
    # A live contract is another ground to keep the registry's own record; messages and archives go in any case.
    yield Duty(kind=DutyKind.ERASE, by=today + timedelta(days=policy.erase_days), whole=not live_contracts)
