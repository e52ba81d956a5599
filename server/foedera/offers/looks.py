"""Looks at an offer, in a worker that may be killed: what strangers wrote is read nowhere else."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import pyoxigraph as ox

from foedera import formats, terms
from foedera.check import asked
from foedera.errors import BadRequest
from foedera.languages import Order
from foedera.offers.kept import Decision, Offer
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words, local_name

if TYPE_CHECKING:
    from foedera.check.contribution import Against
    from foedera.check.reading import Document

SHOWN = 2_000
"""How many facts of an offer are shown to who decides on it; the others are in its text."""


def check(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What is to be known of a text before it is kept: its ``media_type``, ``triples``,
    ``release``, whether it is ``readable``, and its ``report``.

    Raises BadRequest for what reads well and could not be accepted as it is; and what
    `asked.judge` raises.
    """
    from foedera.check import contribution

    until = time.monotonic() + call["seconds"]
    against = store.once(asked.published)
    (document,) = asked.read([call["document"]])
    bad = any(one.kind == "syntax" and one.severity == "violation" for one in document.findings)
    if not bad:
        _must_fit(document, base64.b64decode(call["document"]["content"]))
    report = contribution.judge(
        [document], against, seconds=until - time.monotonic(), memory=call["memory"]
    )
    reply.head({})
    content = {
        "media_type": document.format,
        "triples": len(set(document.triples)),
        "release": against.rules.release,
        "readable": not bad,
        "report": asked.shown(report, [document], against),
    }
    reply.write(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))


def _must_fit(document: Document, content: bytes) -> None:
    """Raises BadRequest for a text that, as a file of the folder, would say something else than
    what is looked at before."""
    if not document.statements:
        raise BadRequest("There are no facts in it", "Offer at least one triple.")
    for one in document.statements:
        if one.graph is not None:
            raise BadRequest(
                f"Line {one.subject.line} names a graph: {one.graph}",
                "Leave it out: what you offer is given a graph of its own.",
            )
        if f"<{asked.BASE}" in str(one.triple):
            raise BadRequest(
                f"An IRI in line {one.subject.line} is not whole",
                "Write it with https:// and all that follows, or with a prefix.",
            )
    try:
        said = set(_parsed(content, document.format))
    except (SyntaxError, ValueError) as fault:
        raise BadRequest(
            f"It does not parse: {fault}", "Write it in UTF-8, without marks."
        ) from None
    if len(said) != len(set(document.triples)):
        raise BadRequest("It can be read in two ways", "Offer it as N-Triples.")


def _parsed(content: bytes, media_type: str) -> Iterator[ox.Triple]:
    """The triples of a text, by the parser that reads the folder."""
    engine = next(one.engine for one in formats.GRAPHS if one.media_type == media_type)
    parser = ox.parse(content, format=getattr(ox.RdfFormat, engine), base_iri=asked.BASE)
    return (quad.triple for quad in parser)


