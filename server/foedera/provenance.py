"""Who says so: the files in which a statement stands, the evidence for it, why it follows.

What we know of evidence is told by our own vocabulary, and where another publication uses them by
Web Annotation (a resource with oa:hasSource, and offsets) and PROV-O (prov:wasDerivedFrom and the
like). A statement may be spoken of as a whole: by a node that names its three parts (as our
assertions do, rdf:Statement, owl:Axiom), or that reifies it (RDF 1.2).
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyoxigraph as ox

from foedera import describe, proof, terms
from foedera.errors import NotFound
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words, local_name

EVIDENCE = 50
"""How many stretches of one account are told."""

STRETCHES = 40
"""How many stretches of a source one page tells of."""

MARKS = 400
"""Up to how many stretches of a source a page is told where they are."""

CROWD = 1_000
"""A statement that leads to a thing is found from there where no more do by the same property;
from the thing that it is said of, always."""

_RESTING = 20
"""How many things that rest on one stretch are named."""

_DEEP = 6
"""How many blank nodes stand between a statement and the thing on whose page it is."""


def _node(*iris: str) -> tuple[ox.NamedNode, ...]:
    return tuple(ox.NamedNode(iri) for iri in iris)


_TYPE = ox.NamedNode(terms.TYPE)
_GROUNDS = _node(
    terms.FOEDERA + "evidence",
    terms.PROV + "wasDerivedFrom",
    terms.PROV + "wasQuotedFrom",
    terms.PROV + "hadPrimarySource",
    terms.DCTERMS + "source",
)
_SOURCES = _node(terms.FOEDERA + "source", terms.OA + "hasSource")
_STARTS = _node(terms.FOEDERA + "start", terms.OA + "start")
_ENDS = _node(terms.FOEDERA + "end", terms.OA + "end")
_SELECTOR, _EXACT = _node(terms.OA + "hasSelector", terms.OA + "exact")
_DIGEST, _CHECKSUM = _node(terms.FOEDERA + "digest", terms.FOEDERA + "sha256")
_BASIS, _CONFIDENCE, _RANK, _REASON, _CONTRADICTS = _node(
    *(terms.FOEDERA + name for name in ("basis", "confidence", "rank", "reason", "contradicts"))
)
_LANGUAGES = _node(terms.DCTERMS + "language", *(one + "inLanguage" for one in terms.SCHEMAS))
_DERIVED = ox.NamedNode(terms.PROV + "wasDerivedFrom")
_STATEMENT = ox.NamedNode(terms.RDF + "Statement")
_REIFIES = ox.NamedNode(terms.RDF + "reifies")
_PARTS = tuple(
    _node(*(space + name for name in names))
    for space, names in (
        (terms.FOEDERA, ("assertedSubject", "assertedPredicate", "assertedObject")),
        (terms.RDF, ("subject", "predicate", "object")),
        (terms.OWL, ("annotatedSource", "annotatedProperty", "annotatedTarget")),
    )
)
_CHAIN = ox.NamedNode(terms.OWL + "propertyChainAxiom")
_INVERSE = ox.NamedNode(terms.OWL + "inverseOf")


def code(triple: ox.Triple) -> str:
    """A short name for a statement, by which its page is found among those of its thing."""
    line = f"{triple.subject} {triple.predicate} {triple.object} ."
    return hashlib.sha256(line.encode()).hexdigest()[:10]


def of(store: Store, words: Words, triple: ox.Triple) -> dict[str, Any]:
    """Who says a statement.

    - ``graphs``: those that state it, each with ``iri``, the ``path`` of its file, and the
      ``source`` that the file was made from where there is one such.
    - ``inferred``: whether it only follows. Then ``rule`` is the rule's name in OWL 2 Profiles,
      ``axioms`` and ``premises`` what it follows from (`statement`); else "" and empty.
    - ``accounts``: what is known of its grounds. Each has its ``kind`` (``statement``: of the very
      statement; ``subject`` or ``value``: of the thing as a whole; ``premise``: of what it follows
      from), what it is ``of``, ``basis``, ``confidence``, ``rank``, ``reason``, ``evidence`` and
      how much ``more`` of it there is.
    - ``evidence``: that of all accounts, each once: ``node``, ``source``, ``start``, ``end``,
      ``digest``, the ``sha256`` and ``language`` of the source, and the words where they are said
      (``exact``).
    - ``against``: the claims that contradict it.
    """
    graphs, step, grounds = _origin(store, triple)
    accounts = [_account(store, words, kind, node) for kind, node in grounds]
    evidence: dict[str, dict[str, Any]] = {}
    for account in accounts:
        for one in account["evidence"]:
            evidence.setdefault(json.dumps(one, sort_keys=True), one)
    return {
        "graphs": [_graph(store, words, iri) for iri in graphs],
        "inferred": not graphs,
        "rule": step.rule if step else "",
        "axioms": [statement(store, words, one) for one in step.axioms] if step else [],
        "premises": [statement(store, words, one) for one in step.premises] if step else [],
        "accounts": accounts,
        "evidence": list(evidence.values()),
        "against": _against(store, words, triple, (node for _, node in grounds)),
    }


def statement(store: Store, words: Words, triple: ox.Triple) -> dict[str, Any]:
    """A triple in words: ``subject``, ``property`` and ``value``, its ``code`` and ``at`` which
    thing's page it has its own, and whether it is ``inferred``."""
    value: dict[str, Any] = _value(words, triple.object)
    if triple.predicate == _CHAIN:
        value = {"kind": "chain", "items": list(_links(store, words, triple.object))}
    return {
        "code": code(triple),
        "at": _owner(store, triple),
        "subject": _value(words, triple.subject),
        "property": words.link(triple.predicate),
        "value": value,
        "inferred": not proof.stated(store, triple),
    }


