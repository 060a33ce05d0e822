"""What is written can be read back, is valid, and is in the signature's normal form, whatever the texts are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.portal.strategies import (
    AMOUNTS,
    COUNTS,
    DAYS,
    HOSTILE,
    LETTERS,
    MOMENTS,
    NUMBERS,
    SLOW,
    SNILS,
    check_round_trip,
    maybe,
    members,
    texts,
    tuples,
)

from socert.contracts.errors import XmlRefused
from socert.contracts.message import MessageType
from socert.contracts.portal import pf_certificate
from socert.contracts.portal.known import find, known_types
from socert.contracts.signature import transform
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from pathlib import Path


# Samples


def test_every_sample_survives_reading_and_writing(oracles: Path) -> None:
    found = [
        path for path in (oracles / "portal" / "samples").glob("*.xml") if not path.name.startswith("concentrator")
    ]
    seen = set()
    for path in found:
        element = parse(path.read_bytes())
        known = find(MessageType.of(element))
        known.schema().check(element)
        message = known.read(element)
        check_round_trip(message)
        assert message.render().encode() == transform.normalize(element), path.name
        seen.add(known.name)
    assert len(found) == 39
    assert seen == {one.name for one in known_types().values() if not one.name.startswith("elk_status.")}


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
