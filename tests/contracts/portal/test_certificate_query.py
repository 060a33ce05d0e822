"""The certificate query's traps: dates as strings, amounts as doubles, order 0, echoes, whom to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from socert.contracts.errors import SchemaInvalid
from socert.contracts.portal import pf_certificate
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.pf_certificate import check_request, check_response
from socert.contracts.xml import parse

MOMENT = datetime(2026, 9, 1, 6, tzinfo=UTC)
BIRTH = pf_certificate.BirthCertificate(series="IV-АБ", number="123456", agency="ЗАГС", issue_date="2016-03-01")
CHILD = pf_certificate.SearchedChild(
    last_name="Примеров", first_name="Тест", document=BIRTH, snils="11223344595", birth_date="2016-02-20"
)
SEARCH = pf_certificate.Request(
    order_id=1000000001, order_timestamp=MOMENT, query=pf_certificate.SearchQuery(children=(CHILD,))
)
PASSPORT = pf_certificate.Passport(
    type_code="0", type_name="Паспорт", number="000000", agency="ОВД", issue_date="2010-01-01"
)
ADDRESS = pf_certificate.Address(full_address="г. Примерск", post_index="", region="", fias_code="")
STATUS = pf_certificate.StatusQuery(
    recipient=pf_certificate.RecipientData(
        last_name="Примеров",
        first_name="Тест",
        birth_date="2016-02-20",
        snils="11223344595",
        gender=pf_certificate.Gender.MALE,
        document=BIRTH,
        address=ADDRESS,
    ),
    applicant=pf_certificate.ApplicantData(
        last_name="Примерова",
        first_name="Анна",
        birth_date="1988-05-05",
        passport=PASSPORT,
        address=ADDRESS,
        email="a@example.org",
        phone_number="+70000000000",
    ),
    details=pf_certificate.ApplicationDetails(
        municipality_code="1", municipality_name="", region_code="2", region_name="", is_funded_certificate=True
    ),
)
FOUND = pf_certificate.CertificateFound(
    certificate=pf_certificate.Certificate(
        guid="00000000-0000-4000-8000-0000000000aa",
        number="1234567890",
        municipality_code="1",
        region_code="2",
        certificate_type=pf_certificate.CertificateType.FUNDED,
        category_code="0",
        category_name="От 5 до 17 лет",
        funds=pf_certificate.Funds(balance=1745600, booked=320050),
        other=pf_certificate.Programmes(balance=2, booked=1),
        released_on_request=False,
    ),
    owner=pf_certificate.Owner(last_name="Примеров", first_name="Тест", snils="11223344595"),
)
ANSWER = pf_certificate.Response(order_id=1000000001, response_timestamp=MOMENT, answers=(FOUND,))


def edited(before: str, after: str) -> pf_certificate.Response:
    """Read a good answer in which one piece of text was exchanged; the schema still accepts it."""
    text = ANSWER.render()
    assert text.count(before) == 1
    element = parse(text.replace(before, after).encode())
    pf_certificate.schema().check(element)
    return pf_certificate.read_response(element)


# Amounts


def test_funds_have_two_digits_and_counts_none() -> None:
    text = ANSWER.render()
    assert "<ns1:certificateBalance>17456.00</ns1:certificateBalance>" in text
    assert "<ns1:certificateBookedAmount>3200.50</ns1:certificateBookedAmount>" in text
    assert "<ns1:certificateBalance>2</ns1:certificateBalance>" in text


@pytest.mark.parametrize("text", ["NaN", "INF", "-INF", "1.7456E4", "-1", "-0", "-0.0", "17456.001"])
def test_double_that_no_account_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        edited(">17456.00<", f">{text}<")
    assert refused.value.field == (
        "universalCertificateResponse/certificateResponse/certificateDataResponse"
        "/certificateData/registerOfPFAE/certificateBalance"
    )


@pytest.mark.parametrize(("text", "hundredths"), [("17456", 1745600), ("17456.5000", 1745650), (" +.5 ", 50)])
def test_other_spellings_of_funds_are_read(text: str, hundredths: int) -> None:
    (found,) = edited(">17456.00<", f">{text}<").answers
    assert isinstance(found, pf_certificate.CertificateFound)
    assert found.certificate.funds == pf_certificate.Funds(balance=hundredths, booked=320050)


def test_part_of_a_programme_is_refused() -> None:
    assert edited("Balance>2<", "Balance>2.0<") == ANSWER
    with pytest.raises(ValueRefused, match="whole"):
        edited("Balance>2<", "Balance>2.5<")


def test_negative_register_is_never_written() -> None:
    for register in (
        {"funds": pf_certificate.Funds(balance=-1, booked=0)},
        {"funds": pf_certificate.Funds(balance=0, booked=-1)},
    ):
        certificate = replace(FOUND.certificate, funds=register["funds"])
        with pytest.raises(ValueRefused, match="negative"):
            replace(ANSWER, answers=(replace(FOUND, certificate=certificate),)).render()
    certificate = replace(FOUND.certificate, other=pf_certificate.Programmes(balance=0, booked=-1))
    with pytest.raises(ValueRefused, match="registerOfOtherPrograms"):
        replace(ANSWER, answers=(replace(FOUND, certificate=certificate),)).render()


# Dates


@pytest.mark.parametrize(
    ("came", "goes"),
    [("20.02.2016", "2016-02-20"), ("2016-02-20", "2016-02-20"), ("", ""), ("31.02.2016", "31.02.2016")],
)
def test_dates_are_written_in_iso_where_they_can_be_read(came: str, goes: str) -> None:
    papers: list[pf_certificate.Document] = [
        replace(BIRTH, issue_date=came),
        pf_certificate.ForeignBirthCertificate(number="1", agency="", issue_date=came),
        replace(PASSPORT, issue_date=came),
    ]
    for document in papers:
        nothing = pf_certificate.NothingFound(reason="Не найден", document=document, snils="11223344595")
        text = replace(ANSWER, answers=(nothing,)).render()
        assert f"IssueDate>{goes}</ns1:" in text
    born = replace(SEARCH, query=pf_certificate.SearchQuery(children=(replace(CHILD, birth_date=came),))).render()
    assert f"<ns1:recipientBirthDate>{goes}</ns1:recipientBirthDate>" in born


def test_dates_are_kept_as_they_came() -> None:
    text = SEARCH.render().replace("2016-02-20", "20.02.2016")
    read = pf_certificate.read_request(parse(text.encode()))
    assert isinstance(read.query, pf_certificate.SearchQuery)
    assert read.query.children[0].birth_date == "20.02.2016"
    assert check_request(read) == []


# Orders, modes, places


def test_order_zero_is_never_echoed() -> None:
    silent = replace(ANSWER, order_id=0)
    assert [problem.field for problem in check_response(silent)] == ["orderId"]
    with pytest.raises(ValueRefused, match="order 0"):
        silent.render()
    assert [problem.field for problem in check_request(replace(SEARCH, order_id=0))] == ["orderId"]


def test_documents_stand_where_each_mode_has_them() -> None:
    text = SEARCH.render()
    assert text.index("recipientBirthCertificateData") < text.index("recipientSNILS") < text.index("recipientBirthDate")
    text = replace(SEARCH, query=STATUS).render()
    assert text.index("recipientBirthDate") < text.index("recipientSNILS") < text.index("recipientBirthCertificateData")
    item = pf_certificate.InformerItem(certificate_guid="1", birth_certificate=BIRTH, snils="11223344595")
    text = replace(SEARCH, query=pf_certificate.InformerQuery(items=(item,))).render()
    assert text.index("certificateGUID") < text.index("recipientBirthCertificateData") < text.index("recipientSNILS")
    pf_certificate.schema().check(parse(text.encode()))


def test_every_child_asked_for_is_kept_in_order() -> None:
    others = tuple(replace(CHILD, first_name=name) for name in ("Анна", "Борис", "Вера"))
    request = replace(SEARCH, query=pf_certificate.SearchQuery(children=others))
    read = pf_certificate.read_request(parse(request.render().encode()))
    assert read == request
    assert check_request(read) == []


def test_unknown_parts_of_an_address_are_written_empty() -> None:
    text = replace(SEARCH, query=STATUS).render()
    pf_certificate.schema().check(parse(text.encode()))
    assert text.count("<ns1:fiasCode></ns1:fiasCode>") == 2


def test_entry_of_another_child_is_told_by_its_echo() -> None:
    nothing = pf_certificate.NothingFound(reason="Сертификат не найден", document=BIRTH, snils="11223344595")
    message = replace(ANSWER, answers=(nothing, pf_certificate.IssueRefused(code="1", description="Возраст")))
    assert pf_certificate.read_response(parse(message.render().encode())) == message
    assert check_response(message) == []


@pytest.mark.parametrize("code", ["", "1", "12"])
def test_refusal_code_has_two_characters_at_most(code: str) -> None:
    refusal = replace(ANSWER, answers=(pf_certificate.IssueRefused(code=code, description=""),))
    pf_certificate.schema().check(parse(refusal.render().encode()))
    longer = replace(ANSWER, answers=(pf_certificate.IssueRefused(code=f"{code}xyz", description=""),))
    with pytest.raises(SchemaInvalid):
        pf_certificate.schema().check(parse(longer.render().encode()))


# Checks before anything is released


def test_informer_needs_more_than_a_number() -> None:
    bare = pf_certificate.InformerItem(certificate_guid="1")
    request = replace(SEARCH, query=pf_certificate.InformerQuery(items=(bare,)))
    pf_certificate.schema().check(parse(request.render().encode()))
    place = "getCertificateInformerRequest/recipientDataForGUID"
    assert [problem.field for problem in check_request(request)] == [place]
    for known in (replace(bare, snils="11223344595"), replace(bare, birth_certificate=BIRTH)):
        assert check_request(replace(SEARCH, query=pf_certificate.InformerQuery(items=(known,)))) == []


def test_mistyped_snils_is_noticed_in_every_mode() -> None:
    wrong = "11223344596"
    item = pf_certificate.InformerItem(certificate_guid="1", snils=wrong)
    queries: list[pf_certificate.Query] = [
        pf_certificate.SearchQuery(children=(replace(CHILD, snils=wrong),)),
        replace(STATUS, recipient=replace(STATUS.recipient, snils=wrong)),
        pf_certificate.InformerQuery(items=(item,)),
    ]
    for query in queries:
        (problem,) = check_request(replace(SEARCH, query=query))
        assert problem.field.endswith("/recipientSNILS")
        assert wrong not in str(problem)
    owner = replace(FOUND.owner, snils=wrong)
    (problem,) = check_response(replace(ANSWER, answers=(replace(FOUND, owner=owner),)))
    assert problem.field.endswith("/recipientSNILS")


def test_impossible_birth_dates_are_noticed() -> None:
    assert check_request(replace(SEARCH, query=STATUS)) == []
    recipient = replace(STATUS.recipient, birth_date="30.02.2016")
    applicant = replace(STATUS.applicant, birth_date="")
    found = check_request(replace(SEARCH, query=replace(STATUS, recipient=recipient, applicant=applicant)))
    assert [problem.field.rpartition("/")[2] for problem in found] == ["recipientBirthDate", "applicantBirthDate"]
    unknown = replace(SEARCH, query=pf_certificate.SearchQuery(children=(replace(CHILD, birth_date=""),)))
    assert check_request(unknown) == []


def test_reader_wants_a_document() -> None:
    text = SEARCH.render()
    start, end = text.index("<ns1:recipientBirthCertificateData"), text.index("<ns1:recipientSNILS>")
    with pytest.raises(ValueRefused, match="recipientPassportData is expected"):
        pf_certificate.read_request(parse((text[:start] + text[end:]).encode()))