def _value(words: Words, node: Any) -> dict[str, Any]:
    if isinstance(node, ox.NamedNode):
        return {"kind": "link", **words.link(node)}
    if isinstance(node, ox.Literal):
        return {"kind": "text", **words.literal(node)}
    if isinstance(node, ox.Triple):
        return {"kind": "text", "text": str(node), "said": str(node), "language": "", "tag": ""}
    return {"kind": "unnamed"}


def _links(store: Store, words: Words, head: Any) -> Iterator[dict[str, Any]]:
    """The properties of a chain; one without a name is the inverse of another."""
    seen = set()
    while isinstance(head, ox.BlankNode) and head not in seen:
        seen.add(head)
        said = _said(store, head)
        for first in said.get(ox.NamedNode(terms.FIRST), ()):
            if isinstance(first, ox.NamedNode):
                yield {**words.link(first), "inverse": False}
            elif isinstance(first, ox.BlankNode):
                for of in _said(store, first).get(_INVERSE, ()):
                    if isinstance(of, ox.NamedNode):
                        yield {**words.link(of), "inverse": True}
        head = next(iter(said.get(ox.NamedNode(terms.REST), ())), None)


def _owner(store: Store, triple: ox.Triple) -> str:
    """The thing on whose page a statement is: its subject; of a blank node, the one above it."""
    node: Any = triple.subject
    for _ in range(_DEEP):
        if isinstance(node, ox.NamedNode):
            return node.value
        above = next((quad.subject for quad in store.about(None, None, node)), None)
        if above is None:
            break
        node = above
    return triple.object.value if isinstance(triple.object, ox.NamedNode) else ""


def _said(store: Store, node: Any) -> dict[Any, list[Any]]:
    """What is said of a node, by property."""
    found: dict[Any, list[Any]] = {}
    for quad in store.about(node):
        found.setdefault(quad.predicate, []).append(quad.object)
    return found


def _first(said: Mapping[Any, list[Any]], *predicates: ox.NamedNode) -> Any:
    return next((value for one in predicates for value in said.get(one, ())), None)


def _text(term: Any) -> str:
    return term.value if isinstance(term, ox.Literal) else ""


def _number(term: Any) -> int | None:
    """An offset: None for what is none."""
    text = _text(term)
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else None


# Where it stands


def _graph(store: Store, words: Words, iri: str) -> dict[str, Any]:
    paths = {str(file["graph"]): str(file["path"]) for file in store.manifest["files"]}
    source = store.once(_made_from).get(iri)
    return {
        "iri": iri,
        "path": paths.get(iri, ""),
        "source": words.link(source) if source else None,
        "described": any(store.about(ox.NamedNode(iri))),
    }


