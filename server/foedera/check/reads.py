"""What the shapes of a shapes graph read, as an automaton.

A state is a place at which a shape stands, with a node at hand; its steps are the triples that are
read there, and lead to the states in which their other ends are looked at. What cannot be followed
so is told apart, with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check import selects
from foedera.check.selects import Body, Refused

TYPE = ox.NamedNode(terms.TYPE)
SUBCLASS = ox.NamedNode(terms.RDFS + "subClassOf")
_CLASS = ox.NamedNode(terms.RDFS + "Class")


@dataclass(frozen=True)
class Step:
    """Triples that are read at a node: from it or, where ``into``, to it; by a property, or by
    any. ``to`` is the state in which their other ends are looked at, or None: they only count."""

    predicate: ox.NamedNode | None
    into: bool
    to: int | None


@dataclass
class State:
    """A place of the automaton. ``also`` are states in which the same node is looked at as well;
    ``classes`` those whose membership is asked for; ``selects`` queries that start at the node."""

    steps: list[Step] = field(default_factory=list)
    also: list[int] = field(default_factory=list)
    classes: set[ox.NamedNode] = field(default_factory=set)
    selects: list[tuple[Body, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """A shape that says itself what it is for."""

    shape: Any
    nodes: frozenset[Any]
    classes: frozenset[ox.NamedNode]
    subjects_of: frozenset[ox.NamedNode]
    objects_of: frozenset[ox.NamedNode]


@dataclass(frozen=True)
class Opaque:
    """A shape that cannot be followed, in words; ``reads`` are all properties that it can read, or
    None where that is not known. One that ``shares`` a part with another shape may report the same
    as that."""

    shape: Any
    why: tuple[str, ...]
    reads: frozenset[ox.NamedNode] | None
    shares: bool


class Plan:
    """What the shapes of a shapes graph read.

    ``targets`` are the shapes that say what they are for, but those in ``opaque``. ``entries`` has
    the state of each shape; ``starts`` the one before it, in which it is told what a target is.
    """

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.states: list[State] = []
        self.entries: dict[Any, int] = {}
        self.starts: dict[Any, int] = {}
        self.targets: dict[Any, Target] = {}
        self.opaque: list[Opaque] = []
        compiler = _Compiler(triples, self)
        compiler.run()
        self.reporting = compiler.reporting
        self.idle = {shape for shape in self.entries if compiler.asks_nothing(shape)}
        """Shapes that ask for nothing."""
        self.back: dict[int, list[tuple[int, Step | None]]] = defaultdict(list)
        """The states from which one is reached, and by which step; None where by none."""
        self.reading: dict[ox.NamedNode, list[tuple[int, bool]]] = defaultdict(list)
        self.reading_all: list[int] = []
        self.asking: dict[ox.NamedNode, list[int]] = defaultdict(list)
        for at, state in enumerate(self.states):
            for other in state.also:
                self.back[other].append((at, None))
            for step in state.steps:
                if step.to is not None:
                    self.back[step.to].append((at, step))
                if step.predicate is None:
                    self.reading_all.append(at)
                else:
                    self.reading[step.predicate].append((at, step.into))
            for one in state.classes:
                self.asking[one].append(at)
        self.shape_at = {at: shape for shape, at in self.starts.items()}
        self.shared = _shared(self)
        """The states of shapes that may report the same of a node on behalf of several targets."""


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.SH + name)


def _words(names: str) -> frozenset[ox.NamedNode]:
    return frozenset(map(_sh, names.split()))


_PATH, _PROPERTY, _NODE = _sh("path"), _sh("property"), _sh("node")
_FIRST, _REST = ox.NamedNode(terms.FIRST), ox.NamedNode(terms.REST)
_NIL = ox.NamedNode(terms.RDF + "nil")

_LISTS = _words("and or xone")
_SHAPES = _words("node property not qualifiedValueShape")
_PAIRS = _words("equals disjoint lessThan lessThanOrEquals")
FOLLOWED = _LISTS | _SHAPES | {_FIRST} | _words("sparql prefixes declare")
"""The properties that lead from a shape to what belongs to it."""

_TARGETS = {
    "targetNode": "nodes",
    "targetClass": "classes",
    "targetSubjectsOf": "subjects_of",
    "targetObjectsOf": "objects_of",
}
_READS = _LISTS | _SHAPES | _PAIRS | _words("class closed sparql")
TARGETING = _words("target").union(map(_sh, _TARGETS))
_KNOWN_TARGETS = frozenset(map(_sh, _TARGETS))
_READS_NOTHING = _KNOWN_TARGETS | _words(
    """path name description order group severity message defaultValue deactivated
    ignoredProperties minCount maxCount datatype nodeKind minExclusive minInclusive maxExclusive
    maxInclusive minLength maxLength pattern flags languageIn uniqueLang in hasValue rule
    qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint"""
)
"""What does not look at data beyond the focus node and the value nodes."""

IDLE = _words("name description order group defaultValue rule")
"""What makes no difference to any result."""

_NO_CONSTRAINT = _KNOWN_TARGETS | IDLE | _words("path severity message deactivated")
"""What a shape can have without there being anything that it asks for."""


class _Compiler:
    """Fills a plan from the triples of a shapes graph."""

    def __init__(self, triples: Iterable[ox.Triple], plan: Plan) -> None:
        self._out: dict[Any, dict[Any, list[Any]]] = {}
        self._parents: dict[Any, list[Any]] = defaultdict(list)
        for triple in dict.fromkeys(triples):
            subject, predicate, value = triple.subject, triple.predicate, triple.object
            self._out.setdefault(subject, {}).setdefault(predicate, []).append(value)
            if predicate == _PROPERTY:
                self._parents[value].append(subject)
        self._plan = plan
        self._waiting: list[Any] = []
        self._uses: dict[Any, set[Any]] = defaultdict(set)
        self._refused: dict[Any, list[Refused]] = defaultdict(list)
        self._own_reads: dict[Any, set[ox.NamedNode] | None] = {}
        self._custom = {
            path
            for values in self._out.values()
            for parameter in values.get(_sh("parameter"), ())
            for path in self._of(parameter, _PATH)
        }
        self._everywhere = any(
            all(self._says_true(one, "optional") for one in self._of(component, _sh("parameter")))
            for component, values in self._out.items()
            if _sh("ConstraintComponent") in values.get(TYPE, ()) or _sh("parameter") in values
        )
        """Whether a component needs no parameter to apply, and so does to all shapes."""
        self.reporting: set[tuple[int, int]] = set()
        """Pairs of states between which a step, or none, leads on within what a shape reports."""

    def _of(self, subject: Any, predicate: Any) -> list[Any]:
        return self._out.get(subject, {}).get(predicate, [])

    def run(self) -> None:
        targets = [one for one in map(self._target, self._out) if one]
        for target in targets:
            self._entry(target.shape)
        while self._waiting:
            self._shape(self._waiting.pop())
        reaches = {target.shape: self._reach(target.shape) for target in targets}
        uses = Counter(shape for reached in reaches.values() for shape in reached)
        for target in targets:
            reached = reaches[target.shape]
            refused = [one for shape in reached for one in self._refused[shape]]
            if any(self._recurs(shape) for shape in reached):
                refused.append(Refused("it refers to itself", frozenset()))
            if refused:
                shares = any(uses[shape] > 1 for shape in reached)
                self._plan.opaque.append(self._opaque(target, reached, refused, shares))
            else:
                self._start(target)

    def _target(self, shape: Any) -> Target | None:
        values = {
            attribute: frozenset(self._of(shape, _sh(name))) for name, attribute in _TARGETS.items()
        }
        kinds = {_CLASS, *(s for s, out in self._out.items() if _CLASS in out.get(SUBCLASS, ()))}
        if kinds.intersection(self._of(shape, TYPE)) and self._is_shape(shape):
            values["classes"] |= {shape}
        if not any(values.values()) and not self._of(shape, _sh("target")):
            return None
        return Target(shape, **values)

    def _is_shape(self, node: Any) -> bool:
        kinds = {_sh("NodeShape"), _sh("PropertyShape")}
        out = self._out[node]
        return bool(kinds.intersection(out.get(TYPE, ()))) or any(
            one in _READS or one in _READS_NOTHING for one in out
        )

    def _opaque(
        self, target: Target, reached: Iterable[Any], refused: Sequence[Refused], shares: bool
    ) -> Opaque:
        parts: list[Collection[ox.NamedNode] | None] = [
            *(one.predicates for one in refused),
            *(self._own_reads[shape] for shape in reached),
            target.subjects_of | target.objects_of,
            (TYPE, SUBCLASS) if target.classes else (),
        ]
        known = [part for part in parts if part is not None]
        reads = frozenset().union(*known) if len(known) == len(parts) else None
        why = tuple(dict.fromkeys(one.why for one in refused))
        return Opaque(target.shape, why, reads, shares)

    def _start(self, target: Target) -> None:
        """A state in which a shape's targets are told apart, before that of the shape."""
        at = self._new()
        self._plan.starts[target.shape] = at
        self._plan.targets[target.shape] = target
        state = self._plan.states[at]
        self._also(at, self._plan.entries[target.shape], reports=True)
        state.classes |= target.classes
        state.steps += (Step(one, False, None) for one in target.subjects_of)
        state.steps += (Step(one, True, None) for one in target.objects_of)

    # Which shapes belong together

    def _reach(self, shape: Any) -> set[Any]:
        seen, ahead = {shape}, [shape]
        while ahead:
            for other in self._uses[ahead.pop()] - seen:
                seen.add(other)
                ahead.append(other)
        return seen

    def _recurs(self, shape: Any) -> bool:
        return any(shape in self._reach(other) for other in self._uses[shape])

    # States

    def _new(self) -> int:
        self._plan.states.append(State())
        return len(self._plan.states) - 1

    def _entry(self, shape: Any) -> int:
        """The state in which a shape is at its focus node."""
        if shape not in self._plan.entries:
            self._plan.entries[shape] = self._new()
            self._own_reads[shape] = set()
            self._waiting.append(shape)
        return self._plan.entries[shape]

    def _also(self, at: int, other: int, reports: bool = False) -> None:
        self._plan.states[at].also.append(other)
        if reports:
            self.reporting.add((at, other))

    def _step(self, shape: Any, at: int, step: Step) -> None:
        self._plan.states[at].steps.append(step)
        if step.to is not None:
            self.reporting.add((at, step.to))
        reads = self._own_reads[shape]
        if step.predicate is None:
            self._own_reads[shape] = None
        elif reads is not None:
            reads.add(step.predicate)

    def _refer(self, shape: Any, at: int, other: Any, reports: bool = False) -> None:
        if not isinstance(other, ox.NamedNode | ox.BlankNode):
            raise Refused(f"it refers to {other}, which is no shape")
        self._uses[shape].add(other)
        self._also(at, self._entry(other), reports)

    # Shapes

    def _shape(self, shape: Any) -> None:
        here = self._plan.entries[shape]
        if self._says_true(shape, "deactivated") or self.asks_nothing(shape):
            return
        if self._everywhere:
            self._refused[shape].append(Refused("there is a constraint that applies to all shapes"))
        paths = self._of(shape, _PATH)
        values = self._new() if paths else here
        for path in paths:
            self._tried(shape, self._path, path, here, values, False, ())
        for parameter, found in self._out.get(shape, {}).items():
            for value in found:
                self._tried(shape, self._parameter, parameter, value, here, values)

    def _tried(self, shape: Any, compile_: Callable[..., None], *arguments: Any) -> None:
        """Compile a part of a shape. What is refused does not keep the other parts from it: all
        that the shape can read is to be known."""
        try:
            compile_(shape, *arguments)
        except Refused as refused:
            self._refused[shape].append(refused)

    def _says_true(self, subject: Any, name: str) -> bool:
        return [getattr(one, "value", "") for one in self._of(subject, _sh(name))] == ["true"]

    def asks_nothing(self, shape: Any) -> bool:
        """Whether a shape has no constraint: it is there for pages, or to be named."""
        return not self._everywhere and all(
            one in _NO_CONSTRAINT or not (one.value.startswith(terms.SH) or one in self._custom)
            for one in self._out.get(shape, {})
        )

    def _parameter(
        self, shape: Any, parameter: ox.NamedNode, value: Any, here: int, values: int
    ) -> None:
        """What a property of a shape makes it read: at its focus node, or at the value nodes."""
        if parameter in self._custom:
            raise Refused(f"it has a constraint of its own kind, {parameter}")
        if not parameter.value.startswith(terms.SH) or parameter in _READS_NOTHING:
            return
        name = parameter.value.removeprefix(terms.SH)
        if parameter not in _READS:
            raise Refused(f"it has sh:{name}")
        if parameter in _PAIRS:
            if not isinstance(value, ox.NamedNode):
                raise Refused(f"its sh:{name} is no property")
            self._step(shape, here, Step(value, False, None))
        elif parameter in _LISTS:
            for other in self._list(value):
                self._refer(shape, values, other)
        elif parameter in _SHAPES:
            self._refer(shape, values, value, reports=parameter == _PROPERTY)
            if name == "qualifiedValueShape":
                for other in self._siblings(shape):
                    self._refer(shape, values, other)
        elif name == "class":
            self._plan.states[values].classes.add(value)
            reads = self._own_reads[shape]
            if reads is not None:
                reads |= {TYPE, SUBCLASS}
        elif name == "closed":
            self._step(shape, values, Step(None, False, None))
        else:
            self._select(shape, value, here)

    def _siblings(self, shape: Any) -> Iterator[Any]:
        """What a qualified value must not be as well, where the shape says so."""
        if self._of(shape, _sh("qualifiedValueShapesDisjoint")):
            for parent in self._parents[shape]:
                for sibling in self._of(parent, _PROPERTY):
                    yield from self._of(sibling, _sh("qualifiedValueShape"))

    def _list(self, head: Any) -> list[Any]:
        found, seen = [], set()
        while head != _NIL:
            first, rest = self._of(head, _FIRST), self._of(head, _REST)
            if len(first) != 1 or len(rest) != 1 or head in seen:
                raise Refused("it has a list that is broken")
            seen.add(head)
            found.append(first[0])
            head = rest[0]
        return found

    def _path(
        self, shape: Any, path: Any, at: int, to: int, inverse: bool, above: tuple[Any, ...]
    ) -> None:
        """Steps and states of a path (SHACL, section 2.3.1) from one state to another."""
        if path in above:
            raise Refused("its path has itself in it")
        if isinstance(path, ox.NamedNode):
            self._step(shape, at, Step(path, inverse, to))
            return
        above = (*above, path)
        out = {one: values for one, values in self._out.get(path, {}).items() if one != TYPE}
        if _FIRST in out:
            pieces = self._list(path)
            # pySHACL takes the pieces of an inverse in the order of the list, other engines from
            # the end, as the specification has it: either may be what is read.
            for order in (pieces, pieces[::-1])[: 1 + inverse]:
                self._sequence(shape, order, at, to, inverse, above)
            return
        if len(out) != 1 or len(*out.values()) != 1:
            raise Refused("its path is not understood")
        (kind, (inner,)) = next(iter(out.items()))
        name = kind.value.removeprefix(terms.SH)
        if name == "inversePath":
            self._path(shape, inner, at, to, not inverse, above)
        elif name == "alternativePath":
            for piece in self._list(inner):
                self._path(shape, piece, at, to, inverse, above)
        elif name in ("zeroOrMorePath", "oneOrMorePath"):
            loop = self._new()
            if name == "oneOrMorePath":
                self._path(shape, inner, at, loop, inverse, above)
            else:
                self._also(at, loop, reports=True)
            self._path(shape, inner, loop, loop, inverse, above)
            self._also(loop, to, reports=True)
        elif name == "zeroOrOnePath":
            self._path(shape, inner, at, to, inverse, above)
            self._also(at, to, reports=True)
        else:
            raise Refused("its path is not understood")

    def _sequence(
        self,
        shape: Any,
        pieces: Sequence[Any],
        at: int,
        to: int,
        inverse: bool,
        above: tuple[Any, ...],
    ) -> None:
        for piece in pieces[:-1]:
            end = self._new()
            self._path(shape, piece, at, end, inverse, above)
            at = end
        self._path(shape, pieces[-1], at, to, inverse, above)

    # SPARQL

    def _select(self, shape: Any, constraint: Any, here: int) -> None:
        if self._says_true(constraint, "deactivated"):
            return
        texts = self._of(constraint, _sh("select"))
        if len(texts) != 1 or not isinstance(texts[0], ox.Literal):
            raise Refused("it has a SPARQL constraint without one sh:select")
        found = selects.bodies(texts[0].value, self._prefixes(constraint), self._simple(shape))
        self._plan.states[here].selects.append(found)
        reads = self._own_reads[shape]
        if reads is not None:
            reads.update(pattern.predicate for body in found for pattern in body.patterns)

    def _simple(self, shape: Any) -> tuple[ox.NamedNode, bool] | None:
        """A path that is one property, or the inverse of one."""
        for path in self._of(shape, _PATH):
            if isinstance(path, ox.NamedNode):
                return path, False
            for inner in self._of(path, _sh("inversePath")):
                if isinstance(inner, ox.NamedNode):
                    return inner, True
        return None

    def _prefixes(self, constraint: Any) -> dict[str, str]:
        """The prefixes of a query: pySHACL takes all that any ontology declares, as other engines
        do not; so those that are declared in two ways are none."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, iri in (("rdf", terms.RDF), ("rdfs", terms.RDFS), ("owl", terms.OWL)):
            found[name].add(iri)
        ontology = ox.NamedNode(terms.OWL + "Ontology")
        places = [s for s, out in self._out.items() if ontology in out.get(TYPE, ())]
        for place in (*places, *self._of(constraint, _sh("prefixes"))):
            for declared in self._of(place, _sh("declare")):
                for name in self._of(declared, _sh("prefix")):
                    spaces = self._of(declared, _sh("namespace"))
                    found[name.value].update(space.value for space in spaces)
        return {name: next(iter(iris)) for name, iris in found.items() if len(iris) == 1}


def _shared(plan: Plan) -> set[int]:
    """The states that are reached, within what shapes report, from two targets or by a step."""
    owners: dict[int, set[int]] = defaultdict(set)
    stepped: set[int] = set()
    for start in plan.starts.values():
        ahead = [(start, False)]
        seen = set(ahead)
        while ahead:
            at, moved = ahead.pop()
            owners[at].add(start)
            if moved:
                stepped.add(at)
            state = plan.states[at]
            on = [(other, moved) for other in state.also]
            on += [(step.to, True) for step in state.steps if step.to is not None]
            for item in on:
                if (at, item[0]) in plan.reporting and item not in seen:
                    seen.add(item)
                    ahead.append(item)
    return {at for at, found in owners.items() if len(found) > 1} | stepped
