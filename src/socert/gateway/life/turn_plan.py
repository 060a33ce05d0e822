"""Making the offers of a year: continuing pupils of each municipality, in its order, within its pool.

The plan of a municipality is read without holding anybody up, and stored in batches: each batch looks again, in its
own unit of work, at what may have changed since: the window, the pool, who was offered meanwhile, who lost the right.
So it may be stopped anywhere, run again, and run by several processes: a child is offered once (the key of the offer),
and nobody passes who stands ahead. A later run, while the window is open, offers what has come back to those who wait.
Sources: source document (priority for multi-year programmes); portal message dictionary, 15 (invariant 14), 17.6.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from socert.gateway.domain.policy import Register
from socert.gateway.domain.renewal import Offer, offer_key, window_open
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.domain.turn import TurnOutcome, latest, lost_ground, plan_turn, rank
from socert.gateway.life.renewals import Pools

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.renewal import Pool
    from socert.gateway.domain.turn import Continuing, TurnLine
    from socert.gateway.life.consents import Standing
    from socert.gateway.life.renewals import Forms, Renewals
    from socert.gateway.ports import UnitOfWork, Units
    from socert.gateway.ports.turn import TurnRegistry

T = TypeVar("T")
BATCH = 200
"""Offers in one unit of work: others wait for the registry's turn no longer than this takes."""


class Look(Protocol):
    """Runs work that only reads."""

    def __call__(self, work: Callable[[Connection], T]) -> T:
        """Return what the work returns."""
        ...


@dataclass(kw_only=True)
class Volumes:
    """What one municipality's plan comes to: pupils by outcome, volume by register, and the pools after it."""

    oktmo: str
    open: bool = True
    outcomes: Counter[TurnOutcome] = field(default_factory=Counter)
    offered: Counter[Register] = field(default_factory=Counter)
    waiting: Counter[Register] = field(default_factory=Counter)
    pools: dict[Register, Pool] = field(default_factory=dict)


@dataclass(kw_only=True)
class Made:
    """What a run of the offers has done so far: municipalities gone through, offers made, who waits, why not."""

    municipalities: int = 0
    closed: int = 0
    offers: int = 0
    known: int = 0
    waiting: int = 0
    no_right: int = 0


