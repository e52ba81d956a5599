"""What the endpoint says of itself: languages, formats, functions, graphs, limits.

One content, told in two ways: as a graph (SPARQL 1.1 Service Description) and as JSON for the page.
Each statement comes from where it is decided: formats from their rows, limits from the settings,
counts from the release, and what the engine adds to SPARQL from asking it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyoxigraph as ox

from foedera import formats, terms
from foedera.describe import written
from foedera.errors import BadGateway, BadRequest
from foedera.query.worker import Reply
from foedera.settings import ROWS, Settings, help_of
from foedera.stores.base import Store


@dataclass(frozen=True)
class Extension:
    """What an engine may add to SPARQL 1.1: a function, or something of the language.

    ``example`` is a query whose answer is one value where it is there. ``family`` is the standard
    that it comes from.
    """

    iri: str
    name: str
    family: str
    example: str


_PREFIXES = f"PREFIX geo: <{terms.GEO}>\nPREFIX geof: <{terms.GEOF}>\nPREFIX xsd: <{terms.XSD}>\n"
_SQUARE = '"POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))"^^geo:wktLiteral'
_OTHER = '"POLYGON((1 1, 3 1, 3 3, 1 3, 1 1))"^^geo:wktLiteral'

_GEOSPARQL = {
    f"{_SQUARE}, {_OTHER}": (
        "sfContains sfCrosses sfDisjoint sfEquals sfIntersects sfOverlaps sfTouches sfWithin "
        "ehContains ehCoveredBy ehCovers ehDisjoint ehEquals ehInside ehMeet ehOverlap "
        "rcc8dc rcc8ec rcc8eq rcc8ntpp rcc8ntppi rcc8po rcc8tpp rcc8tppi "
        "difference intersection symDifference union"
    ),
    f'{_SQUARE}, {_OTHER}, "T********"': "relate",
    _SQUARE: (
        "asGeoJSON centroid convexHull coordinateDimension dimension envelope getSRID isEmpty "
        "isSimple spatialDimension"
    ),
    f"{_SQUARE}, <{terms.UOM}square_metre>": "area",
    f"{_SQUARE}, <{terms.UOM}metre>": "length perimeter",
    f'"POINT(12.5 41.9)"^^geo:wktLiteral, "POINT(139.7 35.7)"^^geo:wktLiteral, '
    f"<{terms.UOM}metre>": "distance",
}
"""Functions of GeoSPARQL 1.1 by arguments to which each has an answer."""

_CASTS = {
    "date": "2024-11-24",
    "time": "12:00:00",
    "duration": "P1Y2DT3H",
    "dayTimeDuration": "P2DT3H",
    "yearMonthDuration": "P1Y2M",
    "gYear": "2024",
    "gYearMonth": "2024-11",
    "gMonth": "--11",
    "gMonthDay": "--11-24",
    "gDay": "---24",
}
"""Datatypes that may be cast to beside those of SPARQL 1.1, section 17.5, each with a value."""


def _functions() -> Iterator[Extension]:
    for arguments, names in _GEOSPARQL.items():
        for name in names.split():
            yield Extension(
                terms.GEOF + name,
                f"geof:{name}",
                "GeoSPARQL 1.1",
                f"{_PREFIXES}SELECT (geof:{name}({arguments}) AS ?answer) {{}}",
            )
    for name, value in _CASTS.items():
        yield Extension(
            terms.XSD + name,
            f"xsd:{name}",
            "Casts of XPath",
            f'{_PREFIXES}SELECT (xsd:{name}("{value}") AS ?answer) {{}}',
        )


FUNCTIONS = tuple(_functions())

LANGUAGE = (
    Extension(
        f"{terms.SPARQL}version-1.2",
        "Triple terms",
        "SPARQL 1.2 (draft)",
        "SELECT (isTRIPLE(<<( <urn:a> <urn:b> 1 )>>) AS ?answer) {}",
    ),
    Extension(
        f"{terms.SEP}SEP-0006/sep-0006.md",
        "LATERAL",
        "SEP-0006",
        "SELECT ?answer { VALUES ?one { 1 } LATERAL { BIND(?one + 1 AS ?answer) } }",
    ),
    Extension(
        f"{terms.SEP}SEP-0002/sep-0002.md",
        "ADJUST, and arithmetic with dates",
        "SEP-0002",
        f"{_PREFIXES}SELECT "
        '(ADJUST("2024-11-24T12:00:00"^^xsd:dateTime, "PT9H"^^xsd:dayTimeDuration) AS ?answer) {}',
    ),
)
"""What may be written in a query beyond SPARQL 1.1."""


@dataclass(frozen=True)
class _Unit:
    """A unit in words, and its code in UN/CEFACT's Recommendation 20 where it has one."""

    text: str
    code: str = ""


