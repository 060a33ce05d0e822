"""What must hold of gateway and portal whenever nothing is on its way, looked at from both sides of the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from tests.end_to_end.townsfolk import NOMINAL, STRANGER

from socert.adapters.registry.builtin import tables as registry
from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.records import ContractState
from socert.gateway.store import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from tests.end_to_end.town import Town
    from tests.end_to_end.townsfolk import Family

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.ports.life import Kept

SENT, UNDER_REVIEW, TO_SIGN, ENROLLED, REFUSED, CANCELLED = 21, 6, 60, 3, 4, 10
CANCEL_FAILED = 11
AT_PORTAL: Mapping[ContractState, frozenset[int]] = {
    ContractState.REQUESTED: frozenset({UNDER_REVIEW}),
    ContractState.ACCEPTED: frozenset({TO_SIGN}),
    ContractState.REFUSED: frozenset({REFUSED, CANCELLED}),
}
"""What the portal says of an order by its contract's state; of a concluded one it says for ever that it was."""


@dataclass(kw_only=True)
class Agreed:
    """What the parent agreed to when an application was first sent: the balance's version and the split."""

    family: Family
    group: str
    version: int
    total: str
    certificate_part: str
    own_part: str


@dataclass(kw_only=True)
class Seen:
    """Everything, as both sides have it at one moment of rest."""

    orders: dict[str, Any] = field(default_factory=dict)
    accounts: dict[Family, Any] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    lives: dict[str, list[ContractLife]] = field(default_factory=dict)
    allowed: dict[str, bool] = field(default_factory=dict)
    owners: dict[str, str | None] = field(default_factory=dict)
    reserved_at: dict[str, set[int]] = field(default_factory=dict)
    statistics: Any = None
    states: set[str] = field(default_factory=set)
    unbalanced: list[str] = field(default_factory=list)

    def life_of(self, order_id: str) -> ContractLife | None:
        """The contract of an order."""
        return next((one for lives in self.lives.values() for one in lives if one.order_id == order_id), None)

    def guid_of(self, family: Family) -> str | None:
        """The certificate of a family's child."""
        return next((guid for guid, snils in self.owners.items() if snils == family.child), None)


async def look(place: Town, families: tuple[Family, ...]) -> Seen:
    """Look at both sides."""
    found = Seen()
    for family in families:
        found.accounts[family] = await place.account(family)
        found.orders.update({str(one["id"]): one for one in await place.orders(family)})
    found.statistics = await place.ask("GET", "statistics")
    place.shop.store.look(lambda connection: _read(place, connection, found))
    return found


def _read(place: Town, connection: Connection, found: Seen) -> None:
    shop, certificate, entry = place.shop, registry.certificate.c, registry.ledger_entry.c
    for row in connection.execute(select(certificate.guid, certificate.child_snils)):
        found.owners[row.guid] = row.child_snils
        kept = shop.registry.kept(connection, row.guid)
        assert kept is not None
        found.kept[row.guid] = kept
        found.lives[row.guid] = list(shop.registry.lives(connection, row.guid))
        found.allowed[row.guid] = shop.consents.may_leave(connection, kept.certificate)
    chosen = select(entry.contract_id, entry.version).where(entry.kind == "reserve", entry.contract_id.is_not(None))
    for row in connection.execute(chosen):
        found.reserved_at.setdefault(row.contract_id, set()).add(row.version)
    found.states = set(connection.scalars(select(tables.outbox.c.state)))
    found.unbalanced = list(shop.registry.unbalanced(connection))


