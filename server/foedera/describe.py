"""All that is known of one thing, complete, with the labels to read it by, as a graph."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from foedera import formats, retired, schema, terms
from foedera.errors import NotAcceptable, NotFound
from foedera.query.worker import Reply
from foedera.stores.base import Store

_TYPE = ox.NamedNode(terms.TYPE)


OFFERED = (*formats.GRAPHS, formats.HTML)
"""The formats of a document. Turtle first: for a client that accepts anything, as curl does."""


@dataclass(frozen=True)
class Found:
    """What an IRI means here: a ``thing``, the document of things with ``hashed`` IRIs, or both.

    Of things with hash IRIs that are only ``mentioned`` there is nothing but what leads to them. A
    thing without an IRI has one for its page (`genid`), which is in no data.
    """

    iri: str
    thing: ox.NamedNode | ox.BlankNode | None
    hashed: tuple[ox.NamedNode, ...]
    mentioned: tuple[ox.NamedNode, ...] = ()
    shadowed: Collection[str] = ()

    @property
    def things(self) -> tuple[Any, ...]:
        """All that its document describes."""
        return (*((self.thing,) if self.thing else ()), *self.hashed, *self.mentioned)

    @property
    def topic(self) -> Any:
        """What its document is about as a whole; None for several things beside each other."""
        alone = len(self.hashed or self.mentioned) == 1
        return self.things[0] if self.thing or alone else None

    @property
    def led_to(self) -> tuple[Any, ...]:
        """Those of which it is told what leads to them."""
        return tuple(one for one in self.things if one == self.topic or one in self.mentioned)

    def head(self, base: str) -> dict[str, str]:
        """What is said before a description: the thing described, and its document's IRI."""
        if "#" in self.iri:  # one thing taken out of its document
            document = _about(base, self.iri)
        elif isinstance(self.thing, ox.BlankNode):
            return {"iri": self.iri, "document": self.iri}
        else:
            document = document_iri(base, self.things[-1].value, self.shadowed)
        return {"iri": self.things[0].value, "document": document}


def find(store: Store, iris: Sequence[str]) -> Found:
    """The first of some IRIs about which anything is known. Raises NotFound when nothing is."""
    for iri in iris:
        try:
            node = ox.NamedNode(iri)
        except ValueError:
            continue
        hashed = tuple(map(ox.NamedNode, store.documents.get(iri, ())))
        mentioned = tuple(map(ox.NamedNode, store.mentioned.get(iri, ())))
        known = _is_known(store, node)
        if known or hashed or mentioned:
            shadowed = store.manifest.get("shadowed", ())
            return Found(iri, node if known else None, hashed, mentioned, shadowed)
        nameless = _nameless(store, iri)
        if nameless:
            return Found(iri, nameless, ())
    raise unknown(iris[0])


def unknown(iri: str) -> NotFound:
    """That nothing is known of an IRI."""
    return NotFound(
        f"Nothing is known of <{iri}>", "The first page leads to everything that is here."
    )


def _is_known(store: Store, node: Any) -> bool:
    """Whether any triple has a node in it."""
    if any(store.about(node)) or any(store.about(None, None, node)):
        return True
    return isinstance(node, ox.NamedNode) and node.value in store.numbers.get("properties", {})


def _nameless(store: Store, iri: str) -> ox.BlankNode | None:
    """The blank node whose page has an IRI, or None."""
    if not iri.startswith(genid(store.base)):
        return None
    try:
        node = ox.BlankNode(iri[len(genid(store.base)) :])
    except ValueError:
        return None
    return node if _is_known(store, node) else None


def genid(base: str) -> str:
    """What the IRI of the page of a blank node begins with (RDF 1.1 Concepts, section 3.5); its
    name in the release comes after, which depends on its file alone."""
    return f"{base}.well-known/genid/"


def things(store: Store, iris: Sequence[str]) -> list[Any]:
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
            triple = quad.triple
            found[triple] = None
            if isinstance(triple.object, ox.NamedNode | ox.Literal):
                continue
            for node in _blank(triple.object):
                if node not in seen:
                    seen.add(node)
                    ahead.append(node)
    return list(found)


