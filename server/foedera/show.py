"""What pages show of things: names in the reader's language, facts in the order of their shapes.

Shapes make pages as well as rules. ``sh:group``, ``sh:order`` and ``sh:name`` of a property shape
say under which heading, where and by what name a property stands (SHACL, section 2.3.2); an inverse
path gives what leads here a place and a name; ``dash:viewer dash:DetailsViewer`` shows the facts of
a value in place (DASH, "Viewers"). What no shape speaks of comes after, by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera import terms, vocabulary
from foedera.describe import find, things
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

_TYPE = ox.NamedNode(terms.TYPE)
_LABELS = tuple(ox.NamedNode(iri) for iri in terms.LABELS)
_IN_THE_HEAD = frozenset((*_LABELS, *map(ox.NamedNode, terms.SUMMARIES), _TYPE))

_BEGINNINGS = tuple(ox.NamedNode(iri) for iri in terms.BEGINNINGS)

_LAST = 1e9
"""Where what has no sh:order stands."""

_SORTED = 1000
"""Up to how many values of one property are put in order."""


@dataclass(frozen=True)
class Row:
    """Where and how a property is shown on pages of a class."""

    place: tuple[float, float]
    group: ox.NamedNode | None = None
    names: tuple[ox.Literal, ...] = ()
    details: bool = False

    def merged(self, other: Row) -> Row:
        """Both said of one property, by shapes of several of a thing's classes."""
        first, second = sorted((self, other), key=lambda row: row.place)
        return Row(
            first.place,
            first.group or second.group,
            first.names or second.names,
            first.details or second.details,
        )


Key = tuple[ox.NamedNode, bool]
"""A property, and whether it is read backwards."""


@dataclass(frozen=True)
class Plan:
    """What the shapes and the ontology of a release say about its pages."""

    rows: Mapping[Any, Mapping[Key, Row]]
    own: tuple[str, ...]
    inverses: frozenset[tuple[ox.NamedNode, ox.NamedNode]]
    below: frozenset[tuple[ox.NamedNode, ox.NamedNode]]

    def of(self, targets: Iterable[Any]) -> dict[Key, Row]:
        """The rows for a thing of some classes, with some properties."""
        found: dict[Key, Row] = {}
        for one in targets:
            for key, row in self.rows.get(one, {}).items():
                found[key] = found[key].merged(row) if key in found else row
        return found


_ROWS = f"""
PREFIX sh: <{terms.SH}>
PREFIX owl: <{terms.OWL}>
PREFIX rdfs: <{terms.RDFS}>
PREFIX dash: <{terms.DASH}>
SELECT ?target ?shape ?forward ?backward ?order ?group ?groupOrder ?details {{
  {{ ?node sh:targetClass|sh:targetSubjectsOf ?target }} UNION {{
    VALUES ?kind {{ owl:Class rdfs:Class }}
    ?node a sh:NodeShape , ?kind
    BIND(?node AS ?target)
  }}
  ?node sh:property ?shape .
  {{ ?shape sh:path ?forward FILTER(isIRI(?forward)) }}
  UNION {{ ?shape sh:path/sh:inversePath ?backward }}
  OPTIONAL {{ ?shape sh:order ?order }}
  OPTIONAL {{
    ?shape sh:group ?group FILTER(isIRI(?group))
    OPTIONAL {{ ?group sh:order ?groupOrder }}
  }}
  BIND(EXISTS {{ ?shape dash:viewer dash:DetailsViewer }} AS ?details)
}}
"""


