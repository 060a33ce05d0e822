"""State that survives a restart, clocks, people, participants, keys: what a simulator is made of."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer
from socert.simulator.app import Simulator, SimulatorThread
from socert.simulator.clock import Alarm, ClockMode, SimulatorClock, from_microseconds, microseconds
from socert.simulator.errors import SettingsError
from socert.simulator.portal.people import Identity, People
from socert.simulator.portal.people_file import read_people
from socert.simulator.retention import Retention
from socert.simulator.settings import Settings
from socert.simulator.smev.listing import read_listing
from socert.simulator.smev.queues import Kind
from socert.simulator.state import State

if TYPE_CHECKING:
    from pathlib import Path

PARENT = {
    "last_name": "Примерова",
    "first_name": "Анна",
    "snils": "900-000-001 82",
    "children": [
        {
            "last_name": "Примеров",
            "first_name": "Тест",
            "birth_date": "2016-02-20",
            "snils": "11223344595",
            "birth_certificate": "IV-АБ 123456",
        }
    ],
}


async def test_state_in_a_file_survives_a_restart(keys: Path, tmp_path: Path, region: Any, http: Any) -> None:
    settings = Settings(port=0, keys=keys, state=str(tmp_path / "state.sqlite"))
    async with Simulator(settings) as first:
        one = type(region)(first, region.signer, http)
        message_id = await one.send(one.batch(one.certificate(1)))
        await first.consumer.at_rest()
        shown = first.accounts.summary("11223344595")

    async with Simulator(settings) as second:
        one = type(region)(second, region.signer, http)
        assert second.accounts.summary("11223344595") == shown
        data = call.send_request(message_id=message_id, content=one.batch(), signer=one.signer)
        assert (await one.fault(data)).kind is FaultKind.MESSAGE_IS_ALREADY_SENT
        answer = await one.answers()
        assert answer.original_message_id == message_id


async def test_messages_that_came_before_the_portal_are_taken_when_it_starts(
    keys: Path, tmp_path: Path, region: Any, http: Any
) -> None:
    place = str(tmp_path / "state.sqlite")
    async with Simulator(Settings(port=0, keys=keys, state=place, exchange_only=True)) as first:
        one = type(region)(first, region.signer, http)
        await one.send(one.batch(one.certificate(1)))

    async with Simulator(Settings(port=0, keys=keys, state=place)) as second:
        await second.consumer.at_rest()
        assert second.accounts.summary("11223344595") is not None


async def test_what_the_portal_held_when_it_was_killed_is_taken_again(
    keys: Path, tmp_path: Path, region: Any, http: Any
) -> None:
    place = str(tmp_path / "state.sqlite")
    async with Simulator(Settings(port=0, keys=keys, state=place, exchange_only=True)) as first:
        one = type(region)(first, region.signer, http)
        await one.send(one.batch(one.certificate(1)))
        assert first.queues.take("EPGU", Kind.REQUEST) is not None

    async with Simulator(Settings(port=0, keys=keys, state=place)) as second:
        await second.consumer.at_rest()
        assert second.accounts.summary("11223344595") is not None


def test_state_rolls_back_what_failed() -> None:
    state = State()

    def fail() -> None:
        with state.transaction():
            state.run("INSERT INTO sent VALUES ('a', 1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert state.all("SELECT * FROM sent") == []


def test_state_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a database, and long enough to be seen as such" * 10, "utf-8")

    with pytest.raises(SettingsError, match="--state"):
        State(str(tmp_path / "state"))


async def test_old_message_ids_are_forgotten(region: Any) -> None:
    await region.send(region.batch(region.certificate(1)))
    region.simulator.clock.advance(timedelta(hours=49))
    await region.send(region.batch(region.certificate(2)))

    # The new push, and what the portal answered to it.
    assert len(region.simulator.state.all("SELECT * FROM sent")) == 2


async def test_what_is_older_than_the_retention_is_forgotten(region: Any) -> None:
    """One push whose answer was fetched, and one whose answer nobody came for."""
    simulator = region.simulator
    await region.push(region.certificate(1))
    await region.send(region.batch(region.certificate(2)))
    await simulator.consumer.at_rest()
    counted = {"route": 2, "portal_inbox": 2, "queue": 1, "sent": 4}
    assert sizes(simulator) == counted

    simulator.clock.advance(simulator.settings.retention)
    await region.send(region.batch(region.certificate(3)))
    await simulator.consumer.at_rest()
    assert sizes(simulator) == {"route": 3, "portal_inbox": 3, "queue": 2, "sent": 2}

    simulator.clock.advance(timedelta(minutes=1))
    await region.send(region.batch(region.certificate(4)))
    await simulator.consumer.at_rest()
    assert sizes(simulator) == {"route": 2, "portal_inbox": 2, "queue": 2, "sent": 4}
    assert simulator.accounts.summary("11223344595")["certificates"]


async def test_forgetting_goes_on_when_the_clock_has_gone_back(region: Any) -> None:
    simulator = region.simulator
    simulator.clock.advance(timedelta(days=500))
    await region.send(region.batch(region.certificate(1)))
    simulator.clock.reset()
    await region.send(region.batch(region.certificate(2)))
    await simulator.consumer.at_rest()
    simulator.clock.advance(simulator.settings.retention + timedelta(minutes=1))

    await region.send(region.batch(region.certificate(3)))

    assert sizes(simulator)["route"] == 2  # that of the day far ahead, and the new one


def test_forgetting_looks_once_a_minute_and_walks_indexes() -> None:
    state, now = State(), datetime(2026, 9, 1, tzinfo=UTC)
    steps: list[str] = []
    state.connection.set_trace_callback(steps.append)
    retention = Retention(state, message_age=timedelta(hours=24), keep=timedelta(days=45))

    for second in (0, 1, 59):
        retention.look(now + timedelta(seconds=second))
    state.connection.set_trace_callback(None)

    deletions = [step for step in steps if step.startswith("DELETE")]
    plans = [row["detail"] for step in deletions for row in state.all(f"EXPLAIN QUERY PLAN {step}")]
    assert len(deletions) == 5
    assert len(plans) == 5
    assert all(plan.startswith("SEARCH") and " INDEX " in plan for plan in plans)


def sizes(simulator: Simulator) -> dict[str, int]:
    """Return how many rows there are of what comes with messages."""
    return {
        name: simulator.state.all(f"SELECT count(*) FROM {name}")[0][0]
        for name in ("route", "portal_inbox", "queue", "sent")
    }


def test_state_of_another_version_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "state"
    State(str(place)).close()
    State(str(place)).close()
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA user_version = 0")
    connection.close()

    with pytest.raises(SettingsError, match="another version"):
        State(str(place))


# Clock


def test_real_clock_runs_from_where_it_was_set() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    clock = SimulatorClock(ClockMode.REAL, lambda: now)
    clock.set(datetime(2026, 9, 1, tzinfo=UTC))
    now += timedelta(hours=1)

    assert clock() == datetime(2026, 9, 1, 1, tzinfo=UTC)


def test_manual_clock_stands_still_and_tells_of_its_moves() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    clock = SimulatorClock(ClockMode.MANUAL, lambda: now)
    heard: list[datetime] = []
    clock.on_move(lambda: heard.append(clock()))
    now += timedelta(hours=1)

    clock.advance(timedelta(minutes=1))

    assert clock() == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    assert heard == [clock()]


def test_alarm_rings_when_a_standing_clock_is_moved_there() -> None:
    clock = SimulatorClock(ClockMode.MANUAL)
    rung: list[datetime] = []
    alarm = Alarm(clock, lambda: rung.append(clock()))
    due = clock() + timedelta(minutes=15)

    alarm.set(due)
    clock.advance(timedelta(minutes=14))
    assert rung == []
    clock.advance(timedelta(minutes=1))
    assert rung == [due]
    clock.advance(timedelta(minutes=15))
    assert rung == [due]

    alarm.set(clock() + timedelta(minutes=1))
    alarm.set(None)
    clock.advance(timedelta(minutes=1))
    assert rung == [due]
    alarm.set(clock())
    assert rung == [due, clock()]


async def test_alarm_rings_when_a_running_clock_gets_there() -> None:
    clock, rung = SimulatorClock(), asyncio.Event()
    alarm = Alarm(clock, rung.set)
    alarm.set(clock() + timedelta(hours=1, milliseconds=20))
    clock.advance(timedelta(hours=1))
    assert not rung.is_set()

    async with asyncio.timeout(20):
        await rung.wait()


async def test_alarm_that_wakes_too_early_waits_for_the_rest() -> None:
    """The timer of the event loop and the clock are not the same thing."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    late = iter([start, start, start, start + timedelta(milliseconds=9)])
    clock, rung = (
        SimulatorClock(ClockMode.REAL, lambda: next(late, start + timedelta(milliseconds=10))),
        asyncio.Event(),
    )
    Alarm(clock, rung.set).set(start + timedelta(milliseconds=10))

    async with asyncio.timeout(20):
        await rung.wait()
    assert next(late, None) is None