def incoming(store: Store, thing: Any, most: int) -> tuple[list[ox.Triple], bool]:
    """The triples that have a thing as object, and whether there are more than ``most``; 0 is no
    limit.

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
            if most and len(found) >= most:
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
    mentioned = dict.fromkeys(node for triple in triples for node in triple)
    for node in mentioned:
        if isinstance(node, ox.NamedNode):
            found.update(dict.fromkeys(store.names(node)))
    return list(found)


EVERYTHING = 50_000
"""How many triples the profile that has everything may add to a description."""


def around(
    store: Store, triples: Iterable[ox.Triple], about: Sequence[ox.NamedNode], most: int
) -> tuple[list[ox.Triple], bool]:
    """What is said of each named thing that some triples link, other than those they are ``about``;
    of each all or nothing. And whether one was left out, at ``most`` triples."""
    found: dict[ox.Triple, None] = {}
    seen = set(about)
    for triple in triples:
        for node in (triple.subject, triple.object):
            if not isinstance(node, ox.NamedNode) or node in seen:
                continue
            seen.add(node)
            more = outgoing(store, node)
            if len(found) + len(more) > most:
                return list(found), True
            found.update(dict.fromkeys(more))
    return list(found), False


def graph(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The description of a thing, or of the things of a document, written in a graph format.

    The call holds ``iris`` (the first that is known is meant), ``engine`` (the format's name in
    Oxigraph's RdfFormat), ``most`` links from others (0 for all), ``profile``, a token of
    `formats.PROFILES`, and ``at_once``: with more links than these the answer is a head alone,
    which says ``later``.

    The data is every triple with the thing as subject, blank nodes and lists whole, and the links
    that lead to it. By the profile there are also labels for all that is mentioned, what is said of
    it, and the document, with licence and dataset; or all is said in the words of schema.org.
    The head is `signs`, and ``cut``, whether something was left out. What was replaced has a head
    alone, as `retirement` tells it.
    """
    found = find(store, call["iris"])
    end = retirement(store, found)
    if "moved" in end:
        reply.head(end)
        return
    profile = formats.by_token(call.get("profile", "")) or formats.LABELS
    said: dict[ox.Triple, None] = {}
    cut = False
    if profile is formats.SCHEMA:
        for thing in found.things:
            said.update(dict.fromkeys(schema.triples(store, thing)))
    else:
        for thing in found.things:
            said.update(dict.fromkeys(outgoing(store, thing)))
        for thing in found.led_to:
            most, at_once = call["most"], call.get("at_once", 0)
            early = at_once and not 0 < most <= at_once
            links, more_lead = incoming(store, thing, at_once if early else most)
            if early and more_lead:
                reply.head({"later": True})
                return
            cut = cut or more_lead
            said.update(dict.fromkeys(links))
        if profile is formats.ALL:
            more, left_out = around(store, list(said), found.things, EVERYTHING)
            said.update(dict.fromkeys(more))
            cut = cut or left_out
        if profile is not formats.DATA:
            said.update(dict.fromkeys(labels(store, list(said))))
    if profile is not formats.DATA or cut:
        said.update(dict.fromkeys(_document(store, found, cut)))
    body = written(_in_order(said, found.things), call["engine"], store.prefixes)
    reply.head({**signs(store, found), **end, "cut": cut})
    reply.write(body)


def retirement(store: Store, found: Found) -> dict[str, Any]:
    """What is told before all else of a thing that has gone out of use: that it is ``gone``, or in
    ``moved`` the head of what took its place. A document of things with hash IRIs stays."""
    if not isinstance(found.thing, ox.NamedNode) or found.hashed:
        return {}
    end = retired.of(store, found.thing)
    if isinstance(end, ox.NamedNode):
        return {"moved": find(store, [end.value]).head(store.base)}
    return {"gone": True} if end else {}


def signs(store: Store, found: Found) -> dict[str, Any]:
    """What is told beside a description, for the links in its header: that of `Found.head`, the
    things' most specific ``class``, their ``types`` in schema.org, their ``authors`` (else the
    dataset's), and the ``items`` to download of a dataset."""
    thing = found.things[0]
    types = [q.object for q in store.about(thing, _TYPE) if isinstance(q.object, ox.NamedNode)]
    counts = store.numbers.get("classes", {}) if len(types) > 1 else {}
    own = store.base
    types.sort(key=lambda one: (counts.get(one.value, 0), not one.value.startswith(own), one.value))
    return {
        **found.head(store.base),
        "class": types[0].value if types else "",
        "types": [one.value for one in types if one.value.startswith(terms.SCHEMAS)][:2],
        "authors": _named(store, thing, _CREATOR) or store.once(_authors),
        "items": _items(store, thing),
    }


_CREATOR = ox.NamedNode(terms.DCTERMS + "creator")
_PUBLISHER = ox.NamedNode(terms.DCTERMS + "publisher")


def _named(store: Store, thing: Any, predicate: ox.NamedNode) -> list[str]:
    """The IRIs that a property of a thing leads to."""
    found = (quad.object for quad in store.about(thing, predicate))
    return sorted(one.value for one in found if isinstance(one, ox.NamedNode))


def _authors(store: Store) -> list[str]:
    """Who made the dataset, else who publishes it."""
    dataset = store.manifest["publication"]["dataset"]
    if not dataset:
        return []
    node = ox.NamedNode(dataset)
    store.expect([node])
    return _named(store, node, _CREATOR) or _named(store, node, _PUBLISHER)


