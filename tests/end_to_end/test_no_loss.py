"""Proof that nothing is lost and nothing is done twice, wherever the gateway dies.

Two days of a small region are lived through once without harm. Then again and again by a gateway that is killed
(SIGKILL, nothing is cleaned up) at one point of its work and started anew: the portal's accounts, the number of times
each version of each object took effect, the answers to the portal's questions and the gateway's own books must be those
of the first run. `mortal` tells which points there are; each is taken twice, at its first and at a later passing.
"""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.end_to_end import account, lane, mortal, region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gateway.databases import Postgres

ASKED = (0, region.NO_CONSENT, 7, region.UNKNOWN_PLACE)
"""Children whose certificates the portal asks for: told, refused, told, not told."""
WRITING = ("unit", "pack", "claim", "outcome", "inbox GetResponse", "settle", "answer")
AT_START, LATER = "at its start", "later"
POINTS = [(label, when) for label in mortal.LABELS for when in (AT_START, LATER)]
TROUBLES = [
    *((operation, "drop-before", 3) for operation in ("SendRequest", "Ack", "GetResponse")),
    *((operation, "drop-after", 3) for operation in mortal.SENT),
    *((operation, "SMEVFailure", 3) for operation in ("SendRequest", "SendResponse", "GetResponse", "Ack")),
    ("*", "drop-after", 20),
]
ON_POSTGRESQL = [f"{name}: {when}" for name in WRITING for when in ("written", "committed")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lived:
    """What one run of the days came to."""

    portal: dict[str, Any]
    answers: list[Any]
    answers_taken: int
    database: dict[str, Any]
    passed: dict[str, int]
    log: str


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The exports of two days."""
    folder = tmp_path_factory.mktemp("exports")
    return (
        region.write_export(folder / "first day"),
        region.write_export(folder / "second day", next_day=True),
    )


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lane.Lane]:
    """One simulator for all runs; each begins by resetting it."""
    started = lane.Lane(folder=tmp_path_factory.mktemp("portal"))
    started.start()
    yield started
    started.stop()


def live(portal: lane.Lane, run: mortal.Run, trouble: dict[str, Any] | None = None) -> Lived:
    """Live through the days; killed where the run says so, and then once more to the end.

    `trouble` befalls the calls to the exchange; when all of it has, the exchange's clock is moved on, so that what was
    given out in vain is given out again.
    """
    run.home.mkdir()
    portal.post("reset")
    asked = portal.ask(*(region.children()[place].snils for place in ASKED))
    over = portal.befall(trouble) if trouble else None
    code = portal.live(run)
    if run.label is not None:
        assert code == -signal.SIGKILL, f"it was to be killed and ended with {code}:\n{lane.log_of(run)}"
        assert not run.counts.exists()
        portal.post("clock", {"advance": lane.UNACKNOWLEDGED})
        code = portal.live(replace(run, label=None))
    assert code == 0, lane.log_of(run)
    if over is not None:
        over.result(lane.DEADLINE)
    return Lived(
        portal=account.at_portal(portal),
        answers=[account.plain(question.result(lane.DEADLINE)) for question in asked],
        answers_taken=account.answers_taken(portal),
        database=account.in_database(run.home, run.database_url),
        passed=json.loads(run.counts.read_text(encoding="utf-8")),
        log=run.log.read_text(encoding="utf-8"),
    )


@pytest.fixture(scope="module")
def unharmed(portal: lane.Lane, days: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The run that nobody kills."""
    home = tmp_path_factory.mktemp("unharmed") / "home"
    return live(portal, mortal.Run(home=home, keys=portal.keys, url=portal.url, days=days))


def test_the_run_without_harm_delivers_everything_once(unharmed: Lived) -> None:
    effects = unharmed.portal["effects"]
    assert effects["totals"] == {"applied": len(effects["objects"]), "duplicate": 0, "stale": 0, "rejected": 0}
    assert [answer["outcome"] for answer in unharmed.answers] == ["found", "refused", "found", "not_found"]
    assert unharmed.answers_taken == len(ASKED)
    assert unharmed.database["loose ends"] == []
    assert unharmed.database["unbalanced"] == []
    states = {row["state"] for row in unharmed.database["change"]}
    assert states == {"delivered", "held", "superseded"}, "the days hold consents that come, go and are missing"


def test_every_point_of_the_way_is_watched(unharmed: Lived) -> None:
    """A write or a call that is new in the gateway must get a label, so that it is killed at too."""
    assert sorted(unharmed.passed) == sorted(mortal.LABELS)


def test_logs_tell_the_work_and_nothing_personal(unharmed: Lived, portal: lane.Lane) -> None:
    for event in ("message packed", "message taken", "answer taken", "request handled"):
        assert event in unharmed.log
    assert not account.personal(unharmed.log)
    assert not account.personal((portal.folder / "simulator.log").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("label", "when"), POINTS)
@pytest.mark.invariant(18)
def test_death_changes_nothing(
    portal: lane.Lane, days: tuple[Path, ...], unharmed: Lived, tmp_path: Path, label: str, when: str
) -> None:
    number = 1 if when == AT_START else min(unharmed.passed[label] // 2 + 1, 5)
    run = mortal.Run(home=tmp_path / "home", keys=portal.keys, url=portal.url, days=days, label=label, number=number)
    compare(live(portal, run), unharmed)


@pytest.mark.parametrize("label", ON_POSTGRESQL)
@pytest.mark.invariant(18)
def test_death_changes_nothing_on_postgresql(
    portal: lane.Lane,
    days: tuple[Path, ...],
    unharmed: Lived,
    tmp_path: Path,
    postgres: Postgres,
    label: str,
) -> None:
    name = postgres.make()
    run = mortal.Run(
        home=tmp_path / "home",
        keys=portal.keys,
        url=portal.url,
        days=days,
        database_url=postgres.url(name),
        label=label,
        number=min(unharmed.passed[label] // 2 + 1, 3),
    )
    compare(live(portal, run), unharmed)
    postgres.drop(name)


@pytest.mark.parametrize(("operation", "kind", "times"), TROUBLES)
@pytest.mark.invariant(18)
def test_trouble_on_the_line_changes_nothing(
    portal: lane.Lane, days: tuple[Path, ...], unharmed: Lived, tmp_path: Path, operation: str, kind: str, times: int
) -> None:
    run = mortal.Run(home=tmp_path / "home", keys=portal.keys, url=portal.url, days=days)
    compare(live(portal, run, {"operation": operation, "kind": kind, "times": times}), unharmed)


def compare(lived: Lived, unharmed: Lived) -> None:
    """Find nothing different between a run that was killed and the one that was not."""
    assert lived.database["loose ends"] == []
    assert lived.portal == unharmed.portal
    assert lived.answers == unharmed.answers
    assert lived.answers_taken == unharmed.answers_taken
    for name, rows in unharmed.database.items():
        missing = [row for row in rows if row not in lived.database[name]]
        assert (name, missing, [row for row in lived.database[name] if row not in rows]) == (name, [], [])
    assert lived.database == unharmed.database
    assert not account.personal(lived.log)
