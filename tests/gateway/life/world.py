"""A registry with one municipality, one programme and all services of a certificate's life around it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from tests.gateway import records
from tests.gateway.life.memory import MemoryRegistry
from tests.gateway.records import GROUP, OKTMO, Clock, Numbers

from socert.gateway.domain.certificate import Identity, identity_of
from socert.gateway.domain.consent import Channel, Consent
from socert.gateway.domain.cost import Source
from socert.gateway.domain.policy import FormCode, Policy, Register
from socert.gateway.domain.quote import Agreed
from socert.gateway.life.cases import Cases
from socert.gateway.life.consents import Consents
from socert.gateway.life.contracts import Contracts
from socert.gateway.life.days import Days
from socert.gateway.life.enrolment import Application, Enrolments
from socert.gateway.life.issuing import Issued, Issuing, NewPerson
from socert.gateway.life.renewals import Renewals
from socert.gateway.life.today import Today
from socert.gateway.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from socert.adapters.registry.builtin.registry import BuiltinRegistry
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Account
    from socert.gateway.domain.order import OrderEvent
    from socert.gateway.domain.quote import Quote
    from socert.gateway.domain.records import Programme
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept
    from socert.gateway.store.writer import Store

T = TypeVar("T")
PRICE = 12000_00
AUTUMN = (date(2026, 9, 15), date(2026, 12, 31))
NOMINAL = 8000_00
FORMS = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT)
NEXT_YEAR = {2027: {Register.RUB: NOMINAL, Register.HOUR: 100_00}}


def programme(**changes: Any) -> Programme:
    """The group of the documented example: 12000 roubles for four months of autumn."""
    given: dict[str, Any] = {"start": AUTUMN[0], "end": AUTUMN[1], "price": PRICE, "hours": 72_00, "oktmo": OKTMO}
    return records.programme(**{**given, **changes})


@dataclass
class PlainUnits:
    """Units of work that remember what orders were told; nothing is projected."""

    store: Store
    registry: MemoryRegistry | BuiltinRegistry
    told: list[OrderEvent] = field(default_factory=list)

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        memory = self.registry if isinstance(self.registry, MemoryRegistry) else None
        before = None if memory is None else memory.snapshot()

        def both(connection: Connection) -> tuple[T, list[OrderEvent]]:
            unit = Unit(connection)
            return work(unit), unit.events

        try:
            result, events = self.store.run(both)
        except BaseException:
            if memory is not None and before is not None:
                memory.restore(before)
            raise
        self.told.extend(events)
        return result


@dataclass
class World:
    """The services, and short ways to use them. `policies` are by OKTMO; the region's own is under ""."""

    store: Store
    registry: Any
    clock: Clock
    policies: dict[str, Policy] = field(default_factory=lambda: {"": Policy(nominals={Register.RUB: NOMINAL})})

    def __post_init__(self) -> None:
        self.units = PlainUnits(self.store, self.registry)
        self.today = Today(clock=self.clock, zone=ZoneInfo("Europe/Moscow"))
        self.ids = Numbers()
        numbers = count(1)
        self.cases = Cases(clock=self.clock)
        self.consents = Consents(
            registry=self.registry,
            policy_of=self.policy_of,
            consent_forms=(records.CONSENT,),
            clock=self.clock,
            today=self.today,
            ids=self.ids,
            cases=self.cases,
        )
        self.renewals = Renewals(
            registry=self.registry, consents=self.consents, policy_of=self.policy_of, today=self.today
        )
        self.issuing = Issuing(
            registry=self.registry,
            policy_of=self.policy_of,
            today=self.today,
            ids=self.ids,
            numbers=lambda: f"{next(numbers):010d}",
            cases=self.cases,
            renewals=self.renewals,
            category=("0", "От 5 до 17 лет"),
        )
        self.enrolments = Enrolments(
            registry=self.registry,
            issuing=self.issuing,
            consents=self.consents,
            renewals=self.renewals,
            cases=self.cases,
            policy_of=self.policy_of,
            clock=self.clock,
            today=self.today,
            ids=self.ids,
        )
        self.contracts = Contracts(
            registry=self.registry,
            consents=self.consents,
            renewals=self.renewals,
            policy_of=self.policy_of,
            clock=self.clock,
            today=self.today,
        )
        self.offer(programme())
        self.run(lambda unit: self.registry.put_municipalities(unit, [records.municipality()]))

    def policy_of(self, oktmo: str) -> Policy:
        return self.policies.get(oktmo, self.policies[""])

    def set_policy(self, **changes: Any) -> None:
        self.policies[""] = replace(self.policies[""], **changes)

    @property
    def days(self) -> Days:
        return Days(
            registry=self.registry,
            issuing=self.issuing,
            contracts=self.contracts,
            cases=self.cases,
            policy_of=self.policy_of,
            policies=self.policies.values(),
            clock=self.clock,
            today=self.today,
            batch=2,
        )

    def go_to(self, day: date) -> None:
        """Let it be noon in Moscow of a day."""
        self.clock.now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)

    # reading and writing

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        return self.units.run(work)

    def look(self, work: Callable[[Connection], T]) -> T:
        return self.store.look(work)

    def told(self, order_id: str) -> list[str]:
        """The stages that an order was told of, in order."""
        return [event.stage.value for event in self.units.told if event.order_id == order_id]

    def kept(self, guid: str) -> Kept:
        found: Kept | None = self.look(lambda connection: self.registry.kept(connection, guid))
        assert found is not None
        return found

    def account(self, guid: str, year: int = 2026, register: Register = Register.RUB) -> Account:
        account = self.kept(guid).book.account(year, register)
        assert account is not None
        return account

    def figures(self, guid: str, year: int = 2026, register: Register = Register.RUB) -> tuple[int, int, int]:
        """Nominal, reserved and spent of an account."""
        found = self.account(guid, year, register)
        return found.nominal, found.reserved, found.spent

    def life(self, contract_id: str) -> ContractLife:
        found: ContractLife | None = self.look(lambda connection: self.registry.life(connection, contract_id))
        assert found is not None
        return found

    # what people do

    def offer(self, *groups: Programme) -> None:
        """Put groups into the catalogue."""
        self.run(lambda unit: self.registry.put_programmes(unit, groups))

    def issue(
        self, *, order_id: str | None = None, start: date = AUTUMN[0], oktmo: str = OKTMO, **child: Any
    ) -> Issued:
        asked, person = whom(**child)
        return self.run(
            lambda unit: self.issuing.find_or_issue(
                unit, asked, person=person, oktmo=oktmo, start=start, order_id=order_id
            )
        )

    def quote(self, guid: str, *, group: str = GROUP, start: date = AUTUMN[0], end: date = AUTUMN[1]) -> Quote:
        return self.look(lambda connection: self.enrolments.quote(connection, guid, group, start, end))

    def application(self, guid: str, order_id: str | None = "1", **changes: Any) -> Application:
        """An application for the group's whole period as the parent saw it just now."""
        asked, person = whom(**changes.pop("child", {}))
        group, start, end = changes.pop("group_guid", GROUP), changes.pop("start", AUTUMN[0]), changes.pop("end", None)
        agreed = changes.pop("agreed", None) or agree(self.quote(guid, group=group, start=start, end=end or AUTUMN[1]))
        made = Application(
            order_id=order_id,
            child=asked,
            person=person,
            oktmo=OKTMO,
            group_guid=group,
            start=start,
            end=end,
            source=Source.CERTIFICATE,
            certificate_guid=guid,
            agreed=agreed,
            consents=self.signed(),
        )
        return replace(made, **changes)

    def signed(self, *forms: FormCode) -> tuple[Consent, ...]:
        """Consents given now, all three where none is named."""
        return tuple(
            Consent(consent_id="", form=form, version="2026-01", given_at=self.clock.now, channel=Channel.PORTAL)
            for form in forms or FORMS
        )

    def request(self, application: Application) -> ContractLife:
        return self.run(lambda unit: self.enrolments.request(unit, application))

    def enrol(self, guid: str, order_id: str | None = "1", **changes: Any) -> ContractLife:
        return self.request(self.application(guid, order_id, **changes))

    def concluded(self, guid: str, order_id: str | None = "1", **changes: Any) -> ContractLife:
        """An active contract."""
        contract_id = self.enrol(guid, order_id, **changes).contract_id
        self.run(lambda unit: self.contracts.accept(unit, contract_id))
        return self.run(lambda unit: self.contracts.conclude(unit, contract_id, number="15"))


def whom(**changes: Any) -> tuple[Identity, NewPerson]:
    """A child as it is asked for, and as it would be kept."""
    child = records.child(**changes)
    return identity_of(child), NewPerson(child=child, applicant=records.parent())


def agree(quote: Quote, *, own_part: bool = True) -> Agreed:
    """The parent's yes to a quote."""
    return Agreed(split=quote.split, balance_version=quote.balance_version, own_part_accepted=own_part)
