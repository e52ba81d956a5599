"""The formats we read and write, one row each, and how one is picked for a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Format:
    """One way to write an answer.

    ``engine`` is the name that the format has in pyoxigraph's ``RdfFormat`` or
    ``QueryResultsFormat``; empty for what is not written by the engine.
    ``names`` are the other words by which ``?format=`` may call it, ``aliases``
    other media types that mean the same.
    """

    label: str
    media_type: str
    ending: str
    engine: str = ""
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The value of Content-Type: text formats say that they are UTF-8."""
        textual = self.media_type.startswith("text/")
        return f"{self.media_type}; charset=utf-8" if textual else self.media_type


HTML = Format("HTML", "text/html", "html", aliases=("application/xhtml+xml",))

TURTLE = Format("Turtle", "text/turtle", "ttl", "TURTLE", ("application/x-turtle",), ("turtle",))
N_TRIPLES = Format(
    "N-Triples", "application/n-triples", "nt", "N_TRIPLES", ("text/plain",), ("ntriples",)
)
JSON_LD = Format(
    "JSON-LD",
    "application/ld+json",
    "jsonld",
    "JSON_LD",
    ("application/json", "text/json"),
    ("json-ld", "json"),
)
RDF_XML = Format(
    "RDF/XML",
    "application/rdf+xml",
    "rdf",
    "RDF_XML",
    ("application/xml", "text/xml"),
    ("xml", "rdfxml"),
)
TRIG = Format("TriG", "application/trig", "trig", "TRIG", ("application/x-trig",))
N_QUADS = Format(
    "N-Quads", "application/n-quads", "nq", "N_QUADS", ("text/x-nquads",), ("nquads", "n-quads")
)

GRAPHS = (TURTLE, N_TRIPLES, RDF_XML, TRIG, N_QUADS, JSON_LD)
"""Graph formats, best first: on a tie of q-values Turtle wins and JSON-LD comes last, because
several Linked Data clients that name every type cannot read JSON-LD."""

JSON_RESULTS = Format(
    "JSON",
    "application/sparql-results+json",
    "json",
    "JSON",
    ("application/json", "text/json"),
    ("srj",),
)
XML_RESULTS = Format(
    "XML",
    "application/sparql-results+xml",
    "xml",
    "XML",
    ("application/xml", "text/xml"),
    ("srx",),
)
CSV = Format("CSV", "text/csv", "csv", "CSV")
TSV = Format("TSV", "text/tab-separated-values", "tsv", "TSV", ("text/plain",))

RESULTS = (JSON_RESULTS, XML_RESULTS, CSV, TSV)
"""Formats of SELECT and ASK results, the default first (SPARQL 1.1 Protocol, section 2.1.6)."""

PROBLEM = Format("problem", "application/problem+json", "json", aliases=("application/json",))
PLAIN_JSON = Format("JSON", "application/json", "json")
LINKSET = Format("link set", "application/linkset+json", "json", aliases=("application/json",))
TEXT = Format("text", "text/plain", "txt")
OPEN_SEARCH = Format("OpenSearch", "application/opensearchdescription+xml", "xml")


