'''The list of participants: a TOML file of information systems and of message types that they exchange.

    """
    [[message_type]]
    name = "passport"                            # two entries of one name are two formats of one type
    schema = "passport-1.0.xsd"                  # beside this file; its target namespace is the type's
    request = "PassportRequest"                  # root element
    responses = ["PassportResponse"]             # root elements that may answer
    category = "request"                         # or "broadcast": to everybody who serves it, without an answer
    routing_code = "//tns:RegionCode"            # XPath in the request; tns: the schema's namespace

    [[participant]]
    mnemonic = "REGION"
    certificates = ["region.crt", "next.crt"]    # files beside this one, or absolute
    serves = ["pf_certificate", "passport"]      # gets these requests
    sends = ["account", "order_event"]           # may send these requests
    """

The other fields of a participant are told in `Participant` and `Listed`. A field that nobody knows is refused.
'''

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

from socert.contracts.message import MessageType
from socert.contracts.smev.status import MessageCategory
from socert.contracts.xml import Schema
from socert.simulator.errors import SettingsError
from socert.simulator.smev.types import Format, Registered, Types, built_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_XS = "{http://www.w3.org/2001/XMLSchema}"
_CATEGORIES = {"request": MessageCategory.REQUEST, "broadcast": MessageCategory.BROADCAST}
_LONGEST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """One information system.

    `serves` and `sends` name the message types whose requests it gets, and which it may send. `name` is for people.
    `priority`: its requests are given out before those of others. `queue_limit`: how many messages each of its queues
    holds, None for any number. `push`: address of its service that hears how many messages wait. `routing_codes` and
    `identifiers`: what leads to it where a message type or a sender routes by them; its mnemonic always does. `quota`:
    how many bytes of files in messages of one type may wait for it, None for what the store allows everybody.
    """

    mnemonic: str
    serves: frozenset[str]
    sends: frozenset[str]
    name: str = ""
    priority: bool = False
    queue_limit: int | None = None
    push: str | None = None
    routing_codes: frozenset[str] = frozenset()
    identifiers: frozenset[str] = frozenset()
    quota: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A participant and where its certificates lie; the `revoked` are known as its own and hold no more.

    `personal_access`: certificates of the officials whose signed requests alone it is sent, None for everybody's.
    """

    participant: Participant
    certificates: tuple[Path, ...] = ()
    revoked: tuple[Path, ...] = ()
    personal_access: tuple[Path, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a list of participants says."""

    participants: tuple[Listed, ...]
    types: Types


def read_listing(place: Path) -> Listing:
    """Read the TOML file of participants; `SettingsError` says which entry and which field is wrong."""
    try:
        document = tomllib.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The list of participants {place} cannot be read: {error}.") from error
    unknown = sorted(document.keys() - {"participant", "message_type"})
    if unknown:
        raise SettingsError(
            f"{place} holds {', '.join(unknown)}: [[participant]] and [[message_type]] may stand there."
        )
    types = Types(_types(_Entry.all(place, document, "message_type")))
    listed = tuple(_participant(entry, types) for entry in _Entry.all(place, document, "participant"))
    if not listed:
        raise SettingsError(f"{place} holds no [[participant]] entries.")
    mnemonics = [one.participant.mnemonic for one in listed]
    twice = sorted({one for one in mnemonics if mnemonics.count(one) > 1})
    if twice:
        raise SettingsError(f"{place}: mnemonic {', '.join(twice)} stands twice.")
    return Listing(participants=listed, types=types)


