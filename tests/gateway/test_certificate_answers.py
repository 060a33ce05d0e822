"""What the portal is told of a certificate, and what nobody learns by guessing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from tests.gateway.records import CONSENT, NOON, SNILS, Clock, balance, certificate, child, guid, municipality
from tests.gateway.services import Services

from socert.contracts.portal import pf_certificate as pf
from socert.gateway.domain.consent import Channel
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.records import CertificateStatus, Unit
from socert.gateway.domain.rules_errors import RuleCode
from socert.gateway.errors import Unhandled
from socert.gateway.exchange.answering import Effect, Look, Received
from socert.gateway.mapping.pf_certificate import (
    ENDED,
    NO_CONSENT,
    NOT_CHECKED,
    NOT_FOUND,
    UNKNOWN_PLACE,
)

if TYPE_CHECKING:
    from tests.gateway.region import Region

POLICY = Policy(nominals={Register.RUB: 1_200_000})
OTHER_SNILS = "20000000013"
PAPER = pf.BirthCertificate(series="II-ЖД", number="700115", agency="ЗАГС", issue_date="2014-04-01")
CHILD = pf.SearchedChild(
    last_name="Журавлёв",
    first_name="Платон",
    patronymic="Святославович",
    document=PAPER,
    snils=SNILS,
    birth_date="2014-03-15",
)
MISMATCHES: list[dict[str, Any]] = [
    {"last_name": "Соколенко"},
    {"first_name": "Мирон"},
    {"patronymic": "Глебович"},
    {"birth_date": "2014-03-16"},
    {"birth_date": "2014-02-30"},
    {"snils": OTHER_SNILS},
]


def services(region: Region, **given: Any) -> Services:
    return Services(region=region, clock=Clock(), **given)


def ask(
    region: Region, query: pf.Query, order: int = 5, *, office: Services | None = None, **settings: Any
) -> tuple[pf.Answer, ...]:
    """Ask as the portal does, let it take effect, and read the answer as the portal would."""
    office = office or services(region, consent_forms=settings.pop("consent_forms", (CONSENT,)))
    request = pf.Request(order_id=order, order_timestamp=NOON, query=query)
    element = etree.fromstring(request.render().encode())
    received = Received(message_id="asked", reply_to="address", at=NOON)
    match office.certificates(**settings).take(element, received):
        case Look() as look:
            made = region.store.look(look.find)
        case Effect() as effect:
            (made,) = office.units.run(effect.apply)
    rendered = etree.fromstring(made.content.render().encode())
    pf.schema().check(rendered)
    read = pf.read_response(rendered)
    assert pf.check_response(read) == []
    assert (read.order_id, read.response_timestamp) == (order, NOON)
    told = {one.certificate.guid for one in read.answers if isinstance(one, pf.CertificateFound)}
    assert set(made.about) == told, "a withdrawn consent stops the answer by these"
    return read.answers


def search(region: Region, *children: pf.SearchedChild, **settings: Any) -> pf.Answer:
    (answer,) = ask(region, pf.SearchQuery(children=children or (CHILD,)), **settings)
    return answer


def inform(region: Region, **given: Any) -> pf.Answer:
    item = pf.InformerItem(**{"certificate_guid": guid(1), "snils": SNILS, **given})
    (answer,) = ask(region, pf.InformerQuery(items=(item,)))
    return answer


def found(answer: pf.Answer) -> pf.CertificateFound:
    assert isinstance(answer, pf.CertificateFound)
    return answer


def reason(answer: pf.Answer) -> str:
    assert isinstance(answer, pf.NothingFound)
    return answer.reason


# --- telling ----------------------------------------------------------------------------------------------------------


def test_a_certificate_is_found_by_the_child(region: Region) -> None:
    region.put(certificate(balance=balance(reserved=40_000, spent=10_000)))
    told = found(search(region))
    assert told.owner == pf.Owner(last_name="Журавлёв", first_name="Платон", patronymic="Святославович", snils=SNILS)
    assert told.certificate == pf.Certificate(
        guid=guid(1),
        number="7700000001",
        municipality_code=municipality().guid,
        region_code=municipality().region_guid,
        certificate_type=pf.CertificateType.FUNDED,
        category_code="1",
        category_name="От 5 до 17 лет",
        funds=pf.Funds(balance=90_000, booked=40_000),
        released_on_request=False,
    )


@pytest.mark.parametrize(("included", "told"), [(True, 90_000), (False, 50_000)])
def test_whether_the_balance_includes_what_is_booked_is_agreed(region: Region, included: bool, told: int) -> None:
    region.put(certificate(balance=balance(reserved=40_000, spent=10_000)))
    answer = found(search(region, balance_includes_booked=included))
    assert answer.certificate.funds == pf.Funds(balance=told, booked=40_000)


@pytest.mark.parametrize(("agreed", "told"), [(False, None), (True, pf.Funds(balance=7_250, booked=250))])
def test_hours_are_told_only_where_that_is_agreed(region: Region, agreed: bool, told: pf.Funds | None) -> None:
    """The message has no unit: a reader would take hours for roubles."""
    region.put(certificate(unit=Unit.HOUR, balance=balance(nominal=7_250, reserved=250)))
    assert found(search(region, hours_in_query=agreed)).certificate.funds == told


def test_a_certificate_without_funds_shows_none(region: Region) -> None:
    region.put(certificate(with_funds=False, balance=balance(nominal=0)))
    told = found(search(region)).certificate
    assert (told.certificate_type, told.funds) == (pf.CertificateType.ACCOUNTING, None)


def test_the_answer_is_live(region: Region) -> None:
    region.put(certificate())
    region.put(certificate(balance=balance(spent=100)))
    assert found(search(region)).certificate.funds == pf.Funds(balance=99_900, booked=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"last_name": " журавлев "},
        {"first_name": "ПЛАТОН"},
        {"patronymic": None},
        {"birth_date": "15.03.2014"},
        {"birth_date": None},
        {"birth_date": ""},
    ],
)
def test_spelling_does_not_matter(region: Region, changes: dict[str, Any]) -> None:
    region.put(certificate())
    told = found(search(region, replace(CHILD, **changes)))
    assert told.owner.last_name == "Журавлёв", "as the region spells it"


def test_a_child_without_a_snils_is_found_by_its_birth_certificate(region: Region) -> None:
    region.put(certificate(child=child(snils=None)))
    paper = pf.BirthCertificate(series="ii жд", number="700115", agency="", issue_date="")
    item = pf.InformerItem(certificate_guid=guid(1), birth_certificate=paper, snils=SNILS)
    (answer,) = ask(region, pf.InformerQuery(items=(item,)))
    assert found(answer).owner.snils == SNILS, "the one asked for: the region knows none"


def test_each_child_gets_an_answer_in_order(region: Region) -> None:
    region.put(certificate())
    stranger = replace(CHILD, snils=OTHER_SNILS)
    answers = ask(region, pf.SearchQuery(children=(stranger, CHILD, stranger)))
    assert [type(answer) for answer in answers] == [pf.NothingFound, pf.CertificateFound, pf.NothingFound]
    nothing = answers[0]
    assert isinstance(nothing, pf.NothingFound)
    assert (nothing.snils, nothing.document) == (OTHER_SNILS, PAPER), "the question is echoed: nothing else ties them"


def test_the_certificate_in_force_is_told_before_an_ended_one(region: Region) -> None:
    region.put(certificate(1, status=CertificateStatus.ANNULLED), certificate(2))
    assert found(search(region)).certificate.guid == guid(2)


# --- keeping silent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", MISMATCHES)
def test_a_mismatch_sounds_like_nothing_found(region: Region, wrong: dict[str, Any]) -> None:
    asked = replace(CHILD, **wrong)
    unknown = search(region, asked)
    region.put(certificate())
    assert search(region, asked) == unknown, "whoever guesses learns nothing"
    assert reason(unknown) == NOT_FOUND


def test_a_conflict_of_papers_is_nothing_found(region: Region) -> None:
    """The SNILS of one child with the birth certificate of another."""
    region.put(certificate(1), certificate(2, child=child(snils=OTHER_SNILS, birth_certificate="II-ЖД 700116")))
    paper = replace(PAPER, number="700116")
    item = pf.InformerItem(certificate_guid=guid(2), birth_certificate=paper, snils=SNILS)
    (answer,) = ask(region, pf.InformerQuery(items=(item,)))
    assert reason(answer) == NOT_FOUND


@pytest.mark.parametrize(
    "given", [{"snils": OTHER_SNILS}, {"certificate_guid": guid(2)}, {"snils": None, "birth_certificate": None}]
)
def test_a_guid_alone_opens_nothing(region: Region, given: dict[str, Any]) -> None:
    region.put(certificate())
    answer = inform(region, **given)
    assert reason(answer) in (NOT_FOUND, NOT_CHECKED)
    assert isinstance(answer, pf.NothingFound)
    assert answer.certificate_guid == given.get("certificate_guid", guid(1))


def test_a_guid_with_the_child_s_snils_opens_the_certificate(region: Region) -> None:
    region.put(certificate())
    assert found(inform(region)).certificate.number == "7700000001"
    assert found(inform(region, certificate_guid=guid(1).upper())).certificate.guid == guid(1)


@pytest.mark.parametrize("form", [None, "ПФ-2023"])
def test_without_a_consent_nothing_is_told(region: Region, form: str | None) -> None:
    region.put(certificate(consent_form=form))
    answer = search(region)
    assert isinstance(answer, pf.IssueRefused)
    assert answer.code == NO_CONSENT
    assert "7700000001" not in answer.description


def test_a_consent_of_another_form_counts_where_it_is_set(region: Region) -> None:
    region.put(certificate(consent_form="ПФ-2023"))
    assert found(search(region, consent_forms=("ПФ-2023",)))


def test_a_mismatch_is_not_told_about_the_consent_either(region: Region) -> None:
    region.put(certificate(consent_form=None))
    assert reason(search(region, replace(CHILD, birth_date="2014-03-16"))) == NOT_FOUND


@pytest.mark.parametrize("status", [CertificateStatus.ANNULLED, CertificateStatus.EXPIRED])
def test_an_ended_certificate_is_told_to_be_ended(region: Region, status: CertificateStatus) -> None:
    region.put(certificate(status=status))
    assert reason(search(region)) == ENDED


@pytest.mark.parametrize("status", [CertificateStatus.SUSPENDED, CertificateStatus.EXHAUSTED])
def test_a_certificate_that_only_pauses_is_told(region: Region, status: CertificateStatus) -> None:
    region.put(certificate(status=status, balance=balance(spent=100_000)))
    assert found(search(region))


def test_a_certificate_of_an_unknown_place_is_not_told(region: Region) -> None:
    region.put(certificate(oktmo="99999000"))
    assert reason(search(region)) == UNKNOWN_PLACE


# --- other questions --------------------------------------------------------------------------------------------------


def status_query(**changes: Any) -> pf.StatusQuery:
    address = pf.Address(full_address="", post_index="", region="", fias_code="")
    passport = pf.Passport(
        type_code="1", type_name="Паспорт", series="0000", number="000000", agency="", issue_date="2010-01-01"
    )
    recipient = pf.RecipientData(
        last_name="Журавлёв",
        first_name="Платон",
        patronymic="Святославович",
        birth_date="2014-03-15",
        snils=SNILS,
        gender=pf.Gender.MALE,
        document=PAPER,
        address=address,
    )
    return pf.StatusQuery(
        recipient=replace(recipient, **changes),
        applicant=pf.ApplicantData(
            last_name="Журавлёва",
            first_name="Евпраксия",
            birth_date="1985-01-01",
            passport=passport,
            address=address,
            email="",
            phone_number="",
        ),
        details=pf.ApplicationDetails(
            municipality_code=municipality().guid,
            municipality_name="Верхнелесье",
            region_code=municipality().region_guid,
            region_name="Лесной край",
            is_funded_certificate=True,
        ),
    )


@pytest.mark.seed("found-again", "on-screen")
def test_a_question_that_may_issue_finds_what_is_there(region: Region) -> None:
    region.put(certificate(balance=balance(spent=10_000)))
    (answer,) = ask(region, status_query())
    assert found(answer).certificate.released_on_request is False
    assert found(answer).certificate.funds == pf.Funds(balance=90_000, booked=0)


@pytest.mark.seed("by-itself")
@pytest.mark.invariant(8)
def test_a_certificate_is_issued_once_whatever_repeats(region: Region) -> None:
    office = services(region, policy=POLICY)
    (first,) = ask(region, status_query(), office=office)
    (again,) = ask(region, status_query(), office=office)
    (other,) = ask(region, status_query(), order=6, office=office)
    assert found(first).certificate.funds == pf.Funds(balance=1_200_000, booked=0)
    assert found(first).certificate.released_on_request is True
    assert again == first, "a repeat of the same order gets the same answer"
    assert found(other).certificate == replace(found(first).certificate, released_on_request=False)


def test_an_accounting_certificate_is_issued_where_no_funds_are_wanted(region: Region) -> None:
    query = status_query()
    asked = replace(query, details=replace(query.details, is_funded_certificate=False))
    (answer,) = ask(region, asked, office=services(region, policy=POLICY))
    assert found(answer).certificate.certificate_type is pf.CertificateType.ACCOUNTING
    assert found(answer).certificate.funds is None


def refused(answers: tuple[pf.Answer, ...]) -> tuple[str, str]:
    (answer,) = answers
    assert isinstance(answer, pf.IssueRefused)
    assert len(answer.code) <= 2
    return answer.code, answer.description


@pytest.mark.invariant(13)
def test_a_child_of_the_wrong_age_gets_no_certificate(region: Region) -> None:
    code, text = refused(ask(region, status_query(birth_date="2024-03-15")))
    assert (code, "от 5 до 17" in text) == ("12", True)


@pytest.mark.seed("municipality")
def test_where_no_certificates_are_given_none_is_issued(region: Region) -> None:
    office = services(region, policy=Policy(issues_certificates=False))
    assert refused(ask(region, status_query(), office=office))[0] == "13"


def test_a_municipality_that_nobody_knows_issues_nothing(region: Region) -> None:
    query = status_query()
    asked = replace(query, details=replace(query.details, municipality_code=guid(77)))
    assert refused(ask(region, asked))[0] == "17"


@pytest.mark.invariant(8, 9)
def test_a_conflict_of_identities_is_a_case_and_tells_nothing(region: Region) -> None:
    region.put(certificate())
    office = services(region)
    code, text = refused(ask(region, status_query(birth_date="2014-03-16"), office=office))
    assert code == "16"
    assert certificate().number not in text
    (case,) = region.store.look(office.cases.listed)
    assert (case.order_id, case.rule) == ("5", RuleCode.IDENTITY_CONFLICT)


@pytest.mark.invariant(12)
def test_a_withdrawn_consent_refuses_even_who_applies(region: Region) -> None:
    region.put(certificate())
    office = services(region)
    office.units.run(lambda unit: office.consents.withdraw(unit, certificate(), form=None, channel=Channel.PORTAL))
    assert refused(ask(region, status_query(), office=office))[0] == "11"


def test_who_applies_is_told_the_certificate_before_the_consents_come(region: Region) -> None:
    """They come with the application, which cannot be made without the certificate's GUID."""
    region.put(certificate(consent_form="ПФ-2023"))
    assert found(ask(region, status_query())[0]).certificate.guid == guid(1)
    answer = search(region)
    assert isinstance(answer, pf.IssueRefused), "who only looks is told nothing"


@pytest.mark.parametrize("changes", [{"snils": "11223344590"}, {"birth_date": "2014-02-30"}])
def test_a_question_with_wrong_data_issues_nothing(region: Region, changes: dict[str, str]) -> None:
    assert refused(ask(region, status_query(**changes)))[0] == "19"


def test_order_0_cannot_be_answered(region: Region) -> None:
    with pytest.raises(Unhandled, match="order number 0"):
        ask(region, pf.SearchQuery(children=(CHILD,)), order=0)