def _made_from(store: Store) -> dict[str, ox.NamedNode]:
    """The graphs in which just one source is described: what they state was read from it."""
    found: dict[str, set[ox.NamedNode]] = {}
    for source in _sources(store):
        for quad in islice(store.about(source, _TYPE), 20):
            for graph in store.sources(quad.triple):
                found.setdefault(graph, set()).add(source)
    found.pop(store.inferred, None)
    return {graph: next(iter(all)) for graph, all in found.items() if len(all) == 1}


def _sources(store: Store) -> list[ox.NamedNode]:
    """All sources that evidence names."""
    text = f"SELECT DISTINCT ?source {{ ?any {'|'.join(map(str, _SOURCES))} ?source }} LIMIT 1000"
    found = store.query(text)
    assert isinstance(found, ox.QuerySolutions)
    return [row["source"] for row in found if isinstance(row["source"], ox.NamedNode)]


# What it rests on

_Ground = tuple[str, Any]


def _origin(store: Store, triple: ox.Triple) -> tuple[list[str], proof.Step | None, list[_Ground]]:
    """The graphs that state a triple, else why it follows; and the nodes that tell its grounds."""
    graphs = [iri for iri in store.sources(triple) if iri != store.inferred]
    if graphs:
        return graphs, None, _grounds(store, triple)
    step = proof.steps(store, triple)
    found: list[_Ground] = [("statement", node) for node in _speaking_of(store, triple)]
    return [], step, [*found, *(_grounds_of_premises(store, step) if step else ())]


def _grounds(store: Store, triple: ox.Triple) -> list[_Ground]:
    """The nodes that tell the grounds of a stated triple: that speak of the very triple, and the
    subject where it is one account itself. Where these name no evidence, the subject of whatever
    kind, or what owns it, or else the value."""
    found: list[_Ground] = [("statement", node) for node in _speaking_of(store, triple)]
    if any(_has_grounds(store, node) for _, node in found):
        whole = _is_account(store, triple.subject)
        return [*found, ("subject", triple.subject)] if whole else found
    node: Any = triple.subject
    for _ in range(_DEEP):
        if _has_grounds(store, node):
            return [*found, ("subject", node)]
        if not isinstance(node, ox.BlankNode):
            break
        node = next((quad.subject for quad in store.about(None, None, node)), None)
    value = triple.object
    if not isinstance(value, ox.Literal | ox.Triple) and _is_account(store, value):
        found.append(("value", value))
    return found


def _grounds_of_premises(store: Store, step: proof.Step) -> list[_Ground]:
    """The same for what follows: the grounds of all that is stated at the end of its proof."""
    found: dict[Any, None] = {}
    ahead = list(step.premises)
    seen = set(ahead)
    while ahead and len(seen) < 100:
        triple = ahead.pop(0)
        if proof.stated(store, triple):
            found.update(dict.fromkeys(node for _, node in _grounds(store, triple)))
            continue
        further = proof.steps(store, triple)
        for premise in further.premises if further else ():
            if premise not in seen:
                seen.add(premise)
                ahead.append(premise)
    return [("premise", node) for node in found]


def _speaking_of(store: Store, triple: ox.Triple) -> list[Any]:
    """The nodes that speak of a triple as a whole."""
    found: dict[Any, None] = {}
    used = store.numbers["properties"]
    for subject, predicate, value in _PARTS:
        if subject.value not in used:
            continue
        for quad in store.about(None, subject, triple.subject):
            node = quad.subject
            if any(store.about(node, predicate, triple.predicate)) and any(
                store.about(node, value, triple.object)
            ):
                found[node] = None
    if _REIFIES.value in used:  # an engine may know no triple as a value
        found.update(dict.fromkeys(quad.subject for quad in store.about(None, _REIFIES, triple)))
    return list(found)


def _has_grounds(store: Store, node: Any) -> bool:
    if isinstance(node, ox.Literal | ox.Triple) or node is None:
        return False
    return any(any(store.about(node, one)) for one in (*_GROUNDS, *_SOURCES))


