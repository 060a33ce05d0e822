"""Our schemas and the official ones of version 1.2 say the same: by structure, and by verdict on samples and noise."""

from __future__ import annotations

import copy
import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import pytest
from lxml import etree

from socert.contracts import xml
from socert.contracts.smev.version import PACKAGE, Version, files, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

XS = "http://www.w3.org/2001/XMLSchema"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
VERSION = Version.V1_2
NAMESPACES = [VERSION.types, VERSION.basic, VERSION.faults]
SEED = 20260416
MESSAGES = 2000

Node = etree._Element
Shape = tuple[Any, ...]


def tag(node: Node) -> str:
    return etree.QName(node).localname


def parts(node: Node) -> Iterator[Node]:
    return (child for child in node.iterchildren(f"{{{XS}}}*") if tag(child) != "annotation")


def name_of(node: Node, written: str) -> str:
    """Resolve a QName written in a schema."""
    prefix, _, local = written.rpartition(":")
    return f"{{{node.nsmap.get(prefix or None) or ''}}}{local}"


class Grammar:
    """The global components of some schema documents, by kind and name."""

    def __init__(self, documents: list[Node]) -> None:
        self.components: dict[tuple[str, str], Node] = {}
        for document in documents:
            for node in parts(document):
                if tag(node) != "import":
                    name = f"{{{document.get('targetNamespace')}}}{node.get('name')}"
                    kind = "element" if tag(node) == "element" else "type"
                    assert (kind, name) not in self.components
                    self.components[kind, name] = node
            assert document.get("elementFormDefault") == "qualified"
            assert document.get("attributeFormDefault", "unqualified") == "unqualified"

    def shapes(self) -> dict[tuple[str, str], Shape]:
        return {key: shape(node) for key, node in self.components.items()}


def occurs(node: Node) -> tuple[str, str]:
    return node.get("minOccurs", "1"), node.get("maxOccurs", "1")


def shape(node: Node) -> Shape:
    """Return what a component means, whatever its prefixes, annotations, order of attributes or needless groups."""
    match tag(node):
        case "element":
            if node.get("ref"):
                return ("element", name_of(node, node.get("ref", "")), *occurs(node))
            target = node.getroottree().getroot().get("targetNamespace")
            kind = name_of(node, node.get("type", "")) if node.get("type") else [shape(part) for part in parts(node)]
            return ("element", f"{{{target}}}{node.get('name')}", kind, *occurs(node))
        case "sequence" | "choice":
            return group(node)
        case "any":
            return ("any", node.get("namespace", "##any"), node.get("processContents", "strict"), *occurs(node))
        case "attribute":
            return ("attribute", node.get("name"), name_of(node, node.get("type", "")), node.get("use", "optional"))
        case "restriction":
            facets = sorted((tag(facet), facet.get("value")) for facet in parts(node))
            return ("restriction", name_of(node, node.get("base", "")), facets)
        case "extension":
            return ("extension", name_of(node, node.get("base", "")), [shape(part) for part in parts(node)])
        case "complexType" | "complexContent" | "simpleContent" | "simpleType":
            assert node.get("mixed", "false") == "false"
            inside = sorted((shape(part) for part in parts(node)), key=repr)
            return (tag(node), inside)
    raise AssertionError(f"the schema uses {tag(node)}, which this comparison does not know")


def group(node: Node) -> Shape:
    kind = tag(node)
    inside: list[Shape] = []
    for part in map(shape, parts(node)):
        if part[0] == kind == "sequence" and part[1:3] == ("1", "1"):
            inside.extend(part[3])
        else:
            inside.append(part)
    if len(inside) == 1 and inside[0][-2:] == ("1", "1"):
        return (*inside[0][:-2], *occurs(node))
    if len(inside) == 1 and occurs(node) == ("1", "1"):
        return inside[0]
    return (kind, *occurs(node), inside)


@pytest.fixture(scope="module")
def official(oracles: Path) -> Path:
    return oracles / "smev3" / "schemas" / "1.2"


@pytest.fixture(scope="module")
def official_grammar(official: Path) -> Grammar:
    return Grammar(
        [
            etree.parse(official / f"smev-message-exchange-{part}-1.2.xsd").getroot()
            for part in ("types", "basic", "faults")
        ]
    )


@pytest.fixture(scope="module")
def official_says(official: Path) -> Callable[[Node], bool]:
    compiled = etree.XMLSchema(etree.parse(official / "_all-1.2.xsd"))
    return lambda element: bool(compiled.validate(element))


def ours_says(element: Node) -> bool:
    return not schema(VERSION).violations(element)


def test_every_component_has_the_same_shape(official_grammar: Grammar) -> None:
    ours = Grammar([etree.fromstring(files(VERSION)[f"{part}.xsd"]) for part in ("types", "basic", "faults")]).shapes()
    theirs = official_grammar.shapes()
    assert ours.keys() == theirs.keys()
    assert len(ours) > 70
    for key in theirs:
        assert ours[key] == theirs[key], key