def test_times_in_the_state_keep_their_microseconds() -> None:
    moment = datetime(2026, 9, 5, 7, 0, 0, 123457, tzinfo=UTC)

    assert from_microseconds(microseconds(moment)) == moment


# People


@pytest.fixture
def people() -> People:
    """An empty book of people."""
    return People(State())


def test_people_come_from_a_file(people: People, tmp_path: Path) -> None:
    place = tmp_path / "people.json"
    place.write_text(json.dumps({"people": [PARENT]}), "utf-8")

    assert read_people(place, people) == 1
    assert read_people(place, people) == 1

    (owner,) = people.find_owners()
    (child,) = people.children_of(owner.id)
    assert owner.full_name == "Примерова Анна"
    assert (child.birth_certificate.series, child.birth_certificate.number) == ("IV-АБ", "123456")
    assert people.child_by_snils("11223344595") == child


@pytest.mark.parametrize(
    ("paper", "series", "number"),
    [
        ({"series": "IV-АБ", "number": "123456", "agency": "ЗАГС"}, "IV-АБ", "123456"),
        ("IV-АБ 123456", "IV-АБ", "123456"),
        ("нечто длиннее положенного", "", ""),
        (123456, "", "123456"),
        (None, "", ""),
    ],
)
def test_birth_certificates_come_in_several_spellings(
    people: People, tmp_path: Path, paper: Any, series: str, number: str
) -> None:
    child = PARENT["children"][0] | {"birth_certificate": paper}  # type: ignore[operator]  # a JSON document
    place = tmp_path / "people.json"
    place.write_text(json.dumps({"people": [PARENT | {"children": [child]}]}), "utf-8")

    read_people(place, people)

    found = people.child_by_snils("11223344595")
    assert found is not None
    assert (found.birth_certificate.series, found.birth_certificate.number) == (series, number)


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        json.dumps({"people": [PARENT | {"snils": "90000000183"}]}),
        json.dumps({"people": [{"last_name": "Б"}]}),
    ],
)
def test_people_that_cannot_be_read_are_refused_without_quoting_them(
    people: People, tmp_path: Path, document: str
) -> None:
    place = tmp_path / "people.json"
    place.write_text(document, "utf-8")

    with pytest.raises(SettingsError) as caught:
        read_people(place, people)

    assert "90000000183" not in str(caught.value)


