"""Rules of a parent's decision and of the answer to a live read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from socert.contracts.portal import account

NOW = datetime(2026, 12, 5, 9, tzinfo=UTC)
GUID = "00000000-0000-4000-8000-0000000000a1"
RECIPIENT = account.Recipient(
    applicant=account.Applicant(last_name="Примерова", first_name="Анна", snils="90000000182"),
    child=account.Child(last_name="Примеров", first_name="Тест", birth_date=date(2016, 2, 20)),
)
SPLIT = account.Split(
    unit=account.Unit.HOUR,
    total=7_200,
    certificate_part=6_000,
    applicant_part=1_200,
    year_parts=(account.YearPart(year=2027, certificate_part=6_000, applicant_part=1_200),),
)
AGREED = account.AgreedSplit(
    calculated_at=NOW,
    balance_version=30,
    balance_as_of=NOW,
    split=SPLIT,
    applicant_part_accepted=True,
    agreed_at=NOW,
)
CONSENT = account.Consent(
    form_code=account.FormCode.SPLIT_PAYMENT, form_version="2026-01", given_at=NOW, channel=account.Channel.PORTAL
)
ACCEPT = account.RenewalAnswer(
    offer_id="offer-0001", offer_seq=1, answer=account.Answer.ACCEPT, agreed_split=AGREED, consents=(CONSENT,)
)
WITHDRAW = account.ConsentAction(
    deed=account.ConsentDeed.WITHDRAW, consents=(replace(CONSENT, form_code=account.FormCode.PD_PROCESSING),)
)


def fields(action: account.Action, recipient: account.Recipient = RECIPIENT) -> list[str]:
    """Where a decision is wrong."""
    request = account.ActionRequest(action_id=GUID, sent_at=NOW, recipient=recipient, action=action)
    return [problem.field for problem in account.check_action(request)]


@pytest.mark.parametrize(
    "action", [ACCEPT, WITHDRAW, replace(ACCEPT, answer=account.Answer.DECLINE, agreed_split=None, consents=())]
)
def test_good_decisions_have_no_problems(action: account.Action) -> None:
    assert fields(action) == []


def test_an_offer_is_accepted_with_a_split() -> None:
    assert fields(replace(ACCEPT, agreed_split=None)) == ["renewalAnswer/agreedSplit"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"applicant_part_accepted": False}, "renewalAnswer/agreedSplit/applicantPartAccepted"),
        ({"split": replace(SPLIT, total=1)}, "renewalAnswer/agreedSplit/splitHour/total"),
        (
            {"split": replace(SPLIT, year_parts=(*SPLIT.year_parts, *SPLIT.year_parts))},
            "renewalAnswer/agreedSplit/splitHour/yearPart",
        ),
    ],
)
def test_the_split_agreed_to_is_checked(change: dict[str, Any], field: str) -> None:
    assert field in fields(replace(ACCEPT, agreed_split=replace(AGREED, **change)))


def test_ones_own_part_needs_a_form() -> None:
    assert fields(replace(ACCEPT, consents=())) == ["renewalAnswer/ConsentInfo"]


def test_an_offer_is_declined_without_a_yes_to_anything() -> None:
    declined = replace(ACCEPT, answer=account.Answer.DECLINE, consents=())
    assert fields(replace(declined, agreed_split=replace(AGREED, applicant_part_accepted=False))) == []


def test_a_form_stands_once() -> None:
    assert fields(replace(ACCEPT, consents=(CONSENT, CONSENT))) == ["renewalAnswer/ConsentInfo"]
    assert fields(replace(WITHDRAW, consents=WITHDRAW.consents * 2)) == ["consentAction/ConsentInfo"]


def test_who_acts_is_known_by_one_mark() -> None:
    twice = replace(RECIPIENT, applicant=replace(RECIPIENT.applicant, esia_oid=1))
    assert fields(WITHDRAW, twice) == ["recipient/applicant"]


# Live read

UPDATE = account.Update(
    object_id="consent-0001",
    operation=account.Operation.UPDATE,
    seq=1,
    as_of=NOW,
    cause=account.Cause.RECONCILE,
    recipient=RECIPIENT,
    body=account.ConsentState(
        consent_id="consent-0001",
        form_code=account.FormCode.PD_PROCESSING,
        form_version="2026-01",
        state=account.ConsentStanding.GIVEN,
        changed_at=NOW,
        channel=account.Channel.PORTAL,
    ),
)
READ = account.QueryResponse(query_id=GUID, result=account.QueryResult.OK, as_of=NOW, live=True, objects=(UPDATE,))


def test_a_good_answer_has_no_problems() -> None:
    assert account.check_query_response(READ) == []
    refused = account.QueryResponse(query_id=GUID, result=account.QueryResult.REFUSED, reason_code="NO_CONSENT")
    assert account.check_query_response(refused) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"result": account.QueryResult.REFUSED}, "object"),
        ({"as_of": None}, "asOf"),
        ({"objects": (UPDATE, UPDATE)}, "object"),
        ({"objects": (replace(UPDATE, cause=account.Cause.UPDATED),)}, "object[1]/cause"),
        ({"objects": (replace(UPDATE, object_id="other"),)}, "object[1]/objectId"),
    ],
)
def test_broken_rules_are_named_by_their_place(change: dict[str, Any], field: str) -> None:
    (problem,) = account.check_query_response(replace(READ, **change))
    assert problem.field == field
