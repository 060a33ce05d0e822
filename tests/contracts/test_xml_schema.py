"""Schemas: found in a package and nowhere else, and violations that name the place but not the value."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from socert.contracts.errors import SchemaInvalid, Violation
from socert.contracts.schema import MAX_REASON, MAX_VIOLATIONS
from socert.contracts.xml import Schema, parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TYPES = r"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:types" xmlns:t="urn:types"
    xmlns:b="urn:basic" elementFormDefault="qualified">
  <xs:import namespace="urn:basic" schemaLocation="../common/basic.xsd"/>
  <xs:element name="Batch">
    <xs:complexType><xs:sequence>
      <xs:element name="note" minOccurs="0"/>
      <xs:element name="item" maxOccurs="unbounded">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="snils" type="b:Snils" minOccurs="0"/>
            <xs:element name="kind" type="b:Kind" minOccurs="0"/>
            <xs:element name="name" type="b:Name" minOccurs="0"/>
            <xs:element name="sum" type="b:Sum" minOccurs="0"/>
            <xs:element name="born" type="xs:date" minOccurs="0"/>
            <xs:element name="fixed" fixed="yes" minOccurs="0"/>
            <xs:element name="plain" type="xs:string" minOccurs="0"/>
            <xs:element name="fault" type="b:Fault" minOccurs="0"/>
          </xs:sequence>
          <xs:attribute name="n" type="xs:int" use="required"/>
        </xs:complexType>
      </xs:element>
    </xs:sequence></xs:complexType>
    <xs:key name="byNumber"><xs:selector xpath="t:item"/><xs:field xpath="@n"/></xs:key>
  </xs:element>
</xs:schema>"""

BASIC = r"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:basic">
  <xs:simpleType name="Snils"><xs:restriction base="xs:string"><xs:pattern value="\d{11}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Kind"><xs:restriction base="xs:string">
    <xs:enumeration value="hour"/><xs:enumeration value="rub"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Name"><xs:restriction base="xs:string">
    <xs:minLength value="1"/><xs:maxLength value="5"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Sum"><xs:restriction base="xs:decimal">
    <xs:maxInclusive value="100"/><xs:fractionDigits value="2"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Fault"/>
</xs:schema>"""

FAULTS = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:faults" xmlns:b="urn:basic"
    elementFormDefault="qualified">
  <xs:import namespace="urn:basic" schemaLocation="../common/basic.xsd"/>
  <xs:complexType name="Late"><xs:complexContent><xs:extension base="b:Fault">
    <xs:sequence><xs:element name="hours" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent>
  </xs:complexType>
  <xs:element name="Failure" type="xs:string"/>
</xs:schema>"""

SCHEMAS = {"v1/types.xsd": TYPES, "v1/faults.xsd": FAULTS, "common/basic.xsd": BASIC}


