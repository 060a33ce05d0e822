"""The priority right: continuing pupils are offered next year's volume first, and what they do not take returns.

A municipality's volume for a year is a `Pool`; an offer holds its volume there until it is answered. No legal norm was
found for the right, so window, order, limits and what silence means are the policy's. Who is offered: see `turn`.
Sources: source document (priority for multi-year programmes); portal message dictionary, 7 (block A-OFFER), 13 (M13),
15 (invariant 14), 17.6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from socert.gateway.domain import ledger
from socert.gateway.domain.ledger import AccountKey, Entry
from socert.gateway.domain.policy import Register, Silence
from socert.gateway.domain.rules_errors import Refused, RuleCode, StepForbidden

if TYPE_CHECKING:
    from datetime import date

    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.quote import Quote

_OFFERS = UUID("7c1f6f0e-7d4b-4b60-8a0e-5a1f0e1c9a51")
"""Ids of offers are made in this space of names."""


# The pool


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """What a municipality may put on certificates for a year, by register, in hundredths (or programmes).

    `limit` None means no limit. `held` waits for answers, `taken` is promised for good: accepted offers and whatever
    was given to others. `held + taken <= limit` always (invariant 14).
    """

    oktmo: str
    year: int
    register: Register
    limit: int | None
    held: int = 0
    taken: int = 0

    @property
    def free(self) -> int | None:
        """What is neither held nor taken; None without a limit."""
        return None if self.limit is None else self.limit - self.held - self.taken

    def fits(self, amount: int) -> bool:
        """Say whether this much is free."""
        return self.free is None or amount <= self.free

    def hold(self, amount: int) -> Pool:
        """Hold a volume for an offer; Refused (POOL_EXCEEDED) when it is not there."""
        return replace(self, held=self.held + self._available(amount))

    def take(self, amount: int) -> Pool:
        """Give a volume to somebody who had no offer; Refused (POOL_EXCEEDED) when it is not there."""
        return replace(self, taken=self.taken + self._available(amount))

    def take_held(self, amount: int) -> Pool:
        """Turn an accepted offer's hold into taken."""
        return replace(self, held=self._held_less(amount), taken=self.taken + amount)

    def give_back(self, amount: int) -> Pool:
        """Return an offer's volume that was not taken (invariant 14)."""
        return replace(self, held=self._held_less(amount))

    def _available(self, amount: int) -> int:
        if amount < 0 or not self.fits(amount):
            free = 0 if self.free is None else self.free
            raise Refused(RuleCode.POOL_EXCEEDED, amount=amount, oktmo=self.oktmo, year=self.year, free=free)
        return amount

    def _held_less(self, amount: int) -> int:
        if not 0 <= amount <= self.held:
            raise Refused(RuleCode.POOL_EXCEEDED, amount=amount, oktmo=self.oktmo, year=self.year, free=self.held)
        return self.held - amount


# The offer