class _Entry:
    """One entry of the file, whose fields are read by kind; what is wrong is told with entry and field."""

    def __init__(self, place: Path, kind: str, number: int, fields: dict[str, Any]) -> None:
        self.place = place
        self._title = f"{place}, {kind} {number}"
        self._fields = dict(fields)

    @classmethod
    def all(cls, place: Path, document: dict[str, Any], kind: str) -> list[_Entry]:
        """Return the entries of one kind."""
        found = document.get(kind, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise SettingsError(f"{place} holds no [[{kind}]] entries: {kind} is something else there.")
        return [cls(place, kind, number, fields) for number, fields in enumerate(found, 1)]

    def wrong(self, field: str, reason: str) -> SettingsError:
        """Return the refusal of a field; raise it."""
        return SettingsError(f"{self._title}: {field} {reason}.")

    def text(self, field: str, default: str | None = None, longest: int = _LONGEST) -> str:
        """Take a text; without a default it must be there."""
        value = self._fields.pop(field, default)
        if not isinstance(value, str) or (default is None and not value) or len(value) > longest:
            raise self.wrong(field, f"is a text of 1 to {longest} characters")
        return value

    def texts(self, field: str) -> list[str]:
        """Take a list of texts; empty where it is not there."""
        value = self._fields.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in value):
            raise self.wrong(field, f"is a list of texts of 1 to {_LONGEST} characters")
        return value

    def places(self, field: str) -> tuple[Path, ...]:
        """Take a list of files beside this one."""
        return tuple(self.place.parent / name for name in self.texts(field))

    def flag(self, field: str) -> bool:
        """Take true or false; false where it is not there."""
        value = self._fields.pop(field, False)
        if not isinstance(value, bool):
            raise self.wrong(field, "is true or false")
        return value

    def number(self, field: str) -> int | None:
        """Take a whole number from 1; None where it is not there."""
        value = self._fields.pop(field, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise self.wrong(field, "is a whole number from 1")
        return value

    def has(self, field: str) -> bool:
        """Whether a field is there and not taken yet."""
        return field in self._fields

    def end(self) -> None:
        """Refuse what nobody has taken."""
        for field in sorted(self._fields):
            raise self.wrong(field, "is not known here")


def _participant(entry: _Entry, types: Types) -> Listed:
    mnemonic = entry.text("mnemonic", longest=50)
    push = entry.text("push", "")
    if push and (urlsplit(push).scheme not in {"http", "https"} or not urlsplit(push).hostname):
        raise entry.wrong("push", "is an address that begins with http:// or https://")
    participant = Participant(
        mnemonic=mnemonic,
        serves=_names(entry, "serves", types),
        sends=_names(entry, "sends", types),
        name=entry.text("name", mnemonic),
        priority=entry.flag("priority"),
        queue_limit=entry.number("queue_limit"),
        push=push or None,
        routing_codes=frozenset(entry.texts("routing_codes")),
        identifiers=frozenset(entry.texts("identifiers")),
        quota=entry.number("quota"),
    )
    listed = Listed(
        participant=participant,
        certificates=entry.places("certificates"),
        revoked=entry.places("revoked"),
        personal_access=entry.places("personal_access") if entry.has("personal_access") else None,
    )
    entry.end()
    return listed


def _names(entry: _Entry, field: str, types: Types) -> frozenset[str]:
    named = frozenset(entry.texts(field))
    unknown = sorted(named - types.by_name.keys())
    if unknown:
        raise entry.wrong(field, f"names {unknown}; known are {', '.join(types.by_name)}")
    return named


def _types(entries: Iterable[_Entry]) -> list[Registered]:
    """Return the types that the entries tell, each with all its formats."""
    found: dict[str, Registered] = {}
    roots = {root for one in built_in().values() for root in _roots(one)}
    for entry in entries:
        read = _type(entry)
        known = found.get(read.name)
        if read.name in built_in():
            raise entry.wrong("name", f"{read.name} is a message type of this installation already")
        taken = sorted(str(root) for root in _roots(read) if root in roots)
        if taken:
            raise entry.wrong("schema", f"and the root elements are taken by another message type: {', '.join(taken)}")
        roots.update(_roots(read))
        if known is not None:
            if known.category is not read.category:
                raise entry.wrong("category", f"of {read.name} is not that of its other format")
            read = replace(known, formats=known.formats + read.formats, code=read.code or known.code)
        found[read.name] = read
    return list(found.values())


def _type(entry: _Entry) -> Registered:
    name = entry.text("name", longest=100)
    place = entry.place.parent / entry.text("schema")
    try:
        tree = etree.parse(str(place), _parser())
        schema = Schema(etree.XMLSchema(tree))
    except (OSError, etree.Error) as error:
        raise entry.wrong("schema", f"{place} cannot be used: {error}") from error
    root = tree.getroot()
    namespace = root.get("targetNamespace", "")
    declared = {one.get("name") for one in root.iterchildren(f"{_XS}element")}
    request, responses = entry.text("request"), entry.texts("responses")
    for field, element in [("request", request), *(("responses", one) for one in responses)]:
        if element not in declared and root.find(f"{_XS}include") is None:
            raise entry.wrong(field, f"names {element}, which {place.name} does not declare")
    category = _CATEGORIES.get(entry.text("category", "request"))
    if category is None:
        raise entry.wrong("category", f"is one of {', '.join(_CATEGORIES)}")
    if responses and category is MessageCategory.BROADCAST:
        raise entry.wrong("responses", "have no place in a broadcast: nobody may answer it")
    expression = entry.text("routing_code", "")
    read = Registered(
        name=name,
        formats=(
            Format(
                request=MessageType(namespace=namespace, root=request),
                responses=tuple(MessageType(namespace=namespace, root=one) for one in responses),
                schema=schema,
            ),
        ),
        category=category,
        code=_path(entry, expression, namespace) if expression else None,
    )
    entry.end()
    return read


def _path(entry: _Entry, expression: str, namespace: str) -> etree.XPath:
    try:
        return etree.XPath(expression, namespaces={"tns": namespace} if namespace else None)
    except etree.XPathSyntaxError as error:
        raise entry.wrong("routing_code", f"is no XPath expression: {error}") from error


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _roots(registered: Registered) -> list[MessageType]:
    return [root for one in registered.formats for root in (one.request, *one.responses)]
