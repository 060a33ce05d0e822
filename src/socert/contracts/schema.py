"""Schemas that travel inside a package, and violations that name line, path and reason without quoting a value."""

from __future__ import annotations

import re
import threading
from importlib.resources import files
from typing import TYPE_CHECKING, Final, cast
from xml.sax.saxutils import quoteattr

from lxml import etree

from socert.contracts.errors import SchemaInvalid, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

MAX_VIOLATIONS: Final = 50
"""XML with more violations than this is reported with the first ones only."""

MAX_REASON: Final = 300
"""A longer reason is cut: a schema may list hundreds of allowed values."""

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_NAMES_A_TYPE: Final = etree.XPath(
    "boolean(.//@*[local-name()='type'][namespace-uri()='http://www.w3.org/2001/XMLSchema-instance'])"
)
_ROOT_URL: Final = "package://contracts/"
_COMPILING: Final = threading.Lock()
"""libxml2 prepares its built-in types with the first schema of a process; two threads at once see half of them."""


class Schema:
    """A compiled XSD, or several under one. One instance serves all threads: they take turns."""

    def __init__(self, compiled: etree.XMLSchema) -> None:
        """Wrap a compiled schema; `load` is the usual way to get one."""
        self._compiled = compiled
        self._turn = threading.Lock()

    @classmethod
    def load(cls, package: str, *names: str) -> Schema:
        """Compile files of a package (paths inside it, with `/`), so that the roots of each can be validated.

        Relative `schemaLocation`s are looked for among the files of the package and nowhere else.
        `FileNotFoundError` when a file is missing, `lxml.etree.XMLSchemaParseError` when one is not a schema,
        `ValueError` when no file is named, when two share a namespace (then one should include the other), or when a
        schema asks for a file outside the package.
        """
        if not names:
            raise ValueError("Name at least one schema file of the package.")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        resolver = _PackageFiles(package)
        parser.resolvers.add(resolver)
        imports: dict[str, str] = {}
        for name in names:
            namespace = etree.fromstring(_resource(package, name).read_bytes(), parser).get("targetNamespace", "")
            if namespace in imports:
                raise ValueError(f"{name} and {imports[namespace]} have the same namespace: name only one of them.")
            imports[namespace] = name
        lines = [
            f"<xs:import {f'namespace={quoteattr(namespace)} ' if namespace else ''}schemaLocation={quoteattr(name)}/>"
            for namespace, name in imports.items()
        ]
        # libxml2 compiles one document: give it one that imports all the others.
        all_of_them = f'<xs:schema xmlns:xs="{_XS}" targetNamespace="urn:all-schemas">{"".join(lines)}</xs:schema>'
        tree = etree.fromstring(all_of_them.encode(), parser, base_url=f"{_ROOT_URL}all.xsd")
        try:
            with _COMPILING:
                return cls(etree.XMLSchema(tree))
        except etree.XMLSchemaParseError:
            if resolver.failure is not None:  # says more than "failed to parse the resource"
                raise resolver.failure from None
            raise

    def violations(self, element: etree._Element) -> tuple[Violation, ...]:
        """Return where an element, taken as a root by itself, breaks the schema: empty when nowhere.

        At most `MAX_VIOLATIONS`, in document order; paths start at the element, lines are those of its document.
        """
        subject = _standalone(element)
        with self._turn:
            if self._compiled.validate(subject):
                return ()
            # The stubs do not know that a log can be iterated.
            entries = list(cast("Iterable[etree._LogEntry]", self._compiled.error_log))
        kept = [entry for entry in entries if _NOISE not in entry.message] or entries
        return tuple(_violation(entry, element) for entry in kept[:MAX_VIOLATIONS])

    def check(self, element: etree._Element) -> None:
        """Raise `SchemaInvalid` when an element, taken as a root by itself, breaks the schema."""
        found = self.violations(element)
        if found:
            raise SchemaInvalid(found)


