"""All that is known of one thing, complete, with the labels to show it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from foedera import terms
from foedera.errors import NotFound
from foedera.query.worker import Reply
from foedera.stores.embedded import EmbeddedStore

_TYPE = ox.NamedNode(terms.TYPE)
_LABELS = tuple(ox.NamedNode(iri) for iri in terms.LABELS)
_SUMMARIES = tuple(ox.NamedNode(iri) for iri in terms.SUMMARIES)


def things(store: EmbeddedStore, iris: Iterable[str]) -> list[ox.NamedNode]:
    """Those that are described of the first IRI about which anything is known.

    An IRI may be that of a thing, or that of a document whose things have hash IRIs. Raises
    NotFound when nothing is known of any.
    """
    iris = list(iris)
    for iri in iris:
        try:
            node = ox.NamedNode(iri)
        except ValueError:
            continue
        hashed = [ox.NamedNode(one) for one in store.documents.get(iri, ())]
        known = any(store.about(node)) or any(store.about(None, None, node))
        if known or hashed:
            return [*([node] if known else []), *hashed]
    raise NotFound(
        f"Nothing is known of <{iris[0]}>",
        "The first page leads to everything that is here.",
    )


def outgoing(store: EmbeddedStore, thing: Any) -> list[ox.Triple]:
    """The triples that have a thing as subject, blank nodes and lists followed to their end."""
    found: dict[ox.Triple, None] = {}
    ahead = [thing]
    seen = {thing}
    while ahead:
        for quad in store.about(ahead.pop()):
            found[quad.triple] = None
            for node in _blank(quad.object):
                if node not in seen:
                    seen.add(node)
                    ahead.append(node)
    return list(found)


def incoming(store: EmbeddedStore, thing: Any, most: int) -> tuple[list[ox.Triple], bool]:
    """The triples that have a thing as object, and whether there are more than ``most``.

    A blank node that points here is given whole, back to the named things that own it. What is
    of a class or is a term's use (rdf:type, and schema axioms) is no link between things and is
    left to the page of the class.
    """
    found: dict[ox.Triple, None] = {}
    ahead = [thing]
    seen = {thing}
    while ahead:
        for quad in store.about(None, None, ahead.pop()):
            if quad.predicate == _TYPE:
                continue
            if len(found) >= most:
                return list(found), True
            found[quad.triple] = None
            if isinstance(quad.subject, ox.BlankNode) and quad.subject not in seen:
                seen.add(quad.subject)
                found.update(dict.fromkeys(outgoing(store, quad.subject)))
                ahead.append(quad.subject)
    return list(found), False


def _blank(node: Any) -> Iterator[ox.BlankNode]:
    if isinstance(node, ox.BlankNode):
        yield node
    elif isinstance(node, ox.Triple):
        yield from _blank(node.subject)
        yield from _blank(node.object)


def labels(store: EmbeddedStore, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The names of everything that some triples mention."""
    found: dict[ox.Triple, None] = {}
    mentioned: dict[ox.NamedNode, None] = {}
    for triple in triples:
        for node in (triple.subject, triple.predicate, triple.object):
            if isinstance(node, ox.NamedNode):
                mentioned.setdefault(node)
    for node in mentioned:
        found.update(dict.fromkeys(store.names(node)))
    return list(found)


