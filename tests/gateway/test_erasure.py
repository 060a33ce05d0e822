"""After a withdrawal nothing personal is left by its day, and an act proves it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, inspect, select
from tests.gateway.records import (
    NOON,
    PARENT_SNILS,
    SNILS,
    Numbers,
    balance,
    certificate,
    child,
    contract,
    guid,
    parent,
)
from tests.gateway.test_consents import BOTH, give, names_in, withdraw

from socert.adapters.registry.builtin import tables as registry_tables
from socert.gateway.cli_consent import render_act
from socert.gateway.domain.records import ContractState
from socert.gateway.life.erasure import Erasure
from socert.gateway.store import tables, tables_life
from socert.gateway.store.tables import micros

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from tests.gateway.line import Line
    from tests.gateway.region import Region

pytestmark = [pytest.mark.invariant(12), pytest.mark.seed("withdraw")]
DAY_29 = date(2026, 10, 6)
WORDS = ("Журавлёв", "Платон", SNILS, "112-233-445 95", "Евпраксия", PARENT_SNILS, "700115")
"""What is personal about the child and the parent in question."""


def erasure_of(region: Region) -> Erasure:
    return Erasure(
        store=region.store,
        registry=region.registry,
        keeper=region.registry,
        consents=region.consents,
        clock=lambda: NOON + timedelta(days=29),
    )


def everything(region: Region) -> str:
    """Return every text and every byte of every table."""

    def read(connection: Connection) -> str:
        found = []
        for metadata in (tables.metadata, registry_tables.metadata):
            for table in metadata.sorted_tables:
                for row in connection.execute(select(table)):
                    found += [one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in row]
        return "\n".join(found)

    return region.store.look(read)


def left(region: Region) -> list[str]:
    """Return which personal words are anywhere in the database."""
    whole = everything(region)
    return [word for word in WORDS if word in whole]


def receive_question(region: Region, text: str, state: str = "handled") -> None:
    """Keep a received message, as the poller does."""
    row = {
        "message_id": Numbers()(),
        "operation": "GetRequest",
        "content_type": "text/xml",
        "body": text.encode(),
        "state": state,
        "received_at": micros(NOON),
    }
    region.store.run(lambda connection: connection.execute(insert(tables.inbox).values(row)))


async def shown_and_withdrawn(line: Line, **changes: Any) -> None:
    """Let the account have shown a child, the consent be withdrawn and the closing have arrived."""
    line.region.put(certificate(**changes))
    await line.deliver()
    withdraw(line.region)
    await line.deliver()


async def test_nothing_personal_is_left_anywhere(line: Line) -> None:
    region = line.region
    await shown_and_withdrawn(line)
    receive_question(region, f"<request>{SNILS}</request>")
    assert left(region)
    assert erasure_of(region).run(region.units, DAY_29) == 1
    assert left(region) == []


async def test_an_act_says_what_was_erased(line: Line) -> None:
    region = line.region
    await shown_and_withdrawn(line)
    erasure = erasure_of(region)
    erasure.run(region.units, DAY_29)
    (act,) = region.store.look(lambda connection: erasure.acts_of(connection, guid(1)))
    assert act == region.store.look(lambda connection: erasure.act(connection, act.number))
    assert (act.whole, act.counts["outbox"], len(act.digest)) == (True, 2, 64)
    text = render_act(act, "06.10.2026 12:00")
    assert text.startswith(f"АКТ № {act.number} об уничтожении персональных данных")
    assert "отправленные сообщения: 2" in text
    assert act.digest in text
    assert not [word for word in WORDS if word in text]


async def test_it_waits_for_its_day_and_is_done_once(line: Line) -> None:
    region = line.region
    await shown_and_withdrawn(line)
    erasure = erasure_of(region)
    assert erasure.run(region.units, DAY_29 - timedelta(days=1)) == 0
    assert left(region)
    assert erasure.run(region.units, DAY_29) == 1
    before = everything(region)
    assert erasure.run(region.units, DAY_29) == 0
    assert everything(region) == before
    assert [row["state"] for row in region.rows(tables_life.duty) if row["kind"] == "erase"] == ["done"]


async def test_other_children_s_objects_in_the_same_message_stay(line: Line) -> None:
    region = line.region
    other = certificate(
        2,
        child=child(
            last_name="Соколенко", first_name="Всеволод", snils="12345678964", birth_certificate="II-ЖД 000002"
        ),
        applicant=parent(last_name="Соколенко", first_name="Глафира", snils="55566677702"),
    )
    region.put(certificate(), other)
    await line.deliver()
    withdraw(region)
    await line.deliver()
    erasure_of(region).run(region.units, DAY_29)
    assert left(region) == []
    assert "Соколенко" in everything(region)
    (kept,) = [row for row in line.messages() if row["body"]]
    assert guid(2).encode() in kept["body"]
    assert guid(1).encode() not in kept["body"]


async def test_a_live_contract_keeps_the_registry_s_record_until_it_is_over(line: Line) -> None:
    region = line.region
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    await line.deliver()
    withdraw(region)
    await line.deliver()
    erasure = erasure_of(region)
    assert erasure.run(region.units, DAY_29) == 1
    views = region.store.look(lambda connection: region.registry.certificates(connection, [guid(1)]))
    assert views[guid(1)].certificate.child.last_name == "Журавлёв"
    assert not [row for row in line.messages() if row["body"]], "messages go in any case"
    (again,) = [row for row in region.rows(tables_life.duty) if row["state"] == "open"]
    assert (again["due"], again["whole"]) == (date(2027, 1, 30), 1)

    region.sign(contract(state=ContractState.COMPLETED, reserved=0, spent=40_000))
    assert erasure.run(region.units, date(2027, 1, 29)) == 1
    assert left(region) == []


async def test_a_new_consent_cancels_it(line: Line) -> None:
    region = line.region
    await shown_and_withdrawn(line)
    give(region, *BOTH)
    assert erasure_of(region).run(region.units, DAY_29) == 0
    assert left(region)


async def test_what_an_import_brings_back_is_erased_again(line: Line) -> None:
    region = line.region
    await shown_and_withdrawn(line)
    erasure = erasure_of(region)
    erasure.run(region.units, DAY_29)
    region.put(certificate())
    assert erasure.run(region.units, DAY_29) == 1
    assert left(region) == []
    assert region.waiting() == []


async def test_a_failure_in_the_middle_leaves_nothing_half_done(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    region = line.region
    await shown_and_withdrawn(line)
    before = everything(region)

    def fail(*_given: object) -> int:
        raise LookupError

    with monkeypatch.context() as broken:
        broken.setattr(type(region.registry), "anonymise", fail)
        with pytest.raises(LookupError):
            erasure_of(region).run(region.units, DAY_29)
    assert everything(region) == before
    assert erasure_of(region).run(region.units, DAY_29) == 1


async def test_a_message_that_was_split_before_is_found_too(line: Line) -> None:
    """Its objects went on in others, so that nothing but its bytes says whom it was about."""
    from socert.contracts.smev.faults import FaultKind

    region = line.region
    region.put(certificate(), certificate(2, child=child(snils="12345678964"), applicant=parent(snils="55566677702")))
    await line.pack()
    line.stub.next("SendRequest", line.stub.refused(FaultKind.INVALID_CONTENT))
    await line.try_all()
    await line.deliver()
    (split,) = [row for row in line.messages() if row["state"] == "rejected"]
    assert names_in(split) == [guid(1), guid(2)]
    withdraw(region)
    await line.deliver()
    erasure_of(region).run(region.units, DAY_29)
    assert guid(1).encode() not in line.message(split["message_id"])["body"]
    assert guid(2).encode() in line.message(split["message_id"])["body"]


def test_columns_that_hold_text_are_all_looked_at(region: Region) -> None:
    """The search above reads what it must: a table that it does not know would hide what it holds."""
    named = {table.name for metadata in (tables.metadata, registry_tables.metadata) for table in metadata.sorted_tables}
    with region.store.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) - {"alembic_version"} == named