class _PackageFiles(etree.Resolver):
    """Gives a schema the files of one package, and nothing else."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.failure: Exception | None = None

    # The stubs know neither the context nor the methods that make an answer from it.
    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]
        try:
            if not system_url.startswith(_ROOT_URL):
                raise ValueError(f"A schema of {self._package} asks for {system_url}, which is outside the package.")
            data = _resource(self._package, system_url.removeprefix(_ROOT_URL)).read_bytes()
        except (OSError, ValueError) as error:
            self.failure = error  # libxml2 reports only that there was one
            raise
        return self.resolve_string(data, context, base_url=system_url)


def _resource(package: str, name: str) -> Traversable:
    """Return a file of a package; `FileNotFoundError` when there is none."""
    parts = name.split("/")
    place = files(package).joinpath(*parts)
    if ".." in parts or not place.is_file():
        raise FileNotFoundError(f"Package {package} has no file {name}.")
    return place


def _standalone(element: etree._Element) -> etree._Element:
    """Return the element, or a copy that also carries the namespaces declared above it.

    The validator sees only the element, so an xsi:type whose prefix is declared further up would mean nothing to it.
    """
    if element.getparent() is None or not _NAMES_A_TYPE(element):
        return element
    return etree.fromstring(etree.tostring(element, encoding="utf-8", with_tail=False))


# --- from the validator's words to ours -----------------------------------------------------------------------------

_NOISE: Final = "No precomputed value available"  # follows an error that has been reported already
_SUBJECT: Final = re.compile(r"Element '[^']*'(?:, attribute '(?P<attribute>[^']*)')?: ")
_CLARK: Final = re.compile(r"\{[^{}']*\}(?=[\w*])")
_FACET: Final = re.compile(r"\[facet '\w+'\] ")
_STEP: Final = re.compile(r"(?:(?P<prefix>[^:/\[\]]+):)?(?P<local>[^:/\[\]]+)(?:\[(?P<position>\d+)\])?")
_ABOUT_VALUES: Final = re.compile(r"SCHEMAV_CVC_(?:\w*_VALID|DATATYPE|SIMPLE|FACET|TYPE|ATTRIBUTE|AU|ELT_5|IDC)")
# What the validator says of values. The value is all up to the last place where the rest fits: a value that looks like
# the rest of the sentence does not get out.
_OF_A_VALUE: Final = (
    (re.compile(r"The (?:actual |initial )?value '(.*)' ((?:is|has|must|does) .*)", re.DOTALL), "The value"),
    (re.compile(r"'(.*)' (is not a valid value of .*)", re.DOTALL), "The value"),
    (re.compile(r"Duplicate key-sequence \[(.*)\] (in .*)", re.DOTALL), "Duplicate key"),
    (re.compile(r"No match found for key-sequence \[(.*)\] (of .*)", re.DOTALL), "No match found for the key"),
)
_WITHOUT_A_VALUE: Final = re.compile(r"The value has a length of .*|Not all fields of .*|The attribute '.*|[^'\[]*")


def _violation(entry: etree._LogEntry, element: etree._Element) -> Violation:
    """Say what the validator found, where, and without the value it found it in."""
    subject = _SUBJECT.match(entry.message)
    found = _follow(entry.path, element)
    path = "".join(_steps(found, element)) if found is not None else entry.path or "/"
    if subject and subject["attribute"]:
        path += "/@" + _CLARK.sub("", subject["attribute"])
    reason = _reason(entry.type_name, entry.message[subject.end() :] if subject else entry.message)
    line = found.sourceline if found is not None else None
    return Violation(line=line if isinstance(line, int) else entry.line, path=path, reason=reason)


def _reason(kind: str, message: str) -> str:
    """Return the message without namespaces and without any value from the document."""
    message = _FACET.sub("", message).strip()
    if _ABOUT_VALUES.match(kind) and not _WITHOUT_A_VALUE.fullmatch(message):
        message = _masked(kind, message)
    if "PATTERN" not in kind:  # braces in a pattern mean something else
        message = _CLARK.sub("", message)
    return message if len(message) <= MAX_REASON else message[: MAX_REASON - 1] + "…"


def _masked(kind: str, message: str) -> str:
    """Return a message about a value with the value's length in its place."""
    for pattern, subject in _OF_A_VALUE:
        found = pattern.fullmatch(message)
        if found:
            return f"{subject} (length {len(found[1])}) {found[2]}"
    return f"The value is not allowed ({kind.removeprefix('SCHEMAV_').lower()})."


def _follow(path: str | None, element: etree._Element) -> etree._Element | None:
    """Return the element that the validator's path leads to, starting at the one it was given; None when lost."""
    steps = (path or "").split("/")[2:]
    for step in steps:
        parts = _STEP.fullmatch(step)
        if parts is None:
            return None
        position = int(parts["position"] or 1)
        for child in element.iterchildren("*"):
            local = etree.QName(child).localname
            if parts["local"] == "*" or (child.prefix == parts["prefix"] and local == parts["local"]):
                position -= 1
                if position == 0:
                    element = child
                    break
        else:
            return None
    return element


def _steps(element: etree._Element, start: etree._Element) -> Iterator[str]:
    """Yield the readable steps from `start` to an element in it: `/name`, with `[n]` among several of the name."""
    chain = [element]
    while chain[-1] is not start:
        parent = chain[-1].getparent()
        assert parent is not None  # `_follow` has come down the same way
        chain.append(parent)
    for node in reversed(chain):
        name = etree.QName(node).localname
        before = sum(1 for _ in node.itersiblings(node.tag, preceding=True)) if node is not start else 0
        alone = node is start or (before == 0 and next(node.itersiblings(node.tag), None) is None)
        yield f"/{name}" if alone else f"/{name}[{before + 1}]"
