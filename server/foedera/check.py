"""Turtle against its shapes: a report of findings, each with file, line and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyoxigraph as ox

from foedera import folder, terms
from foedera.errors import CouldNotCheck

SEVERITIES = ("violation", "warning", "info")
"""Worst first. Only a violation stops publishing."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or could be better.

    ``kind`` is ``syntax``, ``shape`` or ``hygiene``. ``messages`` are texts by language tag.
    ``path`` is the property (or the path as Turtle), ``rule`` the IRI of the shape or the file
    of the query that found it. ``line`` and ``column`` count from 1; 0 where there is none.
    """

    kind: str
    severity: str
    file: str
    line: int
    column: int
    messages: dict[str, str]
    focus: str = ""
    path: str = ""
    value: str = ""
    rule: str = ""

    def message(self, language: str = "en") -> str:
        """What to say to a person, in their language where there is one."""
        texts = self.messages
        return texts.get(language) or texts.get("en") or texts.get("") or next(iter(texts.values()))

    def place(self) -> str:
        """``file:line:column``, as editors and compilers write it."""
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)

    def __str__(self) -> str:
        return f"{self.place()}: {self.severity}: {self.message()}"


@dataclass(frozen=True)
class Report:
    """All findings over a folder, and what was looked at."""

    findings: tuple[Finding, ...] = ()
    files: int = 0
    triples: int = 0
    shapes: int = 0
    skipped: tuple[str, ...] = field(default=())

    @property
    def conforms(self) -> bool:
        """Whether nothing found is a violation."""
        return not any(finding.severity == "violation" for finding in self.findings)

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> str:
        return json.dumps({"conforms": self.conforms, **asdict(self)}, ensure_ascii=False, indent=1)


def parse(source: folder.Folder, base: str) -> tuple[list[folder.Parsed], list[Finding]]:
    """Parse every RDF file; each file that does not parse becomes a finding."""
    parsed, findings = [], []
    for file in source.of(*folder.PARTS):
        try:
            parsed.append(file.parse(base))
        except folder.SyntaxFault as fault:
            findings.append(
                Finding(
                    "syntax",
                    "violation",
                    file.path,
                    fault.line,
                    fault.column,
                    {"en": f"does not parse: {fault.message}"},
                )
            )
    return parsed, findings


def check(source: folder.Folder) -> tuple[Report, list[folder.Parsed]]:
    """Check a publication whole: syntax, then shapes, then hygiene queries.

    Shapes are run when every file parses: half a publication breaks rules that the whole keeps.
    Raises CouldNotCheck when a shapes graph or a query cannot be run.
    """
    parsed, findings = parse(source, source.publication.base)
    shapes = [one for one in parsed if one.file.part == "shapes"]
    things = [one for one in parsed if one.file.part != "shapes"]
    skipped = []
    if findings:
        skipped.append("shapes and hygiene were not run, since a file does not parse")
    else:
        where = _Places(things)
        if shapes:
            findings += _shapes(things, shapes, where)
        else:
            skipped.append("there are no shapes to check against")
        findings += _hygiene(source.hygiene(), things, where)
    findings.sort(key=lambda f: (SEVERITIES.index(f.severity), f.file, f.line, f.column, f.path))
    report = Report(
        tuple(findings),
        files=len(parsed) + sum(f.kind == "syntax" for f in findings),
        triples=sum(len(one.triples) for one in parsed),
        shapes=_count_shapes(shapes),
        skipped=tuple(skipped),
    )
    return report, parsed


class _Places:
    """Where in the files a triple, or a thing, stands; built on the first question."""

    def __init__(self, parsed: Sequence[folder.Parsed]) -> None:
        self._parsed = parsed
        self._exact: dict[tuple[str, str, str], tuple[str, int]] = {}
        self._property: dict[tuple[str, str], tuple[str, int]] = {}
        self._subject: dict[str, tuple[str, int]] = {}

    def of(self, focus: str, path: str, value: str) -> tuple[str, int]:
        """File and line of the triple; failing that of the property, of the thing, of its use.

        Terms are in N-Triples.
        """
        if not self._subject:
            self._index()
        return (
            self._exact.get((focus, path, value))
            or self._property.get((focus, path))
            or self._subject.get(focus)
            or ("", 0)
        )

    def _index(self) -> None:
        for one in self._parsed:
            for triple, line in zip(one.triples, one.lines, strict=True):
                subject, predicate = str(triple.subject), str(triple.predicate)
                here = (one.file.path, line)
                self._exact.setdefault((subject, predicate, str(triple.object)), here)
                self._property.setdefault((subject, predicate), here)
                self._subject.setdefault(subject, here)


def _count_shapes(shapes: Iterable[folder.Parsed]) -> int:
    kinds = {terms.SH + "NodeShape", terms.SH + "PropertyShape"}
    return sum(
        triple.predicate.value == terms.TYPE and getattr(triple.object, "value", "") in kinds
        for one in shapes
        for triple in one.triples
    )


def _shapes(
    things: Sequence[folder.Parsed], shapes: Sequence[folder.Parsed], where: _Places
) -> list[Finding]:
    import pyshacl
    import rdflib

    from foedera import bridge

    def graph(parsed: Sequence[folder.Parsed]) -> rdflib.Graph:
        return bridge.add(rdflib.Graph(), (t for one in parsed for t in one.triples))

    rules = graph(shapes)
    try:
        _, results, text = pyshacl.validate(
            graph(things), shacl_graph=rules, inference="none", advanced=False
        )
    except Exception as fault:  # pySHACL raises several families of its own and rdflib's
        raise CouldNotCheck(
            f"The shapes could not be run: {type(fault).__name__}: {fault}",
            "This is a fault of a file in shapes/, not of the data.",
        ) from fault
    if not isinstance(results, rdflib.Graph):
        raise CouldNotCheck(f"The shapes could not be run: {text}")
    sh = rdflib.Namespace(terms.SH)
    severities: dict[Any, str] = {sh.Warning: "warning", sh.Info: "info"}
    findings = []
    for result in results.objects(None, sh.result):
        focus = results.value(result, sh.focusNode)
        path = results.value(result, sh.resultPath)
        value = results.value(result, sh.value)
        shape = results.value(result, sh.sourceShape)
        spelled = [
            term.n3() if term is not None else ""
            for term in (focus, path if isinstance(path, rdflib.URIRef) else None, value)
        ]
        file, line = where.of(*spelled)
        messages = {
            message.language or "en": str(message)
            for message in (
                *rules.objects(shape, sh.message),
                *results.objects(result, sh.resultMessage),
            )
            if isinstance(message, rdflib.Literal)
        }
        findings.append(
            Finding(
                "shape",
                severities.get(results.value(result, sh.resultSeverity), "violation"),
                file,
                line,
                0,
                {language: _about(spelled, words) for language, words in messages.items()},
                focus=str(focus),
                path=str(path) if isinstance(path, rdflib.URIRef) else "",
                value=str(value) if value is not None else "",
                rule=str(shape) if isinstance(shape, rdflib.URIRef) else "",
            )
        )
    return findings


def _about(spelled: Sequence[str], words: str) -> str:
    """A shape's message with the thing it is about, and the value where there is one."""
    focus, path, value = spelled
    about = " ".join(piece for piece in (focus, path) if piece)
    return f"{words} ({about}{' is ' + value if value and value != focus else ''})"


