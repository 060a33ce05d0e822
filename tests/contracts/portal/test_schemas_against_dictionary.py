"""The schemas say what the dictionary's tables say.

A second schema is built here from the tables alone; both judge thousands of messages, each one step away from a
valid one: every node of every message dropped, repeated, renamed, moved, and every value taken past its limits.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree

from socert.contracts.portal import account, pf_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element

    from socert.contracts.xml import Schema

XS = "http://www.w3.org/2001/XMLSchema"
PLAIN = {"string", "long", "int", "integer", "decimal", "double", "boolean", "date", "dateTime", "gYearMonth"}


@dataclass
class Node:
    """One row of a table, with the rows below it."""

    name: str
    kind: str
    low: int = 1
    high: int | None = 1
    facets: list[tuple[str, str]] = field(default_factory=list)
    choice: tuple[str, int] | None = None
    children: list[Node] = field(default_factory=list)
    attributes: list[Node] = field(default_factory=list)


class Tables:
    """The dictionary's tables: roots of one section, and blocks and simple types of all."""

    def __init__(self, text: str) -> None:
        self.sections = {part.split(".", 1)[0]: part for part in text.split("\n## ")[1:]}
        self.simple: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        for name, base, facets in re.findall(
            r"^\| `(\w+)` \| (\w+) \| `([^`]+)` \|$", self.sections["6"], re.MULTILINE
        ):
            self.simple[name] = (base, read_facets(facets))
        self.blocks = dict(self._tables("Block", text))

    def roots(self, section: str) -> list[Node]:
        """Every root of a section, its blocks put in place."""
        return [self._tree(rows, root=True)[0] for _, rows in self._tables("Root", self.sections[section])]

    @staticmethod
    def _tables(kind: str, text: str) -> Iterator[tuple[str, list[list[str]]]]:
        for found in re.finditer(rf"^#### {kind} `([\w-]+)`.*\n\n\|.*\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE):
            yield found[1], [[cell.strip() for cell in row[1:-1].split("|")] for row in found[2].splitlines()]

    def _tree(self, rows: list[list[str]], *, root: bool) -> list[Node]:
        top = Node("", "group")
        places: dict[str, Node] = {"": top}
        for path, kind, card, facets, group, *_ in rows:
            above, _, name = path.rpartition("/")
            node = places[path] = self._node(name.lstrip("@"), kind, card, facets, group)
            (places[above].attributes if group == "A" else places[above].children).append(node)
        assert len(top.children) == 1 or not root
        return top.children

    def _node(self, name: str, kind: str, card: str, facets: str, group: str) -> Node:
        low, high = card.split("..")
        node = Node(name, kind, int(low), None if high == "n" else int(high), read_facets(facets.strip("`")))
        if kind.startswith("→"):
            node.kind, node.children = "group", self._tree(self.blocks[kind[1:]], root=False)
        elif kind in self.simple:
            node.kind, node.facets = self.simple[kind]
        assert node.kind == "group" or node.kind in PLAIN | {"normalizedString"}, kind
        if found := re.fullmatch(r"(C\d+)\[(\d)\.\.1\]", group):
            node.choice = (found[1], int(found[2]))
        return node


def read_facets(text: str) -> list[tuple[str, str]]:
    """Facets of a cell: a list of XSD facet and value, enumerations one by one."""
    facets = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, value = part.partition(" ")
        facets += [("enumeration", item) for item in value.split()] if name == "enum" else [(name, value)]
    return facets


# A schema out of the tables


class Drawing:
    """Writes the schema of some roots, types nested in elements."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.named: list[str] = []

    def schema(self, roots: list[Node]) -> etree.XMLSchema:
        """Compile the schema."""
        body = "".join(self.element(root, top=True) for root in roots)
        return etree.XMLSchema(
            etree.fromstring(
                f'<xs:schema xmlns:xs="{XS}" xmlns:t="{self.namespace}" targetNamespace="{self.namespace}" '
                f'elementFormDefault="qualified">{body}{"".join(self.named)}</xs:schema>'
            )
        )

    def element(self, node: Node, *, top: bool = False) -> str:
        """Write an element and what it holds."""
        occurs = "" if top else f' minOccurs="{node.low}" maxOccurs="{"unbounded" if node.high is None else node.high}"'
        if node.kind == "group":
            inner = f"<xs:complexType>{self.sequence(node)}{self.attributes(node)}</xs:complexType>"
        elif node.attributes:
            self.named.append(self.simple(node, f' name="T{len(self.named)}"'))
            inner = (
                f'<xs:complexType><xs:simpleContent><xs:extension base="t:T{len(self.named) - 1}">'
                f"{self.attributes(node)}</xs:extension></xs:simpleContent></xs:complexType>"
            )
        else:
            inner = self.simple(node)
        return f'<xs:element name="{node.name}"{occurs}>{inner}</xs:element>'

    def sequence(self, node: Node) -> str:
        """Write the children; those of one choice stand together."""
        out = ["<xs:sequence>"]
        for choice, members in runs(node):
            inner = "".join(self.element(member) for member in members)
            out.append(f'<xs:choice minOccurs="{choice[1]}">{inner}</xs:choice>' if choice else inner)
        return "".join([*out, "</xs:sequence>"])

    def attributes(self, node: Node) -> str:
        """Write the attributes."""
        return "".join(
            f'<xs:attribute name="{attribute.name}" use="{"required" if attribute.low else "optional"}">'
            f"{self.simple(attribute)}</xs:attribute>"
            for attribute in node.attributes
        )

    @staticmethod
    def simple(node: Node, name: str = "") -> str:
        """Write a restriction of a built-in type."""
        facets = "".join(f"<xs:{facet} value={quoteattr(value)}/>" for facet, value in node.facets)
        return f'<xs:simpleType{name}><xs:restriction base="xs:{node.kind}">{facets}</xs:restriction></xs:simpleType>'


def runs(node: Node) -> Iterator[tuple[tuple[str, int] | None, list[Node]]]:
    """Children in order: one by one, or together when they are alternatives of one choice."""
    together: list[Node] = []
    for place, child in enumerate(node.children):
        together.append(child)
        following = node.children[place + 1] if place + 1 < len(node.children) else None
        if child.choice is None or following is None or following.choice != child.choice:
            yield child.choice, together
            together = []


# Messages out of the tables

GUID = "00000000-0000-4000-8000-00000000000a"
MATCHING = {
    r"\d{11}": "11223344595",
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}": GUID,
    r"\d{10}(\d{2})?": "0001234562",
    r"\d{4}[0-9A-Z]{2}\d{3}": "000001001",
    r"\d{13}(\d{2})?": "1990000000010",
    r"[0-9a-f]{64}": "0" * 64,
}
USUAL = {
    "string": "x",
    "boolean": "true",
    "date": "2026-09-01",
    "dateTime": "2026-09-01T09:00:00+03:00",
    "gYearMonth": "2026-09",
    "double": "17456.00",
    "decimal": "10.00",
}


def usual_value(node: Node) -> str:
    """A valid value of a simple node."""
    facets = dict(node.facets)
    for name in ("enumeration", "minInclusive"):
        if name in facets and node.kind != "decimal":
            return facets[name]
    return MATCHING[facets["pattern"]] if "pattern" in facets else USUAL.get(node.kind, "1")


class Message:
    """The smallest valid message that has every node of `line`, a way down from the root; `target` is its last."""

    def __init__(self, namespace: str, line: list[Node]) -> None:
        self.namespace = namespace
        self.line = line
        self.target: _Element
        self.root = self.build(line[0])

    def build(self, node: Node) -> _Element:
        """Build an element with what must be in it and what is on the way."""
        element = etree.Element(f"{{{self.namespace}}}{node.name}")
        for attribute in node.attributes:
            if attribute.low:
                element.set(attribute.name, usual_value(attribute))
        if node.kind != "group":
            element.text = usual_value(node)
        for choice, members in runs(node):
            wanted = [member for member in members if any(member is step for step in self.line)]
            least = members[0].low if choice is None else choice[1]
            chosen = (wanted or members)[0]
            for _ in range(max(chosen.low if choice else least, 1) if wanted or least else 0):
                element.append(self.build(chosen))
        if node is self.line[-1]:
            self.target = element
        return element


def lines(node: Node, above: tuple[Node, ...] = ()) -> Iterator[list[Node]]:
    """Every node below and including this one, as the way down to it."""
    here = [*above, node]
    yield here
    for child in node.children:
        yield from lines(child, tuple(here))


# Steps away from a valid message

ODD_VALUES = [
    *(
        "",
        " ",
        "x",
        "0",
        "1",
        "-1",
        "-0",
        "+5",
        "2",
        "12",
        "13",
        "99",
        "100",
        "1.5",
        "1.234",
        "1.230",
        "1e3",
        "NaN",
        "INF",
    ),
    *("true", " true ", "TRUE", "2026-02-30", "2026-01-01", "2026-01-01Z", "01.02.2026", "2026-13", "2026-09Z"),
    *("2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z", "10000-01-01T00:00:00Z", "2019", "2101"),
    *(
        "1234567890",
        "123456789012",
        "11223344595",
        "112-233-445 95",
        "１１２２３３４４５９５",
        "0000AB000",
        "0000ab000",
    ),
    *("9223372036854775807", "9223372036854775808", "2147483648", "9999999.99", "99999999.99", "9999999999.99"),
    *("10000000000.00", "F" * 64, "f" * 64, "f" * 65, "g" * 64, "1" * 13, "1" * 15, "ё" * 10, "ё" * 11, "\u00a0"),
    "0000000A-0000-4000-8000-00000000000F",
    "00000000000040008000000000000000000a",
]


def limit_values(node: Node) -> Iterator[str]:
    """Values at the limits of a node's facets and one past them."""
    for name, value in node.facets:
        match name:
            case "length" | "minLength" | "maxLength":
                yield from ("ж" * max(0, int(value) + step) for step in (-1, 0, 1))
            case "minInclusive" | "maxInclusive":
                yield from (str(int(value) + step) for step in (-1, 0, 1))
            case "enumeration":
                yield from (value, value.lower() + "x", f" {value}")
            case "totalDigits":
                yield from ("9" * (int(value) - 2) + ".99", "9" * (int(value) - 1) + ".99", "9" * int(value) + "9")


def steps(namespace: str, line: list[Node], chance: random.Random) -> Iterator[tuple[str, _Element]]:
    """Messages one step away from the valid one that goes down this line, with the names of the steps."""
    node = line[-1]

    def fresh() -> tuple[_Element, _Element]:
        message = Message(namespace, line)
        return message.root, message.target

    yield "as it should be", fresh()[0]
    root, target = fresh()
    target.tag = f"{{{namespace}}}{node.name}X"
    yield "renamed", root
    root, target = fresh()
    target.tag = node.name
    yield "without namespace", root
    root, target = fresh()
    target.set("odd", "1")
    yield "with an unknown attribute", root
    root, target = fresh()
    etree.SubElement(target, f"{{{namespace}}}odd")
    yield "with an unknown child", root
    if node.kind == "group":
        root, target = fresh()
        target.text = "text"
        yield "with text among elements", root
        root, target = fresh()
        target[:] = []
        yield "emptied", root
        root, target = fresh()
        target[:] = list(reversed(target))
        yield "with children reversed", root
    else:
        for value in {*limit_values(node), *chance.sample(ODD_VALUES, 12)}:
            root, target = fresh()
            target.text = value
            yield f"with the value {value!r}", root
    yield from attribute_steps(namespace, line)
    if len(line) > 1:
        yield from place_steps(namespace, line)


def place_steps(namespace: str, line: list[Node]) -> Iterator[tuple[str, _Element]]:
    """The last node of the line dropped, repeated up to its limit and past it, moved among its neighbours."""
    node, parent = line[-1], line[-2]
    for copies in {0, 2, node.high or 3, (node.high or 3) + 1}:
        message = Message(namespace, line)
        above = message.target.getparent()
        assert above is not None
        place = above.index(message.target)
        had = len(above.findall(message.target.tag))
        if copies == 0:
            above.remove(message.target)
        for _ in range(copies - had):
            above.insert(place, Message(namespace, line).target)
        yield f"{copies} times", message.root
    for sibling in parent.children:  # beside it, right or wrong: the other alternatives, what may stand next to it
        message = Message(namespace, line)
        message.target.addnext(Message(namespace, [*line[:-1], sibling]).target)
        yield f"followed by {sibling.name}", message.root
    message = Message(namespace, line)
    following = message.target.getnext()
    above = message.target.getparent()
    if following is not None and above is not None:
        above.remove(following)
        above.remove(message.target)
        yield "dropped together with the next", message.root
    message = Message(namespace, line)
    before = message.target.getprevious()
    if before is not None:
        message.target.addnext(before)
        yield "before what it follows", message.root


def attribute_steps(namespace: str, line: list[Node]) -> Iterator[tuple[str, _Element]]:
    """Attributes of the last node left out, moved into the namespace, and taken past their limits."""
    for attribute in line[-1].attributes:
        message = Message(namespace, line)
        message.target.attrib.pop(attribute.name)
        yield f"without @{attribute.name}", message.root
        message = Message(namespace, line)
        message.target.set(f"{{{namespace}}}{attribute.name}", message.target.attrib.pop(attribute.name))
        yield f"with @{attribute.name} in the namespace", message.root
        for value in {*limit_values(attribute), ""}:
            message = Message(namespace, line)
            message.target.set(attribute.name, value)
            yield f"with @{attribute.name} {value!r}", message.root


@pytest.mark.parametrize(
    ("section", "namespace", "schema"),
    [
        ("1", pf_certificate.NAMESPACE, pf_certificate.schema()),
        ("7", account.NAMESPACE, account.schema()),
    ],
    ids=["certificate query", "account"],
)
def test_schema_judges_as_the_tables_do(section: str, namespace: str, schema: Schema, oracles: Path) -> None:
    tables = Tables((oracles / "portal" / "PORTAL-MESSAGES.md").read_text(encoding="utf-8"))
    roots = tables.roots(section)
    drawn = Drawing(namespace).schema(roots)
    chance = random.Random(section)
    verdicts: Counter[bool] = Counter()
    differing = []
    for root in roots:
        for line in lines(root):
            path = "/".join(node.name for node in line)
            for step, message in steps(namespace, line, chance):
                expected = drawn.validate(message)
                verdicts[expected] += 1
                assert expected or step != "as it should be", f"{path}: the test builds an invalid message"
                if expected is not (schema.violations(message) == ()):
                    differing.append(f"{path} {step}: the tables say {expected}")
    assert differing == []
    assert verdicts[True] >= 1000
    assert verdicts[False] >= 2000
