"""Rules of account objects beyond the schema: each broken alone, and noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from socert.contracts.errors import SchemaInvalid
from socert.contracts.portal import account
from socert.contracts.portal.account import check_request, check_update
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from collections.abc import Callable

GUID = "00000000-0000-4000-8000-0000000000aa"
MOMENT = datetime(2026, 9, 5, 7, tzinfo=UTC)
RECIPIENT = account.Recipient(
    applicant=account.Applicant(last_name="Примерова", first_name="Анна", snils="90000000182"),
    child=account.Child(last_name="Примеров", first_name="Тест", birth_date=date(2016, 2, 20), snils="11223344595"),
)
MONEY = account.Balance(
    period_from=date(2026, 1, 1),
    period_to=date(2026, 12, 31),
    unit=account.Unit.RUB,
    nominal=1745600,
    reserved=800000,
    spent=20000,
    available=925600,
)
COUNT = account.ProgrammeBalance(
    period_from=date(2026, 1, 1),
    period_to=date(2026, 12, 31),
    register=account.Register.OTHER,
    nominal=2,
    used=1,
    available=1,
)
CERTIFICATE = account.CertificateCard(
    certificate_guid=GUID,
    certificate_number="1234567890",
    scheme=account.Scheme.SOCIAL_ORDER,
    certificate_type=account.CertificateType.FUNDED,
    region_code=GUID,
    municipality_code=GUID,
    valid_from=date(2026, 1, 10),
    status=account.CertificateStatus.ACTIVE,
    version=18,
    balances=(MONEY, COUNT),
)
SPLIT = account.Split(
    unit=account.Unit.RUB,
    total=1200000,
    certificate_part=800000,
    applicant_part=400000,
    year_parts=(
        account.YearPart(year=2026, certificate_part=500000, applicant_part=300000),
        account.YearPart(year=2027, certificate_part=300000, applicant_part=100000),
    ),
    month_parts=(
        account.MonthPart(month=date(2026, 11, 1), certificate_part=200000, applicant_part=300000),
        account.MonthPart(month=date(2026, 12, 1), certificate_part=300000, applicant_part=0),
    ),
)
ORGANISATION = account.Organisation(
    organisation_id="org-1",
    name="МБУ ДО «Дом творчества»",
    kind=account.OrganisationKind.MUNICIPAL,
    inn="0001234562",
    kpp="000001001",
    ogrn="1990000000010",
)
CONTRACT = account.ContractCard(
    contract_id="contract-1",
    contract_state=account.ContractState.ACTIVE,
    start_date=date(2026, 11, 15),
    end_date=date(2027, 5, 31),
    certificate_guid=GUID,
    certificate_version=18,
    organisation=ORGANISATION,
    programme_guid=GUID,
    programme_name="Ритм",
    split=SPLIT,
    reserved_now=700000,
    spent_now=100000,
)
ENDED = replace(
    CONTRACT,
    contract_state=account.ContractState.TERMINATED,
    reserved_now=0,
    termination=account.Termination(
        date=date(2026, 12, 31), initiator=account.Initiator.PARENT, reason_code="CANCELLED_BY_PARENT", released=700000
    ),
)
OFFER = account.RenewalOffer(
    offer_id="offer-1",
    previous_contract_id="contract-1",
    offer_state=account.OfferState.OFFERED,
    organisation=ORGANISATION,
    programme_guid=GUID,
    programme_name="Ритм",
    start_date=date(2026, 11, 15),
    end_date=date(2027, 5, 31),
    certificate_guid=GUID,
    certificate_version=18,
    split=SPLIT,
    offered_at=MOMENT,
    respond_by=MOMENT.replace(month=12),
)
CONSENT = account.ConsentState(
    consent_id="consent-1",
    form_code=account.FormCode.PD_PROCESSING,
    form_version="2026-01",
    state=account.ConsentStanding.WITHDRAWN,
    changed_at=MOMENT,
    channel=account.Channel.PORTAL,
)


def update(body: account.Body | None = None, **changes: Any) -> account.Update:
    """An update of a body, by default as the body's own id."""
    ids: dict[type, Callable[[Any], str]] = {
        account.CertificateCard: lambda card: str(card.certificate_guid),
        account.ContractCard: lambda card: str(card.contract_id),
        account.RenewalOffer: lambda offer: str(offer.offer_id),
        account.ConsentState: lambda consent: str(consent.consent_id),
        type(None): lambda _: "object-1",
    }
    usual: dict[str, Any] = {
        "object_id": ids[type(body)](body),
        "operation": account.Operation.UPDATE,
        "seq": 1,
        "as_of": MOMENT,
        "cause": account.Cause.UPDATED,
        "recipient": RECIPIENT,
        "body": body,
    }
    return account.Update(**(usual | changes))


