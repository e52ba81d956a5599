"""Why a statement follows: the rule, and the statements that it follows from.

Rules go by their names in OWL 2 Profiles, section 4.3. What is looked for is one proof, as short
as there is; where the search finds none within its bounds, nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.stores.base import Store

DEPTH = 6
"""How many steps a proof may have, one on the other."""

EFFORT = 6_000
"""How many statements are tried before a search is given up."""

_FEW = 60
"""How many values of one property are tried in one step."""

_TYPE = ox.NamedNode(terms.TYPE)


def _owl(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.OWL + name)


def _rdfs(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.RDFS + name)


_SUB_CLASS, _SUB_PROPERTY = _rdfs("subClassOf"), _rdfs("subPropertyOf")
_DOMAIN, _RANGE = _rdfs("domain"), _rdfs("range")
_SAME_CLASS, _SAME_PROPERTY = _owl("equivalentClass"), _owl("equivalentProperty")
_INVERSE, _CHAIN, _SAME, _KEY = (
    _owl("inverseOf"),
    _owl("propertyChainAxiom"),
    _owl("sameAs"),
    _owl("hasKey"),
)
_SYMMETRIC, _TRANSITIVE = _owl("SymmetricProperty"), _owl("TransitiveProperty")
_FUNCTIONAL, _INVERSE_FUNCTIONAL = (
    _owl("FunctionalProperty"),
    _owl("InverseFunctionalProperty"),
)
_ON, _HAS_VALUE = _owl("onProperty"), _owl("hasValue")
_SOME, _ALL = _owl("someValuesFrom"), _owl("allValuesFrom")
_ALL_OF, _ONE_OF_CLASSES, _ONE_OF = _owl("intersectionOf"), _owl("unionOf"), _owl("oneOf")
_FIRST, _REST = ox.NamedNode(terms.FIRST), ox.NamedNode(terms.REST)
_THING = _owl("Thing")

_READ = (
    *(_SUB_CLASS, _SUB_PROPERTY, _DOMAIN, _RANGE, _SAME_CLASS, _SAME_PROPERTY, _INVERSE),
    *(_CHAIN, _KEY, _ON, _HAS_VALUE, _SOME, _ALL, _ALL_OF, _ONE_OF_CLASSES, _ONE_OF),
)
_KINDS = (_SYMMETRIC, _TRANSITIVE, _FUNCTIONAL, _INVERSE_FUNCTIONAL)


@dataclass(frozen=True)
class Step:
    """A rule and what it was applied to: what the ontology says, then what else is known."""

    rule: str
    axioms: tuple[ox.Triple, ...]
    premises: tuple[ox.Triple, ...]

    @property
    def all(self) -> tuple[ox.Triple, ...]:
        return (*self.axioms, *self.premises)


_Grounds = tuple[tuple[ox.Triple, ...], tuple[ox.Triple, ...]]
"""Axioms and premises."""


class _Axioms:
    """What a release says of its terms, both ways round."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._to: dict[Any, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._from: dict[Any, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for predicate in _READ:
            for quad in store.about(None, predicate):
                self._from[predicate][quad.subject].append(quad.object)
                self._to[predicate][quad.object].append(quad.subject)
        self._kinds = {
            kind: frozenset(quad.subject for quad in store.about(None, _TYPE, kind))
            for kind in _KINDS
        }
        self.chains = self._lists(_CHAIN)
        self.keys = self._lists(_KEY)

    def values(self, subject: Any, predicate: Any) -> Sequence[Any]:
        found: Mapping[Any, list[Any]] = self._from.get(predicate, {})
        return found.get(subject, ())

    def subjects(self, predicate: Any, value: Any) -> Sequence[Any]:
        found: Mapping[Any, list[Any]] = self._to.get(predicate, {})
        return found.get(value, ())

    def every(self, predicate: Any) -> Mapping[Any, list[Any]]:
        """What some axiom says, by its subject."""
        return self._from.get(predicate, {})

    def of_kind(self, kind: Any) -> frozenset[Any]:
        return self._kinds[kind]

    def items(self, head: Any) -> list[Any]:
        """A list, as far as it is one."""
        found: dict[Any, Any] = {}
        while isinstance(head, ox.BlankNode | ox.NamedNode) and head not in found:
            first = next((q.object for q in self._store.about(head, _FIRST)), None)
            if first is None:
                break
            found[head] = first
            head = next((q.object for q in self._store.about(head, _REST)), None)
        return list(found.values())

    def _lists(self, predicate: Any) -> dict[Any, list[tuple[Any, list[Any]]]]:
        return {
            subject: [(head, self.items(head)) for head in heads]
            for subject, heads in self._from[predicate].items()
        }


