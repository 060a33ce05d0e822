"""The priority right at work: pools, and what becomes of an offer: accepted, declined, lapsed, taken back.

An answer moves the offer, the municipality's pool and, when the volume is taken, the certificate's account of the
offered year in one unit of work. What is not taken is free in the pool again at once; those who wait are offered it by
the next run of `turn_plan.Offering`, as long as the window is open.

An offer guarantees its volume whatever the certificate's balance does meanwhile, so an answer is bound to the version
of the offer and not to that of the balance.
Sources: source document (priority for multi-year programmes); portal message dictionary, 7 (A-OFFER, renewalAnswer),
13 (M13), 15 (invariant 14).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from socert.gateway.domain import renewal
from socert.gateway.domain.consent import check_consents
from socert.gateway.domain.policy import Silence
from socert.gateway.domain.renewal import Offer, OfferState, Pool
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode
from socert.gateway.domain.turn import lost_ground
from socert.gateway.life.storing import kept_of, post

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.domain.consent import Consent
    from socert.gateway.domain.policy import Policy, Register
    from socert.gateway.domain.quote import Quote
    from socert.gateway.domain.records import Certificate
    from socert.gateway.domain.renewal import Answered
    from socert.gateway.life.consents import Standing
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.turn import TurnRegistry


class Forms(Protocol):
    """What is known of a certificate's consents."""

    def of(self, connection: Connection, certificate: Certificate) -> Sequence[Consent]:
        """Return all consents of a certificate, those that its imported form stands for too."""
        ...

    def standing(self, connection: Connection, certificates: Collection[Certificate]) -> Mapping[str, Standing]:
        """Return where the consents of each certificate stand, by GUID."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Lapsed:
    """What became of offers whose window was over: by silence taken, by silence ended, taken back for lost ground."""

    accepted: int = 0
    expired: int = 0
    withdrawn: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return self.accepted + self.expired + self.withdrawn

    def __add__(self, other: Lapsed) -> Lapsed:
        """Sum of two batches."""
        return Lapsed(
            accepted=self.accepted + other.accepted,
            expired=self.expired + other.expired,
            withdrawn=self.withdrawn + other.withdrawn,
        )


Place = tuple[str, int, "Register"]
"""(OKTMO, year, register): which pool."""


class Pools:
    """Pools as one unit of work moves them: each is read once, and stored once at its end."""

    def __init__(self, renewals: Renewals, connection: Connection, moved: dict[Place, Pool] | None = None) -> None:
        """Take where pools are read; `moved` are those that a preview has moved before, and go on moving here."""
        self._renewals = renewals
        self._connection = connection
        self._seen: dict[Place, Pool] = {}
        self._moved = {} if moved is None else moved

    def of(self, oktmo: str, year: int, register: Register) -> Pool:
        """Return a pool as it stands now."""
        place = oktmo, year, register
        found = self._moved.get(place) or self._seen.get(place)
        if found is None:
            found = self._seen[place] = self._renewals.pool(self._connection, oktmo, year, register)
        return found

    def put(self, pool: Pool) -> None:
        """Let a pool stand like this from now on."""
        self._moved[pool.oktmo, pool.year, pool.register] = pool

    def store(self, unit: UnitOfWork) -> None:
        """Store the pools that were moved."""
        self._renewals.store_pools(unit, self._moved.values())


class Renewals:
    """Answers to offers, and the pools that they move."""

    def __init__(
        self,
        *,
        registry: TurnRegistry,
        consents: Forms,
        policy_of: Callable[[str], Policy],
        today: Callable[[], date],
    ) -> None:
        """Take the parts; `policy_of` an OKTMO."""
        self._registry = registry
        self._consents = consents
        self._policy_of = policy_of
        self._today = today

    # --- pools ------------------------------------------------------------------------------------------------------

    def pool(self, connection: Connection, oktmo: str, year: int, register: Register) -> Pool:
        """Return a municipality's pool with the limit that its policy sets now.

        A limit that was lowered below what is promised already takes nothing back: nothing more is given.
        """
        limit = self._policy_of(oktmo).renewal.limits.get(register)
        found = self._registry.pool(connection, oktmo, year, register)
        if found is None:
            return Pool(oktmo=oktmo, year=year, register=register, limit=limit)
        return replace(found, limit=None if limit is None else max(limit, found.held + found.taken))

    def give(self, unit: UnitOfWork, oktmo: str, year: int, register: Register, amount: int) -> None:
        """Give volume of a year to somebody without an offer; Refused (POOL_EXCEEDED) when it is not there."""
        self._registry.save_pool(unit, self.pool(unit.connection, oktmo, year, register).take(amount))

    def store_pools(self, unit: UnitOfWork, pools: Iterable[Pool]) -> None:
        """Store pools as they are."""
        for pool in pools:
            self._registry.save_pool(unit, pool)

    def check_others(self, connection: Connection, certificate: Certificate, *, programme_guid: str, year: int) -> None:
        """Refuse volume of a year to come to a child without priority while the window is open or still to open.

        A child with an accepted offer of that programme and year passes. Errors (Refused): REGISTRATION_CLOSED.
        Whoever enrols into a group that begins in a later year asks this first (invariant 14).
        """
        policy, today = self._policy_of(certificate.oktmo), self._today()
        if year <= today.year or renewal.others_may_enrol(today, year=year, policy=policy):
            return
        key = renewal.offer_key(certificate.guid, programme_guid, year)
        offer = self._registry.offer(connection, key)
        if offer is None or offer.state is not OfferState.ACCEPTED:
            raise Refused(RuleCode.REGISTRATION_CLOSED)

    # --- finding ----------------------------------------------------------------------------------------------------

    def find(self, connection: Connection, guid: str, portal_id: str) -> Offer | None:
        """Return the offer of a certificate that the portal knows by this id."""
        offers = self._registry.offers_of(connection, guid)
        return next((offer for offer in offers if renewal.offer_id(offer.key) == portal_id.lower()), None)

    # --- answers ----------------------------------------------------------------------------------------------------

    def accept(self, unit: UnitOfWork, key: str, *, seen: int, quote: Quote | None = None) -> Offer:
        """Take an offer: its volume is put on the certificate's account of the offered year.

        `seen` is the version that was answered; a `quote` that needs less gives the difference back to the pool.
        Errors (RuleBroken): those of `domain.renewal.accept`; NOT_FOUND; whatever takes the offer's ground away
        (`lost_ground`); NO_CONSENT or CONSENT_WITHDRAWN; LedgerRefused where the account cannot take it.
        """
        offer = self._need(unit.connection, key)
        pool = self.pool(unit.connection, offer.oktmo, offer.year, offer.register)
        answered = renewal.accept(offer, pool, seen=seen, today=self._today(), quote=quote)
        if (lost := self.lost_ground(unit.connection, offer)) is not None:
            raise Refused(lost, year=offer.year)
        self._check_consents(unit.connection, offer)
        self._grant(unit, answered.offer)
        return self._store(unit, answered)

    def accept_by_order(self, unit: UnitOfWork, guid: str, portal_id: str) -> Offer:
        """Take an offer that an application answers by naming it (renewalOfferId), in the unit that stores it.

        Called once the application has become a contract: its split was agreed at the balance before this. An offer
        that was accepted in the account before stays as it is. Errors as for `accept`.
        """
        offer = self.find(unit.connection, guid, portal_id)
        if offer is None:
            raise Refused(RuleCode.NOT_FOUND, what="renewal offer")
        if offer.state is OfferState.ACCEPTED:
            return offer
        return self.accept(unit, offer.key, seen=offer.version)

    def decline(self, unit: UnitOfWork, key: str, *, seen: int) -> Offer:
        """Turn an offer down; its volume is free again. Errors: NOT_FOUND and those of `domain.renewal.decline`."""
        offer = self._need(unit.connection, key)
        pool = self.pool(unit.connection, offer.oktmo, offer.year, offer.register)
        return self._store(unit, renewal.decline(offer, pool, seen=seen, today=self._today()))

    # --- ends without an answer -------------------------------------------------------------------------------------

    def lapse(self, unit: UnitOfWork, *, limit: int) -> Lapsed:
        """End some of the offers whose window is over, by what their silence means; nothing left to end when none.

        Silence takes no volume for a child who could not have accepted: such an offer is taken back.
        """
        done, pools, ended = Lapsed(), Pools(self, unit.connection), list[Offer]()
        for offer in self._registry.offers_to_lapse(unit.connection, self._today(), limit=limit):
            pool = pools.of(offer.oktmo, offer.year, offer.register)
            if offer.silence is not Silence.ACCEPT or self._stands(unit.connection, offer):
                answered = renewal.lapse(offer, pool, today=self._today())
            else:
                answered = renewal.take_back(offer, pool)
            if answered.offer.state is OfferState.ACCEPTED and not self._granted(unit, answered.offer):
                answered = renewal.take_back(offer, pool)
            ended.append(answered.offer)
            pools.put(answered.pool)
            done += _one(answered.offer.state)
        self._registry.save_offers(unit, ended)
        pools.store(unit)
        return done

    def _granted(self, unit: UnitOfWork, offer: Offer) -> bool:
        """Put a volume that silence took on its account; False where the account cannot take it: a day goes on."""
        try:
            self._grant(unit, offer)
        except RuleBroken:
            return False
        return True

    def take_back_lost(self, unit: UnitOfWork, guid: str) -> int:
        """Withdraw the open offers of a certificate that have lost their ground; return how many.

        Whoever ends a contract, annuls a certificate or withdraws a consent calls this in the same unit.
        """
        count = 0
        for offer in self._registry.offers_of(unit.connection, guid):
            if offer.state is OfferState.OFFERED and not self._stands(unit.connection, offer):
                pool = self.pool(unit.connection, offer.oktmo, offer.year, offer.register)
                self._store(unit, renewal.take_back(offer, pool))
                count += 1
        return count

    # --- ground -----------------------------------------------------------------------------------------------------

    def lost_ground(self, connection: Connection, offer: Offer) -> RuleCode | None:
        """Return why an offer no longer stands: its contract ended early, its certificate takes nothing; else None."""
        views = self._registry.contracts(connection, [offer.previous_contract_id])
        payers = self._registry.certificates(connection, [offer.certificate_guid])
        contract, payer = views.get(offer.previous_contract_id), payers.get(offer.certificate_guid)
        if contract is None or payer is None:
            return RuleCode.PROGRAMME_NOT_ELIGIBLE
        return lost_ground(payer.certificate.status, contract.contract.state)

    def _stands(self, connection: Connection, offer: Offer) -> bool:
        """Whether an offer has its ground still; a consent that was withdrawn takes it, one never given does not."""
        if self.lost_ground(connection, offer) is not None:
            return False
        try:
            self._check_consents(connection, offer)
        except Refused as refused:
            return refused.rule is not RuleCode.CONSENT_WITHDRAWN
        return True

    def _check_consents(self, connection: Connection, offer: Offer) -> None:
        certificate = self._registry.certificates(connection, [offer.certificate_guid])[offer.certificate_guid]
        check_consents(
            self._consents.of(connection, certificate.certificate), self._policy_of(certificate.certificate.oktmo)
        )

    # --- storing ----------------------------------------------------------------------------------------------------

    def _need(self, connection: Connection, key: str) -> Offer:
        offer = self._registry.offer(connection, key)
        if offer is None:
            raise Refused(RuleCode.NOT_FOUND, what="renewal offer")
        return offer

    def _grant(self, unit: UnitOfWork, offer: Offer) -> None:
        """Put the volume on the certificate's account, or (with error) do nothing."""
        kept = kept_of(self._registry, unit.connection, offer.certificate_guid)
        post(self._registry, unit, kept, [renewal.granted(offer)])

    def _store(self, unit: UnitOfWork, answered: Answered) -> Offer:
        self._registry.save_offer(unit, answered.offer)
        self._registry.save_pool(unit, answered.pool)
        return answered.offer


def _one(state: OfferState) -> Lapsed:
    return Lapsed(
        accepted=state is OfferState.ACCEPTED,
        expired=state is OfferState.EXPIRED,
        withdrawn=state is OfferState.WITHDRAWN,
    )
