"""The services of a certificate's life on a region's registry, put together as the gateway does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.gateway.records import CONSENT, Clock, Numbers

from socert.contracts.portal.order_event import Environment
from socert.gateway.domain.policy import Policy
from socert.gateway.exchange.enrolling import EnrolmentAnswerer
from socert.gateway.exchange.orders import Orders
from socert.gateway.life.cases import Cases
from socert.gateway.life.consents import Consents
from socert.gateway.life.contracts import Contracts
from socert.gateway.life.enrolment import Enrolments
from socert.gateway.life.issuing import Issuing
from socert.gateway.life.renewals import Renewals
from socert.gateway.life.today import Today
from socert.gateway.mapping.pf_certificate import CertificateAnswerer
from socert.gateway.projection import Projector
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.gateway.region import Region

    from socert.contracts.portal.statuses import StatusCode
    from socert.gateway.domain.order import Stage

ZONE = ZoneInfo("Europe/Moscow")


@dataclass(kw_only=True)
class Services:
    """All services, each made when a test asks for it; `policy` is that of every municipality."""

    region: Region
    clock: Clock
    policy: Policy = field(default_factory=Policy)
    consent_forms: tuple[str, ...] = (CONSENT,)
    codes: Mapping[Stage, StatusCode] = field(default_factory=dict)
    ids: Callable[[], str] = field(default_factory=Numbers)
    numbers: Numbers = field(default_factory=Numbers)

    def policy_of(self, _oktmo: str) -> Policy:
        return self.policy

    @cached_property
    def today(self) -> Today:
        return Today(clock=self.clock, zone=ZONE)

    @cached_property
    def cases(self) -> Cases:
        return Cases(clock=self.clock)

    @cached_property
    def orders(self) -> Orders:
        return Orders(
            registry=self.region.registry,
            may_leave=lambda connection, certificate: self.consents.may_leave(connection, certificate),
            codes=self.codes,
            environment=Environment.SVCDEV,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def consents(self) -> Consents:
        return Consents(
            registry=self.region.registry,
            policy_of=self.policy_of,
            consent_forms=self.consent_forms,
            clock=self.clock,
            today=self.today,
            ids=self.ids,
            cases=self.cases,
            answers=self.orders,
        )

    @cached_property
    def renewals(self) -> Renewals:
        return Renewals(
            registry=self.region.registry, consents=self.consents, policy_of=self.policy_of, today=self.today
        )

    @cached_property
    def issuing(self) -> Issuing:
        return Issuing(
            registry=self.region.registry,
            policy_of=self.policy_of,
            today=self.today,
            ids=self.ids,
            numbers=lambda: f"88{int(self.numbers()[-8:]):08d}",
            cases=self.cases,
            renewals=self.renewals,
            category=("1", "От 5 до 17 лет"),
        )

    @cached_property
    def enrolments(self) -> Enrolments:
        return Enrolments(
            registry=self.region.registry,
            issuing=self.issuing,
            consents=self.consents,
            renewals=self.renewals,
            cases=self.cases,
            policy_of=self.policy_of,
            clock=self.clock,
            today=self.today,
            ids=self.ids,
        )

    @cached_property
    def contracts(self) -> Contracts:
        return Contracts(
            registry=self.region.registry,
            consents=self.consents,
            renewals=self.renewals,
            policy_of=self.policy_of,
            clock=self.clock,
            today=self.today,
        )

    @cached_property
    def units(self) -> ProjectedUnits:
        projector = Projector(registry=self.region.registry, clock=self.clock, consents=self.consents)
        return ProjectedUnits(self.region.store, projector, self.orders)

    def certificates(self, **settings: Any) -> CertificateAnswerer:
        """Return who answers questions about certificates."""
        agreed: dict[str, Any] = {"balance_includes_booked": True, "hours_in_query": False, **settings}
        return CertificateAnswerer(
            registry=self.region.registry,
            life=self.region.registry,
            issuing=self.issuing,
            consents=self.consents,
            today=self.today,
            zone=ZONE,
            **agreed,
        )

    def enrolment(self) -> EnrolmentAnswerer:
        """Return who takes applications, cancellations and texts."""
        return EnrolmentAnswerer(orders=self.orders, enrolments=self.enrolments, contracts=self.contracts, zone=ZONE)
