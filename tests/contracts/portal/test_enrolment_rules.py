"""Rules of enrolment: a good application passes, and each rule broken is named by its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from socert.contracts.portal import enrolment
from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.statuses import PortalStatus
from socert.contracts.portal.values import full_years
from socert.contracts.xml import parse

NOW = datetime(2026, 9, 1, 6, tzinfo=UTC)
GUID = "00000000-0000-4000-8000-0000000000aa"
SPLIT = enrolment.Split(
    unit=enrolment.Unit.RUB,
    total=1_200_000,
    certificate_part=800_000,
    applicant_part=400_000,
    year_parts=(enrolment.YearPart(year=2026, certificate_part=800_000, applicant_part=400_000),),
    month_parts=(
        enrolment.MonthPart(month=date(2026, 9, 1), certificate_part=500_000, applicant_part=250_000),
        enrolment.MonthPart(month=date(2026, 10, 1), certificate_part=300_000, applicant_part=150_000),
    ),
)
ORGANISATION = enrolment.Organisation(
    organisation_id="org-0001",
    name="ИП Образцова Мария Тестовна",
    kind=enrolment.OrganisationKind.SOLE_TRADER,
    inn="000123456731",
    ogrn="399000000000011",
)
PASSPORT = enrolment.IdentityDocument(
    kind_code="1",
    kind="Паспорт гражданина РФ",
    series="0000",
    number="000000",
    issue_date=date(2010, 1, 1),
    issued_by="Тест",
)
PERSON = enrolment.Person(
    last_name="Примерова",
    first_name="Анна",
    birth_date=date(1988, 5, 5),
    snils="90000000182",
    phone="+70000000000",
    role=enrolment.PersonRole.PARENT,
)
CHILD = enrolment.Child(
    last_name="Примеров",
    first_name="Тест",
    birth_date=date(2016, 2, 20),
    gender=enrolment.Gender.MALE,
    snils="11223344595",
    document=enrolment.BirthCertificate(
        series="IV-АБ", number="123456", issue_date=date(2016, 3, 1), issued_by="ЗАГС г. Примерска"
    ),
)
ENROLMENT = enrolment.Enrolment(
    region_code=GUID,
    municipality_code=GUID,
    organisation=ORGANISATION,
    programme_guid=GUID,
    programme_name="Тестовая программа «Ритм»",
    group_guid=GUID,
    start_date=date(2026, 9, 15),
    end_date=date(2026, 12, 31),
)
AGREED = enrolment.AgreedSplit(
    calculated_at=NOW,
    balance_version=17,
    balance_as_of=NOW,
    split=SPLIT,
    applicant_part_accepted=True,
    agreed_at=NOW,
)
FINANCING = enrolment.Financing(
    source=enrolment.FinancialSource.CERTIFICATE, certificate_guid=GUID, agreed_split=AGREED
)


def consent(code: enrolment.FormCode, version: str = "2026-01") -> enrolment.Consent:
    """A form given on the portal."""
    return enrolment.Consent(form_code=code, form_version=version, given_at=NOW, channel=enrolment.Channel.PORTAL)


FORMS = enrolment.FormCode
CONSENTS = (consent(FORMS.PD_PROCESSING), consent(FORMS.SOCIAL_CERT_APPLICATION), consent(FORMS.SPLIT_PAYMENT))
APPLICATION = enrolment.Application(
    order_id=1_000_000_001,
    service="TEST-0001",
    filing_date=NOW,
    person=PERSON,
    identity=PASSPORT,
    child=CHILD,
    address=enrolment.Address(full_address="г. Примерск", region=enrolment.AddressPart(name="Область", code=GUID)),
    enrolment=ENROLMENT,
    financing=FINANCING,
    consents=CONSENTS,
)
CONTRACT = enrolment.ContractInfo(
    contract_id="contract-0001",
    contract_number="15",
    contract_state=enrolment.ContractState.ACTIVE,
    start_date=ENROLMENT.start_date,
    end_date=date(2026, 12, 31),
    organisation=ORGANISATION,
    programme_guid=GUID,
    programme_name="Тестовая программа «Ритм»",
    group_guid=GUID,
    split=SPLIT,
)
CHANGE = enrolment.StatusChange(
    order_id=1_000_000_001, status=PortalStatus.RENDERED, status_date=NOW, seq=4, contract=CONTRACT
)


def problems(**changes: Any) -> list[enrolment.Problem]:
    """What is wrong with the application after some of its parts are replaced."""
    request = enrolment.Request(oktmo="00000001", body=replace(APPLICATION, **changes))
    enrolment.schema().check(parse(request.render().encode()))  # none of these rules is the schema's
    return enrolment.check_request(request)


def fields(**changes: Any) -> list[str]:
    """Where it is wrong."""
    return [problem.field for problem in problems(**changes)]


def test_a_good_application_has_no_problems() -> None:
    assert problems() == []


# Who pays


def test_a_certificate_that_pays_is_named_and_its_split_agreed_to() -> None:
    financing = enrolment.Financing(source=enrolment.FinancialSource.CERTIFICATE)
    assert fields(financing=financing) == ["FinancingInfo/certificateGUID", "FinancingInfo/agreedSplit"]


def test_neither_goes_with_another_source() -> None:
    financing = replace(FINANCING, source=enrolment.FinancialSource.PAID)
    assert fields(financing=financing) == ["FinancingInfo/certificateGUID", "FinancingInfo/agreedSplit"]


def test_the_budget_names_its_register() -> None:
    financing = enrolment.Financing(source=enrolment.FinancialSource.BUDGET)
    assert fields(financing=financing) == ["FinancingInfo/typeOfBudget"]
    assert fields(financing=replace(financing, type_of_budget=enrolment.TypeOfBudget.FREE)) == []


def agreed(**changes: Any) -> enrolment.Financing:
    """The financing with another agreement."""
    return replace(FINANCING, agreed_split=replace(AGREED, **changes))


def test_the_split_adds_up_and_lies_inside_the_period() -> None:
    place = "FinancingInfo/agreedSplit/splitRub"
    assert fields(financing=agreed(split=replace(SPLIT, total=1))) == [f"{place}/total"]
    other_year = (enrolment.YearPart(year=2027, certificate_part=800_000, applicant_part=400_000),)
    split = replace(SPLIT, year_parts=other_year, month_parts=())
    assert fields(financing=agreed(split=split)) == [f"{place}/yearPart"]
    august = (enrolment.MonthPart(month=date(2026, 8, 1), certificate_part=800_000, applicant_part=400_000),)
    assert fields(financing=agreed(split=replace(SPLIT, month_parts=august))) == [f"{place}/monthPart"]


def test_a_period_without_an_end_does_not_bound_the_split() -> None:
    other_year = (enrolment.YearPart(year=2028, certificate_part=800_000, applicant_part=400_000),)
    split = replace(SPLIT, year_parts=other_year, month_parts=())
    assert fields(enrolment=replace(ENROLMENT, end_date=None), financing=agreed(split=split)) == []


def test_ones_own_part_needs_a_yes_and_a_form() -> None:
    assert fields(financing=agreed(applicant_part_accepted=False)) == [
        "FinancingInfo/agreedSplit/applicantPartAccepted"
    ]
    assert fields(consents=CONSENTS[:2]) == ["ConsentInfo"]


@pytest.mark.parametrize(
    "split",
    [
        replace(
            SPLIT,
            total=800_000,
            applicant_part=0,
            year_parts=(enrolment.YearPart(year=2026, certificate_part=800_000, applicant_part=0),),
            month_parts=(),
        ),
        enrolment.CountSplit(register=enrolment.Register.OTHER, programmes=1),
    ],
)
def test_without_a_part_of_ones_own_neither_is_needed(split: enrolment.AnySplit) -> None:
    financing = agreed(split=split, applicant_part_accepted=False)
    assert fields(financing=financing, consents=CONSENTS[:2]) == []


# Consents


def test_personal_data_and_the_application_need_a_form_each() -> None:
    (problem,) = problems(consents=(CONSENTS[1], CONSENTS[2]))
    assert (problem.field, problem.code) == ("ConsentInfo", ReasonCode.NO_CONSENT)
    assert "PD_PROCESSING" in problem.reason
    (problem,) = problems(consents=(CONSENTS[0], CONSENTS[2]))
    assert problem.code == ReasonCode.NO_CONSENT
    assert fields(consents=(CONSENTS[0], CONSENTS[2], consent(FORMS.PFDO_LEGACY))) == []


def test_only_versions_that_the_region_takes_count() -> None:
    request = enrolment.Request(oktmo="00000001", body=APPLICATION)
    accepted = {FORMS.PD_PROCESSING: ["2026-01"], FORMS.SOCIAL_CERT_APPLICATION: ["2026-02"]}
    (problem,) = enrolment.check_request(request, accepted_forms=accepted)
    assert "SOCIAL_CERT_APPLICATION" in problem.reason
    accepted[FORMS.SOCIAL_CERT_APPLICATION] = ["2026-01", "2026-02"]
    assert enrolment.check_request(request, accepted_forms=accepted) == []
    assert len(enrolment.check_request(request, accepted_forms={})) == 2


def test_a_form_stands_once() -> None:
    assert fields(consents=(*CONSENTS, consent(FORMS.PD_PROCESSING, "2025-01"))) == ["ConsentInfo"]


# People


@pytest.mark.parametrize(
    ("birth_date", "good"),
    [
        (date(2021, 9, 15), True),  # five on the first day
        (date(2021, 9, 16), False),
        (date(2008, 9, 16), True),  # eighteen on the day after the first
        (date(2008, 9, 15), False),
    ],
)
def test_the_child_is_5_to_17_on_the_first_day(birth_date: date, good: bool) -> None:
    found = problems(child=replace(CHILD, birth_date=birth_date))
    assert [(problem.field, problem.code) for problem in found] == (
        [] if good else [("ChildInfo/ChildBirthDate", ReasonCode.AGE_OUT_OF_RANGE)]
    )


def test_mistyped_snils_are_found() -> None:
    assert fields(person=replace(PERSON, snils="90000000183")) == ["PersonInfo/PersonSNILS"]
    assert fields(child=replace(CHILD, snils="11223344596")) == ["ChildInfo/ChildSNILS"]
    assert fields(child=replace(CHILD, snils=None), person=replace(PERSON, snils=None)) == []


@pytest.mark.parametrize("role", [enrolment.PersonRole.GUARDIAN, enrolment.PersonRole.OTHER_REPRESENTATIVE])
def test_who_is_no_parent_shows_a_paper(role: enrolment.PersonRole) -> None:
    person = replace(PERSON, role=role)
    assert fields(person=person) == ["PersonInfo/OtherRepresentative"]
    paper = enrolment.Representation(kind="Акт", number="1", issue_date=date(2020, 1, 1), issued_by="Опека")
    assert fields(person=replace(person, representation=paper)) == []


def self_application(born: date, **changes: Any) -> list[str]:
    """Where an application is wrong that a child of that birth date files himself."""
    child = replace(CHILD, birth_date=born, last_name="Пример  Ёлкин")
    person = replace(PERSON, **{"last_name": "пример елкин", "first_name": "ТЕСТ", "birth_date": born, **changes})
    return fields(child=child, person=replace(person, role=enrolment.PersonRole.CHILD_SELF))


def test_a_child_of_14_applies_himself() -> None:
    assert self_application(date(2012, 9, 1)) == []
    assert self_application(date(2012, 9, 2)) == ["PersonInfo/PersonRole"]


def test_who_applies_himself_is_the_child() -> None:
    assert self_application(date(2012, 9, 1), first_name="Другой") == ["ChildInfo"]
    assert self_application(date(2012, 9, 1), middle_name="Лишнее") == ["ChildInfo"]
    assert self_application(date(2012, 9, 1), birth_date=date(2012, 8, 1)) == ["ChildInfo"]


def test_a_russian_passport_is_not_given_before_14() -> None:
    child = replace(CHILD, document=replace(PASSPORT, issue_date=date(2020, 1, 1)))
    assert fields(child=child) == ["ChildInfo/ChildPassport"]
    assert fields(child=replace(child, document=replace(PASSPORT, kind_code="9"))) == []


def test_the_organisation_has_numbers_of_its_kind() -> None:
    municipal = replace(ORGANISATION, kind=enrolment.OrganisationKind.MUNICIPAL)
    found = fields(enrolment=replace(ENROLMENT, organisation=municipal))
    assert found == ["EnrolmentInfo/organisation/inn", "EnrolmentInfo/organisation/ogrn"]


def test_the_last_day_is_not_before_the_first() -> None:
    found = fields(enrolment=replace(ENROLMENT, end_date=date(2026, 9, 14)), financing=agreed(split=SPLIT))
    assert "EnrolmentInfo/endEducationDate" in found


def test_a_message_has_a_text_and_a_cancellation_needs_nothing_more() -> None:
    message = enrolment.TextMessage(order_id=1, message_id=GUID, written_at=NOW, text=" ")
    (problem,) = enrolment.check_request(enrolment.Request(oktmo="00000001", body=message))
    assert problem.field == "text"
    cancellation = enrolment.Cancellation(order_id=1)
    assert enrolment.check_request(enrolment.Request(oktmo="00000001", body=cancellation)) == []


def test_messages_know_their_order() -> None:
    assert enrolment.Request(oktmo="00000001", body=APPLICATION).order_id == 1_000_000_001
    assert enrolment.Response(answer=CHANGE).order_id == 1_000_000_001


# Answers


def answer_fields(answer: enrolment.Answer) -> list[str]:
    """Where an answer is wrong."""
    response = enrolment.Response(answer=answer)
    enrolment.schema().check(parse(response.render().encode()))
    return [problem.field for problem in enrolment.check_response(response)]


def test_a_good_answer_has_no_problems() -> None:
    assert answer_fields(CHANGE) == []
    assert answer_fields(replace(CHANGE, contract=None)) == []


def test_an_order_that_is_over_cannot_be_cancelled() -> None:
    assert answer_fields(replace(CHANGE, cancel_allowed=True)) == ["cancelAllowed"]
    assert answer_fields(replace(CHANGE, contract=None, status=6, cancel_allowed=True)) == []
    assert answer_fields(replace(CHANGE, contract=None, status="3", cancel_allowed=True)) == []


STATES = enrolment.ContractState


@pytest.mark.parametrize(
    ("status", "state", "good"),
    [
        (3, STATES.ACTIVE, True),
        (3, STATES.ACCEPTED, False),
        (4, STATES.REFUSED, True),
        (10, STATES.REFUSED, True),
        (4, STATES.ACTIVE, False),
        (60, STATES.ACCEPTED, True),
        (61, STATES.ACCEPTED, True),
        (62, STATES.ACCEPTED, True),
        (62, STATES.REQUESTED, False),
        (6, STATES.REQUESTED, True),
        (3, STATES.TERMINATED, False),
        (7, STATES.COMPLETED, False),
        ("250", STATES.ACTIVE, True),
        ("250", STATES.TERMINATING, False),
    ],
)
def test_the_contract_is_in_a_state_that_goes_with_the_status(
    status: int | str, state: enrolment.ContractState, good: bool
) -> None:
    change = replace(CHANGE, status=status, contract=replace(CONTRACT, contract_state=state))
    assert answer_fields(change) == ([] if good else ["contractInfo/contractState"])


def test_the_contract_is_checked_like_any_other() -> None:
    contract = replace(CONTRACT, contract_number=None, split=replace(SPLIT, total=1), end_date=date(2026, 12, 30))
    assert answer_fields(replace(CHANGE, contract=contract)) == [
        "contractInfo/splitRub/total",
        "contractInfo/contractNumber",
    ]


def test_only_what_is_cancelled_has_a_day_from_which_it_is() -> None:
    answer = enrolment.CancellationAnswer(
        order_id=1, result=enrolment.CancellationResult.REJECTED, effective_date=date(2026, 9, 30)
    )
    assert answer_fields(answer) == ["effectiveDate"]
    assert answer_fields(replace(answer, result=enrolment.CancellationResult.CANCELLED)) == []


def test_a_receipt_has_nothing_to_be_wrong() -> None:
    receipt = enrolment.TextReceipt(order_id=1, message_id=GUID, result=enrolment.ReceiptResult.ACCEPTED)
    assert answer_fields(receipt) == []


# Ages


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2016, 2, 20), date(2026, 2, 19), 9),
        (date(2016, 2, 20), date(2026, 2, 20), 10),
        (date(2016, 2, 29), date(2026, 2, 28), 9),
        (date(2016, 2, 29), date(2026, 3, 1), 10),
        (date(2016, 2, 29), date(2028, 2, 29), 12),
    ],
)
def test_full_years(born: date, day: date, years: int) -> None:
    assert full_years(born, day) == years
