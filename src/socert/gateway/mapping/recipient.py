"""Whose account it is: the certificates of a child whose applicant asks or decides, and nobody else's (invariant 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.values import same_name
from socert.gateway.domain.certificate import FINAL
from socert.gateway.ports import Wanted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socert.contracts.portal import account
    from socert.gateway.domain.records import Certificate
    from socert.gateway.ports import CertificateView, Registry


def certificates_of(registry: Registry, connection: Connection, recipient: account.Recipient) -> list[CertificateView]:
    """Return the certificates of the recipient's child whose applicant the recipient is, those in force first.

    Nothing is found for a child without SNILS: the portal was told nothing of it (`Hold.NO_RECIPIENT`).
    """
    child = recipient.child
    if child.snils is None or recipient.applicant.snils is None:
        return []
    found = registry.find(connection, Wanted(snils=child.snils))
    mine = [view for view in found if _is_theirs(view.certificate, recipient)]
    return sorted(mine, key=lambda view: view.certificate.status in FINAL)


def same_recipient(one: account.Recipient, other: account.Recipient) -> bool:
    """Whether both name the same applicant and child, by SNILS, birth date and names; middle names may be left out."""
    return (
        one.applicant.snils == other.applicant.snils
        and one.child.snils == other.child.snils
        and one.child.birth_date == other.child.birth_date
        and same_name(one.child.last_name, other.child.last_name)
        and same_name(one.child.first_name, other.child.first_name)
    )


def _is_theirs(certificate: Certificate, recipient: account.Recipient) -> bool:
    child, named = certificate.child, recipient.child
    return (
        certificate.applicant.snils == recipient.applicant.snils
        and child.birth_date == named.birth_date
        and same_name(child.last_name, named.last_name)
        and same_name(child.first_name, named.first_name)
    )
