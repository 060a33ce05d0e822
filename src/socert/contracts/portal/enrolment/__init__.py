"""Enrolment: the parent's application, what follows it, and the region's answers.

Check a received element with `schema().check(element)`, read it, and check it with `check_request` or
`check_response`. One application is answered many times. Source: portal message dictionary, 6.
"""

from socert.contracts.portal.agreed import AgreedSplit, Consent, DigestAlgorithm, TextDigest
from socert.contracts.portal.blocks import (
    AnySplit,
    Channel,
    ContractState,
    CountSplit,
    FinancialSource,
    FormCode,
    Gender,
    MonthPart,
    Organisation,
    OrganisationKind,
    Register,
    Scheme,
    Split,
    TypeOfBudget,
    Unit,
    YearPart,
)
from socert.contracts.portal.enrolment.address import Address, AddressPart
from socert.contracts.portal.enrolment.application import Application, Enrolment, File, Financing
from socert.contracts.portal.enrolment.check import check_request, check_response
from socert.contracts.portal.enrolment.people import (
    BirthCertificate,
    Child,
    ChildDocument,
    ForeignBirthDocument,
    IdentityDocument,
    Person,
    PersonRole,
    Representation,
)
from socert.contracts.portal.enrolment.request import Body, Cancellation, Request, TextMessage, read_request
from socert.contracts.portal.enrolment.response import (
    Answer,
    CancellationAnswer,
    CancellationResult,
    CertificateInfo,
    ContractInfo,
    ReceiptResult,
    Response,
    StatusChange,
    TextReceipt,
    read_response,
)
from socert.contracts.portal.enrolment.types import NAMESPACE, REQUEST, RESPONSE, schema
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.statuses import PortalStatus, StatusCode

__all__ = [
    "NAMESPACE",
    "REQUEST",
    "RESPONSE",
    "Address",
    "AddressPart",
    "AgreedSplit",
    "Answer",
    "AnySplit",
    "Application",
    "BirthCertificate",
    "Body",
    "Cancellation",
    "CancellationAnswer",
    "CancellationResult",
    "CertificateInfo",
    "Channel",
    "Child",
    "ChildDocument",
    "Consent",
    "ContractInfo",
    "ContractState",
    "CountSplit",
    "DigestAlgorithm",
    "Enrolment",
    "File",
    "FinancialSource",
    "Financing",
    "ForeignBirthDocument",
    "FormCode",
    "Gender",
    "IdentityDocument",
    "MonthPart",
    "Organisation",
    "OrganisationKind",
    "Person",
    "PersonRole",
    "PortalStatus",
    "Problem",
    "ReasonCode",
    "ReceiptResult",
    "Register",
    "Representation",
    "Request",
    "Response",
    "Scheme",
    "Split",
    "StatusChange",
    "StatusCode",
    "TextDigest",
    "TextMessage",
    "TextReceipt",
    "TypeOfBudget",
    "Unit",
    "YearPart",
    "check_request",
    "check_response",
    "read_request",
    "read_response",
    "schema",
]