class Invariants:
    """The invariants that can be seen from outside; `seen` is a moment of rest, `agreed` what parents agreed to."""

    seen: Seen
    agreed: dict[str, Agreed]

    def check(self) -> None:
        """Check them all."""
        for name in sorted(dir(self)):
            if name.startswith("invariant_"):
                getattr(self, name)()

    def invariant_1_what_is_left_is_never_below_zero(self) -> None:
        for guid, kept in self.seen.kept.items():
            for account in kept.book.accounts.values():
                assert account.available == account.nominal - account.reserved - account.spent >= 0, guid

    def invariant_2_contracts_explain_the_balance(self) -> None:
        assert self.seen.unbalanced == []
        for guid, lives in self.seen.lives.items():
            accounts = self.seen.kept[guid].book.accounts.values()
            assert sum(life.reserved for life in lives) == sum(account.reserved for account in accounts), guid
            assert sum(life.spent for life in lives) == sum(account.spent for account in accounts), guid

    def invariant_4_a_contract_is_split_as_its_parent_agreed(self) -> None:
        for order_id, agreed in self.agreed.items():
            if (life := self.seen.life_of(order_id)) is not None:
                split = life.split
                assert split.total == split.certificate_part + split.own_part
                parts = (split.total, split.certificate_part, split.own_part)
                assert tuple(map(_written, parts)) == (agreed.total, agreed.certificate_part, agreed.own_part)
                assert sum(month.certificate_part + month.own_part for month in split.months) == split.total

    def invariant_7_nothing_is_said_after_an_ending(self) -> None:
        for order_id, order in self.seen.orders.items():
            said = [one["seq"] for one in order["history"] if one["seq"] is not None]
            assert said == sorted(set(said)), order_id
            late = [one for one in order["ignored"] if one["source"] == "status"]
            assert [one for one in late if one["ignored"] != "seq is not higher than the last one"] == [], order_id

    def invariant_8_one_live_contract_per_child_and_group(self) -> None:
        for guid, lives in self.seen.lives.items():
            live = [life.group_guid for life in lives if life.state in LIVE]
            assert len(live) == len(set(live)), guid
            orders = [life.order_id for life in lives]
            assert len(orders) == len(set(orders)), guid
        children = [snils for snils in self.seen.owners.values() if snils is not None]
        assert len(children) == len(set(children)), "one certificate a child"

    def invariant_9_nobody_is_told_of_anothers_child(self) -> None:
        for order in self.seen.orders.values():
            guid = (order["certificate"] or {}).get("guid")
            owner = self.seen.owners[guid] if guid else None  # None too where its data were erased since
            if owner is not None:
                (account,) = (self.seen.accounts[one] for one in self.seen.accounts if one.child == owner)
                assert order in account["orders"], "a certificate is on its own child's orders only"
        account = self.seen.accounts.get(STRANGER)
        if account is not None:
            assert (account["certificates"], account["contracts"]) == ([], [])
            assert all(not (one["certificate"] or {}).get("guid") for one in account["orders"])

    def invariant_10_what_was_reserved_was_agreed_at_that_balance(self) -> None:
        for order_id, agreed in self.agreed.items():
            life = self.seen.life_of(order_id)
            if life is not None and life.split.certificate_part:
                assert self.seen.reserved_at[life.contract_id] == {agreed.version + 1}

    def invariant_12_an_account_shows_what_a_consent_lets_out(self) -> None:
        for family, account in self.seen.accounts.items():
            guid = self.seen.guid_of(family)
            shown = [] if account is None else account["certificates"] + account["contracts"]
            named = guid is not None and self.seen.kept[guid].certificate.applicant.snils is not None
            if guid is None or not named or not self.seen.allowed[guid]:
                assert shown == []
                continue
            (card,) = account["certificates"]
            (held,) = (one for one in self.seen.kept[guid].book.accounts.values())
            figures = (held.nominal, held.reserved, held.spent, held.available)
            assert tuple(card[name] for name in ("nominal", "reserved", "spent", "available")) == tuple(
                map(_written, figures)
            )
            assert held.nominal == NOMINAL
            assert len(account["contracts"]) == len(self.seen.lives[guid])

    def invariant_15_the_portal_refuses_nothing(self) -> None:
        assert self.seen.statistics["totals"]["rejected"] == 0
        assert self.seen.states <= {"done", "renewed", "cancelled"}

    def invariant_17_every_order_is_answered_to_its_end(self) -> None:
        for order_id, order in self.seen.orders.items():
            if order_id not in self.agreed:
                continue
            life = self.seen.life_of(order_id)
            expected = {REFUSED, CANCELLED} if life is None else AT_PORTAL.get(life.state, {ENROLLED})
            if order["status"] == CANCEL_FAILED and life is not None and life.state is not ContractState.REFUSED:
                continue  # a cancellation came before its application: the last answer is not a status of the order
            assert order["status"] in expected, (order_id, order["status"], life and life.state)

    def invariant_18_nothing_takes_effect_twice(self) -> None:
        assert self.seen.statistics["applied_more_than_once"] == []


def _written(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
