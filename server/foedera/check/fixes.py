"""What to write instead, as Turtle, where a shape tells enough to say so."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check.results import Result
from foedera.check.shapes import Shapes

_SH = terms.SH


def fix(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    """A statement in Turtle that would please the shape, or "" where none can be given.

    What only the contributor knows is left open as ``…``.
    """
    path = re.fullmatch("<([^<>]*)>", result.path)
    if not path or not isinstance(result.focus, ox.NamedNode):
        return ""
    name = result.component.removeprefix(_SH).removesuffix("ConstraintComponent")
    wanted = {
        "MinCount": _missing,
        "Datatype": _typed,
        "In": _nearest,
        "HasValue": _the_value,
        "Class": _of_class,
        "NodeKind": _of_kind,
    }.get(name)
    if wanted is None:
        return ""
    said = wanted(result, shapes, prefixes)
    if not said:
        return ""
    if name == "Class":
        return said
    return f"{short(result.focus, prefixes)} {short(ox.NamedNode(path[1]), prefixes)} {said} ."


def short(node: Any, prefixes: Mapping[str, str]) -> str:
    """A term as Turtle writes it, with a prefix where one fits."""
    if isinstance(node, ox.NamedNode):
        for prefix, iri in sorted(prefixes.items(), key=lambda item: -len(item[1])):
            rest = node.value.removeprefix(iri)
            if rest != node.value and _LOCAL.fullmatch(rest):
                return f"{prefix}:{rest}"
        return str(node)
    if isinstance(node, ox.Literal) and node.datatype.value.startswith(terms.XSD):
        kind = node.datatype.value.removeprefix(terms.XSD)
        if not node.language and kind != "string":
            return f"{ox.Literal(node.value)}^^xsd:{kind}"
    return str(node)


_LOCAL = re.compile(r"\w(?:[\w-]|\.(?=[\w-]))*|")


def _of(shapes: Shapes, shape: Any, parameter: str) -> list[Any]:
    wanted = ox.NamedNode(_SH + parameter)
    return [
        one.object for one in shapes.triples if one.subject == shape and one.predicate == wanted
    ]


def _missing(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    """What a value of the property looks like."""
    for value in _of(shapes, result.shape, "hasValue"):
        return short(value, prefixes)
    for kind in _of(shapes, result.shape, "datatype"):
        if kind.value == terms.RDF + "langString":
            return '"…"@en'
        name = kind.value.removeprefix(terms.XSD)
        return '"…"' if name == "string" else f'"…"^^xsd:{name}' if name != kind.value else ""
    for kind in _of(shapes, result.shape, "nodeKind"):
        if kind.value == _SH + "Literal":
            return '"…"'
    classes = _of(shapes, result.shape, "class")
    return "<…>" if classes else ""


def _typed(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    """The same text with the datatype that is asked for, if it then reads well."""
    for kind in _of(shapes, result.shape, "datatype"):
        if not isinstance(result.value, ox.Literal):
            return ""
        if kind.value == terms.RDF + "langString":
            return f"{ox.Literal(result.value.value)}@en"
        pattern = _FORMS.get(kind.value.removeprefix(terms.XSD))
        if pattern and re.fullmatch(pattern, result.value.value):
            return short(ox.Literal(result.value.value, datatype=kind), prefixes)
    return ""


_FORMS = {
    "string": r"(?s:.*)",
    "integer": r"[+-]?\d+",
    "decimal": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
    "gYear": r"\d{4}",
    "gYearMonth": r"\d{4}-(0[1-9]|1[0-2])",
    "boolean": r"true|false|0|1",
    "anyURI": r"[a-z][a-z0-9+.-]*:\S+",
}
"""What the texts of the usual datatypes look like (XML Schema Part 2)."""


def _nearest(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    """The allowed value that is most like the one that is there."""
    allowed = shapes.members(next(iter(_of(shapes, result.shape, "in")), None))
    spelled = {str(getattr(one, "value", one)): one for one in allowed}
    value = str(getattr(result.value, "value", result.value))
    close = difflib.get_close_matches(value, spelled, n=1)
    return short(spelled[close[0]], prefixes) if close else ""


def _the_value(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    return next((short(one, prefixes) for one in _of(shapes, result.shape, "hasValue")), "")


def _of_class(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    """That the value is of the class."""
    classes = _of(shapes, result.shape, "class")
    if not classes or not isinstance(result.value, ox.NamedNode):
        return ""
    return f"{short(result.value, prefixes)} a {short(classes[0], prefixes)} ."


def _of_kind(result: Result, shapes: Shapes, prefixes: Mapping[str, str]) -> str:
    """The IRI that a text seems to be."""
    kinds = {one.value for one in _of(shapes, result.shape, "nodeKind")}
    text = getattr(result.value, "value", "")
    if kinds == {_SH + "IRI"} and isinstance(result.value, ox.Literal):
        return f"<{text}>" if re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", text) else ""
    return ""