def fields(found: list[account.Problem]) -> list[str]:
    """Where the problems are."""
    return [problem.field for problem in found]


@pytest.mark.parametrize("body", [CERTIFICATE, CONTRACT, ENDED, OFFER, CONSENT], ids=lambda body: type(body).__name__)
def test_good_object_has_no_problems(body: account.Body) -> None:
    assert check_update(update(body)) == []
    request = account.UpdateRequest(batch_id=GUID, sent_at=MOMENT, updates=(update(body),))
    account.schema().check(parse(request.render().encode()))
    assert check_request(request) == []


def test_problem_reads_as_one_line_without_names() -> None:
    (problem,) = check_update(update(replace(CERTIFICATE, balances=(replace(MONEY, available=1),))))
    assert str(problem) == "certificateCard/balance[1]/available: available is nominal - reserved - spent"


# Bodies


@pytest.mark.parametrize("operation", [account.Operation.CREATE, account.Operation.UPDATE])
def test_only_closing_comes_without_a_body(operation: account.Operation) -> None:
    assert fields(check_update(update(operation=operation))) == ["operation"]
    assert check_update(update(operation=account.Operation.CLOSE)) == []


@pytest.mark.parametrize("body", [CERTIFICATE, CONTRACT, OFFER, CONSENT], ids=lambda body: type(body).__name__)
def test_object_has_the_id_of_its_body(body: account.Body) -> None:
    assert fields(check_update(update(body, object_id="another"))) == ["objectId"]


@pytest.mark.parametrize("body", [CERTIFICATE, CONTRACT, OFFER], ids=lambda body: type(body).__name__)
def test_no_figures_leave_after_a_consent_was_withdrawn(body: account.Body) -> None:
    withdrawn = update(body, cause=account.Cause.CONSENT_WITHDRAWN)
    assert len(check_update(withdrawn)) == 2
    assert fields(check_update(replace(withdrawn, operation=account.Operation.CLOSE))) == [
        {"CertificateCard": "certificateCard", "ContractCard": "contractCard", "RenewalOffer": "renewalOffer"}[
            type(body).__name__
        ]
    ]
    assert check_update(replace(withdrawn, operation=account.Operation.CLOSE, body=None)) == []


def test_consent_itself_may_tell_that_it_was_withdrawn() -> None:
    assert check_update(update(CONSENT, cause=account.Cause.CONSENT_WITHDRAWN)) == []


def test_switching_the_account_off_only_closes() -> None:
    assert fields(check_update(update(CERTIFICATE, cause=account.Cause.MODE_OFF))) == ["operation"]
    assert check_update(update(operation=account.Operation.CLOSE, cause=account.Cause.MODE_OFF)) == []


@pytest.mark.parametrize(
    "marks",
    [{"snils": None}, {"esia_oid": 1}, {"document": account.IdentityDocument(type="1", number="1")}],
    ids=["none", "two", "two others"],
)
def test_applicant_is_known_by_exactly_one_mark(marks: dict[str, Any]) -> None:
    applicant = replace(RECIPIENT.applicant, **marks)
    wrong = update(CERTIFICATE, recipient=replace(RECIPIENT, applicant=applicant))
    assert fields(check_update(wrong)) == ["recipient/applicant"]
    with pytest.raises(SchemaInvalid):
        account.schema().check(
            parse(account.UpdateRequest(batch_id=GUID, sent_at=MOMENT, updates=(wrong,)).render().encode())
        )


