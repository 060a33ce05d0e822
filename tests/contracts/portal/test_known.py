"""The table of message types: ours stand in it by entry points, a region's are added the same way."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

import pytest

from socert.contracts.message import MessageType
from socert.contracts.portal import known
from socert.contracts.portal.known import (
    GROUP,
    MessageTypePluginError,
    UnknownMessageType,
    find,
    known_types,
    load,
)
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from pathlib import Path

OURS = ("account", "elk_status", "enrolment", "group_cost", "order_event", "pf_certificate")


def point(name: str, value: str) -> EntryPoint:
    """An entry point of the group."""
    return EntryPoint(name=name, value=value, group=GROUP)


def ours() -> list[EntryPoint]:
    """Our own entry points, by the modules they name."""
    return [point(name, f"socert.contracts.portal.{name}.known:TYPES") for name in OURS]


def test_ours_are_all_there() -> None:
    assert {one.name for one in entry_points(group=GROUP)} >= set(OURS)
    assert {name.split(".")[0] for name in (one.name for one in known_types().values())} >= set(OURS)
    assert dict(load(ours())).items() <= dict(known_types()).items()


def test_every_message_of_the_dictionary_has_a_type_and_every_type_a_schema() -> None:
    table = load(ours())
    assert len(table) == 22
    assert {number for one in table.values() for number in one.messages} == {f"M{n:02d}" for n in range(1, 18)}
    for message_type, one in table.items():
        assert one.message_type == message_type
        assert one.schema() is one.schema(), "compiled once"
        assert one.title


def test_answers_are_types_too_and_answer_one_question() -> None:
    table = load(ours())
    answers = [answer for one in table.values() for answer in one.answered_by]
    assert len(answers) == len(set(answers))
    assert set(answers) == {message_type for message_type, one in table.items() if not one.answered_by}


def test_a_type_is_found_by_its_root() -> None:
    message_type = MessageType(namespace="urn:socert:portal:account:1.0.0", root="AccountUpdateRequest")
    assert find(message_type).name == "account.update_request"


def test_an_unknown_type_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UnknownMessageType) as refused:
        find(MessageType(namespace="urn:other", root="FormData"))
    assert refused.value.message_type.root == "FormData"
    assert set(refused.value.known) == {one.name for one in known_types().values()}
    assert "enrolment.request" in str(refused.value)
    with pytest.raises(UnknownMessageType) as refused:
        find(MessageType(namespace="x" * 5000, root="y"))
    assert len(str(refused.value)) < 2000


# A region's own


def test_a_made_up_type_stands_beside_ours() -> None:
    table = load([*ours(), point("made_up", "tests.contracts.portal.made_up.messages:TYPES")])
    (one,) = set(table.values()) - set(load(ours()).values())
    assert one.name == "made_up.request"
    element = parse(f'<m:Wish xmlns:m="{one.message_type.namespace}"><m:word>мяч</m:word></m:Wish>'.encode())
    one.schema().check(element)
    assert one.read(element).message_type == one.message_type


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("tests.contracts.portal.nowhere:TYPES", "cannot be loaded"),
        ("tests.contracts.portal.made_up.messages:NOTHING", "cannot be loaded"),
        ("tests.contracts.portal.made_up.messages:NAMESPACE", "gives str"),
        ("tests.contracts.portal.made_up.messages:WRONG", "gives tuple"),
    ],
)
def test_a_broken_plugin_is_named(value: str, reason: str) -> None:
    with pytest.raises(MessageTypePluginError, match=reason) as refused:
        load([*ours(), point("some_region", value)])
    assert f"some_region = {value}" in str(refused.value)


@pytest.mark.parametrize("attribute", ["SAME_TYPE", "SAME_NAME"])
def test_two_plugins_cannot_give_the_same_type(attribute: str) -> None:
    with pytest.raises(MessageTypePluginError, match="already") as refused:
        load([*ours(), point("zz_region", f"tests.contracts.portal.made_up.messages:{attribute}")])
    assert "zz_region" in str(refused.value)
    assert "account" in str(refused.value)


def test_the_order_of_plugins_does_not_matter() -> None:
    points = [*ours(), point("made_up", "tests.contracts.portal.made_up.messages:TYPES")]
    assert list(load(points)) == list(load(reversed(points)))


PLUGIN = """
from functools import cache
from socert.contracts.message import MessageType
from socert.contracts.portal.known import Direction, KnownType
from socert.contracts.xml import Schema

@cache
def schema():
    return Schema.load("some_region", "wish.xsd")

def read(element):
    raise NotImplementedError

TYPES = (KnownType(name="some_region.wish", title="пожелание", direction=Direction.PORTAL_TO_REGION, schema=schema,
                   message_type=MessageType(namespace="urn:some-region:wish:1", root="Wish"), read=read),)
"""
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:some-region:wish:1"
 elementFormDefault="qualified"><xs:element name="Wish"><xs:complexType><xs:sequence>
 <xs:element name="word" type="xs:string"/></xs:sequence></xs:complexType></xs:element></xs:schema>"""


def test_an_installed_plugin_is_found_without_touching_ours(tmp_path: Path) -> None:
    """A distribution of its own, as `pip install` leaves it, and the command as a process."""
    package, info = tmp_path / "some_region", tmp_path / "some_region-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(PLUGIN, encoding="utf-8")
    (package / "wish.xsd").write_text(XSD, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some_region\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nsome_region = some_region:TYPES\n", encoding="utf-8")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from socert.cli import main; main()"

    def validate(text: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, "validate", "-"]
        return subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)

    good = validate('<Wish xmlns="urn:some-region:wish:1"><word>мяч</word></Wish>')
    assert good.returncode == 0, good.stderr
    assert "some_region.wish" in good.stdout
    bad = validate('<Wish xmlns="urn:some-region:wish:1"><words>мяч</words></Wish>')
    assert bad.returncode == 1
    assert "/Wish/words" in bad.stdout
    (package / "__init__.py").write_text("raise ImportError('no such thing')", encoding="utf-8")
    broken = validate("<x/>")
    assert broken.returncode == 1
    assert "some_region = some_region:TYPES of some_region" in broken.stderr


def test_the_group_is_what_the_documentation_says() -> None:
    assert known.__doc__ is not None
    assert f'entry-points."{GROUP}"' in known.__doc__
