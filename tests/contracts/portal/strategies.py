"""Hypothesis strategies of what messages share, and the check that every one of them must pass."""

from __future__ import annotations

from datetime import UTC, date, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from socert.contracts.message import MessageType
from socert.contracts.portal import account
from socert.contracts.portal.known import find
from socert.contracts.signature import transform
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from enum import Enum

    from socert.contracts.message import BusinessMessage

T = TypeVar("T")

SLOW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check_round_trip(message: BusinessMessage) -> None:
    """Write, validate, read back, compare; and see that the transform finds nothing to change."""
    known = find(message.message_type)
    written = message.render().encode()
    element = parse(written)
    assert MessageType.of(element) == message.message_type
    known.schema().check(element)
    assert known.read(element) == message
    assert transform.normalize(element) == written
    other = parse(message.render("ns42").encode())
    assert other.nsmap == {"ns42": message.message_type.namespace}
    assert transform.normalize(other) == written


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


# Blocks that account and enrolment share

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
AGREED = st.builds(
    account.AgreedSplit,
    calculation_ref=maybe(texts(50)),
    calculated_at=MOMENTS,
    balance_version=st.integers(0, 2**63 - 1),
    balance_as_of=MOMENTS,
    split=SPLITS,
    applicant_part_accepted=st.booleans(),
    agreed_at=MOMENTS,
)
CONSENTS_GIVEN = st.builds(
    account.Consent,
    form_code=members(account.FormCode),
    form_version=texts(20),
    given_at=MOMENTS,
    channel=members(account.Channel),
    text_digest=maybe(
        st.builds(
            account.TextDigest,
            algorithm=members(account.DigestAlgorithm),
            value=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        )
    ),
)


# Account objects

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
