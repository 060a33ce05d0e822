"""Our schema of business process metadata and the official one say the same: by structure and by verdict."""

from __future__ import annotations

import random
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from tests.contracts.smev.grammar import Grammar
from tests.contracts.smev.noise import Maker

from socert.contracts import xml
from socert.contracts.smev.version import PACKAGE
from socert.contracts.xml import Schema

if TYPE_CHECKING:
    from pathlib import Path

NAME = "schemas/business-process-metadata.xsd"
SEED = 20260416
MESSAGES = 1000


@pytest.fixture(scope="module")
def ours() -> Schema:
    return Schema.load(PACKAGE, NAME)


@pytest.fixture(scope="module")
def official(oracles: Path) -> etree._ElementTree:
    return etree.parse(oracles / "smev3" / "schemas" / "smev-business-process-metadata-1.0.xsd")


def test_every_component_has_the_same_shape(official: etree._ElementTree) -> None:
    source = etree.fromstring((resources.files(PACKAGE) / NAME).read_bytes())
    assert Grammar([source]).shapes() == Grammar([official.getroot()]).shapes()


def test_random_metadata_gets_the_same_verdict(ours: Schema, official: etree._ElementTree) -> None:
    verdicts: Counter[bool] = Counter()
    compiled, maker = etree.XMLSchema(official), Maker(Grammar([official.getroot()]), random.Random(SEED))
    for number in range(MESSAGES):
        root = maker.message(maker.grammar.elements[number % len(maker.grammar.elements)])
        done = [maker.spoil(root) for _ in range(maker.dice.choice([0, 1, 2]))]
        data = etree.tostring(root, encoding="UTF-8")
        element = xml.parse(data)
        said = compiled.validate(element)
        assert (not ours.violations(element)) == said, f"seed {SEED}, message {number}: {done}\n{data.decode()}"
        verdicts[said] += 1
    assert min(verdicts.values()) > MESSAGES // 4


def test_what_an_aggregator_must_give_is_known(ours: Schema) -> None:
    space = "urn://x-artefacts-smev-gov-ru/services/message-exchange/business-process-metadata/1.0"
    assert not ours.violations(xml.parse(f'<frgu xmlns="{space}">6300000010000000001</frgu>'.encode()))
    assert ours.violations(xml.parse(f'<frgu xmlns="{space}">{"1" * 51}</frgu>'.encode()))