def graph(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """The description of a thing, or of the things of a document, written in a graph format.

    The call holds ``iris`` (the first that is known is meant), ``engine`` (the format's name in
    Oxigraph's RdfFormat) and ``most`` links from others.
    In it: every triple with the thing as subject, blank nodes and lists whole; the links that
    lead to it; labels for all that is mentioned; and the document, with licence and dataset.
    """
    found = things(store, call["iris"])
    said: dict[ox.Triple, None] = {}
    for thing in found:
        said.update(dict.fromkeys(outgoing(store, thing)))
    cut = False
    if len(found) == 1:
        links, cut = incoming(store, found[0], call["most"])
        said.update(dict.fromkeys(links))
    said.update(dict.fromkeys(labels(store, list(said))))
    said.update(dict.fromkeys(_document(store, found, cut)))
    reply.head({"iri": found[0].value, "cut": cut})
    written = ox.serialize(
        said,
        format=getattr(ox.RdfFormat, call["engine"]),
        prefixes=_used(store.prefixes, said),
    )
    reply.write(written or b"")


def _used(prefixes: dict[str, str], triples: Iterable[ox.Triple]) -> dict[str, str]:
    """The prefixes whose namespace occurs in some triples."""
    nodes: set[Any] = set()
    for triple in triples:
        nodes.update((triple.subject, triple.predicate, triple.object))
    spaces = set()
    for node in nodes:
        if isinstance(node, ox.Literal):
            iri = "" if node.language else node.datatype.value
        else:
            iri = "" if isinstance(node, ox.Triple) else node.value
        spaces.add(iri[: max(iri.rfind("/"), iri.rfind("#")) + 1])
    return {prefix: iri for prefix, iri in prefixes.items() if iri in spaces}


def document_iri(base: str, iri: str) -> str:
    """The canonical IRI of the document about a thing."""
    if not iri.startswith(base):
        return f"{base}about?iri={quote(iri, safe='')}"
    page, hash_, _ = iri.partition("#")
    if hash_:
        return page
    return f"{base}doc/{iri[len(base) :].removeprefix('id/')}"


def _document(store: EmbeddedStore, about: Sequence[ox.NamedNode], cut: bool) -> list[ox.Triple]:
    """What a document says of itself, so that it can be reused when found alone."""
    publication = store.manifest["publication"]
    node = ox.NamedNode(document_iri(store.base, about[0].value))
    rows: list[tuple[str, Any]] = [(terms.TYPE, ox.NamedNode(terms.FOAF + "Document"))]
    if len(about) == 1:
        rows.append((terms.FOAF + "primaryTopic", about[0]))
    if publication["license"]:
        rows.append((terms.DCTERMS + "license", ox.NamedNode(publication["license"])))
    if publication["dataset"]:
        rows.append((terms.DCTERMS + "isPartOf", ox.NamedNode(publication["dataset"])))
    rows.append((terms.OWL + "versionInfo", ox.Literal(store.manifest["release"])))
    if cut:
        rows.append(
            (
                terms.COMMENT,
                ox.Literal(
                    "More things link to this one than are listed here; ask the SPARQL endpoint "
                    "for all of them.",
                    language="en",
                ),
            )
        )
    return [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in rows]


class _Words:
    """Labels in the reader's language, looked up once each."""

    def __init__(self, store: EmbeddedStore, languages: Sequence[str]) -> None:
        self._store = store
        self._languages = (*languages, "en", "")
        self._known: dict[tuple[Any, bool], dict[str, str] | None] = {}

    def best(self, texts: Sequence[ox.Literal]) -> dict[str, str] | None:
        """The text that the reader can read best, and its language."""
        for language in self._languages:
            for text in texts:
                if (text.language or "") == language:
                    return {"text": text.value, "language": text.language or ""}
        return {"text": texts[0].value, "language": texts[0].language or ""} if texts else None

    def _first(self, node: Any, predicates: Sequence[ox.NamedNode]) -> dict[str, str] | None:
        for predicate in predicates:
            texts = [
                quad.object
                for quad in self._store.about(node, predicate)
                if isinstance(quad.object, ox.Literal)
            ]
            if texts:
                return self.best(texts)
        return None

    def label(self, node: Any) -> dict[str, str]:
        """The name of a thing; failing that the last piece of its IRI."""
        key = (node, False)
        if key not in self._known:
            texts = [t.object for t in self._store.names(node) if isinstance(t.object, ox.Literal)]
            self._known[key] = self.best(texts)
        return self._known[key] or {"text": local_name(node.value), "language": ""}

    def summary(self, node: Any) -> dict[str, str] | None:
        """A sentence or two on a thing, or None."""
        key = (node, True)
        if key not in self._known:
            self._known[key] = self._first(node, _SUMMARIES)
        return self._known[key]


def local_name(iri: str) -> str:
    """The last piece of an IRI, to show where nothing better is known."""
    pieces = [piece for piece in iri.replace("#", "/").split("/") if piece]
    return pieces[-1] if pieces else iri


_IN_THE_HEAD = frozenset((*terms.LABELS, *terms.SUMMARIES, terms.TYPE))


def page(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """What the page of a thing, or of a document's things, shows, as JSON.

    The call holds ``iris``, ``languages`` (the reader's, best first), ``values`` (how many of one
    property are listed). The answer's ``things`` each have ``iri``, ``label``, ``summary``,
    ``names`` in other languages, ``types``, ``groups`` (properties with values) and ``links``
    (properties with the things from which they lead here), both with the full count.
    """
    found = things(store, call["iris"])
    words = _Words(store, call["languages"])
    single = len(found) == 1
    content = {
        "iri": found[0].value,
        "things": [_thing(store, words, one, call["values"], single) for one in found],
    }
    reply.head({"iri": found[0].value})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def _thing(
    store: EmbeddedStore, words: _Words, thing: ox.NamedNode, most: int, whole: bool
) -> dict[str, Any]:
    groups: dict[ox.NamedNode, list[ox.Quad]] = {}
    for quad in store.about(thing):
        groups.setdefault(quad.predicate, []).append(quad)
    label = words.label(thing)
    names = {
        quad.object.value: quad.object.language or ""
        for predicate in _LABELS
        for quad in groups.get(predicate, ())
        if isinstance(quad.object, ox.Literal)
    }
    names.pop(label["text"], None)
    links: dict[ox.NamedNode, list[ox.Quad]] = {}
    cut = False
    if whole:
        for count, quad in enumerate(store.about(None, None, thing)):
            if count >= most * 20:
                cut = True
                break
            links.setdefault(quad.predicate, []).append(quad)
    return {
        "iri": thing.value,
        "label": label,
        "summary": words.summary(thing),
        "names": [{"text": text, "language": language} for text, language in names.items()],
        "types": [
            _link(words, quad.object) for quad in _most_specific(store, groups.get(_TYPE, []))
        ],
        "groups": [
            _group(store, words, predicate, quads, most)
            for predicate, quads in _ordered(store, words, groups)
            if predicate.value not in _IN_THE_HEAD
        ],
        "links": [
            {
                "property": _link(words, predicate),
                "count": len(quads),
                "values": [
                    _value(store, words, quad.subject, [], 1)
                    for quad in _sorted(words, quads, subject=True)[:most]
                ],
            }
            for predicate, quads in _ordered(store, words, links)
        ],
        "cut": cut,
    }


def _most_specific(store: EmbeddedStore, quads: Sequence[ox.Quad]) -> list[ox.Quad]:
    """The classes of a thing without those that another of its classes is below."""
    below = ox.NamedNode(terms.RDFS + "subClassOf")
    above = {
        parent.object
        for quad in quads
        for parent in store.about(quad.object, below)
        if parent.object != quad.object
    }
    return [q for q in quads if isinstance(q.object, ox.NamedNode) and q.object not in above]


def _ordered(
    store: EmbeddedStore, words: _Words, groups: dict[ox.NamedNode, list[ox.Quad]]
) -> list[tuple[ox.NamedNode, list[ox.Quad]]]:
    """The publication's own properties first, then the others, each by name."""
    return sorted(
        groups.items(),
        key=lambda item: (
            not item[0].value.startswith(store.base),
            words.label(item[0])["text"].lower(),
        ),
    )


def _sorted(words: _Words, quads: Sequence[ox.Quad], subject: bool) -> list[ox.Quad]:
    def key(quad: ox.Quad) -> str:
        node = quad.subject if subject else quad.object
        return words.label(node)["text"].lower() if isinstance(node, ox.NamedNode) else str(node)

    return sorted(quads, key=key) if len(quads) <= 1000 else list(quads)


def _group(
    store: EmbeddedStore,
    words: _Words,
    predicate: ox.NamedNode,
    quads: Sequence[ox.Quad],
    most: int,
) -> dict[str, Any]:
    return {
        "property": _link(words, predicate),
        "count": len(quads),
        "values": [
            _value(store, words, quad.object, store.sources(quad), 0)
            for quad in _sorted(words, quads, subject=False)[:most]
        ],
    }


def _link(words: _Words, node: Any) -> dict[str, Any]:
    summary = words.summary(node)
    return {"iri": node.value, "label": words.label(node), "summary": summary}


def _value(
    store: EmbeddedStore, words: _Words, node: Any, graphs: Sequence[str], depth: int
) -> dict[str, Any]:
    """One value: a link, a text, or a blank node shown in place with what it holds."""
    inferred = list(graphs) == [store.inferred]
    if isinstance(node, ox.NamedNode):
        return {"kind": "link", "inferred": inferred, **_link(words, node)}
    if isinstance(node, ox.Literal):
        return {
            "kind": "text",
            "text": node.value,
            "language": node.language or "",
            "datatype": "" if node.language else node.datatype.value,
            "inferred": inferred,
        }
    if isinstance(node, ox.Triple):
        return {
            "kind": "text",
            "text": str(node),
            "language": "",
            "datatype": "",
            "inferred": inferred,
        }
    parts = []
    if depth < 6:
        parts = [
            {
                "property": _link(words, quad.predicate),
                "value": _value(store, words, quad.object, [], depth + 1),
            }
            for quad in store.about(node)
        ]
    return {"kind": "blank", "inferred": inferred, "parts": parts}


def resolve(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """Which of some IRIs is known: its ``iri``, and whether it is a document of ``hash`` IRIs."""
    found = things(store, call["iris"])
    asked = set(call["iris"])
    whole = next((iri for iri in call["iris"] if iri in store.documents), "")
    content = {"iri": found[0].value, "hash": bool(whole) and whole in asked}
    reply.head({})
    reply.write(json.dumps(content).encode())


_EXAMPLES = """
SELECT ?query ?text WHERE {
  ?query a sh:SPARQLExecutable .
  { ?query sh:select ?text } UNION { ?query sh:ask ?text } UNION { ?query sh:construct ?text }
} ORDER BY ?query
"""


def overview(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """What the first page names: classes, examples, queries, as JSON.

    The call holds ``languages``, ``classes`` and ``examples`` (IRIs).
    """
    words = _Words(store, call["languages"])
    rows = store.query(f"PREFIX sh: <{terms.SH}> {_EXAMPLES}")
    assert isinstance(rows, ox.QuerySolutions)
    queries = {row["query"]: row["text"].value for row in rows}
    content = {
        "classes": [_link(words, ox.NamedNode(iri)) for iri in call["classes"]],
        "examples": [_link(words, ox.NamedNode(iri)) for iri in call["examples"]],
        "queries": [{**_link(words, node), "text": text} for node, text in queries.items()],
    }
    reply.head({})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def members(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """The things of a class in the order of their names, as JSON.

    The call holds ``iri``, ``languages``, ``skip`` and ``most``. Raises NotFound where nothing is
    known of the class.
    """
    (node, *_) = things(store, [call["iri"]])
    words = _Words(store, call["languages"])
    found = [quad.subject for quad in store.about(None, _TYPE, node)]
    named = [one for one in found if isinstance(one, ox.NamedNode)]
    if len(named) <= 20_000:
        named.sort(key=lambda one: words.label(one)["text"].lower())
    shown = named[call["skip"] : call["skip"] + call["most"]]
    content = {
        **_link(words, node),
        "count": len(named),
        "unnamed": len(found) - len(named),
        "members": [_link(words, one) for one in shown],
    }
    reply.head({})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


OPERATIONS = {
    "describe": graph,
    "page": page,
    "resolve": resolve,
    "overview": overview,
    "members": members,
}
"""What a worker can do for pages, by name."""