async def test_reset_reads_the_people_anew(keys: Path, tmp_path: Path) -> None:
    place = tmp_path / "people.json"
    place.write_text(json.dumps({"people": [PARENT]}), "utf-8")
    async with Simulator(Settings(port=0, keys=keys, people=place)) as simulator:
        assert simulator.people.count_owners() == 1
        simulator.reset()
        assert simulator.people.count_owners() == 1


def test_people_are_found_by_parts_of_their_names(people: People) -> None:
    for number, last_name in enumerate(("Ёлкина", "Палкина", "100%_ная\\")):
        people.put_owner(Identity.snils(str(number)), last_name, "Анна", "Ивановна")

    assert [owner.last_name for owner in people.find_owners("елк анн")] == ["Ёлкина"]
    assert [owner.last_name for owner in people.find_owners("ЛКИН")] == ["Ёлкина", "Палкина"]
    assert [owner.last_name for owner in people.find_owners("%_н")] == ["100%_ная\\"]
    assert [owner.last_name for owner in people.find_owners("\\")] == ["100%_ная\\"]
    assert len(people.find_owners(limit=2)) == 2


def test_a_child_is_seen_by_its_own_guardians_only(people: People) -> None:
    day = datetime(2016, 2, 20, tzinfo=UTC).date()
    mother, stranger = (
        people.put_owner(Identity.snils("1"), "А", "А", None),
        people.put_owner(Identity.snils("2"), "Б", "Б", None),
    )
    child = people.put_child(snils=None, last_name="А", first_name="Я", middle_name=None, birth_date=day)
    people.link(mother, child)

    assert people.child_of(mother, child) is not None
    assert people.child_of(stranger, child) is None
    assert people.children_of(stranger) == []


