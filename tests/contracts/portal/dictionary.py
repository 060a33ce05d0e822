"""The message dictionary's tables as trees, and a schema written out of them alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

XS = "http://www.w3.org/2001/XMLSchema"
PLAIN = {
    *("string", "normalizedString", "byte", "short", "int", "long", "integer", "decimal", "double"),
    *("boolean", "date", "dateTime", "gYearMonth"),
}
HOLDERS = {"group", "empty", "any"}


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
        assert node.kind in PLAIN | HOLDERS, kind
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
        fixed = dict(node.facets).get("fixed")
        occurs += "" if fixed is None else f" fixed={quoteattr(fixed)}"
        if node.kind == "any":
            return f"<xs:any{occurs}/>"
        if node.kind == "empty":
            inner = "<xs:complexType/>"
        elif node.kind == "group":
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
        facets = "".join(f"<xs:{facet} value={quoteattr(value)}/>" for facet, value in node.facets if facet != "fixed")
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
