"""Messages built from the dictionary's tables, valid ones and those one step away from a valid one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree
from tests.contracts.portal.dictionary import HOLDERS, Node, runs

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from lxml.etree import _Element

GUID = "00000000-0000-4000-8000-00000000000a"
MATCHING = {
    r"\d{11}": "11223344595",
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}": GUID,
    r"\d{10}(\d{2})?": "0001234562",
    r"\d{4}[0-9A-Z]{2}\d{3}": "000001001",
    r"\d{13}(\d{2})?": "1990000000010",
    r"[0-9a-f]{64}": "0" * 64,
    r"\d{8}(\d{3})?": "00000001",
    r"\d{6}": "000000",
    r"\d{3}-?\d{3}": "000-000",
}
USUAL = {
    "string": "x",
    "normalizedString": "x",
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
    for name in ("fixed", "enumeration", "minInclusive"):
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
        if node.kind not in HOLDERS:
            element.text = usual_value(node)
        for choice, members in runs(node):
            if members[0].kind == "any":
                continue
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
        if child.kind != "any":
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
            case "fixed":
                yield from (value, "", value.lower(), f" {value}")
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
    if node.kind in HOLDERS:
        if any(child.kind == "any" for child in node.children):
            yield from wildcard_steps(namespace, line)
        for text in (" ", "\n", "text"):
            root, target = fresh()
            target.text = text
            yield f"with the text {text!r} among elements", root
        root, target = fresh()
        target.append(etree.Comment("nothing"))
        yield "with a comment", root
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


def wildcard_steps(namespace: str, line: list[Node]) -> Iterator[tuple[str, _Element]]:
    """What may stand in place of any element: declared ones and others, one and two of them."""
    for copies in (1, 2):
        message = Message(namespace, line)
        for _ in range(copies):
            message.target.append(Message(namespace, line[:1]).root)
        yield f"with {copies} known inside", message.root
    message = Message(namespace, line)
    etree.SubElement(message.target, "{urn:other}other")
    yield "with another namespace inside", message.root
    message = Message(namespace, line)
    message.target.append(Message(namespace, line[:1]).root)
    message.target[0][:] = []
    yield "with a broken known one inside", message.root


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
        message.target.attrib.pop(attribute.name, "")
        yield f"without @{attribute.name}", message.root
        message = Message(namespace, line)
        message.target.attrib.pop(attribute.name, "")
        message.target.set(f"{{{namespace}}}{attribute.name}", usual_value(attribute))
        yield f"with @{attribute.name} in the namespace", message.root
        for value in {*limit_values(attribute), usual_value(attribute), ""}:
            message = Message(namespace, line)
            message.target.set(attribute.name, value)
            yield f"with @{attribute.name} {value!r}", message.root
