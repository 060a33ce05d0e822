"""Enrolment messages can be read back as they were written, whatever the texts are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.portal.strategies import (
    AGREED,
    CONSENTS_GIVEN,
    DAYS,
    GUIDS,
    MOMENTS,
    NUMBERS,
    ORGANISATIONS,
    SLOW,
    SNILS,
    SPLITS,
    check_round_trip,
    maybe,
    members,
    texts,
    tuples,
)

from socert.contracts.portal import enrolment

SIX_DIGITS = st.from_regex(r"[0-9]{6}", fullmatch=True)
CODES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=50).filter(
    lambda code: "\ufffe" not in code and "\uffff" not in code
)
NAMES = {"last_name": texts(256), "first_name": texts(256), "middle_name": maybe(texts(256))}
IDENTITIES = st.builds(
    enrolment.IdentityDocument,
    kind_code=CODES,
    kind=texts(256),
    series=maybe(texts(10, 0)),
    number=texts(20),
    issue_date=DAYS,
    issue_code=maybe(st.from_regex(r"[0-9]{3}-?[0-9]{3}", fullmatch=True)),
    issued_by=texts(256),
)
REPRESENTATIONS = st.builds(
    enrolment.Representation,
    kind=texts(256),
    series=maybe(texts(10, 0)),
    number=texts(50),
    issue_date=DAYS,
    issued_by=texts(256),
)
PERSONS = st.builds(
    enrolment.Person,
    birth_date=DAYS,
    snils=maybe(SNILS),
    phone=texts(20),
    email=maybe(texts(256)),
    role=members(enrolment.PersonRole),
    representation=maybe(REPRESENTATIONS),
    esia_oid=maybe(NUMBERS),
    **NAMES,
)
BIRTH_CERTIFICATES = st.builds(
    enrolment.BirthCertificate,
    series=texts(10),
    number=SIX_DIGITS,
    issue_date=DAYS,
    act_number=maybe(texts(21, 0)),
    act_date=maybe(DAYS),
    issued_by=texts(256),
)
FOREIGN_DOCUMENTS = st.builds(
    enrolment.ForeignBirthDocument,
    kind=texts(256),
    series=maybe(texts(10, 0)),
    number=texts(50),
    issue_date=DAYS,
    issued_by=texts(256),
)
CHILDREN = st.builds(
    enrolment.Child,
    birth_date=DAYS,
    gender=members(enrolment.Gender),
    snils=maybe(SNILS),
    document=BIRTH_CERTIFICATES | FOREIGN_DOCUMENTS | IDENTITIES,
    **NAMES,
)
PARTS = maybe(st.builds(enrolment.AddressPart, name=texts(256), code=maybe(CODES)))
ADDRESSES = st.builds(
    enrolment.Address,
    full_address=texts(1024),
    index=maybe(SIX_DIGITS),
    region=st.builds(enrolment.AddressPart, name=texts(256), code=CODES),
    **dict.fromkeys(
        ("area", "city", "city_area", "place", "street", "additional_area", "additional_street", "house"), PARTS
    ),
    **dict.fromkeys(("building1", "building2", "apartment"), maybe(texts(50))),
)
ENROLMENTS = st.builds(
    enrolment.Enrolment,
    region_code=GUIDS,
    municipality_code=GUIDS,
    datasource=maybe(GUIDS),
    organisation=ORGANISATIONS,
    programme_guid=GUIDS,
    programme_name=texts(500),
    study_year=maybe(st.integers(1, 12)),
    module_number=maybe(st.integers(1, 99)),
    group_guid=GUIDS,
    group_name=maybe(texts(256)),
    start_date=DAYS,
    end_date=maybe(DAYS),
    next_school_year=maybe(st.booleans()),
    previous_contract_id=maybe(texts(50)),
    renewal_offer_id=maybe(texts(50)),
)
FINANCINGS = st.builds(
    enrolment.Financing,
    source=members(enrolment.FinancialSource),
    type_of_budget=maybe(members(enrolment.TypeOfBudget)),
    certificate_guid=maybe(texts(50)),
    certificate_number=maybe(texts(50)),
    scheme=maybe(members(enrolment.Scheme)),
    agreed_split=maybe(AGREED),
)
FILES = st.builds(enrolment.File, code=texts(50), name=texts(255), mime_type=texts(100), kind=maybe(texts(50)))
APPLICATIONS = st.builds(
    enrolment.Application,
    order_id=NUMBERS,
    service=st.from_regex(r"[A-Za-z0-9 -]{1,20}", fullmatch=True).filter(lambda code: not code.isspace()),
    filing_date=maybe(MOMENTS),
    person=PERSONS,
    identity=IDENTITIES,
    child=CHILDREN,
    address=ADDRESSES,
    enrolment=ENROLMENTS,
    financing=FINANCINGS,
    consents=tuples(CONSENTS_GIVEN, 3, 1),
    files=tuples(FILES, 2),
)
CANCELLATIONS = st.builds(
    enrolment.Cancellation, order_id=NUMBERS, reason=maybe(texts(2048, 0)), requested_at=maybe(MOMENTS)
)
TEXT_MESSAGES = st.builds(
    enrolment.TextMessage,
    order_id=NUMBERS,
    message_id=GUIDS,
    written_at=MOMENTS,
    author=maybe(texts(256)),
    text=texts(2048),
    files=tuples(FILES, 5),
)
OKTMO = st.from_regex(r"[0-9]{8}([0-9]{3})?", fullmatch=True)


@SLOW
@given(st.builds(enrolment.Request, oktmo=OKTMO, body=APPLICATIONS))
def test_any_application_survives(message: enrolment.Request) -> None:
    check_round_trip(message)


@SLOW
@given(st.builds(enrolment.Request, oktmo=OKTMO, body=CANCELLATIONS | TEXT_MESSAGES))
def test_any_cancellation_and_message_survives(message: enrolment.Request) -> None:
    check_round_trip(message)


CONTRACTS = st.builds(
    enrolment.ContractInfo,
    contract_id=texts(50),
    contract_number=maybe(texts(50)),
    contract_date=maybe(DAYS),
    contract_state=members(enrolment.ContractState),
    start_date=DAYS,
    end_date=DAYS,
    organisation=ORGANISATIONS,
    programme_guid=GUIDS,
    programme_name=texts(500),
    group_guid=GUIDS,
    split=SPLITS,
    agreement_number=maybe(texts(50)),
    agreement_date=maybe(DAYS),
    sign_deadline=maybe(MOMENTS),
    document_ref=maybe(texts(50)),
)
STATUS_CHANGES = st.builds(
    enrolment.StatusChange,
    order_id=NUMBERS,
    status=st.integers(-(2**15), 2**15 - 1) | texts(20),
    comment=maybe(texts(2048, 0)),
    cancel_allowed=maybe(st.booleans()),
    send_message_allowed=maybe(st.booleans()),
    status_date=MOMENTS,
    seq=NUMBERS,
    reason_code=maybe(texts(20)),
    certificate=maybe(
        st.builds(
            enrolment.CertificateInfo,
            certificate_guid=texts(50),
            certificate_number=maybe(texts(50)),
            balance_version=st.integers(0, 2**63 - 1),
        )
    ),
    contract=maybe(CONTRACTS),
)
CANCELLATION_ANSWERS = st.builds(
    enrolment.CancellationAnswer,
    order_id=NUMBERS,
    result=members(enrolment.CancellationResult),
    comment=maybe(texts(2048, 0)),
    effective_date=maybe(DAYS),
)
RECEIPTS = st.builds(
    enrolment.TextReceipt,
    order_id=NUMBERS,
    message_id=GUIDS,
    result=members(enrolment.ReceiptResult),
    comment=maybe(texts(2048, 0)),
)


@SLOW
@given(st.builds(enrolment.Response, answer=STATUS_CHANGES | CANCELLATION_ANSWERS | RECEIPTS))
def test_any_answer_survives(message: enrolment.Response) -> None:
    check_round_trip(message)
