"""A text that somebody wrote, as triples of which each term knows its line and column."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

import pyoxigraph as ox

from foedera import folder, formats, terms
from foedera.check import kinds, notation, said, turtle
from foedera.check.findings import Finding, Spot
from foedera.check.scanner import Lines
from foedera.errors import TooLarge, UnsupportedMedia

_NOWHERE = Spot()


@dataclass(frozen=True)
class Limits:
    """How much is read of one text: bytes, triples, mistakes that are told of."""

    size: int = 5_000_000
    triples: int = 500_000
    findings: int = 300


@dataclass(frozen=True)
class Statement:
    """One triple as it stands in a text, with the place of each of its terms.

    ``graph`` is the graph that the text names for it, or None.
    """

    triple: ox.Triple
    subject: Spot
    predicate: Spot
    object: Spot
    graph: ox.NamedNode | None = None


@dataclass(frozen=True)
class Prefix:
    """A prefix as a text declares it."""

    name: str
    iri: str
    spot: Spot


@dataclass(frozen=True)
class Document:
    """One text that was read: its statements in order, its prefixes, and what does not parse.

    ``name`` is what findings call the file. ``text`` is the text, decoded, for excerpts; lines of
    it are counted as ``Spot`` counts them. ``format`` is the media type it was read as.
    """

    name: str
    text: str
    format: str
    statements: tuple[Statement, ...] = ()
    prefixes: Mapping[str, Prefix] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def triples(self) -> tuple[ox.Triple, ...]:
        return tuple(one.triple for one in self.statements)

    @cached_property
    def _index(self) -> dict[Any, Statement]:
        found: dict[Any, Statement] = {}
        for one in self.statements:
            subject, predicate = one.triple.subject, one.triple.predicate
            for key in ((subject, predicate, one.triple.object), (subject, predicate), subject):
                found.setdefault(key, one)
        return found

    def find(self, subject: Any, predicate: Any = None, object: Any = None) -> Statement | None:
        """The statement of a triple; failing that the first of the property, or of the thing."""
        return (
            self._index.get((subject, predicate, object))
            or self._index.get((subject, predicate))
            or self._index.get(subject)
        )


def read(
    name: str,
    content: bytes,
    media_type: str = "",
    base: str = "",
    limits: Limits | None = None,
) -> Document:
    """A text, with the place of every triple and all that does not parse.

    The format is the media type's, else the one that the ending of the name says, else the one
    that the text looks like. Nothing is fetched. Raises TooLarge, and UnsupportedMedia where it is
    in no format that is read.
    """
    limits = limits or Limits()
    if len(content) > limits.size:
        raise TooLarge(
            f"{name} has {len(content):,} bytes; {limits.size:,} are read", "Send it in parts."
        )
    text, mistakes = _decoded(content)
    fmt = _format(name, media_type, text)
    no_text = kinds.no_text(name, content)
    if no_text:
        return Document(name, "", fmt.media_type, findings=(_finding(name, no_text),))
    engine = getattr(ox.RdfFormat, fmt.engine)
    if fmt is formats.JSON_LD:
        found = _json(text, base, limits)
    elif fmt is formats.RDF_XML:
        found = _xml(text, base, limits)
    else:
        found = turtle.read(text, engine, base, limits.triples, limits.findings)
    if len(found.rows) > limits.triples:
        raise TooLarge(
            f"{name} has more than {limits.triples:,} triples", "Send them in several files."
        )
    wrong = {one.spot.line for one in found.mistakes}
    other = kinds.other(name, text, fmt, wrong) if wrong else None
    if other:  # nothing more can be said of it
        return Document(name, text, fmt.media_type, findings=(_finding(name, other),))
    mistakes += found.mistakes
    findings = [_finding(name, one) for one in mistakes[: limits.findings]]
    if len(mistakes) > limits.findings or (found.cut and findings):
        findings.append(_finding(name, turtle.Mistake("parse-too-many", _NOWHERE)))
    return Document(
        name,
        text,
        fmt.media_type,
        tuple(_statements(name, found.rows)),
        {prefix: Prefix(prefix, iri, spot) for prefix, (iri, spot) in found.prefixes.items()},
        tuple(findings),
    )


def _finding(name: str, mistake: turtle.Mistake) -> Finding:
    spot = mistake.spot
    return Finding(
        "syntax",
        "violation",
        name,
        spot.line,
        spot.column,
        said.messages(mistake.code, mistake.words),
        code=mistake.code,
        end_line=spot.end_line,
        end_column=spot.end_column,
        fix=mistake.fix,
    )


def _statements(name: str, rows: Sequence[turtle.Row]) -> Iterator[Statement]:
    """Statements whose blank nodes have names that depend on the text alone, as those of a file
    have (`folder.File.parse`)."""
    names: dict[str, ox.BlankNode] = {}
    stem = "f" + hashlib.sha256(name.encode()).hexdigest()[:10]

    def renamed(node: Any) -> Any:
        if isinstance(node, ox.BlankNode):
            return names.setdefault(node.value, ox.BlankNode(f"{stem}n{len(names)}"))
        if isinstance(node, ox.Triple):
            return ox.Triple(renamed(node.subject), node.predicate, renamed(node.object))
        return node

    for row in rows:
        quad = row.quad
        triple = ox.Triple(renamed(quad.subject), quad.predicate, renamed(quad.object))
        graph = quad.graph_name if isinstance(quad.graph_name, ox.NamedNode) else None
        yield Statement(triple, row.subject, row.predicate, row.object, graph)


# Encodings and formats


def _decoded(content: bytes) -> tuple[str, list[turtle.Mistake]]:
    """The text that some bytes are meant to be."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, "replace")
            return text, [turtle.Mistake("encoding-mark", Spot(1, 1, 1, 2), {"encoding": encoding})]
    try:
        return content.decode(), []
    except UnicodeDecodeError as fault:
        text = content.decode("cp1252", "replace")
        line = content.count(b"\n", 0, fault.start) + 1
        before = content[content.rfind(b"\n", 0, fault.start) + 1 : fault.start]
        column = len(before.decode("utf-8", "replace")) + 1
        spot = Spot(line, column, line, column + 1)
        return text, [turtle.Mistake("encoding-not-utf-8", spot)]