def _plan(store: Store) -> Plan:
    def number(term: Any) -> float:
        try:
            return float(term.value)
        except (AttributeError, ValueError):
            return _LAST

    found = store.query(_ROWS)
    assert isinstance(found, ox.QuerySolutions)
    solutions = list(found)
    store.expect(solution["shape"] for solution in solutions)
    rows: dict[Any, dict[Key, Row]] = {}
    for solution in solutions:
        path: Any = solution["forward"] or solution["backward"]
        if not isinstance(path, ox.NamedNode):
            continue
        names = (q.object for q in store.about(solution["shape"], ox.NamedNode(terms.SH + "name")))
        group: Any = solution["group"]
        details: Any = solution["details"]
        row = Row(
            (number(solution["groupOrder"]), number(solution["order"])),
            group,
            tuple(name for name in names if isinstance(name, ox.Literal)),
            details.value in ("true", "1"),  # as xsd:boolean may be written
        )
        known = rows.setdefault(solution["target"], {})
        key = (path, solution["forward"] is None)
        known[key] = known[key].merged(row) if key in known else row
    spaces = store.about(None, ox.NamedNode(terms.VANN + "preferredNamespaceUri"))
    own = (store.base, *sorted(str(getattr(quad.object, "value", "")) for quad in spaces))
    return Plan(rows, own, _pairs(store, "inverseOf", both=True), _pairs(store, "subPropertyOf"))


def _pairs(
    store: Store, name: str, both: bool = False
) -> frozenset[tuple[ox.NamedNode, ox.NamedNode]]:
    space = terms.OWL if both else terms.RDFS
    found = {
        (quad.subject, quad.object)
        for quad in store.about(None, ox.NamedNode(space + name))
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    }
    return frozenset(found | {(b, a) for a, b in found} if both else found)


