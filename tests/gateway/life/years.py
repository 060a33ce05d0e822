"""A small region in a real registry, with children who go on, and the services of the turn of the year on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from tests.gateway import records
from tests.gateway.region import consents_of

from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.domain.policy import Policy, Register, RenewalPolicy
from socert.gateway.life.renewals import Renewals
from socert.gateway.life.today import Today
from socert.gateway.life.turn import YearTurn
from socert.gateway.life.turn_plan import Offering
from socert.gateway.projection import Projector
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from sqlalchemy import Connection

    from socert.gateway.domain.renewal import Offer, Pool
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept
    from socert.gateway.store.writer import Store

    T = TypeVar("T")

YEAR = 2027
IN_WINDOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 9, tzinfo=UTC)
VOLUME = 900_000
"""What the programme costs for a year: the certificate would pay all of it."""
SECOND = "11605001"


class KilledError(Exception):
    """The process died here."""


class Town:
    """Registry, projection and services on one database; `policy` may be changed between steps."""

    renewals: Renewals

    def __init__(self, store: Store, *, policy: Policy | None = None, now: datetime = IN_WINDOW) -> None:
        self.store = store
        self.policy = policy or Policy()
        self.policies: dict[str, Policy] = {}
        self.clock = records.Clock(now)
        self.today = Today(clock=self.clock, zone=UTC)
        self.registry = BuiltinRegistry(clock=self.clock)
        self.consents = consents_of(
            self.registry,
            self.clock,
            policy=self.policy,
            withdrawn=lambda unit, guid: self.renewals.take_back_lost(unit, guid),
        )
        self.projector = Projector(registry=self.registry, clock=self.clock, consents=self.consents)
        self.real_units = ProjectedUnits(store, self.projector)
        self.commits = 0
        self.kill_after: int | None = None
        self.renewals = Renewals(
            registry=self.registry, consents=self.consents, policy_of=self.policy_of, today=self.today
        )
        self.offering = Offering(
            registry=self.registry,
            renewals=self.renewals,
            consents=self.consents,
            policy_of=self.policy_of,
            today=self.today,
            look=store.look,
            units=self,
        )
        self.turn = YearTurn(
            registry=self.registry,
            renewals=self.renewals,
            policy_of=self.policy_of,
            clock=self.clock,
            today=self.today,
            look=store.look,
            units=self,
        )
        self.run(lambda unit: self.registry.put_municipalities(unit, [records.municipality()]))
        self.run(lambda unit: self.registry.put_programmes(unit, [records.programme()]))

    def policy_of(self, oktmo: str) -> Policy:
        return self.policies.get(oktmo, self.policy)

    # units of work, which may die

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run a unit of work; where the process is to die, nothing of the next one is kept."""
        if self.kill_after is None:
            return self.real_units.run(work)

        def dying(unit: UnitOfWork) -> T:
            result = work(unit)
            if self.kill_after == self.commits:
                raise KilledError
            return result

        result = self.real_units.run(dying)
        self.commits += 1
        return result

    def killed(self, after: int, work: Callable[[], object]) -> bool:
        """Do something that dies after so many commits; whether it died."""
        self.commits, self.kill_after = 0, after
        try:
            work()
        except KilledError:
            return True
        finally:
            self.kill_after = None
        return False

    # making

    def limit(self, amount: int | None, **renewal: Any) -> None:
        """Set how much the municipality may give for the next year in roubles, and anything else of the right."""
        limits = {} if amount is None else {Register.RUB: amount}
        self.policy = replace(self.policy, renewal=replace(self.policy.renewal, limits=limits, **renewal))

    def enrol(self, number: int, *, payer: dict[str, Any] | None = None, **contract: Any) -> str:
        """Put in a child with a contract of 2026; returns the certificate's GUID."""
        person = {
            "child": records.child(snils=f"{20_000_000_000 + number}", birth_certificate=f"II-ЖД {number:06d}"),
            "balance": records.balance(nominal=100_000, reserved=40_000),
        }
        certificate = records.certificate(number, **(person | (payer or {})))
        given = {"start": date(2026, 9, 1), "end": date(2026, 12, 31)}
        signed = records.contract(number, number, **(given | contract))
        self.run(lambda unit: self.registry.put_certificates(unit, [certificate]))
        self.run(lambda unit: self.registry.put_contracts(unit, [signed]))
        return certificate.guid

    def at(self, day: date) -> None:
        """Let it be noon of a day."""
        self.clock.now = datetime.combine(day, time(12), UTC)

    # looking

    def look(self, work: Callable[[Connection], T]) -> T:
        return self.store.look(work)

    def kept(self, guid: str) -> Kept:
        found = self.look(lambda connection: self.registry.kept(connection, guid))
        assert found is not None
        return found

    def offers(self, guid: str) -> list[Offer]:
        return list(self.look(lambda connection: self.registry.offers_of(connection, guid)))

    def offer(self, guid: str) -> Offer:
        (found,) = self.offers(guid)
        return found

    def pool(self, register: Register = Register.RUB, oktmo: str = records.OKTMO) -> Pool:
        return self.look(lambda connection: self.renewals.pool(connection, oktmo, YEAR, register))

    def accept(self, guid: str) -> Offer:
        offer = self.offer(guid)
        return self.run(lambda unit: self.renewals.accept(unit, offer.key, seen=offer.version))

    def decline(self, guid: str) -> Offer:
        offer = self.offer(guid)
        return self.run(lambda unit: self.renewals.decline(unit, offer.key, seen=offer.version))

    def lapse(self) -> int:
        return self.run(lambda unit: self.renewals.lapse(unit, limit=100)).count


def with_window(policy: Policy, **changes: Any) -> Policy:
    """The policy with something of the priority right changed."""
    return replace(policy, renewal=replace(policy.renewal, **changes))


DEFAULT_WINDOW = RenewalPolicy().window(YEAR)
