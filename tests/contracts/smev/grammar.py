"""What some schema documents mean, to compare them with others and to make messages from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

XS: Final = "http://www.w3.org/2001/XMLSchema"
KNOWN: Final = frozenset(
    {
        "name", "type", "ref", "base", "value", "use", "namespace", "processContents", "minOccurs", "maxOccurs",
        "mixed", "{http://www.w3.org/2005/05/xmlmime}expectedContentTypes",
    }
)  # fmt: skip
"""Attributes of components that a comparison looks at, and one that says nothing of validity."""

Node = etree._Element
Shape = tuple[Any, ...]
Key = tuple[str, str]


def tag(node: Node) -> str:
    return etree.QName(node).localname


def parts(node: Node) -> Iterator[Node]:
    return (child for child in node.iterchildren(f"{{{XS}}}*") if tag(child) != "annotation")


def name_of(node: Node, attribute: str) -> str:
    """Resolve the QName that an attribute of a schema's component holds; empty where there is no such attribute."""
    written = node.get(attribute)
    if written is None:
        return ""
    prefix, _, local = written.rpartition(":")
    return f"{{{node.nsmap.get(prefix or None) or ''}}}{local}"


def declared_name(node: Node) -> str:
    """Return the name of the element that a declaration declares."""
    return f"{{{node.getroottree().getroot().get('targetNamespace')}}}{node.get('name')}"


def occurs(node: Node) -> tuple[str, str]:
    return node.get("minOccurs", "1"), node.get("maxOccurs", "1")


class Grammar:
    """The global components of some schema documents, by kind and name."""

    def __init__(self, documents: Iterable[Node]) -> None:
        self.components: dict[Key, Node] = {}
        self.namespaces: list[str] = []
        for document in documents:
            for node in parts(document):
                if tag(node) != "import":
                    key = ("element" if tag(node) == "element" else "type", declared_name(node))
                    assert key not in self.components
                    self.components[key] = node
            self.namespaces.append(document.get("targetNamespace", ""))
            assert document.get("elementFormDefault") == "qualified"
            assert document.get("attributeFormDefault", "unqualified") == "unqualified"
        self.heirs = self._heirs()

    @property
    def elements(self) -> list[str]:
        return sorted(name for kind, name in self.components if kind == "element")

    @property
    def types(self) -> list[str]:
        return sorted(name for kind, name in self.components if kind == "type")

    def nodes(self) -> Iterator[Node]:
        """Yield every node of every component."""
        for component in self.components.values():
            yield from component.iter(f"{{{XS}}}*")

    def shapes(self) -> dict[Key, Shape]:
        return {key: shape(node) for key, node in self.components.items()}

    def _heirs(self) -> dict[str, list[str]]:
        """Return the types that may stand for a type by xsi:type: those made from it, and those made from them."""
        base = {}
        for (kind, name), node in self.components.items():
            made = [*node.iterfind(f"{{{XS}}}restriction"), *node.iterfind(f"*/{{{XS}}}extension")]
            if kind == "type" and made:
                base[name] = name_of(made[0], "base")
        heirs: dict[str, list[str]] = {}
        for name in sorted(base):
            above = base[name]
            while above:
                heirs.setdefault(above, []).append(name)
                above = base.get(above, "")
        return heirs


def shape(node: Node) -> Shape:
    """Return what a component means, whatever its prefixes, annotations, order of attributes or needless groups."""
    assert set(node.attrib) <= KNOWN, f"the schema uses {set(node.attrib) - KNOWN}, which this comparison does not know"
    match tag(node):
        case "element":
            if node.get("ref"):
                return ("element", name_of(node, "ref"), *occurs(node))
            kind = name_of(node, "type") or [shape(part) for part in parts(node)]
            return ("element", declared_name(node), kind, *occurs(node))
        case "sequence" | "choice":
            return group(node)
        case "any":
            return ("any", node.get("namespace", "##any"), node.get("processContents", "strict"), *occurs(node))
        case "attribute":
            return ("attribute", node.get("name"), name_of(node, "type"), node.get("use", "optional"))
        case "restriction":
            facets = sorted((tag(facet), facet.get("value")) for facet in parts(node))
            return ("restriction", name_of(node, "base"), facets)
        case "extension":
            return ("extension", name_of(node, "base"), [shape(part) for part in parts(node)])
        case "complexType" | "complexContent" | "simpleContent" | "simpleType":
            assert node.get("mixed", "false") == "false"
            inside = sorted((shape(part) for part in parts(node)), key=repr)
            return (tag(node), inside)
    raise AssertionError(f"the schema uses {tag(node)}, which this comparison does not know")


def group(node: Node) -> Shape:
    """Return what a sequence or a choice means: one that only holds another is the other."""
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
