"""The certificate: one per child for years, found or issued, and its status.

`decide_issue` says whether an enrolment finds, issues or leaves it to a person; `next_status` is the status machine;
`settled` moves between ACTIVE and EXHAUSTED by the balance; `check_reserve` guards every new reserve.
Sources: portal message dictionary, 8.4 (status), 10 (age, identity), 1 (trap 11: repeats), 15 (invariants 8, 9, 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.values import same_name
from socert.gateway.domain.records import CertificateStatus
from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socert.gateway.domain.ledger import Book
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import Child, Person

FINAL = frozenset({CertificateStatus.ANNULLED, CertificateStatus.EXPIRED})
_ISSUED, _ACTIVE = CertificateStatus.ISSUED, CertificateStatus.ACTIVE
_SUSPENDED, _EXHAUSTED = CertificateStatus.SUSPENDED, CertificateStatus.EXHAUSTED
_ANNULLED, _EXPIRED = CertificateStatus.ANNULLED, CertificateStatus.EXPIRED


# Age and validity


def age_on(day: date, birth_date: date) -> int:
    """Return full years of age on a day; who is born on 29 February comes of age on 1 March of a common year."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def birthday(birth_date: date, age: int) -> date:
    """Return the day on which a person turns `age`: 1 March for 29 February in a common year."""
    try:
        return birth_date.replace(year=birth_date.year + age)
    except ValueError:
        return date(birth_date.year + age, 3, 1)


def last_day(birth_date: date, policy: Policy) -> date:
    """Return the last day of a certificate's life: the eve of the birthday after the oldest age (10: the 18th)."""
    return birthday(birth_date, policy.oldest + 1) - timedelta(days=1)


def check_age(birth_date: date, *, start: date, policy: Policy) -> None:
    """Refuse a child too young or too old on the first day of study (AGE_OUT_OF_RANGE; invariant 13)."""
    age = age_on(start, birth_date)
    if not policy.youngest <= age <= policy.oldest:
        raise Refused(RuleCode.AGE_OUT_OF_RANGE, start=start, age=age, youngest=policy.youngest, oldest=policy.oldest)


# Status


class CertificateStep(StrEnum):
    """What can happen to a certificate's status besides the movements of its balance."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    ANNUL = "annul"
    EXPIRE = "expire"


_STEPS: dict[CertificateStep, tuple[frozenset[CertificateStatus], CertificateStatus]] = {
    CertificateStep.ACTIVATE: (frozenset({_ISSUED}), _ACTIVE),
    CertificateStep.SUSPEND: (frozenset({_ISSUED, _ACTIVE, _EXHAUSTED}), _SUSPENDED),
    CertificateStep.RESUME: (frozenset({_SUSPENDED}), _ACTIVE),
    CertificateStep.ANNUL: (frozenset(CertificateStatus) - FINAL, _ANNULLED),
    CertificateStep.EXPIRE: (frozenset(CertificateStatus) - FINAL, _EXPIRED),
}


def next_status(status: CertificateStatus, step: CertificateStep, book: Book) -> CertificateStatus:
    """Return the status after a step; StepForbidden (CERT_STEP) when it does not lead anywhere from here.

    ISSUED becomes ACTIVE with the first reserve. A resumed certificate with nothing left is EXHAUSTED at once.
    """
    allowed, to = _STEPS[step]
    if status not in allowed:
        raise StepForbidden(RuleCode.CERT_STEP, status=status, step=step)
    return settled(to, book)


def settled(status: CertificateStatus, book: Book) -> CertificateStatus:
    """Return the status that the balance asks for: ACTIVE and EXHAUSTED follow it, the others do not move.

    Exhausted is a certificate that has accounts and nothing available on any of them, next year's included. ISSUED
    moves to ACTIVE as soon as anything was ever held.
    """
    if status is _ISSUED and book.holdings:
        status = _ACTIVE
    if status not in {_ACTIVE, _EXHAUSTED}:
        return status
    drained = bool(book.accounts) and all(account.available == 0 for account in book.accounts.values())
    return _EXHAUSTED if drained else _ACTIVE


def expired(status: CertificateStatus, *, birth_date: date, today: date, policy: Policy) -> bool:
    """Say whether the certificate's time is over and it is not EXPIRED or ANNULLED yet."""
    return status not in FINAL and today > last_day(birth_date, policy)


_NO_RESERVE = {
    _SUSPENDED: RuleCode.CERT_SUSPENDED,
    _ANNULLED: RuleCode.CERT_ANNULLED,
    _EXPIRED: RuleCode.CERT_EXPIRED,
}


def refusal_of(status: CertificateStatus) -> RuleCode | None:
    """Return why a certificate of this status takes no new reserve, None when it does (invariant 13)."""
    if status is _EXHAUSTED:
        return RuleCode.EXHAUSTED
    return _NO_RESERVE.get(status)


def check_reserve(status: CertificateStatus, *, birth_date: date, start: date, policy: Policy) -> None:
    """Refuse a new reserve for a certificate that takes none, or for a child of the wrong age (invariant 13)."""
    refusal = refusal_of(status)
    if refusal is not None:
        raise Refused(refusal, year=start.year)
    check_age(birth_date, start=start, policy=policy)


def goes_on(status: CertificateStatus, policy: Policy) -> bool:
    """Say whether live contracts of a certificate of this status are charged, by the region's rule (invariant 13)."""
    return status in policy.live_goes_on or status not in _NO_RESERVE