_SECONDS = _Unit("seconds", "SEC")
_BYTES = _Unit("bytes", "AD")
_MEGABYTES = _Unit("MB", "4L")

LIMITS = {
    "query_seconds": _SECONDS,
    "query_rows": _Unit("rows"),
    "query_answer": _BYTES,
    "query_bytes": _BYTES,
    "query_nesting": _Unit("brackets"),
    "query_operators": _Unit("operators"),
    "query_memory": _MEGABYTES,
    "query_queue": _Unit("queries"),
    "client_workers": _Unit("workers"),
    "client_queue": _Unit("queries"),
    "client_seconds": _SECONDS,
    "client_errors": _Unit("errors"),
}
"""The settings that bound what a client may ask, by their unit; 0 is no limit."""

WRITING = {"write_bytes": _BYTES, "write_triples": _Unit("triples")}
"""Those that bound what a client may write, where anybody may."""

_LANGUAGES = {"SPARQL11Query": "SPARQL 1.1 Query", "SPARQL10Query": "SPARQL 1.0 Query"}
_UPDATES = {"SPARQL11Update": "SPARQL 1.1 Update, for who bears the token"}


def offered(settings: Settings) -> dict[str, Any]:
    """What the settings say of the endpoint, for the call of an operation below."""
    units = LIMITS | WRITING if settings.write_token else LIMITS
    return {
        "writes": bool(settings.write_token),
        "services": settings.query_services.split(),
        "limits": [
            {
                "setting": row.name,
                "says": help_of(row.name).partition(";")[0],
                "value": getattr(settings, row.name),
                "unit": asdict(units[row.name]),
            }
            for row in ROWS
            if row.name in units and getattr(settings, row.name)
        ],
    }


def _content(store: Store, call: dict[str, Any]) -> dict[str, Any]:
    """All that is said of the endpoint. The call holds what `offered` gave."""
    return {
        "languages": [
            {"iri": terms.SD + name, "says": words}
            for name, words in (_LANGUAGES | _UPDATES if call["writes"] else _LANGUAGES).items()
        ],
        "features": [
            {"iri": terms.SD + name, "says": words}
            for name, words in _features(call["services"]).items()
        ],
        **store.once(_added),
        "triples": store.numbers["triples"],
        "graphs": store.once(_graphs),
        "limits": call["limits"],
        "writes": call["writes"],
    }


def _features(services: Sequence[str]) -> dict[str, str]:
    found = {"UnionDefaultGraph": "A query that names no graph is asked of the union of them all."}
    if services:
        found["BasicFederatedQuery"] = "SERVICE may ask " + ", ".join(services)
    return found


def _added(store: Store) -> dict[str, list[dict[str, str]]]:
    """What this engine adds to SPARQL 1.1: those to whose example it has an answer.

    Oxigraph refuses what it does not know, or has no value for it; Virtuoso fails. One that cannot
    be reached is not known for what it has: that is raised.
    """

    def there(one: Extension) -> bool:
        try:
            rows = store.query(one.example)
            assert isinstance(rows, ox.QuerySolutions)
            return any(row["answer"] is not None for row in rows)
        except (SyntaxError, RuntimeError, BadRequest, BadGateway):
            return False

    return {
        "extensions": [asdict(one) for one in LANGUAGE if there(one)],
        "functions": [asdict(one) for one in FUNCTIONS if there(one)],
    }


def _graphs(store: Store) -> list[dict[str, Any]]:
    """Each named graph: its IRI, the files that it holds, how many triples, whether inferred, and
    whether anything is said of it.

    A file without triples is none of them: GRAPH does not find it. A release of an older program
    has no count by graph; then none is told.
    """
    counts: Mapping[str, int | None] = store.numbers.get("graphs", dict.fromkeys(store.graphs))
    files: dict[str, list[str]] = {}
    for file in store.manifest["files"]:
        files.setdefault(file["graph"], []).append(file["path"])
    store.expect(map(ox.NamedNode, counts))
    found = [
        {
            "iri": iri,
            "files": files.get(iri, []),
            "triples": triples,
            "inferred": iri == store.inferred,
            "described": any(store.about(ox.NamedNode(iri))),
        }
        for iri, triples in counts.items()
    ]
    return sorted(found, key=lambda graph: (graph["inferred"], graph["files"], graph["iri"]))


