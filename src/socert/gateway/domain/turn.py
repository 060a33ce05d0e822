"""Planning the turn of the year: who of the continuing pupils is offered next year's volume, in which order, how much.

The plan is a stream: pupils come in sorted, a line comes out for each, and only one municipality's pools are kept in
mind, so that 500,000 certificates cost no more memory than one. Stopped anywhere, it goes on from the last line's
cursor, or is planned again from the beginning with the keys of the offers that are stored: the result is the same.
Sources: source document (priority for multi-year programmes); portal message dictionary, 15 (invariant 14), 17.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.gateway.domain.certificate import age_on, refusal_of
from socert.gateway.domain.policy import RankKey, Register, Short
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import Offer, Pool, offer_key
from socert.gateway.domain.rules_errors import RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from socert.gateway.domain.policy import Policy

_STUDIED = frozenset({ContractState.ACTIVE, ContractState.COMPLETED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuing:
    """One child in one programme, by the last contract there: what the priority right depends on.

    `study_year` of `programme_years` is the year that ends; `wanted` is what the certificate would pay of the next one
    (hundredths, or programmes). `status` is the certificate's, `state` the contract's.
    """

    oktmo: str
    certificate_guid: str
    contract_id: str
    programme_guid: str
    study_year: int
    programme_years: int
    start: date
    concluded_on: date
    birth_date: date
    status: CertificateStatus
    state: ContractState
    register: Register
    wanted: int


class TurnOutcome(StrEnum):
    """What the turn of the year comes to for one continuing pupil."""

    OFFER = "offer"
    WAIT = "wait"  # the pool is used up: comes first when something returns
    KNOWN = "known"  # offered by an earlier run
    NO_RIGHT = "no_right"  # nothing to continue, or the certificate may not


Rank = tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Where the stream stands: a pupil's municipality and rank, the pupil's position there, who is waited for."""

    oktmo: str
    rank: Rank
    position: int
    waiting: frozenset[Register] = frozenset()

    @property
    def place(self) -> tuple[str, Rank]:
        """What the stream is sorted by."""
        return self.oktmo, self.rank


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnLine:
    """One line of the plan: who, what, and the rule behind NO_RIGHT and WAIT.

    An OFFER brings the offer to store and `pool` as the plan sees it after it. A store that runs beside parents who
    answer does not write that pool: it applies `Pool.hold` to the row it has locked, with the offer, in one unit of
    work.
    """

    pupil: Continuing
    outcome: TurnOutcome
    cursor: Cursor
    offer: Offer | None = None
    pool: Pool | None = None
    why: RuleCode | None = None


def latest(contracts: Iterable[Continuing]) -> tuple[Continuing, ...]:
    """Return one certificate's last contract in each programme: the furthest study year, then the latest start.

    This is what keeps a child with two contracts in one programme from being offered twice.
    """
    best: dict[str, Continuing] = {}
    for found in contracts:
        other = best.get(found.programme_guid)
        if other is None or _recency(found) > _recency(other):
            best[found.programme_guid] = found
    return tuple(best.values())


def _recency(found: Continuing) -> tuple[int, date, str]:
    return found.study_year, found.start, found.contract_id


def rank(pupil: Continuing, policy: Policy) -> Rank:
    """Return a pupil's place in the municipality's order: the policy's keys, then certificate and programme.

    The last two make the order total, so that every run sees the same one. A store sorts by the same columns.
    """
    keys: dict[RankKey, int] = {
        RankKey.STUDY_YEAR: pupil.study_year,
        RankKey.STUDY_YEAR_DESC: -pupil.study_year,
        RankKey.STARTED: pupil.start.toordinal(),
        RankKey.CONCLUDED: pupil.concluded_on.toordinal(),
        RankKey.BIRTH_DATE: pupil.birth_date.toordinal(),
    }
    return (*(keys[key] for key in policy.renewal.order), pupil.certificate_guid, pupil.programme_guid)


def lost_ground(status: CertificateStatus, state: ContractState) -> RuleCode | None:
    """Return why a certificate of this status, by a contract in this state, has no priority; None when it has.

    The contract must run or have run to its end. An exhausted certificate has the right: next year's volume is what it
    is about.
    """
    if state not in _STUDIED:
        return RuleCode.PROGRAMME_NOT_ELIGIBLE
    refusal = refusal_of(status)
    return None if refusal is RuleCode.EXHAUSTED else refusal


def right_of(pupil: Continuing, *, year: int, policy: Policy) -> RuleCode | None:
    """Return why a pupil has no priority right for `year`, None when there is one.

    The programme must go on for another year, contract and certificate must give the right ground (`lost_ground`), and
    the child must be young enough on 1 January.
    """
    if pupil.study_year >= pupil.programme_years:
        return RuleCode.PROGRAMME_NOT_ELIGIBLE
    lost = lost_ground(pupil.status, pupil.state)
    if lost is not None:
        return lost
    if age_on(date(year, 1, 1), pupil.birth_date) > policy.oldest:
        return RuleCode.AGE_OUT_OF_RANGE
    return None