@pytest.fixture
def package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[dict[str, str]], str]:
    """Return a maker of importable packages that hold the given files."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(contents: dict[str, str]) -> str:
        name = f"schemas_of_{abs(hash(request.node.nodeid))}"
        for path, text in {"__init__.py": "", **contents}.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return name

    return make


@pytest.fixture
def schema(package: Callable[[dict[str, str]], str]) -> Schema:
    return Schema.load(package(SCHEMAS), "v1/types.xsd", "v1/faults.xsd")


def batch(*items: str) -> etree._Element:
    return parse("\n".join(['<Batch xmlns="urn:types">', *items, "</Batch>"]).encode())


def only(found: tuple[Violation, ...]) -> Violation:
    assert len(found) == 1, found
    return found[0]


def test_roots_of_every_named_schema_are_known(schema: Schema) -> None:
    assert schema.violations(batch('<item n="1"><snils>12345678901</snils></item>')) == ()
    assert schema.violations(parse(b'<Failure xmlns="urn:faults">x</Failure>')) == ()
    schema.check(parse(b'<Failure xmlns="urn:faults">x</Failure>'))


def test_an_unknown_root_is_a_violation(schema: Schema) -> None:
    violation = only(schema.violations(parse(b'<Other xmlns="urn:types"/>')))
    assert violation.path == "/Other"
    assert "No matching global declaration" in violation.reason


@pytest.mark.parametrize(
    ("inside", "path", "reason"),
    [
        (
            "<snils>Petrov</snils>",
            "/Batch/item[2]/snils",
            r"The value (length 6) is not accepted by the pattern '\d{11}'.",
        ),
        (
            "<kind>Petrov</kind>",
            "/Batch/item[2]/kind",
            "The value (length 6) is not an element of the set {'hour', 'rub'}.",
        ),
        (
            "<name>Petrov</name>",
            "/Batch/item[2]/name",
            "The value has a length of '6'; this exceeds the allowed maximum length of '5'.",
        ),
        (
            "<name></name>",
            "/Batch/item[2]/name",
            "The value has a length of '0'; this underruns the allowed minimum length of '1'.",
        ),
        (
            "<sum>Petrov</sum>",
            "/Batch/item[2]/sum",
            "The value (length 6) is not a valid value of the atomic type 'Sum'.",
        ),
        (
            "<sum>100.01</sum>",
            "/Batch/item[2]/sum",
            "The value (length 6) is greater than the maximum value allowed ('100').",
        ),
        (
            "<sum>99.999</sum>",
            "/Batch/item[2]/sum",
            "The value (length 6) has more fractional digits than are allowed ('2').",
        ),
        (
            "<born>Petrov</born>",
            "/Batch/item[2]/born",
            "The value (length 6) is not a valid value of the atomic type 'xs:date'.",
        ),
        (
            "<fixed>Petrov</fixed>",
            "/Batch/item[2]/fixed",
            "The value (length 6) does not match the fixed value constraint 'yes'.",
        ),
        (
            "<kind>rub</kind><snils/>",
            "/Batch/item[2]/snils",
            "This element is not expected. Expected is one of ( name, sum, born, fixed, plain, fault ).",
        ),
        (
            "Petrov",
            "/Batch/item[2]",
            "Character content other than whitespace is not allowed because the content type is 'element-only'.",
        ),
        (
            "<plain><b/></plain>",
            "/Batch/item[2]/plain",
            "Element content is not allowed, because the type definition is simple.",
        ),
    ],
)
def test_a_violation_names_place_and_reason(schema: Schema, inside: str, path: str, reason: str) -> None:
    violation = only(schema.violations(batch('<item n="1"/>', f'<item n="2">{inside}</item>')))
    assert violation == Violation(line=3, path=path, reason=reason)
    assert "Petrov" not in str(violation)


@pytest.mark.parametrize(
    ("attributes", "path", "reason"),
    [
        ('n="Petrov"', "/@n", "The value (length 6) is not a valid value of the atomic type 'xs:int'."),
        ('n="2" m="Petrov"', "/@m", "The attribute 'm' is not allowed."),
        ("", "", "The attribute 'n' is required but missing."),
        ('n="1"', "", "Duplicate key (length 3) in key identity-constraint 'byNumber'."),
    ],
)
def test_a_violation_of_an_attribute_names_it(schema: Schema, attributes: str, path: str, reason: str) -> None:
    violation = schema.violations(batch('<item n="1"/>', f"<item {attributes}/>"))[0]
    assert violation == Violation(line=3, path=f"/Batch/item[2]{path}", reason=reason)


def test_a_value_that_speaks_like_the_validator_stays_inside(schema: Schema) -> None:
    value = "1' is not accepted by the pattern 'Petrov"
    violation = only(schema.violations(batch(f'<item n="1"><snils>{value}</snils></item>')))
    assert violation.reason == rf"The value (length {len(value)}) is not accepted by the pattern '\d{{11}}'."


def test_missing_children_are_named_at_their_parent(schema: Schema) -> None:
    violation = only(schema.violations(parse(b'<Batch xmlns="urn:types"><note/></Batch>')))
    assert violation.path == "/Batch"
    assert violation.reason == "Missing child element(s). Expected is ( item )."


def test_paths_need_no_prefixes_and_survive_odd_ones(schema: Schema) -> None:
    root = parse(
        b'<p:Batch xmlns:p="urn:types" xmlns:q="urn:types"><p:item n="1"/><q:item n="2"/><item xmlns="urn:types" n="3">'
        b"<!-- between --><p:snils>x</p:snils></item></p:Batch>"
    )
    assert only(schema.violations(root)).path == "/Batch/item[3]/snils"


def test_an_element_inside_a_document_is_judged_as_a_root(schema: Schema) -> None:
    document = parse(
        b'<e:Envelope xmlns:e="urn:e" xmlns:t="urn:types"><e:Body>\n<t:Batch>\n<t:item n="1"/>\n'
        b'<t:item n="x"/>\n</t:Batch></e:Body></e:Envelope>'
    )
    element = document[0][0]
    before = etree.tostring(document)
    violation = schema.violations(element)[0]
    assert (violation.line, violation.path) == (4, "/Batch/item[2]/@n")
    assert etree.tostring(document) == before
    assert element.getparent() is document[0]


def test_a_type_may_be_named_by_a_prefix_of_the_envelope(schema: Schema) -> None:
    document = parse(
        b'<e:Envelope xmlns:e="urn:e" xmlns:f="urn:faults" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        b'<Batch xmlns="urn:types"><item n="1"><fault xsi:type="f:Late"><f:hours>5</f:hours></fault></item>\n'
        b'<item n="2"><fault xsi:type="f:Late"><f:hours>five</f:hours></fault></item></Batch></e:Envelope>'
    )
    violation = only(schema.violations(document[0]))
    assert (violation.line, violation.path) == (3, "/Batch/item[2]/fault/hours")


def test_an_unknown_type_is_a_violation(schema: Schema) -> None:
    root = parse(
        b'<Batch xmlns="urn:types" xmlns:f="urn:faults" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b'<item n="1"><fault xsi:type="f:Never"/></item></Batch>'
    )
    assert "does not resolve to a type definition" in schema.violations(root)[0].reason


def test_many_violations_are_cut_and_one_error_carries_them(schema: Schema) -> None:
    root = batch(*(f'<item n="{n}"><snils/></item>' for n in range(MAX_VIOLATIONS + 10)))
    with pytest.raises(SchemaInvalid) as caught:
        schema.check(root)
    assert len(caught.value.violations) == MAX_VIOLATIONS
    assert "line 2, /Batch/item[1]/snils: The value (length 0) is not accepted" in str(caught.value)
    assert f"(and {MAX_VIOLATIONS - 1} more)" in str(caught.value)


def test_a_long_reason_is_cut(package: Callable[[dict[str, str]], str]) -> None:
    values = "".join(f'<xs:enumeration value="value{n}"/>' for n in range(200))
    text = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"><xs:simpleType>'
        f'<xs:restriction base="xs:string">{values}</xs:restriction></xs:simpleType></xs:element></xs:schema>'
    )
    schema = Schema.load(package({"a.xsd": text}), "a.xsd")
    reason = only(schema.violations(parse(b"<a>b</a>"))).reason
    assert len(reason) == MAX_REASON
    assert reason.endswith("…")


def test_one_schema_serves_many_threads(schema: Schema) -> None:
    good, bad = batch('<item n="1"/>'), batch('<item n="1"/>', "<item/>")
    expected = schema.violations(bad)
    found: set[tuple[Violation, ...]] = set()

    def work() -> None:
        for _ in range(200):
            found.update((schema.violations(good), schema.violations(bad)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {(), expected}


def importing(location: str) -> str:
    return (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns:b="urn:b">'
        f'<xs:import namespace="urn:b" schemaLocation="{location}"/><xs:element name="a" type="b:B"/></xs:schema>'
    )


@pytest.mark.parametrize("location", ["http://example.org/b.xsd", "file:///etc/passwd", "urn:nothing"])
def test_a_schema_gets_nothing_from_outside_its_package(
    package: Callable[[dict[str, str]], str], location: str
) -> None:
    with pytest.raises(ValueError, match="is outside the package"):
        Schema.load(package({"a.xsd": importing(location)}), "a.xsd")


def test_a_missing_file_is_named(package: Callable[[dict[str, str]], str]) -> None:
    name = package({"a.xsd": importing("b.xsd")})
    with pytest.raises(FileNotFoundError, match=r"has no file c\.xsd"):
        Schema.load(name, "c.xsd")
    with pytest.raises(FileNotFoundError, match=r"has no file b\.xsd"):
        Schema.load(name, "a.xsd")
    with pytest.raises(FileNotFoundError, match="has no file"):
        Schema.load(name, "../a.xsd")


def test_an_absolute_path_is_one_inside_the_package(package: Callable[[dict[str, str]], str]) -> None:
    with pytest.raises(FileNotFoundError, match="has no file etc/passwd"):
        Schema.load(package({"a.xsd": importing("/etc/passwd")}), "a.xsd")


def test_what_is_no_schema_is_said(package: Callable[[dict[str, str]], str]) -> None:
    name = package({"a.xsd": importing("b.xsd"), "b.xsd": BASIC.replace("urn:basic", "urn:b")})
    with pytest.raises(etree.XMLSchemaParseError, match="does not resolve"):
        Schema.load(name, "a.xsd")


def test_what_cannot_be_loaded_together_is_said(package: Callable[[dict[str, str]], str]) -> None:
    name = package(SCHEMAS)
    with pytest.raises(ValueError, match="same namespace"):
        Schema.load(name, "v1/types.xsd", "v1/types.xsd")
    with pytest.raises(ValueError, match="at least one"):
        Schema.load(name)
