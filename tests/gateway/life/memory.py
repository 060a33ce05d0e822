"""The simplest registry that the rules can be stored in: dictionaries. What the real one must agree with."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from socert.gateway.domain.certificate import FINAL, Identity, Known, child_keys, identity_of
from socert.gateway.domain.contract import LIVE, ContractLife
from socert.gateway.domain.ledger import Book, Entry
from socert.gateway.domain.policy import Register
from socert.gateway.domain.records import Certificate, CertificateStatus, Contract, Municipality, Programme, Unit
from socert.gateway.ports import CertificateBrief, ContractView, KeyTakenError, Put, UnitOfWork
from socert.gateway.ports.life import Group, Kept, Terms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.domain.renewal import Offer, Pool
    from socert.gateway.domain.turn import Continuing


class MemoryRegistry:
    """Implements the ports' `LifeRegistry`, and of `Registry` what the services ask for."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.certificates_kept: dict[str, Kept] = {}
        self.contracts_kept: dict[str, ContractLife] = {}
        self.terms: dict[str, Terms] = {}
        self.programmes: dict[str, Programme] = {}
        self.municipalities: dict[str, Municipality] = {}
        self.offers_kept: dict[str, Offer] = {}
        self.pools: dict[tuple[str, int, Register], Pool] = {}

    def snapshot(self) -> dict[str, Any]:
        """Everything as it is: what a transaction that fails goes back to."""
        return {name: copy.copy(value) for name, value in vars(self).items()}

    def restore(self, snapshot: dict[str, Any]) -> None:
        vars(self).update(snapshot)

    # as the import does

    def put_municipalities(self, unit: UnitOfWork, items: Sequence[Municipality]) -> Put:
        self.municipalities.update({item.oktmo: item for item in items})
        return Put()

    def put_programmes(self, unit: UnitOfWork, items: Sequence[Programme]) -> Put:
        self.programmes.update({item.group_guid: item for item in items})
        return Put()

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        return {
            kept.certificate.number: CertificateBrief(guid=guid, unit=Unit.RUB, nominal=0)
            for guid, kept in self.certificates_kept.items()
            if kept.certificate.number in numbers
        }

    def contracts_of(self, connection: Connection, guids: Collection[str]) -> Sequence[str]:
        return [life.contract_id for life in self.contracts_kept.values() if life.certificate_guid in guids]

    def contracts(self, connection: Connection, ids: Collection[str]) -> Mapping[str, ContractView]:
        return {
            one: ContractView(
                contract=self._record(self.contracts_kept[one]),
                programme=self.programmes.get(self.contracts_kept[one].group_guid),
                certificate_guid=self.contracts_kept[one].certificate_guid,
                life=self.contracts_kept[one],
            )
            for one in ids
            if one in self.contracts_kept
        }

    def _record(self, life: ContractLife) -> Contract:
        terms = self.terms[life.contract_id]
        return Contract(
            contract_id=life.contract_id,
            number=life.number,
            certificate_number=self.certificates_kept[life.certificate_guid].certificate.number,
            concluded_on=life.concluded_on,
            group_guid=life.group_guid,
            programme_name=terms.programme_name,
            study_year=terms.study_year,
            organisation_inn=terms.organisation_inn,
            organisation_name=terms.organisation_name,
            start=life.start,
            end=life.end,
            unit=Unit.HOUR if life.split.register is Register.HOUR else Unit.RUB,
            certificate_part=life.split.certificate_part,
            own_part=life.split.own_part,
            spent=life.spent,
            reserved=life.reserved,
            state=life.state,
            order_id=life.order_id,
            previous_contract_id=life.previous_contract_id,
        )

    # certificates

    def known(self, connection: Connection, child: Identity) -> Sequence[Known]:
        guids = dict.fromkeys(guid for key, guid in self.keys.items() if _meets(key, child))
        return [
            Known(
                guid=guid,
                status=self.certificates_kept[guid].certificate.status,
                identity=identity_of(self.certificates_kept[guid].certificate.child),
                issued_by_order=self.certificates_kept[guid].issued_by_order,
            )
            for guid in guids
        ]

    def kept(self, connection: Connection, guid: str) -> Kept | None:
        return self.certificates_kept.get(guid)

    def issue(
        self,
        unit: UnitOfWork,
        certificate: Certificate,
        *,
        keys: Sequence[str],
        order_id: str | None,
        entries: Sequence[Entry],
    ) -> Kept:
        if any(self._stands(key) for key in keys):
            raise KeyTakenError("another certificate stands for this child")
        register = Register.HOUR if certificate.unit is Unit.HOUR else Register.RUB
        kept = Kept(certificate=certificate, register=register, book=Book().post(entries), issued_by_order=order_id)
        self.certificates_kept = {**self.certificates_kept, certificate.guid: kept}
        self.keys = {**self.keys, **dict.fromkeys(keys, certificate.guid)}
        unit.touch([certificate.guid])
        return kept

    def _stands(self, key: str) -> bool:
        return key in self.keys and self.certificates_kept[self.keys[key]].certificate.status not in FINAL

    def save(
        self,
        unit: UnitOfWork,
        kept: Kept,
        *,
        entries: Sequence[Entry] = (),
        status: CertificateStatus | None = None,
        contracts: Sequence[ContractLife] = (),
        terms: Mapping[str, Terms] | None = None,
    ) -> Kept:
        guid = kept.certificate.guid
        now = self.certificates_kept[guid]
        saved = replace(
            now,
            book=now.book.post(entries),
            certificate=replace(now.certificate, status=status or now.certificate.status),
        )
        for life in contracts:
            if life.contract_id not in self.contracts_kept and life.contract_id not in (terms or {}):
                raise KeyError(life.contract_id)
        self.certificates_kept = {**self.certificates_kept, guid: saved}
        self.contracts_kept = {**self.contracts_kept, **{life.contract_id: life for life in contracts}}
        self.terms = {**self.terms, **(terms or {})}
        unit.touch([guid], [life.contract_id for life in contracts])
        return saved

    def identify(self, unit: UnitOfWork, guid: str, *, applicant_snils: str) -> None:
        kept = self.certificates_kept[guid]
        applicant = replace(kept.certificate.applicant, snils=applicant_snils)
        named = replace(kept, certificate=replace(kept.certificate, applicant=applicant))
        self.certificates_kept = {**self.certificates_kept, guid: named}
        unit.touch([guid])

    # contracts

    def life(self, connection: Connection, contract_id: str) -> ContractLife | None:
        return self.contracts_kept.get(contract_id)

    def lives(self, connection: Connection, guid: str) -> Sequence[ContractLife]:
        return [life for life in self._sorted() if life.certificate_guid == guid]

    def life_of_order(self, connection: Connection, order_id: str) -> ContractLife | None:
        return next((life for life in self._sorted() if life.order_id == order_id), None)

    def live_contracts(self, connection: Connection, *, after: str, limit: int) -> Sequence[ContractLife]:
        return [life for life in self._sorted() if life.state in LIVE and life.contract_id > after][:limit]

    def certificates_to_expire(self, connection: Connection, today: date, *, limit: int) -> Sequence[str]:
        return [
            guid
            for guid, kept in sorted(self.certificates_kept.items())
            if kept.certificate.status not in FINAL
            and kept.certificate.valid_to is not None
            and kept.certificate.valid_to < today
        ][:limit]

    def _sorted(self) -> list[ContractLife]:
        return [life for _, life in sorted(self.contracts_kept.items())]

    # groups and places

    def group(self, connection: Connection, group_guid: str) -> Group | None:
        programme = self.programmes.get(group_guid)
        if programme is None:
            return None
        mine = [life for life in self.contracts_kept.values() if life.group_guid == group_guid]
        return Group(programme=programme, taken=sum(life.state in LIVE for life in mine))

    def municipality(
        self, connection: Connection, *, guid: str | None = None, oktmo: str | None = None
    ) -> Municipality | None:
        for found in self.municipalities.values():
            if found.oktmo == oktmo or (guid is not None and found.guid.lower() == guid.lower()):
                return found
        return None

    # renewal

    def pupils(self, connection: Connection, *, year: int, oktmo: str | None = None) -> Iterator[Continuing]:
        raise NotImplementedError

    def offer(self, connection: Connection, key: str) -> Offer | None:
        return self.offers_kept.get(key)

    def offers_to_lapse(self, connection: Connection, today: date, *, limit: int) -> Sequence[Offer]:
        raise NotImplementedError

    def offers_of(self, connection: Connection, guid: str) -> Sequence[Offer]:
        return [offer for offer in self.offers_kept.values() if offer.certificate_guid == guid]

    def save_offer(self, unit: UnitOfWork, offer: Offer) -> None:
        self.offers_kept = {**self.offers_kept, offer.key: offer}

    def pool(self, connection: Connection, oktmo: str, year: int, register: Register) -> Pool | None:
        return self.pools.get((oktmo, year, register))

    def save_pool(self, unit: UnitOfWork, pool: Pool) -> None:
        self.pools = {**self.pools, (pool.oktmo, pool.year, pool.register): pool}

    def certificates_of_year(self, connection: Connection, *, year: int, after: str, limit: int) -> Sequence[str]:
        return [
            guid
            for guid, kept in sorted(self.certificates_kept.items())
            if guid > after and any(key.year == year for key in kept.book.accounts)
        ][:limit]


def _meets(key: str, child: Identity) -> bool:
    """A key of the child's, or one of the same document: names and birth dates are compared by the rules."""
    if key in child_keys(child):
        return True
    return child.document is not None and key.startswith(f"document:{child.document}|")
