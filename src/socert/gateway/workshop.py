"""The workshop: settings, database, registry and the services of a certificate's life, put together.

With `app` it is the composition root: the only places that pick adapters.
"""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from socert.adapters.registry.builtin.listing import BuiltinListing
from socert.adapters.registry.builtin.registry import MIGRATIONS, BuiltinRegistry
from socert.gateway import plugins
from socert.gateway.exchange.orders import Orders
from socert.gateway.life.cases import Cases
from socert.gateway.life.consents import Consents
from socert.gateway.life.contracts import Contracts
from socert.gateway.life.daily import Daily
from socert.gateway.life.days import Days
from socert.gateway.life.enrolment import Enrolments
from socert.gateway.life.erasure import Erasure
from socert.gateway.life.issuing import Issuing
from socert.gateway.life.renewals import Renewals
from socert.gateway.life.today import Today
from socert.gateway.life.turn import YearTurn
from socert.gateway.life.turn_plan import Offering
from socert.gateway.projection import Projector
from socert.gateway.store.engine import default_url, open_engine
from socert.gateway.store.migrate import upgrade
from socert.gateway.store.writer import Store
from socert.gateway.unit import ProjectedUnits
from socert.host.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from socert.gateway.config import Settings


def new_id() -> str:
    """Return a new identifier for anything but a message."""
    return str(uuid4())


def new_number() -> str:
    """Return ten random digits for a new certificate; its registry says whether they are free."""
    return f"{secrets.randbelow(10**10):010d}"


class Workshop:
    """The parts that plain commands and the running gateway share: settings, database, registry."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = system_clock) -> None:
        """Open the database and bring its tables up to date."""
        self.settings = settings
        self.clock = clock
        given = settings.database_url
        engine = open_engine(given.get_secret_value() if given else default_url(settings.data_dir))
        upgrade(engine, [MIGRATIONS])
        self.store = Store(engine)
        self.listing = BuiltinListing()
        self.registry = BuiltinRegistry(clock=clock, zone=settings.zone)

    @cached_property
    def today(self) -> Today:
        """What day it is where the region is."""
        return Today(clock=self.clock, zone=self.settings.zone)

    @cached_property
    def cases(self) -> Cases:
        """What only a person may decide."""
        return Cases(clock=self.clock)

    @cached_property
    def orders(self) -> Orders:
        """Orders of the portal and what is said of them."""
        return Orders(
            registry=self.registry,
            may_leave=lambda connection, certificate: self.consents.may_leave(connection, certificate),
            codes=self.settings.order_codes,
            environment=self.settings.portal_environment,
            clock=self.clock,
            ids=new_id,
        )

    @cached_property
    def consents(self) -> Consents:
        """Which consents are in force."""
        return Consents(
            registry=self.registry,
            policy_of=self.settings.policy_of,
            consent_forms=self.settings.consent_forms,
            clock=self.clock,
            today=self.today,
            ids=new_id,
            cases=self.cases,
            answers=self.orders,
            withdrawn=lambda unit, guid: self.renewals.take_back_lost(unit, guid),
        )

    @cached_property
    def renewals(self) -> Renewals:
        """Offers of the priority right."""
        return Renewals(
            registry=self.registry, consents=self.consents, policy_of=self.settings.policy_of, today=self.today
        )

    @cached_property
    def issuing(self) -> Issuing:
        """Certificates are found, issued and kept."""
        return Issuing(
            registry=self.registry,
            policy_of=self.settings.policy_of,
            today=self.today,
            ids=new_id,
            numbers=new_number,
            cases=self.cases,
            renewals=self.renewals,
            category=(self.settings.category_code, self.settings.category_name),
        )

    @cached_property
    def enrolments(self) -> Enrolments:
        """Quotes and applications."""
        return Enrolments(
            registry=self.registry,
            issuing=self.issuing,
            consents=self.consents,
            renewals=self.renewals,
            cases=self.cases,
            policy_of=self.settings.policy_of,
            clock=self.clock,
            today=self.today,
            ids=new_id,
        )

    @cached_property
    def contracts(self) -> Contracts:
        """The steps of contracts."""
        return Contracts(
            registry=self.registry,
            consents=self.consents,
            renewals=self.renewals,
            policy_of=self.settings.policy_of,
            clock=self.clock,
            today=self.today,
        )

    @cached_property
    def days(self) -> Days:
        """One day's work on contracts and certificates."""
        return Days(
            registry=self.registry,
            issuing=self.issuing,
            contracts=self.contracts,
            cases=self.cases,
            policy_of=self.settings.policy_of,
            policies=self.settings.policies,
            clock=self.clock,
            today=self.today,
        )

    @cached_property
    def projector(self) -> Projector:
        """What the account ought to show."""
        return Projector(
            registry=self.registry,
            clock=self.clock,
            consents=self.consents,
            channel_of=self.settings.channel_of,
            zone=self.settings.zone,
        )

    @cached_property
    def units(self) -> ProjectedUnits:
        """Runs work with everything that belongs into its transaction."""
        return ProjectedUnits(self.store, self.projector, self.orders)

    @cached_property
    def offering(self) -> Offering:
        """Continuing pupils are offered next year's volume."""
        return Offering(
            registry=self.registry,
            renewals=self.renewals,
            consents=self.consents,
            policy_of=self.settings.policy_of,
            today=self.today,
            look=self.store.look,
            units=self.units,
        )

    @cached_property
    def turn(self) -> YearTurn:
        """The turn of the year."""
        return YearTurn(
            registry=self.registry,
            renewals=self.renewals,
            policy_of=self.settings.policy_of,
            clock=self.clock,
            today=self.today,
            look=self.store.look,
            units=self.units,
        )

    @cached_property
    def erasure(self) -> Erasure:
        """Personal data are gone by their day."""
        return Erasure(
            store=self.store, registry=self.registry, keeper=self.registry, consents=self.consents, clock=self.clock
        )

    @cached_property
    def daily(self) -> Daily:
        """Everything that a day asks for."""
        return Daily(
            units=self.units,
            days=self.days,
            renewals=self.renewals,
            offering=self.offering,
            erasure=self.erasure,
            today=self.today,
        )

    @property
    def services(self) -> plugins.Services:
        """What plug-ins may look things up with and act through."""
        return plugins.Services(
            registry=self.registry,
            life=self.registry,
            issuing=self.issuing,
            enrolments=self.enrolments,
            contracts=self.contracts,
            consents=self.consents,
            cases=self.cases,
            orders=self.orders,
            clock=self.clock,
            zone=self.settings.zone,
        )

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __enter__(self) -> Self:
        """Return itself; the database is closed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the database."""
        self.close()
