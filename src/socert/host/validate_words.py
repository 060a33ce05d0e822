"""Russian words for what is wrong with XML: reasons of the parser and of schemas, as `contracts.xml` gives them.

A reason that is not known here is shown as it is. None ever quotes what the XML holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPES: Final = {
    "xs:boolean": "true или false",
    "xs:date": "дата вида 2026-09-01",
    "xs:dateTime": "дата и время вида 2026-09-01T09:00:00+03:00",
    "xs:gYearMonth": "месяц вида 2026-09",
    "xs:decimal": "число вида 17456.00",
    "xs:double": "число вида 17456.00",
    "xs:byte": "целое число от -128 до 127",
    "xs:short": "целое число от -32768 до 32767",
    "xs:int": "целое число до 10 знаков",
    "xs:long": "целое число до 19 знаков",
    "xs:integer": "целое число",
    "xs:ID": "имя из букв и цифр, единственное в документе",
    "xs:anyURI": "адрес",
    "xs:base64Binary": "данные в base64",
}
"""What is expected where a value is not of a built-in type."""

_SYNTAX: Final = {
    "a namespace is not a URI": "пространство имён записано не как адрес",
    "a prefix is not declared": "префикс не объявлен",
    "an attribute stands twice": "атрибут повторяется",
    "start and end tags do not match": "открывающий и закрывающий теги не совпадают",
    "it ends inside an element": "документ обрывается внутри элемента",
    "an entity is not declared": "сущность не объявлена",
    "a character is not allowed in XML": "символ, недопустимый в XML",
    "its elements are nested too deep, or something in it is too long": "слишком большая вложенность или длина",
    "something follows the root element": "после корневого элемента что-то стоит",
    "there is no element": "нет ни одного элемента",
    "gt required": "тег не закрыт знаком >",
    "name required": "после < или & нет имени",
    "equal required": "у атрибута нет знака =",
    "space required": "не хватает пробела",
    "attribute without value": "атрибут без значения",
    "attribute not started": "значение атрибута не в кавычках",
    "attribute not finished": "значение атрибута не закончено",
    "lt in attribute": "знак < в значении атрибута",
    "entityref semicol missing": "после & нет имени с точкой с запятой: сам знак & пишется &amp;",
    "invalid charref": "символ, недопустимый в XML",
    "comment not finished": "комментарий не закончен",
    "hyphen in comment": "два дефиса внутри комментария",
    "cdata not finished": "раздел CDATA не закончен",
    "misplaced cdata end": "знаки ]]> в тексте",
    "pi not finished": "инструкция не закончена",
    "xmldecl not finished": "объявление XML не закончено",
    "reserved xml name": "объявление XML не в начале документа",
}
"""Kinds of malformed XML."""

_OF_A_TYPE: Final = r"The value \(length \d+\) is not a valid value of the (?:local )?(?:atomic|list|union) type"
_LIST: Final = r"(?:one of )?\( (.*?)(?: \)\.|…)"


def _expected(names: str) -> str:
    """Name what is expected: one element or several."""
    listed = names.replace("##other*", "элемент другого пространства имён").replace("*", "любой элемент")
    return f"один из: {listed}" if "," in names else listed


def _length(words: re.Match[str]) -> str:
    compare = {"exceeds": "не больше", "underruns": "не меньше", "differs from": "ровно"}[words[2]]
    return f"длина {words[1]}, а должна быть {compare} {words[3]}"


def _of_type(words: re.Match[str]) -> str:
    name = words[1] or ""
    if name in _TYPES:
        return f"ожидается {_TYPES[name]}"
    return f"значение не подходит под тип {name}" if name else "значение не подходит под свой тип"


_FIXED: Final = {
    "This element is not expected.": "лишний элемент: здесь больше ничего не ожидается",
    "Element content is not allowed, because the type definition is simple.": "здесь стоит только текст, без элементов",
    "Element content is not allowed, because the content type is a simple type definition.": (
        "здесь стоит только текст, без элементов"
    ),
    "Element content is not allowed, because the content type is empty.": "элемент должен быть пустым",
    "Character content is not allowed, because the content type is empty.": (
        "элемент должен быть пустым: в нём не должно быть даже пробела и перевода строки"
    ),
    "Character content other than whitespace is not allowed because the content type is 'element-only'.": (
        "текст среди элементов"
    ),
    "No matching global declaration available for the validation root.": "в схеме нет такого корневого элемента",
    "No matching global element declaration available, but demanded by the strict wildcard.": (
        "этот элемент не описан в схеме, а здесь разрешены только описанные"
    ),
    "The element is not 'nillable'.": "xsi:nil здесь не разрешён",
    "it has a DOCTYPE": "есть DOCTYPE, а он запрещён",
    "it is not UTF-8": "кодировка не UTF-8",
    "it declares an encoding other than UTF-8": "объявлена кодировка, отличная от UTF-8",
}

_PATTERNS: Final[Mapping[str, Callable[[re.Match[str]], str]]] = {
    rf"This element is not expected\. Expected is {_LIST}": lambda m: f"не тот элемент; ожидается {_expected(m[1])}",
    rf"Missing child element\(s\)\. Expected is {_LIST}": lambda m: f"не хватает элемента; ожидается {_expected(m[1])}",
    r"The attribute '(.*)' is not allowed\.": lambda m: f"лишний атрибут {m[1]}",
    r"The attribute '(.*)' is required but missing\.": lambda m: f"нет обязательного атрибута {m[1]}",
    r"The value (?:\(length \d+\) )?has a length of '(\d+)'; this (exceeds|underruns|differs from) the allowed "
    r"(?:maximum |minimum )?length of '(\d+)'\.": _length,
    r"The value \(length \d+\) is not an element of the set \{(.*?)(?:\}\.|…)": (
        lambda m: f"значение не из списка: {m[1].replace(chr(39), '')}"
    ),
    r"The value \(length \d+\) is not accepted by the pattern '(.*)'\.": (
        lambda m: f"значение не подходит под образец {m[1]}"
    ),
    r"The value \(length \d+\) is less than the minimum value allowed \('(.*)'\)\.": (
        lambda m: f"число меньше наименьшего разрешённого, {m[1]}"
    ),
    r"The value \(length \d+\) is greater than the maximum value allowed \('(.*)'\)\.": (
        lambda m: f"число больше наибольшего разрешённого, {m[1]}"
    ),
    r"The value \(length \d+\) has more digits than are allowed \('(\d+)'\)\.": (
        lambda m: f"цифр больше, чем разрешено: {m[1]}"
    ),
    r"The value \(length \d+\) has more fractional digits than are allowed \('(\d+)'\)\.": (
        lambda m: f"цифр после точки больше, чем разрешено: {m[1]}"
    ),
    r"The value \(length \d+\) does not match the fixed value constraint '(.*)'\.": (
        lambda m: f"разрешено только значение {m[1]}"
    ),
    rf"{_OF_A_TYPE}(?: '(.*)')?\.": _of_type,
    r"The type definition .*|The QName value .*": lambda _: (
        "тип, названный в xsi:type, здесь не разрешён или неизвестен"
    ),
    r"The value is not allowed \(.*\)\.": lambda _: "значение не разрешено",
    r"it is (\d+) bytes long and (\d+) are allowed": lambda m: f"размер {m[1]} байт, а разрешено {m[2]}",
    r"its elements are nested more than (\d+) deep": lambda m: f"вложенность больше {m[1]}",
    r"an element has more than (\d+) attributes": lambda m: f"у элемента больше {m[1]} атрибутов",
    r"an attribute is longer than (\d+) characters": lambda m: f"атрибут длиннее {m[1]} символов",
    r"it is not well-formed: (.*)": lambda m: f"это не правильный XML: {_SYNTAX.get(m[1], m[1])}",
}
_COMPILED: Final = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _PATTERNS.items())


def in_russian(reason: str) -> str:
    """Return a reason of `XmlRefused` or of a `Violation` in Russian, or as it is where it is not known."""
    if reason in _FIXED:
        return _FIXED[reason]
    for pattern, words in _COMPILED:
        found = pattern.fullmatch(reason)
        if found:
            return words(found)
    return reason


def only_repeats(reason: str) -> bool:
    """Say whether a reason adds nothing to another one about the same value: the validator says both."""
    return re.match(_OF_A_TYPE, reason) is not None