class Offering:
    """Plans the offers of a year and makes them."""

    def __init__(
        self,
        *,
        registry: TurnRegistry,
        renewals: Renewals,
        consents: Forms,
        policy_of: Callable[[str], Policy],
        today: Callable[[], date],
        look: Look,
        units: Units,
    ) -> None:
        """Take the parts; `look` reads, `units` write."""
        self._registry = registry
        self._renewals = renewals
        self._consents = consents
        self._policy_of = policy_of
        self._today = today
        self._look = look
        self._units = units

    # --- planning ---------------------------------------------------------------------------------------------------

    def oktmos(self) -> Sequence[str]:
        """Return the municipalities that a run goes through, in order."""
        return self._look(self._registry.oktmos)

    def preview(self, *, year: int, oktmo: str) -> Volumes:
        """Say what the offers of a municipality would come to if they were made now; changes nothing."""
        return self._plan(year, oktmo)[0]

    def _plan(self, year: int, oktmo: str) -> tuple[Volumes, list[Offer]]:
        """Return what the plan comes to and its offers, in their order: no more of it is kept in memory."""

        def plan(connection: Connection) -> tuple[Volumes, list[Offer]]:
            policy = self._policy_of(oktmo)
            found = Volumes(oktmo=oktmo, open=window_open(self._today(), year=year, policy=policy))
            offers: list[Offer] = []
            for line in self._lines(connection, year, oktmo, policy):
                found.outcomes[line.outcome] += 1
                if line.outcome is TurnOutcome.WAIT:
                    found.waiting[line.pupil.register] += line.pupil.wanted
                if line.offer is not None and line.pool is not None:
                    found.offered[line.offer.register] += line.offer.volume
                    found.pools[line.offer.register] = line.pool
                    offers.append(line.offer)
            return found, offers

        return self._look(plan)

    def _lines(self, connection: Connection, year: int, oktmo: str, policy: Policy) -> Iterator[TurnLine]:
        pupils = _in_order(self._registry.pupils(connection, year=year, oktmo=oktmo), policy)
        withdrawn = self._withdrawn(connection, [pupil.certificate_guid for pupil in pupils])
        pupils = [pupil for pupil in pupils if pupil.certificate_guid not in withdrawn]
        keys = [offer_key(pupil.certificate_guid, pupil.programme_guid, year) for pupil in pupils]
        offered = self._registry.offered(connection, keys)
        return plan_turn(
            pupils,
            year=year,
            policy_of=lambda _: policy,
            pool_of=lambda place, register: self._renewals.pool(connection, place, year, register),
            known=offered.__contains__,
        )

    def _withdrawn(self, connection: Connection, guids: Sequence[str]) -> set[str]:
        """Return who has withdrawn a consent: no volume is kept for them while others wait."""
        found: set[str] = set()
        for start in range(0, len(guids), 500):
            views = self._registry.certificates(connection, guids[start : start + 500])
            standing = self._consents.standing(connection, [view.certificate for view in views.values()])
            found.update(guid for guid, consents in standing.items() if _is_withdrawn(consents))
        return found

    # --- making -----------------------------------------------------------------------------------------------------

    def make(
        self, *, year: int, oktmo: str | None = None, batch: int = BATCH, progress: Callable[[Made], None] | None = None
    ) -> Made:
        """Make the offers of a year, of one municipality or of all; the same again adds only what has come free.

        `progress` is told after each batch and each municipality. Errors: WINDOW_CLOSED (Refused) when no
        municipality's window is open.
        """
        made, windows = Made(), []
        for place in self.oktmos() if oktmo is None else [oktmo]:
            policy = self._policy_of(place)
            made.municipalities += 1
            if window_open(self._today(), year=year, policy=policy):
                self._make_one(place, year, batch, made, progress)
            else:
                made.closed += 1
                windows.append(policy.renewal.window(year))
            if progress is not None:
                progress(made)
        if windows and made.closed == made.municipalities:
            raise Refused(RuleCode.WINDOW_CLOSED, since=windows[0][0], until=windows[0][1])
        return made

    def go_on(self) -> Made:
        """Offer what has come back to those who wait, in the municipalities that have begun and whose window is open.

        What a day's work does: it begins nowhere by itself.
        """
        made, year = Made(), self._today().year + 1
        for place in self.oktmos():
            begun = self._look(partial(self._begun, place, year))
            if begun and window_open(self._today(), year=year, policy=self._policy_of(place)):
                made.municipalities += 1
                try:
                    self._make_one(place, year, BATCH, made, None)
                except Refused as refused:
                    if refused.rule is not RuleCode.WINDOW_CLOSED:
                        raise
                    made.closed += 1  # it closed while this ran
        return made

    def _begun(self, oktmo: str, year: int, connection: Connection) -> bool:
        pools = (self._registry.pool(connection, oktmo, year, register) for register in Register)
        return any(pool is not None for pool in pools)

    def _make_one(self, oktmo: str, year: int, batch: int, made: Made, progress: Callable[[Made], None] | None) -> None:
        plan, offers = self._plan(year, oktmo)
        made.known += plan.outcomes[TurnOutcome.KNOWN]
        made.waiting += plan.outcomes[TurnOutcome.WAIT]
        made.no_right += plan.outcomes[TurnOutcome.NO_RIGHT]
        short: set[Register] = set()
        for start in range(0, len(offers), batch):
            part = offers[start : start + batch]
            stored = self._units.run(partial(self._store, part, frozenset(short)))
            made.offers += stored.offers
            made.known += stored.known
            made.waiting += stored.waiting
            made.no_right += stored.no_right
            short |= stored.short
            if progress is not None:
                progress(made)

    def _store(self, offers: Sequence[Offer], short: Collection[Register], unit: UnitOfWork) -> _Stored:
        """Store offers that still stand, in their order; once a pool is short, nobody behind gets of it."""
        done, made = _Stored(short=set(short)), list[Offer]()
        connection = unit.connection
        policy = self._policy_of(offers[0].oktmo)
        if not window_open(self._today(), year=offers[0].year, policy=policy):
            raise Refused(
                RuleCode.WINDOW_CLOSED, since=offers[0].since, until=offers[0].respond_by
            )  # it closed while this ran
        known = self._registry.offered(connection, [offer.key for offer in offers])
        lost = self._lost(connection, offers)
        pools = Pools(self._renewals, connection)
        for offer in offers:
            register = offer.register
            if offer.key in known:
                done.known += 1
                continue
            if offer.key in lost:
                done.no_right += 1
                continue
            pool = pools.of(offer.oktmo, offer.year, register)
            if register in done.short or not pool.fits(offer.volume):
                done.short.add(register)
                done.waiting += 1
                continue
            pools.put(pool.hold(offer.volume))
            made.append(offer)
        self._registry.save_offers(unit, made)
        pools.store(unit)
        done.offers = len(made)
        return done

    def _lost(self, connection: Connection, offers: Sequence[Offer]) -> set[str]:
        """Return the keys of those whose right is gone since the plan was made, or who have withdrawn a consent."""
        contracts = self._registry.contracts(connection, [offer.previous_contract_id for offer in offers])
        payers = self._registry.certificates(connection, [offer.certificate_guid for offer in offers])
        standing = self._consents.standing(connection, [view.certificate for view in payers.values()])
        lost = set()
        for offer in offers:
            contract, payer = contracts.get(offer.previous_contract_id), payers.get(offer.certificate_guid)
            if contract is None or payer is None:
                lost.add(offer.key)
                continue
            withdrawn = _is_withdrawn(standing[offer.certificate_guid])
            if withdrawn or lost_ground(payer.certificate.status, contract.contract.state) is not None:
                lost.add(offer.key)
        return lost


@dataclass(kw_only=True)
class _Stored:
    """What one batch came to; `short` are registers whose pool had no more."""

    short: set[Register]
    offers: int = 0
    known: int = 0
    waiting: int = 0
    no_right: int = 0


def _is_withdrawn(consents: Standing) -> bool:
    return not consents.may_leave and any(one.withdrawn_at is not None for one in consents.kept)


def _in_order(pupils: Iterable[Continuing], policy: Policy) -> list[Continuing]:
    """Return one pupil a child and programme, in the municipality's order."""
    contracts: dict[str, list[Continuing]] = {}
    for pupil in pupils:
        contracts.setdefault(pupil.certificate_guid, []).append(pupil)
    return sorted((one for mine in contracts.values() for one in latest(mine)), key=lambda one: rank(one, policy))
