"""Random messages that a grammar describes, and ways to spoil them."""

from __future__ import annotations

import copy
import string
from collections import Counter
from typing import TYPE_CHECKING, Final

from lxml import etree
from tests.contracts.smev.grammar import XS, Node, declared_name, name_of, occurs, parts, tag

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.contracts.smev.grammar import Grammar

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
LETTERS: Final = "x я>&]\t😀"
VALUES: Final[dict[str, list[str]]] = {
    "anyURI": ["urn:x", "", "http://x/y", "urn://x-artefacts-x/1.0"],
    "NCName": ["Root", "Корень", "_"],
    "dateTime": ["2026-04-16T09:01:20.319+03:00", "2026-04-16T09:01:20", "2026-04-16T09:01:20Z"],
    "int": ["0", "-1", "2147483647", "-2147483648", "+5"],
    "long": ["0", "9223372036854775807", "-1"],
    "boolean": ["true", "false", "0", "1"],
    "base64Binary": ["", "AAAA", "A A A A", "AA=="],
}
JUNK: Final = [
    "", " ", "x", "-", "2147483648", "9223372036854775808", "1e5", "TRUE", "2026-04-16", "25:00", "2026-04-16T25:00:00",
    "B077CD84-3959-11F1-B8B2-0242333CCE59", "b077cd84-3959-11f1-b8b2-0242333cce59 ", "{b077cd84}", "text/xml;a",
    "Text/xml", "font/x", "A", "A===", "1 2", "a b", "a:b", "%zz", "ID_1", " 2026-04-16T09:01:20Z ",
    " a ", " 7 ", "1" * 51, "x" * 4001,
]  # fmt: skip
BORDERS: Final = {
    f"{{{XS}}}{name}": values
    for name, values in {
        "anyURI": ["%zz", "a b", "::"],
        "NCName": ["a:b", "1a", "", "a b"],
        "dateTime": ["2026-02-30T00:00:00", "2026-04-16", "2026-04-16T24:00:00", "2026-04-16T25:00:00"],
        "int": ["2147483647", "2147483648", "-2147483649", "1.0"],
        "long": ["9223372036854775807", "9223372036854775808", "-9223372036854775809"],
        "boolean": ["TRUE", "2", ""],
        "base64Binary": ["A", "A===", "AA="],
        "ID": ["1", "a b", "a:b", ""],
    }.items()
}
"""Values at the border of what a built-in type takes, inside and outside."""

TELLING: Final = (
    "remove", "repeat", "twice inside", "empty", "junk", "facet", "fill up", "overfill", "attribute away",
    "attribute value", "other namespace",
)  # fmt: skip
"""Ways that tell two schemas apart when they differ in one word."""

MANY: Final = 3
"""How often at most something that may come any number of times is repeated."""


def _any(_: Node) -> bool:
    return True


def _inside(node: Node) -> bool:
    return node.getparent() is not None


def _followed(node: Node) -> bool:
    return node.getnext() is not None


def _parent(node: Node) -> Node:
    parent = node.getparent()
    assert parent is not None
    return parent


