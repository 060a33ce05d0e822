"""Account messages can be read back as they were written, whatever the texts are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.portal.strategies import (
    AGREED,
    CONSENTS_GIVEN,
    GUIDS,
    MOMENTS,
    NUMBERS,
    RECIPIENTS,
    SLOW,
    UPDATES,
    check_round_trip,
    maybe,
    members,
    texts,
    tuples,
)

from socert.contracts.portal import account


@SLOW
@given(st.builds(account.UpdateRequest, batch_id=GUIDS, sent_at=MOMENTS, updates=tuples(UPDATES, 2, 1)))
def test_any_push_survives(message: account.UpdateRequest) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.UpdateResponse,
        batch_id=GUIDS,
        code=st.integers(-(2**31), 2**31 - 1),
        message=texts(256, 0),
        results=tuples(
            st.builds(
                account.UpdateResult,
                object_id=texts(50),
                seq=NUMBERS,
                status=members(account.ResultStatus),
                code=maybe(texts(20)),
                message=maybe(texts(2048, 0)),
                portal_object_id=maybe(texts(50)),
            ),
            3,
        ),
    )
)
def test_any_answer_to_a_push_survives(message: account.UpdateResponse) -> None:
    check_round_trip(message)


RENEWAL_ANSWERS = st.builds(
    account.RenewalAnswer,
    offer_id=texts(50),
    offer_seq=NUMBERS,
    answer=members(account.Answer),
    agreed_split=maybe(AGREED),
    consents=tuples(CONSENTS_GIVEN, 5),
    comment=maybe(texts(2048, 0)),
)
CONSENT_ACTIONS = st.builds(
    account.ConsentAction,
    deed=members(account.ConsentDeed),
    consents=tuples(CONSENTS_GIVEN, 5, 1),
    reason=maybe(texts(2048, 0)),
)


@SLOW
@given(
    st.builds(
        account.ActionRequest,
        action_id=GUIDS,
        sent_at=MOMENTS,
        recipient=RECIPIENTS,
        action=RENEWAL_ANSWERS | CONSENT_ACTIONS,
    )
)
def test_any_decision_survives(message: account.ActionRequest) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.ActionResponse,
        action_id=GUIDS,
        result=members(account.ActionResult),
        reason_code=maybe(texts(20)),
        message=maybe(texts(2048, 0)),
        object_id=maybe(texts(50)),
        seq=maybe(NUMBERS),
    )
)
def test_any_answer_to_a_decision_survives(message: account.ActionResponse) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.QueryRequest,
        query_id=GUIDS,
        sent_at=MOMENTS,
        recipient=RECIPIENTS,
        include=tuples(members(account.Include), 4, 1),
    )
)
def test_any_query_survives(message: account.QueryRequest) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.QueryResponse,
        query_id=GUIDS,
        result=members(account.QueryResult),
        reason_code=maybe(texts(20)),
        as_of=maybe(MOMENTS),
        live=maybe(st.booleans()),
        objects=tuples(UPDATES, 2),
    )
)
def test_any_answer_to_a_query_survives(message: account.QueryResponse) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.SnapshotRequest,
        snapshot_id=GUIDS,
        requested_at=MOMENTS,
        changed_since=maybe(MOMENTS),
        object_ids=tuples(texts(50), 3),
        page_token=maybe(texts(256, 0)),
    )
)
def test_any_question_of_the_comparison_survives(message: account.SnapshotRequest) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        account.SnapshotResponse,
        snapshot_id=GUIDS,
        as_of=MOMENTS,
        page_token=maybe(texts(256, 0)),
        items=tuples(
            st.builds(
                account.SnapshotItem,
                object_kind=members(account.ObjectKind),
                object_id=texts(50),
                seq=NUMBERS,
                digest=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
            ),
            3,
        ),
    )
)
def test_any_answer_of_the_comparison_survives(message: account.SnapshotResponse) -> None:
    check_round_trip(message)


def test_digest_does_not_depend_on_the_offset_of_a_moment() -> None:
    given_in_moscow = account.ConsentState(
        consent_id="consent-0001",
        form_code=account.FormCode.PD_PROCESSING,
        form_version="2026-01",
        state=account.ConsentStanding.GIVEN,
        changed_at=datetime(2026, 9, 1, 9, tzinfo=timezone(timedelta(hours=3))),
        channel=account.Channel.PORTAL,
    )
    given_in_utc = replace(given_in_moscow, changed_at=datetime(2026, 9, 1, 6, tzinfo=UTC))
    assert account.body_digest(given_in_moscow) == account.body_digest(given_in_utc)


def test_digest_of_an_object_closed_without_a_body_is_that_of_nothing() -> None:
    assert account.body_digest(None) == hashlib.sha256(b"").hexdigest()


@SLOW
@given(UPDATES, UPDATES)
def test_digests_are_equal_when_bodies_are(one: account.Update, other: account.Update) -> None:
    digest = account.body_digest(one.body)
    assert len(digest) == 64
    assert (account.body_digest(other.body) == digest) is (one.body == other.body)