def _hygiene(
    queries: Sequence[folder.File], things: Sequence[folder.Parsed], where: _Places
) -> list[Finding]:
    """Run each query; a row is a finding, of its ?focus, ?path, ?value, ?message, ?severity."""
    if not queries:
        return []
    store = ox.Store()
    store.bulk_extend(
        ox.Quad(triple.subject, triple.predicate, triple.object)
        for one in things
        for triple in one.triples
    )
    findings = []
    for file in queries:
        try:
            rows = store.query(file.location.read_text(encoding="utf-8"))
        except SyntaxError as fault:
            raise CouldNotCheck(
                f"{file.path}:{fault.lineno or 1}:{fault.offset or 1}: {fault.msg}",
                "A file in shapes/hygiene/ is a SPARQL SELECT query.",
            ) from fault
        if not isinstance(rows, ox.QuerySolutions):
            raise CouldNotCheck(f"{file.path} is no SELECT query")
        names = [variable.value for variable in rows.variables]
        for row in rows:
            cells = {name: row[name] for name in names if row[name] is not None}
            spelled = [str(cells.get(name, "")) for name in ("focus", "path", "value")]
            place, line = where.of(*spelled)
            plain = {name: getattr(cell, "value", str(cell)) for name, cell in cells.items()}
            severity = plain.get("severity", "violation")
            findings.append(
                Finding(
                    "hygiene",
                    severity if severity in SEVERITIES else "violation",
                    place,
                    line,
                    0,
                    {"en": _about(spelled, plain.get("message", f"found by {file.path}"))},
                    focus=plain.get("focus", ""),
                    path=plain.get("path", ""),
                    value=plain.get("value", ""),
                    rule=file.path,
                )
            )
    return findings