def page(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What the page on the endpoint shows, as JSON. The call holds what `offered` gave."""
    reply.head({})
    reply.write(json.dumps(_content(store, call), ensure_ascii=False).encode())


HERE = "urn:uuid:6a0f9c0e-5b8e-4e0c-9f43-6a2b7d1c84f5"
"""Stands for the endpoint's own address until the graph is written."""

_NAME = "sparql"
"""The endpoint's address, relative to itself."""

_RELATIVE = (formats.TURTLE, formats.TRIG, formats.RDF_XML, formats.JSON_LD)
"""Formats that may hold a relative reference."""


def graph(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The service description in a graph format. The call holds its ``engine`` name, and what
    `offered` gave.

    No host's name is in it, so that it is the same bytes whoever asks by whatever name: the
    description is found at the endpoint (section 2), whose address is hence a relative reference,
    which a reader resolves against the address that was asked. It is not the empty one, which would
    take along the ``?format=`` of that address. Formats that hold no relative reference name the
    publication's own endpoint, below the base of its IRIs.
    """
    rows = list(_described(store, _content(store, call)))
    relative = any(call["engine"] == fmt.engine for fmt in _RELATIVE)
    body = written(rows, call["engine"], _WRITTEN)
    reply.head({})
    here = _NAME if relative else store.base + _NAME
    reply.write(body.replace(HERE.encode(), here.encode()))


_WRITTEN = {
    **terms.PREFIXES,
    "sd": terms.SD,
    "formats": terms.FORMATS,
    "geof": terms.GEOF,
    "ent": terms.ENTAILMENT,
}
"""Prefixes of the description."""

Node = ox.NamedNode | ox.BlankNode

_SERVICE = ox.NamedNode(HERE + "#service")
_DATASET = ox.NamedNode(HERE + "#dataset")
_DEFAULT = ox.NamedNode(HERE + "#default-graph")


def _described(store: Store, content: dict[str, Any]) -> Iterator[ox.Triple]:
    yield from _service(content)
    yield from _dataset(store, content)
    yield from _default_graph(content)
    for number, one in enumerate(content["graphs"]):
        yield from _named_graph(number, one)
    for limit in content["limits"]:
        yield from _limit(limit)


def _service(content: dict[str, Any]) -> Iterator[ox.Triple]:
    """What the service can do (section 3).

    Basic graph patterns are matched by simple entailment, in every graph. What follows by OWL 2 RL
    was worked out when the release was built and is there as triples, but not all of it (that
    everything is an owl:Thing, say), so that to declare the OWL entailment regime would promise
    answers that do not come; `_named_graph` says what the graph of inferences is.
    """
    yield _type(_SERVICE, "Service")
    yield _sd(_SERVICE, "endpoint", HERE)
    for language in content["languages"]:
        yield _sd(_SERVICE, "supportedLanguage", language["iri"])
    for one in content["extensions"]:
        yield _sd(_SERVICE, "languageExtension", one["iri"])
    for fmt in (*formats.RESULTS, *formats.GRAPHS):
        yield _sd(_SERVICE, "resultFormat", format_iri(fmt))
    for fmt in formats.GRAPHS if content["writes"] else ():
        yield _sd(_SERVICE, "inputFormat", format_iri(fmt))
    for feature in content["features"]:
        yield _sd(_SERVICE, "feature", feature["iri"])
    for one in content["functions"]:
        yield _sd(_SERVICE, "extensionFunction", one["iri"])
    yield _sd(_SERVICE, "defaultEntailmentRegime", terms.ENTAILMENT + "Simple")
    yield _sd(_SERVICE, "defaultDataset", _DATASET)
    yield _sd(_SERVICE, "availableGraphs", _DATASET)
    for limit in content["limits"]:
        yield _row(_SERVICE, terms.SCHEMA + "additionalProperty", _limit_node(limit))


def format_iri(fmt: formats.Format) -> str:
    """The W3C's IRI for a format ("Unique URIs for File Formats")."""
    name = fmt.label.replace("/", "_")
    return terms.FORMATS + (f"SPARQL_Results_{name}" if fmt in formats.RESULTS else name)


def _dataset(store: Store, content: dict[str, Any]) -> Iterator[ox.Triple]:
    """The dataset that is asked: of what it is an edition, and what its publisher says of it."""
    publication = store.manifest["publication"]
    yield _type(_DATASET, "Dataset")
    for property_, texts in (
        (terms.DCTERMS + "title", publication["titles"]),
        (terms.DESCRIPTION, publication["descriptions"]),
        (terms.DCTERMS + "rights", publication["rights"]),
    ):
        for language, text in texts.items():
            yield _row(_DATASET, property_, ox.Literal(text, language=language or None))
    if publication["license"]:
        yield _row(_DATASET, terms.DCTERMS + "license", ox.NamedNode(publication["license"]))
    yield _row(_DATASET, terms.OWL + "versionInfo", ox.Literal(store.manifest["release"]))
    issued = ox.Literal(store.manifest["created"], datatype=ox.NamedNode(terms.XSD + "dateTime"))
    yield _row(_DATASET, terms.DCTERMS + "issued", issued)
    yield _sd(_DATASET, "defaultGraph", _DEFAULT)
    for number in range(len(content["graphs"])):
        yield _sd(_DATASET, "namedGraph", _named(number))
    if publication["dataset"]:
        whole = ox.NamedNode(publication["dataset"])
        yield _row(_DATASET, terms.DCTERMS + "isVersionOf", whole)
        yield _row(whole, terms.VOID + "sparqlEndpoint", ox.NamedNode(HERE))


def _named(number: int) -> ox.BlankNode:
    return ox.BlankNode(f"named{number}")


def _default_graph(content: dict[str, Any]) -> Iterator[ox.Triple]:
    yield from _counted(_DEFAULT, content["triples"])
    yield _row(
        _DEFAULT,
        terms.DESCRIPTION,
        ox.Literal(
            "The union of all named graphs, each triple once. With the parameter inferred=false, "
            "the graph of inferences is left out.",
            language="en",
        ),
    )


def _named_graph(number: int, one: dict[str, Any]) -> Iterator[ox.Triple]:
    named, said = _named(number), ox.BlankNode(f"graph{number}")
    yield _type(named, "NamedGraph")
    yield _sd(named, "name", one["iri"])
    yield _sd(named, "graph", said)
    yield from _counted(said, one["triples"])
    for path in one["files"]:
        yield _row(said, terms.LABEL, ox.Literal(path))
    if one["inferred"]:
        made = ox.NamedNode(HERE + "#inference")
        yield _row(said, terms.PROV + "wasGeneratedBy", made)
        yield _row(made, terms.TYPE, ox.NamedNode(terms.PROV + "Activity"))
        yield _row(made, terms.PROV + "used", ox.NamedNode(terms.PROFILE + "RL"))
        text = "Inference by OWL 2 RL from ontology and data, when the release was built"
        yield _row(made, terms.LABEL, ox.Literal(text, language="en"))


def _counted(of: Node, triples: int | None) -> Iterator[ox.Triple]:
    yield _type(of, "Graph")
    if triples is not None:
        yield _row(of, terms.VOID + "triples", ox.Literal(triples))


def _limit_node(limit: dict[str, Any]) -> ox.NamedNode:
    return ox.NamedNode(f"{HERE}#{limit['setting']}")


def _limit(limit: dict[str, Any]) -> Iterator[ox.Triple]:
    """A limit as a property with a value, since no vocabulary of endpoints has a word for one."""
    node = _limit_node(limit)
    yield _row(node, terms.TYPE, ox.NamedNode(terms.SCHEMA + "PropertyValue"))
    yield _row(node, terms.SCHEMA + "name", ox.Literal(limit["says"], language="en"))
    yield _row(node, terms.SCHEMA + "propertyID", ox.Literal(limit["setting"]))
    kind = "decimal" if isinstance(limit["value"], float) else "integer"
    value = ox.Literal(str(limit["value"]), datatype=ox.NamedNode(terms.XSD + kind))
    yield _row(node, terms.SCHEMA + "value", value)
    yield _row(node, terms.SCHEMA + "unitText", ox.Literal(limit["unit"]["text"], language="en"))
    if limit["unit"]["code"]:
        yield _row(node, terms.SCHEMA + "unitCode", ox.Literal(limit["unit"]["code"]))


def _type(of: Node, name: str) -> ox.Triple:
    return _row(of, terms.TYPE, ox.NamedNode(terms.SD + name))


def _sd(of: Node, name: str, value: str | Node) -> ox.Triple:
    """A statement with a property of the vocabulary, whose values are all things."""
    return _row(of, terms.SD + name, ox.NamedNode(value) if isinstance(value, str) else value)


def _row(of: Node, property_: str, value: Any) -> ox.Triple:
    return ox.Triple(of, ox.NamedNode(property_), value)


OPERATIONS = {"endpoint": graph, "endpoint page": page}
"""What a worker can tell of the endpoint, by name."""