def check_live(status: CertificateStatus, policy: Policy) -> None:
    """Refuse a charge of a live contract where the region's rule stops it with its certificate (invariant 13)."""
    if not goes_on(status, policy):
        raise Refused(_NO_RESERVE[status])


# Find or issue


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who a child is said to be. `document` is a birth certificate or passport in its normal spelling.

    At least one of `snils` (11 digits) and `document` is known; None means not given.
    """

    last_name: str
    first_name: str
    middle_name: str | None = None
    birth_date: date
    snils: str | None = None
    document: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A certificate that the registry found for an identity, with the identity it keeps."""

    guid: str
    status: CertificateStatus
    identity: Identity
    issued_by_order: str | None = None


class Answer(StrEnum):
    """What find-or-issue comes to when nobody has to refuse."""

    FOUND = "found"
    ISSUE = "issue"


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueDecision:
    """Found certificate (`guid`), or the order to issue one under `keys`.

    `keys` are the child's identity as texts to be unique in the store: they are what makes two racing enrolments issue
    one certificate. `on_request` is what the portal is told about whose request issued it: the same for a repeat.
    """

    answer: Answer
    keys: tuple[str, ...]
    guid: str | None = None
    on_request: bool = False


def identity_of(child: Child) -> Identity:
    """Return the identity that a registry keeps of a child: its document is the birth certificate."""
    return Identity(
        last_name=child.last_name,
        first_name=child.first_name,
        middle_name=child.middle_name,
        birth_date=child.birth_date,
        snils=child.snils,
        document=child.birth_certificate,
    )


def child_keys(child: Identity) -> tuple[str, ...]:
    """Return the texts that stand for one child each: by SNILS, and by document with name and birth date.

    They hold personal data and belong into the registry only, never into a log.
    """
    keys = []
    if child.snils is not None:
        keys.append(f"snils:{child.snils}")
    if child.document is not None:
        names = (child.last_name, child.first_name, child.middle_name or "")
        folded = "|".join(" ".join(name.casefold().replace("ё", "е").split()) for name in names)
        keys.append(f"document:{child.document}|{folded}|{child.birth_date.isoformat()}")
    return tuple(keys)


def same_child(asked: Identity, kept: Identity) -> bool:
    """Say whether two identities are one child: SNILS where both have it, else the document; with name and birth date.

    NeedsPerson (IDENTITY_CONFLICT) when they meet in one thing and contradict in another: the same SNILS with another
    name or birth date, the same document with another SNILS, name or birth date.
    """
    same_snils = asked.snils is not None and asked.snils == kept.snils
    same_document = asked.document is not None and asked.document == kept.document
    if not (same_snils or same_document):
        return False
    if not same_snils and asked.snils is not None and kept.snils is not None:
        raise NeedsPerson(RuleCode.IDENTITY_CONFLICT, conflict="one document, two SNILS")
    if not (named_alike(asked, kept) and asked.birth_date == kept.birth_date):
        shared = "SNILS" if same_snils else "document"
        raise NeedsPerson(RuleCode.IDENTITY_CONFLICT, conflict=f"one {shared}, two names or birth dates")
    return True


def named_alike(one: Identity | Person, other: Identity | Person) -> bool:
    """Say whether all three names are the same."""
    return (
        same_name(one.last_name, other.last_name)
        and same_name(one.first_name, other.first_name)
        and same_name(one.middle_name, other.middle_name)
    )


def decide_issue(
    asked: Identity, found: Sequence[Known], *, start: date, order_id: str | None, policy: Policy
) -> IssueDecision:
    """Find the child's certificate or order to issue one; once per child, whatever repeats or races (invariant 8).

    `found` is whatever the registry has under any of the child's keys. `order_id` is None where an organisation or the
    region's site asks. Errors: NeedsPerson for a conflict of identities or two live certificates; Refused for a wrong
    age, a municipality without certificates, an annulled or expired certificate.
    """
    keys = child_keys(asked)
    mine, live = _own(asked, found)
    if live is not None:
        by_order = order_id is not None and live.issued_by_order == order_id
        return IssueDecision(answer=Answer.FOUND, keys=keys, guid=live.guid, on_request=by_order)
    check_age(asked.birth_date, start=start, policy=policy)
    _check_ended(mine, policy)
    if not policy.issues_certificates:
        raise Refused(RuleCode.NO_CERTIFICATES_HERE)
    return IssueDecision(answer=Answer.ISSUE, keys=keys, on_request=order_id is not None)


def find_certificate(asked: Identity, found: Sequence[Known]) -> Known | None:
    """Find the child's certificate: the live one, else one that has ended, None when there never was any.

    `found` as for `decide_issue`. NeedsPerson for a conflict of identities or two live certificates.
    """
    mine, live = _own(asked, found)
    return live if live is not None else next(iter(mine), None)


def _own(asked: Identity, found: Sequence[Known]) -> tuple[list[Known], Known | None]:
    """Return the child's own certificates, and the one of them that is live."""
    mine = [known for known in found if same_child(asked, known.identity)]
    live = [known for known in mine if known.status not in FINAL]
    if len(live) > 1:
        raise NeedsPerson(RuleCode.IDENTITY_CONFLICT, conflict="two live certificates of one child")
    return mine, next(iter(live), None)


def _check_ended(ended: Iterable[Known], policy: Policy) -> None:
    """An expired certificate is the child's last one; an annulled one may be followed by another where that is set."""
    for known in ended:
        if known.status is _EXPIRED:
            raise Refused(RuleCode.CERT_EXPIRED)
        if not policy.reissue_annulled:
            raise Refused(RuleCode.CERT_ANNULLED)
