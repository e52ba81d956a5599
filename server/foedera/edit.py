"""What a request to write would change: SPARQL 1.1 Update, and graphs put, added to or deleted.

The dataset that is written to: the default graph is what the files in data/ state in no named
graph, and what was written into it since; the named graphs are those that files name, and a
file's own graph can be named too. What a pattern is matched with is what queries see: the union
of all, with what was inferred, unless USING or WITH says otherwise. The model and the rules, and
what was inferred, are read and never written.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyoxigraph as ox

from foedera import folder
from foedera.errors import BadRequest, Conflict, NotFound, QuerySyntax, Refused, TooLarge
from foedera.query import engine, mend
from foedera.query.scan import Token, place, tokens, unescaped
from foedera.release import Release
from foedera.terms import XSD

Graph: TypeAlias = ox.NamedNode | None
"""A named graph; None is the default graph."""

MEDIA_TYPES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}
"""What a graph may be sent as."""


@dataclass(frozen=True)
class Request:
    """What is asked: ``update``, or to ``put``, ``post`` or ``delete`` a graph.

    ``graph`` is its IRI, or None for the default graph; ``parts`` are what is sent for it, each
    with its media type. ``using`` and ``using_named`` are the dataset of an update's patterns
    (SPARQL 1.1 Protocol, section 2.2.3).
    """

    operation: str
    text: str = ""
    using: Sequence[str] = ()
    using_named: Sequence[str] = ()
    graph: str | None = None
    parts: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True)
class Limits:
    """The most that a request may hold: brackets that are open at once, triples that change."""

    nesting: int
    triples: int


@dataclass
class Edit:
    """What changes; a quad of the default graph stands for every place in it.

    ``created`` tells that the graph was not there before, ``notes`` what the writer should know.
    """

    removed: list[ox.Quad] = field(default_factory=list)
    added: list[ox.Quad] = field(default_factory=list)
    created: bool = False
    notes: list[str] = field(default_factory=list)


def edit(source: folder.Folder, release: Release, request: Request, limits: Limits) -> Edit:
    """What a request changes in the release of a folder.

    Raises QuerySyntax, BadRequest, Refused, NotFound, Conflict, TooLarge.
    """
    data = _Data(source, release)
    if request.operation == "update":
        found = _Update(data, request, limits).run()
    else:
        found = _stored(data, request, limits)
    size = len(found.removed) + len(found.added)
    if size > limits.triples:
        raise TooLarge(
            f"It changes {size:,} triples, and at most {limits.triples:,} may change at once",
            "Write in several parts, or change the files and publish them.",
        )
    return _with_stable_nodes(data, found)


class _Data:
    """The named graphs of a release: for each triple, where it stands, as it is spelled there."""

    def __init__(self, source: folder.Folder, release: Release) -> None:
        self.base: str = release.manifest["publication"]["base"]
        self.prefixes: dict[str, str] = release.manifest["prefixes"]
        self.inferred = ox.NamedNode(release.manifest["inferred"])
        self.changes = ox.NamedNode(f"{self.base}graph/{folder.CHANGES}")
        self.own = {self.changes, *(file.graph(self.base) for file in source.of("data"))}
        self.fixed = {file.graph(self.base): file.path for file in source.of("ontology", "shapes")}
        self.where: dict[ox.Triple, set[ox.NamedNode]] = {}
        self.nodes: set[ox.BlankNode] = set()
        path = str(release.path / "dump.nq")
        for quad in ox.parse(path=path, format=ox.RdfFormat.N_QUADS, lenient=True):
            if isinstance(quad.graph_name, ox.NamedNode):
                self.where.setdefault(quad.triple, set()).add(quad.graph_name)
                self.nodes.update(_blank_nodes(quad.triple))

    def homes(self, graph: Graph) -> set[ox.NamedNode]:
        """The named graphs that a graph of the dataset consists of."""
        return self.own if graph is None else {graph}

    def of(self, graph: Graph) -> set[ox.Triple]:
        homes = self.homes(graph)
        return {triple for triple, graphs in self.where.items() if graphs & homes}

    def check(self, graph: Graph) -> None:
        """Raises Conflict for a graph that is not written to."""
        if graph is None or graph in self.own:
            return
        if graph in self.fixed:
            raise Conflict(
                f"{graph} is what {self.fixed[graph]} says",
                "The model and the rules are changed in the folder, not over HTTP.",
            )
        if graph == self.inferred:
            raise _of_inference(str(graph))
        if graph.value.startswith(f"{self.base}graph/"):
            raise Conflict(
                f"{graph} is no graph of a file in data/, and <{self.base}graph/> is for those",
                f"A new graph may be called <{self.base}graphs/...>, or anything else.",
            )


def _of_inference(what: str) -> Conflict:
    return Conflict(
        f"{what} is not stated: it follows by inference, and cannot be changed by itself",
        "Change what it follows from.",
    )


def _with_stable_nodes(data: _Data, found: Edit) -> Edit:
    """The edit with names for its new blank nodes that no other in the publication has."""
    names: dict[ox.BlankNode, ox.BlankNode] = {}
    stem = "c" + uuid.uuid4().hex[:12]

    def renamed(node: Any) -> Any:
        if isinstance(node, ox.Triple):
            return ox.Triple(renamed(node.subject), node.predicate, renamed(node.object))
        if isinstance(node, ox.BlankNode) and node not in data.nodes:
            return names.setdefault(node, ox.BlankNode(f"{stem}n{len(names)}"))
        return node

    found.added = [
        ox.Quad(renamed(q.subject), q.predicate, renamed(q.object), q.graph_name)
        for q in found.added
    ]
    return found


def _blank_nodes(node: Any) -> Iterator[ox.BlankNode]:
    if isinstance(node, ox.Triple):
        yield from _blank_nodes(node.subject)
        yield from _blank_nodes(node.object)
    elif isinstance(node, ox.BlankNode):
        yield node


# Graphs that are sent (SPARQL 1.1 Graph Store HTTP Protocol)


def _stored(data: _Data, request: Request, limits: Limits) -> Edit:
    graph = None if request.graph is None else _named(request.graph)
    data.check(graph)
    now = data.of(graph)
    sent: set[ox.Triple] = set()
    if request.operation == "delete":
        if graph is not None and not now:
            raise NotFound(f"There is no graph {graph}")
    else:
        sent = {t for part in request.parts for t in _triples(data, graph, part, limits)}
    if (
        request.operation == "put"
        and 0 < len(now) == len(sent)
        and _canonical(now) == _canonical(sent)
    ):
        return Edit(notes=["The graph is there already, as it was sent."])
    kept = now | sent if request.operation == "post" else sent
    return Edit(
        [_quad(triple, graph) for triple in now - kept],
        [_quad(triple, graph) for triple in kept - now],
        created=graph is not None and not now and bool(sent),
        notes=[] if sent or request.operation == "delete" else [_EMPTY],
    )


_EMPTY = "A graph without a triple is not kept."


def _named(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise BadRequest(f"{iri!r} is no IRI") from None


def _quad(triple: ox.Triple, graph: Graph) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph or ox.DefaultGraph())


def _canonical(triples: Iterable[ox.Triple]) -> ox.Dataset:
    found = ox.Dataset(_quad(triple, None) for triple in triples)
    found.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return found


def _triples(
    data: _Data, graph: Graph, part: tuple[str, bytes], limits: Limits
) -> Iterator[ox.Triple]:
    """The triples of what was sent for a graph; strict, and with blank nodes of its own."""
    media_type, body = part
    fmt = MEDIA_TYPES[media_type]
    if fmt == ox.RdfFormat.RDF_XML:
        _bound_entities(body)
    base = data.base if graph is None else graph.value
    try:
        quads = ox.parse(body, format=fmt, base_iri=base, rename_blank_nodes=True)
        for count, quad in enumerate(quads, 1):
            if count > limits.triples:
                raise TooLarge(
                    f"More than {limits.triples:,} triples were sent",
                    "Send them in several parts, or put them into a file and publish it.",
                )
            if quad.graph_name not in (ox.DefaultGraph(), graph):
                raise BadRequest(
                    f"What was sent is for the graph {quad.graph_name} too",
                    "Send each graph to its own address.",
                )
            yield quad.triple
    except (SyntaxError, ValueError) as fault:
        raise BadRequest(f"What was sent does not parse as {media_type}: {fault}") from None


_ENTITY = re.compile(rb"<!ENTITY\s+(%\s+)?([^\s\"'<>&;%]+)\s+(?:\"([^\"]*)\"|'([^']*)'|(\w))")
_MOST_EXPANDED = 5_000_000


def _bound_entities(body: bytes) -> None:
    """Raises BadRequest for entities of XML that are elsewhere, or would take all the memory.

    Prot\u00e9g\u00e9 writes some, each the text of a namespace.
    """
    if b"\0" in body:
        raise BadRequest("RDF/XML is read in UTF-8 here", "Send it in UTF-8.")
    declared = [(m[2], m[3] or m[4] or b"", m[1] or m[5]) for m in _ENTITY.finditer(body)]
    if len(declared) != body.count(b"<!ENTITY"):
        raise BadRequest("An entity is declared in a way that is not read here")
    expanded = 0
    for name, value, elsewhere in declared:
        if elsewhere or b"&" in value or b"%" in value:
            raise BadRequest(
                f"The entity {name.decode(errors='replace')} is elsewhere, or made of others",
                "Declare entities as plain text, or write IRIs in full.",
            )
        expanded += len(value) * body.count(b"&" + name + b";")
    if expanded > _MOST_EXPANDED or re.search(rb"<!DOCTYPE[^\[>]*(?:SYSTEM|PUBLIC)", body):
        raise BadRequest(
            "The document expands too far, or has a part elsewhere", "Write IRIs in full."
        )


# SPARQL 1.1 Update


@dataclass(frozen=True)
class Operation:
    """One operation of an update: its first word, what was declared before it, its text, and where
    it starts."""

    word: str
    prologue: str
    text: str
    tokens: tuple[Token, ...]
    start: int

    @property
    def words(self) -> list[str]:
        """Its keywords outside of all brackets."""
        return [_word(token) for token in self.tokens if token.depth == 0 and _word(token)]

    @property
    def is_data(self) -> bool:
        return [_word(token) for token in self.tokens[1:2]] == ["DATA"]


_FIRST_WORDS = frozenset(
    {"INSERT", "DELETE", "WITH", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"}
)


def _load() -> Refused:
    return Refused(
        "Nothing is fetched from elsewhere: LOAD is refused",
        "Fetch it yourself, and send it with INSERT DATA or to its graph's address.",
    )


def _word(token: Token) -> str:
    return unescaped(token.text).upper() if token.kind == "word" else ""


def operations(text: str, nesting: int) -> list[Operation]:
    """The operations of an update (SPARQL 1.1 Update, section 3).

    Raises BadRequest past ``nesting`` open brackets, Refused for SERVICE, QuerySyntax for what
    begins with none of the words that it may begin with.
    """
    found: list[Operation] = []
    prologue: list[str] = []
    all_tokens = list(tokens(text))
    _measure(all_tokens, nesting)
    at = 0
    while at < len(all_tokens):
        word, start = _word(all_tokens[at]), all_tokens[at].start
        length = {"BASE": 2, "PREFIX": 3, "VERSION": 2}.get(word)
        if length:
            last = all_tokens[min(at + length, len(all_tokens)) - 1]
            prologue.append(text[start : last.start + len(last.text)])
            at += length
            continue
        end = at
        while end < len(all_tokens) and not _ends(all_tokens[end]):
            end += 1
        if word not in _FIRST_WORDS:
            if "LOAD" in unescaped(all_tokens[at].text).upper():  # without a space behind it
                raise _load()
            raise QuerySyntax(
                f"{place(text, start)}: {all_tokens[at].text[:60]} begins no operation",
                "See SPARQL 1.1 Update.",
            )
        stop = all_tokens[end].start if end < len(all_tokens) else len(text)
        of_this = tuple(Token(t.kind, t.text, t.start - start, t.depth) for t in all_tokens[at:end])
        found.append(Operation(word, "\n".join(prologue), text[start:stop], of_this, start))
        at = end + 1
    return found


def _ends(token: Token) -> bool:
    return token.text == ";" and token.depth == 0


def _measure(found: Sequence[Token], nesting: int) -> None:
    for before, token in zip((None, *found), found, strict=False):
        if token.depth > nesting:
            raise BadRequest(
                f"The update nests deeper than {nesting} brackets",
                "Write it flatter; the limit protects the engine.",
            )
        said = unescaped(token.text).upper()
        # The engine needs no space between words: service:a{ may be SERVICE :a {.
        named = before.text.partition(":")[0] if before and before.kind == "name" else ""
        if (token.kind == "word" and "SERVICE" in said) or (
            token.text == "{" and "SERVICE" in unescaped(named).upper()
        ):
            raise Refused(
                "No other endpoint is asked from here: SERVICE is refused",
                "Ask the other endpoint, and write what it answers.",
            )


_VALUED = re.compile(
    re.escape(XSD)
    + "(?:boolean|byte|date|dateTime|dateTimeStamp|dayTimeDuration|decimal|double|duration|float|"
    "g(?:Day|Month|MonthDay|Year|YearMonth)|int|integer|long|negativeInteger|nonNegativeInteger|"
    "nonPositiveInteger|positiveInteger|short|time|unsigned(?:Byte|Int|Long|Short)|"
    "yearMonthDuration)"
)
"""The datatypes of which the engine keeps the value, and not how it is spelled."""

Pair: TypeAlias = tuple[ox.Triple, Graph]


class _Update:
    """An update at work on a copy of the data, operation by operation."""

    def __init__(self, data: _Data, request: Request, limits: Limits) -> None:
        self._data = data
        self._request = request
        self._limits = limits
        self._spelled = _as_the_engine_spells(data)
        self._before: dict[ox.Triple, frozenset[ox.NamedNode]] = {}
        self._homeless: dict[ox.Triple, set[ox.NamedNode]] = {}
        self._store: ox.Store | None = None
        self._all: set[ox.Quad] = set()
        self._elsewhere = 0
        self._notes: list[str] = []
        # Where what is inserted into the default graph goes, until it is known whether it is new.
        self._fresh = ox.NamedNode(uuid.uuid4().urn)

    def run(self) -> Edit:
        text = mend.read(self._request.text)
        found = operations(text, self._limits.nesting)
        if self._request.using or self._request.using_named:
            for iri in (*self._request.using, *self._request.using_named):
                _named(iri)
            if any({"WITH", "USING"} & set(one.words) for one in found):
                raise BadRequest(
                    "The update has USING or WITH, and the request has using-graph-uri as well",
                    "Say it in one of the two places.",
                )
        scratch = ox.Store()
        engine.parsed(_forgiving(lambda t: self._ask(scratch, t)), _without_loads(text, found))
        for operation in found:
            if operation.word == "LOAD":
                if "SILENT" not in operation.words:
                    raise _load()
                self._notes.append("Nothing was loaded: nothing is fetched from elsewhere.")
            elif operation.is_data:
                self._data_operation(operation)
            elif operation.word in ("INSERT", "DELETE", "WITH"):
                self._modify(operation)
            else:
                self._manage(operation)
        return self._net()

    def _ask(self, store: ox.Store, text: str) -> Any:
        return store.update(text, base_iri=self._data.base, prefixes=self._data.prefixes)

    def _data_operation(self, operation: Operation) -> None:
        """INSERT DATA and DELETE DATA: read by the engine, in a store that is thrown away."""
        scratch = ox.Store()
        opening = next(token for token in operation.tokens if token.text == "{")
        block = operation.text[opening.start :]
        self._ask(scratch, f"{operation.prologue}\nINSERT DATA {block}")
        pairs = [(quad.triple, _graph(quad)) for quad in scratch]
        if operation.word == "INSERT":
            self._change([], pairs)
        else:
            self._change(pairs, [])

    def _modify(self, operation: Operation) -> None:
        store = self._loaded()
        text = rewritten(
            operation, self._fresh.value, self._request.using, self._request.using_named
        )
        try:
            self._ask(store, f"{operation.prologue}\n{text}")
        except RuntimeError as fault:
            raise BadRequest(f"The engine does not do this: {fault}") from None
        after = set(store)
        removed = [(quad.triple, _graph(quad)) for quad in self._all - after]
        added = [
            (quad.triple, None if quad.graph_name == self._fresh else _graph(quad))
            for quad in after - self._all
        ]
        self._all = after
        for triple, graph in added:
            if graph is None:
                self._put(_quad(triple, self._fresh), False)
        self._change(removed, added)
        for triple in {triple for triple, _ in (*removed, *added)}:
            self._settle(triple, ())

    def _loaded(self) -> ox.Store:
        """The data as a query sees them: each graph, and the union of them by default."""
        if self._store is None:
            self._store = ox.Store()
            for triple, graphs in self._data.where.items():
                self._all.add(_quad(triple, None))
                self._all |= {_quad(triple, graph) for graph in graphs}
            self._store.bulk_extend(self._all)
        return self._store

    def _put(self, quad: ox.Quad, there: bool) -> None:
        assert self._store is not None
        if there and quad not in self._all:
            self._store.add(quad)
            self._all.add(quad)
        elif not there and quad in self._all:
            self._store.remove(quad)
            self._all.discard(quad)

    def _settle(self, triple: ox.Triple, graphs: Iterable[Graph]) -> None:
        """Make the store hold a triple where it stands, and nowhere else."""
        if self._store is None:
            return
        now = self._data.where.get(triple, set())
        for graph in {*now, *graphs, *self._before.get(triple, ())} - {None}:
            self._put(_quad(triple, graph), graph in now)
        self._put(_quad(triple, None), bool(now))

    def _change(self, removed: Iterable[Pair], added: Iterable[Pair]) -> None:
        """Take triples away, and then put others there (SPARQL 1.1 Update, section 3.1.3)."""
        removed, added = list(removed), list(added)
        for graph in {graph for _, graph in (*removed, *added)}:
            self._data.check(graph)
        coming = {triple for triple, graph in added if graph is None}
        for triple, graph in sorted(removed, key=lambda pair: pair[1] is None):
            if graph is not None:
                self._take(triple, {graph})
            elif triple not in coming:
                self._take_from_default(triple)
        for triple, graph in added:
            self._add(triple, graph)

    def _take_from_default(self, triple: ox.Triple) -> None:
        where = self._data.where.get(triple, set())
        homes = where & self._data.own
        if homes:
            self._homeless[triple] = homes
            self._take(triple, homes)
            return
        if self._data.inferred in where:
            raise _of_inference(str(triple))
        fixed = next((self._data.fixed[graph] for graph in where if graph in self._data.fixed), "")
        if fixed:
            raise Conflict(
                f"{triple} is what {fixed} says",
                "The model and the rules are changed in the folder, not over HTTP.",
            )
        self._elsewhere += bool(where)

    def _touch(self, triple: ox.Triple) -> set[ox.NamedNode]:
        where = self._data.where.setdefault(triple, set())
        self._before.setdefault(triple, frozenset(where))
        return where

    def _take(self, triple: ox.Triple, graphs: set[ox.NamedNode]) -> None:
        where = self._touch(triple)
        where -= graphs
        if not where:
            del self._data.where[triple]
        self._settle(triple, graphs)

    def _add(self, triple: ox.Triple, graph: Graph) -> None:
        where = self._touch(triple)
        if graph is not None:
            where.add(graph)
        elif not where & self._data.own:  # what was there, and went in the meantime, comes back
            where |= self._homeless.pop(triple, {self._data.changes})
        self._settle(triple, ())

    def _net(self) -> Edit:
        """The difference that is left in the end, in the spelling of the files."""
        removed, added = [], []
        own = self._data.own
        for triple, before in self._before.items():
            now = self._data.where.get(triple, set())
            gone, come = before - now, now - before
            if before & own and not now & own:
                removed += [_quad(one, None) for one in self._spellings(triple, before & own)]
                gone -= own
            for graph in gone:
                removed += [_quad(one, graph) for one in self._spellings(triple, {graph})]
            for graph in come:
                added.append(_quad(triple, None if graph == self._data.changes else graph))
        if self._elsewhere:
            self._notes.append(
                f"{self._elsewhere:,} of the triples to be deleted from the default graph stand "
                "only in named graphs, and stay: name the graph to delete them."
            )
        return Edit(removed, added, notes=self._notes)

    def _spellings(self, triple: ox.Triple, graphs: Iterable[ox.NamedNode]) -> set[ox.Triple]:
        return {one for graph in graphs for one in self._spelled.get((triple, graph), {triple})}

    def _manage(self, operation: Operation) -> None:
        """Graph management (SPARQL 1.1 Update, section 3.2). An empty graph is not recorded."""
        silent = "SILENT" in operation.words
        targets = [
            token
            for token in operation.tokens[1:]
            if token.kind in ("iri", "name") or _word(token) in ("DEFAULT", "NAMED", "ALL")
        ]
        if operation.word in ("CLEAR", "DROP"):
            self._clear(operation, targets[0])
        elif operation.word == "CREATE":
            graph = self._graph_of(operation, targets[0])
            if self._data.of(graph) and not silent:
                raise Conflict(f"The graph {graph} is there already", "CREATE SILENT lets it be.")
        else:
            source, target = (self._graph_of(operation, token) for token in targets)
            self._copy(operation.word, source, target, silent)

    def _copy(self, word: str, source: Graph, target: Graph, silent: bool) -> None:
        triples = self._data.of(source)
        if source is not None and not triples:
            if silent:
                return
            raise Conflict(f"There is no graph {source}", f"{word} SILENT lets it be.")
        if source == target:
            return
        gone = [] if word == "ADD" else [(t, target) for t in self._data.of(target) - triples]
        moved = [(triple, source) for triple in triples] if word == "MOVE" else []
        self._change([*gone, *moved], [(triple, target) for triple in triples])

    def _clear(self, operation: Operation, target: Token) -> None:
        graphs: list[Graph]
        named = {graph for graphs in self._data.where.values() for graph in graphs}
        named -= {*self._data.own, *self._data.fixed, self._data.inferred}
        match _word(target):
            case "DEFAULT":
                graphs = [None]
            case "NAMED":
                graphs = list(named)
            case "ALL":
                graphs = [None, *named]
            case _:
                graphs = [self._graph_of(operation, target)]
        self._change([(t, graph) for graph in graphs for t in self._data.of(graph)], [])

    def _graph_of(self, operation: Operation, token: Token) -> Graph:
        """The graph that a token names, as the engine resolves it."""
        if _word(token) == "DEFAULT":
            return None
        scratch = ox.Store()
        triple = "<urn:x> <urn:x> <urn:x>"
        self._ask(
            scratch, f"{operation.prologue}\nINSERT DATA {{ GRAPH {token.text} {{ {triple} }} }}"
        )
        return _graph(next(iter(scratch)))


def _without_loads(text: str, found: Sequence[Operation]) -> str:
    """The update with another operation for each LOAD, which the engine would do."""
    for one in reversed(found):
        if one.word == "LOAD":
            kinds = [_word(token) or token.kind for token in one.tokens[1:]]
            if not _LOADED.fullmatch(" ".join(kinds)):
                raise QuerySyntax(f"{place(text, one.start)}: this is no LOAD")
            text = f"{text[: one.start]}DROP DEFAULT {text[one.start + len(one.text) :]}"
    return text


_LOADED = re.compile("(?:SILENT )?(?:iri|name)(?: INTO GRAPH (?:iri|name))?")


def _graph(quad: ox.Quad) -> Graph:
    return quad.graph_name if isinstance(quad.graph_name, ox.NamedNode) else None


def _forgiving(ask: Callable[[str], Any]) -> Callable[[str], Any]:
    """Only whether it parses: over no data, some operations fail, and are not done here."""

    def asked(text: str) -> Any:
        try:
            return ask(text)
        except (RuntimeError, OSError):
            return None

    return asked


def _as_the_engine_spells(data: _Data) -> dict[tuple[ox.Triple, ox.NamedNode], set[ox.Triple]]:
    """Spell the data as the engine does; what files say otherwise, by what became of it."""
    literals: dict[ox.Literal, int] = {}
    for triple in data.where:
        value = triple.object
        if isinstance(value, ox.Literal) and _VALUED.fullmatch(value.datatype.value):
            literals.setdefault(value, len(literals))
    scratch, predicate = ox.Store(), ox.NamedNode("urn:x")
    scratch.bulk_extend(
        ox.Quad(ox.NamedNode(f"urn:{number}"), predicate, literal)
        for literal, number in literals.items()
    )
    plain = {quad.subject.value: quad.object for quad in scratch}
    spelled: dict[tuple[ox.Triple, ox.NamedNode], set[ox.Triple]] = {}
    meanings: dict[Any, Any] = {
        literal: plain[f"urn:{number}"]
        for literal, number in literals.items()
        if plain[f"urn:{number}"] != literal
    }
    for triple in [one for one in data.where if one.object in meanings]:
        meant = ox.Triple(triple.subject, triple.predicate, meanings[triple.object])
        graphs = data.where.pop(triple)
        for graph in graphs:
            if graph in data.where.get(meant, ()):
                spelled.setdefault((meant, graph), {meant})
            spelled.setdefault((meant, graph), set()).add(triple)
        data.where.setdefault(meant, set()).update(graphs)
    return spelled


def rewritten(
    operation: Operation, fresh: str, using: Sequence[str], using_named: Sequence[str]
) -> str:
    """A DELETE/INSERT that puts what is meant for the default graph into another, ``fresh``.

    What is in the default graph already could not be told from what is inserted there. With
    ``using`` and ``using_named``, the patterns are matched with these graphs.
    """
    text, found = operation.text, operation.tokens
    clauses = "".join(f"USING <{iri}> " for iri in using)
    clauses += "".join(f"USING NAMED <{iri}> " for iri in using_named)
    if [_word(token) for token in found[:2]] == ["DELETE", "WHERE"]:
        block = text[next(token.start for token in found if token.text == "{") :]
        return f"DELETE {block} {clauses}WHERE {block}"
    edits = [
        (token.start, clauses)
        for token in found
        if clauses and token.depth == 0 and _word(token) == "WHERE"
    ]
    at = next((n for n, t in enumerate(found) if t.depth == 0 and _word(t) == "INSERT"), None)
    if at is not None and operation.word != "WITH":
        edits += _wrapped(found[at + 2 :], f"GRAPH <{fresh}> {{")
    for start, piece in sorted(edits, reverse=True):
        text = text[:start] + piece + text[start:]
    return text


def _wrapped(template: Sequence[Token], before: str) -> Iterator[tuple[int, str]]:
    """Where to put what, so that each piece of a template outside of GRAPH is within a graph.

    The tokens are those after the opening bracket.
    """
    opened = in_graph = after_graph = False
    for token in template:
        ends = token.depth == 0
        if in_graph:
            in_graph = not (token.text == "}" and token.depth == 1)
            after_graph = not in_graph
        elif ends or (token.depth == 1 and _word(token) == "GRAPH"):
            if opened:
                yield token.start, "} "
            opened, in_graph = False, True
        elif not opened and not (after_graph and token.text == "."):
            yield token.start, before
            opened = True
        if ends:
            return
