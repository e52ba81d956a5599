"""Why an accelerator is not to be trusted with some shapes and data.

What shacl-rust gets wrong without a word, as comparing it with pySHACL over random shapes and data
shows (`tests/fuzz_engines.py`): it must be known beforehand, since its answer looks like any other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check.shapes import Shapes

_STEP = r"\^?<[^<>]*>"
_PLAIN_PATH = re.compile(rf"{_STEP}|<[^<>]*>[*?]|\({_STEP}(/{_STEP})+\)|\({_STEP}(\|{_STEP})+\)")
"""A property, also backwards, or as often as one likes, but for + whose circles it does not close;
or several, one after the other or either."""

_PLAIN_PATTERN = re.compile(r"(?:[^\\(]|\\[dwsDWS.+*?()\[\]{}^$|/-]|\((?!\?))*")
"""Without what looks around, refers back, or is written in different ways."""

_RANGES = frozenset(f"{end}{kind}" for end in ("min", "max") for kind in ("Inclusive", "Exclusive"))
_PAIRS = frozenset(["lessThan", "lessThanOrEquals"])
_LISTS = ("and", "or", "xone")
_INSIDE = ("node", "not", "qualifiedValueShape", "property")
_NOT_OF_TEXTS = ("node", "qualifiedValueShape", "equals")

_TARGET = " target"
"""Stands for the property by which a target that is a text is reached."""

_FORMS = {
    "number": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])",
    "dateTime": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?",
    "dateTimeZ": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?Z",
}
"""The literals that both compare alike; the last days of months, of which some are none, are not
told apart from these."""


_PROPERTY_SHAPE = ox.NamedNode(terms.SH + "PropertyShape")
_NIL = ox.NamedNode(terms.NIL)


def _is_iri(value: Any) -> bool:
    return isinstance(value, ox.NamedNode)


def _is_count(value: Any) -> bool:
    whole = isinstance(value, ox.Literal) and value.datatype.value == terms.XSD + "integer"
    return whole and re.fullmatch(r"\+?\d+", value.value) is not None


def _is_truth(value: Any) -> bool:
    truth = isinstance(value, ox.Literal) and value.datatype.value == terms.XSD + "boolean"
    return truth and value.value in ("true", "false")


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value.value)
    except re.error:
        return False
    return isinstance(value, ox.Literal) and value.datatype.value == terms.XSD + "string"


_KINDS = frozenset(
    ["BlankNode", "IRI", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"]
)
_FORM: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("class", "datatype", "equals", "disjoint", *_PAIRS), _is_iri),
    **dict.fromkeys(("targetClass", "targetSubjectsOf", "targetObjectsOf"), _is_iri),
    **dict.fromkeys(("minCount", "maxCount", "minLength", "maxLength"), _is_count),
    **dict.fromkeys(("qualifiedMinCount", "qualifiedMaxCount"), _is_count),
    **dict.fromkeys(("uniqueLang", "closed", "deactivated"), _is_truth),
    "pattern": _is_pattern,
    "nodeKind": lambda value: getattr(value, "value", "").removeprefix(terms.SH) in _KINDS,
}
"""What the values of parameters must be."""

_LISTED = frozenset(["in", "languageIn", "ignoredProperties", *_LISTS])
_ONCE = _RANGES | {
    *("datatype", "nodeKind", "minCount", "maxCount", "minLength", "maxLength", "uniqueLang"),
    *("languageIn", "in", "closed", "path", "severity", "pattern", "flags", "qualifiedMinCount"),
    *("qualifiedMaxCount", "qualifiedValueShape", "ignoredProperties"),
}
"""What a shape may say only once."""


def why(shapes: Shapes, data: Sequence[ox.Triple]) -> str:
    """The first reason, as the end of a sentence, or ""."""
    return next(_Reasons(shapes, data).all(), "")


class _Reasons:
    def __init__(self, shapes: Shapes, data: Sequence[ox.Triple]) -> None:
        self._shapes = shapes.triples
        self._known = shapes
        self._data = data
        self._texts = {one.predicate.value for one in data if isinstance(one.object, ox.Literal)}
        self._seen: dict[str, set[str]] = {}

    def all(self) -> Iterator[str]:
        yield from self._ill_formed()
        yield from self._at_once()
        for shape, properties in self._reached_by_texts().items():
            for name in _NOT_OF_TEXTS:
                if self._known.of(shape, name):
                    yield f"sh:{name} looks at texts, which it gets wrong"
            for inner in self._inside(shape):
                if re.search(r"\^<|[*?]$", self._known.path_of(inner)):
                    yield "a path leads backwards from a text, or nowhere"
            yield from self._compared(shape, properties)

    def _ill_formed(self) -> Iterator[str]:
        """What breaks the syntax of SHACL (appendix A of it): pySHACL says so, and where, while
        shacl-rust passes over the constraint, or the shape."""
        values: dict[tuple[Any, str], list[Any]] = defaultdict(list)
        for one in self._shapes:
            name = one.predicate.value.removeprefix(terms.SH)
            values[one.subject, name].append(one.object)
            if name in _FORM and not _FORM[name](one.object):
                yield f"a shape has sh:{name} {str(one.object)[:60]}"
            elif name in _LISTED and not self._is_list(one.object):
                yield f"sh:{name} leads to no list"
            elif name == "property" and len(self._known.of(one.object, "path")) != 1:
                yield "a property shape has not one path"
        for (shape, name), several in values.items():
            if name in _ONCE and len(several) > 1:
                yield f"a shape has sh:{name} more than once"
            elif (
                name == terms.TYPE and _PROPERTY_SHAPE in several and (shape, "path") not in values
            ):
                yield "a property shape has not one path"

    def _is_list(self, head: Any) -> bool:
        seen = set()
        while head != _NIL:
            firsts, rests = self._known.at(head, terms.FIRST), self._known.at(head, terms.REST)
            if head in seen or len(firsts) != 1 or len(rests) != 1:
                return False
            seen.add(head)
            head = rests[0]
        return True

    def _at_once(self) -> Iterator[str]:
        for one in self._shapes:
            name, value = one.predicate.value.removeprefix(terms.SH), one.object
            text = getattr(value, "value", "")
            if name == "path" and not _PLAIN_PATH.fullmatch(self._known.path(value)):
                yield "it does not follow a path such as " + self._known.path(value)[:100]
            elif name == "pattern" and not _PLAIN_PATTERN.fullmatch(text):
                yield f"it reads the pattern {text[:60]} in another way, or not at all"
            elif name == "flags" and text != "i":
                yield "a pattern has flags"
            elif name == "deactivated" and text in ("true", "1"):
                yield "a shape is deactivated"
            elif name in _RANGES and _kind(value) not in _FORMS:
                yield f"sh:{name} is no usual number or time"
            elif name in _PAIRS and not self._alike(one.subject, text):
                yield f"sh:{name} looks at values that are written in several ways"
            elif name == "minLength" and text == "0":
                yield "sh:minLength is 0, which pySHACL passes over"
            elif self._begins_at_text(name, value) and self._known.path_of(one.subject):
                yield "a path begins at a text"

    def _compared(self, shape: Any, properties: set[str]) -> Iterator[str]:
        """Whether values are compared of which one is something else than the other."""
        values = self._kinds(properties)
        for name in sorted(_RANGES):
            for bound in self._known.of(shape, name):
                if values - {_kind(bound), ""}:
                    yield f"sh:{name} looks at values that are written in several ways"

    def _alike(self, shape: Any, other: str) -> bool:
        """Whether all values of a shape and of another property are written in one way."""
        properties = {*re.findall("<([^<>]*)>", self._known.path_of(shape)), other}
        kinds = self._kinds(properties)
        return len(kinds) <= 1 and kinds <= _FORMS.keys()

    def _kinds(self, properties: Iterable[str]) -> set[str]:
        """How the values of some properties are written; few are asked for, of much data."""
        new = set(properties) - self._seen.keys()
        self._seen.update({one: {"?"} if one == _TARGET else set() for one in new})
        for triple in self._data if new - {_TARGET} else ():
            if triple.predicate.value in new:
                self._seen[triple.predicate.value].add(_kind(triple.object))
        return set().union(*(self._seen[one] for one in properties))

    def _reached_by_texts(self) -> dict[Any, set[str]]:
        """The shapes that look at values which may be texts, and the properties of these."""
        found: dict[Any, set[str]] = defaultdict(set)
        ahead: list[tuple[Any, set[str]]] = []
        for one in self._shapes:
            name, value = one.predicate.value.removeprefix(terms.SH), one.object
            text = getattr(value, "value", "")
            if self._begins_at_text(name, value):
                ahead.append((one.subject, {_TARGET if name == "targetNode" else text}))
            elif name == "path":
                ahead.append((one.subject, set(re.findall("<([^<>]*)>", self._known.path(value)))))
        while ahead:
            shape, properties = ahead.pop()
            texts = {one for one in properties if one == _TARGET or one in self._texts}
            new = texts - found.get(shape, set())
            if new:
                found[shape] |= new
                ahead += [(inner, new) for inner in self._inside(shape)]
        return found

    def _begins_at_text(self, name: str, value: Any) -> bool:
        """Whether a target may be a text."""
        if name == "targetNode":
            return isinstance(value, ox.Literal)
        return name == "targetObjectsOf" and getattr(value, "value", "") in self._texts

    def _inside(self, shape: Any) -> Iterator[Any]:
        """The shapes that look at what one looks at."""
        for name in _INSIDE:
            yield from self._known.of(shape, name)
        for name in _LISTS:
            for head in self._known.of(shape, name):
                yield from self._known.members(head)


def _kind(value: Any) -> str:
    """The row of _FORMS that a literal is of; "?" where it is of none, "" where it is a thing."""
    if not isinstance(value, ox.Literal):
        return ""
    name = value.datatype.value.removeprefix(terms.XSD)
    if name == "string" or value.language:
        return "?"
    names = {"integer": ("number",), "decimal": ("number",), "date": ("date",)}
    for kind in names.get(name, ("dateTime", "dateTimeZ") if name == "dateTime" else ()):
        if re.fullmatch(_FORMS[kind], value.value) and not (
            name == "integer" and "." in value.value
        ):
            return kind
    return "?"