# --- samples ---------------------------------------------------------------------------------------------------------


def payloads(oracles: Path) -> Iterator[tuple[str, Node]]:
    """Yield what stands in the bodies of every example, of version 1.2 or made so; for faults the detail's element."""
    for place in sorted((oracles / "smev3").glob("examples/**/*")) + sorted((oracles / "smev3").glob("signed/*")):
        if not place.is_file():
            continue
        text = place.read_text("utf-8-sig").replace("/1.1", "/1.2")
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


def test_samples_get_the_same_verdict(oracles: Path, official_says: Callable[[Node], bool]) -> None:
    verdicts: Counter[bool] = Counter()
    for name, element in payloads(oracles):
        said = official_says(element)
        assert ours_says(element) == said, name
        verdicts[said] += 1
    assert verdicts[True] >= 10
    assert verdicts[False] >= 3


# --- noise -----------------------------------------------------------------------------------------------------------

WORDS = ["", " ", "x", "слово", "a>b]]>", "1" * 51, "1" * 101, "я" * 501, "x" * 1501, "x" * 4001]
VALUES: dict[str, list[str]] = {
    "string": WORDS,
    "anyURI": ["urn:x", "", "http://x/y z"],
    "NCName": ["Root", "Корень", " a "],
    "dateTime": ["2026-04-16T09:01:20.319+03:00", "2026-04-16T09:01:20", " 2026-04-16T09:01:20Z "],
    "int": ["0", "-1", "2147483647", "+5"],
    "long": ["0", "9223372036854775807"],
    "boolean": ["true", "0"],
    "base64Binary": ["", "AAAA", "A A A A"],
    "ID": ["ID_1", "SIGNED_BY_CALLER", "_x"],
}
PATTERNS = {
    "[0-9a-f]{8}": ["b077cd84-3959-11f1-b8b2-0242333cce59", "00000000-0000-0000-0000-000000000000"],
    "(text|image": ["text/xml", "application/", "image/svg+xml"],
}
JUNK = [
    "", " ", "x", "-", "2147483648", "1e5", "TRUE", "2026-04-16", "25:00", "B077CD84-3959-11F1-B8B2-0242333CCE59",
    "b077cd84-3959-11f1-b8b2-0242333cce59 ", "text/xml;a", "A", "1 2", "REQUEST", "CANCEL", "requestIsQueued",
    "responseIsDelivered", "ACCESS_DENIED", "NoSignatureFound", "SIGNED_BY_CALLER", "1" * 51, "x" * 4001,
]  # fmt: skip


