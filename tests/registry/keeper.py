"""A registry whose certificates live: what the rules decide is stored, each call one unit of work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tests.gateway.records import GROUP, SNILS, certificate, guid

from socert.adapters.registry.builtin.rows import identity
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain import ledger
from socert.gateway.domain.certificate import Identity, child_keys, settled
from socert.gateway.domain.ledger import AccountKey
from socert.gateway.domain.policy import Policy
from socert.gateway.domain.quote import Priced, quote
from socert.gateway.domain.records import CertificateStatus, Register
from socert.gateway.ports.life import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.registry.book import Book

    from socert.gateway.domain.contract import ContractLife, Step
    from socert.gateway.domain.ledger import Entry
    from socert.gateway.domain.records import Certificate
    from socert.gateway.ports.life import Kept

NOW = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)
TERMS = Terms(
    programme_name="Резьба по дереву", study_year=1, organisation_inn="0001234562", organisation_name="ООО «Стружка»"
)
RUB_2026 = AccountKey(year=2026, register=Register.RUB)
RUB_2027 = AccountKey(year=2027, register=Register.RUB)

CHILD = Identity(
    last_name="Журавлёв",
    first_name="Платон",
    middle_name="Святославович",
    birth_date=date(2014, 3, 15),
    snils=SNILS,
    document="II-ЖД 700115",
)
"""The child that all certificates belong to, as an enrolment names it."""


def opening(*accounts: tuple[AccountKey, int]) -> list[Entry]:
    """Return the entries that open accounts with these nominals."""
    return [ledger.issue(key, amount, key=f"{key.year}:{key.register.value}:issue") for key, amount in accounts]


def fresh(number: int = 1, **changes: Any) -> Certificate:
    """Return a certificate as it is issued."""
    return certificate(number, **{"status": CertificateStatus.ISSUED, "consent_form": None, **changes})


@dataclass(kw_only=True)
class Keeper:
    """Plays the services over a registry: what they would decide, and how it is stored."""

    book: Book
    policy: Policy = field(default_factory=Policy)

    def issue(
        self,
        number: int = 1,
        *,
        accounts: Sequence[tuple[AccountKey, int]] = ((RUB_2026, 100_000),),
        order_id: str | None = None,
        **changes: Any,
    ) -> Kept:
        """Issue a certificate with these accounts."""
        made = fresh(number, **changes)
        keys = child_keys(identity(made.child))
        return self.book.run(
            lambda unit: self.book.registry.issue(unit, made, keys=keys, order_id=order_id, entries=opening(*accounts))
        )

    def kept(self, number: int = 1) -> Kept:
        """Return a certificate that must be there."""
        found = self.book.store.look(lambda connection: self.book.registry.kept(connection, guid(number)))
        assert found is not None
        return found

    def known(self, asked: Identity) -> list[str]:
        """Return the GUIDs that the registry knows a child by."""
        found = self.book.store.look(lambda connection: self.book.registry.known(connection, asked))
        return [one.guid for one in found]

    def life(self, contract_id: str) -> ContractLife:
        """Return a contract that must be there."""
        found = self.book.store.look(lambda connection: self.book.registry.life(connection, contract_id))
        assert found is not None
        return found

    def lives(self, number: int = 1) -> list[ContractLife]:
        """Return a certificate's contracts."""
        return list(self.book.store.look(lambda connection: self.book.registry.lives(connection, guid(number))))

    def request(
        self,
        contract_id: str = "c-1",
        *,
        payer: int = 1,
        price: int = 30_000,
        start: date = date(2026, 9, 1),
        end: date = date(2026, 12, 31),
        order_id: str | None = None,
        kept: Kept | None = None,
    ) -> Step:
        """Decide a request, by the rules alone."""
        kept = self.kept(payer) if kept is None else kept
        priced = Priced(start=start, end=end, register=kept.register, price=price)
        made = quote(priced, start=start, end=end, book=kept.book, policy=self.policy)
        return steps.request(
            contract_id=contract_id,
            certificate_guid=kept.certificate.guid,
            group_guid=GROUP,
            start=start,
            end=end,
            quote=made,
            now=NOW,
            order_id=order_id,
        )

    def save(self, step: Step, *, kept: Kept | None = None, terms: Terms | None = TERMS) -> Kept:
        """Store a step with the certificate that it was decided on, or the one that is stored now."""
        given = kept
        contract = step.contract

        def work(unit: Any) -> Kept:
            registry = self.book.registry
            found = given or registry.kept(unit.connection, contract.certificate_guid)
            assert found is not None
            return registry.save(
                unit,
                found,
                entries=step.entries,
                status=settled(found.certificate.status, found.book.post(step.entries)),
                contracts=[contract],
                terms=None if terms is None else {contract.contract_id: terms},
            )

        return self.book.run(work)

    def enrol(self, contract_id: str = "c-1", **given: Any) -> ContractLife:
        """Request a contract and store it."""
        step = self.request(contract_id, **given)
        self.save(step)
        return step.contract

    def conclude(self, contract_id: str = "c-1") -> ContractLife:
        """Bring a requested contract to life."""
        accepted = steps.accept(self.life(contract_id), now=NOW)
        self.save(accepted)
        concluded = steps.conclude(accepted.contract, number=f"Д-{contract_id}", day=date(2026, 9, 7), now=NOW)
        self.save(concluded)
        return concluded.contract