def difference(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What an offer would change, for who decides on it, in the words of ``languages``.

    ``triples`` of it, how many of them are ``there`` already, the ``new`` things that it speaks of
    first, and of each of its ``things`` the facts. A fact has its property, and values that are
    ``new`` or there; beside them what is published of the same (``others``), and whether there
    may be only one of these (``conflict``).
    """
    languages: Sequence[str] = call["languages"]
    against = store.once(asked.published)
    triples = list(dict.fromkeys(_parsed(base64.b64decode(call["content"]), call["type"])))
    found = _Difference(triples, against, Words(store, languages), Order(languages)).told()
    reply.head({})
    reply.write(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))


OPERATIONS = {"offer": check, "difference": difference}
"""What a worker does of this, by name."""


def told(offer: Offer, became: Decision, found: Mapping[str, Any]) -> Iterator[str]:
    """An offer and its difference (`difference`), line by line, for a terminal."""
    sender = offer.sender
    yield f"{offer.id}  {became.state}  {offer.text}"
    yield f"by {sender.contributor}, offered {offer.when}, checked with release {offer.release}"
    for name in ("contact", "source", "license", "note"):
        if text := getattr(sender, name):
            yield f"{name}: {text}"
    if became.reason or became.who:
        yield f"{became.state} {became.when} by {became.who or 'nobody named'}: {became.reason}"
    for one in offer.report["findings"]:
        yield f"{one['severity']} in line {one['line']}: {' '.join(one['messages']['en'].split())}"
    yield f"{found['triples']:,} facts, {found['there']:,} of them there already"
    for thing in found["things"]:
        mark = "" if thing["known"] or not thing["iri"] else " (new)"
        yield ""
        yield f"{_name(thing)}{mark}"
        yield from _lines(thing["facts"], "  ")
    if found["shown"] < found["triples"]:
        yield f"... of {found['triples']:,} facts the first {found['shown']:,} are shown"


def _lines(facts: Iterable[Mapping[str, Any]], margin: str) -> Iterator[str]:
    for fact in facts:
        for one in fact["values"]:
            mark = "+" if one.get("new", True) else "="
            yield f"{margin}{mark} {_name(fact['property'])}: {_said(one)}"
            yield from _lines(one.get("facts", ()), margin + "    ")
        if fact["others"]:
            more = f" and {fact['more']} more" if fact["more"] else ""
            mark = "! it may have one value, and has" if fact["conflict"] else "  there is also"
            yield f"{margin}{mark} {', '.join(map(_said, fact['others']))}{more}"


def _name(it: Mapping[str, Any]) -> str:
    return f"{it['name']['text']} <{it['iri']}>" if it["iri"] else "something without a name"


def _said(it: Mapping[str, Any]) -> str:
    if it["kind"] == "text":
        return json.dumps(it["text"], ensure_ascii=False) + (
            f"@{it['language']}" * bool(it["language"])
        )
    return _name(it) if it["kind"] == "link" else "something without a name"


class _Difference:
    """The facts of an offer beside those that are published."""

    def __init__(
        self, triples: Sequence[ox.Triple], against: Against, words: Words, order: Order
    ) -> None:
        assert against.base is not None
        self._triples = triples
        self._words = words
        self._order = order
        self._base = against.base
        self._single = _single(against)
        named = [one for one in dict.fromkeys(t.subject for t in triples) if _is_iri(one)]
        self._said: dict[Any, list[ox.Triple]] = {}
        for triple in sorted(self._base.out(named), key=str):
            self._said.setdefault(triple.subject, []).append(triple)
        iris = {node.value for triple in triples for node in triple if _is_iri(node)}
        iris |= {t.object.value for of in self._said.values() for t in of if _is_iri(t.object)}
        self._known = self._base.known(iris)
        self._names = self._base.labels(iris)
        for triple in triples:
            if triple.predicate.value in terms.LABELS and isinstance(triple.object, ox.Literal):
                names = self._names.setdefault(str(getattr(triple.subject, "value", "")), {})
                names.setdefault(triple.object.language or "", triple.object.value)
        self._of: dict[Any, list[ox.Triple]] = {}
        for triple in triples:
            self._of.setdefault(triple.subject, []).append(triple)
        self._left = SHOWN
        self._told: set[Any] = set()

    def told(self) -> dict[str, Any]:
        there = sum(self._there(triple) for triple in self._triples)
        held = {t.object for t in self._triples if isinstance(t.object, ox.BlankNode)}
        first = [node for node in self._of if node not in held]
        things = [self._thing(node) for node in first if self._left > 0]
        things += [self._thing(node) for node in self._of if node not in self._told and self._left]
        new = [node.value for node in self._of if _is_iri(node) and node.value not in self._known]
        return {
            "triples": len(self._triples),
            "there": there,
            "new": len(new),
            "shown": SHOWN - self._left,
            "things": things,
        }

    def _there(self, triple: ox.Triple) -> bool:
        return self._base.kept(triple) in self._said.get(triple.subject, ())

    def _thing(self, node: Any) -> dict[str, Any]:
        self._told.add(node)
        return {**self._named(node), "facts": self._facts(node)}

    def _named(self, node: Any) -> dict[str, Any]:
        """A thing by its name; a blank node has none."""
        if not _is_iri(node):
            return {"iri": "", "name": {"text": "", "language": ""}, "known": False}
        names = self._names.get(node.value)
        best = min(names, key=self._order.rank) if names else ""
        text = names[best] if names else local_name(node.value)
        name = {"text": text, "language": best}
        return {"iri": node.value, "name": name, "known": node.value in self._known}

    def _facts(self, node: Any) -> list[dict[str, Any]]:
        by_property: dict[ox.NamedNode, list[ox.Triple]] = {}
        for triple in self._of.get(node, ()):
            by_property.setdefault(triple.predicate, []).append(triple)
        return [self._fact(node, *one) for one in by_property.items() if self._left > 0]

    def _fact(
        self, node: Any, predicate: ox.NamedNode, triples: Sequence[ox.Triple]
    ) -> dict[str, Any]:
        shown = triples[: self._left]
        self._left -= len(shown)
        own = {self._base.kept(triple).object for triple in triples}
        others = [
            triple.object
            for triple in self._said.get(node, ())
            if triple.predicate == predicate and triple.object not in own
        ]
        new = [triple.object for triple in triples if not self._there(triple)]
        return {
            "property": self._named(predicate),
            "values": [{**self._value(t.object), "new": not self._there(t)} for t in shown],
            "others": [self._value(value) for value in others[:_OTHERS]],
            "more": max(0, len(others) - _OTHERS),
            "conflict": any(self._excludes(predicate, *two) for two in _pairs(new, others)),
        }

    def _excludes(self, predicate: ox.NamedNode, one: Any, other: Any) -> bool:
        """Whether a thing can hardly have both values of a property."""
        kind = self._single.get(predicate)
        tags = [getattr(node, "language", None) for node in (one, other)]
        return kind == "all" or (kind == "language" and tags[0] == tags[1] != None)  # noqa: E711

    def _value(self, node: Any) -> dict[str, Any]:
        if isinstance(node, ox.Literal):
            return {"kind": "text", **self._words.literal(node)}
        if _is_iri(node):
            return {"kind": "link", **self._named(node)}
        if isinstance(node, ox.Triple):
            return {"kind": "text", "text": str(node), "said": str(node), "language": "", "tag": ""}
        if node in self._told or node not in self._of:
            return {"kind": "unnamed", "facts": []}
        self._told.add(node)
        return {"kind": "unnamed", "facts": self._facts(node)}


_OTHERS = 5
"""How many published values are shown beside those of an offer."""


def _is_iri(node: Any) -> TypeGuard[ox.NamedNode]:
    return isinstance(node, ox.NamedNode)


def _pairs(ones: Sequence[Any], others: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return ((one, other) for one in ones for other in others)


def _single(against: Against) -> dict[Any, str]:
    """The properties of which a thing has one value at most, of all or of each language, as far as
    the ontology and the shapes say so plainly."""
    limits: dict[Any, str] = {}
    paths: dict[Any, Any] = {}
    for triple in against.rules.shapes:
        kind, value = triple.predicate.value, getattr(triple.object, "value", "")
        if kind == terms.SH + "path" and _is_iri(triple.object):
            paths[triple.subject] = triple.object
        elif kind == terms.SH + "maxCount" and value == "1":
            limits[triple.subject] = "all"
        elif kind == terms.SH + "uniqueLang" and value in ("true", "1"):
            limits.setdefault(triple.subject, "language")
    found: dict[Any, str] = {paths[shape]: kind for shape, kind in limits.items() if shape in paths}
    functional = ox.NamedNode(terms.OWL + "FunctionalProperty")
    for triple in against.rules.ontology:
        if triple.predicate.value == terms.TYPE and triple.object == functional:
            found[triple.subject] = "all"
    return found
