"""Random contributions, random shapes: incremental findings against those of full validation.

`python tests/fuzz.py` runs the long one and prints what it did; the tests run a piece of it. Each
case is made of its number alone, so that one that fails can be made again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox

import engines as servers
from foedera import folder, terms
from foedera.check import incremental, whole
from foedera.check.base import Base, Memory, Remote, Stored
from foedera.check.engines import PySHACL
from foedera.check.results import Engine
from foedera.stores.answers import Names
from foedera.stores.remote import RemoteStore

ROOT = Path(__file__).resolve().parents[1]
EX = "http://example.org/"
XSD = terms.XSD


def ex(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.SH + name)


TYPE, SUBCLASS = ox.NamedNode(terms.TYPE), ox.NamedNode(terms.RDFS + "subClassOf")


@dataclass(frozen=True)
class Rules:
    """A shapes graph."""

    triples: tuple[ox.Triple, ...]


@dataclass(frozen=True)
class Case:
    """Shapes, what is published, and a contribution to it."""

    name: str
    shapes: Rules
    published: tuple[ox.Triple, ...]
    added: tuple[ox.Triple, ...]
    removed: tuple[ox.Triple, ...]

    @property
    def after(self) -> list[ox.Triple]:
        return [*(set(self.published) - set(self.removed)), *self.added]


@dataclass(frozen=True)
class Tried:
    """What came of a case: how it is wrong, in words, or nothing; and what was found.

    One that did not ``run`` has shapes or data on which the engine gives up.
    """

    name: str
    wrong: str = ""
    ran: bool = True
    introduced: int = 0
    resolved: int = 0
    affected: int = 0
    in_full: int = 0


def tried(case: Case, engine: Engine, base: Base | None = None) -> Tried:
    """Compare the incremental findings of a case with those of full validation."""
    try:
        before = set(engine.run(case.shapes.triples, case.published))
        after = set(engine.run(case.shapes.triples, case.after))
    except Exception:
        return Tried(case.name, ran=False)
    try:
        found = incremental.judge(
            case.shapes,
            base or Memory(case.published),
            case.added,
            case.removed,
            engine=engine,
            seconds=0,
            memory=0,
        )
    except Exception as fault:
        return Tried(case.name, f"{type(fault).__name__}: {fault}")
    lines = []
    for name, got, right in (
        ("introduced", set(found.introduced), after - before),
        ("resolved", set(found.resolved), before - after),
    ):
        lines += [f"{name}, but not in full: {one}" for one in got - right]
        lines += [f"not {name}, but in full: {one}" for one in right - got]
    lines += [f"not there: {one}" for one in set(found.there) - (before & after)]
    return Tried(
        case.name,
        "\n".join(lines),
        introduced=len(found.introduced),
        resolved=len(found.resolved),
        affected=found.affected,
        in_full=len(found.notes),
    )


def failing(cases: Iterable[Case], engine: Engine) -> dict[str, str]:
    """The cases that are wrong, and how."""
    return {one.name: one.wrong for one in (tried(case, engine) for case in cases) if one.wrong}


# Random cases


@dataclass
class Maker:
    """Makes one random case. What it makes depends on the number alone."""

    seed: int
    most: int = 40
    random: random.Random = field(init=False)
    made: list[ox.Triple] = field(default_factory=list)
    blank: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.classes = [ex(f"C{n}") for n in range(5)]
        self.properties = [ex(f"p{n}") for n in range(self.pick((2, 3, 5)))]
        self.nodes: list[Any] = [ex(f"n{n}") for n in range(self.pick((4, 8)))]
        self.nodes += [ox.BlankNode(f"b{n}") for n in range(2)]
        self.values: list[Any] = [
            ox.Literal("a"),
            ox.Literal("a", language="en"),
            ox.Literal("b", language="en"),
            ox.Literal("b", language="it"),
            *(
                ox.Literal(text, datatype=ox.NamedNode(XSD + "integer"))
                for text in ("1", "01", "2", "03", "x")
            ),
            ox.Literal("2024-01-01", datatype=ox.NamedNode(XSD + "date")),
        ]

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.random.choice(choices)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def case(self) -> Case:
        for number in range(self.random.randint(1, 4)):
            self.target(self.node_shape(3, ex(f"S{number}")))
        published = {self.triple() for _ in range(self.random.randint(5, self.most))}
        for lower, upper in zip(self.classes, self.classes[1:], strict=False):
            if self.chance(0.4):
                published.add(ox.Triple(lower, SUBCLASS, upper))
        there = sorted(published, key=str)
        removed = {self.pick(there) for _ in range(self.pick((0, 0, 1, 2, 4)))}
        self.nodes += [ex("fresh0"), ex("fresh1"), ox.BlankNode("f0")]
        added = {self.triple() for _ in range(self.pick((0, 1, 1, 2, 3, 6, 10)))}
        if self.chance(0.1):
            added.add(ox.Triple(self.pick(self.classes), SUBCLASS, self.pick(self.classes)))
        if self.chance(0.1):
            added |= {self.pick(there)}
        return Case(
            f"small {self.seed}",
            Rules(tuple(dict.fromkeys(self.made))),
            tuple(there),
            tuple(sorted(added, key=str)),
            tuple(sorted(removed, key=str)),
        )

    def triple(self) -> ox.Triple:
        subject = self.pick(self.nodes)
        if self.chance(0.3):
            return ox.Triple(subject, TYPE, self.pick(self.classes))
        value = self.pick(self.values if self.chance(0.4) else self.nodes)
        return ox.Triple(subject, self.pick(self.properties), value)

    # Shapes

    def say(self, subject: Any, name: str, value: Any) -> None:
        self.made.append(ox.Triple(subject, sh(name), value))

    def new(self) -> Any:
        self.blank += 1
        return ox.BlankNode(f"shape{self.blank}")

    def number(self, value: int) -> ox.Literal:
        return ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))

    def true(self) -> ox.Literal:
        return ox.Literal("true", datatype=ox.NamedNode(XSD + "boolean"))

    def list(self, items: Sequence[Any]) -> Any:
        head: Any = ox.NamedNode(terms.RDF + "nil")
        for item in reversed(items):
            cell = self.new()
            self.made.append(ox.Triple(cell, ox.NamedNode(terms.FIRST), item))
            self.made.append(ox.Triple(cell, ox.NamedNode(terms.REST), head))
            head = cell
        return head

    def target(self, shape: Any) -> None:
        for _ in range(self.pick((1, 1, 2))):
            kind = self.random.randrange(6)
            if kind < 2:
                self.say(shape, "targetClass", self.pick(self.classes))
            elif kind == 2:
                self.say(shape, "targetNode", self.pick([ex("n0"), ex("n1"), *self.values[:2]]))
            elif kind == 3:
                self.say(shape, "targetSubjectsOf", self.pick([*self.properties, TYPE]))
            elif kind == 4:
                self.say(shape, "targetObjectsOf", self.pick(self.properties))
            else:
                self.made.append(ox.Triple(shape, TYPE, ox.NamedNode(terms.RDFS + "Class")))
                self.classes.append(shape)

    def node_shape(self, depth: int, shape: Any = None) -> Any:
        if shape is None:
            again = [one.subject for one in self.made if one.object == sh("NodeShape")]
            named = [one for one in again if isinstance(one, ox.NamedNode)]
            if named and self.chance(0.04):  # perhaps a shape that refers to itself
                return self.pick(named)
            shape = self.new()
        self.made.append(ox.Triple(shape, TYPE, sh("NodeShape")))
        for _ in range(self.random.randint(1, 3)):
            self.constraint(shape, depth, None)
        return shape

    def property_shape(self, depth: int) -> Any:
        again = [one.object for one in self.made if one.predicate == sh("property")]
        if again and self.chance(0.15):
            return self.pick(again)
        shape = self.new()
        path = self.path(2)
        self.say(shape, "path", path)
        for _ in range(self.pick((0, 1, 1, 1, 2, 2))):
            self.constraint(shape, depth, path)
        if self.chance(0.05):
            self.target(shape)
        return shape

    def path(self, depth: int) -> Any:
        kind = self.random.randrange(10) if depth else 0
        if kind < 4:
            return self.pick([*self.properties, TYPE] if self.chance(0.1) else self.properties)
        if kind == 4:
            return self.list([self.path(depth - 1) for _ in range(self.random.randint(2, 3))])
        node = self.new()
        if kind == 5:
            self.say(node, "alternativePath", self.list([self.path(depth - 1) for _ in "ab"]))
        else:
            kinds = (
                "inversePath",
                "inversePath",
                "zeroOrMorePath",
                "oneOrMorePath",
                "zeroOrOnePath",
            )
            self.say(node, self.pick(kinds), self.path(depth - 1))
        return node

    def constraint(self, shape: Any, depth: int, path: Any) -> None:
        """Add a constraint to a node shape, or to a property shape with a path."""
        simple: list[Callable[[], None]] = [
            lambda: self.say(shape, "class", self.pick(self.classes)),
            lambda: self.say(shape, "class", self.pick(self.classes)),
            lambda: self.once(
                shape, "nodeKind", sh(self.pick(("IRI", "BlankNodeOrIRI", "Literal")))
            ),
            lambda: self.once(
                shape, "datatype", ox.NamedNode(XSD + self.pick(("integer", "string")))
            ),
            lambda: self.say(shape, "hasValue", self.pick([*self.nodes[:3], *self.values])),
            lambda: self.once(shape, "in", self.list([*self.nodes[:4], *self.values[:5]])),
            lambda: self.once(shape, "pattern", ox.Literal("a|n[0-4]")),
            lambda: self.once(shape, "languageIn", self.list([ox.Literal("en")])),
            lambda: self.say(shape, self.pick(("equals", "disjoint")), self.pick(self.properties)),
            lambda: self.once(shape, "minInclusive", self.number(2)),
            lambda: self.closed(shape),
            lambda: self.select(shape, path),
            lambda: self.select(shape, path),
        ]
        if path is not None:
            simple += [
                lambda: self.once(shape, "minCount", self.number(self.pick((1, 2)))),
                lambda: self.once(shape, "maxCount", self.number(self.pick((0, 1, 2)))),
                lambda: self.once(shape, "uniqueLang", self.true()),
                lambda: self.less(shape),
            ]
        nested: list[Callable[[], None]] = [
            lambda: self.say(shape, "property", self.property_shape(depth - 1)),
            lambda: self.say(shape, "property", self.property_shape(depth - 1)),
            lambda: self.say(shape, "node", self.node_shape(depth - 1)),
            lambda: self.say(shape, "not", self.any_shape(depth - 1)),
            lambda: self.say(
                shape,
                self.pick(("and", "or", "xone")),
                self.list([self.any_shape(depth - 1) for _ in "ab"]),
            ),
        ]
        if path is not None:
            nested.append(lambda: self.qualified(shape, depth - 1))
        choices = simple
        if depth and self.chance(0.7 if path is None else 0.35):
            choices = nested
        self.pick(choices)()

    def once(self, shape: Any, name: str, value: Any) -> None:
        if not any(one.subject == shape and one.predicate == sh(name) for one in self.made):
            self.say(shape, name, value)

    def any_shape(self, depth: int) -> Any:
        return self.node_shape(depth) if self.chance(0.5) else self.property_shape(depth)

    def closed(self, shape: Any) -> None:
        if self.chance(0.4):
            self.once(shape, "closed", self.true())
            self.once(shape, "ignoredProperties", self.list([TYPE, *self.properties[:2]]))

    def less(self, shape: Any) -> None:
        if self.chance(0.3):  # pySHACL gives up where it meets a blank node
            name = self.pick(("lessThan", "lessThanOrEquals"))
            self.say(shape, name, self.pick(self.properties))

    def qualified(self, shape: Any, depth: int) -> None:
        if any(
            one.subject == shape and one.predicate == sh("qualifiedValueShape") for one in self.made
        ):
            return
        self.say(shape, "qualifiedValueShape", self.any_shape(depth))
        kind = self.pick(("qualifiedMinCount", "qualifiedMaxCount"))
        self.say(shape, kind, self.number(self.pick((0, 1, 2))))
        if self.chance(0.4):
            self.say(shape, "qualifiedValueShapesDisjoint", self.true())

    # Queries

    def select(self, shape: Any, path: Any) -> None:
        node = self.new()
        self.made.append(ox.Triple(node, TYPE, sh("SPARQLConstraint")))
        self.say(node, "select", ox.Literal(self.query(path)))
        self.say(shape, "sparql", node)

    def query(self, path: Any) -> str:
        self.names = 0
        known = ["$this"]
        if self.chance(0.1):
            return "SELECT $this WHERE { " + self.exists(known, 2) + " }"
        lines = [self.pattern(known) for _ in range(self.pick((1, 1, 2, 2, 3)))]
        if path is not None and isinstance(path, ox.NamedNode) and self.chance(0.5):
            lines.insert(0, " $this $PATH ?value . ")
            known.append("?value")
        elif len(known) > 1:
            lines[0] = lines[0].replace(known[1], "?value")
            lines = [line.replace(f"{known[1]} ", "?value ") for line in lines]
            known[1] = "?value"
        if self.chance(0.35):
            branches = [self.pattern([*known]) + self.maybe(known, 0.3) for _ in "ab"]
            lines.append(f" {{ {branches[0]} }} UNION {{ {branches[1]} }} ")
        if self.chance(0.3):
            lines.append(f" OPTIONAL {{ {self.pattern([*known])} }} ")
        if self.chance(0.6):
            lines.append(self.exists(known, 2))
        if self.chance(0.3) and len(known) > 1:
            lines.append(f" FILTER ( {known[0]} != {known[-1]} ) ")
        if self.chance(0.1):  # what is not understood
            lines.append(f" ?elsewhere {self.pick(self.properties)} ?other . ")
        return "SELECT $this ?value WHERE { " + "\n".join(lines) + " }"

    def maybe(self, known: list[str], of: float) -> str:
        return self.pattern([*known]) if self.chance(of) else ""

    def exists(self, known: list[str], depth: int) -> str:
        inner = [*known]
        lines = [self.pattern(inner) for _ in range(self.random.randint(1, 2))]
        if depth > 1 and self.chance(0.4):
            lines.append(self.exists(inner, depth - 1))
        word = self.pick(("NOT EXISTS", "EXISTS"))
        return f" FILTER {word} {{ {' '.join(lines)} }} "

    def pattern(self, known: list[str]) -> str:
        """A triple pattern that goes on from a variable that is known, which may add another."""
        near, predicate = self.pick(known), self.pick(self.properties)
        if self.chance(0.2):
            return f" {near} a {self.pick(self.classes)} . "
        if self.chance(0.15):
            far = str(self.pick(self.nodes[:3] + self.values[:2]))
            return f" {near} {predicate} {far} . "
        if self.chance(0.3):
            far = self.pick(known)
        else:
            self.names += 1
            far = f"?v{self.names}"
            known.append(far)
        ends = (near, far) if self.chance(0.6) else (far, near)
        sign = "^" if self.chance(0.1) else ""
        return f" {ends[0]} {sign}{predicate} {ends[1]} . "


def small(seed: int) -> Case:
    return Maker(seed).case()


# Random changes to real data


@dataclass(frozen=True)
class Published:
    """Shapes, and what is published by them."""

    shapes: Rules
    triples: tuple[ox.Triple, ...]

    def case(self, seed: int, share: float = 1.0) -> Case:
        """A random contribution to it, or to a share of its things."""
        change = Change(random.Random(seed), self.triples, share)
        change.make()
        published, added, removed = change.published, change.added, change.removed
        return Case(
            f"real {seed}",
            self.shapes,
            tuple(published),
            tuple(sorted(added, key=str)),
            tuple(sorted(removed, key=str)),
        )


class Change:
    """A contribution such as people make: things like those that are there, and mistakes."""

    def __init__(self, chance: random.Random, triples: Sequence[ox.Triple], share: float) -> None:
        self.random = chance
        by_subject: dict[Any, list[ox.Triple]] = {}
        for triple in triples:
            by_subject.setdefault(triple.subject, []).append(triple)
        kept = [
            said
            for said in by_subject.values()
            if share == 1 or chance.random() < share or _is_model(said)
        ]
        self.published = [triple for said in kept for triple in said]
        self.things = [said for said in kept if not _is_model(said)]
        self.said = [triple for said in self.things for triple in said]
        self.types = [triple for triple in self.said if triple.predicate == TYPE]
        self.by_predicate: dict[Any, list[ox.Triple]] = {}
        for triple in self.said:
            self.by_predicate.setdefault(triple.predicate, []).append(triple)
        self.added: set[ox.Triple] = set()
        self.removed: set[ox.Triple] = set()

    def make(self) -> None:
        kinds = (self.drop, self.drop, self.swap, self.swap, self.copy, self.copy, self.retype)
        kinds += (self.move, self.untype, self.forget, self.blank, self.link)
        for _ in range(self.random.randint(1, 12)):
            self.random.choice(kinds)()
        if self.random.random() < 0.05:
            one, other = self.random.choice(self.types), self.random.choice(self.types)
            self.added.add(ox.Triple(one.object, SUBCLASS, other.object))
        self.added -= self.removed

    def drop(self) -> None:
        self.removed.add(self.random.choice(self.said))

    def forget(self) -> None:
        """A thing of which nothing is said any more."""
        self.removed.update(self.random.choice(self.things))

    def swap(self) -> None:
        """Another value, or one more, such as other things have for the property."""
        one = self.random.choice(self.said)
        other = self.random.choice(self.by_predicate[one.predicate])
        self.added.add(ox.Triple(one.subject, one.predicate, other.object))
        if self.random.random() < 0.6:
            self.removed.add(one)

    def link(self) -> None:
        """A value that anything at all has for any property."""
        one, other, third = (self.random.choice(self.said) for _ in range(3))
        self.added.add(ox.Triple(one.subject, other.predicate, third.object))

    def copy(self) -> None:
        """A thing like another, perhaps without some of what it should have."""
        fresh = ex(f"new{self.random.randrange(1000)}")
        some = self.random.choice((1.0, 1.0, 0.9, 0.7))
        for triple in self.random.choice(self.things):
            if self.random.random() < some:
                self.added.add(ox.Triple(fresh, triple.predicate, triple.object))
                if self.random.random() < 0.1:
                    near = self.random.choice(self.said).subject
                    self.added.add(ox.Triple(near, triple.predicate, fresh))

    def retype(self) -> None:
        one, other = self.random.choice(self.types), self.random.choice(self.types)
        self.removed.add(one)
        self.added.add(ox.Triple(one.subject, TYPE, other.object))

    def untype(self) -> None:
        self.removed.add(self.random.choice(self.types))

    def move(self) -> None:
        """What is said of one thing, of another."""
        one, other = self.random.choice(self.said), self.random.choice(self.said)
        self.removed.add(one)
        self.added.add(ox.Triple(other.subject, one.predicate, one.object))

    def blank(self) -> None:
        fresh = ox.BlankNode(f"fresh{self.random.randrange(3)}")
        for triple in self.random.choice(self.things):
            self.added.add(ox.Triple(fresh, triple.predicate, triple.object))


def _is_model(said: Sequence[ox.Triple]) -> bool:
    """Whether it is a class or a property that is described."""
    return any(
        one.predicate == TYPE and str(one.object).startswith(f"<{terms.OWL}") for one in said
    )


def ours(root: Path = ROOT) -> Published:
    """The publication of this repository."""
    source = folder.read(root)
    parsed, findings = whole.parse(source, source.publication.base)
    assert not findings
    shapes = (t for one in parsed if one.file.part == "shapes" for t in one.triples)
    things = (t for one in parsed if one.file.part != "shapes" for t in one.triples)
    return Published(Rules(tuple(dict.fromkeys(shapes))), tuple(dict.fromkeys(things)))


def grown(published: Published, times: int) -> Iterator[ox.Triple]:
    """A dataset so many times as large: each copy has things of its own, which share with those of
    the others the concepts and the polities."""
    model = {one.subject for one in published.triples if _shared(one)}
    rows = [(one.subject, one.predicate, one.object) for one in published.triples]
    yield from (one for one in published.triples if one.subject in model)
    rows = [row for row in rows if row[0] not in model]
    for number in range(times):
        names = {
            node: ox.NamedNode(f"{node.value}-{number}")
            if isinstance(node, ox.NamedNode)
            else ox.BlankNode(f"{node.value}x{number}")
            for node in {row[0] for row in rows}
        }
        for subject, predicate, value in rows:
            yield ox.Triple(names[subject], predicate, names.get(value, value))


def _shared(triple: ox.Triple) -> bool:
    kinds = (f"<{terms.OWL}", f"<{terms.RDFS}", f"<{terms.SKOS}", f"<{terms.FOEDERA}Pol")
    return triple.predicate == TYPE and str(triple.object).startswith(kinds)


def contribution(published: Sequence[ox.Triple], size: int, seed: int = 7) -> tuple[ox.Triple, ...]:
    """So many triples: new things like those that are published, which refer to these and to one
    another, with a few triples missing; and here and there one more about what is there."""
    chance = random.Random(seed)
    said: dict[Any, list[ox.Triple]] = {}
    for one in published:
        said.setdefault(one.subject, []).append(one)
    things = [node for node in said if "/id/" in str(node) and not any(map(_shared, said[node]))]
    chance.shuffle(things)
    new = {
        node: ox.NamedNode(f"{EX}id/{number}") for number, node in enumerate(things[: size // 2])
    }
    found: dict[ox.Triple, None] = {}
    for node in things:
        for one in said[node]:
            if chance.random() < 0.97:
                value = new.get(one.object, one.object) if chance.random() < 0.3 else one.object
                found[ox.Triple(new.get(node, node), one.predicate, value)] = None
        one, other = chance.choice(said[node]), chance.choice(things)
        found[ox.Triple(other, one.predicate, one.object)] = None
        if len(found) >= size:
            break
    return tuple(found)[:size]


# How long it takes

GRAPH = ox.NamedNode("https://w3id.org/foedera/graph/data/all")


def bench(times: Sequence[int], engine: Engine, folder: Path) -> None:
    """A contribution of 500 triples to our publication, so many times as large: in a store in
    memory, and in an engine elsewhere. The times are processor time of this process."""
    published = _published()
    first = tuple(grown(published, 1))
    for size in times:
        store = ox.Store()
        store.bulk_extend(
            ox.Quad(one.subject, one.predicate, one.object, GRAPH) for one in grown(published, size)
        )
        place = folder / str(size)
        with elsewhere(store, place) as remote:
            for name, base in (("in memory", Stored(store, [])), ("elsewhere", remote)):
                for seed in (1, 1, 2, 3):  # the first pays for what is made once
                    change = contribution(first, 500, seed)
                    began = time.process_time()
                    found = incremental.judge(
                        published.shapes, base, change, engine=engine, seconds=0, memory=0
                    )
                    spent = time.process_time() - began
                    print(
                        f"{len(store):,} triples {name}: {spent:.3f} s, {found.affected} things "
                        f"affected, {found.read} triples read, {len(found.introduced)} "
                        f"introduced, {found.queries} queries",
                        flush=True,
                    )


@contextlib.contextmanager
def elsewhere(store: ox.Store, folder: Path) -> Iterator[Remote]:
    """The triples of a store as a release of one file, in an Oxigraph server. They are put there at
    once, without a release being made, which would take many minutes."""
    base = "https://w3id.org/foedera/"
    names = Names(base)
    (folder / "oxigraph").mkdir(parents=True)
    there = ox.Store(str(folder / "oxigraph"))
    there.bulk_extend(
        ox.Quad(sent(quad.subject), quad.predicate, sent(quad.object), graph)
        for sent in (lambda node: _as_iri(node, names.blank),)
        for quad in store
        for graph in (GRAPH, ox.NamedNode(names.stated))
    )
    version = ox.NamedNode(f"{terms.OWL}versionInfo")
    release = ox.NamedNode(names.release)
    there.add(ox.Quad(release, version, ox.Literal("grown"), release))
    there.flush()
    del there
    manifest = {
        "release": "grown",
        "publication": {"base": base},
        "prefixes": {},
        "inferred": f"{base}graph/inferred",
        "files": [{"graph": GRAPH.value, "path": "data/all.ttl"}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    numbers = {"graphs": {GRAPH.value: len(store)}}
    (folder / "numbers.json").write_text(json.dumps(numbers), encoding="utf-8")
    with servers.started("oxigraph", folder) as endpoint:
        yield Remote(RemoteStore.open(folder, endpoint))


def _as_iri(node: Any, blank: str) -> Any:
    return ox.NamedNode(blank + node.value) if isinstance(node, ox.BlankNode) else node


# The long run


def _small(seed: int) -> Tried:
    return tried(small(seed), PySHACL())


def _real(seed: int, share: float) -> Tried:
    return tried(_published().case(seed, share), PySHACL())


@cache
def _published() -> Published:
    return ours()


def _run(name: str, work: Callable[[int], Tried], seeds: range, processes: int) -> bool:
    """Try some cases, and say what came of them. Whether none is wrong."""
    began = time.monotonic()
    counts: Counter[str] = Counter()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for one in pool.imap_unordered(work, seeds, chunksize=4):
            counts["tried"] += 1
            counts["not run, since the engine gives up"] += not one.ran
            counts["wrong"] += bool(one.wrong)
            counts["introduce something"] += one.introduced > 0
            counts["resolve something"] += one.resolved > 0
            counts["need a shape in full"] += one.in_full > 0
            counts["things affected"] += one.affected
            counts["results introduced or resolved"] += one.introduced + one.resolved
            if one.wrong:
                print(f"{one.name}\n{one.wrong}\n", flush=True)
            if counts["tried"] % 100 == 0:
                print(f"{name}: {counts['tried']:,} tried", flush=True)
    told = ", ".join(f"{counts[key]:,} {key}" for key in counts)
    print(f"{name}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    return not counts["wrong"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", type=int, default=5000, help="cases with random shapes")
    parser.add_argument("--real", type=int, default=1000, help="changes to our own publication")
    parser.add_argument("--share", type=float, default=0.25, help="of our things in each case")
    parser.add_argument("--start", type=int, default=0, help="the number of the first case")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--bench",
        type=int,
        nargs="+",
        metavar="TIMES",
        help="measure instead, with our publication so many times as large (70: a million triples)",
    )
    given = parser.parse_args()
    if given.bench:
        with tempfile.TemporaryDirectory() as folder:
            bench(given.bench, PySHACL(), Path(folder))
        return 0
    _published()  # which the processes then share
    seeds = (range(given.start, given.start + count) for count in (given.shapes, given.real))
    works = (("random shapes", _small), ("our own", partial(_real, share=given.share)))
    good = [
        _run(name, work, numbers, given.processes)
        for (name, work), numbers in zip(works, seeds, strict=True)
        if numbers
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
