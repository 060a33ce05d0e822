"""What messages need of people, forms and message types: made up where nobody told, and the same every time."""

from __future__ import annotations

import json
import re
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from socert.contracts.message import MessageType
from socert.contracts.portal.blocks import FormCode, Gender
from socert.contracts.portal.known import Direction, KnownType, known_types
from socert.contracts.schema import Schema
from socert.contracts.smev.status import RejectCode
from socert.simulator.errors import SettingsError
from socert.simulator.portal import forms
from socert.simulator.portal.people import BirthCertificate, KnownChild, People
from socert.simulator.portal.people_file import read_people
from socert.simulator.portal.profile import applicant, child_data
from socert.simulator.smev import types
from socert.simulator.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulator.parent import Parent

PARENT: dict[str, Any] = {
    "last_name": "Примерова",
    "first_name": "Анна",
    "snils": "90000000182",
    "birth_date": "1990-01-02",
    "phone": "+70000000001",
    "passport": {"series": "1111", "number": "222222", "issue_date": "2012-03-04"},
    "children": [
        {
            "last_name": "Примеров",
            "first_name": "Саша",
            "birth_date": "2016-02-20",
            "gender": "Female",
            "address": {"full": "г. Примерск, ул. Новая, д. 2", "street": "ул. Новая"},
            "birth_certificate": {"series": "iv аб", "number": "123456", "issue_date": "2016-03-01"},
        }
    ],
}


def read(folder: Path, *people: dict[str, Any]) -> People:
    """Read a file of people into a new state."""
    place = folder / "people.json"
    place.write_text(json.dumps({"people": people}), "utf-8")
    found = People(State())
    read_people(place, found)
    return found


def test_what_the_file_tells_is_used(tmp_path: Path) -> None:
    people = read(tmp_path, PARENT)
    (owner,) = people.find_owners()
    (child,) = people.children_of(owner.id)
    who, whose = applicant(owner), child_data(child, "г. Примерск", "Край")

    assert (who.birth_date, who.phone) == (date(1990, 1, 2), "+70000000001")
    assert (who.passport.series, who.passport.number, who.passport.issue_date) == ("1111", "222222", date(2012, 3, 4))
    assert (whose.gender, whose.home.street, whose.home.house) == (Gender.FEMALE, "ул. Новая", "1")
    assert whose.home.full == "г. Примерск, ул. Новая, д. 2"
    assert (whose.paper.series, whose.paper.number) == ("IV-АБ", "123456")
    assert whose.paper.issue_date == date(2016, 3, 1)


def test_profile_stays_when_a_push_renews_the_name(tmp_path: Path) -> None:
    people = read(tmp_path, PARENT)
    (owner,) = people.find_owners()
    people.put_owner(owner.identity, "Новая", "Анна", None)

    (renewed,) = people.find_owners()
    assert (renewed.last_name, applicant(renewed).phone) == ("Новая", "+70000000001")


def test_what_nobody_told_is_made_up_and_fits(tmp_path: Path) -> None:
    bare = {"last_name": "А", "first_name": "Б", "snils": "90000000182"}
    (owner,) = read(tmp_path, bare).find_owners()
    who = applicant(owner)

    assert who == applicant(owner)
    assert re.fullmatch(r"\d{4} \d{6}", f"{who.passport.series} {who.passport.number}")
    assert who.email.endswith("@example.org")


@pytest.mark.parametrize(
    ("first_name", "middle_name", "gender"),
    [
        ("Саша", "Ивановна", Gender.FEMALE),
        ("Никита", "Иванович", Gender.MALE),
        ("Анна", None, Gender.FEMALE),
        ("Пётр", None, Gender.MALE),
    ],
)
def test_sex_is_guessed_from_the_name(first_name: str, middle_name: str | None, gender: Gender) -> None:
    child = KnownChild(
        id=7,
        snils=None,
        last_name="А",
        first_name=first_name,
        middle_name=middle_name,
        birth_date=date(2016, 2, 20),
        birth_certificate=BirthCertificate(series="странная", issue_date="не дата"),
    )
    whose = child_data(child, "", "")

    assert whose.gender is gender
    assert (whose.paper.series, whose.paper.number, whose.paper.issue_date) == ("странная", "000007", date(2016, 3, 5))
    assert whose.home.full == "000000, ул. Образцовая, д. 1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": 7},
        {"birth_date": "2 января"},
        {"passport": {"number": 5}},
        {"passport": "1111 222222"},
        {"children": [PARENT["children"][0] | {"gender": "М"}]},
        {"children": [PARENT["children"][0] | {"address": {"full": 5}}]},
    ],
)
def test_profile_that_is_none_stops_the_start(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="person 1"):
        read(tmp_path, PARENT | wrong)


# Forms


@pytest.mark.parametrize("code", list(FormCode))
def test_every_form_says_what_the_law_wants(code: FormCode) -> None:
    form = forms.FORMS[code]
    assert form.code is code
    assert form.title
    for word in ("обраб", "данные|фамил|персональных", "действует", "отозва"):
        assert re.search(word, form.text), word


# Message types


def test_types_go_by_short_names_and_the_cost_question_has_no_place() -> None:
    assert set(types.built_in()) == {
        "account",
        "account.action",
        "account.query",
        "account.snapshot",
        "elk_status",
        "enrolment",
        "order_event",
        "pf_certificate",
    }


@pytest.fixture
def own_type(monkeypatch: pytest.MonkeyPatch) -> Iterator[KnownType]:
    """A message type of a region's plug-in, registered at the exchange."""
    schema = etree.XMLSchema(
        etree.XML(
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:own">'
            '<xs:element name="Ask" type="xs:int"/><xs:element name="Tell" type="xs:int"/></xs:schema>'
        )
    )
    ask, tell = MessageType(namespace="urn:own", root="Ask"), MessageType(namespace="urn:own", root="Tell")
    own = KnownType(
        name="own.request",
        title="своё сообщение",
        message_type=ask,
        direction=Direction.REGION_TO_PORTAL,
        schema=lambda: Schema(schema),
        read=lambda _element: pytest.fail("the portal has no use for it"),
        answered_by=(tell,),
    )
    table = MappingProxyType({**known_types(), ask: own})
    monkeypatch.setattr(types, "known_types", lambda: table)
    monkeypatch.setattr(types, "find", table.__getitem__)
    types.built_in.cache_clear()
    yield own
    monkeypatch.undo()
    types.built_in.cache_clear()


async def test_type_of_a_plug_in_is_carried_by_its_own_schema(own_type: KnownType, parent: Parent) -> None:
    assert "own" in types.built_in()
    await parent.region.send(b'<Ask xmlns="urn:own">not a number</Ask>')
    broken = await parent.region.answers()
    assert broken is not None
    assert broken.async_status is not None
    await parent.region.ack(broken.message_id)

    await parent.region.send(b'<Ask xmlns="urn:own">1</Ask>')
    await parent.simulator.consumer.at_rest()
    answer = await parent.region.answers()
    assert answer is not None
    assert [one.code for one in answer.rejections] == [RejectCode.UNKNOWN_REQUEST_DESCRIPTION]
    assert own_type.direction is Direction.REGION_TO_PORTAL
