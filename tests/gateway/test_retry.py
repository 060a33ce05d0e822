"""Pauses between tries, and leaving an endpoint alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.records import Clock

from socert.gateway.exchange.retry import Backoff, Breaker

CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)
SECONDS = st.floats(min_value=0.001, max_value=10_000)


def backoff(first: float = 1.0, most: float = 60.0, attempts: int = 12, chance: float = 0.0) -> Backoff:
    return Backoff(first=first, most=most, attempts=attempts, chance=lambda: chance)


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [backoff().pause(tries) for tries in range(1, 13)]
    assert pauses == [*(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60)), None]


@pytest.mark.parametrize(("attempts", "tries", "goes_on"), [(1, 1, False), (2, 1, True), (2, 2, False), (2, 99, False)])
def test_the_last_try_is_followed_by_none(attempts: int, tries: int, goes_on: bool) -> None:
    assert (backoff(attempts=attempts).pause(tries) is not None) is goes_on


@given(SECONDS, SECONDS, st.integers(1, 10_000), CHANCES)
def test_jitter_takes_half_at_most(first: float, most: float, tries: int, chance: float) -> None:
    """However many tries: no pause overflows, none is longer than the longest, none shorter than half of the whole."""
    whole = backoff(first, most, attempts=10_001).pause(tries)
    pause = backoff(first, most, attempts=10_001, chance=chance).pause(tries)
    assert whole is not None
    assert pause is not None
    assert whole <= timedelta(seconds=most) + timedelta(microseconds=1)
    assert whole / 2 - timedelta(microseconds=1) <= pause <= whole


@given(SECONDS, SECONDS, st.integers(1, 100))
def test_pauses_never_shrink(first: float, most: float, tries: int) -> None:
    made = backoff(first, most, attempts=200)
    one, next_ = made.pause(tries), made.pause(tries + 1)
    assert one is not None
    assert next_ is not None
    assert one <= next_


def test_the_breaker_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(failures=3, pause=5, clock=Clock())
    assert [breaker.fail(), breaker.fail()] == [False, False]
    breaker.succeed()
    assert [breaker.fail(), breaker.fail(), breaker.fail()] == [False, False, True]
    assert breaker.open
    assert breaker.wait() == 5


def test_the_breaker_lets_callers_see_whether_it_is_back() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, pause=5, clock=clock)
    assert breaker.fail() is True
    clock.advance(4.5)
    assert breaker.wait() == 0.5
    clock.advance(0.5)
    assert breaker.wait() == 0
    assert breaker.open, "nobody has seen it answer yet"
    assert breaker.fail() is False, "it stays open: that is no news"
    assert breaker.wait() == 5
    breaker.succeed()
    assert breaker.wait() == 0
    assert not breaker.open


def test_a_breaker_without_a_pause_never_holds_anybody_up() -> None:
    breaker = Breaker(failures=1, pause=0, clock=Clock())
    breaker.fail()
    assert breaker.open
    assert breaker.wait() == 0


@given(st.integers(1, 6), SECONDS, st.lists(st.one_of(st.booleans(), st.floats(0, 20_000)), max_size=40))
def test_the_breaker_is_open_exactly_after_enough_failures(
    limit: int, pause: float, events: list[bool | float]
) -> None:
    """Events: an answer (True), none (False), or time passing (seconds)."""
    clock = Clock()
    breaker = Breaker(failures=limit, pause=pause, clock=clock)
    in_a_row = 0
    for event in events:
        if isinstance(event, bool):
            in_a_row = 0 if event else in_a_row + 1
            if event:
                breaker.succeed()
            else:
                assert breaker.fail() is (in_a_row == limit)
        else:
            clock.advance(event)
        assert breaker.open is (in_a_row >= limit)
        assert 0 <= breaker.wait() <= pause + 0.000_001
        assert breaker.open or breaker.wait() == 0
