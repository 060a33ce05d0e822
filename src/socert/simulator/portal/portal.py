"""The portal put together: its services, each made once and given to those that need it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from socert.simulator.portal.accounts import Accounts
from socert.simulator.portal.actions import Actions
from socert.simulator.portal.catalogue_file import read_catalogue
from socert.simulator.portal.consumer import Consumer
from socert.simulator.portal.cost import Costs
from socert.simulator.portal.elk import ElkOrders
from socert.simulator.portal.enrolment import Enrolment
from socert.simulator.portal.events import Events
from socert.simulator.portal.live import Live
from socert.simulator.portal.local_time import LocalTime
from socert.simulator.portal.orders import Orders
from socert.simulator.portal.people import People
from socert.simulator.portal.query import Queries
from socert.simulator.portal.snapshots import Snapshots
from socert.simulator.smev.types import ACCOUNT, ELK_STATUS, ORDER_EVENT, SNAPSHOT

if TYPE_CHECKING:
    from socert.contracts.signature.signer import Signer
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.control.journal import Journal
    from socert.simulator.settings import Settings
    from socert.simulator.smev.node import Node
    from socert.simulator.smev.queues import Queues
    from socert.simulator.state import State


class Portal:
    """The services behind the pages, as attributes. `signer` is the portal's key.

    `SettingsError` when the catalogue cannot be read or the zone is not known.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        state: State,
        clock: SimulatorClock,
        journal: Journal,
        node: Node,
        queues: Queues,
        signer: Signer,
    ) -> None:
        self.time = LocalTime(clock, settings.zone)
        self.people = People(state)
        self.catalogue = read_catalogue(settings.catalogue)
        self.accounts = Accounts(state, self.people, self.time, clock)
        self.orders = Orders(state, clock, journal)
        self.elk = ElkOrders(state, self.people)
        self.snapshots = Snapshots(state=state, clock=clock, guids=_guid, deadline=settings.query_deadline)
        events = Events(orders=self.orders, elk_orders=self.elk, clock=clock, guids=_guid)
        self.consumer = Consumer(
            node=node,
            queues=queues,
            signer=signer,
            state=state,
            clock=clock,
            handlers={
                ACCOUNT: self.accounts.answer,
                SNAPSHOT: self.snapshots.answer,
                ORDER_EVENT: events.answer,
                ELK_STATUS: self.elk.answer,
            },
        )
        self._add_services(settings, state, clock)

    def _add_services(self, settings: Settings, state: State, clock: SimulatorClock) -> None:
        """Make what asks the region."""
        self.queries = Queries(
            consumer=self.consumer,
            accounts=self.accounts,
            state=state,
            clock=clock,
            time=self.time,
            deadline=settings.query_deadline,
            balance_includes_booked=settings.balance_includes_booked,
            unit=settings.query_unit,
        )
        self.costs = Costs(
            url=settings.region_url, token=settings.region_token, deadline=settings.query_deadline, clock=clock
        )
        self.enrolment = Enrolment(
            orders=self.orders,
            people=self.people,
            catalogue=self.catalogue,
            accounts=self.accounts,
            queries=self.queries,
            costs=self.costs,
            consumer=self.consumer,
            state=state,
            clock=clock,
            time=self.time,
            guids=_guid,
            version=settings.consent_version,
        )
        self.actions = Actions(
            consumer=self.consumer,
            accounts=self.accounts,
            people=self.people,
            state=state,
            clock=clock,
            guids=_guid,
            deadline=settings.query_deadline,
            version=settings.consent_version,
        )
        self.live = Live(
            consumer=self.consumer, people=self.people, clock=clock, guids=_guid, deadline=settings.query_deadline
        )


def _guid() -> str:
    return str(uuid.uuid4())