def _is_account(store: Store, node: Any) -> bool:
    """Whether a node stands for one account with its grounds, as an involvement does."""
    return any(any(store.about(node, one)) for one in (_BASIS, _CONFIDENCE)) and _has_grounds(
        store, node
    )


def _account(store: Store, words: Words, kind: str, node: Any) -> dict[str, Any]:
    said = _said(store, node)
    if any(one in said for one in _SOURCES):  # a stretch is its own evidence
        grounds = [node]
    else:
        grounds = list(dict.fromkeys(value for one in _GROUNDS for value in said.get(one, ())))
    stretches = [
        one for one in (_stretch(store, words, each) for each in grounds[:EVIDENCE]) if one
    ]
    stretches.sort(key=lambda one: (one["source"]["iri"], one["start"] or 0, one["end"] or 0))
    return {
        "kind": kind,
        "of": words.link(node) if isinstance(node, ox.NamedNode) else None,
        **_weight(words, said),
        "evidence": stretches,
        "more": max(0, len(grounds) - EVIDENCE),
    }


def _weight(words: Words, said: Mapping[Any, list[Any]]) -> dict[str, Any]:
    """How much an account is worth."""
    confidence = _first(said, _CONFIDENCE)
    reasons = [one for one in said.get(_REASON, ()) if isinstance(one, ox.Literal)]
    return {
        "basis": _text(_first(said, _BASIS)),
        "confidence": words.link(confidence) if isinstance(confidence, ox.NamedNode) else None,
        "rank": _text(_first(said, _RANK)),
        "reason": words.best(reasons),
    }


def _stretch(store: Store, words: Words, node: Any) -> dict[str, Any] | None:
    """A stretch of a source, or a source as a whole; None for what is neither."""
    if isinstance(node, ox.Literal | ox.Triple):
        return None
    said = _said(store, node)
    source = _first(said, *_SOURCES)
    whole = source is None
    source = node if whole else source
    if not isinstance(source, ox.NamedNode):
        return None
    places = [said, *(_said(store, one) for one in said.get(_SELECTOR, ()) if not _is_text(one))]
    exact = next((one for place in places if (one := _first(place, _EXACT))), None)
    about = _said(store, source)
    return {
        "node": words.link(node) if isinstance(node, ox.NamedNode) and not whole else None,
        "source": words.link(source),
        "start": next(
            (n for at in places if (n := _number(_first(at, *_STARTS))) is not None), None
        ),
        "end": next((n for at in places if (n := _number(_first(at, *_ENDS))) is not None), None),
        "digest": _text(_first(said, _DIGEST)),
        "sha256": _text(_first(about, _CHECKSUM)),
        "language": _text(_first(about, *_LANGUAGES)),
        "exact": _text(exact),
    }


def _is_text(node: Any) -> bool:
    return isinstance(node, ox.Literal | ox.Triple)


def _against(
    store: Store, words: Words, triple: ox.Triple, nodes: Iterable[Any]
) -> list[dict[str, Any]]:
    """The claims that contradict one of those for a triple, each with what it says."""
    found: dict[Any, None] = {}
    for node in dict.fromkeys((*nodes, triple.subject)):
        if not _is_text(node):
            found.update(dict.fromkeys(quad.object for quad in store.about(node, _CONTRADICTS)))
    return [_claim(store, words, one) for one in found if isinstance(one, ox.NamedNode)]


def _claim(store: Store, words: Words, node: ox.NamedNode) -> dict[str, Any]:
    said = _said(store, node)
    claim = {**words.link(node), **_weight(words, said), "says": None}
    for parts in _PARTS:
        subject, predicate, value = (_first(said, one) for one in parts)
        if isinstance(predicate, ox.NamedNode) and subject is not None and value is not None:
            claim["says"] = {
                "subject": _value(words, subject),
                "property": words.link(predicate),
                "value": _value(words, value),
            }
    return claim


# What a source says


def _pointing(store: Store) -> tuple[ox.NamedNode, ...]:
    """The properties by which stretches point at their source in this release."""
    return store.used(_SOURCES)


