"""All that is known of one thing, complete, with the labels to read it by, as a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from foedera import formats, terms
from foedera.errors import NotAcceptable, NotFound
from foedera.query.worker import Reply
from foedera.stores.base import Store

_TYPE = ox.NamedNode(terms.TYPE)


OFFERED = (*formats.GRAPHS, formats.HTML)
"""The formats of a document. Turtle first: for a client that accepts anything, as curl does."""


@dataclass(frozen=True)
class Found:
    """What an IRI means here: a ``thing``, the document of things with ``hashed`` IRIs, or both."""

    iri: str
    thing: ox.NamedNode | None
    hashed: tuple[ox.NamedNode, ...]

    @property
    def things(self) -> tuple[ox.NamedNode, ...]:
        """All that its document describes."""
        return (self.thing, *self.hashed) if self.thing else self.hashed

    @property
    def topic(self) -> ox.NamedNode | None:
        """What its document is about as a whole; None for several things beside each other."""
        return self.things[0] if self.thing or len(self.hashed) == 1 else None

    def head(self, base: str) -> dict[str, str]:
        """What is said before a description: the thing described, and its document's IRI."""
        if "#" in self.iri:  # one thing taken out of its document
            document = _about(base, self.iri)
        else:
            document = document_iri(base, self.things[-1].value)
        return {"iri": self.things[0].value, "document": document}


def find(store: Store, iris: Sequence[str]) -> Found:
    """The first of some IRIs about which anything is known. Raises NotFound when nothing is."""
    for iri in iris:
        try:
            node = ox.NamedNode(iri)
        except ValueError:
            continue
        hashed = tuple(ox.NamedNode(one) for one in store.documents.get(iri, ()))
        known = any(store.about(node)) or any(store.about(None, None, node))
        if known or hashed:
            return Found(iri, node if known else None, hashed)
    raise NotFound(
        f"Nothing is known of <{iris[0]}>",
        "The first page leads to everything that is here.",
    )


def things(store: Store, iris: Sequence[str]) -> list[ox.NamedNode]:
    """Those that are described of the first IRI about which anything is known.

    Raises NotFound when nothing is known of any.
    """
    return list(find(store, iris).things)


def outgoing(store: Store, thing: Any) -> list[ox.Triple]:
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


def incoming(store: Store, thing: Any, most: int) -> tuple[list[ox.Triple], bool]:
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


