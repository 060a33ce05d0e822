"""What a requirement is, how a rule checks it, and what a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from socert.contracts.smev.envelope import path as path_of
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lxml import etree

T = TypeVar("T")

EVERY_VERSION = frozenset(Version)


class Severity(StrEnum):
    """How binding a requirement is."""

    MUST = "must"
    SHOULD = "should"


class Subject(StrEnum):
    """What a requirement is about: one message, a session of several, an exchange that answers."""

    MESSAGE = "message"
    SESSION = "session"
    ENDPOINT = "endpoint"


class Outcome(StrEnum):
    """What came of a requirement; the value is what is printed."""

    OK = "OK"
    KO = "KO"
    NOT_APPLICABLE = "--"


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A sentence in English (command line) and in Russian (HTML)."""

    en: str
    ru: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """A sentence that holds or not. `id` stays the same for good; `source` is where the sentence comes from."""

    id: str
    says: Words
    source: str
    severity: Severity
    versions: frozenset[Version]
    subject: Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Where a requirement is broken and why; nothing of the message's content but names and ids.

    `message` is the name of the message, `line` counts from 1 in its XML, `path` is of local names.
    """

    reason: Words
    message: str = ""
    line: int | None = None
    path: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of one requirement: on how many messages it was checked, and every place where it is broken.

    `doubt` says why nothing could be told, where something should have been.
    """

    requirement: Requirement
    outcome: Outcome
    checked: int = 0
    findings: tuple[Finding, ...] = ()
    doubt: Words | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Generic[T]):
    """A requirement with its check: `applies` says whether it concerns a subject, `check` yields what is wrong."""

    requirement: Requirement
    applies: Callable[[T], bool]
    check: Callable[[T], Iterable[Finding]]


class Rules(Generic[T]):
    """A list of rules, filled by decorating the checks."""

    def __init__(self, subject: Subject) -> None:
        """Take what the rules are about."""
        self.all: list[Rule[T]] = []
        self._subject = subject

    def __call__(
        self,
        identifier: str,
        en: str,
        ru: str,
        *,
        source: str,
        applies: Callable[[T], bool],
        severity: Severity = Severity.MUST,
        versions: frozenset[Version] = EVERY_VERSION,
    ) -> Callable[[Callable[[T], Iterable[Finding]]], Callable[[T], Iterable[Finding]]]:
        """Make the decorated function the check of a requirement."""
        requirement = Requirement(
            id=f"SMEV-{identifier}",
            says=Words(en=en, ru=ru),
            source=source,
            severity=severity,
            versions=versions,
            subject=self._subject,
        )

        def add(check: Callable[[T], Iterable[Finding]]) -> Callable[[T], Iterable[Finding]]:
            self.all.append(Rule(requirement=requirement, applies=applies, check=check))
            return check

        return add


def found(en: str, ru: str, *, line: int | None = None, path: str = "", message: str = "") -> Finding:
    """Return a finding."""
    return Finding(reason=Words(en=en, ru=ru), line=line, path=path, message=message)


def at(element: etree._Element, en: str, ru: str, *, attribute: str = "", message: str = "") -> Finding:
    """Return a finding at an element, or at an attribute of it."""
    line = element.sourceline
    place = path_of(element) + (f"/@{attribute}" if attribute else "")
    return found(en, ru, line=line if isinstance(line, int) else None, path=place, message=message)


def shown(text: str | None, most: int = 120) -> str:
    """Return a technical value (a name, a URI, an id) for a reason: printable, cut where somebody made it long."""
    if text is None:
        return "nothing"
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return clean if len(clean) <= most else f"{clean[:most]}…"
