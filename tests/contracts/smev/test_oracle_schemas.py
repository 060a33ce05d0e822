"""Our schemas and the official ones say the same: by structure, and by verdict on samples and on random messages."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from tests.contracts.smev.grammar import XS, Grammar, Node
from tests.contracts.smev.noise import TELLING, Maker

from socert.contracts import xml
from socert.contracts.smev.operation import OPERATIONS_OF
from socert.contracts.smev.version import Version, files, schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 20260416
MESSAGES = 15_000
"""How many messages of a version get a verdict from both schemas: half made by ours, half by the official one."""

PARTS = {
    Version.V1_1: ("types", "basic", "faults"),
    Version.V1_2: ("types", "basic", "faults"),
    Version.V1_3: ("types", "basic", "faults", "routing", "directive"),
}
pytestmark = pytest.mark.parametrize("version", list(Version))


@lru_cache
def our_grammar(version: Version) -> Grammar:
    return Grammar(etree.fromstring(files(version)[f"{part}.xsd"]) for part in PARTS[version])


@dataclass(frozen=True, kw_only=True)
class Official:
    """The official schemas of one version."""

    grammar: Grammar
    compiled: etree.XMLSchema

    def says(self, element: Node) -> bool:
        return bool(self.compiled.validate(element))


@lru_cache
def load(oracles: Path, version: Version) -> Official:
    place = oracles / "smev3" / "schemas" / version.value
    return Official(
        grammar=Grammar(
            etree.parse(place / f"smev-message-exchange-{part}-{version.value}.xsd").getroot()
            for part in PARTS[version]
        ),
        compiled=etree.XMLSchema(etree.parse(place / f"_all-{version.value}.xsd")),
    )


@pytest.fixture(scope="module", autouse=True)
def not_kept() -> Iterator[None]:
    """Forget the messages, tens of megabytes of them, when the last test here is over."""
    yield
    judged.cache_clear()


@pytest.fixture
def official(oracles: Path, version: Version) -> Official:
    return load(oracles, version)


def ours_says(version: Version, element: Node) -> bool:
    return not schema(version).violations(element)


def test_every_component_has_the_same_shape(version: Version, official: Official) -> None:
    ours, theirs = our_grammar(version).shapes(), official.grammar.shapes()
    assert ours.keys() == theirs.keys()
    assert len(ours) > 70
    for key in theirs:
        assert ours[key] == theirs[key], key


def test_our_schemas_are_found_in_the_package(version: Version) -> None:
    assert set(files(version)) == {"service.wsdl", *(f"{part}.xsd" for part in PARTS[version])}


# --- samples ---------------------------------------------------------------------------------------------------------


def payloads(oracles: Path, version: Version) -> Iterator[tuple[str, Node]]:
    """Yield what stands in the bodies of every example, of this version or made so; for faults the detail's element."""
    for place in sorted((oracles / "smev3").glob("examples/**/*")) + sorted((oracles / "smev3").glob("signed/*")):
        if not place.is_file():
            continue
        text = re.sub(r"(message-exchange/[\w/-]*)1\.[123]\b", rf"\g<1>{version.value}", place.read_text("utf-8-sig"))
        found = re.search(r"<(?:[\w-]+:)?Envelope\b.*</(?:[\w-]+:)?Envelope>", text, re.DOTALL)
        try:
            root = etree.fromstring((found[0] if found else text).encode())
        except etree.XMLSyntaxError:
            continue
        body = root.find("{*}Body")
        inside = root if body is None else body[0]
        detail = inside.find("detail")
        if detail is not None and len(detail):
            inside = detail[0]
        yield place.name, inside


def test_samples_get_the_same_verdict(version: Version, official: Official, oracles: Path) -> None:
    verdicts: Counter[bool] = Counter()
    for name, element in payloads(oracles, version):
        said = official.says(element)
        assert ours_says(version, element) == said, name
        verdicts[said] += 1
    assert verdicts[True] >= 10
    assert verdicts[False] >= 3
    assert verdicts.total() >= 30


# --- random messages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Made:
    """A random message and how it came to be."""

    label: str
    root: str
    done: tuple[str, ...]
    data: bytes

    def __str__(self) -> str:
        return f"{self.label}: {self.root}, {', '.join(self.done) or 'whole'}\n{self.data.decode()}"


