"""The social certificate of 189-FZ: formed for one service and contract from the child's long-lived certificate.

A child has one certificate of additional education for years and may have many of these. It adds nothing of its own: it
says, in the three sections of the legal form, what the contract and its certificate part say. Personified financing and
social order differ in its name only.
Sources: portal message dictionary, 12 (two things called "certificate") and 17.8; source document (no essential
difference between the two).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.gateway.domain.records import ContractState, Scheme

if TYPE_CHECKING:
    from datetime import date

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.policy import Register
    from socert.gateway.domain.records import Organisation

_TITLES = {
    Scheme.SOCIAL_ORDER: "Социальный сертификат",
    Scheme.PF: "Сертификат персонифицированного финансирования",
}
_FORMED = frozenset(
    {ContractState.ACTIVE, ContractState.TERMINATING, ContractState.TERMINATED, ContractState.COMPLETED}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceCertificate:
    """General data; the service and its provider; the contract and its results.

    `volume` is what the certificate pays, `used` what it has paid so far: hundredths of the register's unit, or
    programmes. `over` tells a contract that has ended, whose results are final.
    """

    number: str
    title: str
    certificate_guid: str
    valid_from: date
    valid_to: date

    service: str
    provider: Organisation

    contract_id: str
    contract_number: str
    concluded_on: date
    register: Register
    volume: int
    used: int
    over: bool


def service_certificate(
    contract: ContractLife,
    *,
    certificate_number: str,
    ordinal: int,
    service: str,
    provider: Organisation,
    scheme: Scheme,
) -> ServiceCertificate | None:
    """Form the service certificate of a contract; None before it is concluded, and for one that never was.

    `ordinal` counts the child's concluded contracts from 1; with the certificate's number it makes this one's.
    """
    if contract.state not in _FORMED or contract.number is None or contract.concluded_on is None:
        return None
    return ServiceCertificate(
        number=f"{certificate_number}/{ordinal}",
        title=_TITLES[scheme],
        certificate_guid=contract.certificate_guid,
        valid_from=contract.start,
        valid_to=contract.last_day,
        service=service,
        provider=provider,
        contract_id=contract.contract_id,
        contract_number=contract.number,
        concluded_on=contract.concluded_on,
        register=contract.split.register,
        volume=contract.split.certificate_part,
        used=contract.spent,
        over=contract.state in {ContractState.TERMINATED, ContractState.COMPLETED},
    )