@dataclass(kw_only=True, slots=True)
class _Municipality:
    """What the plan keeps in mind of the municipality it is in."""

    oktmo: str
    policy: Policy
    position: int = 0
    pools: dict[Register, Pool] = field(default_factory=dict)
    waiting: set[Register] = field(default_factory=set)


def plan_turn(
    pupils: Iterable[Continuing],
    *,
    year: int,
    policy_of: Callable[[str], Policy],
    pool_of: Callable[[str, Register], Pool],
    known: Callable[[str], bool],
    after: Cursor | None = None,
) -> Iterator[TurnLine]:
    """Plan the offers for `year`, one line a pupil, in the order of the stream.

    `pupils` come sorted by municipality and `rank`, one a child and programme (`latest`): StepForbidden (OUT_OF_ORDER)
    otherwise, before that pupil is planned. `policy_of` gives a municipality's policy; `pool_of` its pool as stored,
    asked once a register; `known` says whether an offer of this key is stored. `after` is the cursor of the last line
    that an earlier run has stored: pupils up to it may be left out of the stream or are passed over.

    While somebody waits for volume of a register, nobody behind is offered any.
    """
    here: _Municipality | None = None
    last: tuple[str, Rank] | None = None
    for pupil in pupils:
        if here is None or here.oktmo != pupil.oktmo:
            here = _Municipality(oktmo=pupil.oktmo, policy=policy_of(pupil.oktmo))
        place = (pupil.oktmo, rank(pupil, here.policy))
        if last is not None and place <= last:
            raise StepForbidden(RuleCode.OUT_OF_ORDER, certificate=pupil.certificate_guid)
        last = place
        if after is not None and place <= after.place:
            continue
        if after is not None and after.oktmo == here.oktmo and here.position < after.position:
            here.position, here.waiting = after.position, set(after.waiting)
        yield _line(pupil, here, year, pool_of, known)


def _line(
    pupil: Continuing,
    here: _Municipality,
    year: int,
    pool_of: Callable[[str, Register], Pool],
    known: Callable[[str], bool],
) -> TurnLine:
    """Plan one pupil, and keep in mind what that leaves to those behind."""
    here.position += 1
    offer: Offer | None = None
    pool: Pool | None = None
    why: RuleCode | None = None
    if known(offer_key(pupil.certificate_guid, pupil.programme_guid, year)):
        outcome = TurnOutcome.KNOWN
    elif (why := right_of(pupil, year=year, policy=here.policy)) is not None:
        outcome = TurnOutcome.NO_RIGHT
    else:
        pool = here.pools.get(pupil.register) or pool_of(pupil.oktmo, pupil.register)
        volume = _volume(pupil, pool, year, here.policy, waits=pupil.register in here.waiting)
        if volume is None:
            outcome, pool, why = TurnOutcome.WAIT, None, RuleCode.POOL_EXCEEDED
            here.waiting.add(pupil.register)
        else:
            outcome, pool = TurnOutcome.OFFER, pool.hold(volume)
            here.pools[pupil.register] = pool
            offer = _offer(pupil, volume, year, here)
    cursor = Cursor(
        oktmo=here.oktmo,
        rank=rank(pupil, here.policy),
        position=here.position,
        waiting=frozenset(here.waiting),
    )
    return TurnLine(pupil=pupil, outcome=outcome, cursor=cursor, offer=offer, pool=pool, why=why)


def _offer(pupil: Continuing, volume: int, year: int, here: _Municipality) -> Offer:
    opens, closes = here.policy.renewal.window(year)
    return Offer(
        key=offer_key(pupil.certificate_guid, pupil.programme_guid, year),
        certificate_guid=pupil.certificate_guid,
        previous_contract_id=pupil.contract_id,
        programme_guid=pupil.programme_guid,
        study_year=pupil.study_year + 1,
        oktmo=pupil.oktmo,
        year=year,
        register=pupil.register,
        volume=volume,
        rank=here.position,
        since=opens,
        respond_by=closes,
        silence=here.policy.renewal.silence,
    )


def _volume(pupil: Continuing, pool: Pool, year: int, policy: Policy, *, waits: bool) -> int | None:
    """Return how much to offer, None to let the pupil wait: never more than a certificate gets for the year."""
    if waits:
        return None
    wanted = min(pupil.wanted, policy.nominals_for(year, pupil.register).get(pupil.register, pupil.wanted))
    if pool.fits(wanted):
        return wanted
    if policy.renewal.short is Short.PART and pool.free:
        return pool.free
    return None
