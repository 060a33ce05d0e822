"""What the rules of a session say in the cases that a pair does not show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.conformance import samples as s
from tests.conformance.pairs_session import at, refused
from tests.conformance.test_requirements import result

from socert.conformance.checking import check_one
from socert.conformance.requirement import Outcome
from socert.conformance.table import SESSION_RULES
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from socert.conformance.session import Session


def reasons(number: str, session: Session) -> list[str]:
    return [finding.reason.en for finding in result(number, session).findings]


def test_ack_of_original_message_id_and_of_an_own_message_are_told_apart() -> None:
    original = s.session((s.poll(), s.delivered_answer(original=s.ID)), (s.ack(s.ID), None))
    own = s.session((s.send(s.THIRD_ID), s.taken()), (s.poll(), s.delivered_answer()), (s.ack(s.THIRD_ID), None))
    unknown = s.session((s.poll(), s.delivered_answer()), (s.ack(MessageIds(lambda: s.NOW)()), None))
    assert reasons("SMEV-SES-003", original) == ["it names OriginalMessageId, the id of the request"]
    assert reasons("SMEV-SES-003", own) == ["it names a message of one's own"]
    assert reasons("SMEV-SES-003", unknown) == ["no message of this id was received before"]


def test_ack_before_its_message_is_wrong() -> None:
    early = s.session((s.ack(), None), (s.poll(), s.delivered_answer()))
    assert reasons("SMEV-SES-003", early) == ["no message of this id was received before"]


def test_a_message_that_is_signed_anew_is_told_from_another_one() -> None:
    message = s.send()
    anew = s.session((message, None), (s.change(message, "<soap:Header>", "<soap:Header> "), None))
    other = s.session((message, None), (s.send(content=b'<n:Note xmlns:n="urn:example:note"/>'), None))
    assert reasons("SMEV-SES-005", anew) == [
        "the same content, but not the same bytes (signed anew?); first sent as 1.request"
    ]
    assert reasons("SMEV-SES-005", other) == ["another message under the same id; first sent as 1.request"]


@pytest.mark.parametrize(("minutes", "outcome"), [(14, Outcome.KO), (15, Outcome.OK)])
def test_an_unacknowledged_message_may_come_again_after_15_minutes(minutes: int, outcome: Outcome) -> None:
    first, again = at(s.heard(s.delivered_answer()), 0), at(s.heard(s.delivered_answer()), minutes)
    assert result("SMEV-SES-013", s.session((s.poll(), first), (s.poll(), again))).outcome is outcome


def test_without_times_a_message_that_comes_again_before_its_ack_is_not_held_against_anybody() -> None:
    session = s.session((s.poll(), s.delivered_answer()), (s.poll(), s.delivered_answer()))
    assert result("SMEV-SES-013", session).outcome is Outcome.OK


def test_an_ack_that_was_refused_is_none() -> None:
    gone = refused(FaultKind.TARGET_MESSAGE_IS_NOT_FOUND)
    session = s.session((s.poll(), s.delivered_answer()), (s.ack(), gone), (s.poll(), s.delivered_answer()))
    assert result("SMEV-SES-013", session).outcome is Outcome.OK


def test_a_message_that_waits_for_its_second_try_when_the_session_ends_is_nothing_to_say_about() -> None:
    session = s.session((s.send(), refused(FaultKind.DESTINATION_OVERFLOW)))
    assert result("SMEV-SES-007", session).outcome is Outcome.NOT_APPLICABLE


def test_a_message_that_is_forgotten_after_a_temporary_fault_is_named() -> None:
    session = s.session((s.send(), refused(FaultKind.DESTINATION_OVERFLOW)), (s.poll(), s.empty()))
    assert reasons("SMEV-SES-007", session) == ["it is not sent again"]


def test_the_whitespace_of_reply_to_is_kept() -> None:
    requested = (s.poll_requests(), s.delivered_request())
    other = s.session(requested, (s.answer(to="x"), None))
    spaced = s.session(requested, (s.answer(to=s.REPLY_TO.replace(" ", "")), None))
    assert reasons("SMEV-SES-006", other) == ["it is the ReplyTo of no request received before"]
    assert reasons("SMEV-SES-006", spaced) == ["it is a ReplyTo whose whitespace was changed"]


def test_one_request_may_be_answered_many_times() -> None:
    fourth = MessageIds(lambda: s.NOW + timedelta(seconds=1), node=4, clock_seq=1)()
    session = s.session(
        (s.poll_requests(), s.delivered_request()), (s.answer(s.THIRD_ID), None), (s.answer(fourth), None)
    )
    assert result("SMEV-SES-006", session).outcome is Outcome.OK


def test_a_session_of_other_things_is_not_held_to_any_rule() -> None:
    session = s.session((replace(s.said(b"junk"), name="1.request"), None), (None, s.heard(b"<a/>")))
    assert {found.outcome for found in check_one(SESSION_RULES, session)} == {Outcome.NOT_APPLICABLE}


def test_a_fault_of_another_version_is_wrong() -> None:
    session = s.session((s.send(version=Version.V1_1), refused(FaultKind.STALE_MESSAGE_ID)))
    assert reasons("SMEV-SES-010", session) == ["the versions differ: 1.2, 1.1"]
