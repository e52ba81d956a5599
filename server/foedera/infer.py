"""What follows from ontology and data by OWL 2 RL, and is not said."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph as ox

from foedera import folder, terms


def closure(things: Iterable[folder.Parsed]) -> list[ox.Triple]:
    """The triples that follow and are not said (OWL 2 Profiles, section 4.3), in a fixed order.

    The rules are reasonable's and, where it lacks or spoils one, ours; both run in turn until
    nothing new comes. Left out is what tells nobody anything (`_telling`), and what would only
    repeat a triple under the name that another site has for the thing (`_names_elsewhere`).
    """
    said = {triple for one in things for triple in one.triples}
    if not any(_axiom(triple) for triple in said):
        return []
    rules = [*_RULES.values(), *_chains(said), *_keys(said)]
    known = set(said)
    while True:
        known |= _reasoned(known)
        fresh = _constructed(rules, known) - known
        if not fresh:
            break
        known |= fresh
    elsewhere = _names_elsewhere(said, known)
    remarks = {
        triple.subject
        for triple in said
        if triple.predicate.value == terms.TYPE
        and _iri(triple.object) == terms.OWL + "AnnotationProperty"
    }
    return sorted(
        (
            triple
            for triple in known - said
            if _telling(triple)
            and triple.predicate not in remarks  # what is written of a name is not of the thing
            and (
                triple.predicate.value == _SAME
                or not (triple.subject in elsewhere or triple.object in elsewhere)
            )
        ),
        key=str,
    )


_SAME = terms.OWL + "sameAs"
_REMARKS = frozenset(
    {terms.LABEL, terms.COMMENT, terms.RDFS + "seeAlso", terms.RDFS + "isDefinedBy"}
)


def _axiom(triple: ox.Triple) -> bool:
    """Whether a triple can make something follow: it uses a word of RDFS or OWL."""
    predicate = triple.predicate.value
    if predicate == terms.TYPE:
        return _iri(triple.object).startswith(terms.OWL)
    return predicate.startswith((terms.OWL, terms.RDFS)) and predicate not in _REMARKS


def _iri(term: Any) -> str:
    return term.value if isinstance(term, ox.NamedNode) else ""


_FUNCTIONAL = frozenset({terms.OWL + "FunctionalProperty", terms.OWL + "InverseFunctionalProperty"})


def _reasoned(known: Iterable[ox.Triple]) -> set[ox.Triple]:
    """What reasonable makes of it.

    A literal goes in as a name that stands for it: it would come back rewritten by rdflib, and
    the new form would seem to follow. That a property is functional is kept back: reasonable
    would take two values of it for one text and exchange them everywhere, and takes things to be
    the same that are not when a property is inverse-functional. `_RULES` has both rules.
    """
    import rdflib
    import reasonable

    from foedera import bridge

    there: dict[Any, Any] = {}
    back: dict[Any, Any] = {}

    def name(term: Any) -> Any:
        if term not in there:
            literal = isinstance(term, ox.Literal)
            node = rdflib.URIRef(f"literal:{len(there)}") if literal else bridge.to_rdflib(term)
            there[term], back[node] = node, term
        return there[term]

    reasoner = reasonable.PyReasoner()
    reasoner.from_graph(
        [
            (name(triple.subject), name(triple.predicate), name(triple.object))
            for triple in known
            if not isinstance(triple.object, ox.Triple) and _iri(triple.object) not in _FUNCTIONAL
        ]
    )
    found = set()
    for nodes in reasoner.reason():
        subject, predicate, value = (back.get(n) or bridge.to_oxigraph(n) for n in nodes)
        if not isinstance(subject, ox.Literal) and isinstance(predicate, ox.NamedNode):
            found.add(ox.Triple(subject, predicate, value))
    return found


_TWO_THINGS = "FILTER(?a != ?b && !isLiteral(?a) && !isLiteral(?b))"

_RULES = {
    "prp-fp": (
        "?a owl:sameAs ?b",
        f"?p a owl:FunctionalProperty . ?x ?p ?a , ?b {_TWO_THINGS}",
    ),
    "prp-ifp": (
        "?a owl:sameAs ?b",
        f"?p a owl:InverseFunctionalProperty . ?a ?p ?x . ?b ?p ?x {_TWO_THINGS}",
    ),
    "cls-maxc2": (
        "?a owl:sameAs ?b",
        "?c owl:maxCardinality ?n ; owl:onProperty ?p . ?x a ?c ; ?p ?a , ?b "
        f"FILTER(?n = 1) {_TWO_THINGS}",
    ),
    "cls-maxqc3": (
        "?a owl:sameAs ?b",
        "?c owl:maxQualifiedCardinality ?n ; owl:onProperty ?p ; owl:onClass ?d . "
        f"?x a ?c ; ?p ?a , ?b . ?a a ?d . ?b a ?d FILTER(?n = 1) {_TWO_THINGS}",
    ),
    "cls-oo": ("?x a ?c", "?c owl:oneOf/rdf:rest*/rdf:first ?x FILTER(!isLiteral(?x))"),
    "scm-eqc2": (
        "?c owl:equivalentClass ?d",
        "?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c",
    ),
    "scm-eqp1": (
        "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p",
        "?p owl:equivalentProperty ?q",
    ),
    "scm-eqp2": (
        "?p owl:equivalentProperty ?q",
        "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p",
    ),
    "scm-spo": ("?p rdfs:subPropertyOf ?q", "?p rdfs:subPropertyOf/rdfs:subPropertyOf ?q"),
    "scm-int": ("?c rdfs:subClassOf ?d", "?c owl:intersectionOf/rdf:rest*/rdf:first ?d"),
    "scm-uni": ("?d rdfs:subClassOf ?c", "?c owl:unionOf/rdf:rest*/rdf:first ?d"),
    "scm-hv": (
        "?c rdfs:subClassOf ?d",
        "?c owl:hasValue ?y ; owl:onProperty/rdfs:subPropertyOf ?p . "
        "?d owl:hasValue ?y ; owl:onProperty ?p",
    ),
    "scm-svf1": (
        "?c rdfs:subClassOf ?d",
        "?c owl:someValuesFrom/rdfs:subClassOf ?y ; owl:onProperty ?p . "
        "?d owl:someValuesFrom ?y ; owl:onProperty ?p",
    ),
    "scm-svf2": (
        "?c rdfs:subClassOf ?d",
        "?c owl:someValuesFrom ?y ; owl:onProperty/rdfs:subPropertyOf ?p . "
        "?d owl:someValuesFrom ?y ; owl:onProperty ?p",
    ),
    "scm-avf1": (
        "?c rdfs:subClassOf ?d",
        "?c owl:allValuesFrom/rdfs:subClassOf ?y ; owl:onProperty ?p . "
        "?d owl:allValuesFrom ?y ; owl:onProperty ?p",
    ),
    "scm-avf2": (
        "?d rdfs:subClassOf ?c",
        "?c owl:allValuesFrom ?y ; owl:onProperty/rdfs:subPropertyOf ?p . "
        "?d owl:allValuesFrom ?y ; owl:onProperty ?p",
    ),
}
"""The rules that reasonable lacks or spoils, by their names in OWL 2 Profiles: what follows, and
from what, in SPARQL. Those for chains and keys are made for each axiom, since they are lists;
those for domains and ranges are not needed, since what they give is not telling."""


def _chains(said: Collection[ox.Triple]) -> list[tuple[str, str]]:
    """Rule prp-spo2, for each property chain; a step may be the inverse of a property."""
    inverse = {
        t.subject: t.object
        for t in said
        if t.predicate.value == terms.OWL + "inverseOf" and isinstance(t.object, ox.NamedNode)
    }
    rules = []
    for subject, chain in _lists(said, "propertyChainAxiom"):
        steps = [
            f"^{inverse[step]}" if isinstance(step, ox.BlankNode) and step in inverse else step
            for step in chain
        ]
        if all(isinstance(step, (str, ox.NamedNode)) for step in (subject, *steps)):
            path = "/".join(map(str, steps))
            rules.append((f"?a {subject} ?b", f"?a {path} ?b FILTER(!isLiteral(?a))"))
    return rules


def _keys(said: Collection[ox.Triple]) -> list[tuple[str, str]]:
    """Rule prp-key, for each key of a named class."""
    rules = []
    for subject, properties in _lists(said, "hasKey"):
        if all(isinstance(term, ox.NamedNode) for term in (subject, *properties)):
            shared = " ".join(f"?a {p} ?v{n} . ?b {p} ?v{n} ." for n, p in enumerate(properties))
            body = f"?a a {subject} . ?b a {subject} . {shared} {_TWO_THINGS}"
            rules.append(("?a owl:sameAs ?b", body))
    return rules


def _lists(said: Collection[ox.Triple], word: str) -> list[tuple[Any, list[Any]]]:
    """The subjects of a property of OWL whose values are lists, each with its list, in order."""
    first = {
        triple.subject: triple.object for triple in said if triple.predicate.value == terms.FIRST
    }
    rest = {
        triple.subject: triple.object for triple in said if triple.predicate.value == terms.REST
    }
    found = []
    for triple in said:
        if triple.predicate.value == terms.OWL + word:
            items: dict[Any, Any] = {}
            node: Any = triple.object
            while node in first and node not in items:  # a list may run in a circle
                items[node] = first[node]
                node = rest.get(node)
            if items:
                found.append((triple.subject, list(items.values())))
    return found


def _constructed(rules: Iterable[tuple[str, str]], known: Iterable[ox.Triple]) -> set[ox.Triple]:
    """What rules give over what is known."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in known)
    made: set[ox.Triple] = set()
    for follows, given in rules:
        found = store.query(
            f"CONSTRUCT {{ {follows} }} WHERE {{ {given} }}", prefixes=terms.PREFIXES
        )
        assert isinstance(found, ox.QueryTriples)
        made.update(found)
    return made


