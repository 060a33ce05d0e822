"""A region's registry in a database: put records in, look at the changes that follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lxml import etree
from sqlalchemy import select, update
from tests.gateway import records

from socert.contracts.portal import account
from socert.gateway.domain.policy import Policy
from socert.gateway.life.consents import Consents
from socert.gateway.life.today import Today
from socert.gateway.mapping.account import PREFIX
from socert.gateway.store import tables
from socert.gateway.store.tables import ChangeState

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from tests.gateway.records import Clock

    from socert.adapters.registry.builtin.registry import BuiltinRegistry
    from socert.gateway.domain.records import Certificate, Contract
    from socert.gateway.ports import Put, Registry
    from socert.gateway.projection import Projector
    from socert.gateway.store.writer import Store
    from socert.gateway.unit import ProjectedUnits


@dataclass(frozen=True, kw_only=True)
class Region:
    """The registry and everything that its changes go through on their way to the packer."""

    store: Store
    registry: BuiltinRegistry
    consents: Consents
    projector: Projector
    units: ProjectedUnits

    def prepare(self) -> None:
        """Put in the municipality and the programme."""
        self.units.run(lambda unit: self.registry.put_municipalities(unit, [records.municipality()]))
        self.units.run(lambda unit: self.registry.put_programmes(unit, [records.programme()]))

    def put(self, *items: Certificate) -> Put:
        """Put certificates in, in one transaction."""
        return self.units.run(lambda unit: self.registry.put_certificates(unit, items))

    def sign(self, *items: Contract) -> Put:
        """Put contracts in, in one transaction."""
        return self.units.run(lambda unit: self.registry.put_contracts(unit, items))

    def changes(self, object_id: str | None = None) -> list[dict[str, Any]]:
        """Return all changes, or those of one object, oldest first; versions are counted from the floor."""
        chosen = select(tables.change).order_by(tables.change.c.id)
        if object_id is not None:
            chosen = chosen.where(tables.change.c.object_id == object_id)
        rows = self.store.look(lambda connection: list(connection.execute(chosen).mappings()))
        return [{**row, "seq": row["seq"] - records.FLOOR} for row in rows]

    def told(self, object_id: str | None = None) -> list[tuple[str, int, str, str, str]]:
        """Return the changes as (object, seq, operation, cause, state)."""
        return [
            (row["object_id"], row["seq"], row["operation"], row["cause"], row["state"])
            for row in self.changes(object_id)
        ]

    def waiting(self) -> list[account.Update]:
        """Return the pending updates as the portal would read them; versions are counted from the floor."""
        return [
            replace(update, seq=update.seq - records.FLOOR)
            for update in (read_update(row["body"]) for row in self.changes() if row["state"] == ChangeState.PENDING)
        ]

    def deliver(self) -> None:
        """Let everything that is pending have arrived at the portal."""
        row = tables.change.c
        done = update(tables.change).where(row.state == ChangeState.PENDING)
        self.store.run(lambda connection: connection.execute(done.values(state="delivered", message_id="a message")))

    def rows(self, table: Any) -> list[RowMapping]:
        """Return all rows of a table."""
        return self.store.look(lambda connection: list(connection.execute(select(table)).mappings()))


def consents_of(registry: Registry, clock: Clock, *forms: str, policy: Policy | None = None, **given: Any) -> Consents:
    """Return consents of a registry where these imported forms count (`CONSENT` if none is named)."""
    return Consents(
        registry=registry,
        policy_of=lambda _oktmo: policy or Policy(),
        consent_forms=forms or (records.CONSENT,),
        clock=clock,
        today=Today(clock=clock, zone=UTC),
        ids=lambda: str(uuid4()),
        **given,
    )


def read_update(body: str) -> account.Update:
    """Read one rendered update by the portal's own rules."""
    text = (
        f'<{PREFIX}:AccountUpdateRequest xmlns:{PREFIX}="{account.NAMESPACE}">'
        f"<{PREFIX}:batchId>00000000-0000-4000-8000-000000000001</{PREFIX}:batchId>"
        f"<{PREFIX}:sentAt>2026-09-07T12:00:00+03:00</{PREFIX}:sentAt>{body}</{PREFIX}:AccountUpdateRequest>"
    )
    element = etree.fromstring(text.encode())
    account.schema().check(element)
    return account.read_update_request(element).updates[0]