def test_texts_are_measured_in_characters() -> None:
    assert check_update(update(CERTIFICATE, notice="ё" * 2048)) == []
    assert fields(check_update(update(CERTIFICATE, notice="ё" * 2049))) == ["notice"]
    long = "ё" * 2049
    assert fields(check_update(update(replace(CERTIFICATE, status_reason=long)))) == ["certificateCard/statusReason"]
    assert ENDED.termination is not None
    wordy = replace(ENDED, termination=replace(ENDED.termination, reason_text=long))
    assert fields(check_update(update(wordy))) == ["contractCard/termination/reasonText"]


# Certificates


@pytest.mark.parametrize("changed", ["nominal", "reserved", "spent", "available"])
def test_balance_adds_up(changed: str) -> None:
    wrong = replace(MONEY, **{changed: getattr(MONEY, changed) + 1})
    card = replace(CERTIFICATE, balances=(MONEY, wrong, COUNT))
    assert "certificateCard/balance[2]/available" in fields(check_update(update(card)))


def test_balance_of_a_count_register_adds_up() -> None:
    card = replace(CERTIFICATE, balances=(replace(COUNT, used=2),))
    assert fields(check_update(update(card))) == ["certificateCard/balance[1]/available"]


def test_overdrawn_balance_is_noticed_even_when_it_adds_up() -> None:
    overdrawn = replace(MONEY, reserved=1745600, available=-20000)
    card = replace(CERTIFICATE, balances=(overdrawn,))
    assert fields(check_update(update(card))) == ["certificateCard/balance[1]"]


def test_one_balance_a_period_and_register() -> None:
    assert fields(check_update(update(replace(CERTIFICATE, balances=(MONEY, MONEY))))) == ["certificateCard/balance"]
    hours = replace(MONEY, unit=account.Unit.HOUR)
    other = replace(COUNT, register=account.Register.PREPROF)
    next_year = replace(MONEY, period_from=date(2027, 1, 1), period_to=date(2027, 12, 31))
    card = replace(CERTIFICATE, balances=(MONEY, hours, COUNT, other, next_year))
    assert check_update(update(card)) == []


def test_periods_do_not_run_backwards() -> None:
    early = date(2020, 1, 1)
    backwards: list[tuple[account.Body, str]] = [
        (replace(CERTIFICATE, valid_to=early), "certificateCard/validTo"),
        (replace(CERTIFICATE, balances=(replace(MONEY, period_to=early),)), "certificateCard/balance[1]/periodTo"),
        (replace(CONTRACT, end_date=early), "contractCard/endDate"),
        (replace(OFFER, end_date=early), "renewalOffer/endDate"),
        (replace(OFFER, respond_by=MOMENT.replace(year=2025)), "renewalOffer/respondBy"),
    ]
    for body, field in backwards:
        assert field in fields(check_update(update(body)))


# Splits


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total": 1200001}, "total"),
        ({"applicant_payable": 1}, "applicantPayable"),
        ({"year_parts": SPLIT.year_parts[:1]}, "yearPart"),
        ({"year_parts": (SPLIT.year_parts[0], replace(SPLIT.year_parts[1], year=2028))}, "yearPart"),
        ({"year_parts": (SPLIT.year_parts[0], replace(SPLIT.year_parts[1], year=2026))}, "yearPart"),
        ({"month_parts": SPLIT.month_parts[:1]}, "monthPart"),
        ({"month_parts": (*SPLIT.month_parts, replace(SPLIT.month_parts[1], certificate_part=0))}, "monthPart"),
        ({"month_parts": (SPLIT.month_parts[1], replace(SPLIT.month_parts[0], month=date(2026, 10, 1)))}, "monthPart"),
    ],
)
@pytest.mark.parametrize(("card", "place"), [(CONTRACT, "contractCard"), (OFFER, "renewalOffer")])
def test_split_adds_up(
    card: account.ContractCard | account.RenewalOffer, place: str, changes: dict[str, Any], field: str
) -> None:
    found = fields(check_update(update(replace(card, split=replace(SPLIT, **changes)))))
    assert f"{place}/splitRub/{field}" in found
    assert all(problem.startswith(f"{place}/splitRub/") for problem in found)


def test_split_without_months_is_whole() -> None:
    assert check_update(update(replace(CONTRACT, split=replace(SPLIT, month_parts=())))) == []