def _names_elsewhere(said: Iterable[ox.Triple], known: Iterable[ox.Triple]) -> set[Any]:
    """The IRIs on other hosts that are owl:sameAs a thing described here, and not described.

    All that is said of the thing would be said again of each: every count would be too high.
    """
    described = {triple.subject for triple in said if triple.predicate.value != _SAME}
    return {
        triple.subject
        for triple in known
        if triple.predicate.value == _SAME
        and triple.subject not in described
        and triple.object in described
        and urlsplit(_iri(triple.subject)).netloc != urlsplit(_iri(triple.object)).netloc
    }


_EMPTY = frozenset(
    {terms.OWL + "Thing", terms.RDFS + "Resource", terms.OWL + "Class", terms.RDFS + "Class"}
)
_BETWEEN_TERMS = frozenset(
    {
        terms.RDFS + "subClassOf",
        terms.RDFS + "subPropertyOf",
        terms.OWL + "equivalentClass",
        terms.OWL + "equivalentProperty",
        _SAME,
    }
)
_WIDER = frozenset({terms.RDFS + "domain", terms.RDFS + "range"})


def _telling(triple: ox.Triple) -> bool:
    """Whether an inferred triple tells a reader something.

    Not that x is an owl:Thing, that a class is below itself, what concerns the words of OWL or
    unnamed class expressions, or a domain or range that is wider than the one said.
    """
    subject, predicate, value = triple.subject, triple.predicate.value, triple.object
    if _iri(subject).startswith((terms.OWL, terms.RDFS, terms.RDF)) or predicate in _WIDER:
        return False
    if predicate == terms.TYPE:
        return isinstance(value, ox.NamedNode) and value.value not in _EMPTY
    if predicate in _BETWEEN_TERMS:
        return (
            subject != value
            and isinstance(subject, ox.NamedNode)
            and isinstance(value, ox.NamedNode)
            and value.value not in _EMPTY
        )
    return True
