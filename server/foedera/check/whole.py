"""A folder against its shapes: a report of findings, each with file, line and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyoxigraph as ox

from foedera import folder, panels, terms
from foedera.check import chunks, engines, hygiene, reading
from foedera.check.base import Memory, Stored
from foedera.check.findings import Finding, Report, Spot, ordered
from foedera.check.reading import Document
from foedera.check.results import Result
from foedera.check.shapes import Shapes
from foedera.check.telling import InDocuments, Telling
from foedera.errors import CouldNotCheck


def parse(source: folder.Folder, base: str) -> tuple[list[folder.Parsed], list[Finding]]:
    """Parse every RDF file; all that does not parse becomes findings."""
    parsed, findings = [], []
    for file in source.of(*folder.PARTS):
        try:
            parsed.append(file.parse(base))
        except folder.SyntaxFault as fault:
            findings += _unread(fault, base)
    try:
        whole, strays = folder.changed(source.changes(), parsed, base)
    except folder.SyntaxFault as fault:
        return parsed, [*findings, _does_not_parse(fault)]
    if not findings:  # what a broken file states might be what is missed
        findings += [_stray(one) for one in strays]
    return whole, findings


def _unread(fault: folder.SyntaxFault, base: str) -> list[Finding]:
    """All that is wrong with the text of a file, or else the first thing, as the parser says it."""
    file = fault.file
    if file.size <= _READ:
        content = file.location.read_bytes()
        found = reading.read(file.path, content, base=base + file.escaped).findings
        if any(one.severity == "violation" for one in found):
            return list(found)
    return [_does_not_parse(fault)]


def _does_not_parse(fault: folder.SyntaxFault) -> Finding:
    words = _POSITION.sub("", fault.message)
    words = next((cure for sign, cure in _CURES.items() if words.startswith(sign)), words)
    said = {"en": f"does not parse: {words}"}
    return Finding("syntax", "violation", fault.file.path, fault.line, fault.column, said)


def _stray(one: folder.Stray) -> Finding:
    words = "it removes what is not there: the files have changed since; take the line out"
    return Finding("change", "warning", one.file.path, one.line, 0, {"en": words})


_POSITION = re.compile(r"^Parser error at line \d+ (between columns \d+ and|column) \d+: ")
_CURES = {
    "\ufeff": "it begins with a byte order mark; save it as UTF-8 without one",
    "No LoadDocumentCallback": "its @context is elsewhere, and nothing is fetched; write it here",
}
"""What to say instead of what the parser says, by the beginning of that."""


def check(source: folder.Folder, wanted: str = "") -> tuple[Report, list[folder.Parsed]]:
    """Check a publication whole: syntax, then shapes, then hygiene queries.

    Shapes are run when every file parses: half a publication breaks rules that the whole keeps.
    ``wanted`` names what is to run them; by default it is the fastest that is there and may be
    trusted with them. Raises CouldNotCheck when a shapes graph or a query cannot be run, TimedOut
    and EngineFailed where it takes too much.
    """
    parsed, findings = parse(source, source.publication.base)
    told: list[Finding] = []
    ran = ""
    shapes = [one for one in parsed if one.file.part == "shapes"]
    things = [one for one in parsed if one.file.part != "shapes"]
    skipped = [
        f"{one.file.path} holds shapes, which are run only from shapes/"
        for one in things
        if shapes_in(one.triples)
    ]
    if not source.of("ontology"):
        skipped.append("there is no ontology, so that nothing is inferred by it")
    if not source.of("shapes"):
        skipped.append("there are no shapes to check against")
    if any(one.kind == "syntax" for one in findings):
        skipped.append("shapes and hygiene queries were not run, since a file does not parse")
    else:
        data = list(dict.fromkeys(triple for one in things for triple in one.triples))
        store = ox.Store()
        store.bulk_extend(ox.Quad(one.subject, one.predicate, one.object) for one in data)
        base = source.publication.base
        where, rules_where = _Places(things, base), _Places(shapes, base)
        known = Shapes([triple for one in shapes for triple in one.triples])
        prefixes = {name: iri for one in parsed for name, iri in one.prefixes.items()}
        stored = Stored(store)
        telling = Telling(
            where, known, lambda iris: stored.labels(set(iris)), terms.PREFIXES | prefixes
        )
        if shapes:
            results, notes, ran = _validate(known, data, wanted, rules_where)
            skipped += notes
            told = telling.results(results, "")
            findings += [*_faults(known, rules_where), *_panels(shapes, rules_where)]
        told += telling.rows(_hygiene(source.hygiene(), store), "")
        findings += [_placed(one, rules_where) for one in told]
    report = Report(
        ordered(findings),
        files=len(source.of(*folder.PARTS)) + len(source.changes()),
        triples=sum(len(one.triples) for one in parsed),
        shapes=len(shapes_in(triple for one in shapes for triple in one.triples)),
        skipped=tuple(skipped),
        engine=ran,
    )
    return report, parsed


class _Places:
    """Where in the files a triple, or a thing, stands; built on the first question."""

    def __init__(self, parsed: Sequence[folder.Parsed], base: str = "") -> None:
        self._parsed = parsed
        self._base = base
        self._exact: dict[tuple[str, str, str], tuple[str, int]] = {}
        self._property: dict[tuple[str, str], tuple[str, int]] = {}
        self._subject: dict[str, tuple[str, int]] = {}
        self._documents: dict[str, Document | None] = {}
        self._room = _READ

    def of(self, focus: str, path: str = "", value: str = "") -> tuple[str, int] | None:
        """File and line of the triple; failing that of the property, of the thing; or None.

        Terms are in N-Triples; a path may be the inverse of a property.
        """
        if not self._subject:
            self._index()
        return (
            self._exact.get((focus, path, value))
            or self._exact.get((value, path.removeprefix("^"), focus))
            or self._property.get((focus, path))
            or self._subject.get(focus)
        )

    def spot(self, focus: Any, path: str, value: Any) -> tuple[str, Spot]:
        """As `telling.Places` has it: to the column, where the file is read a second time."""
        found = self.of(*("" if one is None else str(one) for one in (focus, path, value)))
        if found is None:
            return "", Spot()
        file, line = found
        document = self._document(file)
        _, spot = InDocuments((document,) if document else ()).spot(focus, path, value)
        return file, spot if spot.line else Spot(line)

    def _document(self, path: str) -> Document | None:
        """A file with the place of each of its terms, as long as there is time for that."""
        if path not in self._documents:
            file = next(one.file for one in self._parsed if one.file.path == path)
            self._documents[path] = None
            if file.is_rdf and file.size <= self._room:
                self._room -= file.size
                content = file.location.read_bytes()
                self._documents[path] = reading.read(path, content, base=self._base + file.escaped)
        return self._documents[path]

    def _index(self) -> None:
        for one in self._parsed:
            for triple, line in zip(one.triples, one.lines, strict=True):
                subject, predicate = str(triple.subject), str(triple.predicate)
                here = (one.file.path, line)
                self._exact.setdefault((subject, predicate, str(triple.object)), here)
                self._property.setdefault((subject, predicate), here)
                self._subject.setdefault(subject, here)


_READ = 1_000_000
"""Bytes that are read again for the columns of what is found in them: about a second."""


def shapes_in(triples: Iterable[ox.Triple]) -> set[Any]:
    """The shapes among some triples: what says so, has a target, or a path."""
    kinds = {terms.SH + "NodeShape", terms.SH + "PropertyShape"}
    return {
        triple.subject
        for triple in triples
        if triple.predicate.value.startswith((terms.SH + "target", terms.SH + "path"))
        or (triple.predicate.value == terms.TYPE and getattr(triple.object, "value", "") in kinds)
    }


def _validate(
    known: Shapes, data: Sequence[ox.Triple], wanted: str, where: _Places
) -> tuple[list[Result], list[str], str]:
    """What the shapes find, what is to be said of it, and the engine that ran them.

    pySHACL takes a large publication some things at a time, on every core.
    """
    rules = known.triples
    engine, notes = engines.best(rules, data, wanted)
    try:
        if len(data) > LARGE and isinstance(engine, engines.PySHACL):
            found, more = chunks.validate(known, Memory(data), engine, **_BOUNDS)
        else:
            more = []
            found = engines.run(engine, rules, data, **_BOUNDS, notes=more)
    except CouldNotCheck as fault:
        file, line = where.of(fault.shape) or ("shapes/", 0)
        raise hygiene.not_run(file, line, fault.detail) from fault
    return found, [*notes, *more], engines.named(engine, more)


LARGE = 100_000
"""Triples that pySHACL still takes all at once."""

_BOUNDS: Any = {"seconds": 3_600, "memory": 8_000_000_000}
"""What the rules of a publication's own may take: they are not a stranger's, and must end."""


def _faults(shapes: Shapes, where: _Places) -> Iterator[Finding]:
    """What the shapes do not check, though it is written there."""
    for fault in shapes.faults():
        file, spot = where.spot(
            fault.triple.subject, str(fault.triple.predicate), fault.triple.object
        )
        rule = getattr(shapes.owner(fault.triple.subject), "value", "")
        yield Finding(
            "shape",
            "warning",
            file,
            spot.line,
            spot.column,
            fault.messages,
            rule=rule,
            code=fault.code,
            end_line=spot.end_line,
            end_column=spot.end_column,
        )


def _panels(shapes: Sequence[folder.Parsed], where: _Places) -> Iterator[Finding]:
    """The panels that could not be shown."""
    store = ox.Store()
    store.bulk_extend(
        ox.Quad(triple.subject, triple.predicate, triple.object)
        for one in shapes
        for triple in one.triples
    )
    for quad, words in panels.faults(store.quads_for_pattern):
        file, spot = where.spot(quad.subject, str(quad.predicate), quad.object)
        rule = getattr(quad.subject, "value", "")
        path = quad.predicate.value
        yield Finding(
            "shape",
            "violation",
            file,
            spot.line,
            spot.column,
            {"en": words},
            rule,
            path,
            rule=rule,
            end_line=spot.end_line,
            end_column=spot.end_column,
        )


def _hygiene(queries: Sequence[folder.File], store: ox.Store) -> Iterator[hygiene.Row]:
    """What the queries find. Raises CouldNotCheck where one cannot be run."""
    for file in queries:
        try:
            text = file.location.read_text(encoding="utf-8")
        except (OSError, ValueError) as fault:
            raise hygiene.not_run(file.path, 0, str(fault)) from None
        yield from hygiene.rows(file.path, text, store)


def _placed(finding: Finding, rules: _Places) -> Finding:
    """A finding at the rule that found it, where no file speaks of what it is about."""
    if finding.file:
        return finding
    file, line = rules.of(f"<{finding.rule}>") or ("shapes/", 0)
    if finding.kind == "hygiene":
        file, line = finding.rule, 0
    return replace(finding, file=file, line=line)
