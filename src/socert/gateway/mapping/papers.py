"""A child's paper as the registry keeps it, whichever message brings it (portal message dictionary, 1, 6 and 10)."""

from __future__ import annotations

from socert.contracts.errors import ContractError
from socert.contracts.portal import enrolment, pf_certificate
from socert.contracts.portal.values import normal_birth_certificate

Paper = pf_certificate.Document | enrolment.ChildDocument


def birth_certificate(paper: Paper | None) -> str | None:
    """Return a Russian birth certificate in the spelling in which registries keep it; None for any other paper."""
    if not isinstance(paper, pf_certificate.BirthCertificate | enrolment.BirthCertificate):
        return None
    try:
        return normal_birth_certificate(f"{paper.series} {paper.number}")
    except ContractError:
        return None


def document_text(paper: Paper) -> str | None:
    """Return what tells a child by its paper: series and number; None for a birth certificate that cannot be one."""
    if isinstance(paper, pf_certificate.BirthCertificate | enrolment.BirthCertificate):
        return birth_certificate(paper)
    return " ".join(f"{paper.series or ''} {paper.number}".upper().split())