def labels(store: Store, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
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


def graph(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The description of a thing, or of the things of a document, written in a graph format.

    The call holds ``iris`` (the first that is known is meant), ``engine`` (the format's name in
    Oxigraph's RdfFormat) and ``most`` links from others.
    In it: every triple with the thing as subject, blank nodes and lists whole; the links that
    lead to it; labels for all that is mentioned; and the document, with licence and dataset.
    """
    found = find(store, call["iris"])
    said: dict[ox.Triple, None] = {}
    for thing in found.things:
        said.update(dict.fromkeys(outgoing(store, thing)))
    cut = False
    if found.topic:
        links, cut = incoming(store, found.topic, call["most"])
        said.update(dict.fromkeys(links))
    said.update(dict.fromkeys(labels(store, list(said))))
    said.update(dict.fromkeys(_document(store, found, cut)))
    body = written(_in_order(said, found.things), call["engine"], store.prefixes)
    reply.head({**found.head(store.base), "cut": cut})
    reply.write(body)


def written(triples: Sequence[ox.Triple], engine: str, prefixes: dict[str, str]) -> bytes:
    """The triples in a format. Raises NotAcceptable when it cannot hold one of them."""
    try:
        if engine == formats.RDF_XML.engine:
            return _as_xml(triples, _used(prefixes, triples))
        body = ox.serialize(
            triples, format=getattr(ox.RdfFormat, engine), prefixes=_used(prefixes, triples)
        )
    except (OSError, ValueError) as fault:
        raise NotAcceptable(
            f"This cannot be written in the format asked for: {fault}",
            f"Ask for {formats.TURTLE.media_type} or {formats.N_TRIPLES.media_type}.",
        ) from None
    return body or b""


_START = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_XML_NAME_AT_END = re.compile(rf"[{_START}][{_START}\-.0-9\xb7\u0300-\u036f\u203f\u2040]*\Z")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _as_xml(triples: Sequence[ox.Triple], prefixes: dict[str, str]) -> bytes:
    """RDF/XML that every XML parser reads alike, which the engine does not see to.

    A property becomes the name of an element, so its IRI must end in one (RDF/XML, section 5.1);
    control characters have no place in XML, and a bare carriage return is read as a line feed.
    Raises ValueError.
    """
    for triple in triples:
        if not _XML_NAME_AT_END.search(triple.predicate.value):
            raise ValueError(f"RDF/XML has no name for the property <{triple.predicate.value}>")
        value = triple.object
        if isinstance(value, ox.Literal) and _NOT_IN_XML.search(value.value):
            raise ValueError("XML has no place for a control character that a text here holds")
    written = ox.serialize(triples, format=ox.RdfFormat.RDF_XML, prefixes=prefixes) or b""
    return written.replace(b"\r", b"&#13;")


def _in_order(said: Iterable[ox.Triple], about: Sequence[ox.NamedNode]) -> list[ox.Triple]:
    """What is described first, each subject in one piece, its class first: as people write."""

    def place(triple: ox.Triple) -> tuple[bool, str, bool, str, str]:
        subject, predicate = triple.subject, triple.predicate
        return (
            subject not in about,
            str(subject),
            predicate != _TYPE,
            predicate.value,
            str(triple.object),
        )

    return sorted(said, key=place)


def _used(prefixes: dict[str, str], triples: Iterable[ox.Triple]) -> dict[str, str]:
    """The prefixes whose namespace occurs in some triples."""
    nodes: set[Any] = set()
    for triple in triples:
        nodes.update((triple.subject, triple.predicate, triple.object))
    spaces = set()
    troubled = set()
    for node in nodes:
        if isinstance(node, ox.Literal):
            iri = "" if node.language else node.datatype.value
        else:
            iri = "" if isinstance(node, ox.Triple) else node.value
        space = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
        spaces.add(space)
        if iri.endswith("."):  # rdflib 7.6 cannot read a prefixed name that ends in an escaped dot
            troubled.add(space)
    spaces -= troubled
    return {prefix: iri for prefix, iri in prefixes.items() if iri in spaces}


_TAKEN = re.compile(r"(?:about|class|doc|graphs?|health|query|sparql|static)(?:/|\Z)|/|\Z")
"""Paths at which this host has something else."""


def document_iri(base: str, iri: str) -> str:
    """The canonical IRI of the document about a thing.

    ``BASE/id/x`` has ``BASE/doc/x``; other things below the base have ``doc/`` and their path; one
    with a hash IRI has its document's own. Anything else is shown by ``BASE/about``, and so is what
    the address of a document would be ambiguous for: an IRI with a query, or one that ends like
    one of our formats.
    """
    page, hash_, _ = iri.partition("#")
    if not page.startswith(base):
        return _about(base, iri)
    path = page[len(base) :]
    name = path.removeprefix("id/")
    if hash_ and name == path and not _TAKEN.match(path) and "?" not in path:
        return page
    ending = name.rpartition(".")[2]
    if name[:1] in ("", "/") or "?" in name or formats.by_ending(ending, OFFERED):
        return _about(base, page)
    return f"{base}doc/{name}"


def _about(base: str, iri: str) -> str:
    return f"{base}about?iri={quote(iri, safe='')}"


def _document(store: Store, found: Found, cut: bool) -> list[ox.Triple]:
    """What a document says of itself, so that it can be reused when found alone."""
    publication = store.manifest["publication"]
    node = ox.NamedNode(found.head(store.base)["document"])
    if node in found.things:  # an ontology, say, which speaks for itself
        return []
    rows: list[tuple[str, Any]] = [(terms.TYPE, ox.NamedNode(terms.FOAF + "Document"))]
    if found.topic:
        rows.append((terms.FOAF + "primaryTopic", found.topic))
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


def resolve(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Which of ``iris`` is known: its ``iri``, its ``document``, and whether that is one of things
    with ``hash`` IRIs."""
    found = find(store, call["iris"])
    reply.head({**found.head(store.base), "iri": found.iri, "hash": bool(found.hashed)})


OPERATIONS = {"describe": graph, "resolve": resolve}
"""What a worker can tell of things, by name."""
