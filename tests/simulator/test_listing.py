"""The list of participants and message types: what it says, and how a slip in it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulator.exchanging import PARTICIPANTS, Speaker, kind, write_exchange

from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.status import MessageCategory
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.errors import SettingsError
from socert.simulator.settings import Settings
from socert.simulator.smev.listing import read_listing

if TYPE_CHECKING:
    from pathlib import Path

A = '[[participant]]\nmnemonic = "A"\n'
TYPE = '[[message_type]]\nname = "own"\nschema = "plain.xsd"\nrequest = "Ask"\n'


def test_types_and_participants_are_read(tmp_path: Path) -> None:
    listing = read_listing(write_exchange(tmp_path))

    plain, news = listing.types.by_name["plain"], listing.types.by_name["news"]
    assert [one.request for one in plain.formats] == [kind("plain"), kind("newer")]
    assert [one.responses for one in plain.formats] == [(kind("plain", "Told"),), (kind("newer", "Told"),)]
    assert (plain.category, news.category) == (MessageCategory.REQUEST, MessageCategory.BROADCAST)
    assert "pf_certificate" in listing.types.by_name  # those of this installation stay
    asker, vip, teller, _ = (one.participant for one in listing.participants)
    assert (asker.name, vip.name) == ("Asking system", "VIP")
    assert (asker.priority, vip.priority) == (False, True)
    assert teller.routing_codes == {"45000000"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (A + "mnemonic2 = 1", "participant 1: mnemonic2 is not known here"),
        (A + 'name = ""', None),
        (A + "name = 1", "participant 1: name is a text"),
        (A + "priority = 1", "participant 1: priority is true or false"),
        (A + "queue_limit = 0", "participant 1: queue_limit is a whole number from 1"),
        (A + "queue_limit = true", "participant 1: queue_limit is a whole number"),
        (A + 'quota = "1"', "participant 1: quota is a whole number"),
        (A + 'push = "ftp://x"', "participant 1: push is an address"),
        (A + 'push = "http://"', "participant 1: push is an address"),
        (A + 'sends = ["nothing"]', r"participant 1: sends names \['nothing'\]; known are account"),
        (A + 'identifiers = [""]', "participant 1: identifiers is a list of texts"),
        (A + A, "mnemonic A stands twice"),
        (A + A.replace('"A"', "1"), "participant 2: mnemonic is a text of 1 to 50"),
        (A.replace('"A"', f'"{"A" * 51}"'), "participant 1: mnemonic is a text of 1 to 50"),
        (A + "[other]\nx = 1", "holds other"),
        (A + "[[message_type]]", "message_type 1: name is a text"),
        (A + '[[message_type]]\nname = "x"\nschema = "none.xsd"', "message_type 1: schema .*none.xsd cannot be used"),
        (A + '[[message_type]]\nname = "x"\nschema = "bad.xsd"', "message_type 1: schema .*bad.xsd cannot be used"),
        (A + TYPE.replace('"Ask"', '"Asks"'), "message_type 1: request names Asks, which plain.xsd does not declare"),
        (A + TYPE + 'responses = ["No"]', "message_type 1: responses names No"),
        (A + TYPE + 'category = "answer"', "message_type 1: category is one of request, broadcast"),
        (A + TYPE + 'category = "broadcast"\nresponses = ["Told"]', "message_type 1: responses have no place"),
        (A + TYPE + 'routing_code = "//["', "message_type 1: routing_code is no XPath"),
        (A + TYPE + TYPE, "message_type 2: schema and the root elements are taken"),
        (A + TYPE + TYPE.replace("plain", "newer") + 'category = "broadcast"', "message_type 2: category of own"),
        (A + TYPE.replace("own", "account"), "message_type 1: name account is a message type of this installation"),
        (A + TYPE + "more = 1", "message_type 1: more is not known here"),
        ("message_type = 1\n" + A, "no \\[\\[message_type\\]\\] entries"),
    ],
)
def test_a_slip_is_told_with_entry_and_field(tmp_path: Path, text: str, complaint: str | None) -> None:
    place = write_exchange(tmp_path)
    (tmp_path / "bad.xsd").write_text("<a/>", "utf-8")
    place.write_text(text, "utf-8")

    if complaint is None:
        assert read_listing(place).participants[0].participant.name == ""
        return
    with pytest.raises(SettingsError, match=complaint):
        read_listing(place)


async def test_a_participant_that_is_added_while_it_runs_is_known_at_once(tmp_path: Path) -> None:
    first, rest = PARTICIPANTS.split('[[participant]]\nmnemonic = "VIP"')
    listing = write_exchange(tmp_path, first)
    settings = Settings(port=0, keys=tmp_path, clock=ClockMode.MANUAL, participants=listing, exchange_only=True)
    async with Simulator(settings) as simulator:
        assert simulator.participants.mnemonics() == ["EPGU", "ASKER"]
        write_exchange(tmp_path, first + '[[participant]]\nmnemonic = "VIP"' + rest)
        await Speaker(simulator, tmp_path, "vip").ask()

        assert (await Speaker(simulator, tmp_path, "teller").got()).sender == "VIP"


async def test_a_list_that_is_being_written_changes_nothing(tmp_path: Path) -> None:
    listing = write_exchange(tmp_path)
    settings = Settings(port=0, keys=tmp_path, clock=ClockMode.MANUAL, participants=listing, exchange_only=True)
    async with Simulator(settings) as simulator:
        listing.write_text("[[participant", "utf-8")
        stranger, asker = Speaker(simulator, tmp_path, "official"), Speaker(simulator, tmp_path, "asker")

        assert (await stranger.fault(stranger.request())).kind is FaultKind.SENDER_IS_NOT_REGISTERED
        await asker.ask()
