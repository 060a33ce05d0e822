"""Certificates by hand: found, issued, suspended, with consents; a child enrolled without a portal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.gateway.console.desk import NOMINAL, programme
from tests.gateway.records import GROUP, SNILS

from socert.gateway.domain.records import CertificateStatus, ContractState, Register
from socert.gateway.life.cases import CaseKind

if TYPE_CHECKING:
    from tests.gateway.console.desk import FormSeen, Operator, PageSeen, Region

TICKED = {
    "consent_PD_PROCESSING": "yes",
    "consent_SOCIAL_CERT_APPLICATION": "yes",
    "consent_SPLIT_PAYMENT": "yes",
}
CHILD = {
    "last_name": "Журавлёв",
    "first_name": "Платон",
    "middle_name": "Святославович",
    "birth_date": "15.03.2014",
    "gender": "Male",
    "snils": "112-233-445 95",
    "birth_certificate": "ii-жд 700115",
    "applicant_last_name": "Журавлёва",
    "applicant_first_name": "Евпраксия",
    "applicant_snils": "08765430300",
}
COUNTED = "cccccccc-0000-4000-8000-0000000000cc"


def guid_of(page: PageSeen) -> str:
    return page.path.split("?")[0].rsplit("/", 1)[1]


# --- search -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [SNILS, "112-233-445 95", "Журавлёв", "журавлев", "ЖУРАВ", " Журавлёв "])
async def test_a_certificate_is_found_by_what_people_know(operator: Operator, region: Region, words: str) -> None:
    region.issue()
    page = await operator.step("/certificates", "/certificates", words=words)
    assert "Журавлёв Платон Святославович" in page.words
    assert words.strip() not in page.path  # what is looked for is personal and stands in no address
    assert page.form("/certificates").fields["words"] == words.strip()


@pytest.mark.parametrize("words", ["Синицын", "00000000000", "%", "_", "Ж%"])
async def test_what_is_not_there_is_not_found(operator: Operator, region: Region, words: str) -> None:
    region.issue()
    page = await operator.step("/certificates", "/certificates", words=words)
    assert "Ничего не нашлось" in page.words
    assert "Платон" not in page.words


async def test_a_number_is_found_and_nothing_typed_is_marked(operator: Operator, region: Region) -> None:
    number = region.kept(region.issue()).certificate.number
    page = await operator.step("/certificates", "/certificates", words=number)
    assert "Журавлёв Платон" in page.words
    page = await operator.step("/certificates", "/certificates", words="  ")
    assert page.status == 422
    assert "Заполните это поле" in page.words
    # A search that was forgotten is an empty page, not an error.
    assert (await operator.open("/certificates?search=gone")).status == 200


# --- one certificate ----------------------------------------------------------------------------------------------


async def test_a_certificate_shows_all_that_is_known(operator: Operator, region: Region) -> None:
    guid = region.issue()
    contract_id = region.enrol(guid)
    page = await operator.open(f"/certificates/{guid}")
    said = page.words.replace("\N{NO-BREAK SPACE}", " ")
    for wanted in (SNILS, "II-ЖД 700115", "Верхнелесье", "2026, рубли", "8 000,00 руб.", "Дано", "разрешена", "Выдано"):
        assert wanted in said, wanted
    assert f"/console/contracts/{contract_id}" in page.html
    assert (await operator.open("/certificates/none")).status == 404


async def test_a_certificate_is_suspended_resumed_and_annulled(operator: Operator, region: Region) -> None:
    place = f"/certificates/{(guid := region.issue())}"
    old = await operator.open(place)
    page = await operator.send(old.form("/suspend"))
    assert "Сертификат приостановлен" in page.words
    assert region.kept(guid).certificate.status is CertificateStatus.SUSPENDED
    late = await operator.send(old.form("/annul"), sure="yes")
    assert late.status == 422
    assert "произошли изменения" in late.words
    page = await operator.send(page.form("/resume"))
    assert region.kept(guid).certificate.status is CertificateStatus.ACTIVE
    page = await operator.send(page.form("/annul"))
    assert "Подтвердите" in page.words
    page = await operator.send(page.form("/annul"), sure="yes")
    assert region.kept(guid).certificate.status is CertificateStatus.ANNULLED
    assert page.steps() == {"give", "withdraw"}


@pytest.mark.seed("withdraw", "new-forms")
async def test_consents_are_given_and_withdrawn_at_the_organisation(operator: Operator, region: Region) -> None:
    place = f"/certificates/{region.issue(signed=False)}"
    page = await operator.open(place)
    assert "остановлена: нет согласия" in page.words
    assert "withdraw" not in page.steps()
    page = await operator.send(page.form("/give"))
    assert "Отметьте, на что дано согласие" in page.words
    page = await operator.send(page.form("/give"), **TICKED, given="08.09.2026")
    assert "Этот день ещё не наступил" in page.words
    assert page.form("/give").fields["consent_PD_PROCESSING"] == "yes"
    page = await operator.send(page.form("/give"), **TICKED, given="01.09.2026")
    assert "разрешена" in page.words
    assert page.words.count("Дано") == 3

    page = await operator.send(page.form("/withdraw"), form="SPLIT_PAYMENT")
    assert "Подтвердите" in page.words
    page = await operator.send(page.form("/withdraw"), form="nonsense", sure="yes")
    assert "Выберите одно из списка" in page.words
    page = await operator.send(page.form("/withdraw"), form="all", sure="yes")
    assert "остановлена: нет согласия" in page.words
    assert page.words.count("Отозвано") == 3


# --- issue --------------------------------------------------------------------------------------------------------


@pytest.mark.seed("elsewhere", "new-forms")
async def test_a_certificate_is_issued_once(operator: Operator, region: Region) -> None:
    page = await operator.step("/issue", "/issue", **CHILD, **TICKED)
    assert page.path.endswith("?done=issued")
    kept = region.kept(guid_of(page))
    assert kept.certificate.child.birth_certificate == "II-ЖД 700115"
    assert kept.certificate.child.birth_date == date(2014, 3, 15)
    assert region.figures(guid_of(page)) == (NOMINAL, 0, 0)
    assert "разрешена" in page.words
    again = await operator.step("/issue", "/issue", **CHILD)
    assert again.path.endswith("?done=found")
    assert guid_of(again) == guid_of(page)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"last_name": ""}, "Заполните это поле"),
        ({"birth_date": "15.13.2014"}, "Дата пишется так"),
        ({"snils": "112-233-445 96"}, "Проверьте, нет ли опечатки"),
        ({"snils": "", "birth_certificate": ""}, "Укажите СНИЛС или свидетельство"),
        ({"birth_certificate": "II-ЖД"}, "Серия и номер пишутся так"),
        ({"birth_certificate": "паспорт"}, "Серия и номер пишутся так"),
        ({"applicant_snils": ""}, "Заполните это поле"),
        ({"gender": "other"}, "Выберите одно из списка"),
        ({"oktmo": "99999999"}, "не обслуживается"),
        ({"start": "01.01.2050"}, "для детей от 5 до 17 лет"),
    ],
)
async def test_what_is_wrong_with_a_child_is_said_and_nothing_is_issued(
    operator: Operator, region: Region, typed: dict[str, str], wrong: str
) -> None:
    page = await operator.step("/issue", "/issue", **{**CHILD, **TICKED, **typed})
    assert page.status == 422
    assert wrong in page.words
    kept = page.form("/issue").fields
    for name, value in {**CHILD, **TICKED, **typed}.items():
        if name not in {"gender", "oktmo"}:
            assert kept[name] == value
    with region.shop.store.engine.connect() as connection:
        assert region.shop.listing.certificates(connection, surname="Журавлёв", limit=9) == []


async def test_a_conflict_of_identities_is_a_case_for_a_person(operator: Operator, region: Region) -> None:
    region.issue()
    page = await operator.step("/issue", "/issue", **{**CHILD, "last_name": "Синицын"})
    assert page.status == 422
    assert "рассмотрит сотрудник" in page.words
    cases = region.shop.store.look(region.shop.cases.listed)
    assert [case.kind for case in cases] == [CaseKind.IDENTITY]
    page = await operator.open("/cases")
    assert "Сведения о ребёнке расходятся" in page.words


# --- enrol --------------------------------------------------------------------------------------------------------


async def enrolling(operator: Operator, guid: str, group: str = GROUP, query: str = "") -> tuple[PageSeen, FormSeen]:
    page = await operator.open(f"/certificates/{guid}/enrol/{group}{query}")
    return page, page.form(group)


@pytest.mark.seed("elsewhere", "at-enrolment", "split")
async def test_a_child_is_enrolled_without_a_portal(operator: Operator, region: Region) -> None:
    guid = region.issue()
    groups = await operator.open(f"/certificates/{guid}/enrol?words=РЕЗЬБА")
    assert f"/console/certificates/{guid}/enrol/{GROUP}" in groups.html
    page, form = await enrolling(operator, guid)
    said = page.words.replace("\N{NO-BREAK SPACE}", " ")
    for wanted in ("12 000,00 руб.", "8 000,00 руб.", "4 000,00 руб.", "Мест: 10, занято 0"):
        assert wanted in said
    page = await operator.send(form)
    assert page.status == 422
    assert "Подтвердите согласие на оплату части" in page.words
    page = await operator.send(page.form(GROUP), own_part="yes")
    assert page.path.endswith("?done=request")
    life = region.life(guid_of(page))
    assert (life.state, life.order_id, life.split.own_part) == (ContractState.REQUESTED, None, 4000_00)
    assert region.figures(guid) == (NOMINAL, NOMINAL, 0)
    page, form = await enrolling(operator, guid)
    page = await operator.send(form, own_part="yes")
    assert page.status == 422
    assert "уже записан в эту группу" in page.words


async def test_the_split_that_was_shown_is_the_one_that_counts(operator: Operator, region: Region) -> None:
    guid = region.issue()
    _, form = await enrolling(operator, guid, query="?start=15.09.2026&end=31.10.2026")
    assert form.fields["end"] == "2026-10-31"
    other = programme(group_guid=COUNTED, name="Лепка", price=100_00)
    region.run(lambda unit: region.shop.registry.put_programmes(unit, [other]))
    region.enrol(guid, group=COUNTED)
    page = await operator.send(form, own_part="yes")
    assert page.status == 422
    assert "отличаются от расчёта" in page.words
    fresh = page.form(GROUP)
    assert fresh.fields["end"] == "2026-10-31"
    page = await operator.send(fresh, own_part="yes")
    assert region.life(guid_of(page)).end == date(2026, 10, 31)


async def test_without_consents_nobody_is_enrolled(operator: Operator, region: Region) -> None:
    guid = region.issue(signed=False)
    _, form = await enrolling(operator, guid)
    page = await operator.send(form, own_part="yes")
    assert page.status == 422
    assert "Нет действующего согласия" in page.words
    assert page.form(GROUP).fields["own_part"] == "yes"
    assert region.figures(guid) == (NOMINAL, 0, 0)


@pytest.mark.parametrize("query", ["?start=01.01.2026", "?end=01.02.2027", "?start=31.12.2026&end=01.12.2026"])
async def test_days_outside_the_group_are_refused_in_words(operator: Operator, region: Region, query: str) -> None:
    page = await operator.open(f"/certificates/{region.issue()}/enrol/{GROUP}{query}")
    assert page.status == 200
    assert "не входит в период работы группы" in page.words
    assert all(form.method != "post" for form in page.forms)


async def test_days_that_cannot_be_read_are_marked(operator: Operator, region: Region) -> None:
    page = await operator.open(f"/certificates/{region.issue()}/enrol/{GROUP}?start=вчера")
    assert "Дата пишется так" in page.words


async def test_a_group_without_places_takes_nobody(operator: Operator, region: Region) -> None:
    full = programme(places=0)
    region.run(lambda unit: region.shop.registry.put_programmes(unit, [full]))
    guid = region.issue()
    _, form = await enrolling(operator, guid)
    page = await operator.send(form, own_part="yes")
    assert page.status == 422
    assert "В группе нет свободных мест" in page.words


async def test_a_programme_of_a_count_register_is_taken_whole(operator: Operator, region: Region) -> None:
    counted = programme(group_guid=COUNTED, name="Ансамбль", register=Register.SIGNIFICANT, price=0)
    region.run(lambda unit: region.shop.registry.put_programmes(unit, [counted]))
    guid = region.issue()
    page = await operator.open(f"/certificates/{guid}/enrol/{COUNTED}")
    assert "ещё не установлен" in page.words  # this certificate counts no programmes

    region.run(
        lambda unit: region.shop.issuing.set_nominal(unit, guid, year=2026, register=Register.SIGNIFICANT, nominal=2)
    )
    page, form = await enrolling(operator, guid, COUNTED)
    assert "1\N{NO-BREAK SPACE}программа" in page.words.replace(" ", "\N{NO-BREAK SPACE}")
    page = await operator.send(form)
    assert page.path.endswith("?done=request")
    life = region.life(guid_of(page))
    assert (life.split.register, life.reserved) == (Register.SIGNIFICANT, 1)
    assert "значимые программы" in (await operator.open(f"/certificates/{guid}")).words


async def test_what_is_not_there_cannot_be_enrolled(operator: Operator, region: Region) -> None:
    guid = region.issue()
    assert (await operator.open("/certificates/none/enrol")).status == 404
    assert (await operator.open(f"/certificates/{guid}/enrol/none")).status == 404
    _, form = await enrolling(operator, guid)
    page = await operator.send(replace(form, fields={**form.fields, "start": ""}), own_part="yes")
    assert page.status == 422