class OfferState(StrEnum):
    """State of a renewal offer (portal message dictionary, 7, offerState). All but OFFERED are final."""

    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A first claim of one child on next year's volume, for the continuation of one contract.

    `key` is unique for child, programme and year: it is what keeps anybody from being offered twice. `volume` is what
    it holds of the pool, `rank` its place in the municipality's order, `respond_by` the last day of the window.
    `version` grows when the offer is changed, so that an answer to an older one is refused.
    """

    key: str
    certificate_guid: str
    previous_contract_id: str
    programme_guid: str
    study_year: int
    oktmo: str
    year: int
    register: Register
    volume: int
    rank: int
    since: date
    respond_by: date
    silence: Silence
    version: int = 1
    state: OfferState = OfferState.OFFERED


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """An offer after an answer, and the pool after it; the two are stored in one transaction."""

    offer: Offer
    pool: Pool


def offer_key(certificate_guid: str, programme_guid: str, year: int) -> str:
    """Return the key that one child has for one programme and year."""
    return f"{year}:{certificate_guid}:{programme_guid}"


def offer_id(key: str) -> str:
    """Return the id that the portal knows an offer by: its key is longer than an id of the portal may be."""
    return str(uuid5(_OFFERS, key))


def accept(offer: Offer, pool: Pool, *, seen: int, today: date, quote: Quote | None = None) -> Answered:
    """Take an offer: its volume is the child's. A `quote` that needs less gives the difference back to the pool.

    `seen` is the version of the offer that the parent saw. Errors: OFFER_STEP when it was answered or taken back,
    STALE_OFFER, WINDOW_CLOSED (Refused), POOL_EXCEEDED when the quote needs more than was offered.
    """
    _check_open(offer, "be accepted", seen=seen, today=today)
    needed = offer.volume if quote is None else quote.split.certificate_part
    if needed > offer.volume:
        raise Refused(RuleCode.POOL_EXCEEDED, amount=needed, oktmo=offer.oktmo, year=offer.year, free=offer.volume)
    pool = _pool_of(offer, pool).give_back(offer.volume - needed).take_held(needed)
    return Answered(offer=replace(offer, state=OfferState.ACCEPTED, volume=needed), pool=pool)


def decline(offer: Offer, pool: Pool, *, seen: int, today: date) -> Answered:
    """Turn an offer down: its volume returns to the pool. Errors as for `accept`."""
    _check_open(offer, "be declined", seen=seen, today=today)
    return _returned(offer, pool, OfferState.DECLINED)


def lapse(offer: Offer, pool: Pool, *, today: date) -> Answered:
    """End an offer that nobody answered in its window; silence means what the policy said when it was made.

    StepForbidden (OFFER_STEP) while the window is open or when it was answered.
    """
    if offer.state is not OfferState.OFFERED or today <= offer.respond_by:
        raise StepForbidden(RuleCode.OFFER_STEP, offer=offer.key, state=offer.state, step="lapse")
    if offer.silence is Silence.ACCEPT:
        pool = _pool_of(offer, pool).take_held(offer.volume)
        return Answered(offer=replace(offer, state=OfferState.ACCEPTED), pool=pool)
    return _returned(offer, pool, OfferState.EXPIRED)


def take_back(offer: Offer, pool: Pool) -> Answered:
    """Withdraw an offer that lost its ground: contract ended, certificate annulled, programme closed, consent gone."""
    if offer.state is not OfferState.OFFERED:
        raise StepForbidden(RuleCode.OFFER_STEP, offer=offer.key, state=offer.state, step="be withdrawn")
    return _returned(offer, pool, OfferState.WITHDRAWN)


def _check_open(offer: Offer, step: str, *, seen: int, today: date) -> None:
    if offer.state is not OfferState.OFFERED:
        raise StepForbidden(RuleCode.OFFER_STEP, offer=offer.key, state=offer.state, step=step)
    if seen != offer.version:
        raise Refused(RuleCode.STALE_OFFER, offer=offer.key, current=offer.version, seen=seen)
    if not offer.since <= today <= offer.respond_by:
        raise Refused(RuleCode.WINDOW_CLOSED, since=offer.since, until=offer.respond_by)


def _returned(offer: Offer, pool: Pool, state: OfferState) -> Answered:
    return Answered(offer=replace(offer, state=state), pool=_pool_of(offer, pool).give_back(offer.volume))


def _pool_of(offer: Offer, pool: Pool) -> Pool:
    """Refuse another pool than the one that holds the offer's volume: nothing else would show the mistake."""
    if (pool.oktmo, pool.year, pool.register) != (offer.oktmo, offer.year, offer.register):
        raise StepForbidden(RuleCode.OFFER_STEP, offer=offer.key, state=offer.state, step="move another pool")
    return pool


def granted(offer: Offer) -> Entry:
    """Return the entry that puts an accepted offer's volume on the certificate's account of the offered year."""
    account = AccountKey(year=offer.year, register=offer.register)
    return ledger.issue(account, offer.volume, key=f"{offer.key}:{ledger.EntryKind.ISSUE.value}")


def window_open(today: date, *, year: int, policy: Policy) -> bool:
    """Say whether offers for `year` may be made and answered today."""
    opens, closes = policy.renewal.window(year)
    return opens <= today <= closes


def others_may_enrol(today: date, *, year: int, policy: Policy) -> bool:
    """Say whether those without priority may take volume of `year`: only when the window is over (invariant 14)."""
    return today > policy.renewal.window(year)[1]
