"""The contract of every store: the same release gives the same answers, wherever it is held.

What is right is what the embedded store on disk says. Where an engine cannot do as it does, DIFFERS
says so and why, and the test sees that this is still true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import engines
from conftest import Publish
from foedera import describe, explore, panels, release, show, starter, suggest, terms
from foedera.errors import BadGateway, BadRequest, EngineFailed, FoederaError, Unavailable
from foedera.stores.base import Answer, Store
from foedera.stores.embedded import EmbeddedStore
from foedera.stores.endpoint import Endpoint
from foedera.stores.load import load
from foedera.stores.remote import RemoteStore
from foedera.words import Words

BASE = "https://example.org/"
NS = f"{BASE}ns#"
BOOKS = f"{BASE}graph/data/books"
MORE = f"{BASE}graph/data/more"
INFERRED = f"{BASE}graph/inferred"
ELSEWHERE = "https://example.org/elsewhere"
KOKORO = ox.NamedNode(f"{BASE}id/book/kokoro")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SHELF = ox.NamedNode(f"{BASE}id/shelf")

FILES = {
    # Twice what books.ttl says once, and blank nodes, lists and texts of all kinds.
    "data/more.ttl": """
        @prefix : <https://example.org/ns#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <https://example.org/id/book/kokoro> a :Book .
        <https://example.org/id/shelf> rdfs:label "A shelf"@en , "棚"@ja , "Étagère"@fr-BE ;
          :holds ( <https://example.org/id/book/kokoro> [ :title "untitled" ; :of [ :deep 1 ] ] ) ;
          :note "line\\nbreak\\ttab \\"quoted\\" \\\\ 🙂" , "{ <https://example.org/x> } # '" , "" ;
          :count 7 ; :price 1.50 ; :size "01"^^xsd:integer ;
          :open "1923-10-29"^^xsd:date ; :seen "2020-01-01T12:00:00Z"^^xsd:dateTime ;
          :year "1914"^^xsd:gYear ; :coded "x"^^<https://example.org/type> ;
          :at <https://example.org/a%20b?c=d&e=f> , <https://example.org/日本> .
    """,
    "data/truth.ttl": """
        @prefix : <https://example.org/ns#> .
        <https://example.org/id/truth> :holds true ; :near 1.0e0 .
    """,
    "data/elsewhere.trig": """
        @prefix : <https://example.org/ns#> .
        <https://example.org/elsewhere> { <https://example.org/id/shelf> :count 7 , 8 . }
    """,
    "data/nothing.ttl": "# nothing yet\n",
    # What leads to a shelf is shown with its details; a path in brackets is not for pages.
    "shapes/shelf.ttl": """
        @prefix : <https://example.org/ns#> .
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix dash: <http://datashapes.org/dash#> .
        <https://example.org/shapes/Shelf> a sh:NodeShape ; sh:targetSubjectsOf :holds ;
          sh:property [ sh:path :holds ; sh:name "on it"@en ; dash:viewer dash:DetailsViewer ] ;
          sh:property [ sh:path ( :holds :of ) ; sh:name "within"@en ] .
    """,
}

QUERIES = {
    "all": "SELECT ?s ?p ?o { ?s ?p ?o FILTER(?s != <https://example.org/id/truth>) }",
    "star": "SELECT * { ?book :writtenBy ?author }",
    "counted": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "counted by class": "SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c } GROUP BY ?c",
    "ordered": "SELECT ?b ?l { ?b a :Book ; rdfs:label ?l } ORDER BY ?b STR(?l) LIMIT 3",
    "prefix of its own": "PREFIX n: <https://example.org/ns#> SELECT ?b { ?b a n:Book }",
    "base of its own": "BASE <https://example.org/id/> SELECT ?p { <shelf> ?p 7 }",
    "base of ours": "SELECT ?p { <id/shelf> ?p 7 }",
    "inferred": "SELECT ?x { ?x a :Author }",
    "yes": "ASK { ?s a :Book }",
    "no": "ASK { ?s a :Bicycle }",
    "constructed": "CONSTRUCT { ?b :by ?a } WHERE { ?b :writtenBy ?a }",
    "constructed with blanks": "CONSTRUCT { ?s :of ?o } WHERE { ?s :of ?o }",
    "described": "# of it\nPREFIX b: <https://example.org/id/> DESCRIBE b:shelf # all",
    "described by name": "DESCRIBE ?b <https://example.org/id/shelf> { ?b a :Book } LIMIT 9",
    "described, all": "DESCRIBE * WHERE { ?y :of ?x }",
    "described, nothing": "DESCRIBE <https://example.org/id/nothing>",
    "optional": "SELECT ?s ?n { ?s rdfs:label ?l OPTIONAL { ?s :count ?n } }",
    "not there": "SELECT ?b { ?b a :Book FILTER NOT EXISTS { ?x :holds/rdf:first ?b } }",
    "minus": "SELECT ?b { ?b a :Book MINUS { ?x :holds/rdf:first ?b } }",
    "union": "SELECT ?x { { ?x a :Book } UNION { ?x :holds ?y } }",
    "path": "SELECT ?x { <https://example.org/id/shelf> :holds/rdf:rest*/rdf:first ?x }",
    "path over all": "SELECT ?x ?y { ?x rdf:rest+ ?y }",
    "values": "SELECT ?s ?n { VALUES ?n { 7 8 } ?s :count ?n }",
    "bound": "SELECT ?s (?n * 2 AS ?twice) { ?s :count ?n }",
    "text": 'SELECT ?s { ?s :note ?n FILTER(?n != "isBlank(?x) { GRAPH" && STRLEN(?n) < 1) }',
    "the name of a blank node": "SELECT (STR(?x) AS ?name) { ?y :of ?x }",
    "language": 'SELECT ?l { ?s rdfs:label ?l FILTER(LANGMATCHES(LANG(?l), "fr")) }',
    "strings": "SELECT (CONCAT(STR(?n), '!') AS ?t) { <https://example.org/id/shelf> :count ?n }",
    "dates": "SELECT (YEAR(?d) AS ?y) { ?s :seen ?d }",
    "subquery": "SELECT ?b { { SELECT ?b { ?b a :Book } ORDER BY ?b LIMIT 1 } }",
    "having": "SELECT ?p { ?s ?p ?o } GROUP BY ?p HAVING (COUNT(*) > 3)",
    "blank": "SELECT ?x { ?y :of ?x FILTER(isBlank(?x)) }",
    "not blank": "SELECT ?y ?x { ?y rdf:first ?x FILTER(!isBlank(?x) && isIRI(?x)) }",
    "an IRI": "SELECT ?y ?x { ?y rdf:first ?x FILTER isIRI(?x) }",
    "a blank by itself": "SELECT ?x { [] :of [ :deep ?x ] }",
    "truth": "SELECT ?x { ?s :holds ?x FILTER(?x = true) }",
    "near": "SELECT ?x { ?s :near ?x }",
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "graphs of a triple": "SELECT ?g { GRAPH ?g { <https://example.org/id/book/kokoro> a :Book } }",
    "a graph": f"SELECT ?s ?o {{ GRAPH <{ELSEWHERE}> {{ ?s ?p ?o }} }}",
    "graph and rest": "SELECT ?g ?n { ?s :count ?n GRAPH ?g { ?s :count ?n } }",
    "nothing": "SELECT ?s { ?s a :Bicycle }",
}

DATASETS: dict[str, tuple[str, list[str] | None, list[str] | None]] = {
    "one graph": ("all", [MORE], []),
    "one graph, one named": ("graphs", [MORE], [BOOKS]),
    "named graphs alone": ("graphs", [], [BOOKS, ELSEWHERE]),
    "no graph": ("all", [], []),
    "two that share a triple": ("counted", [BOOKS, MORE], []),
    "two, and named ones": ("graph and rest", [BOOKS, MORE], [ELSEWHERE, MORE]),
    "no graph named": ("graphs", [MORE], []),
}

_BY_VALUE = "Virtuoso keeps the value of a number or a boolean, and writes it its own way"
_PATHS = "Virtuoso follows a path only from a node that is known"

_NAMED = "a blank node has a name in an engine"

DIFFERS = {
    ("oxigraph", "the name of a blank node"): _NAMED,
    ("virtuoso", "the name of a blank node"): _NAMED,
    ("virtuoso", "truth"): _BY_VALUE,
    ("virtuoso", "near"): _BY_VALUE,
    ("virtuoso", "path over all"): _PATHS,
}
"""What an engine does otherwise, with the reason; a test fails when it no longer does."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> release.Release:
    folder = tmp_path_factory.mktemp("stores") / "books"
    starter.new(folder)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return release.publish(folder, folder.parent / "state", 5, lambda _: None)


@pytest.fixture(scope="module", params=engines.NAMES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    with engines.started(request.param, tmp_path_factory.mktemp(request.param)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module", params=["in memory", *engines.NAMES])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def store(
    kind: str, published: release.Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    if kind == "in memory":
        yield EmbeddedStore.load(published.path)
        return
    with engines.started(kind, tmp_path_factory.mktemp(kind)) as endpoint:
        load(endpoint, published.path, [], lambda _: None)
        yield RemoteStore.open(published.path, endpoint)


@pytest.fixture(scope="module")
def right(published: release.Release) -> EmbeddedStore:
    return EmbeddedStore.open(published.path)


def plain(answer: Answer) -> Any:
    """An answer that can be compared: as a set of rows, blank nodes without their names."""
    if isinstance(answer, ox.QueryBoolean):
        return bool(answer)
    if isinstance(answer, ox.QuerySolutions):
        names = sorted(one.value for one in answer.variables)
        rows = [[f"{name}={row[name]}" for name in names] for row in answer]
    else:
        rows = [[str(one)] for one in answer]
    return sorted(re.sub(r"_:\w+", "_:", " ".join(row)) for row in rows)


def outcome(ask: Callable[[], Answer]) -> Any:
    try:
        return plain(ask())
    except FoederaError as fault:
        return type(fault).__name__


def compared(kind: str, name: str, right: Any, found: Any) -> None:
    reason = DIFFERS.get((kind, name))
    if reason is None:
        assert right == found
    else:
        assert right != found, f"{kind} does {name!r} as we do; it was said: {reason}"


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_the_same_answer(
    name: str, kind: str, store: Store, right: EmbeddedStore
) -> None:
    text = QUERIES[name]
    compared(kind, name, outcome(lambda: right.query(text)), outcome(lambda: store.query(text)))


@pytest.mark.parametrize("name", DATASETS)
def test_a_query_over_a_dataset_of_its_own_has_the_same_answer(
    name: str, kind: str, store: Store, right: EmbeddedStore
) -> None:
    query, graphs, named = DATASETS[name]
    ask = [lambda one=one: one.query(QUERIES[query], graphs, named) for one in (right, store)]
    compared(kind, name, *map(outcome, ask))


def test_what_is_stated_can_be_asked_without_what_follows(
    store: Store, right: EmbeddedStore
) -> None:
    for query in ("counted", "graphs"):
        said = sorted(right.graphs - {right.inferred})
        assert plain(right.query(QUERIES[query], said, said)) == plain(
            store.query(QUERIES[query], said, said)
        )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?s ?n { ?s :count ?n }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
        "SELECT ?s ?n # a comment {\n WHERE { { SELECT ?s ?n { ?s :count ?n } } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(isIRI(?o)) }",
        "PREFIX n: <https://example.org/ns#>\nCONSTRUCT { ?s n:of ?o } WHERE { ?s n:count ?o }",
        "# CONSTRUCT {\nBASE <https://example.org/id/> CONSTRUCT { ?s ?p <a> } { ?s ?p 7 }",
    ],
)
def test_a_variable_can_be_bound_before_the_query_runs(
    text: str, store: Store, right: EmbeddedStore
) -> None:
    for value in (SHELF, KOKORO):
        found = [one.query(text, values={"s": value}) for one in (right, store)]
        assert plain(found[0]) == plain(found[1])


def test_a_parameter_that_is_none_is_told(store: Store) -> None:
    with pytest.raises(RuntimeError, match="variable \\?what in its SELECT projection"):
        store.query("SELECT ?s { ?s ?p ?o }", values={"what": SHELF})


def test_what_does_not_parse_is_told_as_ever(store: Store, right: EmbeddedStore) -> None:
    told = []
    for one in (right, store):
        with pytest.raises(SyntaxError) as fault:
            one.query("SELECT ?s { ?s ?p }")
        told.append(fault.value.msg)
    assert told[0] == told[1]


def test_what_is_known_of_the_release_is_the_same(store: Store, right: EmbeddedStore) -> None:
    for name in ("base", "prefixes", "inferred", "graphs", "numbers", "documents", "manifest"):
        assert getattr(right, name) == getattr(store, name)


def test_each_pattern_of_a_triple_finds_the_same(store: Store, right: EmbeddedStore) -> None:
    patterns: dict[tuple[Any, Any, Any], None] = {}
    for quad in right.about():
        s, p, o = quad.triple
        for pattern in (
            *((s, None, None), (s, p, None), (s, p, o), (s, None, o)),
            *((None, p, o), (None, None, o)),
        ):
            if not any(isinstance(one, ox.BlankNode | ox.Literal) for one in pattern):
                patterns[pattern] = None
    assert len(patterns) > 100
    for pattern in patterns:
        found = [sorted(blanked(one) for one in each.about(*pattern)) for each in (right, store)]
        assert found[0] == found[1], pattern


def test_the_triples_of_a_property_are_found(store: Store, right: EmbeddedStore) -> None:
    for predicate in (f"{NS}writtenBy", f"{NS}count", "http://www.w3.org/2000/01/rdf-schema#label"):
        pattern = (None, ox.NamedNode(predicate), None)
        found = [sorted(blanked(one) for one in each.about(*pattern)) for each in (right, store)]
        assert found[0] == found[1]


def blanked(quad: ox.Quad) -> str:
    return re.sub(r"_:\w+", "_:", str(quad.triple))


def test_a_blank_node_can_be_asked_about(store: Store) -> None:
    (first,) = (quad.object for quad in store.about(SHELF, ox.NamedNode(f"{NS}holds")))
    assert isinstance(first, ox.BlankNode)
    values = [quad.object for quad in store.about(first)]
    assert KOKORO in values
    (rest,) = (value for value in values if isinstance(value, ox.BlankNode))
    assert [quad.subject for quad in store.about(None, None, rest)] == [first]


def test_a_triple_is_known_by_its_files(store: Store) -> None:
    assert store.sources(ox.Triple(KOKORO, TYPE, ox.NamedNode(f"{NS}Book"))) == [BOOKS, MORE]
    assert store.sources(ox.Triple(KOKORO, TYPE, ox.NamedNode(f"{NS}Bicycle"))) == []


def test_every_triple_has_the_same_sources(store: Store, right: EmbeddedStore) -> None:
    for quad in right.about():
        if not isinstance(quad.object, ox.BlankNode | ox.Literal) and isinstance(
            quad.subject, ox.NamedNode
        ):
            assert right.sources(quad) == store.sources(quad), quad


def test_what_only_follows_is_told_from_what_a_file_states(
    store: Store, right: EmbeddedStore
) -> None:
    follows = [quad for quad in right.about() if store.follows(quad)]
    assert follows == [q for q in right.about() if right.sources(q) == [right.inferred]]
    assert 0 < len(follows) < sum(1 for _ in right.about())
    assert not store.follows(ox.Triple(KOKORO, TYPE, ox.NamedNode(f"{NS}Bicycle")))


EXAMPLES_DIFFER = {
    ("virtuoso", "rapidus-investment"): "Virtuoso 7 loses a row where BIND is one side of a UNION",
    ("virtuoso", "piana-and-the-delegation"): "Virtuoso 7 meets an error of its own compiler",
    ("virtuoso", "events-on-13-december-2023"): "Virtuoso 7 meets an error of its own compiler",
}


@pytest.mark.whole
def test_the_dataset_has_the_same_answers_and_pages(
    request: pytest.FixtureRequest, engine: Endpoint, dataset: release.Release
) -> None:
    name = request.node.callspec.params["engine"]
    right = EmbeddedStore.load(dataset.path)
    examples = json.loads(said(suggest.examples, right, languages=["en"])[1])["examples"]
    assert len(examples) > 20
    load(engine, dataset.path, [], lambda _: None)
    store = RemoteStore.open(dataset.path, engine)
    for one in examples:
        call = {"names": [one["name"]], "languages": ["en"]}
        text = json.loads(said(suggest.example, right, **call)[1])["text"]
        found = [outcome(partial(each.query, text)) for each in (right, store)]
        same = found[0] == found[1]
        assert same == ((name, one["name"]) not in EXAMPLES_DIFFER), (one["name"], found)
    kinds = map(ox.NamedNode, list(right.numbers["classes"])[::16])
    things = [next((q.subject for q in right.about(None, TYPE, kind)), None) for kind in kinds]
    for thing in (*things, ox.NamedNode(right.manifest["publication"]["dataset"])):
        if isinstance(thing, ox.NamedNode):
            call = {"iris": [thing.value], "languages": ["ja"], "values": 500}
            first, second = (said(show.page, each, **call) for each in (right, store))
            assert first[0] == second[0]
            pages = [json.loads(page) for _, page in (first, second)]
            if b'"blank"' in first[1] or b'"list"' in first[1]:  # each store has its own names
                pages = list(map(unordered, pages))
            assert pages[0] == pages[1], thing


@pytest.mark.whole
def test_the_dataset_has_the_same_panels(engine: Endpoint, dataset: release.Release) -> None:
    right = EmbeddedStore.load(dataset.path)
    load(engine, dataset.path, [], lambda _: None)
    store = RemoteStore.open(dataset.path, engine)
    things = {q.subject for one in panels.classes(right) for q in right.about(None, TYPE, one)}
    for thing in sorted(things, key=str)[::8]:
        types = [quad.object for quad in right.about(thing, TYPE)]
        found = [panels.of(each, Words(each, ["it"]), thing, types) for each in (right, store)]
        assert found[0] == found[1], thing


EXPLORED: dict[str, dict[str, Any]] = {
    "timeline": {"kinds": [], "during": "2023", "certain": False, "skip": 0, "most": 500},
    "places": {},
    "network": {"skip": 0, "most": 500},
    "connected": {
        "start": "https://w3id.org/foedera/id/org/rapidus",
        "goal": "https://w3id.org/foedera/id/person/adolfo-urso",
        "wide": True,
    },
    "disputes": {"skip": 0, "most": 500},
}


@pytest.mark.parametrize("name", EXPLORED)
def test_a_page_of_the_whole_dataset_is_the_same(
    name: str, engine: Endpoint, dataset: release.Release
) -> None:
    load(engine, dataset.path, [], lambda _: None)
    stores = EmbeddedStore.load(dataset.path), RemoteStore.open(dataset.path, engine)
    call = {"languages": ["ja", "en"], **EXPLORED[name]}
    found = [said(explore.OPERATIONS[name], each, **call) for each in stores]
    assert len(found[0][1]) > 1000
    assert found[0] == found[1]


class Said:
    """Where an operation writes."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self.written = b""

    def head(self, content: dict[str, Any]) -> None:
        self.told = content

    def write(self, part: bytes) -> int:
        self.written += part
        return len(part)


def said(operation: Any, store: Store, **call: Any) -> Any:
    reply = Said()
    operation(store, call, reply)
    return reply.told, reply.written


THINGS = (
    "id/book/kokoro",
    "id/person/natsume-soseki",
    "id/shelf",
    "ns#Book",
    "ns",
    "shapes/Book-label",
)


@pytest.mark.parametrize("thing", THINGS)
def test_the_page_of_a_thing_is_the_same(thing: str, store: Store, right: EmbeddedStore) -> None:
    call = {"iris": [BASE + thing], "languages": ["ja", "en"], "values": 500}
    first, second = (said(show.page, one, **call) for one in (right, store))
    assert first[0] == second[0]
    assert unordered(json.loads(first[1])) == unordered(json.loads(second[1]))


def unordered(content: Any) -> Any:
    """Without the order, and the names of blank nodes, of which each store has its own."""
    if isinstance(content, dict):
        return {name: unordered(value) for name, value in content.items()}
    if isinstance(content, list):
        return sorted(map(unordered, content), key=lambda one: json.dumps(one, sort_keys=True))
    return re.sub(r"[a-z][0-9a-f]+n\d+", "node", content) if isinstance(content, str) else content


@pytest.mark.parametrize("thing", THINGS)
def test_the_description_of_a_thing_is_the_same(
    thing: str, store: Store, right: EmbeddedStore
) -> None:
    graphs = []
    for one in (right, store):
        call = {"iris": [BASE + thing], "engine": "TURTLE", "most": 1000}
        graph = ox.Dataset(
            ox.parse(said(describe.graph, one, **call)[1], format=ox.RdfFormat.TURTLE)
        )
        graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        graphs.append(set(graph))
    assert graphs[0] == graphs[1]


def test_what_pages_list_is_the_same(store: Store, right: EmbeddedStore) -> None:
    calls: list[tuple[Any, dict[str, Any]]] = [
        (show.members, {"iri": f"{NS}Book", "skip": 0, "most": 10}),
        (show.overview, {"classes": list(right.numbers["classes"]), "examples": [KOKORO.value]}),
        (suggest.vocabulary, {}),
        (suggest.things, {"text": "soseki", "space": ""}),
        (suggest.examples, {}),
    ]
    for operation, call in calls:
        found = [said(operation, one, languages=["en"], **call) for one in (right, store)]
        assert found[0] == found[1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What engines are asked while a test runs."""
    texts: list[str] = []
    ask = Endpoint.ask

    def noted(endpoint: Endpoint, text: str, *more: Any, **others: Any) -> Any:
        texts.append(text)
        return ask(endpoint, text, *more, **others)

    monkeypatch.setattr(Endpoint, "ask", noted)
    return texts


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What engines are told while a test runs."""
    texts: list[str] = []
    tell = Endpoint.tell

    def noted(endpoint: Endpoint, text: str, seconds: float) -> None:
        texts.append(text)
        tell(endpoint, text, seconds)

    monkeypatch.setattr(Endpoint, "tell", noted)
    return texts


class TestEngine:
    """What is only of an engine elsewhere."""

    def test_a_page_costs_a_few_requests(
        self, engine: Endpoint, published: release.Release, asked: list[str]
    ) -> None:
        load(engine, published.path, [], lambda _: None)
        for thing in THINGS:
            store = RemoteStore.open(published.path, engine)
            for operation, call in (
                (show.page, {"languages": ["en"], "values": 500}),
                (describe.graph, {"engine": "TURTLE", "most": 1000}),
            ):
                asked.clear()
                said(operation, store, iris=[BASE + thing], **call)
                most = 20 if thing == "ns" else 12  # an ontology has all its terms on one page
                assert len(asked) <= most, (thing, operation, asked)

    def test_a_page_with_many_values_costs_no_more(
        self, engine: Endpoint, books: Path, publish: Publish, asked: list[str]
    ) -> None:
        counts = []
        for number in (3, 300):
            (books / "shapes" / "values.ttl").write_text(
                f"@prefix foedera: <{terms.FOEDERA}> .\n@prefix sh: <{terms.SH}> .\n"
                f"@prefix rdf: <{terms.RDF}> .\n"
                + "".join(
                    f"<https://example.org/shapes/value-{one}> a foedera:NamedValue ; "
                    "foedera:valueOf <https://example.org/ns#list> ; "
                    f'rdf:value "{one}" ; sh:name "No. {one}"@en .\n'
                    for one in range(number)
                ),
                encoding="utf-8",
            )
            (books / "data" / "many.ttl").write_text(
                "@prefix : <https://example.org/ns#> .\n"
                "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
                + "".join(
                    f"<https://example.org/id/shelf> :holds <https://example.org/id/book/{one}> ; "
                    f':list ( "{one}" [ :n {one} ] ) .\n'
                    f"<https://example.org/id/book/{one}> rdfs:label 'Book {one}'@en ; "
                    "  :on <https://example.org/id/shelf> .\n"
                    for one in range(number)
                ),
                encoding="utf-8",
            )
            path = publish().path
            load(engine, path, [], lambda _: None)
            store = RemoteStore.open(path, engine)
            asked.clear()
            said(show.page, store, iris=[SHELF.value], languages=["en"], values=500)
            counts.append(len(asked))
        assert counts[1] <= counts[0] + 3, counts

    def test_a_second_load_tells_the_engine_nothing(
        self, engine: Endpoint, published: release.Release, told: list[str]
    ) -> None:
        load(engine, published.path, [], lambda _: None)
        told.clear()
        load(engine, published.path, [], lambda _: None)
        assert told == []

    def test_only_what_changed_is_loaded(
        self, engine: Endpoint, books: Path, publish: Publish, told: list[str]
    ) -> None:
        (books / "data" / "more.ttl").write_text(FILES["data/more.ttl"], encoding="utf-8")
        before = publish().path
        load(engine, before, [], lambda _: None)
        file = books / "data" / "books.ttl"
        file.write_text(
            file.read_text(encoding="utf-8").replace("Il Gattopardo", "Der Leopard"), "utf-8"
        )
        after = publish().path
        told.clear()
        lines: list[str] = []
        load(engine, after, [before], lines.append)
        assert "loading 2 of 7 graphs into the engine" in lines
        changed = [text for text in told if "graph/release" not in text]
        assert sum(text.count("Der Leopard") for text in changed) == 2
        assert all(text.count("\n") <= 2 for text in changed), changed

        store, right = RemoteStore.open(after, engine), EmbeddedStore.open(after)
        assert plain(right.query(QUERIES["all"])) == plain(store.query(QUERIES["all"]))
        assert plain(right.query(QUERIES["graphs"])) == plain(store.query(QUERIES["graphs"]))

    def test_a_graph_that_goes_is_taken_away(
        self, engine: Endpoint, books: Path, publish: Publish
    ) -> None:
        (books / "data" / "more.ttl").write_text(FILES["data/more.ttl"], encoding="utf-8")
        load(engine, publish().path, [], lambda _: None)
        (books / "data" / "more.ttl").unlink()
        path = publish().path
        load(engine, path, [], lambda _: None)
        store, right = RemoteStore.open(path, engine), EmbeddedStore.open(path)
        for query in ("all", "graphs"):
            assert plain(right.query(QUERIES[query])) == plain(store.query(QUERIES[query]))

    def test_what_others_did_to_a_graph_is_seen_and_put_right(
        self, engine: Endpoint, published: release.Release
    ) -> None:
        load(engine, published.path, [], lambda _: None)
        engine.tell(f"INSERT DATA {{ GRAPH <{MORE}> {{ <urn:a> <urn:b> <urn:c> }} }}", 10)
        lines: list[str] = []
        load(engine, published.path, [], lines.append)
        assert "loading 1 of 10 graphs into the engine" in lines
        store, right = RemoteStore.open(published.path, engine), EmbeddedStore.open(published.path)
        assert plain(right.query(QUERIES["graphs"])) == plain(store.query(QUERIES["graphs"]))

    def test_an_engine_that_takes_less_than_it_is_given_is_found_out(
        self, engine: Endpoint, books: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tell = Endpoint.tell

        def forgetful(endpoint: Endpoint, text: str, seconds: float) -> None:
            tell(endpoint, re.sub(r".*kokoro.*writtenBy.*\n", "", text), seconds)

        monkeypatch.setattr(Endpoint, "tell", forgetful)
        path = publish().path
        engine.tell(f"DROP SILENT GRAPH <{BASE}graph/release>", 10)
        with pytest.raises(EngineFailed, match=r"was given 49 triples .* and holds 48"):
            load(engine, path, [], lambda _: None)
        with pytest.raises(Unavailable, match="or is being loaded"):
            RemoteStore.open(path, engine).query("ASK {}")

    def test_another_release_is_not_answered_from(
        self, engine: Endpoint, books: Path, publish: Publish, published: release.Release
    ) -> None:
        load(engine, publish().path, [], lambda _: None)
        store = RemoteStore.open(published.path, engine)
        with pytest.raises(Unavailable, match="does not hold release") as fault:
            store.query("ASK {}")
        assert fault.value.retry_after
        with pytest.raises(Unavailable):
            next(store.about(KOKORO))

    def test_a_load_that_was_ended_is_taken_up_again(
        self,
        engine: Endpoint,
        books: Path,
        publish: Publish,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class Killed(BaseException):
            pass

        tell, seen = Endpoint.tell, []

        def mortal(endpoint: Endpoint, text: str, seconds: float) -> None:
            seen.append(text)
            if len(seen) == 8:
                raise Killed
            tell(endpoint, text, seconds)

        path = publish().path
        engine.tell(f"DROP SILENT GRAPH <{BASE}graph/release>", 10)
        with monkeypatch.context() as patch:
            patch.setattr(Endpoint, "tell", mortal)
            with pytest.raises(Killed):
                load(engine, path, [], lambda _: None)
        load(engine, path, [], lambda _: None)
        store, right = RemoteStore.open(path, engine), EmbeddedStore.open(path)
        for query in ("all", "graphs"):
            assert plain(right.query(QUERIES[query])) == plain(store.query(QUERIES[query]))

    def test_a_great_many_graphs_are_not_merged(
        self, engine: Endpoint, published: release.Release, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(engine, published.path, [], lambda _: None)
        monkeypatch.setattr("foedera.stores.remote._MERGED", 20)
        with pytest.raises(BadRequest, match="may be merged"):
            RemoteStore.open(published.path, engine).query(QUERIES["all"], [BOOKS, MORE])

    def test_what_is_looked_up_is_let_go_when_it_is_much(
        self, engine: Endpoint, published: release.Release, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(engine, published.path, [], lambda _: None)
        monkeypatch.setattr("foedera.stores.remote._KEPT", 5)
        monkeypatch.setattr("foedera.stores.remote._ROWS", 4)
        monkeypatch.setattr("foedera.stores.remote._NAMED", 3)
        store, right = RemoteStore.open(published.path, engine), EmbeddedStore.open(published.path)
        for thing in THINGS:
            call = {"iris": [BASE + thing], "languages": ["ja", "en"], "values": 500}
            first, second = (said(show.page, one, **call) for one in (right, store))
            assert unordered(json.loads(first[1])) == unordered(json.loads(second[1]))

    def test_a_wrong_password_is_told(self, published: release.Release, engine: Endpoint) -> None:
        if not engine.user:
            pytest.skip("this engine asks nobody who they are")
        stranger = Endpoint(engine.url, engine.update_url, engine.user, "wrong")
        stranger.breaker.succeeded()
        with pytest.raises(BadGateway, match="user and a password"):
            stranger.tell(f"DROP SILENT GRAPH <{BASE}graph/release>", 10)
