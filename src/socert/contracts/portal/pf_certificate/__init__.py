"""The certificate query: the portal asks for a child's certificate, the region answers.

Check a received element with `schema().check(element)`, read it, and check it with `check_request`.
Source: portal message dictionary, 1.
"""

from socert.contracts.portal.blocks import Gender
from socert.contracts.portal.pf_certificate.check import check_request, check_response
from socert.contracts.portal.pf_certificate.papers import (
    Address,
    BirthCertificate,
    Document,
    ForeignBirthCertificate,
    Passport,
)
from socert.contracts.portal.pf_certificate.request import (
    ApplicantData,
    ApplicationDetails,
    InformerItem,
    InformerQuery,
    Query,
    RecipientData,
    Request,
    SearchedChild,
    SearchQuery,
    StatusQuery,
    read_request,
)
from socert.contracts.portal.pf_certificate.response import (
    Answer,
    Certificate,
    CertificateFound,
    CertificateType,
    Funds,
    IssueRefused,
    NothingFound,
    Owner,
    Programmes,
    Response,
    read_response,
)
from socert.contracts.portal.pf_certificate.types import NAMESPACE, REQUEST, RESPONSE, schema
from socert.contracts.portal.problems import Problem

__all__ = [
    "NAMESPACE",
    "REQUEST",
    "RESPONSE",
    "Address",
    "Answer",
    "ApplicantData",
    "ApplicationDetails",
    "BirthCertificate",
    "Certificate",
    "CertificateFound",
    "CertificateType",
    "Document",
    "ForeignBirthCertificate",
    "Funds",
    "Gender",
    "InformerItem",
    "InformerQuery",
    "IssueRefused",
    "NothingFound",
    "Owner",
    "Passport",
    "Problem",
    "Programmes",
    "Query",
    "RecipientData",
    "Request",
    "Response",
    "SearchQuery",
    "SearchedChild",
    "StatusQuery",
    "check_request",
    "check_response",
    "read_request",
    "read_response",
    "schema",
]
