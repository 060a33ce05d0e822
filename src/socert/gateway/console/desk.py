"""What the operator's pages work with: the services of a certificate's life, the lists, the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from socert.gateway.ports import Registry
from socert.gateway.ports.life import LifeRegistry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime, tzinfo
    from pathlib import Path

    from socert.gateway.domain.policy import Policy
    from socert.gateway.exchange.orders import Orders
    from socert.gateway.life.cases import Cases
    from socert.gateway.life.consents import Consents
    from socert.gateway.life.contracts import Contracts
    from socert.gateway.life.days import Days
    from socert.gateway.life.enrolment import Enrolments
    from socert.gateway.life.issuing import Issuing
    from socert.gateway.ports.listing import Listing
    from socert.gateway.store.writer import Store
    from socert.gateway.unit import ProjectedUnits


class DeskRegistry(Registry, LifeRegistry, Protocol):
    """A registry that we keep ourselves, whole."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The parts. `policy_of` an OKTMO; `clock` in UTC, `zone` the region's; `files` is the folder of messages'."""

    store: Store
    units: ProjectedUnits
    registry: DeskRegistry
    listing: Listing
    issuing: Issuing
    enrolments: Enrolments
    contracts: Contracts
    cases: Cases
    consents: Consents
    days: Days
    orders: Orders
    policy_of: Callable[[str], Policy]
    clock: Callable[[], datetime]
    today: Callable[[], date]
    zone: tzinfo
    files: Path
