"""Whatever the region does, and whenever messages leave: the account ends up as the registry stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from tests.gateway.records import CONSENT, balance, certificate, contract, guid, parent
from tests.gateway.region import read_update
from tests.gateway.test_channel import Modes, shown_by, switch
from tests.gateway.test_consents import BOTH, give, withdraw

from socert.adapters.registry.builtin import tables as registry_tables
from socert.contracts.portal import account
from socert.gateway.domain.channel import Channel, Push
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.projection import Shown, shown
from socert.gateway.store import tables, tables_life

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from tests.gateway.records import Clock
    from tests.gateway.region import Region

EACH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""The database is emptied before each example, so one for the whole test will do."""
NUMBERS = st.integers(1, 2)


@st.composite
def certificates(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    spent = draw(st.integers(0, 3)) * 100
    return "put", {
        "number": draw(NUMBERS),
        "balance": balance(reserved=draw(st.integers(0, 3)) * 100, spent=spent),
        "status": draw(st.sampled_from([CertificateStatus.ACTIVE, CertificateStatus.SUSPENDED])),
        "consent_form": draw(st.sampled_from([CONSENT, CONSENT, None])),
        "oktmo": draw(st.sampled_from(["11605000"] * 4 + ["99999000"])),
        "applicant": draw(st.sampled_from([parent(), parent(), parent(), parent(snils=None)])),
    }


@st.composite
def contracts(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    return "sign", {
        "number": draw(st.integers(1, 3)),
        "payer": draw(NUMBERS),
        "state": draw(st.sampled_from([ContractState.REQUESTED, ContractState.ACTIVE, ContractState.TERMINATED])),
        "reserved": 0,
        "spent": draw(st.integers(0, 2)) * 100,
    }


CONSENTS = st.builds(lambda name, number: (name, {"number": number}), st.sampled_from(["withdraw", "give"]), NUMBERS)
MODES = st.builds(lambda push: ("mode", {"push": push}), st.sampled_from([*Push, Push.FULL]))
STEPS = st.lists(
    st.one_of(
        certificates(),
        contracts(),
        CONSENTS,
        MODES,
        st.just(("deliver", {})),
        st.just(("pack", {})),
        st.just(("release", {})),
    ),
    max_size=14,
)


@dataclass
class Portal:
    """What an account shows, by the portal's rules: the highest version of each object, whole."""

    seqs: dict[str, int] = field(default_factory=dict)
    shown: dict[str, account.Update] = field(default_factory=dict)

    def apply(self, one: account.Update) -> None:
        assert account.check_update(one) == []
        assert one.seq > self.seqs.get(one.object_id, 0), "versions grow, and none is told twice"
        self.seqs[one.object_id] = one.seq
        if one.operation is account.Operation.CLOSE:
            assert one.object_id in self.shown, "nothing is said of what was never shown"
            del self.shown[one.object_id]
        else:
            self.shown[one.object_id] = one


def shown_here(region: Region, key: str) -> Shown | None:
    """Return what questions about a certificate are answered from."""
    return region.store.look(lambda connection: shown(connection, key))


def empty(region: Region) -> None:
    """Forget everything but the municipality and the programme."""

    def work(connection: Connection) -> None:
        for table in (tables.change, tables.projection, tables_life.consent, tables_life.duty):
            connection.execute(delete(table))
        kept = {"registry_municipality", "registry_programme", "registry_organisation"}
        for table in reversed(registry_tables.metadata.sorted_tables):
            if table.name not in kept:
                connection.execute(delete(table))

    region.store.run(work)


def leave(region: Region, portal: Portal, *states: str) -> None:
    """Let changes in these states arrive, oldest first."""
    for row in region.changes():
        if row["state"] in states and row["way"] == "account":
            portal.apply(read_update(row["body"]))
    end(region, states, "delivered")


def end(region: Region, states: tuple[str, ...], to: str) -> None:
    done = update(tables.change).where(tables.change.c.state.in_(states)).values(state=to, message_id="a message")
    region.store.run(lambda connection: connection.execute(done))


def step(region: Region, modes: Modes, portal: Portal, name: str, given_: dict[str, Any]) -> None:
    match name:
        case "put":
            region.put(certificate(**given_))
        case "sign":
            known = region.store.look(
                lambda connection: region.registry.certificates(connection, [guid(given_["payer"])])
            )
            if known:
                region.sign(contract(**given_))
        case "pack":  # what was packed before arrives first: no object is in two messages at once
            leave(region, portal, "packed")
            end(region, ("pending",), "packed")
        case "deliver":
            leave(region, portal, "packed")
            leave(region, portal, "pending")
        case "mode":
            switch(region, modes, Channel(push=given_["push"]))
        case "withdraw" | "give":
            decide(region, name, given_["number"])
        case "release":
            region.store.run(region.projector.release)


def decide(region: Region, name: str, number: int) -> None:
    """Give or withdraw consents of a certificate, where there is any to withdraw."""

    def standing(connection: Connection) -> tuple[bool, bool]:
        views = region.registry.certificates(connection, [guid(number)])
        consents = [region.consents.of(connection, view.certificate) for view in views.values()]
        return bool(views), any(consents)

    known, has_any = region.store.look(standing)
    if known and name == "give":
        now = region.projector._clock()
        give(region, *(replace(one, given_at=now) for one in BOTH), number=number)
    elif has_any:
        withdraw(region, number=number)


@pytest.mark.invariant(7)
@pytest.mark.invariant(12)
@EACH
@given(STEPS)
def test_the_account_ends_up_as_the_registry_stands(
    region: Region, clock: Clock, steps: list[tuple[str, dict[str, Any]]]
) -> None:
    empty(region)
    portal, modes = Portal(), Modes(own={})
    region = shown_by(region, clock, modes)
    for name, given_ in steps:
        clock.advance(1)
        step(region, modes, portal, name, given_)
        waiting = [(row["object_id"], row["way"]) for row in region.changes() if row["state"] == "pending"]
        balances = [one for one in waiting if one[0].startswith("aaaa")]
        # Where the way was changed, the former one's closing waits beside the balance that goes the new one.
        assert len(balances) == len(set(balances)), "one balance of a certificate waits at most on each way"
    step(region, modes, portal, "deliver", {})
    check(region, modes, portal)


def check(region: Region, modes: Modes, portal: Portal) -> None:
    """Compare what the account shows with the registry."""
    ids = [guid(1), guid(2)]
    views = region.store.look(lambda connection: region.registry.certificates(connection, ids))
    kept = [view.certificate for view in views.values()]
    gate = region.store.look(lambda connection: region.consents.gate(connection, kept))
    consents = [update for update in portal.shown.values() if isinstance(update.body, account.ConsentState)]
    assert all(update.body.state == "GIVEN" for update in consents if isinstance(update.body, account.ConsentState))
    for key, view in views.items():
        item, told = view.certificate, portal.shown.get(key)
        shows = modes(item.oktmo).push is Push.FULL and gate[key]
        if not shows:
            assert told is None
            assert shown_here(region, key) is None or gate[key]
        elif view.municipality is not None and item.applicant.snils is not None:
            assert told is not None
            assert isinstance(told.body, account.CertificateCard)
            (shown,) = told.body.balances
            assert isinstance(shown, account.Balance)
            assert (shown.reserved, shown.spent) == (item.balance.reserved, item.balance.spent)
            assert told.body.status.value == item.status.value
    found = region.store.look(lambda connection: region.registry.contracts(connection, ["РД-1", "РД-2", "РД-3"]))
    for key, signed in found.items():
        payer, told = views[signed.certificate_guid], portal.shown.get(key)
        if not (modes(payer.certificate.oktmo).push is Push.FULL and gate[payer.certificate.guid]):
            assert told is None
        elif payer.municipality is not None and payer.certificate.applicant.snils is not None:
            assert told is not None
            assert isinstance(told.body, account.ContractCard)
            assert told.body.contract_state.value == signed.contract.state.value
            assert told.body.spent_now == signed.contract.spent
            assert told.body.certificate_guid == signed.certificate_guid
