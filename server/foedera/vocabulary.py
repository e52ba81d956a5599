"""The documentation of an ontology: its terms in order, what binds them, how the data uses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.stores.base import Store
from foedera.words import Words, by_text


def _owl(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.OWL + name)


def _rdfs(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.RDFS + name)


def _skos(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.SKOS + name)


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.SH + name)


_TYPE = ox.NamedNode(terms.TYPE)
_ONTOLOGY = _owl("Ontology")
_SUBCLASS = _rdfs("subClassOf")
_SUBPROPERTY = _rdfs("subPropertyOf")

KINDS = {
    "classes": (_owl("Class"), _rdfs("Class")),
    "object properties": (_owl("ObjectProperty"),),
    "data properties": (_owl("DatatypeProperty"),),
    "other properties": (
        _owl("AnnotationProperty"),
        ox.NamedNode(terms.RDF + "Property"),
    ),
}
"""The kinds of terms in the order of the page, with the classes that say so."""

_CHARACTERISTICS = {
    _owl("FunctionalProperty"): "functional",
    _owl("InverseFunctionalProperty"): "inverse functional",
    _owl("TransitiveProperty"): "transitive",
    _owl("SymmetricProperty"): "symmetric",
    _owl("AsymmetricProperty"): "asymmetric",
    _owl("IrreflexiveProperty"): "irreflexive",
    _owl("ReflexiveProperty"): "reflexive",
}

_ALIGNED = (
    _SUBCLASS,
    _SUBPROPERTY,
    _owl("equivalentClass"),
    _owl("equivalentProperty"),
    _skos("exactMatch"),
    _skos("closeMatch"),
    _skos("broadMatch"),
    _skos("narrowMatch"),
    _skos("relatedMatch"),
)


def is_ontology(store: Store, node: ox.NamedNode) -> bool:
    """Whether a thing is an ontology, whose page is its documentation."""
    return any(store.about(node, _TYPE, _ONTOLOGY))


def document(store: Store, words: Words, named: Sequence[ox.NamedNode]) -> dict[str, Any]:
    """What the page of an ontology shows of its terms, as JSON.

    ``kinds`` are groups of terms that are there (``name``, ``tree``, ``terms``). A tree is a list
    of nodes with ``label``, ``anchor`` and the nodes ``below``. A term has its texts, its links
    to other terms, its ``shapes`` (what the rules ask of it), ``used`` (a count) and ``example``.
    """
    maker = _Terms(store, words, named)
    kinds = []
    for name, classes in KINDS.items():
        mine = [one for one in named if maker.is_of(one, classes)]
        if mine:
            above = _SUBCLASS if name == "classes" else _SUBPROPERTY
            make = maker.class_ if name == "classes" else maker.property_
            mine.sort(key=lambda one: words.label(one)["text"].lower())
            kinds.append(
                {
                    "name": name,
                    "tree": maker.tree(mine, above),
                    "terms": [make(one) for one in mine],
                }
            )
    return {"kinds": kinds}


class _Terms:
    """The making of each term's entry."""

    def __init__(self, store: Store, words: Words, named: Sequence[ox.NamedNode]) -> None:
        self._store = store
        self._words = words
        self._named = frozenset(named)

    def is_of(self, term: ox.NamedNode, classes: Iterable[ox.NamedNode]) -> bool:
        return any(any(self._store.about(term, _TYPE, one)) for one in classes)

    def tree(self, named: Sequence[ox.NamedNode], above: ox.NamedNode) -> list[dict[str, Any]]:
        """The terms under those that they are below; a term with two parents stands twice."""
        inside = set(named)
        parents = {
            one: [parent for parent in self._stated(one, above) if parent in inside]
            for one in named
        }

        def node(one: ox.NamedNode, path: frozenset[ox.NamedNode]) -> dict[str, Any]:
            below = [other for other in named if one in parents[other] and other not in path]
            return {
                "label": self._words.label(one),
                "anchor": _anchor(one),
                "below": [node(other, path | {one}) for other in below],
            }

        return [node(one, frozenset({one})) for one in named if not parents[one]]

    def class_(self, term: ox.NamedNode) -> dict[str, Any]:
        members = self._store.numbers["classes"].get(term.value, 0)
        example = self._member(term) if members else None
        return {
            **self._texts(term),
            "above": self._links(self._stated(term, _SUBCLASS)),
            "below": self._links(self._pointing(term, _SUBCLASS)),
            "disjoint": self._links(
                [
                    *self._stated(term, _owl("disjointWith")),
                    *self._pointing(term, _owl("disjointWith")),
                ]
            ),
            "subject_of": self._links(self._pointing(term, _rdfs("domain"))),
            "object_of": self._links(self._pointing(term, _rdfs("range"))),
            "aligned": self._aligned(term),
            "shapes": self._shapes_of_class(term),
            "used": members,
            "example": example,
        }

    def property_(self, term: ox.NamedNode) -> dict[str, Any]:
        inverse = [*self._stated(term, _owl("inverseOf")), *self._pointing(term, _owl("inverseOf"))]
        types = {quad.object for quad in self._store.about(term, _TYPE)}
        used = self._store.numbers["properties"].get(term.value, 0)
        return {
            **self._texts(term),
            "characteristics": [text for kind, text in _CHARACTERISTICS.items() if kind in types],
            "domain": self._links(self._stated(term, _rdfs("domain"))),
            "range": self._links(self._stated(term, _rdfs("range"))),
            "inverse": self._links(inverse),
            "above": self._links(self._stated(term, _SUBPROPERTY)),
            "below": self._links(self._pointing(term, _SUBPROPERTY)),
            "chains": self._chains(term),
            "aligned": self._aligned(term),
            "shapes": self._shapes_of_property(term),
            "used": used,
            "example": self._triple(term) if used else None,
        }

    def _texts(self, term: ox.NamedNode) -> dict[str, Any]:
        words = self._words
        label = words.label(term)
        texts = [t.object for t in self._store.names(term) if isinstance(t.object, ox.Literal)]
        definition = words.summary(term)
        comment = words.text(term, (_rdfs("comment"),))
        return {
            "iri": term.value,
            "anchor": _anchor(term),
            "label": label,
            "names": [
                {
                    "text": first.value,
                    "language": first.language or "",
                    "also": [text.language for text in others if text.language],
                }
                for first, *others in by_text(texts)
                if first.value != label["text"]
            ],
            "definition": definition,
            "comment": comment if comment != definition else None,
            "note": words.text(term, (_skos("scopeNote"),)),
            "written": words.text(term, (_skos("example"),)),
            "deprecated": any(self._store.about(term, _owl("deprecated"))),
        }

    def _stated(self, term: Any, predicate: ox.NamedNode) -> list[ox.NamedNode]:
        """The named objects that a file states, inference aside."""
        return [
            quad.object
            for quad in self._store.about(term, predicate)
            if isinstance(quad.object, ox.NamedNode) and not self._store.follows(quad)
        ]

    def _pointing(self, term: Any, predicate: ox.NamedNode) -> list[ox.NamedNode]:
        return [
            quad.subject
            for quad in self._store.about(None, predicate, term)
            if isinstance(quad.subject, ox.NamedNode) and not self._store.follows(quad)
        ]

    def _links(self, nodes: Iterable[ox.NamedNode]) -> list[dict[str, Any]]:
        found = [self._link(one) for one in dict.fromkeys(nodes)]
        return sorted(found, key=lambda link: str(link["label"]["text"]).lower())

    def _link(self, node: ox.NamedNode) -> dict[str, Any]:
        return {
            **self._words.link(node),
            "anchor": _anchor(node) if node in self._named else "",
        }

    def _aligned(self, term: ox.NamedNode) -> list[dict[str, Any]]:
        """What the term is in other vocabularies: how, and which term of theirs."""
        return [
            {"how": self._words.label(how), "term": self._link(other)}
            for how in _ALIGNED
            for other in sorted(self._stated(term, how), key=str)
            if not other.value.startswith(self._store.base)
        ]

    def _chains(self, term: ox.NamedNode) -> list[list[dict[str, Any]]]:
        heads = (quad.object for quad in self._store.about(term, _owl("propertyChainAxiom")))
        return [[self._link(one) for one in self._list(head)] for head in heads]

    def _list(self, head: Any) -> list[Any]:
        items: list[Any] = []
        seen = set()
        while head not in seen:
            seen.add(head)
            items += [q.object for q in self._store.about(head, ox.NamedNode(terms.FIRST))]
            rest = [q.object for q in self._store.about(head, ox.NamedNode(terms.REST))]
            head = rest[0] if rest else head
        return items

    def _shapes_of_class(self, term: ox.NamedNode) -> list[dict[str, Any]]:
        """What the rules ask of the class's things, property by property."""
        found = []
        for target in self._store.about(None, _sh("targetClass"), term):
            for quad in self._store.about(target.subject, _sh("property")):
                found += self._rule(quad.object, None)
        return sorted(found, key=lambda rule: (rule["order"], rule["path"]["label"]["text"]))

    def _shapes_of_property(self, term: ox.NamedNode) -> list[dict[str, Any]]:
        """What the rules ask of the property, class by class."""
        found = []
        for quad in self._store.about(None, _sh("path"), term):
            for owner in self._store.about(None, _sh("property"), quad.subject):
                for target in self._store.about(owner.subject, _sh("targetClass")):
                    if isinstance(target.object, ox.NamedNode):
                        found += self._rule(quad.subject, target.object)
        return sorted(found, key=lambda rule: str(rule["of"]["label"]["text"]))

    def _rule(self, shape: Any, of: ox.NamedNode | None) -> list[dict[str, Any]]:
        """One property shape in words; none where its path is no plain property, or it asks
        nothing."""
        asked: dict[str, list[Any]] = {}
        for quad in self._store.about(shape):
            if quad.predicate.value.startswith(terms.SH):
                asked.setdefault(quad.predicate.value.removeprefix(terms.SH), []).append(
                    quad.object
                )
        path = asked.get("path", [None])[0]
        message = [one for one in asked.get("message", []) if isinstance(one, ox.Literal)]
        if not isinstance(path, ox.NamedNode) or not message:
            return []

        def number(name: str) -> int | None:
            values = asked.get(name)
            return int(values[0].value) if values and values[0].value.isdigit() else None

        kinds = [*asked.get("class", ()), *asked.get("datatype", ())]
        severity = asked.get("severity", [_sh("Violation")])[0]
        order = asked.get("order")
        return [
            {
                "path": self._link(path),
                "of": self._link(of) if of else None,
                "least": number("minCount"),
                "most": number("maxCount"),
                "kinds": [self._link(one) for one in kinds if isinstance(one, ox.NamedNode)],
                "message": self._words.best(message),
                "severity": str(getattr(severity, "value", "")).removeprefix(terms.SH).lower(),
                "order": float(order[0].value) if order else 1e9,
            }
        ]

    def _member(self, term: ox.NamedNode) -> dict[str, Any] | None:
        """A thing of the class, by preference one of our own."""
        found = (quad.subject for quad in self._store.about(None, _TYPE, term))
        named = [one for one in found if isinstance(one, ox.NamedNode)]
        base = self._store.base
        first = min(
            named, key=lambda one: (not one.value.startswith(base), one.value), default=None
        )
        return self._words.link(first) if first else None

    def _triple(self, term: ox.NamedNode) -> dict[str, Any] | None:
        """A triple with the property: the first by its subject's IRI, of a thing with a name."""
        first = None
        for count, quad in enumerate(self._store.about(None, term)):
            if count > 2000:
                break
            if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.BlankNode):
                key = (quad.subject.value, str(quad.object))
                if first is None or key < first[0]:
                    first = (key, quad)
        if first is None:
            return None
        quad = first[1]
        value: Any = quad.object
        return {
            "subject": self._words.link(quad.subject),
            "value": self._words.link(value) if isinstance(value, ox.NamedNode) else None,
            "text": None
            if isinstance(value, ox.NamedNode)
            else getattr(value, "value", str(value)),
        }


def _anchor(node: ox.NamedNode) -> str:
    return node.value.rpartition("#")[2]
