"""A contribution judged together with what is published: what it brings, mends and finds there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyoxigraph as ox

from foedera import folder, terms
from foedera.check import engines, hygiene, incremental, lint, rules, whole
from foedera.check.base import Base, Memory, Remote, Stored
from foedera.check.findings import Finding, Report, ordered
from foedera.check.reading import Document
from foedera.check.rules import Rules
from foedera.check.shapes import Shapes
from foedera.check.telling import InDocuments, Telling
from foedera.errors import CouldNotCheck
from foedera.stores.base import Store
from foedera.stores.embedded import EmbeddedStore

SECONDS = 60.0
MEMORY = 2_000_000_000
"""What an engine may take, by default: processor seconds, and bytes."""

_SMALL = 200_000
"""Triples of a base over all of which the publication's queries are run."""

_NEEDS_ALL = ("iri-dangling", "thing-", "prefix-unused")
"""Codes of findings that would be false where a part of the text could not be read."""

_LINTS = ("literal-", "iri-dangling-near", "language-", "term-unknown-near")
"""Codes of findings that say better what to write than the shape that they break."""


@dataclass(frozen=True)
class Against:
    """What a contribution is judged by, and together with.

    ``base`` is what is published, or None: then it is looked at alone. ``removed`` are triples of
    it that the contribution takes the place of.
    """

    rules: Rules
    base: Base | None = None
    removed: frozenset[ox.Triple] = frozenset()

    @cached_property
    def shapes(self) -> Shapes:
        return Shapes(self.rules.shapes)

    @cached_property
    def vocabulary(self) -> lint.Vocabulary:
        return lint.Vocabulary.of(self.rules)

    @cached_property
    def ontology(self) -> Memory:
        """The base of a contribution that is looked at alone."""
        return Memory(self.rules.ontology)

    @cached_property
    def known(self) -> frozenset[ox.Triple] | None:
        """All that the publication's queries look at, or None where that is too much."""
        triples = (self.base or self.ontology).everything(_SMALL)
        return None if triples is None else frozenset((*triples, *self.rules.ontology))

    @cached_property
    def found_before(self) -> dict[Any, hygiene.Row]:
        """What these queries find in it without any contribution."""
        return _found(self.rules.hygiene, self.known or ())

    def alone(self) -> Against:
        """The same rules, and nothing that is published."""
        return Against(self.rules)


def of_folder(source: folder.Folder, replaced: Collection[str] = ()) -> Against:
    """A folder as what is published, without files of it (paths inside) that the contribution
    takes the place of: what is wrong with these is the contribution's.

    Raises CouldNotCheck where another of its files does not parse.
    """
    rest = folder.Folder(
        source.root, tuple(one for one in source.files if one.path not in replaced)
    )
    base = source.publication.base
    parsed, findings = whole.parse(rest, base)
    for finding in findings:
        if finding.severity == "violation":
            raise CouldNotCheck(
                f"What is published cannot be read: {finding}",
                "Mend that file first, or check this one alone.",
            )
    kept = {triple for one in parsed for triple in one.triples if one.file.part != "shapes"}
    prefixes: dict[str, str] = dict(terms.PREFIXES)
    for one in parsed:
        prefixes.update(one.prefixes)
    asked = rules.of(source, parsed, prefixes)
    return Against(asked, Memory(kept))


def of_release(asked: Rules, store: Store) -> Against:
    """A release as what is published, wherever its triples are."""
    if isinstance(store, EmbeddedStore):
        return Against(asked, Stored(store.store, asked.graphs))
    return Against(asked, Remote(store))