def _items(store: Store, thing: ox.NamedNode) -> list[str]:
    """The files in which a dataset can be had: those that it names, or else all of it from here."""
    if thing.value != store.manifest["publication"]["dataset"]:
        return []
    found = _named(store, thing, ox.NamedNode(terms.VOID + "dataDump"))
    for quad in store.about(thing, ox.NamedNode(terms.DCAT + "distribution")):
        found += _named(store, quad.object, ox.NamedNode(terms.DCAT + "downloadURL"))
    whole = f"{store.base}graphs?default&format={formats.TURTLE.ending}"
    return list(dict.fromkeys(found)) or [whole]


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
        subject, predicate, value = triple
        first = predicate != _TYPE
        return subject not in about, str(subject), first, predicate.value, str(value)

    return sorted(said, key=place)


def _used(prefixes: dict[str, str], triples: Iterable[ox.Triple]) -> dict[str, str]:
    """The prefixes whose namespace occurs in some triples."""
    nodes: set[Any] = set()
    for triple in triples:
        nodes.update(triple)
    spaces = set()
    troubled = set()
    for node in nodes:
        if isinstance(node, ox.NamedNode):
            iri = node.value
        elif isinstance(node, ox.Literal) and not node.language:
            iri = node.datatype.value
        else:
            continue
        space = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
        spaces.add(space)
        if iri.endswith("."):  # rdflib 7.6 cannot read a prefixed name that ends in an escaped dot
            troubled.add(space)
    spaces -= troubled
    return {prefix: iri for prefix, iri in prefixes.items() if iri in spaces}


_TAKEN = re.compile(
    r"(?:\.well-known|about|check|cite|class|connected|contributions|disagreements|doc|explore"
    r"|favicon\.ico|find|graphs?|health|linkset|map|network|opensearch\.xml|profile|query|sparql"
    r"|static|timeline)(?:/|\Z)|/|\Z"
)
"""Paths at which this host has something else."""

_DOTS = re.compile(r"(?:\A|/)(?:\.|%2[Ee]){1,2}(?:/|\Z)")
"""A piece of a path that clients take away before they ask (RFC 3986, section 5.2.4)."""

_ESCAPED = re.compile(r"%[89A-Fa-f]")
"""A letter beyond ASCII that is escaped in an IRI: on the wire it is the same as the letter."""


def document_iri(base: str, iri: str, shadowed: Collection[str] = ()) -> str:
    """The canonical IRI of the document about a thing.

    ``BASE/id/x`` has ``BASE/doc/x``; other things below the base have ``doc/`` and their path; one
    with a hash IRI has its document's own. Anything else is shown by ``BASE/about``, and so is what
    the address of a document would be ambiguous for: an IRI with a query, one that ends like one of
    our formats, one with letters that are escaped, or pieces that clients take away;
    and ``BASE/x`` where there is a ``BASE/id/x`` (``shadowed``).
    """
    page, hash_, _ = iri.partition("#")
    if not page.startswith(base):
        return _about(base, iri)
    if page.startswith(genid(base)):
        return page
    path = page[len(base) :]
    name = path.removeprefix("id/")
    unclear = "?" in path or _ESCAPED.search(path) or _DOTS.search(path)
    if hash_ and name == path and not _TAKEN.match(path) and not unclear:
        return page
    ending = name.rpartition(".")[2]
    if name[:1] in ("", "/") or unclear or formats.by_ending(ending, OFFERED):
        return _about(base, page)
    if name == path and page in shadowed:
        return _about(base, page)
    return f"{base}doc/{name}"


def _about(base: str, iri: str) -> str:
    return f"{base}about?iri={quote(iri, safe='')}"


def _document(store: Store, found: Found, cut: bool) -> list[ox.Triple]:
    """What a document says of itself, so that it can be reused when found alone. That of a blank
    node says nothing: its IRI is for pages."""
    if isinstance(found.thing, ox.BlankNode):
        return []
    publication = store.manifest["publication"]
    node = ox.NamedNode(found.head(store.base)["document"])
    topics = [
        ox.Triple(node, ox.NamedNode(terms.FOAF + "topic"), one)
        for one in found.mentioned
        if one != found.topic
    ]
    if node in found.things:  # an ontology, say, which speaks for itself
        return topics
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
                    "There is more than is listed here; ask the SPARQL endpoint for all of it.",
                    language="en",
                ),
            )
        )
    said = [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in rows]
    return said + topics


def resolve(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Which of ``iris`` is known: its ``iri``, its ``document``, and whether that is one of things
    with ``hash`` IRIs; and its `retirement`."""
    found = find(store, call["iris"])
    hashed = bool(found.hashed or found.mentioned)
    head = {**found.head(store.base), "iri": found.iri, "hash": hashed}
    reply.head({**head, **retirement(store, found)})


def posts(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The `signs` of the first of ``iris`` that is known."""
    reply.head(signs(store, find(store, call["iris"])))


OPERATIONS = {"describe": graph, "resolve": resolve, "signs": posts}
"""What a worker can tell of things, by name."""
