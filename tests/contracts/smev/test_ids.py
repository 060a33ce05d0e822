"""Message ids: form, order and time."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socert.contracts.smev.ids import MessageIdInvalid, MessageIds, issued_at

MOMENT = datetime(2026, 4, 16, 6, 1, 20, 319457, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def test_an_id_is_what_the_exchange_takes() -> None:
    made = MessageIds(lambda: MOMENT)()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made)
    assert UUID(made).version == 1
    assert issued_at(made) == MOMENT


def test_a_random_node_says_that_it_is_no_network_card() -> None:
    nodes = {UUID(MessageIds(lambda: MOMENT)()).node for _ in range(20)}
    assert len(nodes) == 20
    assert all(node >> 40 & 1 for node in nodes)


def test_node_and_sequence_may_be_given() -> None:
    made = UUID(MessageIds(lambda: MOMENT, node=0x0242333CCE59, clock_seq=0x38B2)())
    assert (made.node, made.clock_seq) == (0x0242333CCE59, 0x38B2)
    assert str(made).endswith("-b8b2-0242333cce59")


@pytest.mark.parametrize(("node", "clock_seq"), [(1 << 48, 0), (-1, 0), (0, 1 << 14), (0, -1)])
def test_a_node_or_sequence_that_does_not_fit_is_refused(node: int, clock_seq: int) -> None:
    with pytest.raises(ValueError, match="bits"):
        MessageIds(lambda: MOMENT, node=node, clock_seq=clock_seq)


@given(st.lists(MOMENTS, min_size=2, max_size=40))
def test_ids_only_grow_whatever_the_clock_does(moments: list[datetime]) -> None:
    left = iter(moments)
    ids = MessageIds(lambda: next(left))
    made = [ids() for _ in moments]
    assert all(earlier < later for earlier, later in pairwise(UUID(one).time for one in made))
    assert len(set(made)) == len(made)
    latest = moments[0]
    for one, moment in zip(made, moments, strict=True):
        latest = max(latest, moment)
        assert latest <= issued_at(one) <= latest + timedelta(microseconds=len(moments))


@given(MOMENTS)
def test_the_time_of_an_id_is_the_time_of_the_clock(moment: datetime) -> None:
    assert issued_at(MessageIds(lambda: moment)()) == moment


def test_threads_never_get_the_same_id() -> None:
    ids = MessageIds(lambda: MOMENT)
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([ids() for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b077cd84-3959-11f1-b8b2-0242333cce5",
        "B077CD84-3959-11F1-B8B2-0242333CCE59",
        "{b077cd84-3959-11f1-b8b2-0242333cce59}",
        "b077cd84395911f1b8b20242333cce59",
        "b077cd84-3959-41f1-b8b2-0242333cce59",
        "b077cd84-3959-11f1-38b2-0242333cce59",
        "b077cd84-3959-11f1-b8b2-0242333cce59\n",
        "٣077cd84-3959-11f1-b8b2-0242333cce59",
    ],
)
def test_what_is_no_id_of_version_1_is_refused(text: str) -> None:
    with pytest.raises(MessageIdInvalid):
        issued_at(text)


def test_a_known_id_has_its_known_time() -> None:
    # RFC 4122 counts 100 ns from 1582-10-15; this one is UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8" of the RFC itself.
    assert issued_at("6ba7b810-9dad-11d1-80b4-00c04fd430c8") == datetime(1998, 2, 4, 22, 13, 53, 151182, tzinfo=UTC)