def judge(
    documents: Sequence[Document],
    against: Against,
    *,
    engine: str = "",
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> Report:
    """All that is wrong with some documents, which are one contribution.

    ``engine`` names what is to run the shapes; by default it is the fastest that is there and may
    be trusted with them. Raises CouldNotCheck where a rule cannot be run, TimedOut and
    EngineFailed where it takes too much.
    """
    findings = [finding for document in documents for finding in document.findings]
    broken = any(one.kind == "syntax" and one.severity == "violation" for one in findings)
    found = lint.lint(documents, against.vocabulary, against.base)
    unread = {(one.file, one.line) for one in findings if one.kind == "syntax"}
    findings += [
        one
        for one in found
        if not (broken and one.code.startswith(_NEEDS_ALL)) and (one.file, one.line) not in unread
    ]
    notes: list[str] = []
    ran = ""
    if broken:
        notes.append(
            "The shapes and the queries were not run, since not all of it could be read: mend "
            "what does not parse, and check again"
        )
    else:
        added = {triple for document in documents for triple in document.triples}
        removed = against.removed - added
        found, more, ran = _by_shapes(documents, against, added, removed, engine, seconds, memory)
        findings += found
        notes += more
        found, more = _by_queries(documents, against, added, removed)
        findings += found
        notes += more
    return Report(
        ordered(_once(list(_bettered(findings)))),
        files=len(documents),
        triples=sum(len(document.statements) for document in documents),
        shapes=len(whole.shapes_in(against.rules.shapes)),
        skipped=tuple(notes),
        engine=ran,
        against=against.rules.release if against.base else "",
    )


_ALSO_RULES = ("term-unknown", "iri-dangling", "iri-other-kind")
"""Codes of what many publications have a query for as well."""


def _once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Each mistake once: of what a query of the publication finds too, the better words, as
    severe as the query has it."""
    by_query = {
        (one.file, one.line, one.column, one.term): one for one in findings if one.code == "rule"
    }
    told = set()
    for one in findings:
        key = (one.file, one.line, one.column, one.term)
        if one.code.startswith(_ALSO_RULES) and key in by_query:
            told.add(key)
    for one in findings:
        key = (one.file, one.line, one.column, one.term)
        if key not in told:
            yield one
        elif one.code.startswith(_ALSO_RULES):
            rule = by_query[key]
            yield replace(one, severity=rule.severity, rule=rule.rule, standing=rule.standing)
        elif one.code != "rule":
            yield one


def _bettered(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings of shapes with what to write, as others know it; and what a shape says of a thing
    without a name, it alone says."""
    unnamed = {one.focus: one.fix for one in findings if one.code == "thing-unnamed"}
    at_spot = {
        (one.file, one.line, one.column, one.term): one.fix
        for one in findings
        if one.fix and one.code.startswith(_LINTS)
    }
    told = set()
    for one in findings:
        if one.code == "shape-min-count" and one.path in terms.LABELS and one.focus in unnamed:
            told.add(one.focus)
            yield replace(one, fix=one.fix or unnamed[one.focus])
        elif one.kind == "shape":
            key = (one.file, one.line, one.column, one.term)
            yield replace(one, fix=at_spot.get(key, one.fix))
        elif one.code != "thing-unnamed":
            yield one
    yield from (one for one in findings if one.code == "thing-unnamed" and one.focus not in told)


def _by_shapes(
    documents: Sequence[Document],
    against: Against,
    added: Collection[ox.Triple],
    removed: Collection[ox.Triple],
    wanted: str,
    seconds: float,
    memory: int,
) -> tuple[list[Finding], list[str], str]:
    """What the shapes find, what was not looked at, and the engine that ran them."""
    if not against.rules.shapes:
        return [], ["There are no shapes to check against"], ""
    base = against.base or against.ontology
    engine, notes = engines.best(against.rules.shapes, sorted(added, key=str), wanted)
    outcome = incremental.judge(
        against.shapes, base, added, removed, engine=engine, seconds=seconds, memory=memory
    )
    telling = _telling(documents, against)
    found = [
        *telling.results(outcome.introduced, "introduced"),
        *telling.results(outcome.there, "there"),
        *telling.results(outcome.resolved, "resolved"),
    ]
    return found, [*notes, *outcome.notes], engines.named(engine, outcome.notes)


def _by_queries(
    documents: Sequence[Document],
    against: Against,
    added: Collection[ox.Triple],
    removed: Collection[ox.Triple],
) -> tuple[list[Finding], list[str]]:
    """What the publication's queries find, before and after."""
    if not against.rules.hygiene:
        return [], []
    known = against.known
    if known is None:
        base = against.base or against.ontology
        near = {*_around(base, added, removed), *against.rules.ontology}
        before = _found(against.rules.hygiene, near)
        after = _found(against.rules.hygiene, (near - set(removed)) | set(added))
    else:
        before = against.found_before
        after = _found(against.rules.hygiene, (known - set(removed)) | set(added))
    telling = _telling(documents, against)
    findings = [
        *telling.rows((row for key, row in after.items() if key not in before), "introduced"),
        *telling.rows((row for key, row in after.items() if key in before), "there"),
        *telling.rows((row for key, row in before.items() if key not in after), "resolved"),
    ]
    if known is not None:
        return findings, []
    touched = {str(getattr(node, "value", node)) for node in _touched(added, removed)}
    return [one for one in findings if one.focus in touched], [
        "The publication is large, so that its queries looked only at what the contribution "
        "speaks of and what is near to it; all is looked at before it is published"
    ]


def _found(queries: Mapping[str, str], triples: Iterable[ox.Triple]) -> dict[Any, hygiene.Row]:
    store = ox.Store()
    store.bulk_extend(ox.Quad(one.subject, one.predicate, one.object) for one in triples)
    rows = (row for rule, text in queries.items() for row in hygiene.rows(rule, text, store))
    return {row.key: row for row in rows}


def _touched(added: Iterable[ox.Triple], removed: Iterable[ox.Triple]) -> set[Any]:
    """The things that a contribution speaks of."""
    return {
        node
        for triples in (added, removed)
        for triple in triples
        for node in (triple.subject, triple.object)
        if isinstance(node, ox.NamedNode | ox.BlankNode)
    }


def _around(
    base: Base, added: Iterable[ox.Triple], removed: Iterable[ox.Triple]
) -> Iterator[ox.Triple]:
    """What a base says of the things that a contribution speaks of, and of their neighbours."""
    near = _touched(added, removed)
    seen = set(near)
    for _ in range(2):
        said = base.out(near, None)
        yield from said
        near = _touched(said, ()) - seen
        seen |= near


def _telling(documents: Sequence[Document], against: Against) -> Telling:
    prefixes = dict(against.rules.prefixes)
    for document in documents:
        prefixes |= {one.name: one.iri for one in document.prefixes.values()}
    return Telling(InDocuments(documents), against.shapes, _Names(documents, against), prefixes)


class _Names:
    """The names of things: as the contribution has them, the ontology, or what is published."""

    def __init__(self, documents: Sequence[Document], against: Against) -> None:
        self._base = against.base
        self._said: dict[str, dict[str, str]] = {}
        wanted = {label: rank for rank, label in enumerate(terms.LABELS)}
        ranks: dict[tuple[str, str], int] = {}
        own = (triple for document in documents for triple in document.triples)
        for triple in (*own, *against.rules.ontology):
            rank = wanted.get(triple.predicate.value)
            if rank is None or not isinstance(triple.object, ox.Literal):
                continue
            if not isinstance(triple.subject, ox.NamedNode):
                continue
            iri, language = triple.subject.value, triple.object.language or ""
            if rank < ranks.get((iri, language), len(wanted)):
                ranks[iri, language] = rank
                self._said.setdefault(iri, {})[language] = triple.object.value

    def __call__(self, iris: Iterable[str]) -> Mapping[str, dict[str, str]]:
        iris = set(iris)
        missing = iris - set(self._said)
        named = self._base.labels(missing) if self._base and missing else {}
        return {iri: self._said.get(iri) or named.get(iri, {}) for iri in iris}