class Maker:
    """Makes random elements that the official grammar describes, most of them valid, and spoils them."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.dice = random.Random(SEED)
        self.elements = sorted(name for kind, name in grammar.components if kind == "element")
        self.types = [*sorted(name for kind, name in grammar.components if kind == "type"), f"{{{XS}}}string"]
        local = {etree.QName(name).localname for name in self.elements}
        for node in grammar.components.values():
            local.update(part.get("name", "") for part in node.iter(f"{{{XS}}}element") if part.get("name"))
        self.names = sorted(local)

    def element(self, name: str) -> Node:
        node = self.grammar.components["element", name]
        made = etree.Element(name)
        self.fill_declared(made, node)
        return made

    def fill_declared(self, made: Node, node: Node) -> None:
        if node.get("type"):
            self.fill_named(made, name_of(node, node.get("type", "")))
        for part in parts(node):
            self.fill(made, part)

    def fill_named(self, made: Node, name: str) -> None:
        if name.startswith(f"{{{XS}}}"):
            made.text = self.dice.choice(VALUES[etree.QName(name).localname])
        else:
            self.fill(made, self.grammar.components["type", name])

    def fill(self, made: Node, node: Node) -> None:
        match tag(node):
            case "complexType" | "complexContent" | "simpleContent" | "simpleType":
                for part in parts(node):
                    self.fill(made, part)
            case "extension":
                self.fill_named(made, name_of(node, node.get("base", "")))
                for part in parts(node):
                    self.fill(made, part)
            case "restriction":
                made.text = self.restricted(node)
            case "attribute":
                if node.get("use") == "required" or self.dice.random() < 0.5:
                    made.set(node.get("name", ""), self.dice.choice(VALUES[node.get("type", "").partition(":")[2]]))
            case "element" | "any" | "sequence" | "choice":
                for _ in range(self.times(node)):
                    self.particle(made, node)

    def times(self, node: Node) -> int:
        least, most = occurs(node)
        return self.dice.randint(int(least), 3 if most == "unbounded" else int(most))

    def particle(self, made: Node, node: Node) -> None:
        match tag(node):
            case "sequence":
                for part in parts(node):
                    self.fill(made, part)
            case "choice":
                self.fill(made, self.dice.choice(list(parts(node))))
            case "any":
                other = "urn:other" if node.get("namespace") == "##other" else node.get("namespace", "")
                etree.SubElement(made, f"{{{other}}}Any").text = self.dice.choice(WORDS)
            case "element":
                if node.get("ref"):
                    made.append(self.element(name_of(node, node.get("ref", ""))))
                else:
                    space = node.getroottree().getroot().get("targetNamespace")
                    self.fill_declared(etree.SubElement(made, f"{{{space}}}{node.get('name')}"), node)

    def restricted(self, node: Node) -> str:
        facets = {tag(facet): facet.get("value", "") for facet in parts(node)}
        if "enumeration" in facets:
            return self.dice.choice([facet.get("value", "") for facet in parts(node)])
        if "pattern" in facets:
            return self.dice.choice(
                next(some for start, some in PATTERNS.items() if facets["pattern"].startswith(start))
            )
        limit = int(facets["maxLength"])
        return self.dice.choice([word for word in WORDS if len(word) <= limit] + [WORDS[-1][:limit]])

    def spoil(self, root: Node) -> None:
        """Do one thing to one element; it may or may not matter."""
        victim = self.dice.choice([one for one in root.iter() if isinstance(one.tag, str)])
        parent = victim.getparent()
        if parent is not None and self.dice.random() < 0.25:
            self.misplace(victim, parent)
        else:
            self.change(victim)

    def misplace(self, victim: Node, parent: Node) -> None:
        match self.dice.randrange(3):
            case 0:
                parent.remove(victim)
            case 1:
                parent.insert(self.dice.randint(0, len(parent)), copy.deepcopy(victim))
            case 2:
                parent.insert(self.dice.randint(0, len(parent) - 1), victim)

    def change(self, victim: Node) -> None:
        dice = self.dice
        match dice.randrange(9):
            case 0:
                victim.tag = f"{{{etree.QName(victim).namespace or ''}}}{dice.choice(self.names)}"
            case 1:
                victim.tag = f"{{{dice.choice([*NAMESPACES, 'urn:other'])}}}{etree.QName(victim).localname}"
            case 2 | 3:
                victim.text = dice.choice(JUNK)
            case 4:
                victim.attrib.clear()
            case 5:
                victim.set(dice.choice(["Id", "accepted", "errorPosition", "odd", "{urn:o}Id"]), dice.choice(JUNK))
            case 6:
                # A QName makes lxml declare the prefix; its stubs know only text.
                victim.set(XSI_TYPE, cast("str", etree.QName(dice.choice(self.types))))
            case 7:
                victim.append(self.element(dice.choice(self.elements)))
            case 8:
                victim.insert(0, etree.Comment("said by nobody"))
                victim[0].tail = dice.choice(JUNK)


def test_noise_gets_the_same_verdict(official_grammar: Grammar, official_says: Callable[[Node], bool]) -> None:
    maker = Maker(official_grammar)
    verdicts: Counter[tuple[str, bool]] = Counter()
    for count in range(MESSAGES):
        name = maker.elements[count % len(maker.elements)]
        made = maker.element(name)
        for _ in range(maker.dice.choice([0, 1, 1, 2, 3])):
            maker.spoil(made)
        data = etree.tostring(made, encoding="UTF-8")
        element = xml.parse(data)
        said = official_says(element)
        assert ours_says(element) == said, data.decode()
        verdicts[name, said] += 1
    assert sum(times for (_, said), times in verdicts.items() if said) > MESSAGES // 4
    assert sum(times for (_, said), times in verdicts.items() if not said) > MESSAGES // 4
    for name in maker.elements:
        assert verdicts[name, True], f"{name} was never valid"
        assert verdicts[name, False], f"{name} was never invalid"


def test_the_comparison_would_notice_a_difference(official_grammar: Grammar) -> None:
    """Each change of one attribute in our schemas changes a shape: the comparison is not blind."""
    theirs = official_grammar.shapes()
    changes = [
        ("types.xsd", 'name="ReplyTo" type="b:string-4000" minOccurs="0"', 'name="ReplyTo" type="b:string-4000"'),
        ("types.xsd", 'value="BROADCAST"', 'value="CANCEL"'),
        ("basic.xsd", 'name="Id" type="xs:ID" use="required"', 'name="Id" type="xs:ID"'),
        ("basic.xsd", 'maxLength value="100"', 'maxLength value="50"'),
        ("faults.xsd", 'name="SMEVFailure" type="b:Void"', 'name="SMEVFailure" type="b:SmevFault"'),
        ("basic.xsd", '<xs:any namespace="##other"', '<xs:any namespace="##any"'),
    ]
    for name, before, after in changes:
        source = files(VERSION)[name].decode()
        assert before in source
        changed = Grammar([etree.fromstring(source.replace(before, after).encode())]).shapes()
        assert any(theirs.get(key) != one for key, one in changed.items()), after


def test_our_schemas_are_found_in_the_package() -> None:
    assert set(files(VERSION)) == {"basic.xsd", "faults.xsd", "service.wsdl", "types.xsd"}
    assert PACKAGE == "socert.contracts.smev"