_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_SPACE = r"[ \t]*"
_PARAMETER = re.compile(
    rf'{_SPACE}({_TOKEN})(?:{_SPACE}={_SPACE}(?:({_TOKEN})|"((?:[^"\\]|\\.)*)"))?{_SPACE}\Z',
    re.DOTALL,
)
_NAME = re.compile(rf"{_SPACE}(?:(\*)|({_TOKEN})/({_TOKEN})){_SPACE}\Z")
_WEIGHT = re.compile(r"(?=.*[0-9])[01]?(?:\.[0-9]*)?\Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def split(text: str, mark: str) -> list[str]:
    """A header's value in pieces, at a mark that stands in no quoted string.

    A string that is never closed reaches to the end of the header. One pass, however long it is.
    """
    if '"' not in text:
        return text.split(mark)
    pieces, start, quoted, escaped = [], 0, False, False
    for place, letter in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter == mark:
            pieces.append(text[start:place])
            start = place + 1
    return [*pieces, text[start:]]


def _parameters(pieces: Iterable[str]) -> tuple[frozenset[tuple[str, str]], float] | None:
    """What follows a member of a list: its parameters, and its weight (RFC 9110, sections 5.6.6
    and 12.4.2), 1 where none is given. None for what can be read as neither, or says one twice.

    A parameter without a value says nothing. A weight may have more digits than the grammar
    allows, or none before the point, as some clients write it.
    """
    found: dict[str, str | None] = {}
    for piece in pieces:
        if not piece.strip(" \t"):
            continue
        match = _PARAMETER.match(piece)
        if match is None or match[1].lower() in found:
            return None
        name, token, quoted = match[1].lower(), match[2], match[3]
        value = token if quoted is None or name == "q" else _ESCAPE.sub(r"\1", quoted)
        found[name] = value.lower() if value and name == "charset" else value
    weight = found.pop("q", "1") or ""
    if not _WEIGHT.match(weight) or float(weight) > 1:
        return None
    said = frozenset((name, value) for name, value in found.items() if value is not None)
    return said, float(weight)


_Range: TypeAlias = tuple[str, frozenset[tuple[str, str]]]
"""A media range: type and subtype in small letters, and parameters."""

_OURS = frozenset({("charset", "utf-8")})
"""The parameters that whatever we send has, said or not."""


def _ranges(accept: str) -> dict[_Range, float]:
    """The media ranges of an Accept header with their weights (RFC 9110, section 12.5.1).

    What is none is skipped. Of a range that stands twice the greater weight counts. A lone star,
    which old Java clients send, is ``*/*``.
    """
    ranges: dict[_Range, float] = {}
    for member in split(accept, ","):
        name, *pieces = split(member, ";")
        match = _NAME.match(name)
        found = _parameters(pieces)
        if match is None or found is None:
            continue
        main, sub = ("*", "*") if match[1] else (match[2].lower(), match[3].lower())
        if main == "*" != sub:
            continue
        one = (f"{main}/{sub}", found[0])
        ranges[one] = max(found[1], ranges.get(one, 0.0))
    return ranges


def pick(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """Choose what to send for an Accept header, or None where nothing offered is accepted.

    The most specific range that matches a format gives its quality; the highest quality wins,
    and on a tie the order of ``offered``.
    No header, or an empty one, accepts everything (RFC 9110, section 12.5.1). A range with a
    parameter that nothing of ours has matches nothing; where that would leave the client empty
    handed, the parameter is passed over.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    found = _best(ranges, offered)
    if found is None and any(parameters - _OURS for _, parameters in ranges):
        plain: dict[_Range, float] = {}
        for (name, parameters), q in ranges.items():
            one = (name, parameters & _OURS)
            plain[one] = max(q, plain.get(one, 0.0))
        found = _best(plain, offered)
    return found


def _best(ranges: Mapping[_Range, float], offered: Sequence[Format]) -> Format | None:
    best: Format | None = None
    best_q = 0.0
    for fmt in offered:
        q = _quality(fmt, ranges)
        if q > best_q:
            best, best_q = fmt, q
    return best


def _quality(fmt: Format, ranges: Mapping[_Range, float]) -> float:
    """The weight of the most specific range that matches; an alias must be named in full."""
    main = fmt.media_type.partition("/")[0]
    for names in ((fmt.media_type, *fmt.aliases), (f"{main}/*",), ("*/*",)):
        for parameters in (_OURS, _NONE):
            found = [ranges[name, parameters] for name in names if (name, parameters) in ranges]
            if found:
                return max(found)
    return 0.0


_NONE: frozenset[tuple[str, str]] = frozenset()


def by_ending(ending: str, offered: Sequence[Format]) -> Format | None:
    """The offered format whose file ending this is, or None."""
    return next((fmt for fmt in offered if fmt.ending == ending), None)


def by_name(name: str, offered: Sequence[Format]) -> Format | None:
    """The offered format that ``?format=`` means by this ending, name or media type, or None.

    A media type may have parameters, which say nothing here, and a plus that was not escaped and
    so reads as a space.
    """
    wanted = name.partition(";")[0].strip().lower().replace(" ", "+")
    for fmt in offered:
        if wanted in (fmt.ending, fmt.media_type, *fmt.names, *fmt.aliases):
            return fmt
    return None


@dataclass(frozen=True)
class Profile:
    """How much a graph says of a thing (W3C, Content Negotiation by Profile).

    ``token`` is what ``?profile=`` and the names of addresses call it; ``iri`` is a standard's own,
    empty for ours, which are below the base, and ``aliases`` are other spellings of that.
    """

    token: str
    label: str
    iri: str = ""
    aliases: tuple[str, ...] = ()

    def is_called(self, name: str, base: str) -> bool:
        """Whether a name, a token or an IRI, is this profile's in a publication with this base."""
        return name in (self.token, self.name(base), *self.aliases)

    def name(self, base: str) -> str:
        """The IRI of the profile, in a publication with this base."""
        return self.iri or f"{base}profile/{self.token}"


DATA = Profile("data", "The data alone: what is said of it, and what links to it")
LABELS = Profile("labels", "The data, with the names of all that it mentions")
ALL = Profile("all", "The data, with what is said of each thing that it mentions")
SCHEMA = Profile(
    "schema",
    "In the words of schema.org",
    "https://schema.org/",
    ("https://schema.org", "http://schema.org/", "http://schema.org"),
)

PROFILES = (LABELS, DATA, ALL, SCHEMA)
"""The default first."""


def by_token(name: str, base: str = "") -> Profile | None:
    """The profile that ``?profile=`` means by its token or its IRI, or None."""
    return next((one for one in PROFILES if one.is_called(name, base)), None)


def pick_profile(accept: str | None, base: str) -> Profile:
    """Choose a profile for an Accept-Profile header: a list of IRIs in angle brackets, or tokens,
    with weights. What it does not offer is passed over: then the default is sent, as the
    specification allows (Content Negotiation by Profile, section 7.1)."""
    best, best_q = PROFILES[0], 0.0
    for member in split(accept or "", ","):
        name, *pieces = split(member, ";")
        found = _parameters(pieces)
        name = name.strip().removeprefix("<").removesuffix(">")
        for one in PROFILES:
            if found and found[1] > best_q and one.is_called(name, base):
                best, best_q = one, found[1]
    return best
