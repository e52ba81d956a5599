"""The formats we read and write, one row each, and how one is picked for a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
    ("json-ld",),
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
TEXT = Format("text", "text/plain", "txt")


@dataclass(frozen=True)
class _Range:
    main: str
    sub: str
    q: float

    def specificity(self, media_type: str) -> int:
        """2 for an exact match, 1 for ``type/*``, 0 for ``*/*``, -1 for none."""
        main, _, sub = media_type.partition("/")
        if self.main == "*" and self.sub == "*":
            return 0
        if self.main != main:
            return -1
        return 1 if self.sub == "*" else (2 if self.sub == sub else -1)


def _ranges(accept: str) -> list[_Range]:
    """The media ranges of an Accept header (RFC 9110, section 12.5.1); what is none is skipped."""
    ranges = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        main, slash, sub = name.partition("/")
        if name == "*":
            main, slash, sub = "*", "/", "*"
        if not (slash and main and sub):
            continue
        q = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    q = min(max(float(value.strip()), 0.0), 1.0)
                except ValueError:
                    q = 0.0
        ranges.append(_Range(main, sub, q))
    return ranges


def pick(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """Choose what to send for an Accept header, or None where nothing offered is accepted.

    The most specific range that matches a format gives its quality; the highest quality wins,
    and on a tie the order of ``offered``.
    No header, or an empty one, accepts everything (RFC 9110, section 12.5.1).
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    best: Format | None = None
    best_q = 0.0
    for fmt in offered:
        q = _quality(fmt, ranges)
        if q > best_q:
            best, best_q = fmt, q
    return best


def _quality(fmt: Format, ranges: Sequence[_Range]) -> float:
    """The q-value that the most specific matching range gives; an alias must be named in full."""
    found, quality = -1, 0.0
    for one in ranges:
        how = one.specificity(fmt.media_type)
        if how < 2 and any(one.specificity(alias) == 2 for alias in fmt.aliases):
            how = 2
        if how > found or (how == found >= 0 and one.q > quality):
            found, quality = how, one.q
    return quality


def by_ending(ending: str, offered: Sequence[Format]) -> Format | None:
    """The offered format whose file ending this is, or None."""
    return next((fmt for fmt in offered if fmt.ending == ending), None)


def by_name(name: str, offered: Sequence[Format]) -> Format | None:
    """The offered format that ``?format=`` means by this ending, name or media type, or None."""
    wanted = name.strip().lower()
    for fmt in offered:
        if wanted in (fmt.ending, fmt.media_type, *fmt.names, *fmt.aliases):
            return fmt
    return None