_MARKS = {
    b"\xef\xbb\xbf": "UTF-8",
    b"\xff\xfe": "UTF-16-LE",
    b"\xfe\xff": "UTF-16-BE",
}
"""The marks that some editors put before a text, and its encoding."""


def _format(name: str, media_type: str, text: str) -> formats.Format:
    kind = media_type.split(";")[0].strip().lower()
    generic = ("", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded")
    for fmt in formats.GRAPHS:
        if kind not in generic and kind in (fmt.media_type, *fmt.aliases):
            return fmt
    if kind not in generic:
        offered = ", ".join(fmt.media_type for fmt in formats.GRAPHS)
        raise UnsupportedMedia(f"{kind} is not read", f"Read are {offered}.")
    engine = folder.ENDINGS.get(PurePosixPath(name).suffix.lower())
    for fmt in formats.GRAPHS:
        if engine is not None and engine == getattr(ox.RdfFormat, fmt.engine):
            return fmt
    return _guessed(text)


def _guessed(text: str) -> formats.Format:
    """The format that a text looks like: Turtle, unless something else is plain."""
    start = text.lstrip()[:2000]
    if re.match(r"[\[{]\s*[\"{\]}]", start):
        return formats.JSON_LD
    if re.match(r"<\?xml|<!DOCTYPE\s+\w*:?RDF|<!--|<\w*:?RDF[\s>]", start):
        return formats.RDF_XML
    if re.search(r"^\s*(?:GRAPH\s+)?\S*\s*\{", start, re.MULTILINE):
        return formats.TRIG
    return formats.TURTLE


# RDF/XML


def _xml(text: str, base: str, limits: Limits) -> turtle.Read:
    """RDF/XML; each triple has the place of the element that says it."""
    found = turtle.Read()
    places: dict[str, list[tuple[str, Spot]]] = defaultdict(list)
    parser = expat.ParserCreate(namespace_separator="")
    lines = text.split("\n")
    level = 0

    def here() -> Spot:
        line = parser.CurrentLineNumber
        column = parser.CurrentColumnNumber
        end = re.match(r"<[^\s/>]*", lines[line - 1][column:])
        return Spot(line, column + 1, line, column + 1 + (end.end() if end else 1))

    def opened(element: str, attributes: dict[str, str]) -> None:
        nonlocal level
        level += 1
        if level > turtle.NESTING:
            raise _Stopped("parse-too-deep", here(), {"most": str(turtle.NESTING)})
        told = attributes.get(terms.RDF + "resource", "")
        places[element].append((told, here()))
        for name_ in attributes:
            places[name_].append((attributes[name_], here()))

    def closed(element: str) -> None:
        nonlocal level
        level -= 1

    def declared(*_: Any) -> None:
        raise _Stopped("parse-entity", here())

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(text.encode(), True)
        quads = list(ox.parse(text.encode(), format=ox.RdfFormat.RDF_XML, base_iri=base or None))
    except _Stopped as stopped:
        found.mistakes.append(stopped.mistake)
        return found
    except expat.ExpatError:
        found.mistakes += notation.xml_mistakes(text, turtle.USUAL)
        return found
    except (SyntaxError, ValueError) as fault:
        found.mistakes.append(_by_parser("parse-xml", fault))
        return found
    for quad in quads:
        value = getattr(quad.object, "value", "")
        named = places[quad.predicate.value] or (
            places[value] if quad.predicate.value == terms.TYPE else []
        )
        at = next((one for one in named if one[0] == value), named[0] if named else None)
        spot = at[1] if at else _NOWHERE
        if at and len(named) > 1:
            named.remove(at)
        found.rows.append(turtle.Row(quad, spot, spot, spot))
    return found


def _by_parser(code: str, fault: SyntaxError | ValueError) -> turtle.Mistake:
    """What a parser says, where it says so."""
    line = getattr(fault, "lineno", None) or 1
    column = getattr(fault, "offset", None) or 1
    words = {"words": getattr(fault, "msg", None) or str(fault)}
    return turtle.Mistake(code, Spot(line, column, line, column + 1), words)


class _Stopped(Exception):
    """Reading ends here."""

    def __init__(self, code: str, spot: Spot, words: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.mistake = turtle.Mistake(code, spot, words or {})


# JSON-LD


_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def _json(text: str, base: str, limits: Limits) -> turtle.Read:
    """JSON-LD; a triple has the place of its value where that is written once."""
    found = turtle.Read()
    lines = Lines(text)
    bare = _JSON_TEXT.sub(lambda one: " " * len(one[0]), text)
    level = 0
    for mark in re.finditer(r"[\[\]{}]", bare):
        level += 1 if mark[0] in "[{" else -1
        if level > turtle.NESTING:
            spot = lines.spot(mark.start(), mark.end())
            words = {"most": str(turtle.NESTING)}
            found.mistakes.append(turtle.Mistake("parse-too-deep", spot, words))
            return found
    found.mistakes += notation.json_mistakes(text)
    if found.mistakes:
        return found
    places: dict[str, list[Spot]] = defaultdict(list)
    for one in _JSON_TEXT.finditer(text):
        try:
            places[json.loads(one[0], strict=False)].append(lines.spot(one.start(), one.end()))
        except ValueError:
            continue
    try:
        quads = list(ox.parse(text.encode(), format=ox.RdfFormat.JSON_LD, base_iri=base or None))
    except (SyntaxError, ValueError) as fault:
        if "LoadDocumentCallback" in str(fault):
            spot = places.get("@context", [_NOWHERE])[0]
            found.mistakes.append(turtle.Mistake("parse-remote-context", spot))
        else:
            found.mistakes.append(_by_parser("parse-json-ld", fault))
        return found

    def place(term: Any) -> Spot:
        """The only place where a text, an IRI or the end of one is written."""
        value = getattr(term, "value", "")
        ends = {value, re.split("[/#]", value)[-1]} if isinstance(term, ox.NamedNode) else {value}
        spots = [
            spot
            for key, of_key in places.items()
            if key in ends
            or (isinstance(term, ox.NamedNode) and key.partition(":")[2] in ends - {""})
            for spot in of_key
        ]
        return spots[0] if len(spots) == 1 else _NOWHERE

    for quad in quads:
        value, predicate, subject = map(place, (quad.object, quad.predicate, quad.subject))
        known = next((one for one in (value, predicate, subject) if one.line), _NOWHERE)
        found.rows.append(
            turtle.Row(
                quad,
                subject if subject.line else known,
                predicate if predicate.line else known,
                value if value.line else known,
            )
        )
    return found
