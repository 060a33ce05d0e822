"""What is written can be read back, is valid, and is in the signature's normal form, whatever the texts are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socert.contracts.errors import XmlRefused
from socert.contracts.message import MessageType
from socert.contracts.portal import account, pf_certificate
from socert.contracts.signature import transform
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum
    from pathlib import Path

    from lxml.etree import _Element

    from socert.contracts.message import BusinessMessage
    from socert.contracts.xml import Schema

T = TypeVar("T")

READERS: dict[MessageType, Callable[[_Element], BusinessMessage]] = {
    account.UPDATE_REQUEST: account.read_update_request,
    account.UPDATE_RESPONSE: account.read_update_response,
    pf_certificate.REQUEST: pf_certificate.read_request,
    pf_certificate.RESPONSE: pf_certificate.read_response,
}
SCHEMAS: dict[str, Callable[[], Schema]] = {
    account.NAMESPACE: account.schema,
    pf_certificate.NAMESPACE: pf_certificate.schema,
}


def check_round_trip(message: BusinessMessage) -> None:
    """Write, validate, read back, compare; and see that the transform finds nothing to change."""
    written = message.render().encode()
    element = parse(written)
    assert MessageType.of(element) == message.message_type
    SCHEMAS[message.message_type.namespace]().check(element)
    assert READERS[message.message_type](element) == message
    assert transform.normalize(element) == written
    other = parse(message.render("ns42").encode())
    assert other.nsmap == {"ns42": message.message_type.namespace}
    assert transform.normalize(other) == written


# Samples


def samples() -> list[str]:
    """Names of the dictionary's samples of both message types."""
    update = ("update_close", "update_contract", "update_hours", "update_offer", "update_response_partial")
    certificate = ("informer_request", "response_cancel", "response_data", "response_notfound", "search_request")
    return [
        *(f"ours_account_{name}.xml" for name in (*update, "update_terminated")),
        *(f"pfcert_{name}.xml" for name in (*certificate, "status_create_request")),
    ]


@pytest.mark.parametrize("name", samples())
def test_sample_survives_reading_and_writing(name: str, oracles: Path) -> None:
    element = parse((oracles / "portal" / "samples" / name).read_bytes())
    SCHEMAS[MessageType.of(element).namespace]().check(element)
    message = READERS[MessageType.of(element)](element)
    check_round_trip(message)
    assert message.render().encode() == transform.normalize(element)


def test_every_sample_is_valid_and_those_without_a_reader_are_known(oracles: Path) -> None:
    unread = set()
    found = [
        *(oracles / "portal" / "samples").glob("pfcert_*"),
        *(oracles / "portal" / "samples").glob("ours_account_*"),
    ]
    for path in found:
        element = parse(path.read_bytes())
        SCHEMAS[MessageType.of(element).namespace]().check(element)
        if MessageType.of(element) not in READERS:
            unread.add(path.name)
    assert len(found) == 19
    assert {path.name for path in found} - unread == set(samples())
    assert {name.split("_")[2].split(".")[0] for name in unread} == {"action", "query", "snapshot"}


# Hostile texts

HOSTILE = [
    "<a>&amp;</a>",
    "]]>",
    ">",
    "a > b",
    "\r\n",
    " x ",
    "x\ty\nz",
    "\u00a0",
    "&#0;",
    "\U0001f9d2",
    "<!-- -->",
    "Ё'\"",
]
LETTERS = st.characters(
    exclude_categories=("Cs", "Cc"), include_characters="\t\n\r\x7f\x85", exclude_characters="\ufffe\uffff"
)