def steps(store: Store, triple: ox.Triple) -> Step | None:
    """The last step of a shortest proof of a triple; None where it is stated, or none is found.

    A premise that only follows itself has a shorter proof.
    """
    search = _Search(store)
    for depth in range(1, DEPTH + 1):
        found = search.step(triple, depth, frozenset())
        if found or search.effort > EFFORT:
            return found
    return None


def stated(store: Store, triple: ox.Triple) -> bool:
    """Whether a file says it."""
    return any(graph != store.inferred for graph in store.sources(triple))


class _Search:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._axioms = store.once(_Axioms)
        self._stated: dict[ox.Triple, bool] = {}
        self._failed: dict[ox.Triple, int] = {}
        self.effort = 0

    def step(self, triple: ox.Triple, depth: int, above: frozenset[ox.Triple]) -> Step | None:
        """The last step of a proof that is at most so deep and leans on nothing ``above``."""
        if self._failed.get(triple, 0) >= depth or self.effort > EFFORT:
            return None
        inside = above | {triple}
        for one in self._candidates(triple):
            self.effort += 1
            if all(self._holds(premise, depth - 1, inside) for premise in one.all):
                return one
        if not above:
            self._failed[triple] = depth
        return None

    def _holds(self, triple: ox.Triple, depth: int, above: frozenset[ox.Triple]) -> bool:
        if triple in above:
            return False
        if triple not in self._stated:
            self._stated[triple] = stated(self._store, triple)
        if self._stated[triple]:
            return True
        return depth > 0 and self.step(triple, depth, above) is not None

    def _candidates(self, triple: ox.Triple) -> Iterator[Step]:
        """The ways in which a triple may follow from what is known."""
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        if predicate == _TYPE:
            yield from self._of_class(subject, value)
        elif predicate in (_SUB_CLASS, _SUB_PROPERTY):
            yield from self._below(triple)
        elif predicate in (_SAME_CLASS, _SAME_PROPERTY, _INVERSE):
            yield from self._alike(triple)
        elif predicate == _SAME:
            yield from self._same(subject, value)
        yield from self._by_property(triple)
        if predicate != _SAME:
            yield from self._under_another_name(triple)

    # What a property says

    def _by_property(self, triple: ox.Triple) -> Iterator[Step]:
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        axioms = self._axioms
        if not isinstance(value, ox.Literal):
            if predicate in axioms.of_kind(_SYMMETRIC):
                back = ox.Triple(value, predicate, subject)
                yield from self._if_known("prp-symp", (_kind(predicate, _SYMMETRIC),), back)
            for axiom, other in self._pairs(predicate, _INVERSE, _INVERSE):
                back = ox.Triple(value, other, subject)
                yield from self._if_known("prp-inv1", (axiom,), back)
        for other in axioms.subjects(_SUB_PROPERTY, predicate):
            if other != predicate and isinstance(other, ox.NamedNode):
                axiom = ox.Triple(other, _SUB_PROPERTY, predicate)
                yield from self._if_known("prp-spo1", (axiom,), ox.Triple(subject, other, value))
        for axiom, other in self._pairs(predicate, _SAME_PROPERTY, _SAME_PROPERTY):
            yield from self._if_known("prp-eqp1", (axiom,), ox.Triple(subject, other, value))
        for head, links in axioms.chains.get(predicate, ()):
            axiom = ox.Triple(predicate, _CHAIN, head)
            for way in islice(self._ways(subject, links, value), _FEW):
                yield Step("prp-spo2", (axiom,), way)
        if predicate in axioms.of_kind(_TRANSITIVE):
            for middle in self._values(subject, predicate):
                if middle not in (subject, value) and self._known(middle, predicate, value):
                    yield Step(
                        "prp-trp",
                        (_kind(predicate, _TRANSITIVE),),
                        (
                            ox.Triple(subject, predicate, middle),
                            ox.Triple(middle, predicate, value),
                        ),
                    )
        for expression in axioms.subjects(_HAS_VALUE, value):
            if predicate in axioms.values(expression, _ON):
                for by, of in self._in_class(subject, expression):
                    yield Step("cls-hv1", by, of)

    def _ways(
        self, node: Any, links: Sequence[Any], goal: Any, way: tuple[ox.Triple, ...] = ()
    ) -> Iterator[tuple[ox.Triple, ...]]:
        """The ways from a node to another by one link after the other; a link without a name is
        the inverse of a property."""
        first, rest = links[0], links[1:]
        back = isinstance(first, ox.BlankNode)
        for link in self._axioms.values(first, _INVERSE) if back else (first,):
            found = self._subjects(link, node) if back else self._values(node, link)
            for other in found:
                if not rest and other != goal:
                    continue
                if isinstance(other, ox.Literal) and (rest or back):
                    continue
                made = ox.Triple(other, link, node) if back else ox.Triple(node, link, other)
                if rest:
                    yield from self._ways(other, rest, goal, (*way, made))
                else:
                    yield (*way, made)

    # What a class says

    def _of_class(self, node: Any, wanted: Any) -> Iterator[Step]:
        axioms = self._axioms
        for below in axioms.subjects(_SUB_CLASS, wanted):
            if below != wanted:
                axiom = ox.Triple(below, _SUB_CLASS, wanted)
                for by, of in self._members(node, below):
                    yield Step("cax-sco", (axiom, *by), of)
        for axiom, other in self._pairs(wanted, _SAME_CLASS, _SAME_CLASS):
            for by, of in self._members(node, other):
                yield Step("cax-eqc1", (axiom, *by), of)
        for by, of in self._composed(node, wanted):
            yield Step("cls-com", by, of)
        for by, of in self._by_use(node, wanted, _DOMAIN):
            yield Step("prp-dom", by, of)
        for by, of in self._by_use(node, wanted, _RANGE):
            yield Step("prp-rng", by, of)
        for expression in axioms.subjects(_ALL, wanted):
            for link in axioms.values(expression, _ON):
                for other in self._subjects(link, node):
                    for by, of in self._in_class(other, expression):
                        yield Step("cls-avf", by, (ox.Triple(other, link, node), *of))

    def _members(self, node: Any, wanted: Any) -> Iterator[_Grounds]:
        """What makes a node one of a class, named or not."""
        if wanted == _THING:
            yield (), ()
        elif isinstance(wanted, ox.NamedNode):
            if self._known(node, _TYPE, wanted):
                yield (), (ox.Triple(node, _TYPE, wanted),)
        else:
            yield from self._composed(node, wanted)
            yield from self._by_use(node, wanted, _DOMAIN)
            yield from self._by_use(node, wanted, _RANGE)

    def _composed(self, node: Any, wanted: Any) -> Iterator[_Grounds]:
        """What makes a node one of a class that is made of others, or by what it is linked to."""
        axioms = self._axioms
        for head in axioms.values(wanted, _ONE_OF_CLASSES):
            for part in axioms.items(head):
                yield from self._members(node, part)
        for head in axioms.values(wanted, _ALL_OF):
            parts = [next(self._members(node, part), None) for part in axioms.items(head)]
            whole = [part for part in parts if part is not None]
            if parts and len(whole) == len(parts):
                yield tuple(chain(*(by for by, _ in whole))), tuple(chain(*(of for _, of in whole)))
        for head in axioms.values(wanted, _ONE_OF):
            if node in axioms.items(head):
                yield (ox.Triple(wanted, _ONE_OF, head),), ()
        for link in axioms.values(wanted, _ON):
            for value in axioms.values(wanted, _HAS_VALUE):
                if self._known(node, link, value):
                    yield (), (ox.Triple(node, link, value),)
            for kind in axioms.values(wanted, _SOME):
                for value in self._values(node, link):
                    for by, of in self._members(value, kind):
                        yield by, (ox.Triple(node, link, value), *of)

    def _by_use(self, node: Any, wanted: Any, word: Any) -> Iterator[_Grounds]:
        """What makes a node one of a class by a property that it has, or that leads to it."""
        for link in self._axioms.subjects(word, wanted):
            if not isinstance(link, ox.NamedNode):
                continue
            axiom = ox.Triple(link, word, wanted)
            if word == _DOMAIN:
                found = [ox.Triple(node, link, one) for one in self._values(node, link)]
            else:
                found = [ox.Triple(one, link, node) for one in self._subjects(link, node)]
            for made in found[:_FEW]:
                yield (axiom,), (made,)

    def _in_class(self, node: Any, expression: Any) -> Iterator[_Grounds]:
        """What makes a node one of a class without a name: a named class that is below it."""
        for word in (_SUB_CLASS, _SAME_CLASS):
            for below in self._axioms.subjects(word, expression):
                if isinstance(below, ox.NamedNode) and self._known(node, _TYPE, below):
                    axiom = ox.Triple(below, word, expression)
                    yield (axiom,), (ox.Triple(node, _TYPE, below),)

    # What holds between terms

    def _below(self, triple: ox.Triple) -> Iterator[Step]:
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        axioms = self._axioms
        classes = predicate == _SUB_CLASS
        same = _SAME_CLASS if classes else _SAME_PROPERTY
        for axiom, other in self._pairs(subject, same, same):
            if other == value:
                yield Step("scm-eqc1" if classes else "scm-eqp1", (axiom,), ())
        for middle in axioms.values(subject, predicate):
            if middle not in (subject, value) and value in axioms.values(middle, predicate):
                first = ox.Triple(subject, predicate, middle)
                second = ox.Triple(middle, predicate, value)
                yield Step("scm-sco" if classes else "scm-spo", (first, second), ())
        for axiom, other in self._pairs(subject, same, same):
            if isinstance(other, ox.NamedNode) and value in axioms.values(other, predicate):
                further = ox.Triple(other, predicate, value)
                yield Step("scm-sco" if classes else "scm-spo", (axiom, further), ())
        if classes:
            yield from self._parts(subject, value)

    def _parts(self, subject: Any, value: Any) -> Iterator[Step]:
        """A class that is all of several is below each, and one of several is below their union;
        also through the class without a name that says so."""
        axioms = self._axioms
        for middle, by in self._near(subject):
            for head in axioms.values(middle, _ALL_OF):
                if value in axioms.items(head):
                    yield Step("scm-int", by or (ox.Triple(middle, _ALL_OF, head),), ())
        for middle, by in self._near(value, below=True):
            for head in axioms.values(middle, _ONE_OF_CLASSES):
                if subject in axioms.items(head):
                    yield Step("scm-uni", by or (ox.Triple(middle, _ONE_OF_CLASSES, head),), ())

    def _near(self, node: Any, below: bool = False) -> Iterator[tuple[Any, tuple[ox.Triple, ...]]]:
        """A class, and the ones without a name that are said to be the same, above it or below."""
        yield node, ()
        for axiom, other in self._pairs(node, _SAME_CLASS, _SAME_CLASS):
            if isinstance(other, ox.BlankNode):
                yield other, (axiom,)
        axioms = self._axioms
        found = axioms.subjects(_SUB_CLASS, node) if below else axioms.values(node, _SUB_CLASS)
        for other in found:
            if isinstance(other, ox.BlankNode):
                ends = (other, node) if below else (node, other)
                yield other, (ox.Triple(ends[0], _SUB_CLASS, ends[1]),)

    def _alike(self, triple: ox.Triple) -> Iterator[Step]:
        """That terms are equivalent, or inverse to each other, holds both ways."""
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        if isinstance(value, ox.Literal):
            return
        back = ox.Triple(value, predicate, subject)
        yield from self._if_known("sym", (), back)
        word = _SUB_CLASS if predicate == _SAME_CLASS else _SUB_PROPERTY
        if predicate != _INVERSE:
            both = ox.Triple(subject, word, value), ox.Triple(value, word, subject)
            if all(self._known(one.subject, one.predicate, one.object) for one in both):
                yield Step("scm-eqc2" if word == _SUB_CLASS else "scm-eqp2", both, ())

    # What has two names

    def _same(self, one: Any, other: Any) -> Iterator[Step]:
        if isinstance(other, ox.Literal):
            return
        yield from self._if_known("eq-sym", (), ox.Triple(other, _SAME, one))
        for middle in self._values(one, _SAME):
            if middle not in (one, other) and self._known(middle, _SAME, other):
                first, second = ox.Triple(one, _SAME, middle), ox.Triple(middle, _SAME, other)
                yield Step("eq-trans", (), (first, second))
        for link in self._axioms.of_kind(_FUNCTIONAL):
            for owner in self._subjects(link, one):
                if self._known(owner, link, other):
                    both = ox.Triple(owner, link, one), ox.Triple(owner, link, other)
                    yield Step("prp-fp", (_kind(link, _FUNCTIONAL),), both)
        for link in self._axioms.of_kind(_INVERSE_FUNCTIONAL):
            for value in self._values(one, link):
                if self._known(other, link, value):
                    both = ox.Triple(one, link, value), ox.Triple(other, link, value)
                    yield Step("prp-ifp", (_kind(link, _INVERSE_FUNCTIONAL),), both)
        for kind, keys in self._axioms.keys.items():
            if self._known(one, _TYPE, kind) and self._known(other, _TYPE, kind):
                for head, links in keys:
                    shared = self._shared(one, other, links)
                    if shared:
                        both = ox.Triple(one, _TYPE, kind), ox.Triple(other, _TYPE, kind)
                        yield Step("prp-key", (ox.Triple(kind, _KEY, head),), (*both, *shared))

    def _shared(self, one: Any, other: Any, links: Sequence[Any]) -> tuple[ox.Triple, ...]:
        """A value of each of some properties that two things have in common; or nothing."""
        found: list[ox.Triple] = []
        for link in links:
            values = self._values(one, link)
            value = next((each for each in values if self._known(other, link, each)), None)
            if value is None:
                return ()
            found += ox.Triple(one, link, value), ox.Triple(other, link, value)
        return tuple(found)

    def _under_another_name(self, triple: ox.Triple) -> Iterator[Step]:
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        for name in self._values(subject, _SAME):
            if name != subject and self._known(name, predicate, value):
                both = ox.Triple(subject, _SAME, name), ox.Triple(name, predicate, value)
                yield Step("eq-rep-s", (), both)
        if isinstance(value, ox.Literal):
            return
        for name in self._values(value, _SAME):
            if name != value and self._known(subject, predicate, name):
                both = ox.Triple(value, _SAME, name), ox.Triple(subject, predicate, name)
                yield Step("eq-rep-o", (), both)

    # Look-ups

    def _pairs(self, term: Any, *words: Any) -> Iterator[tuple[ox.Triple, Any]]:
        """The terms that a word of OWL ties to a term, either way, with the axiom that says it."""
        for word in dict.fromkeys(words):
            for other in self._axioms.values(term, word):
                if other != term and not isinstance(other, ox.Literal):
                    yield ox.Triple(term, word, other), other
            for other in self._axioms.subjects(word, term):
                if other != term:
                    yield ox.Triple(other, word, term), other

    def _if_known(
        self, rule: str, axioms: tuple[ox.Triple, ...], premise: ox.Triple
    ) -> Iterator[Step]:
        if self._known(premise.subject, premise.predicate, premise.object):
            yield Step(rule, axioms, (premise,))

    def _known(self, subject: Any, predicate: Any, value: Any) -> bool:
        if isinstance(subject, ox.Literal | ox.Triple) or not isinstance(predicate, ox.NamedNode):
            return False
        return any(self._store.about(subject, predicate, value))

    def _values(self, subject: Any, predicate: Any) -> list[Any]:
        if isinstance(subject, ox.Literal | ox.Triple) or not isinstance(predicate, ox.NamedNode):
            return []
        return [quad.object for quad in islice(self._store.about(subject, predicate), _FEW)]

    def _subjects(self, predicate: Any, value: Any) -> list[Any]:
        if not isinstance(predicate, ox.NamedNode):
            return []
        return [quad.subject for quad in islice(self._store.about(None, predicate, value), _FEW)]


def _kind(term: Any, kind: Any) -> ox.Triple:
    return ox.Triple(term, _TYPE, kind)