def page(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What the page of a thing, or of a document's things, shows, as JSON.

    The call holds ``iris``, ``languages`` (the reader's, best first), ``values`` (how many of one
    property are listed). The head is that of `describe.Found`. The answer has the ``iri`` of the
    first thing, and ``things``: each has ``iri``, ``label``, ``summary``, ``names`` in other
    languages, ``types``, ``sections`` (each a ``heading`` or None, and ``facts``), ``follows``
    (facts that only follow from others), ``links`` (what leads here and is not shown as a fact),
    and whether these are ``cut``. A fact has its ``property``, ``inverse``, the full ``count`` and
    ``values``. Of an ontology only the first thing is there, and the terms are its ``vocabulary``.
    """
    found = find(store, call["iris"])
    about = found.things
    words = Words(store, call["languages"])
    store.expect(about)
    documented = len(about) > 1 and vocabulary.is_ontology(store, about[0])
    shown = about[:1] if documented else about
    content = {
        "iri": about[0].value,
        "things": [
            _Page(store, words, one, call["values"]).content(
                whole=one == found.topic and not documented
            )
            for one in shown
        ],
        "vocabulary": vocabulary.document(store, words, about[1:]) if documented else None,
    }
    reply.head(found.head(store.base))
    reply.write(json.dumps(content, ensure_ascii=False).encode())


class _Page:
    """The making of one thing's page."""

    def __init__(self, store: Store, words: Words, thing: ox.NamedNode, most: int) -> None:
        self._store = store
        self._words = words
        self._thing = thing
        self._most = most
        self._plan = store.once(_plan)

    def content(self, whole: bool) -> dict[str, Any]:
        """All of it; ``whole`` with what leads here."""
        outgoing: dict[Key, list[Any]] = {}
        for quad in self._store.about(self._thing):
            outgoing.setdefault((quad.predicate, False), []).append(quad.object)
        types = outgoing.pop((_TYPE, False), [])
        label = self._words.label(self._thing)
        names = {
            text.value: text.language or ""
            for predicate in _LABELS
            for text in outgoing.get((predicate, False), ())
            if isinstance(text, ox.Literal)
        }
        names.pop(label["text"], None)
        incoming, cut = self._incoming() if whole else ({}, False)
        rows = self._plan.of([*types, *(predicate for predicate, _ in outgoing)])
        sections: dict[Any, list[dict[str, Any]]] = {}
        follows, links = [], []
        everything = {**outgoing, **incoming}
        for key, values in self._ordered(everything, rows):
            predicate, inverse = key
            row = rows.get(key)
            if not inverse and predicate in _IN_THE_HEAD:
                continue
            if inverse and row is None:
                values = [
                    one for one in values if not self._shown_forward(predicate, one, outgoing)
                ]
            repeated = [one for one in values if self._repeats(key, one, everything, row)]
            if repeated:
                follows.append(self._fact(key, repeated, None))
                values = [one for one in values if one not in repeated]
            if values and inverse and row is None:
                links.append(self._fact(key, values, None))
                continue
            if values:
                sections.setdefault(row.group if row else None, []).append(
                    self._fact(key, values, row)
                )
        return {
            "iri": self._thing.value,
            "label": label,
            "summary": self._words.summary(self._thing),
            "names": [{"text": text, "language": tag} for text, tag in names.items()],
            "types": [self._words.link(one) for one in self._most_specific(types)],
            "sections": [
                {"heading": self._words.label(group) if group else None, "facts": facts}
                for group, facts in sections.items()
            ],
            "follows": follows,
            "links": links,
            "cut": cut,
        }

    def _incoming(self) -> tuple[dict[Key, list[Any]], bool]:
        found: dict[Key, list[Any]] = {}
        for count, quad in enumerate(self._store.about(None, None, self._thing)):
            if count >= self._most * 20:
                return found, True
            found.setdefault((quad.predicate, True), []).append(quad.subject)
        return found, False

    def _only_follows(self, subject: Any, predicate: Any, value: Any) -> bool:
        """Whether no file states a triple."""
        graphs = self._store.sources(ox.Triple(subject, predicate, value))
        return graphs == [self._store.inferred]

    def _inferred(self, predicate: Any, value: Any) -> bool:
        """Whether no file states this of the thing, nor says it the other way round."""
        if not self._only_follows(self._thing, predicate, value):
            return False
        return isinstance(value, ox.Literal) or not any(
            any(self._store.about(value, back, self._thing))
            and not self._only_follows(value, back, self._thing)
            for forth, back in self._plan.inverses
            if forth == predicate
        )

    def _repeats(
        self, key: Key, value: Any, facts: Mapping[Key, list[Any]], row: Row | None
    ) -> bool:
        """Whether a value only repeats what another property says more closely, or what another
        vocabulary makes of it."""
        predicate, inverse = key
        ends = (value, self._thing) if inverse else (self._thing, value)
        if not self._only_follows(ends[0], predicate, ends[1]):
            return False
        if row is None and not predicate.value.startswith(self._plan.own):
            return True
        return any(
            (other, predicate) in self._plan.below and value in values
            for (other, backwards), values in facts.items()
            if other != predicate and backwards == inverse
        )

    def _shown_forward(self, predicate: Any, value: Any, outgoing: Mapping[Key, list[Any]]) -> bool:
        """Whether what leads here is said the other way round as well."""
        return any(
            (other, predicate) in self._plan.inverses and value in values
            for (other, _), values in outgoing.items()
        )

    def _ordered(
        self, facts: Mapping[Key, list[Any]], rows: Mapping[Key, Row]
    ) -> list[tuple[Key, list[Any]]]:
        """As the shapes have it; then the publication's own properties, then others, by name."""

        def place(item: tuple[Key, list[Any]]) -> Any:
            key = item[0]
            row = rows.get(key)
            own = key[0].value.startswith(self._plan.own)
            name = self._words.label(key[0])["text"].lower()
            return (*(row.place if row else (_LAST, _LAST)), key[1], not own, name)

        return sorted(facts.items(), key=place)

    def _most_specific(self, types: Sequence[Any]) -> list[ox.NamedNode]:
        """The classes of a thing without those that another of its classes is below."""
        below = ox.NamedNode(terms.RDFS + "subClassOf")
        above = {
            parent.object
            for one in types
            for parent in self._store.about(one, below)
            if parent.object != one
        }
        return [one for one in types if isinstance(one, ox.NamedNode) and one not in above]

    def _fact(self, key: Key, values: Sequence[Any], row: Row | None) -> dict[str, Any]:
        predicate, inverse = key
        shown = self._words.link(predicate)
        name = self._words.best(row.names) if row and (inverse or row.details) else None
        return {
            "property": {**shown, "label": name or shown["label"]},
            "inverse": inverse and name is None,
            "count": len(values),
            "values": [
                self._value(
                    one,
                    inferred=not inverse and self._inferred(predicate, one),
                    details=bool(row and row.details),
                )
                for one in self._sorted(values)[: self._most]
            ],
        }

    def _sorted(self, values: Sequence[Any]) -> list[Any]:
        """What has a date by that, then the rest by name."""

        def place(node: Any) -> tuple[bool, str, str]:
            if isinstance(node, ox.NamedNode):
                begun = self._begun(node)
                return begun == "", begun, self._words.label(node)["text"].lower()
            return True, "", str(node)

        return sorted(values, key=place) if len(values) <= _SORTED else list(values)

    def _begun(self, node: ox.NamedNode) -> str:
        """When a thing began, as text that sorts; "" where nothing says."""
        for predicate in _BEGINNINGS:
            for quad in self._store.about(node, predicate):
                return str(getattr(quad.object, "value", ""))
        return ""

    def _value(self, node: Any, inferred: bool, details: bool, depth: int = 1) -> dict[str, Any]:
        """One value: a link, a text, or a blank node shown in place with what it holds."""
        if isinstance(node, ox.NamedNode):
            parts = self._parts(node) if details else []
            return {"kind": "link", "inferred": inferred, "parts": parts, **self._words.link(node)}
        if isinstance(node, ox.Literal):
            return {"kind": "text", "inferred": inferred, **self._words.literal(node)}
        if isinstance(node, ox.Triple):
            plain = {"text": str(node), "said": str(node), "language": "", "tag": ""}
            return {"kind": "text", "inferred": inferred, **plain}
        return {"kind": "blank", "inferred": inferred, "parts": self._blank(node, depth)}

    def _parts(self, node: ox.NamedNode) -> list[dict[str, Any]]:
        """What is stated of a value and does not lead back: shown within the page of the thing."""
        found: dict[Key, list[Any]] = {}
        types = []
        for quad in self._store.about(node):
            if quad.predicate == _TYPE:
                types.append(quad.object)
            elif (
                quad.predicate not in _IN_THE_HEAD
                and quad.object != self._thing
                and not self._only_follows(node, quad.predicate, quad.object)
            ):
                found.setdefault((quad.predicate, False), []).append(quad.object)
        targets = [*types, *(predicate for predicate, _ in found)]
        ordered = self._ordered(found, self._plan.of(targets))
        return [
            {
                "property": self._words.link(predicate),
                "count": len(values),
                "values": [self._value(one, False, False) for one in self._sorted(values)[:20]],
            }
            for (predicate, _), values in ordered
        ]

    def _blank(self, node: Any, depth: int) -> list[dict[str, Any]]:
        """What a blank node holds, as facts; six deep at most."""
        parts: dict[ox.NamedNode, list[Any]] = {}
        for quad in self._store.about(node) if depth <= 6 else ():
            parts.setdefault(quad.predicate, []).append(quad.object)
        return [
            {
                "property": self._words.link(predicate),
                "count": len(values),
                "values": [self._value(one, False, False, depth + 1) for one in values],
            }
            for predicate, values in parts.items()
        ]


def overview(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What the first page names: classes and examples, as JSON.

    The call holds ``languages``, ``classes`` and ``examples`` (IRIs).
    """
    words = Words(store, call["languages"])
    own = store.once(_plan).own
    content = {
        "classes": [
            {**words.link(ox.NamedNode(iri)), "own": iri.startswith(own)} for iri in call["classes"]
        ],
        "examples": [words.link(ox.NamedNode(iri)) for iri in call["examples"]],
    }
    reply.head({})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def members(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The things of a class in the order of their names, as JSON.

    The call holds ``iri``, ``languages``, ``skip`` and ``most``. Raises NotFound where nothing is
    known of the class.
    """
    (node, *_) = things(store, [call["iri"]])
    words = Words(store, call["languages"])
    found = [quad.subject for quad in store.about(None, _TYPE, node)]
    named = [one for one in found if isinstance(one, ox.NamedNode)]
    if len(named) <= 20_000:
        named.sort(key=lambda one: words.label(one)["text"].lower())
    shown = named[call["skip"] : call["skip"] + call["most"]]
    content = {
        **words.link(node),
        "count": len(named),
        "unnamed": len(found) - len(named),
        "members": [words.link(one) for one in shown],
    }
    reply.head({})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


OPERATIONS = {"page": page, "overview": overview, "members": members}
"""What a worker can do for pages, by name."""