def texts(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """Texts of any characters that XML carries, except blank ones, which the normal form cannot hold."""
    free = st.text(LETTERS, min_size=shortest, max_size=min(longest, 40)) | st.sampled_from(HOSTILE)
    return free.filter(lambda text: not text or text.strip(" \t\r\n") != "").map(lambda text: text[:longest])


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Something or None."""
    return st.none() | strategy


AMOUNTS = st.integers(0, 999_999_999)
COUNTS = st.integers(0, 99)
NUMBERS = st.integers(1, 2**63 - 1)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MONTHS = DAYS.map(lambda day: day.replace(day=1))
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-11))]))
GUIDS = st.uuids().map(str)
SNILS = st.from_regex(r"[0-9]{11}", fullmatch=True)


def tuples(strategy: st.SearchStrategy[T], most: int, least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    """Tuples of a few."""
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def members(kind: type[Enum]) -> st.SearchStrategy[Enum]:
    """One of a closed list."""
    return st.sampled_from(kind)


# Account messages

PARTS = {"certificate_part": AMOUNTS, "applicant_part": AMOUNTS}
YEARS = st.builds(account.YearPart, year=st.integers(2020, 2100), **PARTS)
PLAN = st.builds(account.MonthPart, month=MONTHS, **PARTS)
COMMON = {"total": AMOUNTS, **PARTS, "year_parts": tuples(YEARS, 3, 1), "month_parts": tuples(PLAN, 4)}
SPLITS = (
    st.builds(account.Split, unit=st.just(account.Unit.RUB), **COMMON)
    | st.builds(account.Split, unit=st.just(account.Unit.HOUR), applicant_payable=maybe(AMOUNTS), **COMMON)
    | st.builds(account.CountSplit, register=members(account.Register), programmes=COUNTS)
)
ORGANISATIONS = st.builds(
    account.Organisation,
    organisation_id=texts(50),
    name=texts(500),
    kind=members(account.OrganisationKind),
    inn=st.from_regex(r"[0-9]{10}([0-9]{2})?", fullmatch=True),
    kpp=maybe(st.from_regex(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}", fullmatch=True)),
    ogrn=maybe(st.from_regex(r"[0-9]{13}([0-9]{2})?", fullmatch=True)),
)
BALANCES = st.builds(
    account.Balance,
    period_from=DAYS,
    period_to=DAYS,
    unit=members(account.Unit),
    **dict.fromkeys(("nominal", "reserved", "spent", "available"), AMOUNTS),
) | st.builds(
    account.ProgrammeBalance,
    period_from=DAYS,
    period_to=DAYS,
    register=members(account.Register),
    **dict.fromkeys(("nominal", "used", "available"), COUNTS),
)
CERTIFICATES = st.builds(
    account.CertificateCard,
    certificate_guid=texts(50),
    certificate_number=texts(50),
    scheme=members(account.Scheme),
    certificate_type=members(account.CertificateType),
    category_code=maybe(texts(20)),
    category_name=maybe(texts(250, 0)),
    region_code=GUIDS,
    municipality_code=GUIDS,
    valid_from=DAYS,
    valid_to=maybe(DAYS),
    status=members(account.CertificateStatus),
    status_reason=maybe(texts(2048, 0)),
    version=NUMBERS,
    balances=tuples(BALANCES, 3, 1),
)
TERMINATIONS = st.builds(
    account.Termination,
    date=DAYS,
    initiator=members(account.Initiator),
    reason_code=texts(20),
    reason_text=maybe(texts(2048, 0)),
    released=COUNTS,
)
CONTRACTS = st.builds(
    account.ContractCard,
    contract_id=texts(50),
    contract_number=maybe(texts(50)),
    contract_date=maybe(DAYS),
    contract_state=members(account.ContractState),
    start_date=DAYS,
    end_date=DAYS,
    certificate_guid=texts(50),
    certificate_version=st.integers(0, 9),
    organisation=ORGANISATIONS,
    programme_guid=GUIDS,
    programme_name=texts(500),
    group_guid=maybe(GUIDS),
    group_name=maybe(texts(256)),
    study_year=maybe(st.integers(1, 12)),
    split=SPLITS,
    reserved_now=AMOUNTS,
    spent_now=AMOUNTS,
    agreement_number=maybe(texts(50)),
    agreement_date=maybe(DAYS),
    previous_contract_id=maybe(texts(50)),
    termination=maybe(TERMINATIONS),
)
OFFERS = st.builds(
    account.RenewalOffer,
    offer_id=texts(50),
    previous_contract_id=texts(50),
    offer_state=members(account.OfferState),
    organisation=ORGANISATIONS,
    programme_guid=GUIDS,
    programme_name=texts(500),
    group_guid=maybe(GUIDS),
    study_year=maybe(st.integers(1, 12)),
    module_number=maybe(st.integers(1, 99)),
    start_date=DAYS,
    end_date=DAYS,
    certificate_guid=texts(50),
    certificate_version=st.integers(0, 9),
    split=SPLITS,
    priority_rank=maybe(st.integers(1, 2**31 - 1)),
    offered_at=MOMENTS,
    respond_by=MOMENTS,
    silent_answer=maybe(members(account.Answer)),
)
CONSENTS = st.builds(
    account.ConsentState,
    consent_id=texts(50),
    form_code=members(account.FormCode),
    form_version=texts(20),
    state=members(account.ConsentStanding),
    changed_at=MOMENTS,
    channel=members(account.Channel),
    required_version=maybe(texts(20)),
)
NAMES = {"last_name": texts(256), "first_name": texts(256), "middle_name": maybe(texts(256))}
DOCUMENTS = st.builds(account.IdentityDocument, type=texts(50), series=maybe(texts(10, 0)), number=texts(50))
KNOWN_BY = (
    st.fixed_dictionaries({"snils": SNILS})
    | st.fixed_dictionaries({"document": DOCUMENTS})
    | st.fixed_dictionaries({"esia_oid": NUMBERS})
)
APPLICANTS = st.builds(
    lambda known_by, rest: account.Applicant(**known_by, **rest),
    KNOWN_BY,
    st.fixed_dictionaries({**NAMES, "citizenship": maybe(texts(10))}),
)
RECIPIENTS = st.builds(
    account.Recipient,
    applicant=APPLICANTS,
    child=st.builds(account.Child, birth_date=DAYS, snils=maybe(SNILS), **NAMES),
)
UPDATES = st.builds(
    account.Update,
    object_id=texts(50),
    operation=members(account.Operation),
    seq=NUMBERS,
    as_of=MOMENTS,
    cause=members(account.Cause),
    recipient=RECIPIENTS,
    order_id=maybe(NUMBERS),
    body=st.none() | CERTIFICATES | CONTRACTS | OFFERS | CONSENTS,
    notice=maybe(texts(2048, 0)),
)
SLOW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SLOW
@given(st.builds(account.UpdateRequest, batch_id=GUIDS, sent_at=MOMENTS, updates=tuples(UPDATES, 2, 1)))
def test_any_push_survives(message: account.UpdateRequest) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.UpdateResponse,
        batch_id=GUIDS,
        code=st.integers(-(2**31), 2**31 - 1),
        message=texts(256, 0),
        results=tuples(
            st.builds(
                account.UpdateResult,
                object_id=texts(50),
                seq=NUMBERS,
                status=members(account.ResultStatus),
                code=maybe(texts(20)),
                message=maybe(texts(2048, 0)),
                portal_object_id=maybe(texts(50)),
            ),
            3,
        ),
    )
)
def test_any_answer_to_a_push_survives(message: account.UpdateResponse) -> None:
    check_round_trip(message)


# The certificate query

STRINGS = {length: texts(length, 0) for length in (2, 6, 10, 20, 50, 100, 150, 250, 500, 1000, 2000)}
DATE_STRINGS = DAYS.map(date.isoformat) | st.just("") | st.just("не помню")
BIRTH = st.builds(
    pf_certificate.BirthCertificate,
    series=STRINGS[10],
    number=STRINGS[10],
    agency=STRINGS[500],
    issue_date=DATE_STRINGS,
)
FOREIGN = st.builds(
    pf_certificate.ForeignBirthCertificate,
    series=maybe(STRINGS[10]),
    number=STRINGS[50],
    agency=STRINGS[500],
    issue_date=DATE_STRINGS,
)
PASSPORTS = st.builds(
    pf_certificate.Passport,
    type_code=st.text(LETTERS, max_size=50) | st.sampled_from(HOSTILE),  # attributes keep blank texts
    type_name=STRINGS[250],
    series=maybe(STRINGS[10]),
    number=STRINGS[10],
    agency=STRINGS[500],
    issue_date=DATE_STRINGS,
    department_code=maybe(STRINGS[10]),
)
PAPERS = BIRTH | FOREIGN | PASSPORTS
ADDRESSES = st.builds(
    pf_certificate.Address,
    full_address=STRINGS[1000],
    post_index=STRINGS[6],
    country=maybe(STRINGS[50]),
    region=STRINGS[50],
    area=maybe(STRINGS[100]),
    city=maybe(STRINGS[150]),
    city_area=maybe(STRINGS[150]),
    place=maybe(STRINGS[150]),
    street=maybe(STRINGS[100]),
    house=maybe(STRINGS[10]),
    building1=maybe(STRINGS[10]),
    building2=maybe(STRINGS[10]),
    apartment=maybe(STRINGS[10]),
    fias_code=STRINGS[50],
)
PERSON = {"last_name": STRINGS[250], "first_name": STRINGS[250], "patronymic": maybe(STRINGS[250])}
SEARCHES = st.builds(
    pf_certificate.SearchQuery,
    children=tuples(
        st.builds(pf_certificate.SearchedChild, document=PAPERS, snils=SNILS, birth_date=maybe(DATE_STRINGS), **PERSON),
        2,
        1,
    ),
)
RECIPIENT = st.builds(
    pf_certificate.RecipientData,
    birth_date=DATE_STRINGS,
    snils=SNILS,
    gender=members(pf_certificate.Gender),
    document=PAPERS,
    address=ADDRESSES,
    **PERSON,
)
APPLICANT = st.builds(
    pf_certificate.ApplicantData,
    birth_date=DATE_STRINGS,
    passport=PASSPORTS,
    address=ADDRESSES,
    email=STRINGS[250],
    phone_number=STRINGS[20],
    **PERSON,
)
DETAILS = st.builds(
    pf_certificate.ApplicationDetails,
    municipality_code=STRINGS[50],
    municipality_name=STRINGS[250],
    region_code=STRINGS[50],
    region_name=STRINGS[250],
    is_funded_certificate=st.booleans(),
)
STATUSES = st.builds(pf_certificate.StatusQuery, recipient=RECIPIENT, applicant=APPLICANT, details=DETAILS)
INFORMERS = st.builds(
    pf_certificate.InformerQuery,
    items=tuples(
        st.builds(
            pf_certificate.InformerItem,
            certificate_guid=STRINGS[50],
            birth_certificate=maybe(BIRTH),
            snils=maybe(SNILS),
        ),
        2,
        1,
    ),
)


@SLOW
@given(
    st.builds(pf_certificate.Request, order_id=NUMBERS, order_timestamp=MOMENTS, query=SEARCHES | STATUSES | INFORMERS)
)
def test_any_question_survives(message: pf_certificate.Request) -> None:
    check_round_trip(message)


PROGRAMMES = maybe(st.builds(pf_certificate.Programmes, balance=COUNTS, booked=COUNTS))
FOUND = st.builds(
    pf_certificate.CertificateFound,
    certificate=st.builds(
        pf_certificate.Certificate,
        guid=STRINGS[50],
        number=STRINGS[50],
        municipality_code=STRINGS[50],
        region_code=STRINGS[50],
        certificate_type=members(pf_certificate.CertificateType),
        category_code=st.sampled_from(["", "0", "я", "<"]),
        category_name=STRINGS[250],
        funds=maybe(st.builds(pf_certificate.Funds, balance=AMOUNTS, booked=AMOUNTS)),
        significant=PROGRAMMES,
        pre_professional=PROGRAMMES,
        other=PROGRAMMES,
        released_on_request=st.booleans(),
    ),
    owner=st.builds(pf_certificate.Owner, snils=SNILS, **PERSON),
)
NOTHING = st.builds(
    pf_certificate.NothingFound,
    certificate_guid=maybe(STRINGS[50]),
    reason=STRINGS[2000],
    document=maybe(PAPERS),
    snils=maybe(SNILS),
)
REFUSED = st.builds(pf_certificate.IssueRefused, code=STRINGS[2], description=STRINGS[2000])


@SLOW
@given(
    st.builds(
        pf_certificate.Response,
        order_id=NUMBERS,
        response_timestamp=MOMENTS,
        answers=tuples(FOUND | NOTHING | REFUSED, 2, 1),
    )
)
def test_any_answer_survives(message: pf_certificate.Response) -> None:
    check_round_trip(message)


# What cannot be carried


@given(st.sampled_from("\x00\x01\x08\x0b\x0c\x0e\x1f\ud800\udfff\ufffe\uffff"), st.booleans())
def test_characters_that_xml_cannot_carry_are_refused(character: str, in_attribute: bool) -> None:
    passport = pf_certificate.Passport(
        type_code=character if in_attribute else "1",
        type_name="" if in_attribute else f"Паспорт{character}",
        number="",
        agency="",
        issue_date="",
    )
    answer = pf_certificate.NothingFound(reason="", document=passport)
    message = pf_certificate.Response(
        order_id=1, response_timestamp=datetime(2026, 9, 1, tzinfo=UTC), answers=(answer,)
    )
    with pytest.raises(XmlRefused):
        message.render()
