"""States as people read them in Russian: of a certificate ("выдан") and of a contract ("исполнен")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.gateway.domain.records import CertificateStatus, ContractState

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUSES: Mapping[CertificateStatus, str] = {
    CertificateStatus.ISSUED: "выдан",
    CertificateStatus.ACTIVE: "действует",
    CertificateStatus.SUSPENDED: "приостановлен",
    CertificateStatus.EXHAUSTED: "исчерпан",
    CertificateStatus.ANNULLED: "аннулирован",
    CertificateStatus.EXPIRED: "истёк",
}
STATES: Mapping[ContractState, str] = {
    ContractState.REQUESTED: "подано заявление",
    ContractState.ACCEPTED: "ждёт подписания",
    ContractState.ACTIVE: "действует",
    ContractState.TERMINATING: "расторгается",
    ContractState.TERMINATED: "расторгнут",
    ContractState.COMPLETED: "исполнен",
    ContractState.REFUSED: "отказано",
}