def test_split_in_hours_may_name_a_price() -> None:
    hours = replace(SPLIT, unit=account.Unit.HOUR, applicant_payable=360000)
    assert check_update(update(replace(CONTRACT, split=hours))) == []
    wrong = replace(hours, total=1)
    assert fields(check_update(update(replace(CONTRACT, split=wrong)))) == ["contractCard/splitHour/total"]


def test_negative_part_is_noticed_even_when_the_split_adds_up() -> None:
    wrong = account.Split(
        unit=account.Unit.RUB,
        total=800000,
        certificate_part=900000,
        applicant_part=-100000,
        year_parts=(account.YearPart(year=2026, certificate_part=900000, applicant_part=-100000),),
    )
    assert fields(check_update(update(replace(CONTRACT, split=wrong)))) == ["contractCard/splitRub"]


# Contracts


def test_held_and_charged_stay_within_the_certificates_part() -> None:
    for beyond in (replace(CONTRACT, reserved_now=700001), replace(CONTRACT, spent_now=100001)):
        assert fields(check_update(update(beyond))) == ["contractCard/reservedNow"]
    assert ENDED.termination is not None
    generous = replace(ENDED, termination=replace(ENDED.termination, released=700001))
    assert fields(check_update(update(generous))) == ["contractCard/reservedNow"]


def test_programmes_are_counted_whole() -> None:
    one = account.CountSplit(register=account.Register.OTHER, programmes=1)
    counted = replace(CONTRACT, split=one, reserved_now=1, spent_now=0)
    assert check_update(update(counted)) == []
    assert fields(check_update(update(replace(counted, spent_now=1)))) == ["contractCard/reservedNow"]
    assert "<ns1:reservedNow>1</ns1:reservedNow>" in request_of(update(counted)).render()


def test_contract_that_is_over_holds_nothing() -> None:
    for state in ("TERMINATED", "COMPLETED", "REFUSED"):
        over = replace(CONTRACT, contract_state=account.ContractState(state))
        assert fields(check_update(update(over))) == ["contractCard/reservedNow"]


def test_termination_belongs_to_contracts_that_end() -> None:
    for state in ("REQUESTED", "ACCEPTED", "ACTIVE", "COMPLETED"):
        wrong = replace(ENDED, contract_state=account.ContractState(state))
        assert fields(check_update(update(wrong))) == ["contractCard/termination"]
    for state in ("TERMINATING", "TERMINATED", "REFUSED"):
        assert check_update(update(replace(ENDED, contract_state=account.ContractState(state)))) == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"inn": "0001234563"}, ["inn"]),
        ({"inn": "000123456731"}, ["inn"]),
        ({"ogrn": "1990000000011"}, ["ogrn"]),
        ({"ogrn": "399000000000011"}, ["ogrn"]),
        ({"kpp": "1"}, ["kpp"]),
        ({"kpp": None, "ogrn": None}, []),
        ({"kind": account.OrganisationKind.SOLE_TRADER}, ["inn", "ogrn", "kpp"]),
        (
            {
                "kind": account.OrganisationKind.SOLE_TRADER,
                "inn": "000123456731",
                "ogrn": "399000000000011",
                "kpp": None,
            },
            [],
        ),
    ],
)
def test_organisation_has_the_numbers_of_its_kind(changes: dict[str, Any], wrong: list[str]) -> None:
    card = replace(CONTRACT, organisation=replace(ORGANISATION, **changes))
    assert fields(check_update(update(card))) == [f"contractCard/organisation/{name}" for name in wrong]


# Pushes


def request_of(*updates: account.Update) -> account.UpdateRequest:
    """A push of some updates."""
    return account.UpdateRequest(batch_id=GUID, sent_at=MOMENT, updates=updates)


def test_push_has_one_to_a_hundred_updates() -> None:
    closing = [update(object_id=f"object-{number}", operation=account.Operation.CLOSE) for number in range(101)]
    assert check_request(request_of(*closing[:100])) == []
    assert fields(check_request(request_of(*closing))) == ["update"]
    assert fields(check_request(request_of())) == ["update"]