class Maker:
    """Makes valid messages by one grammar, and spoils them. The dice decide all: the same dice, the same messages."""

    def __init__(self, grammar: Grammar, dice: random.Random) -> None:
        self.grammar = grammar
        self.dice = dice
        self.prefixes = {f"n{number}": namespace for number, namespace in enumerate(grammar.namespaces)} | {"xsi": XSI}
        self.names = sorted(
            {etree.QName(name).localname for name in grammar.elements}
            | {node.get("name", "") for node in grammar.nodes() if tag(node) == "element" and node.get("name")}
        )
        self.enumerated = sorted({node.get("value", "") for node in grammar.nodes() if tag(node) == "enumeration"})
        self.declarations: dict[Node, Node] = {}
        """What declares each element of the last message."""
        self.done: Counter[tuple[str, Node | None]] = Counter()
        """How often each thing was done to the elements of each declaration."""
        self.ids = 0
        self.ways: dict[str, tuple[Callable[[Node], None], Callable[[Node], bool]]] = {
            "remove": (self._remove, _inside),
            "repeat": (self._repeat, _inside),
            "move": (self._move, _followed),
            "swap": (self._swap, _followed),
            "fill up": (lambda one: self._fill_up(one, 0), lambda one: self._bounds(one) > 0),
            "overfill": (lambda one: self._fill_up(one, 1), lambda one: self._bounds(one) > 0),
            "rename": (self._rename, _any),
            "other namespace": (self._other_namespace, _any),
            "junk": (self._junk, _any),
            "facet": (self._facet, lambda one: bool(self._facets(one))),
            "attribute away": (self._attribute_away, lambda one: bool(one.attrib)),
            "attribute value": (self._attribute_value, lambda one: bool(one.attrib)),
            "attribute": (self._attribute, _any),
            "type": (self._type, _any),
            "nil": (self._nil, _any),
            "known child": (self._known_child, _any),
            "unknown child": (self._unknown_child, _any),
            "twice inside": (self._twice_inside, lambda one: len(one) > 0),
            "empty": (self._empty, lambda one: len(one) > 0 or bool(one.text)),
            "comment": (self._comment, _any),
        }
        """Each way to spoil an element, and which elements it can be done to."""

    # --- valid ones --------------------------------------------------------------------------------------------------

    def message(self, name: str) -> Node:
        """Return a valid element of a global name."""
        self.declarations.clear()
        self.ids = 0
        root = etree.Element(name, nsmap=self.prefixes)
        self._declared(root, self.grammar.components["element", name])
        return root

    def _declared(self, made: Node, node: Node) -> None:
        self.declarations[made] = node
        kind = name_of(node, "type")
        if kind:
            heirs = self.grammar.heirs.get(kind)
            if heirs and self.dice.random() < 0.2:
                kind = self.dice.choice(heirs)
                made.set(f"{{{XSI}}}type", self._written(kind))
            self._of_type(made, kind)
        for part in parts(node):
            self._fill(made, part)

    def _written(self, name: str) -> str:
        namespace = etree.QName(name).namespace
        prefix = next((prefix for prefix, known in self.prefixes.items() if known == namespace), "xsi")
        return f"{prefix}:{etree.QName(name).localname}"

    def _of_type(self, made: Node, kind: str) -> None:
        if kind.startswith(f"{{{XS}}}"):
            made.text = self._built_in(etree.QName(kind).localname)
        else:
            self._fill(made, self.grammar.components["type", kind])

    def _fill(self, made: Node, node: Node) -> None:
        match tag(node):
            case "complexType" | "complexContent" | "simpleContent" | "simpleType":
                for part in parts(node):
                    self._fill(made, part)
            case "extension":
                self._of_type(made, name_of(node, "base"))
                for part in parts(node):
                    self._fill(made, part)
            case "restriction":
                made.text = self._restricted(node)
            case "attribute":
                if node.get("use") == "required" or self.dice.random() < 0.5:
                    made.set(node.get("name", ""), self._simple(name_of(node, "type")))
            case "element" | "any" | "sequence" | "choice":
                least, most = occurs(node)
                for _ in range(self.dice.randint(int(least), MANY if most == "unbounded" else min(int(most), MANY))):
                    self._particle(made, node)

    def _particle(self, made: Node, node: Node) -> None:
        match tag(node):
            case "sequence":
                for part in parts(node):
                    self._fill(made, part)
            case "choice":
                self._fill(made, self.dice.choice(list(parts(node))))
            case "any":
                self._anything(made, node)
            case "element" if node.get("ref"):
                name = name_of(node, "ref")
                child = etree.SubElement(made, name)
                self._declared(child, self.grammar.components["element", name])
                self.declarations[child] = node
            case "element":
                self._declared(etree.SubElement(made, declared_name(node)), node)

    def _anything(self, made: Node, node: Node) -> None:
        """Add what a wildcard takes: mostly something unknown; something known must be valid where it is looked at."""
        allowed, home = node.get("namespace"), node.getroottree().getroot().get("targetNamespace")
        known = [name for name in self.grammar.elements if etree.QName(name).namespace != home]
        if allowed == "##other" and self.dice.random() < 0.15:
            name = self.dice.choice(known)
            self._declared(etree.SubElement(made, name), self.grammar.components["element", name])
        else:
            child = etree.SubElement(made, f"{{{'urn:other' if allowed == '##other' else allowed}}}Any", a="b")
            etree.SubElement(child, "Inner").text = self._text(20)
            self.declarations[child] = node

    def _simple(self, kind: str) -> str:
        if kind.startswith(f"{{{XS}}}"):
            return self._built_in(etree.QName(kind).localname)
        (restriction,) = parts(self.grammar.components["type", kind])
        return self._restricted(restriction)

    def _built_in(self, local: str) -> str:
        match local:
            case "ID":
                self.ids += 1
                return f"ID_{self.ids}"
            case "string":
                return self._text(self.dice.choice([0, 1, 30]))
        return self.dice.choice(VALUES[local])

    def _restricted(self, node: Node) -> str:
        facets = {tag(facet): facet.get("value", "") for facet in parts(node)}
        assert len(facets) == 1, facets
        match facets:
            case {"enumeration": _}:
                return self.dice.choice([facet.get("value", "") for facet in parts(node)])
            case {"maxLength": limit}:
                return self._text(self.dice.choice([0, 1, min(30, int(limit)), int(limit)]))
            case {"pattern": pattern} if pattern.startswith("[0-9a-f]{8}-"):
                return "-".join("".join(self.dice.choices("0123456789abcdef", k=size)) for size in (8, 4, 4, 4, 12))
            case {"pattern": pattern} if pattern.startswith("(text|image|"):
                kind = self.dice.choice(["text", "image", "audio", "video", "application"])
                return f"{kind}/{''.join(self.dice.choices(string.ascii_letters + '09-+.', k=self.dice.randrange(6)))}"
        raise AssertionError(f"nothing is known that fits {facets}")

    def _text(self, length: int) -> str:
        if length <= 30:
            return "".join(self.dice.choices(LETTERS, k=length))
        return self.dice.choice(LETTERS) * length

    # --- spoiled ones ------------------------------------------------------------------------------------------------

    def spoil(self, root: Node, ways: Sequence[str] = ()) -> str:
        """Do one thing to one element and say what: one of some ways, of any when none is named. It may not matter.

        Of a few ways and all elements, what was done least to the like of an element is done to it.
        """
        everything = [one for one in root.iter() if isinstance(one.tag, str)]
        tries: list[tuple[int, float, str, Node]] = []
        for name in self.dice.sample(list(ways or self.ways), len(ways or self.ways)):
            tries += [
                (self.done[name, self.declarations.get(one)], self.dice.random(), name, one)
                for one in filter(self.ways[name][1], everything)
            ]
            if tries and self.dice.random() < 0.25:
                break
        if not tries:
            return "nothing"
        _, _, name, victim = min(tries)
        self.done[name, self.declarations.get(victim)] += 1
        self.ways[name][0](victim)
        return name

    def _remove(self, victim: Node) -> None:
        _parent(victim).remove(victim)

    def _repeat(self, victim: Node) -> None:
        victim.addprevious(self._another(victim))

    def _another(self, one: Node) -> Node:
        """Return a copy with ids of its own: what is wrong with it should be that it is one more."""
        made = copy.deepcopy(one)
        made.tail = None
        for node in made.iter("*"):
            if "Id" in node.attrib:
                node.set("Id", self._built_in("ID"))
        return made

    def _move(self, victim: Node) -> None:
        self.dice.choice(list(victim.itersiblings())).addnext(victim)

    def _swap(self, victim: Node) -> None:
        other = victim.getnext()
        assert other is not None
        other.addnext(victim)

    def _bounds(self, victim: Node) -> int:
        """Return how many of the element there may be, where that is a number above one and the element is small."""
        node = self.declarations.get(victim)
        most = occurs(node)[1] if node is not None else "1"
        if most in {"unbounded", "1"} or victim.getparent() is None or len(etree.tostring(victim)) > 1500:
            return 0
        return int(most)

    def _fill_up(self, victim: Node, over: int) -> None:
        """Repeat an element as often as it may be, and more."""
        parent = _parent(victim)
        for extra in [one for one in parent if one is not victim and one.tag == victim.tag]:
            parent.remove(extra)
        place, wanted = parent.index(victim), self._bounds(victim) + over
        parent[place:place] = [self._another(victim) for _ in range(wanted - 1)]

    def _rename(self, victim: Node) -> None:
        victim.tag = f"{{{etree.QName(victim).namespace or ''}}}{self.dice.choice(self.names)}"

    def _other_namespace(self, victim: Node) -> None:
        node = self.declarations.get(victim)
        home = node.getroottree().getroot().get("targetNamespace", "") if node is not None else ""
        local = etree.QName(victim).localname
        space = self.dice.choice([*self.grammar.namespaces, home, home, "urn:other", DSIG, ""])
        victim.tag = f"{{{space}}}{local}" if space else local

    def _junk(self, victim: Node) -> None:
        victim.text = self.dice.choice([*JUNK, *self.enumerated])

    def _facets(self, victim: Node) -> list[tuple[str, str]]:
        """Return the facets of an element's text; of a built-in type its name; nothing where any text will do."""
        node = self.declarations.get(victim)
        while node is not None:
            kind = name_of(node, "ref") or name_of(node, "type") or name_of(node, "base")
            if tag(node) == "restriction" and len(node):
                return [(tag(facet), facet.get("value", "")) for facet in parts(node)]
            if kind.startswith(f"{{{XS}}}"):
                return [("built-in", etree.QName(kind).localname)] if kind in BORDERS else []
            above = self.grammar.components.get(("element" if node.get("ref") else "type", kind))
            node = above if above is not None else next(parts(node), None)
            if node is not None and tag(node) in {"sequence", "choice", "attribute"}:
                return []
        return []

    def _facet(self, victim: Node) -> None:
        """Go to the very border of what the text may be, or over it."""
        said = victim.text or "x"
        match self._facets(victim):
            case [("maxLength", limit)]:
                victim.text = self._text(1) * (int(limit) + self.dice.randint(0, 1))
            case [("enumeration", _), *_]:
                victim.text = self.dice.choice([said.swapcase(), said + " ", said[:-1], *self.enumerated])
            case [("built-in", local)]:
                victim.text = self.dice.choice(BORDERS[f"{{{XS}}}{local}"])
            case _:
                place = self.dice.randrange(len(said))
                near = said[:place] + self.dice.choice(["", "A", "g", "/", "é", "\n"]) + said[place + 1 :]
                victim.text = self.dice.choice([near, near, "font/x", "multipart/x"])

    def _attribute_away(self, victim: Node) -> None:
        del victim.attrib[self.dice.choice(list(victim.attrib))]

    def _attribute_value(self, victim: Node) -> None:
        victim.set(self.dice.choice(list(victim.attrib)), self.dice.choice([*JUNK, "1" * 200, "1" * 201]))

    def _attribute(self, victim: Node) -> None:
        names = ["Id", "accepted", "errorPosition", "queueName", "pendingMessageNumber", "odd", "{urn:o}Id"]
        victim.set(self.dice.choice(names), self.dice.choice(["true", "1", "x"]))

    def _type(self, victim: Node) -> None:
        victim.set(f"{{{XSI}}}type", self._written(self.dice.choice(self.grammar.types)))

    def _nil(self, victim: Node) -> None:
        victim.set(f"{{{XSI}}}nil", "true")

    def _known_child(self, victim: Node) -> None:
        kept = dict(self.declarations)
        child = self.message(self.dice.choice(self.grammar.elements))
        self.declarations |= kept
        victim.insert(self.dice.randint(0, len(victim)), child)

    def _unknown_child(self, victim: Node) -> None:
        space = self.dice.choice(["urn:other", DSIG])
        victim.insert(self.dice.randint(0, len(victim)), etree.Element(f"{{{space}}}Odd"))

    def _twice_inside(self, victim: Node) -> None:
        victim.extend([self._another(child) for child in victim])

    def _empty(self, victim: Node) -> None:
        for child in list(victim):
            victim.remove(child)
        victim.text = None

    def _comment(self, victim: Node) -> None:
        victim.insert(0, etree.Comment("said by nobody"))
        victim[0].tail = self.dice.choice(["", " ", "\n", "x"])
