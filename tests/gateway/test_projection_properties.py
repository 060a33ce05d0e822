"""Whatever the region does, and whenever messages leave: the account ends up as the registry stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from tests.gateway.records import CONSENT, balance, certificate, contract, guid, parent
from tests.gateway.region import read_update

from socert.adapters.registry.builtin import tables as registry_tables
from socert.contracts.portal import account
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection
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


STEPS = st.lists(
    st.one_of(certificates(), contracts(), st.just(("deliver", {})), st.just(("pack", {})), st.just(("release", {}))),
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


def empty(region: Region) -> None:
    """Forget everything but the municipality and the programme."""

    def work(connection: Connection) -> None:
        for table in (tables.change, tables.projection):
            connection.execute(delete(table))
        kept = {"registry_municipality", "registry_programme", "registry_organisation"}
        for table in reversed(registry_tables.metadata.sorted_tables):
            if table.name not in kept:
                connection.execute(delete(table))

    region.store.run(work)


def leave(region: Region, portal: Portal, *states: str) -> None:
    """Let changes in these states arrive, oldest first."""
    for row in region.changes():
        if row["state"] in states:
            portal.apply(read_update(row["body"]))
    end(region, states, "delivered")


def end(region: Region, states: tuple[str, ...], to: str) -> None:
    done = update(tables.change).where(tables.change.c.state.in_(states)).values(state=to, message_id="a message")
    region.store.run(lambda connection: connection.execute(done))


def step(region: Region, portal: Portal, name: str, given_: dict[str, Any]) -> None:
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
        case "release":
            region.store.run(region.projector.release)


@EACH
@given(STEPS)
def test_the_account_ends_up_as_the_registry_stands(region: Region, steps: list[tuple[str, dict[str, Any]]]) -> None:
    empty(region)
    portal = Portal()
    for name, given_ in steps:
        step(region, portal, name, given_)
        waiting = [row["object_id"] for row in region.changes() if row["state"] == "pending"]
        balances = [object_id for object_id in waiting if object_id.startswith("aaaa")]
        assert len(balances) == len(set(balances)), "one balance of a certificate waits at most"
    step(region, portal, "deliver", {})
    check(region, portal)


def check(region: Region, portal: Portal) -> None:
    """Compare what the account shows with the registry."""
    ids = [guid(1), guid(2)]
    views = region.store.look(lambda connection: region.registry.certificates(connection, ids))
    for key, view in views.items():
        item, told = view.certificate, portal.shown.get(key)
        if item.consent_form is None:
            assert told is None
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
        if payer.certificate.consent_form is None:
            assert told is None
        elif payer.municipality is not None and payer.certificate.applicant.snils is not None:
            assert told is not None
            assert isinstance(told.body, account.ContractCard)
            assert told.body.contract_state.value == signed.contract.state.value
            assert told.body.spent_now == signed.contract.spent
            assert told.body.certificate_guid == signed.certificate_guid