def test_versions_of_one_object_stand_in_order() -> None:
    first, second = update(CERTIFICATE, seq=4), update(CERTIFICATE, seq=7)
    assert check_request(request_of(first, second)) == []
    assert fields(check_request(request_of(second, first))) == ["update[2]/seq"]
    assert fields(check_request(request_of(first, first))) == ["update[2]/seq"]


def test_certificate_stands_before_the_contract_that_it_pays() -> None:
    certificate, contract = update(CERTIFICATE), update(CONTRACT)
    assert check_request(request_of(certificate, contract)) == []
    assert fields(check_request(request_of(contract, certificate))) == ["update[2]"]
    stranger = replace(CONTRACT, certificate_guid="another")
    assert check_request(request_of(update(stranger), certificate)) == []


def test_problems_of_updates_are_named_by_their_place() -> None:
    wrong = update(replace(CERTIFICATE, balances=(replace(MONEY, available=1),)))
    found = check_request(request_of(update(CONSENT), wrong))
    assert fields(found) == ["update[2]/certificateCard/balance[1]/available"]


# Reading what the schema lets through


def edited(before: str, after: str) -> account.UpdateRequest:
    """Read a good push in which one piece of text was exchanged; the schema still accepts it."""
    text = request_of(update(CERTIFICATE)).render()
    assert text.count(before) == 1
    element = parse(text.replace(before, after).encode())
    account.schema().check(element)
    return account.read_update_request(element)


def test_comment_inside_a_value_does_not_cut_it() -> None:
    read = edited("<ns1:snils>11223344595<", "<ns1:snils>112<!-- -->233<?x y?>44595<")
    assert read.updates[0].recipient.child.snils == "11223344595"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (">17456.00<", ">-0<", "AccountUpdateRequest/update/certificateCard/balance/money/nominal"),
        (
            "asOf>2026-09-05T07:00:00+00:00</ns1:asOf",
            "asOf>2026-09-05T07:00:00</ns1:asOf",
            "AccountUpdateRequest/update/asOf",
        ),
        (">2016-02-20<", ">12016-02-20<", "AccountUpdateRequest/update/recipient/child/birthDate"),
    ],
)
def test_value_that_only_the_schema_accepts_is_refused_with_its_path(before: str, after: str, field: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        edited(before, after)
    assert refused.value.field == field


def test_refusal_does_not_quote_the_value() -> None:
    with pytest.raises(ValueRefused) as refused:
        edited(">2016-02-20<", ">12016-02-21<")
    assert "02-21" not in str(refused.value)


def test_lawful_spellings_of_amounts_are_read() -> None:
    read = edited(">17456.00<", "> +017456 <").updates[0].body
    assert isinstance(read, account.CertificateCard)
    assert read.balances == CERTIFICATE.balances


def test_another_message_is_not_taken_for_a_push() -> None:
    answer = account.UpdateResponse(batch_id=GUID, code=0, message="Ok")
    with pytest.raises(ValueRefused, match="AccountUpdateRequest"):
        account.read_update_request(parse(answer.render().encode()))


def test_reader_names_what_is_missing_when_nobody_asked_the_schema() -> None:
    empty = parse(f'<a:AccountUpdateRequest xmlns:a="{account.NAMESPACE}"/>'.encode())
    with pytest.raises(ValueRefused, match="AccountUpdateRequest/batchId: this element is missing"):
        account.read_update_request(empty)
    foreign = parse(b'<AccountUpdateRequest xmlns:o="urn:o"><o:batchId>1</o:batchId></AccountUpdateRequest>')
    with pytest.raises(ValueRefused):
        account.read_update_request(foreign)


def test_reader_names_the_closed_list_that_was_left() -> None:
    element = parse(request_of(update(CERTIFICATE)).render().replace(">UPDATE<", ">Update<").encode())
    with pytest.raises(ValueRefused, match="update/operation: one of CREATE, UPDATE, CLOSE is expected"):
        account.read_update_request(element)


def test_blank_text_has_no_place_in_the_normal_form() -> None:
    message = request_of(update(CERTIFICATE, notice=" \n "))
    assert "<ns1:notice></ns1:notice>" in message.render()


def test_delivered_is_all_but_rejected() -> None:
    delivered = {status.value for status in account.ResultStatus if status.delivered}
    assert delivered == {"APPLIED", "DUPLICATE", "STALE"}
