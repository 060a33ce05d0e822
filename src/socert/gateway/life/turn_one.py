"""1 January for one certificate, by the region's policy and what its municipality may give; and what it comes to.

What is put on an account of the new year beyond what accepted offers brought is volume given to others: it comes out of
the municipality's pool where the policy limits it, whole or not at all (invariant 14).
Sources: portal message dictionary, 10 (until 18), 11.10, 15 (invariants 6, 14).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socert.gateway.domain.certificate import FINAL, CertificateStep, expired, next_status
from socert.gateway.domain.ledger import AccountKey, EntryKind
from socert.gateway.domain.policy import Register
from socert.gateway.domain.records import CertificateStatus
from socert.gateway.domain.year import shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.renewal import Pool
    from socert.gateway.domain.year import Shifted
    from socert.gateway.ports.life import Kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Turned:
    """One certificate after 1 January: what `shift` says, its status, and what its pools give, by register.

    `short`: it got less than its nominal because the municipality's volume is used up.
    """

    shifted: Shifted
    status: CertificateStatus
    given: Mapping[Register, int]
    short: bool


def turn_one(
    kept: Kept,
    contracts: Sequence[ContractLife],
    *,
    year: int,
    today: date,
    policy: Policy,
    pool_of: Callable[[Register], Pool],
) -> Turned:
    """Turn a certificate to `year`; the same again changes nothing, unless more volume is there than before.

    A child who has come of age gets no nominal and its certificate expires; contracts keep what they hold of the new
    year. Errors: those of `domain.year.shift`.
    """
    certificate = kept.certificate
    ends = expired(certificate.status, birth_date=certificate.child.birth_date, today=today, policy=policy)
    pays = certificate.with_funds and not ends and certificate.status not in FINAL
    nominals = dict(_nominals(kept.register, year, policy)) if pays else {}

    def shifted() -> Shifted:
        return shift(
            kept.book,
            contracts,
            year=year - 1,
            today=today,
            nominals=nominals,
            status=certificate.status,
            policy=policy,
        )

    done, given, short = shifted(), {}, False
    for account, amount in _topped(done, year):
        pool = pool_of(account.register)
        if pool.limit is None:
            continue
        if pool.fits(amount):
            given[account.register] = amount
        else:
            short = True
            del nominals[account]
    if short:
        done = shifted()
    status = next_status(done.status, CertificateStep.EXPIRE, done.book) if ends else done.status
    return Turned(shifted=done, status=status, given=given, short=short)


def _nominals(own: Register, year: int, policy: Policy) -> Iterator[tuple[AccountKey, int]]:
    """Yield the nominals of the new year, and of later ones that the policy has named beforehand."""
    for each in sorted({year, *(named for named in policy.nominals_of if named > year)}):
        for register, amount in policy.nominals_for(each, own).items():
            yield AccountKey(year=each, register=register), amount


def _topped(done: Shifted, year: int) -> Iterator[tuple[AccountKey, int]]:
    for entry in done.entries:
        if entry.kind is EntryKind.ISSUE and entry.account.year == year and entry.nominal:
            yield entry.account, entry.nominal


# Counting


@dataclass(kw_only=True)
class Tally:
    """What the turn of a year has come to: certificates, contracts, and sums by register (hundredths, or programmes).

    `ended` expired because the child came of age; `short` got less than their nominal; `failed` a rule did not let
    through. `opened` is what was put on accounts of the new year and later, `carried` included.
    """

    certificates: int = 0
    changed: int = 0
    ended: int = 0
    contracts: int = 0
    short: int = 0
    failed: int = 0
    expired: Counter[Register] = field(default_factory=Counter)
    carried: Counter[Register] = field(default_factory=Counter)
    opened: Counter[Register] = field(default_factory=Counter)

    def count(self, kept: Kept, turned: Turned) -> None:
        """Add one certificate that was turned."""
        done = turned.shifted
        self.changed += bool(done.entries or done.contracts or turned.status is not kept.certificate.status)
        self.ended += (
            turned.status is CertificateStatus.EXPIRED and kept.certificate.status is not CertificateStatus.EXPIRED
        )
        self.contracts += len(done.contracts)
        self.short += turned.short
        for entry in done.entries:
            if entry.nominal > 0:
                self.opened[entry.account.register] += entry.nominal
        self.expired.update({key.register: amount for key, amount in done.expired.items()})
        self.carried.update({key.register: amount for key, amount in done.carried.items()})

    def as_text(self) -> str:
        """Return it as JSON."""
        return json.dumps(vars(self))

    @classmethod
    def of_text(cls, text: str) -> Tally:
        """Return it from JSON."""
        kept: dict[str, Any] = json.loads(text)
        for name in ("expired", "carried", "opened"):
            kept[name] = Counter({Register(key): amount for key, amount in kept[name].items()})
        return cls(**kept)