def panel(
    store: Store, words: Words, node: ox.NamedNode, at: Sequence[int] = ()
) -> dict[str, Any] | None:
    """What the page of a source, or of a stretch of one, shows beside its facts; None for others.

    Of a source (``kind`` is that): its ``sha256`` and ``language``, the ``count`` of stretches, and
    those of one ``page`` of ``pages`` in their order: the first, or that which has the stretch
    ``at`` two offsets; where the pages ``before`` and ``after`` begin. A stretch has ``start``,
    ``end``, ``digest``, its ``nodes``, what rests ``on`` it with its weight, and how many ``more``
    do. ``marks`` are the offsets of ``all`` where these are no more than `MARKS`, else of those of
    the page. Of a ``stretch``: that, as `of` tells evidence.
    """
    sources = store.once(_pointing)
    if any(any(store.about(node, one)) for one in sources):
        stretch = _stretch(store, words, node)
        return {"kind": "stretch", "stretch": stretch} if stretch else None
    if not any(any(store.about(None, one, node)) for one in sources):
        return None
    places = _places(store, node)
    order = sorted(places, key=_place)
    page = _page_of(order, at)
    shown = order[page * STRETCHES : (page + 1) * STRETCHES]
    said = _said(store, node)
    store.expect(one for place in shown for one in places[place])
    pages = -(-len(order) // STRETCHES)
    starts = [order[one * STRETCHES] for one in range(pages)]
    return {
        "kind": "source",
        "at": list(at),
        "sha256": _text(_first(said, _CHECKSUM)),
        "language": _text(_first(said, *_LANGUAGES)),
        "count": len(order),
        "page": page + 1,
        "pages": pages,
        "stretches": [_resting(store, words, place, places[place]) for place in shown],
        "marks": order if len(order) <= MARKS else shown,
        "all": len(order) <= MARKS,
        "before": starts[page - 1] if page else None,
        "after": starts[page + 1] if page + 1 < pages else None,
    }


_Place = tuple[int | None, int | None]


def _place(place: _Place) -> tuple[bool, int, int]:
    """Stretches in their order, a longer one before those in it; the last have no offsets."""
    start, end = place
    return start is None, start or 0, -(end or 0)


def _page_of(order: Sequence[_Place], at: Sequence[int]) -> int:
    """Which page has the stretch at two offsets, or else what comes after it."""
    if not at or not order:
        return 0
    index = bisect_left(order, _place((at[0], at[1])), key=_place)
    return min(index, len(order) - 1) // STRETCHES


_PLACES = f"""
SELECT ?source ?node ?start ?end {{
  ?node {"|".join(map(str, _SOURCES))} ?source
  OPTIONAL {{ ?node {"|".join(map(str, _STARTS))}|{_SELECTOR}/{_STARTS[1]} ?start }}
  OPTIONAL {{ ?node {"|".join(map(str, _ENDS))}|{_SELECTOR}/{_ENDS[1]} ?end }}
}}
"""


def _places(store: Store, source: ox.NamedNode) -> dict[_Place, list[Any]]:
    """The stretches of a source by their offsets."""
    found: dict[_Place, dict[Any, None]] = {}
    rows = store.query(_PLACES, values={"source": source})
    assert isinstance(rows, ox.QuerySolutions)
    for row in rows:
        place = _number(row["start"]), _number(row["end"])
        found.setdefault(place, {})[row["node"]] = None
    return {place: list(nodes) for place, nodes in found.items()}


def _resting(store: Store, words: Words, place: _Place, nodes: Sequence[Any]) -> dict[str, Any]:
    on: dict[Any, None] = {}
    digest = ""
    for node in nodes:
        digest = digest or next((_text(q.object) for q in store.about(node, _DIGEST)), "")
        for quad in store.about(None, None, node):
            if isinstance(quad.subject, ox.NamedNode):
                on[quad.subject] = None
    return {
        "start": place[0],
        "end": place[1],
        "digest": digest,
        "nodes": [
            {"iri": one.value, "name": local_name(one.value)}
            for one in islice(nodes, _RESTING)
            if isinstance(one, ox.NamedNode)
        ],
        "on": [_weighed(store, words, one) for one in islice(on, _RESTING)],
        "more": max(0, len(on) - _RESTING),
    }


def _weighed(store: Store, words: Words, node: ox.NamedNode) -> dict[str, Any]:
    """A thing by its name, with as much of its weight as a tag has room for."""
    weight = _weight(words, _said(store, node))
    degree = weight["confidence"]
    return {
        "iri": node.value,
        "label": words.label(node),
        "basis": weight["basis"],
        "confidence": degree and {"iri": degree["iri"], "label": degree["label"]},
    }


# The page of one statement


def why(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Who says one statement, as JSON.

    The call holds ``iris`` (the first that is known is meant), the ``code`` of a statement that is
    on its page, and ``languages``. The head is that of `describe.Found`. The answer has the thing
    (``of``), what is ``said`` (`statement`), ``turtle``, and what `of` tells; or, where the call
    names an ``engine``, it is a graph in that format. Raises NotFound where nothing that is said of
    the thing has the code.
    """
    found = describe.find(store, call["iris"])
    triple = next((one for one in _around(store, found) if code(one) == call["code"]), None)
    if triple is None:
        raise NotFound(
            "This statement is no longer there",
            "It was changed or withdrawn since; the page of the thing has what is said today.",
        )
    reply.head(found.head(store.base))
    if "engine" in call:
        said = _in_prov(store, found.head(store.base)["document"], triple)
        reply.write(describe.written(said, call["engine"], store.prefixes))
        return
    words = Words(store, call["languages"])
    content = {
        "of": words.link(found.things[0]),
        "said": statement(store, words, triple),
        "turtle": describe.written([triple], "TURTLE", store.prefixes).decode(),
        **of(store, words, triple),
    }
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def _in_prov(store: Store, document: str, triple: ox.Triple) -> list[ox.Triple]:
    """A statement and its grounds as data: a rdf:Statement, named by its page, that was derived
    (PROV-O) from the files that state it or the statements it follows from, from what weighs it,
    and from its evidence, with all that is said of these."""
    said: dict[ox.Triple, None] = {triple: None}

    def name(of: ox.Triple, document: str) -> ox.NamedNode:
        node = ox.NamedNode(f"{document}{'&' if '?' in document else '?'}why={code(of)}")
        said[ox.Triple(node, _TYPE, _STATEMENT)] = None
        for part, value in zip(_PARTS[1], (of.subject, of.predicate, of.object), strict=True):
            said[ox.Triple(node, part, value)] = None
        return node

    this = name(triple, document)
    graphs, step, grounds = _origin(store, triple)
    origins: list[Any] = [ox.NamedNode(iri) for iri in graphs]
    for premise in step.all if step else ():
        if owner := _owner(store, premise):
            origins.append(name(premise, describe.document_iri(store.base, owner)))
    for kind, node in grounds:
        found = [node] if kind == "statement" else []
        found += [value for one in _GROUNDS for value in _said(store, node).get(one, ())][:EVIDENCE]
        for one in found:
            if not _is_text(one):
                origins.append(one)
                said.update(dict.fromkeys(describe.outgoing(store, one)))
    said.update(dict.fromkeys(ox.Triple(this, _DERIVED, one) for one in origins))
    return list(said)


def _around(store: Store, found: describe.Found) -> Iterator[ox.Triple]:
    """What the page of a thing, or of a document's things, may say."""
    for thing in found.things:
        yield from describe.outgoing(store, thing)
    if found.topic is not None:
        yield from _leading(store, found.topic)


def _leading(store: Store, thing: Any) -> Iterator[ox.Triple]:
    """What leads to a thing, blank nodes back to their owners, as `describe.incoming` has it."""
    seen, ahead = {thing}, [thing]
    while ahead:
        for quad in _near(store, ahead.pop()):
            if quad.predicate == _TYPE:
                continue
            yield quad.triple
            if isinstance(quad.subject, ox.BlankNode) and quad.subject not in seen:
                seen.add(quad.subject)
                yield from describe.outgoing(store, quad.subject)
                ahead.append(quad.subject)


def _near(store: Store, node: Any) -> Iterator[ox.Quad]:
    """The links that lead to a node, without those by a property by which a crowd does."""
    counts = store.linked(node, True)
    if not counts:
        yield from store.about(None, None, node)
    for iri, count in counts.items():
        if count <= CROWD:
            yield from store.about(None, ox.NamedNode(iri), node)


OPERATIONS = {"why": why}
"""What a worker can do for these pages, by name."""
