"""The schemas as files: their forms, their closed lists, and the limits that readers and writers rely on."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from socert.contracts.portal import account, elk_status, enrolment, group_cost, order_event, pf_certificate
from socert.contracts.portal.account.check import MOST_UPDATES
from socert.contracts.portal.rules import LONGEST_TEXT
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum
    from types import ModuleType

    from lxml.etree import _Element

XS = "{http://www.w3.org/2001/XMLSchema}"
ALL = pytest.mark.parametrize(
    "package",
    [account, elk_status, enrolment, group_cost, order_event, pf_certificate],
    ids=lambda package: package.__name__.rpartition(".")[2],
)
WILDCARDS = {elk_status: 1, group_cost: 1}


def source(package: ModuleType) -> _Element:
    """The schema file of a message type."""
    return parse((files(package.__name__) / "schema.xsd").read_bytes())


@ALL
def test_every_element_is_qualified_and_no_attribute(package: ModuleType) -> None:
    schema = source(package)
    assert schema.get("elementFormDefault") == "qualified"
    assert schema.get("attributeFormDefault") == "unqualified"
    assert schema.get("targetNamespace") == package.NAMESPACE
    assert schema.findall(f".//{XS}import") == schema.findall(f".//{XS}include") == []
    assert schema.findall(f".//{XS}all") == []
    assert len(schema.findall(f".//{XS}any")) == WILDCARDS.get(package, 0)


@ALL
def test_roots_are_the_message_types(package: ModuleType) -> None:
    names = [name for name in package.__all__ if name.endswith(("REQUEST", "RESPONSE"))]
    known = {getattr(package, name).root for name in names}
    assert {element.get("name") for element in source(package).findall(f"{XS}element")} == known
    assert all(getattr(package, name).namespace == package.NAMESPACE for name in names)


LISTS: dict[str, type[StrEnum]] = {
    "Operation": account.Operation,
    "Cause": account.Cause,
    "UpdateStatus": account.ResultStatus,
    "Scheme": account.Scheme,
    "CertificateType": account.CertificateType,
    "CertificateStatus": account.CertificateStatus,
    "ContractState": account.ContractState,
    "Initiator": account.Initiator,
    "OrganisationKind": account.OrganisationKind,
    "Register": account.Register,
    "OfferState": account.OfferState,
    "Answer": account.Answer,
    "FormCode": account.FormCode,
    "ConsentStanding": account.ConsentStanding,
    "Channel": account.Channel,
    "ActionResult": account.ActionResult,
    "QueryResult": account.QueryResult,
    "Include": account.Include,
    "ObjectKind": account.ObjectKind,
    "ConsentDeed": account.ConsentDeed,
    "DigestAlgorithm": account.DigestAlgorithm,
    "PersonRole": enrolment.PersonRole,
    "Gender": enrolment.Gender,
    "FinancialSource": enrolment.FinancialSource,
    "TypeOfBudget": enrolment.TypeOfBudget,
    "CancellationResult": enrolment.CancellationResult,
    "ReceiptResult": enrolment.ReceiptResult,
    "Environment": order_event.Environment,
}


def test_closed_lists_are_the_same_in_schema_and_code() -> None:
    seen = set()
    for package in (account, elk_status, enrolment, group_cost, order_event):
        for kind in source(package).iterfind(f"{XS}simpleType[@name]"):
            listed = [item.get("value") for item in kind.iterfind(f"{XS}restriction/{XS}enumeration")]
            if listed:
                seen.add(kind.get("name"))
                assert listed == [member.value for member in LISTS[kind.get("name", "")]]
    assert seen == set(LISTS)


def test_limits_are_the_same_in_schema_and_code() -> None:
    schema = source(account)
    (longest,) = schema.iterfind(f"{XS}simpleType[@name='Text2048']/{XS}restriction/{XS}maxLength")
    assert longest.get("value") == str(LONGEST_TEXT)
    (update,) = schema.iterfind(f"{XS}element[@name='AccountUpdateRequest']//{XS}element[@name='update']")
    assert update.get("maxOccurs") == str(MOST_UPDATES)


PUSH = f"""<AccountUpdateRequest xmlns="{account.NAMESPACE}">
<batchId>00000000-0000-4000-8000-0000000000f1</batchId><sentAt>2026-09-05T10:00:05+03:00</sentAt>
<update><objectId>00000000-0000-4000-8000-0000000000aa</objectId><operation>CREATE</operation><seq>1</seq>
<asOf>2026-09-05T10:00:00+03:00</asOf><cause>ISSUED</cause>
<recipient><applicant><lastName>Примерова</lastName><firstName>Анна</firstName><snils>90000000182</snils></applicant>
<child><lastName>Примеров</lastName><firstName>Тест</firstName><birthDate>2016-02-20</birthDate></child></recipient>
<certificateCard><certificateGUID>a</certificateGUID><certificateNumber>1</certificateNumber><scheme>PF</scheme>
<certificateType>1</certificateType><regionCode>00000000-0000-4000-8000-000000000003</regionCode>
<municipalityCode>00000000-0000-4000-8000-000000000002</municipalityCode><validFrom>2026-01-10</validFrom>
<status>ACTIVE</status><version>0</version><balance><periodFrom>2026-01-01</periodFrom>
<periodTo>2026-12-31</periodTo><money><nominal>17456.00</nominal><reserved>0.00</reserved><spent>0.00</spent>
<available>17456.00</available></money></balance></certificateCard><notice>Выдан</notice></update>
</AccountUpdateRequest>"""

ANSWER = f"""<universalCertificateResponse xmlns="{pf_certificate.NAMESPACE}">
<orderId>1</orderId><responseTimestamp>2026-09-01T09:00:03+03:00</responseTimestamp>
<certificateResponse><ineffectualSearchResponse><certificateGUID>a</certificateGUID>
<emptySearchResultReason>Не найден</emptySearchResultReason><recipientPassportData>
<passportType code="1">Паспорт</passportType><passportNumber>000000</passportNumber>
<passportAgency>Тест</passportAgency><passportIssueDate>2010-01-01</passportIssueDate></recipientPassportData>
<recipientSNILS>11223344595</recipientSNILS></ineffectualSearchResponse></certificateResponse>
</universalCertificateResponse>"""


def value(name: str, text: str) -> Callable[[_Element], None]:
    """A change: the first element of that name gets another text."""

    def change(root: _Element) -> None:
        next(root.iterfind(f".//{{*}}{name}")).text = text

    return change


def dropped(name: str) -> Callable[[_Element], None]:
    """A change: the first element of that name is gone."""

    def change(root: _Element) -> None:
        element = next(root.iterfind(f".//{{*}}{name}"))
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def last(name: str) -> Callable[[_Element], None]:
    """A change: the first element of that name goes behind its neighbours."""

    def change(root: _Element) -> None:
        element = next(root.iterfind(f".//{{*}}{name}"))
        parent = element.getparent()
        assert parent is not None
        parent.append(element)

    return change


def without_attribute(name: str) -> Callable[[_Element], None]:
    """A change: the first element of that name loses its attributes."""

    def change(root: _Element) -> None:
        next(root.iterfind(f".//{{*}}{name}")).attrib.clear()

    return change


@pytest.mark.parametrize("text", [PUSH, ANSWER], ids=["account", "certificate query"])
def test_messages_to_be_broken_are_good(text: str) -> None:
    check(text, lambda _: None)


def check(text: str, change: Callable[[_Element], None]) -> None:
    """Change a message and raise SchemaInvalid if it is no longer valid."""
    root = parse(text.encode())
    change(root)
    package = account if account.NAMESPACE in text else pf_certificate
    package.schema().check(root)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (PUSH, value("objectId", "x" * 50)),
        (PUSH, value("lastName", "ё" * 256)),
        (PUSH, value("seq", "9223372036854775807")),
        (PUSH, value("nominal", "9999999999.99")),
        (PUSH, value("notice", "")),
        (PUSH, dropped("notice")),
        (PUSH, dropped("certificateCard")),
        (ANSWER, value("orderId", "-1")),
        (ANSWER, value("certificateGUID", "")),
        (ANSWER, value("passportNumber", "")),
        (ANSWER, value("passportIssueDate", "не помню")),
        (ANSWER, dropped("certificateGUID")),
        (ANSWER, dropped("recipientPassportData")),
    ],
)
def test_limits_themselves_are_valid(text: str, change: Callable[[_Element], None]) -> None:
    check(text, change)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (PUSH, value("batchId", "00000000000040008000000000000000000a")),
        (PUSH, value("objectId", "x" * 51)),
        (PUSH, value("objectId", "")),
        (PUSH, value("operation", "DELETE")),
        (PUSH, value("seq", "0")),
        (PUSH, value("asOf", "2026-09-05")),
        (PUSH, value("cause", "")),
        (PUSH, value("lastName", "ё" * 257)),
        (PUSH, value("snils", "112-233-445 95")),
        (PUSH, value("birthDate", "20.02.2016")),
        (PUSH, value("nominal", "10000000000.01")),
        (PUSH, value("nominal", "1.234")),
        (PUSH, value("nominal", "-1")),
        (PUSH, value("nominal", "1e3")),
        (PUSH, value("nominal", "NaN")),
        (PUSH, value("notice", "ё" * 2049)),
        (PUSH, dropped("balance")),
        (PUSH, dropped("snils")),
        (PUSH, dropped("update")),
        (PUSH, last("objectId")),
        (PUSH, last("certificateGUID")),
        (ANSWER, value("orderId", "1.0")),
        (ANSWER, value("responseTimestamp", "2026-09-01")),
        (ANSWER, value("passportNumber", "12345678901")),
        (ANSWER, value("recipientSNILS", "1122334459")),
        (ANSWER, dropped("emptySearchResultReason")),
        (ANSWER, dropped("ineffectualSearchResponse")),
        (ANSWER, last("certificateGUID")),
        (ANSWER, without_attribute("passportType")),
    ],
)
def test_one_step_past_a_limit_is_not(text: str, change: Callable[[_Element], None]) -> None:
    root = parse(text.encode())
    change(root)
    package = account if account.NAMESPACE in text else pf_certificate
    assert package.schema().violations(root)


@pytest.mark.parametrize("text", [PUSH, ANSWER], ids=["account", "certificate query"])
def test_namespace_is_not_optional(text: str) -> None:
    root = parse(text.encode())
    child = next(root.iterfind("{*}*"))
    child.tag = etree.QName(child).localname
    package = account if account.NAMESPACE in text else pf_certificate
    assert package.schema().violations(root)