# Participants and keys


def test_keys_are_made_for_their_owner_only(keys: Path) -> None:
    Simulator(Settings(port=0, keys=keys)).state.close()

    for name in ("exchange", "portal"):
        assert stat.S_IMODE((keys / f"{name}.key").stat().st_mode) == 0o600
        assert (keys / f"{name}.crt").exists()


async def test_region_is_known_as_soon_as_its_certificate_is_there(tmp_path: Path, region: Any, http: Any) -> None:
    folder = tmp_path / "empty"
    async with Simulator(Settings(port=0, keys=folder)) as simulator:
        signer = load_signer(
            ensure_key(tmp_path / "elsewhere", "region", common_name="r", organisation="r", clock=system_clock)
        )
        one = type(region)(simulator, signer, http)
        data = call.get_status(timestamp=simulator.clock(), signer=signer)
        assert (await one.fault(data)).kind is FaultKind.SENDER_IS_NOT_REGISTERED

        (folder / "region.crt").write_bytes((tmp_path / "elsewhere" / "region.crt").read_bytes())

        assert (await one.say(data)).delivery is None


async def test_participants_come_from_a_file(tmp_path: Path, keys: Path, region: Any, http: Any) -> None:
    listing = keys / "participants.toml"
    listing.write_text(
        '[[participant]]\nmnemonic = "R77"\ncertificates = ["region.crt", "next.crt"]\n'
        'serves = ["pf_certificate"]\nsends = ["account"]\n',
        "utf-8",
    )
    async with Simulator(Settings(port=0, keys=keys, participants=listing)) as simulator:
        one = type(region)(simulator, region.signer, http)
        answer = await one.push(one.certificate(1))
        assert answer.code == 0
        assert simulator.participants.mnemonics() == ["EPGU", "R77"]
        assert {entry["participant"] for entry in simulator.journal.last()} == {"R77", "EPGU"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no \\[\\[participant\\]\\]"),
        ("participant = 1", "no \\[\\[participant\\]\\]"),
        ("[[participant]]", "participant 1: mnemonic"),
        ('[[participant]]\nmnemonic = "A"\nserves = ["nothing"]', "serves names \\['nothing'\\]"),
        ('[[participant]]\nmnemonic = "A"\ncertificates = "a.crt"', "certificates is a list"),
        ("[[", "cannot be read"),
    ],
)
def test_wrong_list_of_participants_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    place = tmp_path / "participants.toml"
    place.write_text(text, "utf-8")

    with pytest.raises(SettingsError, match=complaint):
        read_listing(place)


def test_unreadable_certificate_is_skipped(keys: Path) -> None:
    (keys / "region.crt").write_text("nonsense", "utf-8")

    with capture_logs() as logged:
        Simulator(Settings(port=0, keys=keys)).state.close()

    assert "certificate cannot be read" in [line["event"] for line in logged]


# Starting


async def test_taken_port_is_told(keys: Path, simulator: Simulator) -> None:
    port = int(simulator.url.rsplit(":", 1)[1])

    with pytest.raises(SettingsError, match="--port"):
        await Simulator(Settings(port=port, keys=keys)).start()


def test_simulator_in_a_thread(keys: Path) -> None:
    with SimulatorThread(Settings(port=0, keys=keys)) as simulator:
        with urllib.request.urlopen(f"{simulator.url}/_sim/health") as response:
            assert json.load(response)["status"] == "ready"
        assert simulator.exchange_url.endswith("/smev/1.2")


def test_thread_tells_why_it_could_not_start(keys: Path, tmp_path: Path) -> None:
    settings = Settings(port=0, keys=keys, people=tmp_path / "nobody.json")

    with pytest.raises(SettingsError, match=r"nobody\.json"):
        SimulatorThread(settings).start()
