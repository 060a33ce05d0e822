"""The page of versions names every word of the schemas that a version has and another has not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree
from tests.contracts.smev.grammar import Grammar, tag

from socert.contracts.smev.version import Version, files

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "versions.md"
WORDS = {"element": "name", "attribute": "name", "enumeration": "value"}


def words(version: Version) -> set[str]:
    """Return the names and values that a message of a version may hold."""
    grammar = Grammar(etree.fromstring(data) for name, data in files(version).items() if name.endswith(".xsd"))
    return {node.get(WORDS[tag(node)], "") for node in grammar.nodes() if tag(node) in WORDS} - {""}


@pytest.mark.parametrize("version", list(Version))
def test_what_not_every_version_has_is_named(version: Version) -> None:
    own = words(version)
    common = words(Version.V1_1) & words(Version.V1_2) & words(Version.V1_3)
    special = {word.removesuffix("Request").removesuffix("Response") for word in own - common}
    named = set(re.findall(r"`(?:\w+/)?@?(\w+)`", PAGE.read_text("utf-8")))
    assert special
    assert special <= named, f"{PAGE.name} does not name {sorted(special - named)}"


def test_nothing_is_named_that_no_version_has() -> None:
    operations = {"SendRequest", "GetRequest", "GetIncomingQueueStatistics"}
    known = {word for version in Version for word in words(version)} | operations
    named = set(re.findall(r"`@?([A-Z]\w+)`", PAGE.read_text("utf-8")))
    assert named <= known, f"no schema has {sorted(named - known)}"
