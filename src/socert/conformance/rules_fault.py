"""The form of faults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from socert.conformance.message import Message, is_fault
from socert.conformance.requirement import Rules, Severity, Subject, at, shown
from socert.contracts.smev.envelope import SOAP
from socert.contracts.smev.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.conformance.requirement import Finding

RULES: Rules[Message] = Rules(Subject.MESSAGE)

_CHILDREN: Final = ("faultcode", "faultstring", "faultactor", "detail")
_CODES: Final = frozenset({"Server", "Client", "VersionMismatch", "MustUnderstand"})
_NUMBER: Final = re.compile(r"SMEV-\d+:\s*\S", re.ASCII)
_CYRILLIC: Final = re.compile(r"[А-Яа-яЁё]")


def _payload(message: Message) -> etree._Element:
    assert message.payload is not None
    return message.payload


@RULES(
    "FLT-001",
    "A fault has faultcode, faultstring and detail, in this order and without a namespace.",
    "В ошибке есть faultcode, faultstring и detail, в этом порядке и без пространства имён.",
    source="SOAP 1.1, 4.4",
    applies=is_fault,
)
def form(message: Message) -> Iterable[Finding]:
    """The details of a failed Body must be in detail."""
    names = [str(child.tag) for child in _payload(message).iterchildren("*")]
    unknown = [name for name in names if name not in _CHILDREN]
    missing = [name for name in ("faultcode", "faultstring", "detail") if name not in names]
    if unknown:
        yield at(_payload(message), f"it holds {shown(unknown[0])}", f"внутри {shown(unknown[0])}")
    elif missing:
        yield at(_payload(message), f"it has no {', '.join(missing)}", f"нет {', '.join(missing)}")
    elif names != sorted(names, key=_CHILDREN.index):
        yield at(_payload(message), f"the order is {', '.join(names)}", f"порядок: {', '.join(names)}")


@RULES(
    "FLT-002",
    "The faultcode is a name of SOAP 1.1: Server or Client in the envelope's namespace.",
    "faultcode — имя из SOAP 1.1: Server или Client в пространстве имён конверта.",
    source="SOAP 1.1, 4.4.1",
    applies=lambda message: is_fault(message) and _payload(message).find("faultcode") is not None,
)
def code(message: Message) -> Iterable[Finding]:
    """A qualified name, whose prefix is declared."""
    element = _payload(message).find("faultcode")
    assert element is not None
    prefix, _, local = (element.text or "").strip().rpartition(":")
    if element.nsmap.get(prefix or None) != SOAP or local.split(".")[0] not in _CODES:
        yield at(element, f"it is {shown(element.text)}", f"указано {shown(element.text)}")


@RULES(
    "FLT-003",
    "The faultstring tells people in Russian what is wrong.",
    "faultstring по-русски говорит, что не так.",
    source="manual appendix 6",
    severity=Severity.SHOULD,
    applies=lambda message: is_fault(message) and _payload(message).find("faultstring") is not None,
)
def words(message: Message) -> Iterable[Finding]:
    """The manual gives the texts."""
    element = _payload(message).find("faultstring")
    assert element is not None
    if not _CYRILLIC.search(element.text or ""):
        yield at(element, "there is no Russian in it", "русского текста нет")


@RULES(
    "FLT-004",
    "The detail holds exactly one element, and it is a fault of the exchange.",
    "В detail ровно один элемент — ошибка СМЭВ.",
    source="WSDL, soap:fault; faults.xsd",
    applies=lambda message: is_fault(message) and _payload(message).find("detail") is not None,
)
def detail(message: Message) -> Iterable[Finding]:
    """By its name in the namespace of the faults."""
    element = _payload(message).find("detail")
    assert element is not None
    inside = list(element.iterchildren("*"))
    if len(inside) != 1:
        yield at(element, f"it holds {len(inside)} elements", f"элементов внутри: {len(inside)}")
        return
    known = {kind.value for kind in FaultKind if kind.value}
    if message.version is None or etree.QName(inside[0]).localname not in known:
        name = shown(str(inside[0].tag))
        yield at(inside[0], f"{name} is no fault of a known version", f"{name} — не ошибка известной версии")


@RULES(
    "FLT-005",
    "The fault says Code and Description.",
    "В ошибке есть Code и Description.",
    source="basic.xsd, SmevFault",
    severity=Severity.SHOULD,  # gateways of 2023 leave the element empty
    applies=lambda message: message.fault is not None,
)
def described(message: Message) -> Iterable[Finding]:
    """Support asks for both."""
    assert message.fault is not None
    names = {etree.QName(child).localname for child in message.fault.iterchildren("*")}
    missing = [name for name in ("Code", "Description") if name not in names]
    if missing:
        yield at(message.fault, f"it has no {', '.join(missing)}", f"нет {', '.join(missing)}")


@RULES(
    "FLT-006",
    "The Description begins with SMEV- and a number, then a colon and words.",
    "Description начинается с SMEV- и номера, затем двоеточие и слова.",
    source="real faults of 2018-2026",
    severity=Severity.SHOULD,
    applies=lambda message: message.fault is not None and message.fault.find("{*}Description") is not None,
)
def number(message: Message) -> Iterable[Finding]:
    """Programs read the number."""
    assert message.fault is not None
    element = message.fault.find("{*}Description")
    assert element is not None
    if not _NUMBER.match((element.text or "").strip()):
        yield at(element, "it does not begin with SMEV-NNN:", "не начинается с SMEV-NNN:")