def roots(grammar: Grammar, version: Version) -> list[str]:
    """Return every global element; those of calls and replies, which hold most of the others, more often."""
    bodies = sorted(name for one in OPERATIONS_OF[version] for name in (one.asked, one.answered))
    return [*grammar.elements, *[f"{{{version.types}}}{name}" for name in bodies] * 5]


def messages(version: Version, side: str, grammar: Grammar, count: int) -> Iterator[Made]:
    """Yield messages made by a grammar: a third whole, a third with a telling thing done, a third with any."""
    seed = f"{SEED}, {version.value}, {side}"
    maker = Maker(grammar, random.Random(seed))
    names = roots(grammar, version)
    for number in range(count):
        name = names[number // 3 % len(names)]
        root = maker.message(name)
        match number % 3:
            case 0:
                done: tuple[str, ...] = ()
            case 1:
                done = (maker.spoil(root, TELLING),)
            case _:
                done = tuple(maker.spoil(root) for _ in range(maker.dice.randint(1, 3)))
        data = etree.tostring(root, encoding="UTF-8")
        yield Made(label=f"seed {seed!r}, message {number}", root=name, done=done, data=data)


def test_what_our_schema_describes_it_takes(version: Version) -> None:
    """Needs no oracle: whole messages pass, spoiled ones pass and fail."""
    verdicts: Counter[tuple[bool, bool]] = Counter()
    for made in messages(version, "ours", our_grammar(version), 900):
        found = schema(version).violations(xml.parse(made.data))
        assert made.done or not found, f"{made}\n{found}"
        verdicts[bool(made.done), not found] += 1
    assert verdicts[True, True] > 50
    assert verdicts[True, False] > 300


@lru_cache
def judged(oracles: Path, version: Version) -> list[tuple[Made, bool]]:
    """Return the random messages of a version, half made by our schema, half by the official one, and its verdict."""
    official = load(oracles, version)
    return [
        (made, official.says(xml.parse(made.data)))
        for side, grammar in (("ours", our_grammar(version)), ("official", official.grammar))
        for made in messages(version, side, grammar, MESSAGES // 2)
    ]


def test_random_messages_get_the_same_verdict(version: Version, official: Official, oracles: Path) -> None:
    verdicts: Counter[tuple[str, bool]] = Counter()
    told: Counter[str] = Counter()
    for made, said in judged(oracles, version):
        assert ours_says(version, xml.parse(made.data)) == said, made
        assert said or made.done, made
        verdicts[made.root, said] += 1
        if len(made.done) == 1 and not said:
            told[made.done[0]] += 1
    assert len({made.data for made, _ in judged(oracles, version)}) >= 10_000
    assert sum(times for (_, said), times in verdicts.items() if said) >= MESSAGES * 2 // 5
    assert sum(times for (_, said), times in verdicts.items() if not said) >= MESSAGES * 2 // 5
    for name in official.grammar.elements:
        assert verdicts[name, True], f"{name} was never valid"
        assert verdicts[name, False], f"{name} was never invalid"
    for way in {*TELLING} - ({"fill up"} if version is Version.V1_3 else {"fill up", "overfill"}):
        assert told[way] >= 10, f"{way} alone was refused {told[way]} times"


# --- both comparisons see --------------------------------------------------------------------------------------------

CHANGES = [
    ("types.xsd", 'value="BROADCAST"', 'value="BROADCASTS"'),
    (
        "types.xsd",
        '<xs:element name="EOL" type="xs:dateTime" minOccurs="0">',
        '<xs:element name="EOL" type="xs:dateTime">',
    ),
    ("types.xsd", '<xs:element name="StatusCode" type="xs:int"/>', '<xs:element name="StatusCode" type="xs:long"/>'),
    ("types.xsd", '<xs:element name="RequestRejected" maxOccurs="unbounded">', '<xs:element name="RequestRejected">'),
    ("types.xsd", 'name="OriginalMessageId" type="b:UUID"/>', 'name="OriginalMessageId" type="b:UUID" minOccurs="0"/>'),
    ("types.xsd", '<xs:element name="Key" type="xs:string"/>', ""),
    ("basic.xsd", 'name="Id" type="xs:ID" use="required"', 'name="Id" type="xs:ID"'),
    ("basic.xsd", 'maxLength value="50"', 'maxLength value="49"'),
    ("basic.xsd", '<xs:any namespace="##other"', '<xs:any namespace="##any"'),
    ("basic.xsd", "application)/", "application|font)/"),
    ("faults.xsd", 'name="SMEVFailure" type="b:Void"', 'name="SMEVFailure" type="b:SmevFault"'),
    ("faults.xsd", '<xs:element name="ValidationError" maxOccurs="unbounded">', '<xs:element name="ValidationError">'),
]
CHANGES_OF = {
    Version.V1_1: [
        ("types.xsd", '<xs:element ref="t:Cancel"/>', '<xs:element ref="t:Cancel" minOccurs="0"/>'),
        ("types.xsd", 'name="ReplyTo" type="b:string-4000"', 'name="ReplyTo" type="b:string-500"'),
        ("types.xsd", 'name="pendingMessageNumber" type="xs:long"', 'name="pendingMessageNumber" type="xs:int"'),
        ("basic.xsd", 'name="accepted" type="xs:boolean" use="required"', 'name="accepted" type="xs:boolean"'),
        ("basic.xsd", 'value="NotDetected"', 'value="notDetected"'),
    ],
    Version.V1_2: [
        ("types.xsd", 'name="ReplyTo" type="b:string-4000" minOccurs="0"', 'name="ReplyTo" type="b:string-4000"'),
        ("basic.xsd", '<xs:enumeration value="messageIsArchived"/>', ""),
    ],
    Version.V1_3: [
        ("types.xsd", '<xs:element ref="r:RoutingStatus" minOccurs="0"/>', ""),
        ("types.xsd", 'processContents="lax"', 'processContents="skip"'),
        ("basic.xsd", '<xs:element name="Archive" type="b:ArchiveType" minOccurs="0"/>', ""),
        ("basic.xsd", 'namespace="##other" processContents="lax"', 'namespace="##other" processContents="skip"'),
        ("routing.xsd", 'type="r:Value" maxOccurs="1000"', 'type="r:Value" maxOccurs="1001"'),
        ("routing.xsd", '<xs:enumeration value="personalAccessDenied"/>', ""),
        ("directive.xsd", 'minOccurs="0" maxOccurs="10"', 'minOccurs="0" maxOccurs="9"'),
        ("faults.xsd", 'name="EndOfLifeReached" type="b:SmevFault"', 'name="EndOfLifeReached" type="b:Void"'),
    ],
}  # fmt: skip


def test_both_comparisons_notice_a_changed_word(
    version: Version, official: Official, oracles: Path, tmp_path: Path
) -> None:
    """Each change of one word in our schemas changes a shape, and some random message's verdict."""
    theirs = official.grammar.shapes()
    sources = {name: data.decode() for name, data in files(version).items() if name.endswith(".xsd")}
    whole = "".join(
        f'<xs:import namespace="{space}" schemaLocation="{name}"/>'
        for space, name in ((version.types, "types.xsd"), (version.faults, "faults.xsd"))
    )
    sources["all.xsd"] = f'<xs:schema xmlns:xs="{XS}">{whole}</xs:schema>'
    for changed, before, after in [*CHANGES, *CHANGES_OF[version]]:
        assert before in sources[changed], before
        for name, text in sources.items():
            (tmp_path / name).write_text(text.replace(before, after) if name == changed else text, "utf-8")
        shapes = Grammar([etree.parse(tmp_path / changed).getroot()]).shapes()
        known = Grammar([etree.fromstring(sources[changed].encode())]).shapes().keys()
        assert any(theirs[key] != shapes.get(key) for key in known), f"no shape of {changed} shows {after or before}"
        compiled = etree.XMLSchema(etree.parse(tmp_path / "all.xsd"))
        found = any(compiled.validate(xml.parse(made.data)) != said for made, said in judged(oracles, version))
        assert found, f"no random message tells {after or f'that there is no {before}'} in {changed}"
